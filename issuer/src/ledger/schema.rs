//! The tables, and how a ledger of an earlier version becomes one of this version.

use rusqlite::Connection;
use std::collections::BTreeMap;

use super::fault::OrFault;
use super::log;
use crate::error::{Failure, FailureKind};

/// `application_id` of the file: "Lict". Tells a ledger from any other SQLite database.
pub(crate) const APPLICATION: i32 = 0x4C69_6374;

/// The version that this program writes.
pub(crate) const VERSION: usize = MIGRATIONS.len();

/// Step n leads from version n to version n + 1. A step that has been released is never changed.
const MIGRATIONS: [&str; 8] = [
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
    include_str!("schema/7.sql"),
    include_str!("schema/8.sql"),
];

/// Brings the tables from their version to this program's. Runs in the caller's transaction: a crash half-way leaves
/// the old version.
pub(crate) fn migrate(connection: &Connection) -> Result<(), Failure> {
    let found = version(connection)?;
    for step in MIGRATIONS.iter().skip(found) {
        connection.execute_batch(step).or_fault()?;
    }
    // Events from before version 5 are no leaves of the tree yet.
    log::catch_up(connection)?;
    let written = i64::try_from(VERSION).unwrap_or_default();
    connection.pragma_update(None, "user_version", written).or_fault()
}

const SELECT_SCHEMA: &str = "SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL";

/// The first table, index or trigger that is not as the migrations make it, if any: a trigger that is gone guards nothing.
pub(crate) fn difference(connection: &Connection) -> Result<Option<String>, Failure> {
    let made = Connection::open_in_memory().or_fault()?;
    migrate(&made)?;
    let (made, found) = (objects(&made)?, objects(connection)?);
    let differs = |name: &&String| made.get(*name) != found.get(*name);
    let first = made.keys().chain(found.keys()).filter(differs).min();
    Ok(first.map(|name| match (made.contains_key(name), found.contains_key(name)) {
        (true, false) => format!("the {name} is missing"),
        (false, _) => format!("the {name} is none that this program makes"),
        _ => format!("the {name} is not as this program makes it"),
    }))
}

fn objects(connection: &Connection) -> Result<BTreeMap<String, String>, Failure> {
    let mut statement = connection.prepare(SELECT_SCHEMA).or_fault()?;
    let objects = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).or_fault()?;
    objects.collect::<rusqlite::Result<_>>().or_fault()
}

/// The version of the tables; 0 if there are none yet.
pub(crate) fn version(connection: &Connection) -> Result<usize, Failure> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).or_fault()?;
    usize::try_from(found).ok().filter(|found| *found <= VERSION).ok_or_else(|| newer(found))
}

fn newer(found: i64) -> Failure {
    Failure::new(
        FailureKind::CannotRead,
        format!("The ledger has version {found}, and this program knows versions up to {VERSION}."),
    )
    .hint("Use the newer program that last wrote it. This one leaves it as it is.")
    .with("version", u64::try_from(found).ok())
    .with("known", u64::try_from(VERSION).ok())
}
