//! The record of use: what is counted, what survives which accident, and the chain of reports.

use crate::artefacts::{DAY, START};
use crate::table::Table;
use crate::world::{World, install, says};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lictor_shared::{Artefact as _, Received, UsageReport};
use lictor_validator::host::{Guard, RecordError, ReportError, Trouble};
use lictor_validator::{Mode, Reason};
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};
use std::fs;
use std::thread;

const MINUTE: u64 = 60;
/// `exp` of the license.
const EXPIRES: u64 = 1_826_841_600;

/// The token of a report, read from its armor without the crate under test.
fn token(armored: &str) -> String {
    let lines: Vec<&str> = armored.lines().collect();
    assert_eq!(lines.first(), Some(&"-----BEGIN USAGE REPORT-----"), "{armored}");
    assert_eq!(lines.last(), Some(&"-----END USAGE REPORT-----"), "{armored}");
    lines[1..lines.len() - 1].concat()
}

/// What a report says, once its own key is seen to have signed it.
fn said(armored: &str) -> Value {
    let token = token(armored);
    let received = Received::<UsageReport>::read(&token).unwrap();
    assert!(received.is_signed_by(&received.untrusted_signer().0));
    let report = UsageReport::read(received.untrusted_payload()).unwrap();
    assert_eq!(report.deployment, received.untrusted_signer().0.thumbprint());
    let payload = URL_SAFE_NO_PAD.decode(token.split('.').nth(1).unwrap()).unwrap();
    serde_json::from_slice(&payload).unwrap()
}

fn hash(armored: &str) -> String {
    Sha256::digest(token(armored)).iter().map(|byte| format!("{byte:02x}")).collect()
}

fn report(guard: &Guard) -> Value {
    said(&guard.report().unwrap())
}

fn usage_troubles(guard: &Guard) -> Vec<String> {
    let troubles = guard.troubles();
    troubles.iter().filter(|one| matches!(one, Trouble::Usage { .. })).map(ToString::to_string).collect()
}

#[test]
fn the_highest_value_of_a_period_is_reported() {
    let world = World::new("usage");
    let guard = world.licensed();
    for (minute, users) in [(1, 3), (2, 7), (3, 7), (4, 5)] {
        world.set_clock(START + minute * MINUTE);
        guard.record("users", users).unwrap();
        guard.tick();
    }
    guard.record("idle", 0).unwrap();
    let first = guard.report().unwrap();
    let claims = said(&first);
    assert_eq!(claims["iss"], guard.deployment().unwrap().to_string());
    assert_eq!((&claims["aud"], &claims["iat"]), (&json!("acme-licensing"), &json!(START + 4 * MINUTE)));
    let usage = &claims["usage"];
    let instant = |minute: u64| START + minute * MINUTE;
    let expected = json!({
        "version": 1,
        "license": "0198c0d2-6c1e-7000-8000-2f6f2b1d9a10",
        "activation": null,
        "product": "dialer",
        "validator": "dialer 7.3",
        "sequence": 1,
        "previous": null,
        "from": START,
        "to": instant(4),
        "begins": "start",
        "modes": [
            { "mode": "unlicensed", "reason": "missing", "since": START },
            { "mode": "full", "reason": null, "since": START },
        ],
        "omitted": 0,
        "counters": {
            "users": { "highest": 7, "at": instant(2) },
            "idle": { "highest": 0, "at": instant(4) },
        },
        "extensions": {},
        "critical": [],
    });
    assert_eq!(*usage, expected);

    // The next period begins where this one ends, and counts from nothing.
    world.set_clock(instant(10));
    guard.record("users", 2).unwrap();
    let second = report(&guard);
    let usage = &second["usage"];
    assert_eq!(usage["previous"], hash(&first));
    assert_eq!((&usage["sequence"], &usage["begins"]), (&json!(2), &json!("report")));
    assert_eq!((&usage["from"], &usage["to"]), (&json!(instant(4)), &json!(instant(10))));
    assert_eq!(usage["modes"], json!([{ "mode": "full", "reason": null, "since": instant(4) }]));
    assert_eq!(usage["counters"], json!({ "users": { "highest": 2, "at": instant(10) } }));
    assert_ne!(first, guard.report_again().unwrap());
}

#[test]
fn a_report_that_was_lost_is_the_same_again() {
    let world = World::new("usage again");
    let guard = world.licensed();
    assert!(matches!(guard.report_again(), Err(ReportError::NothingReported)));
    guard.record("users", 7).unwrap();
    let first = guard.report().unwrap();
    world.set_clock(START + DAY);
    guard.record("users", 9).unwrap();
    assert_eq!(guard.report_again().unwrap(), first);
    drop(guard);
    let guard = world.guard();
    assert_eq!(guard.report_again().unwrap(), first);
    // Looking makes none.
    for _ in 0..2 {
        assert_eq!(guard.usage().unwrap().sequence, 2);
    }
    assert_eq!(report(&guard)["usage"]["counters"]["users"]["highest"], 9);
}

#[test]
fn without_a_license_or_a_folder_there_is_nothing_to_report() {
    let world = World::new("usage nothing");
    let guard = world.guard();
    guard.record("users", 7).unwrap();
    assert!(matches!(guard.report(), Err(ReportError::NoLicense)));
    fs::write(world.path("file"), "").unwrap();
    let nowhere = world.over(lictor_validator::host::Folder::at(world.path("file/state"))).open();
    nowhere.record("users", 7).unwrap();
    assert!(matches!(nowhere.report(), Err(ReportError::Stateless(_))));
    assert!(matches!(nowhere.usage(), Err(ReportError::Stateless(_))));
}

#[test]
fn a_crash_costs_what_was_counted_since_the_last_minute() {
    let world = World::new("usage crash");
    let guard = world.licensed();
    guard.record("users", 5).unwrap();
    guard.tick();
    world.set_clock(START + 30);
    guard.record("users", 6).unwrap();
    guard.tick();
    let kept = fs::read(world.state().join("usage.json")).unwrap();
    world.set_clock(START + MINUTE);
    guard.tick();
    assert_ne!(fs::read(world.state().join("usage.json")).unwrap(), kept, "a minute has passed");
    guard.record("users", 7).unwrap();
    // As a process that is killed.
    std::mem::forget(guard);
    let guard = world.guard();
    assert_eq!(guard.usage().unwrap().counters.values().map(|peak| peak.highest).collect::<Vec<_>>(), [6]);
    guard.record("users", 8).unwrap();
    drop(guard);
    // As one that ends.
    let usage = report(&world.guard());
    assert_eq!(usage["usage"]["counters"]["users"]["highest"], 8);
    assert_eq!(usage["usage"]["begins"], "start");
    assert_eq!(usage["usage"]["from"], START);
}

#[test]
fn nothing_new_is_not_written() {
    let world = World::new("usage unchanged");
    let table = Table::default();
    let guard = world.over(table.clone()).open();
    install(&guard, &crate::artefacts::license(|_| ()), &["accepted"]);
    guard.record("users", 5).unwrap();
    guard.tick();
    let kept = table.rows()["usage.json"].clone();
    for minute in 1..5 {
        world.set_clock(START + minute * MINUTE);
        guard.record("users", 4).unwrap();
        guard.tick();
        assert_eq!(table.rows()["usage.json"], kept);
    }
}

#[test]
fn replicas_keep_one_record() {
    let world = World::new("usage replicas");
    let one = world.licensed();
    let two = world.guard();
    one.record("users", 7).unwrap();
    one.record("ours", 1).unwrap();
    two.record("users", 9).unwrap();
    two.record("theirs", 2).unwrap();
    one.tick();
    two.tick();
    let first = one.report().unwrap();
    let counters = said(&first)["usage"]["counters"].clone();
    let highest = |name: &str| counters[name]["highest"].clone();
    assert_eq!([highest("users"), highest("ours"), highest("theirs")], [json!(9), json!(1), json!(2)]);
    // What the other one counts from now on is of the next period, and it continues the same chain.
    world.set_clock(START + MINUTE);
    two.record("users", 4).unwrap();
    let second = report(&two);
    assert_eq!(second["usage"]["previous"], hash(&first));
    assert_eq!(second["usage"]["counters"], json!({ "users": { "highest": 4, "at": START + MINUTE } }));
    assert_eq!(usage_troubles(&one), [""; 0]);
}

#[test]
fn eight_that_report_at_once_make_one_chain() {
    let world = World::new("usage eight");
    drop(world.licensed());
    let reports: Vec<String> = thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    let guard = world.guard();
                    (0..3).map(|_| guard.report().unwrap()).collect::<Vec<_>>()
                })
            })
            .collect();
        threads.into_iter().flat_map(|thread| thread.join().unwrap()).collect()
    });
    let mut chain: Vec<(u64, Value, String)> = reports
        .iter()
        .map(|armored| {
            let usage = said(armored)["usage"].clone();
            (usage["sequence"].as_u64().unwrap(), usage["previous"].clone(), hash(armored))
        })
        .collect();
    chain.sort_by_key(|(sequence, ..)| *sequence);
    assert!(chain.iter().map(|(sequence, ..)| *sequence).eq(1..=24));
    for pair in chain.windows(2) {
        assert_eq!(pair[1].1, pair[0].2);
    }
}

#[test]
fn eight_threads_count_without_waiting_for_each_other() {
    let world = World::new("usage threads");
    let guard = world.licensed();
    thread::scope(|scope| {
        for thread in 0..8_u64 {
            let guard = &guard;
            scope.spawn(move || {
                for value in 0..1000 {
                    guard.record("users", value * 8 + thread).unwrap();
                    if value % 100 == thread {
                        guard.tick();
                    }
                }
            });
        }
    });
    assert_eq!(report(&guard)["usage"]["counters"]["users"]["highest"], 7999);
}

#[test]
fn what_cannot_be_reported_is_refused_where_it_is_counted() {
    let world = World::new("usage names");
    let guard = world.licensed();
    for name in ["", "Users", "jana@acme", &"a".repeat(65)] {
        assert!(matches!(guard.record(name, 1), Err(RecordError::Name(_))), "{name}");
    }
    assert_eq!(guard.record("users", 1 << 53), Err(RecordError::TooLarge(1 << 53)));
    guard.record("users", (1 << 53) - 1).unwrap();
    for number in 1..48 {
        guard.record(&format!("counter-{number}"), number).unwrap();
    }
    for _ in 0..2 {
        assert_eq!(guard.record("one-more", 1), Err(RecordError::TooMany("one-more".into())));
        guard.record("counter-1", 99).unwrap();
        guard.tick();
    }
    let usage = report(&guard)["usage"].clone();
    assert_eq!(usage["counters"].as_object().unwrap().len(), 48);
    assert_eq!(usage["counters"]["counter-1"]["highest"], 99);
    // The next period has room again.
    guard.record("one-more", 1).unwrap();
    // Two replicas with other names have to share it.
    let other = world.guard();
    for number in 0..48 {
        other.record(&format!("other-{number}"), number).unwrap();
    }
    guard.tick();
    world.set_clock(START + MINUTE);
    guard.tick();
    other.tick();
    assert!(usage_troubles(&other)[0].contains("has no room for all counters"), "{:?}", other.troubles());
    assert_eq!(other.usage().unwrap().counters.len(), 48);
    assert!(matches!(other.record("other-9", 50), Err(RecordError::TooMany(_))));
    says(&other, Mode::Full, &[]);
}

#[test]
fn what_vanishes_under_a_running_program_is_written_again() {
    let world = World::new("usage vanished");
    let guard = world.licensed();
    guard.record("users", 7).unwrap();
    let first = guard.report().unwrap();
    guard.record("users", 5).unwrap();
    world.set_clock(START + MINUTE);
    guard.tick();
    let file = world.state().join("usage.json");
    let old = fs::read(&file).unwrap();
    guard.record("users", 6).unwrap();
    world.set_clock(START + 2 * MINUTE);
    guard.tick();
    assert_eq!(usage_troubles(&guard), [""; 0]);
    for (minute, (accident, words)) in (3..).zip([
        (None, "was gone or damaged"),
        (Some(&old[..]), "was set back"),
        (Some(&old[..old.len() / 2]), "was gone or damaged"),
    ]) {
        match accident {
            None => fs::remove_file(&file).unwrap(),
            Some(bytes) => fs::write(&file, bytes).unwrap(),
        }
        world.set_clock(START + minute * 2 * MINUTE);
        guard.tick();
        let troubles = usage_troubles(&guard);
        assert!(troubles.len() == 1 && troubles[0].contains(words), "{words}: {troubles:?}");
        // No verdict tells of it.
        says(&guard, Mode::Full, &[]);
        assert_eq!(guard.usage().unwrap().counters.values().next().unwrap().highest, 6, "{words}");
        world.set_clock(START + minute * 2 * MINUTE + MINUTE);
        guard.tick();
        assert_eq!(usage_troubles(&guard), [""; 0], "{words}");
    }
    assert_eq!(report(&guard)["usage"]["previous"], hash(&first));
}

#[test]
fn what_vanished_while_no_program_ran_begins_anew_and_says_so() {
    for damage in [None, Some("{}"), Some("")] {
        let world = World::new("usage anew");
        let guard = world.licensed();
        guard.record("users", 7).unwrap();
        guard.report().unwrap();
        drop(guard);
        let file = world.state().join("usage.json");
        match damage {
            None => fs::remove_file(&file).unwrap(),
            Some(text) => fs::write(&file, text).unwrap(),
        }
        world.set_clock(START + DAY);
        let guard = world.guard();
        guard.tick();
        assert_eq!(usage_troubles(&guard).len(), usize::from(damage.is_some()), "{:?}", guard.troubles());
        assert_eq!(world.state().join("usage.json.damaged").exists(), damage.is_some());
        says(&guard, Mode::Full, &[]);
        let usage = report(&guard)["usage"].clone();
        assert_eq!((&usage["sequence"], &usage["begins"]), (&json!(1), &json!("gap")));
        assert_eq!((&usage["from"], &usage["previous"]), (&json!(START + DAY), &Value::Null));
    }
}

#[test]
fn a_key_that_was_lost_takes_its_chain_with_it() {
    let world = World::new("usage identity");
    let guard = world.licensed();
    guard.record("users", 7).unwrap();
    guard.report().unwrap();
    drop(guard);
    fs::remove_file(world.state().join("identity.json")).unwrap();
    world.set_clock(START + DAY);
    let guard = world.guard();
    assert!(matches!(guard.report_again(), Err(ReportError::NothingReported)));
    let usage = report(&guard)["usage"].clone();
    assert_eq!((&usage["sequence"], &usage["begins"]), (&json!(1), &json!("gap")));
}

#[test]
fn a_full_disk_loses_nothing_as_long_as_the_program_runs() {
    let world = World::new("usage full disk");
    let table = Table::default();
    let guard = world.over(table.clone()).open();
    install(&guard, &crate::artefacts::license(|_| ()), &["accepted"]);
    guard.tick();
    table.full(true);
    world.set_clock(START + MINUTE);
    guard.record("users", 7).unwrap();
    guard.tick();
    assert_eq!(guard.verdict().mode(), Mode::Full);
    assert!(guard.report().is_err());
    guard.record("users", 8).unwrap();
    table.full(false);
    world.set_clock(START + 3 * MINUTE);
    guard.tick();
    world.set_clock(START + 5 * MINUTE);
    guard.tick();
    assert_eq!(usage_troubles(&guard), [""; 0]);
    says(&guard, Mode::Full, &[]);
    let usage = report(&guard)["usage"].clone();
    assert_eq!(usage["counters"]["users"], json!({ "highest": 8, "at": START + MINUTE }));
}

/// 2099-01-01T00:00:00Z.
const CENTURY: u64 = 4_070_908_800;

#[test]
fn a_period_never_runs_backwards() {
    let world = World::new("usage clock");
    let guard = world.licensed();
    // A clock that stands ahead, and is set right.
    world.set_clock(CENTURY);
    guard.record("users", 7).unwrap();
    guard.tick();
    says(&guard, Mode::ReadOnly, &[Reason::Expired]);
    world.set_clock(START + DAY);
    guard.tick();
    let usage = report(&guard)["usage"].clone();
    assert_eq!((&usage["from"], &usage["to"]), (&json!(START), &json!(START + DAY)));
    assert_eq!(usage["counters"]["users"], json!({ "highest": 7, "at": START + DAY }));
    let modes: Vec<(&str, u64)> = usage["modes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|mode| (mode["mode"].as_str().unwrap(), mode["since"].as_u64().unwrap()))
        .collect();
    assert_eq!(
        modes,
        [("unlicensed", START), ("full", START), ("read_only", START + DAY), ("full", START + DAY)]
    );
    // One that is behind.
    world.set_clock(START - 10 * DAY);
    let claims = report(&guard);
    assert_eq!(claims["iat"], START - 10 * DAY);
    assert_eq!(
        (&claims["usage"]["from"], &claims["usage"]["to"]),
        (&json!(START + DAY), &json!(START + DAY))
    );
}

#[test]
fn of_very_many_changes_the_oldest_are_counted() {
    let world = World::new("usage flapping");
    let guard = world.licensed();
    for round in 0..40 {
        world.set_clock(if round % 2 == 0 { EXPIRES } else { START + round });
        let _asked = guard.verdict();
        if round == 20 {
            guard.tick();
        }
    }
    let usage = report(&guard)["usage"].clone();
    let modes = usage["modes"].as_array().unwrap();
    // The first two, and forty changes.
    assert_eq!((modes.len(), &usage["omitted"]), (32, &json!(10)));
    assert_eq!((&modes[0]["mode"], &modes[31]["mode"]), (&json!("unlicensed"), &json!("full")));
}
