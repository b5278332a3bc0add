//! The desk: where requests are answered, in a change under way.
//!
//! A request is decided, what it gets is signed, and then it is recorded. Deciding and recording go through the ledger, one request
//! after the other in their order; signing needs no ledger, so some are signed while others are decided and recorded.

use lictor_shared::json::Value;
use lictor_shared::{Claims, Label, Name, Purpose, RequestKind, Timestamp, Uri, Uuid};
use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};

use super::answer::{Answer, Denied, Given, Paste};
use super::asked::{Asked, Licensed, is_ours};
use super::enclosed::{Enclosing, Newest, newer_licenses, newest_list, tokens};
use super::history::History;
use super::kept::repeated;
use super::occupancy::Occupancy;
use super::request::SeatRequest;
use super::seating::{Counted, Seated, Signed};
use super::sign::{Signers, Stamp, Trusted};
use super::sweep::sweep;
use super::{deny, said};
use crate::cores;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::key::signing_key_for;
use crate::ledger::answers::{self, Stored};
use crate::ledger::transaction::{Recorded, Transaction};
use crate::terms::Span;

/// By whom and how requests are answered.
#[derive(Clone, Copy)]
pub(super) struct Staff<'a> {
    pub(super) home: &'a Home,
    pub(super) signers: Signers<'a>,
    /// How long activations hold; `None`: until further notice.
    pub(super) lease: Option<Span>,
}

/// Where requests are answered.
pub(super) struct Desk<'a> {
    pub(super) home: &'a Home,
    pub(super) transaction: &'a Transaction<'a>,
    pub(super) signers: Signers<'a>,
    pub(super) lease: Option<Span>,
    pub(super) at: Timestamp,
    pub(super) trusted: &'a Trusted,
    /// The list of new activations.
    pub(super) uri: Uri,
    /// Licenses that were asked for already. Nothing that is answered here changes them.
    licensed: RefCell<BTreeMap<Uuid, Licensed>>,
    /// Licenses of which the seats were freed whose lease has ended.
    swept: RefCell<BTreeSet<Uuid>>,
    /// Lists that were enclosed already, as they are now.
    newest: RefCell<BTreeMap<Uri, Option<Newest>>>,
    /// The last event that was recorded here.
    last: Cell<Option<Recorded>>,
}

/// How far a request has come that is answered; `S`: what there is of it where a seat is taken.
enum Step<'d, S> {
    /// It cannot be answered, and has changed nothing but that seats are free of which the lease has ended.
    Left(Failure),
    Repeated(Box<Given>),
    Denied(Box<Asked<'d>>, Denied, Occupancy),
    Seated(Box<S>),
    Released(Box<Asked<'d>>),
}

type Decided<'d> = Step<'d, Seated<'d>>;
type Ready<'d> = Step<'d, Signed<'d>>;

impl<'d, S> Step<'d, S> {
    /// Goes on with it where a seat is taken.
    fn seated<T>(self, go_on: impl FnOnce(S) -> Result<T, Failure>) -> Result<Step<'d, T>, Failure> {
        Ok(match self {
            Self::Seated(seated) => Step::Seated(Box::new(go_on(*seated)?)),
            Self::Left(failure) => Step::Left(failure),
            Self::Repeated(given) => Step::Repeated(given),
            Self::Denied(asked, denied, occupancy) => Step::Denied(asked, denied, occupancy),
            Self::Released(asked) => Step::Released(asked),
        })
    }
}

/// So many parts are made of requests that are answered together: while one is signed, another is decided or recorded.
const PARTS: usize = 8;

/// Requests of a part at most.
const MOST: usize = 32;

/// What is known of a request before it is decided.
enum Known {
    /// It was answered before.
    Before(Box<Given>),
    /// It is for a license of ours: the serial of the revision that it proves to hold.
    Ours(Uuid),
    Left(Failure),
}

impl<'a> Desk<'a> {
    pub(super) fn open(
        staff: Staff<'a>,
        transaction: &'a Transaction<'a>,
        trusted: &'a Trusted,
    ) -> Result<Self, Failure> {
        Ok(Self {
            home: staff.home,
            transaction,
            signers: staff.signers,
            lease: staff.lease,
            at: transaction.at(),
            trusted,
            // Read with the ledger locked: a restore that was waited for may have set another one.
            uri: staff.home.status_uri()?,
            licensed: RefCell::default(),
            swept: RefCell::default(),
            newest: RefCell::default(),
            last: Cell::new(None),
        })
    }

    /// The last event that was recorded here.
    pub(super) fn last(&self) -> Option<Recorded> {
        self.last.get()
    }

    /// Answers requests, in their order. One that cannot be answered has a failure of its own, and has changed nothing but that seats of
    /// its license are free of which the lease has ended.
    ///
    /// # Errors
    /// What stands against all of them: nothing of the change may stay then.
    pub(super) fn answer(&self, requests: &[SeatRequest]) -> Result<Vec<Result<Answer, Failure>>, Failure> {
        let mut answers = Vec::with_capacity(requests.len());
        let mut rest = requests;
        while !rest.is_empty() {
            let (together, later) = rest.split_at(independent(rest));
            self.answer_together(together, &mut answers)?;
            rest = later;
        }
        Ok(answers)
    }

    /// Answers requests of which none has to wait until another one is recorded.
    fn answer_together(
        &self,
        requests: &[SeatRequest],
        answers: &mut Vec<Result<Answer, Failure>>,
    ) -> Result<(), Failure> {
        // All are looked at before the first is decided: seats of which the lease has ended are free for whoever asks, and their
        // events come before those of what is decided here.
        let known = requests.iter().map(|signed| self.look(signed)).collect::<Result<Vec<_>, _>>()?;
        let mut known = known.into_iter();
        let size = requests.len().div_ceil(PARTS).min(MOST);
        let parts = requests.chunks(size).map(|part| self.decide_part(part.iter().zip(known.by_ref())));
        let mut record = |part: Vec<Result<Ready<'_>, Failure>>| {
            part.into_iter().try_for_each(|ready| {
                answers.push(self.carry_out(ready?)?);
                Ok(())
            })
        };
        match requests.len() {
            1 => parts.map(|part| part.map(signed)).try_for_each(|part| record(part?)),
            _ => cores::each(parts, signed, record),
        }
    }

    /// Decides requests, and takes seats and entries on a list for them.
    fn decide_part<'d>(
        &'d self,
        part: impl Iterator<Item = (&'d SeatRequest, Known)>,
    ) -> Result<Vec<Decided<'d>>, Failure> {
        let decided = part.map(|(signed, known)| self.decide(signed, known));
        let decided = decided.collect::<Result<Vec<_>, _>>()?;
        let seats = decided.iter().filter_map(|step| match step {
            Step::Seated(counted) => Some(&**counted),
            _ => None,
        });
        let mut entries = self.entries(seats)?.into_iter();
        let seated = |step: Step<'d, _>| step.seated(|counted| self.seated(counted, entries.next()));
        decided.into_iter().map(seated).collect()
    }

    /// Whether a request was answered before, or else is for a license of ours; of that the seats are freed whose lease has ended.
    fn look(&self, signed: &SeatRequest) -> Result<Known, Failure> {
        let connection = self.transaction.connection();
        // FORMAT 7.4: a repeated `jti` gets the identical bytes, before anything else is looked at.
        let ours = match repeated(connection, signed) {
            Ok(Some(given)) => return Ok(Known::Before(Box::new(given))),
            Ok(None) => is_ours(self.home, connection, signed),
            Err(failure) => Err(failure),
        };
        let held = match ours {
            Ok(held) => held,
            Err(failure) => return of_one(failure).map(Known::Left),
        };
        let license = signed.claims().license;
        if self.swept.borrow_mut().insert(license) {
            self.last.set(sweep(self.transaction, license, self.at)?.or(self.last.get()));
        }
        Ok(Known::Ours(held))
    }

    /// Decides a request, and counts the seat for it.
    fn decide<'d>(&'d self, signed: &'d SeatRequest, known: Known) -> Result<Step<'d, Counted<'d>>, Failure> {
        let connection = self.transaction.connection();
        let looked_up = match known {
            Known::Before(given) => return Ok(Step::Repeated(given)),
            Known::Left(failure) => return Ok(Step::Left(failure)),
            Known::Ours(held) => self.asked(signed, held),
        };
        let asked = match looked_up {
            Ok(asked) => asked,
            Err(failure) => return of_one(failure).map(Step::Left),
        };
        match (asked.against(self.at), asked.request.kind) {
            (Some(denied), _) => self.denied(asked, denied),
            (None, RequestKind::Release) => Ok(match self.stamp(&asked.request.product) {
                Ok(_) => Step::Released(Box::new(asked)),
                Err(failure) => Step::Left(failure),
            }),
            (None, RequestKind::Activate) => {
                let before = asked.occupancy(connection)?;
                // Before a seat is taken, so that what cannot be signed for has changed nothing. A denial takes no signature.
                if (asked.holds_a_seat() || !before.is_full())
                    && let Err(failure) = self.stamp(&asked.request.product)
                {
                    return Ok(Step::Left(failure));
                }
                match self.seat(&asked, before.room())? {
                    Some(seat) => Ok(Step::Seated(Box::new(self.counted(asked, seat, before)?))),
                    None => {
                        let denied = deny::seats_exhausted(asked.request, &before);
                        Ok(Step::Denied(Box::new(asked), denied, before))
                    }
                }
            }
        }
    }

    fn asked<'d>(&self, signed: &'d SeatRequest, held: Uuid) -> Result<Asked<'d>, Failure> {
        let (connection, id) = (self.transaction.connection(), signed.claims().license);
        if let Some(licensed) = self.licensed.borrow().get(&id) {
            return Asked::look_up(connection, signed, held, licensed.clone());
        }
        let licensed = Licensed::look_up(connection, id, self.at)?;
        self.licensed.borrow_mut().insert(id, licensed.clone());
        Asked::look_up(connection, signed, held, licensed)
    }

    fn denied<'d, S>(&self, asked: Asked<'d>, denied: Denied) -> Result<Step<'d, S>, Failure> {
        let occupancy = asked.occupancy(self.transaction.connection())?;
        Ok(Step::Denied(Box::new(asked), denied, occupancy))
    }

    /// Records what a request has come to.
    fn carry_out(&self, ready: Ready<'_>) -> Result<Result<Answer, Failure>, Failure> {
        Ok(Ok(match ready {
            Step::Left(failure) => return Ok(Err(failure)),
            Step::Repeated(given) => Answer::Given(given),
            Step::Seated(signed) => self.grant(*signed)?,
            Step::Released(asked) => self.release(&asked)?,
            Step::Denied(asked, denied, occupancy) => {
                // Nothing is remembered of it but that, so it may be asked again.
                let facts = said::denied(asked.request, &denied, &occupancy)?;
                let _recorded = self.record(EventKind::ActivationDenied, facts)?;
                Answer::Denied(denied)
            }
        }))
    }

    /// The claims of what is signed, where only they are told of.
    pub(super) fn claims_told(&self, claims: &impl Claims) -> Value {
        if self.transaction.is_dry_run() { claims.to_value() } else { Value::Null }
    }

    pub(super) fn record(&self, kind: EventKind, facts: Facts) -> Result<Recorded, Failure> {
        let event = self.transaction.record(kind, facts)?;
        self.last.set(Some(event));
        Ok(event)
    }

    pub(super) fn record_fork(&self, asked: &Asked<'_>, history: History) -> Result<(), Failure> {
        if history == History::Forked {
            let _recorded = self.record(EventKind::ActivationForked, said::forked(asked))?;
        }
        Ok(())
    }

    pub(super) fn stamp(&self, product: &Name) -> Result<Stamp<'_>, Failure> {
        let products = core::slice::from_ref(product);
        let key = signing_key_for(&self.trusted.ring, Purpose::Activation, products, self.at)?;
        let (signer, intent) = (self.signers.needed(key)?, self.transaction.intent());
        Ok(Stamp { signer, anchors: self.trusted.anchors()?, key, intent })
    }

    /// What belongs to the answer, and the list with this URI.
    pub(super) fn enclosing(&self, asked: &Asked<'_>, list: Uri) -> Enclosing {
        let licenses = newer_licenses(&asked.license, asked.held, self.at);
        // The lists that speak for the activation and for the license.
        let mut lists = asked.lists(&licenses);
        lists.insert(list);
        Enclosing { licenses, lists }
    }

    /// Encloses what belongs to the answer, and keeps all of it, so that it can be given again.
    pub(super) fn hand_out(
        &self,
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

    fn newest_lists(&self, uris: &BTreeSet<Uri>) -> Result<Vec<Newest>, Failure> {
        let mut lists = Vec::with_capacity(uris.len());
        for uri in uris {
            if let Some(newest) = self.newest.borrow().get(uri) {
                lists.extend(newest.clone());
                continue;
            }
            let newest = newest_list(self.home, self.transaction, self.signers, uri, self.at)?;
            self.last.set(newest.as_ref().and_then(|newest| newest.event).or(self.last.get()));
            self.newest.borrow_mut().insert(uri.clone(), newest.clone());
            lists.extend(newest);
        }
        Ok(lists)
    }

    /// From here on lists are signed anew that are enclosed: what they say has changed.
    pub(super) fn lists_change(&self) {
        self.newest.borrow_mut().clear();
    }
}

/// Needs no ledger.
fn signed(part: Vec<Decided<'_>>) -> Vec<Result<Ready<'_>, Failure>> {
    part.into_iter().map(|decided| decided.seated(Seated::signed)).collect()
}

/// The failure of one request, which stands against no other.
///
/// # Errors
/// Any other, as of a ledger that cannot be read.
fn of_one(failure: Failure) -> Result<Failure, Failure> {
    match failure.kind {
        FailureKind::NotFound | FailureKind::Conflict => Ok(failure),
        _ => Err(failure),
    }
}

/// How many requests, from the first on, can be decided before any of them is recorded: each is by another deployment, and none gives
/// a seat back that the next one could have. At least one.
fn independent(requests: &[SeatRequest]) -> usize {
    let mut seen = BTreeSet::new();
    let is_independent = |signed: &&SeatRequest| {
        let request = signed.claims();
        request.kind == RequestKind::Activate && seen.insert(request.deployment)
    };
    requests.iter().take_while(is_independent).count().max(1)
}
