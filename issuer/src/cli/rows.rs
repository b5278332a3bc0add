//! The forms in which many rows are written: a table and JSON at once, JSON Lines and CSV as they are read.

use clap::Args;
use lictor_shared::json::Value;

use super::csv;
use super::output::{Form, Output};
use crate::error::{Failure, shell};

/// So many rows of a table or of JSON where nothing is said; what is streamed is all there is.
const MOST: u64 = 1000;

/// Said instead of an empty table where there are rows.
pub(crate) const NO_ROOM: &str = "There are some, of which --limit 0 shows none.";

/// Bytes that are gathered before they are written.
const CHUNK: usize = 32 * 1024;

/// Options for the form.
#[derive(Args, Debug)]
pub(crate) struct RowForms {
    /// Write JSON Lines: one object on each line, as they are read
    #[arg(long, conflicts_with = "json")]
    jsonl: bool,
    /// Write CSV with a header line; a cell that a spreadsheet would run gets an apostrophe in front
    #[arg(long, conflicts_with_all = ["json", "jsonl"])]
    csv: bool,
}

/// The form of many rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RowForm {
    Table,
    Json,
    JsonLines,
    Csv,
}

impl RowForms {
    pub(crate) fn form(&self, output: &Output) -> RowForm {
        match (self.csv, self.jsonl, output.form()) {
            (true, _, _) => RowForm::Csv,
            (_, true, _) => RowForm::JsonLines,
            (_, _, Form::Json) => RowForm::Json,
            (_, _, Form::Text) => RowForm::Table,
        }
    }
}

impl RowForm {
    /// At most so many rows, where so many were asked for; `None`: all.
    pub(crate) fn limit(self, asked: Option<u64>) -> Option<u32> {
        let limit = match self {
            Self::Table | Self::Json => Some(asked.unwrap_or(MOST)),
            Self::JsonLines | Self::Csv => asked,
        };
        // No ledger has more.
        limit.map(|limit| u32::try_from(limit).unwrap_or(u32::MAX))
    }
}

/// How many rows there is still room for, and which was the last.
pub(crate) struct Page {
    left: Option<u32>,
    last: Option<String>,
    more: bool,
}

impl Page {
    pub(crate) const fn of(limit: Option<u32>) -> Self {
        Self { left: limit, last: None, more: false }
    }

    /// Whether there is room for the next one.
    pub(crate) fn holds(&mut self, id: impl ToString) -> bool {
        match self.left {
            Some(0) => {
                self.more = true;
                return false;
            }
            Some(left) => self.left = Some(left - 1),
            None => {}
        }
        self.last = Some(id.to_string());
        true
    }

    /// What is said instead of an empty table: that there are some, if there was room for none, else this.
    pub(crate) const fn nothing<'a>(&self, otherwise: &'a str) -> &'a str {
        if self.more { NO_ROOM } else { otherwise }
    }

    /// Says how to go on where there are more.
    pub(crate) fn say_if_more(&self, output: &mut Output) {
        if let Some(last) = self.last.as_deref().filter(|_| self.more) {
            output.say(format_args!("There are more: the same command with --after {}", shell(last)));
        }
    }
}

/// Lines on their way to standard output, a chunk at a time, so that any number of them takes no more room than a few.
pub(crate) struct Lines<'o> {
    output: &'o mut Output,
    gathered: String,
}

impl<'o> Lines<'o> {
    pub(crate) const fn to(output: &'o mut Output) -> Self {
        Self { output, gathered: String::new() }
    }

    /// A value on a line.
    pub(crate) fn json(&mut self, value: &Value) -> Result<(), Failure> {
        self.write(&format!("{value}\n"))
    }

    /// A record.
    pub(crate) fn csv<'a>(&mut self, cells: impl IntoIterator<Item = &'a str>) -> Result<(), Failure> {
        self.write(&csv::record(cells))
    }

    /// A line as it stands.
    pub(crate) fn write(&mut self, line: &str) -> Result<(), Failure> {
        self.gathered.push_str(line);
        if self.gathered.len() < CHUNK {
            return Ok(());
        }
        self.output.raw(&core::mem::take(&mut self.gathered))
    }

    /// Writes what is left.
    pub(crate) fn end(self) -> Result<(), Failure> {
        self.output.raw(&self.gathered)
    }
}
