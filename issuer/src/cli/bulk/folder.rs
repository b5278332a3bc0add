//! A folder that gets a file for each row.

use lictor_shared::Artefact as _;
use lictor_shared::{License, Text, armor};
use std::path::{Path, PathBuf};

use crate::bulk::Made;
use crate::cli::outfile::OutFile;
use crate::cores;
use crate::durable::{self, Readers};
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::undisturbed::Undisturbed;

/// Where the files go.
pub(crate) struct Folder<'a> {
    pub(crate) path: &'a Path,
    pub(crate) out: &'a OutFile,
    pub(crate) home: &'a Home,
}

impl Folder<'_> {
    /// The file of a row.
    pub(super) fn file(&self, request: &Text) -> PathBuf {
        self.path.join(format!("{request}.lic"))
    }

    /// Refuses a name that is taken by something else than what is written there.
    pub(super) fn expect(&self, request: &Text, made: Option<&Made>) -> Result<(), Failure> {
        let path = self.file(request);
        let Ok(found) = path.symlink_metadata() else { return Ok(()) };
        let own = made.and_then(armored);
        if found.is_file() && own.is_some_and(|own| is_begun(&path, own.as_bytes())) {
            return Ok(());
        }
        let is_for_force = made.is_some() && found.is_file() && !self.out.is_forced();
        self.out.allows(&path, self.home).map_err(|failure| match is_for_force {
            true => differs(&path),
            false => failure,
        })
    }

    /// Makes the folder, and makes sure that it can be written, before anything is signed.
    pub(crate) fn open(&self) -> Result<(), Failure> {
        if self.home.owns(self.path) {
            let path = self.path.display().to_string();
            return Err(Failure::new(
                FailureKind::Conflict,
                format!("{path} belongs to the issuer's home; nothing was done"),
            )
            .hint("name another folder")
            .with("path", path));
        }
        durable::create_folders(self.path)?;
        durable::probe(&self.path.join("lictor"), License::TOKEN_BYTES)
    }

    /// Writes what is not there, on all cores. It is on disk when [`Self::finish`] says so.
    pub(super) fn write(&self, made: &[Made]) -> Result<(), Failure> {
        let write = |made: &Made| {
            let Some(text) = armored(made) else { return Ok(()) };
            let path = self.file(&made.request);
            if durable::is_just_so(&path, text.as_bytes()) {
                return Ok(());
            }
            durable::put_soon(&path, text.as_bytes(), Readers::Anyone)
        };
        // The threads that write take the mask of this one.
        let _whole = Undisturbed::begin();
        cores::each(made.iter().map(Ok), write, |written| written)
    }

    /// After this all files are on disk, their names included.
    pub(crate) fn finish(&self) -> Result<(), Failure> {
        durable::sync_all_of(self.path)
    }
}

fn armored(made: &Made) -> Option<String> {
    made.token.as_deref().map(|token| armor::wrap(License::LABEL, token))
}

/// Whether a file holds what it should, or as much of it as was on disk when the power failed: what is missing is not there, or
/// zero.
pub(crate) fn is_begun(path: &Path, whole: &[u8]) -> bool {
    let Some(found) = durable::found(path) else { return false };
    found.len() <= whole.len() && found.iter().zip(whole).all(|(found, whole)| found == whole || *found == 0)
}

fn differs(path: &Path) -> Failure {
    let path = path.display().to_string();
    let message = format!("{path} exists already, and is not the license of this row; it was not touched");
    Failure::new(FailureKind::Conflict, message)
        .hint("name another folder, or give --force to overwrite it")
        .with("path", path)
}
