//! The workspace's lints, versions and license reach every member.

use super::metadata;
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
