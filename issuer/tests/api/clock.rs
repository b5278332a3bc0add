//! The machine's clock: no change is dated before the last one unseen. A time that is given counts as it is given.

use lictor_issuer::key::{
    Reseal, Shipping, Succession, activate_key, add_key, destroy_key, distrust_key, export_keys, reseal_key,
    retire_key,
};
use lictor_issuer::{
    Amendment, Changes, ClockChange, ClockSource, Depth, Earlier, Failure, FailureKind, Occasion, Product,
    RevocationReason, Severity, Terms, amend, catalogue, check, examine, publish, reinstate, revoke, suspend,
};
use lictor_keys::{PrivateKey, Protection, Resealed, seal_plain};
use lictor_shared::{Thumbprint, Uri};

use crate::support::{LIST, NOW, World, at, name, new_key, order, time};

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

/// A world where the next key and a license wait for what is done to them.
struct Waiting {
    world: World,
    next: Thumbprint,
    license: String,
}

fn waiting() -> Waiting {
    let mut world = World::new();
    let next = world.add_key(&PrivateKey::generate().unwrap(), |key| key).unwrap().public.thumbprint();
    let license = world.issue(|_| ()).signed.license.id.to_string();
    // From here on the machine's clock is wrong.
    catalogue::add_product(&mut world.ledger, &product("desk"), &real("2062-01-01T00:00:00Z")).unwrap();
    Waiting { world, next, license }
}

#[test]
fn whatever_says_that_the_clock_was_changed_follows_from_the_log() {
    type Change = fn(&mut Waiting, &Occasion) -> Result<(), Failure>;
    let changes: [(&str, Change); 13] = [
        ("key.created", |waiting, occasion| {
            let (world, key) = (&mut waiting.world, PrivateKey::generate().unwrap());
            let pem = seal_plain(&key).unwrap();
            add_key(&world.home, &mut world.ledger, new_key(&key), &pem, occasion).map(drop)
        }),
        ("key.activated", |waiting, occasion| {
            activate_key(&mut waiting.world.ledger, &waiting.next, Shipping::Waived, occasion).map(drop)
        }),
        ("key.retired", |waiting, occasion| {
            let first = waiting.world.key.public().thumbprint();
            retire_key(&mut waiting.world.ledger, &first, Succession::Waived, occasion).map(drop)
        }),
        ("key.distrusted", |waiting, occasion| {
            distrust_key(&mut waiting.world.ledger, &waiting.next, time(NOW), occasion).map(drop)
        }),
        ("key.resealed", |waiting, occasion| {
            let (world, kid) = (&mut waiting.world, waiting.next);
            let folder = world.home.keys()?;
            let key = folder.open_key(&kid, None)?;
            let sealed = Some(Resealed::new(&key, None, folder.load(&kid)?).unwrap());
            let reseal = Reseal { kid, protection: Protection::None, sealed };
            reseal_key(&world.home, &mut world.ledger, &reseal, occasion).map(drop)
        }),
        ("key.destroyed", |waiting, occasion| {
            destroy_key(&waiting.world.home, &mut waiting.world.ledger, &waiting.next, occasion).map(drop)
        }),
        ("key.exported", |waiting, occasion| export_keys(&mut waiting.world.ledger, occasion).map(drop)),
        ("product.added", |waiting, occasion| {
            catalogue::add_product(&mut waiting.world.ledger, &product("phone"), occasion).map(drop)
        }),
        ("license.issued", |Waiting { world, .. }, occasion| {
            lictor_issuer::issue(&world.home, &mut world.ledger, &world.key, &order(), occasion).map(drop)
        }),
        ("license.amended", |Waiting { world, license, .. }, occasion| {
            let changes = Changes { plan: Some(name("basic")), ..Changes::default() };
            let amendment = Amendment { changes, earlier: Earlier::Revoke };
            amend(&world.home, &mut world.ledger, &world.key, license, &amendment, occasion).map(drop)
        }),
        ("license.revoked", |Waiting { world, license, .. }, occasion| {
            revoke(&mut world.ledger, license, RevocationReason::Other, None, occasion).map(drop)
        }),
        ("license.suspended", |Waiting { world, license, .. }, occasion| {
            suspend(&mut world.ledger, license, None, occasion).map(drop)
        }),
        ("status.published", |Waiting { world, .. }, occasion| {
            publish(&world.home, &mut world.ledger, &world.key, &[Uri::new(LIST).unwrap()], occasion)
                .map(drop)
        }),
    ];
    for (kind, change) in changes {
        let mut waiting = waiting();
        change(&mut waiting, &recorded(real(NOW))).unwrap();
        let event = waiting.world.ledger.events(1).last().unwrap().unwrap();
        assert_eq!(event.kind.as_str(), kind);
        assert_eq!(event.body.get("clockChanged"), Some(&true.into()), "{kind}");
        check(&waiting.world.ledger).unwrap_or_else(|failure| panic!("{kind}: {}", failure.message));
        if kind == "license.suspended" {
            let earlier = recorded(real("2026-11-21T00:00:00Z"));
            reinstate(&mut waiting.world.ledger, &waiting.license, None, &earlier).unwrap();
            check(&waiting.world.ledger).unwrap();
        }
    }
}

#[test]
fn the_doctor_holds_the_clock_to_the_same_rule() {
    let mut world = World::new();
    // A time that was given, as in a rehearsal, says nothing of the clock.
    catalogue::add_product(&mut world.ledger, &product("desk"), &at("2062-01-01T00:00:00Z")).unwrap();
    let says = |world: &World, when: &str| {
        let findings = examine(world.home.path(), time(when), Depth::Quick).unwrap();
        let finding = findings.into_iter().find(|finding| finding.check == "clock").unwrap();
        (finding.severity, finding.says)
    };
    assert_eq!(says(&world, NOW).0, Severity::Fine);
    catalogue::add_product(&mut world.ledger, &product("phone"), &real(NOW)).unwrap();
    assert_eq!(says(&world, "2026-11-21T23:55:00Z").0, Severity::Fine);
    let (severity, words) = says(&world, "2026-11-21T23:54:59Z");
    assert_eq!(severity, Severity::Warning);
    assert!(words.contains("the last event by the clock was at 2026-11-22T00:00:00Z"), "{words}");
}
