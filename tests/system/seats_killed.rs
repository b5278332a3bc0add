//! The program is killed while it grants: either the seat is taken, counted and told of, or nothing was.
//!
//! `LICTOR_SEATS_KILLS` sets how often, `LICTOR_TEST_SEED` where.

use lictor_shared::RequestKind;
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use super::deployment::Deployment;
use super::world::{NOW, World};

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// xorshift64: where to kill, the same for the same seed.
struct Chance(u64);

impl Chance {
    fn new() -> Self {
        let now =
            SystemTime::now().duration_since(UNIX_EPOCH).map_or(1, |since| u64::from(since.subsec_nanos()));
        let seed = number("LICTOR_TEST_SEED").unwrap_or(now).max(1);
        println!("LICTOR_TEST_SEED={seed}");
        Self(seed)
    }

    fn below(&mut self, end: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0 % end
    }
}

/// How a run ended.
enum End {
    /// It was killed after it had begun to write.
    KilledWriting,
    KilledBefore,
    Finished,
}

/// What shows that something was written: size and time of the write-ahead log.
fn mark(log: &Path) -> Option<(u64, SystemTime)> {
    let found = fs::metadata(log).ok()?;
    Some((found.len(), found.modified().ok()?)).filter(|(bytes, _)| *bytes > 0)
}

/// Lets the program grant, and kills it some microseconds after its first write.
fn grant_and_kill(world: &World, file: &str, after: Duration) -> End {
    let log = world.path("home/ledger.db-wal");
    let before = mark(&log);
    let mut child = world
        .command()
        .args(["activation", "grant", file, "--now", NOW])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let mut wrote = false;
    while !wrote && child.try_wait().expect("it runs").is_none() {
        let now = mark(&log);
        wrote = now.is_some() && now != before;
    }
    let until = Instant::now() + after;
    while Instant::now() < until && child.try_wait().expect("it runs").is_none() {}
    // It may have ended just now, which the status tells.
    let _ended = child.kill();
    let status: ExitStatus = child.wait().expect("it ended");
    match (status.code(), wrote) {
        (Some(_), _) => End::Finished,
        (None, true) => End::KilledWriting,
        (None, false) => End::KilledBefore,
    }
}

fn events(world: &World, kind: &str) -> usize {
    let ledger = rusqlite::Connection::open(world.path("home/ledger.db")).expect("the ledger");
    let found: i64 = ledger
        .query_row("SELECT COUNT(*) FROM event WHERE kind = ?1", [kind], |row| row.get(0))
        .expect("a number");
    usize::try_from(found).expect("a number")
}

/// Seats that are counted, and activations that are active, as the program shows them.
fn seats(world: &World, license: &str) -> (u64, usize) {
    let shown: Value = world.run(&["license", "show", license, "--json"]).json();
    let active = shown["deployments"].as_array().expect("deployments").iter();
    let active = active.filter(|deployment| deployment["state"] == "active").count();
    (shown["seats"]["used"].as_u64().expect("a number"), active)
}

#[test]
fn killed_while_granting() {
    let world = World::new("seats killed");
    let license = world.issue("acme.lic", &["--seats", "1000", "--activation", "required"]);
    let mut chance = Chance::new();
    let rounds = usize::try_from(number("LICTOR_SEATS_KILLS").unwrap_or(30)).expect("a number");
    let (mut writing, mut before, mut finished) = (0, 0, 0);
    for round in 0..rounds {
        let file = format!("{round}.request");
        let mut deployment = Deployment::new(&world, "acme.lic", &format!("Depot {round}"));
        world.write(&file, deployment.ask(RequestKind::Activate));
        match grant_and_kill(&world, &file, Duration::from_micros(chance.below(4_000))) {
            End::KilledWriting => writing += 1,
            End::KilledBefore => before += 1,
            End::Finished => finished += 1,
        }
        // The bare tables first: whoever looks later must not mend anything.
        let granted = events(&world, "activation.granted");
        let (counted, active) = seats(&world, &license);
        assert_eq!((counted, active), (u64::try_from(granted).expect("a number"), granted), "round {round}");
    }
    println!("{writing} killed between first write and exit, {before} before, {finished} finished");
    assert!(writing > 0, "none was killed while it wrote");
    world.run(&["ledger", "verify"]).done();
    // Asked again, each gets its one seat, whether it had it already or not.
    for round in 0..rounds {
        world.run(&["activation", "grant", &format!("{round}.request")]).done();
    }
    assert_eq!(events(&world, "activation.granted"), rounds);
    assert_eq!(seats(&world, &license), (u64::try_from(rounds).expect("a number"), rounds));
    world.run(&["ledger", "verify"]).done();
}
