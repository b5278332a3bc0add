//! `lictor license revoke --from`: many licenses, each revoked as a row of a file says.

use clap::Args;
use std::path::{Path, PathBuf};

use super::super::bulk::{Cells, Column, Columns, Kind, Unsigned, Words, one, template, text};
use super::super::globals::Globals;
use super::super::output::Output;
use super::super::values;
use super::revoke::Revoke;
use crate::bulk::{OfLicense, check_revocations, revoke_rows};
use crate::error::Failure;
use crate::revoke::{Revocation, RevocationReason};

const HEADING: &str = "Many at once";

/// In place of one license.
pub(super) const FILE: [&str; 2] = ["from", "template"];

/// Which revocations are made together.
#[derive(Args, Debug)]
pub(super) struct Many {
    /// Revocations as comma-separated values, a row each under a row of column names; the other options hold for every row that leaves their column empty
    #[arg(long, value_name = "CSV", conflicts_with_all = ["id", "template", "request_id"], help_heading = HEADING)]
    pub(super) from: Option<PathBuf>,
    /// Write such a file with every column and two rows to begin with, and say what each column is
    #[arg(long, conflicts_with_all = ["id", "request_id", "dry_run"], help_heading = HEADING)]
    pub(super) template: bool,
    /// Write what was done to standard output, one JSON object on each line
    #[arg(long, requires = "from", help_heading = HEADING)]
    jsonl: bool,
}

/// The columns of revocations: the license, and the options of one.
const COLUMNS: Columns = Columns(&[REVOKED]);

const REVOKED: &[Column] = &[
    one("license", "its id or a serial, or 8 characters or more of either"),
    one("reason", "why; lictor license revoke --help lists the words"),
    one("note", "for the record; the log holds only its salted hash"),
    one("effective", "the day from which on it counts; empty: now"),
];

const KIND: Kind<OfLicense<Revocation>> = Kind {
    command: "license revoke --from",
    columns: COLUMNS,
    required: &["license", "reason"],
    read: revocation,
};

const WORDS: Words = Words { done: "Revoked", was: "revoked", to: "toRevoke", of: "license" };

/// The revocation that a row says.
fn revocation(cells: &mut Cells) -> Option<OfLicense<Revocation>> {
    let license = cells.required("license", |text| Ok(text.to_owned()));
    let reason = cells.required("reason", reason);
    let note = cells.one("note", text);
    let effective = cells.one("effective", values::start);
    Some(OfLicense { license: license?, change: Revocation { reason: reason?, note, effective } })
}

fn reason(text: &str) -> Result<RevocationReason, String> {
    let found = RevocationReason::ALL.iter().find(|reason| reason.as_str() == text);
    found.copied().ok_or_else(|| {
        let known: Vec<&str> = RevocationReason::ALL.iter().map(|reason| reason.as_str()).collect();
        format!("{text:?} is no reason; write one of {}", known.join(", "))
    })
}

impl Revoke {
    pub(super) fn write_template(&self, output: &mut Output) -> Result<u8, Failure> {
        output.say("request_id and license are asked for in every row, and reason unless an option");
        output.say("gives it. What a row leaves empty the options say.");
        output.say("  request_id: an id of your choice, by which the row is done once, however often the");
        output.say("    file is given");
        template(COLUMNS, &SAMPLES, output)
    }

    pub(super) fn run_rows(
        &self,
        path: &Path,
        globals: &Globals,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        let (jsonl, confirm) = (self.many.jsonl, self.confirm.as_deref());
        let unsigned = Unsigned { jsonl, confirm, writing: &self.writing, words: WORDS };
        unsigned.run((path, KIND), (check_revocations, revoke_rows), globals, output)
    }
}

/// Rows to begin with.
const SAMPLES: [&[(&str, &str)]; 2] = [
    &[
        ("request_id", "revoke-2027-0001"),
        ("license", "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10"),
        ("reason", "non-payment"),
        ("note", "third reminder of 2027-01-15"),
    ],
    &[
        ("request_id", "revoke-2027-0002"),
        ("license", "0198c0d2-71aa-7d08-b6f4-58d1c07e44b2"),
        ("reason", "contract-ended"),
        ("effective", "2027-07-01"),
    ],
];

#[cfg(test)]
mod tests {
    use super::super::super::bulk::assert_columns_are_options;
    use super::*;

    #[test]
    fn every_option_of_a_revocation_is_a_column_and_no_other() {
        assert_columns_are_options(COLUMNS, "revoke", &["confirm", "id"]);
    }
}
