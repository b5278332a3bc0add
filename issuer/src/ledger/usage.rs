//! The table `usage_report`: what deployments reported of their use.

use core::ops::ControlFlow;
use lictor_shared::{Thumbprint, Uuid};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::fault::OrFault;
use super::narrowed::Narrowed;
use super::value::{At, Int, Texts, Word};
use crate::audit::{UsageRecord, UsageScope};
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
const SELECT_BEHIND: &str = select!("WHERE token <> '' AND (license_id, deployment) > (:after, :behind)");
const IN_ORDER: &str = "ORDER BY license_id, deployment, seq";
const ERASE: &str = "UPDATE usage_report SET token = '' WHERE license_id = ?1 AND token <> ''";
const COUNT: &str = "SELECT COUNT(*) FROM usage_report";

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

/// How many reports were brought.
pub(crate) fn count(connection: &Connection) -> Result<u64, Failure> {
    connection.query_row(COUNT, (), |row| row.get(0)).or_fault().map(|Int(count)| count)
}

/// The report with this hash.
pub(crate) fn find(connection: &Connection, sha256: &str) -> Result<Option<UsageRecord>, Failure> {
    connection.query_row(SELECT_ONE, [sha256], read).optional().or_fault()
}

/// Whether this deployment made the report with this hash under the number before `sequence`, and it was brought.
pub(crate) fn is_there(
    connection: &Connection,
    deployment: Thumbprint,
    (sha256, sequence): (&str, u64),
) -> Result<bool, Failure> {
    let is_meant = |report: UsageRecord| {
        report.deployment == deployment && Some(report.sequence) == sequence.checked_sub(1)
    };
    Ok(find(connection, sha256)?.is_some_and(is_meant))
}

/// Visits the reports that are meant and were not erased, by license and deployment in the order in which they were brought,
/// until all are visited or a visit breaks off or fails.
pub(crate) fn visit(
    connection: &Connection,
    scope: &UsageScope,
    visit: &mut dyn FnMut(UsageRecord) -> Result<ControlFlow<()>, Failure>,
) -> Result<(), Failure> {
    let (license, deployment) =
        scope.after.map(|(license, id)| (license.to_string(), id.to_string())).unwrap_or_default();
    let narrowed = Narrowed::default()
        .with(":after", license)
        .with(":behind", deployment)
        .by("license_id = :license", ":license", scope.license.map(Word))
        .by("report = :report", ":report", scope.report.map(Word));
    let statement = format!("{SELECT_BEHIND} AND {} {IN_ORDER}", narrowed.conditions());
    narrowed.until(connection, &statement, &mut |row| visit(read(row).or_fault()?))
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
