//! What goes wrong, said in words that mend it, with the right exit code, and with a home that is as it was.

use super::world::{NOW, Ran, STATUS_URI, World, program};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;

const ORDER: [&str; 7] = ["issue", "--product", "dialer", "--plan", "pro", "--customer", "Acme GmbH"];

fn order<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&ORDER[..], more].concat()
}

/// A world whose key has a passphrase.
fn sealed(name: &str) -> World {
    let world = World::empty(name);
    world.write("passphrase", "correct horse battery staple");
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", STATUS_URI]).done();
    world.run(&["key", "new", "--passphrase-file", "passphrase"]).done();
    world.run(&["product", "add", "dialer", "--plan", "pro"]).done();
    world
}

#[test]
fn no_home_yet() {
    let world = World::empty("no home");
    for command in [&["key", "new", "--no-passphrase"][..], &["license", "list"], &["status", "publish"]] {
        world.run(command).fails(21, &["There is no home", "lictor init --home"]);
    }
    assert!(!world.path("home").exists());
}

#[test]
fn no_key_yet() {
    let world = World::empty("no key");
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", STATUS_URI]).done();
    world.run(&["product", "add", "dialer", "--plan", "pro"]).done();
    let ran = world.untouched(|| world.run(&order(&["--term", "1y", "--json"])));
    ran.fails(14, &["no signing key", "lictor key new"]);
    assert_eq!(ran.json()["code"], "LICENSE_SIGNING_NOT_CONFIGURED");
    assert_eq!(ran.json()["success"], false);
    world.untouched(|| world.run(&["status", "publish"])).fails(14, &["lictor key new"]);
    world.untouched(|| world.run(&["key", "export"])).fails(14, &["lictor key new"]);
}

#[test]
fn wrong_passphrase() {
    let world = sealed("wrong passphrase");
    world.write("wrong", "Correct horse battery staple");
    let ran = world.untouched(|| world.run(&order(&["--term", "1y", "--passphrase-file", "wrong"])));
    ran.fails(30, &["passphrase"]);
    world
        .untouched(|| world.run(&["status", "publish", "--passphrase-file", "wrong"]))
        .fails(30, &["passphrase"]);
    world
        .untouched(|| world.run(&order(&["--term", "1y", "--passphrase-file", "absent"])))
        .fails(30, &["absent"]);
    world
        .untouched(|| world.run(&order(&["--term", "1y", "--passphrase-command", "false"])))
        .fails(30, &["failed"]);
    // Nobody to ask: standard input is no terminal.
    world
        .untouched(|| world.run(&order(&["--term", "1y"])))
        .fails(2, &["--passphrase-file", "LICTOR_PASSPHRASE_FILE"]);
}

#[test]
fn damaged_key() {
    let world = sealed("damaged key");
    let key = world.key_file();
    let whole = fs::read_to_string(&key).expect("the key file");
    let issue = || world.run(&order(&["--term", "1y", "--passphrase-file", "passphrase"]));
    let body = whole.find('\n').expect("a line") + 40;
    let mut flipped = whole.clone().into_bytes();
    flipped[body] = if flipped[body] == b'A' { b'B' } else { b'A' };
    for damaged in [&whole.as_bytes()[..whole.len() / 2], b"", b"not a key", &flipped] {
        fs::write(&key, damaged).expect("written");
        world.untouched(issue).fails(30, &["key"]);
    }
    fs::remove_file(&key).expect("it is there");
    world.untouched(issue).fails(30, &["key"]);
    fs::write(&key, &whole).expect("written");
    fs::set_permissions(&key, fs::Permissions::from_mode(0o644)).expect("it is ours");
    world.untouched(issue).fails(30, &["chmod 600"]);
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).expect("it is ours");
    fs::set_permissions(world.path("home/keys"), fs::Permissions::from_mode(0o750)).expect("it is ours");
    world.untouched(issue).fails(30, &["chmod 700"]);
    fs::set_permissions(world.path("home/keys"), fs::Permissions::from_mode(0o700)).expect("it is ours");
    issue().done();
}

#[test]
fn another_key_under_this_name() {
    let world = World::new("swapped key");
    let first = world.key_file();
    world.run(&["key", "new", "--no-passphrase"]).done();
    let files: Vec<_> = fs::read_dir(world.path("home/keys"))
        .expect("listed")
        .map(|entry| entry.expect("an entry").path())
        .collect();
    let other = files.iter().find(|file| **file != first).expect("two keys");
    let (one, two) = (fs::read(&first).expect("read"), fs::read(other).expect("read"));
    fs::write(&first, two).expect("written");
    fs::write(other, one).expect("written");
    world.untouched(|| world.run(&order(&["--term", "1y"]))).fails(30, &["key"]);
}

#[test]
fn damaged_ledger() {
    let world = World::new("damaged ledger");
    let ledger = world.path("home/ledger.db");
    let whole = fs::read(&ledger).expect("the ledger");
    let mut scribbled = whole.clone();
    for byte in &mut scribbled[4096..] {
        *byte ^= 0x5a;
    }
    for damaged in [
        &b"not a database, but long enough to be looked at by whoever opens it as one. "[..],
        b"",
        &scribbled,
        &whole[..whole.len() / 2],
    ] {
        fs::write(&ledger, damaged).expect("written");
        for command in [&order(&["--term", "1y"])[..], &["license", "list"], &["status", "publish"]] {
            world.untouched(|| world.run(command)).fails(32, &["hint: "]);
        }
    }
    fs::remove_file(&ledger).expect("it is there");
    world.untouched(|| world.run(&["license", "list"])).fails(32, &["ledger.db"]);
    fs::write(&ledger, &whole).expect("written");
    world.issue("acme.lic", &[]);
}

#[test]
fn damaged_configuration() {
    let world = World::new("damaged configuration");
    world.write("home/lictor.toml", "issuer = \"acme-licensing\"\nstatusUri = 7\n");
    world.untouched(|| world.run(&["license", "list"])).fails(30, &["lictor.toml", "line 2"]);
    world.write("home/lictor.toml", "issuer = \"somebody-else\"\nstatusUri = \"urn:x\"\n");
    world.untouched(|| world.run(&["license", "list"])).fails(20, &["somebody-else", "acme-licensing"]);
}

/// As root, another user tries; else the owner takes his own rights away. Root itself reads everything.
#[test]
fn unreadable_home() {
    let world = World::new("unreadable");
    let kept;
    let uid = Command::new("id")
        .arg("-u")
        .output()
        .unwrap_or_else(|error| panic!("id: {error}; install coreutils"));
    let list = if String::from_utf8_lossy(&uid.stdout).trim() == "0" {
        // Where the other user can reach it, whatever the mask and the folders above the program's own.
        let folder = lictor_tests::session::Folder::new("unreadable program");
        let copy = folder.path().join("lictor");
        fs::copy(program(), &copy).expect("copied");
        for path in [folder.path(), &copy, &world.path("")] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
        let other_user = || {
            let mut command = world.outside("setpriv");
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(&copy);
            command
        };
        let runs = other_user()
            .arg("--version")
            .output()
            .unwrap_or_else(|error| panic!("setpriv: {error}; install util-linux"));
        assert!(runs.status.success(), "the program runs as another user; is TMPDIR open to all?");
        kept = folder;
        other_user()
    } else {
        kept = lictor_tests::session::Folder::new("unreadable nothing");
        fs::set_permissions(world.path("home"), fs::Permissions::from_mode(0o000)).expect("it is ours");
        world.command()
    };
    let mut list = list;
    let output = list.args(["license", "list", "--now", NOW]).output();
    let ran = Ran::of(&output.unwrap_or_else(|error| panic!("setpriv: {error}; install util-linux")));
    fs::set_permissions(world.path("home"), fs::Permissions::from_mode(0o700)).expect("it is ours");
    drop(kept);
    ran.fails(30, &["home", "ermission denied"]);
    world.run(&["license", "list"]).done();
}

#[test]
fn orders_that_cannot_be_meant() {
    let world = World::new("orders");
    let cases: [(&[&str], i32, &[&str]); 16] = [
        (&["--term", "0d"], 2, &["0d"]),
        (&["--term=-1d"], 2, &["-1d", "negative"]),
        (&["--term", "1M"], 2, &["1M", "mo"]),
        (&["--term", "1"], 2, &["1y, 6mo"]),
        (&["--term", "9999y"], 22, &["9999"]),
        (&[], 22, &["term"]),
        (&["--until", "2026-11-21"], 22, &["until"]),
        (&["--until", "2027-01-31", "--starts", "2027-02-01"], 22, &["starts"]),
        (&["--term", "1y", "--seats", "0"], 2, &["unlimited"]),
        (&["--term", "1y", "--seats", "unlimited", "--overage", "1"], 22, &["overage"]),
        (&["--term", "1y", "--feature", "SSO"], 2, &["no capitals"]),
        (&["--term", "1y", "--environment", "Prod"], 2, &["no capitals"]),
        (&["--term", "1y", "--revocation-grace", "366d"], 22, &["revocation"]),
        (&["--term", "1y", "--feature", "a", "--feature", "a"], 22, &["feature"]),
        (&["--term", "1y", "--product", "desk"], 21, &["no product desk", "lictor product list"]),
        (&["--term", "1y", "--maintenance-until", "soon"], 2, &["soon"]),
    ];
    for (more, exit, says) in cases {
        let ran = world.untouched(|| world.run(&order(more)));
        ran.fails(exit, says);
        assert_eq!(ran.data, "", "{more:?}");
    }
    let ran = world.run(&order(&["--until", "2026-11-21", "--json"]));
    assert_eq!(ran.json()["code"], "VALIDATION_FAILED");
    assert!(ran.json()["details"]["fieldErrors"]["until"].is_array(), "{ran:?}");
}

#[test]
fn things_that_are_not_there() {
    let world = World::new("not there");
    let id = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a10";
    for command in [
        &["license", "show", id][..],
        &["license", "show", "acme"],
        &["license", "revoke", id, "--reason", "fraud", "--confirm", id],
        &["product", "show", "desk"],
    ] {
        let ran = world.untouched(|| world.run(&[command, &["--json"]].concat()));
        ran.fails(21, &["hint: "]);
        assert_eq!(ran.json()["code"], "NOT_FOUND", "{command:?}");
    }
    world.run(&["license", "inspect", "absent.lic"]).fails(30, &["absent.lic"]);
    world.run(&["license", "inspect", "anchors.json"]).fails(30, &["anchors.json", "form of a license"]);
    world.run(&["status", "show", "anchors.json"]).fails(30, &["anchors.json"]);
    world.run(&["key", "import", "anchors.json", "--no-passphrase"]).fails(30, &["anchors.json"]);
}

#[test]
fn a_slip_revokes_nothing() {
    let world = World::new("slip");
    let (one, two) = (world.issue("one.lic", &[]), world.issue("two.lic", &[]));
    let revoke = |id: &str, confirm: &str| {
        world.run(&["license", "revoke", id, "--reason", "fraud", "--confirm", confirm])
    };
    world.untouched(|| revoke(&one, &two)).fails(2, &["nothing was revoked"]);
    world.untouched(|| world.run(&["license", "revoke", &one, "--reason", "fraud"])).fails(2, &["--confirm"]);
    revoke(&one, &one).done();
    world.untouched(|| revoke(&one, &one)).fails(20, &["revoked already"]);
}

/// Runs the program with files limited to `kibibytes`. Either a write beyond fails, or the system kills the program there.
pub(crate) fn limited(world: &World, kibibytes: u32, beyond: &str, arguments: &[&str]) -> Ran {
    let script = format!("{beyond}; ulimit -f {kibibytes}; exec \"$0\" \"$@\"");
    let output =
        world.outside("bash").args(["-c", &script, program()]).args(arguments).args(["--now", NOW]).output();
    Ran::of(&output.unwrap_or_else(|error| panic!("bash: {error}; install it")))
}

pub(crate) const FAILS: &str = "trap '' XFSZ";
pub(crate) const KILLS: &str = "true";

#[test]
fn a_full_disk_leaves_the_ledger_as_it_was() {
    let world = World::new("full disk");
    let id = world.issue("first.lic", &[]);
    let kid = world.run(&["key", "list", "--json"]).json()[0]["kid"].as_str().expect("a kid").to_string();
    let spare = world.run(&["key", "new", "--no-passphrase"]).done();
    let spare = spare.trim();
    world.write("new", "another passphrase");
    let commands: [&[&str]; 11] = [
        &["key", "export", "--out", "more.json"],
        &["key", "activate", spare, "--unshipped"],
        &["key", "retire", &kid, "--without-successor"],
        &["key", "distrust", &kid, "--after", "2027-01-01T00:00:00Z", "--confirm", &kid],
        // The old file is back, whether the new one could not be written or not be recorded.
        &["key", "passphrase", &kid, "--new-passphrase-file", "new"],
        // What is not recorded is not destroyed.
        &["key", "destroy", spare, "--confirm", spare],
        &order(&["--term", "1y"]),
        &["license", "revoke", &id, "--reason", "fraud", "--confirm", &id],
        &["product", "add", "desk", "--plan", "pro"],
        &["key", "new", "--no-passphrase"],
        &["status", "publish"],
    ];
    for command in commands {
        for room in [0, 1, 4, 16] {
            let ran = world.untouched(|| limited(&world, room, FAILS, command));
            assert!(matches!(ran.exit, Some(31 | 32)), "{command:?} in {room} KiB: {ran:?}");
            assert_eq!(ran.data, "", "nothing is printed that is not in the ledger: {command:?}");
            assert!(ran.words.contains("error: "), "{ran:?}");
        }
    }
    let home = World::empty("full disk init");
    let ran = limited(&home, 4, FAILS, &["init", "--issuer", "acme", "--status-uri", "urn:x"]);
    assert!(matches!(ran.exit, Some(31 | 32)), "{ran:?}");
    assert!(!home.path("home").exists(), "no half home");
}

#[test]
fn killed_while_writing_leaves_the_ledger_whole() {
    let world = World::new("killed");
    for (round, room) in [0, 1, 2, 4, 8, 16, 24, 32].into_iter().enumerate() {
        let ran = limited(&world, room, KILLS, &order(&["--term", "1y"]));
        assert_eq!((ran.exit, ran.data.as_str()), (None, ""), "killed before anything was printed: {ran:?}");
        world.issue(&format!("{round}.lic"), &[]);
        let list = world.run(&["license", "list", "--json"]).json();
        assert_eq!(
            list.as_array().map(Vec::len),
            Some(round + 1),
            "what was not printed is not in the ledger"
        );
    }
}

#[test]
fn a_second_process_holds_the_ledger() {
    let world = World::new("held");
    let holder = rusqlite::Connection::open(world.path("home/ledger.db")).expect("the ledger opens");
    holder.execute_batch("BEGIN IMMEDIATE").expect("it is free");
    let ran = world.run(&order(&["--term", "1y"]));
    ran.fails(32, &["Another process holds the ledger", "hint: "]);
    assert_eq!(ran.data, "");
    // Reading goes on meanwhile.
    world.run(&["license", "list"]).done();
    holder.execute_batch("ROLLBACK").expect("it was held");
    drop(holder);
    world.issue("acme.lic", &[]);
}
