//! The ledger: a SQLite database that holds what was decided, and the append-only log of how it came to be.
//!
//! Every change is a transaction that cannot be committed without an event. Write-ahead log, `synchronous=FULL`: when
//! a commit has returned, the change survives a crash of the program, of the system, and a power cut; before, nothing
//! of it does.
//!
//! All SQL stands in this folder, a file per table.

pub(crate) mod activations;
pub(crate) mod answers;
mod backup;
pub(crate) mod beside;
pub(crate) mod by_event;
pub(crate) mod carried;
pub(crate) mod checkpoints;
pub(crate) mod claimed;
pub(crate) mod clock;
pub(crate) mod customers;
pub(crate) mod deployments;
pub(crate) mod editions;
pub(crate) mod elsewhere;
pub(crate) mod entries;
pub(crate) mod erasure;
pub(crate) mod events;
pub(crate) mod export;
pub(crate) mod fault;
pub(crate) mod file_id;
pub(crate) mod history;
pub(crate) mod hold;
pub(crate) mod keys;
pub(crate) mod licenses;
pub(crate) mod listing;
pub(crate) mod log;
mod narrowed;
mod open;
pub(crate) mod products;
pub(crate) mod projection;
pub(crate) mod requests;
pub(crate) mod schema;
pub(crate) mod seat_events;
pub(crate) mod seats;
pub(crate) mod shards;
pub(crate) mod transaction;
pub(crate) mod usage;
pub(crate) mod usage_chain;
pub(crate) mod value;
pub(crate) mod whole;

#[cfg(test)]
mod tests;

use core::time::Duration;
use lictor_keys::KeyRing;
use lictor_shared::{Text, Uuid};
use rusqlite::Connection;
use std::path::{Path, PathBuf};

use crate::catalogue::Product;
use crate::error::Failure;
use crate::outcome::DryRun;
pub use events::Events;
pub(crate) use fault::OrFault;
use file_id::FileId;

/// How long an operation waits for another process that holds the ledger.
pub const PATIENCE: Duration = Duration::from_secs(5);

/// An open ledger.
#[derive(Debug)]
pub struct Ledger {
    connection: Connection,
    path: PathBuf,
    /// The file that it was opened as.
    file: FileId,
    issuer: Text,
    id: Uuid,
    dry_run: Option<DryRun>,
    /// How long it waits for others that change it.
    patience: Duration,
}

impl Ledger {
    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The issuer whose ledger it is.
    #[must_use]
    pub const fn issuer(&self) -> &Text {
        &self.issuer
    }

    /// The id that it got when it was made.
    #[must_use]
    pub const fn id(&self) -> Uuid {
        self.id
    }

    /// The events from number `from` on, in order. Each is checked against the columns that are drawn from it.
    #[must_use]
    pub const fn events(&self, from: u64) -> Events<'_> {
        Events::new(&self.connection, from)
    }

    /// Whether its file still bears the name under which it was opened.
    ///
    /// # Errors
    /// [`FailureKind::Conflict`](crate::FailureKind::Conflict) if it was replaced or moved.
    pub fn is_in_place(&self) -> Result<(), Failure> {
        self.file.still_bears(&self.path)
    }

    /// The keys, in the order in which they joined.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub fn key_ring(&self) -> Result<KeyRing, Failure> {
        keys::ring(&self.connection)
    }

    /// The catalogue, by name.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub fn products(&self) -> Result<Vec<Product>, Failure> {
        products::all(&self.connection)
    }

    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }
}
