//! `lictor customer …`: who has licenses.

mod list;
mod show;

use clap::Subcommand;

use super::globals::Globals;
use super::output::Output;
use crate::error::Failure;

/// List and show customers and their licenses
#[derive(Subcommand, Debug)]
pub(crate) enum Customer {
    List(list::List),
    Show(show::Show),
}

impl Customer {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::List(command) => command.run(globals, output),
            Self::Show(command) => command.run(globals, output),
        }
    }
}
