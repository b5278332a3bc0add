//! The example of FORMAT.md, from file to verdict.

use std::fs;
use std::path::Path;
use std::sync::LazyLock;

use lictor_shared::Timestamp;
use lictor_tests::deployment;
use lictor_validator::{AnchorSet, check};
use serde_json::Value;

pub(crate) static FORMAT: LazyLock<String> = LazyLock::new(|| {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    fs::read_to_string(workspace.join("shared").join("FORMAT.md")).unwrap()
});

fn block(info: &str) -> &'static str {
    let (_, text) = FORMAT.split_once(&format!("\n```{info}\n")).unwrap();
    text.split_once("\n```").unwrap().0
}

fn verdict_at(now: Timestamp) -> Value {
    let anchors = AnchorSet::read(block("json,example-anchors").as_bytes()).unwrap();
    let context = deployment::fresh("dispatch", now);
    let verdict = check(block("text,example-license").as_bytes(), &anchors, &context);
    serde_json::from_str(&verdict.to_json()).unwrap()
}

#[test]
fn the_example_of_the_format_gives_the_verdict_that_it_shows() {
    let shown: Value = serde_json::from_str(block("json,example-verdict")).unwrap();
    assert_eq!(verdict_at(Timestamp::parse("2027-06-01T00:00:00Z").unwrap()), shown);
}

#[test]
fn the_example_goes_through_the_modes_of_its_table() {
    let (_, table) = FORMAT.split_once("| from | mode | code | pending | reasons |\n").unwrap();
    let rows: Vec<&str> = table.lines().skip(1).take_while(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 4);
    for (row, next) in rows.iter().zip(rows.iter().skip(1).map(Some).chain([None])) {
        let cells = |row: &str| -> Vec<String> {
            row.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').into()).collect()
        };
        let cells_here = cells(row);
        let verdict = verdict_at(Timestamp::parse(&cells_here[0]).unwrap());
        let word = |member: &str| verdict[member].as_str().unwrap_or_default();
        let reasons: Vec<&str> =
            verdict["reasons"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(
            [word("mode"), word("code"), word("pending"), &reasons.join(", ")],
            [&cells_here[1], &cells_here[2], &cells_here[3], &cells_here[4]].map(String::as_str),
            "{row}"
        );
        let next_row = next.map(|row| cells(row)[0].clone());
        assert_eq!(verdict["nextChange"].as_str(), next_row.as_deref(), "{row}");
    }
}
