//! Naming a license: in full, by its beginning, or by itself.

use lictor_issuer::terms::{FromText as _, Span};
use lictor_issuer::{
    Changes, Earlier, FailureKind, Issued, Renewal, RenewedTerm, find, find_file, find_revision, renew,
    suspend,
};
use lictor_shared::Uuid;

use crate::support::{NOW, World, at, order};

const DAY: &str = "2026-11-23T00:00:00Z";

fn issue_at(world: &mut World, when: &str) -> Issued {
    world.try_issue_at(&order(), when).unwrap()
}

fn renew_at(world: &mut World, id: Uuid, when: &str) -> Uuid {
    let length = RenewedTerm::For(Span::from_text("1d").unwrap());
    let renewal = Renewal { length, changes: Changes::default(), earlier: Earlier::Keep };
    let renewed =
        renew(&world.home, &mut world.ledger, &world.key, &id.to_string(), &renewal, &at(when)).unwrap();
    renewed.issued.signed.license.serial
}

#[test]
fn eight_characters_are_enough_where_no_other_begins_so() {
    let mut world = World::new();
    let license = issue_at(&mut world, NOW).signed.license;
    issue_at(&mut world, DAY);
    let id = license.id.to_string();
    for beginning in [&id[..8], &id[..9], &id[..13], &id[..35], &id, &id.to_uppercase(), &format!(" {id}\n")]
    {
        assert_eq!(find(&world.ledger, beginning).unwrap().id, license.id, "{beginning}");
    }
    for (text, says) in [
        (&id[..7], "too short"),
        ("", "no id"),
        ("01a2027z", "no id"),
        (&format!("{id}0"), "no id"),
        ("ffffffff", "begins with ffffffff"),
        ("0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10", "by id or by serial"),
        ("--------", "begins with"),
        ("%%%%%%%%", "no id"),
    ] {
        let failure = find(&world.ledger, text).unwrap_err();
        assert_eq!(failure.kind, FailureKind::NotFound, "{text}");
        assert!(failure.message.contains(says), "{}", failure.message);
        assert!(failure.hint.is_some());
    }
}

#[test]
fn a_serial_names_its_revision_and_an_id_the_license() {
    let mut world = World::new();
    let first = issue_at(&mut world, NOW).signed.license;
    let second = renew_at(&mut world, first.id, DAY).to_string();
    let named = |text: &str| find_revision(&world.ledger, text).unwrap();
    assert_eq!(named(&first.id.to_string()).serial, None);
    assert_eq!(named(&first.serial.to_string()).serial, Some(first.serial));
    assert_eq!(named(&second).serial.map(|serial| serial.to_string()), Some(second.clone()));
    assert_eq!(named(&second[..8]).serial.map(|serial| serial.to_string()), Some(second.clone()));
    // What both the id and a serial begin with means the license.
    assert_eq!(named(&first.id.to_string()[..8]).serial, None);
    assert_eq!(named(&second).license.id, first.id);
}

#[test]
fn of_several_none_is_chosen_and_at_most_five_are_named() {
    let mut world = World::new();
    let one = issue_at(&mut world, NOW).signed.license.id.to_string();
    let two = issue_at(&mut world, NOW).signed.license.id.to_string();
    let failure = find(&world.ledger, &one[..8]).unwrap_err();
    assert_eq!(failure.exit_code(), 20);
    assert!(failure.message.contains(&one) && failure.message.contains(&two), "{}", failure.message);
    assert!(!failure.message.contains("and more"), "{}", failure.message);
    for _ in 0..4 {
        issue_at(&mut world, NOW);
    }
    let failure = find(&world.ledger, &one[..8]).unwrap_err();
    assert_eq!(failure.details["candidates"].as_array().map(<[_]>::len), Some(5));
    assert!(failure.message.contains("and more"), "{}", failure.message);
    assert_eq!(find(&world.ledger, &one).unwrap().id.to_string(), one, "in full it is one");
    let events = world.ledger.events(1).count();
    assert_eq!(suspend(&mut world.ledger, &one[..8], None, &at(NOW)).unwrap_err().exit_code(), 20);
    assert_eq!(world.ledger.events(1).count(), events);
}

#[test]
fn many_revisions_of_one_license_hide_no_other() {
    let mut world = World::new();
    let [one, two] = [0, 1].map(|_| issue_at(&mut world, NOW).signed.license.id);
    for _ in 0..8 {
        renew_at(&mut world, one, DAY);
    }
    let serial = renew_at(&mut world, one, DAY).to_string();
    assert_eq!(find(&world.ledger, &serial[..8]).unwrap().id, one, "all of them are of one license");
    renew_at(&mut world, two, DAY);
    let failure = find(&world.ledger, &serial[..8]).unwrap_err();
    assert_eq!(failure.details["candidates"].as_array().map(<[_]>::len), Some(2), "{}", failure.message);
}

#[test]
fn a_file_is_the_license_only_byte_for_byte() {
    let mut world = World::new();
    let issued = issue_at(&mut world, NOW);
    let (signed, serial) = (&issued.signed, issued.signed.license.serial);
    let quoted = signed.armored().replace('\n', "\r\n> ");
    for file in [signed.armored(), quoted, format!(" {}\n", signed.token)] {
        let found = find_file(&world.ledger, file.as_bytes()).unwrap();
        assert_eq!((found.license.id, found.serial), (signed.license.id, Some(serial)));
    }
    // The same claims under another signature.
    let end = signed.token.len() - 10;
    let other = if &signed.token[end..=end] == "A" { "B" } else { "A" };
    let forged = format!("{}{other}{}", &signed.token[..end], &signed.token[end + 1..]);
    let failure = find_file(&world.ledger, forged.as_bytes()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert!(failure.message.contains("not what was issued"), "{}", failure.message);
    let mut stranger = World::new();
    let foreign = stranger.issue(|_| ()).signed.armored();
    let failure = find_file(&world.ledger, foreign.as_bytes()).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    for nothing in [&b""[..], b"no license", &[0xff; 4096]] {
        let failure = find_file(&world.ledger, nothing).unwrap_err();
        assert_eq!(failure.kind, FailureKind::CannotRead);
    }
}
