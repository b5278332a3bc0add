//! Events: the record of every change, as the bytes that the audit log hashes.

pub(crate) mod parts;

use core::fmt;
use lictor_shared::json::{JsonError, Members, Value};
use lictor_shared::{Text, Timestamp, hex};
use serde::Serialize;
use sha2::{Digest, Sha256};

use crate::entropy;
use crate::error::Failure;
use crate::occasion::{ClockSource, Occasion};
use crate::register::register;
use parts::Body;

register! {
    /// What happened. An append-only register: a word that has been written keeps its meaning for ever.
    EventKind {
        /// The issuer was set up. The first event of every ledger.
        IssuerCreated = "issuer.created",
        /// A signing key was made or imported.
        KeyCreated = "key.created",
        /// A product was added to the catalogue.
        ProductAdded = "product.added",
        /// A license was issued.
        LicenseIssued = "license.issued",
        /// A license was revoked.
        LicenseRevoked = "license.revoked",
        /// A status list was signed.
        StatusPublished = "status.published",
        /// A license was suspended.
        LicenseSuspended = "license.suspended",
        /// A suspension was taken back.
        LicenseReinstated = "license.reinstated",
        /// A license was renewed: it has a further revision, with a later end.
        LicenseRenewed = "license.renewed",
        /// A license was amended: it has a further revision, with other terms and the same dates.
        LicenseAmended = "license.amended",
        /// The ledger was restored from a backup, and new licenses got another list.
        LedgerRestored = "ledger.restored",
        /// A key was activated: it signs before every key that was activated earlier.
        KeyActivated = "key.activated",
        /// A key was retired: it signs no more, and its window has an end.
        KeyRetired = "key.retired",
        /// A key has leaked: it signs no more, and from a date on deployments take nothing of it.
        KeyDistrusted = "key.distrusted",
        /// A key file was sealed anew, under another passphrase or none.
        KeyResealed = "key.resealed",
        /// The private half of a key was given up for good: its file is deleted right after.
        KeyDestroyed = "key.destroyed",
        /// The public keys were exported, for products to ship.
        KeyExported = "key.exported",
        /// A revision of a license was taken over from another ledger of the issuer.
        LicenseImported = "license.imported",
        /// A deployment was given a seat.
        ActivationGranted = "activation.granted",
        /// A deployment that holds a seat was given a further activation for it.
        ActivationRenewed = "activation.renewed",
        /// A deployment was denied what it asked for.
        ActivationDenied = "activation.denied",
        /// A deployment gave its seat back, or it was given back for it.
        ActivationReleased = "activation.released",
        /// A deployment's seat was taken away.
        ActivationRevoked = "activation.revoked",
        /// The lease of a deployment had ended, and its seat was free again.
        ActivationExpired = "activation.expired",
        /// A deployment's request does not follow from what it was given before: two copies of it live, or one was restored.
        ActivationForked = "activation.forked",
        /// A checkpoint of the log was signed, over all events up to this one.
        CheckpointSigned = "checkpoint.signed",
        /// The lists in the event before it go on: one leaf has no room for all of them.
        EventContinued = "event.continued",
        /// What was asked for once was carried out, and what it came to is remembered.
        RequestAnswered = "request.answered",
        /// The texts that name a customer, and all else that shows them, were erased.
        CustomerErased = "customer.erased",
        /// A deployment's report of use was brought.
        UsageReported = "usage.reported",
    }
}

/// One event. Its [leaf](Event::leaf) is what the ledger stores and what the audit log hashes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its place in the log: 1, 2, 3 and so on, without gaps.
    pub seq: u64,
    /// When.
    pub at: Timestamp,
    /// How the instant is known.
    pub clock: ClockSource,
    /// Who.
    pub actor: Text,
    /// What.
    pub kind: EventKind,
    /// The facts of it; texts that name a person or customer as [`Commitment`]s only.
    pub body: Members,
}

/// The members of a leaf in the order of their names, which is that in which they are written.
#[derive(Serialize)]
struct Leaf<'a> {
    actor: &'a str,
    at: u64,
    body: &'a Members,
    clock: &'static str,
    kind: &'static str,
    seq: u64,
    version: u64,
}

/// Why stored bytes are no event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum LeafError {
    Json(JsonError),
    Member(&'static str),
    NotCanonical,
}

impl fmt::Display for LeafError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Json(error) => write!(f, "its leaf is not JSON as events are written: {error}"),
            Self::Member(name) => write!(f, "its leaf has no proper member {name:?}"),
            Self::NotCanonical => {
                write!(f, "its leaf is not in canonical form, or has members that no event has")
            }
        }
    }
}

impl Event {
    /// The event that happens on this occasion.
    pub(crate) fn new(seq: u64, occasion: &Occasion, kind: EventKind, body: Members) -> Self {
        let Occasion { at, clock, actor, .. } = occasion.clone();
        Self { seq, at, clock, actor, kind, body }
    }

    /// The canonical JSON (RFC 8785) of the event: members sorted, no white space.
    ///
    /// These bytes, once written, are never written again; a leaf of the audit log is SHA-256 over 0x00 and them
    /// (RFC 6962, section 2.1).
    #[must_use]
    pub fn leaf(&self) -> String {
        let leaf = Leaf {
            actor: self.actor.as_str(),
            at: self.at.seconds(),
            body: &self.body,
            clock: self.clock.as_str(),
            kind: self.kind.as_str(),
            seq: self.seq,
            version: 1,
        };
        // Nothing in it has a way to fail.
        serde_json::to_string(&leaf).unwrap_or_default()
    }

    /// Whether it commits to texts that lie beside it, or lay there.
    #[must_use]
    pub fn has_texts(&self) -> bool {
        self.body.values().any(is_commitment)
    }

    /// Reads a leaf, and makes sure that writing it again gives the same bytes.
    pub(crate) fn read(leaf: &[u8]) -> Result<Self, LeafError> {
        let mut members = Value::read_object(leaf).map_err(LeafError::Json)?;
        let body = match members.remove("body") {
            Some(Value::Object(body)) => body,
            _ => return Err(LeafError::Member("body")),
        };
        let text =
            |name: &'static str| members.get(name).and_then(Value::as_str).ok_or(LeafError::Member(name));
        let integer =
            |name: &'static str| members.get(name).and_then(Value::as_integer).ok_or(LeafError::Member(name));
        let event = Self {
            seq: integer("seq")?,
            at: Timestamp::from_seconds(integer("at")?).ok_or(LeafError::Member("at"))?,
            clock: ClockSource::from_word(text("clock")?).ok_or(LeafError::Member("clock"))?,
            actor: Text::new(text("actor")?).map_err(|_| LeafError::Member("actor"))?,
            kind: EventKind::from_word(text("kind")?).ok_or(LeafError::Member("kind"))?,
            body,
        };
        if event.leaf().as_bytes() == leaf { Ok(event) } else { Err(LeafError::NotCanonical) }
    }
}

/// A text that names a person or customer, bound into an event without standing there: the event holds
/// `{"sha256": hex(SHA-256(salt || text))}`, salt and text lie beside it and can be erased without touching the log.
///
/// The salt is fresh for every text of every event, so nobody can guess the text from the hash, and two events do not
/// show that they speak of the same person.
#[derive(Clone, PartialEq, Eq)]
pub struct Commitment {
    salt: [u8; 32],
    text: String,
}

impl Commitment {
    /// Commits to `text` with a fresh salt.
    pub(crate) fn to(text: &str) -> Result<Self, Failure> {
        Ok(Self::with_salt(entropy::bytes()?, text))
    }

    /// The commitment to `text` with this salt.
    #[must_use]
    pub fn with_salt(salt: [u8; 32], text: &str) -> Self {
        Self { salt, text: text.into() }
    }

    /// The salt.
    #[must_use]
    pub const fn salt(&self) -> &[u8; 32] {
        &self.salt
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands in the event.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::object([(HASH, self.hash().into())])
    }

    /// Whether this is what stands in the event.
    pub(crate) fn is(&self, value: &Value) -> bool {
        committed(value).is_some_and(|hash| hash == self.hash())
    }

    fn hash(&self) -> String {
        hex(&Sha256::new().chain_update(self.salt).chain_update(&self.text).finalize())
    }
}

/// Whether a value is what stands in an event in place of a text.
pub(crate) fn is_commitment(value: &Value) -> bool {
    committed(value).is_some()
}

/// The hash in what stands in an event in place of a text.
fn committed(value: &Value) -> Option<&str> {
    let members = value.as_object().filter(|members| members.len() == 1)?;
    // A counter may have any name, and is a number.
    members.get(HASH).and_then(Value::as_str)
}

/// The one member of what stands in an event in place of a text.
const HASH: &str = "sha256";

impl fmt::Debug for Commitment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Commitment({})", self.to_value())
    }
}

/// The facts of an event about to be recorded: open ones, personal texts that only a commitment speaks for, and lists that may be
/// longer than a leaf.
#[derive(Debug, Default)]
pub(crate) struct Facts {
    open: Members,
    personal: Vec<(&'static str, Commitment)>,
    lists: Vec<(&'static str, Vec<Value>)>,
}

impl Facts {
    pub(crate) fn new<const N: usize>(open: [(&str, Value); N]) -> Self {
        let open = open.into_iter().map(|(name, value)| (name.to_owned(), value)).collect();
        Self { open, ..Self::default() }
    }

    pub(crate) fn of(open: Members) -> Self {
        Self { open, ..Self::default() }
    }

    /// A list that grows with what is in the ledger: [it goes on](parts) in further events if it must.
    pub(crate) fn list(mut self, name: &'static str, items: Vec<Value>) -> Self {
        self.lists.push((name, items));
        self
    }

    /// One open fact more.
    pub(crate) fn and(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.open.insert(name.to_owned(), value.into());
        self
    }

    /// Commits to a text that names a person or customer.
    pub(crate) fn personal(mut self, field: &'static str, text: &str) -> Result<Self, Failure> {
        self.personal.push((field, Commitment::to(text)?));
        Ok(self)
    }

    /// The body of the event, and what lies beside it.
    pub(crate) fn into_body(self) -> (Body, Vec<(&'static str, Commitment)>) {
        let mut open = self.open;
        open.extend(self.personal.iter().map(|(field, text)| ((*field).to_owned(), text.to_value())));
        (Body { open, lists: self.lists }, self.personal)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event() -> Event {
        let occasion = Occasion::new(
            Timestamp::parse("2026-11-22T00:00:00Z").unwrap(),
            ClockSource::Given,
            Text::new("alice@büro").unwrap(),
        );
        let customer = Commitment::with_salt([7; 32], "Acme GmbH & Söhne");
        let body = [("serial".to_owned(), "x".into()), ("customer".to_owned(), customer.to_value())];
        Event::new(3, &occasion, EventKind::LicenseIssued, body.into_iter().collect())
    }

    #[test]
    fn a_leaf_is_these_bytes_for_ever() {
        // The hash: printf '\007%.0s' {1..32}, then the text, into sha256sum.
        assert_eq!(
            event().leaf(),
            r#"{"actor":"alice@büro","at":1795305600,"body":{"customer":{"sha256":"b2f8d66df4a6435e34932d187a2960df0fda740f0fc976248d94ca28d6e6db34"},"serial":"x"},"clock":"given","kind":"license.issued","seq":3,"version":1}"#
        );
        assert_eq!(Event::read(event().leaf().as_bytes()), Ok(event()));
    }

    #[test]
    fn a_leaf_reads_back_only_as_it_was_written() {
        let leaf = event().leaf();
        for (from, to) in [
            ("\"at\"", " \"at\""),
            ("\"version\":1", "\"version\":2"),
            ("\"version\":1", "\"version\":1,\"x\":1"),
            ("license.issued", "license.lost"),
            ("\"given\"", "\"guessed\""),
            ("\"seq\":3", "\"seq\":\"3\""),
            ("ü", "\\u00fc"),
        ] {
            let other = leaf.replacen(from, to, 1);
            assert_ne!(other, leaf, "{from}");
            assert!(Event::read(other.as_bytes()).is_err(), "{other}");
        }
    }

    #[test]
    fn the_words_are_these() {
        let words: Vec<&str> = EventKind::ALL.iter().map(|kind| kind.as_str()).collect();
        assert_eq!(
            words,
            [
                "issuer.created",
                "key.created",
                "product.added",
                "license.issued",
                "license.revoked",
                "status.published",
                "license.suspended",
                "license.reinstated",
                "license.renewed",
                "license.amended",
                "ledger.restored",
                "key.activated",
                "key.retired",
                "key.distrusted",
                "key.resealed",
                "key.destroyed",
                "key.exported",
                "license.imported",
                "activation.granted",
                "activation.renewed",
                "activation.denied",
                "activation.released",
                "activation.revoked",
                "activation.expired",
                "activation.forked",
                "checkpoint.signed",
                "event.continued",
                "request.answered",
                "customer.erased",
                "usage.reported"
            ]
        );
    }

    #[test]
    fn no_two_commitments_are_alike() {
        let (one, two) = (Commitment::to("Acme").unwrap(), Commitment::to("Acme").unwrap());
        assert_ne!(one.to_value(), two.to_value());
        assert!(!format!("{one:?}").contains("Acme"));
    }
}
