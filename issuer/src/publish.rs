//! Publishing a status list: what was revoked, signed, for deployments to take in.

mod due;
mod sign;
mod since;

use lictor_keys::Signer;
use lictor_shared::json::Value;
use lictor_shared::{Artefact as _, StatusList, Timestamp, Uri, armor};
use std::collections::BTreeSet;

pub(crate) use self::due::has_leaked_key;
pub use self::due::{CurrentList, DueLists, due_lists};
use self::sign::{Press, Signed, Standing};

use crate::cores;
use crate::error::{Failure, FailureKind};
use crate::home::Home;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{Ledger, entries, keys};
use crate::occasion::Occasion;
use crate::outcome::Outcome;

/// A status list that was signed and is in the ledger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Published {
    /// Which list.
    pub uri: Uri,
    /// The token.
    pub token: String,
    /// Its sequence.
    pub sequence: u64,
    /// When it was signed.
    pub issued_at: Timestamp,
    /// From when a newer one should be out; `None`: after the year 9999.
    pub stale_from: Option<Timestamp>,
    /// Entries that are revoked.
    pub revoked: usize,
    /// Entries that are suspended.
    pub suspended: usize,
    /// Entries whose grace may still run, with the instant at which they left VALID.
    pub dated: usize,
    /// The number of its event.
    pub event: u64,
    claims: Value,
}

impl Published {
    /// The token in armor, as files and mails carry it.
    #[must_use]
    pub fn armored(&self) -> String {
        armor::wrap(StatusList::LABEL, &self.token)
    }

    fn to_value(&self) -> Value {
        let count = |number: usize| Value::from(u64::try_from(number).ok());
        Value::object([
            ("uri", self.uri.as_str().into()),
            ("sequence", self.sequence.into()),
            ("issuedAt", self.issued_at.to_string().into()),
            ("staleFrom", self.stale_from.map(|at| at.to_string()).into()),
            ("revoked", count(self.revoked)),
            ("suspended", count(self.suspended)),
            ("token", self.token.as_str().into()),
            ("event", self.event.into()),
        ])
    }
}

/// The lists that deployments wait for, in the order in which they were opened: every one that a license refers to, and that of
/// `lictor.toml`.
///
/// # Errors
/// [`Failure`] if the ledger cannot be read.
pub fn lists(home: &Home, ledger: &Ledger) -> Result<Vec<Uri>, Failure> {
    let current = &home.config().status_uri;
    let mut lists = entries::uris(ledger.connection())?;
    if !lists.contains(current) {
        lists.push(current.clone());
    }
    Ok(lists)
}

/// Lists that were signed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Each of them.
    pub lists: Vec<Published>,
}

/// Signs status lists: all of them, or none. All cores work on it.
///
/// # Errors
/// [`FailureKind::SigningNotConfigured`] without an active key, [`FailureKind::NotFound`] for a list that is neither in
/// `lictor.toml` nor in the ledger, [`FailureKind::Usage`] if there is none to sign.
pub fn publish(
    home: &Home,
    ledger: &mut Ledger,
    signer: &(dyn Signer + Sync),
    uris: &[Uri],
    occasion: &Occasion,
) -> Result<Publication, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let ring = keys::ring(connection)?;
    let press = Press::new(home, &transaction, &ring, signer)?;
    press.is_held_by(signer)?;
    let mut lists = Vec::with_capacity(uris.len());
    let mut last = None;
    let mut named = BTreeSet::new();
    let once = uris.iter().filter(|uri| named.insert(*uri));
    // The ledger is read and written in this thread, a list at a time; the others draw up, sign and check.
    let read = once.map(|uri| Standing::read(home, connection, uri));
    let sign = |standing| press.sign(standing);
    cores::each_few(read, sign, |signed: Result<Signed, Failure>| {
        let (published, event) = signed?.store(&transaction, Reader::Everyone)?;
        lists.push(published);
        last = Some(event);
        Ok(())
    })?;
    let last = last.ok_or_else(|| Failure::new(FailureKind::Usage, "There is no list to publish."))?;
    let publication = Publication { lists };
    // After this line no other list of these URIs ever gets these sequences. A crash before the tokens are handed out
    // costs a number each: the next lists have higher ones.
    transaction.commit(last, &publication)?;
    Ok(publication)
}

/// Who gets a list that is signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// All who hear of the list.
    Everyone,
    /// The deployment that it is enclosed to. All others still wait for one that is published.
    Deployment,
}

/// What an event says of a list that one deployment got alone.
pub(crate) const ENCLOSED: &str = "enclosed";

/// The member of an event from when on a newer list should be out. A list of which the event has none was signed before editions
/// were kept.
pub(crate) const STALE_FROM: &str = "staleFrom";

/// Signs one list in a change under way, for one deployment.
pub(crate) fn enclose(
    home: &Home,
    transaction: &Transaction<'_>,
    signer: &dyn Signer,
    uri: &Uri,
) -> Result<Recorded, Failure> {
    let connection = transaction.connection();
    let ring = keys::ring(connection)?;
    let press = Press::new(home, transaction, &ring, signer)?;
    press.is_held_by(signer)?;
    let signed = press.sign(Standing::read(home, connection, uri)?)?;
    signed.store(transaction, Reader::Deployment).map(|(_, event)| event)
}

impl Outcome for Publication {
    fn answer(&self) -> Value {
        Value::object([("lists", self.lists.iter().map(Published::to_value).collect::<Vec<_>>().into())])
    }

    fn claims(&self) -> Vec<Value> {
        self.lists.iter().map(|published| published.claims.clone()).collect()
    }
}
