//! Ledgers of earlier and of later programs.

use super::super::*;
use super::{intruder, product, refused};
use crate::catalogue::add_product;
use crate::error::FailureKind;
use crate::scratch::{Scratch, occasion};

#[test]
fn a_ledger_of_the_first_version_is_brought_up_to_date_and_keeps_what_it_holds() {
    let scratch = Scratch::new();
    let path = scratch.path("first.db");
    let first = intruder(&path);
    first.execute_batch(include_str!("../schema/1.sql")).unwrap();
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
    second.execute_batch(include_str!("../schema/1.sql")).unwrap();
    second.execute_batch(include_str!("../schema/2.sql")).unwrap();
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
    let later = i64::try_from(schema::VERSION).unwrap() + 1;
    intruder(&path).pragma_update(None, "user_version", later).unwrap();
    let failure = refused(&path);
    assert_eq!(failure.kind, FailureKind::CannotRead);
    let known =
        format!("The ledger has version {later}, and this program knows versions up to {}.", schema::VERSION);
    assert_eq!(failure.message, known);
    intruder(&path).pragma_update(None, "user_version", 0).unwrap();
    assert_eq!(refused(&path).kind, FailureKind::Ledger);
}

#[test]
fn entries_of_an_earlier_version_are_counted_and_its_editions_told_apart() {
    let scratch = Scratch::new();
    let path = scratch.path("sixth.db");
    let sixth = intruder(&path);
    for step in [
        include_str!("../schema/1.sql"),
        include_str!("../schema/2.sql"),
        include_str!("../schema/3.sql"),
        include_str!("../schema/4.sql"),
        include_str!("../schema/5.sql"),
        include_str!("../schema/6.sql"),
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
