//! `lictor customer show`.

use clap::Args;
use lictor_shared::json::Value;
use lictor_shared::{SeatLimit, Seats, Text};

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::shown;
use super::super::table::Column;
use crate::customer::{FoundCustomer, find_customer};
use crate::error::Failure;
use crate::ledger::Ledger;
use crate::licenses::seats as seats_of;
use crate::listing::{Selection, Summary, visit_summaries};

const EXAMPLES: &str = "\
Examples:
  lictor customer show acme-gmbh
  lictor customer show 'Acme GmbH'
  lictor customer show acme-gmbh --json

Plan, end and seats are those of the latest revision; the state is that of now,
or of --now.";

/// Show a customer and his licenses
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Show {
    /// The customer: the id, or exactly the name
    #[arg(value_name = "ID")]
    customer: Text,
}

/// A license, and what its latest revision says.
struct Held {
    summary: Summary,
    seats: Seats,
}

impl Show {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let customer = find_customer(&ledger, &self.customer)?;
        let licenses = licenses(&ledger, &customer, globals)?;
        if !customer.namesakes.is_empty() {
            let others: Vec<&str> = customer.namesakes.iter().map(Text::as_str).collect();
            output.warn(format_args!(
                "{} is the id of this customer and the name of: {}",
                customer.id,
                others.join(", ")
            ));
        }
        output.either(|| text(&customer, &licenses), || to_value(&customer, &licenses))?;
        Ok(0)
    }
}

fn licenses(ledger: &Ledger, customer: &FoundCustomer, globals: &Globals) -> Result<Vec<Held>, Failure> {
    let theirs = Selection { customer: Some(customer.id.clone()), ..Selection::default() };
    let mut licenses = Vec::new();
    visit_summaries(ledger, &theirs, globals.now()?, &mut |summary| {
        // The id may be the name of others.
        if summary.customer_id == customer.id {
            let seats = seats_of(ledger, summary.latest.serial)?;
            licenses.push(Held { summary, seats });
        }
        Ok(())
    })?;
    Ok(licenses)
}

fn text(customer: &FoundCustomer, licenses: &[Held]) -> String {
    let facts = shown::facts(&[
        ("customer", shown::foreign(customer.id.as_str())),
        ("name", shown::foreign(customer.name.as_str())),
        ("licenses", licenses.len().to_string()),
    ]);
    if licenses.is_empty() {
        return facts;
    }
    let row = |held: &Held| {
        [
            held.summary.id.to_string(),
            held.summary.state.as_str().to_string(),
            shown::day(held.summary.latest.expires_at, "never"),
            seats(held.seats),
            held.summary.latest.plan.to_string(),
        ]
    };
    let header = ["LICENSE".into(), "STATE".into(), "EXPIRES".into(), "SEATS".into(), Column::names("PLAN")];
    facts + "\n" + &shown::table(header, licenses.iter().map(row))
}

/// `25+2`: the limit, and how many more are let in.
fn seats(seats: Seats) -> String {
    match (seats.limit, seats.overage) {
        (SeatLimit::Unlimited, _) => "unlimited".into(),
        (SeatLimit::AtMost(limit), 0) => limit.to_string(),
        (SeatLimit::AtMost(limit), overage) => format!("{limit}+{overage}"),
    }
}

fn to_value(customer: &FoundCustomer, licenses: &[Held]) -> Value {
    Value::object([
        ("id", customer.id.as_str().into()),
        ("name", customer.name.as_str().into()),
        ("licenses", licenses.iter().map(held_value).collect::<Vec<_>>().into()),
    ])
}

fn held_value(held: &Held) -> Value {
    let Held { summary, seats } = held;
    Value::object([
        ("id", summary.id.to_string().into()),
        ("state", summary.state.as_str().into()),
        ("plan", summary.latest.plan.as_str().into()),
        ("expiresAt", summary.latest.expires_at.map(|at| at.to_string()).into()),
        ("seats", seats.to_value()),
    ])
}
