//! Asking the issuer for a seat, or to take one back.

use lictor_shared::{
    Algorithm, EmbeddedKey, Label, License, Request, RequestKind, Text, Timestamp, Unsigned, Uuid, armor,
    json::Members, limits,
};
use std::collections::BTreeMap;
use std::sync::Arc;

use super::custody::Custody;
use super::desk::{Desk, Writing};
use super::digest::Digest;
use super::entropy::{self, EntropyError};
use super::holdings::{license_key, license_rank};
use super::identity::Identity;
use super::product::Product;
use super::shelf;
use super::signal::Signal;
use super::state::{Answer, Newest};
use super::store::StoreError;
use crate::verified::Verified;

/// What to ask for.
#[derive(Debug)]
pub struct Ask<'a> {
    /// A seat, or to give it back.
    pub kind: RequestKind,
    /// The license's id; `None`: the license in force.
    pub license: Option<Uuid>,
    /// The deployment's label, for people at the issuer.
    pub label: Text,
    /// At most 8, no two of one name.
    pub signals: &'a [Signal],
}

/// Why nothing can be asked.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Without durable storage there is no deployment.
    #[error("this process has no durable storage, so it has no identity and can ask for nothing: {0}")]
    Stateless(String),
    /// There is no such license here.
    #[error("there is no license here to ask for; install it first")]
    NoLicense,
    /// The last request is not here, or was made with a key that is gone.
    #[error("no request was made here yet with the key that this deployment has now; make one")]
    NothingAsked,
    /// Too many signals, or two of one name.
    #[error("a request carries at most {} signals, each of another name", limits::SIGNALS)]
    Signals,
    /// The operating system gives no randomness.
    #[error(transparent)]
    Entropy(#[from] EntropyError),
    /// The store does not answer.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Desk<'_> {
    /// Makes and signs a request, and counts it. It is handed out only after the counter is on disk.
    pub(crate) fn ask(&mut self, ask: &Ask<'_>) -> Result<String, AskError> {
        // A process without durable storage has no deployment id and asks for nothing.
        let identity = self.durable_identity()?;
        let request = self.request(&identity, ask)?;
        let key = EmbeddedKey(identity.public_key().clone());
        let unsigned = Unsigned::new(Algorithm::EdDsa, &key, &request);
        let signature = identity.sign(unsigned.signing_input());
        let armored = armor::wrap(Label::ActivationRequest, &unsigned.with_signature(&signature));
        let requests = &mut self.custody.state.requests;
        requests.counter = request.counter;
        requests.newest = Some(Newest {
            nonce: request.nonce,
            deployment: request.deployment,
            kind: request.kind,
            issuer: request.issuer,
            license: request.license,
            answer: Answer::Awaited,
        });
        self.append(shelf::request(request.nonce), armored.clone().into_bytes());
        Ok(armored)
    }

    fn durable_identity(&self) -> Result<Arc<Identity>, AskError> {
        match (&self.writing, &self.identity) {
            (Writing::Refused(why), _) => Err(AskError::Stateless(why.clone())),
            (Writing::Allowed, Some(identity)) => Ok(Arc::clone(identity)),
            (Writing::Allowed, None) => {
                Err(AskError::Stateless("another process has just replaced the identity".into()))
            }
        }
    }

    fn request(&self, identity: &Identity, ask: &Ask<'_>) -> Result<Request, AskError> {
        let license = self.asked_license(ask)?;
        let claims = license.claims();
        let previous = self.custody.holdings.activation(&license_key(claims), identity.id());
        let signals = ask.signals.iter().map(|signal| (signal.name().clone(), signal.value(claims.id)));
        let signals: BTreeMap<_, _> = signals.collect();
        if signals.len() < ask.signals.len() || signals.len() > limits::SIGNALS {
            return Err(AskError::Signals);
        }
        Ok(Request {
            deployment: identity.id(),
            issuer: claims.issuer.clone(),
            nonce: entropy::uuid(self.now)?,
            issued_at: self.now,
            kind: ask.kind,
            license: claims.id,
            license_hash: Digest::of(license.token()).bytes(),
            product: self.product.name.clone(),
            label: ask.label.clone(),
            counter: self.custody.state.requests.counter.saturating_add(1),
            previous: previous.map(|held| held.claims().serial),
            validator: self.product.program.clone(),
            signals,
            extensions: Members::new(),
        })
    }

    /// The license that is asked for, in the form in which it is held.
    fn asked_license(&self, ask: &Ask<'_>) -> Result<&Verified<License>, AskError> {
        let in_force = match ask.license {
            None => self.custody.foremost(self.product, self.now).map(|judged| judged.license),
            Some(id) => {
                let of_id = self.custody.holdings.licenses.iter().filter(|license| license.id() == id);
                of_id.max_by_key(|license| license_rank(license.claims()))
            }
        };
        in_force.ok_or(AskError::NoLicense)
    }

    /// The newest request, as it was made.
    pub(crate) fn ask_again(&self) -> Result<String, AskError> {
        let newest = self.custody.newest_request().ok_or(AskError::NothingAsked)?;
        let bytes = self.read(&shelf::request(newest.nonce))?.ok_or(AskError::NothingAsked)?;
        String::from_utf8(bytes).map_err(|_| AskError::NothingAsked)
    }
}

impl Custody {
    /// The newest request, if the key that this deployment has now made it. What a lost key has asked for would seat the
    /// deployment that is gone.
    pub(crate) fn newest_request(&self) -> Option<&Newest> {
        let newest = self.state.requests.newest.as_ref()?;
        self.owner.is_some_and(|owner| owner.id == newest.deployment).then_some(newest)
    }

    /// The same as long as no answer to it was installed.
    pub(crate) fn awaited_request(&self) -> Option<&Newest> {
        self.newest_request().filter(|newest| newest.answer == Answer::Awaited)
    }

    /// Whether a seat of the license that the verdict speaks of is awaited.
    pub(crate) fn awaits_seat(&self, product: &Product, now: Timestamp) -> bool {
        let seat = self.awaited_request().filter(|newest| newest.kind == RequestKind::Activate);
        let license = self.foremost(product, now).map(|judged| license_key(judged.license.claims()));
        seat.map(|newest| (newest.issuer.clone(), newest.license)).is_some_and(|seat| license == Some(seat))
    }
}
