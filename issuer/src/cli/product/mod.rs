//! `lictor product …`: what is sold.

mod add;
mod list;
mod show;

use clap::Subcommand;

use super::globals::Globals;
use super::output::Output;
use crate::error::Failure;

/// Add, list and show products and their plans
#[derive(Subcommand, Debug)]
pub(crate) enum Product {
    Add(Box<add::Add>),
    List(list::List),
    Show(show::Show),
}

impl Product {
    pub(crate) fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Add(command) => command.run(globals, output),
            Self::List(command) => command.run(globals, output),
            Self::Show(command) => command.run(globals, output),
        }
    }
}
