//! What the check reads across tables: how many rows there are, and all that is not as it was first.

use lictor_shared::Timestamp;
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::collections::BTreeMap;

use super::fault::OrFault;
use super::value::{At, Int};
use crate::error::Failure;

const INTEGRITY: &str = "PRAGMA integrity_check(1)";
const QUICK: &str = "PRAGMA quick_check(1)";
const FOREIGN_KEYS: &str = "PRAGMA foreign_key_check";
const COUNT_LICENSES: &str = "SELECT COUNT(*) FROM license";
const COUNT_REVISIONS: &str = "SELECT COUNT(*) FROM revision";
const COUNT_ENTRIES: &str = "SELECT COUNT(*) FROM status_entry";
const COUNT_PRODUCTS: &str = "SELECT COUNT(*) FROM product";
const COUNT_ACTIVATIONS: &str = "SELECT COUNT(*) FROM activation";
const COUNT_ANSWERS: &str = "SELECT COUNT(*) FROM seat_answer";
const COUNT_DEPLOYMENTS: &str = "SELECT COUNT(*) FROM deployment";
const COUNT_CHECKPOINTS: &str = "SELECT COUNT(*) FROM checkpoint";
const COUNT_USAGE: &str = "SELECT COUNT(*) FROM usage_report";
const COUNT_KEYS: &str = "SELECT COUNT(*) FROM signing_key";
const SELECT_NOT_VALID: &str = "SELECT status_list.uri, status_entry.idx, status_entry.status, status_entry.since \
    FROM status_entry JOIN status_list ON status_list.id = status_entry.list WHERE status_entry.status <> 0";
const SELECT_LISTS: &str = "SELECT uri, sequence, published_at, entries FROM status_list";
const SELECT_NOT_ACTIVE: &str = "SELECT id, state, since, reason FROM license WHERE state <> 'active'";

const SELECT_IDS: &str = "SELECT id, uri FROM status_list ORDER BY id";
const SELECT_NO_REASON: &str = "SELECT id FROM license WHERE state = 'active' AND reason IS NOT NULL LIMIT 1";
const SELECT_ISSUER: &str = "SELECT ledger_id, name FROM issuer";

/// The tables whose rows each follow from one event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Table {
    License,
    Revision,
    StatusEntry,
    Product,
    SigningKey,
    Activation,
    Answer,
    Deployment,
    Checkpoint,
    UsageReport,
}

impl Table {
    pub(crate) const ALL: [Self; 10] = [
        Self::License,
        Self::Revision,
        Self::StatusEntry,
        Self::Product,
        Self::SigningKey,
        Self::Activation,
        Self::Answer,
        Self::Deployment,
        Self::Checkpoint,
        Self::UsageReport,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::License => "license",
            Self::Revision => "revision",
            Self::StatusEntry => "status_entry",
            Self::Product => "product",
            Self::SigningKey => "signing_key",
            Self::Activation => "activation",
            Self::Answer => "seat_answer",
            Self::Deployment => "deployment",
            Self::Checkpoint => "checkpoint",
            Self::UsageReport => "usage_report",
        }
    }
}

/// How many rows a table has.
pub(crate) fn count(connection: &Connection, table: Table) -> Result<u64, Failure> {
    let statement = match table {
        Table::License => COUNT_LICENSES,
        Table::Revision => COUNT_REVISIONS,
        Table::StatusEntry => COUNT_ENTRIES,
        Table::Product => COUNT_PRODUCTS,
        Table::SigningKey => COUNT_KEYS,
        Table::Activation => COUNT_ACTIVATIONS,
        Table::Answer => COUNT_ANSWERS,
        Table::Deployment => COUNT_DEPLOYMENTS,
        Table::Checkpoint => COUNT_CHECKPOINTS,
        Table::UsageReport => COUNT_USAGE,
    };
    connection.query_row(statement, (), |row| row.get(0)).or_fault().map(|Int(count)| count)
}

/// What SQLite finds wrong with the file or with references between tables, if anything.
pub(crate) fn structural_damage(connection: &Connection) -> Result<Option<String>, Failure> {
    let found: String = connection.query_row(INTEGRITY, (), |row| row.get(0)).or_fault()?;
    if found != "ok" {
        return Ok(Some(joined(&found)));
    }
    let mut statement = connection.prepare(FOREIGN_KEYS).or_fault()?;
    let mut rows = statement.query(()).or_fault()?;
    let Some(row) = rows.next().or_fault()? else { return Ok(None) };
    let (table, parent): (String, String) = (row.get(0).or_fault()?, row.get(2).or_fault()?);
    Ok(Some(format!("a row of the table {table} refers to a row of {parent} that is not there")))
}

/// What SQLite finds wrong with the file at a quick look, if anything.
pub(crate) fn quick_damage(connection: &Connection) -> Result<Option<String>, Failure> {
    let found: String = connection.query_row(QUICK, (), |row| row.get(0)).or_fault()?;
    Ok((found != "ok").then(|| joined(&found)))
}

/// SQLite's words in one line, without its `*** in database main ***`.
fn joined(found: &str) -> String {
    let lines = found.lines().map(str::trim).filter(|line| !line.is_empty() && !line.starts_with("***"));
    lines.collect::<Vec<_>>().join("; ")
}

/// Status and `since` of every entry that is not valid, by URI and index.
pub(crate) type Statuses = BTreeMap<(String, u64), (u64, Timestamp)>;

pub(crate) fn statuses(connection: &Connection) -> Result<Statuses, Failure> {
    let mut statement = connection.prepare(SELECT_NOT_VALID).or_fault()?;
    let read = |row: &Row<'_>| {
        let (Int(index), Int(status), At(since)) = (row.get(1)?, row.get(2)?, row.get(3)?);
        Ok(((row.get(0)?, index), (status, since)))
    };
    statement.query_map((), read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
}

/// What the table says of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct List {
    /// The last one that was signed; 0 before the first.
    pub(crate) sequence: u64,
    /// When that was.
    pub(crate) published_at: Option<Timestamp>,
    /// Indices that were handed out.
    pub(crate) entries: u64,
}

/// Every list, by URI.
pub(crate) fn lists(connection: &Connection) -> Result<BTreeMap<String, List>, Failure> {
    let mut statement = connection.prepare(SELECT_LISTS).or_fault()?;
    let read = |row: &Row<'_>| {
        let (Int(sequence), published_at, Int(entries)) =
            (row.get(1)?, row.get::<_, Option<At>>(2)?, row.get(3)?);
        let published_at = published_at.map(|At(at)| at);
        Ok((row.get(0)?, List { sequence, published_at, entries }))
    };
    statement.query_map((), read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
}

/// State, `since` and reason of every license that is not active, by id.
pub(crate) type Decisions = BTreeMap<String, (String, Timestamp, Option<String>)>;

pub(crate) fn decisions(connection: &Connection) -> Result<Decisions, Failure> {
    let mut statement = connection.prepare(SELECT_NOT_ACTIVE).or_fault()?;
    let read = |row: &Row<'_>| {
        let At(since) = row.get(2)?;
        Ok((row.get(0)?, (row.get(1)?, since, row.get(3)?)))
    };
    statement.query_map((), read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
}

/// A license that is active and has a reason why not.
pub(crate) fn reason_of_nothing(connection: &Connection) -> Result<Option<String>, Failure> {
    connection.query_row(SELECT_NO_REASON, (), |row| row.get(0)).optional().or_fault()
}

/// Every list by its id.
pub(crate) fn list_ids(connection: &Connection) -> Result<BTreeMap<i64, String>, Failure> {
    let mut statement = connection.prepare(SELECT_IDS).or_fault()?;
    let ids = statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).or_fault()?;
    ids.collect::<rusqlite::Result<_>>().or_fault()
}

/// Whose ledger the table says that it is: its id, and the issuer's name.
pub(crate) fn issuer(connection: &Connection) -> Result<Option<(String, String)>, Failure> {
    let issuer = connection.query_row(SELECT_ISSUER, (), |row| Ok((row.get(0)?, row.get(1)?)));
    issuer.optional().or_fault()
}
