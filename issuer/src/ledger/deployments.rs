//! The table `deployment`: every deployment that ever held a seat of a license.

use lictor_shared::{Text, Thumbprint, Timestamp, Uuid};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::activations::{Holder, read_holder};
use super::fault::OrFault;
use super::value::{At, Int, Word};
use crate::activation::{DeploymentRecord, SeatState};
use crate::error::Failure;

const UPSERT: &str = "INSERT INTO deployment \
    (license_id, id, label, state, first_seen, last_seen, counter, lease_end, lost_answers, forks) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10) ON CONFLICT (license_id, id) DO UPDATE SET \
    label = excluded.label, state = excluded.state, last_seen = excluded.last_seen, counter = excluded.counter, \
    lease_end = excluded.lease_end, lost_answers = excluded.lost_answers, forks = excluded.forks";

macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT deployment.license_id, deployment.id, deployment.label, deployment.state, \
             deployment.first_seen, deployment.last_seen, deployment.counter, deployment.lease_end, \
             deployment.lost_answers, deployment.forks, seat.number FROM deployment \
             LEFT JOIN seat ON seat.license_id = deployment.license_id AND seat.deployment = deployment.id ",
            $rest
        )
    };
}
pub(super) const SELECT_ONE: &str = select!("WHERE deployment.license_id = ?1 AND deployment.id = ?2");
pub(super) const SELECT_ENDED: &str = select!(
    "WHERE deployment.license_id = ?1 AND deployment.state = 'active' AND deployment.lease_end IS NOT NULL \
     AND deployment.lease_end <= ?2 ORDER BY deployment.lease_end"
);
pub(super) const SELECT_PAGE: &str = select!(
    "WHERE (deployment.license_id, deployment.id) > (?1, ?2) ORDER BY deployment.license_id, deployment.id LIMIT ?3"
);
pub(super) const SELECT_PAGE_OF_LICENSE: &str = select!(
    "WHERE deployment.license_id = ?1 AND deployment.id > ?2 ORDER BY deployment.license_id, deployment.id LIMIT ?3"
);
pub(super) const SELECT_PAGE_OF_CUSTOMER: &str = select!(
    "WHERE deployment.license_id IN (SELECT id FROM license WHERE customer_id = ?1) \
     AND (deployment.license_id, deployment.id) > (?2, ?3) ORDER BY deployment.license_id, deployment.id LIMIT ?4"
);
pub(super) const SELECT_FROM: &str =
    "SELECT license_id, id FROM deployment WHERE id >= ?1 AND id < ?2 ORDER BY id, license_id LIMIT ?3";

/// Writes what is known of a deployment now; when it was first seen stays as it is.
pub(crate) fn write(connection: &Connection, deployment: &DeploymentRecord) -> Result<(), Failure> {
    let row = rusqlite::params![
        Word(deployment.license),
        Word(deployment.id),
        deployment.label.as_str(),
        deployment.state.as_str(),
        At(deployment.first_seen),
        At(deployment.last_seen),
        Int(deployment.counter),
        deployment.lease_end.map(At),
        Int(deployment.lost_answers),
        Int(deployment.forks),
    ];
    connection.prepare_cached(UPSERT).or_fault()?.execute(row).or_fault()?;
    Ok(())
}

pub(crate) fn find(
    connection: &Connection,
    license: Uuid,
    id: Thumbprint,
) -> Result<Option<DeploymentRecord>, Failure> {
    connection
        .prepare_cached(SELECT_ONE)
        .or_fault()?
        .query_row((Word(license), Word(id)), read)
        .optional()
        .or_fault()
}

/// Those that hold a seat of the license and whose last lease has ended at an instant, the first first.
pub(crate) fn ended(
    connection: &Connection,
    license: Uuid,
    at: Timestamp,
) -> Result<Vec<DeploymentRecord>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_ENDED).or_fault()?;
    let found = statement.query_map((Word(license), At(at)), read).or_fault()?;
    found.collect::<rusqlite::Result<_>>().or_fault()
}

/// Deployments behind the one of a license, in the order of licenses and ids.
pub(crate) fn page(
    connection: &Connection,
    after: Option<Holder>,
    size: u32,
) -> Result<Vec<DeploymentRecord>, Failure> {
    let (license, id) = after.map(|(license, id)| (license.to_string(), id.to_string())).unwrap_or_default();
    let mut statement = connection.prepare_cached(SELECT_PAGE).or_fault()?;
    let found = statement.query_map((license, id, size), read).or_fault()?;
    found.collect::<rusqlite::Result<_>>().or_fault()
}

/// The same of one license.
pub(crate) fn page_of(
    connection: &Connection,
    license: Uuid,
    after: Option<Thumbprint>,
    size: u32,
) -> Result<Vec<DeploymentRecord>, Failure> {
    let after = after.map(|id| id.to_string()).unwrap_or_default();
    let mut statement = connection.prepare_cached(SELECT_PAGE_OF_LICENSE).or_fault()?;
    let found = statement.query_map((Word(license), after, size), read).or_fault()?;
    found.collect::<rusqlite::Result<_>>().or_fault()
}

/// The same of the licenses of one customer.
pub(crate) fn page_of_customer(
    connection: &Connection,
    customer: &Text,
    after: Option<Holder>,
    size: u32,
) -> Result<Vec<DeploymentRecord>, Failure> {
    let (license, id) = after.map(|(license, id)| (license.to_string(), id.to_string())).unwrap_or_default();
    let mut statement = connection.prepare_cached(SELECT_PAGE_OF_CUSTOMER).or_fault()?;
    let found = statement.query_map((customer.as_str(), license, id, size), read).or_fault()?;
    found.collect::<rusqlite::Result<_>>().or_fault()
}

/// Those whose id begins so, `most` at most.
pub(crate) fn holders_from(
    connection: &Connection,
    beginning: &str,
    most: u32,
) -> Result<Vec<Holder>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_FROM).or_fault()?;
    // `{` follows the last character of base64url.
    let found = statement.query_map((beginning, format!("{beginning}{{"), most), read_holder).or_fault()?;
    found.collect::<rusqlite::Result<_>>().or_fault()
}

fn read(row: &Row<'_>) -> rusqlite::Result<DeploymentRecord> {
    let (word, Word(label)): (String, Word<Text>) = (row.get(3)?, row.get(2)?);
    let state = SeatState::from_word(&word).ok_or_else(|| {
        let error = FromSqlError::Other(format!("{word:?} is no state").into());
        rusqlite::Error::FromSqlConversionFailure(3, rusqlite::types::Type::Text, Box::new(error))
    })?;
    Ok(DeploymentRecord {
        license: row.get::<_, Word<_>>(0)?.0,
        id: row.get::<_, Word<_>>(1)?.0,
        label,
        state,
        first_seen: row.get::<_, At>(4)?.0,
        last_seen: row.get::<_, At>(5)?.0,
        counter: row.get::<_, Int>(6)?.0,
        lease_end: row.get::<_, Option<At>>(7)?.map(|At(at)| at),
        lost_answers: row.get::<_, Int>(8)?.0,
        forks: row.get::<_, Int>(9)?.0,
        seat: row.get::<_, Option<Int>>(10)?.map(|Int(seat)| seat),
    })
}
