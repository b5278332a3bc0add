//! The command line: one file for each command. Data goes to standard output, words to standard error.

mod activation;
mod asked;
mod audit;
mod bulk;
mod color;
mod completions;
mod csv;
mod customer;
mod doctor;
mod due;
mod environment;
mod exits;
mod explain;
mod globals;
mod help;
mod init;
mod input;
mod key;
mod ledger;
mod license;
mod man;
mod near;
mod outfile;
mod output;
mod passphrase;
mod product;
mod prompt;
mod quickstart;
mod rows;
mod shown;
mod status;
mod table;
mod terms;
mod timeline;
mod values;
mod verify;
mod writing;

use clap::{CommandFactory, FromArgMatches as _, Parser, Subcommand};
use std::ffi::OsString;

pub use self::environment::Variable;
pub use self::exits::{Exit, exits};
pub use self::help::{Format, Topic};

use self::globals::Globals;
use self::output::{Form, Output, Volume};
use crate::error::Failure;

const EXAMPLES: &str = "\
Examples:
  lictor quickstart
  lictor init --issuer acme-licensing --status-uri urn:acme:status:0
  lictor issue --product dialer --plan pro --customer 'Acme GmbH' --term 1y
  lictor verify acme.lic --product dialer";

/// What follows the options on the first help page.
fn ending() -> String {
    format!("{EXAMPLES}\n\n{}\n\n{}", help::topics(), exits::summary())
}

/// Issue, revoke and verify offline licenses.
#[derive(Parser, Debug)]
#[command(name = "lictor", version, after_help = ending(), propagate_version = true)]
#[command(disable_help_subcommand = true)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand, Debug)]
enum Command {
    Init(init::Init),
    #[command(subcommand)]
    Key(key::Key),
    #[command(subcommand)]
    Product(product::Product),
    #[command(subcommand)]
    License(license::License),
    #[command(about = "Issue a license (short for 'license issue')")]
    Issue(Box<license::issue::Issue>),
    #[command(subcommand)]
    Activation(Box<activation::Activation>),
    #[command(subcommand)]
    Customer(customer::Customer),
    #[command(subcommand)]
    Status(status::Status),
    #[command(subcommand)]
    Audit(Box<audit::Audit>),
    #[command(subcommand)]
    Ledger(ledger::Ledger),
    Doctor(doctor::Doctor),
    Verify(Box<verify::Verify>),
    Explain(explain::Explain),
    Quickstart(quickstart::Quickstart),
    Completions(completions::Completions),
    Man(man::Man),
    Help(help::Help),
}

/// Runs a command line, its first item being the program's name, and gives the exit code.
#[must_use]
pub fn run(arguments: impl IntoIterator<Item = OsString>) -> u8 {
    let arguments: Vec<OsString> = arguments.into_iter().collect();
    let mut grammar = Cli::command();
    let parsed = grammar.try_get_matches_from_mut(&arguments).and_then(|matches| {
        let mut cli = Cli::from_arg_matches(&matches)?;
        cli.globals.set_asked(asked::asked(&grammar, &matches));
        cli.globals.set_passphrase_file(asked::passphrase_file(&matches));
        Ok(cli)
    });
    let cli = match parsed {
        Ok(cli) => cli,
        Err(said) => {
            return Output::new(Form::Text, Volume::Everything, color::asked(&arguments)).grammar(&said);
        }
    };
    let mut output = cli.globals.output();
    let first = cli.command.run(&cli.globals, &mut output);
    let done = match first {
        // Another process carried out the same request in between, so now there is an answer.
        Err(failure) if failure.is_done_before() => cli.command.run(&cli.globals, &mut output),
        done => done,
    };
    if done.is_ok() && cli.globals.writes() {
        due::sign_if_due(&cli.globals, &mut output);
    }
    done.unwrap_or_else(|failure| {
        match cli.command {
            // Its standard output is a verdict or nothing.
            Command::Verify(_) => output.fail(&failure),
            _ => output.fail_in_envelope(&failure),
        }
        failure.exit_code()
    })
}

/// The command line's own grammar, for tests and documents that are held against it.
#[must_use]
pub fn grammar() -> clap::Command {
    Cli::command()
}

impl Command {
    fn run(&self, globals: &Globals, output: &mut Output) -> Result<u8, Failure> {
        match self {
            Self::Init(command) => command.run(globals, output),
            Self::Key(command) => command.run(globals, output),
            Self::Product(command) => command.run(globals, output),
            Self::License(command) => command.run(globals, output),
            Self::Issue(command) => command.run(globals, output),
            Self::Activation(command) => command.run(globals, output),
            Self::Customer(command) => command.run(globals, output),
            Self::Status(command) => command.run(globals, output),
            Self::Audit(command) => command.run(globals, output),
            Self::Ledger(command) => command.run(globals, output),
            Self::Doctor(command) => command.run(globals, output),
            Self::Verify(command) => command.run(globals, output),
            Self::Explain(command) => command.run(output),
            Self::Quickstart(command) => command.run(globals, output),
            Self::Completions(command) => command.run(output),
            Self::Man(command) => command.run(output),
            Self::Help(command) => command.run(output),
        }
    }
}
