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
use crate::ledger::{elsewhere, entries, licenses};
use crate::licenses::Standing;
use crate::revoke::RevocationReason;

/// The differences that count.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Carried {
    lists: Vec<(Uri, u64)>,
    /// Entries that the backup does not know.
    pub(super) handed_out: Vec<HandedOut>,
    /// Entries that it knows as less severe, or as suspended since an earlier instant.
    pub(super) stopped: Vec<Entry>,
    /// Licenses that it knows as less severe, or as suspended since an earlier instant.
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
            let counted = counted(&entry);
            known.insert((entry.uri, entry.index), counted);
        })?;
        let mut carried = Self { lists: lists(past)?, ..Self::default() };
        for entry in &past.entries {
            match known.get(&(entry.uri.clone(), entry.index)) {
                None => carried.handed_out.push(HandedOut::new(backup, past, entry)?),
                Some(known) if *known < counted(entry) => carried.stopped.push(entry.clone()),
                Some((known, _)) if *known > severity(entry.status) => carried.reinstated += 1,
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
            .list("lists", lists.collect())
            .list("handedOut", self.handed_out.iter().map(HandedOut::to_value).collect())
            .list("stopped", self.stopped.iter().map(|entry| entry.to_members().into()).collect())
            .list("licenses", self.decisions.iter().map(Decision::to_value).collect())
    }

    /// Makes it so.
    pub(super) fn apply(&self, connection: &Connection) -> Result<(), Failure> {
        for (uri, sequence) in &self.lists {
            carried::list(connection, uri, *sequence)?;
        }
        for entry in &self.stopped {
            carried::put(connection, entries::list(connection, &uri(&entry.uri)?)?, entry)?;
        }
        self.handed_out.iter().try_for_each(|handed_out| handed_out.apply(connection))?;
        self.decisions.iter().try_for_each(|decision| match decision.standing {
            Standing::Active => Ok(()),
            Standing::Suspended { since } => licenses::set_suspended(connection, decision.license, since),
            Standing::Revoked { since, reason } => {
                licenses::set_revoked(connection, decision.license, since, reason)
            }
        })
    }
}

/// An entry that the backup does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HandedOut {
    entry: Entry,
    /// Of an activation: its license, if the backup knows that.
    license: Option<Uuid>,
}

impl HandedOut {
    fn new(backup: &Connection, past: &Past, entry: &Entry) -> Result<Self, Failure> {
        let owner = past.activations.get(&(entry.uri.clone(), entry.index.into()));
        let license = match owner.and_then(|id| Uuid::new(id).ok()) {
            Some(id) if licenses::find(backup, id)?.is_some_and(|license| license.id == id) => Some(id),
            _ => None,
        };
        Ok(Self { entry: entry.clone(), license })
    }

    /// Whether it is of an activation of a license that goes on.
    pub(super) const fn is_activation(&self) -> bool {
        self.license.is_some()
    }

    fn to_value(&self) -> Value {
        let mut members = self.entry.to_members();
        members.extend(self.license.map(|license| ("license".to_owned(), license.to_string().into())));
        members.into()
    }

    fn apply(&self, connection: &Connection) -> Result<(), Failure> {
        let list = entries::list(connection, &uri(&self.entry.uri)?)?;
        carried::put(connection, list, &self.entry)?;
        self.license.map_or(Ok(()), |license| elsewhere::insert(connection, list, self.entry.index, license))
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

/// Of a license that the backup does not know, or knows as no less severe and since no earlier suspension, nothing.
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
        Standing::Active => (0, None),
        Standing::Suspended { since } => (1, Some(*since)),
        Standing::Revoked { .. } => (2, None),
    };
    Ok((rank(&known.standing) < rank(&standing)).then_some(Decision { license: id, standing }))
}

/// What counts of an entry: of two suspensions the later one, since the earlier was taken back between them.
fn counted(entry: &Entry) -> (u8, Option<Timestamp>) {
    (severity(entry.status), entry.since.filter(|_| entry.status == Status::Suspended))
}

const fn severity(status: Status) -> u8 {
    match status {
        Status::Valid => 0,
        Status::Suspended => 1,
        Status::Revoked => 2,
    }
}

fn uri(text: &str) -> Result<Uri, Failure> {
    Uri::new(text).map_err(|error| {
        Failure::new(FailureKind::Ledger, format!("The ledger is damaged: {text:?} names no list ({error})."))
    })
}
