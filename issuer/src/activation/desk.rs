//! The desk: where one request after the other is answered, in a change under way.

use lictor_keys::KeyRing;
use lictor_shared::json::Members;
use lictor_shared::{
    Activation, Claims as _, Label, Lease, Name, Purpose, Release, RequestKind, Text, Timestamp, Uri, Uuid,
};

use super::answer::{Answer, Denied, Given, Manner, Paste};
use super::asked::{Asked, is_ours};
use super::deny;
use super::enclosed::{Enclosing, Newest, newer_licenses, newest_list, tokens};
use super::history::History;
use super::kept::repeated;
use super::record::SeatState;
use super::request::SeatRequest;
use super::sign::{Signers, Stamp};
use super::sweep::sweep;
use super::{said, seen, vacate};
use crate::entropy;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::key::signing_key_for;
use crate::ledger::answers::{self, Stored};
use crate::ledger::seats::Taken;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{activations, deployments, keys, seats, shards};
use crate::terms::Span;
use std::collections::BTreeSet;

/// Where requests are answered.
pub(super) struct Desk<'a> {
    pub(super) home: &'a Home,
    pub(super) transaction: &'a Transaction<'a>,
    pub(super) signers: Signers<'a>,
    /// How long activations hold; `None`: until further notice.
    pub(super) lease: Option<Span>,
    pub(super) at: Timestamp,
    /// The last event that was recorded here.
    pub(super) last: Option<Recorded>,
}

/// The seat that a deployment gets.
#[derive(Clone, Copy)]
enum Seat {
    /// Another one than it has, since it has none.
    New(u64),
    /// The one that it has.
    Held(u64),
}

impl Desk<'_> {
    /// Answers one request.
    pub(super) fn answer(&mut self, signed: &SeatRequest) -> Result<Answer, Failure> {
        let connection = self.transaction.connection();
        // FORMAT 7.4: a repeated `jti` gets the identical bytes, before anything else is looked at.
        if let Some(given) = repeated(connection, signed)? {
            return Ok(Answer::Given(Box::new(given)));
        }
        let held = is_ours(self.home, connection, signed)?;
        // Seats of which the lease has ended are free for whoever asks.
        self.last = sweep(self.transaction, signed.claims().license, self.at)?.or(self.last);
        let asked = Asked::look_up(connection, signed, held, self.at)?;
        match (asked.against(self.at), asked.request.kind) {
            (Some(denied), _) => self.deny(&asked, denied),
            (None, RequestKind::Activate) => self.activate(&asked),
            (None, RequestKind::Release) => self.release(&asked),
        }
    }

    /// Records that it was denied. Nothing is remembered of it but that, so it may be asked again.
    fn deny(&mut self, asked: &Asked<'_>, denied: Denied) -> Result<Answer, Failure> {
        let occupancy = asked.occupancy(self.transaction.connection())?;
        let facts = said::denied(asked.request, &denied, &occupancy)?;
        let _recorded = self.record(EventKind::ActivationDenied, facts)?;
        Ok(Answer::Denied(denied))
    }

    /// Grants a seat, or renews the one that the deployment holds.
    fn activate(&mut self, asked: &Asked<'_>) -> Result<Answer, Failure> {
        let connection = self.transaction.connection();
        let Some(seat) = self.seat(asked)? else {
            let denied = deny::seats_exhausted(asked.request, &asked.occupancy(connection)?);
            return self.deny(asked, denied);
        };
        let (history, occupancy) = (asked.history(connection)?, asked.occupancy(connection)?);
        let ring = keys::ring(connection)?;
        let stamp = self.stamp(&ring, &asked.request.product)?;
        let (activation, list) = self.activation(asked, seat)?;
        let stamped = stamp.sign::<Activation, _>(self.transaction, &activation)?;
        let enclosing = self.enclosing(asked, activation.status.uri.clone());
        let facts = stamped.named(said::granted(asked, &activation, (history, &occupancy))?, &stamp);
        let facts = enclosing.named(facts);
        let event = self.record(seat.kind(), facts)?;
        deployments::write(connection, &seen::activated(asked, &activation, history))?;
        if let Seat::New(number) = seat {
            seats::occupy(connection, asked.request.license, number, asked.request.deployment)?;
        }
        let beside = (list, asked.request.previous);
        activations::insert(connection, event.seq(), beside, asked.request.deployment, &activation)?;
        self.record_fork(asked, history)?;
        let paste = self.hand_out(asked, (Label::Activation, stamped.token), enclosing, event)?;
        let (seat_number, ends_at) = (Some(activation.seat), said::end_of(&activation));
        let given = given(asked, (seat.manner(), activation.serial, history), paste);
        let claims = activation.to_value();
        let occupancy = Some(occupancy);
        Ok(Answer::Given(Box::new(Given { seat: seat_number, ends_at, occupancy, claims, ..given })))
    }

    /// The seat that the deployment holds, else a new one, which is counted; `None` if all are taken.
    fn seat(&self, asked: &Asked<'_>) -> Result<Option<Seat>, Failure> {
        let (connection, license) = (self.transaction.connection(), asked.request.license);
        if let Some(number) = asked.known.as_ref().and_then(|known| known.seat) {
            return Ok(Some(Seat::Held(number)));
        }
        match seats::take(connection, license, asked.occupancy(connection)?.room())? {
            Taken::Yes => Ok(Some(Seat::New(seats::lowest_free(connection, license)?))),
            Taken::No => Ok(None),
        }
    }

    /// Takes the seat back, if the deployment still holds it, and signs a receipt.
    fn release(&mut self, asked: &Asked<'_>) -> Result<Answer, Failure> {
        let connection = self.transaction.connection();
        let known = asked.known.clone().ok_or_else(deny::unknown)?;
        let history = asked.history(connection)?;
        let ring = keys::ring(connection)?;
        let stamp = self.stamp(&ring, &asked.request.product)?;
        let receipt = self.receipt(asked)?;
        let stamped = stamp.sign::<Release, _>(self.transaction, &receipt)?;
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
        let list =
            stopped.first().map_or_else(|| self.home.status_uri(), |given| Ok(given.entry.uri.clone()))?;
        let enclosing = self.enclosing(asked, list);
        let facts = enclosing.named(stamped.named(facts, &stamp));
        let event = self.record(EventKind::ActivationReleased, facts)?;
        let seen = seen::released(asked, known, (history, self.at));
        vacate::stop(self.transaction, seen, &stopped, (SeatState::Released, self.at))?;
        self.record_fork(asked, history)?;
        let paste = self.hand_out(asked, (Label::Release, stamped.token), enclosing, event)?;
        let occupancy = Some(asked.occupancy(connection)?);
        let given = given(asked, (Manner::Released, receipt.serial, history), paste);
        Ok(Answer::Given(Box::new(Given { occupancy, claims: receipt.to_value(), ..given })))
    }

    fn record(&mut self, kind: EventKind, facts: Facts) -> Result<Recorded, Failure> {
        let event = self.transaction.record(kind, facts)?;
        self.last = Some(event);
        Ok(event)
    }

    fn record_fork(&mut self, asked: &Asked<'_>, history: History) -> Result<(), Failure> {
        if history == History::Forked {
            let _recorded = self.record(EventKind::ActivationForked, said::forked(asked))?;
        }
        Ok(())
    }

    fn stamp<'s>(&'s self, ring: &'s KeyRing, product: &Name) -> Result<Stamp<'s>, Failure> {
        let products = core::slice::from_ref(product);
        let key = signing_key_for(ring, Purpose::Activation, products, self.at)?;
        Ok(Stamp { signer: self.signers.needed(key)?, ring, key })
    }

    /// The claims of an activation, with a serial and an entry on the list of its own, and the number of that list.
    fn activation(&self, asked: &Asked<'_>, seat: Seat) -> Result<(Activation, i64), Failure> {
        let (connection, request) = (self.transaction.connection(), asked.request);
        let uri = self.home.status_uri()?;
        let grace = asked.revocation_grace(self.at);
        let (list, status) = shards::hand_out(connection, &uri, grace, || entropy::number(20))?;
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

    fn receipt(&self, asked: &Asked<'_>) -> Result<Release, Failure> {
        let request = asked.request;
        Ok(Release {
            issuer: self.home.config().issuer.clone(),
            product: request.product.clone(),
            deployment: text(&request.deployment.to_string())?,
            serial: entropy::uuid(self.at)?,
            issued_at: self.at,
            license: request.license,
            request: request.nonce,
            extensions: Members::new(),
        })
    }

    /// What belongs to the answer, and the list with this URI.
    fn enclosing(&self, asked: &Asked<'_>, list: Uri) -> Enclosing {
        let licenses = newer_licenses(&asked.license, asked.held, self.at);
        // The lists that speak for the activation and for the license.
        let mut lists = asked.lists(&licenses);
        lists.insert(list);
        Enclosing { licenses, lists }
    }

    /// Encloses what belongs to the answer, and keeps all of it, so that it can be given again.
    fn hand_out(
        &mut self,
        asked: &Asked<'_>,
        (label, token): (Label, String),
        enclosing: Enclosing,
        event: Recorded,
    ) -> Result<Paste, Failure> {
        let connection = self.transaction.connection();
        let licenses = tokens(connection, &enclosing.licenses)?;
        let newest = self.newest_lists(&enclosing.lists)?;
        let stored = Stored {
            license: asked.request.license,
            kind: asked.request.kind,
            token: token.clone(),
            lists: newest.iter().map(|list| (list.list, list.sequence)).collect(),
            licenses: enclosing.licenses,
        };
        let whose = (asked.request.deployment, asked.request.nonce);
        answers::insert(connection, event.seq(), whose, &stored)?;
        let lists = newest.into_iter().map(|list| list.token).collect();
        Ok(Paste { label, token, lists, licenses })
    }

    fn newest_lists(&mut self, uris: &BTreeSet<Uri>) -> Result<Vec<Newest>, Failure> {
        let mut lists = Vec::new();
        for uri in uris {
            let newest = newest_list(self.home, self.transaction, self.signers, uri, self.at)?;
            self.last = newest.as_ref().and_then(|newest| newest.event).or(self.last);
            lists.extend(newest);
        }
        Ok(lists)
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

fn given(asked: &Asked<'_>, (manner, serial, history): (Manner, Uuid, History), paste: Paste) -> Given {
    Given {
        manner,
        license: asked.request.license,
        deployment: asked.request.deployment,
        label: asked.request.label.clone(),
        request: asked.request.nonce,
        serial,
        seat: None,
        ends_at: None,
        history,
        gone: None,
        occupancy: None,
        paste,
        claims: lictor_shared::json::Value::Null,
    }
}

fn text(text: &str) -> Result<Text, Failure> {
    Text::new(text).map_err(|error| Failure::new(FailureKind::Unexpected, error.to_string()))
}
