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
fn an_hour_of_time_at_most_is_lost_to_a_crash() {
    let world = World::new("crash");
    let guard = world.licensed();
    run(&world, &guard, START, START + DAY);
    world.set_clock(START + DAY + 3599);
    guard.tick();
    // As a crash would: nothing is written at the end.
    std::mem::forget(guard);
    world.set_clock(START);
    let guard = world.guard();
    assert_eq!(guard.verdict().effective_time().seconds(), START + DAY);
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
