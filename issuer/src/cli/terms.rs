//! Options for the terms of licenses, the same for products and for orders.

use clap::Args;
use lictor_shared::{ActivationPolicy, Limit, Name, SeatLimit, Seconds};

use super::values::{self, OrNone};
use crate::error::Failure;
use crate::terms::{Maintenance, StatusAge, TermLength, Terms};

/// The terms of licenses.
#[derive(Args, Debug)]
#[command(next_help_heading = "Terms")]
pub(crate) struct TermsOptions {
    /// How long: 1y, 6mo, 2w, 90d (calendar time, UTC), or perpetual
    #[arg(long, value_name = "SPAN", value_parser = values::term_length)]
    term: Option<TermLength>,
    #[command(flatten)]
    others: OtherTerms,
}

/// All terms but how long the license runs.
#[derive(Args, Debug)]
#[command(next_help_heading = "Terms")]
pub(crate) struct OtherTerms {
    /// How long before the end deployments warn [default: 30d]
    #[arg(long, value_name = "DURATION", value_parser = values::term::<Seconds>)]
    warn: Option<Seconds>,
    /// How long everything goes on working after the end [default: 14d]
    #[arg(long, value_name = "DURATION", value_parser = values::term::<Seconds>)]
    grace: Option<Seconds>,
    /// The same after a revocation [default: 14d]
    #[arg(long, value_name = "DURATION", value_parser = values::term::<Seconds>)]
    revocation_grace: Option<Seconds>,
    /// The same when no fresh status list has come [default: 14d]
    #[arg(long, value_name = "DURATION", value_parser = values::term::<Seconds>)]
    status_grace: Option<Seconds>,
    /// The same without an activation or a matching origin [default: 14d]
    #[arg(long, value_name = "DURATION", value_parser = values::term::<Seconds>)]
    activation_grace: Option<Seconds>,
    /// The same for a release that maintenance does not cover [default: 30d]
    #[arg(long, value_name = "DURATION", value_parser = values::term::<Seconds>)]
    maintenance_grace: Option<Seconds>,
    /// How often a fresh status list must reach a deployment, or never [default: 45d]
    #[arg(long, value_name = "DURATION|never", value_parser = values::term::<StatusAge>)]
    max_status_age: Option<StatusAge>,
    /// The last day of releases that are covered, or unlimited [default: unlimited]
    #[arg(long, value_name = "DATE|unlimited", value_parser = values::maintenance)]
    maintenance_until: Option<Maintenance>,
    /// How many deployments: a number from 1 on, or unlimited [default: unlimited]
    #[arg(long, value_name = "N|unlimited", value_parser = values::term::<SeatLimit>)]
    seats: Option<SeatLimit>,
    /// How many deployments more are let in, but flagged [default: 0]
    #[arg(long, value_name = "N", value_parser = values::integer)]
    overage: Option<u64>,
    /// Whether a deployment needs an activation: required or optional [default: optional]
    #[arg(long, value_name = "POLICY", value_parser = values::term::<ActivationPolicy>)]
    activation: Option<ActivationPolicy>,
    /// A feature, or none; may be given several times
    #[arg(long, value_name = "NAME|none", value_parser = values::or_none(values::name))]
    feature: Vec<OrNone<Name>>,
    /// A number that the product enforces, or none of them; may be given several times
    #[arg(long, value_name = "NAME=N|NAME=unlimited|none", value_parser = values::or_none(values::limit))]
    limit: Vec<OrNone<(Name, Limit)>>,
    /// An environment; may be given several times [default: production]
    #[arg(long, value_name = "NAME")]
    environment: Vec<Name>,
}

impl TermsOptions {
    /// What was given; the rest is left to whoever comes next.
    pub(crate) fn terms(&self) -> Result<Terms, Failure> {
        Ok(Terms { term: self.term, ..self.others.terms()? })
    }
}

impl OtherTerms {
    /// What was given; the rest is left to whoever comes next.
    pub(crate) fn terms(&self) -> Result<Terms, Failure> {
        let limits = values::some(&self.limit, "--limit")?;
        Ok(Terms {
            term: None,
            warn: self.warn,
            grace: self.grace,
            revocation_grace: self.revocation_grace,
            status_grace: self.status_grace,
            activation_grace: self.activation_grace,
            maintenance_grace: self.maintenance_grace,
            max_status_age: self.max_status_age,
            maintenance: self.maintenance_until,
            seats: self.seats,
            overage: self.overage,
            activation: self.activation,
            features: values::some(&self.feature, "--feature")?,
            limits: limits.map(|limits| values::distinct(&limits, "--limit")).transpose()?,
            environments: (!self.environment.is_empty()).then(|| self.environment.clone()),
        })
    }
}
