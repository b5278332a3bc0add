//! The activation: one seat of a license, bound to one deployment's key.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::ClaimsError;
use super::fields::Fields;
use super::shape::{self, JWK, Others, STATUS, Shape};
use super::status_list::StatusRef;
use crate::armor::Label;
use crate::id::Uuid;
use crate::json::{Members, Value};
use crate::key::PublicKey;
use crate::limits;
use crate::name::{Name, Text};
use crate::time::Timestamp;
use crate::token::{Artefact, Claims, KeyId, jwk, jwk_key};

/// A seat granted by the issuer. Member names of the token stand in parentheses where they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// Who issued it (`iss`).
    pub issuer: Text,
    /// The product (`aud`, one element).
    pub product: Name,
    /// The deployment's id (`sub`): its key's thumbprint.
    pub deployment: Text,
    /// The serial (`jti`).
    pub serial: Uuid,
    /// When it was signed (`iat`).
    pub issued_at: Timestamp,
    /// The deployment's key (`cnf.jwk`).
    pub key: PublicKey,
    /// The license.
    pub license: Uuid,
    /// The number of the seat, from 1.
    pub seat: u64,
    /// The deployment's label, for people.
    pub label: Text,
    /// The request that this answers (its `jti`).
    pub request: Uuid,
    /// The request's counter.
    pub counter: u64,
    /// Whether it ends by itself.
    pub lease: Lease,
    /// Extensions of later generations; ignored unless known.
    pub extensions: Members,
    /// Where its status stands.
    pub status: StatusRef,
}

/// Whether an activation ends by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Lease {
    /// It does not.
    None,
    /// It ends at this instant (`exp`).
    Until(Timestamp),
}

const SHAPE: Shape = Shape {
    members: &[
        ("iss", None),
        ("aud", None),
        ("sub", None),
        ("jti", None),
        ("iat", None),
        ("exp", None),
        ("cnf", Some(&Shape { members: &[("jwk", Some(&JWK))], others: Others::Refuse })),
        ("activation", Some(&BODY)),
        ("status", Some(&STATUS)),
    ],
    others: Others::Refuse,
};

const BODY: Shape = Shape {
    members: &[
        ("version", None),
        ("license", None),
        ("seat", None),
        ("label", None),
        ("request", None),
        ("counter", None),
        ("lease", None),
        ("extensions", None),
        ("critical", None),
    ],
    others: Others::Refuse,
};

impl Artefact for Activation {
    const TYP: &'static str = "activation+jwt";
    const LABEL: Label = Label::Activation;
    const TOKEN_BYTES: usize = limits::TOKEN_BYTES;
    type Signer = KeyId;

    fn read(payload: &[u8]) -> Result<Self, ClaimsError> {
        let members = Value::read_object(payload)?;
        shape::check(&members, &SHAPE, "activation")?;
        let top = Fields::top(&members);
        let body = top.object("activation", "activation")?;
        Ok(Self {
            issuer: top.text("iss")?,
            product: top.one_product()?,
            deployment: top.text("sub")?,
            serial: top.parse("jti", Uuid::new)?,
            issued_at: top.time("iat")?,
            key: read_key(&top)?,
            license: body.parse("license", Uuid::new)?,
            seat: body.integer("seat", 1..=limits::INTEGER_MAX)?,
            label: body.text("label")?,
            request: body.parse("request", Uuid::new)?,
            counter: body.integer("counter", 0..=limits::INTEGER_MAX)?,
            lease: read_lease(&top, &body)?,
            extensions: body.extensions(payload, "activation")?,
            status: top.status()?,
        })
    }
}

impl Claims for Activation {
    type Of = Self;

    fn to_value(&self) -> Value {
        let body = Value::object([
            ("version", 1_u64.into()),
            ("license", self.license.to_string().into()),
            ("seat", self.seat.into()),
            ("label", self.label.as_str().into()),
            ("request", self.request.to_string().into()),
            ("counter", self.counter.into()),
            ("lease", if self.lease == Lease::None { "none" } else { "fixed" }.into()),
            ("extensions", self.extensions.clone().into()),
            ("critical", Vec::new().into()),
        ]);
        let mut members: Members = [
            ("iss", self.issuer.as_str().into()),
            ("aud", Value::Array(alloc::vec![self.product.as_str().into()])),
            ("sub", self.deployment.as_str().into()),
            ("jti", self.serial.to_string().into()),
            ("iat", self.issued_at.seconds().into()),
            ("cnf", Value::object([("jwk", jwk(&self.key))])),
            ("activation", body),
            ("status", self.status.to_value()),
        ]
        .map(|(name, value)| (name.to_string(), value))
        .into();
        if let Lease::Until(end) = self.lease {
            members.insert("exp".into(), end.seconds().into());
        }
        Value::Object(members)
    }
}

impl Fields<'_> {
    /// `aud` with its one product.
    pub(crate) fn one_product(&self) -> Result<Name, ClaimsError> {
        let mut products = self.list("aud", 1..=1, Name::new)?;
        products.pop().ok_or_else(|| self.breaks("aud", "an array of one name"))
    }
}

fn read_key(top: &Fields<'_>) -> Result<PublicKey, ClaimsError> {
    let cnf = top.object("cnf", "cnf")?;
    let rule = || cnf.breaks("jwk", "an Ed25519 key with exactly kty, crv and x");
    jwk_key(cnf.value("jwk")?.as_object().ok_or_else(rule)?).ok_or_else(rule)
}

fn read_lease(top: &Fields<'_>, body: &Fields<'_>) -> Result<Lease, ClaimsError> {
    if body.word("lease", &[("fixed", true), ("none", false)])? {
        return top.time("exp").map(Lease::Until);
    }
    match top.optional("exp") {
        None => Ok(Lease::None),
        Some(_) => Err(top.breaks("exp", "absent, since the lease is \"none\"")),
    }
}
