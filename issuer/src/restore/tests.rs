//! A disk that fails to write a folder through: what was said afterwards is true.

use std::fs;
use std::path::Path;

use super::{Present, restore};
use crate::durable::Existing;
use crate::durable::failing::AFTER;
use crate::error::FailureKind;
use crate::home::Home;
use crate::scratch::{Scratch, occasion};
use lictor_shared::{Text, Uri};

fn uri(text: &str) -> Uri {
    Uri::new(text).unwrap()
}

fn home(path: &Path) -> Home {
    Home::init(path, Text::new("acme").unwrap(), uri("urn:acme:0"), &occasion()).unwrap()
}

/// As many folders are written through as one that goes well writes through, and then fails.
#[test]
fn a_restore_that_fails_leaves_what_it_says() {
    let mut finished = None;
    for after in 0..12 {
        let scratch = Scratch::new();
        let path = scratch.path("home");
        let home = home(&path);
        let backup = scratch.path("backup.db");
        home.ledger().unwrap().backup(&backup, Existing::Keep).unwrap();
        let before = (fs::read(path.join("ledger.db")).unwrap(), fs::read(path.join("lictor.toml")).unwrap());
        AFTER.set(Some(after));
        let restored = restore(&home, &backup, &uri("urn:acme:1"), Present::Replace, &occasion());
        AFTER.set(None);
        let now = (fs::read(path.join("ledger.db")).unwrap(), fs::read(path.join("lictor.toml")).unwrap());
        match restored {
            Ok(_) => {
                finished = Some(after);
                break;
            }
            Err(failure) if failure.message.contains("The backup is in the place of") => {
                assert!(now != before, "after {after}");
            }
            Err(failure) => {
                assert_eq!(failure.kind, FailureKind::CannotWrite, "after {after}");
                assert!(now == before, "after {after}: {}", failure.message);
            }
        }
        assert!(home.ledger().unwrap().events(1).all(|event| event.is_ok()), "after {after}");
    }
    assert!(finished.is_some_and(|after| after >= 3), "{finished:?}");
}

#[test]
fn a_backup_that_fails_is_not_there() {
    let scratch = Scratch::new();
    let home = home(&scratch.path("home"));
    let backup = scratch.path("backup.db");
    AFTER.set(Some(0));
    let failure = home.ledger().unwrap().backup(&backup, Existing::Keep).unwrap_err();
    AFTER.set(None);
    assert_eq!(failure.kind, FailureKind::CannotWrite);
    assert!(!backup.exists());
    fs::write(&backup, "an old one").unwrap();
    AFTER.set(Some(0));
    let failure = home.ledger().unwrap().backup(&backup, Existing::Replace).unwrap_err();
    AFTER.set(None);
    assert!(failure.message.contains("is there, but a power cut"), "{}", failure.message);
}
