//! What is erased with a customer, in whichever table it stands.

use lictor_shared::{Text, Uuid};
use rusqlite::Connection;

use super::fault::OrFault;
use super::value::Word;
use super::{Ledger, answers, customers, licenses, requests, usage};
use crate::check::erased::ERASED;
use crate::error::Failure;

pub(super) const SELECT_LICENSES: &str = "SELECT id FROM license WHERE customer_id = ?1";
pub(super) const SELECT_LEFT: &str = "SELECT EXISTS (SELECT 1 FROM license WHERE customer_id = ?1)";
pub(super) const SELECT_REQUESTS: &str = "SELECT DISTINCT json_extract(CAST(leaf AS TEXT), '$.body.requestId') FROM event \
     WHERE license_id = ?1 AND json_extract(CAST(leaf AS TEXT), '$.body.requestId') IS NOT NULL";
/// Requests are also answered with what other requests led to, as when one of several files was answered before.
const SELECT_ANSWERED: &str = "SELECT id FROM request WHERE instr(answer, ?1) > 0";
pub(super) const SELECT_UNERASED: &str = "SELECT answer <> '' FROM request WHERE id = ?1";
pub(super) const DELETE_PERSONAL: &str =
    "DELETE FROM personal WHERE seq IN (SELECT seq FROM event WHERE license_id = ?1)";
pub(super) const SELECT_KEPT: &str = "SELECT \
     EXISTS (SELECT 1 FROM personal WHERE seq IN (SELECT seq FROM event WHERE license_id = ?1)) \
     OR EXISTS (SELECT 1 FROM revision WHERE license_id = ?1 AND token <> '') \
     OR EXISTS (SELECT 1 FROM usage_report WHERE license_id = ?1 AND token <> '') \
     OR EXISTS (SELECT 1 FROM deployment WHERE license_id = ?1 AND label <> ?2) \
     OR EXISTS (SELECT 1 FROM seat_answer WHERE seq IN (SELECT seq FROM event WHERE license_id = ?1) AND token <> '')";
pub(super) const UPDATE_LABELS: &str =
    "UPDATE deployment SET label = ?2 WHERE license_id = ?1 AND label <> ?2";
const INSERT_NOBODY: &str = "INSERT INTO customer (id, name) VALUES (?1, ?2)";
const DELETE_CUSTOMER: &str = "DELETE FROM customer WHERE id = ?1";
/// Writes the file anew without what was deleted, also from before it was overwritten at once.
const REWRITE: &str = "VACUUM";

/// How much was erased.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) texts: u64,
    pub(crate) labels: u64,
    pub(crate) tokens: u64,
    pub(crate) answers: u64,
    pub(crate) reports: u64,
    pub(crate) requests: u64,
}

/// The licenses of a customer.
pub(crate) fn licenses_of(connection: &Connection, customer: &Text) -> Result<Vec<Uuid>, Failure> {
    let mut statement = connection.prepare(SELECT_LICENSES).or_fault()?;
    let ids = statement.query_map([customer.as_str()], |row| row.get(0).map(|Word(id)| id)).or_fault()?;
    let mut ids: Vec<Uuid> = ids.collect::<rusqlite::Result<_>>().or_fault()?;
    ids.sort_unstable();
    Ok(ids)
}

/// The requests that led to events of these licenses, or of which the answer names one, and of which that is still there.
pub(crate) fn requests_of(connection: &Connection, licenses: &[Uuid]) -> Result<Vec<String>, Failure> {
    let mut found = std::collections::BTreeSet::new();
    for statement in [SELECT_REQUESTS, SELECT_ANSWERED] {
        let mut statement = connection.prepare(statement).or_fault()?;
        for license in licenses {
            let ids = statement.query_map([Word(license)], |row| row.get::<_, String>(0)).or_fault()?;
            for id in ids {
                found.insert(id.or_fault()?);
            }
        }
    }
    let mut unerased = connection.prepare(SELECT_UNERASED).or_fault()?;
    let mut left = Vec::new();
    for id in found {
        if unerased.query_row([&id], |row| row.get(0)).or_fault()? {
            left.push(id);
        }
    }
    Ok(left)
}

/// Whether anything of a license is there that [`erase`] takes away, requests aside.
pub(crate) fn is_kept(connection: &Connection, license: Uuid) -> Result<bool, Failure> {
    connection.query_row(SELECT_KEPT, (Word(license), ERASED), |row| row.get(0)).or_fault()
}

/// Erases what shows whose these licenses are, and how their deployments are called: from here on they are `nobody`'s.
pub(crate) fn erase(
    connection: &Connection,
    (licenses, requests): (&[Uuid], &[String]),
    nobody: &Text,
) -> Result<Counts, Failure> {
    let count = |changed: usize| u64::try_from(changed).unwrap_or(u64::MAX);
    let mut counts = Counts::default();
    if customers::name(connection, nobody)?.is_none() {
        connection.execute(INSERT_NOBODY, [nobody.as_str(), ERASED]).or_fault()?;
    }
    for license in licenses {
        counts.texts += count(connection.execute(DELETE_PERSONAL, [Word(license)]).or_fault()?);
        counts.labels += count(connection.execute(UPDATE_LABELS, (Word(license), ERASED)).or_fault()?);
        counts.answers += count(answers::erase(connection, *license)?);
        counts.reports += count(usage::erase(connection, *license)?);
        counts.tokens += count(licenses::erase(connection, *license, nobody)?);
    }
    for id in requests {
        counts.requests += count(requests::erase(connection, id)?);
    }
    Ok(counts)
}

/// Removes a customer who has no license any more.
pub(crate) fn forget(connection: &Connection, customer: &Text) -> Result<(), Failure> {
    let has_licenses: bool =
        connection.query_row(SELECT_LEFT, [customer.as_str()], |row| row.get(0)).or_fault()?;
    if !has_licenses {
        connection.execute(DELETE_CUSTOMER, [customer.as_str()]).or_fault()?;
    }
    Ok(())
}

impl Ledger {
    /// After an erasure: no byte of what was deleted is left in the file, nor in the log beside it.
    pub(crate) fn sweep_up(&self) -> Result<(), Failure> {
        self.connection.execute_batch(REWRITE).or_fault()?;
        self.drain()
    }
}
