//! Which lists need a newer edition, and which can stay as they are.

use lictor_keys::KeyRing;
use lictor_shared::Artefact as _;
use lictor_shared::json::Value;
use lictor_shared::{Received, StatusList, Timestamp, Uri, armor};
use rusqlite::Connection;

use crate::error::Failure;
use crate::ledger::clock::TOLERANCE;
use crate::ledger::editions::{self, Edition};
use crate::ledger::{Ledger, entries};

/// Lists, by whether they need a newer edition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DueLists {
    /// Those that do.
    pub lists: Vec<Uri>,
    /// Those that do not.
    pub current: Vec<CurrentList>,
}

/// A list whose newest edition says all there is to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CurrentList {
    /// Which list.
    pub uri: Uri,
    /// The sequence of that edition.
    pub sequence: u64,
    /// Its token.
    pub token: String,
}

impl CurrentList {
    /// The token in armor, as files and mails carry it.
    #[must_use]
    pub fn armored(&self) -> String {
        armor::wrap(StatusList::LABEL, &self.token)
    }

    pub(crate) fn to_value(&self) -> Value {
        Value::object([
            ("uri", self.uri.as_str().into()),
            ("sequence", self.sequence.into()),
            ("token", self.token.as_str().into()),
        ])
    }
}

/// Tells lists that need a newer edition at `at` from those that do not. A list needs one if an entry has changed since the newest
/// edition or its day has come, if that edition is dated further ahead of `at` than clocks differ that are kept right, if half of the
/// time is over after which a newer one should be out, if nobody or one deployment alone got that edition, or if the key of it has
/// leaked.
///
/// # Errors
/// [`Failure`] if the ledger cannot be read.
pub fn due_lists(ledger: &Ledger, uris: &[Uri], at: Timestamp) -> Result<DueLists, Failure> {
    let (connection, ring) = (ledger.connection(), ledger.key_ring()?);
    let mut due = DueLists::default();
    for uri in uris {
        match editions::newest(connection, uri)? {
            Some(edition) if !is_due(connection, &edition, &ring, at)? => {
                due.current.push(CurrentList {
                    uri: uri.clone(),
                    sequence: edition.sequence,
                    token: edition.token,
                });
            }
            _ => due.lists.push(uri.clone()),
        }
    }
    Ok(due)
}

fn is_due(
    connection: &Connection,
    edition: &Edition,
    ring: &KeyRing,
    at: Timestamp,
) -> Result<bool, Failure> {
    let is_current = edition.is_published
        && !edition.is_outdated
        && !is_past_half(edition, at)
        // Whoever takes a list in goes by its time; if it lies further ahead, one of the two clocks was wrong.
        && edition.signed_at <= at.plus(TOLERANCE).unwrap_or(Timestamp::MAX)
        && !has_leaked_key(edition, ring);
    // An edition has no room for every day that lies ahead, and leaves out what it cannot announce.
    Ok(!is_current || entries::has_come(connection, edition.list, edition.signed_at, at)?)
}

/// Whether half of the time is over after which a newer edition should be out: whoever publishes twice in that time never has a
/// stale one.
fn is_past_half(edition: &Edition, at: Timestamp) -> bool {
    let signed = edition.signed_at.seconds();
    let passed = at.seconds().saturating_sub(signed);
    edition.stale_from.is_some_and(|stale| passed >= stale.seconds().saturating_sub(signed).div_ceil(2))
}

/// Deployments take no list any more of a key from the day on that it is distrusted from.
pub(crate) fn has_leaked_key(edition: &Edition, ring: &KeyRing) -> bool {
    let Ok(received) = Received::<StatusList>::read(&edition.token) else { return true };
    let kid = &received.untrusted_signer().0;
    let signed = ring.records().iter().find(|key| key.public.thumbprint().to_string() == *kid);
    signed.is_none_or(|key| key.distrust_after.is_some())
}
