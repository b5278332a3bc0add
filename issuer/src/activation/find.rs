//! Which deployment is meant: by its id, the serial of one of its activations, or the beginning of either.

use lictor_shared::json::Value;
use lictor_shared::{Thumbprint, Uuid};
use rusqlite::Connection;

use super::record::DeploymentRecord;
use crate::error::{Failure, FailureKind};
use crate::ledger::activations::{self, Holder};
use crate::ledger::{Ledger, deployments};

/// Characters of an id or a serial that name it, if it is the only one that begins so.
const LEAST: usize = 8;

/// Deployments that are named when several are meant.
const CANDIDATES: usize = 5;

/// The deployment with this id, or whose activation has this serial; the first 8 characters are enough, if no other is meant
/// by them. One that has seats of several licenses is named with the license.
///
/// # Errors
/// [`FailureKind::NotFound`] if there is none, [`FailureKind::Conflict`] if several are meant.
pub fn find_deployment(
    ledger: &Ledger,
    name: &str,
    license: Option<Uuid>,
) -> Result<DeploymentRecord, Failure> {
    find_deployment_in(ledger.connection(), name, license)
}

/// The same in a change under way.
pub(super) fn find_deployment_in(
    connection: &Connection,
    name: &str,
    license: Option<Uuid>,
) -> Result<DeploymentRecord, Failure> {
    let name = name.trim();
    if name.len() < LEAST {
        return Err(unknown(name, "is too short for the id of a deployment: at least 8 characters"));
    }
    let most = u32::try_from(CANDIDATES + 1).unwrap_or(u32::MAX);
    let mut holders = deployments::holders_from(connection, name, most)?;
    let serials = activations::holders_from(connection, &name.to_ascii_lowercase(), most)?;
    holders.extend(serials);
    holders.retain(|(of, _)| license.is_none_or(|license| license == *of));
    holders.sort_unstable();
    holders.dedup();
    match holders.as_slice() {
        [] => Err(unknown(name, "is neither a deployment that had a seat nor the serial of an activation")),
        [(license, id)] => deployments::find(connection, *license, *id)?
            .ok_or_else(|| unknown(name, "is no deployment that had a seat")),
        several => Err(ambiguous(name, several)),
    }
}

fn unknown(name: &str, why: &str) -> Failure {
    Failure::new(FailureKind::NotFound, format!("{name:?} {why}."))
        .hint("lictor activation list shows the deployments; 8 characters are enough, if no other begins so.")
        .with("id", name)
}

/// One that has had seats of several licenses, or the beginning of several ids.
fn ambiguous(name: &str, holders: &[Holder]) -> Failure {
    let failure = match holders {
        [(_, first), rest @ ..] if rest.iter().all(|(_, id)| id == first) => {
            of_several_licenses(*first, holders)
        }
        _ => several_deployments(name, holders),
    };
    let named = |(license, id): &Holder| {
        Value::object([("deployment", id.to_string().into()), ("license", license.to_string().into())])
    };
    failure.with("candidates", holders.iter().take(CANDIDATES).map(named).collect::<Vec<_>>())
}

fn of_several_licenses(deployment: Thumbprint, holders: &[Holder]) -> Failure {
    let licenses: Vec<String> =
        holders.iter().take(CANDIDATES).map(|(license, _)| license.to_string()).collect();
    let more = if holders.len() > CANDIDATES { " and more" } else { "" };
    let licenses = licenses.join(", ");
    let message = format!("The deployment {deployment} has had seats of several licenses: {licenses}{more}.");
    Failure::new(FailureKind::Conflict, message).hint("Say of which: --license ID")
}

fn several_deployments(name: &str, holders: &[Holder]) -> Failure {
    let in_words = |(license, id): &Holder| format!("{id} of the license {license}");
    let words: Vec<String> = holders.iter().take(CANDIDATES).map(in_words).collect();
    let more = if holders.len() > CANDIDATES { " and more" } else { "" };
    let message = format!("{name:?} means several deployments: {}{more}.", words.join(", "));
    Failure::new(FailureKind::Conflict, message)
        .hint("Write more characters, or say of which license: --license ID")
}
