//! One change and its event: both, or neither.

use rusqlite::{Connection, TransactionBehavior};

use super::fault::OrFault;
use super::{Ledger, events};
use crate::error::Failure;
use crate::event::{EventKind, Facts};
use crate::occasion::Occasion;

/// A change under way. Dropped without [`Transaction::commit`], nothing of it ever was.
#[derive(Debug)]
pub(crate) struct Transaction<'l> {
    inner: rusqlite::Transaction<'l>,
    occasion: &'l Occasion,
}

/// Proof that an event was recorded, which [`Transaction::commit`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an event that is not committed never happened"]
pub(crate) struct Recorded {
    seq: u64,
}

impl Recorded {
    /// The number of the event.
    pub(crate) const fn seq(self) -> u64 {
        self.seq
    }
}

impl Ledger {
    /// Begins a change. From here on no other process changes anything; readers go on seeing what was.
    pub(crate) fn begin<'l>(&'l mut self, occasion: &'l Occasion) -> Result<Transaction<'l>, Failure> {
        // `BEGIN IMMEDIATE`: the lock is taken before anything is read, so what is decided on is what is changed.
        let begun = self.connection.transaction_with_behavior(TransactionBehavior::Immediate);
        Ok(Transaction { inner: begun.or_fault()?, occasion })
    }
}

impl Transaction<'_> {
    /// Records what happens. The rows that change refer to its number, so this comes first.
    pub(crate) fn record(&self, kind: EventKind, facts: Facts) -> Result<Recorded, Failure> {
        let seq = events::append(&self.inner, self.occasion, kind, facts)?;
        Ok(Recorded { seq })
    }

    /// Makes it so. After `Ok` change and event are on disk, whatever happens then. After an error, or a crash before
    /// this returns, either both are there or neither is: the write-ahead log counts only up to a whole commit record.
    pub(crate) fn commit(self, _event: Recorded) -> Result<(), Failure> {
        self.inner.commit().or_fault()
    }

    /// For the statements of the other files in this folder.
    pub(crate) fn connection(&self) -> &Connection {
        &self.inner
    }
}
