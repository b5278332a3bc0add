//! Many ask at once: 64 threads in 4 processes for 10 seats, in 200 rounds.
//!
//! `LICTOR_SEATS_ROUNDS` sets how many rounds are made, `LICTOR_TEST_SEED` how they wait for each other.

use lictor_issuer::activation::{Answer, SeatRequest, grant};
use lictor_issuer::{ClockSource, EventKind, Home, Occasion, check};
use lictor_keys::PrivateKey;
use lictor_shared::{RequestKind, Text, Timestamp};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::time::Duration;

use super::deployment::Deployment;
use super::world::{NOW, Ran, World};

const PROCESSES: usize = 4;
const THREADS: usize = 16;
const SEATS: usize = 10;

/// Names the home for a process that asks on behalf of the test below.
const JOB: &str = "LICTOR_SEATS_HOME";

fn rounds() -> usize {
    let wished = std::env::var("LICTOR_SEATS_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    wished.unwrap_or(200)
}

fn seed() -> u64 {
    let given = std::env::var("LICTOR_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    given.unwrap_or(20_261_122)
}

/// How long an asker waits before it asks, up to a millisecond (splitmix64).
fn wait(seed: u64, place: usize) -> Duration {
    let place = u64::try_from(place).expect("a number");
    let mut mixed = seed.wrapping_add((place + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    Duration::from_micros((mixed ^ (mixed >> 31)) % 1000)
}

/// What one asker was given, if anything.
type Paste = Option<String>;

/// Every request asks in a thread of its own, all at once. What each was given.
fn ask_at_once(home: &Path, requests: &[SeatRequest], seed: u64) -> Vec<Paste> {
    let home = Home::open(home).expect("the home");
    let occasion = Occasion::new(
        Timestamp::parse(NOW).expect("a time"),
        ClockSource::Given,
        Text::new("alice").expect("a name"),
    );
    let key = key(&home);
    std::thread::scope(|scope| {
        let ask = |(place, request): (usize, &SeatRequest)| {
            let mut ledger = home.ledger_with_patience(Duration::from_secs(120)).expect("the ledger");
            std::thread::sleep(wait(seed, place));
            let asked = std::slice::from_ref(request);
            let grants = grant(&home, &mut ledger, &[&key], asked, None, &occasion).expect("an answer");
            match grants.answers.as_slice() {
                [Answer::Given(given)] => Some(given.paste.armored()),
                _ => None,
            }
        };
        let asking: Vec<_> =
            requests.iter().enumerate().map(|asker| scope.spawn(move || ask(asker))).collect();
        asking.into_iter().map(|asker| asker.join().expect("it asks")).collect()
    })
}

/// Every block of a file asks. How many were given a seat.
fn given(home: &Path, requests: &Path, seed: u64) -> usize {
    let requests = SeatRequest::read_all(&fs::read(requests).expect("the requests")).expect("requests");
    ask_at_once(home, &requests, seed).iter().flatten().count()
}

fn key(home: &Home) -> PrivateKey {
    let ring = home.ledger().expect("the ledger").key_ring().expect("the keys");
    let kid = ring.records().first().expect("a key").public.thumbprint();
    home.keys().expect("the folder").open_key(&kid, None).expect("the key")
}

/// A license with ten seats, and a file with the requests of so many deployments for each process.
fn prepare(world: &World, round: usize, askers: usize, processes: usize) -> String {
    let license = format!("{round}.lic");
    let id = world.issue(&license, &["--seats", &SEATS.to_string(), "--activation", "required"]);
    for process in 0..processes {
        let ask = |number| {
            let label = format!("Depot {process}-{number}");
            Deployment::new(world, &license, &label).ask(RequestKind::Activate)
        };
        world.write(&format!("{round}-{process}.requests"), (0..askers).map(ask).collect::<String>());
    }
    id
}

/// In one process of its own, or as one of four that the test below starts.
#[test]
fn sixteen_ask_at_once() {
    match std::env::var_os(JOB) {
        None => alone(),
        Some(home) => for_others(Path::new(&home)),
    }
}

fn alone() {
    let world = World::new("seats in one process");
    prepare(&world, 0, THREADS, 1);
    assert_eq!(given(&world.path("home"), &world.path("0-0.requests"), seed()), SEATS);
}

/// Each line has a seed and names a file of requests; how many got a seat is said in a line of its own.
fn for_others(home: &Path) {
    for line in std::io::stdin().lines() {
        let line = line.expect("a line");
        let (seed, file) = line.split_once(' ').expect("a seed and a file");
        let given = given(home, Path::new(file), seed.parse().expect("a seed"));
        let mut said = std::io::stdout();
        writeln!(said, "\ngiven {given}").and_then(|()| said.flush()).expect("said");
    }
}

/// A process with threads that ask.
struct Asker {
    process: Child,
    work: ChildStdin,
    said: BufReader<ChildStdout>,
}

impl Asker {
    fn start(home: &Path) -> Self {
        let mut process = Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", "seats_at_once::sixteen_ask_at_once", "--nocapture"])
            .env(JOB, home)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("a process");
        let work = process.stdin.take().expect("its input");
        let said = BufReader::new(process.stdout.take().expect("its output"));
        Self { process, work, said }
    }

    fn given(&mut self) -> usize {
        let mut line = String::new();
        loop {
            line.clear();
            assert_ne!(self.said.read_line(&mut line).expect("a line"), 0, "the process ended");
            if let Some(given) = line.trim().strip_prefix("given ") {
                return given.parse().expect("a number");
            }
        }
    }
}

/// Whoever opens the ledger a second time in one process leaves the first its locks: another process that ends does not take
/// the log away from it.
#[test]
fn opening_it_again_gives_up_no_lock() {
    let world = World::new("seats locked");
    let home = Home::open(&world.path("home")).expect("the home");
    let (first, second) = (home.ledger().expect("the ledger"), home.ledger().expect("the ledger"));
    world.run(&["license", "list"]).done();
    assert!(world.path("home/ledger.db-wal").exists(), "the log of those that go on");
    assert_eq!((first.events(1).count(), second.events(1).count()), (3, 3));
}

/// FORMAT 7.4: a repeated `jti` gets the identical bytes and takes no seat; also if it is brought again before it is answered.
#[test]
fn one_request_fifty_times_takes_one_seat_and_gets_the_same_bytes() {
    let world = World::new("seats replayed");
    world.issue("acme.lic", &["--seats", "2", "--activation", "required"]);
    world.write("one.request", Deployment::new(&world, "acme.lic", "Depot").ask(RequestKind::Activate));
    let home = world.path("home");
    let request =
        SeatRequest::read_all(&fs::read(world.path("one.request")).expect("it")).expect("a request");
    // Twenty threads and ten processes at once, then twenty more.
    let processes: Vec<Child> = (0..10)
        .map(|_| {
            let mut command = world.command();
            command.args(["activation", "grant", "one.request", "--quiet", "--now", NOW]);
            command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("a process")
        })
        .collect();
    let mut pastes = ask_at_once(&home, &vec![request[0].clone(); 20], seed());
    for process in processes {
        let ran = Ran::of(&process.wait_with_output().expect("it ends"));
        pastes.push(Some(ran.done()));
    }
    pastes.extend((0..20).map(|_| Some(world.run(&["activation", "grant", "one.request"]).done())));
    assert_eq!(pastes.len(), 50);
    assert!(pastes[0].is_some() && pastes.iter().all(|paste| *paste == pastes[0]), "{pastes:?}");
    let ledger = Home::open(&home).expect("the home").ledger().expect("the ledger");
    let granted = ledger
        .events(1)
        .filter(|event| event.as_ref().is_ok_and(|event| event.kind == EventKind::ActivationGranted));
    assert_eq!(granted.count(), 1);
    check(&ledger).expect("the ledger is whole");
    let shown = world.run(&["license", "show", "acme.lic", "--json"]).json();
    assert_eq!(shown["seats"]["used"], 1);
}

#[test]
fn sixty_four_threads_in_four_processes_get_ten_seats() {
    let seed = seed();
    println!("LICTOR_TEST_SEED={seed}");
    let world = World::new("seats at once");
    let home = world.path("home");
    let mut askers: Vec<Asker> = (0..PROCESSES).map(|_| Asker::start(&home)).collect();
    let mut licenses = vec![prepare(&world, 0, THREADS, PROCESSES)];
    for round in 0..rounds() {
        for (process, asker) in askers.iter_mut().enumerate() {
            let file = world.path(&format!("{round}-{process}.requests"));
            let seed = seed.wrapping_add(u64::try_from(round * PROCESSES + process).expect("a number"));
            writeln!(asker.work, "{seed} {}", file.display()).expect("it listens");
        }
        // Meanwhile the next round is made ready, and its license issued among all who ask.
        if round + 1 < rounds() {
            licenses.push(prepare(&world, round + 1, THREADS, PROCESSES));
        }
        let given: usize = askers.iter_mut().map(Asker::given).sum();
        assert_eq!(given, SEATS, "round {round}");
    }
    for Asker { mut process, work, mut said } in askers {
        drop(work);
        std::io::copy(&mut said, &mut std::io::sink()).expect("its last words");
        assert!(process.wait().expect("it ends").success());
    }
    // The log says the same of every license.
    let ledger = Home::open(&home).expect("the home").ledger().expect("the ledger");
    let mut told: BTreeMap<(String, EventKind), usize> = BTreeMap::new();
    for event in ledger.events(1) {
        let event = event.expect("an event");
        if let Some(license) = event.body.get("license").and_then(|license| license.as_str()) {
            *told.entry((license.to_owned(), event.kind)).or_default() += 1;
        }
    }
    for license in licenses {
        let of = |kind| told.get(&(license.clone(), kind)).copied();
        assert_eq!(of(EventKind::ActivationGranted), Some(SEATS));
        assert_eq!(of(EventKind::ActivationDenied), Some(PROCESSES * THREADS - SEATS));
    }
    check(&ledger).expect("the ledger is whole");
}
