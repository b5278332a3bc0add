//! The terms of a license: how long, which graces, how many.

use crate::json::Value;
use crate::time::{Seconds, Timestamp};

/// How long a license runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Term {
    /// Until a date. `warn_from <= expires_at <= grace_until`.
    Fixed {
        /// From when the deployment warns of the end.
        warn_from: Timestamp,
        /// The end of the term (`exp`).
        expires_at: Timestamp,
        /// The absolute end of the grace after it.
        grace_until: Timestamp,
    },
    /// Without end.
    Perpetual,
}

impl Term {
    /// The word for it in a token.
    pub(super) const fn word(&self) -> &'static str {
        match self {
            Self::Fixed { .. } => "fixed",
            Self::Perpetual => "perpetual",
        }
    }

    /// From when on its end is announced; `None` without end.
    pub(super) const fn warn_from(&self) -> Option<Timestamp> {
        match self {
            Self::Fixed { warn_from, .. } => Some(*warn_from),
            Self::Perpetual => None,
        }
    }

    /// The last instant at which a deployment can still be in full function for its term; `None` without end.
    #[must_use]
    pub const fn grace_until(&self) -> Option<Timestamp> {
        match self {
            Self::Fixed { grace_until, .. } => Some(*grace_until),
            Self::Perpetual => None,
        }
    }

    /// The end of the term; `None` without end.
    #[must_use]
    pub const fn expires_at(&self) -> Option<Timestamp> {
        match self {
            Self::Fixed { expires_at, .. } => Some(*expires_at),
            Self::Perpetual => None,
        }
    }
}

/// The graces that are measured from what happens to a license.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Graces {
    /// After a revocation or suspension; at most a year.
    pub revocation: Seconds,
    /// After a status list became overdue.
    pub status: Seconds,
    /// Without an activation or a matching origin.
    pub activation: Seconds,
    /// For a release that maintenance does not cover.
    pub maintenance: Seconds,
}

/// How many deployments may run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// Seats bought.
    pub limit: SeatLimit,
    /// Seats granted beyond the limit, but flagged; 0 if the limit is unlimited.
    pub overage: u64,
}

/// A number of deployments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SeatLimit {
    /// Any number.
    Unlimited,
    /// So many, at least 1.
    AtMost(u64),
}

/// A number that the product enforces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Limit {
    /// No limit.
    Unlimited,
    /// So many.
    AtMost(u64),
}

/// Whether a deployment needs an activation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ActivationPolicy {
    /// It needs one.
    Required,
    /// It needs none.
    Optional,
}

impl ActivationPolicy {
    /// The word in the token.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Required => "required",
            Self::Optional => "optional",
        }
    }
}

impl Graces {
    pub(super) fn to_value(self) -> Value {
        Value::object([
            ("revocation", self.revocation.get().into()),
            ("status", self.status.get().into()),
            ("activation", self.activation.get().into()),
            ("maintenance", self.maintenance.get().into()),
        ])
    }
}

impl Seats {
    /// `{"limit", "overage"}` as in the token and in verdicts.
    #[must_use]
    pub fn to_value(self) -> Value {
        Value::object([("limit", self.limit.number().into()), ("overage", self.overage.into())])
    }
}

impl SeatLimit {
    /// The number as in the token; `None`, which is null there, for any number.
    pub(super) const fn number(self) -> Option<u64> {
        match self {
            Self::Unlimited => None,
            Self::AtMost(seats) => Some(seats),
        }
    }
}

impl Limit {
    /// The number, or null, as in the token and in verdicts.
    #[must_use]
    pub const fn to_value(self) -> Value {
        match self {
            Self::Unlimited => Value::Null,
            Self::AtMost(number) => Value::Integer(number),
        }
    }
}
