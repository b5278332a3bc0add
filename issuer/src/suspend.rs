//! Suspending a license until further notice, and reinstating it.

use lictor_shared::json::Value;
use lictor_shared::{Status, Text, Timestamp, Uuid};

use crate::error::Failure;
use crate::event::{EventKind, Facts};
use crate::find::find_in;
use crate::ledger::{Ledger, entries, licenses};
use crate::licenses::{LicenseRecord, LicenseState, RevisionRecord, Standing};
use crate::occasion::Occasion;
use crate::outcome::Outcome;
use crate::revoke::StoppedRevision;
use crate::transition::{all_revoked, forbidden, named};

/// A suspension that is in the ledger. Deployments learn of it from the next status list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suspended {
    /// The license's id.
    pub license: Uuid,
    /// Since when.
    pub since: Timestamp,
    /// The revisions that could still be used, and cannot for now.
    pub revisions: Vec<StoppedRevision>,
    /// The number of its event.
    pub event: u64,
}

/// A license that is what it was before its suspension. Deployments learn of it from the next status list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reinstated {
    /// The license's id.
    pub license: Uuid,
    /// Since when it had been suspended.
    pub suspended_since: Timestamp,
    /// The serials of the revisions that were suspended, and are not any more.
    pub revisions: Vec<Uuid>,
    /// The number of its event.
    pub event: u64,
}

/// Suspends a license: every revision that could still be used.
///
/// # Errors
/// [`FailureKind::NotFound`](crate::FailureKind::NotFound) if there is no such license,
/// [`FailureKind::Conflict`](crate::FailureKind::Conflict) if it is suspended already, revoked or over, or if each of its revisions
/// is revoked, as a restored ledger can have it.
pub fn suspend(
    ledger: &mut Ledger,
    id: &str,
    note: Option<&Text>,
    occasion: &Occasion,
) -> Result<Suspended, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let license = find_in(connection, id)?;
    can_be_suspended(&license, occasion.at)?;
    let usable = license.usable(occasion.at);
    if usable.is_empty() {
        return Err(all_revoked(&license, occasion.at, "there is nothing to suspend"));
    }
    let event =
        transaction.record(EventKind::LicenseSuspended, facts(&license, &usable, note, occasion.at)?)?;
    for revision in &usable {
        entries::set(connection, revision.list, revision.entry.index, Status::Suspended, occasion.at)?;
    }
    licenses::set_suspended(connection, license.id, occasion.at)?;
    let revisions = usable.iter().map(|revision| StoppedRevision::at(revision, occasion.at)).collect();
    let suspended = Suspended { license: license.id, since: occasion.at, revisions, event: event.seq() };
    // After this line the license is suspended in the ledger; deployments learn of it from the next list that is published.
    transaction.commit(event, &suspended)?;
    Ok(suspended)
}

fn can_be_suspended(license: &LicenseRecord, at: Timestamp) -> Result<(), Failure> {
    match license.state(at) {
        LicenseState::Scheduled | LicenseState::Active | LicenseState::Grace => Ok(()),
        LicenseState::Suspended => Err(forbidden(license, at, "it is not suspended twice")
            .hint("lictor status publish tells deployments of it, if that was not done since.")),
        LicenseState::Ended | LicenseState::Revoked => {
            Err(forbidden(license, at, "there is nothing to suspend"))
        }
    }
}

/// Takes a suspension back.
///
/// # Errors
/// [`FailureKind::NotFound`](crate::FailureKind::NotFound) if there is no such license,
/// [`FailureKind::Conflict`](crate::FailureKind::Conflict) if it is not suspended.
pub fn reinstate(
    ledger: &mut Ledger,
    id: &str,
    note: Option<&Text>,
    occasion: &Occasion,
) -> Result<Reinstated, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let license = find_in(connection, id)?;
    let Standing::Suspended { since } = license.standing else {
        return Err(forbidden(&license, occasion.at, "only what is suspended can be reinstated"));
    };
    // Those that ended meanwhile too, so that no entry stays suspended under a license that is not.
    let suspended: Vec<&RevisionRecord> =
        license.revisions.iter().filter(|revision| revision.status == Status::Suspended).collect();
    let event =
        transaction.record(EventKind::LicenseReinstated, facts(&license, &suspended, note, occasion.at)?)?;
    for revision in &suspended {
        entries::set(connection, revision.list, revision.entry.index, Status::Valid, occasion.at)?;
    }
    licenses::set_active(connection, license.id)?;
    let revisions = suspended.iter().map(|revision| revision.serial).collect();
    let reinstated =
        Reinstated { license: license.id, suspended_since: since, revisions, event: event.seq() };
    // After this line the ledger says so; deployments go on by what they last heard until the next list reaches them.
    transaction.commit(event, &reinstated)?;
    Ok(reinstated)
}

impl Outcome for Suspended {
    fn answer(&self) -> Value {
        Value::object([
            ("id", self.license.to_string().into()),
            ("since", self.since.to_string().into()),
            ("revisions", self.revisions.iter().map(StoppedRevision::to_value).collect::<Vec<_>>().into()),
            ("event", self.event.into()),
        ])
    }
}

impl Outcome for Reinstated {
    fn answer(&self) -> Value {
        let serial = |serial: &Uuid| Value::object([("serial", serial.to_string().into())]);
        Value::object([
            ("id", self.license.to_string().into()),
            ("suspendedSince", self.suspended_since.to_string().into()),
            ("revisions", self.revisions.iter().map(serial).collect::<Vec<_>>().into()),
            ("event", self.event.into()),
        ])
    }
}

fn facts(
    license: &LicenseRecord,
    revisions: &[&RevisionRecord],
    note: Option<&Text>,
    since: Timestamp,
) -> Result<Facts, Failure> {
    let facts = Facts::new([("license", license.id.to_string().into()), ("since", since.seconds().into())])
        .list("revisions", named(revisions));
    match note {
        Some(note) => facts.personal("note", note.as_str()),
        None => Ok(facts),
    }
}
