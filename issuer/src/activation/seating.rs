//! Granting a seat, or renewing the one that a deployment holds: it is taken, its activation is signed, and all of it recorded.

use lictor_shared::json::Members;
use lictor_shared::{Activation, Label, Lease, StatusRef};

use super::answer::{Answer, Given, Manner};
use super::asked::Asked;
use super::desk::Desk;
use super::enclosed::Enclosing;
use super::history::History;
use super::occupancy::Occupancy;
use super::sign::{Stamp, Stamped};
use super::{said, seen};
use crate::entropy;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::ledger::entries::List;
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

/// A request for which a seat is counted. Its deployment has that seat.
pub(super) struct Counted<'d> {
    asked: Asked<'d>,
    seat: Seat,
    history: History,
    occupancy: Occupancy,
    lease: Lease,
    stamp: Stamp<'d>,
}

/// The same with an entry on a list, and the claims of its activation.
pub(super) struct Seated<'d> {
    counted: Counted<'d>,
    activation: Activation,
    /// The number of the list.
    list: i64,
    enclosing: Enclosing,
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
        let Counted { asked, history, occupancy, stamp, .. } = &self.counted;
        let stamped = stamp.sign::<Activation, _>(&self.activation)?;
        let facts = said::granted(asked, &self.activation, (*history, occupancy))?;
        let facts = self.enclosing.named(stamped.named(facts, stamp));
        Ok(Signed { seated: self, stamped, facts })
    }
}

impl Desk<'_> {
    /// The seat that the deployment holds, else a new one, which is counted; `None` if all are taken.
    pub(super) fn seat(&self, asked: &Asked<'_>, room: Option<u64>) -> Result<Option<Seat>, Failure> {
        let (connection, license) = (self.transaction.connection(), asked.request.license);
        if let Some(number) = asked.known.as_ref().and_then(|known| known.seat) {
            return Ok(Some(Seat::Held(number)));
        }
        match seats::take(connection, license, room)? {
            Taken::Yes => Ok(Some(Seat::New(seats::lowest_free(connection, license)?))),
            Taken::No => Ok(None),
        }
    }

    /// Gives the seat to the deployment. So many seats were taken before.
    pub(super) fn counted<'d>(
        &'d self,
        asked: Asked<'d>,
        seat: Seat,
        before: Occupancy,
    ) -> Result<Counted<'d>, Failure> {
        let (connection, license) = (self.transaction.connection(), asked.request.license);
        let (history, lease) = (asked.history(connection)?, self.lease_from_now()?);
        let stamp = self.stamp(&asked.request.product)?;
        deployments::write(connection, &seen::activated(&asked, (seat.number(), lease, self.at), history))?;
        let occupancy = match seat {
            Seat::Held(_) => before,
            Seat::New(number) => {
                seats::occupy(connection, license, number, asked.request.deployment)?;
                Occupancy { active: before.active + 1, ..before }
            }
        };
        Ok(Counted { asked, seat, history, occupancy, lease, stamp })
    }

    /// An entry on a list for each of them, in their order.
    pub(super) fn entries<'c, 'd: 'c>(
        &self,
        counted: impl Iterator<Item = &'c Counted<'d>>,
    ) -> Result<Vec<(List, StatusRef)>, Failure> {
        let graces: Vec<_> = counted.map(|counted| counted.asked.revocation_grace(self.at)).collect();
        shards::hand_out_several(self.transaction.connection(), &self.uri, &graces, || entropy::number(20))
    }

    /// Makes the claims of an activation, with a serial of its own and this entry.
    pub(super) fn seated<'d>(
        &self,
        counted: Counted<'d>,
        entry: Option<(List, StatusRef)>,
    ) -> Result<Seated<'d>, Failure> {
        let (list, status) = entry.ok_or_else(shards::none)?;
        let activation = self.activation(&counted, status)?;
        let enclosing = self.enclosing(&counted.asked, activation.status.uri.clone());
        Ok(Seated { counted, activation, list: list.id, enclosing })
    }

    /// Records that a seat was granted or renewed.
    pub(super) fn grant(&self, signed: Signed<'_>) -> Result<Answer, Failure> {
        let connection = self.transaction.connection();
        let Signed { seated, stamped, facts } = signed;
        let Seated { counted, activation, list, enclosing } = seated;
        let Counted { asked, seat, history, occupancy, .. } = counted;
        let event = self.record(seat.kind(), facts)?;
        let beside = (list, asked.request.previous);
        activations::insert(connection, event.seq(), beside, asked.request.deployment, &activation)?;
        self.record_fork(&asked, history)?;
        let paste = self.hand_out(&asked, (Label::Activation, stamped.token), enclosing, event)?;
        let (seat_number, ends_at) = (Some(activation.seat), said::end_of(activation.lease));
        let given = Given::new(&asked, (seat.manner(), activation.serial, history), paste);
        let claims = self.claims_told(&activation);
        let occupancy = Some(occupancy);
        Ok(Answer::Given(Box::new(Given { seat: seat_number, ends_at, occupancy, claims, ..given })))
    }

    fn activation(&self, counted: &Counted<'_>, status: StatusRef) -> Result<Activation, Failure> {
        let Counted { asked, seat, lease, .. } = counted;
        let request = asked.request;
        Ok(Activation {
            issuer: self.home.config().issuer.clone(),
            product: request.product.clone(),
            deployment: asked.deployment()?,
            serial: entropy::uuid(self.at)?,
            issued_at: self.at,
            key: asked.signed.key().clone(),
            license: request.license,
            seat: seat.number(),
            label: request.label.clone(),
            request: request.nonce,
            counter: request.counter,
            lease: *lease,
            extensions: Members::new(),
            status,
        })
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
