//! Revoking a license.

use lictor_shared::json::Value;
use lictor_shared::{Status, StatusRef, Text, Timestamp, Uuid};

use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::find::find_in;
use crate::ledger::{Ledger, entries, licenses};
use crate::licenses::{LicenseRecord, RevisionRecord, Standing};
use crate::occasion::Occasion;
use crate::outcome::Outcome;
use crate::register::register;
use crate::transition::named;

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
    /// When a deployment that hears of it in time is read-only; `None`: after the year 9999.
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
            read_only_from: since.plus(revision.revocation_grace),
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

/// Revokes a license: every revision that could still be used.
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
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let license = find_in(connection, id)?;
    let usable = usable(&license, occasion.at)?;
    let event = transaction
        .record(EventKind::LicenseRevoked, facts(&license, &usable, reason, note, occasion.at)?)?;
    for revision in &usable {
        entries::set(connection, revision.list, revision.entry.index, Status::Revoked, occasion.at)?;
    }
    licenses::set_revoked(connection, license.id, occasion.at, reason)?;
    let revisions = usable.iter().map(|revision| StoppedRevision::at(revision, occasion.at)).collect();
    let revoked = Revoked { license: license.id, since: occasion.at, reason, revisions, event: event.seq() };
    // After this line the license is revoked in the ledger; deployments learn of it from the next list that is published.
    transaction.commit(event, &revoked)?;
    Ok(revoked)
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

fn usable(license: &LicenseRecord, at: Timestamp) -> Result<Vec<&RevisionRecord>, Failure> {
    if let Standing::Revoked { since, reason } = license.standing {
        let message = format!("The license {} is revoked already, since {since} ({reason}).", license.id);
        return Err(Failure::new(FailureKind::Conflict, message)
            .hint("lictor status publish tells deployments of it, if that was not done since.")
            .with("state", "revoked")
            .with("since", since.to_string())
            .with("reason", reason.as_str()));
    }
    let usable = license.usable(at);
    if !usable.is_empty() {
        return Ok(usable);
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

fn facts(
    license: &LicenseRecord,
    usable: &[&RevisionRecord],
    reason: RevocationReason,
    note: Option<&Text>,
    since: Timestamp,
) -> Result<Facts, Failure> {
    let facts = Facts::new([
        ("license", license.id.to_string().into()),
        ("reason", reason.as_str().into()),
        ("since", since.seconds().into()),
        ("revisions", named(usable)),
    ]);
    match note {
        Some(note) => facts.personal("note", note.as_str()),
        None => Ok(facts),
    }
}
