//! The place of the ledger in the home: what is there makes way, what comes takes it.

use lictor_shared::Timestamp;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::is_there;
use crate::durable::{self, cannot_read, cannot_write, parent, sync_folder};
use crate::error::{Failure, FailureKind};

/// What SQLite keeps beside a ledger while it is open, and after a crash.
const BESIDE: [&str; 2] = ["-wal", "-shm"];

/// Where the ledger lies, and where the one that makes way will.
pub(super) struct Place<'p> {
    path: &'p Path,
    aside: PathBuf,
}

impl<'p> Place<'p> {
    pub(super) fn new(path: &'p Path, at: Timestamp) -> Self {
        let compact: String = at.to_string().chars().filter(|c| c.is_ascii_alphanumeric()).collect();
        Self { path, aside: with(path, &format!(".replaced-{compact}")) }
    }

    /// The last process that closes a ledger takes its log away; where one is left, somebody still writes.
    pub(super) fn refuse_if_open(&self) -> Result<(), Failure> {
        if !BESIDE.iter().any(|end| is_there(&with(self.path, end))) {
            return Ok(());
        }
        let message =
            format!("Another process holds the ledger {}, so it was not replaced.", self.path.display());
        Err(Failure::new(FailureKind::Ledger, message).hint(
            "Wait until it has finished, and repeat the command; `fuser -v` on ledger.db shows the process.",
        ))
    }

    /// Where the ledger that is there will lie afterwards; `None` if there is none.
    pub(super) fn would_set_aside(&self) -> Option<PathBuf> {
        is_there(self.path).then(|| self.aside.clone())
    }

    /// Gives the ledger that is there a second name, under which it stays; `None` if there is none.
    pub(super) fn set_aside(&self) -> Result<Option<PathBuf>, Failure> {
        if !is_there(self.path) {
            return Ok(None);
        }
        match fs::hard_link(self.path, &self.aside) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                return Err(durable::taken(&self.aside));
            }
            // The file systems of USB sticks know no links.
            Err(_) => copy(self.path, &self.aside)?,
        }
        sync_folder(parent(self.path))?;
        Ok(Some(self.aside.clone()))
    }

    /// The ledger has kept its place; its second name goes.
    pub(super) fn take_back(&self, aside: Option<&Path>) {
        // A second name that stays hinders nothing.
        let _ = aside.map(fs::remove_file);
    }

    /// Puts `copy` in its place. The old log goes aside first: SQLite would take it for the new ledger's.
    pub(super) fn put(&self, copy: &Path) -> Result<(), Failure> {
        for end in BESIDE {
            let (from, to) = (with(self.path, end), with(&self.aside, end));
            if is_there(&from) {
                fs::rename(&from, &to).map_err(cannot_write(&to))?;
            }
        }
        // At every moment one of the two is there, whole.
        fs::rename(copy, self.path).map_err(cannot_write(self.path))?;
        sync_folder(parent(self.path))
    }
}

/// Copies a file into one that must not exist yet, for its owner only. After `Ok` it is on disk.
pub(super) fn copy(from: &Path, to: &Path) -> Result<(), Failure> {
    let mut source = File::open(from).map_err(cannot_read(from))?;
    if !source.metadata().map_err(cannot_read(from))?.is_file() {
        let message = format!("{} is no file.", from.display());
        return Err(Failure::new(FailureKind::CannotRead, message).hint("Name a backup of a ledger."));
    }
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(to);
    let mut target = created.map_err(cannot_write(to))?;
    io::copy(&mut source, &mut target).and_then(|_| target.sync_all()).map_err(cannot_write(to))
}

/// The path with something behind its name.
fn with(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}
