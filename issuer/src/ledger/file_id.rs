//! Which file a name stands for: a ledger that was replaced goes on existing for whoever has it open.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use crate::error::{Failure, FailureKind};

/// A file, whatever its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct FileId {
    device: u64,
    inode: u64,
}

impl FileId {
    /// The file that bears this name now, if there is one.
    pub(crate) fn of(path: &Path) -> Option<Self> {
        path.metadata().ok().map(|found| Self { device: found.dev(), inode: found.ino() })
    }

    /// Refuses to go on if the name stands for another file now, or for none.
    pub(super) fn still_bears(self, path: &Path) -> Result<(), Failure> {
        if Self::of(path) == Some(self) {
            return Ok(());
        }
        let message = format!(
            "The ledger {} was replaced or moved while this command ran; nothing was done.",
            path.display()
        );
        Err(Failure::new(FailureKind::Conflict, message)
            .hint("Repeat the command: it then works with the ledger that is there now.")
            .with("path", path.display().to_string()))
    }
}
