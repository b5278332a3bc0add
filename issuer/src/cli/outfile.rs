//! The file that a command writes what it gives to.

mod private;

use clap::Args;
use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use crate::durable::{self, Existing, Readers};
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::occasion::{Intent, Occasion};

/// Where what a command gives is written.
#[derive(Args, Debug)]
pub(crate) struct OutFile {
    /// Write to this file, which must not exist yet [default: standard output]
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    #[command(flatten)]
    force: Force,
}

/// Whether a file that is there may go.
#[derive(Args, Debug)]
pub(crate) struct Force {
    /// Overwrite the file if it exists; never one with a private key
    #[arg(long)]
    force: bool,
}

/// As much of a file is looked at.
const LOOKED_AT: u64 = 64 * 1024;

impl OutFile {
    pub(crate) fn path(&self) -> Option<&Path> {
        self.out.as_deref()
    }

    /// Refuses a name that is taken by what may not go; what becomes of a file that may.
    pub(crate) fn may_take(&self, path: &Path, home: &Home) -> Result<Existing, Failure> {
        self.force.allows(path, home)?;
        Ok(self.force.existing())
    }

    /// Refuses a file that could not be written, or must not be, before anything is done for it.
    pub(crate) fn can_be_written(
        &self,
        home: &Home,
        bytes: usize,
        occasion: &Occasion,
    ) -> Result<(), Failure> {
        let Some(path) = &self.out else { return Ok(()) };
        self.force.allows(path, home)?;
        match occasion.intent {
            // Not even for a moment.
            Intent::DryRun => Ok(()),
            Intent::Make | Intent::MakeOnce(_) => durable::probe(path, bytes),
        }
    }

    pub(crate) const fn is_forced(&self) -> bool {
        self.force.is_given()
    }

    /// Refuses a file in the folder that was named if its name is taken by what may not go.
    pub(crate) fn allows(&self, path: &Path, home: &Home) -> Result<(), Failure> {
        self.force.allows(path, home)
    }

    /// Writes it for anyone to read, if a file was named; whether one was.
    pub(crate) fn write(&self, home: &Home, bytes: &[u8]) -> Result<Option<&Path>, Failure> {
        let Some(path) = &self.out else { return Ok(None) };
        self.write_to(path, home, bytes)?;
        Ok(Some(path))
    }

    /// Writes one of several files into the folder that was named, unless it is there already, just so.
    pub(crate) fn write_as(&self, path: &Path, home: &Home, bytes: &[u8]) -> Result<(), Failure> {
        if durable::is_just_so(path, bytes) { Ok(()) } else { self.write_to(path, home, bytes) }
    }

    fn write_to(&self, path: &Path, home: &Home, bytes: &[u8]) -> Result<(), Failure> {
        self.force.allows(path, home)?;
        match self.force.force {
            true => durable::replace(path, bytes, Readers::Anyone),
            false => durable::create(path, bytes, Readers::Anyone),
        }
    }

    /// The same for a request that was carried out before: what was written then may be there already.
    pub(crate) fn write_again(&self, home: &Home, bytes: &[u8]) -> Result<Option<&Path>, Failure> {
        match &self.out {
            Some(path) if durable::is_just_so(path, bytes) => Ok(Some(path)),
            _ => self.write(home, bytes),
        }
    }
}

impl Force {
    /// What becomes of a file that is there, and may go.
    pub(crate) const fn existing(&self) -> Existing {
        if self.force { Existing::Replace } else { Existing::Keep }
    }

    pub(crate) const fn is_given(&self) -> bool {
        self.force
    }

    /// Refuses a name that is taken by what may not go.
    pub(crate) fn allows(&self, path: &Path, home: &Home) -> Result<(), Failure> {
        // Whether or not it is there: what a stranger to the ledger or the keys lays beside them is taken for theirs.
        if !path.is_dir() && home.owns(path) {
            return Err(refused(path, "belongs to the issuer's home", "name another file"));
        }
        self.allows_anywhere(path)
    }

    /// The same for a command that knows of no home.
    pub(crate) fn allows_anywhere(&self, path: &Path) -> Result<(), Failure> {
        const FORCE: &str = "name another file, or give --force to overwrite it";
        const SECRET: &str = "holds a private key, which --force does not overwrite";
        if path.symlink_metadata().is_err() {
            return Ok(());
        }
        if path.is_dir() {
            return Err(refused(path, "is a folder", "name a file"));
        }
        // Nothing is to take the place of a device, and whoever opens a pipe to read it waits.
        if path.metadata().is_ok_and(|found| !found.is_file()) {
            return Err(refused(path, "is a pipe or a device", "name another file"));
        }
        if !self.force {
            return Err(refused(path, "exists already", FORCE));
        }
        if holds_private_key(path) { Err(refused(path, SECRET, "name another file")) } else { Ok(()) }
    }
}

fn refused(path: &Path, why: &str, hint: &str) -> Failure {
    let shown = path.display().to_string();
    Failure::new(FailureKind::Conflict, format!("{shown} {why}; it was not touched"))
        .hint(hint)
        .with("path", shown)
}

fn holds_private_key(path: &Path) -> bool {
    let mut found = Vec::new();
    let read = fs::File::open(path).and_then(|file| file.take(LOOKED_AT).read_to_end(&mut found));
    // What cannot be read cannot be told from a key.
    read.is_err() || private::is_private_key(&found)
}
