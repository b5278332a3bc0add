//! A file to begin with.

use super::{Column, Columns, Takes};
use crate::cli::csv;
use crate::cli::output::Output;
use crate::error::Failure;

/// A column that takes one value.
pub(crate) const fn one(name: &'static str, means: &'static str) -> Column {
    Column { name, takes: Takes::One, instead_of: None, means }
}

/// A column that takes several.
pub(crate) const fn several(name: &'static str, means: &'static str) -> Column {
    Column { takes: Takes::Several, ..one(name, means) }
}

/// A column for each name.
pub(crate) const fn named(name: &'static str, means: &'static str) -> Column {
    Column { takes: Takes::Named, ..one(name, means) }
}

/// Writes every column and sample rows, and says what each column is.
pub(crate) fn template(
    columns: Columns,
    samples: &[&[(&str, &str)]],
    output: &mut Output,
) -> Result<u8, Failure> {
    let header: Vec<String> =
        core::iter::once("request_id".to_owned()).chain(columns.iter().map(name)).collect();
    let rows = samples.iter().map(|row| {
        let cell = |name: &String| row.iter().find(|(column, _)| column == name).map_or("", |(_, cell)| cell);
        csv::record(header.iter().map(cell))
    });
    for column in columns.iter() {
        output.say(format_args!("  {}: {}", name(column), column.means));
    }
    let rows: String = rows.collect();
    output.raw(&(csv::record(header.iter().map(String::as_str)) + &rows))?;
    Ok(0)
}

fn name(column: &Column) -> String {
    match (column.name, column.takes) {
        ("limit", _) => "limit.agents".to_owned(),
        ("meta", _) => "meta.po".to_owned(),
        (name, _) => name.to_owned(),
    }
}
