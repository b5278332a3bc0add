//! Taking a seat from a deployment, with whatever it was given for it: by its request, or without one.

use lictor_shared::json::Value;
use lictor_shared::{Status, StatusRef, Text, Thumbprint, Timestamp, Uuid};
use rusqlite::Connection;

use super::find::find_deployment_in;
use super::record::{ActivationRecord, DeploymentRecord, SeatState};
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::ledger::transaction::Transaction;
use crate::ledger::{Ledger, activations, deployments, entries, seats};
use crate::occasion::Occasion;
use crate::outcome::Outcome;

/// A seat that was taken from a deployment. It learns of that from the next status list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Vacated {
    /// The deployment, as it is now.
    pub deployment: DeploymentRecord,
    /// The number of the seat that is free now.
    pub seat: Option<u64>,
    /// The activations that could still be used, and cannot any more.
    pub activations: Vec<StoppedActivation>,
    /// How many seats of the license are taken now.
    pub active: u64,
    /// The number of the event.
    pub event: u64,
}

/// One activation that was revoked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoppedActivation {
    /// Its serial.
    pub serial: Uuid,
    /// Its place on the status list.
    pub entry: StatusRef,
    /// When a deployment that hears of it in time is read-only; `None`: after the year 9999.
    pub read_only_from: Option<Timestamp>,
    list: i64,
}

/// Takes a deployment's seat away.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is no such deployment, [`FailureKind::Conflict`] if several are meant or it holds no
/// seat.
pub fn revoke_seat(
    ledger: &mut Ledger,
    (name, license): (&str, Option<Uuid>),
    note: Option<&Text>,
    occasion: &Occasion,
) -> Result<Vacated, Failure> {
    vacate(ledger, (name, license), (EventKind::ActivationRevoked, SeatState::Revoked), note, occasion)
}

/// Gives a deployment's seat back for it, as when its server is dead.
///
/// # Errors
/// As [`revoke_seat`].
pub fn release_seat(
    ledger: &mut Ledger,
    (name, license): (&str, Option<Uuid>),
    note: Option<&Text>,
    occasion: &Occasion,
) -> Result<Vacated, Failure> {
    vacate(ledger, (name, license), (EventKind::ActivationReleased, SeatState::Released), note, occasion)
}

fn vacate(
    ledger: &mut Ledger,
    (name, license): (&str, Option<Uuid>),
    (kind, state): (EventKind, SeatState),
    note: Option<&Text>,
    occasion: &Occasion,
) -> Result<Vacated, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let held = find_deployment_in(connection, name, license)?;
    if held.state != SeatState::Active {
        return Err(holds_none(&held));
    }
    let activations = usable(connection, (held.license, held.id), occasion.at)?;
    let active = seats::active(connection, held.license)?.saturating_sub(1);
    let facts = facts(&held, &activations, active).and("request", Value::Null);
    let facts = match note {
        Some(note) => facts.personal("note", note.as_str())?,
        None => facts,
    };
    let event = transaction.record(kind, facts)?;
    let seat = held.seat;
    let deployment = stop(&transaction, held, &activations, (state, occasion.at))?;
    let vacated = Vacated { deployment, seat, activations, active, event: event.seq() };
    // After this line the seat is free; the deployment learns of it from the next list that is published.
    transaction.commit(event, &vacated)?;
    Ok(vacated)
}

/// The activations of a deployment that could still be used.
pub(super) fn usable(
    connection: &Connection,
    (license, deployment): (Uuid, Thumbprint),
    at: Timestamp,
) -> Result<Vec<StoppedActivation>, Failure> {
    let given = activations::of(connection, license, deployment)?;
    let stopped = |activation: &ActivationRecord| StoppedActivation {
        serial: activation.serial,
        entry: activation.entry.clone(),
        read_only_from: at.plus(activation.revocation_grace),
        list: activation.list,
    };
    Ok(given.iter().filter(|activation| activation.is_usable(at)).map(stopped).collect())
}

/// Revokes activations and frees the seat, if one is held. The deployment, as it is now.
pub(super) fn stop(
    transaction: &Transaction<'_>,
    held: DeploymentRecord,
    activations: &[StoppedActivation],
    (state, at): (SeatState, Timestamp),
) -> Result<DeploymentRecord, Failure> {
    let connection = transaction.connection();
    // FORMAT 7.4: every unexpired activation of that deployment.
    for activation in activations {
        entries::set(connection, activation.list, activation.entry.index, Status::Revoked, at)?;
    }
    if held.seat.is_some() {
        seats::free(connection, held.license, held.id)?;
    }
    let deployment = DeploymentRecord { state, seat: None, ..held };
    deployments::write(connection, &deployment)?;
    Ok(deployment)
}

/// What the event says.
pub(super) fn facts(held: &DeploymentRecord, activations: &[StoppedActivation], active: u64) -> Facts {
    Facts::new([
        ("license", held.license.to_string().into()),
        ("deployment", held.id.to_string().into()),
        ("seat", held.seat.into()),
        ("active", active.into()),
    ])
    .list("activations", named(activations))
}

fn named(activations: &[StoppedActivation]) -> Vec<Value> {
    let activation = |stopped: &StoppedActivation| {
        let entry = &stopped.entry;
        let status = Value::object([("idx", entry.index.into()), ("uri", entry.uri.as_str().into())]);
        Value::object([("serial", stopped.serial.to_string().into()), ("status", status)])
    };
    activations.iter().map(activation).collect()
}

fn holds_none(deployment: &DeploymentRecord) -> Failure {
    let (id, license, state) = (deployment.id, deployment.license, deployment.state);
    let message = match state {
        SeatState::Released => {
            format!("The deployment {id} gave its seat of the license {license} back already.")
        }
        SeatState::Revoked => {
            format!("The seat of the deployment {id} under the license {license} is revoked already.")
        }
        SeatState::Active | SeatState::Expired => {
            format!("The deployment {id} holds no seat of the license {license}: its lease has ended.")
        }
    };
    Failure::new(FailureKind::Conflict, message)
        .hint("lictor status publish tells deployments of it, if that was not done since.")
        .with("deployment", id.to_string())
        .with("license", license.to_string())
        .with("state", state.as_str())
}

impl Outcome for Vacated {
    fn answer(&self) -> Value {
        let stopped = |activation: &StoppedActivation| {
            Value::object([
                ("serial", activation.serial.to_string().into()),
                ("statusUri", activation.entry.uri.as_str().into()),
                ("statusIndex", activation.entry.index.into()),
                ("readOnlyFrom", activation.read_only_from.map(|at| at.to_string()).into()),
            ])
        };
        Value::object([
            ("deployment", self.deployment.id.to_string().into()),
            ("license", self.deployment.license.to_string().into()),
            ("label", self.deployment.label.as_str().into()),
            ("state", self.deployment.state.as_str().into()),
            ("seat", self.seat.into()),
            ("active", self.active.into()),
            ("activations", self.activations.iter().map(stopped).collect::<Vec<_>>().into()),
            ("event", self.event.into()),
        ])
    }
}
