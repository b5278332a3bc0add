//! The events of keys against their rows. A row is what the events say of it, the later ones before the earlier.

use lictor_keys::KeyState;
use lictor_shared::Thumbprint;
use lictor_shared::json::{Members, Value};
use rusqlite::Connection;
use std::collections::BTreeMap;

use super::{Check, Facts};
use crate::error::Failure;
use crate::event::{Event, EventKind};
use crate::key;
use crate::ledger::events::{self, differs};
use crate::ledger::keys;
use crate::ledger::projection::Table;

/// Of each fact of each key, the number of the last event that says it.
pub(super) type LastWords = BTreeMap<(String, String), u64>;

/// Goes through the events of keys, so that each can be compared when its turn comes.
pub(super) fn last_words(connection: &Connection) -> Result<LastWords, Failure> {
    let mut last = LastWords::new();
    for event in events::of_keys(connection)? {
        let Some(kid) = event.body.get("kid").and_then(Value::as_str) else { continue };
        for name in says(&event).into_keys() {
            last.insert((kid.to_owned(), name), event.seq);
        }
    }
    Ok(last)
}

impl Check<'_> {
    /// What this event says of a key, unless a later one says otherwise, is what stands in the key's row.
    pub(super) fn key(&mut self, event: &Event) -> Result<(), Failure> {
        let kid = Facts(event).parsed("kid", Thumbprint::new)?;
        let missing = || differs(event.seq, format!("the key {kid} is missing"));
        let row = key::row_facts(self.ring.find(&kid).ok_or_else(missing)?);
        for (name, said) in says(event) {
            let last = self.key_words.get(&(kid.to_string(), name.clone()));
            let stands = row.get(&name).unwrap_or(&Value::Null);
            if last == Some(&event.seq) && said != *stands {
                let why = format!("{name} is {said} in the event and {stands} in the tables");
                return Err(differs(event.seq, why));
            }
        }
        if event.kind == EventKind::KeyCreated {
            let told = says(event);
            if let Some(name) = row.keys().find(|name| !told.contains_key(*name)) {
                return Err(Facts(event).lacks(name));
            }
            if keys::seq(self.connection, &kid)? != Some(event.seq) {
                return Err(missing());
            }
            self.counts(Table::SigningKey);
        }
        Ok(())
    }

    /// Every key that was exported is there.
    pub(super) fn key_exported(&self, event: &Event) -> Result<(), Failure> {
        let keys = event.body.get("keys").and_then(Value::as_array);
        for key in keys.ok_or_else(|| Facts(event).lacks("keys"))? {
            let kid = key.as_object().and_then(|key| key.get("kid")).and_then(Value::as_str);
            let kid =
                kid.and_then(|kid| Thumbprint::new(kid).ok()).ok_or_else(|| Facts(event).lacks("keys"))?;
            if self.ring.find(&kid).is_none() {
                return Err(differs(event.seq, format!("the key {kid} is missing")));
            }
        }
        Ok(())
    }
}

/// What an event says of its key's row.
fn says(event: &Event) -> Members {
    let told = |name: &str| (name.to_owned(), event.body.get(name).cloned().unwrap_or(Value::Null));
    let state = |state: KeyState| ("state".to_owned(), state.as_str().into());
    let turn = ("turn".to_owned(), event.seq.into());
    match event.kind {
        EventKind::KeyCreated => created(event),
        EventKind::KeyActivated => Members::from_iter([state(KeyState::Active), turn]),
        EventKind::KeyRetired => Members::from_iter([state(KeyState::Retired), told("notAfter")]),
        EventKind::KeyDistrusted => Members::from_iter([told("distrustAfter")]),
        EventKind::KeyDestroyed => Members::from_iter([told("destroyedAt")]),
        _ => Members::new(),
    }
}

/// Its creation says all there is to say, and that nothing has happened to it yet. What else stands there, as where the key
/// comes from, is no fact of its row.
fn created(event: &Event) -> Members {
    let is_active = event.body.get("state").and_then(Value::as_str) == Some(KeyState::Active.as_str());
    let fact = |name: &&str| Some(((*name).to_owned(), event.body.get(*name)?.clone()));
    let mut says: Members = key::RECORD_FACTS.iter().filter_map(fact).collect();
    says.insert("turn".into(), is_active.then_some(event.seq).into());
    says.insert("destroyedAt".into(), Value::Null);
    says
}
