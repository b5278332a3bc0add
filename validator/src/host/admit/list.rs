//! Status lists.

use lictor_shared::{Status, StatusList, Thumbprint, Timestamp};
use std::sync::Arc;

use crate::host::candidate::{Outcome, Refused};
use crate::host::custody::Custody;
use crate::host::digest::Digest;
use crate::host::product::Product;
use crate::host::state::{Highest, ListKey};
use crate::verified::{Accepted, Verified};

impl Custody {
    pub(super) fn admit_list(
        &mut self,
        list: Verified<StatusList>,
        product: &Product,
        now: Timestamp,
    ) -> Result<Outcome, Refused> {
        let digest = Digest::of(list.token());
        let list = list.accept(&self.horizon(product, now))?;
        let key = list_key(&list);
        if self.falls_short(&list, product) {
            return Ok(Outcome::Outranked);
        }
        let held = self.holdings.lists.iter().find(|held| list_key(held) == key).cloned();
        if let Some(held) = &held {
            if held.verified().token() == list.verified().token() {
                return Ok(Outcome::AlreadyHeld);
            }
            // Whatever the sequence, a list by a key that is not distrusted replaces one by a distrusted key.
            let binds = !self.is_distrusted(held.verified().key_id(), &list, product);
            if binds && list_rank(held) > list_rank(&list) {
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
    pub(crate) fn falls_short(&self, list: &Accepted<StatusList>, product: &Product) -> bool {
        let highest = self.state.lists.get(&list_key(list));
        highest.is_some_and(|highest| {
            list.claims().sequence < highest.sequence && !self.is_distrusted(highest.key, list, product)
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

    /// Whether the day has come from which a key is distrusted, as far as that is known without the clock: what is forgotten
    /// then is forgotten for good, and a clock that stands ahead once must not do that. A list that is dated after that day
    /// proves it. What a key set that the product no longer ships, or does not yet, goes on binding.
    fn is_distrusted(&self, key: Thumbprint, offered: &Accepted<StatusList>, product: &Product) -> bool {
        let known = self.known_without_clock(product).max(offered.claims().issued_at);
        let anchor = product.anchors.find(&key.to_string());
        anchor.and_then(|anchor| anchor.distrust_after).is_some_and(|since| since <= known)
    }
}

fn list_key(list: &Accepted<StatusList>) -> ListKey {
    (list.claims().issuer.clone(), list.claims().uri.clone())
}

/// The highest sequence, then the latest iat, then the greater token in byte order.
fn list_rank(list: &Accepted<StatusList>) -> (u64, Timestamp, &str) {
    (list.claims().sequence, list.claims().issued_at, list.verified().token())
}
