//! What a license's state allows, and what is said where it does not.

use lictor_shared::json::Value;
use lictor_shared::{License, Timestamp};

use crate::error::{Failure, FailureKind, shell};
use crate::licenses::{LicenseRecord, LicenseState, RevisionRecord, Standing};

/// Refuses what the state of a license forbids: in which state it is, then `instead`, the rest of the sentence.
pub(crate) fn forbidden(license: &LicenseRecord, at: Timestamp, instead: &str) -> Failure {
    let id = license.id;
    let message = format!("The license {id} is {}; {instead}.", in_words(license, at));
    Failure::new(FailureKind::Conflict, message)
        .hint(format!("lictor license show {id}"))
        .with("license", id.to_string())
        .with("state", license.state(at).as_str())
}

fn in_words(license: &LicenseRecord, at: Timestamp) -> String {
    match (license.standing, license.state(at)) {
        (Standing::Revoked { since, reason }, _) => {
            format!("revoked {} {since} ({reason})", counting_from(since, at))
        }
        (Standing::Suspended { since }, _) if license.course(at) == LicenseState::Ended => {
            format!("suspended since {since}, and {}", over(license, at))
        }
        (Standing::Suspended { since }, _) => format!("suspended since {since}"),
        (Standing::Active, LicenseState::Ended) => over(license, at),
        (Standing::Active, LicenseState::Grace) => "in grace".into(),
        (Standing::Active, state) => state.as_str().into(),
    }
}

fn over(license: &LicenseRecord, at: Timestamp) -> String {
    let end = license.in_force(at).and_then(|revision| revision.grace_until);
    end.map_or_else(|| "over".into(), |end| format!("over: its grace ended at {end}"))
}

/// The word before an instant that is past, or lies ahead.
pub(crate) fn counting_from(since: Timestamp, at: Timestamp) -> &'static str {
    if since > at { "from" } else { "since" }
}

/// How another license like this one is issued.
pub(crate) fn issue_another(claims: &License) -> String {
    let products: String = claims.products.iter().map(|product| format!(" --product {product}")).collect();
    let customer = shell(claims.customer.as_str());
    let id = shell(claims.customer_id.as_str());
    let plan = &claims.plan;
    format!("lictor issue{products} --plan {plan} --customer {customer} --customer-id {id} --term 1y")
}

/// Revisions as events name them: serial, and place on the status list.
pub(crate) fn named(revisions: &[&RevisionRecord]) -> Value {
    let revision = |revision: &&RevisionRecord| {
        let entry = &revision.entry;
        let status = Value::object([("idx", entry.index.into()), ("uri", entry.uri.as_str().into())]);
        Value::object([("serial", revision.serial.to_string().into()), ("status", status)])
    };
    Value::Array(revisions.iter().map(revision).collect())
}
