//! The events of activations against their rows: who holds which seat, how many are taken, and what was answered.

use lictor_shared::json::Value;
use lictor_shared::{Denial, Text, Thumbprint, Timestamp, Uuid};
use std::collections::BTreeMap;

use super::erased::ERASED;
use super::license::{REVOKED, places};
use super::{Check, Facts, damaged, same};
use crate::activation::{ActivationRecord, DeploymentRecord, History, SeatState};
use crate::error::Failure;
use crate::event::{Commitment, Event, EventKind};
use crate::ledger::events::differs;
use crate::ledger::projection::Table;
use crate::ledger::{activations, deployments, seats};

/// What the events say of seats.
#[derive(Default)]
pub(super) struct Seats {
    deployments: BTreeMap<(Uuid, Thumbprint), DeploymentRecord>,
    /// How many are taken, and the ceiling of them, by license.
    counts: seats::Counts,
    /// Every number that a seat was given, and who holds it, by license.
    numbers: seats::Numbers,
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
            EventKind::ActivationDenied => self.denied(&facts, whose.0),
            // What is odd in a history is counted with what was given for it.
            _ => Ok(()),
        }
    }

    fn granted(&mut self, event: &Event, whose: (Uuid, Thumbprint)) -> Result<(), Failure> {
        let facts = Facts(event);
        let missing = || differs(event.seq, "its activation is missing");
        let (holder, row) = activations::recorded(self.connection, event.seq)?.ok_or_else(missing)?;
        if holder != whose {
            return Err(missing());
        }
        row_follows(&facts, &row)?;
        self.answer_follows(&facts, whose)?;
        self.counts(Table::Activation);
        self.handed_out(row.entry.uri.as_str());
        if !self.seats.deployments.contains_key(&whose) {
            self.counts(Table::Deployment);
        }
        let unseen = unseen(whose, event.at, self.label(&facts)?);
        let told = self.seats.deployments.entry(whose).or_insert(unseen);
        let held = told.state == SeatState::Active;
        if held != (event.kind == EventKind::ActivationRenewed) {
            return Err(differs(event.seq, "a seat is granted that is held, or renewed that is not"));
        }
        told.lease_end = match (held, told.lease_end, row.ends_at) {
            (true, Some(earlier), Some(end)) => Some(earlier.max(end)),
            (true, _, _) => None,
            (false, _, end) => end,
        };
        told.state = SeatState::Active;
        told.seat = Some(row.seat);
        self.seats.numbers.insert((whose.0.to_string(), row.seat), Some(whose.1.to_string()));
        self.seen(event, whose)?;
        if !held {
            let count = self.seats.counts.entry(whose.0.to_string()).or_default();
            *count = (count.0 + 1, room(&facts)?);
        }
        self.active_is(&facts, whose.0)
    }

    /// Whoever is denied a seat because all are taken has asked how many there are.
    fn denied(&mut self, facts: &Facts<'_>, license: Uuid) -> Result<(), Failure> {
        if facts.text("reason")? == Denial::SeatsExhausted.as_str() {
            let room = room(facts)?;
            let count = self.seats.counts.entry(license.to_string()).or_default();
            count.1 = room.map(|room| room.max(count.0));
        }
        Ok(())
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
        facts.says("seat", told.seat)?;
        told.state = state;
        let emptied = told.seat.take();
        let freed = u64::from(emptied.is_some());
        self.seats.numbers.extend(emptied.map(|number| ((whose.0.to_string(), number), None)));
        if let Some((active, _)) = self.seats.counts.get_mut(&whose.0.to_string()) {
            *active = active.saturating_sub(freed);
        }
        self.active_is(&facts, whose.0)
    }

    /// What every request that was answered changes in what is known of its deployment.
    fn seen(&mut self, event: &Event, whose: (Uuid, Thumbprint)) -> Result<(), Failure> {
        let facts = Facts(event);
        let history = facts.parsed("history", |word| History::from_word(word).ok_or(()))?;
        let counter = facts.integer("counter")?;
        let label = self.label(&facts)?;
        let Some(told) = self.seats.deployments.get_mut(&whose) else { return Ok(()) };
        told.last_seen = event.at;
        told.counter = counter;
        told.label = label;
        match history {
            History::Plain => {}
            History::LostAnswer => told.lost_answers += 1,
            History::Forked => told.forks += 1,
        }
        Ok(())
    }

    /// What a deployment is called by an event.
    fn label(&self, facts: &Facts<'_>) -> Result<Text, Failure> {
        let label = match self.erased.since(&facts.0.body, facts.0.seq) {
            Some(_) => Some(ERASED),
            None => self.personal.get("label").map(Commitment::text),
        };
        label.and_then(|label| Text::new(label).ok()).ok_or_else(|| facts.lacks("label"))
    }

    fn active_is(&self, facts: &Facts<'_>, license: Uuid) -> Result<(), Failure> {
        let count = self.seats.counts.get(&license.to_string());
        facts.says("active", count.map(|(active, _)| *active).unwrap_or_default())
    }

    /// What no single event shows: who holds which seat in the end, and how many are taken.
    pub(super) fn seats(&self) -> Result<(), Failure> {
        let mut after = None;
        loop {
            let page = deployments::page(self.connection, after, DEPLOYMENTS)?;
            let Some(last) = page.last() else { break };
            after = Some((last.license, last.id));
            page.iter().try_for_each(|found| self.deployment_follows(found))?;
        }
        same("seat", &self.seats.numbers, &seats::all(self.connection)?)?;
        same("seat_count", &self.seats.counts, &seats::counts(self.connection)?)
    }

    fn deployment_follows(&self, found: &DeploymentRecord) -> Result<(), Failure> {
        let told = self.seats.deployments.get(&(found.license, found.id));
        if told == Some(found) {
            return Ok(());
        }
        Err(damaged(format!(
            "the row of the deployment {} in the table deployment, or its seat, is not as the events say",
            found.id
        )))
    }
}

/// Deployments that are read at a time.
const DEPLOYMENTS: u32 = 512;

/// A deployment before its first seat.
fn unseen((license, id): (Uuid, Thumbprint), at: Timestamp, label: Text) -> DeploymentRecord {
    DeploymentRecord {
        license,
        id,
        label,
        state: SeatState::Expired,
        seat: None,
        first_seen: at,
        last_seen: at,
        counter: 0,
        lease_end: None,
        lost_answers: 0,
        forks: 0,
    }
}

/// How many seats may be taken in all by what an event says; `None`: any number.
fn room(facts: &Facts<'_>) -> Result<Option<u64>, Failure> {
    let seats = facts.0.body.get("seats").and_then(Value::as_object).ok_or_else(|| facts.lacks("seats"))?;
    let number = |name: &str| seats.get(name).and_then(Value::as_integer);
    Ok(number("limit").map(|limit| limit.saturating_add(number("overage").unwrap_or_default())))
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
