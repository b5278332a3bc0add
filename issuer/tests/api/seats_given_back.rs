//! Seats that are given back, taken away, or whose lease ends.

use lictor_issuer::activation::{
    DeploymentRecord, History, Manner, SeatState, activations, find_deployment, release_seat, revoke_seat,
};
use lictor_issuer::{EventKind, FailureKind, Intent, Occasion, check, publish};
use lictor_shared::{Artefact as _, Code, Lease, Received, Release, Status, StatusList, Uri, armor};
use lictor_validator::{Unverified, Verified};

use crate::deployment::{Deployment, at, claims};
use crate::support::{LIST, NOW, World, text, time};

fn record(world: &World, deployment: &Deployment) -> DeploymentRecord {
    let id = deployment.key.public().thumbprint().to_string();
    find_deployment(&world.ledger, &id, None).unwrap()
}

/// What a list says of an entry, if it is published now.
fn status(world: &mut World, index: u32) -> (Status, Option<String>) {
    let uris = [Uri::new(LIST).unwrap()];
    let list = publish(&world.home, &mut world.ledger, &world.key, &uris, &at(NOW)).unwrap();
    let received = Received::<StatusList>::read(&list.lists[0].token).unwrap();
    let list = StatusList::read(received.untrusted_payload()).unwrap();
    (list.status(index), list.since.get(&index).map(ToString::to_string))
}

#[test]
fn a_release_frees_the_seat_and_gets_a_receipt_once() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let mut deployment = Deployment::new(&issued);
    let first = world.grant(&deployment.activate());
    deployment.take(&first);
    let second = world.grant(&deployment.activate());
    deployment.take(&second);
    let request = deployment.release();
    let receipt = world.grant(&request);
    assert_eq!((receipt.manner, receipt.history, receipt.seat), (Manner::Released, History::Plain, None));
    let token = armor::unwrap(receipt.paste.armored().as_bytes(), Release::LABEL);
    let anchors = world.ledger.key_ring().unwrap().anchors().unwrap();
    let _verified: Verified<Release> = Unverified::from_token(&token).unwrap().verify(&anchors).unwrap();
    let received = Received::<Release>::read(&token).unwrap();
    let claims_of = Release::read(received.untrusted_payload()).unwrap();
    assert_eq!((claims_of.license, claims_of.request), (issued.signed.license.id, request.claims().nonce));
    assert_eq!(claims_of.deployment.as_str(), deployment.key.public().thumbprint().to_string());
    assert_eq!(world.taken(&issued), 0);
    for given in [&first, &second] {
        assert_eq!(status(&mut world, claims(given).status.index), (Status::Revoked, Some(NOW.into())));
    }
    let events = world.ledger.events(1).count();
    assert_eq!(world.grant(&request).paste, receipt.paste, "the same bytes again");
    assert_eq!(world.ledger.events(1).count(), events);
    // Asked again in another request, there is another receipt and nothing else changes.
    let again = world.grant(&deployment.release());
    assert_eq!((again.manner, world.taken(&issued)), (Manner::Released, 0));
    assert_ne!(again.paste.token, receipt.paste.token);
    // Whoever gave it back may ask again, with or without what he had.
    deployment.previous = None;
    let given = world.grant(&deployment.activate());
    assert_eq!((given.manner, given.history), (Manner::Granted, History::Plain));
    let found = record(&world, &deployment);
    assert_eq!((found.state, found.seat, found.counter), (SeatState::Active, Some(1), 5));
    check(&world.ledger).unwrap();
}

#[test]
fn who_never_had_a_seat_gives_none_back() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let denied = world.deny(&Deployment::new(&issued).release());
    assert_eq!((denied.reason.code(), denied.reason.as_str()), (Code::NotFound, "no_seat"));
    check(&world.ledger).unwrap();
}

#[test]
fn a_seat_is_taken_away_and_its_activations_with_it() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let mut deployment = Deployment::new(&issued);
    let given = world.grant(&deployment.activate());
    let id = deployment.key.public().thumbprint().to_string();
    let later = at("2026-12-01T00:00:00Z");
    let note = text("unknown server");
    let serial = given.serial.to_string();
    let vacated = revoke_seat(&mut world.ledger, (&serial, None), Some(&note), &later).unwrap();
    assert_eq!((vacated.seat, vacated.active, vacated.activations.len()), (Some(1), 0, 1));
    assert_eq!(vacated.activations[0].read_only_from, Some(time("2026-12-15T00:00:00Z")));
    let listed = status(&mut world, claims(&given).status.index);
    assert_eq!(listed, (Status::Revoked, Some("2026-12-01T00:00:00Z".into())));
    assert_eq!(record(&world, &deployment).state, SeatState::Revoked);
    let event = &world.events_of(EventKind::ActivationRevoked)[0];
    assert!(!event.leaf().contains("unknown server"));
    let twice = revoke_seat(&mut world.ledger, (&id, None), None, &later).unwrap_err();
    assert_eq!(twice.kind, FailureKind::Conflict);
    // It is no ban: the deployment may ask again, and still holds what was revoked.
    deployment.take(&given);
    let again = world.grant(&deployment.activate());
    assert_eq!((again.manner, again.history), (Manner::Granted, History::Plain));
    check(&world.ledger).unwrap();
}

#[test]
fn the_seat_of_a_dead_server_is_given_back_for_it() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let mut deployment = Deployment::new(&issued);
    world.grant(&deployment.activate());
    let id = deployment.key.public().thumbprint().to_string();
    let dry = Occasion { intent: Intent::DryRun, ..at(NOW) };
    release_seat(&mut world.ledger, (&id, None), None, &dry).unwrap();
    assert_eq!(world.taken(&issued), 1);
    let vacated = release_seat(&mut world.ledger, (&id[..8], None), None, &at(NOW)).unwrap();
    assert_eq!((vacated.deployment.state, world.taken(&issued)), (SeatState::Released, 0));
    for name in ["short", "no-such-deployment"] {
        let failure = release_seat(&mut world.ledger, (name, None), None, &at(NOW)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotFound, "{name}");
    }
    assert_eq!(world.grant(&Deployment::new(&issued).activate()).seat, Some(1));
    check(&world.ledger).unwrap();
}

#[test]
fn a_lease_that_has_ended_makes_room_for_whoever_asks() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let mut deployment = Deployment::new(&issued);
    let given = world.lease_at(&deployment.activate(), Some("30d"), NOW);
    assert_eq!(claims(&given).lease, Lease::Until(time("2026-12-22T00:00:00Z")));
    deployment.take(&given);
    let mut other = Deployment::new(&issued);
    let before = "2026-12-21T23:59:59Z";
    assert_eq!(world.deny_at(&other.activate_at(before), before).reason.as_str(), "seats_exhausted");
    let ended = "2026-12-22T00:00:00Z";
    assert!(record(&world, &deployment).has_lapsed(time(ended)));
    let granted = world.grant_at(&other.activate_at(ended), ended);
    assert_eq!((granted.manner, granted.seat), (Manner::Granted, Some(1)));
    let events = world.events_of(EventKind::ActivationExpired);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].body["endedAt"], time(ended).seconds().into());
    assert_eq!(record(&world, &deployment).state, SeatState::Expired);
    assert_eq!(status(&mut world, claims(&given).status.index).0, Status::Valid, "it ended by itself");
    // Its owner comes late.
    assert_eq!(world.deny_at(&deployment.activate_at(ended), ended).reason.as_str(), "seats_exhausted");
    check(&world.ledger).unwrap();
}

#[test]
fn whoever_asks_after_his_own_lease_gets_his_seat_again() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let mut deployment = Deployment::new(&issued);
    let given = world.lease_at(&deployment.activate(), Some("30d"), NOW);
    deployment.take(&given);
    let late = "2027-01-10T00:00:00Z";
    let again = world.lease_at(&deployment.activate_at(late), Some("30d"), late);
    assert_eq!((again.manner, again.history, again.seat), (Manner::Granted, History::Plain, Some(1)));
    assert_eq!(world.taken(&issued), 1);
    check(&world.ledger).unwrap();
}

#[test]
fn a_seat_is_held_until_the_last_of_its_activations_ends() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let mut deployment = Deployment::new(&issued);
    world.lease_at(&deployment.activate(), Some("60d"), NOW);
    world.lease_at(&deployment.activate(), Some("30d"), NOW);
    assert_eq!(record(&world, &deployment).lease_end, Some(time("2027-01-21T00:00:00Z")));
    let ended = "2026-12-22T00:00:00Z";
    // Only what has not ended is revoked with the seat.
    let id = deployment.key.public().thumbprint().to_string();
    let copy = Occasion { intent: Intent::DryRun, ..at(ended) };
    let vacated = revoke_seat(&mut world.ledger, (&id, None), None, &copy).unwrap();
    assert_eq!(vacated.activations.len(), 1);
    world.lease_at(&deployment.activate(), None, NOW);
    assert_eq!(record(&world, &deployment).lease_end, None, "one without end");
    world.lease_at(&deployment.activate(), Some("30d"), NOW);
    assert_eq!(record(&world, &deployment).lease_end, None);
    let far = "2027-11-01T00:00:00Z";
    let mut other = Deployment::new(&issued);
    assert_eq!(world.deny_at(&other.activate_at(far), far).reason.as_str(), "seats_exhausted");
    assert_eq!(activations(&world.ledger, &record(&world, &deployment)).unwrap().len(), 4);
    check(&world.ledger).unwrap();
}

#[test]
fn a_lease_beyond_time_is_refused() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let failure = world.answer(&[Deployment::new(&issued).activate()], Some("9000y"), &at(NOW)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Usage);
    assert_eq!(world.taken(&issued), 0);
}
