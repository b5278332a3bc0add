//! Status lists: sequences, leaked keys, and when a deployment learned what.

use crate::artefacts::{
    DAY, LICENSE_ENTRY, START, anchors, issuer, license, license_by, list, list_by, other_key,
};
use crate::world::{World, install, says};
use lictor_shared::AnchorSet;
use lictor_validator::host::{Outcome, Trouble};
use lictor_validator::{Mode, Reason};

#[test]
fn a_lower_sequence_is_outranked_for_ever() {
    let world = World::new("sequences");
    let guard = world.licensed();
    let revoked = list(10, START, &[(LICENSE_ENTRY, 1, START)]);
    install(&guard, &revoked, &["accepted"]);
    says(&guard, Mode::Grace, &[Reason::Revoked]);
    install(&guard, &list(9, START + 5, &[]), &["outranked"]);
    says(&guard, Mode::Grace, &[Reason::Revoked]);
    // Also where the list itself is gone.
    drop(guard);
    std::fs::remove_file(world.file("status-list-")).unwrap();
    let guard = world.guard();
    says(&guard, Mode::Full, &[]);
    install(&guard, &list(9, START + 5, &[]), &["outranked"]);
    install(&guard, &revoked, &["accepted"]);
    says(&guard, Mode::Grace, &[Reason::Revoked]);
    install(&guard, &list(11, START + 5, &[]), &["accepted"]);
    says(&guard, Mode::Full, &[]);
    world.file("status-list-");
}

/// `learned` + 7 days bounds the grace from below, if the status was valid here before.
#[test]
fn what_is_learned_late_has_seven_days_of_grace() {
    let world = World::new("learned");
    let guard = world.licensed();
    install(&guard, &list(1, START, &[]), &["accepted"]);
    // 30 days later a list arrives that says: revoked since the first day. Its 14 days of grace are over.
    for day in 1..=30 {
        world.set_clock(START + day * DAY);
        guard.tick();
    }
    install(&guard, &list(2, START + 29 * DAY, &[(LICENSE_ENTRY, 2, START + DAY)]), &["accepted"]);
    says(&guard, Mode::Grace, &[Reason::Suspended]);
    let until = guard.verdict().until().unwrap().seconds();
    assert_eq!(until, START + 37 * DAY);
    // Neither a newer list nor a revocation moves it, nor a restart.
    world.set_clock(START + 31 * DAY);
    install(&guard, &list(3, START + 31 * DAY, &[(LICENSE_ENTRY, 1, START + DAY)]), &["accepted"]);
    drop(guard);
    let guard = world.guard();
    says(&guard, Mode::Grace, &[Reason::Revoked]);
    assert_eq!(guard.verdict().until().unwrap().seconds(), until);
    world.set_clock(until);
    says(&guard, Mode::ReadOnly, &[Reason::Revoked]);
    // Reinstated and revoked again is learned again.
    install(&guard, &list(4, until, &[]), &["accepted"]);
    world.set_clock(until + DAY);
    install(&guard, &list(5, until, &[(LICENSE_ENTRY, 1, START + DAY)]), &["accepted"]);
    assert_eq!(guard.verdict().until().unwrap().seconds(), until + 8 * DAY);
}

/// A list that is dated ahead of the clock was learned when it was made, at the earliest.
#[test]
fn what_a_list_from_ahead_says_is_learned_at_its_date() {
    let world = World::new("learned ahead");
    let guard = world.licensed();
    install(&guard, &list(1, START, &[]), &["accepted"]);
    // 14 days of grace would have ended a fortnight before the list was made.
    let made = START + 29 * DAY;
    install(&guard, &list(2, made, &[(LICENSE_ENTRY, 1, START + DAY)]), &["accepted"]);
    says(&guard, Mode::Grace, &[Reason::Revoked, Reason::ClockRolledBack]);
    assert_eq!(guard.verdict().until().unwrap().seconds(), made + 7 * DAY);
    assert_eq!(world.remembered()["learned"][0]["at"], made);
}

#[test]
fn a_first_list_teaches_nothing() {
    let world = World::new("learned nothing");
    world.set_clock(START + 30 * DAY);
    let guard = world.licensed();
    install(&guard, &list(1, START + 29 * DAY, &[(LICENSE_ENTRY, 1, START + DAY)]), &["accepted"]);
    says(&guard, Mode::ReadOnly, &[Reason::Revoked]);
}

#[test]
fn a_leaked_key_loses_its_lists_to_any_other() {
    let mut world = World::new("leaked");
    let guard = world.licensed();
    // The thief's list revokes everybody and has the highest sequence that there is.
    install(
        &guard,
        &list_by(&other_key(), (1 << 53) - 1, START, &[(LICENSE_ENTRY, 1, START)]),
        &["accepted"],
    );
    says(&guard, Mode::Grace, &[Reason::Revoked]);
    install(&guard, &list(5, START, &[]), &["outranked"]);
    drop(guard);
    // The product ships anchors that distrust the key from the next day on.
    let distrust = format!(",\"distrustAfter\":{}", START + DAY);
    let distrusting = anchors(&[(&issuer(), ""), (&other_key(), &distrust)]);
    world.product.anchors = AnchorSet::read(distrusting.as_bytes()).unwrap();
    let guard = world.guard();
    install(&guard, &list(5, START, &[]), &["outranked"]);
    world.set_clock(START + DAY);
    // What was accepted earlier stays in force until it is replaced, also after a restart.
    guard.tick();
    says(&guard, Mode::Grace, &[Reason::Revoked]);
    drop(guard);
    let guard = world.guard();
    says(&guard, Mode::Grace, &[Reason::Revoked]);
    install(
        &guard,
        &list_by(&other_key(), (1 << 53) - 1, START + 1, &[]),
        &["refused: its key has not been trusted"],
    );
    says(&guard, Mode::Grace, &[Reason::Revoked, Reason::CandidateRejected]);
    // A list by a key that is not distrusted replaces it whatever the sequence.
    install(&guard, &list(5, START, &[]), &["accepted"]);
    says(&guard, Mode::Full, &[]);
    assert_eq!(world.remembered()["lists"][0]["sequence"], 5);
}

#[test]
fn a_sequence_outlives_the_key_that_set_it() {
    let mut world = World::new("removed key");
    let guard = world.licensed();
    install(&guard, &list_by(&other_key(), 1 << 50, START, &[]), &["accepted"]);
    drop(guard);
    world.product.anchors = AnchorSet::read(anchors(&[(&issuer(), "")]).as_bytes()).unwrap();
    let guard = world.guard();
    // The kept list counts no more, and is left where it is.
    says(&guard, Mode::Full, &[]);
    assert!(matches!(&guard.troubles()[..], [Trouble::Unshipped { .. }]), "{:?}", guard.troubles());
    world.file("status-list-");
    // Only what a distrusted key set is forgotten: an older release of the product, which does not know the newest key yet,
    // must not bring back an older list.
    install(&guard, &list((1 << 50) - 1, START, &[]), &["outranked"]);
    install(&guard, &list((1 << 50) + 1, START, &[]), &["accepted"]);
}

/// The clock stands beyond the day from which a key is distrusted, once.
#[test]
fn a_clock_in_the_future_forgets_no_sequence() {
    let mut world = World::new("distrusted in the future");
    let later = START + 300 * DAY;
    let distrust = format!(",\"distrustAfter\":{later}");
    let distrusting = anchors(&[(&issuer(), &distrust), (&other_key(), "")]);
    world.product.anchors = AnchorSet::read(distrusting.as_bytes()).unwrap();
    let guard = world.guard();
    install(&guard, &license_by(&other_key(), |_| ()), &["accepted"]);
    install(&guard, &list(9, START, &[(LICENSE_ENTRY, 1, START - 30 * DAY)]), &["accepted"]);
    says(&guard, Mode::ReadOnly, &[Reason::Revoked]);
    world.set_clock(later);
    install(&guard, &list_by(&other_key(), 5, START, &[]), &["outranked"]);
    guard.reload();
    world.set_clock(START + 60);
    guard.tick();
    says(&guard, Mode::ReadOnly, &[Reason::Revoked]);
    // A list of that time proves the time.
    world.set_clock(START + 200 * DAY);
    install(&guard, &list_by(&other_key(), 5, later, &[]), &["accepted"]);
    says(&guard, Mode::Full, &[Reason::ClockRolledBack]);
}

/// Release, license and watermark say that the day has come, whatever the clock shows.
#[test]
fn a_leaked_key_is_known_without_the_clock() {
    let leak = START + 5 * DAY;
    let renewed = || license(|claims| claims["iat"] = leak.into());
    for (built_at, later, now, word) in [
        (None, None, START, "outranked"),
        (Some(leak - 1), None, START, "outranked"),
        (Some(leak), None, START, "accepted"),
        (None, Some(renewed()), START, "accepted"),
        (None, None, leak, "outranked"),
        (None, None, leak + DAY, "accepted"),
    ] {
        let mut world = World::new("leaked");
        drop(world.licensed());
        install(&world.guard(), &list_by(&other_key(), 1 << 50, START, &[]), &["accepted"]);
        let distrust = format!(",\"distrustAfter\":{leak}");
        let distrusting = anchors(&[(&issuer(), ""), (&other_key(), &distrust)]);
        world.product.anchors = AnchorSet::read(distrusting.as_bytes()).unwrap();
        world.product.built_at = built_at.and_then(lictor_shared::Timestamp::from_seconds);
        // The first reading of a jump is a candidate, the second one is believed.
        for reading in [START, leak.min(now), now] {
            world.set_clock(reading);
            drop(world.guard());
        }
        let guard = world.guard();
        let _renewal = later.as_ref().map(|license| guard.install(license.as_bytes()));
        let said = format!("{built_at:?}, {}, {now}", later.is_some());
        let outcome = guard.install(list(5, START, &[]).as_bytes()).blocks.remove(0).1;
        let found = if outcome == Outcome::Accepted { "accepted" } else { "outranked" };
        assert_eq!(found, word, "{said}: {outcome:?}");
    }
}

#[test]
fn a_list_from_beyond_every_clock_is_refused() {
    let world = World::new("far ahead");
    let guard = world.licensed();
    install(&guard, &list(1, START + 400 * DAY + 1, &[]), &["refused: it is dated"]);
    says(&guard, Mode::Full, &[Reason::CandidateRejected]);
    install(&guard, &list(1, START + 400 * DAY, &[]), &["accepted"]);
    assert_eq!(guard.verdict().effective_time().seconds(), START + 400 * DAY);
}

#[test]
fn a_newer_license_in_the_same_file_widens_what_is_plausible() {
    let world = World::new("widened");
    world.set_clock(0);
    let guard = world.guard();
    // The clock of a machine without a battery stands in 1970.
    install(&guard, &list(1, START, &[]), &["refused: it is dated"]);
    install(&guard, &(list(1, START, &[]) + &license(|_| ())), &["accepted", "accepted"]);
    says(&guard, Mode::Full, &[Reason::ClockRolledBack]);
}
