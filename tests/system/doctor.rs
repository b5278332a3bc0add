//! The examination of a home: each finding says what is wrong and what mends it, and nothing is changed by looking.

use super::world::{Ran, World};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

fn doctor(world: &World, more: &[&str]) -> Ran {
    world.untouched(|| world.run(&[&["doctor"], more].concat()))
}

/// State and fix of the first finding that is not ok under this check, and whether it says these words.
#[track_caller]
fn finds(world: &World, exit: i32, check: &str, state: &str, says: &str, fix: &str) {
    let ran = doctor(world, &["--json"]);
    assert_eq!(ran.exit, Some(exit), "{ran:?}");
    let said = ran.json();
    let findings = said["findings"].as_array().expect("findings");
    let found = findings.iter().any(|finding| {
        let text = |member: &str| finding[member].as_str().unwrap_or_default();
        text("check") == check
            && text("state") == state
            && text("says").contains(says)
            && text("fix").contains(fix)
    });
    assert!(found, "{check} {state} {says:?} {fix:?}: {ran:?}");
}

fn mode(world: &World, path: &str, mode: u32) {
    fs::set_permissions(world.path(path), fs::Permissions::from_mode(mode)).expect("it is ours");
}

#[test]
fn a_home_in_order_has_nothing_to_mend() {
    let world = World::new("doctor");
    world.issue("acme.lic", &[]);
    world.run(&["status", "publish", "--out", "public"]).done();
    let ran = doctor(&world, &[]);
    assert_eq!((ran.exit, ran.words.as_str()), (Some(0), "Everything is in order.\n"), "{ran:?}");
    assert!(ran.data.starts_with("The home home is named by LICTOR_HOME.\n"), "{ran:?}");
    // Between words it may go on on the next line.
    let flat: Vec<&str> = ran.data.split_whitespace().collect();
    assert!(!ran.data.contains("fix:") && flat.join(" ").contains("has 1 of 917504 entries"), "{ran:?}");
    assert!(ran.data.lines().all(|line| line.chars().count() <= 80), "{ran:?}");
    let said = doctor(&world, &["--json", "--home", "./home"]).json();
    assert_eq!((&said["home"], &said["homeFrom"]), (&"./home".into(), &"--home".into()));
    world.run(&["doctor", "--home", "elsewhere"]).fails(21, &["There is no home", "lictor init"]);
}

#[test]
fn what_should_be_seen_to_is_a_warning() {
    let world = World::empty("doctor warnings");
    world.run(&["init", "--issuer", "acme", "--status-uri", "urn:acme:0"]).done();
    finds(&world, 0, "keys", "warning", "no signing key", "lictor key new");
    let world = World::new("doctor more warnings");
    world.issue("acme.lic", &[]);
    finds(&world, 0, "lists", "warning", "never published", "lictor status publish");
    mode(&world, "home", 0o755);
    finds(&world, 0, "home", "warning", "open to other users (mode 755)", "chmod 700 home");
    mode(&world, "home", 0o700);
    mode(&world, "home/ledger.db", 0o644);
    finds(&world, 0, "ledger", "warning", "mode 644", "chmod 600 home/ledger.db");
    mode(&world, "home/ledger.db", 0o600);
    let stray = world.path("home/keys/NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs.pem");
    fs::copy(world.key_file(), &stray).expect("copied");
    finds(&world, 0, "keys", "warning", "does not know the key", "move the file away");
    fs::remove_file(&stray).expect("it is there");
    world.write("home/keys/notes.txt", "x");
    finds(&world, 0, "keys", "warning", "notes.txt is no key file", "move it away");
}

#[test]
fn time_goes_by() {
    let world = World::new("doctor time");
    world.issue("acme.lic", &[]);
    world.run(&["status", "publish", "--out", "public"]).done();
    let at = |now: &str| {
        let output = world.command().args(["doctor", "--now", now]).output().expect("it runs");
        Ran::of(&output)
    };
    let late = at("2026-11-29T09:00:00Z");
    assert_eq!(late.exit, Some(0), "{late:?}");
    assert!(
        late.data.contains("has been stale") && late.words.contains("0 problems, 1 warning."),
        "{late:?}"
    );
    assert!(late.data.contains("fix: lictor status publish"), "{late:?}");
}

#[test]
fn damage_is_a_problem() {
    let world = World::new("doctor problems");
    let key = world.key_file();
    let pem = fs::read(&key).expect("read");
    fs::remove_file(&key).expect("it is there");
    finds(&world, 30, "keys", "problem", "is missing", "from a backup");
    fs::write(&key, pem).expect("written");
    finds(&world, 30, "keys", "problem", "open", "chmod 600");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    mode(&world, "home/keys", 0o750);
    finds(&world, 30, "keys", "problem", "home/keys is open", "chmod 700 home/keys");
    mode(&world, "home/keys", 0o700);
    assert_eq!(doctor(&world, &[]).exit, Some(0));

    let whole = fs::read(world.path("home/ledger.db")).expect("read");
    fs::remove_file(world.path("home/ledger.db")).expect("it is there");
    finds(&world, 32, "ledger", "problem", "is missing", "backup");
    let mut scribbled = whole.clone();
    let last = scribbled.len() - 4096;
    for byte in &mut scribbled[last..] {
        *byte ^= 0x5a;
    }
    world.write("home/ledger.db", &scribbled);
    mode(&world, "home/ledger.db", 0o600);
    assert_eq!(doctor(&world, &[]).exit, Some(32));
    world.write("home/ledger.db", &whole);

    world.write("home/lictor.toml", "issuer = \"acme-licensing\"\nstatusUri = 7\n");
    finds(&world, 30, "configuration", "problem", "line 2", "Mend the line");
}

/// Each of these was once in order in its eyes.
#[test]
fn what_is_wrong_inside_is_found_too() {
    let world = World::new("doctor inside");
    let id = world.issue("acme.lic", &[]);
    world.run(&["status", "publish", "--out", "public"]).done();
    world.run(&["license", "suspend", &id]).done();
    finds(&world, 0, "lists", "warning", "1 change of an entry", "lictor status publish");
    world.run(&["license", "reinstate", &id]).done();
    finds(&world, 0, "lists", "warning", "2 changes of entries", "lictor status publish");
    world.run(&["status", "publish", "--out", "public"]).done();
    assert_eq!(doctor(&world, &[]).words, "Everything is in order.\n");

    mode(&world, "home/lictor.toml", 0o666);
    finds(&world, 0, "home", "warning", "lictor.toml is open to other users (mode 666)", "chmod 600");
    mode(&world, "home/lictor.toml", 0o600);
    world.write("home/ledger.db.replaced-20261122T090000Z", "an old ledger");
    mode(&world, "home/ledger.db.replaced-20261122T090000Z", 0o644);
    finds(&world, 0, "ledger", "warning", "replaced-20261122T090000Z is open to other users", "chmod 600");
    mode(&world, "home/ledger.db.replaced-20261122T090000Z", 0o600);
    fs::create_dir(world.path("home/.ledger.db.0123456789abcdef.tmp")).expect("made");
    mode(&world, "home/.ledger.db.0123456789abcdef.tmp", 0o700);
    finds(&world, 0, "leftovers", "warning", "interrupted", "rm -r home/.ledger.db.0123456789abcdef.tmp");
    fs::remove_dir(world.path("home/.ledger.db.0123456789abcdef.tmp")).expect("removed");
    assert_eq!(doctor(&world, &[]).words, "Everything is in order.\n");

    let whole = fs::read(world.path("home/ledger.db")).expect("read");
    for change in ["UPDATE revision SET plan = 'gold'", "PRAGMA foreign_keys = OFF; DROP TABLE customer"] {
        rusqlite::Connection::open(world.path("home/ledger.db"))
            .expect("it opens")
            .execute_batch(change)
            .expect(change);
        finds(&world, 32, "integrity", "problem", "damaged", "lictor ledger restore FILE");
        fs::write(world.path("home/ledger.db"), &whole).expect("written");
    }
    rusqlite::Connection::open(world.path("home/ledger.db"))
        .expect("it opens")
        .execute_batch("UPDATE revision SET plan = 'gold'")
        .expect("changed");
    let quick = doctor(&world, &["--quick"]);
    assert_eq!(quick.exit, Some(0), "{quick:?}");
    assert!(quick.data.contains("because of --quick"), "{quick:?}");
}

#[test]
fn the_contents_of_key_files_count() {
    let world = World::new("doctor keys");
    let (path, other) = (world.key_file(), World::new("doctor other key"));
    let name = format!("home/keys/{}", path.file_name().expect("a name").to_string_lossy());
    let pem = fs::read(&path).expect("read");
    for wrong in [b"no key at all".to_vec(), fs::read(other.key_file()).expect("read"), pem[..40].to_vec()] {
        world.write(&name, wrong);
        finds(&world, 30, "keys", "problem", &name, "from a backup of the folder keys/");
        // Also where the ledger says nothing of keys.
        let whole = fs::read(world.path("home/ledger.db")).expect("read");
        world.write("home/ledger.db", "no ledger");
        finds(&world, 32, "keys", "problem", &name, "from a backup of the folder keys/");
        world.write("home/ledger.db", whole);
    }
    world.write(&name, pem);
    // A key that is sealed cannot be looked into, and is no problem.
    world.write("passphrase", "six random words of your own choice\n");
    mode(&world, "passphrase", 0o600);
    world.run(&["key", "new", "--passphrase-file", "passphrase"]).done();
    let ran = doctor(&world, &[]);
    assert_eq!(ran.words, "Everything is in order.\n", "{ran:?}");
    assert!(ran.data.contains("is active.") && ran.data.contains("is next."), "{ran:?}");
}

/// The last event by the machine's clock counts, and none of which the time was given.
#[test]
fn the_clock_is_held_against_the_last_event_by_the_clock() {
    let world = World::new("doctor clock");
    let id = world.issue("acme.lic", &[]);
    let ledger = rusqlite::Connection::open(world.path("home/ledger.db")).expect("it opens");
    // 2026-11-22T09:00:00Z by the clock.
    let leaf = format!(
        "{{\"actor\":\"alice\",\"at\":1795338000,\"body\":{{\"license\":\"{id}\",\"revisions\":[],\"since\":1795338000}},\"clock\":\"system\",\"kind\":\"license.reinstated\",\"seq\":5,\"version\":1}}"
    );
    ledger
        .execute(
            "INSERT INTO event (seq, leaf, kind, at, actor, license_id) VALUES (5, ?1, 'license.reinstated', 1795338000, 'alice', ?2)",
            (leaf.into_bytes(), &id),
        )
        .expect("inserted");
    drop(ledger);
    let output = world.command().args(["doctor", "--now", "2026-11-22T08:54:59Z"]).output().expect("it runs");
    let ran = Ran::of(&output);
    assert!(ran.data.contains("the last event by the") && ran.data.contains("fix: Set the clock"), "{ran:?}");
}
