//! Dependencies between the crates run one way.

use super::metadata;
use cargo_metadata::DependencyKind;
use std::collections::BTreeSet;

/// Each crate and what it may depend on in its normal build.
const ARROWS: [(&str, &[&str]); 6] = [
    ("lictor-shared", &[]),
    ("lictor-keys", &["lictor-shared"]),
    ("lictor-validator", &["lictor-shared"]),
    // What is deployed knows nothing of custody and the issuer.
    ("lictor-agent", &["lictor-shared", "lictor-validator"]),
    ("lictor-issuer", &["lictor-shared", "lictor-keys", "lictor-validator"]),
    ("lictor-tests", &["lictor-shared", "lictor-keys", "lictor-validator", "lictor-issuer"]),
];

#[test]
fn run_one_way() {
    let metadata = metadata();
    let members: BTreeSet<String> =
        metadata.workspace_packages().iter().map(|package| package.name.to_string()).collect();
    let listed: BTreeSet<String> = ARROWS.iter().map(|(name, _)| (*name).to_string()).collect();
    assert_eq!(members, listed, "every member has its place in the list of arrows");
    for package in metadata.workspace_packages() {
        let (_, allowed) =
            ARROWS.iter().find(|(name, _)| *name == package.name.as_str()).expect("listed above");
        for dependency in &package.dependencies {
            let inside = members.contains(&dependency.name) && dependency.kind != DependencyKind::Development;
            assert!(
                !inside || allowed.contains(&dependency.name.as_str()),
                "{} must not depend on {}",
                package.name,
                dependency.name
            );
        }
    }
}

#[test]
fn no_network_and_no_runtime_below_the_validator() {
    let names = super::budget::linked("lictor-validator");
    // libc is there: it is how the operating system is asked for randomness.
    for foreign in ["tokio", "mio", "async-std", "smol", "futures-core", "socket2", "hyper", "rustls", "nix"]
    {
        assert!(!names.iter().any(|name| name == foreign), "the validator links {foreign}");
    }
}
