//! Publishing: a list that every deployment takes, and that never goes back.

use lictor_issuer::{
    ClockChange, Failure, FailureKind, Home, Occasion, Published, RevocationReason, lists, publish, revoke,
};
use lictor_shared::{Artefact as _, Received, Status, StatusList, Uri, limits};
use lictor_validator::Unverified;
use rusqlite::Connection;
use std::fs;

use crate::support::{LIST, NOW, World, at, time};

/// Even if the clock was set back.
fn whatever(when: &str) -> Occasion {
    Occasion { clock_change: ClockChange::Record, ..at(when) }
}

fn try_publish(world: &mut World, uri: &str, when: &str) -> Result<Published, Failure> {
    let uris = [Uri::new(uri).unwrap()];
    let published = publish(&world.home, &mut world.ledger, &world.key, &uris, &whatever(when))?;
    Ok(published.lists[0].clone())
}

fn read(published: &Published) -> StatusList {
    let received = Received::<StatusList>::read(&published.token).unwrap();
    StatusList::read(received.untrusted_payload()).unwrap()
}

#[test]
fn a_list_says_what_was_revoked_and_nothing_else() {
    let mut world = World::new();
    let [kept, gone] = [world.issue(|_| ()), world.issue(|_| ())].map(|issued| issued.signed.license);
    let empty = try_publish(&mut world, LIST, NOW).unwrap();
    assert_eq!((empty.revoked, empty.suspended, empty.dated), (0, 0, 0));
    assert_eq!(read(&empty).exceptions().count(), 0);
    let when = "2026-12-24T00:00:00Z";
    revoke(&mut world.ledger, &gone.id.to_string(), RevocationReason::Fraud, None, &at(when)).unwrap();
    let published = try_publish(&mut world, LIST, when).unwrap();
    let list = read(&published);
    assert_eq!(list.exceptions().collect::<Vec<_>>(), [(gone.status.index, Status::Revoked)]);
    assert_eq!(list.status(kept.status.index), Status::Valid);
    assert_eq!(list.since, [(gone.status.index, time(when))].into());
    assert_eq!(
        (list.issued_at, list.ttl.get(), list.issuer.as_str()),
        (time(when), 604_800, "acme-licensing")
    );
    assert_eq!((list.uri.as_str(), list.bits().get()), (LIST, 1));
    assert_eq!(published.stale_from, Some(time("2026-12-31T00:00:00Z")));
    let anchors = world.ledger.key_ring().unwrap().anchors().unwrap();
    assert!(Unverified::<StatusList>::read(published.armored().as_bytes()).unwrap().verify(&anchors).is_ok());
    // Fourteen days of grace later nobody needs the date any more.
    let later = try_publish(&mut world, LIST, "2027-01-07T00:00:00Z").unwrap();
    assert_eq!((later.revoked, later.dated), (1, 0));
    assert_eq!(try_publish(&mut world, LIST, "2027-01-06T23:59:59Z").unwrap().dated, 1);
}

#[test]
fn a_sequence_grows_whatever_the_clock_says() {
    let mut world = World::new();
    let mut sequence = |when: &str| try_publish(&mut world, LIST, when).unwrap().sequence;
    let now = time(NOW).seconds();
    assert_eq!(sequence(NOW), now);
    assert_eq!(sequence(NOW), now + 1);
    assert_eq!(sequence("2020-01-01T00:00:00Z"), now + 2, "the clock stands behind");
    assert_eq!(sequence("2026-11-23T00:00:00Z"), now + 86_400);
    let event = world.ledger.events(1).last().unwrap().unwrap();
    assert_eq!(event.kind.as_str(), "status.published");
    assert_eq!(event.body["sequence"].as_integer(), Some(now + 86_400));
    assert_eq!(event.body["uri"].as_str(), Some(LIST));
}

#[test]
fn suspensions_take_a_second_bit() {
    let mut world = World::new();
    let index = world.issue(|_| ()).signed.license.status.index;
    // Suspending comes later; here it is put into the ledger by hand.
    let intruder = Connection::open(world.ledger.path()).unwrap();
    intruder.execute("UPDATE status_entry SET status = 2, since = 1795305600", ()).unwrap();
    let published = try_publish(&mut world, LIST, NOW).unwrap();
    let list = read(&published);
    assert_eq!((published.suspended, list.bits().get()), (1, 2));
    assert_eq!(list.status(index), Status::Suspended);
}

#[test]
fn a_crowded_list_still_fits_into_a_token() {
    let mut world = World::new();
    world.issue(|_| ());
    // Half of a million entries revoked, in no order that compresses; the later the index, the later the grace ends.
    let intruder = Connection::open(world.ledger.path()).unwrap();
    intruder
        .execute_batch(
            "WITH RECURSIVE n(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < 1048575) \
             INSERT OR IGNORE INTO status_entry (list, idx, status, since, grace) \
             SELECT 1, i, 1 + (i / 7 % 2), 1794257025 + i, 1209600 FROM n WHERE random() % 2 = 0",
        )
        .unwrap();
    let published = try_publish(&mut world, LIST, NOW).unwrap();
    let list = read(&published);
    assert!(published.revoked + published.suspended > 500_000);
    assert!(published.token.len() <= limits::STATUS_LIST_TOKEN_BYTES);
    assert!(published.token.len() + 100 > limits::STATUS_LIST_TOKEN_BYTES, "and no room is given away");
    assert_eq!(list.since.len(), published.dated);
    assert!(list.since.len() < limits::SINCE_ENTRIES);
    let first = *list.since.keys().next().unwrap();
    let left_out = list.exceptions().filter(|(index, _)| !list.since.contains_key(index));
    assert!(left_out.into_iter().all(|(index, _)| index < first), "those whose grace ends first");
}

#[test]
fn every_list_that_a_license_refers_to_is_published() {
    let mut world = World::new();
    let old = world.issue(|_| ()).signed.license;
    let next = "https://licensing.acme.example/status/1";
    let config = world.home.path().join("lictor.toml");
    let first = fs::read_to_string(&config).unwrap();
    fs::write(&config, first.replace("status/0", "status/1")).unwrap();
    world.home = Home::open(world.home.path()).unwrap();
    let new = world.issue(|_| ()).signed.license;
    assert_eq!((old.status.uri.as_str(), new.status.uri.as_str()), (LIST, next));
    let uris = |home| lists(home, &world.ledger).unwrap().iter().map(ToString::to_string).collect::<Vec<_>>();
    // In the order in which they were opened, whichever is in use.
    assert_eq!(uris(&world.home), [LIST, next]);
    fs::write(&config, first).unwrap();
    assert_eq!(uris(&Home::open(world.home.path()).unwrap()), [LIST, next]);
    revoke(&mut world.ledger, &old.id.to_string(), RevocationReason::Other, None, &at(NOW)).unwrap();
    assert_eq!(try_publish(&mut world, LIST, NOW).unwrap().revoked, 1);
    assert_eq!(try_publish(&mut world, next, NOW).unwrap().revoked, 0);
    let unknown = try_publish(&mut world, "https://licensing.acme.example/status/2", NOW).unwrap_err();
    assert_eq!(unknown.kind, FailureKind::NotFound);
}

#[test]
fn without_a_key_no_list_is_signed() {
    let mut world = World::bare();
    let failure = try_publish(&mut world, LIST, NOW).unwrap_err();
    assert_eq!((failure.exit_code(), failure.hint.as_deref()), (14, Some("lictor key new")));
    assert_eq!(lists(&world.home, &world.ledger).unwrap().len(), 1);
    assert_eq!(world.ledger.events(1).count(), 1);
}
