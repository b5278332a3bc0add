//! Data to standard output, words to standard error.

use anstream::AutoStream;
use lictor_shared::json::Value;
use std::error::Error as _;
use std::fmt::Display;
use std::io::{self, IsTerminal as _, Write};

use super::color::{self, Label};
use super::shown;
use crate::error::{Failure, FailureKind};

/// Where a command writes.
pub(crate) struct Output {
    form: Form,
    volume: Volume,
    color: clap::ColorChoice,
    /// As it is: what goes to programs must arrive byte for byte.
    data: io::Stdout,
    words: AutoStream<io::Stderr>,
}

/// How much is said on standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Volume {
    /// What was done and what follows from it.
    Everything,
    /// Only errors, warnings and questions.
    Warnings,
}

/// Who reads standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reader {
    /// Somebody may.
    There,
    /// It is closed.
    Gone,
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
    pub(crate) fn new(form: Form, volume: Volume, color: clap::ColorChoice) -> Self {
        let words = AutoStream::new(io::stderr(), color::of_stream(color));
        Self { form, volume, color, data: io::stdout(), words }
    }

    pub(crate) const fn form(&self) -> Form {
        self.form
    }

    /// Whether somebody sees on standard error how things go on.
    pub(crate) fn is_watched(&self) -> bool {
        self.volume == Volume::Everything && io::stderr().is_terminal()
    }

    /// Writes data, ended by a line feed, through to the other side. Nothing that it quotes plays with a terminal.
    pub(crate) fn data(&mut self, text: impl Display) -> Result<(), Failure> {
        let text = match self.form {
            Form::Text => shown::foreign_lines(&text.to_string()),
            Form::Json => shown::json(&text.to_string()),
        };
        self.raw(&(text + "\n"))
    }

    /// Writes data as it stands. A reader that has closed its end has had enough: nothing failed, and nothing is said.
    pub(crate) fn raw(&mut self, text: &str) -> Result<(), Failure> {
        enough(self.write(text)).map_err(cannot_print)
    }

    /// Writes data as it stands, and tells whether anybody still reads: for what would go on for ever.
    pub(crate) fn raw_to_reader(&mut self, text: &str) -> Result<Reader, Failure> {
        match self.write(text) {
            Ok(()) => Ok(Reader::There),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(Reader::Gone),
            Err(error) => Err(cannot_print(error)),
        }
    }

    /// Writes one of the two forms of the same data.
    pub(crate) fn either(
        &mut self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> Value,
    ) -> Result<(), Failure> {
        let text = self.formed(text, json);
        self.raw(&text)
    }

    /// The same with data that repeating the command does not give again: here a closed pipe is a failure like any other.
    pub(crate) fn hand_over(
        &mut self,
        text: impl FnOnce() -> String,
        json: impl FnOnce() -> Value,
    ) -> Result<(), Failure> {
        let text = self.formed(text, json);
        self.write(&text).map_err(cannot_print)
    }

    /// The same with text as it stands.
    pub(crate) fn hand_over_raw(&mut self, text: &str) -> Result<(), Failure> {
        self.write(text).map_err(cannot_print)
    }

    fn formed(&self, text: impl FnOnce() -> String, json: impl FnOnce() -> Value) -> String {
        match self.form {
            Form::Text => shown::foreign_lines(&text()),
            Form::Json => shown::json(&json().to_string()) + "\n",
        }
    }

    fn write(&mut self, text: &str) -> io::Result<()> {
        self.data.write_all(text.as_bytes()).and_then(|()| self.data.flush())
    }

    /// Writes what the grammar itself says, and gives the exit code: help and version are data, mistakes are words.
    pub(crate) fn grammar(&mut self, said: &clap::Error) -> u8 {
        let text = said.render().ansi().to_string();
        if said.use_stderr() {
            // Nobody is left to be told that standard error is closed.
            let _closed = self.words.write_all(text.as_bytes());
            return u8::try_from(said.exit_code()).unwrap_or(2);
        }
        let mut page = AutoStream::new(io::stdout(), color::of_stream(self.color));
        match enough(page.write_all(text.as_bytes()).and_then(|()| page.flush())).map_err(cannot_print) {
            Ok(()) => 0,
            Err(failure) => {
                self.fail(&failure);
                failure.exit_code()
            }
        }
    }

    /// Says something to the person at the terminal, if he wishes to hear everything.
    pub(crate) fn say(&mut self, words: impl Display) {
        if self.volume == Volume::Everything {
            self.utter("", None, words);
        }
    }

    /// Says what is hardly meant, or must be minded.
    pub(crate) fn warn(&mut self, words: impl Display) {
        self.utter("", Some(Label::Warning), words);
    }

    /// Says what leads to a question, and the question, to somebody who is there to answer.
    pub(crate) fn ask(&mut self, words: impl Display) {
        self.utter("", None, words);
    }

    fn utter(&mut self, indent: &str, label: Option<Label>, words: impl Display) {
        // Words may quote files of strangers, so nothing in them reaches the terminal but text and line ends.
        let words = shown::foreign_lines(&words.to_string());
        let label = label.map(|label| {
            let style = label.style();
            format!("{style}{}{style:#} ", label.as_str())
        });
        // Nobody is left to be told that standard error is closed, and the data matters more.
        let _closed = writeln!(self.words, "{indent}{}{}", label.unwrap_or_default(), words);
    }

    /// Says what failed and what to do.
    pub(crate) fn fail(&mut self, failure: &Failure) {
        self.utter("", Some(Label::Error), failure);
        let mut said = failure.to_string();
        let mut source = failure.source();
        while let Some(cause) = source {
            // An error often repeats what it wraps; nobody needs to read it twice.
            let words = cause.to_string();
            if !said.contains(&words) {
                self.utter("  ", None, format_args!("because: {words}"));
            }
            said = words;
            source = cause.source();
        }
        if let Some(hint) = &failure.hint {
            self.utter("  ", Some(Label::Hint), hint);
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

/// Takes a closed pipe for the end that the reader wished.
fn enough(written: io::Result<()>) -> io::Result<()> {
    match written {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written,
    }
}

fn cannot_print(error: io::Error) -> Failure {
    Failure::new(FailureKind::CannotWrite, format!("standard output cannot be written: {error}"))
        .because(error)
}
