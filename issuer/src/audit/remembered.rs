//! Checkpoints that somebody remembers, away from the ledger, against what the ledger says now.

use lictor_shared::log::{Checkpoint, CheckpointError, NoteError, NoteKey, SignedNote, TreeHash};

use super::key::{Origin, Restored};
use crate::error::{Failure, FailureKind};
use crate::ledger::Ledger;
use crate::ledger::fault::RESTORE;

/// A checkpoint that somebody kept, signed by a key of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    name: String,
    checkpoint: Checkpoint,
}

/// Whose signature a remembered checkpoint must bear.
#[derive(Clone, Copy, Debug)]
pub enum Trust<'k> {
    /// That of one of these keys, which came by another way than the ledger.
    Keys(&'k [NoteKey]),
    /// That of any key which the ledger calls one of its log. Whoever replaced the ledger may have replaced them too.
    Ledger,
}

impl Remembered {
    /// Reads a note that somebody kept; `name` is what it is called when there is something to say of it.
    ///
    /// # Errors
    /// [`FailureKind::CannotRead`] if it is no checkpoint, or not signed by a key that was given; [`FailureKind::Ledger`]
    /// if the ledger knows no key that signed it.
    pub fn read(ledger: &Ledger, name: &str, note: &[u8], trust: Trust<'_>) -> Result<Self, Failure> {
        let no = |error: CheckpointError| no_checkpoint(name, &error);
        let checkpoint = match trust {
            Trust::Keys(keys) => read_by(note, keys).map_err(no)?,
            Trust::Ledger => {
                let read = SignedNote::read(note).map_err(|error| no(error.into()))?;
                let origin = read.untrusted_text().lines().next().unwrap_or_default();
                let key = signed_by(ledger, origin, &read).map_err(|error| no(error.into()))?;
                Checkpoint::read(note, &key.ok_or_else(|| unknown_key(name))?).map_err(no)?
            }
        };
        Ok(Self { name: name.into(), checkpoint })
    }

    /// What it is called.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says.
    #[must_use]
    pub const fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    pub(crate) fn size(&self) -> u64 {
        self.checkpoint.size
    }

    pub(crate) fn has(&self, root: &TreeHash) -> bool {
        self.checkpoint.root == *root
    }

    /// How many of the events now are of the log that it is of: all, or those of the backup after which the log was another
    /// one. It vouches for no more.
    pub(crate) fn end(&self, origins: &[Origin], events: u64) -> Result<u64, Failure> {
        let origin = origins.iter().find(|origin| origin.name == self.checkpoint.origin);
        let restored = origin.ok_or_else(|| self.other_log(origins))?.restored;
        let end = restored.map_or(events, |restored| restored.events);
        match (self.size() <= end, restored) {
            (true, _) => Ok(end),
            (false, None) => Err(self.removed(events)),
            (false, Some(restored)) => Err(self.lost(restored)),
        }
    }

    fn other_log(&self, origins: &[Origin]) -> Failure {
        let last = origins.last().map_or("", |origin| &origin.name);
        let message = format!(
            "The checkpoint in {} is of the log {}, and this is {last}, which never was that one: it is another ledger, or one that was put in its place.",
            self.name, self.checkpoint.origin
        );
        self.failure(message)
            .hint("If the ledger was restored, name the checkpoint that was signed after it.")
    }

    fn removed(&self, events: u64) -> Failure {
        let size = self.size();
        let message = format!(
            "The log ends with event {events}, and the checkpoint in {} vouches for {size}: {} removed, or this is an old copy of the ledger.",
            self.name,
            range(events + 1, size, "was", "were"),
        );
        self.failure(message).with("events", events).hint(RESTORE)
    }

    fn lost(&self, restored: Restored) -> Failure {
        let (size, Restored { event, events }) = (self.size(), restored);
        let message = format!(
            "Event {event} restored the ledger from a backup that ended with event {events}, and the checkpoint in {} vouches for {size}: {} of the log before, and gone from this one.",
            self.name,
            range(events + 1, size, "is", "are"),
        );
        self.failure(message)
            .with("restoredBy", event)
            .hint("Whoever restored it should have the ledger that was kept aside, which has them.")
    }

    /// At least one event is another one than when it was signed. `agrees` is the largest that still holds, `stored` the size
    /// of a larger one in the ledger.
    pub(crate) fn changed(&self, agrees: Option<&Self>, stored: Option<u64>) -> Failure {
        let size = self.size();
        let mut message = format!(
            "The events 1 to {size} are not what the checkpoint in {} vouches for: at least one was changed, removed or put in.",
            self.name
        );
        let mut first = 1;
        if let Some(good) = agrees.filter(|good| good.size() > 0) {
            first = good.size() + 1;
            message += &format!(
                " Events 1 to {} are as the checkpoint in {} says, so it is one of {first} to {size}.",
                good.size(),
                good.name
            );
        }
        if let Some(stored) = stored {
            message += &format!(
                " The ledger's own checkpoint of {stored} events holds: either it is one of {} to {size}, or whoever did it has the key of the log.",
                stored + 1
            );
        }
        self.failure(message).with("first", first).with("last", size).hint(RESTORE)
    }

    fn failure(&self, message: String) -> Failure {
        Failure::new(FailureKind::Ledger, message)
            .with("checkpoint", self.name.as_str())
            .with("size", self.size())
    }
}

/// `event 7 was`, `events 7 to 9 were`.
fn range(first: u64, last: u64, is: &str, are: &str) -> String {
    if first == last { format!("event {first} {is}") } else { format!("events {first} to {last} {are}") }
}

/// By the first of these keys that signed it.
fn read_by(note: &[u8], keys: &[NoteKey]) -> Result<Checkpoint, CheckpointError> {
    let mut other = CheckpointError::Note(NoteError::NotSignedBy("any key that was given".into()));
    for key in keys {
        match Checkpoint::read(note, key) {
            Err(CheckpointError::Note(error @ NoteError::NotSignedBy(_))) => other = error.into(),
            read => return read,
        }
    }
    Err(other)
}

/// Of the keys that the ledger calls those of its log, the one that signed this under this name.
fn signed_by(ledger: &Ledger, origin: &str, note: &SignedNote) -> Result<Option<NoteKey>, NoteError> {
    let ring = ledger.key_ring().unwrap_or_default();
    for key in ring.records().iter().filter(|key| key.is_of_log()) {
        let key = NoteKey::new(origin, key.public.clone())?;
        match note.text_signed_by(&key) {
            Ok(_) => return Ok(Some(key)),
            Err(NoteError::NotSignedBy(_)) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(None)
}

fn no_checkpoint(name: &str, error: &CheckpointError) -> Failure {
    Failure::new(
        FailureKind::CannotRead,
        format!("{name} is no checkpoint to hold the ledger against: {error}"),
    )
    .hint("Name a file that lictor audit checkpoint wrote, and the key that lictor audit key gave with it.")
    .with("path", name)
}

fn unknown_key(name: &str) -> Failure {
    let message = format!(
        "The checkpoint in {name} is signed by no key that the ledger calls one of its log: it is another ledger's, or the ledger was put in the place of the one that it is of."
    );
    Failure::new(FailureKind::Ledger, message)
        .hint("Give the key that you have of the log with --key.")
        .with("checkpoint", name)
}
