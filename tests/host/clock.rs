//! A clock that is set forward, back, or stands wrong.

use crate::artefacts::{DAY, LICENSE_ENTRY, START, license, list, revision};
use crate::world::{World, agents, install, says};
use lictor_shared::{Origin, Timestamp};
use lictor_validator::host::Guard;
use lictor_validator::{Mode, Reason};

/// 2099-01-01T00:00:00Z.
const FAR: u64 = 4_070_908_800;

/// Ticks every hour from one instant to another.
fn run(world: &World, guard: &Guard, from: u64, to: u64) {
    for now in (from..=to).step_by(3600) {
        world.set_clock(now);
        guard.tick();
    }
}

#[test]
fn to_2099_and_back_burns_nothing() {
    let world = World::new("2099");
    let mut guard = world.licensed();
    run(&world, &guard, START, START + DAY);
    world.set_clock(FAR);
    says(&guard, Mode::ReadOnly, &[Reason::Expired]);
    guard.tick();
    // Not even over a restart, and not if it stands there for weeks.
    guard = {
        drop(guard);
        world.guard()
    };
    says(&guard, Mode::ReadOnly, &[Reason::Expired]);
    run(&world, &guard, FAR, FAR + 29 * DAY);
    world.set_clock(START + DAY);
    says(&guard, Mode::Full, &[]);
    guard.tick();
    drop(guard);
    says(&world.guard(), Mode::Full, &[]);
}

#[test]
fn to_2099_and_back_does_not_put_a_renewal_in_force() {
    let world = World::new("2099 renewal");
    let guard = world.guard();
    install(&guard, &(revision(1, START) + &revision(2, START + 100 * DAY)), &["accepted", "pending"]);
    run(&world, &guard, START, START + DAY);
    world.set_clock(FAR);
    guard.tick();
    assert_eq!(world.remembered()["licenses"][0]["revision"], 1);
    world.set_clock(START + DAY);
    guard.tick();
    assert_eq!(agents(&guard), 1);
    says(&guard, Mode::Full, &[]);
}

#[test]
fn to_2099_and_back_leaves_no_since_in_the_future() {
    let mut world = World::new("2099 since");
    world.product.origin = Some(Origin::new("https://elsewhere.example").unwrap());
    world.product.built_at = Timestamp::from_seconds(START);
    world.set_clock(FAR);
    let guard = world.guard();
    let bound = license(|claims| {
        claims["license"]["origins"] = ["https://calls.acme.example"].into();
        claims["license"]["activation"] = "required".into();
    });
    install(&guard, &bound, &["accepted"]);
    install(&guard, &list(1, START, &[]), &["accepted"]);
    install(&guard, &list(2, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
    // What was noted in 2099 counts from now instead of not at all.
    world.set_clock(START + 60 * DAY);
    guard.tick();
    says(
        &guard,
        Mode::Grace,
        &[Reason::WrongOrigin, Reason::Revoked, Reason::NotActivated, Reason::StatusStale],
    );
    assert_eq!(guard.verdict().until().map(Timestamp::seconds), Some(START + 67 * DAY), "learned now");
    assert_eq!(world.remembered()["firstRuns"][0]["since"], START + 60 * DAY);
}

/// Readings, each by a process of its own, and what is remembered after them; in seconds after START, when the license was issued.
#[test]
fn a_jump_is_believed_after_its_trial() {
    let cases: [(&[u64], u64, Option<u64>); 12] = [
        // A jump of at most 24 h is followed; a larger one is a candidate.
        (&[0, DAY], DAY, None),
        (&[0, DAY + 1], 0, Some(DAY + 1)),
        // Adopted when a second reading lies beyond it by at least 24 h (jumps of at most 90 days) ...
        (&[0, 5 * DAY, 6 * DAY - 1], 0, Some(5 * DAY)),
        (&[0, 5 * DAY, 6 * DAY], 6 * DAY, None),
        (&[0, 90 * DAY, 91 * DAY - 1], 0, Some(90 * DAY)),
        (&[0, 90 * DAY, 91 * DAY], 91 * DAY, None),
        // ... or 30 days (longer ones).
        (&[0, 90 * DAY + 1, 120 * DAY], 0, Some(90 * DAY + 1)),
        (&[0, 90 * DAY + 1, 120 * DAY + 1], 90 * DAY + 1, Some(120 * DAY + 1)),
        (&[0, 90 * DAY + 1, 120 * DAY + 1, 121 * DAY + 1], 121 * DAY + 1, None),
        // What was adopted was read before: a wild reading is not.
        (&[0, 3 * DAY, FAR - START], 3 * DAY, Some(FAR - START)),
        // The clock is right again.
        (&[0, FAR - START, 60], 60, None),
        // It never falls.
        (&[0, DAY, 5], DAY, None),
    ];
    for (readings, watermark, candidate) in cases {
        let world = World::new("jumps");
        drop(world.licensed());
        for reading in readings {
            world.set_clock(START + reading);
            drop(world.guard());
        }
        remembers(&world, Some(START + watermark), candidate.map(|candidate| START + candidate));
    }
}

/// Jumps are measured from max(watermark, builtAt, iat of the license in force).
#[test]
fn a_jump_is_measured_from_the_latest_known_date() {
    let first_reading = |built_at: Option<u64>, license: &str, now: u64| {
        let mut world = World::new("measured");
        world.product.built_at = built_at.and_then(Timestamp::from_seconds);
        world.set_clock(now);
        let _outcome = world.guard().install(license.as_bytes());
        world
    };
    let (licensed, none) = (revision(1, START), "");
    remembers(&first_reading(None, none, START), None, Some(START));
    remembers(&first_reading(None, &licensed, START + DAY), Some(START + DAY), None);
    remembers(&first_reading(None, &licensed, START + DAY + 1), None, Some(START + DAY + 1));
    let built = Some(START + 40 * DAY);
    remembers(&first_reading(built, none, START + 41 * DAY), Some(START + 41 * DAY), None);
    remembers(&first_reading(built, &licensed, START + 41 * DAY + 1), None, Some(START + 41 * DAY + 1));
    // A clock that stands behind such a date does not jump.
    remembers(&first_reading(built, &licensed, START + DAY), Some(START + DAY), None);
    remembers(&first_reading(None, &licensed, START), Some(START), None);
    // A license that is not in force yet is no measure, and neither is one that is refused.
    let pending = license(|claims| {
        claims["iat"] = (START + 30 * DAY).into();
        claims["nbf"] = (START + 90 * DAY).into();
    });
    remembers(&first_reading(None, &pending, START + 30 * DAY), None, Some(START + 30 * DAY));
    let refused = license(|claims| claims["license"]["environments"] = ["staging"].into());
    remembers(&first_reading(None, &refused, START), None, Some(START));
}

/// The watermark follows the clock, never an artefact.
#[test]
fn an_artefact_moves_the_time_and_not_the_watermark() {
    let world = World::new("artefact");
    let guard = world.licensed();
    install(&guard, &list(1, START + 40 * DAY, &[]), &["accepted"]);
    assert_eq!(guard.verdict().effective_time().seconds(), START + 40 * DAY);
    world.set_clock(START + 60);
    guard.tick();
    remembers(&world, Some(START + 60), None);
}

/// What the state file says of the clock.
fn remembers(world: &World, watermark: Option<u64>, candidate: Option<u64>) {
    let state = world.remembered();
    assert_eq!((state["watermark"].as_u64(), state["candidate"].as_u64()), (watermark, candidate));
}

#[test]
fn set_back_gains_nothing() {
    let world = World::new("back a year");
    let guard = world.licensed();
    let end = 1_828_051_200;
    run(&world, &guard, START, START + 2 * DAY);
    for now in (START + 2 * DAY..=end).step_by(86_400) {
        world.set_clock(now);
        guard.tick();
    }
    world.set_clock(end);
    guard.tick();
    says(&guard, Mode::ReadOnly, &[Reason::Expired]);
    // A year back: running, and after a restart.
    world.set_clock(START);
    says(&guard, Mode::ReadOnly, &[Reason::Expired, Reason::ClockRolledBack]);
    drop(guard);
    let guard = world.guard();
    says(&guard, Mode::ReadOnly, &[Reason::Expired, Reason::ClockRolledBack]);
    // Up to a day behind is no warning.
    world.set_clock(end - DAY);
    says(&guard, Mode::ReadOnly, &[Reason::Expired]);
    world.set_clock(end - DAY - 1);
    says(&guard, Mode::ReadOnly, &[Reason::Expired, Reason::ClockRolledBack]);
}

#[test]
fn a_minute_of_time_at_most_is_lost_to_a_crash() {
    let world = World::new("crash");
    let guard = world.licensed();
    for second in (1..=DAY + 119).step_by(7) {
        world.set_clock(START + second);
        guard.tick();
    }
    // As a crash would: nothing is written at the end.
    std::mem::forget(guard);
    world.set_clock(START);
    let lost = START + DAY + 119 - world.guard().verdict().effective_time().seconds();
    assert!(lost < 60 + 7, "{lost} seconds");
}

#[test]
fn no_time_is_lost_to_an_orderly_end() {
    let world = World::new("orderly end");
    let guard = world.licensed();
    world.set_clock(START + 59);
    // Not even what only whoever asks has seen.
    says(&guard, Mode::Full, &[]);
    drop(guard);
    assert_eq!(world.remembered()["watermark"], START + 59);
    // Where the folder is gone meanwhile nothing is made in its place, and where nothing is new nothing is written.
    let guard = world.guard();
    std::fs::remove_dir_all(world.state()).unwrap();
    world.set_clock(START + 118);
    drop(guard);
    assert!(!world.state().exists());
}

#[test]
fn a_clock_before_every_date_is_no_panic() {
    let world = World::new("1970");
    world.set_clock(0);
    let guard = world.guard();
    says(&guard, Mode::Unlicensed, &[Reason::Missing]);
    install(&guard, &license(|_| ()), &["accepted"]);
    says(&guard, Mode::Full, &[Reason::ClockRolledBack]);
    world.set_clock(253_402_300_799);
    guard.tick();
    says(&guard, Mode::ReadOnly, &[Reason::Expired]);
    world.set_clock(START);
    guard.tick();
    says(&guard, Mode::Full, &[]);
}

#[test]
fn a_grace_is_measured_from_what_is_remembered() {
    let mut world = World::new("since");
    world.product.origin = Some(Origin::new("https://elsewhere.example").unwrap());
    world.product.built_at = Timestamp::from_seconds(START + 10 * DAY);
    let terms = license(|claims| {
        claims["license"]["origins"] = ["https://calls.acme.example"].into();
        claims["license"]["maintenanceUntil"] = START.into();
    });
    world.set_clock(START + 100 * DAY);
    let guard = world.guard();
    install(&guard, &terms, &["accepted"]);
    // 14 days for the origin, 30 for the release, each from the first time that it was seen here.
    says(&guard, Mode::Grace, &[Reason::WrongOrigin, Reason::MaintenanceEnded]);
    let until = |guard: &Guard| guard.verdict().until().map(Timestamp::seconds);
    assert_eq!(until(&guard), Some(START + 114 * DAY));
    drop(guard);
    world.set_clock(START + 101 * DAY);
    let guard = world.guard();
    assert_eq!(until(&guard), Some(START + 114 * DAY), "a restart grants nothing anew");
    drop(guard);
    // A matching origin ends it; one that matches no more starts it again.
    world.product.origin = Some(Origin::new("https://calls.acme.example").unwrap());
    assert_eq!(until(&world.guard()), Some(START + 130 * DAY));
    world.product.origin = None;
    world.set_clock(START + 102 * DAY);
    assert_eq!(until(&world.guard()), Some(START + 116 * DAY));
    // Where nothing can be remembered nothing is granted beyond what the license says.
    let stateless =
        world.over(lictor_validator::host::Folder::at("/proc/none")).watch(world.path("acme.lic"));
    std::fs::write(world.path("acme.lic"), terms).unwrap();
    let guard = stateless.open();
    says(&guard, Mode::ReadOnly, &[Reason::WrongOrigin, Reason::MaintenanceEnded, Reason::Stateless]);
}

/// The license's end of the grace without an activation, as the guard says it.
fn until(guard: &Guard) -> Option<u64> {
    guard.verdict().until().map(Timestamp::seconds)
}

fn activated_only() -> String {
    license(|claims| claims["license"]["activation"] = "required".into())
}

#[test]
fn a_key_made_while_the_clock_stood_ahead_grants_one_grace() {
    let world = World::new("key ahead");
    world.set_clock(START + 100 * DAY);
    let id = world.guard().deployment();
    world.set_clock(START);
    let guard = world.guard();
    install(&guard, &activated_only(), &["accepted"]);
    assert_eq!(until(&guard), Some(START + 14 * DAY));
    for day in 1..100 {
        world.set_clock(START + day * DAY);
        guard.tick();
    }
    says(&guard, Mode::ReadOnly, &[Reason::NotActivated]);
    // When the clock comes to the date in the key, and after a restart.
    for day in 100..115 {
        world.set_clock(START + day * DAY);
        says(&guard, Mode::ReadOnly, &[Reason::NotActivated]);
        guard.tick();
        says(&guard, Mode::ReadOnly, &[Reason::NotActivated]);
    }
    drop(guard);
    let guard = world.guard();
    says(&guard, Mode::ReadOnly, &[Reason::NotActivated]);
    assert_eq!(guard.deployment(), id);
    // Another key is another deployment, since now.
    drop(guard);
    std::fs::remove_file(world.state().join("identity.json")).unwrap();
    assert_eq!(until(&world.guard()), Some(START + 128 * DAY));
}

/// A machine is set up before it has asked for the time, with a license that is two months old: each of its graces begins when the
/// clock is right, as on a machine whose clock was right from the first.
#[test]
fn a_first_start_in_1970_costs_no_grace() {
    let right = START + 60 * DAY;
    for (name, built_at, edit, grace) in [
        ("not activated", None, ("activation", "required".into()), 14),
        ("wrong origin", None, ("origins", ["https://calls.acme.example"].into_iter().collect()), 14),
        ("not maintained", Some(START + 10 * DAY), ("maintenanceUntil", START.into()), 30),
    ] {
        let mut world = World::new(name);
        world.product.built_at = built_at.and_then(Timestamp::from_seconds);
        let (member, value): (&str, serde_json::Value) = edit;
        let terms = license(|claims| claims["license"][member] = value);
        world.set_clock(5);
        let guard = world.guard();
        install(&guard, &terms, &["accepted"]);
        guard.tick();
        // What is not known grants nothing.
        assert_eq!(guard.verdict().reasons().last(), Some(&Reason::ClockRolledBack), "{name}");
        world.set_clock(right);
        guard.tick();
        assert_eq!(
            (guard.verdict().mode(), until(&guard)),
            (Mode::Grace, Some(right + grace * DAY)),
            "{name}"
        );
        // Held back again, it grants nothing anew.
        world.set_clock(5);
        guard.tick();
        world.set_clock(right + DAY);
        guard.tick();
        assert_eq!(until(&guard), Some(right + grace * DAY), "{name}");
    }
}

#[test]
fn a_boot_in_1970_costs_no_grace() {
    // Whether the deployment is as old as its license or older.
    for first in [1, 60] {
        let mut world = World::new("boot in 1970");
        world.product.origin = Some(Origin::new("https://elsewhere.example").unwrap());
        world.product.built_at = Timestamp::from_seconds(START - 10 * DAY);
        world.set_clock(START + first * DAY);
        drop(world.guard());
        world.set_clock(START + 60 * DAY);
        let guard = world.guard();
        let terms = license(|claims| {
            claims["license"]["activation"] = "required".into();
            claims["license"]["origins"] = ["https://calls.acme.example"].into();
        });
        install(&guard, &terms, &["accepted"]);
        install(&guard, &list(1, START, &[]), &["accepted"]);
        install(&guard, &list(2, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
        let remembered = |world: &World| {
            let state = world.remembered();
            ["licenses", "learned", "firstRuns"].map(|member| state[member].clone())
        };
        let (before, end) = (remembered(&world), until(&guard));
        assert_eq!(end, Some(START + 67 * DAY), "the first to end is what was learned");
        drop(guard);
        // A machine without a battery, before it has asked for the time: no day has passed since the installation.
        world.set_clock(0);
        let guard = world.guard();
        guard.tick();
        assert!(guard.verdict().reasons().contains(&Reason::ClockRolledBack));
        assert_eq!(remembered(&world), before);
        world.set_clock(START + 60 * DAY + 60);
        assert_eq!(until(&guard), end);
        guard.tick();
        drop(guard);
        assert_eq!(until(&world.guard()), end);
    }
}

/// What was noted in 2099 does not follow a clock that is held back: each new artefact would grant the grace anew.
#[test]
fn a_clock_held_back_after_2099_gains_nothing() {
    let mut world = World::new("held back");
    world.product.origin = Some(Origin::new("https://elsewhere.example").unwrap());
    world.set_clock(FAR);
    let guard = world.guard();
    let bound = license(|claims| claims["license"]["origins"] = ["https://calls.acme.example"].into());
    install(&guard, &bound, &["accepted"]);
    world.set_clock(START - 30 * DAY);
    guard.tick();
    says(&guard, Mode::Grace, &[Reason::WrongOrigin, Reason::ClockRolledBack]);
    for day in [1, 13] {
        install(&guard, &list(day, START + day * DAY, &[]), &["accepted"]);
        assert_eq!(until(&guard), Some(START + 14 * DAY));
    }
    install(&guard, &list(14, START + 14 * DAY, &[]), &["accepted"]);
    says(&guard, Mode::ReadOnly, &[Reason::WrongOrigin, Reason::ClockRolledBack]);
}
