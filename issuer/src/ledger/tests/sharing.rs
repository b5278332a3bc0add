//! Several processes with one ledger.

use core::time::Duration;
use std::fs;

use super::super::*;
use super::{intruder, product};
use crate::catalogue::add_product;
use crate::error::FailureKind;
use crate::scratch::{Scratch, create, occasion};

#[test]
fn another_process_that_holds_it_is_waited_for_and_named() {
    let scratch = Scratch::new();
    let (path, mut ledger) = scratch.ledger();
    let holder = intruder(&path);
    holder.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut hasty = Ledger::open_with_patience(&path, Duration::from_millis(20)).unwrap();
    let failure = add_product(&mut hasty, &product("dialer"), &occasion()).unwrap_err();
    assert_eq!(failure.exit_code(), 32);
    assert!(failure.message.starts_with("Another process holds the ledger"), "{}", failure.message);
    assert_eq!(hasty.events(1).count(), 1, "readers go on");
    let patient = std::thread::spawn(move || add_product(&mut ledger, &product("dialer"), &occasion()));
    std::thread::sleep(Duration::from_millis(100));
    holder.execute_batch("COMMIT").unwrap();
    patient.join().unwrap().unwrap();
    assert_eq!(hasty.products().unwrap().len(), 1);
}

#[test]
fn two_writers_never_give_one_number_twice() {
    let scratch = Scratch::new();
    let (path, ledger) = scratch.ledger();
    let writer = |prefix: &'static str| {
        let path = path.clone();
        std::thread::spawn(move || {
            let mut ledger = Ledger::open(&path).unwrap();
            for number in 0..20 {
                add_product(&mut ledger, &product(&format!("{prefix}{number}")), &occasion()).unwrap();
            }
        })
    };
    for thread in [writer("a"), writer("b"), writer("c")] {
        thread.join().unwrap();
    }
    let numbers: Vec<u64> = ledger.events(1).map(|event| event.unwrap().seq).collect();
    assert_eq!(numbers, (1..=61).collect::<Vec<_>>());
}

/// As a command has it that waited for a restore: the file that it opened goes on existing, under no name or another one.
#[test]
fn nothing_is_written_to_a_ledger_that_was_replaced() {
    let scratch = Scratch::new();
    let (path, mut ledger) = scratch.ledger();
    let (other, occasion) = (scratch.path("other.db"), occasion());
    drop(create(&other).unwrap());
    fs::rename(&path, scratch.path("aside.db")).unwrap();
    assert_eq!(ledger.begin(&occasion).unwrap_err().kind, FailureKind::Conflict, "its name is gone");
    fs::rename(&other, &path).unwrap();
    let failure = ledger.begin(&occasion).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict, "its name is another's");
    assert!(failure.hint.unwrap().contains("Repeat the command"));
}

#[test]
fn a_ledger_that_is_held_is_nobody_elses() {
    let scratch = Scratch::new();
    let (path, ledger) = scratch.ledger();
    let patience = Duration::from_millis(10);
    let reader = Ledger::open(&path).unwrap();
    ledger.connection().busy_timeout(patience).unwrap();
    assert!(fault::is_held(&ledger.hold().unwrap_err()), "somebody else has it open");
    drop(reader);
    ledger.hold().unwrap();
    assert_eq!(fs::metadata(scratch.path("ledger.db-wal")).unwrap().len(), 0);
    assert!(fault::is_held(&Ledger::open_with_patience(&path, patience).unwrap_err()));
    drop(ledger);
    assert_eq!(Ledger::open_with_patience(&path, patience).unwrap().events(1).count(), 1);
}
