//! One list: read, drawn up, signed, checked by the validator, and put into the ledger.

use libdeflater::{CompressionLvl, Compressor};
use lictor_keys::{KeyRecord, KeyRing, Signer};
use lictor_shared::json::Value;
use lictor_shared::{
    Algorithm, AnchorSet, Claims as _, EntryBits, KeyId, Purpose, Status, StatusDraft, StatusList, Timestamp,
    Unsigned, Uri, hex, limits,
};
use rusqlite::Connection;
use sha2::{Digest, Sha256};
use std::collections::BTreeMap;

use super::since;
use super::{ENCLOSED, Published, Reader, STALE_FROM};
use crate::accepted::{accepted_with, anchors};
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::key::signing_key;
use crate::ledger::editions;
use crate::ledger::entries::{self, Exception, List};
use crate::ledger::transaction::{Recorded, Transaction};
use crate::press::be_the_key;

/// A list as it stands in the ledger.
pub(super) struct Standing {
    uri: Uri,
    list: List,
    exceptions: Vec<Exception>,
}

impl Standing {
    pub(super) fn read(home: &Home, connection: &Connection, uri: &Uri) -> Result<Self, Failure> {
        if *uri != home.config().status_uri && entries::find(connection, uri)?.is_none() {
            return Err(unknown_list(uri));
        }
        let list = entries::list(connection, uri)?;
        Ok(Self { uri: uri.clone(), list, exceptions: entries::exceptions(connection, list)? })
    }
}

/// Where lists are signed. It needs no ledger, so several can be signed at once.
pub(super) struct Press<'a, S: ?Sized> {
    home: &'a Home,
    key: &'a KeyRecord,
    signer: &'a S,
    anchors: AnchorSet,
    at: Timestamp,
    is_dry_run: bool,
}

/// A list that is signed and not yet in the ledger.
pub(super) struct Signed {
    list: List,
    published: Published,
    facts: Facts,
}

impl<'a, S: Signer + ?Sized> Press<'a, S> {
    pub(super) fn new(
        home: &'a Home,
        transaction: &Transaction<'_>,
        ring: &'a KeyRing,
        signer: &'a S,
    ) -> Result<Self, Failure> {
        let at = transaction.at();
        let key = signing_key(ring, Purpose::Status, at)?;
        let is_dry_run = transaction.is_dry_run();
        Ok(Self { home, key, signer, anchors: anchors(ring)?, at, is_dry_run })
    }

    /// Refuses a signer that does not hold the key that signs now.
    pub(super) fn is_held_by(&self, signer: &dyn Signer) -> Result<(), Failure> {
        if self.is_dry_run { Ok(()) } else { be_the_key(signer, self.key) }
    }

    /// The next edition of a list, accepted by the validator.
    pub(super) fn sign(&self, standing: Standing) -> Result<Signed, Failure> {
        let Standing { uri, list, exceptions } = standing;
        let mut draft = draft(self.home, (&uri, list), &exceptions, self.at)?;
        let room = since::room(self.write(&draft).signing_input().len());
        draft.since = since::choose(&exceptions, self.at, room);
        // Without its date a revocation that lies ahead would count at once, so what finds no room is told when it has come.
        let told = since::without_unannounced(&exceptions, &draft.since, self.at);
        if told.len() < exceptions.len() {
            let dates = core::mem::take(&mut draft.since);
            draft = self::draft(self.home, (&uri, list), &told, self.at)?;
            draft.since = dates;
        }
        let (token, sha256) = self.token(&draft)?;
        // What would be signed is told of a dry run alone; it is large.
        let claims = if self.is_dry_run { draft.to_value() } else { Value::Null };
        let published = Published { claims, ..summary(&draft, &told, token) };
        let kid = self.key.public.thumbprint().to_string();
        let facts = facts(&published, &draft, &kid).and("tokenSha256", sha256);
        Ok(Signed { list, published, facts })
    }

    fn write(&self, draft: &StatusDraft) -> Unsigned<StatusList> {
        let algorithm = self.key.algorithm.unwrap_or(Algorithm::EdDsa);
        Unsigned::new(algorithm, &KeyId::from(self.key.public.thumbprint()), draft)
    }

    /// The token, and its hash; of a dry run what would be signed.
    fn token(&self, draft: &StatusDraft) -> Result<(String, Option<String>), Failure> {
        let unsigned = self.write(draft);
        if self.is_dry_run {
            return Ok((String::from_utf8_lossy(unsigned.signing_input()).into_owned(), None));
        }
        let signature = self.signer.sign(unsigned.signing_input())?;
        let token = unsigned.with_signature(&signature);
        accepted_with::<StatusList>(&token, &self.anchors)?;
        let sha256 = hex(&Sha256::digest(&token));
        Ok((token, Some(sha256)))
    }
}

impl Signed {
    /// Puts it into the ledger, with its event.
    pub(super) fn store(
        self,
        transaction: &Transaction<'_>,
        reader: Reader,
    ) -> Result<(Published, Recorded), Failure> {
        let Self { list, published, facts } = self;
        let connection = transaction.connection();
        let facts = match reader {
            Reader::Everyone => facts,
            Reader::Deployment => facts.and(ENCLOSED, true),
        };
        let event = transaction.record(EventKind::StatusPublished, facts)?;
        entries::published(connection, list, published.sequence, transaction.at())?;
        let edition = editions::New {
            sequence: published.sequence,
            stale_from: published.stale_from,
            is_published: reader == Reader::Everyone,
        };
        editions::insert(connection, event.seq(), list, edition, &published.token)?;
        Ok((Published { event: event.seq(), ..published }, event))
    }
}

fn draft(
    home: &Home,
    (uri, list): (&Uri, List),
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
        sequence: sequence(list.sequence, at)?,
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
