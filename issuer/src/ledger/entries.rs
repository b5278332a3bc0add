//! The tables `status_list` and `status_entry`: which index was handed out, and what the list says of it.

use lictor_shared::{Seconds, Status, Timestamp, Uri, limits};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::fault::{OrFault, RESTORE};
use super::value::{At, Int, Word, with_rows};
use crate::error::{Failure, FailureKind};

const INSERT_LIST: &str = "INSERT INTO status_list (uri) VALUES (?1) ON CONFLICT (uri) DO NOTHING";
pub(super) const SELECT_LIST: &str = "SELECT id, sequence, entries FROM status_list WHERE uri = ?1";
pub(super) const SELECT_URIS: &str = "SELECT uri FROM status_list ORDER BY id";
const UPDATE_SEQUENCE: &str = "UPDATE status_list SET sequence = ?2, published_at = ?3 WHERE id = ?1";
pub(super) const SELECT_SEQUENCES: &str = "SELECT uri, sequence FROM status_list ORDER BY uri";
const SELECT_RECORDS: &str = "SELECT uri, entries FROM status_list ORDER BY id";

const INSERT: &str = "INSERT INTO status_entry (list, idx, grace)";
pub(super) const SELECT_TAKEN: &str = "SELECT 1 FROM status_entry WHERE list = ?1 AND idx = ?2";
pub(super) const SELECT_FREE_AFTER: &str = "SELECT taken.idx + 1 FROM status_entry AS taken \
    WHERE taken.list = ?1 AND taken.idx >= ?2 AND taken.idx < ?3 AND NOT EXISTS \
    (SELECT 1 FROM status_entry AS next WHERE next.list = taken.list AND next.idx = taken.idx + 1) \
    ORDER BY taken.idx LIMIT 1";
const UPDATE: &str = "UPDATE status_entry SET status = ?3, \
    since = CASE ?3 WHEN 0 THEN NULL ELSE COALESCE(since, ?4) END WHERE list = ?1 AND idx = ?2";
pub(super) const SELECT_NOT_VALID: &str =
    "SELECT idx, status, since, grace FROM status_entry WHERE list = ?1 AND status <> 0 ORDER BY idx";

pub(super) const SELECT_COME: &str = "SELECT 1 FROM status_entry \
    WHERE list = ?1 AND status <> 0 AND since > ?2 AND since <= ?3 LIMIT 1";

/// Random indices that are tried before a free one is looked for.
const DRAWS: usize = 64;

/// The instant of an entry that leaves VALID later than it is now.
const UPDATE_SINCE: &str = "UPDATE status_entry SET since = ?3 WHERE list = ?1 AND idx = ?2 AND since > ?3";

/// A list in the ledger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct List {
    pub(crate) id: i64,
    /// That of the last list signed, 0 before the first.
    pub(crate) sequence: u64,
    /// Indices that were handed out.
    pub(crate) entries: u64,
}

/// What there is to know of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ListRecord {
    pub(crate) uri: Uri,
    /// Indices that were handed out.
    pub(crate) entries: u64,
}

/// An entry that is not valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exception {
    pub(crate) index: u32,
    pub(crate) status: Status,
    pub(crate) since: Timestamp,
    pub(crate) grace: Seconds,
}

/// The list with this URI, opened if it is not there yet.
pub(crate) fn list(connection: &Connection, uri: &Uri) -> Result<List, Failure> {
    if let Some(list) = find(connection, uri)? {
        return Ok(list);
    }
    connection.prepare_cached(INSERT_LIST).or_fault()?.execute([uri.as_str()]).or_fault()?;
    find(connection, uri)?
        .ok_or_else(|| Failure::new(FailureKind::Unexpected, "A list just opened is not there."))
}

/// The list with this URI.
pub(crate) fn find(connection: &Connection, uri: &Uri) -> Result<Option<List>, Failure> {
    let read = |row: &Row<'_>| {
        let (Int(sequence), Int(entries)) = (row.get(1)?, row.get(2)?);
        Ok(List { id: row.get(0)?, sequence, entries })
    };
    let mut statement = connection.prepare_cached(SELECT_LIST).or_fault()?;
    statement.query_row([uri.as_str()], read).optional().or_fault()
}

/// Every list, in the order in which they were opened.
pub(crate) fn uris(connection: &Connection) -> Result<Vec<Uri>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_URIS).or_fault()?;
    let uris = statement.query_map((), |row| row.get(0).map(|Word(uri)| uri)).or_fault()?;
    uris.collect::<rusqlite::Result<_>>().or_fault()
}

/// Every list, in the order in which they were opened.
pub(crate) fn records(connection: &Connection) -> Result<Vec<ListRecord>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_RECORDS).or_fault()?;
    let read = |row: &Row<'_>| {
        let (Word(uri), Int(entries)) = (row.get(0)?, row.get(1)?);
        Ok(ListRecord { uri, entries })
    };
    statement.query_map((), read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
}

/// Every list's URI and sequence, by URI.
pub(crate) fn sequences(connection: &Connection) -> Result<Vec<(String, u64)>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_SEQUENCES).or_fault()?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Int>(1)?.0));
    statement.query_map((), read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
}

pub(crate) fn published(
    connection: &Connection,
    list: List,
    sequence: u64,
    at: Timestamp,
) -> Result<(), Failure> {
    connection
        .prepare_cached(UPDATE_SEQUENCE)
        .or_fault()?
        .execute((list.id, Int(sequence), At(at)))
        .or_fault()?;
    Ok(())
}

/// Hands out indices of the list that were never handed out before, one for each of the graces: those that `draw` gives, else the
/// next free one behind the last that it gave.
pub(crate) fn hand_out(
    connection: &Connection,
    list: List,
    graces: &[Seconds],
    mut draw: impl FnMut() -> Result<u32, Failure>,
) -> Result<Vec<u32>, Failure> {
    let (mut indices, mut inserted) = (Vec::with_capacity(graces.len()), 0);
    for _ in graces {
        let index = match drawn(connection, list, &indices, &mut draw)? {
            Ok(free) => free,
            Err(taken) => {
                insert(connection, list, indices.iter().zip(graces).skip(inserted))?;
                inserted = indices.len();
                free_behind(connection, list, taken)?
            }
        };
        indices.push(index);
    }
    insert(connection, list, indices.iter().zip(graces).skip(inserted))?;
    Ok(indices)
}

/// A free index that was drawn, else the last one drawn. `others` are taken as well.
fn drawn(
    connection: &Connection,
    list: List,
    others: &[u32],
    mut draw: impl FnMut() -> Result<u32, Failure>,
) -> Result<Result<u32, u32>, Failure> {
    let mut index = draw()?;
    for _ in 1..DRAWS {
        if !others.contains(&index) && is_free(connection, list, index)? {
            return Ok(Ok(index));
        }
        index = draw()?;
    }
    let free = !others.contains(&index) && is_free(connection, list, index)?;
    Ok(if free { Ok(index) } else { Err(index) })
}

fn insert<'i>(
    connection: &Connection,
    list: List,
    entries: impl Iterator<Item = (&'i u32, &'i Seconds)>,
) -> Result<(), Failure> {
    let entries: Vec<_> = entries.collect();
    if entries.is_empty() {
        return Ok(());
    }
    let mut statement =
        connection.prepare_cached(&with_rows(INSERT, "(?, ?, ?)", entries.len())).or_fault()?;
    for (number, (index, grace)) in entries.into_iter().enumerate() {
        let first = number * 3;
        statement.raw_bind_parameter(first + 1, list.id).or_fault()?;
        statement.raw_bind_parameter(first + 2, index).or_fault()?;
        statement.raw_bind_parameter(first + 3, Int(grace.get())).or_fault()?;
    }
    statement.raw_execute().or_fault()?;
    Ok(())
}

/// Takes an index that was handed out elsewhere, if it is free here; whether it was.
pub(crate) fn take(connection: &Connection, list: List, index: u32, grace: Seconds) -> Result<bool, Failure> {
    let free = is_free(connection, list, index)?;
    if free {
        insert(connection, list, [(&index, &grace)].into_iter())?;
    }
    Ok(free)
}

fn is_free(connection: &Connection, list: List, index: u32) -> Result<bool, Failure> {
    let mut statement = connection.prepare_cached(SELECT_TAKEN).or_fault()?;
    let taken = statement.query_row((list.id, index), |_| Ok(())).optional().or_fault()?;
    Ok(taken.is_none())
}

/// The first free index behind `taken`, going on from the start at the end.
fn free_behind(connection: &Connection, list: List, taken: u32) -> Result<u32, Failure> {
    let last = limits::STATUS_ENTRIES - 1;
    let find = |from: u32| {
        let row = connection
            .prepare_cached(SELECT_FREE_AFTER)
            .or_fault()?
            .query_row((list.id, from, last), |row| row.get(0));
        row.optional().or_fault()
    };
    if let Some(index) = find(taken)? {
        return Ok(index);
    }
    if is_free(connection, list, 0)? {
        return Ok(0);
    }
    find(0)?.ok_or_else(|| {
        // A further one is opened long before.
        let all = limits::STATUS_ENTRIES;
        let message = format!(
            "The ledger is damaged: list {} counts {} entries, and all its {all} indices are handed out.",
            list.id, list.entries
        );
        Failure::new(FailureKind::Ledger, message).hint(RESTORE)
    })
}

/// Lets an entry that is to leave VALID do so earlier.
pub(crate) fn bring_forward(
    connection: &Connection,
    list: i64,
    index: u32,
    since: Timestamp,
) -> Result<(), Failure> {
    connection.prepare_cached(UPDATE_SINCE).or_fault()?.execute((list, index, At(since))).or_fault()?;
    Ok(())
}

/// Sets what the list says of an entry. For [`Status::Valid`] there is no `since`; an entry that has left it already
/// keeps the one that it has.
pub(crate) fn set(
    connection: &Connection,
    list: i64,
    index: u32,
    status: Status,
    since: Timestamp,
) -> Result<(), Failure> {
    let changed = connection
        .prepare_cached(UPDATE)
        .or_fault()?
        .execute((list, index, number(status), At(since)))
        .or_fault()?;
    if changed == 1 {
        return Ok(());
    }
    let message = format!("The ledger is damaged: the index {index} of list {list} was never handed out.");
    Err(Failure::new(FailureKind::Ledger, message))
}

/// Every entry of the list that is not valid, in order.
pub(crate) fn exceptions(connection: &Connection, list: List) -> Result<Vec<Exception>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_NOT_VALID).or_fault()?;
    let read = |row: &Row<'_>| {
        Ok(Exception {
            index: row.get(0)?,
            status: status(row.get(1)?),
            since: row.get::<_, At>(2)?.0,
            grace: Seconds::new(row.get::<_, Int>(3)?.0).unwrap_or(Seconds::ZERO),
        })
    };
    statement.query_map([list.id], read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
}

/// Whether an instant has come at which an entry of the list leaves VALID, `after` one and up to `at`.
pub(crate) fn has_come(
    connection: &Connection,
    list: i64,
    after: Timestamp,
    at: Timestamp,
) -> Result<bool, Failure> {
    let found = connection
        .prepare_cached(SELECT_COME)
        .or_fault()?
        .query_row((list, At(after), At(at)), |_| Ok(()))
        .optional();
    found.or_fault().map(|found| found.is_some())
}

/// The number in the table and on the list.
pub(super) const fn number(status: Status) -> u8 {
    match status {
        Status::Valid => 0,
        Status::Revoked => 1,
        Status::Suspended => 2,
    }
}

/// The word for it in events and exports.
pub(crate) const fn word(status: Status) -> &'static str {
    match status {
        Status::Valid => "valid",
        Status::Revoked => "revoked",
        Status::Suspended => "suspended",
    }
}

/// What a number stands for; the table holds no others than these three.
pub(crate) const fn status(number: u8) -> Status {
    match number {
        0 => Status::Valid,
        2 => Status::Suspended,
        _ => Status::Revoked,
    }
}
