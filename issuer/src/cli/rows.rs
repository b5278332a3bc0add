//! The forms in which many rows are written: a table and JSON at once, JSON Lines and CSV as they are read.

use clap::Args;
use lictor_shared::json::Value;

use super::csv;
use super::output::{Form, Output};
use crate::error::Failure;

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
