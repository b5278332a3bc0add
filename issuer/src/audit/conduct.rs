//! What the events of one license say of its seats: how many were granted and given up when, what was denied, what was odd; and
//! what its deployments reported.

use lictor_shared::json::Value;
use lictor_shared::{Thumbprint, Timestamp, Uuid};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

use super::month::Month;
use super::oddity::{Oddity, OddityKind, SeatOddity};
use super::usage::UsageAnomaly;
use crate::activation::History;
use crate::error::Failure;
use crate::event::{Event, EventKind};
use crate::ledger::events::{Texts, differs};
use crate::ledger::{seat_events, usage};

/// Denials of one deployment under one license from which on they count as repeated.
pub(crate) const REPEATED: u64 = 3;

const DENIED_AGAIN: OddityKind = OddityKind::Seats(SeatOddity::DeniedAgain);

/// Seats that came and went in a time.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flow {
    /// Seats that were granted.
    pub granted: u64,
    /// Seats that were given back.
    pub released: u64,
    /// Seats that were taken away.
    pub revoked: u64,
    /// Seats of which the lease had ended, once somebody else asked.
    pub expired: u64,
    /// Requests that were denied.
    pub denied: u64,
}

impl Flow {
    /// Seats that were given up in whatever way.
    #[must_use]
    pub const fn given_up(&self) -> u64 {
        self.released + self.revoked + self.expired
    }

    pub(super) const fn add(&mut self, other: &Self) {
        self.granted += other.granted;
        self.released += other.released;
        self.revoked += other.revoked;
        self.expired += other.expired;
        self.denied += other.denied;
    }
}

/// How often a request was denied for a reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Denied {
    /// How often.
    pub times: u64,
    /// When last.
    pub last: Timestamp,
    /// The number of the last event.
    pub event: u64,
}

impl Denied {
    pub(super) fn add(self, other: Self) -> Self {
        let is_later = (other.last, other.event) > (self.last, self.event);
        let later = if is_later { other } else { self };
        Self { times: self.times + other.times, ..later }
    }
}

/// Denials by reason.
pub(super) type Denials = BTreeMap<String, Denied>;

/// What happened under one license.
#[derive(Debug, Default)]
pub(super) struct Conduct {
    pub(super) months: BTreeMap<Month, Flow>,
    pub(super) denials: Denials,
    odd: BTreeMap<(OddityKind, Option<Thumbprint>), Oddity>,
    /// When each deployment that reported was last heard of by a report.
    pub(super) heard: BTreeMap<Thumbprint, Timestamp>,
    /// The last event of each deployment that says how it is called.
    labelled: BTreeMap<Thumbprint, u64>,
    /// Deployments of which a seat was taken away.
    revoked: BTreeSet<Thumbprint>,
    /// The last event that suspended or revoked the license.
    pub(super) stopped: Option<(u64, Timestamp)>,
    /// The last event that gave it another revision.
    pub(super) revised: Option<(u64, Timestamp)>,
}

impl Conduct {
    pub(super) fn of(connection: &Connection, license: Uuid) -> Result<Self, Failure> {
        let mut conduct = Self::default();
        seat_events::visit(connection, license, &mut |event| conduct.event(connection, license, &event))?;
        conduct.odd.retain(|_, oddity| oddity.kind != DENIED_AGAIN || oddity.times >= REPEATED);
        Ok(conduct)
    }

    fn event(&mut self, connection: &Connection, license: Uuid, event: &Event) -> Result<(), Failure> {
        match event.kind {
            EventKind::LicenseRevoked | EventKind::LicenseSuspended => {
                self.stopped = Some((event.seq, event.at));
                return Ok(());
            }
            EventKind::LicenseRenewed | EventKind::LicenseAmended => {
                self.revised = Some((event.seq, event.at));
                return Ok(());
            }
            _ => {}
        }
        let text = |name: &str| event.body.get(name).and_then(Value::as_str);
        let deployment = text("deployment").and_then(|id| Thumbprint::new(id).ok());
        let deployment = deployment.ok_or_else(|| differs(event.seq, "it has no proper deployment"))?;
        if event.kind == EventKind::UsageReported {
            return self.report(connection, (license, deployment), event);
        }
        if event.has_texts() {
            self.labelled.insert(deployment, event.seq);
        }
        self.flow(event);
        self.odd(license, deployment, event);
        if event.kind == EventKind::ActivationDenied {
            let reason = text("reason").ok_or_else(|| differs(event.seq, "it has no proper reason"))?;
            let denied = Denied { times: 1, last: event.at, event: event.seq };
            let all = self.denials.get(reason).map_or(denied, |before| before.add(denied));
            self.denials.insert(reason.to_owned(), all);
        }
        Ok(())
    }

    fn report(
        &mut self,
        connection: &Connection,
        (license, deployment): (Uuid, Thumbprint),
        event: &Event,
    ) -> Result<(), Failure> {
        let until = event.body.get("to").and_then(Value::as_integer).and_then(Timestamp::from_seconds);
        let until = until.ok_or_else(|| differs(event.seq, "it has no proper period"))?;
        // A clock that is ahead tells of no time that is still to come.
        let until = until.min(event.at);
        self.heard.entry(deployment).and_modify(|heard| *heard = until.max(*heard)).or_insert(until);
        for odd in anomalies(event)? {
            if odd == UsageAnomaly::Gap && is_filled(connection, deployment, event)? {
                continue;
            }
            let kind = OddityKind::Reports(odd);
            let found = self.odd.entry((kind, Some(deployment)));
            found.or_insert_with(|| Oddity::new(kind, license, Some(deployment))).happened(event);
        }
        Ok(())
    }

    fn flow(&mut self, event: &Event) {
        // Where a clock went back, what follows counts in the month that was reached: seats in use never fall below none.
        let reached = self.months.last_key_value().map(|(month, _)| *month);
        let month = reached.map_or_else(|| Month::of(event.at), |reached| reached.max(Month::of(event.at)));
        let flow = self.months.entry(month).or_default();
        let held = event.body.get("seat").is_some_and(|seat| *seat != Value::Null);
        match event.kind {
            EventKind::ActivationGranted => flow.granted += 1,
            EventKind::ActivationReleased if held => flow.released += 1,
            EventKind::ActivationRevoked => flow.revoked += 1,
            EventKind::ActivationExpired => flow.expired += 1,
            EventKind::ActivationDenied => flow.denied += 1,
            _ => {}
        }
    }

    fn odd(&mut self, license: Uuid, deployment: Thumbprint, event: &Event) {
        let mut note = |odd, deployment| {
            let kind = OddityKind::Seats(odd);
            let found = self.odd.entry((kind, deployment));
            found.or_insert_with(|| Oddity::new(kind, license, deployment)).happened(event);
        };
        let says = |name: &str, word: &str| event.body.get(name).and_then(Value::as_str) == Some(word);
        let beyond = event.body.get("beyondLimit").and_then(Value::as_integer).unwrap_or_default();
        if says("history", History::Forked.as_str()) {
            note(SeatOddity::Forked, Some(deployment));
        }
        if says("history", History::LostAnswer.as_str()) {
            note(SeatOddity::LostAnswer, Some(deployment));
        }
        if event.kind == EventKind::ActivationGranted && beyond > 0 {
            note(SeatOddity::BeyondLimit, None);
        }
        match event.kind {
            EventKind::ActivationRevoked => {
                self.revoked.insert(deployment);
            }
            EventKind::ActivationGranted if self.revoked.remove(&deployment) => {
                note(SeatOddity::GrantedAfterRevocation, Some(deployment));
            }
            EventKind::ActivationDenied => {
                note(SeatOddity::DeniedAgain, Some(deployment));
                if self.revoked.contains(&deployment) {
                    note(SeatOddity::AskedAfterRevocation, Some(deployment));
                }
            }
            _ => {}
        }
    }

    /// What was odd, with the label of each deployment by the last of its events there that has one.
    pub(super) fn oddities(self, connection: &Connection) -> Result<Vec<Oddity>, Failure> {
        let labelled = self.labelled;
        let with_label = |oddity: Oddity| {
            let seq = match (oddity.kind, oddity.deployment) {
                // A report does not say how its deployment is called.
                (OddityKind::Reports(_), Some(id)) => labelled.get(&id).copied().unwrap_or_default(),
                _ => oddity.last_event,
            };
            let label = Texts::new(connection).of_one(seq)?.remove("label");
            let label = oddity.deployment.and(label).map(|label| label.text().to_owned());
            Ok(Oddity { label, ..oddity })
        };
        self.odd.into_values().map(with_label).collect()
    }
}

/// What was odd about a report when it was brought.
fn anomalies(event: &Event) -> Result<Vec<UsageAnomaly>, Failure> {
    let words = event.body.get("anomalies").and_then(Value::as_array);
    let words = words.ok_or_else(|| differs(event.seq, "it has no proper anomalies"))?;
    let known = |word: &Value| {
        let word = word.as_str().and_then(UsageAnomaly::from_word);
        word.ok_or_else(|| differs(event.seq, "it has an anomaly that is none"))
    };
    words.iter().map(known).collect()
}

/// Whether the report that this one follows was brought after all.
fn is_filled(connection: &Connection, deployment: Thumbprint, event: &Event) -> Result<bool, Failure> {
    let sequence = event.body.get("sequence").and_then(Value::as_integer);
    match event.body.get("previous").and_then(Value::as_str).zip(sequence) {
        Some((previous, sequence)) => usage::is_there(connection, deployment, (previous, sequence)),
        None => Ok(false),
    }
}
