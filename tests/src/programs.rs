//! The programs of both sides, for tests that need the other package's.
//!
//! Cargo names a package's program to the tests of that package only. So the other is built here, by the same cargo into the
//! same folder, before it is run for the first time: what stands there already may be older than its sources.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::session::NOW;

/// `lictor`, as its sources are now. Not for tests of its own package, which must not replace what they run.
///
/// # Panics
/// If it cannot be built.
pub fn issuer() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&["--bin", "lictor"]).join("lictor"))
}

/// `lictor-agent`, as its sources are now. Not for tests of its own package, which must not replace what they run.
///
/// # Panics
/// If it cannot be built.
pub fn agent() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&["--bin", "lictor-agent"]).join("lictor-agent"))
}

/// `dialer-license`, the example of a program with a vendor's settings compiled in.
///
/// # Panics
/// If it cannot be built.
pub fn built_in() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| build(&[]).join("examples/dialer-license"))
}

/// `lictor-agent` as sessions call it: its name and its script. It lies in the session's own folder from its first call on, so
/// that its settings are what lies beside it there; `record` is a file to which each call adds a line, its exit code and its
/// words.
#[must_use]
pub fn agent_in_sessions(program: &Path, record: &Path) -> (&'static str, String) {
    let script = format!(
        "#!/bin/sh\nhere=\"$HOME/here/lictor-agent\"\n\
         [ -e \"$here\" ] || ln '{program}' \"$here\" 2> /dev/null || cp '{program}' \"$here\"\n\
         \"$here\" --now \"${{NOW:-{NOW}}}\" \"$@\"\ncode=$?\n\
         printf '%s\\n' \"$code $*\" >> '{record}'\nexit $code\n",
        program = program.display(),
        record = record.display(),
    );
    ("lictor-agent", script)
}

/// A link to a program, or over the border of a file system a copy; by another process, since a file that this one has open
/// for writing cannot be run by its children.
///
/// # Panics
/// If neither can be made.
pub fn install(program: &Path, to: &Path) {
    if std::fs::hard_link(program, to).is_err() {
        let copied = Command::new("cp").arg(program).arg(to).status();
        assert!(copied.is_ok_and(|copied| copied.success()), "{} was not copied", program.display());
    }
}

/// Builds a program, and gives the folder that it is in. The example is always built with it: with one, dependencies get the
/// features that they have in a test of the whole workspace, and nothing is compiled twice.
fn build(program: &[&str]) -> PathBuf {
    let folder = built_into();
    let target = folder.parent().unwrap_or_else(|| panic!("{} lies in no folder", folder.display()));
    let mut command = Command::new(cargo());
    command.args(["build", "--offline", "--locked", "--workspace", "--example", "dialer-license"]);
    command.args(program);
    command.arg("--manifest-path").arg(Path::new(env!("CARGO_MANIFEST_DIR")).join("../Cargo.toml"));
    command.arg("--target-dir").arg(target);
    // The folder of a profile has its name, but for that of the default one.
    if let Some(profile) = folder.file_name().filter(|profile| *profile != "debug") {
        command.arg("--profile").arg(profile);
    }
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success(),
        "this test needs a program of the other side, which was not built by\n{command:?}\n{words}"
    );
    folder
}

/// The cargo that runs the test, else the one that compiled it.
fn cargo() -> OsString {
    std::env::var_os("CARGO").unwrap_or_else(|| env!("CARGO").into())
}

/// The folder of the profile: tests lie in `deps` of it.
fn built_into() -> PathBuf {
    let test = std::env::current_exe().unwrap_or_else(|error| panic!("where this test lies: {error}"));
    let folder = test.ancestors().find(|folder| folder.ends_with("deps")).and_then(Path::parent);
    folder.unwrap_or_else(|| panic!("{} lies in no folder deps", test.display())).to_owned()
}
