//! The table `seat_answer`: what deployments' requests were answered with.

use lictor_shared::json::Value;
use lictor_shared::{RequestKind, Thumbprint, Uuid};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::fault::OrFault;
use super::value::{Int, Texts, Word};
use crate::error::{Failure, FailureKind};

const INSERT: &str = "INSERT INTO seat_answer (deployment, nonce, seq, license_id, kind, token, lists, licenses) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)";
pub(super) const SELECT_ONE: &str = "SELECT license_id, kind, token, lists, licenses FROM seat_answer \
    WHERE deployment = ?1 AND nonce = ?2";

pub(super) const SELECT_RECORDED: &str = "SELECT license_id, kind, token, lists, licenses, deployment, nonce \
    FROM seat_answer WHERE seq = ?1";
/// Of an answer that was erased the token is empty.
const ERASE: &str = "UPDATE seat_answer SET token = '' WHERE license_id = ?1 AND token <> ''";
const SELECT_TOKEN: &str = "SELECT 1 FROM seat_answer WHERE token = ?1 LIMIT 1";

/// The deployment that asked, and the nonce of its request.
pub(crate) type Asker = (Thumbprint, Uuid);

/// What a request was answered with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Stored {
    pub(crate) license: Uuid,
    pub(crate) kind: RequestKind,
    pub(crate) token: String,
    /// Editions of lists that were enclosed: list and sequence.
    pub(crate) lists: Vec<(i64, u64)>,
    /// Serials of licenses that were enclosed.
    pub(crate) licenses: Vec<Uuid>,
}

pub(crate) fn insert(
    connection: &Connection,
    seq: u64,
    (deployment, nonce): (Thumbprint, Uuid),
    stored: &Stored,
) -> Result<(), Failure> {
    let edition = |(list, sequence): &(i64, u64)| {
        Value::Array(vec![u64::try_from(*list).ok().into(), (*sequence).into()])
    };
    let row = rusqlite::params![
        Word(deployment),
        Word(nonce),
        Int(seq),
        Word(stored.license),
        stored.kind.as_str(),
        stored.token,
        Value::Array(stored.lists.iter().map(edition).collect()).to_string(),
        Texts(stored.licenses.clone()),
    ];
    connection.prepare_cached(INSERT).or_fault()?.execute(row).or_fault()?;
    Ok(())
}

/// What this deployment's request with this nonce was answered with, if it was.
pub(crate) fn find(
    connection: &Connection,
    deployment: Thumbprint,
    nonce: Uuid,
) -> Result<Option<Stored>, Failure> {
    let found = connection
        .prepare_cached(SELECT_ONE)
        .or_fault()?
        .query_row((Word(deployment), Word(nonce)), Columns::read)
        .optional();
    found.or_fault()?.map(|row| row.stored(nonce)).transpose()
}

/// The answer that the event with this number told of: to whose request with which nonce, and what it was.
pub(crate) fn recorded(connection: &Connection, seq: u64) -> Result<Option<(Asker, Stored)>, Failure> {
    let read = |row: &Row<'_>| {
        Ok((row.get::<_, Word<_>>(5)?.0, row.get::<_, Word<Uuid>>(6)?.0, Columns::read(row)?))
    };
    let mut statement = connection.prepare_cached(SELECT_RECORDED).or_fault()?;
    let found = statement.query_row([Int(seq)], read).optional().or_fault()?;
    found.map(|(deployment, nonce, row)| Ok(((deployment, nonce), row.stored(nonce)?))).transpose()
}

/// Erases what deployments of a license were answered with.
pub(crate) fn erase(connection: &Connection, license: Uuid) -> Result<usize, Failure> {
    connection.prepare_cached(ERASE).or_fault()?.execute([Word(license)]).or_fault()
}

/// The columns of an answer.
struct Columns {
    license: Uuid,
    kind: String,
    token: String,
    lists: String,
    licenses: Vec<Uuid>,
}

impl Columns {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (Word(license), Texts(licenses)) = (row.get(0)?, row.get(4)?);
        Ok(Self { license, kind: row.get(1)?, token: row.get(2)?, lists: row.get(3)?, licenses })
    }

    fn stored(self, nonce: Uuid) -> Result<Stored, Failure> {
        let release = self.kind == RequestKind::Release.as_str();
        let kind = if release { RequestKind::Release } else { RequestKind::Activate };
        let lists = serde_json::from_str(&self.lists).map_err(|error| {
            let message = format!("The ledger is damaged: the answer to {nonce} cannot be read ({error}).");
            Failure::new(FailureKind::Ledger, message)
                .hint("Restore the whole home from a backup; keep the damaged one for analysis.")
        })?;
        Ok(Stored { license: self.license, kind, token: self.token, lists, licenses: self.licenses })
    }
}

/// Whether some request was answered with this token. Looks through all of them.
pub(crate) fn is_there(connection: &Connection, token: &str) -> Result<bool, Failure> {
    Ok(connection
        .prepare_cached(SELECT_TOKEN)
        .or_fault()?
        .query_row([token], |_| Ok(()))
        .optional()
        .or_fault()?
        .is_some())
}
