//! How what comes of the rows is handed out, and how far it is.

use indicatif::ProgressBar;
use lictor_shared::Text;
use lictor_shared::json::Value;

use super::Folder;
use super::noted::Noted;
use crate::bulk::{Foreseen, Made, Taker, When};
use crate::cli::output::Output;
use crate::cli::progress::bar;
use crate::cli::shown;
use crate::error::Failure;

/// Where it goes.
pub(crate) enum To<'a> {
    /// A file for each row.
    Folder(Folder<'a>),
    /// Standard output, an object on each line.
    Lines,
    /// Nowhere: nothing is made.
    Nowhere,
}

/// Hands out what comes of the rows.
pub(crate) struct Handing<'a> {
    to: To<'a>,
    output: &'a mut Output,
    bar: ProgressBar,
    noted: Noted,
}

impl<'a> Handing<'a> {
    /// Begins to check; how many rows there are is not known yet.
    pub(crate) fn begin(to: To<'a>, output: &'a mut Output) -> Self {
        let bar = bar(None, "{spinner} {human_pos} rows checked, {rate}", output);
        Self { to, output, bar, noted: Noted::default() }
    }

    /// Begins to make what was checked; `noun` is what is made.
    pub(crate) fn go_on(&mut self, rows: u64, noun: &str) {
        self.pause();
        let template = format!("{{bar:24}} {{human_pos}} of {{human_len}} {noun}, {{rate}}{{left}}");
        self.bar = bar(Some(rows), &template, self.output);
        // Each row tells of itself once more.
        self.noted = Noted::default();
    }

    /// Takes the progress from the terminal, for what is said or asked there.
    pub(crate) fn pause(&mut self) {
        self.bar.finish_and_clear();
    }

    /// Where things are said.
    pub(crate) fn output(&mut self) -> &mut Output {
        self.output
    }

    /// Warns of what was made, or would be, each thing once; whether deployments learn of it from a list.
    pub(crate) fn warn(&mut self) -> bool {
        self.noted.warn(self.output);
        self.noted.is_to_publish
    }

    /// Refuses a place that cannot be written, before anything is made.
    pub(crate) fn open(&self) -> Result<(), Failure> {
        match &self.to {
            To::Folder(folder) => folder.open(),
            To::Lines | To::Nowhere => Ok(()),
        }
    }

    /// After this everything that was handed out is on disk.
    pub(crate) fn finish(&mut self) -> Result<(), Failure> {
        let finished = match &self.to {
            To::Folder(folder) => folder.finish(),
            To::Lines | To::Nowhere => Ok(()),
        };
        self.pause();
        finished
    }
}

impl Taker for Handing<'_> {
    fn foresee(&mut self, line: u64, foreseen: &Foreseen) {
        self.noted.foresee(line, foreseen);
    }

    fn expect(&mut self, request: &Text, made: Option<&Made>) -> Result<(), Failure> {
        self.bar.inc(1);
        match &self.to {
            To::Folder(folder) => folder.expect(request, made),
            To::Lines | To::Nowhere => Ok(()),
        }
    }

    fn take(&mut self, made: Vec<Made>) -> Result<(), Failure> {
        made.iter().for_each(|made| self.noted.note(made));
        match &self.to {
            To::Folder(folder) => folder.write(&made)?,
            To::Lines => {
                let lines: String = made.iter().map(line).collect();
                // They would stand in the middle of the bar, where both go to a terminal.
                self.bar.clone().suspend(|| self.output.hand_over_raw(&lines))?;
            }
            To::Nowhere => {}
        }
        self.bar.inc(u64::try_from(made.len()).unwrap_or(u64::MAX));
        Ok(())
    }
}

/// What came of a row, as a line of JSON.
fn line(made: &Made) -> String {
    let done = match made.when {
        When::Now => "now",
        When::Before => "before",
    };
    let more: [(&str, Value); 4] = [
        ("line", made.line.into()),
        ("requestId", made.request.as_str().into()),
        ("done", done.into()),
        ("token", made.token.as_deref().into()),
    ];
    let mut whole = made.answer.as_object().cloned().unwrap_or_default();
    whole.extend(more.into_iter().map(|(name, value)| (name.to_owned(), value)));
    shown::json(&Value::from(whole).to_string()) + "\n"
}
