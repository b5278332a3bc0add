//! The envelope of every artefact: a compact JWS (RFC 7515) with one strict reader and one writer.

use alloc::string::String;
use alloc::vec::Vec;
use base64::Engine as _;
use core::marker::PhantomData;

use crate::armor::Label;
use crate::base64url;
use crate::claims::ClaimsError;
use crate::code::Reason;
use crate::json::{Members, RawMembers, Value, lex, to_text, utf8};
use crate::key::{PublicKey, Thumbprint};
use crate::limits;

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
}

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

/// Why a token cannot be read up to its signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// More bytes than a token of this kind may have.
    #[error("the token has {bytes} bytes; at most {limit} are read")]
    TooLarge {
        /// Bytes there are.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Nothing at all.
    #[error("the input is empty")]
    Empty,
    /// A character that no token contains.
    #[error(
        "the character {found:?} at position {position} belongs to no token; was the file changed or cut?"
    )]
    Character {
        /// The character.
        found: char,
        /// Its byte offset in the token, from 0.
        position: usize,
    },
    /// Not exactly two dots.
    #[error("a token has three parts separated by two dots, this has {dots} dots; is a piece missing?")]
    Dots {
        /// Dots there are.
        dots: usize,
    },
    /// An empty part.
    #[error("the {0} is empty")]
    EmptyPart(&'static str),
    /// A part that is not canonical base64url.
    #[error("the {0} is not canonical base64url; was the file changed or cut?")]
    Base64(&'static str),
    /// A header over its limit.
    #[error("the header has {bytes} bytes; at most {} are read", limits::HEADER_BYTES)]
    HeaderTooLarge {
        /// Bytes there are.
        bytes: usize,
    },
    /// A header that is no JSON.
    #[error("the header is not JSON")]
    HeaderNotJson,
    /// A header without exactly its members.
    #[error("the header is not as the format says: {0}")]
    Header(String),
    /// Another algorithm.
    #[error("the algorithm is {0:?}; only \"EdDSA\" and \"Ed25519\" are accepted")]
    Algorithm(String),
    /// A signature of another length.
    #[error("the signature has {bytes} bytes instead of 64")]
    SignatureLength {
        /// Bytes there are.
        bytes: usize,
    },
    /// A token of another kind.
    #[error("this is a {found:?}, not a {expected:?}")]
    Type {
        /// The `typ` that was asked for.
        expected: &'static str,
        /// The one there is.
        found: String,
    },
}

impl TokenError {
    /// The reason in a verdict.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::TooLarge { .. } => Reason::TooLarge,
            Self::Empty
            | Self::Character { .. }
            | Self::Dots { .. }
            | Self::EmptyPart(_)
            | Self::Base64(_)
            | Self::HeaderTooLarge { .. }
            | Self::HeaderNotJson
            | Self::SignatureLength { .. } => Reason::Malformed,
            Self::Header(_) => Reason::BadHeader,
            Self::Algorithm(_) => Reason::UnsupportedAlgorithm,
            Self::Type { .. } => Reason::WrongType,
        }
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
    let foreign = |c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'));
    if let Some((position, found)) = token.char_indices().find(|(_, c)| foreign(*c)) {
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

struct Header {
    algorithm: String,
    typ: String,
    /// JSON text of the member that names the key.
    signer: String,
}

impl Header {
    fn read(bytes: &[u8], signer_member: &str) -> Result<Self, TokenError> {
        if bytes.len() > limits::HEADER_BYTES {
            return Err(TokenError::HeaderTooLarge { bytes: bytes.len() });
        }
        let text = utf8(bytes).map_err(|_| TokenError::HeaderNotJson)?;
        lex::<serde::de::IgnoredAny>(text).map_err(|_| TokenError::HeaderNotJson)?;
        if !text.trim_ascii_start().starts_with('{') {
            return Err(TokenError::Header("it is no object".into()));
        }
        let members = lex::<RawMembers<'_>>(text).map_err(|_| TokenError::HeaderNotJson)?.0;
        for (name, raw) in &members {
            // A string with a lone surrogate is no text, so the header is no JSON for us.
            if raw.get().starts_with('"') {
                lex::<String>(raw.get()).map_err(|_| TokenError::HeaderNotJson)?;
            }
            if ![signer_member, "alg", "typ"].contains(&name.as_str()) {
                return Err(TokenError::Header(alloc::format!("the member {name:?} is not allowed")));
            }
        }
        let member = |wanted: &str| {
            let mut found = members.iter().filter(|(name, _)| name == wanted).map(|(_, raw)| raw.get());
            match (found.next(), found.next()) {
                (Some(raw), None) => Ok(raw),
                (None, _) => Err(TokenError::Header(alloc::format!("the member {wanted:?} is missing"))),
                _ => Err(TokenError::Header(alloc::format!("the member {wanted:?} stands twice"))),
            }
        };
        let signer = member(signer_member)?;
        let header = Self {
            algorithm: header_string(member("alg")?, "alg")?,
            typ: header_string(member("typ")?, "typ")?,
            signer: signer.into(),
        };
        // Of which kind the member is belongs to the header's form, so it is judged before the algorithm is.
        if signer.starts_with(if signer_member == "jwk" { '{' } else { '"' }) {
            return Ok(header);
        }
        Err(TokenError::Header(alloc::format!("the member {signer_member:?} is of the wrong type")))
    }
}

fn header_string(raw: &str, member: &str) -> Result<String, TokenError> {
    lex(raw).map_err(|_| TokenError::Header(alloc::format!("the member {member:?} is no string")))
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
        let [header, payload] =
            [header, claims.to_value()].map(|part| base64url::ENGINE.encode(to_text(&part)));
        Self { text: alloc::format!("{header}.{payload}"), kind: PhantomData }
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
