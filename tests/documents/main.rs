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

/// The register of revocation reasons in OPERATING.md is the program's.
#[test]
fn revocation_reasons() {
    let text = std::fs::read_to_string(document("issuer/OPERATING.md")).expect("the document");
    let (_, table) = text.split_once("| reason | when |\n|---|---|\n").expect("the table");
    let rows: Vec<&str> = table.lines().take_while(|line| line.starts_with('|')).collect();
    let register: Vec<String> = lictor_issuer::RevocationReason::ALL
        .iter()
        .map(|reason| format!("| `{reason}` | {} |", reason.meaning()))
        .collect();
    assert_eq!(rows, register);
}
