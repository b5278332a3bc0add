//! The validator's core without the standard library: linked into a C program, and asked.

use super::root;
use lictor_tests::signing::TestKey;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

fn run(command: &mut Command) {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; install it"));
    assert!(output.status.success(), "{command:?}: {}", String::from_utf8_lossy(&output.stderr));
}

/// Builds the library and the program around it; the program's path.
fn build(target: &Path) -> PathBuf {
    let (source, copy) = (root().join("tests/freestanding"), target.join("crate"));
    fs::create_dir_all(copy.join("src")).expect("made");
    // A copy, so that nothing is written into the source tree.
    let manifest = fs::read_to_string(source.join("Cargo.toml")).expect("the manifest");
    let validator = root().join("validator").canonicalize().expect("the validator's folder");
    let manifest = manifest.replace("../../validator", validator.to_str().expect("a path of text"));
    fs::write(copy.join("Cargo.toml"), manifest).expect("written");
    fs::copy(source.join("src/lib.rs"), copy.join("src/lib.rs")).expect("copied");
    // The same versions as the workspace's, so that nothing has to be downloaded.
    fs::copy(root().join("Cargo.lock"), copy.join("Cargo.lock")).expect("copied");
    // The workspace's checks of its members do not reach it.
    for (command, more) in [(&["build"][..], &[][..]), (&["clippy", "--no-deps"], &["--", "-D", "warnings"])]
    {
        run(Command::new(env!("CARGO"))
            .args(command)
            .args(["--offline", "--quiet", "--manifest-path"])
            .arg(copy.join("Cargo.toml"))
            .args(more)
            .env("CARGO_TARGET_DIR", target)
            .env_remove("RUSTFLAGS"));
    }
    let library = target.join("debug/libfreestanding.a");
    let program = target.join("license-mode");
    run(Command::new("cc").arg(source.join("main.c")).arg(&library).arg("-o").arg(&program));
    program
}

#[test]
fn decides_without_the_standard_library() {
    let target = root().join("target/freestanding");
    let program = build(&target);

    let library = fs::read(target.join("debug/libfreestanding.a")).expect("the library was built");
    let links_std =
        library.windows(b"std::rt::lang_start".len()).any(|window| window == b"std::rt::lang_start");
    assert!(!links_std, "the standard library is linked");

    let key = TestKey::new(1);
    let payload = include_str!("license.json");
    let (license, anchors) = (target.join("license.lic"), target.join("anchors.json"));
    fs::write(&license, key.token(key.header("license+jwt"), payload)).expect("written");
    fs::write(&anchors, format!("{{\"keys\":[{}]}}", key.jwk("acme-licensing", ""))).expect("written");
    // exp is 1826841600, graceUntil 1828051200.
    for (now, mode) in
        [("1795305600", 0), ("1826841599", 0), ("1826841600", 1), ("1828051199", 1), ("1828051200", 2)]
    {
        let status = Command::new(&program).arg(&license).arg(&anchors).arg(now).status().expect("it runs");
        assert_eq!(status.code(), Some(mode), "at {now}");
    }
    let status =
        Command::new(&program).arg(&anchors).arg(&anchors).arg("1795305600").status().expect("it runs");
    assert_eq!(status.code(), Some(3), "anchors are no license");
}
