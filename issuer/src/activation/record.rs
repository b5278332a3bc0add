//! The deployments that ever held a seat, and their activations, as the ledger knows them.

use lictor_shared::{Name, Seconds, Status, StatusRef, Text, Thumbprint, Timestamp, Uuid};

use crate::error::{Failure, FailureKind};
use crate::ledger::{Ledger, activations as table, customers, deployments as rows};
use crate::register::register;

register! {
    /// What became of a deployment's seat. The words stand in the ledger and never change.
    SeatState {
        /// It holds one.
        Active = "active",
        /// It gave its seat back.
        Released = "released",
        /// Its seat was taken away.
        Revoked = "revoked",
        /// Its lease has ended.
        Expired = "expired",
    }
}

/// A deployment, under one license.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeploymentRecord {
    /// The license.
    pub license: Uuid,
    /// The deployment's id.
    pub id: Thumbprint,
    /// What people call it, by its last request.
    pub label: Text,
    /// What became of its seat.
    pub state: SeatState,
    /// The number of the seat that it holds.
    pub seat: Option<u64>,
    /// When it was first given a seat.
    pub first_seen: Timestamp,
    /// When it was last answered.
    pub last_seen: Timestamp,
    /// The counter of its last request that was answered.
    pub counter: u64,
    /// When the last of its activations ends; `None`: never.
    pub lease_end: Option<Timestamp>,
    /// How often an answer had been lost.
    pub lost_answers: u64,
    /// How often its request did not follow from what it was given before.
    pub forks: u64,
}

impl DeploymentRecord {
    /// Whether it holds a seat of which the lease has ended, so that whoever asks next may have it.
    #[must_use]
    pub fn has_lapsed(&self, at: Timestamp) -> bool {
        self.state == SeatState::Active && self.lease_end.is_some_and(|end| end <= at)
    }
}

/// One activation of a deployment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationRecord {
    /// Its serial.
    pub serial: Uuid,
    /// The number of the seat.
    pub seat: u64,
    /// The product.
    pub product: Name,
    /// The nonce of the request that it answers.
    pub request: Uuid,
    /// The counter of that request.
    pub counter: u64,
    /// The activation that the deployment then held.
    pub previous: Option<Uuid>,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// When its lease ends; `None`: never.
    pub ends_at: Option<Timestamp>,
    /// Its place on the status list.
    pub entry: StatusRef,
    /// What the list says of it, once it is published.
    pub status: Status,
    /// Since when, if that is not [`Status::Valid`].
    pub since: Option<Timestamp>,
    /// How long a deployment goes on after that.
    pub revocation_grace: Seconds,
    pub(crate) list: i64,
}

impl ActivationRecord {
    /// Whether a deployment can still do anything with it at or after this instant.
    #[must_use]
    pub fn is_usable(&self, at: Timestamp) -> bool {
        self.status == Status::Valid && self.ends_at.is_none_or(|end| at < end)
    }
}

/// Which deployments are listed: in the order of their licenses' ids, then of their own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DeploymentPage {
    /// Only those of this license.
    pub license: Option<Uuid>,
    /// Only those behind this one.
    pub after: Option<(Uuid, Thumbprint)>,
    /// At most so many.
    pub size: u32,
}

/// Deployments, a page of them. The next page comes after the last one of this.
///
/// # Errors
/// [`Failure`] if the ledger cannot be read.
pub fn deployments(ledger: &Ledger, page: DeploymentPage) -> Result<Vec<DeploymentRecord>, Failure> {
    match page.license {
        None => rows::page(ledger.connection(), page.after, page.size),
        Some(license) => {
            let after = page.after.filter(|(of, _)| *of == license).map(|(_, id)| id);
            rows::page_of(ledger.connection(), license, after, page.size)
        }
    }
}

/// The same of one customer's licenses: by his id, else by his name.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is no such customer.
pub fn deployments_of_customer(
    ledger: &Ledger,
    customer: &Text,
    page: DeploymentPage,
) -> Result<Vec<DeploymentRecord>, Failure> {
    let connection = ledger.connection();
    let ids = match customers::name(connection, customer)? {
        Some(_) => vec![customer.clone()],
        None => customers::ids(connection, customer)?,
    };
    if ids.is_empty() {
        let message = format!("There is no customer {:?}, by id or by name.", customer.as_str());
        return Err(Failure::new(FailureKind::NotFound, message)
            .hint("lictor license list shows the customers.")
            .with("customer", customer.as_str()));
    }
    let mut found = Vec::new();
    for id in ids {
        found.extend(rows::page_of_customer(connection, &id, page.after, page.size)?);
    }
    // In the order in which pages are read: that of the ids as text.
    found.sort_by_key(|deployment| (deployment.license, deployment.id.to_string()));
    found.truncate(usize::try_from(page.size).unwrap_or(usize::MAX));
    Ok(found)
}

/// The activations of a deployment, in the order in which they were signed.
///
/// # Errors
/// [`Failure`] if the ledger cannot be read.
pub fn activations(ledger: &Ledger, deployment: &DeploymentRecord) -> Result<Vec<ActivationRecord>, Failure> {
    table::of(ledger.connection(), deployment.license, deployment.id)
}
