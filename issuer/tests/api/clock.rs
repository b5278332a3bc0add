//! The clock of the log: no change is dated before the last one, and none of a rehearsal gets in between unseen.

use lictor_issuer::{
    ClockChange, ClockSource, FailureKind, Intent, Occasion, Product, RevocationReason, Terms, catalogue,
    check, revoke, suspend,
};

use crate::support::{NOW, World, at, name};

fn by(clock: ClockSource, when: &str) -> Occasion {
    Occasion { clock, ..at(when) }
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
    for when in ["1970-01-02T00:00:00Z", "2026-11-21T23:54:59Z"] {
        let failure = suspend(&mut world.ledger, &id, None, &at(when)).unwrap_err();
        assert_eq!(failure.exit_code(), 20);
        assert!(failure.message.contains(when) && failure.message.contains(NOW), "{}", failure.message);
        assert_eq!(failure.details["lastEventAt"].as_str(), Some(NOW));
        assert!(failure.hint.as_ref().unwrap().contains("--clock-changed"));
        assert_eq!(world.ledger.follows(&at(when)).unwrap_err().message, failure.message);
    }
    assert_eq!(world.ledger.events(1).count(), events);
    // Clocks that are set right go back by less.
    world.ledger.follows(&at("2026-11-21T23:55:00Z")).unwrap();
    suspend(&mut world.ledger, &id, None, &at("2026-11-21T23:55:00Z")).unwrap();
    check(&world.ledger).unwrap();
}

#[test]
fn a_clock_that_was_wrong_is_put_right_once() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    catalogue::add_product(&mut world.ledger, &product("desk"), &at("2062-01-01T00:00:00Z")).unwrap();
    let refused = catalogue::add_product(&mut world.ledger, &product("phone"), &at(NOW));
    assert_eq!(refused.unwrap_err().kind, FailureKind::Conflict);
    let righted = recorded(at(NOW));
    catalogue::add_product(&mut world.ledger, &product("phone"), &righted).unwrap();
    // From then on the new time counts.
    let revoked = revoke(&mut world.ledger, &id, RevocationReason::Other, None, &at(NOW)).unwrap();
    let says = |seq: u64| {
        let event = world.ledger.events(seq).next().unwrap().unwrap();
        event.body.get("clockChanged").cloned()
    };
    assert_eq!(says(revoked.event - 1), Some(true.into()));
    assert_eq!((says(revoked.event), says(revoked.event - 2)), (None, None));
    check(&world.ledger).unwrap();
}

#[test]
fn a_rehearsal_does_not_get_between_real_changes_unseen() {
    let mut world = World::new();
    let later = "2027-01-01T00:00:00Z";
    let real = |when| by(ClockSource::System, when);
    // A home that was made for rehearsals.
    let failure = catalogue::add_product(&mut world.ledger, &product("desk"), &real(later)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(failure.message.contains("given time"), "{}", failure.message);
    catalogue::add_product(&mut world.ledger, &product("desk"), &recorded(real(later))).unwrap();
    // Now it is a real one.
    catalogue::add_product(&mut world.ledger, &product("phone"), &real(later)).unwrap();
    let failure = catalogue::add_product(&mut world.ledger, &product("fax"), &at(later)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(failure.message.contains("--now"), "{}", failure.message);
    // What leaves nothing behind may be tried at any time.
    let tried = Occasion { intent: Intent::DryRun, ..at("2062-01-01T00:00:00Z") };
    catalogue::add_product(&mut world.ledger, &product("fax"), &tried).unwrap();
    catalogue::add_product(&mut world.ledger, &product("fax"), &real(later)).unwrap();
    check(&world.ledger).unwrap();
}
