//! `lictor audit …`: who runs what, since when, and the proof that nobody edited it.

mod checkpoint;
mod key;
mod log;
mod told;
mod verify;

use clap::Subcommand;

use super::globals::Globals;
use super::output::Output;
use crate::error::Failure;

/// Ask the log who runs what, and prove what it says
#[derive(Subcommand, Debug)]
pub(crate) enum Audit {
    Log(Box<log::Log>),
    Verify(Box<verify::Verify>),
    Checkpoint(checkpoint::Checkpoint),
    Key(key::Key),
}

impl Audit {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Log(command) => command.run(globals, output),
            Self::Verify(command) => command.run(globals, output),
            Self::Checkpoint(command) => command.run(globals, output),
            Self::Key(command) => command.run(globals, output),
        }
    }
}
