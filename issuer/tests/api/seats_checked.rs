//! The check of a ledger with seats: whatever was changed past the log is named.

use lictor_issuer::activation::revoke_seat;
use lictor_issuer::check;
use rusqlite::Connection;

use crate::deployment::{Deployment, at};
use crate::support::{NOW, World};

/// A seat that is held, one given back, one taken away, one whose lease ended; a denial; a fork.
fn busy() -> World {
    let mut world = World::new();
    let issued = world.seats(3, 0);
    let mut deployments: Vec<Deployment> = (0..5).map(|_| Deployment::new(&issued)).collect();
    for deployment in &mut deployments[..2] {
        let given = world.grant(&deployment.activate());
        deployment.take(&given);
    }
    world.lease_at(&deployments[2].activate(), Some("30d"), NOW);
    world.deny(&deployments[3].activate());
    world.grant(&deployments[0].release());
    let id = deployments[1].key.public().thumbprint().to_string();
    revoke_seat(&mut world.ledger, (&id, None), None, &at(NOW)).unwrap();
    let late = "2027-01-10T00:00:00Z";
    world.grant_at(&deployments[3].activate_at(late), late);
    deployments[3].counter = 0;
    world.grant_at(&deployments[3].activate_at(late), late);
    world
}

#[test]
fn seats_are_as_the_log_says() {
    let world = busy();
    let checked = check(&world.ledger).unwrap();
    assert_eq!(checked.licenses, 1);
}

#[test]
fn every_row_of_seats_that_was_changed_is_named() {
    for (change, named) in [
        ("UPDATE seat_count SET active = active + 1, ceiling = 9", "seat_count"),
        ("UPDATE seat_count SET active = 0", "seat_count"),
        ("DELETE FROM seat_count", "seat_count"),
        ("UPDATE seat SET deployment = NULL", "deployment"),
        ("UPDATE seat SET number = 7 WHERE deployment IS NOT NULL", "deployment"),
        (
            "UPDATE seat SET deployment = (SELECT id FROM deployment WHERE state = 'released') \
             WHERE deployment IS NULL AND number = (SELECT MIN(number) FROM seat WHERE deployment IS NULL)",
            "deployment",
        ),
        ("UPDATE deployment SET state = 'active' WHERE state = 'revoked'", "deployment"),
        ("UPDATE deployment SET state = 'released' WHERE state = 'expired'", "deployment"),
        ("UPDATE deployment SET forks = 0", "deployment"),
        ("UPDATE deployment SET lost_answers = 1", "deployment"),
        ("UPDATE deployment SET last_seen = last_seen + 1", "deployment"),
        ("UPDATE deployment SET first_seen = first_seen + 1", "deployment"),
        ("UPDATE deployment SET counter = 99", "deployment"),
        ("UPDATE deployment SET lease_end = 5 WHERE lease_end IS NULL", "deployment"),
        ("UPDATE deployment SET label = 'Berlin depot'", "deployment"),
        (
            "INSERT INTO deployment SELECT license_id, 'x' || id, label, state, first_seen, last_seen, counter, \
             lease_end, 0, 0 FROM deployment LIMIT 1",
            "deployment has 5 rows",
        ),
        ("DELETE FROM activation WHERE exp IS NOT NULL", "missing"),
        ("UPDATE activation SET exp = exp + 1", "endsAt"),
        ("UPDATE activation SET seat = 9", "seat"),
        ("UPDATE activation SET counter = 9", "counter"),
        ("UPDATE activation SET product = 'desk'", "product"),
        ("UPDATE status_entry SET status = 0, since = NULL WHERE status = 1", "status_entry"),
        ("UPDATE seat_answer SET token = token || 'x'", "tokenSha256"),
        ("DELETE FROM seat_answer WHERE kind = 'release'", "missing"),
        ("UPDATE list_edition SET token = token || 'x'", "edition"),
        ("DELETE FROM list_edition", "edition"),
        ("UPDATE list_edition SET stale_from = stale_from + 1", "edition"),
        ("UPDATE status_list SET changed = 1 - changed", "status_list"),
        ("UPDATE seat_answer SET kind = 'release' WHERE kind = 'activate'", "kept as one to release"),
        ("UPDATE seat_answer SET kind = 'activate' WHERE kind = 'release'", "kept as one to activate"),
        ("INSERT INTO seat (license_id, number) SELECT id, 99 FROM license", "the table seat"),
        ("DELETE FROM seat WHERE deployment IS NULL", "the table seat"),
        ("UPDATE revision SET sha256 = NULL", "hash of its token"),
    ] {
        let world = busy();
        let intruder = Connection::open(world.ledger.path()).unwrap();
        intruder.execute_batch("PRAGMA foreign_keys = OFF").unwrap();
        intruder.execute_batch(change).unwrap_or_else(|error| panic!("{change}: {error}"));
        let failure = check(&world.ledger).expect_err(change);
        assert_eq!(failure.exit_code(), 32, "{change}: {}", failure.message);
        assert!(failure.message.contains(named), "{change}: {}", failure.message);
    }
}

/// Whatever a program forgets to look at, the table itself refuses.
#[test]
fn the_tables_refuse_one_seat_too_many() {
    let world = busy();
    let intruder = Connection::open(world.ledger.path()).unwrap();
    for (statement, why) in [
        ("UPDATE seat_count SET active = ceiling + 1", "CHECK"),
        ("UPDATE seat_count SET active = -1", "CHECK"),
        (
            "INSERT INTO seat SELECT license_id, 99, deployment FROM seat WHERE deployment IS NOT NULL",
            "UNIQUE",
        ),
        ("UPDATE seat SET number = 0", "CHECK"),
    ] {
        let error = intruder.execute(statement, ()).unwrap_err().to_string();
        assert!(error.contains(why), "{statement}: {error}");
    }
}
