//! Restoring: what was decided since the backup holds, about keys as about licenses.

use lictor_issuer::durable::Existing;
use lictor_issuer::key::{
    AnchorChangeKind, Shipping, Succession, activate_key, destroy_key, distrust_key, export_keys, retire_key,
};
use lictor_issuer::terms::{FromText as _, Span};
use lictor_issuer::{
    Changes, Earlier, Home, Memory, Present, Renewal, RenewedTerm, Restored, Standing, check, find,
    reinstate, renew, restore, suspend,
};
use lictor_keys::{KeyRecord, KeyStanding, PrivateKey};
use lictor_shared::{AnchorSet, Purpose, Status, Thumbprint, Uri};
use rusqlite::Connection;
use std::fs;

use crate::support::{NOW, World, at, time};

const LATER: &str = "2027-02-01T00:00:00Z";
const MARCH: &str = "2027-03-01T00:00:00Z";
const LEAKED: &str = "2027-04-01T00:00:00Z";

fn add(world: &mut World) -> Thumbprint {
    world.add_key(&PrivateKey::generate().unwrap(), |key| key).unwrap().public.thumbprint()
}

pub(crate) fn backup(world: &World, name: &str) {
    world.ledger.backup(&world.scratch.0.join(name), Existing::Keep).unwrap();
}

/// Restores a backup at a time, into the list of this number.
pub(crate) fn restored(world: World, name: &str, number: u32, when: &str) -> (World, Restored) {
    let World { home, ledger, key, scratch } = world;
    drop(ledger);
    let list = Uri::new(&format!("urn:acme:status:{number}")).unwrap();
    let restored = restore(&home, &scratch.0.join(name), &list, Present::Replace, &at(when)).unwrap();
    let home = Home::open(home.path()).unwrap();
    let ledger = home.ledger().unwrap();
    check(&ledger).unwrap();
    (World { home, ledger, key, scratch }, restored)
}

fn key(world: &World, kid: &Thumbprint) -> KeyRecord {
    world.ledger.key_ring().unwrap().find(kid).unwrap().clone()
}

fn signs(world: &World) -> Thumbprint {
    world.ledger.key_ring().unwrap().active_for(Purpose::License).unwrap().public.thumbprint()
}

fn kinds_from(world: &World, seq: u64) -> Vec<&'static str> {
    world.ledger.events(seq).map(|event| event.unwrap().kind.as_str()).collect()
}

/// A leaked key does not sign again, and the anchors go on saying that it leaked.
#[test]
fn a_key_that_was_distrusted_since_stays_so() {
    let mut world = World::new();
    let first = signs(&world);
    let second = add(&mut world);
    export_keys(&mut world.ledger, &at(NOW)).unwrap();
    backup(&world, "backup.db");
    activate_key(&mut world.ledger, &second, Shipping::Required, &at(LATER)).unwrap();
    distrust_key(&mut world.ledger, &first, time(LEAKED), &at(LATER)).unwrap();
    let shipped = export_keys(&mut world.ledger, &at(LATER)).unwrap().set;
    let (mut world, restored) = restored(world, "backup.db", 1, MARCH);
    assert_eq!((restored.memory, restored.carried_keys), (Memory::Whole, vec![second, first]));
    assert_eq!(signs(&world), second);
    assert_eq!(key(&world, &first).distrust_after, Some(time(LEAKED)));
    let kinds = ["ledger.restored", "key.activated", "key.distrusted", "key.exported"];
    assert_eq!(kinds_from(&world, restored.event), kinds);
    let told = world.ledger.events(restored.event).next().unwrap().unwrap();
    assert_eq!(told.body["keys"].as_array().unwrap().len(), 2);
    let again = export_keys(&mut world.ledger, &at(MARCH)).unwrap();
    assert_eq!((again.set, again.event, again.changes), (shipped, None, Vec::new()));
}

/// Retired and destroyed keys stay so, with the window that was shipped; keys made since are known, in their order.
#[test]
fn every_step_of_a_key_is_carried_over() {
    let mut world = World::new();
    let first = signs(&world);
    backup(&world, "backup.db");
    let [second, third, fourth, spare] = [(); 4].map(|()| add(&mut world));
    let ledger = &mut world.ledger;
    export_keys(ledger, &at(NOW)).unwrap();
    // The third before the second: the second signs.
    for kid in [third, second, fourth] {
        activate_key(ledger, &kid, Shipping::Required, &at(NOW)).unwrap();
    }
    retire_key(ledger, &fourth, Succession::Required, &at(LATER)).unwrap();
    retire_key(ledger, &first, Succession::Required, &at(LATER)).unwrap();
    destroy_key(&world.home, ledger, &first, &at(LATER)).unwrap();
    distrust_key(ledger, &third, time(LEAKED), &at(LATER)).unwrap();
    let before = ledger.key_ring().unwrap();
    assert_eq!(signs(&world), second);
    let (mut world, after) = restored(world, "backup.db", 1, MARCH);
    assert_eq!(after.carried_keys.len(), 5);
    for old in before.records() {
        let new = key(&world, &old.public.thumbprint());
        assert_eq!(KeyRecord { turn: None, ..new }, KeyRecord { turn: None, ..old.clone() });
    }
    assert_eq!(signs(&world), second);
    let standings = [first, second, third, fourth, spare].map(|kid| key(&world, &kid).standing());
    let stand = [
        KeyStanding::Destroyed,
        KeyStanding::Active,
        KeyStanding::Distrusted,
        KeyStanding::Retired,
        KeyStanding::Next,
    ];
    assert_eq!(standings, stand);
    // A next one that was given out before can be activated, and signs before all others.
    activate_key(&mut world.ledger, &spare, Shipping::Required, &at(MARCH)).unwrap();
    assert_eq!(signs(&world), spare);
    let set = export_keys(&mut world.ledger, &at(MARCH)).unwrap();
    let changed: Vec<_> = set.changes.iter().map(|change| (change.kid, change.kind)).collect();
    let kind = AnchorChangeKind::Changed;
    assert_eq!(changed, [(first, kind), (third, kind), (fourth, kind)]);
    assert_eq!(AnchorSet::read(set.set.as_bytes()).unwrap().anchors().len(), 5);
    // Once more, from the same backup.
    let (world, after) = restored(world, "backup.db", 2, MARCH);
    assert_eq!((after.carried_keys.len(), signs(&world)), (5, spare));
}

/// What the backup knows is never taken back, and where nothing was lost nothing is recorded.
#[test]
fn a_backup_that_knows_more_of_a_key_prevails() {
    let mut world = World::new();
    let first = signs(&world);
    let second = add(&mut world);
    backup(&world, "early.db");
    activate_key(&mut world.ledger, &second, Shipping::Waived, &at(NOW)).unwrap();
    retire_key(&mut world.ledger, &first, Succession::Required, &at(NOW)).unwrap();
    distrust_key(&mut world.ledger, &first, time(LATER), &at(NOW)).unwrap();
    backup(&world, "late.db");
    // The ledger is lost, and an earlier backup takes its place; then the later one is found.
    fs::remove_file(world.ledger.path()).unwrap();
    let (mut world, lost) = restored(world, "early.db", 1, NOW);
    assert_eq!((lost.memory, lost.carried_keys.len(), signs(&world)), (Memory::None, 0, first));
    distrust_key(&mut world.ledger, &first, time(LEAKED), &at(NOW)).unwrap();
    let (world, found) = restored(world, "late.db", 2, NOW);
    assert_eq!(found.carried_keys, []);
    assert_eq!(kinds_from(&world, found.event), ["ledger.restored"]);
    let first = key(&world, &first);
    assert_eq!((first.standing(), first.distrust_after), (KeyStanding::Distrusted, Some(time(LATER))));
    assert_eq!(signs(&world), second);
}

/// What can be read of a damaged ledger counts; and the check looks for every key that the event names.
#[test]
fn a_damaged_ledger_still_tells_of_its_keys() {
    let mut world = World::new();
    let first = signs(&world);
    world.issue(|_| ());
    backup(&world, "backup.db");
    distrust_key(&mut world.ledger, &first, time(LEAKED), &at(NOW)).unwrap();
    let second = add(&mut world);
    let intruder = Connection::open(world.ledger.path()).unwrap();
    intruder.execute("UPDATE status_list SET sequence = 7", ()).unwrap();
    drop(intruder);
    let (world, restored) = restored(world, "backup.db", 1, NOW);
    assert_eq!((restored.memory, restored.carried_keys.len()), (Memory::Damaged, 2));
    assert_eq!(key(&world, &first).distrust_after, Some(time(LEAKED)));
    assert_eq!(signs(&world), second);
    let intruder = Connection::open(world.ledger.path()).unwrap();
    intruder.execute("UPDATE signing_key SET distrust_after = NULL", ()).unwrap();
    let failure = check(&world.ledger).unwrap_err();
    assert!(failure.message.contains("distrustAfter"), "{}", failure.message);
}

/// A suspension that was taken back and pronounced anew counts from the later instant.
#[test]
fn of_two_suspensions_the_later_counts() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    suspend(&mut world.ledger, &id, None, &at(NOW)).unwrap();
    backup(&world, "backup.db");
    reinstate(&mut world.ledger, &id, None, &at(LATER)).unwrap();
    suspend(&mut world.ledger, &id, None, &at(MARCH)).unwrap();
    let (world, first) = restored(world, "backup.db", 1, MARCH);
    assert_eq!((first.stopped, first.licenses, first.stopped_again), (1, 1, 0));
    let record = find(&world.ledger, &id).unwrap();
    assert_eq!(record.standing, Standing::Suspended { since: time(MARCH) });
    let revision = &record.revisions[0];
    assert_eq!((revision.status, revision.since), (Status::Suspended, Some(time(MARCH))));
    // Nothing is new any more to a backup of this.
    backup(&world, "again.db");
    let (_world, second) = restored(world, "again.db", 2, MARCH);
    assert_eq!((second.stopped, second.licenses, second.handed_out), (0, 0, 0));
}

/// Of a renewal that is forgotten the revocation of the earlier revision stays: there is nothing left to suspend.
#[test]
fn what_is_revoked_in_every_revision_is_not_suspended() {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    backup(&world, "backup.db");
    let length = RenewedTerm::For(Span::from_text("1y").unwrap());
    let renewal = Renewal { length, changes: Changes::default(), earlier: Earlier::Revoke };
    renew(&world.home, &mut world.ledger, &world.key, &id, &renewal, &at(LATER)).unwrap();
    let (mut world, restored) = restored(world, "backup.db", 1, LATER);
    assert_eq!((restored.handed_out, restored.stopped, restored.licenses), (1, 1, 0));
    let failure = suspend(&mut world.ledger, &id, None, &at(LATER)).unwrap_err();
    assert_eq!((failure.exit_code(), failure.details["state"].as_str()), (20, Some("active")));
    for words in ["is revoked already", "though the license is active", "nothing to suspend"] {
        assert!(failure.message.contains(words), "{}", failure.message);
    }
    assert_eq!(find(&world.ledger, &id).unwrap().standing, Standing::Active);
    assert_eq!(kinds_from(&world, restored.event), ["ledger.restored"], "nothing was recorded");
}
