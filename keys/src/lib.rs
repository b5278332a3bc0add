//! Custody of an issuer's Ed25519 signing keys: making them, sealing them into key files that OpenSSL opens, keeping
//! those files in a folder, and knowing which key signs now and which are trusted.
//!
//! ```
//! use lictor_keys::{Passphrase, PrivateKey, Signer, open, seal};
//!
//! let key = PrivateKey::generate()?;
//! let passphrase = Passphrase::new("correct horse battery staple")?;
//! let file = seal(&key, &passphrase)?;
//! assert!(file.starts_with("-----BEGIN ENCRYPTED PRIVATE KEY-----\n"));
//!
//! let opened = open(&file, Some(&passphrase))?;
//! let signature = opened.sign(b"header.payload")?;
//! assert!(key.public().verifies(b"header.payload", &signature));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Nothing here prompts, prints, exits, or reads the environment or the clock; the caller hands in passphrases and
//! times. What a key file is and how to live with one is told in [`custody`].

#[cfg(not(unix))]
compile_error!(
    "lictor-keys guards key files by their Unix owner and permission bits; other systems need a guard of their own"
);

mod algorithm;
mod cost;
pub mod custody;
mod error;
mod folder;
pub mod limits;
mod open;
mod passphrase;
mod pem;
mod private_key;
mod purpose;
mod read;
mod reseal;
mod ring;
mod seal;
mod signer;
mod standing;
mod state;

pub use error::KeyFileError;
pub use folder::{FolderContents, FolderError, KeyFolder};
pub use open::{Protection, open, open_expecting, protection};
pub use passphrase::{Passphrase, PassphraseError};
pub use private_key::{GenerateError, PrivateKey};
pub use purpose::KeyPurpose;
pub use read::read_key_file;
pub use reseal::Resealed;
pub use ring::{Gap, KeyRecord, KeyRing, KeyStep, LifeError, Past, RingError};
pub use seal::{SealError, seal, seal_plain};
pub use signer::{SignError, Signer, checked};
pub use standing::KeyStanding;
pub use state::{KeyState, UnknownState};
pub use zeroize::Zeroizing;
