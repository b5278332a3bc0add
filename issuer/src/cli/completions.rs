//! `lictor completions`.

use clap::Args;
use clap_complete::Shell;
use lictor_shared::json::Value;

use super::output::Output;
use crate::error::{Failure, FailureKind};

const EXAMPLES: &str = "\
Examples:
  lictor completions bash > ~/.local/share/bash-completion/completions/lictor
  lictor completions zsh > ~/.zfunc/_lictor
  lictor completions fish > ~/.config/fish/completions/lictor.fish";

/// Write a script with which a shell completes commands and options
#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_name = "SHELL")]
    shell: Shell,
}

impl Completions {
    pub(crate) fn run(&self, output: &mut Output) -> Result<u8, Failure> {
        let mut script = Vec::new();
        clap_complete::generate(
            self.shell,
            &mut super::help::with_words(super::grammar()),
            "lictor",
            &mut script,
        );
        let script = String::from_utf8(script).map_err(|error| {
            Failure::new(FailureKind::Unexpected, "the completions are no text").because(error)
        })?;
        output.either(
            || script.clone(),
            || Value::object([("shell", self.shell.to_string().into()), ("script", script.as_str().into())]),
        )?;
        Ok(0)
    }
}
