//! The findings: what is wrong with a license that can be read, each with its window.

use alloc::vec::Vec;
use lictor_shared::{ActivationPolicy, Lease, Reason, Seconds, Status, Term, Timestamp, limits};

use crate::facts::Facts;
use crate::window::{Edge, Finding};

impl Facts<'_> {
    /// Every finding that has a window, started or not, in the order of the register. `t` decides which remembered
    /// instants lie ahead and so count as unknown.
    pub(crate) fn findings(&self, t: Timestamp) -> Vec<Finding> {
        [
            self.wrong_origin(t),
            self.revoked_or_suspended(t),
            self.activation_revoked(t),
            self.not_activated(t),
            self.activation_lapsed(),
            self.expired(),
            self.status_overdue(t),
            self.maintenance_ended(t),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    // wrong_origin: from max(nbf, iat, originSince if known), for grace.activation.
    fn wrong_origin(&self, t: Timestamp) -> Option<Finding> {
        let configured = &self.context.origin;
        let matches = |origin| self.license.origins.iter().any(|pattern| pattern.matches(origin));
        if self.license.origins.is_empty() || configured.origin.as_ref().is_some_and(matches) {
            return None;
        }
        Some(self.activation_grace(Reason::WrongOrigin, known(configured.unmatched_since, t)))
    }

    // revoked, suspended: the license's entry is not VALID.
    fn revoked_or_suspended(&self, t: Timestamp) -> Option<Finding> {
        let (status, since) = self.license_status();
        let reason = match status {
            Status::Valid => return None,
            Status::Revoked => Reason::Revoked,
            Status::Suspended => Reason::Suspended,
        };
        Some(self.left_valid(reason, since, known(self.context.remembered.learned.license, t)))
    }

    // activation_revoked: the usable activation's entry is not VALID.
    fn activation_revoked(&self, t: Timestamp) -> Option<Finding> {
        let (status, since) = self.activation_status();
        if status == Status::Valid {
            return None;
        }
        Some(self.left_valid(
            Reason::ActivationRevoked,
            since,
            known(self.context.remembered.learned.activation, t),
        ))
    }

    // not_activated: from max(nbf, iat, deployment since if known), for grace.activation.
    fn not_activated(&self, t: Timestamp) -> Option<Finding> {
        if self.license.activation == ActivationPolicy::Optional || self.activation.is_some() {
            return None;
        }
        Some(self.activation_grace(Reason::NotActivated, known(self.context.deployment.since(), t)))
    }

    // activation_lapsed: from the activation's exp, for grace.activation.
    fn activation_lapsed(&self) -> Option<Finding> {
        match self.activation?.lease {
            Lease::None => None,
            Lease::Until(end) => {
                Some(lasting(Reason::ActivationLapsed, Edge::At(end), self.license.grace.activation))
            }
        }
    }

    // expired: from exp until graceUntil, which is absolute.
    fn expired(&self) -> Option<Finding> {
        match self.license.term {
            Term::Perpetual => None,
            Term::Fixed { expires_at, grace_until, .. } => Some(Finding {
                reason: Reason::Expired,
                start: Edge::At(expires_at),
                until: Edge::At(grace_until),
            }),
        }
    }

    // status_overdue: from r + maxStatusAge, for grace.status; r = max(iat of the license's applicable list, or of the
    // license if none; deployment since if known).
    fn status_overdue(&self, t: Timestamp) -> Option<Finding> {
        let max_age = self.license.max_status_age?;
        let dated = self.license_list.map_or(self.license.issued_at, |list| list.issued_at);
        let from = known(self.context.deployment.since(), t).map_or(dated, |since| since.max(dated));
        Some(lasting(Reason::StatusOverdue, Edge::At(from).plus(max_age), self.license.grace.status))
    }

    // maintenance_ended: builtAt > maintenanceUntil; from max(builtAt, builtSince if known), for grace.maintenance.
    fn maintenance_ended(&self, t: Timestamp) -> Option<Finding> {
        let built_at = self.context.build.released_at()?;
        if built_at <= self.license.maintenance_until? {
            return None;
        }
        let from = known(self.context.build.first_run(), t).map_or(built_at, |since| since.max(built_at));
        Some(lasting(Reason::MaintenanceEnded, Edge::At(from), self.license.grace.maintenance))
    }

    fn activation_grace(&self, reason: Reason, since: Option<Timestamp>) -> Finding {
        let own = self.license.starts_at.max(self.license.issued_at);
        let start = since.map_or(own, |since| since.max(own));
        lasting(reason, Edge::At(start), self.license.grace.activation)
    }

    // From since (long ago if absent) until max(since + grace.revocation, learned + min(grace.revocation, 7 days)).
    fn left_valid(&self, reason: Reason, since: Option<Timestamp>, learned: Option<Timestamp>) -> Finding {
        let grace = self.license.grace.revocation;
        let short = Seconds::new(limits::LEARNED_GRACE_MAX).map_or(grace, |week| grace.min(week));
        let start = since.map_or(Edge::LongAgo, Edge::At);
        let learned_until = learned.map_or(Edge::LongAgo, |learned| Edge::At(learned).plus(short));
        Finding { reason, start, until: start.plus(grace).max(learned_until) }
    }

    /// Remembered instants ahead of `t`: each becomes known when it is reached.
    pub(crate) fn remembered_ahead(&self, t: Timestamp) -> impl Iterator<Item = Timestamp> {
        let context = self.context;
        let learned = context.remembered.learned;
        [
            context.origin.unmatched_since,
            context.build.first_run(),
            context.deployment.since(),
            learned.license,
            learned.activation,
        ]
        .into_iter()
        .flatten()
        .filter(move |at| *at > t)
    }
}

fn lasting(reason: Reason, start: Edge, grace: Seconds) -> Finding {
    Finding { reason, start, until: start.plus(grace) }
}

/// A remembered instant, unless it lies ahead.
fn known(since: Option<Timestamp>, t: Timestamp) -> Option<Timestamp> {
    since.filter(|since| *since <= t)
}
