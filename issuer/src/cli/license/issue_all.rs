//! `lictor license issue --from`: many licenses, ordered by the rows of a file.

use clap::Args;
use lictor_keys::Signer;
use lictor_shared::Text;
use lictor_shared::json::{Members, Value};
use std::path::{Path, PathBuf};

use super::super::bulk::{Cells, Column, Defaults, Folder, Handing, Kind, Table, Takes, To, distinct, terms};
use super::super::csv;
use super::super::globals::Globals;
use super::super::output::{Form, Output};
use super::super::values;
use super::issue::Issue;
use crate::bulk::{Checked, Tally, check_orders, issue_orders};
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::occasion::{Intent, Occasion};
use crate::order::Order;
use crate::terms::{TermLength, Terms};

const HEADING: &str = "Many at once";

/// Which orders are carried out together.
#[derive(Args, Debug)]
pub(super) struct Many {
    /// Orders as comma-separated values, a row each under a row of column names; the other options hold for every row that leaves their column empty
    #[arg(long, value_name = "CSV", conflicts_with_all = ["template", "request_id"], help_heading = HEADING)]
    pub(super) from: Option<PathBuf>,
    /// Write a file with every column and two rows to begin with, and say what each column is
    #[arg(long, conflicts_with_all = ["jsonl", "request_id", "dry_run", "out"], help_heading = HEADING)]
    pub(super) template: bool,
    /// Write them to standard output, one JSON object on each line, the token in it
    #[arg(long, requires = "from", conflicts_with = "out", help_heading = HEADING)]
    jsonl: bool,
}

const fn one(name: &'static str, means: &'static str) -> Column {
    Column { name, takes: Takes::One, instead_of: None, means }
}

const fn several(name: &'static str, means: &'static str) -> Column {
    Column { takes: Takes::Several, ..one(name, means) }
}

const fn named(name: &'static str, means: &'static str) -> Column {
    Column { takes: Takes::Named, ..one(name, means) }
}

/// The columns of orders: the options of one, with `_` for `-`.
pub(crate) const COLUMNS: &[Column] = &[
    several("product", "one or several, with spaces between them"),
    one("plan", "the plan, which each of the products has"),
    one("customer", "the customer's name"),
    one("customer_id", "his id; empty: the one he has, else made from the name"),
    one("starts", "the first day; empty: now"),
    Column { instead_of: Some("term"), ..one("until", "the last day, in place of term") },
    Column { instead_of: Some("until"), ..one("term", "1y, 6mo, 2w, 90d or perpetual, in place of until") },
    one("seats", "a number from 1 on, or unlimited"),
    one("overage", "how many deployments more are let in, but flagged"),
    one("activation", "required or optional"),
    one("warn", "how long before the end deployments warn"),
    one("grace", "how long everything goes on working after the end"),
    one("revocation_grace", "the same after a revocation"),
    one("status_grace", "the same when no fresh status list has come"),
    one("activation_grace", "the same without an activation or a matching origin"),
    one("maintenance_grace", "the same for a release that maintenance does not cover"),
    one("max_status_age", "how often a fresh status list must come, or never"),
    one("maintenance_until", "the last day of releases that are covered, or unlimited"),
    several("feature", "none, or names with spaces between them"),
    named("limit", "a column for each limit: a number, or unlimited"),
    several("environment", "names with spaces between them"),
    several("origin", "https://calls.acme.example, with spaces between them"),
    named("meta", "a column for each note"),
    one("alg", "EdDSA or Ed25519"),
];

const KIND: Kind<Order> = Kind {
    command: "license issue --from",
    columns: COLUMNS,
    required: &["product", "plan", "customer"],
    read: order,
};

/// The order that a row says.
fn order(cells: &mut Cells) -> Option<Order> {
    let products = cells.list("product", values::name);
    let product = cells.required("product", |_| Ok(()));
    let plan = cells.required("plan", values::name);
    let customer = cells.required("customer", text);
    let (term, until) = (cells.one("term", values::term_length), cells.one("until", values::end));
    if cells.has("term") && cells.has("until") {
        cells.refuse("until", "it stands beside a term; give one of the two");
    }
    let term = until.map(TermLength::Until).or(term);
    let customer_id = cells.one("customer_id", text);
    let starts = cells.one("starts", values::start);
    let terms = Terms { term, ..terms(cells) };
    let origins = cells.list("origin", values::origin_pattern);
    let meta = cells.named("meta", values::meta);
    let meta = distinct(cells, "meta", &meta);
    let algorithm = cells.one("alg", values::algorithm);
    product?;
    Some(Order {
        products,
        plan: plan?,
        customer: customer?,
        customer_id,
        starts,
        terms,
        origins,
        meta,
        algorithm,
    })
}

fn text(text: &str) -> Result<Text, String> {
    Text::new(text).map_err(|error| error.to_string())
}

impl Issue {
    pub(super) fn write_template(&self, output: &mut Output) -> Result<u8, Failure> {
        let name = |column: &Column| match (column.name, column.takes) {
            ("limit", _) => "limit.agents".to_owned(),
            ("meta", _) => "meta.po".to_owned(),
            (name, _) => name.to_owned(),
        };
        let header: Vec<String> =
            core::iter::once("request_id".to_owned()).chain(COLUMNS.iter().map(name)).collect();
        let rows = SAMPLES.map(|row| {
            let cell =
                |name: &String| row.iter().find(|(column, _)| column == name).map_or("", |(_, cell)| cell);
            csv::record(header.iter().map(cell))
        });
        output.say("request_id and customer are asked for in every row, and product and plan unless an");
        output.say("option gives them. What a row leaves empty the options say, then the product,");
        output.say("then lictor.toml; a column that you do not need may be left out.");
        output.say("  request_id: an id of your choice, by which the row is done once, however often the");
        output.say("    file is given; it names the file of the license");
        for column in COLUMNS {
            let name = name(column);
            output.say(format_args!("  {name}: {}", column.means));
        }
        output.raw(&(csv::record(header.iter().map(String::as_str)) + &rows.concat()))?;
        Ok(0)
    }

    pub(super) fn run_many(
        &self,
        path: &Path,
        globals: &Globals,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        let (home, mut ledger) = globals.home_and_ledger()?;
        let occasion = globals.occasion_of(&self.writing)?;
        ledger.follows(&occasion)?;
        let is_tried = occasion.intent == Intent::DryRun;
        if !is_tried && self.out.path().is_none() && !self.many.jsonl {
            return Err(Failure::new(FailureKind::Usage, "where shall the licenses go?")
                .hint("give --out FOLDER for a file each, or --jsonl for standard output"));
        }
        let mut rows = Table::open(path, KIND, defaults(globals))?;
        let to = match (self.out.path(), self.many.jsonl) {
            (Some(path), _) => To::Folder(Folder { path, out: &self.out, home: &home }),
            (None, true) => To::Lines,
            (None, false) => To::Nowhere,
        };
        let mut handing = Handing::begin(to, output);
        let checking = Occasion { intent: Intent::Make, ..occasion.clone() };
        let checked = check_orders(&home, &mut ledger, &mut rows, &checking, &mut handing);
        handing.pause();
        let checked = checked?;
        if is_tried {
            return tell(&checked, output);
        }
        let signers = self.open(&home, &ledger, &checked, globals, &mut handing)?;
        handing.go_on(checked.rows(), "licenses");
        let mut clock = || globals.after_asking(occasion.clone());
        let made =
            issue_orders(&home, &mut ledger, &signers, (&mut rows, &checked), &mut clock, &mut handing);
        // What was written is on disk, whatever else has failed.
        let finished = handing.finish();
        let tally = made.and_then(|tally| finished.map(|()| tally))?;
        self.conclude(tally, output)
    }

    /// Opens the folder and the keys, each asked for once.
    fn open(
        &self,
        home: &Home,
        ledger: &Ledger,
        checked: &Checked,
        globals: &Globals,
        handing: &mut Handing<'_>,
    ) -> Result<Vec<Box<dyn Signer + Sync>>, Failure> {
        handing.open()?;
        ledger.is_in_place()?;
        let open = |kid| {
            let key = self.passphrase.open_key(home, kid, globals.prompts())?;
            let key: Box<dyn Signer + Sync> = Box::new(key);
            Ok(key)
        };
        checked.keys.iter().map(open).collect()
    }

    fn conclude(&self, tally: Tally, output: &mut Output) -> Result<u8, Failure> {
        output.say(format_args!("Issued {}.", counted(tally.now)));
        if tally.before > 0 {
            output.say(format_args!("  {} were issued before, and stay as they are.", tally.before));
        }
        let folder = self.out.path().map(|path| path.display().to_string());
        if let Some(folder) = &folder {
            output.say(format_args!("They are in {folder}, each in a file with its request id."));
        }
        if output.form() == Form::Json && !self.many.jsonl {
            output.data(Value::object([
                ("issued", tally.now.into()),
                ("before", tally.before.into()),
                ("folder", folder.as_deref().into()),
            ]))?;
        }
        Ok(0)
    }
}

/// What a dry run found.
fn tell(checked: &Checked, output: &mut Output) -> Result<u8, Failure> {
    output.say("Dry run: every row can be carried out; nothing is signed, and nothing is written.");
    if checked.before > 0 {
        output.say(format_args!("  {} were issued before, and stay as they are.", checked.before));
    }
    let (fresh, before) = (checked.fresh, checked.before);
    output.either(
        || format!("{fresh}\n"),
        || Value::object([("dryRun", true.into()), ("toIssue", fresh.into()), ("before", before.into())]),
    )?;
    Ok(0)
}

fn counted(licenses: u64) -> String {
    if licenses == 1 { "1 license".into() } else { format!("{licenses} licenses") }
}

/// What the options beside the file say, as they were given.
fn defaults(globals: &Globals) -> Defaults {
    let asked = globals.asked().and_then(Value::as_object);
    let given: Option<&Members> = asked.and_then(|asked| asked.get("arguments")).and_then(Value::as_object);
    let words = |values: &Value| {
        let values = values.as_array().unwrap_or_default().iter();
        values.filter_map(Value::as_str).map(Into::into).collect::<Vec<String>>()
    };
    let given = given.into_iter().flatten();
    let is_column = |name: &str| COLUMNS.iter().any(|column| column.name == name);
    given.filter(|(name, _)| is_column(name)).map(|(name, values)| (name.clone(), words(values))).collect()
}

/// Rows to begin with.
const SAMPLES: [&[(&str, &str)]; 2] = [
    &[
        ("request_id", "2026-0001"),
        ("product", "dialer"),
        ("plan", "pro"),
        ("customer", "Acme GmbH"),
        ("term", "1y"),
        ("seats", "25"),
        ("overage", "2"),
        ("activation", "required"),
        ("feature", "branding export"),
        ("limit.agents", "250"),
        ("meta.po", "4711"),
    ],
    &[
        ("request_id", "2026-0002"),
        ("product", "dialer"),
        ("plan", "pro"),
        ("customer", "株式会社アクメ, 東京"),
        ("customer_id", "acme-tokyo"),
        ("starts", "2027-01-01"),
        ("until", "2027-12-31"),
        ("limit.agents", "unlimited"),
        ("origin", "https://calls.acme.example https://*.acme.example"),
    ],
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_of_an_order_is_a_column_and_no_other() {
        let grammar = crate::cli::grammar();
        let issue = grammar.find_subcommand("license").unwrap().find_subcommand("issue").unwrap();
        let not_of_an_order = [
            "from",
            "template",
            "jsonl",
            "out",
            "force",
            "request_id",
            "dry_run",
            "clock_changed",
            "passphrase_file",
            "passphrase_command",
            "home",
            "now",
            "actor",
            "json",
            "quiet",
            "color",
            "no_input",
            "help",
            "version",
        ];
        let mut options: Vec<&str> = issue
            .get_arguments()
            .map(|option| option.get_id().as_str())
            .filter(|option| !not_of_an_order.contains(option))
            .collect();
        let mut columns: Vec<&str> = COLUMNS.iter().map(|column| column.name).collect();
        options.sort_unstable();
        columns.sort_unstable();
        assert_eq!(options, columns);
    }
}
