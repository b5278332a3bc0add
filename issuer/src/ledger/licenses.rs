//! The tables `license` and `revision`.

use lictor_shared::{License, Seconds, StatusRef, Text, Thumbprint, Timestamp, Uri, Uuid, hex};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension as _, Row, Statement};
use std::collections::BTreeSet;

use super::by_event::{ByEvent, Source};
use super::entries;
use super::events::{PAGE, differs};
use super::fault::OrFault;
use super::value::{At, Int, Texts, Word, with_rows};
use crate::error::Failure;
use crate::event::Event;
use crate::licenses::{LicenseRecord, RevisionRecord, Standing};
use crate::revoke::RevocationReason;

const INSERT_LICENSE: &str = "INSERT INTO license (id, customer_id, state)";
const INSERT_REVISION: &str = "INSERT INTO revision \
    (serial, license_id, revision, seq, kid, products, plan, iat, nbf, exp, grace_until, list, idx, token, sha256) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
const UPDATE_SUSPENDED: &str = "UPDATE license SET state = 'suspended', since = ?2 WHERE id = ?1";
const UPDATE_ACTIVE: &str = "UPDATE license SET state = 'active', since = NULL WHERE id = ?1";
const UPDATE_REVOKED: &str = "UPDATE license SET state = 'revoked', since = ?2, reason = ?3 WHERE id = ?1";

/// What [`read_license`] reads, from its first column on.
macro_rules! license_columns {
    () => {
        "license.id, license.customer_id, customer.name, license.state, license.since, license.reason"
    };
}
pub(super) use license_columns;

/// What [`read_revision`] reads.
macro_rules! revision_columns {
    () => {
        "revision.serial, revision.revision, revision.kid, revision.products, revision.plan, revision.iat, \
         revision.nbf, revision.exp, revision.grace_until, status_list.uri, revision.idx, status_entry.status, \
         status_entry.since, status_entry.grace, revision.list"
    };
}
pub(super) use revision_columns;

pub(super) const SELECT_LICENSE: &str = concat!(
    "SELECT ",
    license_columns!(),
    " FROM license JOIN customer ON customer.id = license.customer_id WHERE license.id = ?1"
);
pub(super) const SELECT_ID_BY_SERIAL: &str = "SELECT license_id FROM revision WHERE serial = ?1";
pub(super) const SELECT_IDS_FROM: &str =
    "SELECT id FROM license WHERE id >= ?1 AND id < ?2 ORDER BY id LIMIT ?3";
pub(super) const SELECT_SERIALS_FROM: &str =
    "SELECT serial, license_id FROM revision WHERE serial >= ?1 AND serial < ?2 ORDER BY serial";
pub(super) const SELECT_REVISIONS: &str = concat!(
    "SELECT ",
    revision_columns!(),
    " FROM revision \
     JOIN status_entry ON status_entry.list = revision.list AND status_entry.idx = revision.idx \
     JOIN status_list ON status_list.id = revision.list \
     WHERE revision.license_id = ?1 ORDER BY revision.revision"
);
pub(super) const SELECT_SEQ: &str = "SELECT seq FROM revision WHERE serial = ?1";
/// What [`read_recorded`] reads.
pub(super) const SELECT_RECORDED: &str = concat!(
    "SELECT ",
    license_columns!(),
    ", ",
    revision_columns!(),
    ", revision.token, revision.sha256, revision.seq FROM revision \
     CROSS JOIN license ON license.id = revision.license_id \
     CROSS JOIN customer ON customer.id = license.customer_id \
     CROSS JOIN status_entry ON status_entry.list = revision.list AND status_entry.idx = revision.idx \
     CROSS JOIN status_list ON status_list.id = revision.list \
     WHERE revision.seq BETWEEN ?1 AND ?2 ORDER BY revision.seq"
);
pub(super) const SELECT_EVENT: &str = "SELECT event.seq, event.leaf FROM revision JOIN event ON event.seq = revision.seq WHERE revision.serial = ?1";
pub(super) const SELECT_SERIAL: &str = "SELECT serial FROM revision WHERE license_id = ?1 AND revision = ?2";
const SELECT_ERASED: &str = "SELECT EXISTS (SELECT 1 FROM revision WHERE license_id = ?1 AND token = '')";
const ERASE_TOKENS: &str = "UPDATE revision SET token = '' WHERE license_id = ?1 AND token <> ''";
const UPDATE_CUSTOMER: &str = "UPDATE license SET customer_id = ?2 WHERE id = ?1";
pub(super) const SELECT_BY_SHA256: &str = "SELECT license_id, serial FROM revision WHERE sha256 = ?1";
pub(super) const SELECT_TOKEN: &str = "SELECT token FROM revision WHERE serial = ?1";

/// Every license of which a revision expires until then and is not over, or never expires.
const SELECT_EXPIRING: &str = "SELECT DISTINCT license_id FROM revision \
    WHERE exp IS NULL OR (exp <= ?1 AND grace_until > ?2) ORDER BY license_id";

/// What stands beside the claims in a row of `revision`.
pub(crate) struct Signed<'a> {
    pub(crate) seq: u64,
    pub(crate) kid: Thumbprint,
    pub(crate) list: i64,
    pub(crate) token: &'a str,
    /// Of the token, in hex.
    pub(crate) sha256: &'a str,
}

pub(crate) fn insert(connection: &Connection, license: &License) -> Result<(), Failure> {
    insert_several(connection, &[license])
}

/// The same of some licenses at once.
pub(crate) fn insert_several(connection: &Connection, licenses: &[&License]) -> Result<(), Failure> {
    if licenses.is_empty() {
        return Ok(());
    }
    let insert = with_rows(INSERT_LICENSE, "(?, ?, 'active')", licenses.len());
    let mut statement = connection.prepare_cached(&insert).or_fault()?;
    for (number, license) in licenses.iter().enumerate() {
        statement.raw_bind_parameter(number * 2 + 1, Word(license.id)).or_fault()?;
        statement.raw_bind_parameter(number * 2 + 2, license.customer_id.as_str()).or_fault()?;
    }
    statement.raw_execute().or_fault()?;
    Ok(())
}

pub(crate) fn insert_revision(
    connection: &Connection,
    license: &License,
    signed: &Signed<'_>,
) -> Result<(), Failure> {
    let row = rusqlite::params![
        Word(license.serial),
        Word(license.id),
        Int(license.revision),
        Int(signed.seq),
        Word(signed.kid),
        Texts(license.products.clone()),
        license.plan.as_str(),
        At(license.issued_at),
        At(license.starts_at),
        license.term.expires_at().map(At),
        license.term.grace_until().map(At),
        signed.list,
        license.status.index,
        signed.token,
        signed.sha256,
    ];
    connection.prepare_cached(INSERT_REVISION).or_fault()?.execute(row).or_fault()?;
    Ok(())
}

pub(crate) fn set_suspended(connection: &Connection, id: Uuid, since: Timestamp) -> Result<(), Failure> {
    connection.prepare_cached(UPDATE_SUSPENDED).or_fault()?.execute((Word(id), At(since))).or_fault()?;
    Ok(())
}

pub(crate) fn set_active(connection: &Connection, id: Uuid) -> Result<(), Failure> {
    connection.prepare_cached(UPDATE_ACTIVE).or_fault()?.execute([Word(id)]).or_fault()?;
    Ok(())
}

pub(crate) fn set_revoked(
    connection: &Connection,
    id: Uuid,
    since: Timestamp,
    reason: RevocationReason,
) -> Result<(), Failure> {
    connection
        .prepare_cached(UPDATE_REVOKED)
        .or_fault()?
        .execute((Word(id), At(since), reason.as_str()))
        .or_fault()?;
    Ok(())
}

/// The license with this id, or the one that has a revision with this serial.
pub(crate) fn find(connection: &Connection, id: Uuid) -> Result<Option<LicenseRecord>, Failure> {
    let license = |id| {
        connection
            .prepare_cached(SELECT_LICENSE)
            .or_fault()?
            .query_row([Word(id)], read_license)
            .optional()
            .or_fault()
    };
    let found = match license(id)? {
        Some(found) => Some(found),
        None => match license_of(connection, id)? {
            Some(Word(id)) => license(id)?,
            None => None,
        },
    };
    found.map(|license| with_revisions(connection, license)).transpose()
}

/// Behind everything that begins so: `g` follows the digits of an id and its hyphen.
fn behind(beginning: &str) -> String {
    format!("{beginning}g")
}

/// The ids that begin so, `most` of them at most.
pub(crate) fn ids_from(connection: &Connection, beginning: &str, most: usize) -> Result<Vec<Uuid>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_IDS_FROM).or_fault()?;
    let most = u32::try_from(most).unwrap_or(u32::MAX);
    let read = |row: &Row<'_>| row.get(0).map(|Word(id)| id);
    let ids = statement.query_map((beginning, behind(beginning), most), read).or_fault()?;
    ids.collect::<rusqlite::Result<_>>().or_fault()
}

/// The serials that begin so, each with its license, until `most` licenses are found.
pub(crate) fn revisions_from(
    connection: &Connection,
    beginning: &str,
    most: usize,
) -> Result<Vec<(Uuid, Uuid)>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_SERIALS_FROM).or_fault()?;
    let mut rows = statement.query((beginning, behind(beginning))).or_fault()?;
    let (mut found, mut licenses) = (Vec::new(), BTreeSet::new());
    // Read row by row: a license with many revisions does not hide another one, and nothing is read beyond what is asked.
    while licenses.len() < most {
        let Some(row) = rows.next().or_fault()? else { break };
        let (Word(serial), Word(license)): (Word<Uuid>, Word<Uuid>) =
            (row.get(0).or_fault()?, row.get(1).or_fault()?);
        licenses.insert(license);
        found.push((serial, license));
    }
    Ok(found)
}

fn license_of(connection: &Connection, serial: Uuid) -> Result<Option<Word<Uuid>>, Failure> {
    connection
        .prepare_cached(SELECT_ID_BY_SERIAL)
        .or_fault()?
        .query_row([Word(serial)], |row| row.get(0))
        .optional()
        .or_fault()
}

/// License and serial of the revision of which the token has this hash.
pub(crate) fn by_sha256(connection: &Connection, sha256: &[u8; 32]) -> Result<Option<(Uuid, Uuid)>, Failure> {
    let read = |row: &Row<'_>| Ok((row.get::<_, Word<_>>(0)?.0, row.get::<_, Word<_>>(1)?.0));
    connection
        .prepare_cached(SELECT_BY_SHA256)
        .or_fault()?
        .query_row([hex(sha256)], read)
        .optional()
        .or_fault()
}

/// The revision that an event made, as it stands in the tables.
pub(crate) struct RecordedRevision {
    /// Without its revisions.
    pub(crate) license: LicenseRecord,
    pub(crate) revision: RevisionRecord,
    /// Empty: it was erased with a customer.
    pub(crate) token: String,
    pub(crate) sha256: Option<String>,
}

/// The revisions that events made, for going through the events in their order.
pub(crate) const fn recorded(connection: &Connection) -> ByEvent<'_, RecordedRevision> {
    ByEvent::new(connection, Source { statement: SELECT_RECORDED, seq: 23, page: PAGE, read: read_recorded })
}

fn read_recorded(row: &Row<'_>) -> rusqlite::Result<RecordedRevision> {
    let (license, revision) = (read_license(row)?, read_revision(row, 6)?);
    Ok(RecordedRevision { license, revision, token: row.get(21)?, sha256: row.get(22)? })
}

/// The event that made a revision.
pub(crate) fn event(connection: &Connection, serial: Uuid) -> Result<Option<Event>, Failure> {
    let read = |row: &Row<'_>| Ok((row.get::<_, Int>(0)?.0, row.get::<_, Vec<u8>>(1)?));
    let found = connection
        .prepare_cached(SELECT_EVENT)
        .or_fault()?
        .query_row([Word(serial)], read)
        .optional()
        .or_fault()?;
    found.map(|(seq, leaf)| Event::read(&leaf).map_err(|error| differs(seq, error))).transpose()
}

/// The serial of a revision of a license.
pub(crate) fn serial(connection: &Connection, license: Uuid, revision: u64) -> Result<Option<Uuid>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_SERIAL).or_fault()?;
    let found = statement.query_row((Word(license), Int(revision)), |row| row.get(0)).optional();
    Ok(found.or_fault()?.map(|Word(serial)| serial))
}

/// Erases the tokens of a license, and lets it be another customer's.
pub(crate) fn erase(connection: &Connection, license: Uuid, customer: &Text) -> Result<usize, Failure> {
    connection
        .prepare_cached(UPDATE_CUSTOMER)
        .or_fault()?
        .execute((Word(license), customer.as_str()))
        .or_fault()?;
    connection.prepare_cached(ERASE_TOKENS).or_fault()?.execute([Word(license)]).or_fault()
}

/// Whether its tokens were erased with a customer.
pub(crate) fn is_erased(connection: &Connection, license: Uuid) -> Result<bool, Failure> {
    connection
        .prepare_cached(SELECT_ERASED)
        .or_fault()?
        .query_row([Word(license)], |row| row.get(0))
        .or_fault()
}

/// The token with this serial, as it was handed out. Empty: it was erased with a customer.
pub(crate) fn token(connection: &Connection, serial: Uuid) -> Result<Option<String>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_TOKEN).or_fault()?;
    statement.query_row([Word(serial)], |row| row.get(0)).optional().or_fault()
}

/// The number of the event that gave the revision with this serial.
pub(crate) fn event_number(connection: &Connection, serial: Uuid) -> Result<Option<u64>, Failure> {
    connection
        .query_row(SELECT_SEQ, [Word(serial)], |row| row.get::<_, Int>(0))
        .optional()
        .or_fault()
        .map(|found| found.map(|Int(seq)| seq))
}

fn with_revisions(connection: &Connection, mut license: LicenseRecord) -> Result<LicenseRecord, Failure> {
    let mut statement = connection.prepare_cached(SELECT_REVISIONS).or_fault()?;
    license.revisions = revisions(&mut statement, license.id)?;
    Ok(license)
}

/// The revisions of a license, by a statement that can be used for many of them.
pub(super) fn revisions(
    statement: &mut Statement<'_>,
    license: Uuid,
) -> Result<Vec<RevisionRecord>, Failure> {
    let revisions = statement.query_map([Word(license)], |row| read_revision(row, 0)).or_fault()?;
    revisions.collect::<rusqlite::Result<_>>().or_fault()
}

pub(super) fn read_license(row: &Row<'_>) -> rusqlite::Result<LicenseRecord> {
    let (Word(customer_id), Word(customer)): (Word<Text>, Word<Text>) = (row.get(1)?, row.get(2)?);
    let state: String = row.get(3)?;
    let standing = match state.as_str() {
        "active" => Standing::Active,
        "suspended" => Standing::Suspended { since: row.get::<_, At>(4)?.0 },
        _ => {
            let word: String = row.get(5)?;
            let reason = RevocationReason::from_word(&word).ok_or_else(|| {
                let error = FromSqlError::Other(format!("{word:?} is no reason").into());
                rusqlite::Error::FromSqlConversionFailure(5, rusqlite::types::Type::Text, Box::new(error))
            })?;
            Standing::Revoked { since: row.get::<_, At>(4)?.0, reason }
        }
    };
    Ok(LicenseRecord {
        id: row.get::<_, Word<_>>(0)?.0,
        customer_id,
        customer,
        standing,
        revisions: Vec::new(),
    })
}

/// Reads the columns of a revision, the first of which has the number `first`.
pub(super) fn read_revision(row: &Row<'_>, first: usize) -> rusqlite::Result<RevisionRecord> {
    let time = |column: usize| row.get::<_, Option<At>>(first + column).map(|at| at.map(|At(at)| at));
    let Word(uri): Word<Uri> = row.get(first + 9)?;
    Ok(RevisionRecord {
        serial: row.get::<_, Word<_>>(first)?.0,
        revision: row.get::<_, Int>(first + 1)?.0,
        key: row.get::<_, Word<_>>(first + 2)?.0,
        products: row.get::<_, Texts<_>>(first + 3)?.0,
        plan: row.get::<_, Word<_>>(first + 4)?.0,
        issued_at: row.get::<_, At>(first + 5)?.0,
        starts_at: row.get::<_, At>(first + 6)?.0,
        expires_at: time(7)?,
        grace_until: time(8)?,
        entry: StatusRef { index: row.get(first + 10)?, uri },
        status: entries::status(row.get(first + 11)?),
        since: time(12)?,
        revocation_grace: Seconds::new(row.get::<_, Int>(first + 13)?.0).unwrap_or(Seconds::ZERO),
        list: row.get(first + 14)?,
    })
}

/// The licenses of which a revision expires until an instant and is not over at another, or never expires.
pub(crate) fn expiring(
    connection: &Connection,
    until: Timestamp,
    at: Timestamp,
) -> Result<Vec<Uuid>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_EXPIRING).or_fault()?;
    let ids = statement.query_map((At(until), At(at)), |row| row.get(0).map(|Word(id)| id)).or_fault()?;
    ids.collect::<rusqlite::Result<_>>().or_fault()
}
