//! The validator is embedded in other people's products, so what it brings along is counted.

use super::root;
use std::collections::BTreeSet;
use std::process::Command;

/// Crates that a package links with its default features on this platform, itself included, macros not.
pub(super) fn linked(package: &str) -> BTreeSet<String> {
    let output = Command::new(env!("CARGO"))
        .args([
            "tree",
            "--offline",
            "--package",
            package,
            "--edges",
            "normal,no-proc-macro",
            "--prefix",
            "none",
        ])
        .current_dir(root())
        .output()
        .expect("cargo tree runs");
    assert!(output.status.success(), "cargo tree: {}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("cargo tree writes UTF-8");
    let name_and_version = |line: &str| line.split(' ').take(2).collect::<Vec<_>>().join(" ");
    let crates: BTreeSet<String> =
        text.lines().filter(|line| !line.is_empty()).map(name_and_version).collect();
    crates.into_iter().map(|line| line.split(' ').next().unwrap_or_default().to_string()).collect()
}

#[test]
fn the_validator_links_at_most_40_crates() {
    let crates = linked("lictor-validator");
    println!("lictor-validator links {} crates: {crates:?}", crates.len());
    assert!(crates.contains("lictor-shared"), "the list is of the right package");
    assert!(crates.len() <= 40, "{} crates: {crates:?}", crates.len());
}
