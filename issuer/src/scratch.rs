//! Folders for tests, each with a space in its name, removed afterwards.

use lictor_shared::{Text, Timestamp, Uri};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::ledger::Ledger;
use crate::occasion::{ClockSource, Occasion};

static NEXT: AtomicU32 = AtomicU32::new(0);

pub(crate) struct Scratch(PathBuf);

impl Scratch {
    pub(crate) fn new() -> Self {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("lictor issuer {} {number}", std::process::id()));
        std::fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    pub(crate) fn ledger(&self) -> (PathBuf, Ledger) {
        let path = self.path("ledger.db");
        let ledger = create(&path).unwrap();
        (path, ledger)
    }
}

impl Drop for Scratch {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.0);
    }
}

pub(crate) fn create(path: &Path) -> Result<Ledger, crate::Failure> {
    let uri = Uri::new("https://licensing.acme.example/status/0").unwrap();
    Ledger::create(path, &Text::new("acme-licensing").unwrap(), &uri, &occasion())
}

pub(crate) fn occasion() -> Occasion {
    let at = Timestamp::parse("2026-11-22T00:00:00Z").unwrap();
    Occasion::new(at, ClockSource::Given, Text::new("alice").unwrap())
}

/// An outcome of which nothing is said.
pub(crate) struct Unsaid;

impl crate::outcome::Outcome for Unsaid {
    fn answer(&self) -> lictor_shared::json::Value {
        lictor_shared::json::Value::object([])
    }
}
