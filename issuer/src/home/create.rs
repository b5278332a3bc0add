//! Creating a home: all of it, or nothing.

use lictor_keys::KeyFolder;
use lictor_shared::{Text, Uri};
use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::{CONFIG, Config, Home, KEYS, LEDGER};
use crate::created::Created;
use crate::durable::{self, Readers, TemporaryFolder, cannot_read, cannot_write};
use crate::entropy;
use crate::error::{Failure, FailureKind, shell};
use crate::event::{Event, EventKind};
use crate::ledger::Ledger;
use crate::occasion::{Intent, Occasion};
use crate::outcome::DryRun;

impl Home {
    /// Creates a home, where nothing or an empty folder is. It is built beside its place and then given its name, so a
    /// crash or a full disk leaves no half of one.
    ///
    /// # Errors
    /// [`FailureKind::Conflict`] if something is there, [`FailureKind::CannotWrite`] if it cannot be written.
    pub fn init(path: &Path, issuer: Text, status_uri: Uri, occasion: &Occasion) -> Result<Self, Failure> {
        refuse_existing(path)?;
        if occasion.intent == Intent::DryRun {
            return Err(Failure::new(
                FailureKind::Unexpected,
                "A home is there or not, so none was created.",
            )
            .hint("Home::init_dry_run tells what creating it would record."));
        }
        durable::create_folders(durable::parent(path))?;
        // Until it is kept, a crash leaves at most a hidden folder `.NAME.RANDOM.tmp` that nothing reads.
        let building = TemporaryFolder::beside(path)?;
        let folder = building.path();
        KeyFolder::create(folder.join(KEYS))?;
        let config = Config::template(&issuer, &status_uri);
        durable::create(&folder.join(CONFIG), config.as_bytes(), Readers::Owner)?;
        let ledger = folder.join(LEDGER);
        // Closed at once: the last connection moves the write-ahead log into the database.
        drop(Ledger::create(&ledger, &issuer, &status_uri, occasion)?);
        File::open(&ledger).and_then(|file| file.sync_all()).map_err(cannot_write(&ledger))?;
        // Before this line there is no home, after it there is a whole one.
        building.keep(path)?;
        Self::open(path)
    }

    /// What [`Home::init`] would record now. Nothing is created.
    ///
    /// # Errors
    /// [`FailureKind::Conflict`] if something is there.
    pub fn init_dry_run(
        path: &Path,
        issuer: Text,
        status_uri: Uri,
        occasion: &Occasion,
    ) -> Result<DryRun, Failure> {
        refuse_existing(path)?;
        let created = Created { issuer, status_uri, ledger: entropy::uuid(occasion.at)? };
        let (body, _) = created.facts(occasion).into_body();
        let event = Event::new(1, occasion, EventKind::IssuerCreated, body.whole());
        Ok(DryRun { claims: Vec::new(), events: vec![event] })
    }
}

fn refuse_existing(path: &Path) -> Result<(), Failure> {
    let place = path.display().to_string();
    let exists = |what: &str, hint: String| {
        Failure::new(FailureKind::Conflict, format!("{place} {what}; it was left as it is."))
            .hint(hint)
            .with("path", place.clone())
    };
    let elsewhere = "Name another folder with --home.".to_owned();
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(cannot_read(path)(error)),
        Ok(_) if path.join(CONFIG).exists() => Err(exists(
            "is the home of an issuer already",
            format!("lictor key list --home {}", shell(&place)),
        )),
        Ok(metadata) if !metadata.is_dir() => Err(exists("is there already, and no folder", elsewhere)),
        Ok(_) => match fs::read_dir(path).map_err(cannot_read(path))?.next() {
            // It would vanish from under whoever stands in it.
            None if is_here(path) => Err(exists(
                "is the folder that you are in",
                "Name a folder in it that does not exist yet: lictor init --home home".to_owned(),
            )),
            None => Ok(()),
            Some(_) => Err(exists("is there already, and not empty", elsewhere)),
        },
    }
}

fn is_here(path: &Path) -> bool {
    let here = std::env::current_dir().and_then(fs::canonicalize);
    matches!((here, fs::canonicalize(path)), (Ok(here), Ok(path)) if here == path)
}
