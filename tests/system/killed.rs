//! Killed at random points, a command leaves its ledger as before or as after, what it printed is in it, and asking again
//! completes it.
//!
//! The seed of the delays is fixed, though no two runs are equally fast; `LICTOR_TEST_SEED` sets another one, `LICTOR_TEST_KILLS` how many
//! kills there are for each command at least.

mod state;
mod victims;

use self::victims::{Kind, VICTIMS, Victim};
use super::deployment::Deployment;
use super::world::{NOW, Ran, World, copy, program};
use lictor_shared::RequestKind;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

const KILLS: u64 = 8;

/// Counts before it gives up.
const PATIENCE: u64 = 25;

const WORKERS: usize = 2;

#[test]
fn killed_at_random_a_command_is_done_or_not() {
    let (seed, kills) = (number("LICTOR_TEST_SEED", 20_261_122), number("LICTOR_TEST_KILLS", KILLS));
    println!("LICTOR_TEST_SEED={seed} LICTOR_TEST_KILLS={kills}");
    let prepared = prepared();
    let next = AtomicUsize::new(0);
    thread::scope(|scope| {
        for _ in 0..WORKERS {
            scope.spawn(|| {
                while let Some(victim) = VICTIMS.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let mut hunt = Hunt::new(&prepared, victim, seed);
                    hunt.kill_at_least(kills);
                    println!("{hunt}");
                }
            });
        }
    });
}

fn number(variable: &str, otherwise: u64) -> u64 {
    let given = std::env::var(variable).ok();
    given.map_or(otherwise, |text| text.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

/// A world to copy: nothing runs in it any more, since what runs makes and removes files that a copy would miss.
struct Prepared {
    world: World,
    /// What the words in braces stand for.
    names: [(&'static str, String); 5],
}

impl Prepared {
    /// A text with the names that its words in braces stand for.
    fn named(&self, text: &str) -> String {
        self.names.iter().fold(text.to_owned(), |text, (word, name)| text.replace(word, name))
    }
}

/// A home with a license, one that is suspended, a spare key, and a backup from before the last change; beside it what
/// another ledger has exported that signs with the spare key.
fn prepared() -> Prepared {
    let donor = World::new("killed donor");
    // Licenses are taken over from a list that this home hands out no indices of.
    let config = donor.read("home/lictor.toml").replace("/status/0", "/status/9");
    donor.write("home/lictor.toml", config);
    donor.issue("gift.lic", &[]);
    donor.run(&["license", "export", "--out", "gifts.jsonl"]).done();
    let other = World::new("killed other");
    let world = World::new("killed");
    fs::copy(other.key_file(), world.path("own.pem")).expect("copied");
    fs::copy(donor.key_file(), world.path("spare.pem")).expect("copied");
    fs::copy(donor.path("gifts.jsonl"), world.path("gifts.jsonl")).expect("copied");
    world.write("passphrase", "correct horse battery staple");
    let signs = world.run(&["key", "list", "--json"]).json()[0]["kid"].as_str().expect("a kid").to_owned();
    world.run(&["key", "new", "--purpose", "log", "--no-passphrase"]).done();
    let spare = world.run(&["key", "import", "spare.pem", "--no-passphrase"]).done();
    let acme = world.issue("acme.lic", &["--seats", "25"]);
    let bolt = world.issue("bolt.lic", &[]);
    let mut holder = Deployment::new(&world, "acme.lic", "Depot");
    world.write("seat.request", holder.ask(RequestKind::Activate));
    world.run(&["activation", "grant", "seat.request", "--out", "seat.lic"]).done();
    world.write("seat-back.request", holder.ask(RequestKind::Release));
    world.write("seat.report", holder.report());
    world.write("acme.request", Deployment::new(&world, "acme.lic", "Depot 2").ask(RequestKind::Activate));
    world.run(&["ledger", "backup", "backup.db"]).done();
    world.run(&["license", "suspend", &bolt]).done();
    world.run(&["status", "publish", "--out", "lists"]).done();
    let events = world.run(&["ledger", "verify", "--json"]).json()["events"].as_u64().expect("a number");
    let names = [
        ("{acme}", acme),
        ("{signs}", signs),
        ("{spare}", spare.trim().to_owned()),
        ("{seat}", holder.id()),
        ("{nobody}", format!("erased-{}", events + 1)),
    ];
    Prepared { world, names }
}

/// The kills of one command.
struct Hunt<'a> {
    world: &'a World,
    victim: &'a Victim,
    instead: Option<(&'static str, String)>,
    line: Vec<String>,
    random: u64,
    before: Vec<String>,
    after: Vec<String>,
    /// How long it runs, and how long of that after its first write.
    runs: Duration,
    writes: Duration,
    anytime: Count,
    behind: Count,
}

/// When to kill.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Aim {
    Anytime,
    BehindFirstWrite,
}

#[derive(Default)]
struct Count {
    kills: u64,
    /// Those between the first write and the end.
    landed: u64,
}

impl Count {
    const fn has_half(&self) -> bool {
        self.landed * 2 >= self.kills
    }
}

impl<'a> Hunt<'a> {
    /// Runs it once to its end, to see what it comes to and how long it takes.
    fn new(prepared: &'a Prepared, victim: &'a Victim, seed: u64) -> Self {
        let world = &prepared.world;
        let given = prepared.named(victim.given);
        let once = if victim.kind == Kind::Once { "--request-id r1" } else { "" };
        let line = format!("{} {given} {once} --json --now {NOW}", victim.command);
        let line = line.split_whitespace().map(Into::into).collect();
        let random =
            seed ^ victim.command.bytes().fold(0_u64, |sum, byte| sum.wrapping_mul(31) ^ u64::from(byte));
        let whole = Self::scene(world);
        let home = |world: &World| world.path(victim.home);
        let mut hunt = Self {
            world,
            victim,
            instead: victim.instead.map(|(word, instead)| (word, prepared.named(instead))),
            line,
            random,
            before: state::ledger(&home(&whole)),
            after: Vec::new(),
            runs: Duration::ZERO,
            writes: Duration::ZERO,
            anytime: Count::default(),
            behind: Count::default(),
        };
        let (begun, before) = (Instant::now(), state::traces(&whole.path("")));
        let mut child = hunt.spawn(&whole);
        wait_for_write(&mut child, &whole, &before);
        let wrote = Instant::now();
        Ran::of(&child.wait_with_output().expect("it ends")).done();
        (hunt.runs, hunt.writes) = (begun.elapsed(), wrote.elapsed());
        hunt.after = state::ledger(&home(&whole));
        assert_eq!(
            hunt.before == hunt.after,
            victim.kind == Kind::File,
            "{}: it does something",
            victim.command
        );
        hunt
    }

    fn scene(world: &World) -> World {
        let scene = World::empty("killed scene");
        copy(&world.path(""), &scene.path(""));
        scene
    }

    fn spawn(&self, scene: &World) -> Child {
        let mut command = scene.command();
        command.args(&self.line).stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, so that what it started is killed with it.
        command.process_group(0).spawn().unwrap_or_else(|error| panic!("{}: {error}", program()))
    }

    /// A number below a limit (splitmix64).
    fn draw(&mut self, limit: Duration) -> Duration {
        self.random = self.random.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        let limit = u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX).max(1);
        Duration::from_nanos((mixed ^ (mixed >> 31)) % limit)
    }

    /// Kills at any time. If fewer than half of the kills have landed between the first write and the end, it counts again,
    /// with kills at any time behind the first write, until half of a count have landed.
    fn kill_at_least(&mut self, kills: u64) {
        while self.anytime.kills < kills {
            self.kill(Aim::Anytime);
        }
        let mut counts = 0;
        while !self.anytime.has_half() && (self.behind.kills < kills || !self.behind.has_half()) {
            if self.behind.kills == kills {
                counts += 1;
                assert!(counts < PATIENCE, "too few kills land behind the first write: {self}");
                self.behind = Count::default();
            }
            self.kill(Aim::BehindFirstWrite);
        }
    }

    fn kill(&mut self, aim: Aim) {
        let scene = Self::scene(self.world);
        let (before, files) = (state::traces(&scene.path("")), state::files(&scene.path("")));
        let delay = self.draw(if aim == Aim::Anytime { self.runs } else { self.writes });
        let mut child = self.spawn(&scene);
        if aim == Aim::BehindFirstWrite {
            wait_for_write(&mut child, &scene, &before);
        }
        thread::sleep(delay);
        self.end(&mut child);
        let output = child.wait_with_output().expect("it ends");
        let killed = output.status.signal() == Some(9);
        let landed = killed && state::traces(&scene.path("")) != before;
        if aim == Aim::BehindFirstWrite && !landed {
            // It was too late.
            self.writes = self.writes * 3 / 4;
        }
        let count = if aim == Aim::Anytime { &mut self.anytime } else { &mut self.behind };
        count.kills += 1;
        count.landed += u64::from(landed);
        self.judge(&scene, &Ran::of(&output), &files);
    }

    /// Kills it; of a tour what it has started too.
    fn end(&self, child: &mut Child) {
        if self.victim.kind != Kind::Tour {
            return child.kill().expect("it is ours");
        }
        let group = format!("-{}", child.id());
        let killed = Command::new("kill").args(["-9", "--", &group]).stderr(Stdio::null()).status();
        killed.unwrap_or_else(|error| panic!("kill: {error}; install procps"));
    }

    fn judge(&self, scene: &World, ran: &Ran, before: &BTreeMap<PathBuf, Vec<u8>>) {
        let what = format!("lictor {}, killed", self.line.join(" "));
        let home = scene.path(self.victim.home);
        assert!(matches!(ran.exit, None | Some(0)), "{what}: {ran:?}");
        self.verify(scene, &what);
        for (path, bytes) in state::files(&scene.path("")) {
            let there = before.get(&path) == Some(&bytes);
            assert!(there || state::is_whole(&path, &bytes), "{what}: half of a file: {}", path.display());
        }
        let found = state::ledger(&home);
        if self.victim.kind != Kind::Tour {
            let known = found == self.before || found == self.after;
            assert!(known, "{what}: neither as before nor as after: {found:#?}\nafter: {:#?}", self.after);
        }
        if !ran.data.is_empty() {
            assert_eq!(found, self.after, "{what}: what was printed is not there: {ran:?}");
        }
        self.repeat(scene, ran, &what);
    }

    /// Asks again: now it is done, and done once.
    fn repeat(&self, scene: &World, killed: &Ran, what: &str) {
        let home = scene.path(self.victim.home);
        let mut ran = self.run_again(scene, None);
        let mut found = state::ledger(&home);
        if let (Some(20), Kind::Once, Some((word, instead))) = (ran.exit, self.victim.kind, &self.instead) {
            assert!(found == self.before && ran.words.contains(word), "{what} and repeated: {ran:?}");
            ran = self.run_again(scene, Some((word, instead)));
            found = state::ledger(&home).iter().map(|row| row.replace(instead, word)).collect();
        }
        if let (Some(21), Kind::Renaming, Some((word, instead))) = (ran.exit, self.victim.kind, &self.instead)
        {
            assert!(found == self.after && ran.words.contains(word), "{what} and repeated: {ran:?}");
            ran = self.run_again(scene, Some((word, instead)));
            found = state::ledger(&home);
        }
        assert_eq!(ran.exit, Some(0), "{what} and repeated: {ran:?}");
        self.verify(scene, what);
        assert_eq!(found, self.after, "{what} and repeated: not done once");
        if self.victim.kind == Kind::Renaming {
            let left = state::files(&home).into_iter().find(|(_, bytes)| holds(bytes, ERASED));
            assert_eq!(left.map(|(path, _)| path), None, "{what} and repeated: {ERASED} stands there");
        }
        if self.victim.kind != Kind::Once {
            return;
        }
        assert!(ran.data.starts_with(&killed.data), "{what}: the answer is another one: {killed:?} {ran:?}");
        if let Some(token) = ran.json()["token"].as_str() {
            assert!(state::holds_token(&home, token), "{what}: the token is not in the ledger");
        }
    }

    fn run_again(&self, scene: &World, instead: Option<(&str, &str)>) -> Ran {
        let (word, instead) = instead.unwrap_or_default();
        let same = |given: &String| match given.as_str() {
            NOW => self.victim.repeated_at.to_owned(),
            given if given == word => instead.to_owned(),
            given => given.to_owned(),
        };
        let line: Vec<String> = self.line.iter().map(same).collect();
        let again = self.victim.again.split_whitespace();
        let output = scene.command().args(line).args(again).output();
        Ran::of(&output.unwrap_or_else(|error| panic!("{}: {error}", program())))
    }

    fn verify(&self, scene: &World, what: &str) {
        if !scene.path(self.victim.home).exists() {
            return;
        }
        let ran = scene.run(&["ledger", "verify", "--home", self.victim.home]);
        assert_eq!(ran.exit, Some(0), "{what}: {ran:?}");
    }
}

impl core::fmt::Display for Hunt<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        let (anytime, behind) = (&self.anytime, &self.behind);
        write!(f, "{}: {} kills, {} of them between", self.victim.command, anytime.kills, anytime.landed)?;
        write!(f, " the first write and the end; counted again: {} kills, {}", behind.kills, behind.landed)
    }
}

/// The name of the customer of the licenses.
const ERASED: &str = "Acme GmbH";

fn holds(bytes: &[u8], text: &str) -> bool {
    bytes.windows(text.len()).any(|window| window == text.as_bytes())
}

/// Waits until the command has written something, or has ended.
fn wait_for_write(
    child: &mut Child,
    scene: &World,
    before: &BTreeMap<PathBuf, (u64, Option<std::time::SystemTime>)>,
) {
    while child.try_wait().expect("its state").is_none() && state::traces(&scene.path("")) == *before {}
}
