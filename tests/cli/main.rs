//! Every visible byte of help pages and of messages about wrong commands, pinned by transcripts.
//!
//! `TRYCMD=overwrite` writes what was printed into the transcripts, and `LICTOR_DOCUMENTS=overwrite` into the sessions; read
//! the difference before you commit it.
#![cfg(test)]

mod asking;
mod outcomes;

use lictor_tests::session::{self, Folder};
use std::path::Path;

#[test]
fn transcripts() {
    let home = Folder::new("cli");
    trycmd::TestCases::new()
        .case("../tests/cli/*/*.trycmd")
        .env("COLUMNS", "80")
        .env("HOME", home.path().to_string_lossy())
        .env("LANG", "C.UTF-8")
        .insert_var("[HOME]", home.path().to_string_lossy().into_owned())
        .expect("a name of a variable")
        .run();
}

/// What commands print over the life of a home, one session a file; and no outcome of a command is left out.
#[test]
fn sessions() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/cli/sessions");
    let entries = std::fs::read_dir(&folder).expect("the folder of sessions");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    assert!(!files.is_empty(), "there are no sessions in {}", folder.display());
    // Each has a folder of its own, so none waits for another.
    let ran = std::thread::scope(|scope| {
        let program = Path::new(env!("CARGO_BIN_EXE_lictor"));
        let running: Vec<_> = files
            .iter()
            .map(|file| scope.spawn(move || session::run_beside(file, program, &asking::commands())))
            .collect();
        let finished = running.into_iter().map(|session| session.join());
        // Those that differ have said so.
        finished.collect::<Vec<_>>().into_iter().collect::<Result<Vec<_>, _>>()
    });
    let ran = ran.expect("every session is as it stands").concat();
    outcomes::are_all_among(&ran);
}

/// No command of the grammar is left out.
#[test]
fn every_command_has_its_help_page_pinned() {
    fn walk(command: &clap::Command, path: &str, missing: &mut Vec<String>) {
        let name = if path.is_empty() { "lictor".to_string() } else { path.replace(' ', "-") };
        let file = format!("{}/../tests/cli/help/{name}.trycmd", env!("CARGO_MANIFEST_DIR"));
        let examples = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let count =
            examples.lines().filter(|line| line.starts_with("  ") && line.contains("lictor ")).count();
        if !std::path::Path::new(&file).is_file() || (!command.has_subcommands() && !(2..=4).contains(&count))
        {
            missing.push(format!("{name}: {count} examples"));
        }
        for inner in command.get_subcommands() {
            walk(inner, format!("{path} {}", inner.get_name()).trim_start(), missing);
        }
    }
    let mut missing = Vec::new();
    walk(&lictor_issuer::cli::grammar(), "", &mut missing);
    assert!(missing.is_empty(), "without a pinned help page, or without 2 to 4 examples: {missing:?}");
}
