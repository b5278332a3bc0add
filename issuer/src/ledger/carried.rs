//! What a restored ledger takes over from the one that it replaces: entries that were handed out, and what lists say of them.

use lictor_shared::json::{Members, Value};
use lictor_shared::{Seconds, Status, Timestamp, Uri};
use rusqlite::{Connection, Row};

use super::entries::{self, List};
use super::fault::OrFault;
use super::value::{At, Int};
use crate::error::Failure;

const SELECT: &str = "SELECT status_list.uri, status_entry.idx, status_entry.status, status_entry.since, status_entry.grace \
    FROM status_entry JOIN status_list ON status_list.id = status_entry.list \
    ORDER BY status_entry.list, status_entry.idx";
const SELECT_GRACE: &str = "SELECT status_entry.grace FROM status_entry \
    JOIN status_list ON status_list.id = status_entry.list WHERE status_list.uri = ?1 AND status_entry.idx = ?2";
const INSERT: &str = "INSERT INTO status_entry (list, idx, status, since, grace) VALUES (?1, ?2, ?3, ?4, ?5) \
    ON CONFLICT (list, idx) DO UPDATE SET status = excluded.status, since = excluded.since";
const RAISE_SEQUENCE: &str = "UPDATE status_list SET sequence = MAX(sequence, ?2) WHERE id = ?1";

const COUNT_FORGOTTEN: &str = "SELECT COUNT(*) FROM status_entry WHERE NOT EXISTS \
    (SELECT 1 FROM revision WHERE revision.list = status_entry.list AND revision.idx = status_entry.idx) \
    AND NOT EXISTS \
    (SELECT 1 FROM activation WHERE activation.list = status_entry.list AND activation.idx = status_entry.idx) \
    AND NOT EXISTS (SELECT 1 FROM activation_elsewhere AS elsewhere \
     WHERE elsewhere.list = status_entry.list AND elsewhere.idx = status_entry.idx)";

/// An entry that was handed out, whatever license it was for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) uri: String,
    pub(crate) index: u32,
    pub(crate) status: Status,
    /// When it left VALID, if it did.
    pub(crate) since: Option<Timestamp>,
    pub(crate) grace: Seconds,
}

impl Entry {
    /// What events say of it.
    pub(crate) fn to_members(&self) -> Members {
        let members: [(&str, Value); 5] = [
            ("grace", self.grace.get().into()),
            ("idx", self.index.into()),
            ("since", self.since.map(Timestamp::seconds).into()),
            ("status", entries::word(self.status).into()),
            ("uri", self.uri.as_str().into()),
        ];
        members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }
}

/// Gives every entry to `take`, up to the first that cannot be read.
pub(crate) fn each(connection: &Connection, mut take: impl FnMut(Entry)) -> Result<(), Failure> {
    let mut statement = connection.prepare(SELECT).or_fault()?;
    let mut rows = statement.query(()).or_fault()?;
    while let Some(row) = rows.next().or_fault()? {
        take(read(row).or_fault()?);
    }
    Ok(())
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Entry> {
    let status = entries::status(row.get(2)?);
    let since = row.get::<_, Option<At>>(3)?.map(|At(since)| since);
    Ok(Entry {
        uri: row.get(0)?,
        index: row.get(1)?,
        status,
        // Of one that does not say since when it is long ago.
        since: since.or(Timestamp::from_seconds(0)).filter(|_| status != Status::Valid),
        grace: Seconds::new(row.get::<_, Int>(4)?.0).unwrap_or(Seconds::ZERO),
    })
}

/// Puts an entry there, or sets what the list says of it.
pub(crate) fn put(connection: &Connection, list: List, entry: &Entry) -> Result<(), Failure> {
    let row =
        (list.id, entry.index, entries::number(entry.status), entry.since.map(At), Int(entry.grace.get()));
    connection.execute(INSERT, row).or_fault()?;
    Ok(())
}

/// Opens the list if it is not there, and lets its next sequence be higher than this one.
pub(crate) fn list(connection: &Connection, uri: &Uri, sequence: u64) -> Result<List, Failure> {
    let list = entries::list(connection, uri)?;
    connection.execute(RAISE_SEQUENCE, (list.id, Int(sequence))).or_fault()?;
    Ok(list)
}

/// The grace of an entry, if it is there.
pub(crate) fn grace(connection: &Connection, uri: &str, index: u64) -> Result<Option<u64>, Failure> {
    use rusqlite::OptionalExtension as _;
    let found = connection.query_row(SELECT_GRACE, (uri, Int(index)), |row| row.get(0)).optional();
    found.or_fault().map(|grace| grace.map(|Int(grace)| grace))
}

/// Entries of licenses that the ledger does not know: neither a revision nor an activation tells of them.
pub(crate) fn without_license(connection: &Connection) -> Result<u64, Failure> {
    connection.query_row(COUNT_FORGOTTEN, (), |row| row.get(0)).or_fault().map(|Int(count)| count)
}
