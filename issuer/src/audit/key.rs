//! The names of the log, and the keys that others know it by.

use lictor_keys::{KeyPurpose, KeyRecord, KeyStanding};
use lictor_shared::json::Value;
use lictor_shared::log::NoteKey;
use lictor_shared::{Thumbprint, Timestamp};
use rusqlite::Connection;

use crate::error::{Failure, FailureKind};
use crate::event::{Event, EventKind};
use crate::ledger::events::differs;
use crate::ledger::{Events, Ledger, checkpoints, events, keys};

/// A name that the log has or had, and where it ended to have it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The name, which is that of the key of the note.
    pub(crate) name: String,
    /// The restoration after which the log is another one; `None`: it is the one of today.
    pub(crate) restored: Option<Restored>,
}

/// A restoration.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Restored {
    /// The number of its event.
    pub(crate) event: u64,
    /// How many events the backup held.
    pub(crate) events: u64,
}

/// The name of the log with this id.
pub(crate) fn name_of(id: &str) -> String {
    format!("lictor/{id}")
}

/// Every name that the log had, in their order. A restored ledger tells another history than the one that it replaced, and
/// no key ever signs both under one name.
pub(crate) fn origins(connection: &Connection) -> Result<Vec<Origin>, Failure> {
    let created = Events::new(connection, 1).next().transpose()?;
    let id = created.as_ref().and_then(|event| event.body.get("ledger")).and_then(Value::as_str);
    let id = id.ok_or_else(|| differs(1, "its body lacks \"ledger\""))?;
    let mut origins = vec![Origin { name: name_of(id), restored: None }];
    for event in events::restorations(connection)? {
        let Some(id) = log_id(&event)? else { continue };
        let backup = event.body.get("backupEvents").and_then(Value::as_integer);
        let events = backup.ok_or_else(|| differs(event.seq, "its body lacks \"backupEvents\""))?;
        if let Some(last) = origins.last_mut() {
            last.restored = Some(Restored { event: event.seq, events });
        }
        origins.push(Origin { name: name_of(&id), restored: None });
    }
    Ok(origins)
}

/// The id that the log has from this restoration on. Programs from before there were checkpoints gave it none.
pub(crate) fn log_id(event: &Event) -> Result<Option<String>, Failure> {
    match event.body.get("log") {
        None => Ok(None),
        Some(Value::String(id)) => Ok(Some(id.clone())),
        Some(_) => Err(differs(event.seq, "its \"log\" is no id")),
    }
}

/// The name of the log.
pub(super) fn origin(connection: &Connection) -> Result<String, Failure> {
    origin_at(connection, u64::MAX)
}

/// The name that the log had when event number `seq` was its last.
pub(super) fn origin_at(connection: &Connection, seq: u64) -> Result<String, Failure> {
    let had = |origin: &Origin| origin.restored.is_none_or(|restored| seq < restored.event);
    let found = origins(connection)?.into_iter().find(had).map(|origin| origin.name);
    found.ok_or_else(|| Failure::new(FailureKind::Ledger, "The ledger is damaged: its log has no name."))
}

/// A key of the log, as auditors know it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    /// The verifier key (C2SP signed-note): the log's name, and the public key.
    pub note: NoteKey,
    /// What the ring says of it.
    pub key: KeyRecord,
    /// Which checkpoints the ledger has that it signed under this name; `None`: none.
    pub signed: Option<Span>,
    /// When its life went on, with the word for each step: `created`, `activated`, `retired`, `distrusted`, `destroyed`.
    pub life: Vec<(&'static str, Timestamp)>,
}

/// From which size of the log to which.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// The smallest.
    pub first: u64,
    /// The largest.
    pub last: u64,
}

impl Ledger {
    /// The name of the log, which stands first in its checkpoints: the ledger's id, or of a ledger that was restored that
    /// which it got then.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub fn log_origin(&self) -> Result<String, Failure> {
        origin(self.connection())
    }

    /// The key that signs checkpoints, as auditors know it.
    ///
    /// # Errors
    /// [`FailureKind::SigningNotConfigured`] if there is none.
    pub fn log_key(&self) -> Result<NoteKey, Failure> {
        let ring = self.key_ring()?;
        let key = ring.active_for(KeyPurpose::Log).ok_or_else(|| match self.log_keys() {
            Ok(keys) if keys.is_empty() => none("There is no key of the log yet."),
            _ => none("No key of the log is active. lictor audit key --all shows those that there are."),
        })?;
        note_key(&self.log_origin()?, key)
    }

    /// Every key that signed checkpoints or may, once for each name of the log that it signed under, in the order in which
    /// they joined. Reads every event of a key.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub fn log_keys(&self) -> Result<Vec<LogKey>, Failure> {
        let connection = self.connection();
        let (origins, ring) = (origins(connection)?, keys::ring(connection)?);
        let told = events::of_keys(connection)?;
        let mut found = Vec::new();
        for key in ring.records().iter().filter(|key| key.is_of_log()) {
            let kid = key.public.thumbprint();
            let (mut from, before) = (0, found.len());
            for origin in &origins {
                let to = origin.restored.map_or(u64::MAX >> 1, |restored| restored.event - 1);
                let signed = checkpoints::span(connection, &kid, from, to)?;
                from = to;
                let is_today = origin.restored.is_none();
                // Of a key that never signed only the name of today is left to say.
                if signed.is_some() || is_today && (may_sign(key) || found.len() == before) {
                    let note = note_key(&origin.name, key)?;
                    found.push(LogKey { note, key: key.clone(), signed, life: life(&told, &kid) });
                }
            }
        }
        Ok(found)
    }
}

/// Whether it signs, or may later.
fn may_sign(key: &KeyRecord) -> bool {
    matches!(key.standing(), KeyStanding::Next | KeyStanding::Active)
}

fn note_key(origin: &str, key: &KeyRecord) -> Result<NoteKey, Failure> {
    let damaged = |error| Failure::new(FailureKind::Ledger, format!("The ledger is damaged: {error}."));
    NoteKey::new(origin, key.public.clone()).map_err(damaged)
}

fn life(events: &[Event], kid: &Thumbprint) -> Vec<(&'static str, Timestamp)> {
    let kid = kid.to_string();
    let of_it = events.iter().filter(|event| event.body.get("kid").and_then(Value::as_str) == Some(&kid));
    let step = |event: &Event| {
        let word = match event.kind {
            EventKind::KeyCreated => "created",
            EventKind::KeyActivated => "activated",
            EventKind::KeyRetired => "retired",
            EventKind::KeyDistrusted => "distrusted",
            EventKind::KeyDestroyed => "destroyed",
            _ => return None,
        };
        Some((word, event.at))
    };
    of_it.filter_map(step).collect()
}

fn none(says: &str) -> Failure {
    Failure::new(FailureKind::SigningNotConfigured, says).hint("lictor key new --purpose log")
}
