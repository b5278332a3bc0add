//! The tables `event` and `personal`: the log.

use core::fmt::Display;
use lictor_shared::json::{Members, Value};
use lictor_shared::log::TreeHash;
use lictor_shared::{Uuid, limits};
use rusqlite::{Connection, Params, Row};
use std::collections::{BTreeMap, VecDeque};

use super::fault::{OrFault, RESTORE};
use super::log;
use super::value::Int;
use super::whole::Whole;
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
    "SELECT seq, field, salt, text FROM personal WHERE seq BETWEEN ?1 AND ?2";
pub(super) const SELECT_ERASURES: &str =
    "SELECT seq, leaf FROM event WHERE kind = 'customer.erased' ORDER BY seq";
pub(super) const SELECT_LAST: &str = "SELECT COALESCE(MAX(seq), 0) FROM event";

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
pub(super) const PAGE: u64 = 512;

/// Appends an event in the transaction that `connection` is in.
pub(crate) fn append(
    connection: &Connection,
    occasion: &Occasion,
    kind: EventKind,
    facts: Facts,
) -> Result<(), Failure> {
    Written::new(next(connection)?, occasion, kind, facts)?.append(connection, None)
}

/// The number of the next event.
pub(super) fn next(connection: &Connection) -> Result<u64, Failure> {
    let mut statement = connection.prepare_cached(NEXT_SEQ).or_fault()?;
    statement.query_row((), |row| row.get(0)).or_fault().map(|Int(next)| next)
}

/// An event as it is appended, with those in which it goes on. To write it takes no ledger, only its number; so many can be
/// written at once, while others are appended.
#[derive(Debug)]
pub(crate) struct Written {
    seq: u64,
    events: Vec<Leaf>,
    personal: Vec<(&'static str, Commitment)>,
}

#[derive(Debug)]
struct Leaf {
    event: Event,
    text: String,
    hash: TreeHash,
}

impl Written {
    pub(super) fn new(seq: u64, occasion: &Occasion, kind: EventKind, facts: Facts) -> Result<Self, Failure> {
        let (body, personal) = facts.into_body();
        let bytes = |body: &Members| Event::new(seq, occasion, kind, body.clone()).leaf().len();
        let kinds = core::iter::once(kind).chain(core::iter::repeat(EventKind::EventContinued));
        let events = body.parts(seq, bytes).into_iter().zip(kinds).zip(seq..);
        let leaves = events.map(|((body, kind), seq)| Leaf::of(Event::new(seq, occasion, kind, body)));
        Ok(Self { seq, events: leaves.collect::<Result<_, _>>()?, personal })
    }

    /// Its number.
    pub(crate) const fn seq(&self) -> u64 {
        self.seq
    }

    /// Appends it. The ledger refuses it if its number is not the next one. A change that appends many events keeps the edge, and
    /// stores it at its end.
    pub(super) fn append(&self, connection: &Connection, kept: Option<&log::Kept>) -> Result<(), Failure> {
        for leaf in &self.events {
            insert(connection, kept, leaf)?;
        }
        for (field, text) in &self.personal {
            let row = (Int(self.seq), *field, text.salt().as_slice(), text.text());
            connection.prepare_cached(INSERT_PERSONAL).or_fault()?.execute(row).or_fault()?;
        }
        Ok(())
    }

    pub(super) fn events(&self) -> impl Iterator<Item = &Event> {
        self.events.iter().map(|leaf| &leaf.event)
    }
}

impl Leaf {
    fn of(event: Event) -> Result<Self, Failure> {
        let text = event.leaf();
        if text.len() > limits::LOG_ENTRY_BYTES {
            return Err(too_long(event.kind, text.len()));
        }
        let hash = TreeHash::of_leaf(text.as_bytes());
        Ok(Self { event, text, hash })
    }
}

fn insert(connection: &Connection, kept: Option<&log::Kept>, leaf: &Leaf) -> Result<(), Failure> {
    let Leaf { event, text, hash } = leaf;
    let row = (
        Int(event.seq),
        text.as_bytes(),
        event.kind.as_str(),
        Int(event.at.seconds()),
        event.actor.as_str(),
        license_id(event),
    );
    connection.prepare_cached(INSERT).or_fault()?.execute(row).or_fault()?;
    match kept {
        Some(kept) => kept.append(connection, *hash),
        None => log::append(connection, *hash),
    }
}

fn too_long(kind: EventKind, bytes: usize) -> Failure {
    let message = format!(
        "The event {kind} would have {bytes} bytes, and the log takes {} at most; nothing was changed.",
        limits::LOG_ENTRY_BYTES
    );
    Failure::new(FailureKind::Conflict, message)
        .hint("Ask for less at a time, or leave out what need not be said.")
        .with("bytes", u64::try_from(bytes).ok())
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

/// Every erasure of a customer, in their order, each with its whole lists.
pub(crate) fn erasures(connection: &Connection) -> Result<Vec<Event>, Failure> {
    let found = select(connection, SELECT_ERASURES)?;
    let whole = |event: Event| match Whole::new(Events::new(connection, event.seq)).next() {
        Some(told) => told.map(|told| told.whole().clone()),
        None => Ok(event),
    };
    found.into_iter().map(whole).collect()
}

/// The number of the last event.
pub(crate) fn last(connection: &Connection) -> Result<u64, Failure> {
    connection.query_row(SELECT_LAST, (), |row| row.get(0)).or_fault().map(|Int(last)| last)
}

/// The personal texts of one event, by field.
pub(crate) type Personal = BTreeMap<String, Commitment>;

/// The personal texts of events that are gone through in their order. They are read so many events at a time.
#[derive(Debug)]
pub(crate) struct Texts<'l> {
    connection: &'l Connection,
    /// Up to this event they are read.
    until: u64,
    page: BTreeMap<u64, Personal>,
}

impl<'l> Texts<'l> {
    pub(crate) const fn new(connection: &'l Connection) -> Self {
        Self { connection, until: 0, page: BTreeMap::new() }
    }

    /// Those of an event that have not been erased.
    pub(crate) fn of(&mut self, seq: u64) -> Result<Personal, Failure> {
        if seq > self.until {
            self.until = seq.saturating_add(PAGE);
            self.page = self.read(seq)?;
        }
        Ok(self.page.remove(&seq).unwrap_or_default())
    }

    /// Those of one event alone.
    pub(crate) fn of_one(&mut self, seq: u64) -> Result<Personal, Failure> {
        self.until = seq;
        Ok(self.read(seq)?.remove(&seq).unwrap_or_default())
    }

    fn read(&self, from: u64) -> Result<BTreeMap<u64, Personal>, Failure> {
        let mut statement = self.connection.prepare_cached(SELECT_PERSONAL).or_fault()?;
        let mut rows = statement.query((Int(from), Int(self.until))).or_fault()?;
        let mut page: BTreeMap<u64, Personal> = BTreeMap::new();
        while let Some(row) = rows.next().or_fault()? {
            let (Int(seq), field) = (row.get(0).or_fault()?, row.get(1).or_fault()?);
            let text: String = row.get(3).or_fault()?;
            let text = Commitment::with_salt(row.get(2).or_fault()?, &text);
            page.entry(seq).or_default().insert(field, text);
        }
        Ok(page)
    }
}

/// The license that an event is about.
fn license_id(event: &Event) -> Option<&str> {
    event.body.get("license").and_then(Value::as_str)
}

/// Events in the order of their numbers. The first that is not as it was written ends them with a failure.
#[derive(Debug)]
pub struct Events<'l> {
    pages: Pages<'l>,
    page: VecDeque<(u64, Stored)>,
    ended: bool,
}

impl<'l> Events<'l> {
    pub(crate) const fn new(connection: &'l Connection, from: u64) -> Self {
        Self { pages: Pages::new(connection, from), page: VecDeque::new(), ended: false }
    }

    /// The next event, and the hash of its leaf.
    pub(super) fn advance(&mut self) -> Result<Option<Read>, Failure> {
        if self.page.is_empty() {
            self.page = self.pages.advance()?.map(|page| page.numbered().collect()).unwrap_or_default();
        }
        self.page.pop_front().map(|(seq, stored)| stored.of(seq)).transpose()
    }
}

/// Rows of events in the order of their numbers, so many at a time.
#[derive(Debug)]
pub(crate) struct Pages<'l> {
    connection: &'l Connection,
    next: u64,
}

/// Rows that come one after the other, in which nothing has been checked yet.
#[derive(Debug)]
pub(crate) struct Page {
    first: u64,
    rows: Vec<Stored>,
}

impl<'l> Pages<'l> {
    pub(crate) const fn new(connection: &'l Connection, from: u64) -> Self {
        // There is no event 0.
        Self { connection, next: if from == 0 { 1 } else { from } }
    }

    /// `None`: there are no more.
    pub(crate) fn advance(&mut self) -> Result<Option<Page>, Failure> {
        let mut statement = self.connection.prepare_cached(SELECT_FROM).or_fault()?;
        let rows = statement.query_map([Int(self.next), Int(PAGE)], Stored::read).or_fault()?;
        let rows: Vec<Stored> = rows.collect::<rusqlite::Result<_>>().or_fault()?;
        let first = self.next;
        self.next += u64::try_from(rows.len()).unwrap_or(PAGE);
        Ok((!rows.is_empty()).then_some(Page { first, rows }))
    }
}

impl Page {
    /// The events, or what is not as it was written of each. Needs nothing of the ledger.
    pub(crate) fn read(self) -> Vec<Result<Read, Failure>> {
        self.numbered().map(|(seq, stored)| stored.of(seq)).collect()
    }

    /// Each with the number that it is to have.
    fn numbered(self) -> impl Iterator<Item = (u64, Stored)> {
        (self.first..).zip(self.rows)
    }
}

/// An event as it was written, and the hash of its leaf.
#[derive(Debug)]
pub(crate) struct Read {
    pub(crate) event: Event,
    pub(crate) leaf: TreeHash,
}

/// A row, in which nothing has been checked yet.
#[derive(Debug)]
pub(super) struct Stored {
    seq: u64,
    leaf: Vec<u8>,
    kind: String,
    at: u64,
    actor: String,
    license_id: Option<String>,
}

impl Stored {
    /// Reads the columns of the table, in their order.
    pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (Int(seq), Int(at)) = (row.get(0)?, row.get(3)?);
        let (leaf, kind, actor, license_id) = (row.get(1)?, row.get(2)?, row.get(4)?, row.get(5)?);
        Ok(Self { seq, leaf, kind, at, actor, license_id })
    }

    /// What it holds, if it is the event with this number.
    fn of(self, seq: u64) -> Result<Read, Failure> {
        if self.seq != seq {
            return Err(differs(seq, "it is missing"));
        }
        let leaf = TreeHash::of_leaf(&self.leaf);
        Ok(Read { event: self.checked()?, leaf })
    }

    /// The event, if every column says what the leaf says.
    pub(super) fn checked(self) -> Result<Event, Failure> {
        let event = Event::read(&self.leaf).map_err(|error| differs(self.seq, error))?;
        let is_alike = self.seq == event.seq
            && self.kind == event.kind.as_str()
            && self.at == event.at.seconds()
            && self.actor == event.actor.as_str()
            && self.license_id.as_deref() == license_id(&event);
        if is_alike { Ok(event) } else { Err(self.unlike(&event)) }
    }

    /// The first column that says something else than the leaf.
    fn unlike(&self, event: &Event) -> Failure {
        let text = |text: Option<&str>| text.unwrap_or_default().to_owned();
        let columns = [
            ("seq", self.seq.to_string(), event.seq.to_string()),
            ("kind", self.kind.clone(), event.kind.to_string()),
            ("at", self.at.to_string(), event.at.seconds().to_string()),
            ("actor", self.actor.clone(), event.actor.to_string()),
            ("license_id", text(self.license_id.as_deref()), text(license_id(event))),
        ];
        let differing = columns.iter().find(|(_, stored, leaf)| stored != leaf);
        let (column, stored, leaf) = differing.map_or(("license_id", "", ""), |(column, stored, leaf)| {
            (*column, stored.as_str(), leaf.as_str())
        });
        differs(self.seq, format!("its column {column} says {stored:?}, its leaf {leaf:?}"))
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
        let advanced = self.advance().map(|read| read.map(|read| read.event));
        self.ended = !matches!(advanced, Ok(Some(_)));
        advanced.transpose()
    }
}
