//! Terms: how long, how many, with which graces. As an operator writes them, and as values that override one another.

mod check;
mod instant;
mod read;
mod span;
mod write;

use lictor_shared::{ActivationPolicy, Limit, Name, SeatLimit, Seconds, Timestamp};
use std::collections::BTreeMap;

pub(crate) use check::check_names;
pub use instant::{end, start};
pub(crate) use read::Read;
pub use read::{FromText, TextError};
pub use span::Span;
pub(crate) use span::duration;
pub(crate) use write::names;

/// Terms of a license, each given or left to whoever comes next: an order leaves them to its products, these to
/// `lictor.toml`, that to what is built in.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Terms {
    /// How long the license runs.
    pub term: Option<TermLength>,
    /// How long before the end the deployment warns.
    pub warn: Option<Seconds>,
    /// How long after the end everything goes on working.
    pub grace: Option<Seconds>,
    /// The same after a revocation.
    pub revocation_grace: Option<Seconds>,
    /// The same after a status list became overdue.
    pub status_grace: Option<Seconds>,
    /// The same without an activation or a matching origin.
    pub activation_grace: Option<Seconds>,
    /// The same for a release that maintenance does not cover.
    pub maintenance_grace: Option<Seconds>,
    /// Within which time a fresh status list must reach the deployment.
    pub max_status_age: Option<StatusAge>,
    /// Which releases are covered.
    pub maintenance: Option<Maintenance>,
    /// How many deployments.
    pub seats: Option<SeatLimit>,
    /// How many more are granted, but flagged.
    pub overage: Option<u64>,
    /// Whether a deployment needs an activation.
    pub activation: Option<ActivationPolicy>,
    /// The features.
    pub features: Option<Vec<Name>>,
    /// Numbers that the product enforces. Here each name is overridden by itself; an empty map takes all of them away.
    pub limits: Option<BTreeMap<Name, Limit>>,
    /// The environments.
    pub environments: Option<Vec<Name>>,
}

/// How long a license runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TermLength {
    /// From its start on for a span of the calendar.
    For(Span),
    /// Until an instant.
    Until(Timestamp),
    /// Without end.
    Perpetual,
}

/// Within which time a fresh status list must reach a deployment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatusAge {
    /// None ever has to.
    Never,
    /// Within this time.
    Within(Seconds),
}

/// Which releases are covered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Maintenance {
    /// All.
    Unlimited,
    /// Those of a span of the calendar from the start of the license on.
    For(Span),
    /// Those up to an instant.
    Until(Timestamp),
}

impl Terms {
    /// What holds where nobody says otherwise. There is no term among it: how long a license runs must be said.
    #[must_use]
    pub fn built_in() -> Self {
        let days = |days: u64| Seconds::new(days * 86_400);
        Self {
            term: None,
            warn: days(30),
            grace: days(14),
            revocation_grace: days(14),
            status_grace: days(14),
            activation_grace: days(14),
            maintenance_grace: days(30),
            max_status_age: days(45).map(StatusAge::Within),
            maintenance: Some(Maintenance::Unlimited),
            seats: Some(SeatLimit::Unlimited),
            overage: Some(0),
            activation: Some(ActivationPolicy::Optional),
            features: Some(Vec::new()),
            limits: None,
            environments: Name::new("production").ok().map(|production| vec![production]),
        }
    }

    /// These, and where they leave something open, `below`.
    #[must_use]
    pub fn over(self, below: &Self) -> Self {
        let below = below.clone();
        let limits = match (self.limits, below.limits) {
            (Some(limits), Some(mut inherited)) if !limits.is_empty() => {
                inherited.extend(limits);
                Some(inherited)
            }
            (limits, inherited) => limits.or(inherited),
        };
        // Extra seats that were meant for another number of seats are not inherited.
        let meant_for_others = self.seats.is_some() && below.seats.is_some();
        let overage = self.overage.or(if meant_for_others { None } else { below.overage });
        Self {
            term: self.term.or(below.term),
            warn: self.warn.or(below.warn),
            grace: self.grace.or(below.grace),
            revocation_grace: self.revocation_grace.or(below.revocation_grace),
            status_grace: self.status_grace.or(below.status_grace),
            activation_grace: self.activation_grace.or(below.activation_grace),
            maintenance_grace: self.maintenance_grace.or(below.maintenance_grace),
            max_status_age: self.max_status_age.or(below.max_status_age),
            maintenance: self.maintenance.or(below.maintenance),
            seats: self.seats.or(below.seats),
            overage,
            activation: self.activation.or(below.activation),
            features: self.features.or(below.features),
            limits,
            environments: self.environments.or(below.environments),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_overrides_and_the_rest_is_inherited() {
        let name = |text: &str| Name::new(text).unwrap();
        let order = Terms {
            warn: Some(Seconds::ZERO),
            limits: Some([(name("agents"), Limit::AtMost(500))].into()),
            ..Terms::default()
        };
        let product = Terms {
            warn: Seconds::new(5),
            term: Some(TermLength::Perpetual),
            features: Some(vec![name("branding")]),
            limits: Some([(name("agents"), Limit::AtMost(5)), (name("recordings"), Limit::Unlimited)].into()),
            ..Terms::default()
        };
        let terms = order.over(&product).over(&Terms::built_in());
        assert_eq!(terms.warn, Some(Seconds::ZERO));
        assert_eq!(terms.term, Some(TermLength::Perpetual));
        assert_eq!(terms.features, Some(vec![name("branding")]));
        let limits = terms.limits.unwrap();
        assert_eq!(
            (limits[&name("agents")], limits[&name("recordings")]),
            (Limit::AtMost(500), Limit::Unlimited)
        );
        let none = Terms { limits: Some(BTreeMap::new()), ..Terms::default() };
        assert_eq!(none.over(&product).over(&Terms::built_in()).limits, Some(BTreeMap::new()));
        assert_eq!(terms.grace, Seconds::new(14 * 86_400));
    }

    #[test]
    fn extra_seats_go_with_their_seats() {
        let product = Terms { seats: Some(SeatLimit::AtMost(25)), overage: Some(2), ..Terms::default() };
        let more = Terms { seats: Some(SeatLimit::Unlimited), ..Terms::default() };
        assert_eq!(more.over(&product).overage, None);
        assert_eq!(Terms::default().over(&product).overage, Some(2));
        let extra = Terms { overage: Some(3), ..Terms::default() };
        assert_eq!(extra.over(&product).overage, Some(3));
        let any = Terms { overage: Some(1), ..Terms::default() };
        let more = Terms { seats: Some(SeatLimit::AtMost(5)), ..Terms::default() };
        assert_eq!(more.over(&any).overage, Some(1));
    }
}
