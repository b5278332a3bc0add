//! A store that is no folder, as a product with a database would write it.

use lictor_validator::host::{StateStore, StoreError, Swap};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

/// A table that can be switched off and that counts what is asked of it.
#[derive(Clone, Default)]
pub(crate) struct Table(Arc<Inner>);

#[derive(Default)]
struct Inner {
    rows: Mutex<BTreeMap<String, Vec<u8>>>,
    version: AtomicU64,
    unreachable: AtomicBool,
    full: AtomicBool,
    reads: AtomicUsize,
    /// What somebody else does after the names were told, once.
    interruption: Mutex<Option<Box<dyn FnOnce() + Send>>>,
    /// Changes that are let through before the machine dies; 0: all of them.
    fuse: AtomicU64,
}

impl Table {
    /// With the files of a folder as its rows.
    pub(crate) fn of(folder: &Path) -> Self {
        let table = Self::default();
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_str().unwrap().to_string();
            if !name.starts_with('.') {
                table.put(&name, &fs::read(&path).unwrap());
            }
        }
        table
    }

    /// Writes a row behind the deployment's back.
    pub(crate) fn put(&self, name: &str, bytes: &[u8]) {
        self.0.rows.lock().unwrap().insert(name.into(), bytes.into());
        self.0.version.fetch_add(1, Ordering::SeqCst);
    }

    /// Takes a row away behind the deployment's back.
    pub(crate) fn take(&self, name: &str) {
        self.0.rows.lock().unwrap().remove(name);
        self.0.version.fetch_add(1, Ordering::SeqCst);
    }

    /// Lets somebody else do something after the names were told the next time.
    pub(crate) fn interrupt(&self, with: impl FnOnce() + Send + 'static) {
        *self.0.interruption.lock().unwrap() = Some(Box::new(with));
    }

    pub(crate) fn unreachable(&self, is: bool) {
        self.0.unreachable.store(is, Ordering::SeqCst);
    }

    pub(crate) fn full(&self, is: bool) {
        self.0.full.store(is, Ordering::SeqCst);
    }

    pub(crate) fn reads(&self) -> usize {
        self.0.reads.load(Ordering::SeqCst)
    }

    /// Lets so many changes happen and no more, as a crash would.
    pub(crate) fn dies_after(&self, changes: u64) {
        self.0.fuse.store(changes + 1, Ordering::SeqCst);
    }

    /// Comes up again.
    pub(crate) fn revives(&self) {
        self.0.fuse.store(0, Ordering::SeqCst);
    }

    pub(crate) fn rows(&self) -> BTreeMap<String, Vec<u8>> {
        self.0.rows.lock().unwrap().clone()
    }

    fn reach(&self) -> Result<(), StoreError> {
        self.0.reads.fetch_add(1, Ordering::SeqCst);
        let gone = self.0.unreachable.load(Ordering::SeqCst);
        if gone { Err(StoreError::new("the database is not there")) } else { Ok(()) }
    }

    fn burn(&self) -> Result<(), StoreError> {
        let burn = |fuse: u64| match fuse {
            0 => Some(0),
            1 => None,
            fuse => Some(fuse - 1),
        };
        let burnt = self.0.fuse.fetch_update(Ordering::SeqCst, Ordering::SeqCst, burn);
        burnt.map(drop).map_err(|_| StoreError::new("the machine is off"))
    }
}

impl StateStore for Table {
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.reach()?;
        Ok(self.0.rows.lock().unwrap().get(name).cloned())
    }

    fn swap(&self, name: &str, old: Option<&[u8]>, new: Option<&[u8]>) -> Result<Swap, StoreError> {
        assert!((1..=100).contains(&name.len()), "{name}");
        assert!(name.bytes().all(|byte| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-')), "{name}");
        self.writable()?;
        let mut rows = self.0.rows.lock().unwrap();
        if rows.get(name).map(Vec::as_slice) != old {
            return Ok(Swap::Taken);
        }
        self.burn()?;
        match new {
            Some(new) => rows.insert(name.into(), new.into()),
            None => rows.remove(name),
        };
        self.0.version.fetch_add(1, Ordering::SeqCst);
        Ok(Swap::Done)
    }

    fn names(&self) -> Result<Vec<String>, StoreError> {
        self.reach()?;
        let names = self.0.rows.lock().unwrap().keys().cloned().collect();
        let interruption = self.0.interruption.lock().unwrap().take();
        if let Some(interrupt) = interruption {
            interrupt();
        }
        Ok(names)
    }

    fn writable(&self) -> Result<(), StoreError> {
        self.reach()?;
        let full = self.0.full.load(Ordering::SeqCst);
        if full { Err(StoreError::new("the database is full")) } else { Ok(()) }
    }

    fn stamp(&self) -> Option<u64> {
        Some(self.0.version.load(Ordering::SeqCst))
    }
}
