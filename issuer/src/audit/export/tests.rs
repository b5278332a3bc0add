//! Exports of every awkward size, at once and bit by bit.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use super::super::CHECKPOINT;
use super::super::check_export;
use super::super::signed::{ORIGIN, checkpoint, grow, key};
use super::*;
use crate::durable;
use crate::scratch::Scratch;

fn export(ledger: &Ledger, size: u64, folder: &Path) -> Result<ExportedLog, Failure> {
    export_log(ledger, &checkpoint(ledger, ORIGIN, size), &key(ORIGIN), folder)
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        match path.is_dir() {
            true => found.extend(contents(&path)),
            false => drop(found.insert(path.clone(), fs::read(&path).unwrap())),
        }
    }
    found
}

/// The same as paths of the export, without what is partial.
fn full(folder: &Path) -> BTreeMap<String, Vec<u8>> {
    let name = |path: &PathBuf| path.strip_prefix(folder).unwrap().to_str().unwrap().to_owned();
    let found = contents(folder).into_iter().map(|(path, bytes)| (name(&path), bytes));
    found.filter(|(name, _)| !name.contains(".p/")).collect()
}

#[test]
fn an_export_that_grew_is_that_which_was_made_at_once() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let grown = scratch.path("grown export");
    let mut before = 0;
    for size in [0, 1, 2, 255, 256, 257, 511, 512, 65_536, 70_001] {
        grow(&mut ledger, size);
        let done = export(&ledger, size, &grown).unwrap();
        assert_eq!((done.before, done.events), (before, size));
        let checked = check_export(&grown, &[key(ORIGIN)]).unwrap();
        assert_eq!(checked.checkpoint.size, size);
        let once = scratch.path(&format!("at once {size}"));
        assert_eq!(export(&ledger, size, &once).unwrap().written, checked_files(&once));
        assert_eq!(full(&grown), full(&once), "{size}");
        // What is partial now is there; narrower ones may be there as well.
        let (all, needed) = (contents(&grown), contents(&once));
        for (path, bytes) in needed {
            let name = path.strip_prefix(&once).unwrap();
            assert_eq!(all.get(&grown.join(name)), Some(&bytes), "{name:?} of {size}");
        }
        before = size;
    }
    // 65 536 of 70 001 events stand in full bundles before those of the last export.
    assert!(grown.join("tile/entries/272").is_file() && grown.join("tile/entries/273.p/113").is_file());
    assert!(grown.join("tile/2/000.p/1").is_file());
}

fn checked_files(folder: &Path) -> u64 {
    check_export(folder, &[key(ORIGIN)]).unwrap().files
}

#[test]
fn only_what_is_new_is_written() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let folder = scratch.path("export");
    grow(&mut ledger, 300);
    // Entries, their hashes, and the hash of the full tile; two of the first three are full.
    assert_eq!(export(&ledger, 300, &folder).unwrap().written, 6);
    assert_eq!(export(&ledger, 300, &folder).unwrap().written, 0);
    grow(&mut ledger, 301);
    let before = contents(&folder);
    assert_eq!(export(&ledger, 301, &folder).unwrap().written, 3);
    let after = contents(&folder);
    let unchanged = before.iter().filter(|(path, _)| !path.ends_with(CHECKPOINT));
    assert!(unchanged.clone().all(|(path, bytes)| after.get(path) == Some(bytes)), "nothing of before went");
    grow(&mut ledger, 512);
    let done = export(&ledger, 512, &folder).unwrap();
    assert_eq!((done.written, done.removed), (4, 4), "two widths of two tiles that are full now");
    assert!(!folder.join("tile/0/001.p").exists());
    // An older checkpoint of the same ledger changes nothing.
    let done = export(&ledger, 301, &folder).unwrap();
    assert_eq!((done.before, done.events, done.written), (512, 512, 0));
}

#[test]
fn whatever_of_an_export_is_missing_the_next_one_completes() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let folder = scratch.path("export");
    grow(&mut ledger, 700);
    export(&ledger, 300, &folder).unwrap();
    let old = contents(&folder);
    export(&ledger, 700, &folder).unwrap();
    let new = contents(&folder);
    // As if it had been killed after each file in turn, in any order, before the checkpoint.
    let written: Vec<&PathBuf> = new.keys().filter(|path| !old.contains_key(*path)).collect();
    for kept in 0..=written.len() {
        fs::remove_dir_all(&folder).unwrap();
        let some = written.iter().take(kept).map(|path| (*path, &new[*path]));
        for (path, bytes) in old.iter().chain(some) {
            fs::create_dir_all(durable::parent(path)).unwrap();
            fs::write(path, bytes).unwrap();
        }
        fs::write(folder.join("tile/0/.002.p.0123456789abcdef.tmp"), b"half").unwrap();
        let done = export(&ledger, 700, &folder).unwrap();
        assert_eq!(done.before, 300);
        assert_eq!(contents(&folder), new, "{kept} of {} files", written.len());
    }
}

#[test]
fn without_its_checkpoint_everything_is_compared_again() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let folder = scratch.path("export");
    grow(&mut ledger, 300);
    export(&ledger, 300, &folder).unwrap();
    let good = contents(&folder);
    fs::write(folder.join("tile/0/000"), b"spoiled").unwrap();
    fs::remove_file(folder.join("tile/entries/000")).unwrap();
    assert_eq!(export(&ledger, 300, &folder).unwrap().written, 0, "what is old is not looked at");
    assert_eq!(check_export(&folder, &[key(ORIGIN)]).unwrap_err().kind, FailureKind::Ledger);
    fs::remove_file(folder.join(CHECKPOINT)).unwrap();
    assert_eq!(export(&ledger, 300, &folder).unwrap().written, 3);
    assert_eq!(contents(&folder), good);
}

#[test]
fn what_is_not_its_own_is_refused_untouched() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    grow(&mut ledger, 300);
    let refused = |folder: &Path, words: &str| {
        let before = contents(folder);
        let failure = export(&ledger, 300, folder).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Conflict);
        assert!(failure.message.contains(words), "{failure}");
        assert!(failure.message.contains(&*folder.display().to_string()), "{failure}");
        assert_eq!(contents(folder), before);
    };
    let documents = scratch.path("documents");
    fs::create_dir(&documents).unwrap();
    fs::write(documents.join("letter.txt"), b"Dear").unwrap();
    refused(&documents, "no checkpoint");
    let file = scratch.path("file");
    fs::write(&file, b"").unwrap();
    assert!(export(&ledger, 300, &file).unwrap_err().message.contains("is no folder"));

    let other_origin = scratch.path("other origin");
    let other = "lictor/0198c0d2-6c1e-7a33-9d5e-000000000000";
    export_log(&ledger, &checkpoint(&ledger, other, 300), &key(other), &other_origin).unwrap();
    refused(&other_origin, other);

    let (scratch_of_another, other_history) = (Scratch::new(), scratch.path("other history"));
    let (_, mut another) = scratch_of_another.ledger();
    grow(&mut another, 300);
    export(&another, 299, &other_history).unwrap();
    refused(&other_history, "one of the two was changed");

    grow(&mut another, 301);
    let longer = scratch.path("longer");
    export(&another, 301, &longer).unwrap();
    refused(&longer, "older copy");

    let garbled = scratch.path("garbled");
    export(&ledger, 300, &garbled).unwrap();
    fs::write(garbled.join(CHECKPOINT), b"garbled").unwrap();
    refused(&garbled, "checkpoint that is none");
}

#[test]
fn a_second_export_at_the_same_time_is_refused() {
    let scratch = Scratch::new();
    let (_, ledger) = scratch.ledger();
    let folder = scratch.path("export");
    let first = ExportFolder::open(&folder).unwrap();
    let failure = export(&ledger, 1, &folder).unwrap_err();
    assert!(failure.message.contains("another process"), "{failure}");
    drop(first);
    export(&ledger, 1, &folder).unwrap();
}

#[test]
fn a_ledger_that_was_changed_is_not_exported() {
    let scratch = Scratch::new();
    let (path, mut ledger) = scratch.ledger();
    let folder = scratch.path("export");
    grow(&mut ledger, 300);
    let note = checkpoint(&ledger, ORIGIN, 300);
    export(&ledger, 100, &folder).unwrap();
    let before = contents(&folder);
    let intruder = rusqlite::Connection::open(&path).unwrap();
    intruder
        .execute_batch("DROP TRIGGER event_is_never_changed; UPDATE event SET leaf = x'00' WHERE seq = 200")
        .unwrap();
    let failure = export_log(&ledger, &note, &key(ORIGIN), &folder).unwrap_err();
    // The edge and the root over full tiles are stored, so that only the whole tree tells.
    assert_eq!(failure.kind, FailureKind::Ledger);
    let after = contents(&folder);
    assert_eq!(after[&folder.join(CHECKPOINT)], before[&folder.join(CHECKPOINT)]);
    let other = export_log(&ledger, &note, &key("other"), &folder).unwrap_err();
    assert_eq!(other.kind, FailureKind::Ledger);
}

#[test]
fn a_disk_that_fails_leaves_the_old_checkpoint() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let folder = scratch.path("export");
    grow(&mut ledger, 600);
    export(&ledger, 100, &folder).unwrap();
    let old = fs::read(folder.join(CHECKPOINT)).unwrap();
    for after in 0..4 {
        crate::durable::failing::AFTER.set(Some(after));
        let failure = export(&ledger, 600, &folder).unwrap_err();
        crate::durable::failing::AFTER.set(None);
        assert_eq!(failure.kind, FailureKind::CannotWrite);
        assert_eq!(fs::read(folder.join(CHECKPOINT)).unwrap(), old);
    }
    assert_eq!(export(&ledger, 600, &folder).unwrap().before, 100);
    assert_eq!(check_export(&folder, &[key(ORIGIN)]).unwrap().checkpoint.size, 600);
}
