//! How a key's life goes on. It only moves forward, and what is not allowed says so.

use core::fmt;
use lictor_shared::{Products, Thumbprint, Timestamp};

use super::{KeyRecord, KeyRing};
use crate::purpose::KeyPurpose;
use crate::standing::KeyStanding;
use crate::state::KeyState;

/// A step in the life of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyStep {
    /// It begins to sign.
    Activate,
    /// It stops.
    Retire,
    /// It leaked.
    Distrust,
    /// Its private half is given up.
    Destroy,
}

/// Whether anything is known that a key signed. One that never was active may have signed as well, before it was imported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Past {
    /// Nothing is.
    Blank,
    /// Something is, which shall stay valid.
    Signed,
}

impl Past {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Blank, Self::Signed];
}

impl KeyStep {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Activate, Self::Retire, Self::Distrust, Self::Destroy];

    /// Why a key that stands so does not take this step; `None` if it may.
    #[must_use]
    pub const fn refused(self, standing: KeyStanding, past: Past) -> Option<&'static str> {
        match (self, standing) {
            // Its public half would ship no more, and what it signed would be refused.
            (Self::Destroy, KeyStanding::Next) if matches!(past, Past::Signed) => {
                Some("what it signed stays valid only if it is retired first")
            }
            (Self::Retire, KeyStanding::Next) if matches!(past, Past::Signed) => None,
            (Self::Activate, KeyStanding::Next)
            | (Self::Retire, KeyStanding::Active)
            | (Self::Distrust, _)
            | (Self::Destroy, KeyStanding::Next | KeyStanding::Retired | KeyStanding::Distrusted) => None,
            (Self::Activate | Self::Retire, KeyStanding::Destroyed) => Some("its private half is gone"),
            (Self::Activate | Self::Retire, KeyStanding::Distrusted) => Some("it signs no more"),
            (Self::Activate, KeyStanding::Active) => Some("it is not activated twice"),
            (Self::Activate, KeyStanding::Retired) => Some("a key only moves forward, and never signs again"),
            (Self::Retire, KeyStanding::Next) => Some("it has signed nothing that could be kept valid"),
            (Self::Retire, KeyStanding::Retired) => Some("it is not retired twice"),
            (Self::Destroy, KeyStanding::Active) => Some("what signs is not destroyed"),
            (Self::Destroy, KeyStanding::Destroyed) => Some("there is nothing left to destroy"),
        }
    }
}

/// Why a step is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LifeError {
    /// No such key.
    #[error("the key {0} is not in the ring")]
    Unknown(
        /// Its thumbprint.
        Thumbprint,
    ),
    /// The key does not stand so that it could.
    #[error("the key {kid} is {standing}; {}", why(*.step, *.standing, *.past))]
    Forbidden {
        /// Its thumbprint.
        kid: Thumbprint,
        /// How it stands.
        standing: KeyStanding,
        /// Whether it has signed anything.
        past: Past,
        /// What was to be done.
        step: KeyStep,
    },
    /// A date of distrust may be brought forward, and is never put off.
    #[error(
        "the key {kid} is distrusted from {recorded} on already; {wanted} is not before that, and the date is never put off, since deployments may have learned of it"
    )]
    NotEarlier {
        /// Its thumbprint.
        kid: Thumbprint,
        /// The date that holds.
        recorded: Timestamp,
        /// The date that was wanted.
        wanted: Timestamp,
    },
}

const fn why(step: KeyStep, standing: KeyStanding, past: Past) -> &'static str {
    match step.refused(standing, past) {
        Some(why) => why,
        None => "",
    }
}

/// What nobody would sign for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// What.
    pub purpose: KeyPurpose,
    /// For which products. Status lists and checkpoints are of no product.
    pub products: Products,
}

impl fmt::Display for Gap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = self.purpose.signs();
        match &self.products {
            Products::Any => f.write_str(what),
            Products::Only(names) => {
                let names: Vec<&str> = names.iter().map(|name| name.as_str()).collect();
                write!(f, "{what} for {}", names.join(", "))
            }
        }
    }
}

impl KeyRing {
    /// A next key begins to sign, before every key that was activated earlier. Those stay active: if the new one is
    /// retired again they sign as before. `turn` grows with every activation.
    ///
    /// # Errors
    /// [`LifeError`] if the key is not next.
    pub fn activate(&mut self, kid: &Thumbprint, turn: u64) -> Result<&KeyRecord, LifeError> {
        let key = self.step(kid, KeyStep::Activate, Past::Blank)?;
        key.state = KeyState::Active;
        key.turn = Some(turn);
        Ok(key)
    }

    /// An active key signs no more. Of what it signed, that which is dated until `last` stays valid. An end that its
    /// window has already stays if it is the earlier one. A next key that signed elsewhere may end so too. A key of the log
    /// has no window: checkpoints bear no date.
    ///
    /// # Errors
    /// [`LifeError`] if the key is not active, nor next with a past.
    pub fn retire(&mut self, kid: &Thumbprint, last: Timestamp, past: Past) -> Result<&KeyRecord, LifeError> {
        let key = self.step(kid, KeyStep::Retire, past)?;
        key.state = KeyState::Retired;
        if key.is_of_log() {
            return Ok(key);
        }
        let last = key.not_after.map_or(last, |end| end.min(last));
        // A window that has not begun would end before it begins, which no reader of anchors takes.
        key.not_after = Some(key.not_before.map_or(last, |start| start.max(last)));
        Ok(key)
    }

    /// A key has leaked, whatever its state, a destroyed one too, since a copy of it may have been taken before: it signs
    /// no more, and from `after` on deployments take nothing of it.
    ///
    /// # Errors
    /// [`LifeError`] if it is distrusted already, unless `after` is earlier.
    pub fn distrust(&mut self, kid: &Thumbprint, after: Timestamp) -> Result<&KeyRecord, LifeError> {
        let key = self.step(kid, KeyStep::Distrust, Past::Blank)?;
        if let Some(recorded) = key.distrust_after
            && after >= recorded
        {
            return Err(LifeError::NotEarlier { kid: *kid, recorded, wanted: after });
        }
        key.distrust_after = Some(after);
        Ok(key)
    }

    /// The private half of a key is given up. Its public half stays, and ships for what it has signed.
    ///
    /// # Errors
    /// [`LifeError`] if the key is active, destroyed already, or next with a past.
    pub fn destroy(&mut self, kid: &Thumbprint, at: Timestamp, past: Past) -> Result<&KeyRecord, LifeError> {
        let key = self.step(kid, KeyStep::Destroy, past)?;
        key.destroyed_at = Some(at);
        Ok(key)
    }

    /// What nobody could sign if this key did not.
    #[must_use]
    pub fn gaps_without(&self, kid: &Thumbprint) -> Vec<Gap> {
        let Some(key) = self.find(kid) else { return Vec::new() };
        let others =
            |purpose| self.signing(purpose).filter(|other| other.public != key.public).collect::<Vec<_>>();
        let gap = |purpose: &KeyPurpose| {
            let products = uncovered(*purpose, &key.products, &others(*purpose))?;
            Some(Gap { purpose: *purpose, products })
        };
        key.purposes.iter().filter_map(gap).collect()
    }

    fn step(&mut self, kid: &Thumbprint, step: KeyStep, past: Past) -> Result<&mut KeyRecord, LifeError> {
        let key = self.records.iter_mut().find(|key| key.public.thumbprint() == *kid);
        let key = key.ok_or(LifeError::Unknown(*kid))?;
        let standing = key.standing();
        match step.refused(standing, past) {
            Some(_) => Err(LifeError::Forbidden { kid: *kid, standing, past, step }),
            None => Ok(key),
        }
    }
}

/// Of `products`, those that none of these keys speaks for.
fn uncovered(purpose: KeyPurpose, products: &Products, keys: &[&KeyRecord]) -> Option<Products> {
    if !purpose.is_of_products() {
        return keys.is_empty().then_some(Products::Any);
    }
    match products {
        Products::Any => {
            let any = keys.iter().any(|key| key.products == Products::Any);
            (!any).then_some(Products::Any)
        }
        Products::Only(names) => {
            let missing = |name: &&_| !keys.iter().any(|key| key.products.include(name));
            let missing: Vec<_> = names.iter().filter(missing).cloned().collect();
            (!missing.is_empty()).then_some(Products::Only(missing))
        }
    }
}
