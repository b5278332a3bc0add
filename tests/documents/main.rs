//! The sessions in the documents are what happens.
#![cfg(test)]

use lictor_tests::programs;
use lictor_tests::session;
use std::path::{Path, PathBuf};

fn document(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)
}

fn program() -> &'static Path {
    Path::new(env!("CARGO_BIN_EXE_lictor"))
}

/// A document in which both sides speak.
fn both(path: &str) {
    let agent = programs::agent_in_sessions(programs::agent(), Path::new("/dev/null"));
    session::run_beside(&document(path), program(), &[agent]);
}

#[test]
fn readme() {
    both("README.md");
}

#[test]
fn embedding() {
    both("validator/EMBEDDING.md");
}

#[test]
fn operating() {
    both("issuer/OPERATING.md");
}

#[test]
fn custody() {
    session::run(&document("keys/CUSTODY.md"), program());
}

/// The rows of the table under this head in a document.
fn rows(path: &str, head: &str) -> Vec<String> {
    let text = std::fs::read_to_string(document(path)).expect("the document");
    let (_, table) = text.split_once(head).expect("the table");
    table.lines().take_while(|line| line.starts_with('|')).map(Into::into).collect()
}

/// What EMBEDDING.md says that the admin does is what CODES.md says, of every reason and in its order.
#[test]
fn reasons() {
    let head = "| reason | mode or window | what the admin does |\n|---|---|---|\n";
    let register: Vec<String> = rows(
        "shared/CODES.md",
        "| reason | code | mode or window | meaning | what the admin does |\n|---|---|---|---|---|\n",
    )
    .iter()
    .map(|row| {
        let cells: Vec<&str> = row.split('|').collect();
        let [_, reason, _, effect, _, action, _] = cells[..] else { panic!("{row}") };
        format!("|{reason}|{effect}|{action}|")
    })
    .collect();
    let words = register.iter().map(|row| row.split('`').nth(1).unwrap_or_default());
    let all: Vec<&str> = lictor_shared::Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(words.collect::<Vec<_>>(), all);
    assert_eq!(rows("validator/EMBEDDING.md", head), register);
}

/// The register of revocation reasons in OPERATING.md is the program's.
#[test]
fn revocation_reasons() {
    let register: Vec<String> = lictor_issuer::RevocationReason::ALL
        .iter()
        .map(|reason| format!("| `{reason}` | {} |", reason.meaning()))
        .collect();
    assert_eq!(rows("issuer/OPERATING.md", "| reason | when |\n|---|---|\n"), register);
}

/// The register of what is odd in OPERATING.md is the program's.
#[test]
fn oddities() {
    let register: Vec<String> = lictor_issuer::audit::OddityKind::all()
        .map(|kind| format!("| `{kind}` | {} |", kind.meaning()))
        .collect();
    assert_eq!(rows("issuer/OPERATING.md", "| kind | what it is |\n|---|---|\n"), register);
}

/// The register of the kinds of events in FORMAT.md is the program's.
#[test]
fn event_kinds() {
    let register: Vec<String> = lictor_issuer::EventKind::ALL
        .iter()
        .map(|kind| format!("| `{kind}` | {} |", kind.meaning()))
        .collect();
    assert_eq!(rows("shared/FORMAT.md", "| kind | what happened |\n|---|---|\n"), register);
}

/// The register of what can be odd about a report of use is the program's.
#[test]
fn usage_anomalies() {
    let register: Vec<String> = lictor_issuer::audit::UsageAnomaly::ALL
        .iter()
        .map(|word| format!("| `{word}` | {} |", word.meaning()))
        .collect();
    assert_eq!(rows("shared/FORMAT.md", "| anomaly | what is odd |\n|---|---|\n"), register);
}

/// The exit codes in OPERATING.md are the program's.
#[test]
fn exit_codes() {
    let code =
        |exit: &lictor_issuer::cli::Exit| exit.code.map_or("-".to_string(), |code| format!("`{code}`"));
    let register: Vec<String> = lictor_issuer::cli::exits()
        .iter()
        .map(|exit| format!("| {} | {} | {} |", exit.number, code(exit), exit.when))
        .collect();
    assert_eq!(rows("issuer/OPERATING.md", "| exit | code | when |\n|---|---|---|\n"), register);
}

/// What CODES.md says of an exit code is what the program says of the kinds of failure that have it.
#[test]
fn exit_codes_of_failures() {
    let rows = rows("shared/CODES.md", "| exit | when |\n|---|---|\n");
    let own = |kind: &&lictor_issuer::FailureKind| **kind != lictor_issuer::FailureKind::SigningNotConfigured;
    for kind in lictor_issuer::FailureKind::ALL.iter().filter(own) {
        let (number, says) = (format!("| `{}` | ", kind.exit_code()), format!("{kind}: {}", kind.meaning()));
        assert!(rows.iter().any(|row| row.starts_with(&number) && row.contains(&says)), "{number}{says}");
    }
}

/// The environment variables in OPERATING.md are those that the program reads, and it reads them in one place.
#[test]
fn environment_variables() {
    let register: Vec<String> = lictor_issuer::cli::Variable::ALL
        .iter()
        .map(|variable| format!("| `{variable}` | {} |", variable.meaning()))
        .collect();
    assert_eq!(rows("issuer/OPERATING.md", "| variable | meaning |\n|---|---|\n"), register);
    let mut reading = Vec::new();
    files(&document("issuer/src"), &mut |path| {
        let text = std::fs::read_to_string(path).expect("a source file");
        // Tests have variables of their own.
        if text.contains("env::var") && !path.ends_with("tests.rs") {
            reading.push(path.file_name().expect("a name").to_owned());
        }
    });
    assert_eq!(reading, ["environment.rs"]);
}

/// The documents that the help topic on formats names are there.
#[test]
fn formats() {
    let folder = |document| match document {
        "FORMAT.md" | "CODES.md" => "shared",
        "CUSTODY.md" => "keys",
        _ => "issuer",
    };
    for format in lictor_issuer::cli::Format::ALL {
        let path = format!("{}/{}", folder(format.document()), format.document());
        assert!(document(&path).is_file(), "{format}: {path}");
    }
}

fn files(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() { files(&path, visit) } else { visit(&path) }
    }
}
