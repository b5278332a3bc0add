//! The sessions in the documents are what happens.
#![cfg(test)]

use lictor_tests::session;
use std::path::{Path, PathBuf};

fn document(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_lictor"))
}

#[test]
fn readme() {
    session::run(&document("README.md"), program());
}

#[test]
fn operating() {
    session::run(&document("issuer/OPERATING.md"), program());
}

#[test]
fn custody() {
    session::run(&document("keys/CUSTODY.md"), program());
}

/// Every refusal of the commands about keys.
#[test]
fn refusals_about_keys() {
    session::run(&document("tests/documents/keys.md"), program());
}

/// The rows of the table under this head in a document.
fn rows(path: &str, head: &str) -> Vec<String> {
    let text = std::fs::read_to_string(document(path)).expect("the document");
    let (_, table) = text.split_once(head).expect("the table");
    table.lines().take_while(|line| line.starts_with('|')).map(Into::into).collect()
}

/// The register of revocation reasons in OPERATING.md is the program's.
#[test]
fn revocation_reasons() {
    let register: Vec<String> = lictor_issuer::RevocationReason::ALL
        .iter()
        .map(|reason| format!("| `{reason}` | {} |", reason.meaning()))
        .collect();
    assert_eq!(rows("issuer/OPERATING.md", "| reason | when |\n|---|---|\n"), register);
}

/// The register of the kinds of events in FORMAT.md is the program's.
#[test]
fn event_kinds() {
    let register: Vec<String> = lictor_issuer::EventKind::ALL
        .iter()
        .map(|kind| format!("| `{kind}` | {} |", kind.meaning()))
        .collect();
    assert_eq!(rows("shared/FORMAT.md", "| kind | what happened |\n|---|---|\n"), register);
}
