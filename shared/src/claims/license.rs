//! The license: who, which products, until when, how many deployments, which features.

mod text;

use alloc::collections::BTreeMap;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use super::ClaimsError;
use super::fields::Fields;
use super::shape::{self, Others, STATUS, Shape};
use super::status_list::StatusRef;
use super::terms::{ActivationPolicy, Graces, Limit, SeatLimit, Seats, Term};
use crate::armor::Label;
use crate::id::Uuid;
use crate::json::{Members, Value, to_text};
use crate::limits;
use crate::name::{Name, Text};
use crate::origin::OriginPattern;
use crate::time::{Seconds, Timestamp};
use crate::token::{Artefact, Claims, KeyId};

/// What was bought, as plain data. It says nothing about what a deployment may do: that takes a verdict.
///
/// Member names of the token stand in parentheses where they differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct License {
    /// Who issued it (`iss`).
    pub issuer: Text,
    /// The products it is for (`aud`), 1 to 16.
    pub products: Vec<Name>,
    /// The customer's id (`sub`).
    pub customer_id: Text,
    /// The serial (`jti`), fresh for every signed token.
    pub serial: Uuid,
    /// When it was signed (`iat`).
    pub issued_at: Timestamp,
    /// From when it holds (`nbf`).
    pub starts_at: Timestamp,
    /// The license's id (`license.id`), stable across renewals.
    pub id: Uuid,
    /// Its revision, from 1.
    pub revision: u64,
    /// The customer's name.
    pub customer: Text,
    /// The plan.
    pub plan: Name,
    /// The environments it may run in, 1 to 16.
    pub environments: Vec<Name>,
    /// How long it runs.
    pub term: Term,
    /// The graces other than the one after expiry.
    pub grace: Graces,
    /// Within which time a fresh status list must reach the deployment; `None`: never required.
    pub max_status_age: Option<Seconds>,
    /// Releases after this instant are not covered; `None`: all are.
    pub maintenance_until: Option<Timestamp>,
    /// How many deployments.
    pub seats: Seats,
    /// Whether a deployment needs an activation.
    pub activation: ActivationPolicy,
    /// The features, at most 256.
    pub features: Vec<Name>,
    /// Numbers that the product enforces, at most 256.
    pub limits: BTreeMap<Name, Limit>,
    /// The origins it is bound to, at most 64; empty: not bound.
    pub origins: Vec<OriginPattern>,
    /// The vendor's own notes, never interpreted.
    pub meta: BTreeMap<Name, String>,
    /// Extensions of later generations; ignored unless known.
    pub extensions: Members,
    /// Where its status stands.
    pub status: StatusRef,
}

const SHAPE: Shape = Shape {
    members: &[
        ("iss", None),
        ("aud", None),
        ("sub", None),
        ("jti", None),
        ("iat", None),
        ("nbf", None),
        ("exp", None),
        ("license", Some(&BODY)),
        ("status", Some(&STATUS)),
    ],
    others: Others::Refuse,
};

const BODY: Shape = Shape {
    members: &[
        ("version", None),
        ("id", None),
        ("revision", None),
        ("customer", None),
        ("plan", None),
        ("environments", None),
        ("term", None),
        ("warnFrom", None),
        ("graceUntil", None),
        (
            "grace",
            Some(&Shape {
                members: &[
                    ("revocation", None),
                    ("status", None),
                    ("activation", None),
                    ("maintenance", None),
                ],
                others: Others::Refuse,
            }),
        ),
        ("maxStatusAge", None),
        ("maintenanceUntil", None),
        ("seats", Some(&Shape { members: &[("limit", None), ("overage", None)], others: Others::Refuse })),
        ("activation", None),
        ("features", None),
        ("limits", None),
        ("origins", None),
        ("meta", None),
        ("extensions", None),
        ("critical", None),
    ],
    others: Others::Refuse,
};

const TERMS: [(&str, bool); 2] = [("fixed", true), ("perpetual", false)];
const POLICIES: [(&str, ActivationPolicy); 2] =
    [("required", ActivationPolicy::Required), ("optional", ActivationPolicy::Optional)];

impl Artefact for License {
    const TYP: &'static str = "license+jwt";
    const LABEL: Label = Label::License;
    const TOKEN_BYTES: usize = limits::TOKEN_BYTES;
    type Signer = KeyId;

    fn read(payload: &[u8]) -> Result<Self, ClaimsError> {
        let members = Value::read_object(payload)?;
        shape::check(&members, &SHAPE, "license")?;
        let top = Fields::top(&members);
        let body = top.object("license", "license")?;
        Ok(Self {
            issuer: top.text("iss")?,
            products: top.set("aud", 1..=limits::PRODUCTS, Name::new)?,
            customer_id: top.text("sub")?,
            serial: top.parse("jti", Uuid::new)?,
            issued_at: top.time("iat")?,
            starts_at: top.time("nbf")?,
            id: body.parse("id", Uuid::new)?,
            revision: body.integer("revision", 1..=limits::INTEGER_MAX)?,
            customer: body.text("customer")?,
            plan: body.parse("plan", Name::new)?,
            environments: body.set("environments", 1..=limits::ENVIRONMENTS, Name::new)?,
            term: read_term(&top, &body)?,
            grace: read_graces(&body)?,
            max_status_age: body
                .nullable("maxStatusAge", |body, name| body.seconds(name, limits::DURATION_MAX))?,
            maintenance_until: body.nullable("maintenanceUntil", Fields::time)?,
            seats: read_seats(&body)?,
            activation: body.word("activation", &POLICIES)?,
            features: body.set("features", 0..=limits::FEATURES, Name::new)?,
            limits: body.map("limits", limits::LIMITS, "an integer or null", read_limit)?,
            origins: body.list("origins", 0..=limits::ORIGINS, OriginPattern::new)?,
            meta: body.map("meta", limits::META, "a string of at most 500 characters", read_meta)?,
            extensions: body.extensions(payload, "license")?,
            status: top.status()?,
        })
    }
}

impl Claims for License {
    type Of = Self;

    fn to_value(&self) -> Value {
        let mut members = [
            ("iss", self.issuer.as_str().into()),
            ("aud", strings(&self.products)),
            ("sub", self.customer_id.as_str().into()),
            ("jti", self.serial.to_string().into()),
            ("iat", self.issued_at.seconds().into()),
            ("nbf", self.starts_at.seconds().into()),
            ("license", self.body()),
            ("status", self.status.to_value()),
        ]
        .into_iter()
        .collect::<Vec<_>>();
        members.extend(self.term.expires_at().map(|at| ("exp", at.seconds().into())));
        Value::Object(members.into_iter().map(|(name, value)| (name.to_string(), value)).collect())
    }

    fn to_text(&self) -> String {
        to_text(&text::Payload::of(self))
    }
}

impl License {
    fn body(&self) -> Value {
        let time = |at: Option<Timestamp>| Value::from(at.map(Timestamp::seconds));
        Value::object([
            ("version", 1_u64.into()),
            ("id", self.id.to_string().into()),
            ("revision", self.revision.into()),
            ("customer", self.customer.as_str().into()),
            ("plan", self.plan.as_str().into()),
            ("environments", strings(&self.environments)),
            ("term", self.term.word().into()),
            ("warnFrom", time(self.term.warn_from())),
            ("graceUntil", time(self.term.grace_until())),
            ("grace", self.grace.to_value()),
            ("maxStatusAge", self.max_status_age.map(Seconds::get).into()),
            ("maintenanceUntil", time(self.maintenance_until)),
            ("seats", self.seats.to_value()),
            ("activation", self.activation.as_str().into()),
            ("features", strings(&self.features)),
            ("limits", map(&self.limits, |limit| limit.to_value())),
            ("origins", strings(&self.origins)),
            ("meta", map(&self.meta, |text| text.as_str().into())),
            ("extensions", self.extensions.clone().into()),
            ("critical", Vec::new().into()),
        ])
    }
}

/// An array of what displays as its string.
pub(crate) fn strings<T: ToString>(items: &[T]) -> Value {
    Value::Array(items.iter().map(|item| item.to_string().into()).collect())
}

fn map<T>(entries: &BTreeMap<Name, T>, value: impl Fn(&T) -> Value) -> Value {
    Value::Object(entries.iter().map(|(name, entry)| (name.to_string(), value(entry))).collect())
}

fn read_term(top: &Fields<'_>, body: &Fields<'_>) -> Result<Term, ClaimsError> {
    if body.word("term", &TERMS)? {
        let (expires_at, warn_from, grace_until) =
            (top.time("exp")?, body.time("warnFrom")?, body.time("graceUntil")?);
        if warn_from > expires_at {
            return Err(body.breaks("warnFrom", "no later than exp"));
        }
        if grace_until < expires_at {
            return Err(body.breaks("graceUntil", "no earlier than exp"));
        }
        return Ok(Term::Fixed { warn_from, expires_at, grace_until });
    }
    if top.optional("exp").is_some() {
        return Err(top.breaks("exp", "absent, since the term is perpetual"));
    }
    for name in ["warnFrom", "graceUntil"] {
        if *body.value(name)? != Value::Null {
            return Err(body.breaks(name, "null, since the term is perpetual"));
        }
    }
    Ok(Term::Perpetual)
}

fn read_graces(body: &Fields<'_>) -> Result<Graces, ClaimsError> {
    let grace = body.object("grace", "license.grace")?;
    Ok(Graces {
        revocation: grace.seconds("revocation", limits::REVOCATION_GRACE_MAX)?,
        status: grace.seconds("status", limits::DURATION_MAX)?,
        activation: grace.seconds("activation", limits::DURATION_MAX)?,
        maintenance: grace.seconds("maintenance", limits::DURATION_MAX)?,
    })
}

fn read_seats(body: &Fields<'_>) -> Result<Seats, ClaimsError> {
    let seats = body.object("seats", "license.seats")?;
    let limit = seats.nullable("limit", |seats, name| seats.integer(name, 1..=limits::INTEGER_MAX))?;
    let overage = seats.integer("overage", 0..=limits::INTEGER_MAX)?;
    match limit {
        None if overage > 0 => Err(seats.breaks("overage", "0, since the limit is null")),
        None => Ok(Seats { limit: SeatLimit::Unlimited, overage }),
        Some(limit) => Ok(Seats { limit: SeatLimit::AtMost(limit), overage }),
    }
}

fn read_limit(value: &Value) -> Option<Limit> {
    match value {
        Value::Null => Some(Limit::Unlimited),
        Value::Integer(number) => Some(Limit::AtMost(*number)),
        _ => None,
    }
}

fn read_meta(value: &Value) -> Option<String> {
    value.as_str().filter(|text| text.chars().count() <= limits::META_CHARS).map(Into::into)
}
