//! Every visible byte of help pages, of messages about wrong commands, and of sessions, pinned by transcripts.
//!
//! `TRYCMD=overwrite` writes what was printed into the transcripts, and `LICTOR_DOCUMENTS=overwrite` into the sessions; read
//! the difference before you commit it.
#![cfg(test)]

use lictor_tests::programs;
use lictor_tests::session::{self, Folder};
use std::fs;
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
    let records = Folder::new("agent sessions");
    let record = records.path().join("record");
    let agent = programs::agent_in_sessions(Path::new(env!("CARGO_BIN_EXE_lictor-agent")), &record);
    let entries = fs::read_dir(folder("sessions")).unwrap();
    let files: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    // Each has a folder of its own, so none waits for another.
    let (issuer, agent) = (programs::issuer(), &[agent]);
    std::thread::scope(|scope| {
        let running: Vec<_> =
            files.iter().map(|file| scope.spawn(move || session::run_beside(file, issuer, agent))).collect();
        for session in running {
            session.join().expect("every session is as it stands");
        }
    });
    are_all_among(&fs::read_to_string(&record).unwrap());
}

/// Every command is among the calls, once with success and once without, and so is every exit code that a help page names but
/// for the unexpected.
fn are_all_among(record: &str) {
    let calls: Vec<(u8, Vec<&str>)> = record
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            (words.next().unwrap().parse().unwrap(), words.collect())
        })
        .collect();
    for command in lictor_agent::grammar().get_subcommands() {
        let exits = calls.iter().filter(|(_, words)| words.first() == Some(&command.get_name()));
        let (done, failed): (Vec<u8>, Vec<u8>) = exits.map(|(exit, _)| *exit).partition(|exit| *exit == 0);
        assert!(!done.is_empty() && !failed.is_empty(), "{}: exits {done:?} {failed:?}", command.get_name());
    }
    for exit in [0, 2, 10, 11, 12, 13, 20, 21, 22, 30, 31] {
        assert!(calls.iter().any(|(seen, _)| *seen == exit), "no session shows exit {exit}");
    }
}
