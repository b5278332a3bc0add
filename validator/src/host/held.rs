//! What a deployment holds, for people: names, numbers and dates, and nothing that could be installed elsewhere.

use core::fmt;
use core::ptr;
use lictor_shared::{Activation, License, Reason, Release, StatusList, Text, Timestamp, Uri, Uuid};

use super::choice::refusal;
use super::custody::Custody;
use super::digest::Digest;
use super::holdings::is_receipt_of;
use super::product::Product;
use crate::facts::Facts;
use crate::verified::{Accepted, Verified};

/// Hexadecimal digits of a digest that tell two artefacts apart. All of them would prove to the issuer that one has the license.
const DIGITS: usize = 8;

/// An artefact that is held.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Held {
    /// What it is.
    pub article: Article,
    /// Who issued it.
    pub issuer: Text,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// The first eight digits of its token's SHA-256, as in the name of its file.
    pub digest: String,
    /// What it counts for now.
    pub standing: Standing,
}

/// What an artefact is, and what tells it from others of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Article {
    /// A license.
    License {
        /// Its id, stable across renewals.
        id: Uuid,
        /// The serial of this token.
        serial: Uuid,
        /// Its revision, from 1.
        revision: u64,
    },
    /// A status list.
    StatusList {
        /// Which list.
        uri: Uri,
        /// The higher one replaces the lower one.
        sequence: u64,
    },
    /// A seat.
    Activation {
        /// The license's id.
        license: Uuid,
        /// The serial of this token.
        serial: Uuid,
        /// The number of the seat, from 1.
        seat: u64,
    },
    /// A receipt for a seat that was given back.
    Receipt {
        /// The license's id.
        license: Uuid,
        /// The serial of this token.
        serial: Uuid,
    },
}

impl Article {
    /// One word, for people and programs.
    #[must_use]
    pub const fn as_str(&self) -> &'static str {
        match self {
            Self::License { .. } => "license",
            Self::StatusList { .. } => "status list",
            Self::Activation { .. } => "activation",
            Self::Receipt { .. } => "receipt",
        }
    }
}

/// What an artefact counts for now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The verdict rests on it; a receipt ends what came before it.
    InForce,
    /// A license whose time has not come.
    Pending {
        /// Its `nbf`.
        from: Timestamp,
    },
    /// A license that counts, and another one counts for more.
    Outranked,
    /// A license that is refused.
    Refused(Reason),
    /// Of another license than the one in force, or of another deployment. It may count again.
    Idle,
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InForce => f.write_str("in force"),
            Self::Pending { from } => write!(f, "pending until {from}"),
            Self::Outranked => f.write_str("outranked"),
            Self::Refused(reason) => write!(f, "refused as {reason}"),
            Self::Idle => f.write_str("not needed now"),
        }
    }
}

impl Custody {
    /// Everything held: licenses, lists, activations, receipts.
    pub(crate) fn inventory(&self, product: &Product, now: Timestamp) -> Vec<Held> {
        let in_force = self.license_in_force(product, now);
        let context = in_force.map(|license| (license, self.context(license.claims(), product, now)));
        let facts = context.as_ref().map(|(license, context)| Facts::gather(license, context));
        let licenses = self.holdings.licenses.iter().map(|license| {
            let leads = in_force.is_some_and(|leader| ptr::eq(leader, license));
            license_held(license, self.license_standing(license, leads, product, now))
        });
        let lists = self.holdings.lists.iter().map(|list| list_held(list, facts.as_ref()));
        let seats = self.holdings.activations.iter().map(|seat| seat_held(seat, facts.as_ref()));
        let receipts = self.holdings.receipts.iter().map(|receipt| self.receipt_held(receipt));
        licenses.chain(lists).chain(seats).chain(receipts).collect()
    }

    fn license_standing(
        &self,
        license: &Verified<License>,
        leads: bool,
        product: &Product,
        now: Timestamp,
    ) -> Standing {
        match refusal(&self.verdict_under(license, product, now)) {
            Some(Reason::NotYetValid) => Standing::Pending { from: license.starts_at() },
            Some(reason) => Standing::Refused(reason),
            None if leads => Standing::InForce,
            None => Standing::Outranked,
        }
    }

    fn receipt_held(&self, held: &Accepted<Release>) -> Held {
        let claims = held.claims();
        let key = (claims.issuer.clone(), claims.license);
        let is_ours = self.owner.is_some_and(|owner| is_receipt_of(claims, &key, owner.id));
        Held {
            article: Article::Receipt { license: claims.license, serial: claims.serial },
            issuer: claims.issuer.clone(),
            issued_at: claims.issued_at,
            digest: digest(held.verified().token()),
            standing: in_force_if(is_ours),
        }
    }
}

fn license_held(license: &Verified<License>, standing: Standing) -> Held {
    let claims = license.claims();
    Held {
        article: Article::License { id: claims.id, serial: claims.serial, revision: claims.revision },
        issuer: claims.issuer.clone(),
        issued_at: claims.issued_at,
        digest: digest(license.token()),
        standing,
    }
}

fn list_held(held: &Accepted<StatusList>, facts: Option<&Facts<'_>>) -> Held {
    let claims = held.claims();
    let is = |applicable: Option<&StatusList>| applicable.is_some_and(|list| ptr::eq(list, claims));
    let counts = facts.is_some_and(|facts| is(facts.license_list) || is(facts.activation_list));
    Held {
        article: Article::StatusList { uri: claims.uri.clone(), sequence: claims.sequence },
        issuer: claims.issuer.clone(),
        issued_at: claims.issued_at,
        digest: digest(held.verified().token()),
        standing: in_force_if(counts),
    }
}

fn seat_held(held: &Accepted<Activation>, facts: Option<&Facts<'_>>) -> Held {
    let claims = held.claims();
    let usable = facts.and_then(|facts| facts.activation);
    Held {
        article: Article::Activation { license: claims.license, serial: claims.serial, seat: claims.seat },
        issuer: claims.issuer.clone(),
        issued_at: claims.issued_at,
        digest: digest(held.verified().token()),
        standing: in_force_if(usable.is_some_and(|usable| ptr::eq(usable, claims))),
    }
}

const fn in_force_if(counts: bool) -> Standing {
    if counts { Standing::InForce } else { Standing::Idle }
}

fn digest(token: &str) -> String {
    Digest::of(token).to_string().chars().take(DIGITS).collect()
}
