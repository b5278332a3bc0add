//! Homes in which a key and licenses stand in each of their states.

use std::fs;

use lictor_shared::{Name, RequestKind, Timestamp};

use crate::deployment::Deployment;
use crate::world::{Ran, STATUS_URI, World, copy};

/// Makes a home.
type MakeHome = fn(&World);

/// Makes a license with a key that is opened so, in a file.
type MakeLicense = fn(&World, &[&str], &str);

/// Where the keys of a home stand.
pub(super) const KEY_STATES: &[(&str, MakeHome)] = &[
    ("no home", |_| ()),
    ("no key", without_key),
    ("active", |world| with_licenses(world, UNSEALED)),
    ("active, passphrase missing", |world| with_licenses(world, SEALED)),
    ("only next", |world| {
        with_licenses(world, UNSEALED);
        let first = world.read("kid");
        let second = world.run(&["key", "new", "--no-passphrase"]).done();
        world.run(&["key", "export", "--out", "anchors.json", "--force"]).done();
        world.run(&["key", "retire", &first, "--without-successor"]).done();
        world.write("kid", second.trim());
    }),
    ("retired", |world| after(world, &[RETIRED])),
    ("distrusted", |world| after(world, &[DISTRUSTED])),
    ("destroyed", |world| after(world, &[RETIRED, DESTROYED])),
];

/// What becomes of the one key, named `{kid}`.
const RETIRED: &str = "key retire {kid} --without-successor";
const DISTRUSTED: &str = "key distrust {kid} --after 2027-02-01T00:00:00Z --confirm {kid}";
const DESTROYED: &str = "key destroy {kid} --confirm {kid}";

/// Where a license stands at the clock of these tests, and how it came there.
pub(super) const LICENSE_STATES: &[(&str, MakeLicense)] = &[
    ("scheduled", |world, key, file| {
        issue(world, key, file, &["--starts", "2027-01-01"], NOW);
    }),
    ("active", |world, key, file| {
        issue(world, key, file, &[], NOW);
    }),
    ("grace", |world, key, file| {
        issue(world, key, file, &[], "2025-11-15T09:00:00Z");
    }),
    ("ended", |world, key, file| {
        issue(world, key, file, &[], "2025-01-01T00:00:00Z");
    }),
    ("suspended", |world, key, file| {
        let id = issue(world, key, file, &[], NOW);
        world.run(&["license", "suspend", &id]).done();
    }),
    ("revoked", |world, key, file| {
        let id = issue(world, key, file, &[], NOW);
        world.run(&["license", "revoke", &id, "--reason", "other", "--confirm", &id]).done();
    }),
    ("superseded", |world, key, file| {
        let id = issue(world, key, file, &[], NOW);
        world.run(&[&["license", "renew", &id, "--term", "1y", "--out", "renewed.lic"], key].concat()).done();
    }),
    ("unknown", |_, _, _| ()),
];

/// The id of no license.
pub(super) const UNKNOWN: &str = "0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10";

const NOW: &str = crate::world::NOW;
const UNSEALED: &[&str] = &[];
const SEALED: &[&str] = &["--passphrase-file", "passphrase"];

/// Makes a home and what lies beside it.
pub(super) fn make(world: &World, keys: fn(&World), other: &World) {
    world.write("passphrase", "correct horse battery staple");
    world.write(
        "orders.csv",
        "request_id,product,plan,customer,term\nr1,dialer,pro,Bolt,1y\nr2,dialer,pro,Acme,1y\n",
    );
    // A page of the manual that somebody else wrote.
    fs::create_dir(world.path("theirs")).expect("made");
    world.write("theirs/lictor.1", "mine\n");
    keys(world);
    complete(world, other);
}

/// Another issuer with the same name.
pub(super) fn other() -> World {
    let other = World::empty("matrix other");
    with_licenses(&other, UNSEALED);
    // For a license that nobody else knows.
    fs::copy(other.path("active.request"), other.path("unknown.request")).expect("copied");
    other.run(&["ledger", "backup", "another.db"]).done();
    other.run(&["license", "export", "--out", "others.jsonl"]).done();
    fs::copy(other.key_file(), other.path("own.pem")).expect("copied");
    for name in ["checkpoint", "vkey"] {
        let (own, theirs) = (other.path(&format!("acme.{name}")), other.path(&format!("others.{name}")));
        fs::copy(own, theirs).expect("copied");
    }
    other
}

fn begin(world: &World) {
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", STATUS_URI]).done();
    world.run(&["product", "add", "dialer", "--plan", "pro"]).done();
}

fn without_key(world: &World) {
    begin(world);
    world.run(&["ledger", "backup", "backup.db"]).done();
}

fn with_licenses(world: &World, key: &[&str]) {
    begin(world);
    let protection = if key.is_empty() { &["--no-passphrase"][..] } else { key };
    let kid = world.run(&[&["key", "new"], protection].concat()).done();
    world.write("kid", kid.trim());
    world.run(&["key", "export", "--out", "anchors.json"]).done();
    for (state, make) in LICENSE_STATES {
        make(world, key, &format!("{state}.lic"));
    }
    let active = world.run(&["license", "show", "active.lic", "--json"]).json();
    world.write("rows.csv", format!("request_id,license\ns1,{}\n", active["id"].as_str().expect("an id")));
    let seats = ["--activation", "required", "--activation-grace", "0"];
    let seats = issue(world, key, "seats.lic", &seats, NOW);
    world.run(&["license", "export", "--out", "earlier.jsonl"]).done();
    world
        .run(&[&["license", "amend", &seats, "--seats", "5", "--out", "more-seats.lic"], key].concat())
        .done();
    world.run(&[&["status", "publish", "--out", "lists"], key].concat()).done();
    world.run(&["license", "export", "--out", "licenses.jsonl"]).done();
    with_requests(world, key);
    world.run(&["ledger", "backup", "backup.db"]).done();
    with_log(world);
}

/// A key of the log, and what it has signed.
fn with_log(world: &World) {
    world.run(&["key", "new", "--purpose", "log", "--no-passphrase"]).done();
    world.run(&["audit", "key", "--out", "acme.vkey"]).done();
    world.run(&["audit", "checkpoint", "--out", "acme.checkpoint"]).done();
    world.run(&["audit", "prove", "1", "--out", "acme.proof"]).done();
    let receipt = world.read("acme.proof");
    let spoiled = receipt.replace("index 0\n", "index 1\n");
    assert_ne!(spoiled, receipt);
    world.write("spoiled.proof", spoiled);
    world.run(&["audit", "export", "acme-log"]).done();
}

/// Requests for licenses in every state, and deployments that hold seats: one of `active.lic`, and one of two licenses.
fn with_requests(world: &World, key: &[&str]) {
    let deployment = |file: &str| Deployment::new(world, file, "Depot");
    let ask = |file: &str| deployment(file).ask(RequestKind::Activate);
    for (state, _) in LICENSE_STATES.iter().filter(|(state, _)| *state != "unknown") {
        world.write(&format!("{state}.request"), ask(&format!("{state}.lic")));
    }
    fs::create_dir(world.path("inbox")).expect("made");
    world.write("inbox/active.request", ask("active.lic"));
    fs::create_dir(world.path("letters")).expect("made");
    world.write("letters/one", "Dear Sirs, please find attached nothing.");
    fs::create_dir(world.path("taken")).expect("made");
    world.write("taken/0.lic", "a note");
    let grant = |request: String, out: &str| {
        world.write("granted.request", request);
        let line = ["activation", "grant", "granted.request", "--out", out];
        world.run(&[&line, key].concat()).done();
    };
    let mut seat = deployment("active.lic");
    world.write("seat", seat.id());
    let request = seat.ask(RequestKind::Activate);
    world.write("seat.request", &request);
    grant(request, "answered.lic");
    world.write("again.request", seat.ask(RequestKind::Activate));
    world.write("seat.report", seat.report());
    world.write("nobody.report", deployment("active.lic").report());
    world.write("desk.report", seat.report_for("desk"));
    world.write("back.request", seat.ask(RequestKind::Release));
    let mut both = deployment("active.lic");
    world.write("both", both.id());
    grant(both.ask(RequestKind::Activate), "both.lic");
    grant(both.holding(world, "superseded.lic").ask(RequestKind::Activate), "both-2.lic");
    issue(world, key, "full.lic", &["--activation", "required", "--seats", "1"], NOW);
    grant(ask("full.lic"), "full-1.lic");
    world.write("beyond.request", ask("full.lic"));
    let mut old = deployment("active.lic");
    let made = Timestamp::parse("2026-10-01T00:00:00Z").expect("a time");
    world.write("old.request", old.ask_with(RequestKind::Activate, |request| request.issued_at = made));
    let desk = Name::new("desk").expect("a name");
    world.write("desk.request", old.ask_with(RequestKind::Activate, |request| request.product = desk));
}

fn after(world: &World, steps: &[&str]) {
    with_licenses(world, UNSEALED);
    let kid = world.read("kid");
    for step in steps {
        let step = step.replace("{kid}", &kid);
        world.run(&step.split(' ').collect::<Vec<_>>()).done();
    }
}

/// What commands name and a home without licenses has not given.
fn complete(world: &World, other: &World) {
    for entry in fs::read_dir(other.path("")).expect("listed") {
        let from = entry.expect("an entry").path();
        let name = from.file_name().expect("a name").to_string_lossy().into_owned();
        if name != "home" && !world.path(&name).exists() {
            copy(&from, &world.path(&name));
        }
    }
}

fn issue(world: &World, key: &[&str], file: &str, more: &[&str], when: &str) -> String {
    let order = ["issue", "--product", "dialer", "--plan", "pro", "--customer", "Acme GmbH", "--term", "1y"];
    let terms = ["--max-status-age", "never", "--out", file, "--now", when];
    let output = world.command().args([&order[..], &terms, more, key].concat()).output();
    Ran::of(&output.expect("it runs")).done().trim().to_owned()
}
