//! What an issuing desk does in a year: renewing what expires, ending what is to end, taking licenses over.

use super::passphrases::{answer, terminal};
use super::world::{NOW, Ran, STATUS_URI, World};
use std::fs;

const RENEW: [&str; 6] = ["license", "renew", "--expiring-within", "30d", "--term", "1y"];

fn renew<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [&RENEW[..], more].concat()
}

/// Three licenses, two of which expire within 30 days.
fn world(name: &str) -> (World, [String; 2]) {
    let world = World::new(name);
    let ids =
        ["one.lic", "two.lic"].map(|file| world.issue(file, &["--term", "2w", "--max-status-age", "never"]));
    world.issue("year.lic", &[]);
    (world, ids)
}

fn renewed(world: &World) -> Vec<String> {
    let files = fs::read_dir(world.path("renewed")).expect("the folder is there");
    let mut files: Vec<String> =
        files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    files.sort();
    files
}

#[test]
fn what_expires_is_renewed_after_its_number_was_typed() {
    let (world, ids) = world("desk");
    for (typed, says) in [("3", "\"3\" is not the number"), ("", "not the number")] {
        let before = world.home();
        let mut session = terminal(&world, &renew(&["--out", "renewed"]));
        session.exp_string("To be renewed: 2 licenses.").expect("the plan");
        answer(&mut session, "Type the number of licenses to confirm:", typed);
        session.exp_string(says).expect("it says what is wrong");
        session.exp_eof().expect("it ends");
        assert!(!world.path("renewed").exists() && world.home().len() == before.len());
    }
    let mut session = terminal(&world, &renew(&["--out", "renewed"]));
    answer(&mut session, "Type the number of licenses to confirm:", "2");
    session.exp_string("Renewed 2 licenses.").expect("it says so");
    session.exp_eof().expect("it ends");
    let mut names = ids.map(|id| format!("{id}.lic"));
    names.sort();
    assert_eq!(renewed(&world), names);
    let verify = [
        "verify",
        &format!("renewed/{}", names[0]),
        "--product",
        "dialer",
        "--keys",
        "anchors.json",
        "--json",
    ];
    assert_eq!(world.run(&verify).json()["license"]["revision"], 2);
}

#[test]
fn several_are_renewed_only_as_they_were_confirmed() {
    let (world, ids) = world("desk confirm");
    let refused = |command: &[&str], exit, says: &[&str]| {
        let ran = world.untouched(|| world.run(command));
        ran.fails(exit, says);
        assert_eq!(ran.data, "", "{command:?}");
    };
    refused(&renew(&["--out", "renewed"]), 2, &["no terminal", "--confirm 2", "To be renewed: 2 licenses."]);
    refused(&renew(&["--out", "renewed", "--confirm", "3"]), 2, &["\"3\" is not the number"]);
    refused(&renew(&["--confirm", "2"]), 2, &["--out FOLDER", "--jsonl"]);
    refused(&renew(&[&ids[0], "--out", "renewed"]), 2, &["cannot be used with"]);
    refused(&["license", "renew", "--term", "1y"], 2, &["--expiring-within"]);
    refused(&["license", "renew", &ids[0], "--term", "1y", "--confirm", "1"], 2, &["cannot be used with"]);
    // A file that is there is found before anything is signed.
    fs::create_dir(world.path("renewed")).expect("made");
    world.write(&format!("renewed/{}.lic", ids[1]), "something else");
    refused(&renew(&["--out", "renewed", "--confirm", "2"]), 20, &["exists already", "--force"]);
    world.run(&renew(&["--out", "renewed", "--confirm", "2", "--force"])).done();
    assert_eq!(renewed(&world).len(), 2);
    let ran = world.untouched(|| world.run(&renew(&["--out", "renewed"])));
    assert!(ran.words.contains("renewed already") && ran.words.contains("No license is due"), "{ran:?}");
    assert_eq!(ran.done(), "");
}

#[test]
fn several_are_renewed_once_under_one_request() {
    let (world, ids) = world("desk once");
    let tried = world.untouched(|| world.run(&renew(&["--dry-run", "--json"])));
    assert_eq!(tried.json()["events"].as_array().map(Vec::len), Some(2));
    let once = renew(&["--jsonl", "--confirm", "2", "--request-id", "november"]);
    let first = world.run(&once).done();
    assert_eq!(first.lines().count(), 2);
    for line in first.lines() {
        let one: serde_json::Value = serde_json::from_str(line).expect("JSON");
        assert!(ids.contains(&one["id"].as_str().expect("an id").to_owned()), "{line}");
        assert_eq!(one["token"].as_str().expect("a token").matches('.').count(), 2);
    }
    let again = world.untouched(|| world.run(&once));
    assert!(again.words.contains("carried out before"), "{again:?}");
    assert_eq!(again.done(), first, "the same bytes");
    let other = renew(&["--jsonl", "--confirm", "2", "--request-id", "november", "--seats", "5"]);
    world.untouched(|| world.run(&other)).fails(20, &["november"]);
}

/// The list that is published now carries a date that lies ahead, and every deployment goes by it.
#[test]
fn a_revocation_that_lies_ahead_acts_from_its_day_on() {
    let (world, _) = world("desk effective");
    let id = world.run(&["license", "show", "year.lic", "--json"]).json()["id"]
        .as_str()
        .expect("an id")
        .to_owned();
    let revoke = ["license", "revoke", &id, "--reason", "contract-ended", "--effective", "2027-02-01"];
    let ran = world.run(&[&revoke[..], &["--confirm", &id]].concat());
    for says in [
        "It counts from 2027-02-01T00:00:00Z on; until then",
        "read-only from 2027-02-15T00:00:00Z on at the latest",
    ] {
        assert!(ran.words.contains(says), "{ran:?}");
    }
    ran.done();
    let shown = world.run(&["license", "show", &id]).done();
    assert!(shown.contains("revoked from 2027-02-01T00:00:00Z (contract-ended)"), "{shown}");
    world.run(&["status", "publish", "--out", "public"]).done();
    let verify = [
        "verify",
        "year.lic",
        "--product",
        "dialer",
        "--keys",
        "anchors.json",
        "--status",
        "public/0.lic",
        "--json",
    ];
    for (now, exit, mode) in [
        (NOW, 0, "full"),
        ("2027-01-05T00:00:00Z", 0, "full"),
        ("2027-01-31T23:59:59Z", 0, "full"),
        ("2027-02-01T00:00:00Z", 0, "grace"),
        ("2027-02-14T23:59:59Z", 0, "grace"),
        ("2027-02-15T00:00:00Z", 12, "read_only"),
    ] {
        // Fresh enough for the license's maxStatusAge of 45 days, so that nothing but the revocation counts.
        let list = world.command().args(["status", "publish", "--out", "public", "--now", now]).output();
        Ran::of(&list.expect("it runs")).done();
        let ran = world.run(&[&verify[..], &["--at", now]].concat());
        assert_eq!((ran.exit, ran.json()["mode"].as_str()), (Some(exit), Some(mode)), "{now}: {ran:?}");
    }
}

#[test]
fn a_revocation_that_lies_behind_says_what_is_left_of_the_grace() {
    let (world, _) = world("desk behind");
    let revoke = ["license", "revoke", "year.lic", "--reason", "contract-ended"];
    let dated = |date: &str, now: &str| {
        let mut command = world.command();
        command.args(revoke).args(["--effective", date, "--dry-run", "--now", now]);
        Ran::of(&command.output().expect("it runs"))
    };
    let ran = dated("2026-12-01", "2026-12-10T00:00:00Z");
    assert!(ran.words.contains("It counts from 2026-12-01T00:00:00Z on."), "{ran:?}");
    assert!(ran.words.contains("read-only from 2026-12-15T00:00:00Z on at the latest"), "{ran:?}");
    let ran = dated("2026-12-01", "2027-01-10T00:00:00Z");
    assert!(ran.words.contains("The grace after it ended at 2026-12-15T00:00:00Z"), "{ran:?}");
    dated("2026-11-01", NOW).fails(22, &["effective", "holds from 2026-11-22T09:00:00Z on"]);
    dated("2030-01-01", NOW).fails(22, &["effective", "ends at 2027-12-06T09:00:00Z anyway"]);
    world
        .untouched(|| world.run(&[&revoke[..], &["--effective", "never"]].concat()))
        .fails(2, &["--effective"]);
    let mut session = terminal(&world, &[&revoke[..], &["--effective", "2027-02-01"]].concat());
    session.exp_string("for good, from 2027-02-01T00:00:00Z on.").expect("it says from when on");
    answer(&mut session, "Type its id to confirm:", "no");
    session.exp_string("nothing was revoked").expect("it says so");
    session.exp_eof().expect("it ends");
}

#[test]
fn what_the_license_has_is_taken_away_with_none() {
    let world = World::new("none");
    let id = world
        .issue("acme.lic", &["--origin", "https://acme.example", "--meta", "po=1", "--limit", "agents=1"]);
    let none = ["--feature", "none", "--origin", "none", "--meta", "none", "--limit", "none"];
    let amend = [&["license", "amend", &id, "--out", "less.lic"][..], &none].concat();
    let ran = world.run(&amend);
    for says in ["features: none, was branding", "limits: none, was agents=1", "meta: none, was po=1"] {
        assert!(ran.words.contains(says), "{ran:?}");
    }
    ran.done();
    let both = ["license", "amend", &id, "--feature", "none", "--feature", "sso"];
    world.untouched(|| world.run(&both)).fails(2, &["--feature none stands beside others"]);
}

#[test]
fn an_import_says_what_is_wrong_by_line() {
    let world = World::new("import");
    world.write("export.jsonl", "{\"version\":1}\n{}\n");
    let ran = world.untouched(|| world.run(&["license", "import", "export.jsonl", "--json"]));
    ran.fails(22, &["line 1: revisions: it is missing", "line 2: version: it is missing"]);
    assert!(ran.json()["details"]["fieldErrors"]["line 2"].is_array());
    world.untouched(|| world.run(&["license", "import", "absent.jsonl"])).fails(30, &["absent.jsonl"]);
    world.write("empty.jsonl", "");
    let ran = world.untouched(|| world.run(&["license", "import", "empty.jsonl"]));
    assert_eq!((ran.words.as_str(), ran.data.as_str()), ("Imported 0 licenses, 0 revisions.\n", "0\n"));
    world
        .untouched(|| world.run(&["license", "import", "-", "--request-id", "once"]))
        .fails(2, &["standard input", "name a file"]);
}

/// A license goes from one home to another that has the same key, and lives on there.
#[test]
fn a_license_is_taken_over() {
    let world = World::new("take over");
    let id = world.issue("acme.lic", &[]);
    let shown = world.run(&["license", "show", &id, "--json"]).json();
    let token = world.run(&["license", "renew", &id, "--term", "1y", "--dry-run"]);
    token.done();
    let revision = &shown["revisions"][0];
    let armored = world.read("acme.lic");
    let token: String = armored.lines().filter(|line| !line.starts_with("-----")).collect();
    let line = serde_json::json!({
        "version": 1, "id": id, "customerId": "acme-gmbh", "customer": "Acme GmbH",
        "state": "active", "since": null, "reason": null, "activations": [],
        "revisions": [{
            "revision": 1, "serial": revision["serial"], "kid": revision["kid"], "token": token,
            "statusUri": STATUS_URI, "statusIndex": revision["statusIndex"],
            "status": "valid", "since": null, "revocationGrace": 1_209_600,
        }],
    });
    world.write("export.jsonl", format!("{line}\n"));
    let key = world.key_file();
    let other = |arguments: &[&str]| world.run(&[arguments, &["--home", "other"]].concat());
    other(&["init", "--issuer", "acme-licensing", "--status-uri", "urn:acme:status:new"]).done();
    other(&["key", "import", key.to_str().expect("a path of text"), "--no-passphrase"]).done();
    let once = ["license", "import", "export.jsonl", "--request-id", "move"];
    let ran = other(&once);
    assert!(
        ran.words.contains("Imported 1 license, 1 revision.") && ran.words.contains("status publish"),
        "{ran:?}"
    );
    assert_eq!(ran.done(), "1\n");
    assert!(other(&once).words.contains("carried out before"));
    // The content counts, not the name.
    world.write("export.jsonl", "");
    other(&once).fails(20, &["move"]);
    world.write("again.jsonl", format!("{line}\n"));
    let again = other(&["license", "import", "again.jsonl"]);
    assert!(again.words.contains("1 license was here already"), "{again:?}");
    other(&["license", "show", &id, "--out", "again.lic"]).done();
    assert_eq!(world.read("again.lic"), armored);
    other(&["license", "renew", &id, "--term", "1y", "--out", "next.lic"]).done();
    other(&["ledger", "verify"]).done();
}
