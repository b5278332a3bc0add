//! Every visible byte of help pages and of messages about wrong commands, pinned by transcripts.
//!
//! `TRYCMD=overwrite` writes what was printed into the transcripts; read the difference before you commit it.
#![cfg(test)]

use std::path::Path;

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
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/help");
    for command in lictor_agent::grammar().get_subcommands() {
        let name = command.get_name();
        assert!(folder.join(format!("{name}.trycmd")).is_file(), "{name} has no pinned help page");
        let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples =
            help.lines().filter(|line| line.starts_with(&format!("  lictor-agent {name}"))).count();
        assert!((2..=4).contains(&examples), "{name} has {examples} examples");
    }
}
