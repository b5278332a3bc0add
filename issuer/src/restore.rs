//! Restoring a ledger from a backup: the copy is checked first, the ledger in its place is kept aside, and new licenses
//! get a list of their own, since indices may have been handed out that the backup knows nothing of.

mod place;
mod used;

use lictor_shared::json::Value;
use lictor_shared::{Uri, hex};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use self::place::Place;
use crate::check::{Checked, check};
use crate::durable::{TemporaryFolder, cannot_read, cannot_write};
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::ledger::{Ledger, entries, fault};
use crate::occasion::Occasion;
use crate::outcome::{DryRun, Outcome};

/// What is done with a ledger that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    /// It stays, unless it is damaged.
    Keep,
    /// It makes way, and is kept aside.
    Replace,
}

/// A ledger that was restored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Restored {
    /// What the backup held.
    pub backup: Checked,
    /// Where the ledger lies that was there before, if there was one.
    pub aside: Option<PathBuf>,
    /// The list of new licenses.
    pub status_uri: Uri,
    /// The number of the event.
    pub event: u64,
    /// Of a dry run what would have been recorded; then nothing was restored.
    pub dry_run: Option<DryRun>,
}

/// Puts a backup in the place of a home's ledger, opens the list `status_uri` for new licenses and sets it in
/// `lictor.toml`.
///
/// # Errors
/// [`FailureKind::Conflict`] if the ledger in place is whole and to be kept, if the backup is another issuer's, or if the
/// list is not a new one; [`FailureKind::Ledger`] if the backup is damaged or a process holds the ledger;
/// [`FailureKind::CannotWrite`]. Then the home is as it was.
pub fn restore(
    home: &Home,
    backup: &Path,
    status_uri: &Uri,
    present: Present,
    occasion: &Occasion,
) -> Result<Restored, Failure> {
    let path = home.ledger_path();
    let replaced = look_at(home, present)?;
    let mut taken = used::configured(home);
    match &replaced {
        Some(ledger) => used::add(ledger, &mut taken)?,
        None => used::add_from_ruins(home, &mut taken),
    }
    let place = Place::new(&path, occasion.at);
    if replaced.is_some() {
        // Closed, so that all of it is in its one file.
        drop(replaced);
        place.refuse_if_open()?;
    }
    let building = TemporaryFolder::beside(&path)?;
    let copy = building.path().join("ledger.db");
    let digest = copy_of(backup, &copy)?;
    let aside = place.would_set_aside();
    let restored = prepare(home, &Copied { path: &copy, digest, aside }, status_uri, taken, occasion)
        .map_err(|failure| of_backup(failure, backup, &copy))?;
    if restored.dry_run.is_some() {
        return Ok(restored);
    }
    File::open(&copy).and_then(|file| file.sync_all()).map_err(cannot_write(&path))?;
    let aside = place.set_aside()?;
    if let Err(failure) = home.set_status_uri(status_uri) {
        place.take_back(aside.as_deref());
        return Err(failure);
    }
    // A crash before this line leaves the old ledger with a new list, which harms nothing; after it the backup counts.
    place.put(&copy)?;
    Ok(restored)
}

/// The ledger that would be replaced, if it is whole; `None` if there is none or it is damaged.
fn look_at(home: &Home, present: Present) -> Result<Option<Ledger>, Failure> {
    let found = home.ledger().and_then(|ledger| check(&ledger).map(|_| ledger));
    match found {
        Ok(ledger) if present == Present::Replace => Ok(Some(ledger)),
        Ok(ledger) => Err(Failure::new(
            FailureKind::Conflict,
            format!("The ledger {} is whole; it was left as it is.", ledger.path().display()),
        )
        .hint(
            "Whatever was issued since the backup would be forgotten. To replace it all the same: --replace",
        )),
        Err(failure) if failure.kind == FailureKind::Ledger && !fault::is_held(&failure) => Ok(None),
        Err(failure) => Err(failure),
    }
}

/// A copy of the backup, and where the ledger goes that makes way for it.
struct Copied<'p> {
    path: &'p Path,
    digest: String,
    aside: Option<PathBuf>,
}

/// Copies a backup, and what may lie in a log beside it; the SHA-256 of the backup.
fn copy_of(backup: &Path, copy: &Path) -> Result<String, Failure> {
    let log = |path: &Path| {
        let mut log = path.as_os_str().to_owned();
        log.push("-wal");
        PathBuf::from(log)
    };
    if log(backup).exists() {
        place::copy(&log(backup), &log(copy))?;
    }
    place::copy(backup, copy)?;
    digest(copy).map_err(cannot_read(backup))
}

/// SHA-256 of a file, in hex.
pub(crate) fn digest(path: &Path) -> io::Result<String> {
    let mut file = BufReader::new(File::open(path)?);
    let mut hash = Sha256::new();
    loop {
        let read = file.fill_buf()?;
        if read.is_empty() {
            return Ok(hex(&hash.finalize()));
        }
        hash.update(read);
        let length = read.len();
        file.consume(length);
    }
}

/// Checks the copy, opens the new list in it and records that it was restored. It is closed afterwards.
fn prepare(
    home: &Home,
    copy: &Copied<'_>,
    status_uri: &Uri,
    mut taken: used::Uris,
    occasion: &Occasion,
) -> Result<Restored, Failure> {
    let mut ledger = home.ledger_at(copy.path)?;
    let checked = check(&ledger)?;
    used::add(&ledger, &mut taken)?;
    used::refuse(status_uri, &taken)?;
    let transaction = ledger.begin(occasion)?;
    let facts = Facts::new([
        ("statusUri", status_uri.as_str().into()),
        ("backupSha256", copy.digest.as_str().into()),
        ("backupEvents", checked.events.into()),
    ]);
    let event = transaction.record(EventKind::LedgerRestored, facts)?;
    entries::list(transaction.connection(), status_uri)?;
    let (aside, event_seq) = (copy.aside.clone(), event.seq());
    let restored =
        Restored { backup: checked, aside, status_uri: status_uri.clone(), event: event_seq, dry_run: None };
    // Of the copy only: nobody sees it before it is in its place.
    transaction.commit(event, &restored)?;
    Ok(Restored { dry_run: ledger.dry_run().cloned(), ..restored })
}

impl Outcome for Restored {
    fn answer(&self) -> Value {
        let aside = self.aside.as_ref().map(|aside| aside.display().to_string());
        Value::object([
            ("aside", aside.into()),
            ("statusUri", self.status_uri.as_str().into()),
            ("events", self.backup.events.into()),
            ("licenses", self.backup.licenses.into()),
            ("event", self.event.into()),
        ])
    }
}

/// What was wrong with the copy was wrong with the backup.
fn of_backup(failure: Failure, backup: &Path, copy: &Path) -> Failure {
    let (backup, copy) = (backup.display().to_string(), copy.display().to_string());
    let message = failure.message.replace(&copy, &backup);
    match failure.kind {
        FailureKind::Ledger => {
            let message = format!("{backup} cannot be restored; the home is as it was. {message}");
            Failure { message, ..failure }.hint("Take another backup.").with("path", backup)
        }
        _ => Failure { message, ..failure },
    }
}

/// Whether anything is there, whatever it is.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
