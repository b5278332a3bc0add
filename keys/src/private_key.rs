//! A private key in memory.

use core::fmt;
use ed25519_dalek::{Signer as _, SigningKey};
use lictor_shared::{KeyError, PublicKey};
use rand::TryRng as _;
use rand::rngs::{SysError, SysRng};
use zeroize::Zeroizing;

use crate::signer::{SignError, Signer, checked};

/// An Ed25519 private key (RFC 8032). It cannot be copied or printed, and its memory is wiped when it is dropped.
///
/// The one way to its bytes is sealing it: [`seal`](crate::seal) and [`seal_plain`](crate::seal_plain).
pub struct PrivateKey {
    // On the heap, so that moving the key leaves no copies behind on the stack. Wipes itself.
    signing: Box<SigningKey>,
    public: PublicKey,
}

/// Why no key could be made.
#[derive(Debug, thiserror::Error)]
pub enum GenerateError {
    /// The operating system gives no randomness.
    #[error("the operating system gives no randomness, so no key was made: {0}")]
    Random(SysError),
    /// The public key is none to trust. No seed is known to lead here.
    #[error("the new key was refused and dropped: {0}")]
    PublicKey(KeyError),
}

impl PrivateKey {
    /// Makes a new key from 32 bytes of the operating system's randomness.
    ///
    /// # Errors
    /// [`GenerateError`] if the operating system gives none.
    pub fn generate() -> Result<Self, GenerateError> {
        let mut seed = Zeroizing::new([0_u8; 32]);
        SysRng.try_fill_bytes(seed.as_mut_slice()).map_err(GenerateError::Random)?;
        Self::from_seed(&seed).map_err(GenerateError::PublicKey)
    }

    /// The key of a 32-byte seed, the private key of RFC 8032, section 5.1.5.
    pub(crate) fn from_seed(seed: &[u8; 32]) -> Result<Self, KeyError> {
        let signing = Box::new(SigningKey::from_bytes(seed));
        let public = PublicKey::from_bytes(signing.as_ref().as_ref().as_bytes())?;
        Ok(Self { signing, public })
    }

    /// The seed, for sealing only.
    pub(crate) fn seed(&self) -> &[u8; 32] {
        self.signing.as_bytes()
    }

    /// The same key, which checks its own signatures faster, at the price that [`PublicKey::with_tables`] names: for whoever signs
    /// thousands of times.
    #[must_use]
    pub fn with_tables(self) -> Self {
        Self { public: self.public.with_tables(), ..self }
    }

    /// Its public half.
    #[must_use]
    pub fn public(&self) -> &PublicKey {
        &self.public
    }
}

impl Signer for PrivateKey {
    fn public_key(&self) -> &PublicKey {
        &self.public
    }

    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        checked(&self.public, message, self.sign_unchecked(message)?)
    }

    fn sign_unchecked(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        let signature =
            self.signing.try_sign(message).map_err(|error| SignError::Backend(Box::new(error)))?;
        Ok(signature.to_bytes())
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PrivateKey({})", self.public.thumbprint())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bytes<const N: usize>(hex: &str) -> [u8; N] {
        let digit = |at: usize| u8::from_str_radix(&hex[at..at + 2], 16).unwrap();
        core::array::from_fn(|index| digit(2 * index))
    }

    #[test]
    fn signs_as_rfc_8032_section_7_1_does() {
        // TEST 3.
        let seed = bytes("c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7");
        let public: [u8; 32] = bytes("fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025");
        let signature: [u8; 64] = bytes(
            "6291d657deec24024827e69c3abe01a30ce548a284743a445e3680d7db5ac3ac18ff9b538d16f290ae67f760984dc6594a7c15e9716ed28dc027beceea1ec40a",
        );
        let key = PrivateKey::from_seed(&seed).unwrap();
        assert_eq!(key.public().as_bytes(), &public);
        assert_eq!(key.sign(&[0xaf, 0x82]).unwrap(), signature);
    }

    #[test]
    fn every_key_is_another_one() {
        let (one, two) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
        assert_ne!(one.public(), two.public());
    }

    #[test]
    fn shows_its_thumbprint_and_nothing_else() {
        let key = PrivateKey::from_seed(&[7; 32]).unwrap();
        assert_eq!(format!("{key:?}"), format!("PrivateKey({})", key.public().thumbprint()));
    }
}
