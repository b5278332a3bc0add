//! The tables `event` and `personal`: the log.

use core::fmt::Display;
use lictor_shared::Uuid;
use lictor_shared::json::Value;
use rusqlite::{Connection, Params, Row};
use std::collections::VecDeque;

use super::fault::{OrFault, RESTORE};
use super::log;
use super::value::Int;
use crate::error::{Failure, FailureKind};
use crate::event::{Commitment, Event, EventKind, Facts};
use crate::occasion::Occasion;

pub(super) const NEXT_SEQ: &str = "SELECT COALESCE(MAX(seq), 0) + 1 FROM event";
const INSERT: &str =
    "INSERT INTO event (seq, leaf, kind, at, actor, license_id) VALUES (?1, ?2, ?3, ?4, ?5, ?6)";
const INSERT_PERSONAL: &str = "INSERT INTO personal (seq, field, salt, text) VALUES (?1, ?2, ?3, ?4)";
pub(super) const SELECT_FROM: &str =
    "SELECT seq, leaf, kind, at, actor, license_id FROM event WHERE seq >= ?1 ORDER BY seq LIMIT ?2";
pub(super) const SELECT_PERSONAL: &str =
    "SELECT field, salt, text FROM personal WHERE seq = ?1 ORDER BY field";

pub(super) const SELECT_EXPORTS: &str =
    "SELECT seq, leaf FROM event WHERE kind = 'key.exported' ORDER BY seq";
pub(super) const SELECT_RESTORATIONS: &str =
    "SELECT seq, leaf FROM event WHERE kind = 'ledger.restored' ORDER BY seq";
pub(super) const COUNT_DENIALS: &str =
    "SELECT COUNT(*) FROM event WHERE license_id = ?1 AND kind = 'activation.denied'";
pub(super) const SELECT_DENIALS: &str = "SELECT seq, leaf FROM event \
     WHERE license_id = ?1 AND kind = 'activation.denied' ORDER BY seq DESC LIMIT ?2";
const SELECT_OF_KEYS: &str = "SELECT seq, leaf FROM event WHERE kind GLOB 'key.*' ORDER BY seq";

/// Events that are read at a time.
const PAGE: u64 = 512;

/// Appends an event in the transaction that `connection` is in.
pub(crate) fn append(
    connection: &Connection,
    occasion: &Occasion,
    kind: EventKind,
    facts: Facts,
) -> Result<Event, Failure> {
    let Int(seq) = connection.query_row(NEXT_SEQ, (), |row| row.get(0)).or_fault()?;
    let (body, personal) = facts.into_parts();
    let event = Event::new(seq, occasion, kind, body);
    let leaf = event.leaf();
    let row = (
        Int(seq),
        leaf.as_bytes(),
        kind.as_str(),
        Int(event.at.seconds()),
        event.actor.as_str(),
        license_id(&event),
    );
    connection.execute(INSERT, row).or_fault()?;
    log::append(connection, leaf.as_bytes())?;
    for (field, text) in personal {
        connection
            .execute(INSERT_PERSONAL, (Int(seq), field, text.salt().as_slice(), text.text()))
            .or_fault()?;
    }
    Ok(event)
}

/// Every export of the public keys, in their order.
pub(crate) fn exports(connection: &Connection) -> Result<Vec<Event>, Failure> {
    select(connection, SELECT_EXPORTS)
}

/// Every restoration, in their order.
pub(crate) fn restorations(connection: &Connection) -> Result<Vec<Event>, Failure> {
    select(connection, SELECT_RESTORATIONS)
}

/// Every event of a key, in their order. Reads the whole log, as the check does.
pub(crate) fn of_keys(connection: &Connection) -> Result<Vec<Event>, Failure> {
    select(connection, SELECT_OF_KEYS)
}

/// How often deployments were denied a seat of a license, and the latest of these events, the last one first.
pub(crate) fn denials(
    connection: &Connection,
    license: Uuid,
    most: u32,
) -> Result<(u64, Vec<Event>), Failure> {
    let license = license.to_string();
    let Int(count) = connection.query_row(COUNT_DENIALS, [&license], |row| row.get(0)).or_fault()?;
    Ok((count, select_by(connection, SELECT_DENIALS, (license, most))?))
}

fn select(connection: &Connection, statement: &str) -> Result<Vec<Event>, Failure> {
    select_by(connection, statement, ())
}

fn select_by(connection: &Connection, statement: &str, by: impl Params) -> Result<Vec<Event>, Failure> {
    let mut statement = connection.prepare(statement).or_fault()?;
    let read = |row: &Row<'_>| Ok((row.get::<_, Int>(0)?.0, row.get(1)?));
    let stored: Vec<(u64, Vec<u8>)> =
        statement.query_map(by, read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()?;
    stored.into_iter().map(|(seq, leaf)| Event::read(&leaf).map_err(|error| differs(seq, error))).collect()
}

/// The personal texts of an event that have not been erased.
pub(crate) fn personal(connection: &Connection, seq: u64) -> Result<Vec<(String, Commitment)>, Failure> {
    let mut statement = connection.prepare(SELECT_PERSONAL).or_fault()?;
    let read = |row: &Row<'_>| {
        let text: String = row.get(2)?;
        Ok((row.get(0)?, Commitment::with_salt(row.get(1)?, &text)))
    };
    statement.query_map([Int(seq)], read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
}

/// The license that an event is about.
fn license_id(event: &Event) -> Option<&str> {
    event.body.get("license").and_then(Value::as_str)
}

/// Events in the order of their numbers. The first that is not as it was written ends them with a failure.
#[derive(Debug)]
pub struct Events<'l> {
    connection: &'l Connection,
    next: u64,
    page: VecDeque<Stored>,
    ended: bool,
}

#[derive(Debug)]
struct Stored {
    seq: u64,
    leaf: Vec<u8>,
    kind: String,
    at: u64,
    actor: String,
    license_id: Option<String>,
}

impl<'l> Events<'l> {
    pub(crate) const fn new(connection: &'l Connection, from: u64) -> Self {
        // There is no event 0.
        let next = if from == 0 { 1 } else { from };
        Self { connection, next, page: VecDeque::new(), ended: false }
    }

    fn fill(&mut self) -> Result<(), Failure> {
        let mut statement = self.connection.prepare(SELECT_FROM).or_fault()?;
        let read = |row: &Row<'_>| {
            let (Int(seq), Int(at)) = (row.get(0)?, row.get(3)?);
            let (leaf, kind, actor, license_id) = (row.get(1)?, row.get(2)?, row.get(4)?, row.get(5)?);
            Ok(Stored { seq, leaf, kind, at, actor, license_id })
        };
        let rows = statement.query_map([Int(self.next), Int(PAGE)], read).or_fault()?;
        self.page = rows.collect::<rusqlite::Result<_>>().or_fault()?;
        Ok(())
    }

    fn advance(&mut self) -> Result<Option<Event>, Failure> {
        if self.page.is_empty() {
            self.fill()?;
        }
        let Some(stored) = self.page.pop_front() else { return Ok(None) };
        if stored.seq != self.next {
            return Err(differs(self.next, "it is missing"));
        }
        let event = stored.checked()?;
        self.next += 1;
        Ok(Some(event))
    }
}

impl Stored {
    /// The event, if every column says what the leaf says.
    fn checked(self) -> Result<Event, Failure> {
        let event = Event::read(&self.leaf).map_err(|error| differs(self.seq, error))?;
        let columns = [
            ("seq", self.seq.to_string(), event.seq.to_string()),
            ("kind", self.kind, event.kind.to_string()),
            ("at", self.at.to_string(), event.at.seconds().to_string()),
            ("actor", self.actor, event.actor.to_string()),
            (
                "license_id",
                self.license_id.unwrap_or_default(),
                license_id(&event).unwrap_or_default().into(),
            ),
        ];
        for (column, stored, leaf) in columns {
            if stored != leaf {
                return Err(differs(
                    self.seq,
                    format!("its column {column} says {stored:?}, its leaf {leaf:?}"),
                ));
            }
        }
        Ok(event)
    }
}

/// The log, or what follows from it, is not as it was written.
pub(crate) fn differs(seq: u64, what: impl Display) -> Failure {
    Failure::new(
        FailureKind::Ledger,
        format!("The ledger is damaged or was tampered with: event {seq}: {what}."),
    )
    .hint(RESTORE)
    .with("event", seq)
}

impl Iterator for Events<'_> {
    type Item = Result<Event, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let advanced = self.advance();
        self.ended = !matches!(advanced, Ok(Some(_)));
        advanced.transpose()
    }
}
