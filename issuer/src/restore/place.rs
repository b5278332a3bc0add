//! The place of the ledger in the home: what is there makes way, what comes takes it.

use lictor_shared::Timestamp;
use std::fs::{self, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::is_there;
use crate::durable::{self, TemporaryFolder, cannot_read, cannot_write, parent, sync_folder};
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::file_id::FileId;

/// What SQLite keeps beside a ledger while it is open, and after a crash.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Ledgers that one second can set aside.
const MOST: usize = 100;

/// What lies in the log beside a ledger that makes way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Log {
    /// Nothing that is not in the ledger.
    Spent,
    /// Perhaps what nobody could read.
    Unread,
}

/// Where the ledger lies: where a link leads to, if it is one.
pub(super) fn of(home: &Home) -> PathBuf {
    let path = home.ledger_path();
    path.canonicalize().ok().filter(|_| path.is_symlink()).unwrap_or(path)
}

/// A lock on the home that only restoring takes, and that ends with this process whatever becomes of it.
pub(super) fn alone(home: &Home) -> Result<File, Failure> {
    let folder = File::open(home.path()).map_err(cannot_read(home.path()))?;
    match folder.try_lock() {
        Err(TryLockError::WouldBlock) => {
            Err(Failure::new(FailureKind::Ledger, "Another process restores this ledger just now.")
                .hint("Wait until it has finished, and look at what it did with: lictor ledger verify"))
        }
        // Where there are no such locks there is hardly a second one who restores.
        Ok(()) | Err(TryLockError::Error(_)) => Ok(folder),
    }
}

/// Where the ledger lies, and where the one that makes way will.
pub(super) struct Place<'p> {
    path: &'p Path,
    aside: PathBuf,
    /// Whether there is one.
    occupant: Option<FileId>,
}

impl<'p> Place<'p> {
    pub(super) fn new(path: &'p Path, at: Timestamp) -> Self {
        let compact: String = at.to_string().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        let occupant = FileId::of(path);
        let name = |number: usize| match number {
            1 => with(path, &format!(".replaced-{compact}")),
            _ => with(path, &format!(".replaced-{compact}-{number}")),
        };
        // A second name of this very ledger is that of a restore that was interrupted.
        let free =
            |aside: &PathBuf| !is_there(aside) || (occupant.is_some() && FileId::of(aside) == occupant);
        let aside = (1..MOST).map(name).find(free).unwrap_or_else(|| name(MOST));
        Self { path, aside, occupant }
    }

    /// Where the ledger that is there will lie afterwards; `None` if there is none.
    pub(super) fn would_set_aside(&self) -> Option<PathBuf> {
        is_there(self.path).then(|| self.aside.clone())
    }

    /// Gives the ledger that is there a second name, under which it stays.
    pub(super) fn set_aside(&self) -> Result<(), Failure> {
        if !is_there(self.path) || self.is_aside() {
            return Ok(());
        }
        match fs::hard_link(self.path, &self.aside) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(durable::taken(&self.aside));
            }
            // The file systems of USB sticks know no links.
            Err(_) => self.copy_aside()?,
        }
        sync_folder(parent(self.path))
    }

    fn is_aside(&self) -> bool {
        self.occupant.is_some() && FileId::of(&self.aside) == self.occupant
    }

    /// Whole or not at all: it gets its name when it is whole.
    fn copy_aside(&self) -> Result<(), Failure> {
        let building = TemporaryFolder::beside(&self.aside)?;
        let whole = building.path().join("ledger.db");
        // Reading it through a handle of our own gives up its locks when that is closed. So it is not: the process ends
        // soon after.
        core::mem::forget(copy_open(self.path, &whole)?);
        durable::rename(&whole, &self.aside)
    }

    /// The ledger has kept its place; its second name goes.
    pub(super) fn take_back(&self) {
        if self.is_aside() {
            // A second name that stays hinders nothing.
            let _ = fs::remove_file(&self.aside);
        }
    }

    /// Puts `copy` in its place. An old log goes first: SQLite would take it for the new ledger's.
    pub(super) fn put(&self, copy: &Path, log: Log) -> Result<(), Failure> {
        for end in BESIDE {
            let (from, to) = (with(self.path, end), with(&self.aside, end));
            match log {
                _ if !is_there(&from) => {}
                Log::Spent => fs::remove_file(&from).map_err(cannot_write(&from))?,
                Log::Unread => fs::rename(&from, &to).map_err(cannot_write(&to))?,
            }
        }
        // At every moment one of the two is there, whole.
        fs::rename(copy, self.path).map_err(cannot_write(self.path))
    }

    /// Makes the change of names durable. It has happened already, so a failure says that.
    pub(super) fn is_on_disk(&self) -> Result<(), Failure> {
        sync_folder(parent(self.path)).map_err(|failure| {
            let message = format!(
                "The backup is in the place of {}, but a power cut might still bring the old ledger back. {}",
                self.path.display(),
                failure.message
            );
            Failure { message, ..failure }.hint("Look at the disk; then: lictor doctor")
        })
    }
}

/// Copies a file into one that must not exist yet, for its owner only. After `Ok` it is on disk.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    copy_open(from, to).map(drop)
}

fn copy_open(from: &Path, to: &Path) -> Result<File, Failure> {
    let mut source = File::open(from).map_err(cannot_read(from))?;
    if !source.metadata().map_err(cannot_read(from))?.is_file() {
        let message = format!("{} is no file.", from.display());
        return Err(Failure::new(FailureKind::CannotRead, message).hint("Name a backup of a ledger."));
    }
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let mut target = created.map_err(cannot_write(to))?;
    io::copy(&mut source, &mut target).and_then(|_| target.sync_all()).map_err(cannot_write(to))?;
    Ok(source)
}

/// The path with something behind its name.
fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
