//! The text of a license: as that of its [value](super::Claims::to_value), member by member in the order of their names, written
//! from the license itself. An issuer writes it several times for each license, and a tree of small strings takes longer than
//! the signature.

use alloc::collections::BTreeMap;
use alloc::string::String;
use serde::{Serialize, Serializer};

use super::License;
use crate::claims::terms::Limit;
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
    limits: Limits<'a>,
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

/// Limits by their names; `null`: unlimited.
struct Limits<'a>(&'a BTreeMap<Name, Limit>);

impl Serialize for Limits<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, limit)| (name, limit.to_value())))
    }
}

impl<'a> Payload<'a> {
    pub(super) fn of(license: &'a License) -> Self {
        // Named one by one, so that a member which a license is given later is not forgotten here.
        let License {
            issuer,
            products,
            customer_id,
            serial,
            issued_at,
            starts_at,
            id,
            revision,
            customer,
            plan,
            environments,
            term,
            grace,
            max_status_age,
            maintenance_until,
            seats,
            activation,
            features,
            limits,
            origins,
            meta,
            extensions,
            status,
        } = license;
        let body = Body {
            activation: activation.as_str(),
            critical: [],
            customer,
            environments,
            extensions,
            features,
            grace: Graces {
                activation: grace.activation,
                maintenance: grace.maintenance,
                revocation: grace.revocation,
                status: grace.status,
            },
            grace_until: term.grace_until(),
            id: *id,
            limits: Limits(limits),
            maintenance_until: *maintenance_until,
            max_status_age: *max_status_age,
            meta,
            origins,
            plan,
            revision: *revision,
            seats: Seats { limit: seats.limit.number(), overage: seats.overage },
            term: term.word(),
            version: 1,
            warn_from: term.warn_from(),
        };
        Self {
            aud: products,
            exp: term.expires_at(),
            iat: *issued_at,
            iss: issuer,
            jti: *serial,
            license: body,
            nbf: *starts_at,
            status: Status { status_list: Entry { idx: status.index, uri: status.uri.as_str() } },
            sub: customer_id,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::License;
    use crate::token::{Artefact as _, Claims as _};
    use alloc::string::ToString as _;

    /// As the text is written: members in the order of their names, no white space. By hand.
    const FULL: &str = r#"{"aud":["dialer","desk"],"exp":1826841600,"iat":1795305600,"iss":"acme-licensing","jti":"0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10","license":{"activation":"required","critical":[],"customer":"Müller \"& Söhne\" \\ GmbH","environments":["production","staging"],"extensions":{"x":{"a":[1,null,true,"\\é"]},"y":"z"},"features":["branding","export"],"grace":{"activation":3,"maintenance":4,"revocation":1,"status":2},"graceUntil":1828051200,"id":"0198c0d2-6c1e-7000-8000-2f6f2b1d9a10","limits":{"agents":250,"recordings":null},"maintenanceUntil":1826841601,"maxStatusAge":3888000,"meta":{"note":"two\nlines\t\u0001","po":"4711"},"origins":["https://calls.acme.example","https://*.acme.example"],"plan":"enterprise","revision":7,"seats":{"limit":25,"overage":2},"term":"fixed","version":1,"warnFrom":1824249600},"nbf":1795305601,"status":{"status_list":{"idx":4711,"uri":"https://licensing.acme.example/status/0"}},"sub":"acme-gmbh"}"#;
    /// All that may be empty, unlimited or without end.
    const EMPTIEST: &str = r#"{"aud":["dialer"],"iat":1795305600,"iss":"a","jti":"0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10","license":{"activation":"optional","critical":[],"customer":"b","environments":["production"],"extensions":{},"features":[],"grace":{"activation":0,"maintenance":0,"revocation":0,"status":0},"graceUntil":null,"id":"0198c0d2-6c1e-7000-8000-2f6f2b1d9a10","limits":{},"maintenanceUntil":null,"maxStatusAge":null,"meta":{},"origins":[],"plan":"p","revision":1,"seats":{"limit":null,"overage":0},"term":"perpetual","version":1,"warnFrom":null},"nbf":1795305600,"status":{"status_list":{"idx":0,"uri":"urn:x:0"}},"sub":"c"}"#;

    #[test]
    fn the_text_is_that_of_the_value_and_of_the_license() {
        for text in [FULL, EMPTIEST] {
            let license = License::read(text.as_bytes()).unwrap();
            assert_eq!(license.to_text(), text);
            assert_eq!(license.to_value().to_string(), text);
        }
    }
}
