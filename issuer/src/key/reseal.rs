//! The file of a key under another passphrase.

use lictor_keys::{KeyRecord, KeyStanding, Protection, Resealed};
use lictor_shared::Thumbprint;
use lictor_shared::json::Value;

use super::to_value;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::ledger::{Ledger, keys};
use crate::occasion::Occasion;
use crate::outcome::Outcome;

/// How a key file shall be sealed anew.
#[derive(Debug)]
pub struct Reseal {
    /// The key.
    pub kid: Thumbprint,
    /// Whether the new file asks for a passphrase.
    pub protection: Protection,
    /// The new file. A dry run needs none.
    pub sealed: Option<Resealed>,
}

/// A key whose file was sealed anew.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResealedKey {
    /// The key.
    pub key: KeyRecord,
    /// Whether its file asks for a passphrase.
    pub protection: Protection,
    /// The number of its event.
    pub event: u64,
}

impl Outcome for ResealedKey {
    fn answer(&self) -> Value {
        let mut answer = to_value(&self.key).as_object().cloned().unwrap_or_default();
        answer.insert("protection".into(), word(self.protection).into());
        answer.insert("event".into(), self.event.into());
        answer.into()
    }
}

/// Puts the new file in the place of the old one. A key file is there at every instant, and opens.
///
/// # Errors
/// [`FailureKind::NotFound`] if the ledger does not know the key, [`FailureKind::Conflict`] if it is destroyed,
/// [`FailureKind::CannotWrite`] if the file cannot be replaced.
pub fn reseal_key(
    home: &Home,
    ledger: &mut Ledger,
    reseal: &Reseal,
    occasion: &Occasion,
) -> Result<ResealedKey, Failure> {
    let (folder, kid) = (home.keys()?, reseal.kid);
    let transaction = ledger.begin(occasion)?;
    let ring = keys::ring(transaction.connection())?;
    let key = has_private_half(&ring, &kid)?.clone();
    let facts = Facts::new([("kid", kid.to_string().into()), ("protection", word(reseal.protection).into())]);
    let event = transaction.record(EventKind::KeyResealed, facts)?;
    let resealed = ResealedKey { key, protection: reseal.protection, event: event.seq() };
    if transaction.is_dry_run() {
        transaction.commit(event, &resealed)?;
        return Ok(resealed);
    }
    let before = folder.load(&kid)?;
    let sealed = reseal.sealed.as_ref().filter(|sealed| *sealed.kid() == kid).ok_or_else(|| {
        Failure::new(FailureKind::Unexpected, format!("There is no new file for the key {kid}."))
    })?;
    // After this line the file asks for the new passphrase. A crash here leaves the same key under it and no event: the
    // log never says of a passphrase that it was changed while the old one opens the file.
    let replaced = folder.replace(sealed).map_err(Failure::from);
    let done = replaced.and_then(|()| transaction.commit(event, &resealed));
    match done {
        Ok(()) => Ok(resealed),
        Err(failure) => {
            // What the log does not tell of has not happened; if this fails too, the new passphrase opens it.
            let back = folder.put_back(&kid, &before);
            Err(match back {
                Ok(()) => failure,
                Err(_) => failure.hint("The key file may ask for the new passphrase already; try both."),
            })
        }
    }
}

/// The key, unless its private half is gone.
///
/// # Errors
/// [`FailureKind::NotFound`] or [`FailureKind::Conflict`].
pub(crate) fn has_private_half<'r>(
    ring: &'r lictor_keys::KeyRing,
    kid: &Thumbprint,
) -> Result<&'r KeyRecord, Failure> {
    let key = ring.find(kid).ok_or(lictor_keys::LifeError::Unknown(*kid))?;
    if key.standing() != KeyStanding::Destroyed {
        return Ok(key);
    }
    Err(Failure::new(FailureKind::Conflict, format!("The key {kid} is destroyed; there is no file to seal."))
        .hint("lictor key list shows how the keys stand.")
        .with("kid", kid.to_string())
        .with("state", KeyStanding::Destroyed.as_str()))
}

/// The word for it in events and answers.
const fn word(protection: Protection) -> &'static str {
    match protection {
        Protection::Passphrase => "passphrase",
        Protection::None => "none",
    }
}
