//! `lictor product add`.

use clap::Args;
use lictor_shared::Name;
use lictor_shared::json::Value;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::terms::TermsOptions;
use super::super::writing::{self, Writing};
use crate::catalogue::{Product, add_product};
use crate::error::Failure;
use crate::outcome::Outcome as _;

const EXAMPLES: &str = "\
Examples:
  lictor product add dialer --plan basic --plan pro
  lictor product add dialer --plan pro --term 1y --seats 25 \\
      --activation required --feature branding

The terms are the defaults of licenses for this product; an order may say
otherwise.";

/// Add a product with its plans and the default terms of its licenses
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Add {
    /// The product's name
    #[arg(value_name = "NAME")]
    name: Name,
    /// A plan; may be given several times
    #[arg(long, value_name = "PLAN", required = true)]
    plan: Vec<Name>,
    #[command(flatten)]
    terms: TermsOptions,
    #[command(flatten)]
    writing: Writing,
}

impl Add {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, mut ledger) = globals.home_and_ledger()?;
        let product =
            Product { name: self.name.clone(), plans: self.plan.clone(), defaults: self.terms.terms()? };
        let occasion = globals.occasion_of(&self.writing)?;
        if let Some(answer) = writing::answered(&ledger, &occasion, output)? {
            return show(&answer, output);
        }
        add_product(&mut ledger, &product, &occasion)?;
        if let Some(dry_run) = ledger.dry_run() {
            return writing::tell(dry_run, output, |output| self.say(output));
        }
        self.say(output);
        show(&product.answer(), output)
    }

    fn say(&self, output: &mut Output) {
        output.say(format_args!("The product {} can be licensed.", self.name));
    }
}

fn show(answer: &Value, output: &mut Output) -> Result<u8, Failure> {
    output.either(|| format!("{}\n", writing::text(answer, "name")), || answer.clone())?;
    Ok(0)
}
