//! Which files are opened as a ledger, and which are refused.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::super::*;
use super::{intruder, refused};
use crate::error::FailureKind;
use crate::scratch::{Scratch, create};

#[test]
fn creating_is_not_opening() {
    let scratch = Scratch::new();
    let (path, ledger) = scratch.ledger();
    let id = ledger.id();
    drop(ledger);
    let before = fs::read(&path).unwrap();
    assert_eq!(create(&path).unwrap_err().kind, FailureKind::Conflict);
    assert_eq!(fs::read(&path).unwrap(), before, "what is there was left as it is");
    assert_eq!(Ledger::open(&path).unwrap().id(), id);
    let missing = scratch.path("missing.db");
    assert_eq!(refused(&missing).kind, FailureKind::Ledger);
    assert!(!missing.exists(), "opening creates nothing");
}

#[test]
fn its_files_are_their_owners() {
    let scratch = Scratch::new();
    let (path, ledger) = scratch.ledger();
    for name in ["ledger.db", "ledger.db-wal", "ledger.db-shm"] {
        let mode = fs::metadata(scratch.path(name)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{name}");
    }
    drop(ledger);
    assert!(path.exists() && !scratch.path("ledger.db-wal").exists(), "closed, it is one file");
}

#[test]
fn it_is_opened_as_safe_as_it_is_created() {
    let scratch = Scratch::new();
    let (path, created) = scratch.ledger();
    let opened = Ledger::open(&path).unwrap();
    for ledger in [&created, &opened] {
        let number = |pragma: &str| -> i64 {
            ledger.connection().pragma_query_value(None, pragma, |row| row.get(0)).unwrap()
        };
        // FULL.
        assert_eq!(number("synchronous"), 2);
        assert_eq!(number("foreign_keys"), 1);
        assert_eq!(number("application_id"), i64::from(schema::APPLICATION));
        assert_eq!(number("user_version"), i64::try_from(schema::VERSION).unwrap());
        let mode: String =
            ledger.connection().pragma_query_value(None, "journal_mode", |row| row.get(0)).unwrap();
        assert_eq!(mode, "wal");
    }
}

#[test]
fn what_is_no_ledger_is_refused_and_left_alone() {
    let scratch = Scratch::new();
    let other = scratch.path("other.db");
    intruder(&other).execute_batch("CREATE TABLE t (x)").unwrap();
    let [text, empty, long] = ["text.db", "empty.db", "long.db"].map(|name| scratch.path(name));
    fs::write(&text, "license").unwrap();
    fs::write(&empty, "").unwrap();
    fs::write(&long, "no database, but as long as one. ".repeat(1000)).unwrap();
    for path in [other, text, empty, long] {
        let before = fs::read(&path).unwrap();
        let failure = refused(&path);
        assert_eq!(failure.exit_code(), 32, "{}", failure.message);
        assert!(failure.hint.is_some_and(|hint| hint.contains("backup")));
        assert_eq!(fs::read(&path).unwrap(), before);
    }
    assert_eq!(refused(&scratch.path(".")).kind, FailureKind::CannotRead);
}

#[test]
fn a_damaged_ledger_is_refused() {
    let scratch = Scratch::new();
    let (path, ledger) = scratch.ledger();
    drop(ledger);
    let whole = fs::read(&path).unwrap();
    let damage = |change: &dyn Fn(&mut Vec<u8>)| {
        let mut bytes = whole.clone();
        change(&mut bytes);
        fs::write(&path, bytes).unwrap();
        let read = || Ledger::open(&path)?.events(1).collect::<Result<Vec<_>, _>>().map(drop);
        read().unwrap_err()
    };
    for failure in [
        damage(&|bytes| bytes.truncate(whole.len() / 2)),
        damage(&|bytes| bytes[0] = b'X'),
        damage(&|bytes| bytes[100..4096].fill(0xff)),
    ] {
        assert_eq!(failure.exit_code(), 32, "{}", failure.message);
    }
}
