//! Whether what is offered takes the place of what is held. Nothing refused ever does.

mod list;
mod seat;

use lictor_shared::{License, Reason, Timestamp};
use std::sync::Arc;

use super::candidate::{Candidate, Outcome, Refused};
use super::choice::refusal;
use super::custody::Custody;
use super::holdings::{Holdings, license_key, license_rank};
use super::product::Product;
use crate::verified::Verified;

impl Custody {
    /// Judges a candidate and holds it if it is to be held.
    pub(crate) fn admit(&mut self, candidate: Candidate, product: &Product, now: Timestamp) -> Outcome {
        let outcome = match candidate {
            Candidate::License(license) => self.admit_license(license, product, now),
            Candidate::StatusList(list) => self.admit_list(list, product, now),
            Candidate::Activation(activation) => self.admit_activation(activation, product, now),
            Candidate::Release(receipt) => self.admit_receipt(receipt, product, now),
        };
        outcome.unwrap_or_else(Outcome::Refused)
    }

    fn held(&mut self) -> &mut Holdings {
        Arc::make_mut(&mut self.holdings)
    }

    fn admit_license(
        &mut self,
        license: Verified<License>,
        product: &Product,
        now: Timestamp,
    ) -> Result<Outcome, Refused> {
        if self.holdings.licenses.iter().any(|held| held.token() == license.token()) {
            return Ok(Outcome::AlreadyHeld);
        }
        match refusal(&self.verdict_under(&license, product, now)) {
            Some(Reason::Superseded) if !self.has_only_refused(product, now) => Ok(Outcome::Outranked),
            None | Some(Reason::NotYetValid) if self.outranks(&license, product, now) => {
                Ok(Outcome::Outranked)
            }
            None => Ok(self.hold_license(license, Outcome::Accepted)),
            // A valid license whose nbf lies ahead is kept as pending.
            Some(Reason::NotYetValid) => {
                let from = license.starts_at();
                Ok(self.hold_license(license, Outcome::Pending { from }))
            }
            // Where there is nothing to keep in force, it is held to say what is the matter; of several, the best one does.
            Some(reason) if self.has_only_refused(product, now) => {
                Ok(self.hold_license(license, Outcome::Refused(Refused::License(reason))))
            }
            Some(reason) => Err(Refused::License(reason)),
        }
    }

    /// Whether nothing is held that is in force or will be.
    fn has_only_refused(&self, product: &Product, now: Timestamp) -> bool {
        let refused = |reason| reason != Reason::NotYetValid;
        let mut held = self.holdings.licenses.iter();
        held.all(|license| refusal(&self.verdict_under(license, product, now)).is_some_and(refused))
    }

    fn hold_license(&mut self, license: Verified<License>, outcome: Outcome) -> Outcome {
        self.held().licenses.push(license);
        outcome
    }

    /// Whether a license in force has the same id and a higher revision. One that is in force only because the clock stands
    /// ahead does not count.
    fn outranks(&self, license: &Verified<License>, product: &Product, now: Timestamp) -> bool {
        let claims = license.claims();
        self.holdings.licenses.iter().any(|held| {
            license_key(held.claims()) == license_key(claims)
                && license_rank(held.claims()) > license_rank(claims)
                && self.has_credibly_started(held, product)
                && refusal(&self.verdict_under(held, product, now)).is_none()
        })
    }
}
