//! `lictor status …`: status lists.

mod names;
mod publish;
mod show;

use clap::Subcommand;

use super::globals::Globals;
use super::output::Output;
use crate::error::Failure;

/// Publish and show status lists
#[derive(Subcommand, Debug)]
pub(crate) enum Status {
    Publish(publish::Publish),
    Show(show::Show),
}

impl Status {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Publish(command) => command.run(globals, output),
            Self::Show(command) => command.run(globals, output),
        }
    }
}
