//! Revoking: every revision that could still be used, and no other.

use lictor_issuer::{FailureKind, LicenseState, RevocationReason, Standing, find, revoke};
use lictor_shared::{Status, Timestamp};
use rusqlite::Connection;

use crate::support::{NOW, World, at, text, time};

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
