//! Restoring a ledger from a backup: the copy is checked first, the ledger in its place is kept aside, and new licenses
//! get a list of their own, since indices may have been handed out that the backup knows nothing of. What the replaced
//! ledger still tells of entries, decisions and keys is carried over, so that nobody is un-revoked and no key signs again
//! that has leaked or was given up.

mod carry;
mod erased;
mod keys;
mod past;
mod place;
mod replaced;

#[cfg(test)]
mod tests;

use lictor_keys::KeyRing;
use lictor_shared::json::Value;
use lictor_shared::{Thumbprint, Uri, hex};
use sha2::{Digest, Sha256};
use std::fs::{self, File};
use std::io::{self, BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use self::carry::Carried;
use self::keys::Steps;
use self::past::Past;
use self::place::Place;
pub use self::replaced::Memory;
use self::replaced::Replaced;
use crate::check::{Checked, check};
use crate::durable::{TemporaryFolder, cannot_read, cannot_write};
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::ledger::Ledger;
use crate::ledger::hold::log_of;
use crate::occasion::Occasion;
use crate::outcome::{DryRun, Outcome};

/// What is done with a ledger that is there already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Present {
    /// It stays, also if it is damaged.
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
    /// How much of what happened since the backup the replaced ledger told.
    pub memory: Memory,
    /// Entries of status lists that were handed out since the backup: they stay taken, and say what they said.
    pub handed_out: usize,
    /// How many of them are of activations of licenses that the backup knows: these go on working, and their seats are not
    /// counted any more.
    pub activations: usize,
    /// Entries that the backup knew as less severe: they stay revoked or suspended.
    pub stopped: usize,
    /// Licenses that the backup knew as less severe: they stay revoked or suspended.
    pub licenses: usize,
    /// Entries that are suspended or revoked in the backup and were not any more: they are so again.
    pub stopped_again: usize,
    /// Keys that were made since the backup, or went on in their lives: they are as they were.
    pub carried_keys: Vec<Thumbprint>,
    /// Licenses of customers who were erased since the backup: they are erased again.
    pub erased: usize,
    /// Whether the folder `keys/` has a key that the restored ledger knows.
    pub keys: Keys,
    /// The number of the event.
    pub event: u64,
    /// Of a dry run what would have been recorded; then nothing was restored.
    pub dry_run: Option<DryRun>,
}

/// Whether keys and ledger belong together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keys {
    /// A key that the ledger knows lies in the folder, or it knows none.
    AtHand,
    /// None of them does.
    Elsewhere,
}

/// Puts a backup in the place of a home's ledger, opens the list `status_uri` for new licenses and sets it in
/// `lictor.toml`.
///
/// # Errors
/// [`FailureKind::Conflict`] if there is a ledger and it is to be kept, if the backup is another issuer's or another
/// ledger's, or if the list is not a new one; [`FailureKind::Ledger`] if the backup is damaged or a process holds the
/// ledger; [`FailureKind::CannotWrite`]. Then the ledger is as it was, unless the message says otherwise.
pub fn restore(
    home: &Home,
    backup: &Path,
    status_uri: &Uri,
    present: Present,
    occasion: &Occasion,
) -> Result<Restored, Failure> {
    let path = place::of(home);
    refuse_itself(backup, &path)?;
    // No other restore in this home until this one has ended, however it ends.
    let _alone = place::alone(home)?;
    let building = TemporaryFolder::beside(&path)?;
    let copy = building.path().join("ledger.db");
    let of_copy = |failure| of_backup(failure, backup, &copy, &path);
    // Before the ledger is held: closing another handle of a file gives up the locks that a process has on it.
    let digest = copy_of(backup, &copy).map_err(of_copy)?;
    // From here until the end nobody else reads or writes in the ledger that makes way, if it can be opened at all. So
    // nothing is issued that this does not know of. A crash gives it free as it was.
    let replaced = Replaced::hold(home, &path, present)?;
    let place = Place::new(&path, occasion.at);
    let copied = Copied { path: &copy, digest, aside: place.would_set_aside() };
    let restored = prepare(home, &copied, status_uri, &replaced, occasion).map_err(of_copy)?;
    if restored.dry_run.is_some() {
        return Ok(restored);
    }
    File::open(&copy).and_then(|file| file.sync_all()).map_err(cannot_write(&path))?;
    // A crash from here on leaves a second name of the ledger that is there, which the next restore takes for its own.
    place.set_aside()?;
    // After this line the old ledger has a list that it has never used, which harms nothing. The other way round the
    // restored ledger would hand out indices of the old list.
    if let Err(failure) = home.set_status_uri(status_uri) {
        return Err(undone(home, &place, failure));
    }
    // The replaced ledger keeps its locks until its name is another's. A crash before the rename in here leaves the old
    // ledger with a new list, after it the backup counts: at every moment one of the two is there, whole.
    match replaced.makes_way().and_then(|log| place.put(&copy, log)) {
        Ok(()) => place.is_on_disk()?,
        Err(failure) => return Err(undone(home, &place, failure)),
    }
    Ok(restored)
}

/// The old ledger has kept its place, so its list is set again.
fn undone(home: &Home, place: &Place<'_>, failure: Failure) -> Failure {
    let old = &home.config().status_uri;
    let again = match home.status_uri() {
        Ok(now) if now == *old => Ok(()),
        _ => home.set_status_uri(old),
    };
    place.take_back();
    match again {
        Ok(()) => failure,
        Err(_) => {
            let message = format!(
                "{} The ledger is as it was, and lictor.toml may name the new list already, which harms nothing.",
                failure.message
            );
            Failure { message, ..failure }
        }
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
    if log_of(backup).exists() {
        place::copy(&log_of(backup), &log_of(copy))?;
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

/// Checks the copy, carries over what counts, opens the new list and records that it was restored. Afterwards all of it
/// is in one closed file, and has been read again.
fn prepare(
    home: &Home,
    copy: &Copied<'_>,
    status_uri: &Uri,
    replaced: &Replaced,
    occasion: &Occasion,
) -> Result<Restored, Failure> {
    let mut ledger = Ledger::open(copy.path)?;
    let checked = check(&ledger)?;
    replaced.is_of(home, &ledger, copy.path)?;
    let mut past = replaced.past(home)?;
    past.refuse(status_uri, home, &Past::of_backup(&ledger)?)?;
    // Licenses may have been issued with the list that lictor.toml names, whatever became of the ledger that knew them.
    past.lists.entry(home.config().status_uri.to_string()).or_default();
    let transaction = ledger.begin(occasion)?;
    let carried = Carried::compare(transaction.connection(), &past)?;
    let steps = Steps::compare(transaction.connection(), &past.keys)?;
    let facts = Facts::new([
        ("statusUri", status_uri.as_str().into()),
        ("backupSha256", copy.digest.as_str().into()),
        ("backupEvents", checked.events.into()),
        // What was signed since the backup is not in this log, so it is another one from here on.
        ("log", crate::entropy::uuid(occasion.at)?.to_string().into()),
    ]);
    let event = transaction.record(EventKind::LedgerRestored, steps.facts(carried.facts(facts)))?;
    carried.apply(transaction.connection())?;
    let last = steps.apply(&transaction, event)?;
    let (erased, last) = erased::erase_again(&transaction, &past.erasures, last)?;
    crate::ledger::entries::list(transaction.connection(), status_uri)?;
    let restored = Restored {
        backup: checked,
        aside: copy.aside.clone(),
        status_uri: status_uri.clone(),
        memory: replaced.memory(),
        handed_out: carried.handed_out.len(),
        activations: carried.handed_out.iter().filter(|entry| entry.is_activation()).count(),
        stopped: carried.stopped.len(),
        licenses: carried.decisions.len(),
        stopped_again: carried.reinstated,
        carried_keys: steps.keys(),
        erased,
        keys: at_hand(home, &crate::ledger::keys::ring(transaction.connection())?),
        event: event.seq(),
        dry_run: None,
    };
    // Of the copy only: nobody sees it before it is in its place.
    transaction.commit(last, &restored)?;
    if let Some(dry_run) = ledger.dry_run().cloned() {
        return Ok(Restored { dry_run: Some(dry_run), ..restored });
    }
    if erased > 0 {
        ledger.sweep_up()?;
    }
    let events = crate::ledger::events::last(ledger.connection())?;
    is_whole(ledger, copy.path, events)?;
    Ok(restored)
}

/// Closes the copy, and reads all of it again from its one file: what lies in a log beside it would be lost.
fn is_whole(ledger: Ledger, copy: &Path, events: u64) -> Result<(), Failure> {
    ledger.settle()?;
    let found = check(&Ledger::open_settled(copy)?)?.events;
    if found == events {
        return Ok(());
    }
    let message = format!("{} has {found} events after {events} were written.", copy.display());
    Err(Failure::new(FailureKind::CannotWrite, message).hint("Look at the disk, and repeat the command."))
}

fn at_hand(home: &Home, ring: &KeyRing) -> Keys {
    let files = home.keys().ok().and_then(|folder| folder.contents().ok()).unwrap_or_default().keys;
    let known = ring.records();
    match known.is_empty() || known.iter().any(|key| files.contains(&key.public.thumbprint())) {
        true => Keys::AtHand,
        false => Keys::Elsewhere,
    }
}

impl Outcome for Restored {
    fn answer(&self) -> Value {
        let aside = self.aside.as_ref().map(|aside| aside.display().to_string());
        let count = |number: usize| Value::from(u64::try_from(number).ok());
        Value::object([
            ("aside", aside.into()),
            ("statusUri", self.status_uri.as_str().into()),
            ("events", self.backup.events.into()),
            ("licenses", self.backup.licenses.into()),
            ("memory", self.memory.as_str().into()),
            ("handedOut", count(self.handed_out)),
            ("activations", count(self.activations)),
            ("stopped", count(self.stopped)),
            ("stoppedLicenses", count(self.licenses)),
            ("stoppedAgain", count(self.stopped_again)),
            (
                "keys",
                self.carried_keys.iter().map(|kid| kid.to_string().into()).collect::<Vec<Value>>().into(),
            ),
            ("erased", count(self.erased)),
            ("event", self.event.into()),
        ])
    }
}

/// What was wrong with the copy was wrong with the backup, or with the disk that the ledger is to lie on.
fn of_backup(failure: Failure, backup: &Path, copy: &Path, ledger: &Path) -> Failure {
    let [backup, copy, ledger] = [backup, copy, ledger].map(|path| path.display().to_string());
    let told_of = if failure.kind == FailureKind::CannotWrite { &ledger } else { &backup };
    let message = failure.message.replace(&copy, told_of);
    match failure.kind {
        FailureKind::Ledger => {
            let message = format!("{backup} cannot be restored; the home is as it was. {message}");
            Failure { message, ..failure }.hint("Take another backup.").with("path", backup)
        }
        FailureKind::CannotWrite => {
            let message = format!("The ledger {ledger} was not restored, and is as it was. {message}");
            Failure { message, ..failure }.with("path", ledger)
        }
        _ => Failure { message, ..failure },
    }
}

/// The ledger that is to make way is no backup of itself: nothing would be won, and a list would be given up.
fn refuse_itself(backup: &Path, ledger: &Path) -> Result<(), Failure> {
    match (backup.canonicalize(), ledger.canonicalize()) {
        (Ok(found), Ok(ledger)) if found == ledger => {
            let message = format!("{} is the ledger itself, and no backup of it.", backup.display());
            Err(Failure::new(FailureKind::Conflict, message)
                .hint("Name a file that lictor ledger backup wrote.")
                .with("path", backup.display().to_string()))
        }
        _ => Ok(()),
    }
}

/// Whether anything is there, whatever it is.
fn is_there(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}
