//! The envelope of every artefact: a compact JWS (RFC 7515) with one strict reader and one writer.

mod error;
mod header;
mod signer;

use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine as _;
use core::marker::PhantomData;

use crate::armor::Label;
use crate::base64url;
use crate::claims::ClaimsError;
use crate::json::{Value, to_text};
use crate::key::PublicKey;

pub use error::TokenError;
use header::Header;
pub use signer::{EmbeddedKey, KeyId, SignedBy};
pub(crate) use signer::{jwk, jwk_key};

/// The two names of Ed25519 in a header. Both mean the same check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// `EdDSA` (RFC 8037).
    EdDsa,
    /// `Ed25519` (RFC 9864).
    Ed25519,
}

impl Algorithm {
    /// The word in the header.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::EdDsa => "EdDSA",
            Self::Ed25519 => "Ed25519",
        }
    }

    /// The algorithm with exactly this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::EdDsa, Self::Ed25519].into_iter().find(|algorithm| algorithm.as_str() == name)
    }
}

/// A kind of artefact: how its token is named, limited and read.
pub trait Artefact: Sized {
    /// The header's `typ`.
    const TYP: &'static str;
    /// The label of its armor.
    const LABEL: Label;
    /// Bytes that a token of this kind may have.
    const TOKEN_BYTES: usize;
    /// Who signs it.
    type Signer: SignedBy;

    /// Reads a payload whose signature holds.
    ///
    /// # Errors
    /// [`ClaimsError`] for the first thing that is wrong, in the order of the format.
    fn read(payload: &[u8]) -> Result<Self, ClaimsError>;
}

/// Claims that can be written as the payload of an artefact.
pub trait Claims {
    /// The artefact that they become once signed.
    type Of: Artefact;

    /// The claims as JSON.
    fn to_value(&self) -> Value;

    /// Its text, as it stands in the payload: byte for byte that of [`Self::to_value`].
    fn to_text(&self) -> String {
        to_text(&self.to_value())
    }
}

/// A token taken apart, nothing of it trusted: the signature has not been checked and the payload has not been parsed.
#[derive(Clone, Debug)]
pub struct Received<A: Artefact> {
    text: String,
    signed_bytes: usize,
    algorithm: Algorithm,
    signer: A::Signer,
    payload: Vec<u8>,
    signature: [u8; 64],
    kind: PhantomData<A>,
}

impl<A: Artefact> Received<A> {
    /// Takes a token apart. The steps and their order are those of FORMAT.md, "Reading a token".
    ///
    /// # Errors
    /// [`TokenError`] for the first step that fails.
    pub fn read(token: &str) -> Result<Self, TokenError> {
        // Size, before anything is allocated.
        if token.len() > A::TOKEN_BYTES {
            return Err(TokenError::TooLarge { bytes: token.len(), limit: A::TOKEN_BYTES });
        }
        // Characters, dots, empty parts, base64.
        let [header, payload, signature] = parts(token)?;
        let [header_bytes, payload, signature] =
            [decode("header", header)?, decode("payload", payload)?, decode("signature", signature)?];
        // Header: size and JSON, then its members.
        let mut header = Header::read(&header_bytes, A::Signer::MEMBER)?;
        let algorithm =
            Algorithm::from_name(&header.algorithm).ok_or(TokenError::Algorithm(header.algorithm))?;
        let signature = signature
            .try_into()
            .map_err(|other: Vec<u8>| TokenError::SignatureLength { bytes: other.len() })?;
        // `application/` is accepted once and dropped.
        if let Some(short) = header.typ.strip_prefix("application/") {
            header.typ = short.into();
        }
        if header.typ != A::TYP {
            return Err(TokenError::Type { expected: A::TYP, found: header.typ });
        }
        let signed_bytes = token.rfind('.').unwrap_or_default();
        let signer = A::Signer::read(&header.signer)?;
        Ok(Self {
            text: token.into(),
            signed_bytes,
            algorithm,
            signer,
            payload,
            signature,
            kind: PhantomData,
        })
    }

    /// The token as it was received.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The algorithm that the header names.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        self.algorithm
    }

    /// The key that the header names. The attacker's word until the signature holds.
    #[must_use]
    pub const fn untrusted_signer(&self) -> &A::Signer {
        &self.signer
    }

    /// The payload. The attacker's word until the signature holds; never to be parsed before.
    #[must_use]
    pub fn untrusted_payload(&self) -> &[u8] {
        &self.payload
    }

    /// Whether the signature over the received bytes `header.payload` is this key's.
    #[must_use]
    pub fn is_signed_by(&self, key: &PublicKey) -> bool {
        let signed = self.text.as_bytes().get(..self.signed_bytes).unwrap_or_default();
        key.verifies(signed, &self.signature)
    }
}

fn parts(token: &str) -> Result<[&str; 3], TokenError> {
    if token.is_empty() {
        return Err(TokenError::Empty);
    }
    let ours = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    // Looking at all bytes takes a fraction of the time of looking for the first foreign one, which is named where there is one.
    let all_ours = token.bytes().fold(true, |all, byte| all & ours(byte));
    let foreign = |c: char| !u8::try_from(c).is_ok_and(ours);
    if !all_ours && let Some((position, found)) = token.char_indices().find(|(_, c)| foreign(*c)) {
        return Err(TokenError::Character { found, position });
    }
    let mut split = token.split('.');
    let (Some(header), Some(payload), Some(signature), None) =
        (split.next(), split.next(), split.next(), split.next())
    else {
        return Err(TokenError::Dots { dots: token.matches('.').count() });
    };
    for (part, text) in [("header", header), ("payload", payload), ("signature", signature)] {
        if text.is_empty() {
            return Err(TokenError::EmptyPart(part));
        }
    }
    Ok([header, payload, signature])
}

fn decode(part: &'static str, text: &str) -> Result<Vec<u8>, TokenError> {
    base64url::ENGINE.decode(text).map_err(|_| TokenError::Base64(part))
}

/// A token that lacks only its signature.
#[derive(Clone, Debug)]
pub struct Unsigned<A: Artefact> {
    text: String,
    kind: PhantomData<A>,
}

impl<A: Artefact> Unsigned<A> {
    /// Writes header and payload.
    #[must_use]
    pub fn new(algorithm: Algorithm, signer: &A::Signer, claims: &impl Claims<Of = A>) -> Self {
        let header = Value::object([
            ("alg", algorithm.as_str().into()),
            (A::Signer::MEMBER, signer.to_value()),
            ("typ", A::TYP.into()),
        ]);
        let mut text = base64url::ENGINE.encode(to_text(&header));
        text.push('.');
        base64url::ENGINE.encode_string(claims.to_text(), &mut text);
        Self { text, kind: PhantomData }
    }

    /// The bytes to sign.
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        self.text.as_bytes()
    }

    /// The token with this signature over [`Self::signing_input`].
    #[must_use]
    pub fn with_signature(self, signature: &[u8; 64]) -> String {
        let mut text = self.text;
        text.push('.');
        base64url::ENGINE.encode_string(signature, &mut text);
        text
    }
}
