//! `lictor product show`.

use clap::Args;
use lictor_shared::Name;
use lictor_shared::json::Value;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::shown;
use crate::catalogue::{Product, product};
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor product show dialer
  lictor product show dialer --json";

/// Show a product's plans and default terms
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// The product's name
    #[arg(value_name = "NAME")]
    name: Name,
}

impl Show {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let product = product(&ledger, &self.name)?;
        output.either(|| text(&product), || product.to_value())?;
        Ok(0)
    }
}

fn text(product: &Product) -> String {
    let plans: Vec<&str> = product.plans.iter().map(|plan| plan.as_str()).collect();
    let mut facts = vec![("product", product.name.to_string()), ("plans", plans.join(" "))];
    let defaults = product.defaults.to_value();
    let terms = defaults.as_object().into_iter().flatten();
    facts.extend(terms.map(|(name, value)| (name.as_str(), plain(value))));
    shown::facts(&facts)
}

/// A value as a person writes it.
fn plain(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(plain).collect::<Vec<_>>().join(" "),
        Value::Object(members) => members
            .iter()
            .map(|(name, value)| format!("{name}={}", plain(value)))
            .collect::<Vec<_>>()
            .join(" "),
        other => other.to_string(),
    }
}
