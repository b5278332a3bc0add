//! Signing what deployments are given.

use lictor_keys::{KeyRecord, KeyRing, Signer};
use lictor_shared::{Algorithm, Artefact, Claims, KeyId, Unsigned, hex};
use lictor_validator::IssuerSigned;
use sha2::{Digest as _, Sha256};

use crate::accepted::accepted_by_validator;
use crate::error::{Failure, FailureKind};
use crate::event::Facts;
use crate::ledger::transaction::Transaction;

/// A token, and its hash; none of a dry run, of which the token is what would be signed.
pub(super) struct Stamped {
    pub(super) token: String,
    pub(super) sha256: Option<String>,
}

/// The keys in hand. Each product may have one of its own, and lists another one.
#[derive(Clone, Copy)]
pub(super) struct Signers<'a>(pub(super) &'a [&'a dyn Signer]);

impl<'a> Signers<'a> {
    /// The one with this key.
    pub(super) fn with(self, key: &KeyRecord) -> Option<&'a dyn Signer> {
        let wanted = key.public.thumbprint();
        self.0.iter().copied().find(|signer| signer.public_key().thumbprint() == wanted)
    }

    /// The same; the keys may be others than when these were opened.
    pub(super) fn needed(self, key: &KeyRecord) -> Result<&'a dyn Signer, Failure> {
        self.with(key).ok_or_else(|| {
            let kid = key.public.thumbprint();
            Failure::new(FailureKind::Conflict, format!("The key {kid} signs now, and is not at hand."))
                .hint("Repeat the command with that key.")
                .with("kid", kid.to_string())
        })
    }
}

/// The key that signs activations now, and those that deployments trust.
pub(super) struct Stamp<'a> {
    pub(super) signer: &'a dyn Signer,
    pub(super) ring: &'a KeyRing,
    pub(super) key: &'a KeyRecord,
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
    pub(super) fn sign<A, C>(&self, transaction: &Transaction<'_>, claims: &C) -> Result<Stamped, Failure>
    where
        A: Artefact<Signer = KeyId> + IssuerSigned,
        C: Claims<Of = A>,
    {
        let algorithm = self.key.algorithm.unwrap_or(Algorithm::EdDsa);
        let kid = KeyId::from(self.key.public.thumbprint());
        let unsigned = Unsigned::<A>::new(algorithm, &kid, claims);
        if transaction.is_dry_run() {
            let token = String::from_utf8_lossy(unsigned.signing_input()).into_owned();
            return Ok(Stamped { token, sha256: None });
        }
        let signature = self.signer.sign(unsigned.signing_input())?;
        let token = unsigned.with_signature(&signature);
        accepted_by_validator::<A>(&token, self.ring)?;
        let sha256 = hex(&Sha256::digest(&token));
        Ok(Stamped { token, sha256: Some(sha256) })
    }
}
