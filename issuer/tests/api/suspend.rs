//! Suspending and reinstating: until further notice, and back.

use lictor_issuer::{
    Failure, FailureKind, LicenseState, RevocationReason, Standing, Suspended, check, find, reinstate,
    revoke, suspend,
};
use lictor_shared::{Seconds, Status};

use crate::support::{NOW, World, at, text, time};

const LATER: &str = "2026-12-24T00:00:00Z";
const LATEST: &str = "2027-02-01T00:00:00Z";
const GRACE: &str = "2027-11-30T00:00:00Z";
const OVER: &str = "2027-12-06T00:00:00Z";

fn suspend_at(world: &mut World, id: &str, when: &str) -> Result<Suspended, Failure> {
    suspend(&mut world.ledger, id, None, &at(when))
}

#[test]
fn a_suspended_license_is_suspended_until_it_is_reinstated() {
    let mut world = World::new();
    let license = world.issue(|_| ()).signed.license;
    let id = license.id.to_string();
    let note = text("Ms. Doe does not pay");
    let suspended = suspend(&mut world.ledger, &id, Some(&note), &at(LATER)).unwrap();
    assert_eq!((suspended.license, suspended.since), (license.id, time(LATER)));
    assert_eq!(suspended.revisions[0].entry, license.status);
    assert_eq!(suspended.revisions[0].read_only_from, Some(time("2027-01-07T00:00:00Z")));
    let record = find(&world.ledger, &id).unwrap();
    assert_eq!(record.standing, Standing::Suspended { since: time(LATER) });
    assert_eq!(record.state(time(LATEST)), LicenseState::Suspended);
    let revision = &record.revisions[0];
    assert_eq!((revision.status, revision.since), (Status::Suspended, Some(time(LATER))));
    let event = world.ledger.events(suspended.event).next().unwrap().unwrap();
    assert_eq!(event.kind.as_str(), "license.suspended");
    assert!(event.body.contains_key("note") && !event.leaf().contains("Doe"), "{}", event.leaf());
    check(&world.ledger).unwrap();

    let reinstated = reinstate(&mut world.ledger, &id, None, &at(LATEST)).unwrap();
    assert_eq!((reinstated.license, reinstated.suspended_since), (license.id, time(LATER)));
    assert_eq!(reinstated.revisions, [license.serial]);
    let record = find(&world.ledger, &id).unwrap();
    assert_eq!(record.state(time(LATEST)), LicenseState::Active);
    assert_eq!((record.revisions[0].status, record.revisions[0].since), (Status::Valid, None));
    let event = world.ledger.events(reinstated.event).next().unwrap().unwrap();
    assert_eq!(event.kind.as_str(), "license.reinstated");
    check(&world.ledger).unwrap();
}

#[test]
fn scheduled_active_and_in_grace_can_be_suspended() {
    for (starts, when, state) in [
        (Some(LATER), NOW, LicenseState::Scheduled),
        (None, LATER, LicenseState::Active),
        (None, GRACE, LicenseState::Grace),
    ] {
        let mut world = World::new();
        let id = world.issue(|order| order.starts = starts.map(time)).signed.license.id.to_string();
        assert_eq!(find(&world.ledger, &id).unwrap().state(time(when)), state);
        suspend_at(&mut world, &id, when).unwrap();
        assert_eq!(find(&world.ledger, &id).unwrap().state(time(when)), LicenseState::Suspended);
        reinstate(&mut world.ledger, &id, None, &at(when)).unwrap();
        assert_eq!(find(&world.ledger, &id).unwrap().state(time(when)), state);
    }
}

#[test]
fn every_other_transition_is_a_conflict_and_says_the_state() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    let conflict = |failure: Failure, state: &str, says: &str| {
        assert_eq!((failure.exit_code(), failure.details["state"].as_str()), (20, Some(state)));
        assert!(failure.message.contains(says), "{}", failure.message);
    };
    let events = world.ledger.events(1).count();
    conflict(reinstate(&mut world.ledger, &id, None, &at(NOW)).unwrap_err(), "active", "is active");
    conflict(reinstate(&mut world.ledger, &id, None, &at(GRACE)).unwrap_err(), "grace", "in grace");
    conflict(reinstate(&mut world.ledger, &id, None, &at(OVER)).unwrap_err(), "ended", OVER);
    conflict(suspend_at(&mut world, &id, OVER).unwrap_err(), "ended", "nothing to suspend");
    assert_eq!(world.ledger.events(1).count(), events, "nothing was recorded");
    suspend_at(&mut world, &id, LATER).unwrap();
    conflict(suspend_at(&mut world, &id, LATEST).unwrap_err(), "suspended", LATER);
    revoke(&mut world.ledger, &id, RevocationReason::Fraud, None, &at(LATEST)).unwrap();
    conflict(suspend_at(&mut world, &id, LATEST).unwrap_err(), "revoked", "fraud");
    conflict(reinstate(&mut world.ledger, &id, None, &at(LATEST)).unwrap_err(), "revoked", LATEST);
    let unknown = "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10";
    assert_eq!(suspend_at(&mut world, unknown, LATEST).unwrap_err().kind, FailureKind::NotFound);
    let failure = reinstate(&mut world.ledger, unknown, None, &at(LATEST)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
}

/// `since` is when the entry last left VALID: suspending first and revoking later does not move it.
#[test]
fn revoking_what_is_suspended_keeps_its_since() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    suspend_at(&mut world, &id, LATER).unwrap();
    let revoked = revoke(&mut world.ledger, &id, RevocationReason::NonPayment, None, &at(LATEST)).unwrap();
    assert_eq!((revoked.since, revoked.revisions[0].since), (time(LATEST), time(LATER)));
    assert_eq!(revoked.revisions[0].read_only_from, time(LATER).plus(Seconds::new(14 * 86_400).unwrap()));
    let record = find(&world.ledger, &id).unwrap();
    let reason = RevocationReason::NonPayment;
    assert_eq!(record.standing, Standing::Revoked { since: time(LATEST), reason });
    assert_eq!((record.revisions[0].status, record.revisions[0].since), (Status::Revoked, Some(time(LATER))));
    check(&world.ledger).unwrap();
}

#[test]
fn who_is_suspended_again_has_left_valid_again() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    suspend_at(&mut world, &id, NOW).unwrap();
    reinstate(&mut world.ledger, &id, None, &at(LATER)).unwrap();
    let again = suspend_at(&mut world, &id, LATEST).unwrap();
    assert_eq!(again.revisions[0].since, time(LATEST));
    assert_eq!(find(&world.ledger, &id).unwrap().revisions[0].since, Some(time(LATEST)));
    check(&world.ledger).unwrap();
}

/// What ended while it was suspended is not left behind as suspended.
#[test]
fn what_is_over_by_then_is_reinstated_too() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    suspend_at(&mut world, &id, LATER).unwrap();
    let reinstated = reinstate(&mut world.ledger, &id, None, &at(OVER)).unwrap();
    assert_eq!(reinstated.revisions.len(), 1);
    let record = find(&world.ledger, &id).unwrap();
    assert_eq!((record.state(time(OVER)), record.revisions[0].status), (LicenseState::Ended, Status::Valid));
}
