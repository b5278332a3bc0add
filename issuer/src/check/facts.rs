//! What an event says, read for comparing.

use lictor_shared::Timestamp;
use lictor_shared::json::{Members, Value};

use crate::error::Failure;
use crate::event::Event;
use crate::ledger::events::differs;

/// The body of an event, read for comparing.
pub(super) struct Facts<'e>(pub(super) &'e Event);

impl Facts<'_> {
    pub(super) fn says(&self, name: &str, row: impl Into<Value>) -> Result<(), Failure> {
        let row = row.into();
        match self.0.body.get(name) {
            Some(said) if *said == row => Ok(()),
            said => {
                let said = said.cloned().unwrap_or(Value::Null);
                Err(differs(self.0.seq, format!("{name} is {said} in the event and {row} in the tables")))
            }
        }
    }

    pub(super) fn text(&self, name: &str) -> Result<&str, Failure> {
        self.0.body.get(name).and_then(Value::as_str).ok_or_else(|| self.lacks(name))
    }

    pub(super) fn integer(&self, name: &str) -> Result<u64, Failure> {
        self.0.body.get(name).and_then(Value::as_integer).ok_or_else(|| self.lacks(name))
    }

    pub(super) fn time(&self, name: &str) -> Result<Timestamp, Failure> {
        Timestamp::from_seconds(self.integer(name)?).ok_or_else(|| self.lacks(name))
    }

    pub(super) fn parsed<T, E>(
        &self,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, E>,
    ) -> Result<T, Failure> {
        read(self.text(name)?).map_err(|_| self.lacks(name))
    }

    pub(super) fn lacks(&self, name: &str) -> Failure {
        differs(self.0.seq, format!("it has no proper {name}"))
    }
}

/// List and index in a `status` of an event.
pub(super) fn place(status: &Members) -> Option<(String, u64)> {
    Some((status.get("uri")?.as_str()?.to_owned(), status.get("idx")?.as_integer()?))
}
