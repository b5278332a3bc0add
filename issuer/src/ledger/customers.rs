//! The table `customer`.

use lictor_shared::Text;
use rusqlite::{Connection, OptionalExtension as _};

use super::fault::OrFault;
use super::value::{Int, Word};
use crate::customer::CustomerRecord;
use crate::error::Failure;

const INSERT: &str = "INSERT INTO customer (id, name) VALUES (?1, ?2)";
const SELECT_NAMES: &str = "SELECT id, name FROM customer";
pub(super) const SELECT_NAME: &str = "SELECT name FROM customer WHERE id = ?1";
pub(super) const SELECT_IDS: &str = "SELECT id FROM customer WHERE name = ?1 ORDER BY id LIMIT 10";

const SELECT_ALL: &str = "SELECT customer.id, customer.name, \
    (SELECT COUNT(*) FROM license WHERE license.customer_id = customer.id) FROM customer ORDER BY customer.id";

pub(super) const SELECT_NEXT: &str = "SELECT id FROM customer WHERE id > ?1 ORDER BY id LIMIT 1";
pub(super) const SELECT_NEXT_CALLED: &str =
    "SELECT id FROM customer WHERE id > ?1 AND (id = ?2 OR name = ?2) ORDER BY id LIMIT 1";

const COUNT: &str = "SELECT COUNT(*) FROM customer";

/// How many customers there are.
pub(crate) fn count(connection: &Connection) -> Result<u64, Failure> {
    connection.query_row(COUNT, (), |row| row.get(0)).or_fault().map(|Int(count)| count)
}

pub(crate) fn insert(connection: &Connection, id: &Text, name: &Text) -> Result<(), Failure> {
    connection.prepare_cached(INSERT).or_fault()?.execute((id.as_str(), name.as_str())).or_fault()?;
    Ok(())
}

/// The name of the customer with this id.
pub(crate) fn name(connection: &Connection, id: &Text) -> Result<Option<Text>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_NAME).or_fault()?;
    let name = statement.query_row([id.as_str()], |row| row.get(0)).optional().or_fault()?;
    Ok(name.map(|Word(name)| name))
}

/// Every customer's id and name.
pub(crate) fn names(connection: &Connection) -> Result<Vec<(String, String)>, Failure> {
    let mut statement = connection.prepare(SELECT_NAMES).or_fault()?;
    let customers = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).or_fault()?;
    customers.collect::<rusqlite::Result<_>>().or_fault()
}

/// The ids of the customers with this name, ten at most.
pub(crate) fn ids(connection: &Connection, name: &Text) -> Result<Vec<Text>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_IDS).or_fault()?;
    let ids = statement.query_map([name.as_str()], |row| row.get(0).map(|Word(id)| id)).or_fault()?;
    ids.collect::<rusqlite::Result<_>>().or_fault()
}

/// The id that follows `after` among those of all customers, or of the customers with this id or exactly this name.
pub(crate) fn next(
    connection: &Connection,
    after: Option<&Text>,
    called: Option<&Text>,
) -> Result<Option<Text>, Failure> {
    let after = after.map(Text::as_str).unwrap_or_default();
    let statement = if called.is_some() { SELECT_NEXT_CALLED } else { SELECT_NEXT };
    let parameters = [Some(after), called.map(Text::as_str)];
    let mut statement = connection.prepare_cached(statement).or_fault()?;
    let given = rusqlite::params_from_iter(parameters.into_iter().flatten());
    let next = statement.query_row(given, |row| row.get(0)).optional().or_fault()?;
    Ok(next.map(|Word(id)| id))
}

/// Visits every customer in the order of the ids, until all are visited or a visit fails.
pub(crate) fn visit(
    connection: &Connection,
    visit: &mut dyn FnMut(CustomerRecord) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(SELECT_ALL).or_fault()?;
    let mut rows = statement.query(()).or_fault()?;
    while let Some(row) = rows.next().or_fault()? {
        let (Word(id), Word(name)) = (row.get(0).or_fault()?, row.get(1).or_fault()?);
        let Int(licenses) = row.get(2).or_fault()?;
        visit(CustomerRecord { id, name, licenses })?;
    }
    Ok(())
}
