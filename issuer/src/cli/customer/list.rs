//! `lictor customer list`.

use clap::Args;
use lictor_shared::json::Value;

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::rows::{Lines, RowForm, RowForms};
use super::super::shown;
use super::super::table::Column;
use crate::customer::{CustomerRecord, visit_customers};
use crate::error::Failure;
use crate::ledger::Ledger;

const EXAMPLES: &str = "\
Examples:
  lictor customer list
  lictor customer list --jsonl
  lictor customer list --csv > customers.csv

In the order of their ids.";

/// Show the customers, and how many licenses each has
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct List {
    #[command(flatten)]
    forms: RowForms,
}

impl List {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        match self.forms.form(output) {
            RowForm::Table => table(&ledger, output)?,
            RowForm::Json => {
                let customers = all(&ledger)?;
                output.data(Value::Array(customers.iter().map(to_value).collect()))?;
            }
            RowForm::JsonLines => {
                let mut lines = Lines::to(output);
                visit_customers(&ledger, &mut |customer| lines.json(&to_value(&customer)))?;
                lines.end()?;
            }
            RowForm::Csv => {
                let mut lines = Lines::to(output);
                lines.csv(["id", "name", "licenses"])?;
                visit_customers(&ledger, &mut |customer| {
                    lines.csv([customer.id.as_str(), customer.name.as_str(), &customer.licenses.to_string()])
                })?;
                lines.end()?;
            }
        }
        Ok(0)
    }
}

fn all(ledger: &Ledger) -> Result<Vec<CustomerRecord>, Failure> {
    let mut all = Vec::new();
    visit_customers(ledger, &mut |customer| {
        all.push(customer);
        Ok(())
    })?;
    Ok(all)
}

fn table(ledger: &Ledger, output: &mut Output) -> Result<(), Failure> {
    let customers = all(ledger)?;
    if customers.is_empty() {
        output.say("There are no customers. Whoever gets a license is one: lictor issue");
        return Ok(());
    }
    let row = |customer: &CustomerRecord| {
        [
            shown::foreign(customer.id.as_str()),
            customer.licenses.to_string(),
            shown::foreign(customer.name.as_str()),
        ]
    };
    let header = ["CUSTOMER".into(), "LICENSES".into(), Column::names("NAME")];
    output.raw(&shown::table(header, customers.iter().map(row)))
}

fn to_value(customer: &CustomerRecord) -> Value {
    Value::object([
        ("id", customer.id.as_str().into()),
        ("name", customer.name.as_str().into()),
        ("licenses", customer.licenses.into()),
    ])
}
