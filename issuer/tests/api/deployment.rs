//! A deployment as the issuer sees it: a key, a counter, and requests in files.

use lictor_issuer::activation::{Answer, Denied, Given, Grants, SeatRequest, grant};
use lictor_issuer::terms::{FromText as _, Span};
use lictor_issuer::{ClockChange, Event, EventKind, Failure, Issued, Occasion};
use lictor_keys::{PrivateKey, Signer as _};
use lictor_shared::{
    Activation, Algorithm, Artefact as _, EmbeddedKey, Received, Request, RequestKind, SeatLimit, Text,
    Unsigned, Uuid,
};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::{self, NOW, World, name, text, time};

static NONCE: AtomicU32 = AtomicU32::new(1);

/// An occasion at any time, whatever time the last event went by.
pub(crate) fn at(when: &str) -> Occasion {
    Occasion { clock_change: ClockChange::Record, ..support::at(when) }
}

/// A deployment that holds a license.
pub(crate) struct Deployment {
    pub(crate) key: PrivateKey,
    pub(crate) license: Uuid,
    pub(crate) token: String,
    pub(crate) counter: u64,
    pub(crate) previous: Option<Uuid>,
    pub(crate) label: Text,
}

impl Deployment {
    pub(crate) fn new(issued: &Issued) -> Self {
        Self {
            key: PrivateKey::generate().unwrap(),
            license: issued.signed.license.id,
            token: issued.signed.token.clone(),
            counter: 0,
            previous: None,
            label: text("Hamburg depot"),
        }
    }

    /// A request, the next of this deployment, with changes.
    pub(crate) fn ask(&mut self, kind: RequestKind, change: impl FnOnce(&mut Request)) -> SeatRequest {
        SeatRequest::read(&self.ask_in_a_token(kind, change)).unwrap()
    }

    pub(crate) fn ask_in_a_token(&mut self, kind: RequestKind, change: impl FnOnce(&mut Request)) -> String {
        self.counter += 1;
        let number = NONCE.fetch_add(1, Ordering::Relaxed);
        let mut request = Request {
            deployment: self.key.public().thumbprint(),
            issuer: text("acme-licensing"),
            nonce: Uuid::new(&format!("019c1f6a-0800-7c11-9a2b-{number:012x}")).unwrap(),
            issued_at: time(NOW),
            kind,
            license: self.license,
            license_hash: Sha256::digest(&self.token).into(),
            product: name("dialer"),
            label: self.label.clone(),
            counter: self.counter,
            previous: self.previous,
            validator: text("dialer 7.2"),
            signals: BTreeMap::new(),
            extensions: Default::default(),
        };
        change(&mut request);
        sign(&self.key, &request)
    }

    pub(crate) fn activate(&mut self) -> SeatRequest {
        self.ask(RequestKind::Activate, |_| ())
    }

    pub(crate) fn activate_at(&mut self, when: &str) -> SeatRequest {
        self.ask(RequestKind::Activate, |request| request.issued_at = time(when))
    }

    pub(crate) fn release(&mut self) -> SeatRequest {
        self.ask(RequestKind::Release, |_| ())
    }

    /// Takes an answer in: from now on it holds that activation.
    pub(crate) fn take(&mut self, given: &Given) {
        self.previous = Some(given.serial);
    }
}

pub(crate) fn sign(key: &PrivateKey, request: &Request) -> String {
    let unsigned = Unsigned::<Request>::new(Algorithm::EdDsa, &EmbeddedKey(key.public().clone()), request);
    let signature = key.sign(unsigned.signing_input()).unwrap();
    unsigned.with_signature(&signature)
}

/// What an activation of ours says.
pub(crate) fn claims(given: &Given) -> Activation {
    let received = Received::<Activation>::read(&given.paste.token).unwrap();
    Activation::read(received.untrusted_payload()).unwrap()
}

impl World {
    /// A license that requires activations, with so many seats.
    pub(crate) fn seats(&mut self, limit: u64, overage: u64) -> Issued {
        self.issue(|order| {
            order.terms.seats = Some(SeatLimit::AtMost(limit));
            order.terms.overage = Some(overage);
            order.terms.activation = Some(lictor_shared::ActivationPolicy::Required);
        })
    }

    pub(crate) fn answer(
        &mut self,
        requests: &[SeatRequest],
        lease: Option<&str>,
        occasion: &Occasion,
    ) -> Result<Grants, Failure> {
        let lease = lease.map(|lease| Span::from_text(lease).unwrap());
        grant(&self.home, &mut self.ledger, &[&self.key], requests, lease, occasion)
    }

    #[track_caller]
    pub(crate) fn grant(&mut self, request: &SeatRequest) -> Given {
        self.grant_at(request, NOW)
    }

    #[track_caller]
    pub(crate) fn grant_at(&mut self, request: &SeatRequest, when: &str) -> Given {
        self.lease_at(request, None, when)
    }

    #[track_caller]
    pub(crate) fn lease_at(&mut self, request: &SeatRequest, lease: Option<&str>, when: &str) -> Given {
        match self.answer(std::slice::from_ref(request), lease, &at(when)).unwrap().answers.pop().unwrap() {
            Answer::Given(given) => *given,
            Answer::Denied(denied) => panic!("{denied:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn deny(&mut self, request: &SeatRequest) -> Denied {
        self.deny_at(request, NOW)
    }

    #[track_caller]
    pub(crate) fn deny_at(&mut self, request: &SeatRequest, when: &str) -> Denied {
        match self.answer(std::slice::from_ref(request), None, &at(when)).unwrap().answers.pop().unwrap() {
            Answer::Denied(denied) => denied,
            Answer::Given(given) => panic!("{given:?}"),
        }
    }

    pub(crate) fn events_of(&self, kind: EventKind) -> Vec<Event> {
        self.ledger.events(1).map(Result::unwrap).filter(|event| event.kind == kind).collect()
    }

    /// How many seats of a license are taken.
    pub(crate) fn taken(&self, issued: &Issued) -> u64 {
        let license = lictor_issuer::find(&self.ledger, &issued.signed.license.id.to_string()).unwrap();
        lictor_issuer::activation::occupancy(&self.ledger, &license, time(NOW)).unwrap().active
    }
}
