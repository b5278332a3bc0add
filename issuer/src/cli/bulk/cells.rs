//! What a row says, read with the very readers of the options.

use lictor_shared::Name;
use lictor_shared::json::{Members, Value};
use std::collections::BTreeMap;

use crate::bulk::Wrong;

/// The values of a row, by column: of its own cells, and where those are empty of the options beside the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Cells {
    line: u64,
    values: BTreeMap<String, Vec<String>>,
    wrong: Vec<Wrong>,
}

impl Cells {
    pub(super) const fn new(line: u64, values: BTreeMap<String, Vec<String>>) -> Self {
        Self { line, values, wrong: Vec::new() }
    }

    /// What is asked for, as the options of one such change would be written.
    pub(super) fn to_value(&self) -> Value {
        let word = |text: &String| Value::from(text.as_str());
        let members = self
            .values
            .iter()
            .map(|(column, values)| (column.clone(), Value::Array(values.iter().map(word).collect())));
        members.collect::<Members>().into()
    }

    /// Everything that is wrong.
    pub(super) fn into_wrong(self) -> Vec<Wrong> {
        self.wrong
    }

    /// Notes what is wrong with a column.
    pub(crate) fn refuse(&mut self, column: &str, why: impl Into<String>) {
        self.wrong.push(Wrong::cell(self.line, column, why));
    }

    /// Whether the row says something there.
    pub(crate) fn has(&self, column: &str) -> bool {
        self.values.contains_key(column)
    }

    /// Whether it says `none`, as an option can.
    pub(super) fn is_none(&self, column: &str) -> bool {
        self.values.get(column).is_some_and(|values| values == &["none"])
    }

    /// The one value of a column.
    pub(crate) fn one<T>(&mut self, column: &str, read: impl Fn(&str) -> Result<T, String>) -> Option<T> {
        let text = self.values.get(column)?.first()?;
        match read(text) {
            Ok(value) => Some(value),
            Err(why) => {
                self.refuse(column, why);
                None
            }
        }
    }

    /// The same of a column that must say something.
    pub(crate) fn required<T>(
        &mut self,
        column: &str,
        read: impl Fn(&str) -> Result<T, String>,
    ) -> Option<T> {
        if !self.has(column) {
            self.refuse(column, "it is empty, and must say something");
        }
        self.one(column, read)
    }

    /// The values of a column that lists them.
    pub(crate) fn list<T>(&mut self, column: &str, read: impl Fn(&str) -> Result<T, String>) -> Vec<T> {
        let texts = self.values.get(column).cloned().unwrap_or_default();
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            match read(&text) {
                Ok(value) => values.push(value),
                Err(why) => self.refuse(column, why),
            }
        }
        values
    }

    /// The values of the columns `NAME.…`, as an option that is given several times has them: `name=value` each.
    pub(crate) fn named<T>(
        &mut self,
        column: &str,
        read: impl Fn(&str) -> Result<(Name, T), String>,
    ) -> Vec<(Name, T)> {
        let texts = self.values.get(column).cloned().unwrap_or_default();
        let mut values = Vec::with_capacity(texts.len());
        for text in texts {
            match read(&text) {
                Ok(value) => values.push(value),
                Err(why) => {
                    let name = text.split_once('=').map_or("", |(name, _)| name);
                    self.refuse(&format!("{column}.{name}"), why);
                }
            }
        }
        values
    }
}
