//! Taking a seat back, by the request of the deployment that has it.

use lictor_shared::json::Members;
use lictor_shared::{Label, Release};

use super::answer::{Answer, Given, Manner};
use super::asked::Asked;
use super::desk::Desk;
use super::record::SeatState;
use super::{deny, seen, vacate};
use crate::entropy;
use crate::error::Failure;
use crate::event::EventKind;
use crate::ledger::seats;

impl Desk<'_> {
    /// Takes the seat back, if the deployment still holds it, and signs a receipt.
    pub(super) fn release(&self, asked: &Asked<'_>) -> Result<Answer, Failure> {
        let connection = self.transaction.connection();
        let known = asked.known.clone().ok_or_else(deny::unknown)?;
        let history = asked.history(connection)?;
        let stamp = self.stamp(&asked.request.product)?;
        let receipt = self.receipt(asked)?;
        let stamped = stamp.sign::<Release, _>(&receipt)?;
        let stopped = vacate::usable(connection, (known.license, known.id), self.at)?;
        let freed = u64::from(known.seat.is_some());
        let active = seats::active(connection, known.license)?.saturating_sub(freed);
        let facts = vacate::facts(&known, &stopped, active)
            .and("request", asked.request.nonce.to_string())
            .and("counter", asked.request.counter)
            .and("history", history.as_str())
            .and("serial", receipt.serial.to_string())
            .personal("label", asked.request.label.as_str())?;
        // What the deployment gave back is stopped on that list; one that has nothing to give back hears of the newest.
        let list = stopped.first().map_or_else(|| self.uri.clone(), |given| given.entry.uri.clone());
        let enclosing = self.enclosing(asked, list);
        let facts = enclosing.named(stamped.named(facts, &stamp));
        let event = self.record(EventKind::ActivationReleased, facts)?;
        let seen = seen::released(asked, known, (history, self.at));
        vacate::stop(self.transaction, seen, &stopped, (SeatState::Released, self.at))?;
        self.lists_change();
        self.record_fork(asked, history)?;
        let paste = self.hand_out(asked, (Label::Release, stamped.token), enclosing, event)?;
        let occupancy = Some(asked.occupancy(connection)?);
        let given = Given::new(asked, (Manner::Released, receipt.serial, history), paste);
        Ok(Answer::Given(Box::new(Given { occupancy, claims: self.claims_told(&receipt), ..given })))
    }

    fn receipt(&self, asked: &Asked<'_>) -> Result<Release, Failure> {
        let request = asked.request;
        Ok(Release {
            issuer: self.home.config().issuer.clone(),
            product: request.product.clone(),
            deployment: asked.deployment()?,
            serial: entropy::uuid(self.at)?,
            issued_at: self.at,
            license: request.license,
            request: request.nonce,
            extensions: Members::new(),
        })
    }
}
