//! What a restored ledger takes over from the one that it replaces, so that no index is handed out twice and nobody is
//! un-revoked.

use lictor_shared::json::Value;
use lictor_shared::{Status, Timestamp, Uri, Uuid};
use rusqlite::Connection;
use std::collections::BTreeMap;

use super::past::Past;
use crate::error::{Failure, FailureKind};
use crate::event::Facts;
use crate::ledger::carried::{self, Entry};
use crate::ledger::{entries, licenses};
use crate::licenses::Standing;
use crate::revoke::RevocationReason;

/// The differences that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried {
    lists: Vec<(Uri, u64)>,
    /// Entries that the backup does not know.
    pub(super) handed_out: Vec<Entry>,
    /// Entries that it knows as less severe.
    pub(super) stopped: Vec<Entry>,
    /// Licenses that it knows as less severe.
    pub(super) decisions: Vec<Decision>,
    /// Entries that it knows as more severe, and that stay so.
    pub(super) reinstated: usize,
}

/// What was decided about a license since the backup.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Decision {
    pub(super) license: Uuid,
    standing: Standing,
}

impl Carried {
    /// Compares what was with what the backup knows.
    pub(super) fn compare(backup: &Connection, past: &Past) -> Result<Self, Failure> {
        let mut known = BTreeMap::new();
        carried::each(backup, |entry| {
            known.insert((entry.uri, entry.index), entry.status);
        })?;
        let mut carried = Self { lists: lists(past)?, ..Self::default() };
        for entry in &past.entries {
            match known.get(&(entry.uri.clone(), entry.index)) {
                None => carried.handed_out.push(entry.clone()),
                Some(status) if severity(*status) < severity(entry.status) => {
                    carried.stopped.push(entry.clone())
                }
                Some(status) if severity(*status) > severity(entry.status) => carried.reinstated += 1,
                Some(_) => {}
            }
        }
        for (id, (state, since, reason)) in &past.decisions {
            carried.decisions.extend(decided(backup, id, state, *since, reason.as_deref())?);
        }
        Ok(carried)
    }

    /// What the event says of it.
    pub(super) fn facts(&self, facts: Facts) -> Facts {
        let lists = self.lists.iter().map(|(uri, sequence)| {
            Value::object([("sequence", (*sequence).into()), ("uri", uri.as_str().into())])
        });
        facts
            .and("lists", lists.collect::<Vec<_>>())
            .and("handedOut", self.handed_out.iter().map(to_value).collect::<Vec<_>>())
            .and("stopped", self.stopped.iter().map(to_value).collect::<Vec<_>>())
            .and("licenses", self.decisions.iter().map(Decision::to_value).collect::<Vec<_>>())
    }

    /// Makes it so.
    pub(super) fn apply(&self, connection: &Connection) -> Result<(), Failure> {
        for (uri, sequence) in &self.lists {
            carried::list(connection, uri, *sequence)?;
        }
        for entry in self.handed_out.iter().chain(&self.stopped) {
            carried::put(connection, entries::list(connection, &uri(&entry.uri)?)?, entry)?;
        }
        self.decisions.iter().try_for_each(|decision| match decision.standing {
            Standing::Active => Ok(()),
            Standing::Suspended { since } => licenses::set_suspended(connection, decision.license, since),
            Standing::Revoked { since, reason } => {
                licenses::set_revoked(connection, decision.license, since, reason)
            }
        })
    }
}

impl Decision {
    fn to_value(&self) -> Value {
        let (state, since, reason) = match self.standing {
            Standing::Active => ("active", None, None),
            Standing::Suspended { since } => ("suspended", Some(since), None),
            Standing::Revoked { since, reason } => ("revoked", Some(since), Some(reason.as_str())),
        };
        Value::object([
            ("license", self.license.to_string().into()),
            ("reason", reason.into()),
            ("since", since.map(Timestamp::seconds).into()),
            ("state", state.into()),
        ])
    }
}

fn lists(past: &Past) -> Result<Vec<(Uri, u64)>, Failure> {
    past.lists.iter().map(|(text, sequence)| Ok((uri(text)?, *sequence))).collect()
}

/// Of a license that the backup does not know, or knows as no less severe, nothing.
fn decided(
    backup: &Connection,
    id: &str,
    state: &str,
    since: Timestamp,
    reason: Option<&str>,
) -> Result<Option<Decision>, Failure> {
    let Ok(id) = Uuid::new(id) else { return Ok(None) };
    let Some(known) = licenses::find(backup, id)?.filter(|license| license.id == id) else { return Ok(None) };
    let standing = match state {
        "suspended" => Standing::Suspended { since },
        _ => {
            let reason = reason.and_then(RevocationReason::from_word).unwrap_or(RevocationReason::Other);
            Standing::Revoked { since, reason }
        }
    };
    let rank = |standing: &Standing| match standing {
        Standing::Active => 0,
        Standing::Suspended { .. } => 1,
        Standing::Revoked { .. } => 2,
    };
    Ok((rank(&known.standing) < rank(&standing)).then_some(Decision { license: id, standing }))
}

const fn severity(status: Status) -> u8 {
    match status {
        Status::Valid => 0,
        Status::Suspended => 1,
        Status::Revoked => 2,
    }
}

const fn word(status: Status) -> &'static str {
    match status {
        Status::Valid => "valid",
        Status::Suspended => "suspended",
        Status::Revoked => "revoked",
    }
}

fn to_value(entry: &Entry) -> Value {
    Value::object([
        ("grace", entry.grace.get().into()),
        ("idx", entry.index.into()),
        ("since", entry.since.map(Timestamp::seconds).into()),
        ("status", word(entry.status).into()),
        ("uri", entry.uri.as_str().into()),
    ])
}

fn uri(text: &str) -> Result<Uri, Failure> {
    Uri::new(text).map_err(|error| {
        Failure::new(FailureKind::Ledger, format!("The ledger is damaged: {text:?} names no list ({error})."))
    })
}
