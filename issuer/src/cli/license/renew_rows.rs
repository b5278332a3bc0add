//! `lictor license renew --from`: many licenses, each renewed as a row of a file says.

use std::path::Path;

use super::super::bulk::{
    Cells, Column, Columns, Kind, Signing, TERMS, Words, list_or_none, named, named_or_none, one, several,
    template, terms,
};
use super::super::globals::Globals;
use super::super::output::Output;
use super::super::values;
use super::renew::Renew;
use super::revised::earlier;
use crate::bulk::{OfLicense, check_renewals, renew_rows};
use crate::error::Failure;
use crate::renew::{Renewal, RenewedTerm};
use crate::revision::Changes;
use crate::terms::Span;

/// The columns of renewals: the license, and the options of one, with `_` for `-`.
const COLUMNS: Columns = Columns(&[ORDERED, TERMS, FURTHER]);

const ORDERED: &[Column] = &[
    one("license", "its id or a serial, or 8 characters or more of either"),
    Column { instead_of: Some("until"), ..one("term", "1y, 6mo, 2w or 90d, from the old end on") },
    Column { instead_of: Some("term"), ..one("until", "the last day of the new term, in place of term") },
    one("revoke_previous", "yes: revoke the earlier revisions as well; no, or empty: they stay"),
    one("plan", "another plan, which each of its products has"),
];

const FURTHER: &[Column] = &[
    several("feature", "all that it has then: none, or names with spaces between them"),
    named("limit", "a column for each limit that it has then: a number, or unlimited"),
    several("environment", "names with spaces between them"),
    several("origin", "all that it has then: none, or origins with spaces between them"),
    named("meta", "a column for each note that it has then"),
    one("alg", "EdDSA or Ed25519"),
];

const KIND: Kind<OfLicense<Renewal>> =
    Kind { command: "license renew --from", columns: COLUMNS, required: &["license"], read: renewal };

const WORDS: Words = Words { done: "Renewed", was: "renewed", to: "toRenew", of: "license" };

/// The renewal that a row says.
fn renewal(cells: &mut Cells) -> Option<OfLicense<Renewal>> {
    let license = cells.required("license", |text| Ok(text.to_owned()));
    let (term, until) = (cells.one("term", values::term::<Span>), cells.one("until", values::end));
    match (cells.has("term"), cells.has("until")) {
        (true, true) => cells.refuse("until", "it stands beside a term; give one of the two"),
        (false, false) => cells.refuse("term", "until when is it renewed? Say 1y here, or a day in until"),
        (true, false) | (false, true) => {}
    }
    let earlier = earlier(cells.one("revoke_previous", yes).unwrap_or_default());
    let changes = changes(cells);
    let length = until.map(RenewedTerm::Until).or(term.map(RenewedTerm::For));
    Some(OfLicense { license: license?, change: Renewal { length: length?, changes, earlier } })
}

fn changes(cells: &mut Cells) -> Changes {
    Changes {
        plan: cells.one("plan", values::name),
        terms: terms(cells),
        origins: list_or_none(cells, "origin", values::origin_pattern),
        meta: named_or_none(cells, "meta", values::meta),
        algorithm: cells.one("alg", values::algorithm),
    }
}

/// `yes` or `no`; the option says `true`.
fn yes(text: &str) -> Result<bool, String> {
    match text {
        "yes" | "true" => Ok(true),
        "no" => Ok(false),
        _ => Err(format!("{text:?} is neither yes nor no")),
    }
}

impl Renew {
    pub(super) fn write_template(&self, output: &mut Output) -> Result<u8, Failure> {
        output.say("request_id and license are asked for in every row, and term or until unless an");
        output.say("option gives one. What a row leaves empty the options say, else it stays as it");
        output.say("is; a column that you do not need may be left out.");
        output.say("  request_id: an id of your choice, by which the row is done once, however often the");
        output.say("    file is given; it names the file of the license");
        template(COLUMNS, &SAMPLES, output)
    }

    pub(super) fn run_rows(
        &self,
        path: &Path,
        globals: &Globals,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        let (out, jsonl) = (&self.out, self.several.jsonl);
        let signing =
            Signing { out, jsonl, writing: &self.writing, passphrase: &self.passphrase, words: WORDS };
        signing.run((path, KIND), (check_renewals, renew_rows), globals, output)
    }
}

/// Rows to begin with.
const SAMPLES: [&[(&str, &str)]; 2] = [
    &[
        ("request_id", "renew-2027-0001"),
        ("license", "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10"),
        ("term", "1y"),
        ("seats", "50"),
        ("meta.po", "4712"),
    ],
    &[
        ("request_id", "renew-2027-0002"),
        ("license", "0198c0d2-71aa-7d08-b6f4-58d1c07e44b2"),
        ("until", "2028-12-31"),
        ("revoke_previous", "yes"),
    ],
];

#[cfg(test)]
mod tests {
    use super::super::super::bulk::assert_columns_are_options;
    use super::*;

    #[test]
    fn every_option_of_a_renewal_is_a_column_and_no_other() {
        assert_columns_are_options(
            COLUMNS,
            "renew",
            &["expiring_within", "customer", "product", "confirm", "id"],
        );
    }
}
