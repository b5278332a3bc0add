//! Who signs: the one seam between the issuer and whatever holds its private key.

use lictor_shared::{PublicKey, Thumbprint};

/// Something that signs with one Ed25519 key: today [`PrivateKey`](crate::PrivateKey), read from a key file; later a token
/// or HSM over PKCS#11, or an external command. The issuer asks for no more than this, so it needs no private key in
/// its memory. Where many are signed at once it asks from several threads, and for a signer that is `Sync`.
///
/// An implementation
/// - signs the message as it stands with pure Ed25519 (RFC 8032, section 5.1.6; `CKM_EDDSA` without parameters), neither
///   prehashed nor with a context;
/// - passes the signature through [`checked`] before it hands it out, so that a fault in memory, in a device or on the
///   way to it cannot become a token that fails at every customer;
/// - reports what its backend says as [`SignError::Backend`].
///
/// ```
/// use lictor_keys::{PrivateKey, SignError, Signer, checked};
/// use lictor_shared::PublicKey;
///
/// /// A device that holds the key; here it is simulated.
/// struct Token { public: PublicKey, inside: PrivateKey }
///
/// impl Signer for Token {
///     fn public_key(&self) -> &PublicKey {
///         &self.public
///     }
///
///     fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
///         checked(&self.public, message, self.inside.sign(message)?)
///     }
/// }
/// # let inside = PrivateKey::generate()?;
/// # let token = Token { public: PrivateKey::generate()?.public().clone(), inside };
/// // The wrong key is plugged in: no signature leaves.
/// assert!(matches!(token.sign(b"message"), Err(SignError::Check(_))));
/// # Ok::<(), lictor_keys::GenerateError>(())
/// ```
pub trait Signer {
    /// The public half of the key that signs.
    fn public_key(&self) -> &PublicKey;

    /// Its Ed25519 signature over `message`, checked against [`Signer::public_key`].
    ///
    /// # Errors
    /// [`SignError`] if the backend gave none, or one that does not verify.
    fn sign(&self, message: &[u8]) -> Result<[u8; 64], SignError>;

    /// The same for somebody who verifies the signature himself before anybody sees it, as the issuer's own validator does
    /// with every token. It need not have been checked here, which saves a second verification.
    ///
    /// # Errors
    /// As [`Signer::sign`].
    fn sign_unchecked(&self, message: &[u8]) -> Result<[u8; 64], SignError> {
        self.sign(message)
    }
}

/// Why there is no signature.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SignError {
    /// The signature does not verify with the signer's own public key.
    #[error(
        "the signature just made does not verify with the key {0}, so it was thrown away; memory or the signing device may be faulty"
    )]
    Check(Thumbprint),
    /// The backend failed.
    #[error("the signer failed: {0}")]
    Backend(Box<dyn core::error::Error + Send + Sync>),
}

/// Hands `signature` on if it is the one of `public` over `message`.
///
/// # Errors
/// [`SignError::Check`] if it is not.
pub fn checked(public: &PublicKey, message: &[u8], signature: [u8; 64]) -> Result<[u8; 64], SignError> {
    if public.verifies(message, &signature) {
        Ok(signature)
    } else {
        Err(SignError::Check(public.thumbprint()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::PrivateKey;

    #[test]
    fn a_faulty_signature_does_not_leave() {
        let key = PrivateKey::from_seed(&[7; 32]).unwrap();
        let signature = key.sign(b"message").unwrap();
        assert_eq!(checked(key.public(), b"message", signature).unwrap(), signature);
        for at in 0..64 {
            let mut faulty = signature;
            faulty[at] ^= 1;
            assert!(checked(key.public(), b"message", faulty).is_err(), "byte {at}");
        }
    }

    #[test]
    fn a_signer_is_an_object() {
        let key = PrivateKey::from_seed(&[7; 32]).unwrap();
        let signer: &dyn Signer = &key;
        assert_eq!(signer.public_key(), key.public());
    }
}
