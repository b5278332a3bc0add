//! Whether what is offered takes the place of what is held. Nothing refused ever does.

use lictor_shared::{
    Activation, License, Purpose, Reason, Release, Status, StatusList, Thumbprint, Timestamp,
};
use std::sync::Arc;

use super::candidate::{Candidate, Outcome, Refused};
use super::choice::refusal;
use super::custody::Custody;
use super::digest::Digest;
use super::holdings::{Holdings, activation_rank, license_key, license_rank};
use super::product::Product;
use super::state::{Answer, Highest, ListKey};
use super::watermark::Watermark;
use crate::verified::{Accepted, Verified};

impl Custody {
    /// Judges a candidate and holds it if it is to be held.
    pub(crate) fn admit(&mut self, candidate: Candidate, product: &Product, now: Timestamp) -> Outcome {
        let outcome = match candidate {
            Candidate::License(license) => self.admit_license(license, product, now),
            Candidate::StatusList(list) => self.admit_list(list, product, now),
            Candidate::Activation(activation) => self.admit_activation(activation, product, now),
            Candidate::Release(receipt) => self.admit_receipt(receipt, product, now),
        };
        outcome.unwrap_or_else(Outcome::Refused)
    }

    fn held(&mut self) -> &mut Holdings {
        Arc::make_mut(&mut self.holdings)
    }

    fn admit_license(
        &mut self,
        license: Verified<License>,
        product: &Product,
        now: Timestamp,
    ) -> Result<Outcome, Refused> {
        if self.holdings.licenses.iter().any(|held| held.token() == license.token()) {
            return Ok(Outcome::AlreadyHeld);
        }
        match refusal(&self.verdict_under(&license, product, now)) {
            Some(Reason::Superseded) => Ok(Outcome::Outranked),
            None | Some(Reason::NotYetValid) if self.outranks(&license, product, now) => {
                Ok(Outcome::Outranked)
            }
            None => Ok(self.hold_license(license, Outcome::Accepted)),
            // A valid license whose nbf lies ahead is kept as pending.
            Some(Reason::NotYetValid) => {
                let from = license.starts_at();
                Ok(self.hold_license(license, Outcome::Pending { from }))
            }
            // Where there is nothing to keep in force, it is held to say what is the matter.
            Some(reason) if self.holdings.licenses.is_empty() => {
                Ok(self.hold_license(license, Outcome::Refused(Refused::License(reason))))
            }
            Some(reason) => Err(Refused::License(reason)),
        }
    }

    fn hold_license(&mut self, license: Verified<License>, outcome: Outcome) -> Outcome {
        self.held().licenses.push(license);
        outcome
    }

    /// Whether a license in force has the same id and a higher revision.
    fn outranks(&self, license: &Verified<License>, product: &Product, now: Timestamp) -> bool {
        let claims = license.claims();
        self.holdings.licenses.iter().any(|held| {
            license_key(held.claims()) == license_key(claims)
                && license_rank(held.claims()) > license_rank(claims)
                && refusal(&self.verdict_under(held, product, now)).is_none()
        })
    }

    fn admit_list(
        &mut self,
        list: Verified<StatusList>,
        product: &Product,
        now: Timestamp,
    ) -> Result<Outcome, Refused> {
        let digest = Digest::of(list.token());
        let list = list.accept(&self.horizon(product, now))?;
        let key = list_key(&list);
        if self.falls_short(&list, product, now) {
            return Ok(Outcome::Outranked);
        }
        let held = self.holdings.lists.iter().find(|held| list_key(held) == key).cloned();
        if let Some(held) = &held {
            if held.verified().token() == list.verified().token() {
                return Ok(Outcome::AlreadyHeld);
            }
            // Whatever the sequence, a list by a key that is not distrusted replaces one by a distrusted key.
            if self.trusts(held.verified().key_id(), product, now) && list_rank(held) > list_rank(&list) {
                return Ok(Outcome::Outranked);
            }
        }
        self.learn(held.as_ref(), &list, product, now);
        let accepted = Highest { sequence: list.claims().sequence, key: list.verified().key_id() };
        self.state.lists.insert(key.clone(), accepted);
        self.forget_lists(&key);
        self.state.accepted.insert(digest);
        self.held().lists.push(list);
        Ok(Outcome::Accepted)
    }

    /// Whether its sequence is lower than the highest that was accepted: it is outranked. A maximum that a distrusted key set is
    /// forgotten.
    pub(crate) fn falls_short(&self, list: &Accepted<StatusList>, product: &Product, now: Timestamp) -> bool {
        let highest = self.state.lists.get(&list_key(list));
        highest.is_some_and(|highest| {
            list.claims().sequence < highest.sequence && self.trusts(highest.key, product, now)
        })
    }

    fn forget_lists(&mut self, key: &ListKey) {
        let state = &mut self.state;
        Arc::make_mut(&mut self.holdings).lists.retain(|held| {
            let stays = list_key(held) != *key;
            if !stays {
                state.accepted.remove(&Digest::of(held.verified().token()));
            }
            stays
        });
    }

    /// `learned` per entry: when a status other than VALID was first accepted for it after a VALID one.
    fn learn(
        &mut self,
        old: Option<&Accepted<StatusList>>,
        new: &Accepted<StatusList>,
        product: &Product,
        now: Timestamp,
    ) {
        let (list, new) = (list_key(new), new.claims());
        let reached = self.reached(product, now).max(new.issued_at);
        for (status, issued_at) in self.holdings.entries(&new.issuer) {
            if status.uri != new.uri {
                continue;
            }
            let entry = (list.clone(), status.index);
            let before = old.map(|old| old.claims().status(status.index));
            match (before, new.status(status.index)) {
                (_, Status::Valid) => {
                    self.state.learned.remove(&entry);
                }
                (Some(Status::Valid), _) => {
                    self.state.learned.entry(entry).or_insert(reached.max(issued_at));
                }
                _ => {}
            }
        }
    }

    /// Whether a key may still speak for lists: it is among the anchors, and max(now, watermark, builtAt) < distrustAfter. One that
    /// the product no longer ships is not: what it set would bind for ever, and its lists no longer verify.
    fn trusts(&self, key: Thumbprint, product: &Product, now: Timestamp) -> bool {
        let reached = self.reached(product, now);
        product.anchors.find(&key.to_string()).is_some_and(|anchor| {
            anchor.purposes.contains(&Purpose::Status)
                && anchor.distrust_after.is_none_or(|since| reached < since)
        })
    }

    fn admit_activation(
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
    fn admit_receipt(
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

fn list_key(list: &Accepted<StatusList>) -> ListKey {
    (list.claims().issuer.clone(), list.claims().uri.clone())
}

/// The highest sequence, then the latest iat, then the greater token in byte order.
fn list_rank(list: &Accepted<StatusList>) -> (u64, Timestamp, &str) {
    (list.claims().sequence, list.claims().issued_at, list.verified().token())
}
