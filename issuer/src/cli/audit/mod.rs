//! `lictor audit …`: who runs what, since when, and the proof that nobody edited it.

mod import;
mod usage;
mod verify;

use clap::Subcommand;

use super::globals::Globals;
use super::output::Output;
use crate::error::Failure;

/// Ask the log who runs what, and prove what it says
#[derive(Subcommand, Debug)]
pub(crate) enum Audit {
    Verify(verify::Verify),
    Import(import::Import),
    Usage(usage::Usage),
}

impl Audit {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Verify(command) => command.run(globals, output),
            Self::Import(command) => command.run(globals, output),
            Self::Usage(command) => command.run(globals, output),
        }
    }
}
