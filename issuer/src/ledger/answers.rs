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

const SELECT_TOKEN: &str = "SELECT 1 FROM seat_answer WHERE token = ?1 LIMIT 1";

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
    connection.execute(INSERT, row).or_fault()?;
    Ok(())
}

/// What this deployment's request with this nonce was answered with, if it was.
pub(crate) fn find(
    connection: &Connection,
    deployment: Thumbprint,
    nonce: Uuid,
) -> Result<Option<Stored>, Failure> {
    let read = |row: &Row<'_>| {
        let (kind, lists): (String, String) = (row.get(1)?, row.get(3)?);
        Ok((row.get::<_, Word<Uuid>>(0)?.0, kind, row.get(2)?, lists, row.get::<_, Texts<Uuid>>(4)?.0))
    };
    let found = connection.query_row(SELECT_ONE, (Word(deployment), Word(nonce)), read).optional();
    let Some((license, kind, token, lists, licenses)) = found.or_fault()? else { return Ok(None) };
    let kind =
        if kind == RequestKind::Release.as_str() { RequestKind::Release } else { RequestKind::Activate };
    let lists = serde_json::from_str(&lists).map_err(|error| {
        let message = format!("The ledger is damaged: the answer to {nonce} cannot be read ({error}).");
        Failure::new(FailureKind::Ledger, message)
            .hint("Restore the whole home from a backup; keep the damaged one for analysis.")
    })?;
    Ok(Some(Stored { license, kind, token, lists, licenses }))
}

/// Whether some request was answered with this token. Looks through all of them.
pub(crate) fn is_there(connection: &Connection, token: &str) -> Result<bool, Failure> {
    Ok(connection.query_row(SELECT_TOKEN, [token], |_| Ok(())).optional().or_fault()?.is_some())
}
