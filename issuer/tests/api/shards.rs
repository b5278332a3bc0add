//! Lists that are opened as they are needed, and published only if they say something new.

use lictor_issuer::key::distrust_key;
use lictor_issuer::{
    DueLists, FailureKind, Home, Present, Published, Revocation, RevocationReason, check, due_lists, import,
    lists, publish, read_export, restore, revoke, revoke_from, visit_export,
};
use lictor_keys::Signer as _;
use lictor_shared::{Activation, Artefact as _, Received, Uri};
use rusqlite::Connection;
use std::fs;

use crate::deployment::Deployment;
use crate::import::{beside, with_list};
use crate::restore::backup;
use crate::support::{LIST, NOW, World, at, time};

const FULL: u64 = 917_504;

fn uri(text: &str) -> Uri {
    Uri::new(text).unwrap()
}

fn second() -> String {
    format!("{LIST}.2")
}

/// Lets the list count so many entries more than it has; the sum can be taken back.
fn count(world: &World, uri: &str, entries: i64) {
    let intruder = Connection::open(world.ledger.path()).unwrap();
    let counted =
        intruder.execute("UPDATE status_list SET entries = entries + ?1 WHERE uri = ?2", (entries, uri));
    assert_eq!(counted.unwrap(), 1);
}

fn filled(world: &World, uri: &str) -> i64 {
    let entries = i64::try_from(FULL).unwrap() - 1;
    count(world, uri, entries);
    entries
}

fn publish_all(world: &mut World, uris: &[Uri], when: &str) -> Vec<Published> {
    publish(&world.home, &mut world.ledger, &world.key, uris, &at(when)).unwrap().lists
}

#[test]
fn where_a_list_is_full_the_next_license_and_the_next_seat_open_a_further_one() {
    let mut world = World::new();
    let issued = world.seats(3, 0);
    assert_eq!(issued.signed.license.status.uri.as_str(), LIST);
    let entries = filled(&world, LIST);
    let on_second = world.issue(|_| ()).signed.license;
    assert_eq!(on_second.status.uri.as_str(), second());
    let mut deployment = Deployment::new(&issued);
    let given = world.grant(&deployment.activate());
    deployment.take(&given);
    let received = Received::<Activation>::read(&given.paste.token).unwrap();
    let activation = Activation::read(received.untrusted_payload()).unwrap();
    assert_eq!(activation.status.uri.as_str(), second());
    // The answer encloses the list of the activation, and that of the license.
    assert_eq!(given.paste.lists.len(), 2);
    count(&world, LIST, -entries);
    check(&world.ledger).unwrap();
    // Each is published, and tells of its own.
    revoke(&mut world.ledger, &on_second.id.to_string(), RevocationReason::Fraud, None, &at(NOW)).unwrap();
    let uris = lists(&world.home, &world.ledger).unwrap();
    assert_eq!(uris, [uri(LIST), uri(&second())]);
    let published = publish_all(&mut world, &uris, NOW);
    let told: Vec<_> = published.iter().map(|list| (list.uri.clone(), list.revoked)).collect();
    assert_eq!(told, [(uri(LIST), 0), (uri(&second()), 1)]);
    check(&world.ledger).unwrap();
}

#[test]
fn full_lists_follow_one_another() {
    let mut world = World::new();
    world.issue(|_| ());
    let mut list = LIST.to_owned();
    for number in 2..6 {
        filled(&world, &list);
        list = format!("{LIST}.{number}");
        assert_eq!(world.issue(|_| ()).signed.license.status.uri.as_str(), list);
        assert_eq!(world.issue(|_| ()).signed.license.status.uri.as_str(), list, "and it has room for more");
    }
}

#[test]
fn a_list_that_counts_other_entries_than_it_has_is_found() {
    let mut world = World::new();
    world.issue(|_| ());
    count(&world, LIST, 1);
    let failure = check(&world.ledger).unwrap_err();
    assert!(failure.message.contains("status_list"), "{}", failure.message);
}

#[test]
fn a_restore_begins_anew_under_a_name_of_its_own() {
    let mut world = World::new();
    world.issue(|_| ());
    backup(&world, "backup.db");
    let World { home, ledger, scratch, .. } = world;
    drop(ledger);
    let file = scratch.0.join("backup.db");
    // Since the backup the second may have been opened, of which the backup knows nothing.
    for name in [second(), format!("{LIST}.7")] {
        let failure = restore(&home, &file, &uri(&name), Present::Replace, &at(NOW)).unwrap_err();
        assert_eq!(failure.kind, FailureKind::Conflict);
        assert!(failure.message.contains("opened by itself"), "{}", failure.message);
    }
    restore(&home, &file, &uri("urn:acme:1"), Present::Replace, &at(NOW)).unwrap();
    let home = Home::open(home.path()).unwrap();
    assert_eq!(home.config().status_uri.as_str(), "urn:acme:1");
    check(&home.ledger().unwrap()).unwrap();
}

#[test]
fn licenses_on_a_list_that_this_ledger_would_open_are_not_taken_over() {
    let mut other = World::new();
    other.issue(|_| ());
    filled(&other, LIST);
    other.issue(|_| ());
    let mut export = String::new();
    visit_export(&other.ledger, &mut |_, line| {
        if line.contains(&second()) {
            export.push_str(line);
        }
        Ok(())
    })
    .unwrap();
    let world = beside(&other);
    let mut world = with_list(world, LIST);
    let arriving = read_export(&world.ledger, export.as_bytes()).unwrap();
    let failure = import(&world.home, &mut world.ledger, &arriving, &at(NOW)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(
        failure.message.contains(&format!("which new licenses get where {LIST} is full")),
        "{}",
        failure.message
    );
}

#[test]
fn a_lost_configuration_names_the_first_list_again() {
    let mut world = World::new();
    world.issue(|_| ());
    filled(&world, LIST);
    world.issue(|_| ());
    let path = world.home.path().to_owned();
    fs::remove_file(path.join("lictor.toml")).unwrap();
    let hint = Home::open(&path).unwrap_err().hint.unwrap();
    assert!(hint.contains(&format!("statusUri = \"{LIST}\"")), "{hint}");
}

/// The URIs of the lists that are due.
fn due(world: &World, when: &str) -> Vec<String> {
    let uris = lists(&world.home, &world.ledger).unwrap();
    let DueLists { lists: due, current } = due_lists(&world.ledger, &uris, time(when)).unwrap();
    assert_eq!(due.len() + current.len(), uris.len());
    due.iter().map(ToString::to_string).collect()
}

const NOTHING: [&str; 0] = [];
/// The day after a list was published, of which a newer one should be out after seven.
const NEXT_DAY: &str = "2026-11-23T00:00:00Z";

#[test]
fn a_list_is_due_if_it_was_never_published_or_an_entry_has_changed() {
    let mut world = World::new();
    let first = world.issue(|_| ()).signed.license;
    filled(&world, LIST);
    world.issue(|_| ());
    assert_eq!(due(&world, NOW), [LIST, &second()]);
    let uris = lists(&world.home, &world.ledger).unwrap();
    let published = publish_all(&mut world, &uris, NOW);
    assert_eq!(due(&world, NEXT_DAY), NOTHING);
    let found = due_lists(&world.ledger, &uris, time(NEXT_DAY)).unwrap();
    for (published, current) in published.iter().zip(&found.current) {
        assert_eq!((&published.uri, published.sequence), (&current.uri, current.sequence));
        assert_eq!(published.armored(), current.armored());
    }
    // A new license changes nothing that a list says.
    world.issue(|_| ());
    assert_eq!(due(&world, NEXT_DAY), NOTHING);
    revoke(&mut world.ledger, &first.id.to_string(), RevocationReason::Fraud, None, &at(NEXT_DAY)).unwrap();
    assert_eq!(due(&world, NEXT_DAY), [LIST]);
    publish_all(&mut world, &[uri(LIST)], NEXT_DAY);
    assert_eq!(due(&world, NEXT_DAY), NOTHING);
}

#[test]
fn a_list_is_due_when_half_of_its_time_is_over() {
    let mut world = World::new();
    publish_all(&mut world, &[uri(LIST)], NOW);
    assert_eq!(due(&world, "2026-11-25T11:59:59Z"), NOTHING);
    assert_eq!(due(&world, "2026-11-25T12:00:00Z"), [LIST]);
    // A clock that stands a little behind makes none due; by more, one of the two is wrong.
    assert_eq!(due(&world, "2026-11-21T23:55:00Z"), NOTHING);
    assert_eq!(due(&world, "2026-11-21T23:54:59Z"), [LIST]);
}

#[test]
fn a_list_that_one_deployment_got_alone_is_due_for_all_others() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let gone = world.issue(|_| ()).signed.license;
    publish_all(&mut world, &[uri(LIST)], NOW);
    revoke(&mut world.ledger, &gone.id.to_string(), RevocationReason::Fraud, None, &at(NOW)).unwrap();
    assert_eq!(due(&world, NOW), [LIST]);
    // The edition that is enclosed here tells of it.
    world.grant(&Deployment::new(&issued).activate());
    let event = world.ledger.events(1).last().unwrap().unwrap();
    assert_eq!((event.kind.as_str(), event.body.contains_key("enclosed")), ("status.published", true));
    assert_eq!(due(&world, NOW), [LIST], "and nobody else has got it");
    publish_all(&mut world, &[uri(LIST)], NOW);
    assert_eq!(due(&world, NOW), NOTHING);
    // What was published is enclosed as it is.
    world.grant(&Deployment::new(&issued).activate());
    assert_eq!(due(&world, NOW), NOTHING);
    check(&world.ledger).unwrap();
}

#[test]
fn a_list_is_due_when_the_day_of_a_revocation_has_come() {
    let mut world = World::new();
    let gone = world.issue(|_| ()).signed.license;
    let day = "2026-11-24T00:00:00Z";
    let ahead = Revocation { reason: RevocationReason::Fraud, note: None, effective: Some(time(day)) };
    revoke_from(&mut world.ledger, &gone.id.to_string(), &ahead, &at(NOW)).unwrap();
    publish_all(&mut world, &[uri(LIST)], NOW);
    assert_eq!(due(&world, "2026-11-23T23:59:59Z"), NOTHING);
    assert_eq!(due(&world, day), [LIST]);
}

#[test]
fn a_list_of_a_key_that_leaked_is_due() {
    let mut world = World::new();
    publish_all(&mut world, &[uri(LIST)], NOW);
    assert_eq!(due(&world, NEXT_DAY), NOTHING);
    let kid = world.key.public_key().thumbprint();
    distrust_key(&mut world.ledger, &kid, time(NEXT_DAY), &at(NEXT_DAY)).unwrap();
    assert_eq!(due(&world, NEXT_DAY), [LIST]);
}

#[test]
fn many_lists_are_signed_in_one_step_and_in_order() {
    let mut world = World::new();
    world.issue(|_| ());
    let mut list = LIST.to_owned();
    for number in 2..20 {
        filled(&world, &list);
        list = format!("{LIST}.{number}");
        let license = world.issue(|_| ()).signed.license;
        if number % 3 == 0 {
            revoke(&mut world.ledger, &license.id.to_string(), RevocationReason::Fraud, None, &at(NOW))
                .unwrap();
        }
    }
    let mut uris = lists(&world.home, &world.ledger).unwrap();
    // Named twice, signed once.
    uris.push(uris[3].clone());
    let published = publish_all(&mut world, &uris, NOW);
    uris.pop();
    assert_eq!(published.iter().map(|list| list.uri.clone()).collect::<Vec<_>>(), uris);
    for (number, list) in (1..).zip(&published) {
        assert_eq!(list.revoked, usize::from(number > 1 && number % 3 == 0), "{}", list.uri);
    }
    let events: Vec<u64> = published.iter().map(|list| list.event).collect();
    assert!(events.is_sorted(), "{events:?}");
    // All or none.
    let before = world.ledger.events(1).count();
    uris.push(uri("urn:acme:unknown"));
    let failure = publish(&world.home, &mut world.ledger, &world.key, &uris, &at(NOW)).unwrap_err();
    assert_eq!((failure.kind, world.ledger.events(1).count()), (FailureKind::NotFound, before));
}
