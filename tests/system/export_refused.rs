//! Where an export cannot be written, or is killed by the system half-way, the folder holds what it held, and the next export
//! completes it. An erasure on a full disk says what is left to do.

use lictor_issuer::audit::check_export;
use lictor_shared::log::{NoteKey, read_keys};
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::accidents::{FAILS, KILLS, limited};
use super::export_killed::{covers, grow};
use super::passphrases::{answer, terminal};
use super::world::{NOW, Ran, World, copy};

/// Enough for the index of the ledger's log and for a tile, too little for a bundle of 256 events.
const ROOM: u32 = 33;

/// A home with an export of its first hundred events, and a checkpoint of many more.
fn world(name: &str) -> (World, Vec<NoteKey>, u64) {
    let world = World::new(name);
    world.run(&["key", "new", "--purpose", "log", "--no-passphrase"]).done();
    grow(&world, 0, 100);
    world.run(&["audit", "export", "old"]).done();
    grow(&world, 100, 700);
    world.run(&["audit", "checkpoint", "--out", "acme.checkpoint"]).done();
    let keys = read_keys(&world.run(&["audit", "key"]).done()).expect("keys");
    let before = covers(&world.path("old"), &keys);
    (world, keys, before)
}

/// Every file with its final name, and its bytes.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).expect("listed") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).expect("read"));
        }
    }
    found
}

#[test]
fn a_full_disk_leaves_what_was_exported() {
    let (world, keys, before) = world("export full disk");
    for (end, beyond) in [("fails", FAILS), ("is killed", KILLS)] {
        for from in ["old", "nothing"] {
            let folder = format!("{from} {end}");
            if from == "old" {
                copy(&world.path("old"), &world.path(&folder));
            }
            let export = ["audit", "export", &folder];
            let ran = limited(&world, ROOM, beyond, &export);
            assert_eq!(ran.data, "", "{folder}: {ran:?}");
            if beyond == FAILS {
                ran.fails(31, &[&folder, "cannot be written", "hint: "]);
            } else {
                assert_eq!(ran.exit, None, "{folder}: {ran:?}");
            }
            match from {
                "old" => assert_eq!(covers(&world.path(&folder), &keys), before),
                _ => assert!(!world.path(&folder).join("checkpoint").exists(), "{folder}"),
            }
            world.run(&export).done();
            let checked = check_export(&world.path(&folder), &keys)
                .unwrap_or_else(|failure| panic!("{folder}: {failure}"));
            assert!(checked.checkpoint.size > 700);
        }
    }
}

/// Root writes everywhere, so as root another user tries, whom the home is given to.
#[test]
fn a_protected_folder_stays_as_it_is() {
    let (world, keys, before) = world("export protected");
    let uid = Command::new("id")
        .arg("-u")
        .output()
        .unwrap_or_else(|error| panic!("id: {error}; install coreutils"));
    let root = String::from_utf8_lossy(&uid.stdout).trim() == "0";
    fs::create_dir(world.path("locked")).expect("made");
    if root {
        fs::copy(super::world::program(), world.path("lictor")).expect("copied");
        let given = Command::new("chown").args(["-R", "65534:65534"]).arg(world.path("home")).status();
        assert!(given.is_ok_and(|status| status.success()), "chown failed");
        for path in ["", "lictor"] {
            fs::set_permissions(world.path(path), fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
    }
    let run = |folder: &str| {
        let mut command = if root { world.outside("setpriv") } else { world.command() };
        if root {
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(world.path("lictor"));
        }
        let output = command.args(["audit", "export", folder, "--now", NOW]).output();
        Ran::of(&output.unwrap_or_else(|error| panic!("setpriv: {error}; install util-linux")))
    };
    let folders = ["locked", "old", "old/tile", "old/tile/0", "old/tile/entries"];
    let mode = |mode: u32| {
        for folder in folders {
            fs::set_permissions(world.path(folder), fs::Permissions::from_mode(mode)).expect("it is ours");
        }
    };
    let whole = files(&world.path("old"));
    mode(0o555);
    let (new, old) = (run("locked/log"), run("old"));
    mode(0o755);
    new.fails(31, &["locked/log", "ermission denied", "hint: "]);
    old.fails(31, &["old", "ermission denied", "hint: "]);
    assert!(files(&world.path("locked")).is_empty());
    assert!(files(&world.path("old")) == whole, "nothing was written");
    assert_eq!(covers(&world.path("old"), &keys), before);
}

/// Without the log's key an older checkpoint serves, but not in the place of one that a slip has prevented, and never one
/// of another log: a restored ledger is one.
#[test]
fn an_older_checkpoint_serves_where_nobody_is_asked() {
    let world = World::new("export sealed");
    world.write("passphrase", "correct horse battery staple");
    let opened = ["--passphrase-file", "passphrase"];
    world.run(&[&["key", "new", "--purpose", "log"], &opened[..]].concat()).done();
    world.run(&[&["audit", "checkpoint", "--out", "acme.checkpoint"], &opened[..]].concat()).done();
    let covered = world.run(&["ledger", "verify", "--json"]).json()["events"].as_u64();
    grow(&world, 0, 3);
    let ran = world.run(&["audit", "export", "older", "--json"]);
    assert_eq!((ran.exit, ran.json()["events"].as_u64()), (Some(0), covered), "{ran:?}");
    assert!(ran.words.contains("No checkpoint was signed"), "{ran:?}");
    world.run(&["audit", "prove", "1", "--out", "one.proof"]).done();

    let mut session = terminal(&world, &["audit", "export", "typed"]);
    answer(&mut session, "Passphrase of the signing key", "");
    let said = session.exp_eof().expect("it ends");
    assert!(said.contains("error: ") && !said.contains("No checkpoint was signed"), "{said}");
    assert!(!world.path("typed").exists());

    world.run(&["ledger", "backup", "backup.db"]).done();
    let restore = ["ledger", "restore", "backup.db", "--status-uri", "urn:acme:status:1", "--replace"];
    world.run(&[&restore[..], &["--confirm", "acme-licensing"]].concat()).done();
    world.untouched(|| world.run(&["audit", "export", "restored"])).fails(2, &["a passphrase is needed"]);
    world.untouched(|| world.run(&["audit", "prove", "1"])).fails(2, &["a passphrase is needed"]);
    assert!(!world.path("restored").exists());
    let ran = world.run(&[&["audit", "export", "restored", "--json"], &opened[..]].concat());
    let keys = world.run(&["audit", "key"]).done();
    assert!(ran.exit == Some(0) && keys.contains(ran.json()["origin"].as_str().expect("a name")), "{ran:?}");
}

/// The change has room, and writing the file anew has not.
#[test]
fn an_erasure_on_a_full_disk_says_what_is_left_to_do() {
    let world = World::new("erase full disk");
    world.issue("acme.lic", &[]);
    grow(&world, 0, 700);
    let erase = ["customer", "erase", "acme-gmbh", "--running", "--confirm", "acme-gmbh"];
    let mut rooms = (32..).step_by(16);
    let ran = loop {
        let ran = limited(&world, rooms.next().expect("one more"), FAILS, &erase);
        if ran.exit != Some(31) {
            break ran;
        }
    };
    ran.fails(32, &["The texts are erased", "no room to write it anew", "Make room", "--confirm erased-"]);
    let again = ran.words.split("then: lictor ").nth(1).expect("a command").trim().to_owned();
    let again: Vec<&str> = again.split_whitespace().collect();
    world.run(&again).done();
    for (path, (_, bytes)) in world.home() {
        let left = bytes.windows(9).any(|window| window == b"Acme GmbH");
        assert!(!left, "it stands in {}", path.display());
    }
}
