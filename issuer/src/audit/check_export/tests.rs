//! Every bit of every file, and every other way of spoiling an export.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use super::super::export_log;
use super::super::signed::{ORIGIN, checkpoint, grow, key};
use super::*;
use crate::ledger::Ledger;
use crate::scratch::Scratch;

/// An export with full tiles, partial ones, and partial ones of an earlier export.
fn exported(scratch: &Scratch) -> (Ledger, PathBuf) {
    let (_, mut ledger) = scratch.ledger();
    let folder = scratch.path("export");
    for size in [259, 261] {
        grow(&mut ledger, size);
        export_log(&ledger, &checkpoint(&ledger, ORIGIN, size), &key(ORIGIN), &folder).unwrap();
    }
    (ledger, folder)
}

fn files(folder: &Path, name: &str) -> BTreeMap<String, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder.join(name)).unwrap() {
        let entry = entry.unwrap();
        let inside = format!("{name}{}", entry.file_name().into_string().unwrap());
        match entry.path().is_dir() {
            true => found.extend(files(folder, &format!("{inside}/"))),
            false => drop(found.insert(inside, fs::read(entry.path()).unwrap())),
        }
    }
    found
}

fn refused(folder: &Path) -> Failure {
    check_export(folder, &[key(ORIGIN)]).unwrap_err()
}

fn named(failure: &Failure) -> &str {
    failure.details.get("file").and_then(lictor_shared::json::Value::as_str).unwrap_or_default()
}

fn event(failure: &Failure) -> Option<u64> {
    failure.details.get("event").and_then(lictor_shared::json::Value::as_integer)
}

#[test]
fn every_flipped_bit_is_found_and_named() {
    let scratch = Scratch::new();
    let (ledger, folder) = exported(&scratch);
    let all = files(&folder, "");
    let expected = [
        "checkpoint",
        "tile/0/000",
        "tile/0/001.p/3",
        "tile/0/001.p/5",
        "tile/1/000.p/1",
        "tile/entries/000",
        "tile/entries/001.p/3",
        "tile/entries/001.p/5",
    ];
    assert_eq!(all.keys().map(String::as_str).collect::<Vec<_>>(), expected);
    // Every byte of what is short, every thirteenth of what is long: that falls on every byte of an entry's length and of a hash.
    let all_of_them = std::env::var("LICTOR_TEST_FLIPS").is_ok_and(|flips| flips == "all");
    let mut flips = 0;
    for (name, bytes) in &all {
        let path = folder.join(name);
        let wrong = Lines::of(&ledger, name);
        let step = if bytes.len() < 1000 || all_of_them { 1 } else { 13 };
        for (at, byte) in bytes.iter().enumerate().step_by(step) {
            let mut spoiled = bytes.clone();
            spoiled[at] = byte ^ (1 << (at % 8));
            fs::write(&path, &spoiled).unwrap();
            let failure = refused(&folder);
            assert_eq!(named(&failure), name, "byte {at}: {failure}");
            assert!(failure.message.contains(name.as_str()), "byte {at}: {failure}");
            if name != CHECKPOINT {
                assert_eq!(event(&failure), Some(wrong.event(at)), "byte {at} of {name}: {failure}");
            }
            flips += 1;
        }
        fs::write(&path, bytes).unwrap();
    }
    println!("{flips} flips");
    assert_eq!(check_export(&folder, &[key(ORIGIN)]).unwrap().files, 8);
}

/// Which event the bytes of a file belong to.
struct Lines {
    ends: Vec<(usize, u64)>,
}

impl Lines {
    fn of(ledger: &Ledger, name: &str) -> Self {
        let first = if name.contains("/001") { 257 } else { 1 };
        let lengths: Vec<usize> = match name.strip_prefix("tile/") {
            Some(rest) if rest.starts_with("entries") => {
                ledger.events(first).map(|event| event.unwrap().leaf().len() + 2).collect()
            }
            _ => vec![HASHED; 256],
        };
        let ends = lengths.iter().scan(0, |end, length| {
            *end += length;
            Some(*end)
        });
        Self { ends: ends.zip(first..).collect() }
    }

    fn event(&self, at: usize) -> u64 {
        self.ends.iter().find(|(end, _)| at < *end).unwrap().1
    }
}

const HASHED: usize = 32;

#[test]
fn files_that_are_shorter_longer_missing_swapped_or_strange_are_named() {
    let scratch = Scratch::new();
    let (_, folder) = exported(&scratch);
    let all = files(&folder, "");
    for (name, bytes) in &all {
        let path = folder.join(name);
        for spoiled in [
            &bytes[..bytes.len() - 1],
            &bytes[..bytes.len() / 2],
            b"",
            &[bytes, b"x".as_slice()].concat(),
            &[bytes, bytes.as_slice()].concat(),
        ] {
            fs::write(&path, spoiled).unwrap();
            assert_eq!(named(&refused(&folder)), name, "{} of {} bytes", spoiled.len(), bytes.len());
        }
        for (other, bytes) in all.iter().filter(|(other, _)| *other != name) {
            fs::write(&path, bytes).unwrap();
            assert_eq!(named(&refused(&folder)), name, "{other} in its place");
        }
        fs::remove_file(&path).unwrap();
        // A partial tile of an earlier export may be missing.
        match name.ends_with("/3") {
            true => assert_eq!(check_export(&folder, &[key(ORIGIN)]).unwrap().files, 7),
            false => assert_eq!(named(&refused(&folder)), name),
        }
        fs::create_dir(&path).unwrap();
        assert!(name.ends_with("/3") || named(&refused(&folder)) == name, "a folder in its place");
        fs::remove_dir(&path).unwrap();
        fs::write(&path, bytes).unwrap();
    }
    for strange in [
        "letter.txt",
        "tile/2/000.p/1",
        "tile/0/001",
        "tile/0/001.p/6",
        "tile/0/002.p/1",
        "tile/0/1",
        "tile/entries/000.p/256",
        ".checkpoint.0123456789abcdef.tmp",
    ] {
        let path = folder.join(strange);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, b"x").unwrap();
        let failure = refused(&folder);
        assert_eq!((named(&failure), event(&failure)), (strange, None), "{failure}");
        fs::remove_file(&path).unwrap();
    }
    symlink("000", folder.join("tile/0/link")).unwrap();
    assert_eq!(named(&refused(&folder)), "tile/0/link");
    fs::remove_file(folder.join("tile/0/link")).unwrap();
    assert_eq!(check_export(&folder, &[key(ORIGIN)]).unwrap().files, 8);
}

/// Others may sign a checkpoint as well; what says that the log did is the one line that an export writes.
#[test]
fn a_signature_line_more_is_refused_unless_it_is_another_signers() {
    let scratch = Scratch::new();
    let (_, folder) = exported(&scratch);
    let path = folder.join(CHECKPOINT);
    let note = fs::read_to_string(&path).unwrap();
    let line = note.lines().last().unwrap().to_owned() + "\n";
    assert_eq!(check_export(&folder, &[key(ORIGIN)]).unwrap().unchecked, [""; 0]);
    let another = format!("\u{2014} {ORIGIN} AAAAAAECAwQ=\n");
    for (more, says) in [
        (line.as_str(), "2 signatures say that they are by lictor/"),
        (&another, "2 signatures say that they are by lictor/"),
        ("\u{2014} witness.example/w ?\n", "line 2 below the text is no signature"),
        ("\u{2014} witness.example/w AAAAAA==\n", "line 2 below the text is no signature"),
        ("x\n", "line 2 below the text is no signature"),
    ] {
        fs::write(&path, note.clone() + more).unwrap();
        let failure = refused(&folder);
        assert_eq!(named(&failure), CHECKPOINT, "{more:?}");
        assert!(failure.message.contains(says), "{more:?}: {failure}");
    }
    // Before the log's own line as well as behind it.
    let (text, _) = note.rsplit_once("\n\n").unwrap();
    fs::write(&path, format!("{text}\n\n{another}{line}")).unwrap();
    assert_eq!(named(&refused(&folder)), CHECKPOINT);
    fs::write(&path, note + "\u{2014} witness.example/w AAAAAAECAwQ=\n").unwrap();
    let checked = check_export(&folder, &[key(ORIGIN)]).unwrap();
    assert_eq!(checked.unchecked, ["witness.example/w"]);
}

#[test]
fn it_says_how_far_it_is() {
    let scratch = Scratch::new();
    let (_, folder) = exported(&scratch);
    let mut seen = Vec::new();
    check_export_and_see(&folder, &[key(ORIGIN)], |progress| seen.push((progress.done, progress.of)))
        .unwrap();
    assert_eq!(seen, [(128, 261), (130, 261), (258, 261), (261, 261)]);
}

#[test]
fn two_entries_that_changed_places_are_found() {
    let scratch = Scratch::new();
    let (_, folder) = exported(&scratch);
    let path = folder.join("tile/entries/000");
    let bytes = fs::read(&path).unwrap();
    let mut entries: Vec<&[u8]> = Entries::of(&bytes).map(Result::unwrap).collect();
    entries.swap(41, 42);
    let mut swapped = Vec::new();
    entries.iter().for_each(|entry| lictor_shared::log::push_entry(&mut swapped, entry).unwrap());
    fs::write(&path, swapped).unwrap();
    let failure = refused(&folder);
    assert_eq!((named(&failure), event(&failure)), ("tile/entries/000", Some(42)));
}

/// Somebody who can write anything but a signature.
#[test]
fn a_log_that_was_written_anew_is_not_the_one_that_was_signed() {
    let (scratch, other) = (Scratch::new(), Scratch::new());
    let ((_, folder), (_, another)) = (exported(&scratch), exported(&other));
    fs::copy(folder.join(CHECKPOINT), another.join(CHECKPOINT)).unwrap();
    let failure = refused(&another);
    assert_eq!(named(&failure), CHECKPOINT);
    assert!(failure.message.contains("written them anew"), "{failure}");
    let strange = check_export(&folder, &[key("lictor/other")]).unwrap_err();
    assert!(strange.message.contains("lictor/other"), "{strange}");
    let nothing = check_export(&scratch.path(""), &[key(ORIGIN)]).unwrap_err();
    assert_eq!(nothing.kind, FailureKind::CannotRead);
}
