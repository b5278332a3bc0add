//! What a revision changed, in words, so that a slip shows.

use lictor_shared::{License, Limit, SeatLimit, Seconds, Term, Timestamp};

use crate::terms::duration;

/// A term that a revision changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Which.
    pub term: &'static str,
    /// What it was.
    pub before: String,
    /// What it is now.
    pub now: String,
}

/// What differs between two revisions, start and end of the term left aside.
pub(crate) fn differences(before: &License, now: &License) -> Vec<Difference> {
    let pairs = terms(before).into_iter().zip(terms(now));
    let changed = pairs.filter(|(before, now)| before != now);
    changed.map(|((term, before), (_, now))| Difference { term, before, now }).collect()
}

fn terms(license: &License) -> [(&'static str, String); 17] {
    let (warn, grace) = lengths(license.term);
    let length = |length: Option<Seconds>| length.map(duration).unwrap_or_default();
    let limit = |(name, limit): (&_, &Limit)| {
        format!(
            "{name}={}",
            number(match limit {
                Limit::Unlimited => None,
                Limit::AtMost(number) => Some(*number),
            })
        )
    };
    let seats = match license.seats.limit {
        SeatLimit::Unlimited => None,
        SeatLimit::AtMost(number) => Some(number),
    };
    [
        ("plan", license.plan.to_string()),
        ("environments", list(&license.environments)),
        ("warn", length(warn)),
        ("grace", length(grace)),
        ("revocationGrace", duration(license.grace.revocation)),
        ("statusGrace", duration(license.grace.status)),
        ("activationGrace", duration(license.grace.activation)),
        ("maintenanceGrace", duration(license.grace.maintenance)),
        ("maxStatusAge", license.max_status_age.map_or_else(|| "never".into(), duration)),
        (
            "maintenanceUntil",
            license.maintenance_until.map_or_else(|| "unlimited".into(), |at| at.to_string()),
        ),
        ("seats", number(seats)),
        ("overage", license.seats.overage.to_string()),
        ("activation", license.activation.as_str().into()),
        ("features", list(&license.features)),
        ("limits", list(&license.limits.iter().map(limit).collect::<Vec<_>>())),
        ("origins", list(&license.origins)),
        ("meta", list(&license.meta.iter().map(|(name, text)| format!("{name}={text}")).collect::<Vec<_>>())),
    ]
}

/// How long before its end a term warns, and how long its grace is.
pub(crate) fn lengths(term: Term) -> (Option<Seconds>, Option<Seconds>) {
    let length = |from: Timestamp, to: Timestamp| Seconds::new(to.seconds().saturating_sub(from.seconds()));
    match term {
        Term::Perpetual => (None, None),
        Term::Fixed { warn_from, expires_at, grace_until } => {
            (length(warn_from, expires_at), length(expires_at, grace_until))
        }
    }
}

fn number(limit: Option<u64>) -> String {
    limit.map_or_else(|| "unlimited".into(), |number| number.to_string())
}

fn list<T: ToString>(items: &[T]) -> String {
    match items {
        [] => "none".into(),
        items => items.iter().map(ToString::to_string).collect::<Vec<_>>().join(" "),
    }
}
