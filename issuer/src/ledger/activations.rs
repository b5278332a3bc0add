//! The table `activation`: every activation that was signed.

use lictor_shared::{Activation, Lease, Seconds, StatusRef, Thumbprint, Uri, Uuid};
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::entries;
use super::fault::OrFault;
use super::value::{At, Int, Word};
use crate::activation::ActivationRecord;
use crate::error::Failure;

const INSERT: &str = "INSERT INTO activation \
    (serial, seq, license_id, deployment, seat, product, nonce, counter, previous, iat, exp, list, idx) \
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)";
macro_rules! select {
    ($rest:literal) => {
        concat!(
            "SELECT activation.serial, activation.seat, activation.product, activation.nonce, activation.counter, \
             activation.previous, activation.iat, activation.exp, status_list.uri, activation.idx, \
             status_entry.status, status_entry.since, status_entry.grace, activation.list FROM activation \
             JOIN status_entry ON status_entry.list = activation.list AND status_entry.idx = activation.idx \
             JOIN status_list ON status_list.id = activation.list ",
            $rest
        )
    };
}
pub(super) const SELECT_ONE: &str = select!("WHERE activation.serial = ?1");
pub(super) const SELECT_OF: &str =
    select!("WHERE activation.license_id = ?1 AND activation.deployment = ?2 ORDER BY activation.seq");
pub(super) const SELECT_LATEST: &str = select!(
    "WHERE activation.license_id = ?1 AND activation.deployment = ?2 ORDER BY activation.seq DESC LIMIT 2"
);
/// What [`recorded`] reads.
pub(super) const SELECT_RECORDED: &str =
    "SELECT serial, license_id, deployment FROM activation WHERE seq = ?1";
pub(super) const SELECT_HOLDER: &str = "SELECT license_id, deployment FROM activation WHERE serial = ?1";
pub(super) const SELECT_FROM: &str = "SELECT license_id, deployment FROM activation WHERE serial >= ?1 AND serial < ?2 ORDER BY serial LIMIT ?3";
pub(super) const SELECT_EVENTS_FROM: &str =
    "SELECT serial, seq FROM activation WHERE serial >= ?1 AND serial < ?2 ORDER BY serial LIMIT ?3";

/// Who holds a seat of what.
pub(crate) type Holder = (Uuid, Thumbprint);

pub(crate) fn insert(
    connection: &Connection,
    seq: u64,
    (list, previous): (i64, Option<Uuid>),
    deployment: Thumbprint,
    activation: &Activation,
) -> Result<(), Failure> {
    let end = match activation.lease {
        Lease::None => None,
        Lease::Until(end) => Some(At(end)),
    };
    let row = rusqlite::params![
        Word(activation.serial),
        Int(seq),
        Word(activation.license),
        Word(deployment),
        Int(activation.seat),
        activation.product.as_str(),
        Word(activation.request),
        Int(activation.counter),
        previous.map(Word),
        At(activation.issued_at),
        end,
        list,
        activation.status.index,
    ];
    connection.prepare_cached(INSERT).or_fault()?.execute(row).or_fault()?;
    Ok(())
}

/// The activations of a deployment, in the order in which they were signed.
pub(crate) fn of(
    connection: &Connection,
    license: Uuid,
    deployment: Thumbprint,
) -> Result<Vec<ActivationRecord>, Failure> {
    all(connection, SELECT_OF, (license, deployment))
}

/// The latest activation of a deployment, and the one before it.
pub(crate) fn latest(
    connection: &Connection,
    license: Uuid,
    deployment: Thumbprint,
) -> Result<Vec<ActivationRecord>, Failure> {
    all(connection, SELECT_LATEST, (license, deployment))
}

/// The activation with this serial.
pub(crate) fn find(connection: &Connection, serial: Uuid) -> Result<Option<ActivationRecord>, Failure> {
    connection.prepare_cached(SELECT_ONE).or_fault()?.query_row([Word(serial)], read).optional().or_fault()
}

/// The activation that the event with this number made, and whose it is.
pub(crate) fn recorded(
    connection: &Connection,
    seq: u64,
) -> Result<Option<(Holder, ActivationRecord)>, Failure> {
    let read_whose = |row: &Row<'_>| {
        Ok((row.get::<_, Word<Uuid>>(0)?.0, (row.get::<_, Word<_>>(1)?.0, row.get::<_, Word<_>>(2)?.0)))
    };
    let mut statement = connection.prepare_cached(SELECT_RECORDED).or_fault()?;
    let Some((serial, whose)) = statement.query_row([Int(seq)], read_whose).optional().or_fault()? else {
        return Ok(None);
    };
    Ok(find(connection, serial)?.map(|activation| (whose, activation)))
}

fn all(
    connection: &Connection,
    statement: &str,
    (license, deployment): Holder,
) -> Result<Vec<ActivationRecord>, Failure> {
    let mut statement = connection.prepare_cached(statement).or_fault()?;
    let found = statement.query_map((Word(license), Word(deployment)), read).or_fault()?;
    found.collect::<rusqlite::Result<_>>().or_fault()
}

/// Whose activation has this serial.
pub(crate) fn holder(connection: &Connection, serial: Uuid) -> Result<Option<Holder>, Failure> {
    connection
        .prepare_cached(SELECT_HOLDER)
        .or_fault()?
        .query_row([Word(serial)], read_holder)
        .optional()
        .or_fault()
}

/// Whose activations have a serial that begins so, `most` at most.
pub(crate) fn holders_from(
    connection: &Connection,
    beginning: &str,
    most: u32,
) -> Result<Vec<Holder>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_FROM).or_fault()?;
    // `g` follows the digits of an id and its hyphen.
    let found = statement.query_map((beginning, format!("{beginning}g"), most), read_holder).or_fault()?;
    found.collect::<rusqlite::Result<_>>().or_fault()
}

/// The activations of which the serial begins so, each with the number of the event that granted it, `most` at most.
pub(crate) fn events_from(
    connection: &Connection,
    beginning: &str,
    most: u32,
) -> Result<Vec<(Uuid, u64)>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_EVENTS_FROM).or_fault()?;
    let read = |row: &Row<'_>| Ok((row.get::<_, Word<_>>(0)?.0, row.get::<_, Int>(1)?.0));
    let found = statement.query_map((beginning, format!("{beginning}g"), most), read).or_fault()?;
    found.collect::<rusqlite::Result<_>>().or_fault()
}

pub(super) fn read_holder(row: &Row<'_>) -> rusqlite::Result<Holder> {
    Ok((row.get::<_, Word<_>>(0)?.0, row.get::<_, Word<_>>(1)?.0))
}

fn read(row: &Row<'_>) -> rusqlite::Result<ActivationRecord> {
    let time = |column| row.get::<_, Option<At>>(column).map(|at| at.map(|At(at)| at));
    let Word(uri): Word<Uri> = row.get(8)?;
    Ok(ActivationRecord {
        serial: row.get::<_, Word<_>>(0)?.0,
        seat: row.get::<_, Int>(1)?.0,
        product: row.get::<_, Word<_>>(2)?.0,
        request: row.get::<_, Word<_>>(3)?.0,
        counter: row.get::<_, Int>(4)?.0,
        previous: row.get::<_, Option<Word<_>>>(5)?.map(|Word(previous)| previous),
        issued_at: row.get::<_, At>(6)?.0,
        ends_at: time(7)?,
        entry: StatusRef { index: row.get(9)?, uri },
        status: entries::status(row.get(10)?),
        since: time(11)?,
        revocation_grace: Seconds::new(row.get::<_, Int>(12)?.0).unwrap_or(Seconds::ZERO),
        list: row.get(13)?,
    })
}
