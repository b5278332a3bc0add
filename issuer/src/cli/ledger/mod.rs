//! `lictor ledger …`: the care of the ledger.

mod backup;
mod restore;
mod verify;

use clap::Subcommand;
use lictor_shared::json::Value;

use super::globals::Globals;
use super::output::Output;
use crate::check::Checked;
use crate::error::Failure;

/// Check, back up and restore the ledger
#[derive(Subcommand, Debug)]
pub(crate) enum Ledger {
    Verify(verify::Verify),
    Backup(backup::Backup),
    Restore(restore::Restore),
}

impl Ledger {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Verify(command) => command.run(globals, output),
            Self::Backup(command) => command.run(globals, output),
            Self::Restore(command) => command.run(globals, output),
        }
    }
}

/// `1 event`, `2 events`.
pub(super) fn counted(number: u64, what: &str) -> String {
    if number == 1 { format!("1 {what}") } else { format!("{number} {what}s") }
}

fn holds(checked: &Checked) -> String {
    format!("{} and {}", counted(checked.events, "event"), counted(checked.licenses, "license"))
}

pub(super) fn counts(checked: &Checked) -> [(&'static str, Value); 4] {
    [
        ("events", checked.events.into()),
        ("licenses", checked.licenses.into()),
        ("personal", checked.personal.into()),
        ("erased", checked.erased.into()),
    ]
}
