//! The table `usage_report`: what deployments reported of their use.

use lictor_shared::Uuid;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::fault::OrFault;
use super::value::{At, Int, Texts, Word};
use crate::audit::UsageRecord;
use crate::error::Failure;

const INSERT: &str = "INSERT INTO usage_report \
    (sha256, seq, license_id, deployment, report, sequence, previous, from_at, to_at, anomalies, token) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT sha256, seq, license_id, deployment, report, sequence, previous, from_at, to_at, anomalies, token \
             FROM usage_report ",
            $rest
        )
    };
}
pub(super) const SELECT_ONE: &str = select!("WHERE sha256 = ?1");
pub(super) const SELECT_OF_LICENSE: &str = select!("WHERE license_id = ?1 ORDER BY deployment, seq");
const ERASE: &str = "UPDATE usage_report SET token = '' WHERE license_id = ?1 AND token <> ''";
const COUNT: &str = "SELECT COUNT(*), COALESCE(SUM(anomalies <> '[]'), 0) FROM usage_report";
const SELECT_ALL: &str = select!("ORDER BY license_id, deployment, seq");

pub(crate) fn insert(connection: &Connection, record: &UsageRecord) -> Result<(), Failure> {
    let row = rusqlite::params![
        record.sha256,
        Int(record.seq),
        Word(record.license),
        Word(record.deployment),
        Word(record.report),
        Int(record.sequence),
        record.previous,
        At(record.from),
        At(record.to),
        Texts(record.anomalies.clone()),
        record.token,
    ];
    connection.execute(INSERT, row).or_fault()?;
    Ok(())
}

/// Takes away what the reports of a license said beyond what their events say, and gives how many there were.
pub(crate) fn erase(connection: &Connection, license: Uuid) -> Result<usize, Failure> {
    connection.execute(ERASE, [Word(license)]).or_fault()
}

/// How many reports were brought, and in how many of them something was odd.
pub(crate) fn count(connection: &Connection) -> Result<(u64, u64), Failure> {
    let read = |row: &Row<'_>| Ok((row.get::<_, Int>(0)?.0, row.get::<_, Int>(1)?.0));
    connection.query_row(COUNT, (), read).or_fault()
}

/// The report with this hash.
pub(crate) fn find(connection: &Connection, sha256: &str) -> Result<Option<UsageRecord>, Failure> {
    connection.query_row(SELECT_ONE, [sha256], read).optional().or_fault()
}

/// Every report, or those of one license, by license and deployment in the order in which they were brought.
pub(crate) fn all(connection: &Connection, license: Option<Uuid>) -> Result<Vec<UsageRecord>, Failure> {
    let statement = if license.is_some() { SELECT_OF_LICENSE } else { SELECT_ALL };
    let mut statement = connection.prepare(statement).or_fault()?;
    let of = license.map(Word);
    let found = statement.query_map(rusqlite::params_from_iter(of), read).or_fault()?;
    found.collect::<rusqlite::Result<_>>().or_fault()
}

fn read(row: &Row<'_>) -> rusqlite::Result<UsageRecord> {
    Ok(UsageRecord {
        sha256: row.get(0)?,
        seq: row.get::<_, Int>(1)?.0,
        license: row.get::<_, Word<_>>(2)?.0,
        deployment: row.get::<_, Word<_>>(3)?.0,
        report: row.get::<_, Word<_>>(4)?.0,
        sequence: row.get::<_, Int>(5)?.0,
        previous: row.get(6)?,
        from: row.get::<_, At>(7)?.0,
        to: row.get::<_, At>(8)?.0,
        anomalies: row.get::<_, Texts<_>>(9)?.0,
        token: row.get(10)?,
    })
}
