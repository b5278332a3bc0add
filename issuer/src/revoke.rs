//! Revoking a license.

use lictor_shared::json::Value;
use lictor_shared::{Status, StatusRef, Text, Timestamp, Uuid};

use crate::error::{Failure, FailureKind, FieldErrors};
use crate::event::{EventKind, Facts};
use crate::find::find_in;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{Ledger, entries, licenses};
use crate::licenses::{LicenseRecord, LicenseState, RevisionRecord, Standing};
use crate::occasion::Occasion;
use crate::outcome::Outcome;
use crate::register::register;
use crate::transition::{all_revoked, counting_from, forbidden, is, named};

register! {
    /// Why a license is revoked. An append-only register: a word that has been written keeps its meaning for ever.
    RevocationReason {
        /// The customer does not pay.
        NonPayment = "non-payment",
        /// The contract has ended before the license did.
        ContractEnded = "contract-ended",
        /// The customer asked for it.
        CustomerRequest = "customer-request",
        /// Another license takes its place.
        Superseded = "superseded",
        /// It should not have been issued, or not so.
        IssuedInError = "issued-in-error",
        /// The key that signed it, or the license file, is in wrong hands.
        KeyCompromise = "key-compromise",
        /// It was obtained or is used against the law or the contract.
        Fraud = "fraud",
        /// None of these; the note says more.
        Other = "other",
    }
}

/// A revocation that is in the ledger. Deployments learn of it from the next status list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revoked {
    /// The license's id.
    pub license: Uuid,
    /// Since when.
    pub since: Timestamp,
    /// Why.
    pub reason: RevocationReason,
    /// The revisions that could still be used, and cannot any more.
    pub revisions: Vec<StoppedRevision>,
    /// The number of its event.
    pub event: u64,
}

/// One revision that was revoked or suspended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoppedRevision {
    /// Its serial.
    pub serial: Uuid,
    /// Its place on the status list.
    pub entry: StatusRef,
    /// Since when its entry is not valid: what was suspended before it was revoked keeps that instant.
    pub since: Timestamp,
    /// When a deployment that hears of it in time is read-only at the latest: its grace after this, or the one after its
    /// own end if that is sooner, is over. `None`: after the year 9999.
    pub read_only_from: Option<Timestamp>,
}

impl StoppedRevision {
    /// A revision, as it was before it was stopped at `at`.
    pub(crate) fn at(revision: &RevisionRecord, at: Timestamp) -> Self {
        let since = revision.since.unwrap_or(at);
        Self {
            serial: revision.serial,
            entry: revision.entry.clone(),
            since,
            read_only_from: earlier(since.plus(revision.revocation_grace), revision.grace_until),
        }
    }

    /// As programs see it.
    pub(crate) fn to_value(&self) -> Value {
        Value::object([
            ("serial", self.serial.to_string().into()),
            ("statusUri", self.entry.uri.as_str().into()),
            ("statusIndex", self.entry.index.into()),
            ("since", self.since.to_string().into()),
            ("readOnlyFrom", self.read_only_from.map(|at| at.to_string()).into()),
        ])
    }
}

/// The earlier of two instants, of which none is never.
fn earlier(one: Option<Timestamp>, other: Option<Timestamp>) -> Option<Timestamp> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// A revocation that is to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revocation {
    /// Why.
    pub reason: RevocationReason,
    /// A note for the record.
    pub note: Option<Text>,
    /// The instant from which it counts. `None`: from now on.
    pub effective: Option<Timestamp>,
}

/// Revokes a license from now on: every revision that could still be used.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is no such license, [`FailureKind::Conflict`] if it is revoked already or
/// nothing of it can be used any more.
pub fn revoke(
    ledger: &mut Ledger,
    id: &str,
    reason: RevocationReason,
    note: Option<&Text>,
    occasion: &Occasion,
) -> Result<Revoked, Failure> {
    revoke_from(ledger, id, &Revocation { reason, note: note.cloned(), effective: None }, occasion)
}

/// What [`revoke_from`] would come to now. Nothing is changed.
///
/// # Errors
/// As [`revoke_from`].
pub fn preview_revocation(
    ledger: &Ledger,
    id: &str,
    revocation: &Revocation,
    occasion: &Occasion,
) -> Result<Revoked, Failure> {
    let license = find_in(ledger.connection(), id)?;
    planned(&license, revocation, occasion.at)
}

/// What revoking a license would come to.
pub(crate) fn planned(
    license: &LicenseRecord,
    revocation: &Revocation,
    at: Timestamp,
) -> Result<Revoked, Failure> {
    let usable = usable(license, revocation.effective.unwrap_or(at), at)?;
    let since = since(license, revocation.effective, at)?;
    Ok(revoked(license, &usable, revocation.reason, since))
}

/// Revokes a license from an instant on, which may lie ahead: until then it is what it was. It may lie behind, so that
/// the grace after it is shorter or over, but not before the license. A revocation that lies ahead can be brought forward.
///
/// # Errors
/// As [`revoke`]; [`FailureKind::Conflict`] as well for an instant where the license is suspended, since its revocation
/// counts from then on, and [`FailureKind::Validation`] for one at which there is no license.
pub fn revoke_from(
    ledger: &mut Ledger,
    id: &str,
    revocation: &Revocation,
    occasion: &Occasion,
) -> Result<Revoked, Failure> {
    let transaction = ledger.begin(occasion)?;
    let license = find_in(transaction.connection(), id)?;
    let (revoked, event) = revoke_in(&transaction, &license, revocation)?;
    // After this line the license is revoked in the ledger; deployments learn of it from the next list that is published.
    transaction.commit(event, &revoked)?;
    Ok(revoked)
}

/// The same in a change under way.
pub(crate) fn revoke_in(
    transaction: &Transaction<'_>,
    license: &LicenseRecord,
    revocation: &Revocation,
) -> Result<(Revoked, Recorded), Failure> {
    let (connection, at) = (transaction.connection(), transaction.at());
    let usable = usable(license, revocation.effective.unwrap_or(at), at)?;
    let since = since(license, revocation.effective, at)?;
    let event = transaction.record(EventKind::LicenseRevoked, facts(license, &usable, revocation, since)?)?;
    for revision in &usable {
        let index = revision.entry.index;
        match license.standing {
            Standing::Revoked { .. } => entries::bring_forward(connection, revision.list, index, since)?,
            _ => entries::set(connection, revision.list, index, Status::Revoked, since)?,
        }
    }
    licenses::set_revoked(connection, license.id, since, revocation.reason)?;
    let revoked = Revoked { event: event.seq(), ..revoked(license, &usable, revocation.reason, since) };
    Ok((revoked, event))
}

fn revoked(
    license: &LicenseRecord,
    usable: &[&RevisionRecord],
    reason: RevocationReason,
    since: Timestamp,
) -> Revoked {
    let stopped = |revision: &&RevisionRecord| match license.standing {
        // It was to leave VALID later.
        Standing::Revoked { .. } => {
            StoppedRevision::at(&RevisionRecord { since: None, ..(*revision).clone() }, since)
        }
        _ => StoppedRevision::at(revision, since),
    };
    let revisions = usable.iter().map(stopped).collect();
    Revoked { license: license.id, since, reason, revisions, event: 0 }
}

/// The instant from which a revocation counts.
fn since(license: &LicenseRecord, effective: Option<Timestamp>, at: Timestamp) -> Result<Timestamp, Failure> {
    let Some(effective) = effective else { return Ok(at) };
    // What has left VALID already keeps that instant.
    if let Standing::Suspended { .. } = license.standing {
        return Err(forbidden(license, at, "its revocation counts from then on, and from no other date")
            .hint("Leave --effective out."));
    }
    let mut errors = FieldErrors::default();
    let first = license.revisions.iter().map(|revision| revision.starts_at.max(revision.issued_at)).min();
    if let Some(first) = first.filter(|first| effective < at && effective < *first) {
        errors.add(
            "effective",
            format!("it would count from {effective}, and the license holds from {first} on"),
        );
    }
    // A revision without end comes last.
    let ends = license.usable(at).into_iter().map(|revision| revision.grace_until);
    let last = ends.max_by_key(|end| (end.is_none(), *end)).flatten();
    if let Some(last) = last.filter(|last| *last <= effective) {
        errors.add(
            "effective",
            format!("it would count from {effective}, and the last grace ends at {last} anyway"),
        );
    }
    errors.into_result().map(|()| effective)
}

impl Outcome for Revoked {
    fn answer(&self) -> Value {
        Value::object([
            ("id", self.license.to_string().into()),
            ("since", self.since.to_string().into()),
            ("reason", self.reason.as_str().into()),
            ("revisions", self.revisions.iter().map(StoppedRevision::to_value).collect::<Vec<_>>().into()),
            ("event", self.event.into()),
        ])
    }
}

/// The revisions that a revocation stops which counts from `since`.
fn usable(license: &LicenseRecord, since: Timestamp, at: Timestamp) -> Result<Vec<&RevisionRecord>, Failure> {
    if let Standing::Revoked { since: counted, reason } = license.standing {
        // What lies ahead can be brought forward, and is never put off.
        if counted > at && since < counted {
            let ahead = |revision: &&RevisionRecord| revision.is_usable(at) && revision.since > Some(since);
            return Ok(license.revisions.iter().filter(ahead).collect());
        }
        return Err(revoked_already(license, (counted, reason), at));
    }
    let usable = license.usable(at);
    if !usable.is_empty() {
        return Ok(usable);
    }
    if !matches!(license.state(at), LicenseState::Ended | LicenseState::Revoked) {
        return Err(all_revoked(license, at, "there is nothing to revoke"));
    }
    let ended = license.revisions.iter().filter_map(|revision| revision.grace_until).max();
    let when = ended.map(|end| format!(": the last grace ended at {end}")).unwrap_or_default();
    Err(Failure::new(
        FailureKind::Conflict,
        format!("Nothing of the license {} can be used any more{when}.", license.id),
    )
    .hint("There is nothing to revoke.")
    .with("state", license.state(at).as_str()))
}

fn revoked_already(
    license: &LicenseRecord,
    (since, reason): (Timestamp, RevocationReason),
    at: Timestamp,
) -> Failure {
    let (is, from) = (is(since, at), counting_from(since, at));
    let message = format!("The license {} {is} revoked already, {from} {since} ({reason}).", license.id);
    let hint = match since > at {
        true => "An earlier date brings it forward: --effective DATE, or none for now.",
        false => "lictor status publish tells deployments of it, if that was not done since.",
    };
    Failure::new(FailureKind::Conflict, message)
        .hint(hint)
        .with("state", "revoked")
        .with("since", since.to_string())
        .with("reason", reason.as_str())
}

fn facts(
    license: &LicenseRecord,
    usable: &[&RevisionRecord],
    revocation: &Revocation,
    since: Timestamp,
) -> Result<Facts, Failure> {
    let facts = Facts::new([
        ("license", license.id.to_string().into()),
        ("reason", revocation.reason.as_str().into()),
        ("since", since.seconds().into()),
    ])
    .list("revisions", named(usable));
    match &revocation.note {
        Some(note) => facts.personal("note", note.as_str()),
        None => Ok(facts),
    }
}
