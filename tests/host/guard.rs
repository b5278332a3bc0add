//! The guard itself: what it answers from, whom it tells, and that nobody ever sees half of a change.

use crate::artefacts::{
    DAY, ID, LICENSE_ENTRY, START, activation, license, list, receipt, request, revision, serial,
};
use crate::table::Table;
use crate::world::{World, agents, install, says};
use lictor_shared::{RequestKind, Text, Timestamp, Uuid};
use lictor_validator::host::{Article, Ask, Guard, Held, Notice, Standing};
use lictor_validator::{Allowance, Mode, Reason};
use std::fs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

#[test]
fn answers_from_memory_until_the_next_change() {
    let world = World::new("memory");
    let table = Table::default();
    let guard = world.over(table.clone()).open();
    install(&guard, &license(|_| ()), &["accepted"]);
    let (reads, first) = (table.reads(), guard.verdict().effective_time());
    // warnFrom is 1824249600.
    world.set_clock(1_824_249_599);
    says(&guard, Mode::Full, &[]);
    assert_eq!(guard.verdict().effective_time(), first, "the same verdict");
    for (now, mode, reasons) in [
        (1_824_249_600, Mode::Full, &[Reason::ExpiringSoon][..]),
        (1_826_841_600, Mode::Grace, &[Reason::Expired]),
        (1_828_051_200, Mode::ReadOnly, &[Reason::Expired]),
    ] {
        world.set_clock(now);
        says(&guard, mode, reasons);
    }
    assert_eq!(table.reads(), reads, "the store was asked");
}

#[test]
fn a_tick_reads_nothing_where_nothing_has_changed() {
    let world = World::new("cheap");
    let table = Table::default();
    let guard = world.over(table.clone()).open();
    world.set_clock(START + 1);
    install(&guard, &license(|_| ()), &["accepted"]);
    guard.tick();
    let reads = table.reads();
    for second in 2..61 {
        world.set_clock(START + second);
        guard.tick();
    }
    assert_eq!(table.reads(), reads);
    world.set_clock(START + 61);
    guard.tick();
    assert!(table.reads() > reads, "a minute of time is kept");
}

/// Whoever has to wait for the store has not stopped the clock.
#[test]
fn the_clock_is_read_after_the_store() {
    let world = Arc::new(World::new("waiting"));
    let table = Table::default();
    let guard = world.over(table.clone()).open();
    install(&guard, &license(|_| ()), &["accepted"]);
    let clock = Arc::clone(&world);
    table.interrupt(move || clock.set_clock(START + 300));
    guard.reload();
    assert_eq!(guard.verdict().effective_time().seconds(), START + 300);
    let state: serde_json::Value = serde_json::from_slice(&table.rows()["state.json"]).unwrap();
    assert_eq!(state["watermark"], START + 300);
}

#[test]
fn a_watched_file_is_installed_whenever_it_changes() {
    let world = World::new("watched");
    let file = world.path("acme.lic");
    let guard = world.opening().watch(&file).open();
    says(&guard, Mode::Unlicensed, &[Reason::Missing]);
    fs::write(&file, revision(1, START)).unwrap();
    guard.tick();
    assert_eq!(agents(&guard), 1);
    fs::write(&file, revision(2, START) + &list(1, START, &[])).unwrap();
    guard.tick();
    assert_eq!(agents(&guard), 2);
    // Half of a file, as one sees while it is copied: the last good one stays.
    fs::write(&file, &revision(3, START)[..600]).unwrap();
    guard.tick();
    assert_eq!(agents(&guard), 2);
    says(&guard, Mode::Full, &[Reason::CandidateRejected]);
    assert!(guard.troubles()[0].to_string().contains("acme.lic was refused"), "{:?}", guard.troubles());
    fs::write(&file, revision(3, START)).unwrap();
    guard.tick();
    assert_eq!(agents(&guard), 3);
    says(&guard, Mode::Full, &[]);
    fs::remove_file(&file).unwrap();
    guard.tick();
    assert_eq!(agents(&guard), 3);
    // A folder in its place is said, and harms nothing.
    fs::create_dir(&file).unwrap();
    guard.tick();
    says(&guard, Mode::Full, &[Reason::CandidateRejected]);
}

#[test]
fn listeners_are_told_of_each_change_once() {
    let world = World::new("listeners");
    let told = Arc::new(Mutex::new(Vec::new()));
    let guard: Arc<std::sync::OnceLock<Guard>> = Arc::default();
    let (log, own) = (Arc::clone(&told), Arc::clone(&guard));
    let opened = world
        .opening()
        .on_notice(move |notice| {
            // A listener may ask the guard for anything.
            if let Some(guard) = own.get() {
                guard.tick();
            }
            log.lock().unwrap().push(match notice {
                Notice::Mode { from, verdict } => format!("{from} -> {}", verdict.mode()),
                Notice::Trouble(trouble) => trouble.to_string().chars().take(31).collect(),
                _ => "?".into(),
            });
        })
        .open();
    let guard = guard.get_or_init(|| opened);
    install(guard, &license(|_| ()), &["accepted"]);
    install(guard, "nothing", &["refused"]);
    guard.reload();
    world.set_clock(1_826_841_600);
    let _verdict = (guard.verdict(), guard.verdict());
    guard.tick();
    install(guard, &list(1, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
    let told = told.lock().unwrap();
    assert_eq!(
        *told,
        ["unlicensed -> full", "a token that was installed was r", "full -> grace", "grace -> read_only"]
            .map(|line| line.chars().take(31).collect::<String>())
    );
}

#[test]
fn the_clock_may_go_anywhere_between_two_calls() {
    let world = World::new("anywhere");
    let guard = world.licensed();
    let modes = [
        (START + DAY, Mode::Full),
        (1_828_051_200, Mode::ReadOnly),
        (START + 2 * DAY, Mode::Full),
        (1_826_841_600, Mode::Grace),
        (1_826_841_599, Mode::Full),
        (1_826_841_600, Mode::Grace),
        (0, Mode::Full),
        // A reading that is believed, so that the next one is no confirmation of those before.
        (START + 3 * DAY + 3600, Mode::Full),
        (253_402_300_799, Mode::ReadOnly),
        (START, Mode::Full),
    ];
    for (now, mode) in modes {
        world.set_clock(now);
        assert_eq!(guard.verdict().mode(), mode, "at {now}");
        // What is asked is what a guard that has just been opened would say.
        assert_eq!(world.guard().verdict().mode(), mode, "opened at {now}");
    }
}

/// Wherever the clock goes, what is answered from memory is what is judged of everything anew.
#[test]
fn memory_and_judgement_agree_at_every_reading() {
    let given = std::env::var("LICTOR_TEST_SEED").ok().and_then(|seed| seed.parse().ok());
    let mut seed: u64 = given.unwrap_or(20_261_122);
    println!("LICTOR_TEST_SEED={seed}");
    let mut draw = |below: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) % below
    };
    let world = World::new("agree");
    let guard = world.over(Table::default()).open();
    let other = license(|claims| {
        claims["license"]["id"] = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a11".into();
        claims["license"]["maxStatusAge"] = (30 * DAY).into();
        claims["license"]["graceUntil"] = (START + 500 * DAY).into();
    });
    let files = revision(1, START) + &revision(2, START + 200 * DAY) + &other + &list(1, START, &[]);
    let _outcomes = guard.install(files.as_bytes());
    // The last second before, and the first of, each change that is known by heart; and anything between.
    let edges = [0, 7, 30, 44, 200, 335, 365, 379, 500].map(|day| START + day * DAY);
    let parts = |guard: &Guard| {
        let verdict = guard.verdict();
        let license = verdict.license().map(|license| license.id());
        (verdict.mode(), verdict.reasons().to_vec(), verdict.until(), verdict.code(), license, agents(guard))
    };
    for _ in 0..600 {
        let edge = edges[usize::try_from(draw(9)).unwrap()];
        let now = match draw(3) {
            0 => edge - draw(2),
            1 => edge + draw(2 * DAY) - DAY,
            _ => START - 100 * DAY + draw(800 * DAY),
        };
        world.set_clock(now);
        let from_memory = parts(&guard);
        guard.reload();
        assert_eq!(from_memory, parts(&guard), "at {now}");
    }
}

/// Lets readers end, also where an assertion failed beside them.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Release);
    }
}

/// 10 million calls from 8 threads during 1000 reloads of a file that is another one each time: no verdict is torn, and none is older
/// than one that was there before.
/// Where neither the store nor the clock gives a reason to look, the file itself does.
#[test]
fn a_watched_file_is_noticed_where_nothing_else_changes() {
    let world = World::new("watched alone");
    let (file, table) = (world.path("acme.lic"), Table::default());
    let guard = world.over(table.clone()).watch(&file).open();
    let look = || {
        let before = table.reads();
        guard.tick();
        table.reads() > before
    };
    // The first look is at what the guard itself has written.
    look();
    assert!(!look(), "there was nothing to read");
    fs::write(&file, revision(1, START)).unwrap();
    assert!(look());
    assert_eq!(agents(&guard), 1);
    look();
    assert!(!look(), "there was nothing to read");
    // Another length: two files that are written at once may bear one date.
    fs::write(&file, revision(2, START) + &list(1, START, &[])).unwrap();
    assert!(look());
    assert_eq!(agents(&guard), 2);
}

#[test]
fn no_verdict_is_torn_or_older() {
    const CALLS: u64 = 10_000_000;
    const THREADS: u64 = 8;
    const RELOADS: u64 = 1000;
    // The number stands in two members.
    const END: u64 = 1_828_051_200;
    let world = World::new("stress");
    let file = world.path("acme.lic");
    let license = |number: u64| {
        license(|claims| {
            claims["license"]["revision"] = number.into();
            claims["license"]["limits"]["agents"] = number.into();
            claims["license"]["graceUntil"] = (END + number).into();
        })
    };
    fs::write(&file, license(1)).unwrap();
    let guard = world.over(Table::default()).watch(&file).open();
    let licenses: Vec<String> = (2..=RELOADS + 1).map(license).collect();
    let (published, done, calls) = (AtomicU64::new(1), AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        let readers: Vec<_> = (0..THREADS)
            .map(|_| {
                scope.spawn(|| {
                    let (mut own, mut last, mut seen) = (0, 0, 0);
                    while own < CALLS / THREADS || !done.load(Ordering::Acquire) {
                        let floor = published.load(Ordering::Acquire);
                        let verdict = guard.verdict();
                        own += 1;
                        let Allowance::AtMost(agents) = verdict.limit("agents") else { panic!("torn") };
                        assert!(agents >= floor.max(last), "{agents} after {floor} and {last}");
                        seen += u64::from(agents > last);
                        last = agents;
                        let end = verdict.license().and_then(|license| license.grace_until());
                        assert_eq!(end.map(Timestamp::seconds), Some(END + agents), "torn");
                    }
                    calls.fetch_add(own, Ordering::SeqCst);
                    seen
                })
            })
            .collect();
        let ends = Ends(&done);
        for (number, license) in (2..).zip(&licenses) {
            fs::write(&file, license).unwrap();
            guard.reload();
            assert_eq!(agents(&guard), number, "the file was not read");
            published.store(number, Ordering::Release);
        }
        drop(ends);
        // That they looked while it changed, and not before or after.
        let seen: Vec<u64> = readers.into_iter().map(|reader| reader.join().unwrap()).collect();
        assert!(seen.iter().all(|seen| *seen > RELOADS / 100), "revisions that each reader saw: {seen:?}");
    });
    assert!(calls.load(Ordering::SeqCst) >= CALLS);
    assert_eq!(agents(&guard), RELOADS + 1);
}

/// While time makes every verdict another one at each look, what was judged of older files never replaces newer ones.
#[test]
fn judging_again_never_undoes_an_installation() {
    const INSTALLATIONS: u64 = 150;
    let world = World::new("judging again");
    let guard = world.over(Table::default()).open();
    install(&guard, &revision(1, START), &["accepted"]);
    let revisions: Vec<String> = (2..=INSTALLATIONS + 1).map(|number| revision(number, START)).collect();
    let (published, done, judged) = (AtomicU64::new(1), AtomicBool::new(false), AtomicU64::new(0));
    thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::Acquire) {
                    let floor = published.load(Ordering::Acquire);
                    let agents = agents(&guard);
                    assert!(agents >= floor.max(last), "{agents} after {floor} and {last}");
                    last = agents;
                    // From full to expiring soon and back: neither reading is in the time of the other's verdict.
                    let turn = judged.fetch_add(1, Ordering::Relaxed);
                    world.set_clock(if turn.is_multiple_of(2) { 1_824_249_600 } else { START });
                }
            });
        }
        let _ends = Ends(&done);
        for (number, file) in (2..).zip(&revisions) {
            install(&guard, file, &["accepted"]);
            published.store(number, Ordering::Release);
        }
    });
    assert_eq!(agents(&guard), INSTALLATIONS + 1);
}

/// What is held, as words: for status pages and support, and nothing of it can be installed elsewhere.
#[test]
fn what_is_held_is_told_with_its_standing() {
    let world = World::new("held");
    let guard = world.guard();
    assert_eq!(guard.held(), []);
    let label = Text::new("web").unwrap();
    let ask =
        |kind| request(&guard.ask(&Ask { kind, license: None, label: label.clone(), signals: &[] }).unwrap());
    let required = license(|claims| claims["license"]["activation"] = "required".into());
    let elsewhere = license(|claims| {
        claims["license"]["id"] = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a12".into();
        claims["license"]["environments"] = ["staging"].into();
    });
    install(&guard, &elsewhere, &["refused"]);
    install(&guard, &required, &["accepted"]);
    let second = license(|claims| {
        claims["license"]["id"] = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a11".into();
        claims["license"]["graceUntil"] = 1_828_051_199.into();
        claims["license"]["environments"] = ["production"].into();
    });
    let _outcomes = guard.install((revision(3, START + 9 * DAY) + &list(7, START, &[])).as_bytes());
    let asked = ask(RequestKind::Activate);
    install(&guard, &activation(&asked, 1, START, |_| ()), &["accepted"]);
    install(&guard, &second, &["accepted"]);
    let told = |guard: &Guard| -> Vec<String> {
        let line = |held: Held| format!("{} {} {}", held.article.as_str(), held.issued_at, held.standing);
        let mut lines: Vec<String> = guard.held().into_iter().map(line).collect();
        lines.sort();
        lines
    };
    let day = "2026-11-22T00:00:00Z";
    assert_eq!(
        told(&guard),
        [
            format!("activation {day} in force"),
            format!("license {day} in force"),
            format!("license {day} outranked"),
            format!("license {day} pending until 2026-12-01T00:00:00Z"),
            format!("license {day} refused as wrong_environment"),
            format!("status list {day} in force"),
        ]
    );
    let seat = Article::Activation {
        license: Uuid::new(ID).unwrap(),
        serial: Uuid::new(&serial(1)).unwrap(),
        seat: 1,
    };
    let of_seat = guard.held().into_iter().find(|held| held.article == seat).unwrap();
    assert_eq!(of_seat.issuer.as_str(), "acme-licensing");
    // The digest's beginning is that in the file's name.
    assert_eq!(of_seat.digest.len(), 8);
    let name = world.file("activation-").file_name().unwrap().to_str().unwrap().to_string();
    assert!(name.starts_with(&format!("activation-{}", of_seat.digest)), "{name} {}", of_seat.digest);
    let numbers: Vec<(u64, Standing)> = guard
        .held()
        .into_iter()
        .filter_map(|held| match held.article {
            Article::StatusList { sequence, .. } => Some((sequence, held.standing)),
            _ => None,
        })
        .collect();
    assert_eq!(numbers, [(7, Standing::InForce)]);
    // Given back: the receipt stays.
    let release = ask(RequestKind::Release);
    install(&guard, &receipt(&release, START), &["released"]);
    assert!(told(&guard).contains(&format!("receipt {day} in force")), "{:?}", told(&guard));
    assert!(!told(&guard).iter().any(|line| line.starts_with("activation")));
    // What is of another deployment, or of a license that is not in force, is not needed now.
    drop(guard);
    std::fs::remove_file(world.state().join("identity.json")).unwrap();
    assert!(told(&world.guard()).contains(&format!("receipt {day} not needed now")));
}
