//! Checkpoints: what is signed, when, and what the check says of them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ed25519_dalek::{Signature, Verifier as _, VerifyingKey};
use lictor_issuer::audit::{SignedCheckpoint, sign_checkpoint};
use lictor_issuer::key::{NewKey, export_keys};
use lictor_issuer::{EventKind, FailureKind, Intent, Occasion, check};
use lictor_keys::{KeyPurpose, PrivateKey};
use lictor_shared::AnchorSet;
use rusqlite::Connection;
use sha2::{Digest as _, Sha256};

use crate::support::{World, at};

pub(crate) const LATER: &str = "2026-11-23T00:00:00Z";

/// A world with a key of the log, and that key.
pub(crate) fn logged() -> (World, PrivateKey) {
    let mut world = World::new();
    let key = PrivateKey::generate().unwrap();
    world.add_key(&key, of_log).unwrap();
    (world, key)
}

pub(crate) fn of_log(key: NewKey) -> NewKey {
    NewKey { purposes: vec![KeyPurpose::Log], ..key }
}

pub(crate) fn sign(world: &mut World, key: &PrivateKey) -> SignedCheckpoint {
    sign_checkpoint(&mut world.ledger, key, &at(LATER)).unwrap()
}

#[test]
fn a_checkpoint_is_what_the_specifications_say() {
    let (mut world, key) = logged();
    let signed = sign(&mut world, &key);
    // Set up, key, product, key of the log; and the checkpoint's own event.
    assert_eq!((signed.event, signed.checkpoint.size), (Some(5), 5));
    // By hand, as C2SP tlog-checkpoint and signed-note write it.
    let mut lines = signed.stored.note.split('\n');
    let mut line = || lines.next().unwrap();
    let (origin, size, root, empty, signature, end) = (line(), line(), line(), line(), line(), line());
    assert_eq!(origin, format!("lictor/{}", world.ledger.id()));
    assert_eq!((size, empty, end), ("5", "", ""));
    assert_eq!(lines.next(), None);
    // The root, leaf by leaf (RFC 6962, section 2.1): of five, the first four are one subtree.
    let hash = |parts: &[&[u8]]| Sha256::digest(parts.concat()).to_vec();
    let leaves: Vec<Vec<u8>> =
        world.ledger.events(1).map(|event| hash(&[&[0], event.unwrap().leaf().as_bytes()])).collect();
    let node = |left: &[u8], right: &[u8]| hash(&[&[1], left, right]);
    let four = node(&node(&leaves[0], &leaves[1]), &node(&leaves[2], &leaves[3]));
    assert_eq!(STANDARD.decode(root).unwrap(), node(&four, &leaves[4]));
    // The signature: name, and in base64 four bytes of the key's id and 64 of Ed25519.
    let (name, signature) = signature.strip_prefix("\u{2014} ").unwrap().split_once(' ').unwrap();
    assert_eq!(name, origin);
    let signature = STANDARD.decode(signature).unwrap();
    let public = key.public().as_bytes();
    let id = hash(&[origin.as_bytes(), b"\n\x01", public]);
    assert_eq!(signature[..4], id[..4]);
    let text = format!("{origin}\n{size}\n{root}\n");
    let signature = Signature::from_slice(&signature[4..]).unwrap();
    VerifyingKey::from_bytes(public).unwrap().verify(text.as_bytes(), &signature).unwrap();
    // And what the verifier key is.
    let typed = [&[1][..], public].concat();
    let verifier = format!("{origin}+{}+{}", lictor_shared::hex(&id[..4]), STANDARD.encode(typed));
    assert_eq!(world.ledger.log_key().unwrap().to_string(), verifier);
    let event = world.ledger.events(5).next().unwrap().unwrap();
    assert_eq!(event.kind, EventKind::CheckpointSigned);
    let body = lictor_shared::json::Value::from(event.body).to_string();
    assert_eq!(body, format!(r#"{{"kid":"{}","origin":"{origin}","size":5}}"#, key.public().thumbprint()));
    check(&world.ledger).unwrap();
}

#[test]
fn asking_again_gives_the_same_until_something_happens() {
    let (mut world, key) = logged();
    assert_eq!(world.ledger.current_checkpoint().unwrap(), None);
    let first = sign(&mut world, &key);
    let again = sign(&mut world, &key);
    assert_eq!((again.event, &again.stored), (None, &first.stored));
    assert_eq!(world.ledger.current_checkpoint().unwrap().unwrap().stored, first.stored);
    world.issue(|_| ());
    assert_eq!(world.ledger.current_checkpoint().unwrap(), None);
    let second = sign(&mut world, &key);
    assert_eq!((second.checkpoint.size, second.event), (7, Some(7)));
    assert_eq!(world.ledger.newest_checkpoint().unwrap(), Some(second.stored.clone()));
    for (seq, size) in [(1, Some(5)), (5, Some(5)), (6, Some(7)), (7, Some(7)), (8, None)] {
        let covering = world.ledger.checkpoint_covering(seq).unwrap();
        assert_eq!(covering.map(|checkpoint| checkpoint.size), size, "{seq}");
    }
    assert_eq!(world.ledger.note_key_of(&first.stored).unwrap(), world.ledger.log_key().unwrap());
    check(&world.ledger).unwrap();
}

#[test]
fn without_a_key_of_the_log_nothing_is_signed() {
    let mut world = World::new();
    let key = PrivateKey::generate().unwrap();
    let failure = sign_checkpoint(&mut world.ledger, &key, &at(LATER)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::SigningNotConfigured);
    assert_eq!(failure.message, "There is no key of the log yet, so no checkpoints can be signed.");
    assert_eq!(failure.hint.as_deref(), Some("lictor key new --purpose log"));
    assert_eq!(world.ledger.log_key().unwrap_err().hint.as_deref(), Some("lictor key new --purpose log"));
    // Neither does another key sign them.
    world.add_key(&key, of_log).unwrap();
    let other = sign_checkpoint(&mut world.ledger, &world.key, &at(LATER)).unwrap_err();
    assert_eq!(other.kind, FailureKind::Conflict);
    assert_eq!(world.ledger.newest_checkpoint().unwrap(), None);
}

#[test]
fn a_dry_run_signs_nothing() {
    let (mut world, key) = logged();
    let dry = Occasion { intent: Intent::DryRun, ..at(LATER) };
    let signed = sign_checkpoint(&mut world.ledger, &key, &dry).unwrap();
    assert!(!signed.stored.note.contains('\u{2014}'), "{}", signed.stored.note);
    assert_eq!(world.ledger.newest_checkpoint().unwrap(), None);
    assert_eq!(world.ledger.events(5).count(), 0);
    let told = world.ledger.dry_run().unwrap();
    assert_eq!(told.events[0].kind, EventKind::CheckpointSigned);
}

#[test]
fn no_product_ever_learns_of_the_key() {
    let (mut world, key) = logged();
    let exported = export_keys(&mut world.ledger, &at(LATER)).unwrap();
    assert_eq!(exported.count, 1);
    let kid = key.public().thumbprint().to_string();
    assert!(!exported.set.contains(&kid) && !exported.set.contains("\"log\""), "{}", exported.set);
    assert_eq!(AnchorSet::read(exported.set.as_bytes()).unwrap().anchors().len(), 1);
    let event = world.ledger.events(5).next().unwrap().unwrap();
    assert!(!event.leaf().contains(&kid), "{}", event.leaf());
    // And whoever writes the word there is refused.
    let forged = exported.set.replace("\"license\"", "\"log\"");
    assert_ne!(forged, exported.set);
    let refused = AnchorSet::read(forged.as_bytes());
    assert!(!refused.is_ok_and(|set| !set.anchors().is_empty()), "a log key in anchors was taken");
}

/// Every column, and the row itself.
#[test]
fn a_stored_checkpoint_that_was_changed_is_named() {
    for (change, named) in [
        ("UPDATE checkpoint SET note = replace(note, '/0', '/1')", "does not hold"),
        (
            "UPDATE checkpoint SET note = replace(note, char(10) || '5' || char(10), char(10) || '4' || char(10))",
            "does not hold",
        ),
        (
            "UPDATE checkpoint SET note = substr(note, 1, length(note) - 9) || 'AAAAAAA=' || char(10)",
            "does not hold",
        ),
        ("UPDATE checkpoint SET note = ''", "does not hold"),
        ("UPDATE checkpoint SET kid = (SELECT kid FROM signing_key ORDER BY seq LIMIT 1)", "of another key"),
        ("UPDATE checkpoint SET seq = 4", "missing"),
        ("DELETE FROM checkpoint", "missing"),
        ("INSERT INTO checkpoint SELECT 4, kid, note FROM checkpoint", "checkpoint has 2 rows"),
        ("DROP TRIGGER checkpoint_is_never_changed", "trigger checkpoint_is_never_changed is"),
    ] {
        let (mut world, key) = logged();
        sign(&mut world, &key);
        let intruder = Connection::open(world.ledger.path()).unwrap();
        intruder.pragma_update(None, "foreign_keys", false).unwrap();
        if change.starts_with("UPDATE") || change.starts_with("DELETE") {
            let refused = intruder.execute(change, ()).unwrap_err().to_string();
            assert!(refused.contains("checkpoints are only added"), "{change}: {refused}");
            let triggers =
                "DROP TRIGGER checkpoint_is_never_changed; DROP TRIGGER checkpoint_is_never_deleted";
            intruder.execute_batch(triggers).unwrap();
        }
        intruder.execute(change, ()).unwrap();
        let failure = check(&world.ledger).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Ledger, "{change}");
        assert!(failure.message.contains(named), "{change}: {}", failure.message);
    }
}
