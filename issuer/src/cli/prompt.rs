//! Asking the person at the terminal: the one place that does, so that `--no-input` silences all of it.

mod echo;

use lictor_keys::Zeroizing;
use std::io::{self, BufRead as _, IsTerminal as _};

use self::echo::Echo;
use super::output::Output;
use crate::error::{Failure, FailureKind};

/// Whether somebody may be asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prompts {
    /// If there is a terminal.
    Ask,
    /// Never: `--no-input`.
    Refuse,
}

/// What must be known to go on.
pub(crate) struct Needed<'a> {
    /// A sentence that lacks its end, as "a revocation must be confirmed".
    pub(crate) sentence: &'a str,
    /// What gives it without being asked, as "give --confirm ID".
    pub(crate) instead: String,
}

impl Prompts {
    /// Explains, asks, and reads a line, without the white space around it.
    pub(crate) fn line(
        self,
        needed: &Needed<'_>,
        explanation: impl std::fmt::Display,
        question: &str,
        output: &mut Output,
    ) -> Result<String, Failure> {
        // Who asks on standard error must be seen there.
        self.check(needed, io::stdin().is_terminal() && io::stderr().is_terminal())?;
        output.ask(format_args!("{explanation}\n{question}"));
        let mut line = String::new();
        match io::stdin().lock().read_line(&mut line).map_err(unreadable)? {
            0 => Err(untyped()),
            _ => Ok(line.trim().to_string()),
        }
    }

    /// Asks and reads a line that is not shown. Question and answer go past the standard streams.
    pub(crate) fn secret(self, needed: &Needed<'_>, question: &str) -> Result<Zeroizing<String>, Failure> {
        self.check(needed, io::stdin().is_terminal())?;
        let echo = Echo::keep().map_err(unreadable)?;
        let line = rpassword::prompt_password(question);
        // Whoever typed Ctrl-C ends the program here, at a terminal that is as it was.
        drop(echo);
        match line {
            Ok(line) => Ok(Zeroizing::new(line)),
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Err(untyped()),
            Err(error) => Err(unreadable(error)),
        }
    }

    fn check(self, needed: &Needed<'_>, terminal: bool) -> Result<(), Failure> {
        let why = match self {
            Self::Refuse => "--no-input forbids to ask",
            Self::Ask if terminal => return Ok(()),
            Self::Ask => "there is no terminal to ask at",
        };
        let message = format!("{}, and {why}", needed.sentence);
        Err(Failure::new(FailureKind::Usage, message).hint(needed.instead.clone()).because(Unasked(why)))
    }
}

/// Why something is not known: nobody may be asked.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
struct Unasked(&'static str);

/// Whether a failure says that somebody would have to be asked who is not there.
pub(crate) fn is_unasked(failure: &Failure) -> bool {
    failure.source.as_ref().is_some_and(|source| source.is::<Unasked>())
}

/// The input ended where an answer was awaited.
fn untyped() -> Failure {
    Failure::new(FailureKind::Usage, "nothing was typed; nothing was done").hint("try again")
}

fn unreadable(error: io::Error) -> Failure {
    Failure::new(FailureKind::CannotRead, format!("the terminal cannot be read: {error}")).because(error)
}
