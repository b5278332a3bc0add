//! `lictor product list`.

use clap::Args;

use super::super::globals::Globals;
use super::super::output::{Form, Output};
use super::super::shown;
use super::super::table::Column;
use crate::catalogue::Product;
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor product list
  lictor product list --json";

/// Show the products
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct List {}

impl List {
    #[expect(clippy::unused_self, reason = "every command runs the same way")]
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let products = ledger.products()?;
        if products.is_empty() && output.form() == Form::Text {
            output.say("There are no products yet. Add one with: lictor product add NAME --plan PLAN");
            return Ok(0);
        }
        output.either(
            || shown::table(["PRODUCT".into(), Column::prose("PLANS")], products.iter().map(row)),
            || products.iter().map(Product::to_value).collect::<Vec<_>>().into(),
        )?;
        Ok(0)
    }
}

fn row(product: &Product) -> [String; 2] {
    let plans: Vec<&str> = product.plans.iter().map(|plan| plan.as_str()).collect();
    [product.name.to_string(), plans.join(" ")]
}
