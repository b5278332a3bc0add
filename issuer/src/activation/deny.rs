//! What is held against a request, in the order in which it is looked at.

use lictor_shared::json::{Members, Value};
use lictor_shared::{Denial, License, Request, Seconds, Timestamp};

use super::answer::Denied;
use super::occupancy::Occupancy;
use crate::error::{Failure, FailureKind};
use crate::licenses::{LicenseRecord, LicenseState, Standing};

/// Seconds that a request may be old: 30 days.
const OLDEST: u64 = 30 * 86_400;

/// Seconds that a request may be dated ahead: a day, by which clocks that nobody looks after are wrong.
const AHEAD: u64 = 86_400;

/// Unknown license, wrong hash and foreign issuer are one: nobody learns here which licenses there are.
pub(super) fn unknown() -> Failure {
    Failure::new(FailureKind::NotFound, "There is no license here for this request.")
        .hint("See that it was made with the latest license file, and is brought to whoever issued that.")
}

/// Refuses a request that is too old or dated ahead.
pub(super) fn by_date(request: &Request, at: Timestamp) -> Option<Denied> {
    let after = |from: Timestamp, seconds| Seconds::new(seconds).and_then(|duration| from.plus(duration));
    let made = request.issued_at;
    if after(made, OLDEST).is_some_and(|until| until < at) {
        let message = format!("The request was made at {made}, more than 30 days ago.");
        return Some(
            denied(request, Denial::RequestTooOld, message)
                .hinted("Let the deployment make a new one.")
                .with("fieldErrors", date_error("more than 30 days ago")),
        );
    }
    if after(at, AHEAD).is_some_and(|until| until < made) {
        let message = format!("The request is dated {made}, more than a day ahead of now, {at}.");
        return Some(
            denied(request, Denial::RequestAhead, message)
                .hinted("Set the deployment's clock, and let it make a new one.")
                .with("fieldErrors", date_error("more than a day ahead")),
        );
    }
    None
}

fn date_error(message: &str) -> Value {
    Value::object([("iat", Value::Array(vec![message.into()]))])
}

/// Refuses a product that is none of the license's.
pub(super) fn by_product(request: &Request, counting: &License) -> Option<Denied> {
    if counting.products.contains(&request.product) {
        return None;
    }
    let products: Vec<&str> = counting.products.iter().map(|product| product.as_str()).collect();
    let message = format!("The license is for {}, not for {}.", products.join(", "), request.product);
    Some(
        denied(request, Denial::WrongProduct, message)
            .hinted("Let that product ask which the license is for."),
    )
}

/// Refuses seats of a license that is revoked, suspended or past its grace.
pub(super) fn by_standing(request: &Request, license: &LicenseRecord, at: Timestamp) -> Option<Denied> {
    let (id, show) = (license.id, format!("lictor license show {}", license.id));
    // What is revoked for a day to come is what it was until then.
    if let Standing::Revoked { since, .. } = license.standing
        && since <= at
    {
        let message = format!("The license {id} has been revoked since {since}.");
        let denied = denied(request, Denial::Revoked, message).hinted(show);
        return Some(denied.with("since", since.to_string()));
    }
    if let Standing::Suspended { since } = license.standing {
        let message = format!("The license {id} has been suspended since {since}.");
        let hint = format!("To lift that: lictor license reinstate {id}");
        let denied = denied(request, Denial::Suspended, message).hinted(hint);
        return Some(denied.with("since", since.to_string()));
    }
    if license.course(at) != LicenseState::Ended {
        return None;
    }
    let revision = license.in_force(at);
    let time = |at: Option<Timestamp>| Value::from(at.map(|at| at.to_string()));
    let (end, grace) = (
        revision.and_then(|revision| revision.expires_at),
        revision.and_then(|revision| revision.grace_until),
    );
    let when = grace.map(|at| format!(": its grace ended at {at}")).unwrap_or_default();
    let hint = format!("lictor license renew {id} --term 1y");
    let denied = denied(request, Denial::Expired, format!("The license {id} is over{when}.")).hinted(hint);
    Some(denied.with("expiresAt", time(end)).with("graceUntil", time(grace)))
}

/// Refuses a seat where all are taken.
pub(super) fn seats_exhausted(request: &Request, occupancy: &Occupancy) -> Denied {
    let (id, seats) = (request.license, occupancy.seats.to_value());
    let seats = seats.as_object().cloned().unwrap_or_default();
    let message = match occupancy.room() {
        Some(room) if room < occupancy.active => {
            let there_are = if room == 1 { "1 seat".to_owned() } else { format!("{room} seats") };
            format!("The license {id} has {there_are}, and {} are taken from before.", occupancy.active)
        }
        Some(1) => format!("The one seat of the license {id} is taken."),
        room => format!("All {} seats of the license {id} are taken.", room.unwrap_or_default()),
    };
    let mut denied = denied(request, Denial::SeatsExhausted, message).hinted(format!(
        "lictor activation list --license {id} shows who has them; lictor activation release frees one"
    ));
    denied.details.extend(seats);
    denied.with("active", occupancy.active)
}

/// Refuses to take back a seat that was never given.
pub(super) fn no_seat(request: &Request) -> Denied {
    let message = "It never had a seat of this license.".to_owned();
    denied(request, Denial::NoSeat, message).hinted("There is nothing to give back.")
}

fn denied(request: &Request, reason: Denial, message: String) -> Denied {
    let details: [(&str, Value); 5] = [
        ("reason", reason.as_str().into()),
        ("kind", request.kind.as_str().into()),
        ("license", request.license.to_string().into()),
        ("deployment", request.deployment.to_string().into()),
        ("request", request.nonce.to_string().into()),
    ];
    Denied {
        license: request.license,
        deployment: request.deployment,
        label: request.label.clone(),
        request: request.nonce,
        reason,
        message,
        hint: String::new(),
        details: details.into_iter().map(|(name, value)| (name.to_owned(), value)).collect::<Members>(),
    }
}

impl Denied {
    fn hinted(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.details.insert(name.into(), value.into());
        self
    }
}
