//! Care of the ledger: checked, backed up while in use, and restored without handing out an index twice.

use super::world::{NOW, Ran, STATUS_URI, World, program};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

const NEW_URI: &str = "urn:acme:status:1";
const ASIDE: &str = "home/ledger.db.replaced-20261122T090000Z";

/// A world with a license that is in the backup `backup.db`, and a later one that is not.
fn world(name: &str) -> World {
    let world = World::new(name);
    world.issue("one.lic", &[]);
    world.run(&["ledger", "backup", "backup.db"]).done();
    world.issue("two.lic", &[]);
    world
}

fn restore(world: &World, file: &str, more: &[&str]) -> Ran {
    world.run(&[&["ledger", "restore", file, "--status-uri", NEW_URI], more].concat())
}

fn licenses(world: &World) -> usize {
    world.run(&["license", "list", "--json"]).json().as_array().expect("licenses").len()
}

/// What is in the world beside the home and what was made.
fn left_over(world: &World) -> Vec<String> {
    let names = fs::read_dir(world.path("")).expect("listed");
    let names = names.map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned());
    names.filter(|name| name.ends_with(".tmp")).collect()
}

#[test]
fn a_ledger_is_checked_against_its_events() {
    let world = world("ledger verify");
    let said = world.untouched(|| world.run(&["ledger", "verify", "--json"])).json();
    assert_eq!(
        (&said["events"], &said["licenses"], &said["issuer"]),
        (&5.into(), &2.into(), &"acme-licensing".into())
    );
    let ledger = rusqlite::Connection::open(world.path("home/ledger.db")).expect("it opens");
    ledger.execute("UPDATE revision SET plan = 'gold' WHERE seq = 4", ()).expect("tampered with");
    drop(ledger);
    let ran = world.untouched(|| world.run(&["ledger", "verify", "--json"]));
    ran.fails(32, &["tampered with: event 4", "gold", "hint: "]);
    assert_eq!((&ran.json()["success"], &ran.json()["details"]["event"]), (&false.into(), &4.into()));
    // No report of it, and nothing that looks like one.
    let report = ["audit", "report", "--html", "report.html", "--csv", "figures"];
    world.untouched(|| world.run(&report)).fails(32, &["tampered with: event 4"]);
    assert!(!world.path("figures").exists() && !world.path("report.html").exists());
    World::empty("ledger verify none").run(&["ledger", "verify"]).fails(21, &["There is no home"]);
}

#[test]
fn a_backup_is_whole_closed_to_others_and_never_overwritten() {
    let world = world("backup");
    // Others have it open, and what they have written lies in the log.
    let holder = rusqlite::Connection::open(world.path("home/ledger.db")).expect("it opens");
    holder.execute_batch("BEGIN IMMEDIATE").expect("it is free");
    let said = world.run(&["ledger", "backup", "later.db", "--json"]).json();
    assert_eq!(
        (&said["file"], &said["events"], &said["licenses"]),
        (&"later.db".into(), &5.into(), &2.into())
    );
    drop(holder);
    for file in ["backup.db", "later.db"] {
        let mode = fs::metadata(world.path(file)).expect("it is there").permissions().mode();
        assert_eq!(mode & 0o777, 0o600, "{file}");
    }
    let before = fs::read(world.path("backup.db")).expect("read");
    world
        .untouched(|| world.run(&["ledger", "backup", "backup.db"]))
        .fails(20, &["backup.db exists already"]);
    assert_eq!(fs::read(world.path("backup.db")).expect("read"), before);
    world
        .untouched(|| world.run(&["ledger", "backup", "nowhere/backup.db"]))
        .fails(31, &["nowhere", "hint: "]);
    world.untouched(|| world.run(&["ledger", "backup", "-"])).fails(2, &["standard output", "./-"]);
    assert!(!world.path("-").exists());
    assert!(left_over(&world).is_empty());
    // What a killed backup left behind goes with the next one; what is none of ours stays.
    for folder in [".later2.db.0123456789abcdef.tmp", ".other.db.0123456789abcdef.tmp", ".later2.db.old.tmp"]
    {
        fs::create_dir(world.path(folder)).expect("made");
    }
    world.run(&["ledger", "backup", "later2.db"]).done();
    let mut left = left_over(&world);
    left.sort();
    assert_eq!(left, [".later2.db.old.tmp", ".other.db.0123456789abcdef.tmp"]);
}

#[test]
fn a_backup_that_fails_leaves_nothing() {
    let world = world("backup fails");
    for room in [0, 1, 8, 40] {
        let script =
            format!("trap '' XFSZ; ulimit -f {room}; exec \"$0\" ledger backup small.db --now {NOW}");
        let output =
            world.outside("bash").args(["-c", &script, program()]).output().expect("bash runs; install it");
        let ran = Ran::of(&output);
        assert!(matches!(ran.exit, Some(31 | 32)), "in {room} KiB: {ran:?}");
        assert_eq!(ran.data, "");
        assert!(!world.path("small.db").exists() && left_over(&world).is_empty(), "in {room} KiB");
    }
    // A ledger that is not whole makes no backup that somebody would rely on.
    let ledger = rusqlite::Connection::open(world.path("home/ledger.db")).expect("it opens");
    ledger.execute("UPDATE revision SET plan = 'gold' WHERE seq = 4", ()).expect("tampered with");
    drop(ledger);
    world.untouched(|| world.run(&["ledger", "backup", "tampered.db"])).fails(32, &["event 4"]);
    assert!(!world.path("tampered.db").exists() && left_over(&world).is_empty());
}

#[test]
fn a_lost_ledger_comes_back_with_a_new_list() {
    let world = world("restore missing");
    fs::remove_file(world.path("home/ledger.db")).expect("it is there");
    // A log that outlived it must never be taken for the new ledger's.
    world.write("home/ledger.db-wal", "a log");
    let text = world.read("home/lictor.toml");
    let ran = restore(&world, "backup.db", &["--json"]);
    assert_eq!(ran.exit, Some(0), "{ran:?}");
    let said = ran.json();
    assert_eq!(
        (&said["statusUri"], &said["licenses"], &said["event"]),
        (&NEW_URI.into(), &1.into(), &5.into())
    );
    assert_eq!(said["aside"], serde_json::Value::Null);
    assert_eq!(world.read(&format!("{ASIDE}-wal")), "a log");
    assert_eq!(world.read("home/lictor.toml"), text.replace(STATUS_URI, NEW_URI), "comments and all");
    assert_eq!(licenses(&world), 1);
    // New licenses have the new list, and the old one is still published.
    let id = world.issue("three.lic", &[]);
    assert!(world.run(&["license", "show", &id]).done().contains(NEW_URI));
    let published = world.run(&["status", "publish", "--out", "public"]).done();
    assert_eq!(published.lines().count(), 2, "{published}");
    assert_eq!(world.run(&["ledger", "verify", "--json"]).json()["events"], 8);
    let mode = fs::metadata(world.path("home/ledger.db")).expect("it is there").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[test]
fn a_damaged_ledger_makes_way_and_is_kept() {
    let world = world("restore damaged");
    let damaged = b"not a database, but long enough to be looked at by whoever opens it as one. ";
    fs::write(world.path("home/ledger.db"), damaged).expect("written");
    world.untouched(|| restore(&world, "backup.db", &[])).fails(20, &["is damaged", "--replace"]);
    restore(&world, "backup.db", &["--replace", "--confirm", "acme-licensing"]).done();
    assert_eq!(fs::read(world.path(ASIDE)).expect("it is kept"), damaged);
    assert_eq!(licenses(&world), 1);
    world.run(&["ledger", "verify"]).done();
}

#[test]
fn a_whole_ledger_is_replaced_only_on_purpose() {
    let world = world("restore replace");
    let before = fs::read(world.path("home/ledger.db")).expect("read");
    world.untouched(|| restore(&world, "backup.db", &[])).fails(20, &["is whole", "--replace"]);
    world.untouched(|| restore(&world, "backup.db", &["--replace"])).fails(2, &["--confirm acme-licensing"]);
    world
        .untouched(|| restore(&world, "backup.db", &["--replace", "--confirm", "acme"]))
        .fails(2, &["nothing was replaced", "--confirm acme-licensing"]);
    let holder = rusqlite::Connection::open(world.path("home/ledger.db")).expect("it opens");
    holder.query_row("SELECT COUNT(*) FROM event", (), |row| row.get::<_, i64>(0)).expect("it reads");
    let ran = restore(&world, "backup.db", &["--replace", "--confirm", "acme-licensing"]);
    ran.fails(32, &["Another process holds the ledger", "hint: "]);
    drop(holder);
    assert_eq!(licenses(&world), 2);
    restore(&world, "backup.db", &["--replace", "--confirm", "acme-licensing"]).done();
    assert_eq!(licenses(&world), 1);
    assert_eq!(fs::read(world.path(ASIDE)).expect("it is kept"), before);
}

#[test]
fn a_list_that_was_used_is_refused() {
    let world = world("restore lists");
    let replace = |uri: &str| {
        world.run(&[
            "ledger",
            "restore",
            "backup.db",
            "--status-uri",
            uri,
            "--replace",
            "--confirm",
            "acme-licensing",
        ])
    };
    world.untouched(|| replace(STATUS_URI)).fails(20, &["was used before", "never used"]);
    // One that the backup does not know: of the ledger that is replaced, and of lictor.toml.
    for uri in ["urn:acme:status:7", "urn:acme:status:8"] {
        let text = world.read("home/lictor.toml");
        let line = text.lines().find(|line| line.starts_with("statusUri")).expect("the line").to_string();
        world.write("home/lictor.toml", text.replace(&line, &format!("statusUri = \"{uri}\"")));
        if uri.ends_with('7') {
            world.issue("seven.lic", &[]);
        }
    }
    world.untouched(|| replace("urn:acme:status:7")).fails(20, &["was used before"]);
    world.untouched(|| replace("urn:acme:status:8")).fails(20, &["stands in lictor.toml already"]);
    replace("urn:acme:status:9").done();
    world.untouched(|| replace("urn:acme:status:9")).fails(20, &["was used before"]);
    // A damaged ledger still counts as far as it can be read.
    let text = world.read("home/lictor.toml");
    world.write("home/lictor.toml", text.replace("status:9", "status:10"));
    let ledger = rusqlite::Connection::open(world.path("home/ledger.db")).expect("it opens");
    ledger.execute("UPDATE revision SET plan = 'gold'", ()).expect("tampered with");
    drop(ledger);
    world.untouched(|| replace("urn:acme:status:9")).fails(20, &["was used before"]);
    world.untouched(|| replace("urn:acme:status:10")).fails(20, &["stands in lictor.toml already"]);
}

#[test]
fn what_is_no_backup_is_refused() {
    let world = world("restore refused");
    fs::remove_file(world.path("home/ledger.db")).expect("it is there");
    let whole = fs::read(world.path("backup.db")).expect("read");
    world.untouched(|| restore(&world, "absent.db", &[])).fails(30, &["absent.db", "cannot be read"]);
    world.untouched(|| restore(&world, "home", &[])).fails(30, &["home is no file"]);
    world.write("cut.db", &whole[..whole.len() / 2]);
    world.write("text.db", "a text, and no ledger at all, however long one reads in it and looks for one");
    for file in ["cut.db", "text.db"] {
        let ran = world.untouched(|| restore(&world, file, &[]));
        ran.fails(32, &[file, "cannot be restored", "Take another backup"]);
        assert!(!ran.words.contains(".tmp"), "{ran:?}");
    }
    world.write("tampered.db", &whole);
    let ledger = rusqlite::Connection::open(world.path("tampered.db")).expect("it opens");
    ledger.execute("UPDATE revision SET plan = 'gold'", ()).expect("tampered with");
    drop(ledger);
    world.untouched(|| restore(&world, "tampered.db", &[])).fails(32, &["tampered.db", "event 4"]);
    // Another issuer's.
    let other = World::empty("restore other");
    other.run(&["init", "--issuer", "other", "--status-uri", "urn:other:0"]).done();
    let theirs = world.path("theirs.db");
    other.run(&["ledger", "backup", &theirs.to_string_lossy()]).done();
    world.untouched(|| restore(&world, "theirs.db", &[])).fails(20, &["acme-licensing", "other"]);
    World::empty("restore nowhere")
        .run(&["ledger", "restore", "x", "--status-uri", NEW_URI])
        .fails(21, &["There is no home"]);
    restore(&world, "backup.db", &[]).done();
}
