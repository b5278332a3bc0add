//! The table `list_edition`: status lists that were signed, as they were handed out.

use lictor_shared::{Timestamp, Uri, hex};
use rusqlite::{Connection, OptionalExtension as _, Row};
use sha2::{Digest as _, Sha256};
use std::collections::BTreeMap;

use super::entries::List;
use super::fault::OrFault;
use super::value::{At, Int};
use crate::error::{Failure, FailureKind};

const INSERT: &str = "INSERT INTO list_edition (list, sequence, seq, stale_from, published, token) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const DELETE_OLDER: &str = "DELETE FROM list_edition WHERE list = ?1 AND sequence < ?2 AND enclosed = 0";
const UPDATE_UNCHANGED: &str = "UPDATE status_list SET changed = 0 WHERE id = ?1";
pub(super) const SELECT_NEWEST: &str = "SELECT list_edition.list, list_edition.sequence, list_edition.stale_from, \
    status_list.changed, list_edition.token, list_edition.published, status_list.published_at FROM status_list JOIN list_edition ON list_edition.list = status_list.id \
    AND list_edition.sequence = status_list.sequence WHERE status_list.uri = ?1";
const UPDATE_ENCLOSED: &str = "UPDATE list_edition SET enclosed = 1 WHERE list = ?1 AND sequence = ?2";
pub(super) const SELECT_TOKEN: &str = "SELECT token FROM list_edition WHERE list = ?1 AND sequence = ?2";
const SELECT_ALL: &str = "SELECT status_list.uri, list_edition.sequence, list_edition.seq, list_edition.stale_from, \
    list_edition.enclosed, list_edition.token, list_edition.published FROM list_edition JOIN status_list ON status_list.id = list_edition.list";
const SELECT_CHANGED: &str = "SELECT status_list.uri, status_list.changed, list_edition.list IS NOT NULL FROM status_list \
    LEFT JOIN list_edition ON list_edition.list = status_list.id AND list_edition.sequence = status_list.sequence";

/// One signed edition of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Edition {
    pub(crate) list: i64,
    pub(crate) sequence: u64,
    /// Whether an entry says anything else by now.
    pub(crate) is_outdated: bool,
    /// From when a newer one should be out; `None`: after the year 9999.
    pub(crate) stale_from: Option<Timestamp>,
    pub(crate) token: String,
    /// Whether it was signed for all, and not for one deployment alone.
    pub(crate) is_published: bool,
    /// When it was signed.
    pub(crate) signed_at: Timestamp,
}

/// What is kept of an edition beside its token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct New {
    pub(crate) sequence: u64,
    pub(crate) stale_from: Option<Timestamp>,
    pub(crate) is_published: bool,
}

/// Keeps an edition that was just signed. Of the older ones only those stay that an answer refers to.
pub(crate) fn insert(
    connection: &Connection,
    seq: u64,
    list: List,
    new: New,
    token: &str,
) -> Result<(), Failure> {
    let sequence = Int(new.sequence);
    connection.prepare_cached(DELETE_OLDER).or_fault()?.execute((list.id, sequence)).or_fault()?;
    let row = (list.id, sequence, Int(seq), new.stale_from.map(At), new.is_published, token);
    connection.prepare_cached(INSERT).or_fault()?.execute(row).or_fault()?;
    connection.prepare_cached(UPDATE_UNCHANGED).or_fault()?.execute([list.id]).or_fault()?;
    Ok(())
}

/// The newest edition of the list with this URI, if one was signed since editions are kept.
pub(crate) fn newest(connection: &Connection, uri: &Uri) -> Result<Option<Edition>, Failure> {
    let read = |row: &Row<'_>| {
        Ok(Edition {
            list: row.get(0)?,
            sequence: row.get::<_, Int>(1)?.0,
            stale_from: row.get::<_, Option<At>>(2)?.map(|At(at)| at),
            is_outdated: row.get(3)?,
            token: row.get(4)?,
            is_published: row.get(5)?,
            signed_at: row.get::<_, At>(6)?.0,
        })
    };
    connection.prepare_cached(SELECT_NEWEST).or_fault()?.query_row([uri.as_str()], read).optional().or_fault()
}

/// From now on an answer refers to it, so it stays.
pub(crate) fn keep(connection: &Connection, list: i64, sequence: u64) -> Result<(), Failure> {
    connection.prepare_cached(UPDATE_ENCLOSED).or_fault()?.execute((list, Int(sequence))).or_fault()?;
    Ok(())
}

/// The token of an edition that an answer refers to.
pub(crate) fn token(connection: &Connection, list: i64, sequence: u64) -> Result<String, Failure> {
    let token = connection
        .prepare_cached(SELECT_TOKEN)
        .or_fault()?
        .query_row((list, Int(sequence)), |row| row.get(0))
        .optional();
    token.or_fault()?.ok_or_else(|| {
        let message = format!("The ledger is damaged: edition {sequence} of list {list} is missing.");
        Failure::new(FailureKind::Ledger, message)
            .hint("Restore the whole home from a backup; keep the damaged one for analysis.")
    })
}

/// A row of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Kept {
    /// The event of its signing.
    pub(crate) seq: u64,
    pub(crate) stale_from: Option<Timestamp>,
    /// Whether it was signed for all.
    pub(crate) is_published: bool,
    /// Whether an answer refers to it.
    pub(crate) is_enclosed: bool,
    /// Of its token, in hex.
    pub(crate) sha256: String,
}

/// Every edition that is kept, by URI and sequence.
pub(crate) fn kept(connection: &Connection) -> Result<BTreeMap<(String, u64), Kept>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_ALL).or_fault()?;
    let read = |row: &Row<'_>| {
        let (Int(sequence), Int(seq), stale_from) = (row.get(1)?, row.get(2)?, row.get::<_, Option<At>>(3)?);
        let sha256 = hex(&Sha256::digest(row.get_ref(5)?.as_bytes()?));
        let stale_from = stale_from.map(|At(at)| at);
        let (is_enclosed, is_published) = (row.get(4)?, row.get(6)?);
        Ok(((row.get(0)?, sequence), Kept { seq, stale_from, is_published, is_enclosed, sha256 }))
    };
    statement.query_map((), read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
}

/// Of each list whether an entry says anything else than in the newest edition, and whether that is kept.
pub(crate) fn changed(connection: &Connection) -> Result<BTreeMap<String, (bool, bool)>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_CHANGED).or_fault()?;
    let found = statement.query_map((), |row| Ok((row.get(0)?, (row.get(1)?, row.get(2)?)))).or_fault()?;
    found.collect::<rusqlite::Result<_>>().or_fault()
}
