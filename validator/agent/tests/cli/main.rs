//! Every visible byte of help pages, of messages about wrong commands, and of sessions, pinned by transcripts.
//!
//! `TRYCMD=overwrite` writes what was printed into the transcripts, and `LICTOR_DOCUMENTS=overwrite` into the sessions; read
//! the difference before you commit it.
#![cfg(test)]

use lictor_tests::programs;
use lictor_tests::session::{self, Called, Ran};
use std::path::{Path, PathBuf};

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli").join(name)
}

#[test]
fn transcripts() {
    trycmd::TestCases::new()
        .case("tests/cli/*/*.trycmd")
        .env("COLUMNS", "80")
        .env("LANG", "C.UTF-8")
        // The settings that are found beside the program in the build's folder: none.
        .insert_var(
            "[BUILD]",
            Path::new(env!("CARGO_BIN_EXE_lictor-agent")).parent().unwrap().display().to_string(),
        )
        .unwrap()
        .run();
}

/// No command of the grammar is left out, and each shows how it is used.
#[test]
fn every_command_has_its_help_page_pinned() {
    for command in lictor_agent::grammar().get_subcommands() {
        let name = command.get_name();
        assert!(folder("help").join(format!("{name}.trycmd")).is_file(), "{name} has no pinned help page");
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples =
            help.lines().filter(|line| line.starts_with(&format!("  lictor-agent {name}"))).count();
        assert!((2..=4).contains(&examples), "{name} has {examples} examples");
    }
}

/// What commands print over the life of a deployment, one session a file, with the issuer's program on the other side; and each
/// command is seen to succeed and to fail.
#[test]
fn sessions() {
    let agent = Path::new(env!("CARGO_BIN_EXE_lictor-agent"));
    let issuer = programs::issuer();
    let entries = std::fs::read_dir(folder("sessions")).unwrap();
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    files.sort();
    // Each has a folder of its own, so none waits for another.
    let ran: Vec<Ran> = std::thread::scope(|scope| {
        let run = |file: PathBuf| {
            scope.spawn(move || session::run_all(&file, &[Called::Agent(agent), Called::Issuer(issuer)]))
        };
        let running: Vec<_> = files.into_iter().map(run).collect();
        // Those that differ have said so.
        running.into_iter().map(|session| session.join()).collect::<Vec<_>>()
    })
    .into_iter()
    .flat_map(|ran| ran.expect("every session is as it stands"))
    .collect();
    let mut missing = Vec::new();
    for command in lictor_agent::grammar().get_subcommands() {
        let name = command.get_name();
        let exits =
            ran.iter().filter(|ran| ran.arguments.iter().any(|word| word == name)).map(|ran| ran.exit);
        let (done, failed): (Vec<u8>, Vec<u8>) = exits.partition(|exit| *exit == 0);
        if done.is_empty() || failed.is_empty() {
            missing.push(format!("{name}: {} that succeed, {} that fail", done.len(), failed.len()));
        }
    }
    assert!(missing.is_empty(), "tests/cli/sessions leaves out {missing:?}");
    // Every exit code of the verdict is seen, and every one that the help page names.
    for exit in [0, 2, 10, 11, 12, 13, 20, 21, 30, 31] {
        assert!(ran.iter().any(|ran| ran.exit == exit), "no session shows exit {exit}");
    }
}
