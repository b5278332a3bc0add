//! `usage`: what the vendor is told of how much is used, and only if somebody carries it to him.

mod report;
mod show;

use clap::{Args, Subcommand};

use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::output::Output;

const EXAMPLES: &str = "\
Examples:
  lictor-agent usage show
  lictor-agent usage report --out report.txt
  lictor-agent usage report --again

The product counts what its vendor wants to know, such as how many users there
are at most. It stays in this house until somebody makes a report and brings it
to the vendor.";

/// See and report how much of the license is used
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Usage {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Show(show::Show),
    Report(report::Report),
}

impl Usage {
    pub(crate) fn run(&self, deployment: &Deployment, output: &mut Output) -> Result<u8, Failure> {
        match &self.command {
            Command::Show(command) => command.run(deployment, output),
            Command::Report(command) => command.run(deployment, output),
        }
    }
}
