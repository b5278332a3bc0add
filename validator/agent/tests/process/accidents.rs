//! What happens to the state between two commands, or while several run.

use crate::artefacts::{START, list, request};
use crate::world::{NOW, Ran, World};
use std::fs;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Stdio};

/// Another user than root.
const NOBODY: u32 = 65_534;

fn is_root() -> bool {
    fs::metadata("/proc/self").unwrap().uid() == 0
}

/// Runs the program as another user, if this one is root.
fn run_as_nobody(world: &World, arguments: &[&str]) -> Ran {
    let program = world.path("bin/lictor-agent");
    let mut command = world.outside(if is_root() { Path::new("setpriv") } else { &program });
    if is_root() {
        command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&program);
    }
    command.args(arguments).args(["--now", NOW]).output().unwrap().into()
}

fn give(world: &World, mode: u32) {
    let state = world.path("state");
    let files = fs::read_dir(&state).unwrap().map(|entry| entry.unwrap().path());
    for path in files.chain([state.clone()]) {
        if is_root() {
            chown(&path, Some(NOBODY), Some(NOBODY)).unwrap();
        }
    }
    fs::set_permissions(&state, fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_folder_that_is_read_only() {
    let world = World::licensed("read-only");
    world.run(&["request"]).done();
    give(&world, 0o500);
    // What is there counts.
    run_as_nobody(&world, &["check"]).exits(0, &["grace LICENSE_SEAT_LIMIT not_activated"]);
    run_as_nobody(&world, &["status"]).exits(0, &["stateless", "nothing is remembered over a restart"]);
    run_as_nobody(&world, &["identity"]).exits(0, &["deployment"]);
    run_as_nobody(&world, &["request"])
        .exits(31, &["no durable storage", "a folder of state that it can write to"]);
    run_as_nobody(&world, &["install", "acme.lic"]).exits(0, &["was held already"]);
    // What cannot be kept is not installed, and no script takes it for that.
    world.write("list.txt", list(1, START + 60, &[]));
    run_as_nobody(&world, &["install", "list.txt"])
        .exits(31, &["STATUS LIST: accepted", "gone now that this command has ended", "can write to"]);
    let told = run_as_nobody(&world, &["install", "list.txt", "--json"]).exits(31, &[]).json();
    assert_eq!(told["blocks"][0]["outcome"], "accepted");
    give(&world, 0o700);
    run_as_nobody(&world, &["status"]).exits(0, &["mode        grace"]);
}

#[test]
fn a_state_of_another_user() {
    let world = World::licensed("another");
    give(&world, 0o700);
    if is_root() {
        // Root could read it, and would lock its owner out by what it writes.
        let before = world.state();
        world.run(&["status"]).exits(30, &["belongs to the user 65534", "run it as that user"]);
        assert_eq!(world.state(), before);
        run_as_nobody(&world, &["check"]).exits(0, &["grace"]);
    }
    // Whoever cannot read it does not take it for no license.
    fs::set_permissions(world.path("state/identity.json"), fs::Permissions::from_mode(0o000)).unwrap();
    run_as_nobody(&world, &["check"]).exits(
        30,
        &[
            "cannot be read: Permission denied",
            "who runs this",
            "let its owner read it again: chmod -R u+rwX",
        ],
    );
}

/// Root installed the license, and the product runs as somebody else.
#[test]
fn a_state_that_root_has_made() {
    let world = World::licensed("made by root");
    if is_root() {
        run_as_nobody(&world, &["check"]).exits(
            30,
            &[
                "it belongs to the user 0, and the user 65534 runs this",
                "root gives it to him: chown -R 65534 '",
            ],
        );
        let state = world.path("state");
        assert!(Command::new("chown").args(["-R", "65534"]).arg(&state).status().unwrap().success());
    }
    run_as_nobody(&world, &["check"]).exits(0, &["grace"]);
}

/// What a terminal shows.
fn at_a_terminal(world: &World, arguments: &[&str]) -> String {
    let mut command = world.command();
    command.args(arguments).args(["--now", NOW]).stdin(Stdio::inherit());
    rexpect::session::spawn_command(command, Some(20_000)).unwrap().exp_eof().unwrap()
}

#[test]
fn root_is_told_what_it_means_that_he_makes_a_state() {
    let warning = "no other user will be able to read it";
    let world = World::new("warned");
    for (look, told) in [("status", false), ("identity", is_root()), ("identity", false)] {
        let shown = at_a_terminal(&world, &[look]);
        assert_eq!(shown.contains(warning), told, "{look}: {shown}");
    }
    // In a script it is no news to anybody.
    let ran = World::new("not warned").run(&["identity"]).exits(0, &[]);
    assert_eq!(ran.words, "");
}

#[test]
fn a_state_that_is_a_file() {
    let world = World::new("state file");
    world.write("state", "nothing");
    let ran = world
        .run(&["status"])
        .exits(30, &["cannot be read", "must be a folder; move away what stands there"]);
    assert!(!ran.words.contains("run it as"), "{ran:?}");
}

#[test]
fn a_state_that_is_damaged() {
    let world = World::licensed("damaged");
    let id = world.run(&["identity", "--json"]).json()["deployment"].clone();
    world.run(&["request"]).done();
    let state = world.read("state/state.json");
    world.write("state/state.json", &state[..state.len() / 2]);
    let says = ["state_damaged", "trouble", "state.json is damaged", "mode        grace"];
    world.run(&["status"]).exits(0, &says);
    assert_eq!(world.run(&["identity", "--json"]).json()["deployment"], id);
    // The counter went with it; the issuer sees that, and the deployment goes on.
    let asked = request(&world.run(&["request"]).done());
    assert_eq!(asked["request"]["counter"], 1);
    fs::remove_file(world.path("state/state.json.damaged")).unwrap();
    let ran = world.run(&["status"]).exits(0, &[]);
    assert!(!ran.data.contains("trouble"), "{ran:?}");
}

#[test]
fn many_at_once() {
    const PROCESSES: usize = 8;
    let world = World::licensed("many");
    let start = |_| -> std::process::Child {
        let mut command: Command = world.command();
        command.args(["request", "--now", NOW]).stdout(Stdio::piped()).stderr(Stdio::null());
        command.spawn().unwrap()
    };
    let children: Vec<_> = (0..PROCESSES).map(start).collect();
    let requests = children.into_iter().map(|child| {
        let output = child.wait_with_output().unwrap();
        assert!(output.status.success());
        String::from_utf8(output.stdout).unwrap()
    });
    let mut requests: Vec<(u64, String)> =
        requests.map(|made| (request(&made)["request"]["counter"].as_u64().unwrap(), made)).collect();
    requests.sort();
    let counters: Vec<u64> = requests.iter().map(|(counter, _)| *counter).collect();
    assert_eq!(counters, (1..=8).collect::<Vec<_>>());
    // The newest is the one that is repeated.
    assert_eq!(world.run(&["request", "--again"]).done(), requests[PROCESSES - 1].1);
}
