//! Homes in which a key and licenses stand in each of their states.

use std::fs;

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
    // No command of this version leads to the next two, so the ledger is changed past its log, which shows as damage.
    ("only next", |world| in_state(world, "next")),
    ("only retired", |world| in_state(world, "retired")),
];

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
pub(super) fn make(world: &World, keys: fn(&World)) {
    world.write("passphrase", "correct horse battery staple");
    keys(world);
    complete(world);
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
    world.run(&[&["key", "new"], protection].concat()).done();
    world.run(&["key", "export", "--out", "anchors.json"]).done();
    for (state, make) in LICENSE_STATES {
        make(world, key, &format!("{state}.lic"));
    }
    let seats = ["--activation", "required", "--activation-grace", "0"];
    issue(world, key, "seats.lic", &seats, NOW);
    world.run(&[&["status", "publish", "--out", "lists"], key].concat()).done();
    world.run(&["ledger", "backup", "backup.db"]).done();
}

fn in_state(world: &World, state: &str) {
    with_licenses(world, UNSEALED);
    let intruder = rusqlite::Connection::open(world.path("home/ledger.db")).expect("the ledger opens");
    let changed = intruder.execute("UPDATE signing_key SET state = ?1", [state]).expect("the ledger is free");
    assert_eq!(changed, 1);
}

/// What commands name and a home without licenses has not given: of another issuer with the same name.
fn complete(world: &World) {
    let other = World::empty("matrix other");
    other.write("passphrase", "correct horse battery staple");
    with_licenses(&other, UNSEALED);
    other.run(&["ledger", "backup", "another.db"]).done();
    fs::copy(other.key_file(), world.path("own.pem")).expect("copied");
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
