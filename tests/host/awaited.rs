//! Which request has no answer yet: only one of the key that the deployment has now.

use crate::artefacts::{DAY, START, activation, license, request};
use crate::world::{World, install};
use lictor_shared::{RequestKind, Text, Uuid};
use lictor_validator::host::{Ask, AskError, Guard};
use serde_json::Value;
use std::fs;

fn required() -> String {
    license(|claims| claims["license"]["activation"] = "required".into())
}

fn ask_for(guard: &Guard, kind: RequestKind, license: Option<&str>) -> Value {
    let license = license.map(|id| Uuid::new(id).unwrap());
    let ask = Ask { kind, license, label: Text::new("web").unwrap(), signals: &[] };
    request(&guard.ask(&ask).unwrap())
}

/// Whoever goes on after a lost key is another deployment: an answer to the old one's request would be of no use to it.
#[test]
fn a_lost_key_awaits_nothing() {
    let world = World::new("dead key");
    let identity = || world.state().join("identity.json");
    let guard = world.guard();
    install(&guard, &required(), &["accepted"]);
    let asked = ask_for(&guard, RequestKind::Activate, None);
    assert!(guard.awaits_seat());
    drop(guard);
    let key = fs::read(identity()).unwrap();
    for lost in [None, Some("{")] {
        match lost {
            None => fs::remove_file(identity()).unwrap(),
            Some(damaged) => fs::write(identity(), damaged).unwrap(),
        }
        let guard = world.guard();
        assert_ne!(guard.deployment().map(|id| id.to_string()).as_deref(), asked["iss"].as_str());
        assert_eq!((guard.awaited(), guard.awaits_seat()), (None, false), "{lost:?}");
        assert!(matches!(guard.ask_again(), Err(AskError::NothingAsked)), "{lost:?}");
    }
    // The key comes back from a backup, and the request is its own again.
    fs::write(identity(), key).unwrap();
    let guard = world.guard();
    assert_eq!(guard.awaited().map(|nonce| nonce.to_string()).as_deref(), asked["jti"].as_str());
    assert_eq!(request(&guard.ask_again().unwrap())["jti"], asked["jti"]);
    install(&guard, &activation(&asked, 1, START, |_| ()), &["accepted"]);
    assert_eq!(guard.awaited(), None);
}

#[test]
fn the_new_key_asks_for_itself() {
    let world = World::new("new key");
    let guard = world.guard();
    install(&guard, &required(), &["accepted"]);
    let dead = ask_for(&guard, RequestKind::Activate, None);
    drop(guard);
    fs::remove_file(world.state().join("identity.json")).unwrap();
    let guard = world.guard();
    let asked = ask_for(&guard, RequestKind::Activate, None);
    assert_ne!(asked["iss"], dead["iss"]);
    assert_eq!(request(&guard.ask_again().unwrap())["iss"], asked["iss"]);
    assert!(guard.awaits_seat());
    install(&guard, &activation(&dead, 1, START, |_| ()), &["not usable"]);
    assert!(guard.awaits_seat());
    install(&guard, &activation(&asked, 1, START, |_| ()), &["accepted"]);
    assert!(!guard.awaits_seat());
}

/// Only a seat of the license that the verdict speaks of is worth waiting for.
#[test]
fn a_receipt_and_another_license_are_no_seat() {
    let other = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a11";
    let world = World::new("no seat");
    let guard = world.guard();
    let second = license(|claims| {
        claims["license"]["id"] = other.into();
        claims["license"]["graceUntil"] = (START + 370 * DAY).into();
    });
    install(&guard, &(required() + &second), &["accepted", "accepted"]);
    let in_force = guard.verdict().license().unwrap().id();
    let idle = if in_force == other { crate::artefacts::ID } else { other };
    for (kind, license, seat) in [
        (RequestKind::Activate, None, true),
        (RequestKind::Activate, Some(in_force.as_str()), true),
        (RequestKind::Activate, Some(idle), false),
        (RequestKind::Release, None, false),
    ] {
        let asked = ask_for(&guard, kind, license);
        assert_eq!(guard.awaits_seat(), seat, "{kind:?} {license:?}");
        assert_eq!(guard.awaited().map(|nonce| nonce.to_string()).as_deref(), asked["jti"].as_str());
    }
}
