//! Who was erased, against what is left of him.

use lictor_shared::json::{Members, Value};
use rusqlite::Connection;
use std::collections::BTreeMap;

use super::{Check, Facts};
use crate::error::Failure;
use crate::event::{Event, EventKind, is_commitment};
use crate::ledger::events::{self, differs};

/// What stands where a text was erased.
pub(crate) const ERASED: &str = "erased";

/// What the log says of erasures.
#[derive(Default)]
pub(super) struct Erased {
    /// Up to which event the texts of a license are erased, and whose it is now.
    licenses: BTreeMap<String, (u64, String)>,
    /// The requests of which the answer is erased.
    requests: BTreeMap<String, u64>,
}

impl Erased {
    /// Read before all else, so that each text can be looked for, or missed, when its turn comes.
    pub(super) fn read(connection: &Connection) -> Result<Self, Failure> {
        let mut erased = Self::default();
        for event in events::erasures(connection)? {
            let name = Facts(&event).text("erasedAs")?.to_owned();
            for license in texts(&event, "licenses")? {
                erased.licenses.insert(license, (event.seq, name.clone()));
            }
            erased.requests.extend(texts(&event, "requests")?.into_iter().map(|id| (id, event.seq)));
        }
        Ok(erased)
    }

    /// Whose the license of an event is, if it was erased after that.
    pub(super) fn since(&self, body: &Members, seq: u64) -> Option<&str> {
        let license = body.get("license").and_then(Value::as_str)?;
        let (until, name) = self.licenses.get(license)?;
        (seq < *until).then_some(name)
    }

    pub(super) fn is_request(&self, id: &str, seq: u64) -> bool {
        self.requests.get(id).is_some_and(|until| seq < *until)
    }
}

fn texts(event: &Event, name: &str) -> Result<Vec<String>, Failure> {
    let lacks = || Facts(event).lacks(name);
    let items = event.body.get(name).and_then(Value::as_array).ok_or_else(lacks)?;
    items.iter().map(|item| item.as_str().map(ToOwned::to_owned).ok_or_else(lacks)).collect()
}

impl Check<'_> {
    /// Every text is there to which the leaf commits, or was erased with a customer; and each is the right one.
    pub(super) fn personal(&mut self, event: &Event) -> Result<(), Failure> {
        self.personal = self.texts.of(event.seq)?;
        for (field, text) in &self.personal {
            if !event.body.get(field).is_some_and(|told| text.is(told)) {
                let what = format!("its personal text {field:?} is not the one it commits to");
                return Err(differs(event.seq, what));
            }
        }
        // What a request came to lies in a table of its own.
        if event.kind == EventKind::RequestAnswered {
            return Ok(());
        }
        let mut committed = event.body.iter().filter(|(_, value)| is_commitment(value));
        if self.erased.since(&event.body, event.seq).is_some() {
            self.checked.erased += count(committed.count());
            return match self.personal.first_key_value() {
                None => Ok(()),
                Some((field, _)) => {
                    Err(differs(event.seq, format!("its personal text {field:?} was erased, and is there")))
                }
            };
        }
        match committed.find(|(field, _)| !self.personal.contains_key(*field)) {
            Some((field, _)) => Err(differs(
                event.seq,
                format!("its personal text {field:?} is missing, and was never erased"),
            )),
            None => {
                self.checked.personal += count(self.personal.len());
                Ok(())
            }
        }
    }
}

fn count(number: usize) -> u64 {
    u64::try_from(number).unwrap_or(u64::MAX)
}
