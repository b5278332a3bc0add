//! The issuer's home: a folder with `lictor.toml`, the key folder `keys/` and the ledger `ledger.db`.

mod config;
mod create;
mod unconfigured;

use core::time::Duration;
use lictor_keys::{FolderError, KeyFolder};
use lictor_shared::{Uri, limits};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

pub use config::Config;

use crate::durable::{self, Readers, cannot_read};
use crate::error::{Failure, FailureKind, shell};
use crate::ledger::{Ledger, PATIENCE};

const CONFIG: &str = "lictor.toml";
const KEYS: &str = "keys";
const LEDGER: &str = "ledger.db";

/// An issuer's home.
#[derive(Clone, Debug)]
pub struct Home {
    path: PathBuf,
    config: Config,
}

impl Home {
    /// Opens a home that exists. Keys and ledger are opened when they are asked for.
    ///
    /// # Errors
    /// [`FailureKind::NotFound`] if there is none, [`FailureKind::CannotRead`] if it cannot be read or `lictor.toml`
    /// is not as it must be, or is missing beside a ledger.
    pub fn open(path: &Path) -> Result<Self, Failure> {
        let text = read_config(path)?;
        Ok(Self { path: path.into(), config: Config::read(&path.join(CONFIG), &text)? })
    }

    /// The folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What `lictor.toml` says.
    #[must_use]
    pub const fn config(&self) -> &Config {
        &self.config
    }

    /// The key folder.
    ///
    /// # Errors
    /// [`FailureKind::CannotRead`] if it cannot be read, or if others may read keys; the message has the command that
    /// mends it.
    pub fn keys(&self) -> Result<KeyFolder, Failure> {
        let path = self.path.join(KEYS);
        KeyFolder::open(&path).map_err(|error| {
            let missing =
                matches!(&error, FolderError::Io { error, .. } if error.kind() == io::ErrorKind::NotFound);
            let failure = Failure::from(error);
            match missing {
                true => failure.hint("Restore the folder keys/ from a backup; the ledger stays as it is."),
                false => failure,
            }
        })
    }

    /// The ledger.
    ///
    /// # Errors
    /// As [`Ledger::open`], and [`FailureKind::Conflict`] if the ledger is another issuer's than `lictor.toml` says.
    pub fn ledger(&self) -> Result<Ledger, Failure> {
        self.ledger_with_patience(PATIENCE)
    }

    /// The same, with another time to wait for processes that hold the ledger.
    ///
    /// # Errors
    /// As [`Home::ledger`].
    pub fn ledger_with_patience(&self, patience: Duration) -> Result<Ledger, Failure> {
        self.own(Ledger::open_with_patience(&self.ledger_path(), patience)?)
    }

    /// Whether a path is the home, or one of the files that it consists of, or would be if it were there.
    pub(crate) fn owns(&self, path: &Path) -> bool {
        let (Ok(home), Some(found)) = (self.path.canonicalize(), place(path)) else { return false };
        let Ok(inside) = found.strip_prefix(&home) else { return false };
        let first = inside.components().next().map(|part| part.as_os_str().to_string_lossy().into_owned());
        first.is_none_or(|name| name == CONFIG || name == KEYS || is_of_ledger(&name, path))
    }

    /// Where the keys lie, or should.
    pub(crate) fn keys_path(&self) -> PathBuf {
        self.path.join(KEYS)
    }

    /// Where the ledger lies, or should.
    pub(crate) fn ledger_path(&self) -> PathBuf {
        self.path.join(LEDGER)
    }

    /// The list of new licenses as `lictor.toml` names it now, which may be another one than when the home was opened.
    pub(crate) fn status_uri(&self) -> Result<Uri, Failure> {
        Config::read(&self.path.join(CONFIG), &read_config(&self.path)?).map(|config| config.status_uri)
    }

    /// Sets the list of new licenses in `lictor.toml`, and leaves everything else in it as it is.
    pub(crate) fn set_status_uri(&self, uri: &Uri) -> Result<(), Failure> {
        let path = self.path.join(CONFIG);
        let text = Config::with_status_uri(&path, &read_config(&self.path)?, uri)?;
        durable::replace(&path, text.as_bytes(), Readers::Owner)
    }

    fn own(&self, ledger: Ledger) -> Result<Ledger, Failure> {
        let (configured, recorded) = (self.config.issuer.as_str(), ledger.issuer().as_str());
        if configured == recorded {
            return Ok(ledger);
        }
        let config = self.path.join(CONFIG);
        Err(Failure::new(
            FailureKind::Conflict,
            format!(
                "{} names the issuer {configured:?}, and the ledger belongs to {recorded:?}.",
                config.display()
            ),
        )
        .hint(format!("Set issuer = {recorded:?} again; an issuer of another name needs a home of its own."))
        .with("issuer", recorded))
    }
}

/// Where a file is, or would be.
fn place(path: &Path) -> Option<PathBuf> {
    let would_be = || Some(durable::parent(path).canonicalize().ok()?.join(path.file_name()?));
    path.canonicalize().ok().or_else(would_be)
}

/// The ledger, what SQLite keeps beside it, and what was set aside. A copy beside it may bear another end.
fn is_of_ledger(name: &str, path: &Path) -> bool {
    name.strip_prefix(LEDGER).is_some_and(|end| end.is_empty() || end.starts_with('-') || path.exists())
}

fn read_config(home: &Path) -> Result<String, Failure> {
    let path = home.join(CONFIG);
    let mut text = String::new();
    let most = u64::try_from(limits::FILE_BYTES).unwrap_or(u64::MAX);
    match File::open(&path).and_then(|file| file.take(most).read_to_string(&mut text)) {
        Ok(_) => Ok(text),
        Err(error) if error.kind() == io::ErrorKind::NotFound && home.join(LEDGER).is_file() => {
            Err(unconfigured::refusal(home))
        }
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
            let home = home.display().to_string();
            Err(Failure::new(FailureKind::NotFound, format!("There is no home of an issuer in {home}."))
                .hint(format!("lictor init --home {} --issuer NAME --status-uri URI", shell(&home)))
                .with("path", home))
        }
        Err(error) => Err(cannot_read(&path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::occasion::{ClockSource, Occasion};
    use crate::scratch::Scratch;
    use lictor_shared::{Text, Timestamp};
    use std::fs;

    #[test]
    fn a_home_owns_its_files_and_what_would_be_taken_for_them() {
        let (scratch, text) = (Scratch::new(), |text: &str| Text::new(text).unwrap());
        let at = Timestamp::parse("2026-11-22T00:00:00Z").unwrap();
        let occasion = Occasion::new(at, ClockSource::Given, text("alice"));
        let path = scratch.path("home");
        let home = Home::init(&path, text("acme"), Uri::new("urn:acme:0").unwrap(), &occasion).unwrap();
        fs::write(path.join("ledger.db.old"), "").unwrap();
        for (name, owned) in [
            ("", true),
            ("lictor.toml", true),
            ("ledger.db", true),
            ("keys/../ledger.db", true),
            ("ledger.db.old", true),
            ("keys", true),
            // Not there.
            ("ledger.db-journal", true),
            ("keys/new.txt", true),
            ("ledger.db.backup", false),
            ("acme.lic", false),
            ("../keys", false),
            ("none/keys/new.txt", false),
        ] {
            assert_eq!(home.owns(&path.join(name)), owned, "{name}");
        }
    }
}
