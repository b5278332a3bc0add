//! Amending: other terms in mid-term, the same dates.

use lictor_issuer::{
    Amendment, Changes, Earlier, Failure, FailureKind, LicenseState, Order, Revised, RevocationReason, Terms,
    amend, check, find, preview_amendment, reinstate, revoke, suspend,
};
use lictor_shared::{License, OriginPattern, SeatLimit, Seats, Seconds, Status, Term};

use crate::support::{NOW, World, at, field_errors, name, time};

const MIDTERM: &str = "2027-03-01T00:00:00Z";
const GRACE: &str = "2027-11-30T00:00:00Z";
const OVER: &str = "2027-12-06T00:00:00Z";

fn seats(number: u64) -> Changes {
    let terms = Terms { seats: Some(SeatLimit::AtMost(number)), ..Terms::default() };
    Changes { terms, ..Changes::default() }
}

fn keeping(changes: &Changes) -> Amendment {
    Amendment { changes: changes.clone(), earlier: Earlier::Keep }
}

fn with(terms: Terms) -> Changes {
    Changes { terms, ..Changes::default() }
}

fn issued(change: impl FnOnce(&mut Order)) -> (World, License, String) {
    let mut world = World::new();
    let license = world.issue(change).signed.license;
    let id = license.id.to_string();
    (world, license, id)
}

fn amend_at(world: &mut World, id: &str, changes: &Changes, when: &str) -> Result<Revised, Failure> {
    amend(&world.home, &mut world.ledger, &world.key, id, &keeping(changes), &at(when))
}

#[test]
fn an_amendment_changes_what_was_asked_for_and_no_date() {
    let (mut world, old, id) = issued(|order| {
        order.terms.seats = Some(SeatLimit::AtMost(25));
        order.terms.overage = Some(2);
        order.terms.features = Some(vec![name("branding"), name("sso")]);
        order.origins = vec![OriginPattern::new("https://*.acme.example").unwrap()];
        order.meta = [(name("po"), "4711".to_owned()), (name("crm"), "7".to_owned())].into();
    });
    let origins = vec![OriginPattern::new("https://acme.example").unwrap()];
    let changes = Changes {
        origins: Some(origins.clone()),
        meta: Some([(name("po"), "4712".to_owned())].into()),
        ..seats(50)
    };
    let amended = amend_at(&mut world, &id, &changes, MIDTERM).unwrap();
    let new = &amended.issued.signed.license;
    let expected = License {
        serial: new.serial,
        status: new.status.clone(),
        revision: 2,
        issued_at: time(MIDTERM),
        seats: Seats { limit: SeatLimit::AtMost(50), overage: 2 },
        origins,
        meta: [(name("po"), "4712".to_owned())].into(),
        ..old.clone()
    };
    assert_eq!(*new, expected);
    assert_eq!(amended.previous, old.serial);
    let told: Vec<_> = amended
        .differences
        .iter()
        .map(|change| format!("{}: {}, was {}", change.term, change.now, change.before))
        .collect();
    assert_eq!(
        told,
        [
            "seats: 50, was 25",
            "origins: https://acme.example, was https://*.acme.example",
            "meta: po=4712, was crm=7 po=4711"
        ]
    );
    let event = world.ledger.events(amended.issued.event).next().unwrap().unwrap();
    assert_eq!(event.kind.as_str(), "license.amended");
    assert_eq!(event.body["previous"].as_str(), Some(old.serial.to_string().as_str()));
    assert_eq!(find(&world.ledger, &id).unwrap().in_force(time(MIDTERM)).unwrap().revision, 2);
    check(&world.ledger).unwrap();
}

#[test]
fn graces_change_with_the_same_end() {
    let (mut world, _, id) = issued(|_| ());
    let day = Seconds::new(86_400);
    let changes = with(Terms { warn: day, grace: day, revocation_grace: day, ..Terms::default() });
    let term = amend_at(&mut world, &id, &changes, GRACE).unwrap_err();
    assert_eq!(field_errors(&term), ["grace"], "it would be over at once: {}", term.message);
    let amended = amend_at(&mut world, &id, &changes, MIDTERM).unwrap();
    let expected = Term::Fixed {
        warn_from: time("2027-11-21T00:00:00Z"),
        expires_at: time("2027-11-22T00:00:00Z"),
        grace_until: time("2027-11-23T00:00:00Z"),
    };
    assert_eq!(amended.issued.signed.license.term, expected);
    let changed: Vec<_> = amended.differences.iter().map(|change| change.term).collect();
    assert_eq!(changed, ["warn", "grace", "revocationGrace"]);
}

#[test]
fn something_must_change() {
    let (mut world, _, id) = issued(|order| order.terms.seats = Some(SeatLimit::AtMost(25)));
    let events = world.ledger.events(1).count();
    for changes in [Changes::default(), seats(25)] {
        let failure = amend_at(&mut world, &id, &changes, MIDTERM).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Usage, "{}", failure.message);
        let early = preview_amendment(&world.home, &world.ledger, &id, &keeping(&changes), &at(MIDTERM));
        assert_eq!(early.unwrap_err().kind, FailureKind::Usage);
    }
    assert_eq!(world.ledger.events(1).count(), events);
}

#[test]
fn scheduled_in_grace_perpetual_and_suspended_can_be_amended() {
    let (mut world, _, id) = issued(|order| order.starts = Some(time(MIDTERM)));
    let license = amend_at(&mut world, &id, &seats(1), NOW).unwrap().issued.signed.license;
    assert_eq!(license.starts_at, time(MIDTERM));
    let (mut world, _, id) = issued(|_| ());
    amend_at(&mut world, &id, &seats(1), GRACE).unwrap();
    assert_eq!(find(&world.ledger, &id).unwrap().state(time(GRACE)), LicenseState::Grace);
    let perpetual = Some(lictor_issuer::terms::TermLength::Perpetual);
    let (mut world, _, id) = issued(|order| order.terms.term = perpetual);
    assert_eq!(
        amend_at(&mut world, &id, &seats(1), OVER).unwrap().issued.signed.license.term,
        Term::Perpetual
    );
    let warn = with(Terms { warn: Seconds::new(5), ..Terms::default() });
    let failure = amend_at(&mut world, &id, &warn, OVER).unwrap_err();
    assert_eq!(field_errors(&failure), ["warn"], "there is no end to warn of");
    suspend(&mut world.ledger, &id, None, &at(OVER)).unwrap();
    let amended = amend_at(&mut world, &id, &seats(2), OVER).unwrap();
    assert_eq!(amended.suspended_since, Some(time(OVER)));
    let record = find(&world.ledger, &id).unwrap();
    assert_eq!(record.latest().unwrap().status, Status::Suspended);
    check(&world.ledger).unwrap();
    assert_eq!(reinstate(&mut world.ledger, &id, None, &at(OVER)).unwrap().revisions.len(), 3);
    check(&world.ledger).unwrap();
}

#[test]
fn what_is_revoked_or_over_is_not_amended() {
    let (mut world, _, id) = issued(|_| ());
    let events = world.ledger.events(1).count();
    let failure = amend_at(&mut world, &id, &seats(1), OVER).unwrap_err();
    assert_eq!((failure.exit_code(), failure.details["state"].as_str()), (20, Some("ended")));
    assert_eq!(world.ledger.events(1).count(), events);
    revoke(&mut world.ledger, &id, RevocationReason::Fraud, None, &at(MIDTERM)).unwrap();
    let failure = amend_at(&mut world, &id, &seats(1), MIDTERM).unwrap_err();
    assert_eq!((failure.exit_code(), failure.details["state"].as_str()), (20, Some("revoked")));
}

#[test]
fn what_is_suspended_and_over_is_not_amended() {
    let (mut world, _, id) = issued(|_| ());
    suspend(&mut world.ledger, &id, None, &at(MIDTERM)).unwrap();
    amend_at(&mut world, &id, &seats(50), GRACE).unwrap();
    let failure = amend_at(&mut world, &id, &seats(60), OVER).unwrap_err();
    assert_eq!((failure.exit_code(), failure.details["state"].as_str()), (20, Some("suspended")));
    assert!(failure.message.contains("suspended since 2027-03-01"), "{}", failure.message);
    assert!(failure.message.contains("its grace ended at 2027-12-06"), "{}", failure.message);
}

#[test]
fn what_never_expires_gets_no_grace() {
    let (mut world, _, id) =
        issued(|order| order.terms.term = Some(lictor_issuer::terms::TermLength::Perpetual));
    let terms = Terms { grace: Seconds::new(5), seats: Some(SeatLimit::AtMost(5)), ..Terms::default() };
    let failure = amend_at(&mut world, &id, &with(terms), MIDTERM).unwrap_err();
    assert_eq!(field_errors(&failure), ["grace"]);
    amend_at(&mut world, &id, &seats(5), MIDTERM).unwrap();
}

#[test]
fn earlier_revisions_are_revoked_if_that_is_asked_for() {
    let (mut world, old, id) = issued(|_| ());
    let amendment = Amendment { earlier: Earlier::Revoke, ..keeping(&seats(5)) };
    let (home, ledger, key) = (&world.home, &mut world.ledger, &world.key);
    let amended = amend(home, ledger, key, &id, &amendment, &at(MIDTERM)).unwrap();
    assert_eq!((amended.revoked.len(), amended.revoked[0].serial), (1, old.serial));
    let record = find(&world.ledger, &id).unwrap();
    let statuses: Vec<_> =
        record.revisions.iter().map(|revision| (revision.status, revision.since)).collect();
    assert_eq!(statuses, [(Status::Revoked, Some(time(MIDTERM))), (Status::Valid, None)]);
    assert_eq!(record.state(time(MIDTERM)), LicenseState::Active);
    check(&world.ledger).unwrap();
}
