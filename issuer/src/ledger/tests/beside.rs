//! Two connections that see the same.

use super::super::{Ledger, beside::beside, events};
use super::product;
use crate::catalogue::add_product;
use crate::scratch::{Scratch, occasion};
use std::path::Path;

fn changed(path: &Path) {
    add_product(&mut Ledger::open(path).unwrap(), &product("dialer"), &occasion()).unwrap();
}

#[test]
fn both_see_the_same_whatever_is_committed_meanwhile() {
    let scratch = Scratch::new();
    let (path, ledger) = scratch.ledger();
    let view = ledger.connection().unchecked_transaction().unwrap();
    let second = beside(&view).unwrap();
    changed(&path);
    assert_eq!((events::last(&view).unwrap(), events::last(&second).unwrap()), (1, 1));
}

#[test]
fn there_is_no_second_one_once_something_was_committed() {
    let scratch = Scratch::new();
    let (path, ledger) = scratch.ledger();
    let view = ledger.connection().unchecked_transaction().unwrap();
    assert_eq!(events::last(&view).unwrap(), 1);
    changed(&path);
    assert!(beside(&view).is_none());
}

#[test]
fn there_is_no_second_one_of_another_ledger_in_its_place() {
    let scratch = Scratch::new();
    let (path, ledger) = scratch.ledger();
    let view = ledger.connection().unchecked_transaction().unwrap();
    let other = scratch.path("other.db");
    drop(crate::scratch::create(&other).unwrap());
    std::fs::rename(&path, scratch.path("moved.db")).unwrap();
    for side in ["-wal", "-shm"] {
        let of = |path: &Path| format!("{}{side}", path.display());
        let _ = std::fs::rename(of(&path), of(&scratch.path("moved.db")));
    }
    std::fs::rename(&other, &path).unwrap();
    assert!(beside(&view).is_none());
}

#[test]
fn there_is_no_second_one_of_what_is_read_without_locks() {
    let scratch = Scratch::new();
    let (path, ledger) = scratch.ledger();
    drop(ledger);
    let settled = Ledger::open_settled(&path).unwrap();
    assert!(beside(settled.connection()).is_none());
    assert!(!scratch.path("ledger.db-wal").exists() && !scratch.path("ledger.db-shm").exists());
}

/// The view's own lock is in the way, and nobody else could take it away.
#[test]
fn there_is_no_second_one_of_what_is_held() {
    let scratch = Scratch::new();
    let (_path, ledger) = scratch.ledger();
    ledger.hold().unwrap();
    let view = ledger.connection().unchecked_transaction().unwrap();
    assert!(beside(&view).is_none());
}
