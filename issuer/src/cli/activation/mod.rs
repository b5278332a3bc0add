//! `lictor activation …`: seats.

mod grant;
mod grant_folder;
mod inspect;
mod list;
mod release;
mod revoke;
mod show;
pub(crate) mod taken;

pub(crate) use self::list::place;

use clap::Subcommand;
use lictor_shared::json::Value;
use lictor_shared::{Status, Timestamp, Uuid};

use super::globals::Globals;
use super::output::Output;
use super::{shown, writing};
use crate::activation::{ActivationRecord, DeploymentRecord, Vacated};
use crate::error::Failure;
use crate::find::find;
use crate::ledger::Ledger;

/// Grant seats to deployments, take them back, and look them up
#[derive(Subcommand, Debug)]
pub(crate) enum Activation {
    Grant(grant::Grant),
    List(list::List),
    Show(show::Show),
    Inspect(inspect::Inspect),
    Revoke(revoke::Revoke),
    Release(release::Release),
}

impl Activation {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Grant(command) => command.run(globals, output),
            Self::List(command) => command.run(globals, output),
            Self::Show(command) => command.run(globals, output),
            Self::Inspect(command) => command.run(globals, output),
            Self::Revoke(command) => command.run(globals, output),
            Self::Release(command) => command.run(globals, output),
        }
    }
}

/// The id of the license that an option names.
fn license(ledger: &Ledger, id: Option<&str>) -> Result<Option<Uuid>, Failure> {
    id.map(|id| find(ledger, id).map(|license| license.id)).transpose()
}

/// What became of a deployment's seat, at an instant.
pub(crate) fn state(deployment: &DeploymentRecord, at: Timestamp) -> &'static str {
    // It still counts, until somebody asks for it.
    if deployment.has_lapsed(at) { "lapsed" } else { deployment.state.as_str() }
}

/// A deployment as programs see it.
pub(crate) fn to_value(deployment: &DeploymentRecord, at: Timestamp) -> Value {
    Value::object([
        ("deployment", deployment.id.to_string().into()),
        ("license", deployment.license.to_string().into()),
        ("label", deployment.label.as_str().into()),
        ("state", state(deployment, at).into()),
        ("seat", deployment.seat.into()),
        ("firstSeen", deployment.first_seen.to_string().into()),
        ("lastSeen", deployment.last_seen.to_string().into()),
        ("leaseEnd", deployment.lease_end.map(|at| at.to_string()).into()),
        ("counter", deployment.counter.into()),
        ("lostAnswers", deployment.lost_answers.into()),
        ("forks", deployment.forks.into()),
    ])
}

/// An activation as programs see it.
fn activation(activation: &ActivationRecord) -> Value {
    let status = match activation.status {
        Status::Valid => "valid",
        Status::Revoked => "revoked",
        Status::Suspended => "suspended",
    };
    Value::object([
        ("serial", activation.serial.to_string().into()),
        ("seat", activation.seat.into()),
        ("product", activation.product.as_str().into()),
        ("request", activation.request.to_string().into()),
        ("counter", activation.counter.into()),
        ("previous", activation.previous.map(|serial| serial.to_string()).into()),
        ("issuedAt", activation.issued_at.to_string().into()),
        ("expiresAt", activation.ends_at.map(|at| at.to_string()).into()),
        ("status", status.into()),
        ("since", activation.since.map(|at| at.to_string()).into()),
        ("statusUri", activation.entry.uri.as_str().into()),
        ("statusIndex", activation.entry.index.into()),
    ])
}

/// What was odd in a deployment's history, in words; nothing if nothing was.
fn oddities(deployment: &DeploymentRecord) -> String {
    let named = [("lost_answer", deployment.lost_answers), ("forked", deployment.forks)];
    let odd = named.iter().filter(|(_, times)| *times > 0);
    odd.map(|(word, times)| format!("{word} {times}x")).collect::<Vec<_>>().join(", ")
}

/// What was done with a seat. `done`: Revoked, Released.
fn tell_vacated(done: &str, vacated: &Vacated, output: &mut Output) {
    let deployment = &vacated.deployment;
    output.say(format_args!(
        "{done} seat {} of the license {}, held by {} ({}).",
        vacated.seat.unwrap_or_default(),
        deployment.license,
        shown::foreign(deployment.label.as_str()),
        deployment.id
    ));
    let seats = if vacated.active == 1 { "seat is" } else { "seats are" };
    output.say(format_args!("  {} {seats} taken now.", vacated.active));
    if let Some(from) = vacated.activations.iter().filter_map(|stopped| stopped.read_only_from).max() {
        output.say(format_args!("  If it hears of it in time, it is read-only from {from} on."));
    }
    output.say("Next: lictor status publish, and bring the list to the deployment");
}

/// The deployment whose seat was changed: its id, or all of the answer.
fn show_changed(answer: &Value, output: &mut Output) -> Result<u8, Failure> {
    output.either(|| format!("{}\n", writing::text(answer, "deployment")), || answer.clone())?;
    Ok(0)
}
