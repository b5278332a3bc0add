//! Changes and their events: both or neither, and never changed afterwards.

use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};

use super::super::*;
use super::{intruder, product};
use crate::catalogue::add_product;
use crate::error::FailureKind;
use crate::event::{EventKind, Facts};
use crate::scratch::{Scratch, Unsaid, occasion};

#[test]
fn change_and_event_are_both_there_or_neither() {
    let scratch = Scratch::new();
    let (path, mut ledger) = scratch.ledger();
    let (occasion, dialer) = (occasion(), product("dialer"));
    let write = |ledger: &mut Ledger, keep: bool| {
        let transaction = ledger.begin(&occasion).unwrap();
        let event = transaction.record(EventKind::ProductAdded, Facts::default()).unwrap();
        products::insert(transaction.connection(), event.seq(), &dialer).unwrap();
        // Dropping it is what a failure further on does.
        if keep {
            transaction.commit(event, &Unsaid).unwrap()
        } else {
            drop(transaction)
        }
        event.seq()
    };
    assert_eq!(write(&mut ledger, false), 2);
    assert_eq!((ledger.products().unwrap().len(), ledger.events(1).count()), (0, 1));
    assert_eq!(write(&mut ledger, true), 2, "a number that was not committed was never given");
    drop(ledger);
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!((ledger.products().unwrap().len(), ledger.events(1).count()), (1, 2));
}

#[test]
fn an_event_that_was_written_with_another_number_than_the_next_is_refused() {
    let scratch = Scratch::new();
    let (_path, mut ledger) = scratch.ledger();
    let occasion = occasion();
    for seq in [1, 3] {
        let written =
            events::Written::new(seq, &occasion, EventKind::ProductAdded, Facts::default()).unwrap();
        let transaction = ledger.begin(&occasion).unwrap();
        let failure = written.append(transaction.connection(), None).unwrap_err();
        assert!(failure.message.contains("numbered without gaps"), "{seq}: {}", failure.message);
    }
    assert_eq!(ledger.events(1).count(), 1);
}

#[test]
fn a_crash_before_the_commit_leaves_nothing() {
    let scratch = Scratch::new();
    let (path, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let event = transaction.record(EventKind::ProductAdded, Facts::default()).unwrap();
    products::insert(transaction.connection(), event.seq(), &product("dialer")).unwrap();
    // The files as they lie on disk in the middle of it.
    let copy = scratch.path("crashed.db");
    fs::copy(&path, &copy).unwrap();
    fs::copy(scratch.path("ledger.db-wal"), scratch.path("crashed.db-wal")).unwrap();
    let crashed = Ledger::open(&copy).unwrap();
    assert_eq!((crashed.products().unwrap().len(), crashed.events(1).count()), (0, 1));
    transaction.commit(event, &Unsaid).unwrap();
    let copy = scratch.path("cut.db");
    fs::copy(&path, &copy).unwrap();
    fs::copy(scratch.path("ledger.db-wal"), scratch.path("cut.db-wal")).unwrap();
    let cut = Ledger::open(&copy).unwrap();
    assert_eq!((cut.products().unwrap().len(), cut.events(1).count()), (1, 2), "committed, it survives");
    drop(cut);
    // The same with the end of the log lost on the way to the disk: of this change, neither half is there.
    let log = fs::read(scratch.path("ledger.db-wal")).unwrap();
    for lost in [1, 4096, 5000] {
        let copy = scratch.path(&format!("torn {lost}.db"));
        fs::copy(&path, &copy).unwrap();
        fs::write(scratch.path(&format!("torn {lost}.db-wal")), &log[..log.len() - lost]).unwrap();
        let torn = Ledger::open(&copy).unwrap();
        assert_eq!((torn.products().unwrap().len(), torn.events(1).count()), (0, 1), "{lost} bytes lost");
    }
}

#[test]
fn events_are_only_appended() {
    let scratch = Scratch::new();
    let (path, mut ledger) = scratch.ledger();
    add_product(&mut ledger, &product("dialer"), &occasion()).unwrap();
    let intruder = intruder(&path);
    for statement in [
        "UPDATE event SET at = 0 WHERE seq = 1",
        "UPDATE event SET leaf = x'00'",
        "DELETE FROM event WHERE seq = 2",
        "DELETE FROM event",
        "INSERT INTO event VALUES (4, x'00', 'k', 0, 'a', NULL)",
        "INSERT INTO event VALUES (2, x'00', 'k', 0, 'a', NULL)",
        "INSERT OR REPLACE INTO event VALUES (2, x'00', 'k', 0, 'a', NULL)",
        "INSERT INTO event VALUES (0, x'00', 'k', 0, 'a', NULL)",
    ] {
        let error = intruder.execute(statement, ()).unwrap_err().to_string();
        assert!(error.contains("events are"), "{statement}: {error}");
    }
    let kinds: Vec<_> = ledger.events(0).map(|event| event.unwrap().kind).collect();
    assert_eq!(kinds, [EventKind::IssuerCreated, EventKind::ProductAdded]);
    assert_eq!(ledger.events(2).count(), 1);
    assert_eq!(ledger.events(3).count(), 0);
}

#[test]
fn a_stored_leaf_is_the_canonical_bytes() {
    let scratch = Scratch::new();
    let (path, mut ledger) = scratch.ledger();
    add_product(&mut ledger, &product("dialer"), &occasion()).unwrap();
    let leaf: Vec<u8> =
        intruder(&path).query_row("SELECT leaf FROM event WHERE seq = 2", (), |row| row.get(0)).unwrap();
    assert_eq!(
        String::from_utf8(leaf).unwrap(),
        r#"{"actor":"alice","at":1795305600,"body":{"defaults":{},"name":"dialer","plans":["basic"]},"clock":"given","kind":"product.added","seq":2,"version":1}"#
    );
}

#[test]
fn a_column_that_differs_from_its_leaf_is_named() {
    for (change, named) in [
        ("kind = 'key.created'", "column kind"),
        ("at = 5", "column at"),
        ("actor = 'mallory'", "column actor"),
        ("license_id = 'x'", "column license_id"),
        ("leaf = CAST(replace(CAST(leaf AS TEXT), 'alice', 'bobby') AS BLOB)", "column actor"),
        ("leaf = CAST(CAST(leaf AS TEXT) || ' ' AS BLOB)", "canonical"),
        ("leaf = x'7b'", "JSON"),
    ] {
        let scratch = Scratch::new();
        let (path, ledger) = scratch.ledger();
        let intruder = intruder(&path);
        intruder.execute_batch("DROP TRIGGER event_is_never_changed").unwrap();
        intruder.execute(&format!("UPDATE event SET {change} WHERE seq = 1"), ()).unwrap();
        let failure = ledger.events(1).next().unwrap().unwrap_err();
        assert_eq!(failure.kind, FailureKind::Ledger);
        assert!(
            failure.message.contains("event 1") && failure.message.contains(named),
            "{}",
            failure.message
        );
        assert_eq!(ledger.events(1).count(), 1, "nothing is read behind it");
    }
}

#[test]
fn a_missing_event_is_named() {
    let scratch = Scratch::new();
    let (path, mut ledger) = scratch.ledger();
    add_product(&mut ledger, &product("dialer"), &occasion()).unwrap();
    intruder(&path)
        .execute_batch("DROP TRIGGER event_is_never_deleted; DELETE FROM event WHERE seq = 1")
        .unwrap();
    let failure = ledger.events(1).next().unwrap().unwrap_err();
    assert!(failure.message.contains("event 1: it is missing"), "{}", failure.message);
}

#[test]
fn a_flipped_byte_in_a_page_is_found_by_the_check() {
    let scratch = Scratch::new();
    let (path, ledger) = scratch.ledger();
    assert_eq!(crate::check(&ledger).unwrap().events, 1);
    drop(ledger);
    let mut file = OpenOptions::new().read(true).write(true).open(&path).unwrap();
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).unwrap();
    let place = bytes.windows(5).rposition(|window| window == b"alice").unwrap();
    file.seek(SeekFrom::Start(u64::try_from(place).unwrap())).unwrap();
    file.write_all(b"A").unwrap();
    drop(file);
    let failure = crate::check(&Ledger::open(&path).unwrap()).unwrap_err();
    assert_eq!(failure.exit_code(), 32, "{}", failure.message);
}
