//! The workspace's lints, versions and license reach every member.

use super::{metadata, root};
use std::collections::BTreeSet;
use std::fs;

#[test]
fn every_member_inherits_the_workspace() {
    for package in metadata().workspace_packages() {
        let manifest = fs::read_to_string(&package.manifest_path).expect("the manifest can be read");
        assert!(
            manifest.contains("[lints]\nworkspace = true"),
            "{} does not inherit the lints",
            package.name
        );
        for inherited in ["version", "edition", "rust-version", "license"] {
            let line = format!("{inherited}.workspace = true");
            assert!(manifest.lines().any(|found| found == line), "{}: {line} is missing", package.name);
        }
        let own = manifest.lines().find(|line| line.contains("version = \""));
        assert_eq!(own, None, "{}: versions stand in the workspace's manifest", package.name);
    }
}

/// Two builds stand outside of the workspace, and leave out what cannot hold there.
#[test]
fn builds_of_their_own_leave_out_only_what_cannot_hold_there() {
    let workspace = lints("Cargo.toml", &["workspace", "lints"]);
    assert!(workspace.len() > 15, "{workspace:?}");
    for (manifest, left_out) in [
        ("tests/freestanding/Cargo.toml", vec![r#"rust unsafe_code = "forbid""#]),
        (
            "tests/bench/Cargo.toml",
            vec![
                r#"clippy as_conversions = "warn""#,
                r#"clippy indexing_slicing = "warn""#,
                r#"clippy panic = "warn""#,
                r#"clippy print_stderr = "warn""#,
                r#"clippy print_stdout = "warn""#,
            ],
        ),
    ] {
        let own = lints(manifest, &["lints"]);
        let missing: Vec<&str> = workspace.difference(&own).map(String::as_str).collect();
        assert_eq!(missing, left_out, "{manifest}");
        assert_eq!(own.difference(&workspace).count(), 0, "{manifest}");
    }
}

/// The lints in a table of a manifest, as `tool name = level`.
fn lints(manifest: &str, place: &[&str]) -> BTreeSet<String> {
    let text = fs::read_to_string(root().join(manifest)).expect("the manifest can be read");
    let manifest: toml::Table = text.parse().expect("a manifest is TOML");
    let tools = place.iter().fold(toml::Value::Table(manifest), |table, name| table[*name].clone());
    let tools = tools.as_table().expect("a table of tools").clone();
    let names = |(tool, lints): (&String, &toml::Value)| {
        let lints = lints.as_table().expect("a table of lints");
        lints.iter().map(|(name, level)| format!("{tool} {name} = {level}")).collect::<Vec<_>>()
    };
    tools.iter().flat_map(names).collect()
}
