//! What the ledger that is replaced tells of the time since the backup.

use lictor_shared::json::Value;
use lictor_shared::{Text, Uri};
use std::collections::BTreeMap;

use super::keys::Tale;
use crate::error::{Failure, FailureKind};
use crate::event::Event;
use crate::home::Home;
use crate::ledger::carried::{self, Entry};
use crate::ledger::elsewhere::{self, Owners};
use crate::ledger::projection::{self, Decisions};
use crate::ledger::{Ledger, entries, events};
use crate::shard;

/// Lists of which indices may have been handed out, the entries, and what was decided about licenses and keys.
#[derive(Default)]
pub(super) struct Past {
    /// Each with the sequence that was last signed, as far as that is known.
    pub(super) lists: BTreeMap<String, u64>,
    pub(super) entries: Vec<Entry>,
    /// Which license an entry is of, if it is of an activation.
    pub(super) activations: Owners,
    pub(super) decisions: Decisions,
    pub(super) keys: Tale,
    /// Who was erased.
    pub(super) erasures: Vec<Event>,
}

impl Past {
    /// All that a ledger tells.
    pub(super) fn of(ledger: &Ledger) -> Result<Self, Failure> {
        let mut past = Self::default();
        past.lists_of(ledger)?;
        past.events_of(ledger)?;
        carried::each(ledger.connection(), |entry| past.entries.push(entry))?;
        elsewhere::given(ledger.connection(), &mut past.activations)?;
        past.decisions = projection::decisions(ledger.connection())?;
        past.keys = Tale::of(ledger.connection())?;
        past.erasures = events::erasures(ledger.connection())?;
        Ok(past)
    }

    /// As much as a damaged ledger still tells. What cannot be read any more does not stand in the way of restoring.
    pub(super) fn of_ruins(ledger: &Ledger, issuer: &Text) -> Self {
        let mut past = Self::default();
        let _damaged = past.lists_of(ledger);
        let _damaged = past.events_of(ledger);
        let _damaged = carried::each(ledger.connection(), |entry| past.entries.push(entry));
        let _damaged = elsewhere::given(ledger.connection(), &mut past.activations);
        past.decisions = projection::decisions(ledger.connection()).unwrap_or_default();
        past.keys = Tale::of_ruins(ledger.connection(), issuer);
        past.erasures = events::erasures(ledger.connection()).unwrap_or_default();
        past.lists.retain(|uri, _| Uri::new(uri).is_ok());
        past.entries.retain(|entry| Uri::new(&entry.uri).is_ok());
        past
    }

    /// The lists alone, also those that no license refers to yet.
    pub(super) fn lists_of(&mut self, ledger: &Ledger) -> Result<(), Failure> {
        self.lists.extend(entries::sequences(ledger.connection())?);
        Ok(())
    }

    fn events_of(&mut self, ledger: &Ledger) -> Result<(), Failure> {
        for event in ledger.events(1) {
            if let Some(uri) = event?.body.get("statusUri").and_then(Value::as_str) {
                self.lists.entry(uri.to_owned()).or_default();
            }
        }
        Ok(())
    }

    /// After restoring, new licenses get a list of their own: an index must never be handed out twice.
    pub(super) fn refuse(&self, uri: &Uri, home: &Home, backup: &Self) -> Result<(), Failure> {
        let known = self.lists.keys().chain(backup.lists.keys());
        let current = &home.config().status_uri;
        let of_one_name =
            |known: &str| shard::is_of(uri.as_str(), known) || shard::is_of(known, uri.as_str());
        let why = if known.clone().any(|known| known == uri.as_str()) {
            "was used before; indices of it may have been handed out that the backup does not know".into()
        } else if uri == current {
            "stands in lictor.toml already: licenses may refer to it, or a restore that was interrupted has set it".into()
        } else if let Some(other) = known.chain([&current.to_string()]).find(|known| of_one_name(known)) {
            format!(
                "is called as one that is opened by itself where {other} is full, or the other way round; indices of it may have been handed out that the backup does not know"
            )
        } else {
            return Ok(());
        };
        Err(Failure::new(FailureKind::Conflict, format!("The list {uri} {why}."))
            .hint("Name one that was never used with --status-uri, such as the next number.")
            .with("uri", uri.as_str()))
    }

    /// What the backup tells, for the same question.
    pub(super) fn of_backup(ledger: &Ledger) -> Result<Self, Failure> {
        let mut past = Self::default();
        past.lists_of(ledger)?;
        past.events_of(ledger)?;
        Ok(past)
    }
}
