//! A license but for its ids: every term settled, every instant resolved.

use lictor_shared::json::Members;
use lictor_shared::{
    ActivationPolicy, Algorithm, Graces, License, Limit, Name, OriginPattern, SeatLimit, Seats, Seconds,
    StatusRef, Term, Text, Timestamp, Uuid,
};
use std::collections::BTreeMap;

/// A license that is about to be issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Draft {
    /// The products.
    pub products: Vec<Name>,
    /// The plan.
    pub plan: Name,
    /// The customer's name.
    pub customer: Text,
    /// The customer's id, if the order names one.
    pub customer_id: Option<Text>,
    /// The environments.
    pub environments: Vec<Name>,
    /// When it is issued.
    pub issued_at: Timestamp,
    /// From when it holds.
    pub starts_at: Timestamp,
    /// How long it runs.
    pub term: Term,
    /// The graces other than the one after expiry.
    pub grace: Graces,
    /// Within which time a fresh status list must reach the deployment.
    pub max_status_age: Option<Seconds>,
    /// Releases after this instant are not covered.
    pub maintenance_until: Option<Timestamp>,
    /// How many deployments.
    pub seats: Seats,
    /// Whether a deployment needs an activation.
    pub activation: ActivationPolicy,
    /// The features.
    pub features: Vec<Name>,
    /// Numbers that the product enforces.
    pub limits: BTreeMap<Name, Limit>,
    /// The origins it is bound to.
    pub origins: Vec<OriginPattern>,
    /// Notes.
    pub meta: BTreeMap<Name, String>,
    /// Extensions, which only a later generation knows and which a new revision keeps.
    pub extensions: Members,
    /// The algorithm name that the order asks for.
    pub algorithm: Option<Algorithm>,
}

/// What makes a draft a license.
pub(crate) struct Identity {
    pub(crate) issuer: Text,
    pub(crate) customer_id: Text,
    pub(crate) id: Uuid,
    pub(crate) revision: u64,
    pub(crate) serial: Uuid,
    pub(crate) status: StatusRef,
}

impl Draft {
    /// The revision of a license that it becomes.
    pub(crate) fn license(self, identity: Identity) -> License {
        License {
            issuer: identity.issuer,
            products: self.products,
            customer_id: identity.customer_id,
            serial: identity.serial,
            issued_at: self.issued_at,
            starts_at: self.starts_at,
            id: identity.id,
            revision: identity.revision,
            customer: self.customer,
            plan: self.plan,
            environments: self.environments,
            term: self.term,
            grace: self.grace,
            max_status_age: self.max_status_age,
            maintenance_until: self.maintenance_until,
            seats: self.seats,
            activation: self.activation,
            features: self.features,
            limits: self.limits,
            origins: self.origins,
            meta: self.meta,
            extensions: self.extensions,
            status: identity.status,
        }
    }

    /// Every instant that was resolved, in words, a sentence each.
    #[must_use]
    pub fn in_words(&self) -> Vec<String> {
        let mut words = vec![format!("It holds from {} on.", self.starts_at)];
        match self.term {
            Term::Perpetual => words.push("It never expires.".into()),
            Term::Fixed { warn_from, expires_at, grace_until } => {
                words.push(format!("It expires at {expires_at}{}.", last_day(expires_at)));
                if warn_from < expires_at {
                    words.push(format!("Deployments warn of that from {warn_from} on."));
                }
                words.push(match grace_until > expires_at {
                    true => format!(
                        "Everything goes on working in grace until {grace_until}, then it is read-only."
                    ),
                    false => "There is no grace after that: it is read-only at once.".into(),
                });
            }
        }
        if let Some(until) = self.maintenance_until {
            words.push(format!("Releases dated up to {until} are covered."));
        }
        words.push(match self.max_status_age.map(|age| self.issued_at.plus(age)) {
            None => "No status list ever has to reach a deployment.".into(),
            Some(None) => "No status list has to reach a deployment before the year 10000.".into(),
            Some(Some(by)) => format!("A status list signed from now on must reach each deployment by {by}."),
        });
        words
    }

    /// What is allowed and yet hardly meant, a sentence each.
    #[must_use]
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if let (SeatLimit::AtMost(seats), ActivationPolicy::Optional) = (self.seats.limit, self.activation) {
            warnings.push(format!(
                "The number of seats ({seats}) binds nobody: deployments need no activation. To count them, give --activation required."
            ));
        }
        if let (Some(until), Some(end)) = (self.maintenance_until, self.term.expires_at())
            && until < end
        {
            warnings.push(format!("Releases after {until} are not covered, though it runs until {end}."));
        }
        if self.starts_at > self.issued_at {
            warnings
                .push(format!("Until {} deployments refuse this license as not yet valid.", self.starts_at));
        }
        warnings
    }
}

/// `, so 2027-11-21 is its last day`, if it ends with a day.
fn last_day(end: Timestamp) -> String {
    match Seconds::new(1) {
        Some(second) if end.seconds().is_multiple_of(86_400) && end > Timestamp::EPOCH => {
            format!(", so {} is its last day", end.minus(second).day())
        }
        _ => String::new(),
    }
}
