//! What lies in the folder that is not as it was written, and what is let go.

use crate::artefacts::{
    DAY, LICENSE_ENTRY, START, activation, anchors, issuer, license, license_by, list, list_of, other_key,
    request, revision,
};
use crate::table::Table;
use crate::world::{World, agents, install, says};
use lictor_shared::{AnchorSet, RequestKind, Text};
use lictor_validator::host::{Ask, Guard, Offered, Trouble};
use lictor_validator::{Mode, Reason};
use serde_json::Value;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

fn activated_only() -> String {
    license(|claims| claims["license"]["activation"] = "required".into())
}

fn ask(guard: &Guard) -> Value {
    let label = Text::new("web").unwrap();
    request(&guard.ask(&Ask { kind: RequestKind::Activate, license: None, label, signals: &[] }).unwrap())
}

/// Whether one of the troubles speaks of it.
fn is_said(guard: &Guard, of: &str) -> bool {
    guard.troubles().iter().any(|trouble| trouble.to_string().contains(of))
}

#[test]
fn what_cannot_be_read_takes_nothing_else_with_it() {
    let world = World::new("unreadable");
    drop(world.licensed());
    fs::create_dir(world.state().join("license-0.txt")).unwrap();
    fs::write(world.state().join("activation-1.txt"), vec![b'a'; 4 * 1024 * 1024 + 1]).unwrap();
    let guard = world.guard();
    says(&guard, Mode::Full, &[Reason::CandidateRejected]);
    for name in ["license-0.txt", "activation-1.txt"] {
        assert!(is_said(&guard, name), "{name}: {:?}", guard.troubles());
    }
    // The folder goes on taking changes.
    install(&guard, &list(1, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
    drop(guard);
    says(&world.guard(), Mode::Grace, &[Reason::Revoked, Reason::CandidateRejected]);
    assert!(world.state().join("license-0.txt").is_dir(), "what cannot be read is never replaced");
}

#[test]
fn what_is_held_stays_in_force_while_its_file_cannot_be_read() {
    let world = World::new("unreadable now");
    let guard = world.licensed();
    let file = world.file("license-");
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    guard.reload();
    says(&guard, Mode::Full, &[Reason::CandidateRejected]);
    install(&guard, &list(1, START, &[]), &["accepted"]);
    // Who starts now has not seen it.
    says(&world.guard(), Mode::Unlicensed, &[Reason::Missing, Reason::CandidateRejected]);
    fs::remove_dir(&file).unwrap();
    guard.reload();
    says(&guard, Mode::Full, &[]);
    drop(guard);
    says(&world.guard(), Mode::Full, &[]);
}

/// What `work` answers; it must not wait for anybody.
fn at_once<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, answer) = mpsc::channel();
    thread::spawn(move || done.send(work()));
    answer.recv_timeout(Duration::from_secs(60)).expect("it waits for somebody to write into the pipe")
}

fn make_pipe(path: &Path) {
    let made = Command::new("mkfifo").arg(path).status();
    assert!(made.unwrap_or_else(|error| panic!("mkfifo: {error}; install coreutils")).success());
}

#[test]
fn a_pipe_holds_up_nobody() {
    let world = World::new("pipe");
    drop(world.licensed());
    make_pipe(&world.state().join("license-pipe.txt"));
    make_pipe(&world.path("watched"));
    let opening = world.opening().watch(world.path("watched"));
    let guard = at_once(move || opening.open());
    says(&guard, Mode::Full, &[Reason::CandidateRejected]);
    assert!(is_said(&guard, "license-pipe.txt") && is_said(&guard, "watched"), "{:?}", guard.troubles());
    make_pipe(&world.path("state.json"));
    fs::rename(world.path("state.json"), world.state().join("state.json")).unwrap();
    let opening = world.opening();
    let guard = at_once(move || opening.open());
    assert_eq!(guard.verdict().mode(), Mode::Full);
    assert_eq!(guard.verdict().reasons().last(), Some(&Reason::Stateless));
}

/// Also where the folder's own lock should be.
#[test]
fn a_pipe_in_the_place_of_the_lock_is_said() {
    let world = World::new("pipe lock");
    drop(world.licensed());
    fs::remove_file(world.state().join(".lock")).unwrap();
    make_pipe(&world.state().join(".lock"));
    let opening = world.opening();
    let guard = at_once(move || opening.open());
    says(&guard, Mode::Full, &[Reason::Stateless]);
    assert!(
        is_said(&guard, ".lock cannot be opened: it is no file but a folder, a pipe or a device"),
        "{:?}",
        guard.troubles()
    );
}

#[test]
fn what_somebody_else_put_there_counts_and_is_left_to_him() {
    let world = World::new("foreign files");
    drop(world.guard());
    let bundle = revision(1, START) + &list(7, START, &[(LICENSE_ENTRY, 1, START)]);
    fs::write(world.state().join("license-bundle.txt"), &bundle).unwrap();
    fs::write(world.state().join("request-from-acme.txt"), "mine").unwrap();
    fs::write(world.state().join("notes.damaged"), "mine").unwrap();
    let guard = world.guard();
    // Of a file there the first block counts; to have them all judged, it is installed.
    says(&guard, Mode::Full, &[]);
    install(&guard, &revision(2, START), &["accepted"]);
    ask(&guard);
    drop(guard);
    let guard = world.guard();
    assert_eq!(agents(&guard), 2);
    says(&guard, Mode::Full, &[]);
    assert_eq!(fs::read_to_string(world.state().join("license-bundle.txt")).unwrap(), bundle);
    assert_eq!(fs::read_to_string(world.state().join("request-from-acme.txt")).unwrap(), "mine");
}

#[test]
fn a_seat_outlives_identity_and_state_that_are_lost_together() {
    let world = World::new("both lost");
    let guard = world.guard();
    install(&guard, &activated_only(), &["accepted"]);
    let asked = ask(&guard);
    install(&guard, &activation(&asked, 1, START, |_| ()), &["accepted"]);
    drop(guard);
    let path = world.state().join("identity.json");
    let identity = fs::read(&path).unwrap();
    fs::remove_file(&path).unwrap();
    fs::remove_file(world.state().join("state.json")).unwrap();
    says(&world.guard(), Mode::Grace, &[Reason::NotActivated]);
    // The key comes back from a backup, and the seat is bound to it.
    fs::write(&path, identity).unwrap();
    says(&world.guard(), Mode::Full, &[]);
}

#[test]
fn an_identity_deleted_under_a_running_process_is_written_again() {
    let world = World::new("identity deleted");
    let guard = world.guard();
    install(&guard, &activated_only(), &["accepted"]);
    let asked = ask(&guard);
    install(&guard, &activation(&asked, 1, START, |_| ()), &["accepted"]);
    let id = guard.deployment();
    let path = world.state().join("identity.json");
    let kept = fs::read(&path).unwrap();
    for damage in [None, Some("{\"crv\":")] {
        match damage {
            None => fs::remove_file(&path).unwrap(),
            Some(bytes) => fs::write(&path, bytes).unwrap(),
        }
        guard.reload();
        assert_eq!(guard.deployment(), id);
        says(&guard, Mode::Full, &[Reason::StateDamaged]);
        assert!(is_said(&guard, "identity.json"), "{:?}", guard.troubles());
        assert_eq!(fs::read(&path).unwrap(), kept);
    }
    fs::remove_file(world.state().join("identity.json.damaged")).unwrap();
    guard.reload();
    says(&guard, Mode::Full, &[]);
    drop(guard);
    assert_eq!(world.guard().deployment(), id);
}

#[test]
fn what_a_key_signed_that_is_no_longer_shipped_is_no_candidate() {
    let mut world = World::new("unshipped");
    let guard = world.guard();
    install(&guard, &license_by(&other_key(), |_| ()), &["accepted"]);
    drop(guard);
    world.product.anchors = AnchorSet::read(anchors(&[(&issuer(), "")]).as_bytes()).unwrap();
    let guard = world.guard();
    says(&guard, Mode::Unlicensed, &[Reason::Missing]);
    assert!(
        matches!(&guard.troubles()[..], [trouble @ Trouble::Unshipped { .. }] if trouble.flag().is_none()),
        "{:?}",
        guard.troubles()
    );
    install(&guard, &revision(2, START), &["accepted"]);
    drop(guard);
    says(&world.guard(), Mode::Full, &[]);
    // Another build may still know the key.
    assert_eq!(world.names().iter().filter(|name| name.starts_with("license-")).count(), 2);
    // What somebody else puts there is a candidate.
    fs::write(world.state().join("license-old.txt"), license_by(&other_key(), |_| ())).unwrap();
    says(&world.guard(), Mode::Full, &[Reason::CandidateRejected]);
}

/// A block that is refused, each with another reason in its text.
fn refused(number: usize) -> String {
    use base64::Engine as _;
    let header = format!("{{\"alg\":\"EdDSA\",\"kid\":\"k\",\"typ\":\"{number}\"}}");
    let header = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(header);
    crate::artefacts::armored("LICENSE", &format!("{header}.e30.{}", "A".repeat(86)))
}

#[test]
fn a_file_of_very_many_blocks_is_judged_up_to_a_limit() {
    let world = World::new("many blocks");
    let guard = world.licensed();
    let many: String = (0..69).map(refused).collect();
    let file = many + &revision(2, START);
    let blocks = guard.install(file.as_bytes()).blocks;
    assert_eq!(blocks.len(), 65);
    let (kind, last) = blocks.last().unwrap();
    assert_eq!(kind, "file");
    assert!(format!("{last:?}").contains("TooManyBlocks { left: 6 }"), "{last:?}");
    assert_eq!(agents(&guard), 250);
    says(&guard, Mode::Full, &[Reason::CandidateRejected]);
    // A status page is not filled either.
    let troubles = guard.troubles();
    assert_eq!(troubles.len(), 33);
    assert_eq!(troubles[32], Trouble::MoreRefused { count: 33 });
    // The same from a file that is watched, beside what was installed.
    fs::write(world.path("watched"), &file).unwrap();
    let guard = world.opening().watch(world.path("watched")).open();
    let _blocks = guard.install(file.as_bytes());
    assert_eq!(guard.troubles().len(), 33);
    assert_eq!(guard.troubles()[32], Trouble::MoreRefused { count: 2 * 65 - 32 });
    let offered = Offered::Installed { kind: "LICENSE".into() };
    install(&guard, &revision(2, START), &["accepted"]);
    let said = guard.troubles();
    assert!(
        !said.iter().any(|trouble| matches!(trouble, Trouble::Refused { offered: of, .. } if *of == offered))
    );
    assert_eq!(said[32], Trouble::MoreRefused { count: 65 - 32 });
}

/// Wherever it stands, and whatever else the file is filled with.
#[test]
fn a_license_behind_very_many_other_blocks_is_judged() {
    let world = World::new("license last");
    let guard = world.guard();
    let lists: String = (0..64).map(|number| list_of(&format!("urn:acme:{number}"), 1, START)).collect();
    let requests: String =
        (0..64).map(|n| crate::artefacts::armored("ACTIVATION REQUEST", &n.to_string())).collect();
    fs::write(world.path("watched"), lists + &requests + &activated_only()).unwrap();
    drop(guard);
    let guard = world.opening().watch(world.path("watched")).open();
    says(&guard, Mode::Grace, &[Reason::NotActivated, Reason::CandidateRejected]);
    assert!(
        is_said(&guard, "65 more blocks of it were not looked at, since only 64 are"),
        "{:?}",
        guard.troubles()
    );
}

#[test]
fn a_block_that_is_repeated_is_one_candidate() {
    let world = World::new("repeated");
    let guard = world.licensed();
    let one = list(7, START, &[]);
    let file = one.repeat(4 * 1024 * 1024 / one.len());
    install(&guard, &file, &["accepted"]);
    install(
        &guard,
        &(revision(2, START).repeat(100) + &one + &refused(1).repeat(100)),
        &["accepted", "refused", "held"],
    );
    assert_eq!(guard.troubles().len(), 1);
}

/// The machine dies after the state was replaced: what was accepted was accepted.
#[test]
fn what_fails_after_the_state_was_replaced_undoes_nothing() {
    let world = World::new("late failure");
    let table = Table::default();
    let guard = world.over(table.clone()).open();
    install(&guard, &(activated_only() + &list(1, START, &[])), &["accepted", "accepted"]);
    // The new list, the state; not the removal of the old one.
    table.dies_after(2);
    install(&guard, &list(2, START, &[(LICENSE_ENTRY, 1, START)]), &["accepted"]);
    says(&guard, Mode::Grace, &[Reason::Revoked, Reason::NotActivated, Reason::Stateless]);
    table.revives();
    guard.tick();
    says(&guard, Mode::Grace, &[Reason::Revoked, Reason::NotActivated]);
    let lists = |table: &Table| table.rows().keys().filter(|name| name.starts_with("status-list-")).count();
    assert_eq!(lists(&table), 1);
    // The state; not the copy of the request.
    table.dies_after(1);
    let asked = ask(&guard);
    assert_eq!(asked["request"]["counter"], 1);
    table.revives();
    world.set_clock(START + DAY);
    guard.tick();
    install(&guard, &activation(&asked, 1, START, |_| ()), &["accepted"]);
    assert_eq!(guard.awaited(), None);
}
