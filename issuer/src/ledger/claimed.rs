//! Names that rows of a file claim, each once: a table that lives as long as the change, on disk if it must.

use rusqlite::{Connection, OptionalExtension as _};

use super::fault::OrFault;
use super::value::Int;
use crate::error::{Failure, invalid};

/// Files are named by them, and not every file system tells capital letters from small ones.
const CREATE: &str = "CREATE TEMP TABLE claimed (name TEXT PRIMARY KEY COLLATE NOCASE, line INTEGER NOT NULL) STRICT, WITHOUT ROWID";
const INSERT: &str = "INSERT INTO temp.claimed (name, line) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
const SELECT: &str = "SELECT name, line FROM temp.claimed WHERE name = ?1";

/// Opens the table; it goes with the change.
pub(crate) fn open(connection: &Connection) -> Result<(), Failure> {
    connection.execute_batch(CREATE).or_fault()
}

/// Claims a request id for a line.
///
/// # Errors
/// [`FailureKind::Validation`](crate::FailureKind::Validation) if another line has it.
pub(crate) fn claim(connection: &Connection, name: &str, line: u64) -> Result<(), Failure> {
    let claimed = connection.prepare_cached(INSERT).or_fault()?.execute((name, Int(line))).or_fault()?;
    if claimed == 1 {
        return Ok(());
    }
    let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, Int>(1)?.0));
    let other = connection.query_row(SELECT, [name], read).optional().or_fault()?;
    let message = match other {
        Some((same, line)) if same == name => format!("{name:?} stands in line {line} already"),
        Some((same, line)) => {
            format!("{name:?} differs from {same:?} in line {line} in capital letters alone")
        }
        None => format!("{name:?} stands twice"),
    };
    Err(invalid("request_id", message))
}
