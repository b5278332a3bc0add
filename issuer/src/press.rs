//! What issuing, renewing and amending share: a draft is signed, checked by the validator, and put into the ledger.

use lictor_keys::{KeyRecord, KeyRing, Signer};
use lictor_shared::json::Value;
use lictor_shared::{
    Algorithm, AnchorSet, Artefact as _, KeyId, License, StatusRef, Text, Thumbprint, Timestamp, Unsigned,
    Uuid, hex, limits,
};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::accepted::{accepted_with, anchors};
use crate::draft::{Draft, Identity};
use crate::entropy;
use crate::error::{Failure, FailureKind, invalid};
use crate::event::Facts;
use crate::home::Home;
use crate::ledger::entries::List;
use crate::ledger::licenses::{self, Signed};
use crate::ledger::shards;
use crate::ledger::transaction::Transaction;
use crate::licenses::SignedLicense;
use crate::terms::names;

/// Which revision of which license a draft becomes.
pub(crate) struct Place {
    pub(crate) customer_id: Text,
    pub(crate) id: Uuid,
    pub(crate) revision: u64,
}

/// The issuer's home, the keys that its deployments trust, and the one that signs now.
pub(crate) struct Press<'a> {
    pub(crate) home: &'a Home,
    pub(crate) ring: &'a KeyRing,
    pub(crate) key: &'a KeyRecord,
}

/// A revision that is signed and not yet in the ledger.
pub(crate) struct Pressed {
    pub(crate) signed: SignedLicense,
    pub(crate) list: i64,
    kid: Thumbprint,
    /// Of the token; `None` if there is none, as of a dry run.
    sha256: Option<String>,
}

impl Press<'_> {
    /// Refuses what the key that signs now cannot sign.
    pub(crate) fn speaks_for(&self, draft: &Draft) -> Result<(), Failure> {
        self.algorithm(draft)?;
        match draft.products.iter().find(|product| !self.key.products.include(product)) {
            None => Ok(()),
            Some(product) => {
                let kid = self.key.public.thumbprint();
                Err(invalid("products", format!("the signing key {kid} does not speak for {product}")))
            }
        }
    }

    /// Refuses what would be larger than readers accept, before anybody is asked for a passphrase.
    pub(crate) fn fits(&self, draft: &Draft, place: Place) -> Result<(), Failure> {
        // Ids and serials are of one length; of the index the longest that it may be is taken.
        let status =
            StatusRef { index: limits::STATUS_ENTRIES - 1, uri: self.home.config().status_uri.clone() };
        let license = self.license(draft.clone(), place, status)?;
        let kid = KeyId::from(self.key.public.thumbprint());
        let unsigned = Unsigned::<License>::new(self.algorithm(draft)?, &kid, &license);
        fits(unsigned.with_signature(&[0; 64])).map(|_| ())
    }

    /// Signs a draft in a change under way: with a serial and a status index of its own, and accepted by the validator.
    ///
    /// Of a dry run the token is what would be signed, which no reader takes for a token.
    pub(crate) fn sign(
        &self,
        transaction: &Transaction<'_>,
        signer: &dyn Signer,
        draft: &Draft,
        place: Place,
    ) -> Result<Pressed, Failure> {
        let connection = transaction.connection();
        // Read with the ledger locked: a restore that was waited for may have set another one.
        let uri = self.home.status_uri()?;
        // An index is handed out here for good; if nothing is committed it was never handed out.
        let (list, status) =
            shards::hand_out(connection, &uri, draft.grace.revocation, || entropy::number(20))?;
        let license = self.license(draft.clone(), place, status)?;
        let kid = self.key.public.thumbprint();
        let unsigned = Unsigned::<License>::new(self.algorithm(draft)?, &KeyId::from(kid), &license);
        let (token, sha256) = if transaction.is_dry_run() {
            let unsigned_text = String::from_utf8_lossy(unsigned.signing_input()).into_owned();
            fits(unsigned.with_signature(&[0; 64]))?;
            (unsigned_text, None)
        } else {
            be_the_key(signer, self.key)?;
            let signature = signer.sign(unsigned.signing_input())?;
            let (token, sha256) = accepted(unsigned, &signature, &anchors(self.ring)?)?;
            (token, Some(sha256))
        };
        Ok(Pressed { signed: SignedLicense { token, license }, list: list.id, kid, sha256 })
    }

    /// Signs a draft that has its entry on a list. It needs no ledger, so many can be signed at once.
    pub(crate) fn press(
        &self,
        signer: &dyn Signer,
        anchors: &AnchorSet,
        (draft, place): (Draft, Place),
        (list, status): (List, StatusRef),
    ) -> Result<Pressed, Failure> {
        let algorithm = self.algorithm(&draft)?;
        let license = self.license(draft, place, status)?;
        let kid = self.key.public.thumbprint();
        let unsigned = Unsigned::<License>::new(algorithm, &KeyId::from(kid), &license);
        be_the_key(signer, self.key)?;
        // The validator verifies it here as well, with the same key.
        let signature = signer.sign_unchecked(unsigned.signing_input())?;
        let (token, sha256) = accepted(unsigned, &signature, anchors)?;
        Ok(Pressed { signed: SignedLicense { token, license }, list: list.id, kid, sha256: Some(sha256) })
    }

    fn license(&self, draft: Draft, place: Place, status: StatusRef) -> Result<License, Failure> {
        let serial = entropy::uuid(draft.issued_at)?;
        Ok(draft.license(Identity {
            issuer: self.home.config().issuer.clone(),
            customer_id: place.customer_id,
            id: place.id,
            revision: place.revision,
            serial,
            status,
        }))
    }

    fn algorithm(&self, draft: &Draft) -> Result<Algorithm, Failure> {
        match (draft.algorithm, self.key.algorithm) {
            (Some(wanted), Some(pinned)) if wanted != pinned => Err(invalid(
                "alg",
                format!(
                    "the signing key is pinned to {}, so {} would be refused",
                    pinned.as_str(),
                    wanted.as_str()
                ),
            )),
            (wanted, pinned) => Ok(wanted.or(pinned).unwrap_or(Algorithm::EdDsa)),
        }
    }
}

impl Pressed {
    /// What its event says of it.
    pub(crate) fn facts(&self) -> Result<Facts, Failure> {
        facts(&self.signed.license, self.sha256.as_deref(), self.kid)
    }

    /// Puts it into the ledger, under the event with this number.
    pub(crate) fn store(&self, connection: &Connection, seq: u64) -> Result<(), Failure> {
        let token = &self.signed.token;
        // What is stored of a dry run is not kept.
        let sha256 = self.sha256.clone().unwrap_or_else(|| hex(&Sha256::digest(token)));
        let signed = Signed { seq, kid: self.kid, list: self.list, token, sha256: &sha256 };
        licenses::insert_revision(connection, &self.signed.license, &signed)
    }
}

/// The signer must hold the key that signs now, which may be another one than when it was opened.
pub(crate) fn be_the_key(signer: &dyn Signer, key: &KeyRecord) -> Result<(), Failure> {
    let (given, needed) = (signer.public_key().thumbprint(), key.public.thumbprint());
    if given == needed {
        return Ok(());
    }
    Err(Failure::new(FailureKind::Conflict, format!("The key that signs now is {needed}, not {given}."))
        .hint("Repeat the command with that key.")
        .with("kid", needed.to_string()))
}

/// The token, accepted by the validator, and its hash.
fn accepted(
    unsigned: Unsigned<License>,
    signature: &[u8; 64],
    anchors: &AnchorSet,
) -> Result<(String, String), Failure> {
    let token = fits(unsigned.with_signature(signature))?;
    accepted_with::<License>(&token, anchors)?;
    let sha256 = hex(&Sha256::digest(&token));
    Ok((token, sha256))
}

/// The token, unless it is larger than readers accept.
fn fits(token: String) -> Result<String, Failure> {
    if token.len() <= License::TOKEN_BYTES {
        return Ok(token);
    }
    let message = format!(
        "it would have {} bytes, and at most {} are read; leave out features, limits, origins or notes",
        token.len(),
        limits::TOKEN_BYTES
    );
    Err(invalid("license", message))
}

/// What the event of a revision says of it.
pub(crate) fn facts(license: &License, sha256: Option<&str>, kid: Thumbprint) -> Result<Facts, Failure> {
    let time = |at: Option<Timestamp>| Value::from(at.map(Timestamp::seconds));
    let status =
        Value::object([("idx", license.status.index.into()), ("uri", license.status.uri.as_str().into())]);
    Facts::new([
        ("license", license.id.to_string().into()),
        ("revision", license.revision.into()),
        ("serial", license.serial.to_string().into()),
        ("tokenSha256", sha256.into()),
        ("kid", kid.to_string().into()),
        ("products", names(&license.products)),
        ("plan", license.plan.as_str().into()),
        ("environments", names(&license.environments)),
        ("issuedAt", license.issued_at.seconds().into()),
        ("startsAt", license.starts_at.seconds().into()),
        ("expiresAt", time(license.term.expires_at())),
        ("graceUntil", time(license.term.grace_until())),
        ("revocationGrace", license.grace.revocation.get().into()),
        ("seats", license.seats.to_value()),
        ("activation", license.activation.as_str().into()),
        ("status", status),
    ])
    .personal("customer", license.customer.as_str())?
    .personal("customerId", license.customer_id.as_str())
}
