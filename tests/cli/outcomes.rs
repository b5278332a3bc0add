//! Which outcomes the transcripts and sessions show, held against what is promised.

use lictor_tests::session::Ran;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

/// Those that no session can bring about at will: a failing machine, a full disk, a ledger that another process holds.
const NOT_AT_WILL: [u8; 3] = [1, 31, 32];

/// Every command of the grammar ends well in some session and badly in another, and with each exit code that
/// OPERATING.md names for it.
pub(crate) fn are_all_among(ran: &[Ran]) {
    let mut seen: BTreeMap<String, BTreeSet<u8>> = BTreeMap::new();
    for Ran { arguments, exit } in ran.iter().chain(&pinned()) {
        seen.entry(command(arguments)).or_default().insert(*exit);
    }
    let mut missing = Vec::new();
    for command in leaves() {
        let exits = seen.get(&command).cloned().unwrap_or_default();
        if !exits.contains(&0) {
            missing.push(format!("no session shows `lictor {command}` succeed (exit 0)"));
        }
        if exits.iter().all(|exit| *exit == 0) {
            missing.push(format!("no session shows `lictor {command}` fail"));
        }
    }
    for (command, exit) in promised() {
        let is_shown = seen.get(&command).is_some_and(|exits| exits.contains(&exit));
        if !is_shown && !NOT_AT_WILL.contains(&exit) {
            missing.push(format!(
                "no session shows `lictor {command}` end with {exit}, as OPERATING.md says that it can"
            ));
        }
    }
    assert!(missing.is_empty(), "tests/cli/sessions leaves out:\n{}", missing.join("\n"));
}

fn project() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The command that arguments begin with, as far as the grammar knows it.
fn command(arguments: &[String]) -> String {
    let mut known = lictor_issuer::cli::grammar();
    let mut words = Vec::new();
    for word in arguments {
        let Some(inner) = known.find_subcommand(word).cloned() else { break };
        words.push(word.as_str());
        known = inner;
    }
    words.join(" ")
}

/// Every command of the grammar that does something itself.
fn leaves() -> Vec<String> {
    fn walk(command: &clap::Command, path: &str, leaves: &mut Vec<String>) {
        for inner in command.get_subcommands() {
            walk(inner, format!("{path} {}", inner.get_name()).trim_start(), leaves);
        }
        if !command.has_subcommands() {
            leaves.push(path.to_owned());
        }
    }
    let mut leaves = Vec::new();
    walk(&lictor_issuer::cli::grammar(), "", &mut leaves);
    leaves
}

/// The command lines of the transcripts beside the sessions: `$ lictor …`, and `? N` under it unless it ends well.
fn pinned() -> Vec<Ran> {
    let mut pinned = Vec::new();
    for folder in ["usage", "manners"] {
        let folder = project().join("tests/cli").join(folder);
        for entry in fs::read_dir(&folder).expect("the folder of transcripts") {
            let path = entry.expect("an entry").path();
            if path.extension().is_some_and(|extension| extension == "trycmd") {
                pinned.extend(transcript(&fs::read_to_string(&path).expect("a transcript")));
            }
        }
    }
    pinned
}

fn transcript(text: &str) -> Vec<Ran> {
    let mut found: Vec<Ran> = Vec::new();
    for line in text.lines() {
        let asked =
            line.strip_prefix("$ ").and_then(|line| line.split_once("lictor ")).map(|(_, asked)| asked);
        let exit = line.strip_prefix("? ").and_then(|exit| exit.parse().ok());
        if let Some(asked) = asked {
            found.push(Ran { arguments: asked.split_whitespace().map(Into::into).collect(), exit: 0 });
        }
        if let (Some(exit), Some(ran)) = (exit, found.last_mut()) {
            ran.exit = exit;
        }
    }
    found
}

/// Each command with each exit code that OPERATING.md names for it.
fn promised() -> Vec<(String, u8)> {
    let text = fs::read_to_string(project().join("issuer/OPERATING.md")).expect("OPERATING.md");
    let (_, table) =
        text.split_once("| command | exit codes |\n|---|---|\n").expect("the table of exit codes");
    let rows = table.lines().take_while(|line| line.starts_with('|'));
    let row = |line: &str| {
        let mut cells =
            line.trim_matches('|').split('|').map(|cell| cell.trim().trim_matches('`').to_owned());
        let (command, exits) = (cells.next().expect("a command"), cells.next().expect("exit codes"));
        let exit = |exit: &str| exit.trim().parse().unwrap_or_else(|error| panic!("{line}: {exit}: {error}"));
        exits.split(',').map(|text| (command.clone(), exit(text))).collect::<Vec<_>>()
    };
    rows.flat_map(row).collect()
}
