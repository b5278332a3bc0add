//! The command line: a file for each command.

mod check;
mod check_proof;
mod explain;
mod identity;
mod install;
mod picture;
mod request;
mod status;
mod support_bundle;
mod usage;

use clap::{CommandFactory as _, FromArgMatches as _, Parser, Subcommand};
use std::ffi::OsString;
use std::path::Path;

use crate::beside;
use crate::called::{Called, NAME};
use crate::deployment::Deployment;
use crate::failure::Failure;
use crate::globals::Globals;
use crate::output::Output;
use crate::vendor::{Settings, Vendor};

const EXAMPLES: &str = "\
Examples:
  lictor-agent status
  lictor-agent install acme.lic
  lictor-agent request --out request.txt
  lictor-agent install answer.txt

Run it as the user that the product runs as: they share one folder of state.

Exit codes: 0 done, 1 unexpected, 2 usage, 10 to 13 a verdict's code, 20 in the
way, 21 not found, 22 not proved, 30 cannot read, 31 cannot write.";

/// Install this deployment's license, ask for its seat, and see what it may do
#[derive(Parser, Debug)]
#[command(name = NAME, version, after_help = EXAMPLES, propagate_version = true)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Status(status::Status),
    Install(install::Install),
    Request(request::Request),
    Usage(usage::Usage),
    Identity(identity::Identity),
    Check(check::Check),
    CheckProof(check_proof::CheckProof),
    Explain(explain::Explain),
    SupportBundle(support_bundle::SupportBundle),
}

/// Runs a command line, its first item being the program's name, with a vendor's settings that are compiled in; gives the
/// exit code.
#[must_use]
pub fn run(vendor: &Vendor<'_>, arguments: impl IntoIterator<Item = OsString>) -> u8 {
    run_with(arguments, || {
        let executable = beside::executable()?;
        vendor.settings("built in", executable.parent().unwrap_or(Path::new("/")))
    })
}

/// The same with the settings in the file beside the executable, under its name: `lictor-agent.toml`.
#[must_use]
pub fn run_with_settings_beside(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    run_with(arguments, beside::settings)
}

/// The command line's own grammar, for tests and documents that are held against it.
#[must_use]
pub fn grammar() -> clap::Command {
    Cli::command()
}

fn run_with(
    arguments: impl IntoIterator<Item = OsString>,
    settings: impl FnOnce() -> Result<Settings, Failure>,
) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let called = Called::by(&arguments);
    let parsed = named(&called).try_get_matches_from(&arguments);
    let cli = match parsed.and_then(|matches| Cli::from_arg_matches(&matches)) {
        Ok(cli) => cli,
        Err(error) => {
            // Help and version are data, all else a mistake. Where nobody reads any more there is nobody to tell.
            let _closed = error.print();
            return u8::try_from(error.exit_code()).unwrap_or(2);
        }
    };
    let mut output = Output { form: cli.globals.form(), called };
    let deployment = || Ok(Deployment { settings: settings()?, now: cli.globals.now });
    cli.command.run(deployment, &mut output).unwrap_or_else(|failure| output.fail(&failure))
}

/// The grammar under the name by which the program was called.
fn named(called: &Called) -> clap::Command {
    renamed(grammar(), called).name(called.name().to_owned())
}

fn renamed(command: clap::Command, called: &Called) -> clap::Command {
    let command = match command.get_after_help().map(ToString::to_string) {
        Some(help) => command.after_help(called.in_text(&help)),
        None => command,
    };
    command.mut_subcommands(|command| renamed(command, called))
}

impl Command {
    fn run(
        &self,
        deployment: impl FnOnce() -> Result<Deployment, Failure>,
        output: &mut Output,
    ) -> Result<u8, Failure> {
        match self {
            Self::Explain(command) => command.run(deployment, output),
            Self::CheckProof(command) => command.run(deployment, output),
            Self::Status(command) => command.run(&deployment()?, output),
            Self::Install(command) => command.run(&deployment()?, output),
            Self::Request(command) => command.run(&deployment()?, output),
            Self::Usage(command) => command.run(&deployment()?, output),
            Self::Identity(command) => command.run(&deployment()?, output),
            Self::Check(command) => command.run(&deployment()?, output),
            Self::SupportBundle(command) => command.run(&deployment()?, output),
        }
    }
}
