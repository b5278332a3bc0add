//! What a license's state allows, and what is said where it does not.

use lictor_shared::json::Value;
use lictor_shared::{License, Timestamp};

use crate::error::{Failure, FailureKind, shell};
use crate::licenses::{LicenseRecord, LicenseState, RevisionRecord, Standing};

/// Refuses what the state of a license forbids: in which state it is, then `instead`, the rest of the sentence.
pub(crate) fn forbidden(license: &LicenseRecord, at: Timestamp, instead: &str) -> Failure {
    let id = license.id;
    let message = format!("The license {id} {}; {instead}.", in_words(license, at));
    Failure::new(FailureKind::Conflict, message)
        .hint(format!("lictor license show {id}"))
        .with("license", id.to_string())
        .with("state", license.state(at).as_str())
}

/// Refuses what needs a revision that is not revoked, of a license that has none though it is not revoked itself: a restored
/// ledger knows from the lists that they were revoked, and not the revision that took their place.
pub(crate) fn all_revoked(license: &LicenseRecord, at: Timestamp, instead: &str) -> Failure {
    let id = license.id;
    let message = format!(
        "Every revision of the license {id} that could still be used is revoked already, though the license {}; {instead}.",
        in_words(license, at)
    );
    Failure::new(FailureKind::Conflict, message)
        .hint(format!("Was the ledger restored from a backup? lictor license show {id} shows the revisions; to go on, issue another license."))
        .with("license", id.to_string())
        .with("state", license.state(at).as_str())
}

fn in_words(license: &LicenseRecord, at: Timestamp) -> String {
    match (license.standing, license.state(at)) {
        (Standing::Revoked { since, reason }, _) => {
            format!("{} revoked {} {since} ({reason})", is(since, at), counting_from(since, at))
        }
        (Standing::Suspended { since }, _) if license.course(at) == LicenseState::Ended => {
            format!("has been suspended since {since}, and is {}", over(license, at))
        }
        (Standing::Suspended { since }, _) => format!("has been suspended since {since}"),
        (Standing::Active, LicenseState::Ended) => format!("is {}", over(license, at)),
        (Standing::Active, LicenseState::Grace) => "is in grace".into(),
        (Standing::Active, state) => format!("is {}", state.as_str()),
    }
}

fn over(license: &LicenseRecord, at: Timestamp) -> String {
    let end = license.in_force(at).and_then(|revision| revision.grace_until);
    end.map_or_else(|| "over".into(), |end| format!("over: its grace ended at {end}"))
}

/// The verb before a state that began at an instant, or will.
pub(crate) fn is(since: Timestamp, at: Timestamp) -> &'static str {
    if since > at { "is" } else { "has been" }
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
pub(crate) fn named(revisions: &[&RevisionRecord]) -> Vec<Value> {
    let revision = |revision: &&RevisionRecord| {
        let entry = &revision.entry;
        let status = Value::object([("idx", entry.index.into()), ("uri", entry.uri.as_str().into())]);
        Value::object([("serial", revision.serial.to_string().into()), ("status", status)])
    };
    revisions.iter().map(revision).collect()
}
