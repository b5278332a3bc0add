//! The guard's own thread: what it does for a product that only asks, and that it ends with the guard.

use crate::artefacts::{DAY, START, license, revision};
use crate::world::{World, agents, install, says};
use lictor_shared::Timestamp;
use lictor_validator::host::{Guard, Notice, Opening, Ticking};
use lictor_validator::{Mode, Reason};
use std::fs;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::{Duration, Instant};

/// As fast as it can be, so that nobody waits for a minute.
const FAST: Ticking = Ticking::Every(Duration::ZERO);

/// Waits until something is so.
fn wait_until(what: &str, is: impl Fn() -> bool) {
    let start = Instant::now();
    while !is() {
        assert!(start.elapsed() < Duration::from_secs(60), "never: {what}");
        thread::sleep(Duration::from_millis(1));
    }
}

/// An opening whose clock is held by nobody else than its guard and this number.
fn counted(world: &World) -> (Opening, Arc<AtomicU64>) {
    let held = Arc::new(AtomicU64::new(START));
    let own = Arc::clone(&held);
    let clock = move || Timestamp::from_seconds(own.load(Ordering::SeqCst)).unwrap();
    (world.opening().clock(clock), held)
}

#[test]
fn whoever_only_asks_is_protected_too() {
    let world = World::new("only asks");
    let file = world.path("acme.lic");
    fs::write(&file, revision(1, START)).unwrap();
    let guard = world.opening().watch(&file).ticking(FAST).open();
    assert_eq!(agents(&guard), 1);
    // The watermark follows, and is kept.
    for half in 1..=20 {
        world.set_clock(START + half * DAY / 2);
        wait_until("the watermark is kept", || world.remembered()["watermark"] == START + half * DAY / 2);
    }
    // A new file is noticed.
    fs::write(&file, revision(2, START)).unwrap();
    wait_until("the file is noticed", || agents(&guard) == 2);
    // A crash, and a clock that is set back.
    std::mem::forget(guard);
    world.set_clock(START);
    let guard = world.guard();
    says(&guard, Mode::Full, &[Reason::ClockRolledBack]);
    assert_eq!(guard.verdict().effective_time().seconds(), START + 10 * DAY);
}

#[test]
fn by_default_it_ticks_every_minute_and_by_the_host_not_at_all() {
    assert_eq!(Ticking::default(), Ticking::Every(Duration::from_secs(60)));
    let world = World::new("by the host");
    let (opening, clock) = counted(&world);
    let guard = opening.ticking(Ticking::ByHost).open();
    assert_eq!(Arc::strong_count(&clock), 2);
    clock.store(START + DAY, Ordering::SeqCst);
    thread::sleep(Duration::from_millis(50));
    guard.tick();
    install(&guard, &license(|_| ()), &["accepted"]);
    assert_eq!(world.remembered()["watermark"], START + DAY);
}

#[test]
fn it_ends_with_the_guard() {
    let world = World::new("ends");
    let (opening, clock) = counted(&world);
    let guard = opening.ticking(FAST).open();
    assert_eq!(Arc::strong_count(&clock), 2);
    drop(guard);
    // Whatever the thread held is gone when `drop` returns, so the thread is.
    assert_eq!(Arc::strong_count(&clock), 1);
    // However long its interval.
    let (opening, clock) = counted(&world);
    let start = Instant::now();
    drop(opening.ticking(Ticking::Every(Duration::MAX)).open());
    assert_eq!(Arc::strong_count(&clock), 1);
    assert!(start.elapsed() < Duration::from_secs(30));
}

/// A pending license comes into force, and listeners are told at that second, however long the interval.
#[test]
fn it_wakes_when_the_verdict_becomes_another_one() {
    const INTERVAL: Duration = Duration::from_secs(7);
    let world = World::new("wakes");
    let (opening, clock) = counted(&world);
    let told = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&told);
    let mode = move |notice: &Notice<'_>| {
        if let Notice::Mode { verdict, .. } = notice {
            log.lock().unwrap().push(verdict.mode());
        }
    };
    let guard = opening.ticking(Ticking::Every(INTERVAL)).on_notice(mode).open();
    install(&guard, &revision(1, START + 100), &["pending"]);
    // The first tick comes after the interval and finds that one second is left.
    clock.store(START + 99, Ordering::SeqCst);
    thread::sleep(INTERVAL + Duration::from_millis(300));
    clock.store(START + 100, Ordering::SeqCst);
    let start = Instant::now();
    wait_until("it is told", || told.lock().unwrap().len() == 2);
    assert!(start.elapsed() < INTERVAL / 2, "{:?}", start.elapsed());
    assert_eq!(*told.lock().unwrap(), [Mode::ReadOnly, Mode::Full]);
}

#[test]
fn a_listener_that_panics_does_not_end_the_ticking() {
    let world = World::new("panics");
    let (opening, clock) = counted(&world);
    let told = Arc::new(AtomicU64::new(0));
    let count = Arc::clone(&told);
    let guard = opening
        .ticking(FAST)
        .on_notice(move |_| {
            let before = count.fetch_add(1, Ordering::SeqCst);
            if before == 1 {
                // Without the words of a panic, which are wanted here.
                std::panic::resume_unwind(Box::new("a listener's own fault"));
            }
        })
        .open();
    install(&guard, &license(|_| ()), &["accepted"]);
    assert_eq!(told.load(Ordering::SeqCst), 1);
    // exp is 1826841600, and graceUntil 1828051200.
    clock.store(1_826_841_600, Ordering::SeqCst);
    wait_until("it is told and panics", || told.load(Ordering::SeqCst) == 2);
    clock.store(1_828_051_200, Ordering::SeqCst);
    wait_until("it is told again", || told.load(Ordering::SeqCst) == 3);
    says(&guard, Mode::ReadOnly, &[Reason::Expired]);
}

#[test]
fn a_listener_may_drop_the_guard_in_the_thread_itself() {
    let world = World::new("drops");
    let (opening, clock) = counted(&world);
    let slot: Arc<Mutex<Option<Guard>>> = Arc::default();
    let own = Arc::clone(&slot);
    let guard = opening
        .ticking(FAST)
        .on_notice(move |notice| {
            if matches!(notice, Notice::Mode { from: Mode::Full, .. }) {
                drop(own.lock().unwrap().take());
            }
        })
        .open();
    install(&guard, &license(|_| ()), &["accepted"]);
    *slot.lock().unwrap() = Some(guard);
    clock.store(1_826_841_600, Ordering::SeqCst);
    wait_until("the thread has ended", || Arc::strong_count(&clock) == 1);
    assert!(slot.lock().unwrap().is_none());
}
