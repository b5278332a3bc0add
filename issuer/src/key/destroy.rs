//! Giving up the private half of a key.

use lictor_keys::{KeyFolder, KeyRecord, KeyStanding, KeyStep, LifeError};
use lictor_shared::json::Value;
use lictor_shared::{Thumbprint, Timestamp};

use super::life::allowed;
use super::to_value;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::ledger::{Ledger, keys};
use crate::occasion::{Intent, Occasion};
use crate::outcome::Outcome;

/// A key whose private half is given up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DestroyedKey {
    /// The key as it is now.
    pub key: KeyRecord,
    /// What became of its file.
    pub file: KeyFile,
    /// The number of its event; `None`: it was recorded before, and only the file was left.
    pub event: Option<u64>,
}

/// What became of the file of a destroyed key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyFile {
    /// It was there and is gone.
    Removed,
    /// It was not there.
    Absent,
}

impl Outcome for DestroyedKey {
    fn answer(&self) -> Value {
        let mut answer = to_value(&self.key).as_object().cloned().unwrap_or_default();
        answer.insert("event".into(), self.event.into());
        answer.into()
    }
}

/// Destroys a key: the log says so first, then its file goes. What it signed stays valid.
///
/// If the program is killed in between, the key signs no more and its file is still there; destroying it again removes
/// the file and records nothing anew.
///
/// # Errors
/// [`FailureKind::Conflict`] if it is active, or destroyed and its file gone; [`FailureKind::CannotWrite`] if it is
/// recorded and the file cannot be removed.
pub fn destroy_key(
    home: &Home,
    ledger: &mut Ledger,
    kid: &Thumbprint,
    occasion: &Occasion,
) -> Result<DestroyedKey, Failure> {
    let folder = home.keys()?;
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let mut ring = keys::ring(connection)?;
    if let Err(refused) = allowed(&ring, kid, KeyStep::Destroy) {
        drop(transaction);
        return left_over(&folder, &ring.find(kid).cloned(), refused, occasion);
    }
    let key = ring.destroy(kid, occasion.at)?.clone();
    let event = transaction.record(EventKind::KeyDestroyed, facts(kid, occasion.at))?;
    keys::update(connection, &key)?;
    let present = folder.contains(kid)?;
    let file = if present { KeyFile::Removed } else { KeyFile::Absent };
    let destroyed = DestroyedKey { key, file, event: Some(event.seq()) };
    // After this line the key never signs again, whether or not its file is there. Before, nothing has happened: were the
    // file removed first, a ledger that could not be written would leave a key lost and nobody told.
    transaction.commit(event, &destroyed)?;
    if occasion.intent != Intent::DryRun {
        // A crash before this is done leaves the file of a key that never signs again: it is told of by `key list`, and
        // goes when the command is repeated.
        remove_destroyed(&folder, kid)?;
    }
    Ok(destroyed)
}

/// Removes the file of a key that is recorded as destroyed.
///
/// # Errors
/// [`FailureKind::CannotWrite`] if it cannot be removed.
pub fn remove_destroyed(folder: &KeyFolder, kid: &Thumbprint) -> Result<KeyFile, Failure> {
    match folder.remove(kid) {
        Ok(true) => Ok(KeyFile::Removed),
        Ok(false) => Ok(KeyFile::Absent),
        Err(error) => {
            let path = folder.path_of(kid).display().to_string();
            let message = format!(
                "The key {kid} is recorded as destroyed, and its file could not be removed: {error}."
            );
            Err(Failure::new(FailureKind::CannotWrite, message)
                .hint(format!("Remove {path} yourself, or mend what keeps it and repeat the command."))
                .with("path", path)
                .because(error))
        }
    }
}

/// What was recorded and not carried out is carried out.
fn left_over(
    folder: &KeyFolder,
    key: &Option<KeyRecord>,
    refused: LifeError,
    occasion: &Occasion,
) -> Result<DestroyedKey, Failure> {
    let destroyed = key.as_ref().filter(|key| key.standing() == KeyStanding::Destroyed);
    let Some(key) = destroyed else { return Err(refused.into()) };
    let kid = key.public.thumbprint();
    if !folder.contains(&kid)? {
        return Err(refused.into());
    }
    if occasion.intent != Intent::DryRun {
        remove_destroyed(folder, &kid)?;
    }
    Ok(DestroyedKey { key: key.clone(), file: KeyFile::Removed, event: None })
}

fn facts(kid: &Thumbprint, at: Timestamp) -> Facts {
    Facts::new([("kid", kid.to_string().into()), ("destroyedAt", at.seconds().into())])
}
