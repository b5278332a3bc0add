//! What is enclosed with an answer: the newest lists, and newer revisions of the license.

use lictor_keys::{KeyRing, Signer};
use lictor_shared::json::Value;
use lictor_shared::{Purpose, Status, Timestamp, Uri, Uuid};
use rusqlite::Connection;

use super::sign::Signers;
use crate::error::Failure;
use crate::event::Facts;
use crate::home::Home;
use crate::key::signing_key;
use crate::ledger::editions::Edition;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{editions, entries, keys, licenses};
use crate::licenses::LicenseRecord;
use crate::publish::{self, ENCLOSED, has_leaked_key};
use std::collections::BTreeSet;

/// What belongs to an answer beside its token.
pub(super) struct Enclosing {
    /// The serials of licenses.
    pub(super) licenses: Vec<Uuid>,
    /// Lists, of each of which the newest edition is enclosed.
    pub(super) lists: BTreeSet<Uri>,
}

impl Enclosing {
    /// The facts of the answer's event, and what is enclosed with it.
    pub(super) fn named(&self, facts: Facts) -> Facts {
        let licenses: Vec<Value> = self.licenses.iter().map(|serial| serial.to_string().into()).collect();
        let lists: Vec<Value> = self.lists.iter().map(|uri| uri.as_str().into()).collect();
        facts.and(ENCLOSED, Value::object([("licenses", licenses.into()), ("lists", lists.into())]))
    }
}

/// The newest edition of a list, and the event of its signing if it was signed for this.
#[derive(Clone)]
pub(super) struct Newest {
    pub(super) list: i64,
    pub(super) sequence: u64,
    pub(super) token: String,
    pub(super) event: Option<Recorded>,
}

/// The newest edition of a list. If none was signed since the list changed or a day of it has come, a newer one should be out, or the key of the last
/// one has leaked, and the key in hand signs lists too, it is signed here; else it is the one that was published last, if any.
pub(super) fn newest_list(
    home: &Home,
    transaction: &Transaction<'_>,
    signers: Signers<'_>,
    uri: &Uri,
    at: Timestamp,
) -> Result<Option<Newest>, Failure> {
    let connection = transaction.connection();
    let kept = editions::newest(connection, uri)?;
    let ring = keys::ring(connection)?;
    let is_new = match &kept {
        Some(edition) => !has_leaked_key(edition, &ring) && is_fresh(connection, edition, at)?,
        None => false,
    };
    let signer = if is_new { None } else { list_signer(&ring, signers, at) };
    let event = match signer {
        Some(signer) => Some(publish::enclose(home, transaction, signer, uri)?),
        None => None,
    };
    let Some(newest) = editions::newest(connection, uri)? else { return Ok(None) };
    editions::keep(connection, newest.list, newest.sequence)?;
    Ok(Some(Newest { list: newest.list, sequence: newest.sequence, token: newest.token, event }))
}

/// Whether an edition says all that there is to say. One has no room for every day that lies ahead, and leaves out what it cannot
/// announce.
fn is_fresh(connection: &Connection, edition: &Edition, at: Timestamp) -> Result<bool, Failure> {
    let is_current = !edition.is_outdated && edition.stale_from.is_none_or(|stale| at < stale);
    Ok(is_current && !entries::has_come(connection, edition.list, edition.signed_at, at)?)
}

/// Whoever signs lists, if he is at hand: a home without a key for lists grants seats all the same.
fn list_signer<'a>(ring: &KeyRing, signers: Signers<'a>, at: Timestamp) -> Option<&'a (dyn Signer + Sync)> {
    signing_key(ring, Purpose::Status, at).ok().and_then(|key| signers.with(key))
}

/// The revisions that a deployment needs beside the one that it proved to hold: the one in force, if that is a newer one, and
/// those that will be.
pub(super) fn newer_licenses(license: &LicenseRecord, held: Uuid, at: Timestamp) -> Vec<Uuid> {
    let number = |serial| license.revisions.iter().find(|other| other.serial == serial).map(|it| it.revision);
    let in_force = license.in_force(at).map(|revision| revision.revision);
    let needed = license.revisions.iter().filter(|revision| {
        let is_newer = number(held).is_none_or(|held| revision.revision > held);
        let counts = in_force.is_none_or(|in_force| revision.revision >= in_force);
        is_newer && counts && revision.status == Status::Valid
    });
    needed.map(|revision| revision.serial).collect()
}

/// The tokens with these serials.
pub(super) fn tokens(connection: &Connection, serials: &[Uuid]) -> Result<Vec<String>, Failure> {
    let mut tokens = Vec::with_capacity(serials.len());
    for serial in serials {
        tokens.extend(licenses::token(connection, *serial)?);
    }
    Ok(tokens)
}
