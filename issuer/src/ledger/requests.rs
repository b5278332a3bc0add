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
const SELECT_SEQS: &str = "SELECT id, seq FROM request";

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
            let answer = Value::read_object(stored.answer.as_bytes());
            answer.map(|answer| Some(answer.into())).map_err(|error| unreadable(request, error))
        }
        Some(stored) => Err(reused(request, &stored)),
    }
}

/// The last event of every request, by its id.
pub(crate) fn seqs(connection: &Connection) -> Result<Vec<(String, u64)>, Failure> {
    let mut statement = connection.prepare(SELECT_SEQS).or_fault()?;
    let read = |row: &Row<'_>| Ok((row.get(0)?, row.get::<_, Int>(1)?.0));
    statement.query_map((), read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
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

fn unreadable(request: &Request, error: impl core::fmt::Display) -> Failure {
    let id = request.id.as_str();
    let message =
        format!("The ledger is damaged: the answer to the request {id:?} cannot be read ({error}).");
    Failure::new(FailureKind::Ledger, message).hint(RESTORE)
}
