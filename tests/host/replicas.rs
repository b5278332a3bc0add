//! Several processes over one folder.

use crate::artefacts::{DAY, LICENSE_ENTRY, START, anchors, issuer, license, list, revision};
use crate::table::Table;
use crate::world::{World, agents, install, says};
use lictor_validator::{Mode, Reason};
use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

/// A world with what a process is given.
fn world(name: &str) -> World {
    let world = World::new(name);
    fs::write(world.path("acme.lic"), license(|_| ())).unwrap();
    fs::write(world.path("anchors.json"), anchors(&[(&issuer(), "")])).unwrap();
    world
}

/// A process over the world's folder.
fn process(world: &World, rest: &[&str]) -> Command {
    let (license_file, anchors_file) = (world.path("acme.lic"), world.path("anchors.json"));
    let mut command = Command::new(env!("CARGO_BIN_EXE_deployment"));
    command.arg(world.state()).args([license_file, anchors_file]).arg(START.to_string()).args(rest);
    command.stdout(Stdio::piped());
    command
}

fn lines(child: Child) -> Vec<String> {
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap().lines().map(Into::into).collect()
}

/// What a bare request says of its counter and its deployment.
fn counted(token: &str) -> (u64, String) {
    let said = crate::artefacts::request(token);
    (said["request"]["counter"].as_u64().unwrap(), said["iss"].as_str().unwrap().into())
}

#[test]
fn eight_at_once_are_one_deployment_and_count_without_gaps() {
    let world = world("eight");
    let children: Vec<Child> = (0..8).map(|_| process(&world, &["ask", "5"]).spawn().unwrap()).collect();
    let tokens: Vec<String> = children.into_iter().flat_map(lines).collect();
    let (counters, ids): (BTreeSet<u64>, BTreeSet<String>) =
        tokens.iter().map(|token| counted(token)).unzip();
    assert_eq!(counters, (1..=40).collect());
    assert_eq!(ids.len(), 1, "the first one's key is that of all");
    assert_eq!(world.remembered()["requests"]["counter"], 40);
}

#[test]
fn killed_at_any_moment_leaves_a_whole_state() {
    let world = world("killed");
    let mut highest = 0;
    let mut ids = BTreeSet::new();
    for round in 0..30_u64 {
        let mut child = process(&world, &["spin", "5000"]).spawn().unwrap();
        std::thread::sleep(Duration::from_millis(10 + round * 8));
        child.kill().unwrap();
        let printed = child.wait_with_output().unwrap().stdout;
        let guard = world.guard();
        let reasons = guard.verdict().reasons().to_vec();
        assert!(reasons.is_empty() || reasons == [Reason::Missing], "{reasons:?}");
        ids.extend(guard.deployment());
        let counter = world.remembered()["requests"]["counter"].as_u64().unwrap();
        let printed = String::from_utf8(printed).unwrap();
        // The last line may be cut; whatever was handed out whole was on disk before.
        let last = printed
            .lines()
            .rev()
            .find(|line| line.matches('.').count() == 2 && printed.contains(&format!("{line}\n")));
        let handed_out = last.map_or(0, |token| counted(token).0);
        assert!(counter >= handed_out.max(highest), "round {round}: {counter}");
        highest = counter;
    }
    assert!(highest > 0, "nothing was ever counted before the kill");
    assert_eq!(ids.len(), 1);
}

/// Killed half-way through an installation, the license and the list are each the old one or the new one, and whole.
#[test]
fn killed_while_it_installs_leaves_the_old_or_the_new() {
    const REVISIONS: u64 = 400;
    let world = world("killed installing");
    let files: Vec<String> = (2..REVISIONS)
        .map(|number| {
            let path = world.path(&number.to_string());
            fs::write(&path, revision(number, START) + &list(number, START, &[])).unwrap();
            path.to_str().unwrap().into()
        })
        .collect();
    let arguments: Vec<&str> = ["install"].into_iter().chain(files.iter().map(String::as_str)).collect();
    for round in 0..20_u64 {
        fs::remove_dir_all(world.state()).unwrap_or_default();
        let mut child = process(&world, &arguments).spawn().unwrap();
        let mut said = BufReader::new(child.stdout.take().unwrap()).lines();
        // Somewhere in an installation, after some of them.
        let first = said.by_ref().take(usize::try_from(round).unwrap() + 1).map(Result::unwrap).count();
        std::thread::sleep(Duration::from_micros(round * 733));
        child.kill().unwrap();
        child.wait().unwrap();
        let done = u64::try_from(first + said.map(Result::unwrap).count()).unwrap();
        assert!(done > round && done < REVISIONS - 2, "round {round}: {done}");
        let guard = world.guard();
        says(&guard, Mode::Full, &[]);
        // The one that was said to be installed, or the next, which was under way.
        let last = done + 1;
        let sequence = world.remembered()["lists"][0]["sequence"].as_u64().unwrap();
        for number in [agents(&guard), sequence] {
            assert!((last..=last + 1).contains(&number), "round {round}: {number} after {last}");
        }
        assert_eq!(world.names().len(), 4, "round {round}: {:?}", world.names());
    }
}

#[test]
fn what_one_installs_the_other_sees_at_its_next_tick() {
    let world = World::new("two");
    let (one, two) = (world.licensed(), world.guard());
    says(&two, Mode::Full, &[]);
    install(&one, &list(1, START, &[]), &["accepted"]);
    install(&one, &list(2, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
    two.tick();
    says(&two, Mode::Grace, &[Reason::Revoked]);
    // Both have learned of it at the same time.
    assert_eq!(one.verdict().to_json(), two.verdict().to_json());
    install(&two, &list(1, START, &[]), &["outranked"]);
    assert_eq!(one.deployment(), two.deployment());
}

#[test]
fn one_remembers_for_the_other() {
    let world = World::new("remembers");
    let one = world.licensed();
    let two = world.guard();
    world.set_clock(START + DAY);
    one.tick();
    world.set_clock(START);
    two.tick();
    assert_eq!(two.verdict().effective_time().seconds(), START + DAY);
}

/// Somebody replaces the list between the moment at which it is seen and the moment at which it is read.
#[test]
fn what_is_read_belongs_together() {
    let world = World::new("interrupted");
    let table = Table::default();
    let guard = world.over(table.clone()).open();
    install(&guard, &license(|_| ()), &["accepted"]);
    install(&guard, &list(1, START, &[]), &["accepted"]);
    for sequence in 2..6_u64 {
        let entries = if sequence % 2 == 0 { vec![(LICENSE_ENTRY, 1, START)] } else { Vec::new() };
        let other = world.over(table.clone()).open();
        let file = list(sequence, START, &entries);
        table.interrupt(move || install(&other, &file, &["accepted"]));
        guard.reload();
        let reasons: &[Reason] = if entries.is_empty() { &[] } else { &[Reason::Revoked] };
        let mode = if entries.is_empty() { Mode::Full } else { Mode::Grace };
        says(&guard, mode, reasons);
        // The deployment has had a valid status before, so it has learned of this one now.
        let state: serde_json::Value = serde_json::from_slice(&table.rows()["state.json"]).unwrap();
        assert_eq!(state["learned"].as_array().map(Vec::len), Some(entries.len()), "{state}");
    }
}
