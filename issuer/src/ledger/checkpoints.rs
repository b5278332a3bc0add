//! The table `checkpoint`: what was signed of the log.

use lictor_shared::Thumbprint;
use rusqlite::{Connection, OptionalExtension as _, Params, Row};

use super::fault::OrFault;
use super::value::{Int, Word};
use crate::audit::{Span, StoredCheckpoint};
use crate::error::Failure;

const INSERT: &str = "INSERT INTO checkpoint (seq, kid, note) VALUES (?1, ?2, ?3)";
pub(super) const SELECT_NEWEST: &str =
    "SELECT seq, kid, note FROM checkpoint WHERE seq = (SELECT MAX(seq) FROM checkpoint)";
pub(super) const SELECT_COVERING: &str =
    "SELECT seq, kid, note FROM checkpoint WHERE seq >= ?1 ORDER BY seq LIMIT 1";
pub(super) const SELECT_BELOW: &str = "SELECT MAX(seq) FROM checkpoint WHERE seq < ?1 AND seq > ?2";
pub(super) const SELECT_SPAN: &str =
    "SELECT MIN(seq), MAX(seq) FROM checkpoint WHERE kid = ?1 AND seq > ?2 AND seq <= ?3";
pub(super) const SELECT_ONE: &str = "SELECT seq, kid, note FROM checkpoint WHERE seq = ?1";

pub(crate) fn insert(connection: &Connection, checkpoint: &StoredCheckpoint) -> Result<(), Failure> {
    let StoredCheckpoint { size, kid, note } = checkpoint;
    connection.execute(INSERT, (Int(*size), Word(kid), note)).or_fault()?;
    Ok(())
}

/// The one that covers most.
pub(crate) fn newest(connection: &Connection) -> Result<Option<StoredCheckpoint>, Failure> {
    select(connection, SELECT_NEWEST, ())
}

/// The first one that covers event number `seq`.
pub(crate) fn covering(connection: &Connection, seq: u64) -> Result<Option<StoredCheckpoint>, Failure> {
    select(connection, SELECT_COVERING, [Int(seq)])
}

/// The one of the first `size` events.
pub(crate) fn of_size(connection: &Connection, size: u64) -> Result<Option<StoredCheckpoint>, Failure> {
    select(connection, SELECT_ONE, [Int(size)])
}

/// The largest size below this one, and above the other, of which there is a checkpoint.
pub(crate) fn below(connection: &Connection, size: u64, above: u64) -> Result<Option<u64>, Failure> {
    let read = |row: &Row<'_>| row.get::<_, Option<Int>>(0).map(|size| size.map(|Int(size)| size));
    connection.query_row(SELECT_BELOW, (Int(size), Int(above)), read).or_fault()
}

/// From which size to which this key signed, of those above `from` and not above `to`.
pub(crate) fn span(
    connection: &Connection,
    kid: &Thumbprint,
    from: u64,
    to: u64,
) -> Result<Option<Span>, Failure> {
    let read = |row: &Row<'_>| {
        let (first, last): (Option<Int>, Option<Int>) = (row.get(0)?, row.get(1)?);
        Ok(first.zip(last).map(|(Int(first), Int(last))| Span { first, last }))
    };
    connection.query_row(SELECT_SPAN, (Word(kid), Int(from), Int(to)), read).or_fault()
}

fn select(
    connection: &Connection,
    statement: &str,
    by: impl Params,
) -> Result<Option<StoredCheckpoint>, Failure> {
    let read = |row: &Row<'_>| {
        let (Int(size), Word(kid)): (Int, Word<Thumbprint>) = (row.get(0)?, row.get(1)?);
        Ok(StoredCheckpoint { size, kid, note: row.get(2)? })
    };
    connection.query_row(statement, by, read).optional().or_fault()
}
