//! What a restored ledger took over from the one that it replaced.

use lictor_shared::json::{Members, Value};
use lictor_shared::{Thumbprint, Uri};

use super::license::{REVOKED, SUSPENDED};
use super::{Check, Facts, place};
use crate::audit;
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::events::differs;
use crate::ledger::{carried, entries};

impl Check<'_> {
    pub(super) fn ledger_restored(&mut self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        self.list_is_there(&facts, facts.text("statusUri")?)?;
        if let Some(id) = audit::log_id(event)? {
            self.origin = audit::name_of(&id);
        }
        for list in members(&facts, "lists")? {
            let uri = list.get("uri").and_then(Value::as_str).ok_or_else(|| facts.lacks("lists"))?;
            let sequence = list.get("sequence").and_then(Value::as_integer).unwrap_or_default();
            self.list_is_there(&facts, uri)?;
            let known = self.lists.entry(uri.to_owned()).or_default();
            known.sequence = known.sequence.max(sequence);
        }
        for entry in members(&facts, "handedOut")? {
            self.entry_is_there(&facts, entry)?;
            if let Some(license) = entry.get("license").and_then(Value::as_str) {
                self.given_elsewhere(&facts, entry, license)?;
            }
        }
        for entry in members(&facts, "stopped")? {
            self.entry_says(&facts, entry)?;
        }
        for license in members(&facts, "licenses")? {
            self.decision(&facts, license)?;
        }
        self.keys_are_there(&facts)
    }

    /// What became of them is told by the events that follow.
    fn keys_are_there(&self, facts: &Facts<'_>) -> Result<(), Failure> {
        // Events of earlier programs carried no keys over.
        let Some(keys) = facts.0.body.get("keys") else { return Ok(()) };
        for key in keys.as_array().ok_or_else(|| facts.lacks("keys"))? {
            let kid = key.as_str().and_then(|kid| Thumbprint::new(kid).ok());
            let kid = kid.ok_or_else(|| facts.lacks("keys"))?;
            if self.ring.find(&kid).is_none() {
                return Err(differs(facts.0.seq, format!("the key {kid} is missing")));
            }
        }
        Ok(())
    }

    fn list_is_there(&mut self, facts: &Facts<'_>, uri: &str) -> Result<(), Failure> {
        let named = Uri::new(uri).map_err(|_| facts.lacks("uri"))?;
        if entries::find(self.connection, &named)?.is_none() {
            return Err(differs(facts.0.seq, format!("the list {uri} is missing")));
        }
        self.lists.entry(uri.to_owned()).or_default();
        Ok(())
    }

    /// The entry is of an activation of a license that is here.
    pub(super) fn given_elsewhere(
        &mut self,
        facts: &Facts<'_>,
        entry: &Members,
        license: &str,
    ) -> Result<(), Failure> {
        let place = place(entry).ok_or_else(|| facts.lacks("entries"))?;
        self.lists.entry(place.0.clone()).or_default();
        self.elsewhere.insert(place, license.to_owned());
        Ok(())
    }

    pub(super) fn entry_is_there(&mut self, facts: &Facts<'_>, entry: &Members) -> Result<(), Failure> {
        let (uri, index) = place(entry).ok_or_else(|| facts.lacks("handedOut"))?;
        let (told, found) =
            (entry.get("grace").and_then(Value::as_integer), carried::grace(self.connection, &uri, index)?);
        if told != found {
            let what =
                format!("the entry {index} of {uri} has the grace {found:?}, and the event says {told:?}");
            return Err(differs(facts.0.seq, what));
        }
        self.handed_out(&uri);
        self.entry_says(facts, entry)
    }

    /// What the list says of an entry from then on.
    fn entry_says(&mut self, facts: &Facts<'_>, entry: &Members) -> Result<(), Failure> {
        let place = place(entry).ok_or_else(|| facts.lacks("entries"))?;
        let status = match entry.get("status").and_then(Value::as_str) {
            Some("valid") => return Ok(()),
            Some("revoked") => REVOKED,
            Some("suspended") => SUSPENDED,
            _ => return Err(facts.lacks("status")),
        };
        self.says(place, Some((status, since(facts, entry)?)));
        Ok(())
    }

    fn decision(&mut self, facts: &Facts<'_>, license: &Members) -> Result<(), Failure> {
        let text = |name: &str| license.get(name).and_then(Value::as_str).map(ToOwned::to_owned);
        let (Some(id), Some(state)) = (text("license"), text("state")) else {
            return Err(facts.lacks("licenses"));
        };
        self.decisions.insert(id, (state, since(facts, license)?, text("reason")));
        Ok(())
    }
}

fn since(facts: &Facts<'_>, members: &Members) -> Result<lictor_shared::Timestamp, Failure> {
    let since = members.get("since").and_then(Value::as_integer);
    since.and_then(lictor_shared::Timestamp::from_seconds).ok_or_else(|| facts.lacks("since"))
}

/// The objects in an array of the body. Events of the first programs had none of them.
pub(super) fn members<'f>(facts: &Facts<'f>, name: &str) -> Result<Vec<&'f Members>, Failure> {
    let Some(found) = facts.0.body.get(name) else { return Ok(Vec::new()) };
    let items = found.as_array().ok_or_else(|| facts.lacks(name))?;
    items.iter().map(|item| item.as_object().ok_or_else(|| facts.lacks(name))).collect()
}
