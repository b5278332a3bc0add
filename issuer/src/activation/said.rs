//! What the events of requests say.

use lictor_shared::json::{Members, Value};
use lictor_shared::{Activation, Lease, Request, Timestamp};

use super::answer::Denied;
use super::asked::Asked;
use super::history::History;
use super::occupancy::Occupancy;
use crate::error::Failure;
use crate::event::Facts;

/// What they have in common.
fn named(request: &Request) -> Facts {
    let members: [(&str, Value); 3] = [
        ("license", request.license.to_string().into()),
        ("deployment", request.deployment.to_string().into()),
        ("request", request.nonce.to_string().into()),
    ];
    Facts::of(members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Members>())
}

/// A seat that was granted or renewed.
pub(super) fn granted(
    asked: &Asked<'_>,
    activation: &Activation,
    (history, occupancy): (History, &Occupancy),
) -> Result<Facts, Failure> {
    let entry = &activation.status;
    let status = Value::object([("idx", entry.index.into()), ("uri", entry.uri.as_str().into())]);
    named(asked.request)
        .and("serial", activation.serial.to_string())
        .and("seat", activation.seat)
        .and("product", activation.product.as_str())
        .and("counter", activation.counter)
        .and("previous", asked.request.previous.map(|serial| serial.to_string()))
        .and("history", history.as_str())
        .and("issuedAt", activation.issued_at.seconds())
        .and("endsAt", end_of(activation.lease).map(Timestamp::seconds))
        .and("status", status)
        .and("revocationGrace", asked.revocation_grace(activation.issued_at).get())
        .and("revision", asked.counting.revision)
        .and("seats", occupancy.seats.to_value())
        .and("active", occupancy.active)
        .and("beyondLimit", occupancy.beyond_limit())
        .personal("label", activation.label.as_str())
}

/// A request that was denied.
pub(super) fn denied(request: &Request, denied: &Denied, occupancy: &Occupancy) -> Result<Facts, Failure> {
    named(request)
        .and("kind", request.kind.as_str())
        .and("code", denied.reason.code().as_str())
        .and("reason", denied.reason.as_str())
        .and("seats", occupancy.seats.to_value())
        .and("active", occupancy.active)
        .personal("label", request.label.as_str())
}

/// A request that does not follow from what its deployment was given before.
pub(super) fn forked(asked: &Asked<'_>) -> Facts {
    let latest = asked.given.first().map(|latest| latest.serial.to_string());
    named(asked.request)
        .and("counter", asked.request.counter)
        .and("lastCounter", asked.known.as_ref().map(|known| known.counter))
        .and("previous", asked.request.previous.map(|serial| serial.to_string()))
        .and("latest", latest)
}

/// When an activation ends; `None`: never.
pub(super) const fn end_of(lease: Lease) -> Option<Timestamp> {
    match lease {
        Lease::None => None,
        Lease::Until(end) => Some(end),
    }
}
