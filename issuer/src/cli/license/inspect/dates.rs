//! The dates that stand in a license, read off its claims and not judged.

use lictor_shared::json::Value;
use lictor_shared::{License, Term, Timestamp};

use super::super::super::shown;

/// What a date is, for people and for programs, and the date if there is one.
type Date = (&'static str, &'static str, Option<Timestamp>);

fn dates(license: &License) -> [Date; 7] {
    let (warns, expires, grace) = match license.term {
        Term::Fixed { warn_from, expires_at, grace_until } => {
            (Some(warn_from), Some(expires_at), Some(grace_until))
        }
        Term::Perpetual => (None, None, None),
    };
    let list = license.max_status_age.and_then(|age| license.issued_at.plus(age));
    [
        ("issued", "issuedAt", Some(license.issued_at)),
        ("starts", "startsAt", Some(license.starts_at)),
        ("status list by", "statusListBy", list),
        ("warns from", "warnFrom", warns),
        ("expires", "expiresAt", expires),
        ("grace until", "graceUntil", grace),
        ("maintenance until", "maintenanceUntil", license.maintenance_until),
    ]
}

/// For people; the head says whether they are signed.
pub(super) fn table(license: &License, head: &'static str) -> String {
    let row = |(what, _, at): Date| [what.to_string(), shown::instant(at, "never")];
    shown::table(["DATE", head], dates(license).into_iter().map(row))
}

/// For programs.
pub(super) fn to_value(license: &License) -> Value {
    let member = |(_, name, at): Date| (name.to_owned(), at.map(|at| at.to_string()).into());
    Value::Object(dates(license).into_iter().map(member).collect())
}
