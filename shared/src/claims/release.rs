//! The receipt for a released seat.

use alloc::string::ToString;
use alloc::vec::Vec;

use super::ClaimsError;
use super::fields::Fields;
use super::shape::{self, Others, Shape};
use crate::armor::Label;
use crate::id::Uuid;
use crate::json::{Members, Value};
use crate::limits;
use crate::name::{Name, Text};
use crate::time::Timestamp;
use crate::token::{Artefact, Claims, KeyId};

/// A seat given back. Member names of the token stand in parentheses where they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// Who issued it (`iss`).
    pub issuer: Text,
    /// The product (`aud`, one element).
    pub product: Name,
    /// The deployment's id (`sub`).
    pub deployment: Text,
    /// The serial (`jti`).
    pub serial: Uuid,
    /// When it was signed (`iat`).
    pub issued_at: Timestamp,
    /// The license.
    pub license: Uuid,
    /// The request that this answers (its `jti`).
    pub request: Uuid,
    /// Extensions of later generations; ignored unless known.
    pub extensions: Members,
}

const SHAPE: Shape = Shape {
    members: &[
        ("iss", None),
        ("aud", None),
        ("sub", None),
        ("jti", None),
        ("iat", None),
        (
            "release",
            Some(&Shape {
                members: &[
                    ("version", None),
                    ("license", None),
                    ("request", None),
                    ("extensions", None),
                    ("critical", None),
                ],
                others: Others::Refuse,
            }),
        ),
    ],
    others: Others::Refuse,
};

impl Artefact for Release {
    const TYP: &'static str = "release+jwt";
    const LABEL: Label = Label::Release;
    const TOKEN_BYTES: usize = limits::TOKEN_BYTES;
    type Signer = KeyId;

    fn read(payload: &[u8]) -> Result<Self, ClaimsError> {
        let members = Value::read_object(payload)?;
        shape::check(&members, &SHAPE, "release")?;
        let top = Fields::top(&members);
        let body = top.object("release", "release")?;
        Ok(Self {
            issuer: top.text("iss")?,
            product: top.one_product()?,
            deployment: top.text("sub")?,
            serial: top.parse("jti", Uuid::new)?,
            issued_at: top.time("iat")?,
            license: body.parse("license", Uuid::new)?,
            request: body.parse("request", Uuid::new)?,
            extensions: body.extensions(payload, "release")?,
        })
    }
}

impl Claims for Release {
    type Of = Self;

    fn to_value(&self) -> Value {
        let body = Value::object([
            ("version", 1_u64.into()),
            ("license", self.license.to_string().into()),
            ("request", self.request.to_string().into()),
            ("extensions", self.extensions.clone().into()),
            ("critical", Vec::new().into()),
        ]);
        Value::object([
            ("iss", self.issuer.as_str().into()),
            ("aud", Value::Array(alloc::vec![self.product.as_str().into()])),
            ("sub", self.deployment.as_str().into()),
            ("jti", self.serial.to_string().into()),
            ("iat", self.issued_at.seconds().into()),
            ("release", body),
        ])
    }
}
