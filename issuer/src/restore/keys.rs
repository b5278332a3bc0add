//! What became of the signing keys since the backup. A key only moves forward, so each step that the backup does not know is
//! recorded again, as an event of its own behind that of the restoration.

use lictor_keys::{KeyRecord, KeyRing, KeyState};
use lictor_shared::json::Value;
use lictor_shared::{Text, Thumbprint, Timestamp};
use rusqlite::Connection;
use std::collections::BTreeMap;

use crate::error::{Failure, FailureKind};
use crate::event::{Event, EventKind, Facts};
use crate::key::{KeyOrigin, exported_since, record_facts};
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{events, keys};

/// What a ledger tells of its keys.
#[derive(Default)]
pub(super) struct Tale {
    ring: KeyRing,
    /// Where each comes from.
    origins: BTreeMap<String, Value>,
    /// When each was first given out.
    exported: BTreeMap<String, Timestamp>,
    last_export: Option<Event>,
}

impl Tale {
    pub(super) fn of(connection: &Connection) -> Result<Self, Failure> {
        Ok(Self {
            ring: keys::ring(connection)?,
            origins: origins(connection)?,
            exported: exported_since(connection)?,
            last_export: events::exports(connection)?.pop(),
        })
    }

    /// As much as a damaged ledger still tells of this issuer's keys.
    pub(super) fn of_ruins(connection: &Connection, issuer: &Text) -> Self {
        let ring = keys::ring(connection).unwrap_or_default();
        let ours = ring.records().iter().filter(|key| key.issuer == *issuer).cloned();
        Self {
            ring: KeyRing::from_records(ours).unwrap_or_default(),
            origins: origins(connection).unwrap_or_default(),
            exported: exported_since(connection).unwrap_or_default(),
            last_export: events::exports(connection).ok().and_then(|mut exports| exports.pop()),
        }
    }
}

fn origins(connection: &Connection) -> Result<BTreeMap<String, Value>, Failure> {
    let created =
        events::of_keys(connection)?.into_iter().filter(|event| event.kind == EventKind::KeyCreated);
    let origin = |event: Event| {
        Some((event.body.get("kid")?.as_str()?.to_owned(), event.body.get("origin").cloned()?))
    };
    Ok(created.filter_map(origin).collect())
}

/// The steps that the backup does not know, in the order in which they can be taken.
#[derive(Debug, Default)]
pub(super) struct Steps {
    steps: Vec<Step>,
    /// What was given out last, if the backup knows of something else.
    export: Option<Export>,
}

/// What was given out.
#[derive(Debug)]
struct Export {
    sha256: Value,
    keys: Value,
}

#[derive(Debug)]
struct Step {
    kid: Thumbprint,
    taken: Taken,
}

#[derive(Debug)]
enum Taken {
    Created { key: Box<KeyRecord>, origin: Value },
    Activated { exported: Option<Timestamp> },
    Retired { not_after: Option<Timestamp> },
    Distrusted { after: Timestamp },
    Destroyed { at: Timestamp },
}

impl Steps {
    pub(super) fn compare(backup: &Connection, tale: &Tale) -> Result<Self, Failure> {
        let known = keys::ring(backup)?;
        let mut steps = Vec::new();
        for key in tale.ring.records() {
            steps.extend(created(&known, key, tale));
        }
        // Of several active keys the one signs that was activated last, so their order is kept.
        let mut by_turn: Vec<&KeyRecord> = tale.ring.records().iter().collect();
        by_turn.sort_by_key(|key| key.turn);
        for key in by_turn {
            steps.extend(activated(&known, key, tale));
        }
        for key in tale.ring.records() {
            steps.extend(ended(&known, key));
        }
        let knows = |kid: &Thumbprint| known.find(kid).is_some() || tale.ring.find(kid).is_some();
        let export = match &tale.last_export {
            Some(last) => export(last, events::exports(backup)?.pop().as_ref(), knows),
            None => None,
        };
        Ok(Self { steps, export })
    }

    /// The keys of which the backup knew less, each once.
    pub(super) fn keys(&self) -> Vec<Thumbprint> {
        let mut keys: Vec<Thumbprint> = Vec::new();
        for step in &self.steps {
            if !keys.contains(&step.kid) {
                keys.push(step.kid);
            }
        }
        keys
    }

    /// What the event of the restoration says of it.
    pub(super) fn facts(&self, facts: Facts) -> Facts {
        let keys = self.keys().iter().map(|kid| kid.to_string().into()).collect::<Vec<Value>>();
        facts.list("keys", keys)
    }

    /// Takes them, and says which event is the last one then.
    pub(super) fn apply(
        &self,
        transaction: &Transaction<'_>,
        restored: Recorded,
    ) -> Result<Recorded, Failure> {
        let mut last = restored;
        for step in &self.steps {
            last = step.take(transaction)?;
        }
        match &self.export {
            Some(Export { sha256, keys }) => {
                let facts = Facts::new([("sha256", sha256.clone()), ("keys", keys.clone())]);
                transaction.record(EventKind::KeyExported, facts)
            }
            None => Ok(last),
        }
    }
}

impl Step {
    fn take(&self, transaction: &Transaction<'_>) -> Result<Recorded, Failure> {
        let event = transaction.record(self.taken.kind(), self.facts())?;
        let connection = transaction.connection();
        if let Taken::Created { key, .. } = &self.taken {
            return keys::insert(connection, event.seq(), key).map(|()| event);
        }
        let ring = keys::ring(connection)?;
        let mut key = ring.find(&self.kid).cloned().ok_or_else(|| missing(&self.kid))?;
        match &self.taken {
            Taken::Created { .. } => {}
            Taken::Activated { .. } => (key.state, key.turn) = (KeyState::Active, Some(event.seq())),
            Taken::Retired { not_after } => (key.state, key.not_after) = (KeyState::Retired, *not_after),
            Taken::Distrusted { after } => key.distrust_after = Some(*after),
            Taken::Destroyed { at } => key.destroyed_at = Some(*at),
        }
        keys::update(connection, &key).map(|()| event)
    }

    fn facts(&self) -> Facts {
        let facts = Facts::new([("kid", self.kid.to_string().into())]);
        let seconds = |at: &Option<Timestamp>| Value::from(at.map(Timestamp::seconds));
        match &self.taken {
            Taken::Created { key, origin } => Facts::of(record_facts(key)).and("origin", origin.clone()),
            Taken::Activated { exported } => facts.and("exportedAt", seconds(exported)),
            Taken::Retired { not_after } => facts.and("notAfter", seconds(not_after)),
            Taken::Distrusted { after } => facts.and("distrustAfter", after.seconds()),
            Taken::Destroyed { at } => facts.and("destroyedAt", at.seconds()),
        }
    }
}

impl Taken {
    const fn kind(&self) -> EventKind {
        match self {
            Self::Created { .. } => EventKind::KeyCreated,
            Self::Activated { .. } => EventKind::KeyActivated,
            Self::Retired { .. } => EventKind::KeyRetired,
            Self::Distrusted { .. } => EventKind::KeyDistrusted,
            Self::Destroyed { .. } => EventKind::KeyDestroyed,
        }
    }
}

/// A key that the backup does not know begins anew, as next; the steps that it took follow.
fn created(known: &KeyRing, key: &KeyRecord, tale: &Tale) -> Option<Step> {
    let kid = key.public.thumbprint();
    if known.find(&kid).is_some() {
        return None;
    }
    let origin = tale.origins.get(&kid.to_string()).cloned();
    let origin = origin.unwrap_or_else(|| KeyOrigin::Imported.as_str().into());
    let new = KeyRecord {
        state: KeyState::Next,
        turn: None,
        distrust_after: None,
        destroyed_at: None,
        ..key.clone()
    };
    Some(Step { kid, taken: Taken::Created { key: Box::new(new), origin } })
}

fn activated(known: &KeyRing, key: &KeyRecord, tale: &Tale) -> Option<Step> {
    let kid = key.public.thumbprint();
    let before = known.find(&kid).map_or(KeyState::Next, |before| before.state);
    let exported = tale.exported.get(&kid.to_string()).copied();
    (before == KeyState::Next && key.state != KeyState::Next)
        .then_some(Step { kid, taken: Taken::Activated { exported } })
}

/// What ended since the backup: signing, trust, the private half.
fn ended(known: &KeyRing, key: &KeyRecord) -> Vec<Step> {
    let kid = key.public.thumbprint();
    let before = known.find(&kid);
    let retired_before = before.filter(|before| before.state == KeyState::Retired);
    let distrusted_before = before.and_then(|before| before.distrust_after);
    let mut taken = Vec::new();
    // Of two ends the later one: what was signed until then stays within the window.
    if key.state == KeyState::Retired && retired_before.is_none_or(|before| before.not_after < key.not_after)
    {
        taken.push(Taken::Retired { not_after: key.not_after });
    }
    // Of two dates the earlier one, as ever.
    if let Some(after) = key.distrust_after
        && distrusted_before.is_none_or(|before| after < before)
    {
        taken.push(Taken::Distrusted { after });
    }
    if let Some(at) = key.destroyed_at
        && before.is_none_or(|before| before.destroyed_at.is_none())
    {
        taken.push(Taken::Destroyed { at });
    }
    taken.into_iter().map(|taken| Step { kid, taken }).collect()
}

/// The last export, if it is not the one that the backup knows, and names no key that nobody knows.
fn export(last: &Event, known: Option<&Event>, knows: impl Fn(&Thumbprint) -> bool) -> Option<Export> {
    let (sha256, keys) = (last.body.get("sha256")?, last.body.get("keys")?);
    let same = known.is_some_and(|known| known.body.get("keys") == Some(keys));
    let named = |key: &Value| {
        let kid = key.as_object().and_then(|key| key.get("kid")).and_then(Value::as_str);
        kid.and_then(|kid| Thumbprint::new(kid).ok()).is_some_and(|kid| knows(&kid))
    };
    let whole = keys.as_array()?.iter().all(named);
    (whole && !same).then(|| Export { sha256: sha256.clone(), keys: keys.clone() })
}

fn missing(kid: &Thumbprint) -> Failure {
    Failure::new(FailureKind::Ledger, format!("The ledger is damaged: the key {kid} is missing."))
}
