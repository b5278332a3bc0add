//! `lictor license list`.

use clap::Args;
use clap::builder::PossibleValue;
use lictor_shared::json::Value;
use lictor_shared::{Name, Seconds, Text, Timestamp, Uuid};

use super::super::globals::Globals;
use super::super::output::Output;
use super::super::rows::{Lines, Page, RowForm, RowForms};
use super::super::shown;
use super::super::table::Column;
use super::super::values;
use crate::error::Failure;
use crate::ledger::Ledger;
use crate::licenses::{LicenseRecord, LicenseState, Standing};
use crate::listing::{Direction, Selection, Sorting, Summary, visit_licenses, visit_summaries};

const EXAMPLES: &str = "\
Examples:
  lictor license list --customer 'Acme GmbH' --state active --state grace
  lictor license list --expiring 30d --sort expires
  lictor license list --limit 20 --after 0198c0d2-6c1e-7000-8000-2f6f2b1d9a10
  lictor license list --csv > licenses.csv

Product, plan and end are those of the latest revision; the state is that of
now, or of --now. Without --sort the order is that of issuing. In any order the
next page is the same command with --after and the last id of the page before.";

/// Show the licenses, all of them or those that are looked for
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct List {
    /// Only those of the customer with this id or exactly this name
    #[arg(long, value_name = "TEXT")]
    customer: Option<Text>,
    /// Only those for this product
    #[arg(long, value_name = "NAME")]
    product: Option<Name>,
    /// Only those with this plan
    #[arg(long, value_name = "NAME")]
    plan: Option<Name>,
    /// Only those in this state; may be given several times
    #[arg(long, value_name = "STATE")]
    state: Vec<LicenseState>,
    /// Only those that expire within this time from now, as 30d, and have not expired
    #[arg(long, value_name = "DURATION", value_parser = values::term::<Seconds>)]
    expiring: Option<Seconds>,
    /// Only those that are revoked; short for --state revoked
    #[arg(long)]
    revoked: bool,
    /// The order [default: issued]
    #[arg(long, value_name = "BY", default_value = "issued", hide_default_value = true)]
    sort: Sorting,
    /// In the opposite order
    #[arg(long)]
    reverse: bool,
    /// At most so many [default: 1000; with --jsonl and --csv all]
    #[arg(long, value_name = "N", value_parser = values::integer)]
    limit: Option<u64>,
    /// Only those behind the license with this id, in the order asked for
    #[arg(long, value_name = "ID")]
    after: Option<Uuid>,
    #[command(flatten)]
    forms: RowForms,
}

impl clap::ValueEnum for LicenseState {
    fn value_variants<'a>() -> &'a [Self] {
        Self::ALL
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        Some(PossibleValue::new(self.as_str()).help(self.meaning()))
    }
}

impl clap::ValueEnum for Sorting {
    fn value_variants<'a>() -> &'a [Self] {
        &[Self::Issued, Self::Expires, Self::Customer, Self::State]
    }

    fn to_possible_value(&self) -> Option<PossibleValue> {
        let (word, meaning) = match self {
            Self::Issued => ("issued", "By their ids, which is the order of issuing"),
            Self::Expires => ("expires", "By their ends; those without end last"),
            Self::Customer => ("customer", "By the customer's name"),
            Self::State => ("state", "By state, in the order given above"),
        };
        Some(PossibleValue::new(word).help(meaning))
    }
}

impl List {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        let (_, ledger) = globals.home_and_ledger()?;
        let at = globals.now()?;
        let form = self.forms.form(output);
        let limit = form.limit(self.limit);
        let mut search = Search { ledger, selection: self.selection(limit), at, page: Page::of(limit) };
        match form {
            RowForm::Table => self.table(&mut search, output)?,
            RowForm::Json => json(&mut search, output)?,
            RowForm::JsonLines => json_lines(&mut search, output)?,
            RowForm::Csv => csv(&mut search, output)?,
        }
        search.page.say_if_more(output);
        Ok(0)
    }

    fn selection(&self, limit: Option<u32>) -> Selection {
        let revoked = self.revoked.then_some(LicenseState::Revoked);
        Selection {
            customer: self.customer.clone(),
            product: self.product.clone(),
            plan: self.plan.clone(),
            states: self.state.iter().copied().chain(revoked).collect(),
            expiring: self.expiring,
            sorting: self.sort,
            direction: if self.reverse { Direction::Descending } else { Direction::Ascending },
            after: self.after,
            // One more than asked for tells whether there are more.
            most: limit.map(|limit| limit.saturating_add(1)),
        }
    }

    fn table(&self, search: &mut Search, output: &mut Output) -> Result<(), Failure> {
        let mut rows = Vec::new();
        search.summaries(|license| {
            rows.push(row(&license));
            Ok(())
        })?;
        if rows.is_empty() {
            output.say(search.page.nothing(match self.looks_for_all() {
                true => "There are no licenses. Issue one with: lictor issue",
                false => "There is no such license. All there are: lictor license list",
            }));
            return Ok(());
        }
        let (product, customer) = (Column::names("PRODUCT"), Column::names("CUSTOMER"));
        let header = ["LICENSE".into(), "STATE".into(), "EXPIRES".into(), product, customer];
        output.raw(&shown::table(header, rows.into_iter()))
    }

    fn looks_for_all(&self) -> bool {
        let everything = Selection { sorting: self.sort, ..Selection::default() };
        Selection { direction: Direction::Ascending, ..self.selection(None) } == everything
    }
}

/// What is looked for, and how much of it is shown.
struct Search {
    ledger: Ledger,
    selection: Selection,
    at: Timestamp,
    page: Page,
}

impl Search {
    /// Visits what the page has room for.
    fn summaries(&mut self, mut visit: impl FnMut(Summary) -> Result<(), Failure>) -> Result<(), Failure> {
        let Self { ledger, selection, at, page } = self;
        let mut shown = |license: Summary| if page.holds(license.id) { visit(license) } else { Ok(()) };
        visit_summaries(ledger, selection, *at, &mut shown)
    }

    /// The same with all revisions of each, as JSON.
    fn whole(&mut self, mut visit: impl FnMut(Value) -> Result<(), Failure>) -> Result<(), Failure> {
        let Self { ledger, selection, at, page } = self;
        let mut shown = |license: LicenseRecord| match page.holds(license.id) {
            true => visit(super::to_value(&license, *at)),
            false => Ok(()),
        };
        visit_licenses(ledger, selection, *at, &mut shown)
    }
}

fn row(license: &Summary) -> [String; 5] {
    [
        license.id.to_string(),
        license.state.as_str().to_string(),
        shown::day(license.latest.expires_at, "never"),
        super::products(&license.latest),
        shown::foreign(license.customer.as_str()),
    ]
}

fn json(search: &mut Search, output: &mut Output) -> Result<(), Failure> {
    let mut found = Vec::new();
    search.whole(|license| {
        found.push(license);
        Ok(())
    })?;
    output.data(Value::Array(found))
}

fn json_lines(search: &mut Search, output: &mut Output) -> Result<(), Failure> {
    let mut lines = Lines::to(output);
    search.whole(|license| lines.json(&license))?;
    lines.end()
}

/// The members of the JSON form, as far as a line has room for them.
const CSV_HEADER: [&str; 14] = [
    "id",
    "state",
    "since",
    "reason",
    "customerId",
    "customer",
    "revision",
    "serial",
    "products",
    "plan",
    "issuedAt",
    "startsAt",
    "expiresAt",
    "graceUntil",
];

fn csv(search: &mut Search, output: &mut Output) -> Result<(), Failure> {
    let mut lines = Lines::to(output);
    lines.csv(CSV_HEADER)?;
    search.summaries(|license| lines.csv(csv_cells(&license).iter().map(String::as_str)))?;
    lines.end()
}

fn csv_cells(license: &Summary) -> [String; 14] {
    let (since, reason) = match license.standing {
        Standing::Active => (None, None),
        Standing::Suspended { since } => (Some(since), None),
        Standing::Revoked { since, reason } => (Some(since), Some(reason)),
    };
    let latest = &license.latest;
    [
        license.id.to_string(),
        license.state.as_str().to_string(),
        shown::instant(since, ""),
        reason.map(|reason| reason.as_str().to_string()).unwrap_or_default(),
        license.customer_id.to_string(),
        license.customer.to_string(),
        latest.revision.to_string(),
        latest.serial.to_string(),
        super::products(latest),
        latest.plan.to_string(),
        latest.issued_at.to_string(),
        latest.starts_at.to_string(),
        shown::instant(latest.expires_at, ""),
        shown::instant(latest.grace_until, ""),
    ]
}
