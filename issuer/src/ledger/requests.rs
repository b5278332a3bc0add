//! The table `request`: what was made once, so that asking again gets the same answer.

use lictor_shared::json::Value;
use rusqlite::{Connection, OptionalExtension as _, Row};

use super::fault::{OrFault, RESTORE};
use super::value::Int;
use crate::error::{Failure, FailureKind};
use crate::occasion::Request;

const INSERT: &str = "INSERT INTO request (id, seq, arguments, answer) VALUES (?1, ?2, ?3, ?4)";
pub(super) const SELECT_ONE: &str = "SELECT request.arguments, request.answer, event.kind, event.at, event.actor \
    FROM request JOIN event ON event.seq = request.seq WHERE request.id = ?1";
const SELECT: &str = "SELECT id, seq, answer FROM request ORDER BY id";

struct Stored {
    arguments: [u8; 32],
    answer: String,
    kind: String,
    at: u64,
    actor: String,
}

pub(crate) fn insert(
    connection: &Connection,
    request: &Request,
    seq: u64,
    answer: &Value,
) -> Result<(), Failure> {
    let row = (request.id.as_str(), Int(seq), request.arguments.as_slice(), answer.to_string());
    connection.execute(INSERT, row).or_fault()?;
    Ok(())
}

/// What the request came to, if it was carried out before.
///
/// # Errors
/// [`FailureKind::RequestReused`] if its id was used for something else.
pub(crate) fn answer(connection: &Connection, request: &Request) -> Result<Option<Value>, Failure> {
    let found = connection.query_row(SELECT_ONE, [request.id.as_str()], read).optional().or_fault()?;
    match found {
        None => Ok(None),
        Some(stored) if stored.arguments == request.arguments => {
            parse(request.id.as_str(), &stored.answer).map(Some)
        }
        Some(stored) => Err(reused(request, &stored)),
    }
}

/// Shows id, last event and answer of every request, by id.
pub(crate) fn each(
    connection: &Connection,
    mut see: impl FnMut(&str, u64, &Value) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let mut statement = connection.prepare(SELECT).or_fault()?;
    let mut rows = statement.query(()).or_fault()?;
    while let Some(row) = rows.next().or_fault()? {
        let (id, Int(seq), answer): (String, Int, String) =
            (row.get(0).or_fault()?, row.get(1).or_fault()?, row.get(2).or_fault()?);
        see(&id, seq, &parse(&id, &answer)?)?;
    }
    Ok(())
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

fn unreadable(id: &str, error: impl core::fmt::Display) -> Failure {
    let message =
        format!("The ledger is damaged: the answer to the request {id:?} cannot be read ({error}).");
    Failure::new(FailureKind::Ledger, message).hint(RESTORE)
}
