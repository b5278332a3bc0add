//! The machine's clock: no change is dated before the last one unseen. A time that is given counts as it is given.

use lictor_issuer::{
    ClockChange, ClockSource, FailureKind, Occasion, Product, RevocationReason, Terms, catalogue, check,
    revoke, suspend,
};

use crate::support::{NOW, World, at, name};

/// By the machine's clock.
fn real(when: &str) -> Occasion {
    Occasion { clock: ClockSource::System, ..at(when) }
}

fn recorded(occasion: Occasion) -> Occasion {
    Occasion { clock_change: ClockChange::Record, ..occasion }
}

fn product(product: &str) -> Product {
    Product { name: name(product), plans: vec![name("basic")], defaults: Terms::default() }
}

#[test]
fn nothing_is_dated_before_the_last_event() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    let events = world.ledger.events(1).count();
    catalogue::add_product(&mut world.ledger, &product("desk"), &real(NOW)).unwrap();
    let events = events + 1;
    for when in ["1970-01-02T00:00:00Z", "2026-11-21T23:54:59Z"] {
        let failure = suspend(&mut world.ledger, &id, None, &real(when)).unwrap_err();
        assert_eq!(failure.exit_code(), 20);
        assert!(failure.message.contains(when) && failure.message.contains(NOW), "{}", failure.message);
        assert_eq!(failure.details["lastEventAt"].as_str(), Some(NOW));
        assert!(failure.hint.as_ref().unwrap().contains("--clock-changed"));
        assert_eq!(world.ledger.follows(&real(when)).unwrap_err().message, failure.message);
    }
    assert_eq!(world.ledger.events(1).count(), events);
    // Clocks that are set right go back by less.
    world.ledger.follows(&real("2026-11-21T23:55:00Z")).unwrap();
    suspend(&mut world.ledger, &id, None, &real("2026-11-21T23:55:00Z")).unwrap();
    check(&world.ledger).unwrap();
}

#[test]
fn a_clock_that_was_wrong_is_put_right_once() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    catalogue::add_product(&mut world.ledger, &product("desk"), &real("2062-01-01T00:00:00Z")).unwrap();
    let refused = catalogue::add_product(&mut world.ledger, &product("phone"), &real(NOW));
    assert_eq!(refused.unwrap_err().kind, FailureKind::Conflict);
    let righted = recorded(real(NOW));
    catalogue::add_product(&mut world.ledger, &product("phone"), &righted).unwrap();
    // From then on the new time counts.
    let revoked = revoke(&mut world.ledger, &id, RevocationReason::Other, None, &real(NOW)).unwrap();
    let says = |seq: u64| {
        let event = world.ledger.events(seq).next().unwrap().unwrap();
        event.body.get("clockChanged").cloned()
    };
    assert_eq!(says(revoked.event - 1), Some(true.into()));
    assert_eq!((says(revoked.event), says(revoked.event - 2)), (None, None));
    check(&world.ledger).unwrap();
}

#[test]
fn a_time_that_is_given_counts_as_it_is_given() {
    let mut world = World::new();
    let later = "2027-01-01T00:00:00Z";
    catalogue::add_product(&mut world.ledger, &product("desk"), &real(later)).unwrap();
    // Back, ahead, and back again; and the machine's clock goes on from where it was.
    for (product, when) in [("phone", NOW), ("fax", "2062-01-01T00:00:00Z"), ("telex", NOW)] {
        catalogue::add_product(&mut world.ledger, &self::product(product), &at(when)).unwrap();
    }
    world.ledger.follows(&real(later)).unwrap();
    assert_eq!(world.ledger.follows(&real(NOW)).unwrap_err().kind, FailureKind::Conflict);
    check(&world.ledger).unwrap();
}

#[test]
fn a_text_cannot_pass_for_the_machines_clock() {
    let mut world = World::new();
    let actor = lictor_shared::Text::new("\"clock\":\"system\"").unwrap();
    let named = Occasion { actor, ..at("2062-01-01T00:00:00Z") };
    catalogue::add_product(&mut world.ledger, &product("desk"), &named).unwrap();
    world.ledger.follows(&real(NOW)).unwrap();
}
