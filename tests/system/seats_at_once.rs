//! Many ask at once: 64 threads in 4 processes for 10 seats, again and again.
//!
//! `LICTOR_SEATS_ROUNDS` sets how many rounds are made.

use lictor_issuer::activation::{Answer, SeatRequest, grant};
use lictor_issuer::{ClockSource, EventKind, Home, Occasion, check};
use lictor_keys::PrivateKey;
use lictor_shared::{RequestKind, Text, Timestamp};
use std::collections::BTreeMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use super::deployment::Deployment;
use super::world::{NOW, World};

const PROCESSES: usize = 4;
const THREADS: usize = 16;
const SEATS: usize = 10;

/// Names the home for a process that asks on behalf of the test below.
const JOB: &str = "LICTOR_SEATS_HOME";

fn rounds() -> usize {
    let wished = std::env::var("LICTOR_SEATS_ROUNDS").ok().and_then(|rounds| rounds.parse().ok());
    wished.unwrap_or(10)
}

/// Every block of a file asks in a thread of its own, all at once. How many were given a seat.
fn ask_at_once(home: &Path, requests: &Path) -> usize {
    let home = Home::open(home).expect("the home");
    let requests = SeatRequest::read_all(&fs::read(requests).expect("the requests")).expect("requests");
    let given = AtomicUsize::new(0);
    let occasion = Occasion::new(
        Timestamp::parse(NOW).expect("a time"),
        ClockSource::Given,
        Text::new("alice").expect("a name"),
    );
    std::thread::scope(|scope| {
        for request in &requests {
            scope.spawn(|| {
                let key = key(&home);
                let mut ledger = home.ledger_with_patience(Duration::from_secs(120)).expect("the ledger");
                let asked = std::slice::from_ref(request);
                let grants = grant(&home, &mut ledger, &key, asked, None, &occasion).expect("an answer");
                if matches!(grants.answers.as_slice(), [Answer::Given(_)]) {
                    given.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
    });
    given.into_inner()
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
    let given = ask_at_once(&world.path("home"), &world.path("0-0.requests"));
    assert_eq!(given, SEATS);
}

/// Each line names a file of requests; how many got a seat is said in a line of its own.
fn for_others(home: &Path) {
    for file in std::io::stdin().lines() {
        let given = ask_at_once(home, Path::new(&file.expect("a line")));
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

#[test]
fn sixty_four_threads_in_four_processes_get_ten_seats() {
    let world = World::new("seats at once");
    let home = world.path("home");
    let mut askers: Vec<Asker> = (0..PROCESSES).map(|_| Asker::start(&home)).collect();
    let mut licenses = Vec::new();
    for round in 0..rounds() {
        licenses.push(prepare(&world, round, THREADS, PROCESSES));
        for (process, asker) in askers.iter_mut().enumerate() {
            let file = world.path(&format!("{round}-{process}.requests"));
            writeln!(asker.work, "{}", file.display()).expect("it listens");
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
