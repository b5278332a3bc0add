//! What vanishes under a running program stays in force, and is written again.

use crate::artefacts::{
    DAY, LICENSE_ENTRY, START, activation, license, list, receipt, request, revision, serial,
};
use crate::table::Table;
use crate::world::{World, agents, install, says};
use lictor_shared::{RequestKind, Text};
use lictor_validator::host::{Article, Ask, Guard, Trouble};
use lictor_validator::{Mode, Reason};
use serde_json::Value;
use std::fs;

fn activated_only() -> String {
    license(|claims| claims["license"]["activation"] = "required".into())
}

fn ask(guard: &Guard, kind: RequestKind) -> Value {
    let label = Text::new("web").unwrap();
    request(&guard.ask(&Ask { kind, license: None, label, signals: &[] }).unwrap())
}

/// A guard with a license, its seat and a list.
fn seated(world: &World) -> Guard {
    let guard = world.guard();
    install(&guard, &activated_only(), &["accepted"]);
    let asked = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&asked, 1, START, |_| ()), &["accepted"]);
    install(&guard, &list(7, START, &[]), &["accepted"]);
    guard
}

/// The beginnings of the names that are said to have been written again.
fn restored(guard: &Guard) -> Vec<String> {
    let troubles = guard.troubles();
    let said = troubles.iter().find_map(|trouble| match trouble {
        Trouble::Restored { names } => Some(names),
        _ => None,
    });
    said.into_iter().flatten().map(|name| name.split('-').next().unwrap().into()).collect()
}

/// The volume goes and leaves an empty mount point, and comes back as it was.
struct Volume<'a>(&'a World);

impl Volume<'_> {
    fn unmount(&self) {
        fs::rename(self.0.state(), self.0.path("aside")).unwrap();
        fs::create_dir(self.0.state()).unwrap();
    }

    fn mount(&self) {
        fs::remove_dir_all(self.0.state()).unwrap();
        fs::rename(self.0.path("aside"), self.0.state()).unwrap();
    }
}

#[test]
fn a_folder_that_is_removed_is_made_again() {
    let world = World::new("removed");
    let guard = seated(&world);
    world.set_clock(START + DAY);
    guard.tick();
    let (id, names) = (guard.deployment(), world.names());
    fs::remove_dir_all(world.state()).unwrap();
    guard.tick();
    says(&guard, Mode::Full, &[Reason::StateDamaged]);
    assert_eq!(restored(&guard), ["activation", "identity.json", "license", "state.json", "status"]);
    // All but the request that was answered, and the record of use, which is kept once a minute.
    let goes = |name: &String| name.starts_with("request-") || name == "usage.json";
    let kept: Vec<String> = names.into_iter().filter(|name| !goes(name)).collect();
    assert_eq!(world.names(), kept);
    assert_eq!(world.remembered()["watermark"], START + DAY);
    guard.reload();
    says(&guard, Mode::Full, &[]);
    drop(guard);
    // Nothing was lost for whoever is started next.
    world.set_clock(START);
    let guard = world.guard();
    says(&guard, Mode::Full, &[]);
    assert_eq!(guard.deployment(), id);
    assert_eq!(guard.verdict().effective_time().seconds(), START + DAY);
    install(&guard, &list(6, START, &[]), &["outranked"]);
}

#[test]
fn a_seat_under_a_license_that_is_watched_outlives_the_folder() {
    let world = World::new("removed watched");
    let file = world.path("acme.lic");
    fs::write(&file, activated_only()).unwrap();
    let guard = world.opening().watch(&file).open();
    let asked = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&asked, 1, START, |_| ()), &["accepted"]);
    fs::remove_dir_all(world.state()).unwrap();
    guard.tick();
    world.set_clock(START + 40 * DAY);
    guard.reload();
    says(&guard, Mode::Full, &[]);
}

#[test]
fn an_artefact_that_is_removed_or_damaged_is_written_again() {
    let world = World::new("artefact removed");
    let guard = seated(&world);
    for beginning in ["license", "activation", "status"] {
        let file = world.file(beginning);
        let whole = fs::read(&file).unwrap();
        for damage in [None, Some(&whole[..whole.len() / 2])] {
            match damage {
                None => fs::remove_file(&file).unwrap(),
                Some(half) => fs::write(&file, half).unwrap(),
            }
            guard.reload();
            says(&guard, Mode::Full, &[Reason::StateDamaged]);
            assert_eq!(restored(&guard), [beginning]);
            assert_eq!(fs::read(&file).unwrap(), whole);
        }
    }
    guard.reload();
    says(&guard, Mode::Full, &[]);
    // While no program runs it goes for good.
    fs::remove_file(world.file("license")).unwrap();
    drop(guard);
    says(&world.guard(), Mode::Unlicensed, &[Reason::Missing]);
}

#[test]
fn a_state_that_is_removed_or_damaged_takes_no_time_back() {
    for (name, damage) in [("state removed", None), ("state damaged now", Some("{"))] {
        let world = World::new(name);
        let guard = world.licensed();
        for day in 1..=400 {
            world.set_clock(START + day * DAY);
            guard.tick();
        }
        world.set_clock(START);
        guard.tick();
        let before = guard.verdict().to_json();
        assert_eq!(guard.verdict().mode(), Mode::ReadOnly);
        let path = world.state().join("state.json");
        match damage {
            None => fs::remove_file(&path).unwrap(),
            Some(bytes) => fs::write(&path, bytes).unwrap(),
        }
        guard.tick();
        assert!(guard.verdict().reasons().contains(&Reason::StateDamaged));
        assert_eq!(world.remembered()["watermark"], START + 400 * DAY);
        if damage.is_some() {
            fs::remove_file(world.state().join("state.json.damaged")).unwrap();
        }
        guard.reload();
        assert_eq!(guard.verdict().to_json(), before);
    }
}

#[test]
fn what_is_installed_while_the_volume_is_away_counts_when_it_is_back() {
    let world = World::new("volume");
    let guard = seated(&world);
    let volume = Volume(&world);
    volume.unmount();
    world.set_clock(START + 300);
    guard.tick();
    says(&guard, Mode::Full, &[Reason::StateDamaged]);
    let renewal = license(|claims| {
        claims["jti"] = serial(2).into();
        claims["license"]["activation"] = "required".into();
        claims["license"]["revision"] = 2.into();
        claims["license"]["limits"]["agents"] = 2.into();
    });
    install(&guard, &renewal, &["accepted"]);
    install(&guard, &list(8, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
    let asked = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&asked, 2, START + 300, |_| ()), &["accepted"]);
    assert_eq!(asked["request"]["counter"], 2);
    let learned = guard.verdict().until();
    volume.mount();
    world.set_clock(START + 600);
    guard.tick();
    says(&guard, Mode::Grace, &[Reason::Revoked, Reason::StateDamaged]);
    assert_eq!((agents(&guard), guard.verdict().until()), (2, learned));
    assert_eq!(restored(&guard), ["activation", "license", "state.json", "status"]);
    guard.reload();
    says(&guard, Mode::Grace, &[Reason::Revoked]);
    drop(guard);
    let guard = world.guard();
    says(&guard, Mode::Grace, &[Reason::Revoked]);
    assert_eq!((agents(&guard), guard.verdict().until()), (2, learned));
    assert_eq!(world.remembered()["requests"]["counter"], 2);
    assert_eq!(ask(&guard, RequestKind::Activate)["request"]["counter"], 3);
}

#[test]
fn a_seat_that_was_given_back_while_the_volume_was_away_stays_given_back() {
    let world = World::new("volume release");
    let guard = seated(&world);
    let volume = Volume(&world);
    volume.unmount();
    guard.tick();
    let asked = ask(&guard, RequestKind::Release);
    install(&guard, &receipt(&asked, START + 60), &["released"]);
    volume.mount();
    guard.tick();
    says(&guard, Mode::Grace, &[Reason::NotActivated, Reason::StateDamaged]);
    assert_eq!(restored(&guard), ["release", "state.json"]);
    drop(guard);
    says(&world.guard(), Mode::Grace, &[Reason::NotActivated]);
}

/// What one replica takes out of force the other one does not bring back.
#[test]
fn replicas_follow_each_other_and_restore_nothing() {
    let world = World::new("replicas follow");
    let one = seated(&world);
    let two = world.guard();
    let follows = |mode: Mode, reasons: &[Reason]| {
        for guard in [&two, &one] {
            guard.tick();
            says(guard, mode, reasons);
            assert_eq!(restored(guard), [""; 0]);
        }
    };
    install(&one, &list(8, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
    follows(Mode::Grace, &[Reason::Revoked]);
    install(&two, &list(9, START, &[]), &["accepted"]);
    follows(Mode::Full, &[]);
    // An answer of an issuer whose clock was set back.
    let asked = ask(&one, RequestKind::Activate);
    install(&one, &activation(&asked, 2, START - DAY, |_| ()), &["accepted"]);
    follows(Mode::Full, &[]);
    assert_eq!(world.names().iter().filter(|name| name.starts_with("activation-")).count(), 1);
    let asked = ask(&one, RequestKind::Release);
    install(&one, &receipt(&asked, START), &["released"]);
    follows(Mode::Grace, &[Reason::NotActivated]);
    assert_eq!(world.names().iter().filter(|name| name.starts_with("activation-")).count(), 0);
    install(&two, &revision(2, START), &["accepted"]);
    follows(Mode::Full, &[]);
    assert_eq!(world.names().iter().filter(|name| name.starts_with("license-")).count(), 1);
}

/// The folder goes while one replica knows more than the other: whoever is first to write it again, both know it in the end.
#[test]
fn a_folder_that_is_removed_under_two_replicas() {
    for (name, late) in [("two removed", 0), ("two removed the other way", 1)] {
        let world = World::new(name);
        let replicas = [seated(&world), world.guard()];
        let asked = ask(&replicas[late], RequestKind::Release);
        install(&replicas[late], &receipt(&asked, START + 60), &["released"]);
        install(&replicas[late], &list(8, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
        fs::remove_dir_all(world.state()).unwrap();
        // The one that has not seen it comes first.
        for guard in [&replicas[1 - late], &replicas[late], &replicas[1 - late], &replicas[late]] {
            guard.tick();
        }
        for guard in &replicas {
            guard.reload();
            says(guard, Mode::Grace, &[Reason::Revoked, Reason::NotActivated]);
        }
        assert_eq!(replicas[0].deployment(), replicas[1].deployment());
    }
}

/// The receipt and the new seat bear one date; which of them came later only the program knows.
#[test]
fn a_seat_that_was_taken_again_while_the_volume_was_away_stays() {
    let world = World::new("volume again");
    let guard = seated(&world);
    let volume = Volume(&world);
    volume.unmount();
    guard.tick();
    let asked = ask(&guard, RequestKind::Release);
    install(&guard, &receipt(&asked, START + 60), &["released"]);
    let asked = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&asked, 2, START + 60, |_| ()), &["accepted"]);
    volume.mount();
    guard.reload();
    says(&guard, Mode::Full, &[Reason::StateDamaged]);
    drop(guard);
    says(&world.guard(), Mode::Full, &[]);
}

/// The seats that are held, by their serials.
fn seats(guard: &Guard) -> Vec<String> {
    let held = guard.held().into_iter().filter_map(|held| match held.article {
        Article::Activation { serial, .. } => Some(serial.to_string()),
        _ => None,
    });
    held.collect()
}

/// Another replica takes a seat out of force between the moment at which this one reads the state and that at which it reads the
/// seat: it is not gone by accident.
#[test]
fn what_another_replica_has_just_removed_is_not_written_again() {
    let world = World::new("just removed");
    let table = Table::default();
    let (one, two) = (world.over(table.clone()).open(), world.over(table.clone()).open());
    install(&one, &activated_only(), &["accepted"]);
    let asked = ask(&one, RequestKind::Activate);
    install(&one, &activation(&asked, 1, START, |_| ()), &["accepted"]);
    two.reload();
    // The issuer's clock was set back, so no date tells which is the newer one.
    let asked = ask(&two, RequestKind::Activate);
    let answer = activation(&asked, 2, START - DAY, |_| ());
    one.reload();
    table.interrupt(move || install(&two, &answer, &["accepted"]));
    one.reload();
    assert_eq!(seats(&one), [serial(2)]);
    assert_eq!(table.rows().keys().filter(|name| name.starts_with("activation-")).count(), 1);
}

/// A build that is younger than a renewal's beginning takes it into force, and an older one beside it does not bring back what that
/// has replaced.
#[test]
fn a_license_that_one_build_has_replaced_the_other_does_not_restore() {
    let mut world = World::new("younger build");
    let older = world.guard();
    install(&older, &revision(1, START), &["accepted"]);
    install(&older, &revision(2, START + 5 * DAY), &["pending"]);
    world.product.built_at = Some(lictor_shared::Timestamp::from_seconds(START + 10 * DAY).unwrap());
    let younger = world.guard();
    assert_eq!(agents(&younger), 2);
    for guard in [&older, &younger, &older] {
        guard.reload();
        assert_eq!(restored(guard), [""; 0]);
        world.file("license-");
    }
}
