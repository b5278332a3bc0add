//! Data to standard output, words to standard error.

use core::fmt::Display;
use lictor_validator::shared::json::Value;
use std::io::{self, IsTerminal as _, Write as _};

use crate::called::Called;
use crate::failure::{Failure, Kind};
use crate::shown;

/// For whom data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// Where a command writes.
#[derive(Debug)]
pub(crate) struct Output {
    pub(crate) form: Form,
    /// The program's name in what is said.
    pub(crate) called: Called,
}

impl Output {
    /// Writes data as it stands, through to the other side. A reader that closes the pipe has what he wished, and changes no
    /// exit code.
    pub(crate) fn raw(&mut self, text: &str) -> Result<(), Failure> {
        let mut out = io::stdout().lock();
        match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
            Ok(()) => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            Err(error) => {
                let message = format!("standard output cannot be written: {error}");
                Err(Failure::new(Kind::CannotWrite, message, "look at what reads it"))
            }
        }
    }

    /// Writes JSON on one line.
    pub(crate) fn json(&mut self, value: impl Display) -> Result<(), Failure> {
        self.raw(&format!("{value}\n"))
    }

    /// Writes one of the two forms of the same data.
    pub(crate) fn either(
        &mut self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> Value,
    ) -> Result<(), Failure> {
        match self.form {
            Form::Text => self.raw(&text()),
            Form::Json => self.json(json()),
        }
    }

    /// Says something to people. What it quotes may be a stranger's, so control characters are escaped.
    pub(crate) fn say(&mut self, words: impl Display) {
        let words = self.called.in_text(&words.to_string());
        let lines: String = words.lines().map(|line| shown::foreign(line) + "\n").collect();
        // Nobody is left to be told that standard error is closed, and the data matters more.
        let _closed = io::stderr().lock().write_all(lines.as_bytes());
    }

    /// Says to whoever sits there what no script and no log has a use for.
    pub(crate) fn remark(&mut self, words: impl Display) {
        if io::stderr().is_terminal() {
            self.say(words);
        }
    }

    /// Says what failed and what to do, to people, and to programs if they asked for JSON.
    pub(crate) fn fail(&mut self, failure: &Failure) -> u8 {
        self.tell(failure);
        if self.form == Form::Json {
            // If standard output is what failed, that has been said above.
            let _closed = self.json(failure.envelope());
        }
        failure.exit_code()
    }

    /// Says what failed and what to do, to people only: for a command that has written its data.
    pub(crate) fn tell(&mut self, failure: &Failure) {
        self.say(format_args!("error: {failure}"));
        if let Some(hint) = failure.hint() {
            self.say(format_args!("  hint: {hint}"));
        }
    }

    /// Columns and lines of the terminal that reads the data; `None` if none does.
    pub(crate) fn room(&self) -> Option<(usize, usize)> {
        let out = io::stdout();
        let (columns, lines) = terminal_size::terminal_size_of(&out).filter(|_| out.is_terminal())?;
        Some((columns.0.into(), lines.0.into()))
    }
}
