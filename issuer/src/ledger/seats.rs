//! The tables `seat_count` and `seat`: how many seats are taken, and which.

use lictor_shared::{Thumbprint, Uuid};
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::collections::BTreeMap;

use super::fault::OrFault;
use super::value::{Int, Word};
use crate::error::{Failure, FailureKind};

const INSERT_COUNT: &str = "INSERT INTO seat_count (license_id, active, ceiling) VALUES (?1, 0, 0) ON CONFLICT (license_id) DO NOTHING";
const UPDATE_CEILING: &str = "UPDATE seat_count SET ceiling = MAX(active, ?2) WHERE license_id = ?1";
const UPDATE_TAKEN: &str =
    "UPDATE seat_count SET active = active + 1, ceiling = ?2 WHERE license_id = ?1 AND active < ?2";
const UPDATE_TAKEN_OF_ANY: &str =
    "UPDATE seat_count SET active = active + 1, ceiling = NULL WHERE license_id = ?1";
const UPDATE_FREED: &str = "UPDATE seat_count SET active = active - 1 WHERE license_id = ?1";
pub(super) const SELECT_ACTIVE: &str = "SELECT active FROM seat_count WHERE license_id = ?1";
const SELECT_TAKEN: &str = "SELECT COALESCE(SUM(active), 0) FROM seat_count";
const SELECT_COUNTS: &str = "SELECT license_id, active, ceiling FROM seat_count";

pub(super) const SELECT_FREE: &str =
    "SELECT number FROM seat WHERE license_id = ?1 AND deployment IS NULL ORDER BY number LIMIT 1";
pub(super) const SELECT_LAST: &str =
    "SELECT number FROM seat WHERE license_id = ?1 ORDER BY number DESC LIMIT 1";
const UPSERT: &str = "INSERT INTO seat (license_id, number, deployment) VALUES (?1, ?2, ?3) \
    ON CONFLICT (license_id, number) DO UPDATE SET deployment = excluded.deployment";
const UPDATE_EMPTY: &str = "UPDATE seat SET deployment = NULL WHERE license_id = ?1 AND deployment = ?2";
const SELECT_ALL: &str = "SELECT license_id, number, deployment FROM seat";

/// Whether a seat was to be had.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is counted.
    Yes,
    /// All are taken.
    No,
}

/// Counts one seat more, unless `room` of them are taken; `None`: there is always one more.
pub(crate) fn take(connection: &Connection, license: Uuid, room: Option<u64>) -> Result<Taken, Failure> {
    if count(connection, license, room)? == Taken::Yes {
        return Ok(Taken::Yes);
    }
    // It is the first that is asked for, or all are taken.
    connection.prepare_cached(INSERT_COUNT).or_fault()?.execute([Word(license)]).or_fault()?;
    let taken = count(connection, license, room)?;
    if let (Taken::No, Some(room)) = (taken, room) {
        let ceiling = (Word(license), Int(room));
        connection.prepare_cached(UPDATE_CEILING).or_fault()?.execute(ceiling).or_fault()?;
    }
    Ok(taken)
}

fn count(connection: &Connection, license: Uuid, room: Option<u64>) -> Result<Taken, Failure> {
    let counted = match room {
        Some(room) => {
            let mut statement = connection.prepare_cached(UPDATE_TAKEN).or_fault()?;
            statement.execute((Word(license), Int(room))).or_fault()?
        }
        None => {
            let mut statement = connection.prepare_cached(UPDATE_TAKEN_OF_ANY).or_fault()?;
            statement.execute([Word(license)]).or_fault()?
        }
    };
    Ok(if counted == 1 { Taken::Yes } else { Taken::No })
}

/// How many are taken.
pub(crate) fn active(connection: &Connection, license: Uuid) -> Result<u64, Failure> {
    let active = connection
        .prepare_cached(SELECT_ACTIVE)
        .or_fault()?
        .query_row([Word(license)], |row| row.get(0))
        .optional();
    Ok(active.or_fault()?.map_or(0, |Int(active)| active))
}

/// How many are taken of all licenses together.
pub(crate) fn taken(connection: &Connection) -> Result<u64, Failure> {
    connection
        .prepare_cached(SELECT_TAKEN)
        .or_fault()?
        .query_row((), |row| row.get(0))
        .or_fault()
        .map(|Int(taken)| taken)
}

/// The lowest number that nobody holds.
pub(crate) fn lowest_free(connection: &Connection, license: Uuid) -> Result<u64, Failure> {
    let number = |statement| {
        let number = connection
            .prepare_cached(statement)
            .or_fault()?
            .query_row([Word(license)], |row| row.get(0))
            .optional();
        Ok::<_, Failure>(number.or_fault()?.map(|Int(number)| number))
    };
    match number(SELECT_FREE)? {
        Some(free) => Ok(free),
        None => Ok(number(SELECT_LAST)?.unwrap_or_default() + 1),
    }
}

/// Gives a number that nobody holds to a deployment. The seat is counted already.
pub(crate) fn occupy(
    connection: &Connection,
    license: Uuid,
    number: u64,
    deployment: Thumbprint,
) -> Result<(), Failure> {
    connection
        .prepare_cached(UPSERT)
        .or_fault()?
        .execute((Word(license), Int(number), Word(deployment)))
        .or_fault()?;
    Ok(())
}

/// Frees the seat that a deployment holds, and counts one less.
pub(crate) fn free(connection: &Connection, license: Uuid, deployment: Thumbprint) -> Result<(), Failure> {
    let emptied = connection
        .prepare_cached(UPDATE_EMPTY)
        .or_fault()?
        .execute((Word(license), Word(deployment)))
        .or_fault()?;
    let counted = connection.prepare_cached(UPDATE_FREED).or_fault()?.execute([Word(license)]).or_fault()?;
    if (emptied, counted) == (1, 1) {
        return Ok(());
    }
    let message = format!("The ledger is damaged: no seat of {license} is held by {deployment}.");
    Err(Failure::new(FailureKind::Ledger, message))
}

/// How many seats are taken and the ceiling of them, by license, of those of which one was ever asked for.
pub(crate) type Counts = BTreeMap<String, (u64, Option<u64>)>;

pub(crate) fn counts(connection: &Connection) -> Result<Counts, Failure> {
    let mut statement = connection.prepare_cached(SELECT_COUNTS).or_fault()?;
    let read = |row: &Row<'_>| {
        let (Int(active), ceiling) = (row.get(1)?, row.get::<_, Option<Int>>(2)?);
        Ok((row.get(0)?, (active, ceiling.map(|Int(ceiling)| ceiling))))
    };
    statement.query_map((), read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
}

/// Who holds a seat, if anybody does, by license and number.
pub(crate) type Numbers = BTreeMap<(String, u64), Option<String>>;

pub(crate) fn all(connection: &Connection) -> Result<Numbers, Failure> {
    let mut statement = connection.prepare_cached(SELECT_ALL).or_fault()?;
    let read = |row: &Row<'_>| Ok(((row.get(0)?, row.get::<_, Int>(1)?.0), row.get(2)?));
    statement.query_map((), read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
}
