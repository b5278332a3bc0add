//! What is found with a remembered checkpoint, and what is not found without one.

use lictor_issuer::audit::{Remembered, Trust, sign_checkpoint};
use lictor_issuer::durable::Existing;
use lictor_issuer::key::{Shipping, activate_key};
use lictor_issuer::{Checked, Failure, FailureKind, Ledger, Terms, check, check_against};
use lictor_keys::{PrivateKey, Signer as _};
use lictor_shared::log::{Checkpoint, Edge, NoteKey, TreeHash};
use rusqlite::Connection;
use std::fs;
use std::path::Path;

use crate::checkpoints::{LATER, logged, of_log, sign};
use crate::restore::{backup, restored};
use crate::support::{World, at};

/// The log of a test: four events that set it up (the last is the key of the log), `crm` and `mail` as 5 and 6, a
/// checkpoint as 7, `fax` as 8, a checkpoint as 9.
struct Told {
    world: World,
    key: PrivateKey,
    of_7: String,
    of_9: String,
}

fn told() -> Told {
    let (mut world, key) = logged();
    world.add_product("crm", Terms::default());
    world.add_product("mail", Terms::default());
    let of_7 = sign(&mut world, &key).stored.note;
    add_later(&mut world, "fax");
    let of_9 = sign(&mut world, &key).stored.note;
    Told { world, key, of_7, of_9 }
}

/// A product at the time of the checkpoints.
fn add_later(world: &mut World, product: &str) {
    let product = lictor_issuer::Product {
        name: crate::support::name(product),
        plans: vec![crate::support::name("basic")],
        defaults: Terms::default(),
    };
    lictor_issuer::catalogue::add_product(&mut world.ledger, &product, &at(LATER)).unwrap();
}

fn against(ledger: &Ledger, notes: &[(&str, &str)]) -> Result<Checked, Failure> {
    let read =
        |(name, note): &(&str, &str)| Remembered::read(ledger, name, note.as_bytes(), Trust::Ledger).unwrap();
    let remembered: Vec<Remembered> = notes.iter().map(read).collect();
    check_against(ledger, &remembered, |_| ())
}

fn found(ledger: &Ledger, notes: &[(&str, &str)]) -> String {
    let failure = against(ledger, notes).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Ledger, "{}", failure.message);
    failure.message
}

/// Somebody with the machine: drops the triggers, changes what he likes, writes the tree anew, and puts the triggers back.
fn rewritten(path: &Path, change: impl FnOnce(&Connection)) {
    let intruder = Connection::open(path).unwrap();
    intruder.pragma_update(None, "foreign_keys", false).unwrap();
    let triggers: Vec<(String, String)> = {
        let mut select =
            intruder.prepare("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").unwrap();
        let read = select.query_map((), |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        read.map(Result::unwrap).collect()
    };
    triggers.iter().for_each(|(name, _)| intruder.execute_batch(&format!("DROP TRIGGER {name}")).unwrap());
    change(&intruder);
    let mut edge = Edge::default();
    {
        let mut select = intruder.prepare("SELECT leaf FROM event ORDER BY seq").unwrap();
        let leaves = select.query_map((), |row| row.get::<_, Vec<u8>>(0)).unwrap();
        leaves.for_each(|leaf| {
            edge.push(TreeHash::of_leaf(&leaf.unwrap()));
        });
    }
    let roots: Vec<u8> = edge.roots().iter().flat_map(|root| *root.as_bytes()).collect();
    intruder
        .execute("UPDATE log_edge SET size = ?1, roots = ?2", (i64::try_from(edge.size()).unwrap(), roots))
        .unwrap();
    triggers.iter().for_each(|(_, sql)| intruder.execute_batch(sql).unwrap());
}

/// Of these tables alone: the events of the tests tell of no others.
fn cut(intruder: &Connection, after: u32) {
    for table in ["checkpoint", "product", "event"] {
        intruder.execute(&format!("DELETE FROM {table} WHERE seq > {after}"), ()).unwrap();
    }
}

/// `crm` and `mail` in the other order.
fn swap(intruder: &Connection) {
    let leaf = |seq: u32| -> String {
        let select = format!("SELECT CAST(leaf AS TEXT) FROM event WHERE seq = {seq}");
        intruder.query_row(&select, (), |row| row.get(0)).unwrap()
    };
    let (five, six) = (leaf(5), leaf(6));
    for (seq, leaf) in
        [(5, six.replace("\"seq\":6", "\"seq\":5")), (6, five.replace("\"seq\":5", "\"seq\":6"))]
    {
        intruder.execute("UPDATE event SET leaf = ?2 WHERE seq = ?1", (seq, leaf.as_bytes())).unwrap();
    }
    intruder.execute("UPDATE product SET seq = seq + 100 WHERE seq IN (5, 6)", ()).unwrap();
    intruder.execute("UPDATE product SET seq = 211 - seq - 100 WHERE seq > 100", ()).unwrap();
}

#[test]
fn what_nobody_touched_agrees() {
    let told = told();
    let checked = against(&told.world.ledger, &[("old", &told.of_7), ("new", &told.of_9)]).unwrap();
    assert_eq!((checked.events, checked.checkpoints), (9, 2));
    let mut seen = Vec::new();
    let counted = check_against(&told.world.ledger, &[], |events| seen.push(events)).unwrap();
    assert_eq!((counted.events, seen), (9, vec![]), "so few need no bar");
}

#[test]
fn deleted_last_events_are_found_only_with_a_checkpoint() {
    let told = told();
    rewritten(told.world.ledger.path(), |intruder| cut(intruder, 7));
    check(&told.world.ledger).unwrap();
    against(&told.world.ledger, &[("old", &told.of_7)]).unwrap();
    assert_eq!(
        found(&told.world.ledger, &[("new", &told.of_9), ("old", &told.of_7)]),
        "The log ends with event 7, and the checkpoint in new vouches for 9: events 8 to 9 were removed, or this is an old copy of the ledger."
    );
    rewritten(told.world.ledger.path(), |intruder| cut(intruder, 6));
    check(&told.world.ledger).unwrap();
    assert_eq!(
        found(&told.world.ledger, &[("new", &told.of_9), ("old", &told.of_7)]),
        "The log ends with event 6, and the checkpoint in old vouches for 7: event 7 was removed, or this is an old copy of the ledger."
    );
}

/// Where others followed the removed ones the log is as long as before, and the root tells.
#[test]
fn events_that_were_exchanged_are_found_only_with_a_checkpoint() {
    let mut told = told();
    rewritten(told.world.ledger.path(), |intruder| cut(intruder, 7));
    add_later(&mut told.world, "phone");
    add_later(&mut told.world, "radio");
    check(&told.world.ledger).unwrap();
    let notes = [("new", told.of_9.as_str()), ("old", &told.of_7)];
    assert_eq!(
        found(&told.world.ledger, &notes),
        "The events 1 to 9 are not what the checkpoint in new vouches for: at least one was changed, removed or put in. Events 1 to 7 are as the checkpoint in old says, so it is one of 8 to 9."
    );
    // Without the older one, the ledger's own hints at the same, as far as it can be trusted.
    assert_eq!(
        found(&told.world.ledger, &notes[..1]),
        "The events 1 to 9 are not what the checkpoint in new vouches for: at least one was changed, removed or put in. The ledger's own checkpoint of 7 events holds: either it is one of 8 to 9, or whoever did it has the key of the log."
    );
}

/// What a stored checkpoint covers is found without another one, unless it is removed too.
#[test]
fn swapped_events_are_found_by_a_checkpoint_that_covers_them() {
    let mut told = told();
    rewritten(told.world.ledger.path(), swap);
    let failure = check(&told.world.ledger).unwrap_err();
    assert_eq!(failure.details["event"], 7_u64.into(), "{}", failure.message);
    assert!(failure.message.contains("has another root than the events up to it"), "{}", failure.message);
    rewritten(told.world.ledger.path(), |intruder| cut(intruder, 6));
    check(&told.world.ledger).unwrap();
    for product in ["fax", "phone", "radio"] {
        add_later(&mut told.world, product);
    }
    check(&told.world.ledger).unwrap();
    let message = found(&told.world.ledger, &[("new", &told.of_9), ("old", &told.of_7)]);
    assert!(message.starts_with("The events 1 to 7 are not what the checkpoint in old"), "{message}");
}

/// Against whoever has the key of the log only what others remember helps.
#[test]
fn a_rewrite_by_somebody_with_the_key_is_found_only_with_a_checkpoint() {
    let mut told = told();
    rewritten(told.world.ledger.path(), |intruder| {
        swap(intruder);
        cut(intruder, 6);
    });
    sign(&mut told.world, &told.key);
    add_later(&mut told.world, "fax");
    let forged = sign(&mut told.world, &told.key).stored.note;
    assert_eq!(check(&told.world.ledger).unwrap().checkpoints, 2);
    against(&told.world.ledger, &[("forged", &forged)]).unwrap();
    let message = found(&told.world.ledger, &[("old", &told.of_7)]);
    assert!(message.starts_with("The events 1 to 7 are not what the checkpoint in old"), "{message}");
    let message = found(&told.world.ledger, &[("new", &told.of_9)]);
    assert!(message.ends_with("or whoever did it has the key of the log."), "{message}");
}

#[test]
fn an_old_copy_is_found_only_with_a_checkpoint() {
    let (mut world, key) = logged();
    let copy = world.scratch.0.join("copy.db");
    world.ledger.backup(&copy, Existing::Keep).unwrap();
    world.issue(|_| ());
    let remembered = sign(&mut world, &key).stored.note;
    let path = world.ledger.path().to_owned();
    let World { home, ledger, scratch, .. } = world;
    drop(ledger);
    fs::copy(&copy, &path).unwrap();
    let ledger = home.ledger().unwrap();
    check(&ledger).unwrap();
    assert_eq!(
        found(&ledger, &[("mine", &remembered)]),
        "The log ends with event 4, and the checkpoint in mine vouches for 6: events 5 to 6 were removed, or this is an old copy of the ledger."
    );
    drop(scratch);
}

#[test]
fn a_restored_ledger_is_another_log() {
    let told = told();
    let old_key = told.world.ledger.log_key().unwrap();
    let Told { mut world, key, of_7, of_9 } = told;
    backup(&world, "backup.db");
    add_later(&mut world, "phone");
    let lost = sign(&mut world, &key).stored.note;
    let (mut world, restored) = restored(world, "backup.db", 1, "2026-11-24T00:00:00Z");
    assert_eq!(restored.event, 10);
    let new_key = world.ledger.log_key().unwrap();
    assert_ne!(new_key.name(), old_key.name());
    assert_eq!(new_key.public_key(), old_key.public_key());
    // What the backup had goes on being vouched for under the old name.
    against(&world.ledger, &[("of 7", &of_7), ("of 9", &of_9)]).unwrap();
    assert_eq!(
        found(&world.ledger, &[("of 9", &of_9), ("lost", &lost)]),
        "Event 10 restored the ledger from a backup that ended with event 9, and the checkpoint in lost vouches for 11: events 10 to 11 are of the log before, and gone from this one."
    );
    let new = sign_checkpoint(&mut world.ledger, &key, &at("2026-11-24T00:00:00Z")).unwrap();
    assert_eq!(new.checkpoint.origin, new_key.name());
    against(&world.ledger, &[("of 9", &of_9), ("new", &new.stored.note)]).unwrap();
    // The size is the same as that of the lost one, the log is not.
    assert_eq!(new.checkpoint.size, 11);
    let keys = world.ledger.log_keys().unwrap();
    let spans: Vec<_> = keys.iter().map(|key| key.signed.map(|span| (span.first, span.last))).collect();
    assert_eq!(keys.iter().map(|key| &key.note).collect::<Vec<_>>(), [&old_key, &new_key]);
    assert_eq!(spans, [Some((7, 9)), Some((11, 11))]);
    // In anchors there is none, now as before.
    assert_eq!(world.ledger.key_ring().unwrap().anchors().unwrap().anchors().len(), 1);
}

/// Keys of the log that the backup did not know come back as what they are.
#[test]
fn a_key_of_the_log_is_carried_over_a_restoration() {
    let mut world = World::new();
    backup(&world, "backup.db");
    let (one, two) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
    world.add_key(&one, of_log).unwrap();
    world.add_key(&two, of_log).unwrap();
    activate_key(&mut world.ledger, &two.public().thumbprint(), Shipping::Required, &at(LATER)).unwrap();
    let (mut world, restored) = restored(world, "backup.db", 1, "2026-11-24T00:00:00Z");
    assert_eq!(restored.carried_keys.len(), 2);
    assert_eq!(world.ledger.log_key().unwrap().public_key(), two.public());
    assert_eq!(world.ledger.key_ring().unwrap().anchors().unwrap().anchors().len(), 1);
    let signed = sign_checkpoint(&mut world.ledger, &two, &at("2026-11-24T00:00:00Z")).unwrap();
    against(&world.ledger, &[("new", &signed.stored.note)]).unwrap();
}

#[test]
fn what_is_no_checkpoint_of_this_log_is_told_why() {
    let told = told();
    let ledger = &told.world.ledger;
    let read = |note: &str, trust| Remembered::read(ledger, "mine", note.as_bytes(), trust);
    let own = ledger.log_key().unwrap();
    let stranger = PrivateKey::generate().unwrap();
    let strange = NoteKey::new(own.name(), stranger.public().clone()).unwrap();
    // A key that was given counts alone, and the ledger's do not.
    let (alone, both) = ([strange.clone()], [strange, own.clone()]);
    assert!(read(&told.of_7, Trust::Keys(&both)).is_ok());
    for (note, trust, kind, why) in [
        ("garbage", Trust::Ledger, FailureKind::CannotRead, "no signatures"),
        (&told.of_7.replace("\n7\n", "\n6\n"), Trust::Ledger, FailureKind::CannotRead, "changed or forged"),
        (&told.of_7, Trust::Keys(&alone), FailureKind::CannotRead, "not signed by"),
        (&signed_by(&stranger, own.name()), Trust::Ledger, FailureKind::Ledger, "signed by no key"),
    ] {
        let failure = read(note, trust).unwrap_err();
        assert_eq!(failure.kind, kind, "{}", failure.message);
        assert!(failure.message.contains(why), "{}", failure.message);
    }
    // Signed by the key of this log for another one.
    let other = signed_by(&told.key, "lictor/another");
    let failure = against(ledger, &[("other", &other)]).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Ledger);
    assert!(failure.message.contains("is of the log lictor/another"), "{}", failure.message);
}

fn signed_by(key: &PrivateKey, origin: &str) -> String {
    let name = NoteKey::new(origin, key.public().clone()).unwrap();
    let checkpoint = Checkpoint { origin: origin.into(), size: 3, root: TreeHash::of_nothing() };
    checkpoint.sign(&name, |text| key.sign(text)).unwrap().to_string()
}

/// Both ask at the same time: one signs, and both get the same.
#[test]
fn two_who_ask_at_once_get_one_checkpoint() {
    let (world, key) = logged();
    let notes: Vec<String> = std::thread::scope(|scope| {
        let ask = || {
            let mut ledger = world.home.ledger().unwrap();
            sign_checkpoint(&mut ledger, &key, &at(LATER)).unwrap().stored.note
        };
        let threads: Vec<_> = (0..4).map(|_| scope.spawn(ask)).collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(notes.iter().all(|note| note == &notes[0]), "{notes:?}");
    assert_eq!(check(&world.ledger).unwrap().checkpoints, 1);
}
