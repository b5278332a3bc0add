//! The tree over the log, against one that is built of all leaves at once.

use core::convert::Infallible;
use lictor_shared::json::Value;
use lictor_shared::log::{consistency_path, inclusion_path, is_consistent, is_included};
use std::path::Path;

use super::*;
use crate::error::Failure;
use crate::event::{EventKind, Facts};
use crate::ledger::{Ledger, schema};
use crate::scratch::{Scratch, Unsaid, occasion};

/// Leaves of the tree in which every test looks: more than two of a tile's width, with an edge of several roots.
const EVENTS: u64 = 603;

/// A ledger with so many events.
fn ledger(scratch: &Scratch) -> Ledger {
    let (_, mut ledger) = scratch.ledger();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let mut last = None;
    for _ in 1..EVENTS {
        last = Some(transaction.record(EventKind::KeyExported, no_keys()).unwrap());
    }
    transaction.commit(last.unwrap(), &Unsaid).unwrap();
    ledger
}

/// The facts of an event to which no row belongs.
fn no_keys() -> Facts {
    Facts::new([("keys", Value::Array(Vec::new()))])
}

fn leaves(ledger: &Ledger) -> Vec<TreeHash> {
    ledger.events(1).map(|event| TreeHash::of_leaf(event.unwrap().leaf().as_bytes())).collect()
}

/// The root over leaves by the definition of RFC 6962, section 2.1.
fn root(leaves: &[TreeHash]) -> TreeHash {
    match leaves {
        [] => TreeHash::of_nothing(),
        [leaf] => *leaf,
        _ => {
            let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
            TreeHash::of_children(&root(left), &root(right))
        }
    }
}

fn tamper(path: &Path, statement: &str) -> Failure {
    let intruder = Connection::open(path).unwrap();
    intruder
        .execute_batch("DROP TRIGGER log_node_is_never_changed; DROP TRIGGER log_node_is_never_deleted")
        .unwrap();
    intruder.execute_batch(statement).unwrap();
    intruder
        .execute_batch(
            include_str!("../schema/5.sql")
                .split("\n\n")
                .find_map(|part| part.find("CREATE TRIGGER log_node").map(|at| part.split_at(at).1))
                .unwrap(),
        )
        .unwrap();
    drop(intruder);
    crate::check(&Ledger::open(path).unwrap()).unwrap_err()
}

#[test]
fn the_edge_is_that_of_every_event() {
    let scratch = Scratch::new();
    let ledger = ledger(&scratch);
    let (leaves, edge) = (leaves(&ledger), edge(ledger.connection()).unwrap());
    assert_eq!((edge.size(), edge.root()), (EVENTS, root(&leaves)));
    let stored: Vec<(u32, u64)> =
        nodes(ledger.connection()).unwrap().iter().map(|node| (node.level, node.index)).collect();
    assert_eq!(stored, [(8, 0), (8, 1)]);
}

#[test]
fn what_is_rolled_back_is_no_leaf() {
    let scratch = Scratch::new();
    let (_, mut ledger) = scratch.ledger();
    let before = edge(ledger.connection()).unwrap();
    let occasion = occasion();
    let transaction = ledger.begin(&occasion).unwrap();
    let _dropped = transaction.record(EventKind::KeyExported, no_keys()).unwrap();
    drop(transaction);
    assert_eq!(edge(ledger.connection()).unwrap(), before);
}

#[test]
fn nodes_of_every_level_are_hashed_from_what_is_stored() {
    let scratch = Scratch::new();
    let ledger = ledger(&scratch);
    let leaves = leaves(&ledger);
    for (level, index) in [(0, 0), (0, 602), (1, 300), (7, 3), (8, 1), (9, 0)] {
        let width = 1_usize << level;
        let first = usize::try_from(index).unwrap() * width;
        let expected = root(&leaves[first..first + width]);
        assert_eq!(node(ledger.connection(), level, index).unwrap(), expected, "{level} {index}");
    }
    assert!(node(ledger.connection(), 0, EVENTS).is_err());
    assert!(node(ledger.connection(), 8, 2).is_err());
}

#[test]
fn proofs_are_made_from_what_is_stored() {
    let scratch = Scratch::new();
    let ledger = ledger(&scratch);
    let leaves = leaves(&ledger);
    let node = |level, index| node(ledger.connection(), level, index);
    for index in [0, 255, 256, 511, 602] {
        let path = inclusion_path(index, EVENTS, node).unwrap();
        let leaf = &leaves[usize::try_from(index).unwrap()];
        assert!(is_included(leaf, index, EVENTS, &path, &root(&leaves)), "{index}");
        assert_eq!(ledger.tree().inclusion(index + 1, EVENTS).unwrap(), path);
    }
    for size in [1, 255, 256, 257, 512, 600] {
        let path = consistency_path(size, EVENTS, node).unwrap();
        let old = root(&leaves[..usize::try_from(size).unwrap()]);
        assert_eq!(ledger.tree().root_at(size).unwrap(), old);
        assert_eq!(ledger.tree().consistency(size, EVENTS).unwrap(), path);
        assert!(is_consistent(size, &old, EVENTS, &root(&leaves), &path), "{size}");
    }
    let Ok(none) = consistency_path(0, EVENTS, |_, _| Ok::<_, Infallible>(TreeHash::of_nothing()));
    assert!(none.is_empty());
}

#[test]
fn events_from_before_the_tree_become_leaves_of_it() {
    let scratch = Scratch::new();
    let ledger = ledger(&scratch);
    let (path, expected) = (ledger.path().to_owned(), edge(ledger.connection()).unwrap());
    drop(ledger);
    let earlier = Connection::open(&path).unwrap();
    let of_5 =
        "DROP TABLE log_edge; DROP TABLE log_node; DROP TABLE checkpoint; DROP INDEX event_that_restores";
    earlier.execute_batch(of_5).unwrap();
    earlier.execute_batch("DROP INDEX event_customer_erased; ALTER TABLE request DROP COLUMN salt").unwrap();
    earlier.execute_batch("DROP TABLE usage_report").unwrap();
    let of_7 = "DROP TRIGGER status_entry_is_counted; ALTER TABLE status_list DROP COLUMN entries; \
        ALTER TABLE list_edition DROP COLUMN published";
    earlier.execute_batch(of_7).unwrap();
    earlier.pragma_update(None, "user_version", 4).unwrap();
    drop(earlier);
    let ledger = Ledger::open(&path).unwrap();
    assert_eq!(edge(ledger.connection()).unwrap(), expected);
    assert_eq!(nodes(ledger.connection()).unwrap().len(), 2);
    assert_eq!(schema::difference(ledger.connection()).unwrap(), None);
}

#[test]
fn a_tree_that_is_not_that_of_the_events_is_found() {
    for (statement, words) in [
        ("UPDATE log_edge SET roots = zeroblob(length(roots))", "the right edge of the log"),
        ("UPDATE log_edge SET size = size + 1", "the right edge of the log is none"),
        ("UPDATE log_edge SET size = 0, roots = x''", "of 0 events"),
        ("UPDATE log_node SET hash = zeroblob(32) WHERE idx = 1", "the node (8, 1)"),
        ("DELETE FROM log_node WHERE idx = 1", "the log's tree has 1 nodes"),
        ("INSERT INTO log_node VALUES (16, 0, zeroblob(32))", "the log's tree has 3 nodes"),
    ] {
        let scratch = Scratch::new();
        let ledger = ledger(&scratch);
        let path = ledger.path().to_owned();
        drop(ledger);
        let failure = tamper(&path, statement);
        assert_eq!(failure.exit_code(), 32, "{statement}");
        assert!(failure.message.contains(words), "{statement}: {}", failure.message);
    }
}
