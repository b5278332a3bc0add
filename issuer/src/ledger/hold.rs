//! A ledger that makes way for another one: nobody else reads or writes in it meanwhile, and all of it is in its one file.

use rusqlite::config::DbConfig;
use std::fs;
use std::path::{Path, PathBuf};

use super::Ledger;
use super::fault::OrFault;
use crate::error::{Failure, FailureKind};

/// Every lock that is taken from here on stays until the connection is closed.
const KEEP_LOCKS: &str = "PRAGMA locking_mode = EXCLUSIVE";
/// With [`KEEP_LOCKS`] this waits until nobody else has the ledger open, and then locks the file itself.
const TAKE_LOCK: &str = "BEGIN IMMEDIATE; ROLLBACK";
/// Moves what lies in the log into the file, and empties the log.
const DRAIN: &str = "PRAGMA wal_checkpoint(TRUNCATE)";

impl Ledger {
    /// Shuts everybody else out until this ledger is closed: who opens it waits before he has read a byte. After `Ok` its
    /// log is empty.
    ///
    /// # Errors
    /// [`FailureKind::Ledger`] if others have it open, and go on having it open.
    pub(crate) fn hold(&self) -> Result<(), Failure> {
        self.connection.execute_batch(KEEP_LOCKS).or_fault()?;
        self.connection.execute_batch(TAKE_LOCK).or_fault()?;
        self.drain()
    }

    /// From here on closing it touches nothing that bears its name, since another ledger takes that over.
    pub(crate) fn gives_up_its_name(&self) -> Result<(), Failure> {
        self.connection.set_db_config(DbConfig::SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, true).or_fault().map(drop)
    }

    /// Closes it. After `Ok` all of it is in its one file.
    pub(crate) fn settle(self) -> Result<(), Failure> {
        // Closing would do the same, and say nothing if it failed.
        self.drain()?;
        self.connection.close().map_err(|(_, error)| error).or_fault()
    }

    pub(super) fn drain(&self) -> Result<(), Failure> {
        let busy: i64 = self.connection.query_row(DRAIN, (), |row| row.get(0)).or_fault()?;
        let left = fs::metadata(log_of(&self.path)).map_or(0, |log| log.len());
        if busy == 0 && left == 0 {
            return Ok(());
        }
        let message = format!("The log of the ledger {} cannot be moved into it.", self.path.display());
        Err(Failure::new(FailureKind::CannotWrite, message)
            .hint("Look at the disk that it lies on, and repeat the command."))
    }
}

/// Where SQLite keeps the log of a ledger.
pub(crate) fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}
