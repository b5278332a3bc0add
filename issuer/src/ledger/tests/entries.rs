//! Entries of status lists: handed out once, and never again.

use lictor_shared::{Seconds, Status, Uri, limits};
use std::collections::BTreeSet;

use super::super::*;
use crate::entropy;
use crate::error::FailureKind;
use crate::scratch::{Scratch, occasion};

fn list_of(transaction: &transaction::Transaction<'_>) -> entries::List {
    entries::list(transaction.connection(), &Uri::new("https://a.example/0").unwrap()).unwrap()
}

/// The grace of one entry.
const ONE: [Seconds; 1] = [Seconds::ZERO];

#[test]
fn indices_are_drawn_at_random_and_never_twice() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let list = list_of(&transaction);
    let hand_out = |draws: &[u32]| {
        let mut draws = draws.iter().copied().cycle();
        entries::hand_out(transaction.connection(), list, &ONE, || Ok(draws.next().unwrap())).unwrap()[0]
    };
    assert_eq!(hand_out(&[7]), 7);
    assert_eq!(hand_out(&[7, 7, 9]), 9);
    // Whoever draws nothing but what is taken gets the next free one behind it, and from the end goes on at the start.
    assert_eq!(hand_out(&[7]), 8);
    assert_eq!(hand_out(&[7]), 10);
    assert_eq!(hand_out(&[limits::STATUS_ENTRIES - 1]), limits::STATUS_ENTRIES - 1);
    assert_eq!(hand_out(&[limits::STATUS_ENTRIES - 1]), 0);
    assert_eq!(hand_out(&[limits::STATUS_ENTRIES - 1]), 1);
    // Nor is one handed out twice of those that are drawn together: with 20 the table has 7 to 10.
    let mut draws = [20, 20].into_iter().chain(core::iter::repeat(8));
    let together = [Seconds::ZERO; 4];
    let together = entries::hand_out(transaction.connection(), list, &together, || Ok(draws.next().unwrap()));
    assert_eq!(together.unwrap(), [20, 11, 12, 13]);
    let random = || entries::hand_out(transaction.connection(), list, &ONE, || entropy::number(20));
    let drawn: BTreeSet<u32> = (0..300).map(|_| random().unwrap()[0]).collect();
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
    let hand_out = || entries::hand_out(connection, list, &ONE, || Ok(1_000_000));
    assert_eq!(hand_out().unwrap(), [4711], "the last one free is found");
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
    entries::hand_out(connection, list, &ONE, || Ok(3)).unwrap();
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
fn only_what_was_handed_out_can_be_revoked() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let (connection, list) = (transaction.connection(), list_of(&transaction));
    entries::hand_out(connection, list, &ONE, || Ok(3)).unwrap();
    entries::set(connection, list.id, 3, Status::Revoked, occasion.at).unwrap();
    assert_eq!(entries::exceptions(connection, list).unwrap().len(), 1);
    assert!(entries::set(connection, list.id, 4, Status::Revoked, occasion.at).is_err());
    entries::set(connection, list.id, 3, Status::Valid, occasion.at).unwrap();
    assert!(entries::exceptions(connection, list).unwrap().is_empty());
}
