//! Checkpoints: what the log's key signs, for others to remember.

use lictor_keys::{KeyPurpose, Signer};
use lictor_shared::Thumbprint;
use lictor_shared::json::Value;
use lictor_shared::log::{Checkpoint, NoteKey};
use rusqlite::Connection;

use super::key::{origin, origin_at};
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::key::signing_key;
use crate::ledger::{Ledger, checkpoints, keys, log};
use crate::occasion::{Intent, Occasion};
use crate::outcome::Outcome;
use crate::press::be_the_key;

/// A checkpoint that was signed, as the ledger keeps it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredCheckpoint {
    /// How many events it covers; its own is the last of them.
    pub size: u64,
    /// The key that signed it.
    pub kid: Thumbprint,
    /// The signed note (C2SP tlog-checkpoint).
    pub note: String,
}

/// A checkpoint of the log as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedCheckpoint {
    /// What it says.
    pub checkpoint: Checkpoint,
    /// As it is kept. Of a dry run the note is not signed.
    pub stored: StoredCheckpoint,
    /// The number of its event; `None`: nothing has happened since it was signed, and nothing was recorded.
    pub event: Option<u64>,
}

impl Outcome for SignedCheckpoint {
    fn answer(&self) -> Value {
        Value::object([
            ("origin", self.checkpoint.origin.as_str().into()),
            ("size", self.checkpoint.size.into()),
            ("root", self.checkpoint.root.to_string().into()),
            ("kid", self.stored.kid.to_string().into()),
            ("checkpoint", self.stored.note.as_str().into()),
            ("event", self.event.into()),
        ])
    }

    fn claims(&self) -> Vec<Value> {
        vec![self.checkpoint.to_string().into()]
    }
}

/// Signs a checkpoint of all events, its own the last of them. If nothing has happened since the last one, that one is
/// given again; what is asked for under a request's id is signed in any case, since its answer is kept beside its event.
///
/// # Errors
/// [`FailureKind::SigningNotConfigured`] if there is no key of the log, [`FailureKind::Conflict`] if the signer is another
/// one.
pub fn sign_checkpoint(
    ledger: &mut Ledger,
    signer: &dyn Signer,
    occasion: &Occasion,
) -> Result<SignedCheckpoint, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    if !matches!(occasion.intent, Intent::MakeOnce(_))
        && let Some(current) = current(connection)?
    {
        return Ok(current);
    }
    let ring = keys::ring(connection)?;
    let key = signing_key(&ring, KeyPurpose::Log, occasion.at)?;
    let name = NoteKey::new(&origin(connection)?, key.public.clone()).map_err(unexpected)?;
    let kid = key.public.thumbprint();
    // The event comes first, and so is covered by what it tells of.
    let size = log::edge(connection)?.size() + 1;
    let facts =
        Facts::new([("size", size.into()), ("kid", kid.to_string().into()), ("origin", name.name().into())]);
    let event = transaction.record(EventKind::CheckpointSigned, facts)?;
    let root = log::edge(connection)?.root();
    let checkpoint = Checkpoint { origin: name.name().into(), size: event.seq(), root };
    let note = if transaction.is_dry_run() {
        checkpoint.to_string()
    } else {
        be_the_key(signer, key)?;
        let note = checkpoint.sign(&name, |text| signer.sign(text))?.to_string();
        // As everybody reads it.
        match Checkpoint::read(note.as_bytes(), &name) {
            Ok(read) if read == checkpoint => note,
            Ok(_) => return Err(unexpected("it reads as another one")),
            Err(error) => return Err(unexpected(error)),
        }
    };
    let stored = StoredCheckpoint { size: event.seq(), kid, note };
    checkpoints::insert(connection, &stored)?;
    let signed = SignedCheckpoint { checkpoint, stored, event: Some(event.seq()) };
    // After this line the checkpoint is in the ledger and its event in the log. A crash before leaves neither, and what was
    // signed has left nobody's memory.
    transaction.commit(event, &signed)?;
    Ok(signed)
}

impl Ledger {
    /// The checkpoint that covers most.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub fn newest_checkpoint(&self) -> Result<Option<StoredCheckpoint>, Failure> {
        checkpoints::newest(self.connection())
    }

    /// The checkpoint that covers most, if it was signed under the name that the log has today. One from before a restoration is
    /// another log's: whoever has today's key cannot check it.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub fn newest_checkpoint_of_today(&self) -> Result<Option<StoredCheckpoint>, Failure> {
        let Some(newest) = self.newest_checkpoint()? else { return Ok(None) };
        let (then, today) = (origin_at(self.connection(), newest.size)?, origin(self.connection())?);
        Ok((then == today).then_some(newest))
    }

    /// The newest checkpoint, if nothing has happened since.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub fn current_checkpoint(&self) -> Result<Option<SignedCheckpoint>, Failure> {
        current(self.connection())
    }

    /// How many events no checkpoint covers.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub fn events_without_checkpoint(&self) -> Result<u64, Failure> {
        let size = log::edge(self.connection())?.size();
        Ok(size.saturating_sub(self.newest_checkpoint()?.map_or(0, |newest| newest.size)))
    }

    /// The first checkpoint that covers event number `seq`.
    ///
    /// # Errors
    /// [`Failure`] if the ledger cannot be read.
    pub fn checkpoint_covering(&self, seq: u64) -> Result<Option<StoredCheckpoint>, Failure> {
        checkpoints::covering(self.connection(), seq)
    }

    /// The key under which others know who signed this checkpoint: with the name that the log had then.
    ///
    /// # Errors
    /// [`FailureKind::Ledger`] if the ring has no such key of the log.
    pub fn note_key_of(&self, checkpoint: &StoredCheckpoint) -> Result<NoteKey, Failure> {
        note_key(self.connection(), checkpoint)
    }
}

fn note_key(connection: &Connection, checkpoint: &StoredCheckpoint) -> Result<NoteKey, Failure> {
    let ring = keys::ring(connection)?;
    let key = ring.find(&checkpoint.kid).filter(|key| key.is_of_log());
    let key = key.ok_or_else(|| damaged(format!("no key of the log is {}", checkpoint.kid)))?;
    NoteKey::new(&origin_at(connection, checkpoint.size)?, key.public.clone()).map_err(unexpected)
}

fn current(connection: &Connection) -> Result<Option<SignedCheckpoint>, Failure> {
    let size = log::edge(connection)?.size();
    let Some(stored) = checkpoints::of_size(connection, size)? else { return Ok(None) };
    let key = note_key(connection, &stored)?;
    let checkpoint = Checkpoint::read(stored.note.as_bytes(), &key)
        .map_err(|error| damaged(format!("the checkpoint of {size} events does not hold: {error}")))?;
    Ok(Some(SignedCheckpoint { checkpoint, stored, event: None }))
}

fn damaged(what: String) -> Failure {
    Failure::new(FailureKind::Ledger, format!("The ledger is damaged or was tampered with: {what}."))
        .hint(crate::ledger::fault::RESTORE)
}

fn unexpected(why: impl core::fmt::Display) -> Failure {
    Failure::new(FailureKind::Unexpected, format!("The checkpoint cannot be signed: {why}."))
}
