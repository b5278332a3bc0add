//! `lictor audit …`: who runs what, since when, and the proof that nobody edited it.

mod activations;
mod report;
mod rows;
mod verify;

use clap::Subcommand;

use super::globals::Globals;
use super::output::Output;
use crate::error::Failure;

/// Ask the log who runs what, and prove what it says
#[derive(Subcommand, Debug)]
pub(crate) enum Audit {
    Activations(activations::Activations),
    Report(report::Report),
    Verify(verify::Verify),
}

impl Audit {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Activations(command) => command.run(globals, output),
            Self::Report(command) => command.run(globals, output),
            Self::Verify(command) => command.run(globals, output),
        }
    }
}
