//! A request for a license of ours, with all that is known of it before it is answered.

use lictor_shared::{License, Request, RequestKind, Seconds, Text, Timestamp, Uri, Uuid};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::sync::Arc;

use super::answer::Denied;
use super::deny;
use super::history::{History, judge};
use super::occupancy::{Occupancy, counting, occupancy_in};
use super::record::{ActivationRecord, DeploymentRecord};
use super::request::SeatRequest;
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::{activations, deployments, licenses};
use crate::licenses::LicenseRecord;

/// A request for a license of ours.
pub(super) struct Asked<'a> {
    pub(super) request: &'a Request,
    pub(super) signed: &'a SeatRequest,
    pub(super) license: Arc<LicenseRecord>,
    /// The revision that says how many seats there are.
    pub(super) counting: Arc<License>,
    /// The revision that the deployment proved to hold.
    pub(super) held: Uuid,
    /// What is known of the deployment under this license.
    pub(super) known: Option<DeploymentRecord>,
    /// Its latest activation, and the one before it.
    pub(super) given: Vec<ActivationRecord>,
}

/// A license of ours, and the revision that says how many seats there are: the same for all who ask for it in one change.
#[derive(Clone)]
pub(super) struct Licensed {
    license: Arc<LicenseRecord>,
    counting: Arc<License>,
}

impl Licensed {
    pub(super) fn look_up(connection: &Connection, id: Uuid, at: Timestamp) -> Result<Self, Failure> {
        let license = licenses::find(connection, id)?.ok_or_else(deny::unknown)?;
        let counting = Arc::new(counting(connection, &license, at)?);
        Ok(Self { license: Arc::new(license), counting })
    }
}

/// The serial of the revision of ours that a request proves to hold.
///
/// # Errors
/// One and the same for an unknown license, a wrong hash and a foreign issuer, after the same work: one look.
pub(super) fn is_ours(home: &Home, connection: &Connection, signed: &SeatRequest) -> Result<Uuid, Failure> {
    let request = signed.claims();
    let held = licenses::by_sha256(connection, &request.license_hash)?;
    let named = held.filter(|(license, _)| *license == request.license);
    let ours = named.filter(|_| request.issuer == home.config().issuer);
    ours.map(|(_, serial)| serial).ok_or_else(deny::unknown)
}

impl<'a> Asked<'a> {
    /// The deployment's id, as claims name it.
    pub(super) fn deployment(&self) -> Result<Text, Failure> {
        let id = self.request.deployment.to_string();
        Text::new(&id).map_err(|error| Failure::new(FailureKind::Unexpected, error.to_string()))
    }

    /// Whether the deployment has a seat already.
    pub(super) fn holds_a_seat(&self) -> bool {
        self.known.as_ref().is_some_and(|known| known.seat.is_some())
    }

    pub(super) fn look_up(
        connection: &Connection,
        signed: &'a SeatRequest,
        held: Uuid,
        Licensed { license, counting }: Licensed,
    ) -> Result<Self, Failure> {
        let request = signed.claims();
        let known = deployments::find(connection, request.license, request.deployment)?;
        let given = match known {
            Some(_) => activations::latest(connection, request.license, request.deployment)?,
            // Whoever was given one is known.
            None => Vec::new(),
        };
        Ok(Self { request, signed, license, counting, held, known, given })
    }

    /// What is held against the request, whether or not there are seats.
    pub(super) fn against(&self, at: Timestamp) -> Option<Denied> {
        let by_date = deny::by_date(self.request, at);
        match self.request.kind {
            RequestKind::Activate => by_date
                .or_else(|| deny::by_standing(self.request, &self.license, at))
                .or_else(|| deny::by_product(self.request, &self.counting)),
            // Whatever became of the license, its seats can be given back.
            RequestKind::Release => by_date
                .or_else(|| self.against_product_given_back())
                .or_else(|| self.known.is_none().then(|| deny::no_seat(self.request))),
        }
    }

    /// A seat is given back for a product of the license, or for the one that it was granted for.
    fn against_product_given_back(&self) -> Option<Denied> {
        let was_granted = self.given.iter().any(|activation| activation.product == self.request.product);
        if was_granted { None } else { deny::by_product(self.request, &self.counting) }
    }

    /// How the request follows from what its deployment was given before.
    pub(super) fn history(&self, connection: &Connection) -> Result<History, Failure> {
        judge(connection, self.request, self.known.as_ref(), &self.given)
    }

    pub(super) fn occupancy(&self, connection: &Connection) -> Result<Occupancy, Failure> {
        occupancy_in(connection, &self.counting)
    }

    /// How long a deployment may go on after its activation is revoked, by whichever revision it holds.
    pub(super) fn revocation_grace(&self, at: Timestamp) -> Seconds {
        let usable = self.license.usable(at);
        let graces = usable.iter().map(|revision| revision.revocation_grace);
        graces.fold(self.counting.grace.revocation, Seconds::max)
    }

    /// The lists that speak for the revisions that the deployment has once it has these newer ones.
    pub(super) fn lists(&self, newer: &[Uuid]) -> BTreeSet<Uri> {
        let revisions = self.license.revisions.iter();
        let has =
            revisions.filter(|revision| revision.serial == self.held || newer.contains(&revision.serial));
        has.map(|revision| revision.entry.uri.clone()).collect()
    }
}
