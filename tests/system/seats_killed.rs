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

/// When to kill.
#[derive(Clone, Copy)]
enum Aim {
    /// So long after it was started.
    Anytime(Duration),
    BehindFirstWrite(Duration),
}

impl Aim {
    /// One in four at any time.
    fn draw(chance: &mut Chance) -> Self {
        match chance.below(4) {
            0 => Self::Anytime(Duration::from_micros(chance.below(60_000))),
            _ => Self::BehindFirstWrite(Duration::from_micros(chance.below(3_000))),
        }
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

/// Lets the program grant, and kills it.
fn grant_and_kill(world: &World, file: &str, aim: Aim) -> End {
    let log = world.path("home/ledger.db-wal");
    let before = mark(&log);
    let mut child = world
        .command()
        .args(["activation", "grant", file, "--now", NOW])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the program");
    let has_written = || {
        let now = mark(&log);
        now.is_some() && now != before
    };
    let (begun, mut until) = (Instant::now(), None);
    loop {
        until = until.or_else(|| match aim {
            Aim::Anytime(after) => Some(begun + after),
            Aim::BehindFirstWrite(after) => has_written().then(|| Instant::now() + after),
        });
        let is_time = until.is_some_and(|until| until <= Instant::now());
        if is_time || child.try_wait().expect("it runs").is_some() {
            break;
        }
    }
    // It may have ended just now, which the status tells.
    let _ended = child.kill();
    let status: ExitStatus = child.wait().expect("it ended");
    match (status.code(), has_written()) {
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

/// How often it was killed, and how often of that between its first write and its end.
#[derive(Default)]
struct Count {
    kills: usize,
    writing: usize,
    finished: usize,
}

/// Kills so often, each time with another deployment that asks; the requests.
fn count(
    world: &World,
    license: &str,
    kills: usize,
    chance: &mut Chance,
    requests: &mut Vec<String>,
) -> Count {
    let mut count = Count::default();
    while count.kills < kills {
        let file = format!("{}.request", requests.len());
        let mut deployment = Deployment::new(world, "acme.lic", &format!("Depot {}", requests.len()));
        world.write(&file, deployment.ask(RequestKind::Activate));
        match grant_and_kill(world, &file, Aim::draw(chance)) {
            End::KilledWriting => (count.kills, count.writing) = (count.kills + 1, count.writing + 1),
            End::KilledBefore => count.kills += 1,
            End::Finished => count.finished += 1,
        }
        // The bare tables first: whoever looks later must not mend anything.
        let granted = events(world, "activation.granted");
        let (counted, active) = seats(world, license);
        assert_eq!((counted, active), (u64::try_from(granted).expect("a number"), granted), "{file}");
        requests.push(file);
    }
    count
}

#[test]
fn killed_while_granting() {
    let world = World::new("seats killed");
    let license = world.issue("acme.lic", &["--seats", "900", "--activation", "required"]);
    let mut chance = Chance::new();
    let kills = usize::try_from(number("LICTOR_SEATS_KILLS").unwrap_or(200)).expect("a number");
    let mut requests = Vec::new();
    for counts in 1.. {
        let Count { kills, writing, finished } = count(&world, &license, kills, &mut chance, &mut requests);
        println!("{kills} kills, {writing} of them between first write and exit; {finished} finished before");
        if writing * 2 >= kills {
            break;
        }
        assert!(counts < 3, "too few kills land between first write and exit");
    }
    world.run(&["ledger", "verify"]).done();
    // Asked again, each gets its one seat, whether it had it already or not.
    let again: Vec<&str> =
        ["activation", "grant"].into_iter().chain(requests.iter().map(String::as_str)).collect();
    world.run(&again).done();
    assert_eq!(events(&world, "activation.granted"), requests.len());
    assert_eq!(seats(&world, &license), (u64::try_from(requests.len()).expect("a number"), requests.len()));
    world.run(&["ledger", "verify"]).done();
}
