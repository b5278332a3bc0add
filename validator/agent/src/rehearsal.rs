//! A store in which everything can be tried and nothing is kept, so that looking ahead leaves no trace in the state.

use lictor_validator::host::{Folder, StateStore, StoreError, Swap};
use rustix::fs::{Access, access};
use rustix::io::Errno;
use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A folder that is read, and what would have been written to it; `None`: removed.
#[derive(Debug)]
pub(crate) struct Rehearsal {
    folder: Folder,
    changes: Mutex<BTreeMap<String, Option<Vec<u8>>>>,
}

impl Rehearsal {
    pub(crate) const fn over(folder: Folder) -> Self {
        Self { folder, changes: Mutex::new(BTreeMap::new()) }
    }

    fn changes(&self) -> MutexGuard<'_, BTreeMap<String, Option<Vec<u8>>>> {
        self.changes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl StateStore for Rehearsal {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        match self.changes().get(name) {
            Some(changed) => Ok(changed.clone()),
            None => self.folder.read(name),
        }
    }

    fn swap(&self, name: &str, old: Option<&[u8]>, new: Option<&[u8]>) -> Result<Swap, StoreError> {
        if self.read(name)?.as_deref() != old {
            return Ok(Swap::Taken);
        }
        self.changes().insert(name.into(), new.map(Into::into));
        Ok(Swap::Done)
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        let changes = self.changes();
        let mut names = self.folder.names()?;
        names.retain(|name| !changes.contains_key(name));
        let written = changes.iter().filter(|(_, bytes)| bytes.is_some());
        names.extend(written.map(|(name, _)| name.clone()));
        Ok(names)
    }

    fn writable(&self) -> Result<(), StoreError> {
        let path = self.folder.path();
        match access(path, Access::WRITE_OK) {
            // The real one would be made.
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(StoreError::new(format!("{} cannot be written to: {error}", path.display()))),
        }
    }

    fn stamp(&self) -> Option<u64> {
        None
    }
}
