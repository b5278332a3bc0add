//! The text of a license: as that of its [value](super::Claims::to_value), member by member in the order of their names, written
//! from the license itself. An issuer writes it several times for each license, and a tree of small strings takes longer than
//! the signature.

use alloc::collections::BTreeMap;
use alloc::string::String;
use serde::{Serialize, Serializer};

use super::License;
use crate::claims::terms::{Limit, SeatLimit, Term};
use crate::id::Uuid;
use crate::json::Members;
use crate::name::{Name, Text};
use crate::origin::OriginPattern;
use crate::time::{Seconds, Timestamp};

#[derive(Serialize)]
pub(super) struct Payload<'a> {
    aud: &'a [Name],
    #[serde(skip_serializing_if = "Option::is_none")]
    exp: Option<Timestamp>,
    iat: Timestamp,
    iss: &'a Text,
    jti: Uuid,
    license: Body<'a>,
    nbf: Timestamp,
    status: Status<'a>,
    sub: &'a Text,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Body<'a> {
    activation: &'static str,
    critical: [(); 0],
    customer: &'a Text,
    environments: &'a [Name],
    extensions: &'a Members,
    features: &'a [Name],
    grace: Graces,
    grace_until: Option<Timestamp>,
    id: Uuid,
    limits: &'a BTreeMap<Name, Limit>,
    maintenance_until: Option<Timestamp>,
    max_status_age: Option<Seconds>,
    meta: &'a BTreeMap<Name, String>,
    origins: &'a [OriginPattern],
    plan: &'a Name,
    revision: u64,
    seats: Seats,
    term: &'static str,
    version: u64,
    warn_from: Option<Timestamp>,
}

#[derive(Serialize)]
struct Graces {
    activation: Seconds,
    maintenance: Seconds,
    revocation: Seconds,
    status: Seconds,
}

#[derive(Serialize)]
struct Seats {
    limit: Option<u64>,
    overage: u64,
}

#[derive(Serialize)]
struct Status<'a> {
    status_list: Entry<'a>,
}

#[derive(Serialize)]
struct Entry<'a> {
    idx: u32,
    uri: &'a str,
}

impl Serialize for Limit {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.to_value().serialize(serializer)
    }
}

impl<'a> Payload<'a> {
    pub(super) fn of(license: &'a License) -> Self {
        Self {
            aud: &license.products,
            exp: license.term.expires_at(),
            iat: license.issued_at,
            iss: &license.issuer,
            jti: license.serial,
            license: Body::of(license),
            nbf: license.starts_at,
            status: Status {
                status_list: Entry { idx: license.status.index, uri: license.status.uri.as_str() },
            },
            sub: &license.customer_id,
        }
    }
}

impl<'a> Body<'a> {
    fn of(license: &'a License) -> Self {
        let (term, warn_from, grace_until) = match license.term {
            Term::Fixed { warn_from, grace_until, .. } => ("fixed", Some(warn_from), Some(grace_until)),
            Term::Perpetual => ("perpetual", None, None),
        };
        let limit = match license.seats.limit {
            SeatLimit::Unlimited => None,
            SeatLimit::AtMost(seats) => Some(seats),
        };
        let grace = license.grace;
        Self {
            activation: license.activation.as_str(),
            critical: [],
            customer: &license.customer,
            environments: &license.environments,
            extensions: &license.extensions,
            features: &license.features,
            grace: Graces {
                activation: grace.activation,
                maintenance: grace.maintenance,
                revocation: grace.revocation,
                status: grace.status,
            },
            grace_until,
            id: license.id,
            limits: &license.limits,
            maintenance_until: license.maintenance_until,
            max_status_age: license.max_status_age,
            meta: &license.meta,
            origins: &license.origins,
            plan: &license.plan,
            revision: license.revision,
            seats: Seats { limit, overage: license.seats.overage },
            term,
            version: 1,
            warn_from,
        }
    }
}
