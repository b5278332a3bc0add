//! Renewing licenses that a file names.

use lictor_keys::Signer;
use lictor_shared::Thumbprint;
use lictor_shared::json::Value;
use rusqlite::Connection;
use std::collections::BTreeSet;

use super::check::check;
use super::issue::with_key;
use super::make::{make, of};
use super::{
    Change, Checked, Clock, Made, OfLicense, Row, Rows, Taker, Tally, When, claimed_license, found_license,
};
use crate::cores;
use crate::error::Failure;
use crate::event::EventKind;
use crate::home::Home;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{Ledger, shards};
use crate::licenses::LicenseRecord;
use crate::occasion::Occasion;
use crate::outcome::Outcome as _;
use crate::renew::{Renewal, drafting};
use crate::revision::{Desk, Placed, Revised, Revision, Signed};

/// Decides every renewal of a file. Nothing is changed, and no private key is needed; others that change the ledger wait.
///
/// # Errors
/// All that is wrong with the rows, by line and column: of the kind that all of it is, else
/// [`FailureKind::Validation`](crate::FailureKind::Validation).
pub fn check_renewals(
    home: &Home,
    ledger: &mut Ledger,
    rows: &mut dyn Rows<OfLicense<Renewal>>,
    occasion: &Occasion,
    taker: &mut dyn Taker,
) -> Result<Checked, Failure> {
    check(ledger, rows, &mut Renewing { home, signers: &[], keys: BTreeSet::new() }, occasion, taker)
}

/// Renews every license of a file that [`check_renewals`] has passed, where that was not done before.
///
/// # Errors
/// [`FailureKind::Conflict`](crate::FailureKind::Conflict) if the file was changed meanwhile or its licenses need other keys now;
/// else as [`renew`](crate::renew). What was renewed until then stays, and repeating goes on with the rest.
pub fn renew_rows(
    home: &Home,
    ledger: &mut Ledger,
    signers: &[Box<dyn Signer + Sync>],
    (rows, checked): (&mut dyn Rows<OfLicense<Renewal>>, &Checked),
    clock: Clock<'_>,
    taker: &mut dyn Taker,
) -> Result<Tally, Failure> {
    let mut renewing = Renewing { home, signers, keys: BTreeSet::new() };
    make(ledger, rows, (&mut renewing, checked), clock, taker)
}

struct Renewing<'a> {
    home: &'a Home,
    signers: &'a [Box<dyn Signer + Sync>],
    /// Those that are needed.
    keys: BTreeSet<Thumbprint>,
}

impl Change<OfLicense<Renewal>> for Renewing<'_> {
    const NOUN: [&'static str; 2] = ["renewal", "renewals"];
    // What is renewed is read and verified one after the other, which takes longer than what is new.
    const BATCH: usize = 256;

    fn decide(
        &mut self,
        transaction: &Transaction<'_>,
        rows: &[Row<OfLicense<Renewal>>],
    ) -> Result<Vec<Result<(), Failure>>, Failure> {
        let connection = transaction.connection();
        let licenses: Vec<_> = rows.iter().map(|row| claimed_license(connection, row)).collect();
        // Where no license is, there may be no key either.
        if licenses.iter().all(Result::is_err) {
            return Ok(licenses.into_iter().map(|license| license.map(|_| ())).collect());
        }
        let desk = Desk::open(self.home, connection, transaction.at())?;
        let decide = |(row, license): (&Row<OfLicense<Renewal>>, Result<LicenseRecord, Failure>)| {
            let license = license?;
            let draft = revising(row, |revision| desk.preview(connection, license, revision));
            let (_, draft) = draft.map_err(|failure| failure.with("license", row.asked.license.as_str()))?;
            self.keys.insert(desk.key(&draft.products)?.public.thumbprint());
            Ok(())
        };
        Ok(rows.iter().zip(licenses).map(decide).collect())
    }

    fn keys(&self) -> BTreeSet<Thumbprint> {
        self.keys.clone()
    }

    fn has_room(&self, connection: &Connection, rows: u64) -> Result<(), Failure> {
        shards::has_room(connection, &self.home.status_uri()?, rows)
    }

    fn make(
        &mut self,
        transaction: &Transaction<'_>,
        rows: Vec<Row<OfLicense<Renewal>>>,
    ) -> Result<(Vec<Made>, Option<Recorded>), Failure> {
        let desk = Desk::open(self.home, transaction.connection(), transaction.at())?.for_many();
        let (mut made, mut last) = (Vec::with_capacity(rows.len()), None);
        let placed = rows.into_iter().map(|row| placed(transaction, &desk, row));
        let sign = |(row, placed): (Row<OfLicense<Renewal>>, Placed<'_>)| {
            let signed = self.sign(&desk, &row, placed);
            signed.map(|signed| (row, signed))
        };
        cores::each(placed, sign, |signed| {
            let (row, event) = store(transaction, &desk, signed?)?;
            made.push(row);
            last = Some(event);
            Ok(())
        })?;
        Ok((made, last))
    }
}

impl Renewing<'_> {
    fn sign(
        &self,
        desk: &Desk<'_>,
        row: &Row<OfLicense<Renewal>>,
        placed: Placed<'_>,
    ) -> Result<Signed, Failure> {
        let signed = with_key(self.signers, placed.key()).and_then(|signer| desk.sign(signer, placed));
        signed.map_err(|failure| of(row.line, failure))
    }
}

/// Gives a renewal what it takes to be signed.
fn placed<'d>(
    transaction: &Transaction<'_>,
    desk: &'d Desk<'_>,
    row: Row<OfLicense<Renewal>>,
) -> Result<(Row<OfLicense<Renewal>>, Placed<'d>), Failure> {
    let placed = found_license(transaction.connection(), &row.asked.license)
        .and_then(|license| revising(&row, |revision| desk.placed(transaction, license, revision)));
    let placed = placed.map_err(|failure| of(row.line, failure))?;
    Ok((row, placed))
}

/// Puts a renewal into the ledger, with its event and its answer.
fn store(
    transaction: &Transaction<'_>,
    desk: &Desk<'_>,
    (row, signed): (Row<OfLicense<Renewal>>, Signed),
) -> Result<(Made, Recorded), Failure> {
    transaction.turn_to(&row.request);
    let revised = revising(&row, |revision| desk.store(transaction, signed, revision));
    let (revised, _renewed) = revised.map_err(|failure| of(row.line, failure))?;
    let answer = answer(&revised);
    let event = transaction.remember(&row.request, &answer)?;
    let token = Some(revised.issued.signed.token);
    Ok((Made { line: row.line, request: row.request.id, when: When::Now, answer, token }, event))
}

fn revising<T>(row: &Row<OfLicense<Renewal>>, then: impl FnOnce(&Revision<'_>) -> T) -> T {
    let renewal = &row.asked.change;
    let draft = drafting(renewal);
    then(&Revision { kind: EventKind::LicenseRenewed, earlier: renewal.earlier, draft: &draft })
}

/// What is told of a renewal, and remembered: without the token, which can be read in the ledger as long as it lives.
fn answer(revised: &Revised) -> Value {
    match revised.answer() {
        Value::Object(mut members) => {
            members.remove("token");
            members.into()
        }
        other => other,
    }
}
