//! What a license's state allows, and what is said where it does not.

use lictor_shared::Timestamp;
use lictor_shared::json::Value;

use crate::error::{Failure, FailureKind};
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
        (Standing::Revoked { since, reason }, _) => format!("revoked since {since} ({reason})"),
        (Standing::Suspended { since }, _) => format!("suspended since {since}"),
        (Standing::Active, LicenseState::Ended) => {
            let end = license.in_force(at).and_then(|revision| revision.grace_until);
            end.map_or_else(|| "over".into(), |end| format!("over: its grace ended at {end}"))
        }
        (Standing::Active, LicenseState::Grace) => "in grace".into(),
        (Standing::Active, state) => state.as_str().into(),
    }
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
