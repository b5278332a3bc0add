//! The shape of the house: which crate may know which, how little the validator links, and that its core needs no
//! operating system.
#![cfg(test)]

mod arrows;
mod budget;
mod freestanding;
mod lints;

use cargo_metadata::{Metadata, MetadataCommand};
use std::path::PathBuf;

/// The workspace's root.
fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(root().join("Cargo.toml"))
        // The members and what they declare are enough, and need nothing downloaded.
        .no_deps()
        .exec()
        .expect("cargo metadata answers for the workspace")
}
