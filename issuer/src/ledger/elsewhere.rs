//! The table `activation_elsewhere`: entries of activations that another ledger granted, or this one before it was restored.

use lictor_shared::{Uri, Uuid};
use rusqlite::{Connection, Row};
use std::collections::BTreeMap;

use super::carried::{Entry, read};
use super::entries::{self, List};
use super::fault::OrFault;
use super::value::{Int, Word};
use crate::error::Failure;

const INSERT: &str = "INSERT INTO activation_elsewhere (list, idx, license_id) VALUES (?1, ?2, ?3)";
/// The activations of a license, whoever granted them, each with its entry.
pub(super) const SELECT_OF_LICENSE: &str = "SELECT status_list.uri, status_entry.idx, status_entry.status, \
    status_entry.since, status_entry.grace FROM \
    (SELECT list, idx FROM activation WHERE license_id = ?1 \
     UNION ALL SELECT list, idx FROM activation_elsewhere WHERE license_id = ?1) AS given \
    CROSS JOIN status_entry ON status_entry.list = given.list AND status_entry.idx = given.idx \
    CROSS JOIN status_list ON status_list.id = given.list ORDER BY status_list.uri, status_entry.idx";
const SELECT_GIVEN: &str = "SELECT status_list.uri, given.idx, given.license_id FROM \
    (SELECT list, idx, license_id FROM activation \
     UNION ALL SELECT list, idx, license_id FROM activation_elsewhere) AS given \
    JOIN status_list ON status_list.id = given.list";
const SELECT_ALL: &str = "SELECT status_list.uri, activation_elsewhere.idx, activation_elsewhere.license_id \
    FROM activation_elsewhere JOIN status_list ON status_list.id = activation_elsewhere.list";
const COUNT: &str = "SELECT COUNT(*) FROM activation_elsewhere";

/// The license of an activation, by URI and index of its entry.
pub(crate) type Owners = BTreeMap<(String, u64), String>;

/// Notes that an entry, which is there, is of an activation of this license.
pub(crate) fn insert(connection: &Connection, list: List, index: u32, license: Uuid) -> Result<(), Failure> {
    connection.execute(INSERT, (list.id, index, Word(license))).or_fault()?;
    Ok(())
}

/// Puts an entry there that is of an activation of this license; whether its index was free.
pub(crate) fn take(
    connection: &Connection,
    uri: &Uri,
    entry: &Entry,
    license: Uuid,
) -> Result<bool, Failure> {
    let list = entries::list(connection, uri)?;
    let was_free = entries::take(connection, list, entry.index, entry.grace)?;
    if was_free {
        insert(connection, list, entry.index, license)?;
        if let Some(since) = entry.since {
            entries::set(connection, list.id, entry.index, entry.status, since)?;
        }
    }
    Ok(was_free)
}

/// The entries of all activations of a license, whoever granted them, in the order of lists and indices.
pub(crate) fn of_license(connection: &Connection, license: Uuid) -> Result<Vec<Entry>, Failure> {
    let mut statement = connection.prepare(SELECT_OF_LICENSE).or_fault()?;
    let found = statement.query_map([Word(license)], read).or_fault()?;
    found.collect::<rusqlite::Result<_>>().or_fault()
}

/// Which license each activation is of, whoever granted it, up to the first that cannot be read.
pub(crate) fn given(connection: &Connection, owners: &mut Owners) -> Result<(), Failure> {
    visit(connection, SELECT_GIVEN, owners)
}

/// Which license each activation is of that was granted elsewhere.
pub(crate) fn all(connection: &Connection) -> Result<Owners, Failure> {
    let mut owners = Owners::new();
    visit(connection, SELECT_ALL, &mut owners)?;
    Ok(owners)
}

/// How many activations were granted elsewhere.
pub(crate) fn count(connection: &Connection) -> Result<u64, Failure> {
    connection.query_row(COUNT, (), |row| row.get(0)).or_fault().map(|Int(count)| count)
}

fn visit(connection: &Connection, statement: &str, owners: &mut Owners) -> Result<(), Failure> {
    let mut statement = connection.prepare(statement).or_fault()?;
    let read = |row: &Row<'_>| Ok(((row.get(0)?, row.get::<_, Int>(1)?.0), row.get(2)?));
    for found in statement.query_map((), read).or_fault()? {
        owners.extend([found.or_fault()?]);
    }
    Ok(())
}
