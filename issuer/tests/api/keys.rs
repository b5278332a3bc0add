//! Keys: the file lies in the folder, the state stands in the ledger.

use lictor_issuer::FailureKind;
use lictor_issuer::key::{KeyOrigin, NewKey, add_key, signing_key};
use lictor_keys::{KeyState, PrivateKey, seal_plain};
use lictor_shared::{Algorithm, Products, Purpose};
use std::fs;

use crate::support::{NOW, World, at, name, new_key, time, tree};

fn key() -> PrivateKey {
    PrivateKey::generate().unwrap()
}

#[test]
fn the_first_key_signs_and_the_next_waits() {
    let mut world = World::bare();
    let (first, second) = (key(), key());
    assert_eq!(world.add_key(&first, |key| key).unwrap().state, KeyState::Active);
    assert_eq!(world.add_key(&second, |key| key).unwrap().state, KeyState::Next);
    let ring = world.ledger.key_ring().unwrap();
    assert_eq!(ring.anchors().unwrap().anchors().len(), 2);
    let signing = signing_key(&ring, Purpose::License, time(NOW)).unwrap();
    assert_eq!(&signing.public, first.public());
    let folder = world.home.keys().unwrap();
    for key in [&first, &second] {
        let kid = key.public().thumbprint();
        assert_eq!(folder.open_key(&kid, None).unwrap().public(), key.public());
    }
    let kinds: Vec<_> = world.ledger.events(1).map(|event| event.unwrap().kind.as_str()).collect();
    assert_eq!(kinds, ["issuer.created", "key.created", "key.created"]);
}

#[test]
fn a_key_for_what_no_other_signs_signs_at_once() {
    let mut world = World::bare();
    let only = |purposes: &'static [Purpose]| {
        move |key| NewKey { purposes: purposes.iter().copied().map(Into::into).collect(), ..key }
    };
    let states = [
        world.add_key(&key(), only(&[Purpose::License])),
        world.add_key(&key(), only(&[Purpose::Status, Purpose::Activation])),
        world.add_key(&key(), only(&[Purpose::License, Purpose::Status])),
    ]
    .map(|record| record.unwrap().state);
    assert_eq!(states, [KeyState::Active, KeyState::Active, KeyState::Next]);
}

#[test]
fn everything_about_a_key_is_kept() {
    let mut world = World::bare();
    let limited = world
        .add_key(&key(), |key| NewKey {
            origin: KeyOrigin::Imported,
            products: Products::Only(vec![name("dialer"), name("crm")]),
            algorithm: Some(Algorithm::Ed25519),
            not_before: Some(time("2026-01-01T00:00:00Z")),
            not_after: Some(time("2027-01-01T00:00:00Z")),
            ..key
        })
        .unwrap();
    assert_eq!(world.ledger.key_ring().unwrap().records(), std::slice::from_ref(&limited));
    let event = world.ledger.events(2).next().unwrap().unwrap();
    assert_eq!(event.body["origin"].as_str(), Some("imported"));
    assert_eq!(event.body["kid"].as_str(), Some(limited.public.thumbprint().to_string().as_str()));
    let ring = world.ledger.key_ring().unwrap();
    for (when, signs) in [
        ("2025-12-31T23:59:59Z", false),
        ("2026-01-01T00:00:00Z", true),
        ("2027-01-01T00:00:00Z", true),
        ("2027-01-01T00:00:01Z", false),
    ] {
        assert_eq!(signing_key(&ring, Purpose::License, time(when)).is_ok(), signs, "{when}");
    }
}

#[test]
fn a_key_joins_once_and_a_refused_one_leaves_no_file() {
    let mut world = World::new();
    let twice = world
        .home
        .keys()
        .unwrap()
        .open_key(&world.ledger.key_ring().unwrap().records()[0].public.thumbprint(), None)
        .unwrap();
    let before = tree(&world.home.path().join("keys"));
    assert_eq!(world.add_key(&twice, |key| key).unwrap_err().kind, FailureKind::Conflict);
    let aimless = world.add_key(&key(), |key| NewKey { purposes: Vec::new(), ..key }).unwrap_err();
    assert_eq!(aimless.kind, FailureKind::Validation);
    let other = key();
    let no_pem = add_key(&world.home, &mut world.ledger, new_key(&other), "no key", &at(NOW)).unwrap_err();
    assert_eq!(no_pem.exit_code(), 30);
    assert_eq!(tree(&world.home.path().join("keys")), before);
    assert_eq!(world.ledger.key_ring().unwrap().records().len(), 1);
    assert_eq!(world.ledger.events(1).count(), 3);
}

#[test]
fn what_an_interrupted_attempt_left_hinders_nobody() {
    let mut world = World::bare();
    let (left, other) = (key(), key());
    let pem = seal_plain(&left).unwrap();
    let folder = world.home.keys().unwrap();
    // A crash between the file and the commit.
    folder.store(&left.public().thumbprint(), &pem).unwrap();
    assert_eq!(world.add_key(&other, |key| key).unwrap().state, KeyState::Active);
    assert_eq!(
        world.add_key(&left, |key| key).unwrap().state,
        KeyState::Next,
        "the same file is taken as it is"
    );
    // Under another seal the file is left alone.
    let third = key();
    let path = folder.path_of(&third.public().thumbprint());
    folder
        .store(&third.public().thumbprint(), &format!("a note\n{}", seal_plain(&third).unwrap().as_str()))
        .unwrap();
    let before = fs::read(&path).unwrap();
    let failure = world.add_key(&third, |key| key).unwrap_err();
    assert_eq!(failure.exit_code(), 20);
    assert!(failure.hint.unwrap().contains("Move that file away"));
    assert_eq!(fs::read(&path).unwrap(), before);
}

#[test]
fn without_a_key_nothing_is_signed_and_the_command_is_named() {
    let world = World::bare();
    let ring = world.ledger.key_ring().unwrap();
    let failure = signing_key(&ring, Purpose::License, time(NOW)).unwrap_err();
    assert_eq!(failure.exit_code(), 14);
    assert_eq!(failure.hint.as_deref(), Some("lictor key new"));
    assert_eq!(failure.envelope().code.as_str(), "LICENSE_SIGNING_NOT_CONFIGURED");
}
