//! Issuing a license: decided, signed, checked by the validator and committed, then handed out. In this order.

use lictor_keys::{KeyRecord, Signer};
use lictor_shared::json::Value;
use lictor_shared::{
    Algorithm, Artefact as _, KeyId, License, Purpose, StatusRef, Thumbprint, Timestamp, Unsigned, hex,
    limits,
};
use rusqlite::Connection;
use sha2::{Digest, Sha256};

use crate::accepted::accepted_by_validator;
use crate::customer;
use crate::draft::{Draft, Identity};
use crate::entropy;
use crate::error::{Failure, FailureKind, invalid};
use crate::event::{EventKind, Facts};
use crate::home::{Config, Home};
use crate::key::signing_key;
use crate::ledger::entries;
use crate::ledger::licenses::{self, Signed};
use crate::ledger::{Ledger, keys, products};
use crate::licenses::SignedLicense;
use crate::occasion::Occasion;
use crate::order::Order;
use crate::resolve::resolve;
use crate::terms::names;

/// A license that was issued and is in the ledger.
#[derive(Clone, Debug)]
pub struct Issued {
    /// Token and claims.
    pub signed: SignedLicense,
    /// What was settled.
    pub draft: Draft,
    /// The number of its event.
    pub event: u64,
}

/// What [`issue`] would issue now. Nothing is changed, and no private key is needed.
///
/// # Errors
/// As [`issue`], as far as they can be known before it is signed.
pub fn preview(home: &Home, ledger: &Ledger, order: &Order, occasion: &Occasion) -> Result<Draft, Failure> {
    let ring = keys::ring(ledger.connection())?;
    let key = signing_key(&ring, Purpose::License, occasion.at)?;
    let draft = settle(ledger.connection(), home.config(), key, order, occasion.at)?;
    // Ids and serials are of one length; of the customer's id and the index the longest that they may be is taken.
    let license = draft.clone().license(Identity {
        issuer: home.config().issuer.clone(),
        customer_id: draft.customer_id.clone().unwrap_or_else(|| draft.customer.clone()),
        id: entropy::uuid(occasion.at)?,
        serial: entropy::uuid(occasion.at)?,
        status: StatusRef { index: limits::STATUS_ENTRIES - 1, uri: home.config().status_uri.clone() },
    });
    let unsigned =
        Unsigned::<License>::new(algorithm(key, order)?, &KeyId::from(key.public.thumbprint()), &license);
    fits(unsigned.with_signature(&[0; 64]))?;
    Ok(draft)
}

/// Issues a license.
///
/// # Errors
/// [`FailureKind::SigningNotConfigured`] without an active key, [`FailureKind::NotFound`] for a product or plan that
/// is not in the catalogue, [`FailureKind::Validation`] for terms that no license can have. Nothing has changed then.
pub fn issue(
    home: &Home,
    ledger: &mut Ledger,
    signer: &dyn Signer,
    order: &Order,
    occasion: &Occasion,
) -> Result<Issued, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let ring = keys::ring(connection)?;
    let key = signing_key(&ring, Purpose::License, occasion.at)?;
    be_the_key(signer, key)?;
    let draft = settle(connection, home.config(), key, order, occasion.at)?;
    let algorithm = algorithm(key, order)?;
    let customer_id = customer::identify(connection, &draft.customer, draft.customer_id.as_ref())?;
    let status_uri = home.config().status_uri.clone();
    let list = entries::list(connection, &status_uri)?;
    // An index is handed out here for good; if nothing is committed it was never handed out.
    let index = entries::hand_out(connection, list, draft.grace.revocation, || entropy::number(20))?;
    let license = draft.clone().license(Identity {
        issuer: home.config().issuer.clone(),
        customer_id,
        id: entropy::uuid(occasion.at)?,
        serial: entropy::uuid(occasion.at)?,
        status: StatusRef { index, uri: status_uri },
    });
    let token = sign(&license, algorithm, key.public.thumbprint(), signer)?;
    accepted_by_validator::<License>(&token, &ring)?;
    let kid = key.public.thumbprint();
    let event = transaction.record(EventKind::LicenseIssued, facts(&license, &token, kid)?)?;
    store(connection, &license, &Signed { seq: event.seq(), kid, list: list.id, token: &token })?;
    let seq = event.seq();
    // After this line the license exists, whatever happens: it can be shown, revoked and handed out again. Before, nobody
    // has seen its token.
    transaction.commit(event)?;
    Ok(Issued { signed: SignedLicense { token, license }, draft, event: seq })
}

fn settle(
    connection: &Connection,
    config: &Config,
    key: &KeyRecord,
    order: &Order,
    at: Timestamp,
) -> Result<Draft, Failure> {
    let draft = resolve(order, &products::all(connection)?, &config.defaults, at)?;
    algorithm(key, order)?;
    match draft.products.iter().find(|product| !key.products.include(product)) {
        None => Ok(draft),
        Some(product) => {
            let kid = key.public.thumbprint();
            Err(invalid("products", format!("the signing key {kid} does not speak for {product}")))
        }
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

fn algorithm(key: &KeyRecord, order: &Order) -> Result<Algorithm, Failure> {
    match (order.algorithm, key.algorithm) {
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

fn sign(
    license: &License,
    algorithm: Algorithm,
    kid: Thumbprint,
    signer: &dyn Signer,
) -> Result<String, Failure> {
    let unsigned = Unsigned::<License>::new(algorithm, &KeyId::from(kid), license);
    let signature = signer.sign(unsigned.signing_input())?;
    fits(unsigned.with_signature(&signature))
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

fn store(connection: &Connection, license: &License, signed: &Signed<'_>) -> Result<(), Failure> {
    licenses::insert(connection, license)?;
    licenses::insert_revision(connection, license, signed)
}

fn facts(license: &License, token: &str, kid: Thumbprint) -> Result<Facts, Failure> {
    let time = |at: Option<Timestamp>| Value::from(at.map(Timestamp::seconds));
    let status =
        Value::object([("idx", license.status.index.into()), ("uri", license.status.uri.as_str().into())]);
    Facts::new([
        ("license", license.id.to_string().into()),
        ("revision", license.revision.into()),
        ("serial", license.serial.to_string().into()),
        ("tokenSha256", hex(&Sha256::digest(token)).into()),
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
