//! The events of licenses against their rows.

use lictor_shared::json::Value;
use lictor_shared::{Timestamp, Uuid, hex};
use sha2::{Digest, Sha256};

use super::restored::members;
use super::{Check, Facts, place};
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::events::differs;
use crate::ledger::licenses::{self, RecordedRevision};
use crate::ledger::projection::Table;
use crate::licenses::{LicenseRecord, RevisionRecord};
use crate::terms::names;

impl Check<'_> {
    pub(super) fn license_issued(&mut self, event: &Event) -> Result<(), Failure> {
        self.revision(event)?;
        self.counts(Table::License);
        self.checked.licenses += 1;
        Ok(())
    }

    /// A revision with what became of it and of its license before it came here.
    pub(super) fn license_imported(&mut self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        let (_, revision) = self.revision(event)?;
        if revision.revision == 1 {
            self.counts(Table::License);
            self.checked.licenses += 1;
        }
        if let Some(stopped) = event.body.get("stopped").and_then(Value::as_object) {
            let since = stopped.get("since").and_then(Value::as_integer).and_then(Timestamp::from_seconds);
            let status = match stopped.get("status").and_then(Value::as_str) {
                Some("revoked") => REVOKED,
                _ => SUSPENDED,
            };
            let place = (revision.entry.uri.to_string(), revision.entry.index.into());
            self.says(place, Some((status, since.ok_or_else(|| facts.lacks("stopped"))?)));
        }
        for activation in members(&facts, "activations")? {
            self.entry_is_there(&facts, activation)?;
            self.given_elsewhere(&facts, activation, facts.text("license")?)?;
        }
        let (id, state) = (facts.text("license")?.to_owned(), facts.text("state")?.to_owned());
        if state != "active" {
            let reason = event.body.get("reason").and_then(Value::as_str).map(ToOwned::to_owned);
            self.decisions.insert(id, (state, facts.time("since")?, reason));
        }
        Ok(())
    }

    /// The same of a further revision.
    pub(super) fn license_revised(&mut self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        let (license, revision) = self.revision(event)?;
        let before = revision.revision.saturating_sub(1);
        let previous = licenses::serial(self.connection, license.id, before)?;
        facts.says("previous", previous.map(|serial| serial.to_string()))?;
        // A suspended license has no revision that could be used.
        if let Some((state, since, _)) = self.decisions.get(facts.text("license")?)
            && state == "suspended"
        {
            let place = (revision.entry.uri.to_string(), revision.entry.index.into());
            let since = *since;
            self.says(place, Some((SUSPENDED, since)));
        }
        self.stop(places(&facts, "revoked")?, REVOKED, event.at);
        Ok(())
    }

    /// The license, and its revision that an event tells of.
    fn revision(&mut self, event: &Event) -> Result<(LicenseRecord, RevisionRecord), Failure> {
        let facts = Facts(event);
        let (id, serial) = (facts.parsed("license", Uuid::new)?, facts.parsed("serial", Uuid::new)?);
        let missing = || differs(event.seq, format!("the license {id}, serial {serial}, is missing"));
        let row = self.revisions.of(event.seq)?.ok_or_else(missing)?;
        if (row.license.id, row.revision.serial) != (id, serial) {
            return Err(missing());
        }
        revision_follows(&facts, &row.revision)?;
        self.token_follows(&facts, &row)?;
        self.customer(event, &row.license)?;
        self.counts(Table::Revision);
        self.handed_out(row.revision.entry.uri.as_str());
        Ok((row.license, row.revision))
    }

    /// The token is the one that was signed, or was erased with its customer; it is found by its hash in any case.
    fn token_follows(&self, facts: &Facts<'_>, row: &RecordedRevision) -> Result<(), Failure> {
        let (seq, serial) = (facts.0.seq, row.revision.serial);
        if self.erased.since(&facts.0.body, seq).is_none() {
            facts.says("tokenSha256", hex(&Sha256::digest(&row.token)))?;
        } else if !row.token.is_empty() {
            return Err(differs(seq, format!("the token of the revision {serial} was erased, and is there")));
        }
        match row.sha256.as_deref() == Some(facts.text("tokenSha256")?) {
            true => Ok(()),
            false => {
                Err(differs(seq, format!("the revision {serial} is not found by the hash of its token")))
            }
        }
    }

    pub(super) fn license_revoked(&mut self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        let (id, reason, since) =
            (facts.text("license")?.to_owned(), facts.text("reason")?.to_owned(), facts.time("since")?);
        let places = places(&facts, "revisions")?;
        match self.decisions.get(&id) {
            Some((state, ..)) if state == "revoked" => self.bring_forward(&places, since),
            _ => self.stop(places, REVOKED, since),
        }
        self.decisions.insert(id, ("revoked".into(), since, Some(reason)));
        Ok(())
    }

    pub(super) fn license_suspended(&mut self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        let (id, since) = (facts.text("license")?.to_owned(), facts.time("since")?);
        self.stop(places(&facts, "revisions")?, SUSPENDED, since);
        self.decisions.insert(id, ("suspended".into(), since, None));
        Ok(())
    }

    pub(super) fn license_reinstated(&mut self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        for place in places(&facts, "revisions")? {
            self.says(place, None);
        }
        self.decisions.remove(facts.text("license")?);
        Ok(())
    }

    /// What is to leave VALID does so earlier.
    fn bring_forward(&mut self, places: &[Place], since: Timestamp) {
        for place in places {
            if let Some((status, before)) = self.statuses.get(place).copied() {
                self.says(place.clone(), Some((status, before.min(since))));
            }
        }
    }

    /// An entry that has left VALID already keeps its `since`.
    pub(super) fn stop(&mut self, places: Vec<Place>, status: u64, since: Timestamp) {
        for place in places {
            let since = self.statuses.get(&place).map_or(since, |(_, before)| *before);
            self.says(place, Some((status, since)));
        }
    }
}

/// The numbers of the status list.
pub(super) const REVOKED: u64 = 1;
pub(super) const SUSPENDED: u64 = 2;

/// List and index of an entry.
pub(super) type Place = (String, u64);

/// The entries of the revisions that an event names.
pub(super) fn places(facts: &Facts<'_>, name: &str) -> Result<Vec<Place>, Failure> {
    let revisions = facts.0.body.get(name).and_then(Value::as_array).ok_or_else(|| facts.lacks(name))?;
    let status = |revision: &Value| revision.as_object()?.get("status")?.as_object().and_then(place);
    revisions.iter().map(|revision| status(revision).ok_or_else(|| facts.lacks(name))).collect()
}

fn revision_follows(facts: &Facts<'_>, revision: &RevisionRecord) -> Result<(), Failure> {
    let status =
        Value::object([("idx", revision.entry.index.into()), ("uri", revision.entry.uri.as_str().into())]);
    facts.says("expiresAt", revision.expires_at.map(Timestamp::seconds))?;
    facts.says("graceUntil", revision.grace_until.map(Timestamp::seconds))?;
    facts.says("issuedAt", revision.issued_at.seconds())?;
    facts.says("kid", revision.key.to_string())?;
    facts.says("plan", revision.plan.as_str())?;
    facts.says("products", names(&revision.products))?;
    facts.says("revision", revision.revision)?;
    facts.says("revocationGrace", revision.revocation_grace.get())?;
    facts.says("startsAt", revision.starts_at.seconds())?;
    facts.says("status", status)
}
