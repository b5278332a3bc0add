//! Renewing licenses that a file names.

use lictor_keys::Signer;
use lictor_shared::json::Value;
use lictor_shared::{Seconds, StatusRef, Thumbprint, Uri};
use rusqlite::Connection;
use std::collections::BTreeSet;

use super::check::{Decided, check, decided_with};
use super::issue::with_key;
use super::make::{make, of};
use super::{
    Change, Checked, Clock, Foreseen, Made, OfLicense, Row, Rows, Taker, Tally, When, claimed_license,
    found_license,
};
use crate::cores;
use crate::entropy;
use crate::error::Failure;
use crate::event::EventKind;
use crate::home::Home;
use crate::latest::Filed;
use crate::ledger::entries::List;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{Ledger, shards};
use crate::occasion::Occasion;
use crate::outcome::Outcome as _;
use crate::renew::{Renewal, drafting};
use crate::revision::{Desk, Drafted, Revised, Revision, Signed};

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

    fn decide(
        &mut self,
        transaction: &Transaction<'_>,
        rows: &[Row<OfLicense<Renewal>>],
    ) -> Result<Vec<Result<Foreseen, Failure>>, Failure> {
        let connection = transaction.connection();
        let desk = match Desk::open(self.home, connection, transaction.at()) {
            Ok(desk) => desk.for_many(),
            Err(failure) => return without_desk(connection, rows, failure),
        };
        let filed = rows
            .chunks(CHUNK)
            .map(|rows| Ok((rows, rows.iter().map(|row| claimed(connection, row)).collect::<Vec<_>>())));
        let decide = |(rows, filed): Named<'_>| {
            let decide = |(row, filed): (&Row<_>, Result<Filed, Failure>)| decided(&desk, row, filed?);
            rows.iter().zip(filed).map(decide).collect::<Vec<_>>()
        };
        decided_with(filed, decide, &mut self.keys)
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
        // The place on the list depends on the draft, and is the ledger's to give: so all are drafted first.
        let drafts = drafts(transaction, &desk, rows)?;
        let (mut made, mut last) = (Vec::with_capacity(drafts.len()), None);
        let uri = self.home.status_uri()?;
        let mut drafts = drafts.into_iter();
        let placed = core::iter::from_fn(|| {
            let drafts: Vec<_> = drafts.by_ref().take(CHUNK).collect();
            if drafts.is_empty() { None } else { Some(placed(transaction, &uri, drafts)) }
        });
        let sign = |placed: Vec<Placed<'_>>| {
            placed.into_iter().map(|placed| self.sign(&desk, placed)).collect::<Result<Vec<_>, _>>()
        };
        cores::each_few(placed, sign, |signed| {
            for signed in signed? {
                let (row, event) = store(transaction, &desk, signed)?;
                made.push(row);
                last = Some(event);
            }
            Ok(())
        })?;
        Ok((made, last))
    }
}

/// Rows that go from one core to another together: handing over costs less than working on them.
const CHUNK: usize = 16;

/// Rows with the licenses that they name, as they are filed.
type Named<'r> = (&'r [Row<OfLicense<Renewal>>], Vec<Result<Filed, Failure>>);
/// A renewal that is drafted.
type Draft<'d> = (Row<OfLicense<Renewal>>, Drafted<'d>);
/// The same with its place on the list.
type Placed<'d> = (Draft<'d>, (List, StatusRef));

impl Renewing<'_> {
    fn sign(
        &self,
        desk: &Desk<'_>,
        ((row, drafted), entry): Placed<'_>,
    ) -> Result<(Row<OfLicense<Renewal>>, Signed), Failure> {
        let signer = with_key(self.signers, drafted.key());
        match signer.and_then(|signer| desk.sign(signer, drafted, entry)) {
            Ok(signed) => Ok((row, signed)),
            Err(failure) => Err(of(row.line, failure)),
        }
    }
}

/// What stands against rows where nothing can be drafted: where no license is, there may be no key either.
fn without_desk(
    connection: &Connection,
    rows: &[Row<OfLicense<Renewal>>],
    failure: Failure,
) -> Result<Vec<Result<Foreseen, Failure>>, Failure> {
    let claimed = rows.iter().map(|row| claimed_license(connection, row).map(|_| Foreseen::default()));
    let claimed: Vec<_> = claimed.collect();
    if claimed.iter().any(Result::is_ok) { Err(failure) } else { Ok(claimed) }
}

/// What a row names, as it is filed.
fn claimed(connection: &Connection, row: &Row<OfLicense<Renewal>>) -> Result<Filed, Failure> {
    let license = claimed_license(connection, row)?;
    let filed = Filed::of(connection, license);
    filed.map_err(|failure| failure.with("license", row.asked.license.as_str()))
}

/// What a renewal comes to, if it can be made.
fn decided(desk: &Desk<'_>, row: &Row<OfLicense<Renewal>>, filed: Filed) -> Result<Decided, Failure> {
    let drafted = revising(row, |revision| desk.preview(filed, revision));
    let drafted = drafted.map_err(|failure| failure.with("license", row.asked.license.as_str()))?;
    let (warnings, is_suspended) = (drafted.draft.warnings(), drafted.is_suspended());
    Ok((Foreseen { warnings, is_suspended }, drafted.key().public.thumbprint()))
}

/// Reads what is renewed in the ledger, and has it verified and drafted on all cores.
fn drafts<'d>(
    transaction: &Transaction<'_>,
    desk: &'d Desk<'_>,
    rows: Vec<Row<OfLicense<Renewal>>>,
) -> Result<Vec<Draft<'d>>, Failure> {
    let connection = transaction.connection();
    let file = |row: Row<OfLicense<Renewal>>| {
        let filed = found_license(connection, &row.asked.license)
            .and_then(|license| Filed::of(connection, license))
            .map_err(|failure| of(row.line, failure))?;
        Ok((row, filed))
    };
    let (mut drafts, mut rows) = (Vec::with_capacity(rows.len()), rows.into_iter());
    let filed = core::iter::from_fn(|| {
        let filed: Result<Vec<_>, _> = rows.by_ref().take(CHUNK).map(file).collect();
        if filed.as_ref().is_ok_and(Vec::is_empty) { None } else { Some(filed) }
    });
    let draft = |(row, filed): (Row<OfLicense<Renewal>>, Filed)| {
        let drafted = revising(&row, |revision| desk.draft(filed, revision));
        drafted.map_err(|failure| of(row.line, failure)).map(|drafted| (row, drafted))
    };
    let draft = |filed: Vec<_>| filed.into_iter().map(draft).collect::<Result<Vec<_>, _>>();
    cores::each_few(filed, draft, |drafted| {
        drafts.extend(drafted?);
        Ok(())
    })?;
    Ok(drafts)
}

/// Gives drafts their places on the list.
fn placed<'d>(
    transaction: &Transaction<'_>,
    uri: &Uri,
    drafts: Vec<Draft<'d>>,
) -> Result<Vec<Placed<'d>>, Failure> {
    let first = drafts.first().map_or(0, |(row, _)| row.line);
    let graces: Vec<Seconds> = drafts.iter().map(|(_, drafted)| drafted.draft.grace.revocation).collect();
    // The indices are handed out here for good; if nothing is committed they were never handed out.
    let entries = shards::hand_out_several(transaction.connection(), uri, &graces, || entropy::number(20));
    let entries = entries.map_err(|failure| of(first, failure))?;
    Ok(drafts.into_iter().zip(entries).collect())
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
