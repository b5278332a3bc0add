//! Signing keys: their files lie in the key folder, their states stand in the ledger, and the ledger is the truth.

mod destroy;
mod export;
mod find;
mod life;
mod reseal;
mod signing;

use lictor_keys::{FolderError, KeyFolder, KeyPurpose, KeyRecord, KeyRing, KeyState};
use lictor_shared::json::{Members, Value};
use lictor_shared::{Algorithm, Products, PublicKey, Thumbprint, Timestamp};
use std::fs;

pub use destroy::{DestroyedKey, KeyFile, destroy_key, remove_destroyed};
pub(crate) use export::exported_since;
pub use export::{AnchorChange, AnchorChangeKind, ExportedKeys, export_keys};
pub use find::find_key;
pub use life::{KeyChange, Shipping, Succession, activate_key, distrust_key, retire_key};
pub(crate) use reseal::has_private_half;
pub use reseal::{Reseal, ResealedKey, reseal_key};
pub use signing::{signing_key, signing_key_for};

use crate::durable;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::ledger::{Ledger, keys};
use crate::occasion::Occasion;
use crate::outcome::Outcome;
use crate::terms::names;
use crate::undisturbed::Undisturbed;

/// A key that is to join the ring.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewKey {
    /// Its public half.
    pub public: PublicKey,
    /// Where it comes from.
    pub origin: KeyOrigin,
    /// What it may sign; at least one, and the log alone.
    pub purposes: Vec<KeyPurpose>,
    /// The products that it speaks for.
    pub products: Products,
    /// The one algorithm name that a header may carry with it, if it is to be pinned.
    pub algorithm: Option<Algorithm>,
    /// First instant at which it may sign.
    pub not_before: Option<Timestamp>,
    /// Last instant at which it may sign.
    pub not_after: Option<Timestamp>,
}

/// Where a key comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyOrigin {
    /// Made here.
    Generated,
    /// Made elsewhere.
    Imported,
}

impl KeyOrigin {
    /// The word in the event.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Generated => "generated",
            Self::Imported => "imported",
        }
    }
}

/// Adds a key: its file, sealed or plain as `pem` is, to the key folder, and its record to the ledger.
///
/// It becomes active if nothing that it is for is signed by another key, so the first key does; else next, so that its
/// public half can ship before anything is signed with it.
///
/// # Errors
/// [`FailureKind::Conflict`] if the key is there already, [`FailureKind::CannotWrite`] if the file cannot be written.
pub fn add_key(
    home: &Home,
    ledger: &mut Ledger,
    key: NewKey,
    pem: &str,
    occasion: &Occasion,
) -> Result<KeyRecord, Failure> {
    let folder = home.keys()?;
    let transaction = ledger.begin(occasion)?;
    let mut ring = keys::ring(transaction.connection())?;
    let origin = key.origin;
    let mut record = record(key, &ring, home, occasion);
    let kid = record.public.thumbprint();
    ring.add(record.clone())?;
    let event = transaction.record(EventKind::KeyCreated, facts(&record, origin))?;
    record.turn = (record.state == KeyState::Active).then_some(event.seq());
    keys::insert(transaction.connection(), event.seq(), &record)?;
    // After this line the key file is on disk. A crash here leaves a file that no record speaks of: it signs nothing, is
    // no anchor, and hinders no other key.
    let _whole = Undisturbed::begin();
    let stored = if transaction.is_dry_run() { Stored::Before } else { store(&folder, &kid, pem)? };
    // After this line the key is in the ring and the event in the log; before, neither is.
    match transaction.commit(event, &Joined(&record)) {
        Ok(()) => Ok(record),
        Err(failure) => {
            take_back(&folder, &kid, stored, ledger);
            Err(failure)
        }
    }
}

/// A key that has joined the ring.
struct Joined<'a>(&'a KeyRecord);

impl Outcome for Joined<'_> {
    fn answer(&self) -> Value {
        to_value(self.0)
    }
}

/// A key as programs see it.
pub(crate) fn to_value(key: &KeyRecord) -> Value {
    let time = |at: Option<Timestamp>| Value::from(at.map(|at| at.to_string()));
    let products = match &key.products {
        Products::Any => Value::Null,
        Products::Only(products) => names(products),
    };
    let purposes: Vec<Value> = key.purposes.iter().map(|purpose| purpose.as_str().into()).collect();
    Value::object([
        ("kid", key.public.thumbprint().to_string().into()),
        ("state", key.standing().as_str().into()),
        ("purposes", purposes.into()),
        ("products", products),
        ("alg", key.algorithm.map(Algorithm::as_str).into()),
        ("createdAt", time(Some(key.created_at))),
        ("notBefore", time(key.not_before)),
        ("notAfter", time(key.not_after)),
        ("distrustAfter", time(key.distrust_after)),
        ("destroyedAt", time(key.destroyed_at)),
    ])
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stored {
    Now,
    Before,
}

fn store(folder: &KeyFolder, kid: &Thumbprint, pem: &str) -> Result<Stored, Failure> {
    match folder.store(kid, pem) {
        Ok(()) => Ok(Stored::Now),
        // Left by an attempt that was interrupted: the ledger knows nothing of it.
        Err(FolderError::KeyExists { path, .. }) => {
            if folder.load(kid)?.as_str() == pem {
                return Ok(Stored::Before);
            }
            let path = path.display();
            Err(Failure::new(
                FailureKind::Conflict,
                format!("{path} holds this key under another seal, left by an attempt that was interrupted."),
            )
            .hint("Move that file away, and repeat the command.")
            .with("path", path.to_string()))
        }
        Err(error) => Err(error.into()),
    }
}

/// Removes a file just stored if the ledger is sure not to know the key. In doubt the file stays: a key without record
/// is harmless, a record without key is not.
fn take_back(folder: &KeyFolder, kid: &Thumbprint, stored: Stored, ledger: &Ledger) {
    if stored == Stored::Now && matches!(keys::contains(ledger.connection(), kid), Ok(false)) {
        let _ = fs::remove_file(folder.path_of(kid));
        let _ = durable::sync_folder(folder.path());
    }
}

fn record(key: NewKey, ring: &KeyRing, home: &Home, occasion: &Occasion) -> KeyRecord {
    let state = ring.state_for(&key.purposes, &key.products);
    KeyRecord {
        public: key.public,
        state,
        issuer: home.config().issuer.clone(),
        purposes: key.purposes,
        products: key.products,
        algorithm: key.algorithm,
        created_at: occasion.at,
        not_before: key.not_before,
        not_after: key.not_after,
        distrust_after: None,
        turn: None,
        destroyed_at: None,
    }
}

fn facts(key: &KeyRecord, origin: KeyOrigin) -> Facts {
    let mut facts = record_facts(key);
    facts.insert("origin".into(), origin.as_str().into());
    Facts::of(facts)
}

/// What a key's row says, in the words of its events: what its creation tells of it, and what came later.
pub(crate) fn row_facts(key: &KeyRecord) -> Members {
    let mut facts = record_facts(key);
    facts.insert("turn".into(), key.turn.into());
    facts.insert("destroyedAt".into(), key.destroyed_at.map(Timestamp::seconds).into());
    facts
}

/// The names of what the creation of a key tells of its record.
pub(crate) const RECORD_FACTS: [&str; 11] = [
    "kid",
    "x",
    "createdAt",
    "state",
    "issuer",
    "purposes",
    "products",
    "algorithm",
    "notBefore",
    "notAfter",
    "distrustAfter",
];

/// What the creation of a key tells of its record.
pub(crate) fn record_facts(key: &KeyRecord) -> Members {
    let purposes = key.purposes.iter().map(|purpose| purpose.as_str().into()).collect();
    let products = match &key.products {
        Products::Any => Value::Null,
        Products::Only(products) => names(products),
    };
    let time = |at: Option<Timestamp>| Value::from(at.map(Timestamp::seconds));
    let facts: [Value; RECORD_FACTS.len()] = [
        key.public.thumbprint().to_string().into(),
        key.public.to_base64url().into(),
        key.created_at.seconds().into(),
        key.state.as_str().into(),
        key.issuer.as_str().into(),
        Value::Array(purposes),
        products,
        key.algorithm.map(Algorithm::as_str).into(),
        time(key.not_before),
        time(key.not_after),
        time(key.distrust_after),
    ];
    RECORD_FACTS.map(str::to_owned).into_iter().zip(facts).collect()
}
