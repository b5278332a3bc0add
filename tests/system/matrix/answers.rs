//! The table of answers in OPERATING.md.

use std::collections::{BTreeMap, BTreeSet};

/// Exit codes of each command.
pub(super) type Answers = BTreeMap<String, BTreeSet<i32>>;

const HEAD: &str = "| command | exit codes |\n|---|---|\n";

/// The table as the document has it.
pub(super) fn documented() -> Answers {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/OPERATING.md");
    let text = std::fs::read_to_string(path).expect("OPERATING.md");
    let (_, table) = text.split_once(HEAD).expect("OPERATING.md has the table of answers");
    table.lines().take_while(|line| line.starts_with('|')).map(row).collect()
}

fn row(line: &str) -> (String, BTreeSet<i32>) {
    let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
    let [command, codes] = cells[..] else { panic!("a row of another form: {line}") };
    let command = command.trim_matches('`').to_owned();
    let codes =
        codes.split(',').map(|code| code.trim().parse().unwrap_or_else(|_| panic!("no exit code: {line}")));
    (command, codes.collect())
}

/// The table as the document should have it.
pub(super) fn written(answers: &Answers) -> String {
    let codes = |codes: &BTreeSet<i32>| codes.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
    let rows = answers.iter().map(|(command, exits)| format!("| `{command}` | {} |\n", codes(exits)));
    format!("{HEAD}{}", rows.collect::<String>())
}

/// The code in the envelope that goes with an exit code (CODES.md).
pub(super) const fn code_of(exit: i32) -> &'static str {
    match exit {
        10 => "LICENSE_INVALID",
        11 => "LICENSE_EXPIRED",
        12 => "LICENSE_REVOKED",
        13 => "LICENSE_SEAT_LIMIT",
        14 => "LICENSE_SIGNING_NOT_CONFIGURED",
        20 => "CONFLICT",
        21 => "NOT_FOUND",
        22 => "VALIDATION_FAILED",
        _ => "INTERNAL",
    }
}
