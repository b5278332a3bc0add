//! The log: whether checkpoints of it are signed, so that a rewrite would be found.

use core::num::NonZeroU64;
use lictor_keys::KeyPurpose;

use super::Finding;
use crate::error::Failure;
use crate::home::Home;
use crate::ledger::Ledger;

const CHECKPOINT: &str = "lictor audit checkpoint";
const NEW_KEY: &str = "lictor key new --purpose log";

/// Whether there is a key of the log, and how much no checkpoint covers.
pub(super) fn examine(home: &Home, ledger: &Ledger) -> Result<Finding, Failure> {
    let waiting = ledger.events_without_checkpoint()?;
    let is_late = |every: NonZeroU64| waiting >= every.get();
    let is_late = home.config().checkpoint_every.is_some_and(is_late);
    if ledger.key_ring()?.active_for(KeyPurpose::Log).is_none() {
        let says = "No key signs checkpoints of the log, so nobody can tell whether all of it was rewritten.";
        return Ok(match is_late {
            true => Finding::warning("log", says, NEW_KEY),
            false => Finding::fine("log", format!("{says} To begin with it: {NEW_KEY}")),
        });
    }
    let last = match ledger.newest_checkpoint()? {
        None => "there is none yet".to_owned(),
        Some(newest) => format!("the last one is of {}", newest.size),
    };
    let says = match waiting {
        0 => "A checkpoint covers every event of the log.".to_owned(),
        1 => format!("1 event waits for a checkpoint; {last}."),
        _ => format!("{waiting} events wait for a checkpoint; {last}."),
    };
    Ok(if is_late { Finding::warning("log", says, CHECKPOINT) } else { Finding::fine("log", says) })
}
