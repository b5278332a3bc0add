//! Rows that each follow from one event, read so many events at a time.

use rusqlite::{Connection, Row};
use std::collections::VecDeque;

use super::fault::OrFault;
use super::value::Int;
use crate::error::Failure;

/// A table of which each row follows from one event.
pub(super) struct Source<T> {
    /// Selects what follows from the events from `?1` to `?2`, in the order of their numbers.
    pub(super) statement: &'static str,
    /// The column in which the number of the event stands.
    pub(super) seq: usize,
    /// How many events' rows are kept in memory.
    pub(super) page: u64,
    /// Reads a row.
    pub(super) read: fn(&Row<'_>) -> rusqlite::Result<T>,
}

/// The rows of events that are gone through in their order.
pub(crate) struct ByEvent<'l, T> {
    connection: &'l Connection,
    source: Source<T>,
    /// Up to this event they are read.
    until: u64,
    page: VecDeque<(u64, rusqlite::Result<T>)>,
}

impl<'l, T> ByEvent<'l, T> {
    pub(super) const fn new(connection: &'l Connection, source: Source<T>) -> Self {
        Self { connection, source, until: 0, page: VecDeque::new() }
    }

    /// The row that follows from this event. Nothing is said of a row that no event asks for.
    pub(crate) fn of(&mut self, seq: u64) -> Result<Option<T>, Failure> {
        if seq > self.until {
            self.until = seq.saturating_add(self.source.page - 1);
            self.page = self.read(seq)?;
        }
        while self.page.pop_front_if(|(found, _)| *found < seq).is_some() {}
        self.page.pop_front_if(|(found, _)| *found == seq).map(|(_, row)| row).transpose().or_fault()
    }

    fn read(&self, from: u64) -> Result<VecDeque<(u64, rusqlite::Result<T>)>, Failure> {
        let mut statement = self.connection.prepare_cached(self.source.statement).or_fault()?;
        let mut rows = statement.query((Int(from), Int(self.until))).or_fault()?;
        let mut page = VecDeque::new();
        while let Some(row) = rows.next().or_fault()? {
            let Int(seq) = row.get(self.source.seq).or_fault()?;
            page.push_back((seq, (self.source.read)(row)));
        }
        Ok(page)
    }
}
