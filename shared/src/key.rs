//! Public keys and their thumbprints.

mod comb;
mod tables;

use alloc::string::{String, ToString};
use alloc::sync::Arc;
use base64::Engine as _;
use core::fmt;
use ed25519_dalek::{Signature, VerifyingKey};
use serde::{Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::base64url;
use crate::name::StringError;
use tables::Tables;

/// An Ed25519 public key (RFC 8032) that is safe to check signatures with: canonically encoded and of large order.
///
/// ```
/// use lictor_shared::PublicKey;
/// // RFC 8037, appendix A.
/// let key = PublicKey::from_base64url("11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo")?;
/// assert_eq!(key.thumbprint().to_string(), "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k");
/// # Ok::<(), lictor_shared::KeyError>(())
/// ```
#[derive(Clone)]
pub struct PublicKey {
    key: VerifyingKey,
    thumbprint: Thumbprint,
    tables: Option<Arc<Tables>>,
}

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.key == other.key
    }
}

impl Eq for PublicKey {}

/// Why 32 bytes are refused as a public key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeyError {
    /// Not base64url of 32 bytes.
    #[error("a public key is 32 bytes in base64url without padding: 43 characters")]
    Encoding,
    /// Not the encoding of a point of the curve.
    #[error("the 32 bytes are no point of the curve")]
    NotAPoint,
    /// An encoding that is not the one of RFC 8032, section 5.1.2.
    #[error("the point is encoded in a way that RFC 8032 does not allow")]
    NonCanonical,
    /// A point of small order, for which one signature fits many messages.
    #[error("the point is of small order, so signatures under it prove nothing")]
    Weak,
}

impl PublicKey {
    /// Checks 32 bytes (RFC 8032, section 5.1.2) and takes them as a public key.
    ///
    /// # Errors
    /// [`KeyError`] if they are no point, not its canonical encoding, or a point of small order.
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, KeyError> {
        let key = VerifyingKey::from_bytes(bytes).map_err(|_| KeyError::NotAPoint)?;
        if key.is_weak() {
            return Err(KeyError::Weak);
        }
        // `from_bytes` accepts a y of p and above, and -0; encoding the point again shows them.
        if key.to_edwards().compress().as_bytes() != bytes {
            return Err(KeyError::NonCanonical);
        }
        let x = base64url::ENGINE.encode(bytes);
        let jwk = alloc::format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{x}"}}"#);
        Ok(Self { key, thumbprint: Thumbprint(Sha256::digest(jwk).into()), tables: None })
    }

    /// Reads the `x` of a JWK (RFC 8037, section 2).
    ///
    /// # Errors
    /// [`KeyError`] if it is not base64url of 32 bytes, or for the reasons of [`PublicKey::from_bytes`].
    pub fn from_base64url(x: &str) -> Result<Self, KeyError> {
        Self::from_bytes(&decode_32(x).ok_or(KeyError::Encoding)?)
    }

    /// The 32 bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8; 32] {
        self.key.as_bytes()
    }

    /// The `x` of its JWK: base64url of the 32 bytes.
    #[must_use]
    pub fn to_base64url(&self) -> String {
        base64url::ENGINE.encode(self.as_bytes())
    }

    /// The RFC 7638 SHA-256 thumbprint, which is this key's `kid`.
    #[must_use]
    pub const fn thumbprint(&self) -> Thumbprint {
        self.thumbprint
    }

    /// Whether `signature` is this key's Ed25519 signature over `message`, checked strictly: S below the group order,
    /// R and the key of large order, and the equation without cofactor.
    #[must_use]
    pub fn verifies(&self, message: &[u8], signature: &[u8; 64]) -> bool {
        match &self.tables {
            Some(tables) => tables.verifies(message, signature),
            None => self.key.verify_strict(message, &Signature::from_bytes(signature)).is_ok(),
        }
    }

    /// The same key, which checks every signature in about two thirds of the time, with the same answers. It costs 160 KiB, shared
    /// by its clones, and the time of about ten checks: for whoever checks many signatures of one key.
    #[must_use]
    pub fn with_tables(mut self) -> Self {
        self.tables.get_or_insert_with(|| Arc::new(Tables::new(&self.key)));
        self
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicKey({})", self.to_base64url())
    }
}

/// The RFC 7638 SHA-256 thumbprint of a public key: names signing keys (`kid`) and deployments. Written as 43
/// characters of base64url.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Thumbprint([u8; 32]);

impl Thumbprint {
    /// Reads the 43 characters.
    ///
    /// # Errors
    /// [`StringError::Thumbprint`] if it is not base64url of 32 bytes.
    pub fn new(text: &str) -> Result<Self, StringError> {
        decode_32(text).map(Self).ok_or_else(|| StringError::Thumbprint(text.into()))
    }

    /// The 32 bytes of the hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

fn decode_32(text: &str) -> Option<[u8; 32]> {
    if text.len() != 43 {
        return None;
    }
    base64url::ENGINE.decode(text).ok()?.try_into().ok()
}

impl fmt::Display for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url::ENGINE.encode(self.0))
    }
}

impl fmt::Debug for Thumbprint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Thumbprint({self})")
    }
}

impl core::str::FromStr for Thumbprint {
    type Err = StringError;

    fn from_str(text: &str) -> Result<Self, StringError> {
        Self::new(text)
    }
}

impl Serialize for Thumbprint {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refuses_points_that_prove_nothing() {
        let mut identity = [0_u8; 32];
        identity[0] = 1;
        assert_eq!(PublicKey::from_bytes(&identity).err(), Some(KeyError::Weak));
        assert_eq!(PublicKey::from_bytes(&[0; 32]).err(), Some(KeyError::Weak));
        // y = 2 lies on no point.
        let mut none = [0_u8; 32];
        none[0] = 2;
        assert_eq!(PublicKey::from_bytes(&none).err(), Some(KeyError::NotAPoint));
        // y = p + 3 and so on: the least non-canonical y of a point of large order, below.
        let mut refused = 0;
        for low in 0xed..=0xff_u8 {
            let mut bytes = [0xff_u8; 32];
            bytes[0] = low;
            bytes[31] = 0x7f;
            refused += usize::from(PublicKey::from_bytes(&bytes).err() == Some(KeyError::NonCanonical));
        }
        assert!(refused > 0, "no y of p and above lies on the curve");
    }

    #[test]
    fn an_x_is_43_characters_of_canonical_base64url() {
        let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
        assert!(PublicKey::from_base64url(x).is_ok());
        for bad in [
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo=",
            "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURp",
            "",
        ] {
            assert_eq!(PublicKey::from_base64url(bad).err(), Some(KeyError::Encoding), "{bad}");
        }
    }
}
