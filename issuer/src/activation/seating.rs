//! Granting a seat, or renewing the one that a deployment holds: it is taken, its activation is signed, and all of it recorded.

use lictor_shared::json::Members;
use lictor_shared::{Activation, Label, Lease};

use super::answer::{Answer, Given, Manner};
use super::asked::Asked;
use super::desk::{Desk, given, text};
use super::enclosed::Enclosing;
use super::history::History;
use super::occupancy::Occupancy;
use super::sign::{Stamp, Stamped};
use super::{said, seen};
use crate::entropy;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::ledger::seats::Taken;
use crate::ledger::{activations, deployments, seats, shards};

/// The seat that a deployment gets.
#[derive(Clone, Copy)]
pub(super) enum Seat {
    /// Another one than it has, since it has none.
    New(u64),
    /// The one that it has.
    Held(u64),
}

/// A request for which a seat is taken, and an entry on a list.
pub(super) struct Seated<'d> {
    asked: Asked<'d>,
    seat: Seat,
    history: History,
    occupancy: Occupancy,
    activation: Activation,
    /// The number of the list.
    list: i64,
    enclosing: Enclosing,
    stamp: Stamp<'d>,
}

/// The same with the activation's token, and what its event says.
pub(super) struct Signed<'d> {
    seated: Seated<'d>,
    stamped: Stamped,
    facts: Facts,
}

impl<'d> Seated<'d> {
    /// Signs the activation. It needs no ledger.
    pub(super) fn signed(self) -> Result<Signed<'d>, Failure> {
        let stamped = self.stamp.sign::<Activation, _>(&self.activation)?;
        let facts = said::granted(&self.asked, &self.activation, (self.history, &self.occupancy))?;
        let facts = self.enclosing.named(stamped.named(facts, &self.stamp));
        Ok(Signed { seated: self, stamped, facts })
    }
}

impl Desk<'_> {
    /// The seat that the deployment holds, else a new one, which is counted; `None` if all are taken.
    pub(super) fn seat(&self, asked: &Asked<'_>) -> Result<Option<Seat>, Failure> {
        let (connection, license) = (self.transaction.connection(), asked.request.license);
        if let Some(number) = asked.known.as_ref().and_then(|known| known.seat) {
            return Ok(Some(Seat::Held(number)));
        }
        match seats::take(connection, license, asked.occupancy(connection)?.room())? {
            Taken::Yes => Ok(Some(Seat::New(seats::lowest_free(connection, license)?))),
            Taken::No => Ok(None),
        }
    }

    /// Gives the seat to the deployment, and makes the claims of its activation.
    pub(super) fn seated<'d>(&'d self, asked: Asked<'d>, seat: Seat) -> Result<Seated<'d>, Failure> {
        let connection = self.transaction.connection();
        let (history, occupancy) = (asked.history(connection)?, asked.occupancy(connection)?);
        let stamp = self.stamp(&asked.request.product)?;
        let (activation, list) = self.activation(&asked, seat)?;
        deployments::write(connection, &seen::activated(&asked, &activation, history))?;
        if let Seat::New(number) = seat {
            seats::occupy(connection, asked.request.license, number, asked.request.deployment)?;
        }
        let enclosing = self.enclosing(&asked, activation.status.uri.clone());
        Ok(Seated { asked, seat, history, occupancy, activation, list, enclosing, stamp })
    }

    /// Records that a seat was granted or renewed.
    pub(super) fn grant(&self, signed: Signed<'_>) -> Result<Answer, Failure> {
        let connection = self.transaction.connection();
        let Signed { seated, stamped, facts } = signed;
        let Seated { asked, seat, history, occupancy, activation, list, enclosing, .. } = seated;
        let event = self.record(seat.kind(), facts)?;
        let beside = (list, asked.request.previous);
        activations::insert(connection, event.seq(), beside, asked.request.deployment, &activation)?;
        self.record_fork(&asked, history)?;
        let paste = self.hand_out(&asked, (Label::Activation, stamped.token), enclosing, event)?;
        let (seat_number, ends_at) = (Some(activation.seat), said::end_of(&activation));
        let given = given(&asked, (seat.manner(), activation.serial, history), paste);
        let claims = self.claims_told(&activation);
        let occupancy = Some(occupancy);
        Ok(Answer::Given(Box::new(Given { seat: seat_number, ends_at, occupancy, claims, ..given })))
    }

    /// The claims of an activation, with a serial and an entry on the list of its own, and the number of that list.
    fn activation(&self, asked: &Asked<'_>, seat: Seat) -> Result<(Activation, i64), Failure> {
        let (connection, request) = (self.transaction.connection(), asked.request);
        let grace = asked.revocation_grace(self.at);
        let (list, status) = shards::hand_out(connection, &self.uri, grace, || entropy::number(20))?;
        let activation = Activation {
            issuer: self.home.config().issuer.clone(),
            product: request.product.clone(),
            deployment: text(&request.deployment.to_string())?,
            serial: entropy::uuid(self.at)?,
            issued_at: self.at,
            key: asked.signed.key().clone(),
            license: request.license,
            seat: seat.number(),
            label: request.label.clone(),
            request: request.nonce,
            counter: request.counter,
            lease: self.lease_from_now()?,
            extensions: Members::new(),
            status,
        };
        Ok((activation, list.id))
    }

    fn lease_from_now(&self) -> Result<Lease, Failure> {
        let Some(span) = self.lease else { return Ok(Lease::None) };
        span.after(self.at).map(Lease::Until).ok_or_else(|| {
            Failure::new(FailureKind::Usage, "The lease would end after the year 9999.")
                .hint("for an activation without end leave --lease out")
        })
    }
}

impl Seat {
    const fn number(self) -> u64 {
        match self {
            Self::New(number) | Self::Held(number) => number,
        }
    }

    const fn kind(self) -> EventKind {
        match self {
            Self::New(_) => EventKind::ActivationGranted,
            Self::Held(_) => EventKind::ActivationRenewed,
        }
    }

    const fn manner(self) -> Manner {
        match self {
            Self::New(_) => Manner::Granted,
            Self::Held(_) => Manner::Renewed,
        }
    }
}
