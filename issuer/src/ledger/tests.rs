//! What the ledger promises, each promise tried to be broken.

use core::time::Duration;
use lictor_shared::{Seconds, Status, Text, Uri, limits};
use rusqlite::Connection;
use std::collections::BTreeSet;
use std::fs::{self, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use super::*;
use crate::catalogue::{Product, add_product};
use crate::entropy;
use crate::error::FailureKind;
use crate::event::{EventKind, Facts};
use crate::scratch::{Scratch, Unsaid, create, occasion};
use crate::terms::Terms;

fn product(product: &str) -> Product {
    let name = |text: &str| lictor_shared::Name::new(text).unwrap();
    Product { name: name(product), plans: vec![name("basic")], defaults: Terms::default() }
}

/// A connection past the ledger's own rules, as somebody who tampers has one.
fn intruder(path: &Path) -> Connection {
    Connection::open(path).unwrap()
}

fn refused(path: &Path) -> Failure {
    Ledger::open(path).unwrap_err()
}

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

#[test]
fn a_ledger_of_the_first_version_is_brought_up_to_date_and_keeps_what_it_holds() {
    let scratch = Scratch::new();
    let path = scratch.path("first.db");
    let first = intruder(&path);
    first.execute_batch(include_str!("schema/1.sql")).unwrap();
    first.pragma_update(None, "application_id", schema::APPLICATION).unwrap();
    first.pragma_update(None, "user_version", 1).unwrap();
    let id = "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10";
    first.execute("INSERT INTO issuer VALUES (1, ?1, 'acme-licensing')", [id]).unwrap();
    // The public key of RFC 8032, section 7.1, test 1.
    let x = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo";
    first
        .execute_batch(&format!(
            "INSERT INTO event VALUES (1, x'7b7d', 'key.created', 5, 'alice', NULL); \
             INSERT INTO signing_key VALUES \
             ('kid', 1, '{x}', 'acme-licensing', 'active', '[\"license\"]', NULL, NULL, 5, NULL, NULL, NULL)"
        ))
        .unwrap();
    drop(first);
    let mut ledger = Ledger::open(&path).unwrap();
    assert_eq!(ledger.id().to_string(), id);
    let version: i64 =
        ledger.connection().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
    assert_eq!(version, i64::try_from(schema::VERSION).unwrap());
    let ring = ledger.key_ring().unwrap();
    let [key] = ring.records() else { panic!("{ring:?}") };
    assert_eq!((key.public.to_base64url().as_str(), key.turn, key.destroyed_at), (x, Some(1), None));
    add_product(&mut ledger, &product("dialer"), &occasion()).unwrap();
    assert_eq!(ledger.products().unwrap().len(), 1);
}

#[test]
fn licenses_of_an_earlier_version_are_found_by_the_hash_that_the_log_tells() {
    let scratch = Scratch::new();
    let path = scratch.path("second.db");
    let second = intruder(&path);
    second.execute_batch(include_str!("schema/1.sql")).unwrap();
    second.execute_batch(include_str!("schema/2.sql")).unwrap();
    second.pragma_update(None, "application_id", schema::APPLICATION).unwrap();
    second.pragma_update(None, "user_version", 2).unwrap();
    let (id, serial) = ("0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10", "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a11");
    // printf a.b.c | sha256sum
    let sha256 = "845e30448809e2bc8958eb025bfc795235d13b077a53d0c3abbd2385170dc9b8";
    let leaf = format!(r#"{{"body":{{"tokenSha256":"{sha256}"}}}}"#);
    second.execute("INSERT INTO issuer VALUES (1, ?1, 'acme-licensing')", [id]).unwrap();
    second
        .execute("INSERT INTO event VALUES (1, ?1, 'license.issued', 0, 'alice', NULL)", [leaf.into_bytes()])
        .unwrap();
    second
        .execute_batch(&format!(
            "INSERT INTO signing_key VALUES ('k', 1, 'x', 'acme', 'active', '[]', NULL, NULL, 0, NULL, NULL, NULL);
             INSERT INTO customer VALUES ('acme', 'Acme');
             INSERT INTO license VALUES ('{id}', 'acme', 'active', NULL, NULL);
             INSERT INTO status_list (uri) VALUES ('a:b');
             INSERT INTO status_entry (list, idx, grace) VALUES (1, 7, 0);
             INSERT INTO revision VALUES ('{serial}', '{id}', 1, 1, 'k', '[]', 'pro', 0, 0, NULL, NULL, 1, 7, 'a.b.c');"
        ))
        .unwrap();
    drop(second);
    let ledger = Ledger::open(&path).unwrap();
    let mut hash = [0; 32];
    for (byte, digits) in hash.iter_mut().zip(sha256.as_bytes().chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
    }
    let found = licenses::by_sha256(ledger.connection(), &hash).unwrap().unwrap();
    assert_eq!((found.0.to_string(), found.1.to_string()), (id.to_owned(), serial.to_owned()));
    assert_eq!(licenses::by_sha256(ledger.connection(), &[7; 32]).unwrap(), None);
}

#[test]
fn a_newer_ledger_is_refused_in_clear_words() {
    let scratch = Scratch::new();
    let (path, ledger) = scratch.ledger();
    drop(ledger);
    intruder(&path).pragma_update(None, "user_version", 8).unwrap();
    let failure = refused(&path);
    assert_eq!(failure.kind, FailureKind::CannotRead);
    let known =
        format!("The ledger has version 8, and this program knows versions up to {}.", schema::VERSION);
    assert_eq!(failure.message, known);
    intruder(&path).pragma_update(None, "user_version", 0).unwrap();
    assert_eq!(refused(&path).kind, FailureKind::Ledger);
}

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

fn list_of(transaction: &transaction::Transaction<'_>) -> entries::List {
    entries::list(transaction.connection(), &Uri::new("https://a.example/0").unwrap()).unwrap()
}

#[test]
fn indices_are_drawn_at_random_and_never_twice() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let list = list_of(&transaction);
    let hand_out = |draws: &[u32]| {
        let mut draws = draws.iter().copied().cycle();
        entries::hand_out(transaction.connection(), list, Seconds::ZERO, || Ok(draws.next().unwrap()))
            .unwrap()
    };
    assert_eq!(hand_out(&[7]), 7);
    assert_eq!(hand_out(&[7, 7, 9]), 9);
    // Whoever draws nothing but what is taken gets the next free one behind it, and from the end goes on at the start.
    assert_eq!(hand_out(&[7]), 8);
    assert_eq!(hand_out(&[7]), 10);
    assert_eq!(hand_out(&[limits::STATUS_ENTRIES - 1]), limits::STATUS_ENTRIES - 1);
    assert_eq!(hand_out(&[limits::STATUS_ENTRIES - 1]), 0);
    assert_eq!(hand_out(&[limits::STATUS_ENTRIES - 1]), 1);
    let random = || entries::hand_out(transaction.connection(), list, Seconds::ZERO, || entropy::number(20));
    let drawn: BTreeSet<u32> = (0..300).map(|_| random().unwrap()).collect();
    assert_eq!(drawn.len(), 300);
    assert!(drawn.iter().any(|index| *index > limits::STATUS_ENTRIES / 2), "over the whole list");
    let freed = transaction.connection().execute("DELETE FROM status_entry WHERE idx = 7", ());
    assert!(freed.unwrap_err().to_string().contains("never used again"));
}

#[test]
fn the_last_free_index_is_found_and_behind_it_none() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let (connection, list) = (transaction.connection(), list_of(&transaction));
    connection
        .execute(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1048575) \
             INSERT INTO status_entry (list, idx, grace) SELECT ?1, i, 0 FROM n WHERE i <> 4711",
            [list.id],
        )
        .unwrap();
    let hand_out = || entries::hand_out(connection, list, Seconds::ZERO, || Ok(1_000_000));
    assert_eq!(hand_out().unwrap(), 4711, "the last one free is found");
    let failure = hand_out().unwrap_err();
    assert_eq!(failure.kind, FailureKind::Ledger, "a further list would have been opened long before");
    assert!(failure.message.contains("1048576"), "{}", failure.message);
    let list = list_of(&transaction);
    assert_eq!(list.entries, 1_048_576, "every entry is counted");
}

#[test]
fn entries_are_counted_however_they_come() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let (connection, list) = (transaction.connection(), list_of(&transaction));
    let counted = || list_of(&transaction).entries;
    entries::hand_out(connection, list, Seconds::ZERO, || Ok(3)).unwrap();
    assert!(entries::take(connection, list, 4, Seconds::ZERO).unwrap());
    assert!(!entries::take(connection, list, 4, Seconds::ZERO).unwrap());
    assert_eq!(counted(), 2);
    let entry = |index| carried::Entry {
        uri: "https://a.example/0".into(),
        index,
        status: Status::Revoked,
        since: Some(occasion.at),
        grace: Seconds::ZERO,
    };
    for index in [3, 5, 5] {
        carried::put(connection, list, &entry(index)).unwrap();
    }
    assert_eq!(counted(), 3, "3 and 5 were there already");
    entries::set(connection, list.id, 4, Status::Suspended, occasion.at).unwrap();
    assert_eq!(counted(), 3);
}

#[test]
fn entries_of_an_earlier_version_are_counted_and_its_editions_told_apart() {
    let scratch = Scratch::new();
    let path = scratch.path("sixth.db");
    let sixth = intruder(&path);
    for step in [
        include_str!("schema/1.sql"),
        include_str!("schema/2.sql"),
        include_str!("schema/3.sql"),
        include_str!("schema/4.sql"),
        include_str!("schema/5.sql"),
        include_str!("schema/6.sql"),
    ] {
        sixth.execute_batch(step).unwrap();
    }
    sixth.pragma_update(None, "application_id", schema::APPLICATION).unwrap();
    sixth.pragma_update(None, "user_version", 6).unwrap();
    sixth
        .execute("INSERT INTO issuer VALUES (1, '0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10', 'acme')", ())
        .unwrap();
    for (seq, body) in [(1, "{}"), (2, r#"{"enclosed":true}"#)] {
        let leaf = format!(r#"{{"body":{body}}}"#).into_bytes();
        let event = "INSERT INTO event VALUES (?1, ?2, 'status.published', 0, 'alice', NULL)";
        sixth.execute(event, (seq, leaf)).unwrap();
    }
    sixth
        .execute_batch(
            "INSERT INTO status_list (uri) VALUES ('a:b'), ('a:c'), ('a:d');
             INSERT INTO status_entry (list, idx, grace) VALUES (1, 7, 0), (1, 8, 0), (3, 7, 0);
             INSERT INTO list_edition (list, sequence, seq, token) VALUES (1, 5, 1, 'a.b.c'), (2, 5, 2, 'd.e.f');",
        )
        .unwrap();
    drop(sixth);
    let ledger = Ledger::open(&path).unwrap();
    let records = entries::records(ledger.connection()).unwrap();
    let counts: Vec<_> = records.iter().map(|list| (list.uri.as_str(), list.entries)).collect();
    assert_eq!(counts, [("a:b", 2), ("a:c", 0), ("a:d", 1)]);
    let kept = editions::kept(ledger.connection()).unwrap();
    let published: Vec<_> = kept.iter().map(|((uri, _), kept)| (uri.as_str(), kept.is_published)).collect();
    assert_eq!(published, [("a:b", true), ("a:c", false)]);
}

/// What a list says is read from the index alone: beside a few that were revoked there may be a million that were not.
#[test]
fn what_a_list_says_is_read_from_an_index() {
    let scratch = Scratch::new();
    let (_, ledger) = scratch.ledger();
    for statement in [entries::SELECT_NOT_VALID, entries::SELECT_COME] {
        let plan = format!("EXPLAIN QUERY PLAN {statement}");
        let mut plan = ledger.connection().prepare(&plan).unwrap();
        let nothing = vec![rusqlite::types::Null; plan.parameter_count()];
        let steps =
            plan.query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        assert!(
            steps.iter().any(|step| step.contains("COVERING INDEX status_entry_not_valid (list=?")),
            "{steps:?}"
        );
    }
}

#[test]
fn only_what_was_handed_out_can_be_revoked() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let (connection, list) = (transaction.connection(), list_of(&transaction));
    entries::hand_out(connection, list, Seconds::ZERO, || Ok(3)).unwrap();
    entries::set(connection, list.id, 3, Status::Revoked, occasion.at).unwrap();
    assert_eq!(entries::exceptions(connection, list).unwrap().len(), 1);
    assert!(entries::set(connection, list.id, 4, Status::Revoked, occasion.at).is_err());
    entries::set(connection, list.id, 3, Status::Valid, occasion.at).unwrap();
    assert!(entries::exceptions(connection, list).unwrap().is_empty());
}

#[test]
fn customers_keep_their_ids_and_share_none() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let text = |text: &str| Text::new(text).unwrap();
    let identify = |name: &str, id: Option<&str>| {
        let id = id.map(text);
        crate::customer::identify(transaction.connection(), &text(name), id.as_ref()).map(|id| id.to_string())
    };
    assert_eq!(identify("Acme GmbH", None).unwrap(), "acme-gmbh");
    assert_eq!(identify("Acme GmbH", None).unwrap(), "acme-gmbh", "the same customer");
    let other = identify("ACME GmbH", None).unwrap();
    assert!(other.starts_with("acme-gmbh-") && other.len() == 14, "{other}");
    assert_eq!(identify("ACME GmbH", None).unwrap(), other);
    assert_eq!(identify("Bolt", Some("acme-gmbh")).unwrap_err().kind, FailureKind::Conflict);
    assert_eq!(identify("Acme GmbH", Some("acme-gmbh")).unwrap(), "acme-gmbh");
    assert_eq!(identify("Acme GmbH", Some("acme-2")).unwrap(), "acme-2");
    let several = identify("Acme GmbH", None).unwrap_err();
    assert_eq!(several.kind, FailureKind::Conflict);
    assert!(several.message.contains("acme-2, acme-gmbh"), "{}", several.message);
    assert_eq!(identify("!!!", None).unwrap(), "customer");
    assert!(identify("???", None).unwrap().starts_with("customer-"));
}

/// Names that look alike are different customers, unless they are the same to the byte.
#[test]
fn names_that_look_alike_never_share_an_id() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let identify = |name: &str| {
        crate::customer::identify(transaction.connection(), &Text::new(name).unwrap(), None).unwrap()
    };
    let alike = [
        // One letter, and the same as a letter with a combining mark.
        "Caf\u{e9}",
        "Cafe\u{301}",
        "Cafe",
        // Latin, Cyrillic and Greek.
        "Acme",
        "\u{410}\u{441}me",
        "\u{391}cme",
        // Full width, with a space that is not broken, with one of no width.
        "\u{ff21}cme",
        "Acme\u{a0}",
        "Ac\u{200b}me",
        // What small letters become of.
        "STRASSE",
        "stra\u{df}e",
        "\u{130}stanbul",
        "Istanbul",
        "\u{131}stanbul",
        // Nothing of which an id could be made.
        "!!!",
        "\u{1f980}",
        "---",
    ];
    let ids: Vec<Text> = alike.iter().map(|name| identify(name)).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), alike.len(), "{ids:?}");
    assert_eq!(
        alike.iter().map(|name| identify(name)).collect::<Vec<_>>(),
        ids,
        "each keeps the one that it got"
    );
    let names = |id: &Text| customers::name(transaction.connection(), id).unwrap().unwrap();
    assert!(ids.iter().zip(alike).all(|(id, name)| names(id).as_str() == name));
}

#[test]
fn of_ten_thousand_names_no_two_share_an_id() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let letters = ['a', 'A', '\u{e4}', '\u{430}', '\u{682a}', ' ', '-', '.', '!', '1'];
    // Each number, its digits as letters: many names with one slug, and none twice.
    let name = |number: usize| -> String {
        let digits = number.to_string();
        let letter = |digit: char| letters[usize::try_from(digit.to_digit(10).unwrap()).unwrap()];
        digits.chars().map(letter).collect()
    };
    let names: BTreeSet<String> = (0..10_000).map(name).collect();
    assert_eq!(names.len(), 10_000);
    let identify = |name: &String| {
        crate::customer::identify(transaction.connection(), &Text::new(name).unwrap(), None).unwrap()
    };
    let ids: BTreeSet<String> = names.iter().map(|name| identify(name).to_string()).collect();
    assert_eq!(ids.len(), names.len());
}

#[test]
fn no_name_of_a_customer_stands_in_a_leaf() {
    let scratch = Scratch::new();
    let (path, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let facts = Facts::new([("plan", "basic".into())]).personal("customer", "Acme GmbH").unwrap();
    let event = transaction.record(EventKind::LicenseIssued, facts).unwrap();
    transaction.commit(event, &Unsaid).unwrap();
    let leaf = ledger.events(2).next().unwrap().unwrap();
    assert!(!leaf.leaf().contains("Acme"));
    let texts = events::Texts::new(ledger.connection()).of_one(2).unwrap();
    assert_eq!(texts["customer"].text(), "Acme GmbH");
    assert_eq!(leaf.body["customer"], texts["customer"].to_value());
    // Erased, the leaf stays what it is.
    intruder(&path).execute("DELETE FROM personal WHERE seq = 2", ()).unwrap();
    assert_eq!(ledger.events(2).next().unwrap().unwrap(), leaf);
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

/// An export reads everything, and sorts nothing of it.
#[test]
fn an_export_is_in_the_order_of_the_indices() {
    let scratch = Scratch::new();
    let (_, ledger) = scratch.ledger();
    let plan = format!("EXPLAIN QUERY PLAN {}", export::SELECT_ALL);
    let mut plan = ledger.connection().prepare(&plan).unwrap();
    let steps = plan.query_map((), |row| row.get::<_, String>(3)).unwrap();
    let steps: Vec<String> = steps.map(Result::unwrap).collect();
    let scans: Vec<_> = steps.iter().filter(|step| step.starts_with("SCAN")).collect();
    assert_eq!(scans, ["SCAN license USING INDEX sqlite_autoindex_license_1"], "{steps:?}");
    assert!(!steps.iter().any(|step| step.contains("TEMP")), "{steps:?}");
}

#[test]
fn no_single_operation_reads_a_whole_table() {
    let scratch = Scratch::new();
    let (_, ledger) = scratch.ledger();
    for statement in [
        licenses::SELECT_LICENSE,
        licenses::SELECT_ID_BY_SERIAL,
        licenses::SELECT_IDS_FROM,
        licenses::SELECT_SERIALS_FROM,
        licenses::SELECT_REVISIONS,
        licenses::SELECT_TOKEN,
        licenses::SELECT_SEQ,
        entries::SELECT_LIST,
        entries::SELECT_TAKEN,
        entries::SELECT_FREE_AFTER,
        entries::SELECT_NOT_VALID,
        customers::SELECT_NAME,
        customers::SELECT_IDS,
        customers::SELECT_NEXT,
        customers::SELECT_NEXT_CALLED,
        products::SELECT_ONE,
        keys::SELECT_ONE,
        events::SELECT_FROM,
        events::SELECT_PERSONAL,
        events::SELECT_EXPORTS,
        events::COUNT_DENIALS,
        events::SELECT_DENIALS,
        licenses::SELECT_BY_SHA256,
        licenses::SELECT_RECORDED,
        licenses::SELECT_SERIAL,
        licenses::SELECT_EVENT,
        activations::SELECT_RECORDED,
        answers::SELECT_RECORDED,
        products::SELECT_SEQ,
        keys::SELECT_SEQ,
        requests::SELECT_ONE,
        events::SELECT_ERASURES,
        erasure::SELECT_LICENSES,
        erasure::SELECT_UNERASED,
        erasure::DELETE_PERSONAL,
        erasure::COUNT_PERSONAL,
        erasure::UPDATE_LABELS,
        activations::SELECT_ONE,
        activations::SELECT_OF,
        activations::SELECT_LATEST,
        activations::SELECT_HOLDER,
        activations::SELECT_FROM,
        activations::SELECT_EVENTS_FROM,
        answers::SELECT_ONE,
        deployments::SELECT_ONE,
        deployments::SELECT_ENDED,
        deployments::SELECT_PAGE,
        deployments::SELECT_PAGE_OF_LICENSE,
        deployments::SELECT_FROM,
        editions::SELECT_NEWEST,
        editions::SELECT_TOKEN,
        seats::SELECT_ACTIVE,
        seats::SELECT_FREE,
        seats::SELECT_LAST,
        log::SELECT_NODE,
        log::SELECT_LEAVES,
        events::SELECT_RESTORATIONS,
        checkpoints::SELECT_NEWEST,
        checkpoints::SELECT_COVERING,
        checkpoints::SELECT_ONE,
        checkpoints::SELECT_SPAN,
        checkpoints::SELECT_BELOW,
        seat_events::SELECT_OF_LICENSE,
        usage::SELECT_ONE,
        usage::SELECT_OF_DEPLOYMENT,
    ] {
        let connection = ledger.connection();
        let mut plan = connection.prepare(&format!("EXPLAIN QUERY PLAN {statement}")).unwrap();
        let nothing = vec![rusqlite::types::Null; plan.parameter_count()];
        let steps =
            plan.query_map(rusqlite::params_from_iter(nothing), |row| row.get::<_, String>(3)).unwrap();
        let steps: Vec<String> = steps.map(Result::unwrap).collect();
        assert!(steps.iter().any(|step| step.starts_with("SEARCH")), "{statement}: {steps:?}");
        assert!(
            !steps.iter().any(|step| step.contains("SCAN") || step.contains("TEMP")),
            "{statement}: {steps:?}"
        );
    }
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
