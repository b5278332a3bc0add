//! A file of rows under a header of columns, read twice.

use lictor_shared::Text;
use lictor_shared::json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufReader, Seek as _, SeekFrom};
use std::path::Path;

use super::Cells;
use super::words::defaults;
use crate::bulk::{Read, Row, Rows, Unread, Wrong};
use crate::cli::csv::read::{Misread, Reader, Record};
use crate::cli::csv::said;
use crate::cli::globals::Globals;
use crate::cli::input::is_standard_input;
use crate::cli::near::near;
use crate::durable::cannot_read;
use crate::error::{Failure, FailureKind};
use crate::occasion::Request;

/// The column that every file has.
const REQUEST_ID: &str = "request_id";
const REQUEST_ID_CHARS: usize = 64;

/// A column that there can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) takes: Takes,
    /// The column that is not asked for where this one says something.
    pub(crate) instead_of: Option<&'static str>,
    /// What it says, in a few words.
    pub(crate) means: &'static str,
}

/// The columns of a kind of row, group by group.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns(pub(crate) &'static [&'static [Column]]);

impl Columns {
    pub(crate) fn iter(self) -> impl Iterator<Item = &'static Column> {
        self.0.iter().copied().flatten()
    }
}

/// How many values a column takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Takes {
    /// One.
    One,
    /// Several, with white space between them.
    Several,
    /// One for each name; the column is called `limit.NAME`.
    Named,
}

/// What the options beside the file say, by column.
pub(crate) type Defaults = BTreeMap<String, Vec<String>>;

/// What a kind of row is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kind<T> {
    /// The command, as it stands in what is asked for.
    pub(crate) command: &'static str,
    pub(crate) columns: Columns,
    /// Columns without which, and without an option in their place, no row says enough.
    pub(crate) required: &'static [&'static str],
    /// Reads a row; what is wrong with it is noted there.
    pub(crate) read: fn(&mut Cells) -> Option<T>,
}

/// A file of rows.
pub(crate) struct Table<T> {
    name: String,
    file: File,
    kind: Kind<T>,
    defaults: Defaults,
    reader: Option<Reader<BufReader<File>>>,
    header: Vec<Heading>,
}

/// A column that there is.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Heading {
    column: Column,
    /// As it stands in the file.
    text: String,
    /// `agents` of `limit.agents`.
    name: Option<String>,
}

impl<T> Table<T> {
    /// Opens a file, of which the rows are completed by the options beside it.
    pub(crate) fn open(path: &Path, kind: Kind<T>, globals: &Globals) -> Result<Self, Failure> {
        let defaults = defaults(kind.columns, globals);
        if is_standard_input(path) {
            return Err(Failure::new(FailureKind::Usage, "rows cannot come from standard input")
                .hint("write them to a file: all of them are checked before the first is done"));
        }
        if path.is_dir() {
            let message = format!("{} is a folder", path.display());
            return Err(Failure::new(FailureKind::Usage, message).hint("name a file of rows"));
        }
        let file = File::open(path).map_err(cannot_read(path))?;
        let is_file = file.metadata().map_err(cannot_read(path))?.is_file();
        if !is_file {
            let message = format!("{} is no file that can be read twice", path.display());
            return Err(Failure::new(FailureKind::Usage, message)
                .hint("write the rows to a file: all of them are checked before the first is done"));
        }
        let name = path.display().to_string();
        Ok(Self { name, file, kind, defaults, reader: None, header: Vec::new() })
    }

    fn record(&mut self) -> Result<Option<Result<Record, Wrong>>, Failure> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        match reader.next() {
            Ok(Some(record)) => Ok(Some(Ok(record))),
            Ok(None) => Ok(None),
            Err(misread) => {
                // Where the form is lost nothing can be read behind it.
                self.reader = None;
                self.misread(misread).map(|wrong| Some(Err(wrong)))
            }
        }
    }

    fn misread(&self, misread: Misread) -> Result<Wrong, Failure> {
        match misread {
            Misread::Form(line, what) => Ok(Wrong::row(line, what)),
            Misread::Io(error) => Err(cannot_read(Path::new(&self.name))(error)),
        }
    }

    /// Reads the header.
    fn headed(&mut self) -> Result<Vec<Wrong>, Failure> {
        let record = match self.record()? {
            None => return Ok(vec![Wrong::row(1, "the file is empty; its first row names the columns")]),
            Some(Err(wrong)) => return Ok(vec![wrong]),
            Some(Ok(record)) => record,
        };
        let (mut header, mut wrong) = (Vec::new(), Vec::new());
        let mut seen = BTreeSet::new();
        for (number, cell) in (1..).zip(record.cells()) {
            match self.heading(number, cell) {
                Ok(heading) if !seen.insert(heading.text.clone()) => {
                    wrong.push(Wrong::row(record.line, format!("the column {} stands twice", heading.text)));
                }
                Ok(heading) => header.push(heading),
                Err(why) => wrong.push(Wrong::row(record.line, why)),
            }
        }
        if let Some(why) = separated_otherwise(&record) {
            wrong = vec![Wrong::row(record.line, why)];
        } else if wrong.is_empty() {
            wrong.extend(self.missing(&seen).map(|why| Wrong::row(record.line, why)));
        }
        self.header = header;
        Ok(wrong)
    }

    fn heading(&self, number: usize, cell: &[u8]) -> Result<Heading, String> {
        let text = core::str::from_utf8(cell).map_err(|_| format!("column {number} is not UTF-8"))?;
        let text = said(text).to_owned();
        if text.is_empty() {
            return Err(format!("column {number} has no name"));
        }
        match find(self.kind.columns, &text) {
            Some((_, Some(name))) if name.contains('=') => {
                Err(format!("column {number}, {text}, has no name behind the dot; it may not hold ="))
            }
            Some((column, name)) => Ok(Heading { column, name: name.map(Into::into), text }),
            None => Err(unknown(&text, number, self.kind.columns)),
        }
    }

    fn missing(&self, seen: &BTreeSet<String>) -> impl Iterator<Item = String> {
        let is_missing = |name: &&&str| !seen.contains(**name) && !self.defaults.contains_key(**name);
        let why = |name: &&str| match *name {
            REQUEST_ID => "the column request_id is missing: an id of your choice for each row".to_owned(),
            name => format!("the column {name} is missing; add it, or give --{}", name.replace('_', "-")),
        };
        let required = core::iter::once(&REQUEST_ID).chain(self.kind.required);
        required.filter(is_missing).map(why).collect::<Vec<_>>().into_iter()
    }

    /// The row of a record.
    fn row(&self, record: &Record) -> Read<T> {
        let line = record.line;
        let unread = |request, wrong| Unread { line, request, wrong };
        if record.len() != self.header.len() {
            let (cells, columns) = (record.len(), self.header.len());
            let wrong = Wrong::row(line, format!("it has {}, and the header {columns}", counted(cells)));
            return Err(unread(None, vec![wrong]));
        }
        let (id, values) = self.values(record);
        let id = id.ok_or_else(|| "it is empty; give each row an id of your choice".to_owned());
        let id = id.and_then(|id| request_id(&id));
        let values = match values {
            Ok(values) => values,
            Err(wrong) => return Err(unread(id.ok(), wrong)),
        };
        let mut cells = Cells::new(line, values);
        let asked = Value::object([("command", self.kind.command.into()), ("arguments", cells.to_value())]);
        let id = id.map_err(|why| cells.refuse(REQUEST_ID, why)).ok();
        let read = (self.kind.read)(&mut cells);
        match (id, read, cells.into_wrong()) {
            (Some(id), Some(read), wrong) if wrong.is_empty() => {
                Ok(Row { line, request: Request::new(id, &asked), asked: read })
            }
            (id, _, wrong) if wrong.is_empty() => {
                Err(unread(id, vec![Wrong::row(line, "it does not say what is asked for")]))
            }
            (id, _, wrong) => Err(unread(id, wrong)),
        }
    }

    /// The request id, and what every column says.
    fn values(&self, record: &Record) -> (Option<String>, Result<Defaults, Vec<Wrong>>) {
        let (mut id, mut values, mut wrong) = (None, Defaults::new(), Vec::new());
        for (heading, cell) in self.header.iter().zip(record.cells()) {
            let Ok(text) = core::str::from_utf8(cell) else {
                wrong.push(Wrong::cell(
                    record.line,
                    heading.text.as_str(),
                    "it is not UTF-8; save the file as UTF-8",
                ));
                continue;
            };
            let text = said(text);
            match (&heading.name, heading.column.takes) {
                // A cell of white space alone looks empty to whoever wrote it.
                _ if text.trim().is_empty() => {}
                _ if heading.column.name == REQUEST_ID => id = Some(text.to_owned()),
                (Some(name), _) => {
                    values.entry(heading.column.name.into()).or_default().push(format!("{name}={text}"));
                }
                (None, Takes::Several) => {
                    let words: Vec<String> = text.split_whitespace().map(Into::into).collect();
                    values.insert(heading.column.name.into(), words);
                }
                (None, _) => {
                    values.insert(heading.column.name.into(), vec![text.into()]);
                }
            }
        }
        if !wrong.is_empty() {
            return (id, Err(wrong));
        }
        self.complete(&mut values);
        (id, Ok(values))
    }

    /// Puts what the options say where the row says nothing.
    fn complete(&self, values: &mut Defaults) {
        for (name, given) in &self.defaults {
            let column = self.kind.columns.iter().find(|column| column.name == *name);
            let replaced = |other: &Column| values.contains_key(other.name);
            let instead = self.kind.columns.iter().filter(|other| other.instead_of == Some(name.as_str()));
            if instead.into_iter().any(replaced) {
                continue;
            }
            match column.map(|column| column.takes) {
                Some(Takes::Named) => complete_named(values.entry(name.clone()).or_default(), given),
                _ => {
                    values.entry(name.clone()).or_insert_with(|| given.clone());
                }
            }
        }
        for column in self.kind.columns.iter().filter(|column| column.takes == Takes::Named) {
            // In one order, whatever that of the columns is.
            if let Some(values) = values.get_mut(column.name) {
                values.sort_unstable();
            }
        }
    }
}

/// Adds what is given of names that the row does not speak of.
fn complete_named(values: &mut Vec<String>, given: &[String]) {
    let name =
        |value: &str| value.split_once('=').map_or_else(|| value.to_owned(), |(name, _)| name.to_owned());
    let own: BTreeSet<String> = values.iter().map(|value| name(value)).collect();
    // `none` stands alone, for a row that says nothing of its own.
    let fits = |value: &&String| !own.contains(&name(value)) && (value.contains('=') || own.is_empty());
    values.extend(given.iter().filter(fits).cloned());
}

impl<T> Rows<T> for Table<T> {
    fn name(&self) -> &str {
        &self.name
    }

    fn rewind(&mut self) -> Result<(), Failure> {
        let path = Path::new(&self.name);
        self.file.seek(SeekFrom::Start(0)).map_err(cannot_read(path))?;
        // The same file, whatever has its name by now.
        let file = self.file.try_clone().map_err(cannot_read(path))?;
        let wrong = match Reader::begin(BufReader::new(file)) {
            Ok(reader) => {
                self.reader = Some(reader);
                self.headed()?
            }
            Err(misread) => vec![self.misread(misread)?],
        };
        if wrong.is_empty() { Ok(()) } else { Wrong::all(wrong, &self.name) }
    }

    fn next(&mut self) -> Result<Option<Read<T>>, Failure> {
        loop {
            match self.record()? {
                None => return Ok(None),
                Some(Err(wrong)) => {
                    return Ok(Some(Err(Unread { line: wrong.line, request: None, wrong: vec![wrong] })));
                }
                // What a spreadsheet leaves behind the last row.
                Some(Ok(record)) if record.is_empty() => {}
                Some(Ok(record)) => return Ok(Some(self.row(&record))),
            }
        }
    }
}

/// The column with this name, and of `limit.agents` what stands behind the dot.
pub(crate) fn find(columns: Columns, text: &str) -> Option<(Column, Option<&str>)> {
    if text == REQUEST_ID {
        let means = "an id of your choice, by which the row is done once";
        return Some((Column { name: REQUEST_ID, takes: Takes::One, instead_of: None, means }, None));
    }
    let named = text.split_once('.').filter(|(_, name)| !name.is_empty());
    columns.iter().find_map(|column| match (column.takes, named) {
        (Takes::Named, Some((before, name))) if before == column.name => Some((*column, Some(name))),
        (Takes::Named, _) => None,
        (Takes::One | Takes::Several, _) => (column.name == text).then_some((*column, None)),
    })
}

fn unknown(text: &str, number: usize, columns: Columns) -> String {
    let named = columns.iter().find(|column| column.takes == Takes::Named && column.name == text);
    if let Some(column) = named {
        return named_wrongly(number, column);
    }
    let known = core::iter::once(REQUEST_ID).chain(columns.iter().map(|column| column.name));
    let near = near(text, known);
    let is_named = |column: &&Column| column.takes == Takes::Named && near.first() == Some(&column.name);
    if let Some(column) = columns.iter().find(is_named) {
        return named_wrongly(number, column);
    }
    match near.first() {
        Some(near) => format!("column {number}: there is no column {text:?}; did you mean {near}?"),
        None => {
            format!("column {number}: there is no column {text:?}; --template shows those that there are")
        }
    }
}

fn named_wrongly(number: usize, column: &Column) -> String {
    let name = column.name;
    format!("column {number}: name it {name}.NAME, one column for each {name}")
}

fn counted(cells: usize) -> String {
    if cells == 1 { "1 cell".into() } else { format!("{cells} cells") }
}

/// Says so if the cells seem to be separated by something else than commas.
fn separated_otherwise(record: &Record) -> Option<&'static str> {
    let mut cells = record.cells();
    let (Some(only), None) = (cells.next(), cells.next()) else { return None };
    let other = only.iter().any(|byte| matches!(byte, b';' | b'\t'));
    other.then_some(
        "the cells are separated by something else than commas; save the file with commas between them",
    )
}

/// Letters that every file system has, so that a file can bear the name.
fn request_id(text: &str) -> Result<Text, String> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    if text.len() > REQUEST_ID_CHARS || text.starts_with('.') || !text.bytes().all(plain) {
        return Err(format!(
            "{text:?} names no file; write 1 to {REQUEST_ID_CHARS} letters a to z, digits, hyphens, underscores and dots, no dot in front"
        ));
    }
    Text::new(text).map_err(|error| error.to_string())
}
