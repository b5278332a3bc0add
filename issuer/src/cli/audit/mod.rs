//! `lictor audit …`: who runs what, since when, and the proof that nobody edited it.

mod activations;
mod check_export;
mod check_proof;
mod checkpoint;
mod covering;
mod export;
mod import;
mod key;
mod log;
mod note_key;
mod prove;
mod report;
mod rows;
mod show;
mod told;
mod usage;
mod verify;

use clap::Subcommand;
use lictor_shared::Timestamp;

use super::globals::Globals;
use super::output::Output;
use crate::audit::goes_on_until;
use crate::error::Failure;
use crate::ledger::Ledger;
use crate::occasion::ClockSource;

/// Ask the log who runs what, and prove what it says
#[derive(Subcommand, Debug)]
pub(crate) enum Audit {
    Log(Box<log::Log>),
    Show(show::Show),
    Activations(activations::Activations),
    Usage(usage::Usage),
    Report(report::Report),
    Import(import::Import),
    Verify(Box<verify::Verify>),
    Checkpoint(checkpoint::Checkpoint),
    Key(key::Key),
    Prove(prove::Prove),
    CheckProof(check_proof::CheckProof),
    Export(export::Export),
    CheckExport(check_export::CheckExport),
}

/// One leaf may not have room for all that an event lists.
fn say_if_it_goes_on(ledger: &Ledger, seq: u64, output: &mut Output) -> Result<(), Failure> {
    if let Some(last) = goes_on_until(ledger, seq)? {
        output.say(format_args!("Its lists go on in the events {} to {last}.", seq + 1));
    }
    Ok(())
}

impl Audit {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Log(command) => command.run(globals, output),
            Self::Show(command) => command.run(globals, output),
            Self::Activations(command) => command.run(globals, output),
            Self::Report(command) => command.run(globals, output),
            Self::Verify(command) => command.run(globals, output),
            Self::Checkpoint(command) => command.run(globals, output),
            Self::Key(command) => command.run(globals, output),
            Self::Prove(command) => command.run(globals, output),
            Self::CheckProof(command) => command.run(output),
            Self::Export(command) => command.run(globals, output),
            Self::CheckExport(command) => command.run(output),
            Self::Import(command) => command.run(globals, output),
            Self::Usage(command) => command.run(globals, output),
        }
    }
}

/// When an event was, and how that is known if not by the machine's clock.
fn instant(at: Timestamp, clock: &str) -> String {
    match ClockSource::from_word(clock) {
        Some(ClockSource::System) => at.to_string(),
        _ => format!("{at} (a time that was given, not the machine's)"),
    }
}
