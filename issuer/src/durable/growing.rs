//! A file that is written bit by bit.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use super::temporary::TemporaryFolder;
use super::{Existing, Readers, cannot_write, name};
use crate::error::Failure;

/// A file that must not exist yet and is written bit by bit. Dropped before it is [finished](Self::finish), nothing of it is
/// there.
#[derive(Debug)]
pub struct Growing {
    pub(super) building: TemporaryFolder,
    file: BufWriter<File>,
    path: PathBuf,
}

impl Growing {
    /// Begins it.
    ///
    /// # Errors
    /// [`FailureKind::CannotWrite`](crate::FailureKind::CannotWrite) if the file system refuses.
    pub fn create(path: &Path, readers: Readers) -> Result<Self, Failure> {
        let building = TemporaryFolder::beside(path).map_err(|failure| renamed(failure, path))?;
        let file =
            OpenOptions::new().write(true).create_new(true).mode(readers.mode()).open(begun(&building));
        let file = BufWriter::new(file.map_err(cannot_write(path))?);
        Ok(Self { building, file, path: path.into() })
    }

    /// Writes what comes next.
    ///
    /// # Errors
    /// [`FailureKind::CannotWrite`](crate::FailureKind::CannotWrite) if the file system refuses.
    pub fn write(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        self.file.write_all(bytes).map_err(cannot_write(&self.path))
    }

    /// After `Ok` it is on disk, name included; after a failure it is not there.
    ///
    /// # Errors
    /// [`FailureKind::Conflict`](crate::FailureKind::Conflict) if the name is taken, [`FailureKind::CannotWrite`](crate::FailureKind::CannotWrite) if the file system refuses.
    pub fn finish(mut self, existing: Existing) -> Result<(), Failure> {
        let written = self.file.flush().and_then(|()| self.file.get_ref().sync_all());
        written.map_err(cannot_write(&self.path))?;
        name(&begun(&self.building), &self.path, existing)
    }
}

/// The file while it grows.
fn begun(building: &TemporaryFolder) -> PathBuf {
    building.path().join("file")
}

/// The name that was asked for, in place of one that nobody knows.
fn renamed(failure: Failure, path: &Path) -> Failure {
    match failure.source.and_then(|source| source.downcast::<io::Error>().ok()) {
        Some(error) => cannot_write(path)(*error),
        None => Failure { source: None, ..failure },
    }
}
