//! Every visible byte of help pages and of messages about wrong commands, pinned by transcripts.
//!
//! `TRYCMD=overwrite` writes what was printed into the transcripts; read the difference before you commit it.
#![cfg(test)]

use lictor_tests::session::Folder;

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
