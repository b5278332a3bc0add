//! Signing keys: their files lie in the key folder, their states stand in the ledger, and the ledger is the truth.

use lictor_keys::{FolderError, KeyFolder, KeyRecord, KeyRing, KeyState};
use lictor_shared::json::{Members, Value};
use lictor_shared::{Algorithm, Products, PublicKey, Purpose, Thumbprint, Timestamp};
use std::fs;

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
    /// What it may sign; at least one.
    pub purposes: Vec<Purpose>,
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
/// It becomes active if no active key may sign for any of its purposes, so the first key does; else next, so that its
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
    let record = record(key, &ring, home, occasion);
    let kid = record.public.thumbprint();
    ring.add(record.clone())?;
    let event = transaction.record(EventKind::KeyCreated, facts(&record, origin))?;
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
        ("state", key.state.as_str().into()),
        ("purposes", purposes.into()),
        ("products", products),
        ("alg", key.algorithm.map(Algorithm::as_str).into()),
        ("createdAt", time(Some(key.created_at))),
        ("notBefore", time(key.not_before)),
        ("notAfter", time(key.not_after)),
        ("distrustAfter", time(key.distrust_after)),
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
    let taken = |purpose: &Purpose| ring.active_for(*purpose).is_some();
    let state = if key.purposes.iter().any(taken) { KeyState::Next } else { KeyState::Active };
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
    }
}

fn facts(key: &KeyRecord, origin: KeyOrigin) -> Facts {
    let mut facts = record_facts(key);
    facts.insert("origin".into(), origin.as_str().into());
    Facts::of(facts)
}

/// What the event of a key says of its record.
pub(crate) fn record_facts(key: &KeyRecord) -> Members {
    let purposes = key.purposes.iter().map(|purpose| purpose.as_str().into()).collect();
    let products = match &key.products {
        Products::Any => Value::Null,
        Products::Only(products) => names(products),
    };
    let time = |at: Option<Timestamp>| Value::from(at.map(Timestamp::seconds));
    let facts: [(&str, Value); 11] = [
        ("kid", key.public.thumbprint().to_string().into()),
        ("x", key.public.to_base64url().into()),
        ("createdAt", key.created_at.seconds().into()),
        ("state", key.state.as_str().into()),
        ("issuer", key.issuer.as_str().into()),
        ("purposes", Value::Array(purposes)),
        ("products", products),
        ("algorithm", key.algorithm.map(Algorithm::as_str).into()),
        ("notBefore", time(key.not_before)),
        ("notAfter", time(key.not_after)),
        ("distrustAfter", time(key.distrust_after)),
    ];
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The key that signs for `purpose` at this instant.
///
/// # Errors
/// [`FailureKind::SigningNotConfigured`] if there is none.
pub fn signing_key(ring: &KeyRing, purpose: Purpose, at: Timestamp) -> Result<&KeyRecord, Failure> {
    let what = match purpose {
        Purpose::License => "licenses",
        Purpose::Status => "status lists",
        Purpose::Activation => "activations",
    };
    let none = |message: String| {
        // A key for this purpose alone is active at once, whatever other keys there are.
        let hint = match ring.records().is_empty() {
            true => "lictor key new".to_owned(),
            false => format!("lictor key new --purpose {}", purpose.as_str()),
        };
        Failure::new(FailureKind::SigningNotConfigured, message).hint(hint).with("purpose", purpose.as_str())
    };
    if ring.records().is_empty() {
        return Err(none(format!("There is no signing key yet, so no {what} can be signed.")));
    }
    let key = ring.active_for(purpose).ok_or_else(|| none(format!("No active key may sign {what}.")))?;
    let (kid, early, late) = (
        key.public.thumbprint(),
        key.not_before.filter(|from| at < *from),
        key.not_after.filter(|until| at > *until),
    );
    if let Some(from) = early {
        return Err(none(format!("The key {kid} may sign {what} from {from} on, and now is {at}.")));
    }
    if let Some(until) = late {
        return Err(none(format!("The key {kid} was to sign {what} until {until}, and now is {at}.")));
    }
    Ok(key)
}
