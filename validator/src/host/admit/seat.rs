//! Activations and the receipts that end them.

use lictor_shared::{Activation, Release, RequestKind, Thumbprint, Timestamp, Uuid};
use std::sync::Arc;

use crate::host::candidate::{Outcome, Refused};
use crate::host::custody::Custody;
use crate::host::digest::Digest;
use crate::host::holdings::{activation_rank, is_receipt_of, is_seat_of, receipt_rank};
use crate::host::product::Product;
use crate::host::state::{Answer, LicenseKey};
use crate::host::watermark::Watermark;
use crate::verified::{Accepted, Verified};

impl Custody {
    pub(super) fn admit_activation(
        &mut self,
        activation: Verified<Activation>,
        product: &Product,
        now: Timestamp,
    ) -> Result<Outcome, Refused> {
        let digest = Digest::of(activation.token());
        let activation = activation.accept(&self.horizon(product, now))?;
        let claims = activation.claims().clone();
        let Some(owner) = self.owner.filter(|owner| is_ours(&claims, owner.id, product)) else {
            return Ok(Outcome::NotUsable);
        };
        let key = (claims.issuer.clone(), claims.license);
        let held = self.holdings.activation(&key, owner.id);
        if held.is_some_and(|held| Digest::of(held.verified().token()) == digest) {
            return Ok(Outcome::AlreadyHeld);
        }
        let is_older = held.is_some_and(|held| activation_rank(held.claims()) > activation_rank(&claims));
        // An answer that is awaited was asked for after whatever is held, and after whatever was given back.
        let answers = self.answers(RequestKind::Activate, claims.request, &key);
        if !answers && (is_older || self.is_released(&claims, &key, owner.id)) {
            return Ok(Outcome::Outranked);
        }
        self.drop_activations(|held| is_seat_of(held, &key, owner.id));
        self.state.accepted.insert(digest);
        self.held().activations.push(activation);
        // An activation that answers the newest request resets watermark and candidate to its iat, once per nonce.
        if answers {
            self.state.clock = Watermark::reset(claims.issued_at);
            self.answered();
        }
        Ok(Outcome::Accepted)
    }

    /// Whether something is the first answer to this deployment's newest request: of the issuer that was asked, for the license
    /// and of the kind that was asked for. The nonce alone proves nothing, since every issuer that is asked anything sees it.
    ///
    /// No end is set to the waiting: an answer resets the watermark whenever it is first accepted.
    fn answers(&self, kind: RequestKind, nonce: Uuid, (issuer, license): &LicenseKey) -> bool {
        self.state.requests.newest.as_ref().is_some_and(|newest| {
            (newest.nonce == nonce && newest.answer == Answer::Awaited)
                && (newest.kind == kind && newest.issuer == *issuer && newest.license == *license)
        })
    }

    /// Whether a receipt that is held has ended it: what was given back is not taken up again.
    fn is_released(&self, activation: &Activation, key: &LicenseKey, owner: Thumbprint) -> bool {
        let receipt = self.holdings.receipt(key, owner);
        receipt.is_some_and(|receipt| {
            activation.issued_at <= receipt.claims().issued_at
                || self.was_asked_before_release(activation, key)
        })
    }

    /// Whether the last thing that was asked and answered is a release, and the activation answers an earlier request. The counter
    /// is the deployment's own, and tells what came first where the issuer's clock was set back in between.
    fn was_asked_before_release(&self, activation: &Activation, (issuer, license): &LicenseKey) -> bool {
        let requests = &self.state.requests;
        requests.newest.as_ref().is_some_and(|newest| {
            (newest.kind == RequestKind::Release && newest.answer == Answer::Received)
                && (newest.issuer == *issuer && newest.license == *license)
                && activation.counter < requests.counter
        })
    }

    fn answered(&mut self) {
        if let Some(newest) = &mut self.state.requests.newest {
            newest.answer = Answer::Received;
        }
    }

    fn drop_activations(&mut self, drops: impl Fn(&Activation) -> bool) {
        let state = &mut self.state;
        Arc::make_mut(&mut self.holdings).activations.retain(|held| {
            let stays = !drops(held.claims());
            if !stays {
                state.accepted.remove(&Digest::of(held.verified().token()));
            }
            stays
        });
    }

    /// A receipt ends every activation of its license that is not younger than it, and is held so that none of them comes back. One
    /// that answers the newest request was asked for after whatever is held, and ends it whatever the issuer's clock says.
    pub(super) fn admit_receipt(
        &mut self,
        receipt: Verified<Release>,
        product: &Product,
        now: Timestamp,
    ) -> Result<Outcome, Refused> {
        let receipt = receipt.accept(&self.horizon(product, now))?;
        let claims = receipt.claims().clone();
        let key = (claims.issuer.clone(), claims.license);
        let ours = |id: Thumbprint| is_receipt_of(&claims, &key, id) && claims.product == product.name;
        let Some(owner) = self.owner.filter(|owner| ours(owner.id)) else {
            return Ok(Outcome::NotUsable);
        };
        let answers = self.answers(RequestKind::Release, claims.request, &key);
        if let Some(held) = self.holdings.receipt(&key, owner.id) {
            // Once more: it has ended what there was to end, and ends nothing that was granted since.
            if held.verified().token() == receipt.verified().token() {
                return Ok(Outcome::Released);
            }
            if !answers && receipt_rank(held.claims()) > receipt_rank(&claims) {
                return Ok(Outcome::Outranked);
            }
        }
        let ends = |held: &Activation| answers || held.issued_at <= claims.issued_at;
        self.drop_activations(|held| is_seat_of(held, &key, owner.id) && ends(held));
        if answers {
            self.answered();
        }
        self.hold_receipt(receipt, &key, owner.id);
        Ok(Outcome::Released)
    }

    /// Of two receipts the later one ends whatever the other one does.
    fn hold_receipt(&mut self, receipt: Accepted<Release>, key: &LicenseKey, owner: Thumbprint) {
        let rank = receipt_rank(receipt.claims());
        if self.holdings.receipt(key, owner).is_some_and(|held| receipt_rank(held.claims()) > rank) {
            return;
        }
        let (state, receipts) = (&mut self.state, &mut Arc::make_mut(&mut self.holdings).receipts);
        state.accepted.insert(Digest::of(receipt.verified().token()));
        receipts.retain(|held| {
            let stays = !is_receipt_of(held.claims(), key, owner);
            if !stays {
                state.accepted.remove(&Digest::of(held.verified().token()));
            }
            stays
        });
        receipts.push(receipt);
    }
}

/// Its product and deployment (`sub` and thumbprint of `cnf.jwk`) are ours.
fn is_ours(activation: &Activation, owner: Thumbprint, product: &Product) -> bool {
    activation.product == product.name
        && activation.key.thumbprint() == owner
        && Thumbprint::new(activation.deployment.as_str()) == Ok(owner)
}
