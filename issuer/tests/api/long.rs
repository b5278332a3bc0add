//! Events of which the lists are longer than a leaf: they go on, and are read as one.

use lictor_issuer::audit::goes_on_until;
use lictor_issuer::{
    EventKind, FailureKind, Product, RevocationReason, Terms, catalogue, check, find, revoke,
};
use rusqlite::Connection;
use serde_json::{Value, json};

use crate::export::export;
use crate::import::{beside, import_at};
use crate::restore::{backup, restored};
use crate::support::{LIST, NOW, World, at, name};

const MANY: u64 = 10_000;
const LEAF_BYTES: usize = 65_535;

/// An exported license with so many activations.
fn exported(world: &World) -> String {
    let (_, line) = export(&world.ledger).remove(0);
    let mut license: Value = serde_json::from_str(&line).unwrap();
    let taken = license["revisions"][0]["statusIndex"].as_u64().unwrap();
    let indices = (0..).filter(|index| *index != taken).take(usize::try_from(MANY).unwrap());
    let activation = |index: u64| json!({"statusUri": LIST, "statusIndex": index, "status": "valid", "since": null, "revocationGrace": 86_400});
    license["activations"] = indices.map(activation).collect::<Vec<_>>().into();
    format!("{license}\n")
}

fn leaves(world: &World) -> Vec<usize> {
    world.ledger.events(1).map(|event| event.unwrap().leaf().len()).collect()
}

fn kinds_from(world: &World, seq: u64) -> Vec<EventKind> {
    world.ledger.events(seq).map(|event| event.unwrap().kind).collect()
}

#[test]
fn ten_thousand_activations_arrive_and_are_carried_over() {
    let mut old = World::new();
    old.issue(|_| ());
    let mut world = beside(&old);
    backup(&world, "empty.db");
    let imported = import_at(&mut world, &exported(&old), &at(NOW)).unwrap();
    assert_eq!(imported.activations, MANY);
    let events = check(&world.ledger).unwrap().events;
    assert!(leaves(&world).into_iter().all(|bytes| bytes <= LEAF_BYTES));
    let kinds = kinds_from(&world, 3);
    assert_eq!(kinds[0], EventKind::LicenseImported);
    assert!(
        kinds.len() > 10 && kinds[1..].iter().all(|kind| *kind == EventKind::EventContinued),
        "{kinds:?}"
    );
    // The next change follows as after any other event.
    let id = find(&world.ledger, &old_id(&old)).unwrap().id.to_string();
    let revoked = revoke(&mut world.ledger, &id, RevocationReason::Other, None, &at(NOW)).unwrap();
    assert_eq!(revoked.event, events + 1);
    check(&world.ledger).unwrap();
    let changes = "DROP TRIGGER event_is_never_changed; \
        UPDATE event SET leaf = CAST(replace(CAST(leaf AS TEXT), '\"idx\":9999,', '\"idx\":77777,') AS BLOB)";
    is_named(&world, changes, "77777");
    is_named(&world, "DELETE FROM activation_elsewhere WHERE idx = 9000", "activation_elsewhere");
    // The replaced ledger tells all of them, and the event of the restoration goes on as well.
    let (world, restored) = restored(world, "empty.db", 9, NOW);
    assert_eq!(restored.handed_out, usize::try_from(MANY + 1).unwrap());
    assert!(leaves(&world).into_iter().all(|bytes| bytes <= LEAF_BYTES));
    let kinds = kinds_from(&world, restored.event);
    assert_eq!(kinds[..2], [EventKind::LedgerRestored, EventKind::EventContinued]);
    let goes_on = kinds.iter().skip(1).take_while(|kind| **kind == EventKind::EventContinued).count();
    let last = restored.event + u64::try_from(goes_on).unwrap();
    assert_eq!(goes_on_until(&world.ledger, restored.event).unwrap(), Some(last));
    assert_eq!(goes_on_until(&world.ledger, 1).unwrap(), None);
}

fn old_id(world: &World) -> String {
    export(&world.ledger).remove(0).0.to_string()
}

/// In a copy, so that the ledger stays as it is.
#[track_caller]
fn is_named(world: &World, changes: &str, named: &str) {
    let copy = world.scratch.0.join("copy.db");
    world.ledger.backup(&copy, lictor_issuer::durable::Existing::Replace).unwrap();
    let intruder = Connection::open(&copy).unwrap();
    intruder.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
    intruder.execute_batch(changes).unwrap();
    let failure = check(&lictor_issuer::Ledger::open(&copy).unwrap()).expect_err(changes);
    assert_eq!(failure.exit_code(), 32, "{}", failure.message);
    assert!(failure.message.contains(named), "{}", failure.message);
}

#[test]
fn what_is_longer_than_a_leaf_and_no_list_is_refused_and_leaves_nothing() {
    let mut world = World::new();
    let before = kinds_from(&world, 1);
    let plans = (0..2_000).map(|number| name(&format!("{number:064}"))).collect();
    let product = Product { name: name("crm"), plans, defaults: Terms::default() };
    let failure = catalogue::add_product(&mut world.ledger, &product, &at(NOW)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(failure.message.starts_with("The event product.added would have 134"), "{}", failure.message);
    assert_eq!(kinds_from(&world, 1), before);
    assert_eq!(world.ledger.products().unwrap().len(), 1);
    check(&world.ledger).unwrap();
}
