//! A copy of a ledger while it is in use, whole and checked, in one file.

use rusqlite::Connection;
use std::fs::{File, OpenOptions};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use super::Ledger;
use super::fault::OrFault;
use crate::check::{Checked, check};
use crate::durable::{self, Existing, TemporaryFolder, cannot_write};
use crate::error::{Failure, FailureKind};

/// A copy of what was committed when it began; others go on writing meanwhile. The target must be empty or absent.
const COPY: &str = "VACUUM INTO ?1";

impl Ledger {
    /// Writes a copy into a file while others go on using the ledger. The copy is opened and
    /// [checked](check) before it gets its name; after `Ok` it is on disk, after a failure nothing of
    /// it is there, unless it took the place of another one already: then the message says so.
    ///
    /// # Errors
    /// [`FailureKind::Conflict`] if the name is taken, [`FailureKind::CannotWrite`] if it cannot be written,
    /// [`FailureKind::Ledger`] if the copy is not as it should be, so neither is the ledger.
    pub fn backup(&self, path: &Path, existing: Existing) -> Result<Checked, Failure> {
        if existing == Existing::Keep && path.symlink_metadata().is_ok() {
            return Err(durable::taken(path));
        }
        // Beside its place, on the same disk. What a crash leaves is a hidden folder that nothing reads.
        let building = TemporaryFolder::beside(path)?;
        let copy = building.path().join("ledger.db");
        create_empty(&copy, path)?;
        copy_into(&self.connection, &copy, path)?;
        File::open(&copy).and_then(|file| file.sync_all()).map_err(cannot_write(path))?;
        let checked = check(&Self::open_settled(&copy)?)?;
        // Before this line there is no backup, after it there is a whole one.
        durable::name(&copy, path, existing)?;
        Ok(checked)
    }
}

/// Before SQLite sees it, so that it is readable by its owner only from the first byte on.
fn create_empty(copy: &Path, path: &Path) -> Result<(), Failure> {
    let created = OpenOptions::new().write(true).create_new(true).mode(0o600).open(copy);
    created.map(drop).map_err(cannot_write(path))
}

fn copy_into(connection: &Connection, copy: &Path, path: &Path) -> Result<(), Failure> {
    let shown = path.display();
    let target = copy.to_str().ok_or_else(|| {
        Failure::new(
            FailureKind::CannotWrite,
            format!("{shown} cannot be written: SQLite takes only names in UTF-8."),
        )
        .hint("Name another folder.")
    })?;
    match connection.execute(COPY, [target]).or_fault() {
        Ok(_) => Ok(()),
        // It is the copy that does not fit, not the ledger.
        Err(failure) if failure.kind == FailureKind::CannotWrite => {
            let message = format!("The backup {shown} cannot be written.");
            Err(Failure { message, ..failure }
                .hint("Make room on its disk, or write elsewhere, and repeat the command."))
        }
        Err(failure) => Err(failure),
    }
}
