//! What happened, looked up and followed.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use lictor_shared::RequestKind;
use serde_json::Value;
use sha2::{Digest as _, Sha256};
use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use super::deployment::Deployment;
use super::world::{NOW, Ran, World, program};

/// Three customers' licenses for two products, on three days, by two people; a seat granted and one denied.
fn world(name: &str) -> World {
    let world = World::new(name);
    let later = |arguments: &[&str], day: &str| {
        let ran = world.command().args(arguments).args(["--actor", "jana", "--now", day]).output();
        Ran::of(&ran.expect("it runs")).done();
    };
    world.issue("acme.lic", &["--activation", "required", "--seats", "1"]);
    for number in 1..=2 {
        let mut deployment = Deployment::new(&world, "acme.lic", &format!("Depot {number}"));
        world.write("request.lic", deployment.ask(RequestKind::Activate));
        let ran = world.run(&["activation", "grant", "request.lic"]);
        assert_eq!(ran.exit, Some(if number == 1 { 0 } else { 13 }), "{ran:?}");
    }
    later(&["product", "add", "desk", "--plan", "pro"], "2026-11-23T09:00:00Z");
    let order = ["issue", "--product", "desk", "--plan", "pro", "--term", "1y", "--customer", "Bolt"];
    later(&order, "2026-11-24T09:00:00Z");
    world
}

fn log(world: &World, options: &[&str]) -> Vec<Value> {
    let written = world.run(&[&["audit", "log", "--jsonl"], options].concat()).done();
    written.lines().map(|line| serde_json::from_str(line).expect("an object on each line")).collect()
}

fn numbers(world: &World, options: &[&str]) -> Vec<u64> {
    log(world, options).iter().map(|event| event["seq"].as_u64().expect("a number")).collect()
}

#[test]
fn each_filter_leaves_what_it_says() {
    let world = world("past filters");
    let kinds: Vec<String> =
        log(&world, &[]).iter().map(|event| event["kind"].as_str().unwrap().to_owned()).collect();
    assert_eq!(
        kinds,
        [
            "issuer.created",
            "key.created",
            "product.added",
            "license.issued",
            "activation.granted",
            "status.published",
            "activation.denied",
            "product.added",
            "license.issued",
        ]
    );
    let acme = world.run(&["license", "list", "--customer", "Acme GmbH", "--json"]).json()[0]["id"].clone();
    let acme = acme.as_str().unwrap();
    let denied = log(&world, &["--kind", "activation.denied"]).remove(0);
    let second = denied["body"]["deployment"].as_str().unwrap();
    for (options, expected) in [
        (&["--license", acme][..], &[4, 5, 7][..]),
        (&["--license", &acme[..23]], &[4, 5, 7]),
        (&["--customer", "Acme GmbH"], &[4, 5, 7]),
        (&["--customer", "bolt"], &[9]),
        (&["--customer", "Nobody"], &[]),
        (&["--product", "dialer"], &[3, 4, 5, 7]),
        (&["--product", "desk"], &[8, 9]),
        (&["--deployment", second], &[7]),
        (&["--deployment", &second[..8]], &[7]),
        (&["--kind", "license.issued"], &[4, 9]),
        (&["--kind", "activation", "--kind", "key"], &[2, 5, 7]),
        (&["--actor", "jana"], &[8, 9]),
        (&["--since", "2026-11-23"], &[8, 9]),
        (&["--until", "2026-11-22"], &[1, 2, 3, 4, 5, 6, 7]),
        (&["--since", "2026-11-23T09:00:00Z", "--until", "2026-11-24T09:00:00Z"], &[8]),
        (&["--before", "3"], &[1, 2]),
        (&["--limit", "2"], &[8, 9]),
        (&["--limit", "2", "--before", "9", "--kind", "activation"], &[5, 7]),
        (&["--actor", "jana", "--customer", "Acme GmbH"], &[]),
    ] {
        assert_eq!(numbers(&world, options), expected, "{options:?}");
    }
}

#[test]
fn what_is_no_filter_is_said() {
    let world = World::new("past mistakes");
    world.run(&["audit", "log", "--kind", "license.lost"]).fails(2, &["license.lost", "license.issued"]);
    world.run(&["audit", "log", "--deployment", "short"]).fails(2, &["8 characters"]);
    world
        .run(&["audit", "log", "--license", "0198c0d2-6c1e-7000-8000-2f6f2b1d9a10"])
        .fails(21, &["lictor license list"]);
    world.run(&["audit", "log", "--follow", "--json"]).fails(2, &["--follow"]);
}

#[test]
fn an_event_is_told_with_what_stands_beside_it() {
    let world = world("past forms");
    let granted = log(&world, &["--kind", "activation.granted"]).remove(0);
    assert_eq!(granted["customer"]["name"], "Acme GmbH");
    assert_eq!(granted["texts"]["label"], "Depot 1");
    assert_eq!((&granted["at"], &granted["clock"]), (&NOW.into(), &"given".into()));
    // RFC 6962, section 2.1: SHA-256 over a zero byte and the leaf as it stands in the ledger.
    let ledger = rusqlite::Connection::open(world.path("home/ledger.db")).expect("it opens");
    let leaf: Vec<u8> =
        ledger.query_row("SELECT leaf FROM event WHERE seq = 5", (), |row| row.get(0)).unwrap();
    let hash = Sha256::digest([&[0], leaf.as_slice()].concat());
    assert_eq!(granted["leafHash"], STANDARD.encode(hash));
    let csv = world.run(&["audit", "log", "--csv", "--kind", "activation.granted"]).done();
    let (header, row) = csv.split_once("\r\n").expect("two records");
    assert!(header.starts_with("seq,at,clock,actor,kind,license,"), "{header}");
    assert!(row.starts_with("5,2026-11-22T09:00:00Z,given,"), "{row}");
    let paged = world.run(&["audit", "log", "--limit", "3"]);
    assert!(paged.words.contains("--before 7"), "{paged:?}");
    assert!(paged.data.contains("Acme GmbH / Depot 2"), "{paged:?}");
    world.run(&["audit", "log", "--before", "7", "--limit", "9"]).done();
}

#[test]
fn what_happens_later_is_followed() {
    let world = World::new("past followed");
    let mut follower = Command::new(program())
        .args(["audit", "log", "--follow", "--jsonl", "--kind", "license", "--home"])
        .arg(world.path("home"))
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    let mut lines = BufReader::new(follower.stdout.take().expect("a pipe")).lines();
    let mut next = || lines.next().expect("it goes on").expect("text");
    let issue = |customer: &str| {
        let order =
            ["issue", "--product", "dialer", "--plan", "pro", "--term", "1y", "--quiet", "--customer"];
        world.run(&[&order[..], &[customer]].concat()).done();
    };
    for customer in ["First", "Second"] {
        issue(customer);
        let event: Value = serde_json::from_str(&next()).expect("an object");
        assert_eq!(
            (&event["kind"], &event["customer"]["name"]),
            (&"license.issued".into(), &customer.into())
        );
    }
    // Nobody reads any more: it ends by itself at the next event.
    drop(lines);
    issue("Third");
    assert_eq!(follower.wait().expect("it ends").code(), Some(0));
}
