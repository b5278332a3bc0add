//! How a header names the key that signed.

use alloc::string::String;

use super::error::TokenError;
use super::header::header_string;
use crate::json::{Members, Value};
use crate::key::{PublicKey, Thumbprint};

/// How a header names its key.
pub trait SignedBy: Sized {
    /// The header's member.
    const MEMBER: &'static str;

    /// Reads the member from its JSON text.
    ///
    /// # Errors
    /// [`TokenError::Header`] or [`TokenError::HeaderNotJson`] if it is not what it must be.
    fn read(raw: &str) -> Result<Self, TokenError>;

    /// The member as JSON.
    fn to_value(&self) -> Value;
}

/// A header's `kid`: it selects a key of the issuer and is the attacker's word until the signature holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyId(pub String);

impl From<Thumbprint> for KeyId {
    fn from(thumbprint: Thumbprint) -> Self {
        Self(alloc::format!("{thumbprint}"))
    }
}

impl SignedBy for KeyId {
    const MEMBER: &'static str = "kid";

    fn read(raw: &str) -> Result<Self, TokenError> {
        header_string(raw, "kid").map(Self)
    }

    fn to_value(&self) -> Value {
        self.0.as_str().into()
    }
}

/// A header's `jwk`: the public half of the key that signed, as a deployment sends it (RFC 9449, section 4.2).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EmbeddedKey(pub PublicKey);

impl SignedBy for EmbeddedKey {
    const MEMBER: &'static str = "jwk";

    fn read(raw: &str) -> Result<Self, TokenError> {
        let refused =
            || TokenError::Header("jwk must have exactly kty \"OKP\", crv \"Ed25519\" and x".into());
        let jwk = Value::read_object(raw.as_bytes()).map_err(|_| refused())?;
        let key = jwk_key(&jwk).ok_or_else(refused)?;
        Ok(Self(key))
    }

    fn to_value(&self) -> Value {
        jwk(&self.0)
    }
}

/// A bare public JWK: `kty`, `crv`, `x`.
pub(crate) fn jwk(key: &PublicKey) -> Value {
    Value::object([("kty", "OKP".into()), ("crv", "Ed25519".into()), ("x", key.to_base64url().into())])
}

/// The key of a bare public JWK, if it is exactly that.
pub(crate) fn jwk_key(jwk: &Members) -> Option<PublicKey> {
    let member = |name: &str| jwk.get(name).and_then(Value::as_str);
    let exact = jwk.len() == 3 && member("kty") == Some("OKP") && member("crv") == Some("Ed25519");
    if exact { PublicKey::from_base64url(member("x")?).ok() } else { None }
}
