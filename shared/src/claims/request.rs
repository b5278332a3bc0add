//! A deployment's request: for a seat, or to give one back. Signed by the deployment's own key.

use alloc::collections::BTreeMap;
use alloc::string::ToString;
use alloc::vec::Vec;

use super::ClaimsError;
use super::fields::Fields;
use super::shape::{self, Others, Shape};
use crate::armor::Label;
use crate::id::{Uuid, hex, hex_digit};
use crate::json::{Members, Value};
use crate::key::Thumbprint;
use crate::limits;
use crate::name::{Name, Text};
use crate::time::Timestamp;
use crate::token::{Artefact, Claims, EmbeddedKey};

/// What a deployment asks for. Member names of the token stand in parentheses where they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// The deployment's id (`iss`), which must be the thumbprint of the key in the header.
    pub deployment: Thumbprint,
    /// The license's issuer (`aud`).
    pub issuer: Text,
    /// The nonce (`jti`).
    pub nonce: Uuid,
    /// When it was made (`iat`), by the deployment's clock.
    pub issued_at: Timestamp,
    /// What is asked.
    pub kind: RequestKind,
    /// The license.
    pub license: Uuid,
    /// SHA-256 of the license token, the proof of holding it (`licenseHash`).
    pub license_hash: [u8; 32],
    /// The product.
    pub product: Name,
    /// The deployment's label, for people.
    pub label: Text,
    /// Grows by one with every request of this deployment.
    pub counter: u64,
    /// The serial of the activation that the deployment holds.
    pub previous: Option<Uuid>,
    /// Name and version of the program that asks.
    pub validator: Text,
    /// Keyed hashes of local facts, at most 8; never the facts.
    pub signals: BTreeMap<Name, [u8; 32]>,
    /// Extensions of later generations; ignored unless known.
    pub extensions: Members,
}

/// What a request asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RequestKind {
    /// A seat.
    Activate,
    /// To give the seat back.
    Release,
}

impl RequestKind {
    /// The word in the token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Activate => "activate",
            Self::Release => "release",
        }
    }
}

const SHAPE: Shape = Shape {
    members: &[("iss", None), ("aud", None), ("jti", None), ("iat", None), ("request", Some(&BODY))],
    others: Others::Refuse,
};

const BODY: Shape = Shape {
    members: &[
        ("version", None),
        ("kind", None),
        ("license", None),
        ("licenseHash", None),
        ("product", None),
        ("label", None),
        ("counter", None),
        ("previous", None),
        ("validator", None),
        ("signals", None),
        ("extensions", None),
        ("critical", None),
    ],
    others: Others::Refuse,
};

impl Artefact for Request {
    const TYP: &'static str = "activation-request+jwt";
    const LABEL: Label = Label::ActivationRequest;
    const TOKEN_BYTES: usize = limits::TOKEN_BYTES;
    type Signer = EmbeddedKey;

    fn read(payload: &[u8]) -> Result<Self, ClaimsError> {
        let members = Value::read_object(payload)?;
        shape::check(&members, &SHAPE, "request")?;
        let top = Fields::top(&members);
        let body = top.object("request", "request")?;
        let kinds = [RequestKind::Activate, RequestKind::Release].map(|kind| (kind.as_str(), kind));
        Ok(Self {
            deployment: top.parse("iss", Thumbprint::new)?,
            issuer: top.text("aud")?,
            nonce: top.parse("jti", Uuid::new)?,
            issued_at: top.time("iat")?,
            kind: body.word("kind", &kinds)?,
            license: body.parse("license", Uuid::new)?,
            license_hash: body.hash("licenseHash")?,
            product: body.parse("product", Name::new)?,
            label: body.text("label")?,
            counter: body.integer("counter", 0..=limits::INTEGER_MAX)?,
            previous: body.nullable("previous", |body, name| body.parse(name, Uuid::new))?,
            validator: body.text("validator")?,
            signals: body.map("signals", limits::SIGNALS, "64 lower-case hexadecimal digits", |value| {
                value.as_str().and_then(hex_32)
            })?,
            extensions: body.extensions(payload, "request")?,
        })
    }
}

impl Claims for Request {
    type Of = Self;

    fn to_value(&self) -> Value {
        let signals: Members =
            self.signals.iter().map(|(name, signal)| (name.to_string(), hex(signal).into())).collect();
        let body = Value::object([
            ("version", 1_u64.into()),
            ("kind", self.kind.as_str().into()),
            ("license", self.license.to_string().into()),
            ("licenseHash", hex(&self.license_hash).into()),
            ("product", self.product.as_str().into()),
            ("label", self.label.as_str().into()),
            ("counter", self.counter.into()),
            ("previous", self.previous.map(|serial| serial.to_string()).into()),
            ("validator", self.validator.as_str().into()),
            ("signals", signals.into()),
            ("extensions", self.extensions.clone().into()),
            ("critical", Vec::new().into()),
        ]);
        Value::object([
            ("iss", self.deployment.to_string().into()),
            ("aud", self.issuer.as_str().into()),
            ("jti", self.nonce.to_string().into()),
            ("iat", self.issued_at.seconds().into()),
            ("request", body),
        ])
    }
}

pub(super) fn hex_32(text: &str) -> Option<[u8; 32]> {
    let digits = text.bytes().map(hex_digit).collect::<Option<Vec<u8>>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    let bytes: Vec<u8> = pairs.iter().map(|[high, low]| (high << 4) | low).collect();
    if rest.is_empty() { bytes.try_into().ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::String;

    #[test]
    fn a_hash_is_64_digits() {
        assert_eq!(hex_32(&"0f".repeat(32)), Some([15; 32]));
        for bad in [String::new(), "0f".repeat(31), "0f".repeat(33), "0F".repeat(32), "0".repeat(63)] {
            assert_eq!(hex_32(&bad), None, "{bad}");
        }
    }
}
