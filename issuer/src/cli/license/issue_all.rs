//! `lictor license issue --from`: many licenses, ordered by the rows of a file.

use clap::Args;
use std::path::{Path, PathBuf};

use super::super::bulk::{
    Cells, Column, Columns, Kind, Signing, TERMS, Words, distinct, named, one, several, template, terms, text,
};
use super::super::globals::Globals;
use super::super::output::Output;
use super::super::values;
use super::issue::Issue;
use crate::bulk::{check_orders, issue_orders};
use crate::error::Failure;
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

/// The columns of orders: the options of one, with `_` for `-`.
const COLUMNS: Columns = Columns(&[ORDERED, TERMS, FURTHER]);

const ORDERED: &[Column] = &[
    several("product", "one or several, with spaces between them"),
    one("plan", "the plan, which each of the products has"),
    one("customer", "the customer's name"),
    one("customer_id", "his id; empty: the one he has, else made from the name"),
    one("starts", "the first day; empty: now"),
    Column { instead_of: Some("term"), ..one("until", "the last day, in place of term") },
    Column { instead_of: Some("until"), ..one("term", "1y, 6mo, 2w, 90d or perpetual, in place of until") },
];

const FURTHER: &[Column] = &[
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

impl Issue {
    pub(super) fn write_template(&self, output: &mut Output) -> Result<u8, Failure> {
        output.say("request_id and customer are asked for in every row, and product and plan unless an");
        output.say("option gives them. What a row leaves empty the options say, then the product,");
        output.say("then lictor.toml; a column that you do not need may be left out.");
        output.say("  request_id: an id of your choice, by which the row is done once, however often the");
        output.say("    file is given; it names the file of the license");
        template(COLUMNS, &SAMPLES, output)
    }

    pub(super) fn run_many(
        &self,
        path: &Path,
        globals: &Globals,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        let (out, jsonl) = (&self.out, self.many.jsonl);
        let signing =
            Signing { out, jsonl, writing: &self.writing, passphrase: &self.passphrase, words: WORDS };
        signing.run((path, KIND), (check_orders, issue_orders), globals, output)
    }
}

const WORDS: Words = Words { done: "Issued", was: "issued", to: "toIssue", of: "license" };

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
    use super::super::super::bulk::assert_columns_are_options;
    use super::*;

    #[test]
    fn every_option_of_an_order_is_a_column_and_no_other() {
        assert_columns_are_options(COLUMNS, "issue", &[]);
    }
}
