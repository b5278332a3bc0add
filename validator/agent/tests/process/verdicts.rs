//! What is said of a verdict, and with which exit code.

use crate::artefacts::{DAY, LICENSE_ENTRY, START, activation, license, list, request};
use crate::world::{NOW, Ran, World};
use serde_json::json;
use std::process::Stdio;

#[test]
fn from_nothing_to_the_end_of_the_license() {
    let world = World::new("life");
    world.run(&["check"]).exits(10, &["unlicensed LICENSE_INVALID missing"]);
    world.write("acme.lic", license(|_| ()));
    world.run(&["install", "acme.lic"]).exits(0, &["accepted", "mode  full", "do    nothing"]);
    // exp is 2027-11-22, graceUntil 2027-12-06.
    world.run(&["check"]).exits(0, &["full\n"]);
    world
        .run(&["status"])
        .exits(0, &["364, until 2027-11-22T00:00:00Z, then grace", "Acme GmbH, plan enterprise"]);
    world
        .run_at("2027-11-25T00:00:00Z", &["check"])
        .exits(0, &["grace LICENSE_EXPIRED expired until 2027-12-06T00:00:00Z\n"]);
    world.run_at("2027-11-25T00:00:00Z", &["status"]).exits(
        0,
        &["11, until 2027-12-06T00:00:00Z, then read_only", "Ask the vendor for a renewed license"],
    );
    world.run_at("2027-12-06T00:00:00Z", &["check"]).exits(11, &["read_only LICENSE_EXPIRED expired\n"]);
    world
        .run_at("2027-12-06T00:00:00Z", &["explain"])
        .exits(0, &["reason  expired", "Acme Software: Write to support@acme.example."]);
}

/// Commands that only look leave no trace of a time that was given.
#[test]
fn looking_ahead_changes_nothing() {
    let world = World::licensed("ahead");
    let before = world.state();
    for command in ["status", "check", "explain", "support-bundle"] {
        world.run_at("2099-01-01T00:00:00Z", &[command]);
    }
    assert_eq!(world.state(), before);
    world.run(&["check"]).exits(0, &["grace LICENSE_SEAT_LIMIT not_activated"]);
}

/// Whatever ends first counts: here a lease long before the license, and then its grace.
#[test]
fn the_days_of_a_lease() {
    let world = World::licensed("lease");
    let asked = request(&world.run(&["request"]).done());
    let leased = activation(&asked, 1, START + 60, |claims| {
        claims["activation"]["lease"] = "fixed".into();
        claims["exp"] = (START + 30 * DAY).into();
    });
    world.write("answer.txt", leased);
    world.run(&["install", "answer.txt"]).exits(0, &["mode  full"]);
    world.run(&["status"]).exits(0, &["29, until 2026-12-22T00:00:00Z, then grace (activation_lapsed)"]);
    let status = world.run_at("2026-12-23T00:00:00Z", &["status", "--json"]).json();
    let ends = ["daysLeft", "endsAt", "then", "because"].map(|member| status[member].clone());
    let expected = json!([13, "2027-01-05T00:00:00Z", "read_only", "activation_lapsed"]);
    assert_eq!(json!(ends), expected);
    let over = world.run_at("2027-01-05T00:00:00Z", &["status", "--json"]).json();
    assert_eq!((&over["daysLeft"], &over["endsAt"]), (&json!(null), &json!(null)));
}

/// What comes into force by itself is looked ahead to as well.
#[test]
fn the_day_of_a_renewal() {
    let world = World::new("renewal");
    // The first ends with 2027-11-22 and its grace; the second starts a month after that.
    let second = |claims: &mut serde_json::Value| {
        claims["nbf"] = (START + 410 * DAY).into();
        claims["exp"] = (START + 800 * DAY).into();
        claims["license"]["warnFrom"] = (START + 790 * DAY).into();
        claims["license"]["graceUntil"] = (START + 800 * DAY).into();
        claims["license"]["revision"] = 2.into();
    };
    world.write("both.txt", license(|_| ()) + &license(second));
    world.run(&["install", "both.txt"]);
    world
        .run_at("2027-12-20T00:00:00Z", &["status"])
        .exits(0, &["mode        read_only", "changes     by itself on 2028-01-06T00:00:00Z to full"]);
}

#[test]
fn a_revocation_is_exit_12_after_its_grace() {
    let world = World::new("revoked");
    world.write("both.txt", license(|_| ()) + &list(1, START + 60, &[(LICENSE_ENTRY, 1, START + 60)]));
    world.run(&["install", "both.txt"]).exits(0, &["LICENSE: accepted", "STATUS LIST: accepted"]);
    world.run(&["check"]).exits(0, &["grace LICENSE_REVOKED revoked"]);
    world.run_at("2027-01-01T00:00:00Z", &["check"]).exits(12, &["read_only LICENSE_REVOKED revoked"]);
}

#[test]
fn the_status_for_programs() {
    let world = World::licensed("json");
    let status = world.run(&["status", "--json"]).exits(0, &[]).json();
    // The grace of the activation is 14 days from the installation on.
    assert_eq!(status["daysLeft"], 14);
    assert_eq!(status["endsAt"], "2026-12-06T09:00:00Z");
    assert_eq!(status["verdict"]["mode"], "grace");
    assert_eq!(status["verdict"]["pending"], "LICENSE_SEAT_LIMIT");
    assert_eq!(status["verdict"]["license"]["customer"], "Acme GmbH");
    assert_eq!(status["deployment"].as_str().unwrap().len(), 43);
    assert_eq!((&status["awaited"], &status["troubles"]), (&serde_json::Value::Null, &serde_json::json!([])));
    assert_eq!(
        (&status["vendor"], &status["support"]),
        (&"Acme Software".into(), &"Write to support@acme.example.".into())
    );
    let check = world.run(&["check", "--json"]).exits(0, &[]).json();
    assert_eq!(check, status["verdict"]);
}

/// Whoever reads no further changes no exit code; a disk that is full does.
#[test]
fn output_that_is_not_read() {
    let world = World::new("closed");
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let full = std::fs::OpenOptions::new().write(true).open("/dev/full").unwrap();
    for (out, exit, says) in
        [(Stdio::from(writer), 10, ""), (Stdio::from(full), 31, "standard output cannot be written")]
    {
        let ran = world.command().args(["check", "--now", NOW]).stdout(out).stderr(Stdio::piped()).spawn();
        let ran: Ran = ran.unwrap().wait_with_output().unwrap().into();
        assert_eq!(ran.words.is_empty(), says.is_empty(), "{ran:?}");
        ran.exits(exit, &[says]);
    }
}

#[test]
fn every_word_is_explained_without_any_state() {
    let world = World::new("words");
    world.run(&["explain", "not-activated"]).exits(0, &["reason  not_activated", "LICENSE_SEAT_LIMIT"]);
    world.run(&["explain", "license_revoked"]).exits(0, &["LICENSE_REVOKED (exit 12)"]);
    let all = world.run(&["explain", "--all", "--json"]).exits(0, &[]).json();
    assert_eq!(all.as_array().unwrap().len(), 34);
    world
        .run(&["explain", "nonsense"])
        .exits(21, &["is no mode, no reason, no denial and no code", "explain --all"]);
    assert_eq!(world.state(), []);
}
