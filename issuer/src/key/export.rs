//! The public keys for products to ship, and what changed since they were given out last.

use lictor_keys::{KeyRecord, KeyRing};
use lictor_shared::json::{Members, Value};
use lictor_shared::{Thumbprint, Timestamp, hex};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

use crate::error::{Failure, FailureKind};
use crate::event::{Event, EventKind, Facts};
use crate::ledger::{Ledger, events, keys};
use crate::occasion::{Intent, Occasion};
use crate::outcome::Outcome;

/// The trust anchors as they are now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportedKeys {
    /// The JWK Set.
    pub set: String,
    /// How many keys are in it.
    pub count: usize,
    /// When the last export was that is in the log.
    pub since: Option<Timestamp>,
    /// What is different from it.
    pub changes: Vec<AnchorChange>,
    /// The number of its event; `None`: it is what was exported last, and nothing was recorded.
    pub event: Option<u64>,
}

/// One key that is not in an export as it was in the one before.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnchorChange {
    /// The key.
    pub kid: Thumbprint,
    /// What changed.
    pub kind: AnchorChangeKind,
}

/// How a key's place in the trust anchors changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AnchorChangeKind {
    /// It was not there.
    Added,
    /// It is no longer there.
    Removed,
    /// Its window or its date of distrust is another one.
    Changed,
}

impl AnchorChangeKind {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Added => "added",
            Self::Removed => "removed",
            Self::Changed => "changed",
        }
    }
}

impl Outcome for ExportedKeys {
    fn answer(&self) -> Value {
        let change = |change: &AnchorChange| {
            let kid = change.kid.to_string();
            Value::object([("kid", kid.into()), ("change", change.kind.as_str().into())])
        };
        Value::object([
            ("keys", u64::try_from(self.count).ok().into()),
            ("since", self.since.map(|since| since.to_string()).into()),
            ("changes", self.changes.iter().map(change).collect::<Vec<_>>().into()),
            ("event", self.event.into()),
            ("set", self.set.as_str().into()),
        ])
    }
}

/// Gives the public keys out, and records that if they are not what was given out last. What is asked for under a request's
/// id is recorded in any case, since its answer is kept beside its event.
///
/// # Errors
/// [`FailureKind::SigningNotConfigured`] if there is no key.
pub fn export_keys(ledger: &mut Ledger, occasion: &Occasion) -> Result<ExportedKeys, Failure> {
    let now = current(ledger.connection())?;
    if now.is_known() && !matches!(occasion.intent, Intent::MakeOnce(_)) {
        return Ok(now.exported(None));
    }
    let transaction = ledger.begin(occasion)?;
    let now = current(transaction.connection())?;
    let event = transaction.record(EventKind::KeyExported, now.facts())?;
    let exported = now.exported(Some(event.seq()));
    // After this line the keys count as given out. A crash before they are costs nothing: the next export says that nothing
    // changed, and gives them.
    transaction.commit(event, &exported)?;
    Ok(exported)
}

/// When the public half of a key was first given out.
pub(crate) fn first_exported(
    connection: &Connection,
    kid: &Thumbprint,
) -> Result<Option<Timestamp>, Failure> {
    Ok(exported_since(connection)?.get(&kid.to_string()).copied())
}

/// When the public half of each key was first given out.
pub(crate) fn exported_since(connection: &Connection) -> Result<BTreeMap<String, Timestamp>, Failure> {
    let mut since = BTreeMap::new();
    for event in events::exports(connection)? {
        for kid in shipped(&event).into_keys() {
            since.entry(kid).or_insert(event.at);
        }
    }
    Ok(since)
}

/// What an export has of a key that can change, by its thumbprint.
type Shipped = BTreeMap<String, Value>;

/// The keys as they would be given out now, and as they were last.
struct Anchors {
    set: String,
    /// Every key, in the order in which they joined.
    all: Vec<Thumbprint>,
    keys: Shipped,
    before: Shipped,
    since: Option<Timestamp>,
}

fn current(connection: &Connection) -> Result<Anchors, Failure> {
    let ring = keys::ring(connection)?;
    let anchors = ring.anchors().map_err(|error| {
        Failure::new(FailureKind::SigningNotConfigured, "there is no key yet, so there is nothing to export")
            .hint("lictor key new")
            .because(error)
    })?;
    let last = events::exports(connection)?.pop();
    Ok(Anchors {
        set: anchors.to_json(),
        all: ring.records().iter().map(|key| key.public.thumbprint()).collect(),
        keys: shipping(&ring),
        before: last.as_ref().map(shipped).unwrap_or_default(),
        since: last.map(|event| event.at),
    })
}

impl Anchors {
    fn is_known(&self) -> bool {
        self.since.is_some() && self.keys == self.before
    }

    fn facts(&self) -> Facts {
        let keys: Vec<Value> = self.keys.values().cloned().collect();
        Facts::new([("sha256", hex(&Sha256::digest(&self.set)).into()), ("keys", keys.into())])
    }

    fn exported(self, event: Option<u64>) -> ExportedKeys {
        let changes = self.changes();
        ExportedKeys { count: self.keys.len(), set: self.set, since: self.since, changes, event }
    }

    fn changes(&self) -> Vec<AnchorChange> {
        let change = |kid: &Thumbprint| {
            let name = kid.to_string();
            let kind = match (self.before.get(&name), self.keys.get(&name)) {
                (None, Some(_)) => AnchorChangeKind::Added,
                (Some(_), None) => AnchorChangeKind::Removed,
                (Some(before), Some(now)) if before != now => AnchorChangeKind::Changed,
                _ => return None,
            };
            Some(AnchorChange { kid: *kid, kind })
        };
        self.all.iter().filter_map(change).collect()
    }
}

fn shipping(ring: &KeyRing) -> Shipped {
    let ships = ring.records().iter().filter(|key| key.ships());
    ships.map(|key| (key.public.thumbprint().to_string(), anchor(key))).collect()
}

/// A key in the event: everything of an anchor that can change.
fn anchor(key: &KeyRecord) -> Value {
    let time = |at: Option<Timestamp>| Value::from(at.map(Timestamp::seconds));
    Value::object([
        ("kid", key.public.thumbprint().to_string().into()),
        ("notBefore", time(key.not_before)),
        ("notAfter", time(key.not_after)),
        ("distrustAfter", time(key.distrust_after)),
    ])
}

fn shipped(event: &Event) -> Shipped {
    let keys = event.body.get("keys").and_then(Value::as_array).unwrap_or_default();
    let kid = |key: &Value| {
        let members: &Members = key.as_object()?;
        Some((members.get("kid")?.as_str()?.to_owned(), key.clone()))
    };
    keys.iter().filter_map(kid).collect()
}
