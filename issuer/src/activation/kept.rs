//! Answers that are kept, to be given again.

use lictor_shared::json::Value;
use lictor_shared::{Activation, Artefact, Label, Received, Release, RequestKind, Status, Uuid};
use rusqlite::Connection;

use super::answer::{Given, Manner, Paste};
use super::enclosed::tokens;
use super::history::History;
use super::record::SeatState;
use super::request::SeatRequest;
use crate::error::{Failure, FailureKind};
use crate::ledger::answers::{self, Stored};
use crate::ledger::{activations, deployments, editions};

/// The answer to a request that was answered before, byte for byte.
pub(super) fn repeated(connection: &Connection, signed: &SeatRequest) -> Result<Option<Given>, Failure> {
    let request = signed.claims();
    let Some(stored) = answers::find(connection, request.deployment, request.nonce)? else { return Ok(None) };
    if stored.token.is_empty() {
        return Err(erased(&stored));
    }
    let known = deployments::find(connection, stored.license, request.deployment)?;
    let serial = serial_of(&stored)?;
    let activation = activations::find(connection, serial)?;
    let gone = activation.as_ref().filter(|activation| activation.status != Status::Valid);
    // Whoever was given a seat again has another activation for it.
    let gone = gone.map(|_| match known.as_ref().map(|known| known.state) {
        Some(SeatState::Active) | None => SeatState::Revoked,
        Some(state) => state,
    });
    Ok(Some(Given {
        manner: Manner::Repeated,
        license: stored.license,
        deployment: request.deployment,
        label: known.map_or_else(|| request.label.clone(), |known| known.label),
        request: request.nonce,
        serial,
        seat: activation.as_ref().map(|activation| activation.seat),
        ends_at: activation.and_then(|activation| activation.ends_at),
        history: History::Plain,
        gone,
        occupancy: None,
        paste: paste(connection, stored)?,
        claims: Value::Null,
    }))
}

fn paste(connection: &Connection, stored: Stored) -> Result<Paste, Failure> {
    let mut lists = Vec::with_capacity(stored.lists.len());
    for (list, sequence) in &stored.lists {
        lists.push(editions::token(connection, *list, *sequence)?);
    }
    let label = match stored.kind {
        RequestKind::Activate => Label::Activation,
        RequestKind::Release => Label::Release,
    };
    Ok(Paste { label, token: stored.token, lists, licenses: tokens(connection, &stored.licenses)? })
}

fn erased(stored: &Stored) -> Failure {
    let message = "The request was answered before, and the answer was erased with the customer.";
    Failure::new(FailureKind::Conflict, message)
        .hint("To go on, issue another license.")
        .with("license", stored.license.to_string())
}

fn serial_of(stored: &Stored) -> Result<Uuid, Failure> {
    let serial = match stored.kind {
        RequestKind::Activate => read::<Activation>(&stored.token).map(|activation| activation.serial),
        RequestKind::Release => read::<Release>(&stored.token).map(|receipt| receipt.serial),
    };
    serial.ok_or_else(|| {
        Failure::new(FailureKind::Ledger, "The ledger is damaged: an answer that was given cannot be read.")
            .hint("Restore the whole home from a backup; keep the damaged one for analysis.")
    })
}

/// What a token says. It is to be believed only of one in the ledger, which the validator accepted before it was stored.
fn read<A: Artefact>(token: &str) -> Option<A> {
    let received = Received::<A>::read(token).ok()?;
    A::read(received.untrusted_payload()).ok()
}
