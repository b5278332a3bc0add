//! Files that ask for many changes, a row each.

mod cells;
mod folder;
mod handing;
mod noted;
mod signing;
mod table;
mod template;
mod terms;
mod unsigned;
mod words;

pub(crate) use self::cells::Cells;
pub(crate) use self::folder::{Folder, is_begun};
pub(crate) use self::handing::{Handing, To};
pub(crate) use self::signing::Signing;
pub(crate) use self::table::{Column, Columns, Defaults, Kind, Table, Takes};
pub(crate) use self::template::{named, one, several, template};
pub(crate) use self::terms::{TERMS, distinct, list_or_none, named_or_none, terms, text};
pub(crate) use self::unsigned::Unsigned;
pub(crate) use self::words::Words;

/// Holds that the columns of rows are the options of `lictor license …`, but for those that choose licenses, and the license itself
/// where they do.
#[cfg(test)]
pub(crate) fn assert_columns_are_options(columns: Columns, command: &str, choose: &[&str]) {
    let mut options = options_of_rows(command);
    options.retain(|option| !choose.contains(&option.as_str()));
    options.extend((!choose.is_empty()).then(|| "license".to_owned()));
    options.sort_unstable();
    let mut columns: Vec<&str> = columns.iter().map(|column| column.name).collect();
    columns.sort_unstable();
    assert_eq!(options, columns);
}

/// The options of `lictor license …` that a row can have in its cells.
#[cfg(test)]
fn options_of_rows(command: &str) -> Vec<String> {
    let not_of_a_row = [
        "from",
        "template",
        "jsonl",
        "out",
        "force",
        "request_id",
        "dry_run",
        "clock_changed",
        "passphrase_file",
        "passphrase_command",
        "home",
        "now",
        "actor",
        "json",
        "quiet",
        "color",
        "no_input",
        "help",
        "version",
    ];
    let grammar = crate::cli::grammar();
    let license = grammar.find_subcommand("license");
    let command = license.and_then(|license| license.find_subcommand(command));
    let options = command.map(|command| command.get_arguments().map(|option| option.get_id().to_string()));
    options.into_iter().flatten().filter(|option| !not_of_a_row.contains(&option.as_str())).collect()
}
