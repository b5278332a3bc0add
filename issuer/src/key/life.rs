//! How the life of a key goes on: activated, retired, distrusted. Each step is one event.

use lictor_keys::{Gap, KeyRecord, KeyRing, KeyStanding, KeyStep, LifeError, Past};
use lictor_shared::json::{Members, Value};
use lictor_shared::{Purpose, Thumbprint, Timestamp};

use super::export::first_exported;
use super::to_value;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::ledger::{Ledger, keys};
use crate::occasion::Occasion;
use crate::outcome::Outcome;

/// Whether a key may sign that no deployment can know.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shipping {
    /// Its public half must have been exported before.
    Required,
    /// It may sign all the same.
    Waived,
}

/// Whether there must be another key for what a key signs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Succession {
    /// There must.
    Required,
    /// It may be left unsigned.
    Waived,
}

/// A key that took a step, and what follows from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyChange {
    /// The key as it is now.
    pub key: KeyRecord,
    /// When its public half was first exported.
    pub first_exported: Option<Timestamp>,
    /// Other active keys of which nothing is needed any more, since keys that were activated later sign all of it.
    pub superseded: Vec<Thumbprint>,
    /// What nobody signs now.
    pub gaps: Vec<Gap>,
    /// The next keys, which may be activated.
    pub spares: Vec<Thumbprint>,
    /// Licenses with a revision by this key that is neither over nor revoked.
    pub licenses: u64,
    /// The number of its event.
    pub event: u64,
}

impl Outcome for KeyChange {
    fn answer(&self) -> Value {
        let mut answer: Members = to_value(&self.key).as_object().cloned().unwrap_or_default();
        let kids =
            |kids: &[Thumbprint]| kids.iter().map(|kid| kid.to_string().into()).collect::<Vec<Value>>();
        let gaps: Vec<Value> = self.gaps.iter().map(|gap| gap.to_string().into()).collect();
        let more: [(&str, Value); 5] = [
            ("superseded", kids(&self.superseded).into()),
            ("unsigned", gaps.into()),
            ("spares", kids(&self.spares).into()),
            ("licenses", self.licenses.into()),
            ("event", self.event.into()),
        ];
        answer.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
        answer.into()
    }
}

/// Activates a key: it signs from now on, before every key that was activated earlier. Those stay active, so that retiring
/// the new one leads back.
///
/// # Errors
/// [`FailureKind::Conflict`] if it is not next, or if no export had its public half and that is required.
pub fn activate_key(
    ledger: &mut Ledger,
    kid: &Thumbprint,
    shipping: Shipping,
    occasion: &Occasion,
) -> Result<KeyChange, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let mut ring = keys::ring(connection)?;
    let exported = first_exported(connection, kid)?;
    allowed(&ring, kid, KeyStep::Activate, Past::Blank)?;
    // No deployment has to know a key of the log.
    if exported.is_none() && shipping == Shipping::Required && !is_of_log(&ring, kid) {
        return Err(unshipped(kid));
    }
    let facts = Facts::new([("kid", kid.to_string().into()), ("exportedAt", seconds(exported))]);
    let event = transaction.record(EventKind::KeyActivated, facts)?;
    let key = ring.activate(kid, event.seq())?.clone();
    keys::update(connection, &key)?;
    let change = KeyChange { event: event.seq(), ..consequences(connection, &ring, key, occasion.at)? };
    // After this line the key signs; before, the one that did.
    transaction.commit(event, &change)?;
    Ok(change)
}

/// Retires a key: it signs no more, and anchors that are exported from now on say until when it did.
///
/// # Errors
/// [`FailureKind::Conflict`] if it is not active, nor next with licenses that were imported, or if nobody would sign what
/// it does and that is required.
pub fn retire_key(
    ledger: &mut Ledger,
    kid: &Thumbprint,
    succession: Succession,
    occasion: &Occasion,
) -> Result<KeyChange, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let mut ring = keys::ring(connection)?;
    let past = past(connection, kid)?;
    allowed(&ring, kid, KeyStep::Retire, past)?;
    let gaps = if signs(&ring, kid) { ring.gaps_without(kid) } else { Vec::new() };
    if !gaps.is_empty() && succession == Succession::Required {
        return Err(no_successor(&ring, kid, &gaps));
    }
    // Whatever a clock that was ahead has put into what it signed must stay within its window.
    let lists = ring.find(kid).is_some_and(|key| key.purposes.contains(&Purpose::Status.into()));
    let published = if lists { keys::published_last(connection)? } else { None };
    let last =
        [keys::signed_last(connection, kid)?, published].into_iter().flatten().fold(occasion.at, Ord::max);
    let key = ring.retire(kid, last, past)?.clone();
    let facts = Facts::new([("kid", kid.to_string().into()), ("notAfter", seconds(key.not_after))]);
    let event = transaction.record(EventKind::KeyRetired, facts)?;
    keys::update(connection, &key)?;
    let change = KeyChange { event: event.seq(), gaps, ..consequences(connection, &ring, key, occasion.at)? };
    // After this line the key signs no more.
    transaction.commit(event, &change)?;
    Ok(change)
}

/// Records that a key has leaked: it signs no more at once, and from `after` on deployments with the anchors that are
/// exported from now on take nothing of it.
///
/// # Errors
/// [`FailureKind::Conflict`] if it is distrusted already, unless `after` is earlier than before.
pub fn distrust_key(
    ledger: &mut Ledger,
    kid: &Thumbprint,
    after: Timestamp,
    occasion: &Occasion,
) -> Result<KeyChange, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let mut ring = keys::ring(connection)?;
    let gaps = if signs(&ring, kid) { ring.gaps_without(kid) } else { Vec::new() };
    let key = ring.distrust(kid, after)?.clone();
    let facts = Facts::new([("kid", kid.to_string().into()), ("distrustAfter", after.seconds().into())]);
    let event = transaction.record(EventKind::KeyDistrusted, facts)?;
    keys::update(connection, &key)?;
    let change = KeyChange { event: event.seq(), gaps, ..consequences(connection, &ring, key, occasion.at)? };
    // After this line nothing is signed with it any more. Deployments learn of it from the anchors alone.
    transaction.commit(event, &change)?;
    Ok(change)
}

/// What is worth knowing of a key and of those beside it.
pub(super) fn consequences(
    connection: &rusqlite::Connection,
    ring: &KeyRing,
    key: KeyRecord,
    at: Timestamp,
) -> Result<KeyChange, Failure> {
    let (kid, log) = (key.public.thumbprint(), key.is_of_log());
    let others = |standing| {
        let alike = move |other: &&KeyRecord| other.standing() == standing && other.is_of_log() == log;
        let others = ring.records().iter().filter(alike);
        others.map(|other| other.public.thumbprint()).filter(|other| *other != kid).collect::<Vec<_>>()
    };
    let turn = |other: &Thumbprint| ring.find(other).and_then(|other| other.turn);
    let earlier = |other: &Thumbprint| turn(other) < key.turn && ring.gaps_without(other).is_empty();
    let superseded = others(KeyStanding::Active).into_iter().filter(earlier).collect();
    Ok(KeyChange {
        first_exported: first_exported(connection, &kid)?,
        superseded: if key.standing() == KeyStanding::Active { superseded } else { Vec::new() },
        gaps: Vec::new(),
        spares: others(KeyStanding::Next),
        licenses: keys::licenses_of(connection, &kid, at)?,
        event: 0,
        key,
    })
}

/// Whether the key is one of those that sign.
fn signs(ring: &KeyRing, kid: &Thumbprint) -> bool {
    ring.find(kid).is_some_and(|key| key.standing() == KeyStanding::Active)
}

/// Whether the key is one of the log, which deployments never meet.
fn is_of_log(ring: &KeyRing, kid: &Thumbprint) -> bool {
    ring.find(kid).is_some_and(KeyRecord::is_of_log)
}

/// Whether the ledger has a license that the key signed, be it elsewhere.
pub(super) fn past(connection: &rusqlite::Connection, kid: &Thumbprint) -> Result<Past, Failure> {
    Ok(if keys::signed_last(connection, kid)?.is_some() { Past::Signed } else { Past::Blank })
}

/// Refuses what the key's standing does not allow, before anything else is looked at.
pub(super) fn allowed(ring: &KeyRing, kid: &Thumbprint, step: KeyStep, past: Past) -> Result<(), LifeError> {
    let standing = ring.find(kid).ok_or(LifeError::Unknown(*kid))?.standing();
    match step.refused(standing, past) {
        None => Ok(()),
        Some(_) => Err(LifeError::Forbidden { kid: *kid, standing, past, step }),
    }
}

fn seconds(at: Option<Timestamp>) -> Value {
    at.map(Timestamp::seconds).into()
}

fn unshipped(kid: &Thumbprint) -> Failure {
    let message = format!(
        "The public half of the key {kid} was never exported, so no deployment knows it: what it signs would be refused as unknown_key."
    );
    Failure::new(FailureKind::Conflict, message)
        .hint("Ship what lictor key export writes in a release first; to sign with it all the same, give --unshipped.")
        .with("kid", kid.to_string())
}

fn no_successor(ring: &KeyRing, kid: &Thumbprint, gaps: &[Gap]) -> Failure {
    let unsigned: Vec<String> = gaps.iter().map(ToString::to_string).collect();
    let message = format!("Without the key {kid} nobody could sign: {}.", unsigned.join(", "));
    let log = is_of_log(ring, kid);
    let waits = |key: &&KeyRecord| key.standing() == KeyStanding::Next && key.is_of_log() == log;
    let spare = ring.records().iter().find(waits);
    let first = match spare {
        Some(spare) => format!("lictor key activate {}", spare.public.thumbprint()),
        None if log => "lictor key new --purpose log".into(),
        None => "lictor key new".into(),
    };
    Failure::new(FailureKind::Conflict, message)
        .hint(format!("First: {first}; to sign no more of that, give --without-successor."))
        .with("kid", kid.to_string())
        .with("unsigned", unsigned.into_iter().map(Value::from).collect::<Vec<_>>())
}

impl From<LifeError> for Failure {
    fn from(error: LifeError) -> Self {
        let message = capitalised(&format!("{error}."));
        match &error {
            LifeError::Forbidden { kid, standing, step, .. } => {
                let failure = Self::new(FailureKind::Conflict, message);
                failure
                    .hint(instead(*step, *standing, kid))
                    .with("kid", kid.to_string())
                    .with("state", standing.as_str())
            }
            LifeError::NotEarlier { kid, recorded, .. } => Self::new(FailureKind::Conflict, message)
                .hint("Give an earlier date, or leave it at that.")
                .with("kid", kid.to_string())
                .with("distrustAfter", recorded.to_string()),
            LifeError::Unknown(kid) => {
                Self::new(FailureKind::NotFound, message).hint("lictor key list").with("kid", kid.to_string())
            }
            _ => Self::new(FailureKind::Conflict, message),
        }
    }
}

/// What to do where a step is not allowed.
fn instead(step: KeyStep, standing: KeyStanding, kid: &Thumbprint) -> String {
    match (step, standing) {
        (KeyStep::Retire, KeyStanding::Next) => {
            format!("If it is not wanted: lictor key destroy {kid} --confirm {kid}")
        }
        (KeyStep::Destroy, KeyStanding::Active | KeyStanding::Next) => {
            format!("First: lictor key retire {kid}")
        }
        _ => "lictor key list shows how the keys stand.".into(),
    }
}

fn capitalised(sentence: &str) -> String {
    let mut letters = sentence.chars();
    letters.next().map(|first| first.to_ascii_uppercase().to_string() + letters.as_str()).unwrap_or_default()
}
