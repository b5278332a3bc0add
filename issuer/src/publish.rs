//! Publishing a status list: what was revoked, signed, for deployments to take in.

mod since;

use libdeflater::{CompressionLvl, Compressor};
use lictor_keys::Signer;
use lictor_shared::json::Value;
use lictor_shared::{
    Algorithm, Artefact as _, Claims as _, EntryBits, KeyId, Purpose, Status, StatusDraft, StatusList,
    Timestamp, Unsigned, Uri, armor, hex, limits,
};
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

use crate::accepted::accepted_by_validator;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::key::signing_key;
use crate::ledger::entries::{self, Exception};
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{Ledger, editions, keys};
use crate::occasion::Occasion;
use crate::outcome::Outcome;
use crate::press::be_the_key;

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

/// The lists that deployments wait for: that of `lictor.toml`, and every other that a license refers to.
///
/// # Errors
/// [`Failure`] if the ledger cannot be read.
pub fn lists(home: &Home, ledger: &Ledger) -> Result<Vec<Uri>, Failure> {
    let current = home.config().status_uri.clone();
    let others = entries::uris(ledger.connection())?;
    let others = others.into_iter().filter(|uri| *uri != current).collect::<Vec<_>>();
    Ok(core::iter::once(current).chain(others).collect())
}

/// Lists that were signed together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Publication {
    /// Each of them.
    pub lists: Vec<Published>,
}

/// Signs status lists: all of them, or none.
///
/// # Errors
/// [`FailureKind::SigningNotConfigured`] without an active key, [`FailureKind::NotFound`] for a list that is neither in
/// `lictor.toml` nor in the ledger, [`FailureKind::Usage`] if there is none to sign.
pub fn publish(
    home: &Home,
    ledger: &mut Ledger,
    signer: &dyn Signer,
    uris: &[Uri],
    occasion: &Occasion,
) -> Result<Publication, Failure> {
    let transaction = ledger.begin(occasion)?;
    let mut lists = Vec::with_capacity(uris.len());
    let mut last = None;
    for uri in uris {
        let (published, event) = sign(home, &transaction, signer, (uri, Reader::Everyone), occasion.at)?;
        lists.push(published);
        last = Some(event);
    }
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

/// Signs one list in a change under way.
pub(crate) fn sign(
    home: &Home,
    transaction: &Transaction<'_>,
    signer: &dyn Signer,
    (uri, reader): (&Uri, Reader),
    at: Timestamp,
) -> Result<(Published, Recorded), Failure> {
    let connection = transaction.connection();
    let ring = keys::ring(connection)?;
    let key = signing_key(&ring, Purpose::Status, at)?;
    if *uri != home.config().status_uri && entries::find(connection, uri)?.is_none() {
        return Err(unknown_list(uri));
    }
    let list = entries::list(connection, uri)?;
    let exceptions = entries::exceptions(connection, list)?;
    let algorithm = key.algorithm.unwrap_or(Algorithm::EdDsa);
    let kid = key.public.thumbprint();
    let write = |draft: &StatusDraft| Unsigned::<StatusList>::new(algorithm, &KeyId::from(kid), draft);
    let mut draft = draft(home, uri, list.sequence, &exceptions, at)?;
    let room = since::room(write(&draft).signing_input().len());
    draft.since = since::choose(&exceptions, at, room);
    // Without its date a revocation that lies ahead would count at once, so what finds no room is told when it has come.
    let told = since::without_unannounced(&exceptions, &draft.since, at);
    if told.len() < exceptions.len() {
        let dates = core::mem::take(&mut draft.since);
        draft = self::draft(home, uri, list.sequence, &told, at)?;
        draft.since = dates;
    }
    let exceptions = told;
    let unsigned = write(&draft);
    let (token, sha256) = if transaction.is_dry_run() {
        (String::from_utf8_lossy(unsigned.signing_input()).into_owned(), None)
    } else {
        be_the_key(signer, key)?;
        let signature = signer.sign(unsigned.signing_input())?;
        let token = unsigned.with_signature(&signature);
        accepted_by_validator::<StatusList>(&token, &ring)?;
        let sha256 = hex(&Sha256::digest(&token));
        (token, Some(sha256))
    };
    let published = summary(&draft, &exceptions, token);
    let facts = facts(&published, &draft, &kid.to_string()).and("tokenSha256", sha256);
    let facts = match reader {
        Reader::Everyone => facts,
        Reader::Deployment => facts.and(ENCLOSED, true),
    };
    let event = transaction.record(EventKind::StatusPublished, facts)?;
    entries::published(connection, list, draft.sequence, at)?;
    let edition = (published.sequence, published.stale_from);
    editions::insert(connection, event.seq(), list, edition, &published.token)?;
    let published = Published { event: event.seq(), claims: draft.to_value(), ..published };
    Ok((published, event))
}

impl Outcome for Publication {
    fn answer(&self) -> Value {
        Value::object([("lists", self.lists.iter().map(Published::to_value).collect::<Vec<_>>().into())])
    }

    fn claims(&self) -> Vec<Value> {
        self.lists.iter().map(|published| published.claims.clone()).collect()
    }
}

fn draft(
    home: &Home,
    uri: &Uri,
    last: u64,
    exceptions: &[Exception],
    at: Timestamp,
) -> Result<StatusDraft, Failure> {
    let statuses: BTreeMap<u32, Status> =
        exceptions.iter().map(|entry| (entry.index, entry.status)).collect();
    let (bits, packed) = StatusDraft::pack(&statuses);
    Ok(StatusDraft {
        issuer: home.config().issuer.clone(),
        uri: uri.clone(),
        issued_at: at,
        ttl: home.config().status_ttl,
        sequence: sequence(last, at)?,
        since: BTreeMap::new(),
        bits,
        deflated: deflate(&packed)?,
    })
}

/// max(last + 1, unix time): strictly increasing, and ahead of any backup that the ledger may have been restored from.
fn sequence(last: u64, at: Timestamp) -> Result<u64, Failure> {
    let next = last.saturating_add(1).max(at.seconds());
    if next <= limits::INTEGER_MAX {
        return Ok(next);
    }
    Err(Failure::new(FailureKind::Conflict, "The sequence of the list is used up.")
        .hint("Open a new list: set statusUri in lictor.toml to a new URI."))
}

fn deflate(packed: &[u8]) -> Result<Vec<u8>, Failure> {
    let failed =
        |why: String| Failure::new(FailureKind::Unexpected, format!("The list cannot be compressed: {why}."));
    let level = CompressionLvl::new(12).map_err(|error| failed(format!("{error:?}")))?;
    let mut compressor = Compressor::new(level);
    let mut deflated = vec![0; compressor.zlib_compress_bound(packed.len())];
    let bytes =
        compressor.zlib_compress(packed, &mut deflated).map_err(|error| failed(format!("{error:?}")))?;
    deflated.truncate(bytes);
    Ok(deflated)
}

fn summary(draft: &StatusDraft, exceptions: &[Exception], token: String) -> Published {
    let count = |status: Status| exceptions.iter().filter(|entry| entry.status == status).count();
    Published {
        uri: draft.uri.clone(),
        token,
        sequence: draft.sequence,
        issued_at: draft.issued_at,
        stale_from: draft.issued_at.plus(draft.ttl),
        revoked: count(Status::Revoked),
        suspended: count(Status::Suspended),
        dated: draft.since.len(),
        event: 0,
        claims: Value::Null,
    }
}

fn facts(published: &Published, draft: &StatusDraft, kid: &str) -> Facts {
    let count = |number: usize| u64::try_from(number).ok().into();
    Facts::new([
        ("uri", published.uri.as_str().into()),
        ("sequence", published.sequence.into()),
        ("ttl", draft.ttl.get().into()),
        (STALE_FROM, published.stale_from.map(Timestamp::seconds).into()),
        ("bits", u32::from(EntryBits::get(draft.bits)).into()),
        ("revoked", count(published.revoked)),
        ("suspended", count(published.suspended)),
        ("dated", count(published.dated)),
        ("kid", kid.into()),
    ])
}

fn unknown_list(uri: &Uri) -> Failure {
    Failure::new(FailureKind::NotFound, format!("There is no status list {uri}: no license refers to it."))
        .hint("lictor status publish without naming a list publishes all there are.")
        .with("uri", uri.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sequence_never_goes_back() {
        let at = |seconds: u64| Timestamp::from_seconds(seconds).unwrap();
        assert_eq!(sequence(0, at(1_795_305_600)).unwrap(), 1_795_305_600);
        assert_eq!(sequence(1_795_305_600, at(1_795_305_600)).unwrap(), 1_795_305_601);
        // The clock stands behind the last list.
        assert_eq!(sequence(1_795_305_600, at(5)).unwrap(), 1_795_305_601);
        assert!(sequence(limits::INTEGER_MAX, at(5)).is_err());
        assert!(sequence(u64::MAX, at(5)).is_err());
    }
}
