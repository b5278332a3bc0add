//! `lictor audit activations`.

mod by_customer;

use clap::Args;
use clap::builder::PossibleValue;
use lictor_shared::json::Value;
use lictor_shared::{Name, Seconds, Text, Timestamp, Uuid};

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::rows::{Lines, Page, RowForm, RowForms};
use super::super::shown;
use super::super::table::Column;
use super::super::{activation, values};
use super::rows;
use crate::activation::DeploymentRecord;
use crate::audit::{CustomerScope, Judged, LicenseUse, Oddity, Scope, visit_use};
use crate::error::{Failure, FailureKind};
use crate::find::find;
use crate::ledger::Ledger;

const EXAMPLES: &str = "\
Examples:
  lictor audit activations
  lictor audit activations --customer 'Acme GmbH' --silent-after 180d
  lictor audit activations --license 0198c0d2-6c1e-7 --json
  lictor audit activations --by customer --csv > customers.csv

In the order of the licenses' ids. SEATS are those in use, of those that the
revision in force has. A deployment is silent if it has a seat and was not heard
of for longer than --silent-after: neither by a request nor by a report of its
use. One without a lease has no need to ask. What is odd is explained below the
table, with the events that show it. ENDS is the end of the latest revision,
with 30d, 60d or 90d if it is that near.

With --by customer there is a row for each customer, in the order of their ids,
over all licenses that are asked for: LICENSES are those in force, of all. Limit
and overage are those of the licenses in force; where one of these has no limit,
there is none. What is beyond is beyond the limit of its own license, whatever
room another one has.";

/// Who runs what: seats, silent deployments, odd histories, denials and ends, by license
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Activations {
    /// Only this license: its id or a serial, or 8 characters or more of either
    #[arg(long, value_name = "ID")]
    license: Option<String>,
    /// Only those of the customer with this id or exactly this name
    #[arg(long, value_name = "TEXT")]
    customer: Option<Text>,
    /// Only those for this product
    #[arg(long, value_name = "NAME")]
    product: Option<Name>,
    #[command(flatten)]
    silence: Silence,
    /// What there is a row for
    #[arg(long, value_name = "WHAT", default_value = "license")]
    by: By,
    /// At most so many rows [default: 1000; with --jsonl and --csv all]
    #[arg(long, value_name = "N", value_parser = values::integer)]
    limit: Option<u64>,
    /// Only what is behind the license with this id; with --by customer: the customer
    #[arg(long, value_name = "ID")]
    after: Option<Text>,
    #[command(flatten)]
    forms: RowForms,
}

/// What there is a row for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum By {
    License,
    Customer,
}

impl clap::ValueEnum for By {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::License, Self::Customer]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(match self {
            Self::License => "license",
            Self::Customer => "customer",
        }))
    }
}

/// When a deployment counts as silent.
#[derive(Args, Debug)]
pub(super) struct Silence {
    /// A deployment that has a seat and was not heard of for longer than this is silent
    #[arg(long, value_name = "DURATION", default_value = "90d", value_parser = values::term::<Seconds>)]
    silent_after: Seconds,
}

impl Silence {
    /// By what the use of licenses is judged now.
    pub(super) fn judged(&self, globals: &Globals, ledger: &Ledger) -> Result<Judged, Failure> {
        let judged = Judged { at: globals.now()?, silent_after: self.silent_after };
        // The machine's clock is what now is, however wrong it was at the last event.
        if globals.is_rehearsal() {
            judged.is_after_the_log(ledger)?;
        }
        Ok(judged)
    }
}

/// What is looked for, and how much of it is shown.
struct Search {
    ledger: Ledger,
    scope: Scope,
    judged: Judged,
    page: Page,
}

impl Activations {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let form = self.forms.form(output);
        let limit = form.limit(self.limit);
        let judged = self.silence.judged(globals, &ledger)?;
        if self.by == By::Customer {
            let scope = self.customers(&ledger, limit)?;
            return by_customer::write(&ledger, &scope, judged, (form, Page::of(limit)), output);
        }
        let scope = self.scope(&ledger, limit)?;
        let mut search = Search { ledger, scope, judged, page: Page::of(limit) };
        match form {
            RowForm::Table => search.table(output)?,
            RowForm::Json => search.json(output)?,
            RowForm::JsonLines => search.json_lines(output)?,
            RowForm::Csv => search.csv(output)?,
        }
        search.page.say_if_more(output);
        Ok(0)
    }

    fn scope(&self, ledger: &Ledger, limit: Option<u32>) -> Result<Scope, Failure> {
        let license = self.license.as_deref().map(|id| find(ledger, id)).transpose()?;
        Ok(Scope {
            license: license.map(|license| license.id),
            customer: self.customer.clone(),
            product: self.product.clone(),
            after: self.after.as_ref().map(place).transpose()?,
            // One more than asked for tells whether there are more.
            most: limit.map(|limit| limit.saturating_add(1)),
        })
    }

    fn customers(&self, ledger: &Ledger, limit: Option<u32>) -> Result<CustomerScope, Failure> {
        let license = self.license.as_deref().map(|id| find(ledger, id)).transpose()?;
        Ok(CustomerScope {
            license: license.map(|license| license.id),
            customer: self.customer.clone(),
            product: self.product.clone(),
            after: self.after.clone(),
            most: limit.map(|limit| limit.saturating_add(1)),
        })
    }
}

/// The id of a license, whether there is one or not.
fn place(after: &Text) -> Result<Uuid, Failure> {
    Uuid::new(after.as_str()).map_err(|error| {
        Failure::new(FailureKind::Usage, format!("--after {after}: {error}"))
            .hint("Give the id of the last license of the page before; a customer's only with --by customer.")
    })
}

impl Search {
    fn each(&mut self, mut visit: impl FnMut(&LicenseUse) -> Result<(), Failure>) -> Result<(), Failure> {
        let Self { ledger, scope, judged, page } = self;
        visit_use(ledger, scope, *judged, &mut |used| {
            if page.holds(used.license.id) { visit(&used) } else { Ok(()) }
        })
    }

    fn table(&mut self, output: &mut Output) -> Result<(), Failure> {
        let at = self.judged.at;
        let (mut lines, mut explained) = (Vec::new(), Vec::new());
        self.each(|used| {
            lines.push(row(used));
            explained.extend(used.oddities.iter().map(|oddity| odd(used, oddity)));
            explained.extend(used.silent().map(|deployment| silent(used, deployment, at)));
            Ok(())
        })?;
        if lines.is_empty() {
            let none = "There is no such license. All there are: lictor license list";
            output.say(self.page.nothing(none));
            return Ok(());
        }
        let numbers = ["SEATS", "SILENT", "ODD", "DENIED", "ENDS"].map(Column::from);
        let [seats, silent, odd, denied, ends] = numbers;
        let (license, state, customer) = ("LICENSE".into(), "STATE".into(), Column::names("CUSTOMER"));
        let header = [license, state, seats, silent, odd, denied, ends, customer];
        let explained: Vec<(&str, String)> =
            explained.iter().map(|(name, words)| (*name, words.clone())).collect();
        let below =
            if explained.is_empty() { String::new() } else { "\n".to_owned() + &shown::facts(&explained) };
        output.raw(&(shown::table(header, lines.into_iter()) + &below))
    }

    fn json(&mut self, output: &mut Output) -> Result<(), Failure> {
        let (mut found, at) = (Vec::new(), self.judged.at);
        self.each(|used| {
            found.push(rows::to_value(used, at));
            Ok(())
        })?;
        output.data(Value::Array(found))
    }

    fn json_lines(&mut self, output: &mut Output) -> Result<(), Failure> {
        let (mut lines, at) = (Lines::to(output), self.judged.at);
        self.each(|used| lines.json(&rows::to_value(used, at)))?;
        lines.end()
    }

    fn csv(&mut self, output: &mut Output) -> Result<(), Failure> {
        let (mut lines, at) = (Lines::to(output), self.judged.at);
        lines.csv(rows::LICENSES)?;
        self.each(|used| lines.csv(rows::license(used, at).iter().map(String::as_str)))?;
        lines.end()
    }
}

fn row(used: &LicenseUse) -> [String; 8] {
    let nothing = |number: u64| if number == 0 { String::new() } else { number.to_string() };
    let near = used.ends_within().map(|horizon| format!(" ({}d)", horizon.days())).unwrap_or_default();
    [
        used.license.id.to_string(),
        used.state.as_str().to_owned(),
        activation::taken::in_short(&used.occupancy).replace(" taken", ""),
        nothing(rows::silent(used)),
        nothing(u64::try_from(used.oddities.len()).unwrap_or(u64::MAX)),
        nothing(used.denied()),
        shown::day(used.expires_at(), "") + &near,
        shown::foreign(used.license.customer.as_str()),
    ]
}

/// Something odd, in lines: under which license, by whom, what, and the events that show it.
fn odd(used: &LicenseUse, oddity: &Oddity) -> (&'static str, String) {
    let who = oddity.deployment.map(|id| {
        let label = shown::foreign(oddity.label.as_deref().unwrap_or("(erased)"));
        format!("\n{label} {id}")
    });
    let (license, who, what) = (used.license.id, who.unwrap_or_default(), oddity.explanation());
    (oddity.kind.as_str(), format!("{license}{who}\n{what}\n{}", oddity.evidence()))
}

fn silent(used: &LicenseUse, deployment: &DeploymentRecord, at: Timestamp) -> (&'static str, String) {
    let label = shown::foreign(deployment.label.as_str());
    let (seat, last) = (deployment.seat.unwrap_or_default(), used.last_heard(deployment).day());
    let lapsed = if deployment.has_lapsed(at) { "; its lease has ended" } else { "" };
    let (license, id) = (used.license.id, deployment.id);
    ("silent", format!("{license}\n{label} {id}\nSeat {seat}, last heard of on {last}{lapsed}."))
}
