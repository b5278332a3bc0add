//! Identity, requests and their answers.

use crate::artefacts::{START, activation, receipt, request};
use crate::world::World;
use serde_json::json;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn the_identity_is_kept() {
    let world = World::new("identity");
    let first = world.run(&["identity", "--json"]).exits(0, &[]).json();
    assert_eq!(first["since"], "2026-11-22T09:00:00Z");
    let mode = |name| world.path(name).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!((mode("state"), mode("state/identity.json")), (0o700, 0o600));
    let later = world.run_at("2027-01-01T00:00:00Z", &["identity", "--json"]).exits(0, &[]).json();
    assert_eq!(later, first);
    // Nothing that is printed holds the private half.
    let kept: serde_json::Value = serde_json::from_str(&world.read("state/identity.json")).unwrap();
    let printed = world.run(&["identity"]).done() + &world.run(&["support-bundle"]).done();
    assert!(!printed.contains(kept["d"].as_str().unwrap()), "{printed}");
}

#[test]
fn requests_are_counted_and_repetitions_are_not() {
    let world = World::licensed("request");
    world.run(&["request", "--again"]).exits(21, &["no request was made here yet"]);
    let first = world.run(&["request", "--label", "Call centre 2"]).exits(0, &[]);
    assert_eq!(first.words, "");
    let said = request(&first.data);
    assert_eq!(said["request"]["counter"], 1);
    assert_eq!(said["request"]["label"], "Call centre 2");
    assert_eq!(said["request"]["kind"], "activate");
    assert_eq!(said["request"]["validator"], "dialer 7.3");
    assert!(first.data.lines().all(|line| line.len() <= 64), "{}", first.data);
    for now in ["2026-11-22T09:00:00Z", "2026-11-23T09:00:00Z"] {
        assert_eq!(world.run_at(now, &["request", "--again"]).done(), first.data);
    }
    let second =
        world.run(&["request", "--release"]).exits(0, &["has had no answer yet", "knows of no seat"]);
    let said = request(&second.data);
    assert_eq!((&said["request"]["counter"], &said["request"]["kind"]), (&json!(2), &json!("release")));
    assert_eq!(said["request"]["label"], "Call centre 2", "a deployment keeps its name");
    assert_eq!(world.run(&["request", "--again"]).done(), second.data);
    world.run(&["request", "--again", "--release"]).exits(2, &["cannot be used with"]);
}

#[test]
fn without_a_license_there_is_nothing_to_ask_for() {
    let world = World::new("no license");
    world.run(&["request"]).exits(21, &["there is no license here", "install FILE"]);
}

#[test]
fn files_that_are_there_are_not_overwritten() {
    let world = World::licensed("out");
    world.write("taken.txt", "mine");
    world.run(&["request", "--out", "taken.txt"]).exits(20, &["exists already; it was not touched"]);
    world.run(&["request", "--out", "none/request.txt"]).exits(31, &["none is no folder"]);
    world.run(&["request", "--svg", "taken.txt"]).exits(20, &[]);
    assert_eq!(world.read("taken.txt"), "mine");
    world.run(&["request", "--svg", "a", "--out", "a"]).exits(2, &["cannot be one file"]);
    // None of them was counted.
    let ran = world.run(&["request", "--out", "request.txt"]).exits(0, &["written to request.txt"]);
    assert_eq!(ran.data, "");
    assert_eq!(request(&world.read("request.txt"))["request"]["counter"], 1);
    // A repetition may find what it would write.
    world.run(&["request", "--again", "--out", "request.txt"]).exits(0, &[]);
    world
        .run(&["request", "--again", "--out", "taken.txt"])
        .exits(20, &["repeat it with: lictor-agent request --again"]);
    assert_eq!(world.read("taken.txt"), "mine");
}

#[test]
fn a_seat_is_taken_and_given_back() {
    let world = World::licensed("seat");
    let asked = request(&world.run(&["request"]).done());
    world.run(&["status"]).exits(0, &["awaits its answer"]);
    world.write("answer.txt", activation(&asked, 1, START + 60, |_| ()));
    world.run(&["install", "answer.txt"]).exits(0, &["ACTIVATION: accepted", "mode  full"]);
    let status = world.run(&["status", "--json"]).exits(0, &[]).json();
    let ends = [&status["awaited"], &status["daysLeft"], &status["then"], &status["because"]];
    assert_eq!(ends, [&json!(null), &json!(364), &json!("grace"), &json!("expired")]);
    let back = world.run(&["request", "--release"]);
    assert_eq!(back.words, "");
    let back = request(&back.done());
    assert_eq!(back["request"]["previous"], crate::artefacts::serial(1));
    world.write("receipt.txt", receipt(&back, START + 120));
    world.run(&["install", "receipt.txt"]).exits(0, &["the seat was given back", "not_activated"]);
}

#[test]
fn a_request_for_programs() {
    let world = World::licensed("request json");
    assert_eq!(request(&world.run(&["request"]).done())["request"]["label"], "production");
    let made = world.run(&["request", "--json"]).exits(0, &[]).json();
    let said = request(made["request"].as_str().unwrap());
    assert_eq!((&made["awaited"], &made["deployment"]), (&said["jti"], &said["iss"]));
    world.run(&["request", "--json", "--qr"]).exits(2, &["a QR code is for people"]);
}

/// What the old key has asked for would seat a deployment that is gone.
#[test]
fn after_a_lost_key_one_asks_anew() {
    let world = World::licensed("lost key");
    world.run(&["request"]).done();
    world.run(&["status"]).exits(0, &["lictor-agent install ANSWER, when it has come"]);
    for damaged in [None, Some("{")] {
        match damaged {
            None => std::fs::remove_file(world.path("state/identity.json")).unwrap(),
            Some(damaged) => world.write("state/identity.json", damaged),
        }
        let status = world.run(&["status"]).exits(0, &["lictor-agent request --out request.txt"]);
        assert!(!status.data.contains("awaits its answer"), "{status:?}");
        // What is wrong with it is said once.
        assert_eq!(
            status.data.contains("identity.json is damaged (it is no JSON object);"),
            damaged.is_some()
        );
        world.run(&["request", "--again"]).exits(21, &["with the key that this deployment has now"]);
    }
    let asked = request(&world.run(&["request"]).done());
    let own = world.run(&["identity", "--json"]).json();
    assert_eq!(asked["iss"], own["deployment"]);
    world.run(&["status"]).exits(0, &["lictor-agent install ANSWER, when it has come"]);
}

/// A receipt for the seat that is given back is nothing that would make a seat.
#[test]
fn after_a_release_the_answer_is_no_seat() {
    let world = World::licensed("awaited receipt");
    world.run(&["request", "--release"]).done();
    let status =
        world.run(&["status"]).exits(0, &["awaits its answer", "lictor-agent request --out request.txt"]);
    assert!(!status.data.contains("install ANSWER"), "{status:?}");
}
