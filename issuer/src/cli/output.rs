//! Data to standard output, words to standard error.

use lictor_shared::json::Value;
use std::error::Error as _;
use std::fmt::Display;
use std::io::{self, Write};

use super::shown;
use crate::error::{Failure, FailureKind};

/// Where a command writes.
pub(crate) struct Output {
    form: Form,
    /// As it is: what goes to programs must arrive byte for byte.
    data: io::Stdout,
    words: anstream::AutoStream<io::Stderr>,
}

/// For whom data is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    /// For people.
    Text,
    /// For programs: JSON on one line.
    Json,
}

impl Output {
    pub(crate) fn new(form: Form) -> Self {
        Self { form, data: io::stdout(), words: anstream::AutoStream::auto(io::stderr()) }
    }

    pub(crate) const fn form(&self) -> Form {
        self.form
    }

    /// Writes data, ended by a line feed, through to the other side.
    pub(crate) fn data(&mut self, text: impl Display) -> Result<(), Failure> {
        writeln!(self.data, "{text}").and_then(|()| self.data.flush()).map_err(cannot_print)
    }

    /// Writes data as it stands.
    pub(crate) fn raw(&mut self, text: &str) -> Result<(), Failure> {
        self.data.write_all(text.as_bytes()).and_then(|()| self.data.flush()).map_err(cannot_print)
    }

    /// Writes one of the two forms of the same data.
    pub(crate) fn either(
        &mut self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> Value,
    ) -> Result<(), Failure> {
        match self.form {
            Form::Text => self.raw(&text()),
            Form::Json => self.data(json()),
        }
    }

    /// Says something to the person at the terminal.
    pub(crate) fn say(&mut self, words: impl Display) {
        // Words may quote files of strangers, so nothing in them reaches the terminal but text and line ends.
        for line in words.to_string().split('\n') {
            // Nobody is left to be told that standard error is closed, and the data matters more.
            let _closed = writeln!(self.words, "{}", shown::foreign(line));
        }
    }

    /// Says what failed and what to do.
    pub(crate) fn fail(&mut self, failure: &Failure) {
        self.say(format_args!("error: {failure}"));
        let mut said = failure.to_string();
        let mut source = failure.source();
        while let Some(cause) = source {
            // An error often repeats what it wraps; nobody needs to read it twice.
            let words = cause.to_string();
            if !said.contains(&words) {
                self.say(format_args!("  because: {words}"));
            }
            said = words;
            source = cause.source();
        }
        if let Some(hint) = &failure.hint {
            self.say(format_args!("  hint: {hint}"));
        }
    }

    /// The same, with the envelope for programs that asked for JSON.
    pub(crate) fn fail_in_envelope(&mut self, failure: &Failure) {
        self.fail(failure);
        if self.form == Form::Json {
            // If standard output is what failed, that has been said above.
            let _closed = self.data(failure.envelope());
        }
    }
}

fn cannot_print(error: io::Error) -> Failure {
    Failure::new(FailureKind::CannotWrite, format!("standard output cannot be written: {error}"))
        .because(error)
}
