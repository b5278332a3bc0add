//! The Merkle tree over the events (RFC 6962), and the paths that prove something of it.

use lictor_shared::log::{TreeHash, consistency_path, inclusion_path};
use rusqlite::Connection;

use crate::error::{Failure, FailureKind};
use crate::ledger::{Ledger, log};

/// The tree over the events of a ledger. What it tells costs some hundreds of hashes, however large the log is.
#[derive(Clone, Copy, Debug)]
pub struct LogTree<'l> {
    connection: &'l Connection,
}

impl Ledger {
    /// The tree over its events.
    #[must_use]
    pub const fn tree(&self) -> LogTree<'_> {
        LogTree { connection: self.connection() }
    }
}

impl LogTree<'_> {
    /// How many events it has, and the root over them.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub fn head(&self) -> Result<(u64, TreeHash), Failure> {
        let edge = log::edge(self.connection)?;
        Ok((edge.size(), edge.root()))
    }

    /// The root over the first `size` events.
    ///
    /// # Errors
    /// [`FailureKind::NotFound`] if there are fewer; [`Failure`] if the ledger cannot be read.
    pub fn root_at(&self, size: u64) -> Result<TreeHash, Failure> {
        self.holds(size)?;
        log::root_at(self.connection, size)
    }

    /// The audit path from event number `seq` to the root over the first `size` (RFC 6962, section 2.1.1).
    ///
    /// # Errors
    /// [`FailureKind::NotFound`] if there are fewer, or `seq` is none of them; [`Failure`] if the ledger cannot be read.
    pub fn inclusion(&self, seq: u64, size: u64) -> Result<Vec<TreeHash>, Failure> {
        self.holds(size)?;
        let index = seq.checked_sub(1).filter(|index| *index < size).ok_or_else(|| absent(seq, size))?;
        inclusion_path(index, size, |level, index| log::node(self.connection, level, index))
    }

    /// What leads from the root over the first `old` events to that over the first `size` (RFC 6962, section 2.1.2).
    ///
    /// # Errors
    /// [`FailureKind::NotFound`] if there are fewer, or `old` is more; [`Failure`] if the ledger cannot be read.
    pub fn consistency(&self, old: u64, size: u64) -> Result<Vec<TreeHash>, Failure> {
        self.holds(size)?;
        if old > size {
            return Err(absent(old, size));
        }
        consistency_path(old, size, |level, index| log::node(self.connection, level, index))
    }

    fn holds(&self, size: u64) -> Result<(), Failure> {
        let (events, _) = self.head()?;
        if size <= events { Ok(()) } else { Err(absent(size, events)) }
    }
}

fn absent(seq: u64, events: u64) -> Failure {
    Failure::new(FailureKind::NotFound, format!("There is no event {seq}: the log ends with event {events}."))
        .with("event", seq)
        .with("events", events)
}
