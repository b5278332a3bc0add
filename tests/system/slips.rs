//! Slips and hostile files: what must be said, and what must not happen.

use super::world::{NOW, Ran, STATUS_URI, World};
use lictor_tests::signing::TestKey;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Command, Stdio};

const ORDER: [&str; 9] =
    ["issue", "--product", "dialer", "--plan", "pro", "--customer", "Acme GmbH", "--term", "1y"];

fn order<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&ORDER[..], more].concat()
}

#[test]
fn a_verdict_is_printed_byte_for_byte() {
    let world = World::new("bytes");
    world.issue("acme.lic", &["--meta", "po=a\u{7f}b\u{1b}[1mc"]);
    let ran = world.run(&["verify", "acme.lic", "--product", "dialer", "--keys", "anchors.json", "--json"]);
    assert_eq!(ran.json()["license"]["meta"]["po"], "a\u{7f}b\u{1b}[1mc");
}

#[test]
fn two_lists_are_never_printed_into_one_file() {
    let world = World::new("two lists");
    let id = world.issue("acme.lic", &["--max-status-age", "never"]);
    let toml = world.read("home/lictor.toml").replace(STATUS_URI, "urn:acme:status:1");
    world.write("home/lictor.toml", toml);
    world.run(&["license", "revoke", &id, "--reason", "fraud", "--confirm", &id]).done();
    let ran = world.untouched(|| world.run(&["status", "publish"]));
    ran.fails(20, &["2 lists", "--out FOLDER"]);
    assert_eq!(ran.data, "");
    world.run(&["status", "publish", "--out", "lists"]).done();
    let verify = ["verify", "acme.lic", "--product", "dialer", "--keys", "anchors.json", "--json"];
    let both = ["--status", "lists/0.lic", "--status", "lists/1.lic", "--at", "2026-12-07T00:00:00Z"];
    assert_eq!(world.run(&[&verify[..], &both].concat()).exit, Some(12));
}

#[test]
fn a_hostile_file_does_not_reach_the_terminal() {
    let world = World::new("hostile");
    let key = TestKey::new(9);
    let evil = r#"{"\u001b]0;owned\u0007\u001b[31m\u202e":1,"list":{"version":"\u009b31m\u202e"},"license":{"version":1}}"#;
    world.write("evil.lic", key.token(key.header("license+jwt"), evil));
    world.write("evil.list", key.token(key.header("statuslist+jwt"), evil));
    for command in [&["license", "inspect", "evil.lic"][..], &["status", "show", "evil.list"]] {
        let ran = world.run(command);
        let strange = |c: char| (c.is_control() && c != '\n') || lictor_shared::is_bidi_control(c);
        assert!(ran.words.contains("\\u{"), "it is shown escaped: {ran:?}");
        assert!(!ran.words.contains(strange) && !ran.data.contains(strange), "{command:?}: {ran:?}");
    }
}

#[test]
fn a_passphrase_command_may_print_more_than_the_passphrase() {
    let world = World::empty("passphrase command");
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", STATUS_URI]).done();
    let command = ["--passphrase-command", "echo secret words; sleep 0.2; yes user: alice | head -n 20000"];
    world.run(&[&["key", "new"][..], &command].concat()).done();
    world.run(&["product", "add", "dialer", "--plan", "pro"]).done();
    world.run(&order(&["--passphrase-command", "echo secret words"])).done();
    world
        .untouched(|| world.run(&order(&["--passphrase-command", "echo; echo secret words"])))
        .fails(30, &["passphrase"]);
}

#[test]
fn the_hint_for_a_missing_purpose_mends_it() {
    let world = World::empty("purpose");
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", STATUS_URI]).done();
    world.run(&["key", "new", "--no-passphrase", "--purpose", "license"]).done();
    world.untouched(|| world.run(&["status", "publish"])).fails(14, &["lictor key new --purpose status"]);
    world.run(&["key", "new", "--no-passphrase", "--purpose", "status"]).done();
    world.run(&["status", "publish"]).done();
}

#[test]
fn what_cannot_be_written_is_not_signed() {
    let world = World::new("no folder");
    world
        .untouched(|| world.run(&order(&["--out", "nodir/acme.lic"])))
        .fails(31, &["nodir/acme.lic", "hint: "]);
    fs::create_dir_all(world.path("lists/0.lic")).expect("made");
    world.untouched(|| world.run(&["status", "publish", "--out", "lists"])).fails(31, &["0.lic", "folder"]);
    world.write("file", "");
    world.untouched(|| world.run(&["status", "publish", "--out", "file"])).fails(31, &["file"]);
}

#[test]
fn an_empty_variable_is_none() {
    let world = World::new("empty variable");
    world.issue("acme.lic", &[]);
    let verify = ["verify", "acme.lic", "--product", "dialer", "--keys", "anchors.json", "--now", NOW];
    let output = world.command().env("LICTOR_HOME", "").args(verify).output().expect("it runs");
    Ran::of(&output).done();
    let list = world.command().env("LICTOR_HOME", "").args(["license", "list"]).output().expect("it runs");
    Ran::of(&list).fails(21, &[".local/share/lictor"]);
}

#[test]
fn slips_on_the_command_line() {
    let world = World::new("slips");
    world.issue("acme.lic", &[]);
    let cases: [(&[&str], i32, &[&str]); 7] = [
        (&["verify", "-", "--product", "dialer", "--keys", "anchors.json", "--status", "-"], 2, &["twice"]),
        (&["verify", "acme.lic", "--product", "dialer", "--at", "2027-01-01 00:00:00Z"], 2, &["RFC 3339"]),
        (&order(&["--limit", "agents=1", "--limit", "agents=2"]), 2, &["--limit names agents twice"]),
        (&order(&["--meta", "po=1", "--meta", "po=2"]), 2, &["--meta names po twice"]),
        (&["init", "--home", ".", "--issuer", "a", "--status-uri", "urn:a"], 20, &["--home"]),
        (&["key", "import", "-", "--source-passphrase-file", "-", "--no-passphrase"], 2, &["twice"]),
        (&["license", "list", "--after", "1"], 2, &["UUID"]),
    ];
    for (command, exit, says) in cases {
        let ran = world.untouched(|| world.run(command));
        ran.fails(exit, says);
        assert_eq!(ran.data, "", "{command:?}");
    }
    let empty = World::empty("here");
    empty
        .run(&["init", "--home", ".", "--issuer", "a", "--status-uri", "urn:a"])
        .fails(20, &["folder that you are in"]);
}

#[test]
fn a_license_too_large_for_its_readers_is_refused_before_it_is_signed() {
    let world = World::new("too large");
    let notes: Vec<String> = (0..32).map(|number| format!("note-{number}={}", "x".repeat(500))).collect();
    let mut command = order(&["--json"]);
    for note in &notes {
        command.extend(["--meta", note]);
    }
    let ran = world.untouched(|| world.run(&command));
    ran.fails(22, &["16384", "leave out"]);
    assert!(ran.json()["details"]["fieldErrors"]["license"].is_array(), "{ran:?}");
}

/// A home that can be read and not written, as on a backup that is mounted read-only.
#[test]
fn a_protected_home_can_be_read() {
    let world = World::new("protected");
    world.issue("acme.lic", &[]);
    let mode = |mode: u32| {
        for path in [world.path("home/keys"), world.path("home")] {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("it is ours");
        }
    };
    let uid = Command::new("id")
        .arg("-u")
        .output()
        .unwrap_or_else(|error| panic!("id: {error}; install coreutils"));
    let root = String::from_utf8_lossy(&uid.stdout).trim() == "0";
    let run = |arguments: &[&str]| {
        let copy = world.path("lictor");
        let mut command = if root { world.outside("setpriv") } else { world.command() };
        if root {
            // Root writes everywhere, so the home is given away and its new owner tries.
            command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]).arg(copy);
        }
        let output = command.args(arguments).args(["--now", NOW]).output();
        Ran::of(&output.unwrap_or_else(|error| panic!("setpriv: {error}; install util-linux")))
    };
    if root {
        fs::copy(super::world::program(), world.path("lictor")).expect("copied");
        let given = Command::new("chown").args(["-R", "65534:65534"]).arg(world.path("home")).status();
        assert!(given.is_ok_and(|status| status.success()), "chown failed");
        for path in [world.path(""), world.path("lictor")] {
            fs::set_permissions(path, fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
    }
    mode(0o500);
    let list = run(&["license", "list", "--json"]);
    let verdict = run(&["verify", "acme.lic", "--product", "dialer", "--json"]);
    let issued = run(&order(&[]));
    mode(0o700);
    // Changes that were not put in place when the copy was made.
    world.write("home/ledger.db-wal", "changes");
    mode(0o500);
    let unfinished = run(&["license", "list"]);
    mode(0o700);
    unfinished.fails(30, &["ledger.db", "Copy the whole home"]);
    assert_eq!(list.json().as_array().map(Vec::len), Some(1));
    assert_eq!((verdict.exit, verdict.json()["mode"].as_str()), (Some(0), Some("full")));
    issued.fails(31, &["may not be written", "hint: "]);
    assert_eq!(issued.data, "");
}

#[test]
fn things_that_are_there_already() {
    let world = World::new("there already");
    let again = ["product", "add", "dialer", "--plan", "basic", "--json"];
    let ran = world.untouched(|| world.run(&again));
    ran.fails(20, &["dialer", "lictor product show dialer"]);
    assert_eq!(ran.json()["code"], "CONFLICT");
    world.untouched(|| world.run(&["product", "add", "desk"])).fails(2, &["--plan"]);
    world
        .untouched(|| world.run(&["product", "add", "desk", "--plan", "pro", "--plan", "pro"]))
        .fails(22, &["twice"]);
    let key = world.key_file();
    let key = key.to_str().expect("a path of text");
    world.untouched(|| world.run(&["key", "import", key, "--no-passphrase"])).fails(20, &["key"]);
    world
        .untouched(|| world.run(&["key", "import", "absent.pem", "--no-passphrase"]))
        .fails(30, &["absent.pem"]);
    world.write("pass", "a passphrase");
    world.run(&["key", "new", "--passphrase-file", "pass"]).done();
    world.write("empty", "");
    world.untouched(|| world.run(&["key", "new", "--passphrase-file", "empty"])).fails(30, &["empty"]);
}

#[test]
fn of_many_who_create_one_home_under_one_request_all_get_the_answer() {
    let world = World::empty("init at once");
    let start = || {
        let mut command = world.command();
        command.args([
            "init",
            "--issuer",
            "acme",
            "--status-uri",
            "urn:acme:0",
            "--request-id",
            "R1",
            "--json",
        ]);
        let piped = command.args(["--now", NOW]).stdout(Stdio::piped()).stderr(Stdio::piped());
        piped.spawn().expect("it runs")
    };
    let children: Vec<_> = (0..8).map(|_| start()).collect();
    let ended = children.into_iter().map(|child| child.wait_with_output().expect("it ends"));
    let answers: Vec<_> = ended
        .map(|output| {
            let ran = Ran::of(&output);
            assert_eq!(ran.exit, Some(0), "{ran:?}");
            ran.json()
        })
        .collect();
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    let other = ["init", "--issuer", "acme", "--status-uri", "urn:acme:0", "--request-id", "R2"];
    world.run(&other).fails(20, &["is the home of an issuer already"]);
    world.run(&["ledger", "verify"]).done();
}

#[test]
fn what_a_stranger_wrote_is_escaped_in_json_and_private_keys_stay() {
    let world = World::new("escaped");
    let key = TestKey::new(9);
    let evil = "{\"customer\":\"a\u{9b}2J\u{202e}b\"}";
    world.write("evil.lic", key.token(key.header("license+jwt"), evil));
    for arguments in [&["license", "inspect", "evil.lic"][..], &["license", "inspect", "evil.lic", "--json"]]
    {
        let ran = world.run(arguments);
        assert!(ran.data.contains("a\\u009b2J\\u202eb"), "{ran:?}");
        assert!(!ran.data.contains('\u{9b}') && !ran.data.contains('\u{202e}'), "{ran:?}");
    }
    // Nor does a name that was given reach the terminal.
    let ran = world.run(&["key", "export", "--out", "a\u{9b}b.json", "--json"]);
    assert!(ran.data.contains("a\\u009bb.json") && !ran.data.contains('\u{9b}'), "{ran:?}");
    world.write("key.jwk", r#"{"kty":"OKP","crv":"Ed25519","x":"11qY","d":"nWGx"}"#);
    world.run(&["key", "export", "--out", "key.jwk", "--force"]).fails(20, &["holds a private key"]);
    for name in ["home/keys/new.txt", "home/ledger.db-journal"] {
        world.run(&["key", "export", "--out", name]).fails(20, &["belongs to the issuer's home"]);
    }
}
