//! The table `signing_key`: public halves and states. The private halves lie in the key folder.

use lictor_keys::{KeyPurpose, KeyRecord, KeyRing};
use lictor_shared::{Algorithm, Products, PublicKey, Text, Thumbprint, Timestamp};
use rusqlite::types::FromSqlError;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::fault::{OrFault, RESTORE};
use super::value::{At, Int, Texts, Word};
use crate::error::{Failure, FailureKind};

const INSERT: &str = "INSERT INTO signing_key \
    (kid, seq, x, issuer, state, purposes, products, algorithm, created_at, not_before, not_after, distrust_after, \
    turn, destroyed_at) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)";
const UPDATE: &str = "UPDATE signing_key SET state = ?2, not_after = ?3, distrust_after = ?4, turn = ?5, \
    destroyed_at = ?6 WHERE kid = ?1";
pub(super) const SELECT: &str = "SELECT x, issuer, state, purposes, products, algorithm, created_at, not_before, not_after, \
    distrust_after, turn, destroyed_at FROM signing_key ORDER BY seq";
pub(super) const SELECT_SEQ: &str = "SELECT seq FROM signing_key WHERE kid = ?1";
pub(super) const SELECT_ONE: &str = "SELECT 1 FROM signing_key WHERE kid = ?1";
const SELECT_SIGNED_LAST: &str = "SELECT MAX(iat) FROM revision WHERE kid = ?1";
const SELECT_PUBLISHED_LAST: &str = "SELECT MAX(published_at) FROM status_list";
const COUNT_LICENSES: &str = "SELECT COUNT(DISTINCT license_id) FROM revision \
    JOIN status_entry ON status_entry.list = revision.list AND status_entry.idx = revision.idx \
    WHERE kid = ?1 AND status_entry.status <> 1 AND (grace_until IS NULL OR grace_until > ?2)";

pub(crate) fn insert(connection: &Connection, seq: u64, key: &KeyRecord) -> Result<(), Failure> {
    let purposes: Vec<&str> = key.purposes.iter().map(|purpose| purpose.as_str()).collect();
    let products = match &key.products {
        Products::Any => None,
        Products::Only(names) => Some(Texts(names.clone())),
    };
    let row = rusqlite::params![
        Word(key.public.thumbprint()),
        Int(seq),
        key.public.to_base64url(),
        key.issuer.as_str(),
        key.state.as_str(),
        Texts(purposes),
        products,
        key.algorithm.map(Algorithm::as_str),
        At(key.created_at),
        key.not_before.map(At),
        key.not_after.map(At),
        key.distrust_after.map(At),
        key.turn.map(Int),
        key.destroyed_at.map(At),
    ];
    connection.prepare_cached(INSERT).or_fault()?.execute(row).or_fault()?;
    Ok(())
}

/// Writes down how a key's life went on; everything else about it never changes.
pub(crate) fn update(connection: &Connection, key: &KeyRecord) -> Result<(), Failure> {
    let row = rusqlite::params![
        Word(key.public.thumbprint()),
        key.state.as_str(),
        key.not_after.map(At),
        key.distrust_after.map(At),
        key.turn.map(Int),
        key.destroyed_at.map(At),
    ];
    connection.prepare_cached(UPDATE).or_fault()?.execute(row).or_fault()?;
    Ok(())
}

/// The latest date that a license by this key bears.
pub(crate) fn signed_last(connection: &Connection, kid: &Thumbprint) -> Result<Option<Timestamp>, Failure> {
    let last: Option<At> = connection
        .prepare_cached(SELECT_SIGNED_LAST)
        .or_fault()?
        .query_row([Word(kid)], |row| row.get(0))
        .or_fault()?;
    Ok(last.map(|At(at)| at))
}

/// The latest date that a status list bears, by whichever key.
pub(crate) fn published_last(connection: &Connection) -> Result<Option<Timestamp>, Failure> {
    let last: Option<At> = connection
        .prepare_cached(SELECT_PUBLISHED_LAST)
        .or_fault()?
        .query_row((), |row| row.get(0))
        .or_fault()?;
    Ok(last.map(|At(at)| at))
}

/// How many licenses have a revision by this key that can still be used, or could if it were not suspended.
pub(crate) fn licenses_of(connection: &Connection, kid: &Thumbprint, at: Timestamp) -> Result<u64, Failure> {
    let Int(count) = connection
        .prepare_cached(COUNT_LICENSES)
        .or_fault()?
        .query_row((Word(kid), At(at)), |row| row.get(0))
        .or_fault()?;
    Ok(count)
}

pub(crate) fn ring(connection: &Connection) -> Result<KeyRing, Failure> {
    let mut statement = connection.prepare_cached(SELECT).or_fault()?;
    let records =
        statement.query_map((), read).or_fault()?.collect::<rusqlite::Result<Vec<_>>>().or_fault()?;
    KeyRing::from_records(records).map_err(|error| {
        Failure::new(FailureKind::Ledger, format!("The ledger is damaged: its keys make no ring ({error})."))
            .hint(RESTORE)
            .because(error)
    })
}

/// The event by which the key joined.
pub(crate) fn seq(connection: &Connection, kid: &Thumbprint) -> Result<Option<u64>, Failure> {
    let seq = connection
        .prepare_cached(SELECT_SEQ)
        .or_fault()?
        .query_row([Word(kid)], |row| row.get(0))
        .optional()
        .or_fault()?;
    Ok(seq.map(|Int(seq)| seq))
}

/// Whether the key is in the ring.
pub(crate) fn contains(connection: &Connection, kid: &Thumbprint) -> Result<bool, Failure> {
    let found = connection
        .prepare_cached(SELECT_ONE)
        .or_fault()?
        .query_row([Word(kid)], |_| Ok(()))
        .optional()
        .or_fault()?;
    Ok(found.is_some())
}

fn read(row: &Row<'_>) -> rusqlite::Result<KeyRecord> {
    let x: String = row.get(0)?;
    let Word(issuer): Word<Text> = row.get(1)?;
    let Word(state) = row.get(2)?;
    let Texts(purposes): Texts<String> = row.get(3)?;
    let products: Option<Texts<_>> = row.get(4)?;
    let algorithm: Option<String> = row.get(5)?;
    let purpose = |word: String| {
        KeyPurpose::from_word(&word).ok_or_else(|| refused(3, format!("{word:?} is no purpose")))
    };
    let named = |word: String| {
        Algorithm::from_name(&word).ok_or_else(|| refused(5, format!("{word:?} is no algorithm")))
    };
    let time = |column| row.get::<_, Option<At>>(column).map(|at| at.map(|At(at)| at));
    Ok(KeyRecord {
        public: PublicKey::from_base64url(&x).map_err(|error| refused(0, error.to_string()))?,
        state,
        issuer,
        purposes: purposes.into_iter().map(purpose).collect::<rusqlite::Result<_>>()?,
        products: products.map_or(Products::Any, |Texts(names)| Products::Only(names)),
        algorithm: algorithm.map(named).transpose()?,
        created_at: row.get::<_, At>(6)?.0,
        not_before: time(7)?,
        not_after: time(8)?,
        distrust_after: time(9)?,
        turn: row.get::<_, Option<Int>>(10)?.map(|Int(turn)| turn),
        destroyed_at: time(11)?,
    })
}

fn refused(column: usize, why: String) -> rusqlite::Error {
    let error = FromSqlError::Other(why.into());
    rusqlite::Error::FromSqlConversionFailure(column, rusqlite::types::Type::Text, Box::new(error))
}
