//! The check of a ledger: whatever was changed past the log is named.

use lictor_issuer::terms::{FromText as _, Span};
use lictor_issuer::{
    Changes, Earlier, Renewal, RenewedTerm, RevocationReason, Terms, check, publish, reinstate, renew,
    revoke, suspend,
};
use lictor_shared::Uri;
use rusqlite::Connection;

use crate::support::{LIST, NOW, World, at, text};

/// Two licenses, one of them revoked, and a list.
fn busy() -> World {
    let mut world = World::new();
    world.add_product("crm", Terms::default());
    world.issue(|_| ());
    let id = world.issue(|order| order.customer = text("Bolt AG")).signed.license.id.to_string();
    revoke(&mut world.ledger, &id, RevocationReason::Other, Some(&text("note")), &at(NOW)).unwrap();
    publish(&world.home, &mut world.ledger, &world.key, &[Uri::new(LIST).unwrap()], &at(NOW)).unwrap();
    world
}

#[test]
fn a_ledger_that_nobody_touched_is_as_its_log_says() {
    let world = busy();
    let checked = check(&world.ledger).unwrap();
    assert_eq!((checked.events, checked.licenses, checked.personal, checked.erased), (8, 2, 5, 0));
    let intruder = Connection::open(world.ledger.path()).unwrap();
    intruder.execute("DELETE FROM personal WHERE field = 'note'", ()).unwrap();
    let failure = check(&world.ledger).unwrap_err();
    assert!(failure.message.contains("\"note\" is missing, and was never erased"), "{}", failure.message);
}

#[test]
fn every_row_that_was_changed_is_named() {
    for (change, named) in [
        ("UPDATE status_entry SET status = 0, since = NULL WHERE status = 1", "status_entry"),
        ("UPDATE status_entry SET since = since + 1 WHERE status = 1", "status_entry"),
        ("UPDATE status_entry SET status = 1, since = 5 WHERE status = 0", "status_entry"),
        ("UPDATE status_entry SET status = 2 WHERE status = 1", "status_entry"),
        ("UPDATE status_entry SET grace = 31536000", "revocationGrace"),
        (
            "INSERT INTO status_entry SELECT list, (idx + 1) % 1048576, 0, NULL, grace FROM status_entry LIMIT 1",
            "status_entry has 3 rows",
        ),
        ("UPDATE license SET state = 'active', since = NULL WHERE state = 'revoked'", "table license"),
        ("UPDATE license SET reason = 'fraud' WHERE state = 'revoked'", "table license"),
        ("UPDATE license SET customer_id = 'acme-gmbh'", "another customer's"),
        ("UPDATE revision SET exp = exp + 86400", "expiresAt"),
        ("UPDATE revision SET grace_until = grace_until + 86400", "graceUntil"),
        ("UPDATE revision SET nbf = nbf - 1", "startsAt"),
        ("UPDATE revision SET plan = 'basic'", "plan"),
        ("UPDATE revision SET products = '[\"crm\"]'", "products"),
        ("UPDATE revision SET token = token || 'x'", "tokenSha256"),
        ("UPDATE revision SET revision = 2", "revision"),
        ("DELETE FROM revision WHERE seq = 5", "missing"),
        ("UPDATE status_list SET sequence = 1", "status_list"),
        ("UPDATE status_list SET uri = 'x:y'", "status"),
        ("UPDATE status_list SET published_at = published_at + 1", "status_list"),
        ("UPDATE status_list SET published_at = NULL", "status_list"),
        ("INSERT INTO status_list (uri) VALUES ('x:y')", "status_list"),
        ("UPDATE customer SET name = 'Mallory' WHERE id = 'bolt-ag'", "customer"),
        ("INSERT INTO customer (id, name) VALUES ('mallory', 'Mallory')", "customer"),
        ("DROP TRIGGER event_is_never_changed", "the trigger event_is_never_changed is missing"),
        ("DROP TRIGGER status_entry_is_never_freed", "the trigger status_entry_is_never_freed is missing"),
        ("DROP INDEX license_by_customer", "the index license_by_customer is missing"),
        (
            "DROP TRIGGER event_is_next; CREATE TRIGGER event_is_next BEFORE INSERT ON event BEGIN SELECT 1; END",
            "the trigger event_is_next is not as this program makes it",
        ),
        ("CREATE TABLE more (x)", "the table more is none that this program makes"),
        ("DROP TABLE personal", "damaged"),
        (
            "UPDATE product SET definition = replace(definition, 'basic', 'gold') WHERE name = 'crm'",
            "not as it was added",
        ),
        ("DELETE FROM product WHERE name = 'crm'", "missing"),
        (
            "INSERT INTO product SELECT 'mail', 8, definition FROM product WHERE name = 'crm'",
            "product has 3 rows",
        ),
        ("UPDATE signing_key SET state = 'retired'", "state"),
        ("UPDATE signing_key SET distrust_after = 5", "distrustAfter"),
        ("UPDATE signing_key SET issuer = 'mallory'", "issuer"),
        ("UPDATE personal SET text = 'Mallory' WHERE field = 'customer'", "commits to"),
        ("UPDATE personal SET salt = zeroblob(32)", "commits to"),
        ("UPDATE personal SET field = 'note2' WHERE field = 'note'", "commits to"),
        ("DROP TRIGGER event_is_never_deleted; DELETE FROM event WHERE seq = 8", "list_edition"),
        (
            "DROP TRIGGER event_is_never_deleted; PRAGMA foreign_keys = OFF; DELETE FROM event WHERE seq = 5",
            "not there",
        ),
    ] {
        let world = busy();
        let intruder = Connection::open(world.ledger.path()).unwrap();
        intruder.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        intruder.execute_batch(change).unwrap();
        let failure = check(&world.ledger).expect_err(change);
        assert_eq!(failure.exit_code(), 32, "{change}: {}", failure.message);
        assert!(failure.message.contains(named), "{change}: {}", failure.message);
    }
}

/// One license suspended, one suspended and then revoked, one suspended and reinstated.
fn suspended() -> World {
    let mut world = World::new();
    let ids = [0, 1, 2].map(|_| world.issue(|_| ()).signed.license.id.to_string());
    for id in &ids {
        suspend(&mut world.ledger, id, None, &at("2026-12-01T00:00:00Z")).unwrap();
    }
    let [_, revoked, reinstated] = ids;
    let later = at("2026-12-24T00:00:00Z");
    revoke(&mut world.ledger, &revoked, RevocationReason::Other, None, &later).unwrap();
    reinstate(&mut world.ledger, &reinstated, Some(&text("paid")), &later).unwrap();
    world
}

#[test]
fn suspensions_follow_from_the_log_too() {
    check(&suspended().ledger).unwrap();
    for (change, named) in [
        ("UPDATE status_entry SET status = 1 WHERE status = 2", "status_entry"),
        ("UPDATE status_entry SET status = 0, since = NULL WHERE status = 2", "status_entry"),
        ("UPDATE status_entry SET since = since + 1 WHERE status = 2", "status_entry"),
        // As if the revocation had moved it.
        ("UPDATE status_entry SET since = 1798070400 WHERE status = 1", "status_entry"),
        ("UPDATE status_entry SET status = 2, since = 1796083200 WHERE status = 0", "status_entry"),
        ("UPDATE license SET state = 'active', since = NULL WHERE state = 'suspended'", "table license"),
        ("UPDATE license SET since = since + 1 WHERE state = 'suspended'", "table license"),
        (
            "UPDATE license SET state = 'suspended', since = 1796083200 WHERE state = 'active'",
            "table license",
        ),
    ] {
        let world = suspended();
        let intruder = Connection::open(world.ledger.path()).unwrap();
        assert_eq!(intruder.execute(change, ()).unwrap(), 1, "{change}");
        let failure = check(&world.ledger).expect_err(change);
        assert_eq!(failure.exit_code(), 32, "{change}: {}", failure.message);
        assert!(failure.message.contains(named), "{change}: {}", failure.message);
    }
}

/// A license renewed, its first revision revoked, then suspended and renewed again.
fn renewed() -> World {
    let mut world = World::new();
    let id = world.issue(|_| ()).signed.license.id.to_string();
    let later = at("2026-12-01T00:00:00Z");
    let length = RenewedTerm::For(Span::from_text("1y").unwrap());
    let mut renewal = Renewal { length, changes: Changes::default(), earlier: Earlier::Revoke };
    renew(&world.home, &mut world.ledger, &world.key, &id, &renewal, &later).unwrap();
    suspend(&mut world.ledger, &id, None, &later).unwrap();
    renewal.earlier = Earlier::Keep;
    renew(&world.home, &mut world.ledger, &world.key, &id, &renewal, &at("2026-12-24T00:00:00Z")).unwrap();
    world
}

#[test]
fn renewals_follow_from_the_log_too() {
    let world = renewed();
    let checked = check(&world.ledger).unwrap();
    assert_eq!((checked.events, checked.licenses, checked.personal), (7, 1, 6));
    for (change, named) in [
        ("UPDATE status_entry SET status = 2 WHERE status = 1", "status_entry"),
        ("UPDATE status_entry SET since = since + 1 WHERE status = 1", "status_entry"),
        (
            "UPDATE status_entry SET status = 0, since = NULL \
             WHERE idx = (SELECT idx FROM revision WHERE revision = 3)",
            "status_entry",
        ),
        // As if the renewal had moved it.
        (
            "UPDATE status_entry SET since = 1798070400 \
             WHERE idx = (SELECT idx FROM revision WHERE revision = 3)",
            "status_entry",
        ),
        ("UPDATE revision SET exp = exp + 86400 WHERE revision = 3", "expiresAt"),
        ("UPDATE revision SET nbf = nbf - 1 WHERE revision = 2", "startsAt"),
        ("UPDATE revision SET revision = 4 WHERE revision = 3", "revision"),
        ("UPDATE revision SET token = token || 'x' WHERE revision = 2", "tokenSha256"),
        ("DELETE FROM revision WHERE revision = 2", "missing"),
    ] {
        let world = renewed();
        let intruder = Connection::open(world.ledger.path()).unwrap();
        intruder.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        assert_eq!(intruder.execute(change, ()).unwrap(), 1, "{change}");
        let failure = check(&world.ledger).expect_err(change);
        assert_eq!(failure.exit_code(), 32, "{change}: {}", failure.message);
        assert!(failure.message.contains(named), "{change}: {}", failure.message);
    }
}

#[test]
fn the_first_difference_is_the_one_that_is_named() {
    let world = busy();
    let intruder = Connection::open(world.ledger.path()).unwrap();
    intruder.execute_batch("UPDATE revision SET plan = 'x'; UPDATE signing_key SET state = 'next'").unwrap();
    let failure = check(&world.ledger).unwrap_err();
    assert!(
        failure.message.contains("event 2: state is \"active\" in the event and \"next\" in the tables"),
        "{}",
        failure.message
    );
    assert_eq!(failure.details["event"].as_integer(), Some(2));
}
