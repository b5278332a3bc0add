//! Revoking: every revision that could still be used, and no other.

use lictor_issuer::{
    FailureKind, LicenseState, Revocation, RevocationReason, Standing, check, find, preview_revocation,
    revoke, revoke_from, suspend,
};
use lictor_shared::{Status, Timestamp};
use rusqlite::Connection;

use crate::support::{NOW, World, at, field_errors, text, time};

const LATER: &str = "2026-12-24T00:00:00Z";

#[test]
fn a_revoked_license_is_revoked_from_then_on() {
    let mut world = World::new();
    let license = world.issue(|_| ()).signed.license;
    let id = license.id.to_string();
    let note = text("Did not pay, says Ms. Doe");
    let revoked =
        revoke(&mut world.ledger, &id, RevocationReason::NonPayment, Some(&note), &at(LATER)).unwrap();
    assert_eq!((revoked.license, revoked.since), (license.id, time(LATER)));
    assert_eq!(revoked.revisions.len(), 1);
    assert_eq!(revoked.revisions[0].entry, license.status);
    assert_eq!(revoked.revisions[0].read_only_from, Some(time("2027-01-07T00:00:00Z")));
    let record = find(&world.ledger, &id).unwrap();
    assert_eq!(
        record.standing,
        Standing::Revoked { since: time(LATER), reason: RevocationReason::NonPayment }
    );
    assert_eq!(record.state(time(NOW)), LicenseState::Revoked);
    assert_eq!((record.revisions[0].status, record.revisions[0].since), (Status::Revoked, Some(time(LATER))));
    let event = world.ledger.events(revoked.event).next().unwrap().unwrap();
    assert_eq!(event.kind.as_str(), "license.revoked");
    assert_eq!(event.body["reason"].as_str(), Some("non-payment"));
    assert!(event.body.contains_key("note") && !event.leaf().contains("Doe"), "{}", event.leaf());
}

#[test]
fn what_is_revoked_or_over_is_not_revoked_again() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    let over = "2027-12-06T00:00:00Z";
    let too_late = revoke(&mut world.ledger, &id, RevocationReason::Other, None, &at(over)).unwrap_err();
    assert_eq!(too_late.kind, FailureKind::Conflict);
    assert_eq!(too_late.details["state"].as_str(), Some("ended"));
    let events = world.ledger.events(1).count();
    let last = "2027-12-05T23:59:59Z";
    revoke(&mut world.ledger, &id, RevocationReason::Fraud, None, &at(last)).unwrap();
    let again = revoke(&mut world.ledger, &id, RevocationReason::Other, None, &at(last)).unwrap_err();
    assert_eq!((again.exit_code(), again.details["state"].as_str()), (20, Some("revoked")));
    assert!(again.message.contains(last) && again.message.contains("fraud"), "{}", again.message);
    assert_eq!(world.ledger.events(1).count(), events + 1);
    let unknown = "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10";
    assert_eq!(
        revoke(&mut world.ledger, unknown, RevocationReason::Other, None, &at(last)).unwrap_err().exit_code(),
        21
    );
}

#[test]
fn every_usable_revision_is_revoked_and_no_other() {
    let mut world = World::new();
    let license = world.issue(|_| ()).signed.license;
    let other = world.issue(|_| ()).signed.license;
    // Renewals come later; here they are put into the ledger by hand: one that is over, one that starts ahead, one
    // without end.
    let intruder = Connection::open(world.ledger.path()).unwrap();
    let renew = |revision: u32, start: &str, grace_until: Option<&str>| {
        let seconds = |text: &str| i64::try_from(Timestamp::parse(text).unwrap().seconds()).unwrap();
        intruder
            .execute("INSERT INTO status_entry (list, idx, grace) VALUES (1, ?1, 86400)", [revision])
            .unwrap();
        intruder
            .execute(
                "INSERT INTO revision SELECT replace(serial, substr(serial, 33), ?1), license_id, ?2, ?3, kid, products, plan, \
                 iat, ?4, ?5, ?5, list, ?2, token, NULL FROM revision WHERE license_id = ?6 AND revision = 1",
                (
                    format!("000{revision}"),
                    revision,
                    // Some event; it need not be the right one here.
                    revision - 1,
                    seconds(start),
                    grace_until.map(seconds),
                    license.id.to_string(),
                ),
            )
            .unwrap();
    };
    renew(2, NOW, Some("2026-12-01T00:00:00Z"));
    renew(3, "2027-11-22T00:00:00Z", Some("2028-12-01T00:00:00Z"));
    renew(4, "2028-11-22T00:00:00Z", None);
    let revoked = revoke(
        &mut world.ledger,
        &license.serial.to_string(),
        RevocationReason::Superseded,
        None,
        &at(LATER),
    )
    .unwrap();
    assert_eq!(revoked.revisions.len(), 3, "by a serial the whole license is found");
    let record = find(&world.ledger, &license.id.to_string()).unwrap();
    let statuses: Vec<_> = record.revisions.iter().map(|revision| revision.status).collect();
    assert_eq!(statuses, [Status::Revoked, Status::Valid, Status::Revoked, Status::Revoked]);
    let untouched = find(&world.ledger, &other.id.to_string()).unwrap();
    assert_eq!((untouched.standing, untouched.revisions[0].status), (Standing::Active, Status::Valid));
}

#[test]
fn the_words_of_the_reasons_are_these() {
    let words: Vec<_> = RevocationReason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(
        words,
        [
            "non-payment",
            "contract-ended",
            "customer-request",
            "superseded",
            "issued-in-error",
            "key-compromise",
            "fraud",
            "other"
        ]
    );
    for reason in RevocationReason::ALL {
        assert_eq!(RevocationReason::from_word(reason.as_str()), Some(*reason));
        assert!(reason.meaning().ends_with('.'));
    }
    assert_eq!(RevocationReason::from_word("Other"), None);
}

fn from(date: &str) -> Revocation {
    Revocation { reason: RevocationReason::ContractEnded, note: None, effective: Some(time(date)) }
}

#[test]
fn a_revocation_counts_from_the_date_that_it_is_given() {
    // Ahead, behind, and the license's first instant; with the end of the grace of 14 days after it.
    for (date, read_only) in [
        ("2027-02-01T00:00:00Z", "2027-02-15T00:00:00Z"),
        ("2026-12-01T00:00:00Z", "2026-12-15T00:00:00Z"),
        (NOW, "2026-12-06T00:00:00Z"),
        // Its own end comes first.
        ("2027-11-30T00:00:00Z", "2027-12-06T00:00:00Z"),
    ] {
        let mut world = World::new();
        let id = world.issue(|_| ()).signed.license.id.to_string();
        let planned = preview_revocation(&world.ledger, &id, &from(date), &at(LATER)).unwrap();
        let revoked = revoke_from(&mut world.ledger, &id, &from(date), &at(LATER)).unwrap();
        assert_eq!((planned.since, &planned.revisions), (revoked.since, &revoked.revisions));
        assert_eq!((revoked.since, revoked.revisions[0].since), (time(date), time(date)));
        assert_eq!(revoked.revisions[0].read_only_from, Some(time(read_only)));
        let record = find(&world.ledger, &id).unwrap();
        assert_eq!(
            (record.revisions[0].status, record.revisions[0].since),
            (Status::Revoked, Some(time(date)))
        );
        let event = world.ledger.events(revoked.event).next().unwrap().unwrap();
        assert_eq!(event.at, time(LATER));
        check(&world.ledger).unwrap();
        // It is decided, whenever it counts.
        let again =
            revoke_from(&mut world.ledger, &id, &from("2027-12-01T00:00:00Z"), &at(LATER)).unwrap_err();
        assert_eq!((again.exit_code(), again.details["state"].as_str()), (20, Some("revoked")));
        assert!(again.message.contains(date), "{}", again.message);
    }
}

#[test]
fn a_revocation_counts_only_while_there_is_a_license() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    let events = world.ledger.events(1).count();
    for date in ["2026-11-21T23:59:59Z", "2027-12-06T00:00:00Z"] {
        let failure = revoke_from(&mut world.ledger, &id, &from(date), &at(LATER)).unwrap_err();
        assert_eq!(field_errors(&failure), ["effective"], "{}", failure.message);
        assert!(preview_revocation(&world.ledger, &id, &from(date), &at(LATER)).is_err());
    }
    assert_eq!(world.ledger.events(1).count(), events);
}

/// Suspending first and revoking later does not move the instant at which an entry left VALID.
#[test]
fn the_revocation_of_what_is_suspended_counts_from_its_suspension() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    suspend(&mut world.ledger, &id, None, &at(NOW)).unwrap();
    let failure = revoke_from(&mut world.ledger, &id, &from("2027-02-01T00:00:00Z"), &at(LATER)).unwrap_err();
    assert_eq!((failure.exit_code(), failure.details["state"].as_str()), (20, Some("suspended")));
    assert!(failure.hint.unwrap().contains("--effective"));
    revoke(&mut world.ledger, &id, RevocationReason::Other, None, &at(LATER)).unwrap();
    assert_eq!(find(&world.ledger, &id).unwrap().revisions[0].since, Some(time(NOW)));
    check(&world.ledger).unwrap();
}

#[test]
fn what_lies_ahead_is_brought_forward_and_never_put_off() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    revoke_from(&mut world.ledger, &id, &from("2027-07-01T00:00:00Z"), &at(NOW)).unwrap();
    for date in ["2027-07-01T00:00:00Z", "2027-08-01T00:00:00Z"] {
        let failure = revoke_from(&mut world.ledger, &id, &from(date), &at(LATER)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Conflict);
        assert!(failure.hint.unwrap().contains("brings it forward"));
    }
    let sooner = revoke_from(&mut world.ledger, &id, &from("2027-03-01T00:00:00Z"), &at(LATER)).unwrap();
    assert_eq!(sooner.revisions[0].since, time("2027-03-01T00:00:00Z"));
    let now = revoke(&mut world.ledger, &id, RevocationReason::Fraud, None, &at(LATER)).unwrap();
    assert_eq!((now.since, now.revisions[0].since), (time(LATER), time(LATER)));
    let record = find(&world.ledger, &id).unwrap();
    assert_eq!(record.standing, Standing::Revoked { since: time(LATER), reason: RevocationReason::Fraud });
    assert_eq!(record.revisions[0].since, Some(time(LATER)));
    // From now on it counts.
    let failure = revoke(&mut world.ledger, &id, RevocationReason::Other, None, &at(LATER)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    check(&world.ledger).unwrap();
}
