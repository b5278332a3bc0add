//! The second stage: signed by a trusted key for this purpose, and well formed. Not yet a verdict.

use alloc::string::String;
use alloc::sync::Arc;
use lictor_shared::{
    Activation, Anchor, License, Products, Release, Seconds, StatusList, Thumbprint, Timestamp, Uuid, limits,
};

use crate::unverified::IssuerSigned;

/// An artefact whose signature holds and whose claims are within the rules.
///
/// Only [`Unverified::verify`](crate::Unverified::verify) makes one. What it permits only a [`Verdict`](crate::Verdict) says,
/// so its claims cannot be reached from here.
#[derive(Clone, Debug)]
pub struct Verified<A> {
    claims: Arc<A>,
    token: String,
    key: KeyFacts,
}

/// What the trust anchors say of the key that signed.
#[derive(Clone, Debug)]
pub(crate) struct KeyFacts {
    pub(crate) thumbprint: Thumbprint,
    pub(crate) products: Products,
    pub(crate) distrust_after: Option<Timestamp>,
}

impl<A: IssuerSigned> Verified<A> {
    pub(crate) fn new(claims: A, token: String, anchor: &Anchor) -> Self {
        let key = KeyFacts {
            thumbprint: anchor.key.thumbprint(),
            products: anchor.products.clone(),
            distrust_after: anchor.distrust_after,
        };
        Self { claims: Arc::new(claims), token, key }
    }

    /// The token as received, to be kept as it is.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// The thumbprint of the key that signed.
    #[must_use]
    pub const fn key_id(&self) -> Thumbprint {
        self.key.thumbprint
    }

    /// When it was signed.
    #[must_use]
    pub fn issued_at(&self) -> Timestamp {
        self.claims.issued_at()
    }
}

impl<A> Verified<A> {
    pub(crate) const fn claims(&self) -> &Arc<A> {
        &self.claims
    }

    pub(crate) const fn key(&self) -> &KeyFacts {
        &self.key
    }
}

impl Verified<License> {
    /// The license's id, stable across renewals.
    #[must_use]
    pub fn id(&self) -> Uuid {
        self.claims.id
    }

    /// The serial of this token.
    #[must_use]
    pub fn serial(&self) -> Uuid {
        self.claims.serial
    }

    /// The revision, from 1.
    #[must_use]
    pub fn revision(&self) -> u64 {
        self.claims.revision
    }

    /// From when it holds.
    #[must_use]
    pub fn starts_at(&self) -> Timestamp {
        self.claims.starts_at
    }
}

/// What is known of the time when a list or activation is offered.
#[derive(Clone, Copy, Debug)]
pub struct Horizon {
    /// The clock.
    pub now: Timestamp,
    /// The remembered watermark, if any.
    pub watermark: Option<Timestamp>,
    /// The date of the product's release, if known.
    pub built_at: Option<Timestamp>,
    /// The latest `iat` of the licenses held that can be read, if any.
    pub latest_license: Option<Timestamp>,
}

impl Horizon {
    fn reached(&self) -> Timestamp {
        [self.watermark, self.built_at].into_iter().flatten().fold(self.now, Timestamp::max)
    }
}

/// Why a list or activation that is signed and well formed is not taken into force.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NotAccepted {
    /// The key does not speak for the activation's product.
    #[error("its key does not speak for the product \"{product}\"")]
    ForeignProduct {
        /// The activation's product.
        product: lictor_shared::Name,
    },
    /// The key has leaked.
    #[error("its key has not been trusted since {since}")]
    KeyDistrusted {
        /// The anchor's `distrustAfter`.
        since: Timestamp,
    },
    /// Dated further ahead than any clock is wrong.
    #[error("it is dated {issued_at}, more than 400 days ahead of {known}; check the clock")]
    FarAhead {
        /// Its `iat`.
        issued_at: Timestamp,
        /// The latest time known here.
        known: Timestamp,
    },
}

/// A list or activation that has been taken into force: signed, well formed, and plausible when it arrived.
///
/// Only [`Verified::accept`] makes one.
#[derive(Clone, Debug)]
pub struct Accepted<A>(Verified<A>);

impl<A> Accepted<A> {
    pub(crate) fn claims(&self) -> &A {
        self.0.claims()
    }

    /// What was verified.
    #[must_use]
    pub const fn verified(&self) -> &Verified<A> {
        &self.0
    }
}

#[cfg(feature = "host")]
impl<A> Accepted<A> {
    /// Takes back into force what was accepted earlier: the state remembers its digest. Whether it would be accepted today does
    /// not matter.
    pub(crate) const fn earlier(verified: Verified<A>) -> Self {
        Self(verified)
    }
}

impl Verified<StatusList> {
    /// Takes the list into force.
    ///
    /// # Errors
    /// [`NotAccepted`] if its key is distrusted by now or it is dated too far ahead.
    pub fn accept(self, horizon: &Horizon) -> Result<Accepted<StatusList>, NotAccepted> {
        self.accept_at(horizon)
    }
}

impl Verified<Activation> {
    /// Takes the activation into force.
    ///
    /// # Errors
    /// [`NotAccepted`] if its key does not speak for its product, is distrusted by now, or it is dated too far ahead.
    pub fn accept(self, horizon: &Horizon) -> Result<Accepted<Activation>, NotAccepted> {
        if !self.key.products.include(&self.claims.product) {
            return Err(NotAccepted::ForeignProduct { product: self.claims.product.clone() });
        }
        self.accept_at(horizon)
    }
}

impl Verified<Release> {
    /// Takes the receipt for true.
    ///
    /// # Errors
    /// [`NotAccepted`] as for an activation.
    pub fn accept(self, horizon: &Horizon) -> Result<Accepted<Release>, NotAccepted> {
        if !self.key.products.include(&self.claims.product) {
            return Err(NotAccepted::ForeignProduct { product: self.claims.product.clone() });
        }
        self.accept_at(horizon)
    }
}

impl<A: IssuerSigned> Verified<A> {
    fn accept_at(self, horizon: &Horizon) -> Result<Accepted<A>, NotAccepted> {
        let reached = horizon.reached();
        if let Some(since) = self.key.distrust_after.filter(|since| reached >= *since) {
            return Err(NotAccepted::KeyDistrusted { since });
        }
        let known = horizon.latest_license.map_or(reached, |issued_at| issued_at.max(reached));
        let ahead = Seconds::new(limits::CANDIDATE_AHEAD).and_then(|ahead| known.plus(ahead));
        let issued_at = self.issued_at();
        if ahead.is_some_and(|last| issued_at > last) {
            return Err(NotAccepted::FarAhead { issued_at, known });
        }
        Ok(Accepted(self))
    }
}
