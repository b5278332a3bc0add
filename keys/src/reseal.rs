//! A key file under another passphrase.

use core::fmt;
use zeroize::Zeroizing;

use crate::open::open_expecting;
use crate::passphrase::Passphrase;
use crate::private_key::PrivateKey;
use crate::seal::{SealError, seal, seal_plain};
use lictor_shared::Thumbprint;

/// The text of a key file that was opened again and holds the key, so that it may take the place of the one that is there.
pub struct Resealed {
    kid: Thumbprint,
    text: Zeroizing<String>,
}

impl fmt::Debug for Resealed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Resealed({})", self.kid)
    }
}

impl Resealed {
    /// Seals a key, or leaves it unencrypted, and opens what came out.
    ///
    /// # Errors
    /// [`SealError`] if it cannot be sealed, or does not open again.
    pub fn new(key: &PrivateKey, passphrase: Option<&Passphrase>) -> Result<Self, SealError> {
        let text = match passphrase {
            Some(passphrase) => Zeroizing::new(seal(key, passphrase)?),
            None => seal_plain(key)?,
        };
        let kid = key.public().thumbprint();
        open_expecting(&text, passphrase, &kid).map_err(SealError::NotOpened)?;
        Ok(Self { kid, text })
    }

    /// The key's thumbprint.
    #[must_use]
    pub const fn kid(&self) -> &Thumbprint {
        &self.kid
    }

    pub(crate) fn text(&self) -> &str {
        &self.text
    }
}
