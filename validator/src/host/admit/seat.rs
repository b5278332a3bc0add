//! Activations and the receipts that end them.

use lictor_shared::{Activation, Release, Thumbprint, Timestamp};
use std::sync::Arc;

use crate::host::candidate::{Outcome, Refused};
use crate::host::custody::Custody;
use crate::host::digest::Digest;
use crate::host::holdings::activation_rank;
use crate::host::product::Product;
use crate::host::state::Answer;
use crate::host::watermark::Watermark;
use crate::verified::Verified;

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
        let answers = self.answers(&claims);
        if let Some(held) = self.holdings.activation(&key, owner.id) {
            if Digest::of(held.verified().token()) == digest {
                return Ok(Outcome::AlreadyHeld);
            }
            if !answers && activation_rank(held.claims()) > activation_rank(&claims) {
                return Ok(Outcome::Outranked);
            }
        }
        self.drop_activations(|held| {
            (held.issuer == key.0 && held.license == key.1) && held.key.thumbprint() == owner.id
        });
        self.state.accepted.insert(digest);
        self.held().activations.push(activation);
        // An activation that answers the newest request resets watermark and candidate to its iat, once per nonce.
        if answers {
            self.state.clock = Watermark::reset(claims.issued_at);
            self.answered();
        }
        Ok(Outcome::Accepted)
    }

    /// Whether it is the first answer to this deployment's newest request.
    fn answers(&self, activation: &Activation) -> bool {
        let newest = self.state.requests.newest;
        newest.is_some_and(|newest| newest.nonce == activation.request && newest.answer == Answer::Awaited)
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

    /// A receipt ends every activation of its license that is not younger than it.
    pub(super) fn admit_receipt(
        &mut self,
        receipt: Verified<Release>,
        product: &Product,
        now: Timestamp,
    ) -> Result<Outcome, Refused> {
        let receipt = receipt.accept(&self.horizon(product, now))?;
        let receipt = receipt.claims().clone();
        let ours = |id: Thumbprint| Thumbprint::new(receipt.deployment.as_str()) == Ok(id);
        let Some(owner) = self.owner.filter(|owner| ours(owner.id) && receipt.product == product.name) else {
            return Ok(Outcome::NotUsable);
        };
        self.drop_activations(|held| {
            (held.issuer == receipt.issuer && held.license == receipt.license)
                && held.key.thumbprint() == owner.id
                && held.issued_at <= receipt.issued_at
        });
        if self.state.requests.newest.is_some_and(|newest| newest.nonce == receipt.request) {
            self.answered();
        }
        Ok(Outcome::Released)
    }
}

/// Its product and deployment (`sub` and thumbprint of `cnf.jwk`) are ours.
fn is_ours(activation: &Activation, owner: Thumbprint, product: &Product) -> bool {
    activation.product == product.name
        && activation.key.thumbprint() == owner
        && Thumbprint::new(activation.deployment.as_str()) == Ok(owner)
}
