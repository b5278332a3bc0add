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
