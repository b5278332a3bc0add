//! Use that is reported out of an air gap: the product counts, his administrator carries a file, the issuer records it.

use lictor_shared::{AnchorSet, Name, Text, Timestamp};
use lictor_validator::host::{Folder, Guard, Product, Ticking};
use serde_json::Value;
use std::fs;

use super::server::Server;
use super::world::{Ran, World};

/// The product on a server: it counts, and ends.
fn count(world: &World, server: &str, when: &str, users: u64) {
    let product = Product {
        anchors: AnchorSet::read(&fs::read(world.path("anchors.json")).expect("anchors")).expect("anchors"),
        name: Name::new("dialer").expect("a name"),
        environment: Name::new("production").expect("a name"),
        origin: None,
        built_at: None,
        program: Text::new("dialer 7.3").expect("a text"),
    };
    let now = Timestamp::parse(when).expect("a time");
    let folder = Folder::at(world.path(&format!("{server}/state")));
    let guard = Guard::opening(product, folder).clock(move || now).ticking(Ticking::ByHost).open();
    guard.record("users", users).expect("recorded");
}

fn seated<'w>(world: &'w World, name: &str) -> Server<'w> {
    let server = Server::licensed(world, name, "acme.lic");
    world.write("request.txt", server.run(&["request"]).done());
    world.run(&["activation", "grant", "request.txt", "--out", "answer.txt", "--force"]).done();
    server.run(&["install", "answer.txt"]).done();
    server
}

/// A report of a server at a time, in a file.
fn report(world: &World, server: &Server<'_>, when: &str, file: &str) {
    let report = server.command().args(["usage", "report", "--now", when]).output().expect("the program");
    world.write(file, Ran::of(&report).done());
}

/// Brings reports on the last day.
fn bring(world: &World, files: &[&str]) -> Ran {
    let line = [&["audit", "import"], files, &["--json", "--now", "2026-12-24T09:00:00Z"]].concat();
    Ran::of(&world.command().args(line).output().expect("the program"))
}

fn anomalies(ran: &Ran) -> Vec<String> {
    assert_eq!(ran.exit, Some(0), "{ran:?}");
    let reports = ran.data.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let words = |report: Value| {
        let words = report["anomalies"].as_array().expect("words").iter();
        words.map(|word| word.as_str().expect("a word").to_owned()).collect::<Vec<_>>().join(" ")
    };
    reports.map(words).collect()
}

#[test]
fn from_the_product_to_the_auditor() {
    let world = World::new("reporting");
    world.issue("acme.lic", &["--activation", "required", "--seats", "3", "--limit", "users=250"]);
    let server = seated(&world, "depot-1");
    count(&world, "depot-1", "2026-11-23T09:00:00Z", 120);

    // The administrator sees what leaves his house before it does.
    let shown =
        server.command().args(["usage", "show", "--now", "2026-11-24T09:00:00Z"]).output().expect("run");
    let shown = Ran::of(&shown).done();
    assert!(shown.contains("users at most 120, first at 2026-11-23T09:00:00Z"), "{shown}");
    report(&world, &server, "2026-11-24T09:00:00Z", "1.txt");
    let ran = bring(&world, &["1.txt"]);
    assert_eq!(anomalies(&ran), [""]);
    let said = ran.json();
    assert_eq!(said["counters"]["users"], 120);
    assert_eq!(
        (&said["from"], &said["to"]),
        (&"2026-11-22T09:00:00Z".into(), &"2026-11-24T09:00:00Z".into())
    );
    assert_eq!(said["deployment"], server.id());

    // One is lost on its way, and the next one comes; then it is found.
    count(&world, "depot-1", "2026-11-25T09:00:00Z", 130);
    report(&world, &server, "2026-11-26T09:00:00Z", "2.txt");
    count(&world, "depot-1", "2026-11-27T09:00:00Z", 300);
    report(&world, &server, "2026-11-28T09:00:00Z", "3.txt");
    let again =
        server.command().args(["usage", "report", "--again", "--now", "2026-11-29T09:00:00Z"]).output();
    assert_eq!(Ran::of(&again.expect("run")).done(), world.read("3.txt"));
    let ran = bring(&world, &["3.txt"]);
    assert_eq!(anomalies(&ran), ["gap over_limit"]);
    for says in ["report 2 is missing", "users 300 of 250"] {
        assert!(ran.words.contains(says), "{says}: {}", ran.words);
    }
    assert_eq!(anomalies(&bring(&world, &["2.txt"])), ["late"]);

    // The same again changes nothing.
    let ran = bring(&world, &["3.txt"]);
    assert!(ran.words.contains("already recorded"), "{}", ran.words);
    assert_eq!(ran.json()["manner"], "known");

    // The folder is copied, and both report.
    let clone = server.cloned("depot-1-copy");
    report(&world, &server, "2026-12-01T09:00:00Z", "4.txt");
    report(&world, &clone, "2026-12-02T09:00:00Z", "4-copy.txt");
    assert_eq!(anomalies(&bring(&world, &["4.txt"])), [""]);
    let ran = bring(&world, &["4-copy.txt"]);
    assert_eq!(anomalies(&ran), ["rewind overlap"]);
    assert!(ran.words.contains("two copies of the deployment live"), "{}", ran.words);

    // Its record is deleted.
    fs::remove_file(world.path("depot-1/state/usage.json")).expect("removed");
    report(&world, &server, "2026-12-03T09:00:00Z", "anew.txt");
    assert_eq!(anomalies(&bring(&world, &["anew.txt"])), ["rewind record_lost"]);

    // What was changed on its way, what nobody here knows, and another file.
    let whole = world.read("4.txt");
    let middle = whole.len() / 2;
    let (head, rest) = whole.split_at(middle);
    let other = if rest.starts_with('A') { "B" } else { "A" };
    world.write("changed.txt", format!("{head}{other}{}", &rest[1..]));
    bring(&world, &["changed.txt"]).fails(30, &["changed.txt"]);
    bring(&world, &["acme.lic"]).fails(30, &["it is a license"]);
    let stranger = Server::licensed(&world, "stranger", "acme.lic");
    report(&world, &stranger, "2026-12-03T09:00:00Z", "stranger.txt");
    bring(&world, &["stranger.txt", "1.txt"]).fails(21, &["stranger.txt", "ever held a seat"]);

    // All of it is seen.
    world.run(&["ledger", "verify"]).done();
    let reports = world.run(&["audit", "usage", "--json"]).json();
    let reports = reports.as_array().expect("reports");
    assert_eq!(reports.len(), 6);
    let id = reports[0]["report"].as_str().expect("an id");
    assert_eq!(world.run(&["audit", "usage", "--report", id]).done(), world.read("1.txt"));
    let table = world.run(&["audit", "usage"]).done();
    for says in ["late", "rewind", "overlap", "record_lost", "over_limit"] {
        assert!(table.contains(says), "{says}: {table}");
    }
    // The gap was filled: it is told as what it was, and is odd no more.
    assert!(!table.contains("gap"), "{table}");
    let filled: Vec<_> = reports.iter().filter(|report| report["closed"][0] == "gap").collect();
    assert!(filled.len() == 1 && filled[0]["anomalies"][0] == "gap", "{reports:?}");
    let csv = world.run(&["audit", "usage", "--csv"]).done();
    assert_eq!(
        csv.lines().filter(|line| line.contains(",users,300,2026-11-27T09:00:00Z,")).count(),
        1,
        "{csv}"
    );
}
