//! `lictor customer …`: who has licenses, and who is to be forgotten.

mod erase;
mod list;
mod show;

use clap::Subcommand;

use super::globals::Globals;
use super::output::Output;
use crate::error::Failure;

/// List, show and erase customers and their licenses
#[derive(Subcommand, Debug)]
pub(crate) enum Customer {
    List(list::List),
    Show(show::Show),
    Erase(erase::Erase),
}

impl Customer {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::List(command) => command.run(globals, output),
            Self::Show(command) => command.run(globals, output),
            Self::Erase(command) => command.run(globals, output),
        }
    }
}
