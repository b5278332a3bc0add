//! Names that rows of a file claim, each once: tables that live as long as the change, on disk if they must.

use rusqlite::{Connection, OptionalExtension as _};

use super::fault::OrFault;
use super::value::Int;
use crate::error::{Failure, FailureKind, invalid};

/// Files are named by them, and not every file system tells capital letters from small ones.
const CREATE: &str = "CREATE TEMP TABLE claimed (name TEXT PRIMARY KEY COLLATE NOCASE, line INTEGER NOT NULL) STRICT, WITHOUT ROWID";
const CREATE_LICENSE: &str =
    "CREATE TEMP TABLE claimed_license (id TEXT PRIMARY KEY, line INTEGER NOT NULL) STRICT, WITHOUT ROWID";
const INSERT: &str = "INSERT INTO temp.claimed (name, line) VALUES (?1, ?2) ON CONFLICT (name) DO NOTHING";
const SELECT: &str = "SELECT name, line FROM temp.claimed WHERE name = ?1";
const INSERT_LICENSE: &str =
    "INSERT INTO temp.claimed_license (id, line) VALUES (?1, ?2) ON CONFLICT (id) DO NOTHING";
const SELECT_LICENSE: &str = "SELECT line FROM temp.claimed_license WHERE id = ?1";

/// Opens the tables; they go with the change.
pub(crate) fn open(connection: &Connection) -> Result<(), Failure> {
    connection.execute_batch(CREATE).or_fault()?;
    connection.execute_batch(CREATE_LICENSE).or_fault()
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

/// Claims a license for a line.
///
/// # Errors
/// [`FailureKind::Validation`](crate::FailureKind::Validation) if another line has it.
pub(crate) fn claim_license(connection: &Connection, id: &str, line: u64) -> Result<(), Failure> {
    let claimed =
        connection.prepare_cached(INSERT_LICENSE).or_fault()?.execute((id, Int(line))).or_fault()?;
    if claimed == 1 {
        return Ok(());
    }
    let Int(other) = connection.query_row(SELECT_LICENSE, [id], |row| row.get(0)).or_fault()?;
    let message = format!("the license {id} stands in line {other} already; a file names a license once");
    Err(Failure::new(FailureKind::Validation, message).with("license", id))
}
