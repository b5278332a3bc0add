//! Test keys. They sign whatever they are given, and compute thumbprints on their own, so that the writer under test is
//! not its own oracle.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ed25519_dalek::{Signer as _, SigningKey};
use sha2::{Digest as _, Sha256};

/// base64url without padding.
#[must_use]
pub fn base64url(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A key pair made from one byte, the same in every run.
#[derive(Debug)]
pub struct TestKey(SigningKey);

impl TestKey {
    /// The key pair whose secret is this byte, 32 times.
    #[must_use]
    pub fn new(byte: u8) -> Self {
        Self(SigningKey::from_bytes(&[byte; 32]))
    }

    /// The 32 bytes of the public key.
    #[must_use]
    pub fn public(&self) -> [u8; 32] {
        self.0.verifying_key().to_bytes()
    }

    /// The public key in base64url.
    #[must_use]
    pub fn x(&self) -> String {
        base64url(self.public())
    }

    /// The RFC 7638 thumbprint.
    #[must_use]
    pub fn kid(&self) -> String {
        base64url(Sha256::digest(format!(r#"{{"crv":"Ed25519","kty":"OKP","x":"{}"}}"#, self.x())))
    }

    /// A signature.
    #[must_use]
    pub fn sign(&self, message: &[u8]) -> [u8; 64] {
        self.0.sign(message).to_bytes()
    }

    /// A token of this header and payload, whatever they are.
    #[must_use]
    pub fn token(&self, header: impl AsRef<[u8]>, payload: impl AsRef<[u8]>) -> String {
        let signed = format!("{}.{}", base64url(header), base64url(payload));
        let signature = base64url(self.sign(signed.as_bytes()));
        format!("{signed}.{signature}")
    }

    /// The usual header of an artefact by this key.
    #[must_use]
    pub fn header(&self, typ: &str) -> String {
        format!(r#"{{"alg":"EdDSA","kid":"{}","typ":"{typ}"}}"#, self.kid())
    }

    /// A JWK for any product and every purpose, with more members if wanted (`,"notBefore":1`).
    #[must_use]
    pub fn jwk(&self, issuer: &str, more: &str) -> String {
        format!(
            r#"{{"kty":"OKP","crv":"Ed25519","x":"{}","iss":"{issuer}","purposes":["license","status","activation"],"products":null{more}}}"#,
            self.x()
        )
    }
}
