//! Signing what deployments are given.

use lictor_keys::{KeyRecord, KeyRing, Signer};
use lictor_shared::{Algorithm, AnchorSet, Artefact, Claims, KeyId, Unsigned, hex};
use lictor_validator::IssuerSigned;
use sha2::{Digest as _, Sha256};
use std::cell::OnceCell;

use crate::accepted::{accepted_with, anchors};
use crate::error::{Failure, FailureKind};
use crate::event::Facts;
use crate::occasion::Intent;

/// A token, and its hash; none of a dry run, of which the token is what would be signed.
pub(super) struct Stamped {
    pub(super) token: String,
    pub(super) sha256: Option<String>,
}

/// The keys in hand. Each product may have one of its own, and lists another one.
#[derive(Clone, Copy)]
pub(super) struct Signers<'a>(pub(super) &'a [&'a (dyn Signer + Sync)]);

impl<'a> Signers<'a> {
    /// The one with this key.
    pub(super) fn with(self, key: &KeyRecord) -> Option<&'a (dyn Signer + Sync)> {
        let wanted = key.public.thumbprint();
        self.0.iter().copied().find(|signer| signer.public_key().thumbprint() == wanted)
    }

    /// The same; the keys may be others than when these were opened.
    pub(super) fn needed(self, key: &KeyRecord) -> Result<&'a (dyn Signer + Sync), Failure> {
        self.with(key).ok_or_else(|| {
            let kid = key.public.thumbprint();
            Failure::new(FailureKind::Conflict, format!("The key {kid} signs now, and is not at hand."))
                .hint("Repeat the command with that key.")
                .with("kid", kid.to_string())
        })
    }
}

/// Whether so many signatures are checked with the same keys that tables save more than they cost.
#[derive(Clone, Copy)]
pub(super) enum Checks {
    Few,
    Many,
}

/// Tables cost about ten checks of a key, and save a third of each.
const MANY: usize = 64;

impl Checks {
    pub(super) const fn of(requests: usize) -> Self {
        if requests < MANY { Self::Few } else { Self::Many }
    }
}

/// The issuer's keys, and what deployments trust of them.
pub(super) struct Trusted {
    pub(super) ring: KeyRing,
    checks: Checks,
    anchors: OnceCell<AnchorSet>,
}

impl Trusted {
    pub(super) const fn of(ring: KeyRing, checks: Checks) -> Self {
        Self { ring, checks, anchors: OnceCell::new() }
    }

    /// Made when the first of them is needed: where nothing is signed there may be no key yet.
    pub(super) fn anchors(&self) -> Result<&AnchorSet, Failure> {
        if let Some(anchors) = self.anchors.get() {
            return Ok(anchors);
        }
        let plain = anchors(&self.ring)?;
        let made = match self.checks {
            Checks::Few => plain,
            Checks::Many => plain.with_tables(),
        };
        Ok(self.anchors.get_or_init(|| made))
    }
}

/// The key that signs activations now, and those that deployments trust.
pub(super) struct Stamp<'a> {
    pub(super) signer: &'a (dyn Signer + Sync),
    pub(super) anchors: &'a AnchorSet,
    pub(super) key: &'a KeyRecord,
    pub(super) intent: &'a Intent,
}

impl Stamped {
    /// What the event says of it.
    pub(super) fn named(&self, facts: Facts, stamp: &Stamp<'_>) -> Facts {
        let kid = stamp.key.public.thumbprint().to_string();
        facts.and("tokenSha256", self.sha256.as_deref()).and("kid", kid)
    }
}

impl Stamp<'_> {
    /// Signs, and sees that the validator takes it.
    pub(super) fn sign<A, C>(&self, claims: &C) -> Result<Stamped, Failure>
    where
        A: Artefact<Signer = KeyId> + IssuerSigned,
        C: Claims<Of = A>,
    {
        let algorithm = self.key.algorithm.unwrap_or(Algorithm::EdDsa);
        let kid = KeyId::from(self.key.public.thumbprint());
        let unsigned = Unsigned::<A>::new(algorithm, &kid, claims);
        if *self.intent == Intent::DryRun {
            let token = String::from_utf8_lossy(unsigned.signing_input()).into_owned();
            return Ok(Stamped { token, sha256: None });
        }
        // The validator verifies it here as well, with the same key.
        let signature = self.signer.sign_unchecked(unsigned.signing_input())?;
        let token = unsigned.with_signature(&signature);
        accepted_with::<A>(&token, self.anchors)?;
        let sha256 = hex(&Sha256::digest(&token));
        Ok(Stamped { token, sha256: Some(sha256) })
    }
}
