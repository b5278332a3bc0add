//! The table `request`: what was made once, so that asking again gets the same answer.

use lictor_shared::hex;
use lictor_shared::json::Value;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::by_event::{ByEvent, Source};
use super::events::{self, Written};
use super::fault::{OrFault, RESTORE};
use super::log;
use super::transaction::REQUEST_ID;
use super::value::Int;
use crate::error::{Failure, FailureKind};
use crate::event::{Commitment, EventKind, Facts};
use crate::occasion::{Occasion, Request};

const INSERT: &str = "INSERT INTO request (id, seq, arguments, answer, salt) VALUES (?1, ?2, ?3, ?4, ?5)";
pub(super) const SELECT_ONE: &str = "SELECT request.arguments, request.answer, event.kind, event.at, event.actor \
    FROM request JOIN event ON event.seq = (SELECT MAX(led.seq) FROM event AS led WHERE led.seq <= request.seq \
    AND led.kind NOT IN ('request.answered', 'event.continued')) WHERE request.id = ?1";
const SELECT: &str = "SELECT id, seq, arguments, answer, salt FROM request ORDER BY id";
pub(super) const SELECT_BY_EVENT: &str =
    "SELECT id, seq, arguments, answer, salt FROM request WHERE seq BETWEEN ?1 AND ?2 ORDER BY seq";
const COUNT: &str = "SELECT COUNT(*) FROM request";
/// As [`Remembered::is_erased`] has it.
const ERASE: &str = "UPDATE request SET arguments = zeroblob(32), answer = '', salt = NULL WHERE id = ?1";

struct Stored {
    arguments: [u8; 32],
    answer: String,
    kind: String,
    at: u64,
    actor: String,
}

/// Records that a request was answered, and remembers how; the number of the event. What it led to was recorded before.
pub(crate) fn answered(
    connection: &Connection,
    occasion: &Occasion,
    request: &Request,
    answer: &Value,
) -> Result<u64, Failure> {
    let answered = Answered::new(events::next(connection)?, occasion, request.clone(), answer)?;
    answered.append(connection, None)?;
    Ok(answered.seq())
}

/// That a request was answered, and how, as it is appended. To write it takes no ledger, as with an [event](Written).
#[derive(Debug)]
pub(crate) struct Answered {
    request: Request,
    answer: String,
    salt: [u8; 32],
    event: Written,
}

impl Answered {
    pub(super) fn new(
        seq: u64,
        occasion: &Occasion,
        request: Request,
        answer: &Value,
    ) -> Result<Self, Failure> {
        let answer = answer.to_string();
        let bound = Commitment::to(&bound(&request.arguments, &answer))?;
        let facts = Facts::new([(REQUEST_ID, request.id.as_str().into()), (ANSWER, bound.to_value())]);
        let event = Written::new(seq, occasion, EventKind::RequestAnswered, facts)?;
        Ok(Self { request, answer, salt: *bound.salt(), event })
    }

    /// The number of the event.
    pub(super) const fn seq(&self) -> u64 {
        self.event.seq()
    }

    /// Appends the event, and remembers the answer.
    pub(super) fn append(&self, connection: &Connection, kept: Option<&log::Kept>) -> Result<(), Failure> {
        self.event.append(connection, kept)?;
        let Request { id, arguments } = &self.request;
        let row =
            (id.as_str(), Int(self.seq()), arguments.as_slice(), self.answer.as_str(), self.salt.as_slice());
        connection.prepare_cached(INSERT).or_fault()?.execute(row).or_fault()?;
        Ok(())
    }
}

/// The member of the body of `request.answered` that commits to what was asked for and what it came to.
pub(crate) const ANSWER: &str = "answer";

/// What a commitment to an answer commits to.
fn bound(arguments: &[u8], answer: &str) -> String {
    format!("{}{answer}", hex(arguments))
}

/// Erases what was asked for and what it came to. That it was carried out stays.
pub(crate) fn erase(connection: &Connection, id: &str) -> Result<usize, Failure> {
    connection.execute(ERASE, [id]).or_fault()
}

/// What the request came to, if it was carried out before.
///
/// # Errors
/// [`FailureKind::RequestReused`] if its id was used for something else.
pub(crate) fn answer(connection: &Connection, request: &Request) -> Result<Option<Value>, Failure> {
    let mut statement = connection.prepare_cached(SELECT_ONE).or_fault()?;
    let found = statement.query_row([request.id.as_str()], read).optional().or_fault()?;
    match found {
        None => Ok(None),
        Some(stored) if stored.answer.is_empty() => Err(erased(request)),
        Some(stored) if stored.arguments == request.arguments => {
            parse(request.id.as_str(), &stored.answer).map(Some)
        }
        Some(stored) => Err(reused(request, &stored)),
    }
}

/// A row of the table.
pub(crate) struct Remembered {
    pub(crate) id: String,
    /// The event by which it was answered.
    pub(crate) seq: u64,
    arguments: [u8; 32],
    answer: String,
    salt: Option<[u8; 32]>,
}

impl Remembered {
    /// Whether nothing is left of what was asked for and what it came to.
    pub(crate) fn is_erased(&self) -> bool {
        self.arguments == [0; 32] && self.answer.is_empty() && self.salt.is_none()
    }

    /// What its event commits to; `None`: it was answered before there were such events.
    pub(crate) fn commitment(&self) -> Option<Commitment> {
        let text = bound(&self.arguments, &self.answer);
        self.salt.map(|salt| Commitment::with_salt(salt, &text))
    }

    /// What it came to.
    pub(crate) fn answer(&self) -> Result<Value, Failure> {
        parse(&self.id, &self.answer)
    }
}

/// Shows every row, by id.
pub(crate) fn each(
    connection: &Connection,
    mut see: impl FnMut(&Remembered) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(SELECT).or_fault()?;
    for row in statement.query_map((), read_remembered).or_fault()? {
        see(&row.or_fault()?)?;
    }
    Ok(())
}

/// How many there are.
pub(crate) fn count(connection: &Connection) -> Result<u64, Failure> {
    connection.query_row(COUNT, (), |row| row.get(0)).or_fault().map(|Int(count)| count)
}

/// An answer can have megabytes: those of a file with many requests for seats.
const FEW: u64 = 16;

/// The rows by the events by which they were answered, for going through the events in their order.
pub(crate) const fn by_event(connection: &Connection) -> ByEvent<'_, Remembered> {
    let source = Source { statement: SELECT_BY_EVENT, seq: 1, page: FEW, read: read_remembered };
    ByEvent::new(connection, source)
}

fn read_remembered(row: &Row<'_>) -> rusqlite::Result<Remembered> {
    let Int(seq) = row.get(1)?;
    let (id, arguments, answer, salt) = (row.get(0)?, row.get(2)?, row.get(3)?, row.get(4)?);
    Ok(Remembered { id, seq, arguments, answer, salt })
}

fn parse(id: &str, answer: &str) -> Result<Value, Failure> {
    Value::read_object(answer.as_bytes()).map(Value::from).map_err(|error| unreadable(id, error))
}

fn read(row: &Row<'_>) -> rusqlite::Result<Stored> {
    let Int(at) = row.get(3)?;
    Ok(Stored { arguments: row.get(0)?, answer: row.get(1)?, kind: row.get(2)?, at, actor: row.get(4)? })
}

fn reused(request: &Request, stored: &Stored) -> Failure {
    let id = request.id.as_str();
    let when = lictor_shared::Timestamp::from_seconds(stored.at);
    let when = when.map(|at| format!(" at {at}")).unwrap_or_default();
    let message = format!(
        "The request id {id:?} was used for something else: {} by {}{when}. Nothing was done.",
        stored.kind, stored.actor
    );
    Failure::new(FailureKind::RequestReused, message)
        .hint("To repeat a request, give exactly what was given then; for a new one, choose another id.")
        .with("requestId", id)
        .with("kind", stored.kind.as_str())
}

fn erased(request: &Request) -> Failure {
    let id = request.id.as_str();
    let message = format!(
        "The request {id:?} was carried out before, and what it came to was erased with a customer. Nothing was done."
    );
    Failure::new(FailureKind::RequestReused, message)
        .hint("For a new request choose another id.")
        .with("requestId", id)
}

fn unreadable(id: &str, error: impl core::fmt::Display) -> Failure {
    let message =
        format!("The ledger is damaged: the answer to the request {id:?} cannot be read ({error}).");
    Failure::new(FailureKind::Ledger, message).hint(RESTORE)
}
