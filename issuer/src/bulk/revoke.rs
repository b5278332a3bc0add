//! Revoking licenses that a file names.

use lictor_shared::Thumbprint;
use rusqlite::Connection;
use std::collections::BTreeSet;

use super::check::check;
use super::make::{make, of};
use super::{
    Change, Checked, Clock, Foreseen, Made, OfLicense, Row, Rows, Taker, Tally, When, claimed_license,
    found_license,
};
use crate::error::Failure;
use crate::ledger::Ledger;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::occasion::Occasion;
use crate::outcome::Outcome as _;
use crate::revoke::{Revocation, planned, revoke_in};

/// Decides every revocation of a file. Nothing is changed; others that change the ledger wait.
///
/// # Errors
/// All that is wrong with the rows, by line and column: of the kind that all of it is, else
/// [`FailureKind::Validation`](crate::FailureKind::Validation).
pub fn check_revocations(
    ledger: &mut Ledger,
    rows: &mut dyn Rows<OfLicense<Revocation>>,
    occasion: &Occasion,
    taker: &mut dyn Taker,
) -> Result<Checked, Failure> {
    check(ledger, rows, &mut Revoking, occasion, taker)
}

/// Revokes every license of a file that [`check_revocations`] has passed, where that was not done before.
///
/// # Errors
/// [`FailureKind::Conflict`](crate::FailureKind::Conflict) if the file was changed meanwhile; else as
/// [`revoke_from`](crate::revoke_from). What was revoked until then stays, and repeating goes on with the rest.
pub fn revoke_rows(
    ledger: &mut Ledger,
    (rows, checked): (&mut dyn Rows<OfLicense<Revocation>>, &Checked),
    clock: Clock<'_>,
    taker: &mut dyn Taker,
) -> Result<Tally, Failure> {
    make(ledger, rows, (&mut Revoking, checked), clock, taker)
}

struct Revoking;

impl Change<OfLicense<Revocation>> for Revoking {
    const NOUN: [&'static str; 2] = ["revocation", "revocations"];
    // The indexes are written to where each license stands.
    const BATCH: usize = 256;

    fn decide(
        &mut self,
        transaction: &Transaction<'_>,
        rows: &[Row<OfLicense<Revocation>>],
    ) -> Result<Vec<Result<Foreseen, Failure>>, Failure> {
        let decide = |row: &Row<OfLicense<Revocation>>| {
            let license = claimed_license(transaction.connection(), row)?;
            let planned = planned(&license, &row.asked.change, transaction.at()).map(|_| Foreseen::default());
            planned.map_err(|failure| failure.with("license", row.asked.license.as_str()))
        };
        Ok(rows.iter().map(decide).collect())
    }

    /// None: a revocation is not signed, the list is that tells of it.
    fn keys(&self) -> BTreeSet<Thumbprint> {
        BTreeSet::new()
    }

    fn has_room(&self, _: &Connection, _: u64) -> Result<(), Failure> {
        Ok(())
    }

    fn make(
        &mut self,
        transaction: &Transaction<'_>,
        rows: Vec<Row<OfLicense<Revocation>>>,
    ) -> Result<(Vec<Made>, Option<Recorded>), Failure> {
        let (mut made, mut last) = (Vec::with_capacity(rows.len()), None);
        for row in rows {
            let (row, event) = revoke(transaction, row)?;
            made.push(row);
            last = Some(event);
        }
        Ok((made, last))
    }
}

/// Puts a revocation into the ledger, with its event and its answer.
fn revoke(
    transaction: &Transaction<'_>,
    row: Row<OfLicense<Revocation>>,
) -> Result<(Made, Recorded), Failure> {
    transaction.turn_to(&row.request);
    let revoked = || {
        let license = found_license(transaction.connection(), &row.asked.license)?;
        revoke_in(transaction, &license, &row.asked.change)
    };
    let (revoked, _revoked) = revoked().map_err(|failure| of(row.line, failure))?;
    let answer = revoked.answer();
    let event = transaction.remember(&row.request, &answer)?;
    Ok((Made { line: row.line, request: row.request.id, when: When::Now, answer, token: None }, event))
}
