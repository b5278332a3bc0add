//! The events of activations against their rows: who holds which seat, how many are taken, and what was answered.

use lictor_shared::json::Value;
use lictor_shared::{RequestKind, Thumbprint, Timestamp, Uuid, hex};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

use super::license::{REVOKED, places};
use super::{Check, Facts, damaged, same};
use crate::activation::{ActivationRecord, DeploymentRecord, History, SeatState};
use crate::error::Failure;
use crate::event::{Event, EventKind};
use crate::ledger::events::{self, differs};
use crate::ledger::projection::Table;
use crate::ledger::{activations, answers, deployments, editions, seats};

/// What the events say of seats.
#[derive(Default)]
pub(super) struct Seats {
    deployments: BTreeMap<(Uuid, Thumbprint), Told>,
    active: BTreeMap<String, u64>,
    /// Every number that a seat was given, and who holds it, by license.
    numbers: seats::Numbers,
    /// The lists that were signed, by URI and sequence.
    pub(super) editions: BTreeMap<(String, u64), Signed>,
}

/// What the event says of a list that was signed.
#[derive(PartialEq, Eq)]
pub(super) struct Signed {
    pub(super) sha256: String,
    /// From when a newer one should be out.
    pub(super) stale_from: Option<Timestamp>,
}

/// What the events say of one deployment. Its label may have been erased.
struct Told {
    record: DeploymentRecord,
    is_label_known: bool,
}

impl Check<'_> {
    pub(super) fn activation(&mut self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        let whose = (facts.parsed("license", Uuid::new)?, facts.parsed("deployment", Thumbprint::new)?);
        match event.kind {
            EventKind::ActivationGranted | EventKind::ActivationRenewed => self.granted(event, whose),
            EventKind::ActivationReleased => self.vacated(event, whose, SeatState::Released),
            EventKind::ActivationRevoked => self.vacated(event, whose, SeatState::Revoked),
            EventKind::ActivationExpired => self.vacated(event, whose, SeatState::Expired),
            // Denials change nothing, and what is odd in a history is counted with what was given for it.
            _ => Ok(()),
        }
    }

    fn granted(&mut self, event: &Event, whose: (Uuid, Thumbprint)) -> Result<(), Failure> {
        let facts = Facts(event);
        let serial = facts.parsed("serial", Uuid::new)?;
        let holder = activations::holder(self.connection, serial)?;
        let row = activations::find(self.connection, serial)?.filter(|_| holder == Some(whose));
        let row = row.ok_or_else(|| differs(event.seq, format!("the activation {serial} is missing")))?;
        row_follows(&facts, &row)?;
        self.answer_follows(&facts, whose)?;
        for table in [Table::Activation, Table::StatusEntry] {
            self.counts(table);
        }
        let is_new = !self.seats.deployments.contains_key(&whose);
        if is_new {
            self.counts(Table::Deployment);
        }
        let found = deployments::find(self.connection, whose.0, whose.1)?
            .ok_or_else(|| differs(event.seq, format!("the deployment {} is missing", whose.1)))?;
        let first = Told {
            record: DeploymentRecord {
                state: SeatState::Expired,
                first_seen: event.at,
                lost_answers: 0,
                forks: 0,
                ..found
            },
            is_label_known: false,
        };
        let told = self.seats.deployments.entry(whose).or_insert(first);
        let held = told.record.state == SeatState::Active;
        if held != (event.kind == EventKind::ActivationRenewed) {
            return Err(differs(event.seq, "a seat is granted that is held, or renewed that is not"));
        }
        told.record.lease_end = match (held, told.record.lease_end, row.ends_at) {
            (true, Some(earlier), Some(end)) => Some(earlier.max(end)),
            (true, _, _) => None,
            (false, _, end) => end,
        };
        told.record.state = SeatState::Active;
        told.record.seat = Some(row.seat);
        self.seats.numbers.insert((whose.0.to_string(), row.seat), Some(whose.1.to_string()));
        self.lists.entry(row.entry.uri.to_string()).or_default();
        self.seen(event, whose)?;
        if !held {
            *self.seats.active.entry(whose.0.to_string()).or_default() += 1;
        }
        self.active_is(&facts, whose.0)
    }

    fn vacated(&mut self, event: &Event, whose: (Uuid, Thumbprint), state: SeatState) -> Result<(), Failure> {
        let facts = Facts(event);
        if state != SeatState::Expired {
            self.stop(places(&facts, "activations")?, REVOKED, event.at);
        }
        if facts.0.body.contains_key("tokenSha256") {
            self.answer_follows(&facts, whose)?;
            self.seen(event, whose)?;
        }
        let told = self
            .seats
            .deployments
            .get_mut(&whose)
            .ok_or_else(|| differs(event.seq, format!("the deployment {} never had a seat", whose.1)))?;
        facts.says("seat", told.record.seat)?;
        told.record.state = state;
        let emptied = told.record.seat.take();
        let freed = u64::from(emptied.is_some());
        self.seats.numbers.extend(emptied.map(|number| ((whose.0.to_string(), number), None)));
        let active = self.seats.active.entry(whose.0.to_string()).or_default();
        *active = active.saturating_sub(freed);
        self.active_is(&facts, whose.0)
    }

    /// What every request that was answered changes in what is known of its deployment.
    fn seen(&mut self, event: &Event, whose: (Uuid, Thumbprint)) -> Result<(), Failure> {
        let facts = Facts(event);
        let history = facts.parsed("history", |word| History::from_word(word).ok_or(()))?;
        let counter = facts.integer("counter")?;
        let texts = events::personal(self.connection, event.seq)?;
        let label = texts.into_iter().find(|(field, _)| field == "label").map(|(_, label)| label);
        let Some(told) = self.seats.deployments.get_mut(&whose) else { return Ok(()) };
        told.record.last_seen = event.at;
        told.record.counter = counter;
        match history {
            History::Plain => {}
            History::LostAnswer => told.record.lost_answers += 1,
            History::Forked => told.record.forks += 1,
        }
        let label = label.and_then(|label| lictor_shared::Text::new(label.text()).ok());
        told.is_label_known = label.is_some();
        if let Some(label) = label {
            told.record.label = label;
        }
        Ok(())
    }

    fn active_is(&self, facts: &Facts<'_>, license: Uuid) -> Result<(), Failure> {
        facts.says("active", self.seats.active.get(&license.to_string()).copied().unwrap_or_default())
    }

    /// What is kept of the answer is the token that was signed for it.
    fn answer_follows(&mut self, facts: &Facts<'_>, whose: (Uuid, Thumbprint)) -> Result<(), Failure> {
        let nonce = facts.parsed("request", Uuid::new)?;
        let answer =
            answers::find(self.connection, whose.1, nonce)?.filter(|answer| answer.license == whose.0);
        let answer =
            answer.ok_or_else(|| differs(facts.0.seq, format!("the answer to {nonce} is missing")))?;
        facts.says("tokenSha256", hex(&Sha256::digest(&answer.token)))?;
        let kind = match facts.0.kind {
            EventKind::ActivationReleased => RequestKind::Release,
            _ => RequestKind::Activate,
        };
        if answer.kind != kind {
            let (kind, found) = (kind.as_str(), answer.kind.as_str());
            return Err(differs(
                facts.0.seq,
                format!("the answer to {nonce} is kept as one to {found}, not {kind}"),
            ));
        }
        for (list, sequence) in &answer.lists {
            editions::token(self.connection, *list, *sequence)?;
        }
        self.counts(Table::Answer);
        Ok(())
    }

    /// What no single event shows: who holds which seat in the end, and how many are taken.
    pub(super) fn seats(&self) -> Result<(), Failure> {
        for (whose, told) in &self.seats.deployments {
            let found = deployments::find(self.connection, whose.0, whose.1)?;
            let mut expected = told.record.clone();
            if let (Some(found), false) = (&found, told.is_label_known) {
                expected.label = found.label.clone();
            }
            if found.as_ref() != Some(&expected) {
                return Err(damaged(format!(
                    "the row of the deployment {} in the table deployment, or its seat, is not as the events say",
                    whose.1
                )));
            }
        }
        same("seat", &self.seats.numbers, &seats::all(self.connection)?)?;
        let active = self.seats.active.iter().filter(|(_, active)| **active > 0);
        let active = active.map(|(license, active)| (license.clone(), *active)).collect();
        same("seat_count", &active, &seats::counts(self.connection)?)?;
        editions::each(self.connection, |uri, sequence, stale_from, token| {
            let found = Signed { sha256: hex(&Sha256::digest(token)), stale_from };
            match self.seats.editions.get(&(uri.clone(), sequence)) == Some(&found) {
                true => Ok(()),
                false => Err(damaged(format!("edition {sequence} of {uri} is not the one that was signed"))),
            }
        })
    }
}

fn row_follows(facts: &Facts<'_>, row: &ActivationRecord) -> Result<(), Failure> {
    let status = Value::object([("idx", row.entry.index.into()), ("uri", row.entry.uri.as_str().into())]);
    let said: [(&str, Value); 10] = [
        ("seat", row.seat.into()),
        ("product", row.product.as_str().into()),
        ("request", row.request.to_string().into()),
        ("counter", row.counter.into()),
        ("previous", row.previous.map(|serial| serial.to_string()).into()),
        ("issuedAt", row.issued_at.seconds().into()),
        ("endsAt", row.ends_at.map(Timestamp::seconds).into()),
        ("status", status),
        ("revocationGrace", row.revocation_grace.get().into()),
        ("serial", row.serial.to_string().into()),
    ];
    said.into_iter().try_for_each(|(name, value)| facts.says(name, value))
}
