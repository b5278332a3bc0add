//! Whether a request follows from what its deployment was given before.

use lictor_shared::Request;
use rusqlite::Connection;

use super::record::{ActivationRecord, DeploymentRecord, SeatState};
use crate::error::Failure;
use crate::ledger::activations;
use crate::register::register;

register! {
    /// How a request follows from what its deployment was given before. Nothing of it is punished.
    History {
        /// As it should.
        Plain = "plain",
        /// The last activation never arrived: the deployment holds the one before it.
        LostAnswer = "lost_answer",
        /// It does not: two copies of the deployment live, or one was restored from a backup.
        Forked = "forked",
    }
}

/// Judges a request by what is known of its deployment under this license: its record, and its activations from the latest
/// back.
pub(super) fn judge(
    connection: &Connection,
    request: &Request,
    known: Option<&DeploymentRecord>,
    given: &[ActivationRecord],
) -> Result<History, Failure> {
    // FORMAT 7.4: a counter not above the last.
    if known.is_some_and(|known| request.counter <= known.counter) {
        return Ok(History::Forked);
    }
    let latest = given.first();
    let before = given.get(1).map(|activation| activation.serial);
    let cites = request.previous;
    if cites == latest.map(|latest| latest.serial) {
        return Ok(History::Plain);
    }
    // Whoever gave his seat back holds nothing.
    if cites.is_none() && known.is_some_and(|known| known.state == SeatState::Released) {
        return Ok(History::Plain);
    }
    // FORMAT 7.4: the last activation was never cited, and `previous` names the one before it. If several answers in a row were
    // lost, that is the one that the last request named as well.
    if let Some(latest) = latest
        && (cites == before || cites == latest.previous)
    {
        return Ok(History::LostAnswer);
    }
    // A deployment that had a seat of another license of ours holds the activation of that one.
    let elsewhere = match cites {
        Some(serial) => activations::holder(connection, serial)?.is_some_and(|(license, deployment)| {
            license != request.license && deployment == request.deployment
        }),
        None => false,
    };
    Ok(if elsewhere { History::Plain } else { History::Forked })
}
