//! The desk: where one request after the other is answered, in a change under way.

use lictor_keys::{KeyRing, Signer};
use lictor_shared::json::{Members, Value};
use lictor_shared::{
    Activation, Claims as _, Label, Lease, License, Purpose, Release, Request, RequestKind, Seconds,
    StatusRef, Text, Timestamp, Uri, Uuid,
};
use rusqlite::Connection;
use std::collections::BTreeSet;

use super::answer::{Answer, Denied, Given, Manner, Paste};
use super::deny;
use super::enclosed::{newer_licenses, newest_list, tokens};
use super::history::{History, judge};
use super::occupancy::{Occupancy, counting, occupancy_in};
use super::record::{ActivationRecord, DeploymentRecord, SeatState};
use super::request::SeatRequest;
use super::sign::{Stamp, Stamped};
use super::sweep::sweep;
use super::vacate;
use crate::entropy;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::key::signing_key;
use crate::ledger::answers::{self, Stored};
use crate::ledger::seats::Taken;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{activations, deployments, editions, entries, keys, licenses, seats};
use crate::licenses::LicenseRecord;
use crate::terms::Span;

/// Where requests are answered.
pub(super) struct Desk<'a> {
    home: &'a Home,
    transaction: &'a Transaction<'a>,
    signer: &'a dyn Signer,
    lease: Option<Span>,
    at: Timestamp,
    last: Option<Recorded>,
}

/// A request for a license of ours.
struct Asked<'a> {
    request: &'a Request,
    seat_request: &'a SeatRequest,
    license: LicenseRecord,
    /// The revision that says how many seats there are.
    counting: License,
    /// The revision that the deployment proved to hold.
    held: Uuid,
    known: Option<DeploymentRecord>,
    /// Its latest activation, and the one before it.
    given: Vec<ActivationRecord>,
}

/// The answer to a request that was answered before.
pub(super) fn repeated(connection: &Connection, request: &SeatRequest) -> Result<Option<Given>, Failure> {
    let request = request.claims();
    let Some(stored) = answers::find(connection, request.deployment, request.nonce)? else { return Ok(None) };
    let mut lists = Vec::with_capacity(stored.lists.len());
    for (list, sequence) in &stored.lists {
        lists.push(editions::token(connection, *list, *sequence)?);
    }
    let licenses = tokens(connection, &stored.licenses)?;
    let known = deployments::find(connection, stored.license, request.deployment)?;
    let serial = serial_of(&stored)?;
    let activation = activations::find(connection, serial)?;
    let label = match stored.kind {
        RequestKind::Activate => Label::Activation,
        RequestKind::Release => Label::Release,
    };
    Ok(Some(Given {
        manner: Manner::Repeated,
        license: stored.license,
        deployment: request.deployment,
        label: known.map_or_else(|| request.label.clone(), |known| known.label),
        request: request.nonce,
        serial,
        seat: activation.as_ref().map(|activation| activation.seat),
        ends_at: activation.and_then(|activation| activation.ends_at),
        history: History::Plain,
        occupancy: None,
        paste: Paste { label, token: stored.token, lists, licenses },
        claims: Value::Null,
    }))
}

/// The serial in a token of ours.
fn serial_of(stored: &Stored) -> Result<Uuid, Failure> {
    let serial = match stored.kind {
        RequestKind::Activate => read::<Activation>(&stored.token).map(|activation| activation.serial),
        RequestKind::Release => read::<Release>(&stored.token).map(|receipt| receipt.serial),
    };
    serial.ok_or_else(|| {
        Failure::new(FailureKind::Ledger, "The ledger is damaged: an answer that was given cannot be read.")
            .hint("Restore the whole home from a backup; keep the damaged one for analysis.")
    })
}

/// What a token says. It is to be believed only of one in the ledger, which the validator accepted before it was stored.
fn read<A: lictor_shared::Artefact>(token: &str) -> Option<A> {
    let received = lictor_shared::Received::<A>::read(token).ok()?;
    A::read(received.untrusted_payload()).ok()
}

/// Serial of the revision of ours that the request proves to hold. Whatever is wrong, the same work is done for it: one look.
pub(super) fn is_ours(home: &Home, connection: &Connection, request: &SeatRequest) -> Result<Uuid, Failure> {
    let request = request.claims();
    let held = licenses::by_sha256(connection, &request.license_hash)?;
    let named = held.filter(|(license, _)| *license == request.license);
    let ours = named.filter(|_| request.issuer == home.config().issuer);
    ours.map(|(_, serial)| serial).ok_or_else(deny::unknown)
}

impl<'a> Desk<'a> {
    pub(super) fn new(
        home: &'a Home,
        transaction: &'a Transaction<'a>,
        signer: &'a dyn Signer,
        lease: Option<Span>,
        at: Timestamp,
    ) -> Self {
        Self { home, transaction, signer, lease, at, last: None }
    }

    /// The last event that was recorded here.
    pub(super) const fn last(&self) -> Option<Recorded> {
        self.last
    }

    /// Answers one request.
    pub(super) fn answer(&mut self, seat_request: &SeatRequest) -> Result<Answer, Failure> {
        let connection = self.transaction.connection();
        // SPEC 6: a repeated `jti` gets the identical bytes, before anything else is looked at.
        if let Some(given) = repeated(connection, seat_request)? {
            return Ok(Answer::Given(Box::new(given)));
        }
        let held = is_ours(self.home, connection, seat_request)?;
        let request = seat_request.claims();
        // Seats of which the lease has ended are free for whoever asks.
        if let Some(swept) = sweep(self.transaction, request.license, self.at)? {
            self.last = Some(swept);
        }
        let asked = self.look_up(seat_request, held)?;
        match self.against(&asked) {
            Some(denied) => self.deny(&asked, denied),
            None if request.kind == RequestKind::Activate => self.activate(&asked),
            None => self.release(asked),
        }
    }

    fn look_up<'r>(&self, seat_request: &'r SeatRequest, held: Uuid) -> Result<Asked<'r>, Failure> {
        let (connection, request) = (self.transaction.connection(), seat_request.claims());
        let license = licenses::find(connection, request.license)?.ok_or_else(deny::unknown)?;
        Ok(Asked {
            request,
            seat_request,
            counting: counting(connection, &license, self.at)?,
            license,
            held,
            known: deployments::find(connection, request.license, request.deployment)?,
            given: activations::latest(connection, request.license, request.deployment)?,
        })
    }

    /// What is held against the request, whether or not there are seats.
    fn against(&self, asked: &Asked<'_>) -> Option<Denied> {
        let by_date = || deny::by_date(asked.request, self.at);
        match asked.request.kind {
            RequestKind::Activate => by_date()
                .or_else(|| deny::by_standing(asked.request, &asked.license, self.at))
                .or_else(|| deny::by_product(asked.request, &asked.counting)),
            // Whatever became of the license, its seats can be given back.
            RequestKind::Release => by_date()
                .or_else(|| self.against_product_given_back(asked))
                .or_else(|| asked.known.is_none().then(|| deny::no_seat(asked.request))),
        }
    }

    /// A seat is given back for a product of the license, or for the one that it was granted for.
    fn against_product_given_back(&self, asked: &Asked<'_>) -> Option<Denied> {
        let product = &asked.request.product;
        let was_granted = asked.given.iter().any(|activation| activation.product == *product);
        if was_granted { None } else { deny::by_product(asked.request, &asked.counting) }
    }

    /// Records that it was denied. Nothing is remembered of it but that, so it may be asked again.
    fn deny(&mut self, asked: &Asked<'_>, denied: Denied) -> Result<Answer, Failure> {
        let occupancy = self.occupancy(asked)?;
        let facts = Facts::of(self.named(asked.request))
            .and("kind", asked.request.kind.as_str())
            .and("code", denied.code.as_str())
            .and("reason", denied.reason)
            .and("seats", occupancy.seats.to_value())
            .and("active", occupancy.active)
            .personal("label", asked.request.label.as_str())?;
        let _recorded = self.record(EventKind::ActivationDenied, facts)?;
        Ok(Answer::Denied(denied))
    }

    /// Grants a seat, or renews the one that the deployment holds.
    fn activate(&mut self, asked: &Asked<'_>) -> Result<Answer, Failure> {
        let (connection, license) = (self.transaction.connection(), asked.request.license);
        let holds = asked.known.as_ref().and_then(|known| known.seat);
        let (kind, seat) = match holds {
            Some(seat) => (EventKind::ActivationRenewed, seat),
            None => {
                let room = self.occupancy(asked)?.room();
                if seats::take(connection, license, room)? == Taken::No {
                    let denied = deny::seats_exhausted(asked.request, &self.occupancy(asked)?);
                    return self.deny(asked, denied);
                }
                (EventKind::ActivationGranted, seats::lowest_free(connection, license)?)
            }
        };
        let history = judge(connection, asked.request, asked.known.as_ref(), &asked.given)?;
        let ring = keys::ring(connection)?;
        let stamp = self.stamp(&ring)?;
        stamp.speaks_for(&asked.request.product)?;
        let (activation, list) = self.activation(asked, seat)?;
        let Stamped { token, sha256 } = stamp.sign::<Activation, _>(self.transaction, &activation)?;
        let occupancy = self.occupancy(asked)?;
        let facts = self.granted_facts(asked, &activation, history, &occupancy)?;
        let facts = facts.and("tokenSha256", sha256).and("kid", stamp.key.public.thumbprint().to_string());
        let event = self.record(kind, facts)?;
        deployments::write(connection, &self.seen(asked, &activation, history))?;
        if holds.is_none() {
            seats::occupy(connection, license, seat, asked.request.deployment)?;
        }
        let beside = (list, asked.request.previous);
        activations::insert(connection, event.seq(), beside, asked.request.deployment, &activation)?;
        self.record_fork(asked, history)?;
        let paste = self.hand_out(asked, (Label::Activation, token), event)?;
        let manner = if holds.is_some() { Manner::Renewed } else { Manner::Granted };
        let ends_at = end_of(&activation);
        let given = self.given(asked, manner, (activation.serial, history), paste, activation.to_value());
        Ok(Answer::Given(Box::new(Given { seat: Some(seat), ends_at, occupancy: Some(occupancy), ..given })))
    }

    /// Takes the seat back, if the deployment still holds it, and signs a receipt.
    fn release(&mut self, asked: Asked<'_>) -> Result<Answer, Failure> {
        let connection = self.transaction.connection();
        let known = asked.known.clone().ok_or_else(deny::unknown)?;
        let history = judge(connection, asked.request, Some(&known), &asked.given)?;
        let ring = keys::ring(connection)?;
        let stamp = self.stamp(&ring)?;
        let receipt = self.receipt(&asked)?;
        let Stamped { token, sha256 } = stamp.sign::<Release, _>(self.transaction, &receipt)?;
        let stopped = vacate::usable(connection, (known.license, known.id), self.at)?;
        let freed = u64::from(known.seat.is_some());
        let active = seats::active(connection, known.license)?.saturating_sub(freed);
        let facts = vacate::facts(&known, &stopped, active)
            .and("request", asked.request.nonce.to_string())
            .and("counter", asked.request.counter)
            .and("history", history.as_str())
            .and("serial", receipt.serial.to_string())
            .and("tokenSha256", sha256)
            .and("kid", stamp.key.public.thumbprint().to_string())
            .personal("label", asked.request.label.as_str())?;
        let event = self.record(EventKind::ActivationReleased, facts)?;
        let seen = DeploymentRecord {
            label: asked.request.label.clone(),
            last_seen: self.at,
            counter: asked.request.counter,
            ..counted(known, history)
        };
        vacate::stop(self.transaction, seen, &stopped, (SeatState::Released, self.at))?;
        self.record_fork(&asked, history)?;
        let paste = self.hand_out(&asked, (Label::Release, token), event)?;
        let occupancy = Some(self.occupancy(&asked)?);
        let given =
            self.given(&asked, Manner::Released, (receipt.serial, history), paste, receipt.to_value());
        Ok(Answer::Given(Box::new(Given { occupancy, ..given })))
    }

    fn record(&mut self, kind: EventKind, facts: Facts) -> Result<Recorded, Failure> {
        let event = self.transaction.record(kind, facts)?;
        self.last = Some(event);
        Ok(event)
    }

    fn occupancy(&self, asked: &Asked<'_>) -> Result<Occupancy, Failure> {
        occupancy_in(self.transaction.connection(), &asked.counting)
    }

    fn stamp<'s>(&self, ring: &'s KeyRing) -> Result<Stamp<'s>, Failure>
    where
        'a: 's,
    {
        Ok(Stamp { signer: self.signer, ring, key: signing_key(ring, Purpose::Activation, self.at)? })
    }

    /// The claims of an activation, with a serial and an entry on the list of its own, and the number of that list.
    fn activation(&self, asked: &Asked<'_>, seat: u64) -> Result<(Activation, i64), Failure> {
        let connection = self.transaction.connection();
        let uri = self.home.config().status_uri.clone();
        let list = entries::list(connection, &uri)?;
        let index =
            entries::hand_out(connection, list, grace(&asked.license, self.at), || entropy::number(20))?;
        let request = asked.request;
        let activation = Activation {
            issuer: self.home.config().issuer.clone(),
            product: request.product.clone(),
            deployment: text(&request.deployment.to_string())?,
            serial: entropy::uuid(self.at)?,
            issued_at: self.at,
            key: asked.seat_request.key().clone(),
            license: request.license,
            seat,
            label: request.label.clone(),
            request: request.nonce,
            counter: request.counter,
            lease: self.lease_from_now()?,
            extensions: Members::new(),
            status: StatusRef { index, uri },
        };
        Ok((activation, list.id))
    }

    fn lease_from_now(&self) -> Result<Lease, Failure> {
        let Some(span) = self.lease else { return Ok(Lease::None) };
        let end = span.after(self.at).ok_or_else(|| {
            Failure::new(FailureKind::Usage, "The lease would end after the year 9999.")
                .hint("for an activation without end leave --lease out")
        })?;
        Ok(Lease::Until(end))
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

    /// What the events of a request have in common.
    fn named(&self, request: &Request) -> Members {
        let members: [(&str, Value); 3] = [
            ("license", request.license.to_string().into()),
            ("deployment", request.deployment.to_string().into()),
            ("request", request.nonce.to_string().into()),
        ];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    fn granted_facts(
        &self,
        asked: &Asked<'_>,
        activation: &Activation,
        history: History,
        occupancy: &Occupancy,
    ) -> Result<Facts, Failure> {
        let entry = &activation.status;
        let status = Value::object([("idx", entry.index.into()), ("uri", entry.uri.as_str().into())]);
        Facts::of(self.named(asked.request))
            .and("serial", activation.serial.to_string())
            .and("seat", activation.seat)
            .and("product", activation.product.as_str())
            .and("counter", activation.counter)
            .and("previous", asked.request.previous.map(|serial| serial.to_string()))
            .and("history", history.as_str())
            .and("issuedAt", activation.issued_at.seconds())
            .and("endsAt", end_of(activation).map(Timestamp::seconds))
            .and("status", status)
            .and("revocationGrace", grace(&asked.license, self.at).get())
            .and("revision", asked.counting.revision)
            .and("seats", occupancy.seats.to_value())
            .and("active", occupancy.active)
            .and("beyondLimit", occupancy.beyond_limit())
            .personal("label", activation.label.as_str())
    }

    /// What is known of the deployment once it has its activation.
    fn seen(&self, asked: &Asked<'_>, activation: &Activation, history: History) -> DeploymentRecord {
        let request = asked.request;
        let fresh = DeploymentRecord {
            license: request.license,
            id: request.deployment,
            label: request.label.clone(),
            state: SeatState::Active,
            seat: Some(activation.seat),
            first_seen: self.at,
            last_seen: self.at,
            counter: request.counter,
            lease_end: end_of(activation),
            lost_answers: 0,
            forks: 0,
        };
        let Some(known) = asked.known.clone() else { return counted(fresh, history) };
        // An earlier activation stays in force, so the seat is held until the last of them ends.
        let lease_end = match (known.state == SeatState::Active, known.lease_end, fresh.lease_end) {
            (false, _, end) => end,
            (true, Some(earlier), Some(end)) => Some(earlier.max(end)),
            (true, _, _) => None,
        };
        let (first_seen, lost_answers, forks) = (known.first_seen, known.lost_answers, known.forks);
        counted(DeploymentRecord { first_seen, lost_answers, forks, lease_end, ..fresh }, history)
    }

    fn record_fork(&mut self, asked: &Asked<'_>, history: History) -> Result<(), Failure> {
        if history != History::Forked {
            return Ok(());
        }
        let latest = asked.given.first().map(|latest| latest.serial.to_string());
        let facts = Facts::of(self.named(asked.request))
            .and("counter", asked.request.counter)
            .and("lastCounter", asked.known.as_ref().map(|known| known.counter))
            .and("previous", asked.request.previous.map(|serial| serial.to_string()))
            .and("latest", latest);
        self.record(EventKind::ActivationForked, facts).map(|_| ())
    }

    /// Encloses what belongs to the answer, and keeps all of it, so that it can be given again.
    fn hand_out(
        &mut self,
        asked: &Asked<'_>,
        (label, token): (Label, String),
        event: Recorded,
    ) -> Result<Paste, Failure> {
        let connection = self.transaction.connection();
        let serials = newer_licenses(&asked.license, asked.held, self.at);
        let (mut editions, mut lists) = (Vec::new(), Vec::new());
        for uri in self.list_uris(asked, &serials) {
            let newest = newest_list(self.home, self.transaction, self.signer, &uri, self.at)?;
            let Some(newest) = newest else { continue };
            self.last = newest.event.or(self.last);
            editions.push((newest.list, newest.sequence));
            lists.push(newest.token);
        }
        let licenses = tokens(connection, &serials)?;
        let stored = Stored {
            license: asked.request.license,
            kind: asked.request.kind,
            token: token.clone(),
            lists: editions,
            licenses: serials,
        };
        let whose = (asked.request.deployment, asked.request.nonce);
        answers::insert(connection, event.seq(), whose, &stored)?;
        Ok(Paste { label, token, lists, licenses })
    }

    /// The lists that speak for the activation and for the revisions of the license that the deployment has then.
    fn list_uris(&self, asked: &Asked<'_>, newer: &[Uuid]) -> BTreeSet<Uri> {
        let revisions = asked.license.revisions.iter();
        let has = revisions.filter(|it| it.serial == asked.held || newer.contains(&it.serial));
        let mut uris: BTreeSet<Uri> = has.map(|revision| revision.entry.uri.clone()).collect();
        uris.insert(self.home.config().status_uri.clone());
        uris
    }

    fn given(
        &self,
        asked: &Asked<'_>,
        manner: Manner,
        (serial, history): (Uuid, History),
        paste: Paste,
        claims: Value,
    ) -> Given {
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
            occupancy: None,
            paste,
            claims,
        }
    }
}

/// The deployment, with one odd history more if it is one.
const fn counted(mut deployment: DeploymentRecord, history: History) -> DeploymentRecord {
    match history {
        History::Plain => {}
        History::LostAnswer => deployment.lost_answers += 1,
        History::Forked => deployment.forks += 1,
    }
    deployment
}

const fn end_of(activation: &Activation) -> Option<Timestamp> {
    match activation.lease {
        Lease::None => None,
        Lease::Until(end) => Some(end),
    }
}

/// How long a deployment may go on after its activation is revoked, by whichever revision it holds.
fn grace(license: &LicenseRecord, at: Timestamp) -> Seconds {
    let usable = license.usable(at);
    usable.iter().map(|revision| revision.revocation_grace).max().unwrap_or(Seconds::ZERO)
}

fn text(text: &str) -> Result<Text, Failure> {
    Text::new(text).map_err(|error| Failure::new(FailureKind::Unexpected, error.to_string()))
}
