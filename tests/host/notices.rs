//! What listeners are told: each thing once, in the order in which it happened, whatever they do meanwhile.

use crate::artefacts::{DAY, START, license, list, serial};
use crate::table::Table;
use crate::world::{World, install, says};
use lictor_validator::host::{Notice, Opening};
use lictor_validator::{Mode, Reason};
use std::fs;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::thread;

/// `exp` of the license, and the end of the grace after it.
const EXPIRES: u64 = 1_826_841_600;
const ENDS: u64 = 1_828_051_200;

type Log = Arc<Mutex<Vec<String>>>;

fn line(notice: &Notice<'_>) -> String {
    match notice {
        Notice::Mode { from, verdict } => format!("{from} -> {}", verdict.mode()),
        Notice::Trouble(trouble) => trouble.to_string(),
        _ => "?".into(),
    }
}

/// A listener that writes down what it is told.
fn logged(opening: Opening) -> (Opening, Log) {
    let log = Log::default();
    let own = Arc::clone(&log);
    (opening.on_notice(move |notice| own.lock().unwrap().push(line(notice))), log)
}

fn taken(log: &Log) -> Vec<String> {
    std::mem::take(&mut *log.lock().unwrap())
}

/// The watermark that moves on makes nothing new of it.
#[test]
fn a_file_from_far_ahead_is_told_once() {
    let world = World::new("far ahead told");
    let file = world.path("list.txt");
    fs::write(&file, list(9, START + 500 * DAY, &[])).unwrap();
    let (opening, log) = logged(world.opening().watch(&file));
    let guard = opening.open();
    install(&guard, &license(|_| ()), &["accepted"]);
    let told = taken(&log);
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told[0].ends_with(
        "it is dated 2028-04-05T00:00:00Z, more than 400 days ahead of all that is known of the time here; check the clock"
    ), "{told:?}");
    assert_eq!(told[1], "unlicensed -> full");
    for minute in 1..=30 {
        world.set_clock(START + minute * 61);
        guard.tick();
    }
    assert_eq!(taken(&log), [""; 0]);
    // Another file is another matter.
    fs::write(&file, list(9, START + 600 * DAY, &[])).unwrap();
    guard.tick();
    assert_eq!(taken(&log).len(), 1);
}

/// The same of one that somebody has laid into the folder.
#[test]
fn a_kept_file_from_far_ahead_is_told_once() {
    let world = World::new("far ahead kept");
    drop(world.licensed());
    fs::write(world.state().join("status-list-x.txt"), list(9, START + 500 * DAY, &[])).unwrap();
    let (opening, log) = logged(world.opening());
    let guard = opening.open();
    assert_eq!(taken(&log).len(), 2);
    for minute in 1..=30 {
        world.set_clock(START + minute * 61);
        guard.tick();
    }
    assert_eq!(taken(&log), [""; 0]);
}

#[test]
fn damage_is_told_once() {
    for name in ["state.json", "identity.json"] {
        let world = World::new("damage told");
        drop(world.licensed());
        fs::write(world.state().join(name), "x").unwrap();
        let (opening, log) = logged(world.opening());
        let guard = opening.open();
        let told = taken(&log);
        assert_eq!(told.len(), 2, "{told:?}");
        assert!(told[1].starts_with(&format!("{name} is damaged (")), "{told:?}");
        assert!(!told[1].contains("it is damaged"), "{told:?}");
        for minute in 1..=5 {
            world.set_clock(START + minute * 61);
            guard.tick();
        }
        assert_eq!(taken(&log), [""; 0]);
        says(&guard, Mode::Full, &[Reason::StateDamaged]);
        // Looked at and removed; what is damaged later is another accident.
        fs::remove_file(world.state().join(format!("{name}.damaged"))).unwrap();
        guard.tick();
        fs::write(world.state().join(name), "y").unwrap();
        guard.tick();
        assert!(taken(&log)[0].starts_with(&format!("{name} is damaged (")));
    }
}

/// What is refused again by a second installation is no news, and what that refuses besides is.
#[test]
fn what_is_installed_twice_is_told_once() {
    let world = World::new("installed twice");
    let (opening, log) = logged(world.opening());
    let guard = opening.open();
    install(&guard, "nothing", &["refused"]);
    install(&guard, "nothing", &["refused"]);
    assert_eq!(taken(&log).len(), 1);
    install(&guard, &(license(|_| ()) + &list(1, START + 800 * DAY, &[])), &["accepted", "refused"]);
    let told = taken(&log);
    assert_eq!(told[0], "unlicensed -> full");
    assert!(told[1].starts_with("a STATUS LIST that was installed was refused"), "{told:?}");
    install(&guard, &license(|_| ()), &["held"]);
    says(&guard, Mode::Full, &[]);
    assert_eq!(taken(&log), [""; 0]);
}

/// A listener that says when it is in a notice, and stays there until it may go on.
fn slow(opening: Opening, mode: Mode) -> (Opening, Receiver<()>, Sender<()>) {
    let ((entered, is_in), (go, may_go)) = (channel(), channel());
    let may_go = Mutex::new(may_go);
    let listener = move |notice: &Notice<'_>| {
        if let Notice::Mode { verdict, .. } = notice
            && verdict.mode() == mode
        {
            entered.send(()).unwrap();
            may_go.lock().unwrap().recv().unwrap();
        }
    };
    (opening.on_notice(listener), is_in, go)
}

#[test]
fn the_last_notice_is_the_last_that_happened() {
    let world = World::new("order");
    let renewed = license(|claims| {
        claims["jti"] = serial(2).into();
        claims["exp"] = (EXPIRES + 365 * DAY).into();
        claims["license"]["revision"] = 2.into();
        claims["license"]["warnFrom"] = (EXPIRES + 300 * DAY).into();
        claims["license"]["graceUntil"] = (EXPIRES + 380 * DAY).into();
    });
    let (opening, is_in, go) = slow(world.opening(), Mode::Grace);
    let (opening, log) = logged(opening);
    let guard = opening.open();
    install(&guard, &license(|_| ()), &["accepted"]);
    world.set_clock(EXPIRES);
    let (guard, log) = (&guard, &log);
    // Where an assertion fails, `go` goes with it, and lets the other thread end.
    thread::scope(move |threads| {
        threads.spawn(|| says(guard, Mode::Grace, &[Reason::Expired]));
        is_in.recv().unwrap();
        // Nobody waits for a listener that somebody else is in.
        install(guard, &renewed, &["accepted"]);
        says(guard, Mode::Full, &[]);
        assert_eq!(taken(log), ["unlicensed -> full"]);
        go.send(()).unwrap();
    });
    assert_eq!(taken(log), ["full -> grace", "grace -> full"]);
}

/// What a listener causes is told after what it was told.
#[test]
fn a_listener_that_installs_is_told_afterwards() {
    let world = World::new("re-entry");
    let guard: Arc<std::sync::OnceLock<lictor_validator::host::Guard>> = Arc::default();
    let own = Arc::clone(&guard);
    let opening = world.opening().on_notice(move |notice| {
        if let (Some(guard), Notice::Trouble(_)) = (own.get(), notice) {
            install(guard, &license(|_| ()), &["accepted"]);
        }
    });
    let (opening, log) = logged(opening);
    let guard = guard.get_or_init(|| opening.open());
    install(guard, "nothing", &["refused"]);
    let told = taken(&log);
    assert!(told[0].starts_with("a token that was installed was refused"), "{told:?}");
    assert_eq!(told[1..], ["unlicensed -> full"]);
}

/// It takes neither another listener with it nor whoever called the guard.
#[test]
fn a_listener_that_panics_is_left_at_that() {
    let world = World::new("panicking listener");
    let (table, watched) = (Table::default(), world.path("bad.lic"));
    fs::write(&watched, "bad").unwrap();
    // Without the words of a panic, which are wanted here.
    let opening =
        world.over(table.clone()).watch(&watched).on_notice(|_| resume_unwind(Box::new("its own fault")));
    let (opening, log) = logged(opening);
    let guard = opening.open();
    assert_eq!(taken(&log).len(), 1);
    install(&guard, &license(|_| ()), &["accepted"]);
    world.set_clock(EXPIRES);
    says(&guard, Mode::Grace, &[Reason::Expired, Reason::CandidateRejected]);
    world.set_clock(ENDS);
    guard.tick();
    assert_eq!(taken(&log), ["unlicensed -> full", "full -> grace", "grace -> read_only"]);
    world.set_clock(START + 30);
    says(&guard, Mode::Full, &[Reason::CandidateRejected]);
    assert_eq!(taken(&log), ["read_only -> full"]);
    table.full(true);
    drop(guard);
    assert!(taken(&log)[0].starts_with("nothing is remembered over a restart"));
}
