//! A license's life on the command line.

use super::world::{ISSUE, NOW, STATUS_URI, World};
use std::thread;

fn mode(world: &World, more: &[&str]) -> (Option<i32>, String, Vec<String>) {
    mode_of(world, "acme.lic", more)
}

fn mode_of(world: &World, file: &str, more: &[&str]) -> (Option<i32>, String, Vec<String>) {
    let ran = world
        .run(&[&["verify", file, "--product", "dialer", "--keys", "anchors.json", "--json"], more].concat());
    let verdict = ran.json();
    let reasons = verdict["reasons"]
        .as_array()
        .expect("reasons")
        .iter()
        .map(|word| word.as_str().expect("a word").to_string());
    (ran.exit, verdict["mode"].as_str().expect("a mode").to_string(), reasons.collect())
}

fn said(exit: i32, mode: &str, reasons: &[&str]) -> (Option<i32>, String, Vec<String>) {
    (Some(exit), mode.to_string(), reasons.iter().map(ToString::to_string).collect())
}

#[test]
fn full_then_grace_then_read_only() {
    let world = World::new("expiry");
    // Until 2027-12-31, so exp is 2028-01-01T00:00:00Z, the grace two weeks, the warning 30 days.
    world.issue("acme.lic", &["--until", "2027-12-31", "--max-status-age", "never"]);
    assert_eq!(mode(&world, &[]), said(0, "full", &[]));
    assert_eq!(mode(&world, &["--at", "2027-12-01T23:59:59Z"]), said(0, "full", &[]));
    assert_eq!(mode(&world, &["--at", "2027-12-02T00:00:00Z"]), said(0, "full", &["expiring_soon"]));
    assert_eq!(mode(&world, &["--at", "2027-12-31T23:59:59Z"]), said(0, "full", &["expiring_soon"]));
    assert_eq!(mode(&world, &["--at", "2028-01-01T00:00:00Z"]), said(0, "grace", &["expired"]));
    assert_eq!(mode(&world, &["--at", "2028-01-14T23:59:59Z"]), said(0, "grace", &["expired"]));
    assert_eq!(mode(&world, &["--at", "2028-01-15T00:00:00Z"]), said(11, "read_only", &["expired"]));
}

#[test]
fn a_revocation_reaches_whoever_has_the_list() {
    let world = World::new("revocation");
    let id = world.issue("acme.lic", &["--max-status-age", "never"]);
    world.run(&["status", "publish", "--out", "before"]).done();
    world.run(&["license", "revoke", &id, "--reason", "fraud", "--confirm", &id]).done();
    world.run(&["status", "publish", "--out", "after"]).done();
    let late = ["--at", "2026-12-06T09:00:00Z"];
    assert_eq!(mode(&world, &["--status", "before/0.lic"]), said(0, "full", &[]));
    assert_eq!(mode(&world, &["--status", "after/0.lic"]), said(0, "grace", &["revoked"]));
    assert_eq!(
        mode(&world, &["--status", "after/0.lic", "--at", "2026-12-06T08:59:59Z"]),
        said(0, "grace", &["revoked", "status_stale"])
    );
    assert_eq!(
        mode(&world, &[&["--status", "after/0.lic"], &late[..]].concat()),
        said(12, "read_only", &["revoked", "status_stale"])
    );
    // The list before it, kept beside it, is outranked.
    let both = ["--status", "before/0.lic", "--status", "after/0.lic"];
    assert_eq!(mode(&world, &[&both[..], &late[..]].concat()).1, "read_only");
}

#[test]
fn a_suspension_lasts_until_it_is_taken_back() {
    let world = World::new("suspension");
    let id = world.issue("acme.lic", &["--max-status-age", "never"]);
    let done = world.run(&["license", "suspend", &id, "--note", "invoice 4711"]);
    assert!(done.words.contains("read-only from 2026-12-06T09:00:00Z on"), "{done:?}");
    assert_eq!(done.done().trim(), id);
    world.run(&["status", "publish", "--out", "suspended"]).done();
    world.run(&["license", "reinstate", &id]).done();
    // Sequences go up even where the clock stands still.
    world.run(&["status", "publish", "--out", "reinstated"]).done();
    let late = ["--at", "2026-12-06T09:00:00Z"];
    let suspended = ["--status", "suspended/0.lic"];
    let both = ["--status", "suspended/0.lic", "--status", "reinstated/0.lic"];
    assert_eq!(mode(&world, &suspended), said(0, "grace", &["suspended"]));
    assert_eq!(
        mode(&world, &[&suspended[..], &late].concat()),
        said(12, "read_only", &["suspended", "status_stale"])
    );
    assert_eq!(mode(&world, &both), said(0, "full", &[]));
    assert_eq!(mode(&world, &[&both[..], &late].concat()), said(0, "full", &["status_stale"]));
    world.run(&["license", "revoke", &id, "--reason", "other", "--confirm", &id]).done();
    world.run(&["status", "publish", "--out", "revoked"]).done();
    let all = [&both[..], &["--status", "revoked/0.lic"], &late].concat();
    assert_eq!(mode(&world, &all), said(12, "read_only", &["revoked", "status_stale"]));
}

#[test]
fn a_renewed_license_goes_on() {
    let world = World::new("renewal");
    let id = world.issue("acme.lic", &["--max-status-age", "never", "--seats", "25"]);
    let renew = ["license", "renew", &id, "--term", "1y", "--seats", "50", "--out", "acme-2.lic", "--json"];
    let renewed = world.run(&renew).json();
    assert_eq!((&renewed["id"], &renewed["revision"]), (&id.as_str().into(), &2.into()));
    assert_eq!((&renewed["startsAt"], &renewed["expiresAt"]), (&NOW.into(), &"2028-11-22T09:00:00Z".into()));
    assert_eq!(
        renewed["token"],
        world.read("acme-2.lic").lines().filter(|line| !line.starts_with("-----")).collect::<String>()
    );
    let late = ["--at", "2027-12-06T09:00:00Z"];
    assert_eq!(mode(&world, &late), said(11, "read_only", &["expired"]));
    assert_eq!(mode_of(&world, "acme-2.lic", &late), said(0, "full", &[]));
    // A deployment that has had the new one does not go back to the old one.
    assert_eq!(mode(&world, &["--seen-revision", "2"]), said(12, "read_only", &["superseded"]));
    // The old file can still be had, byte for byte.
    let shown = world.run(&["license", "show", &id, "--json"]).json();
    let serial = shown["revisions"][0]["serial"].as_str().expect("a serial");
    world.run(&["license", "show", serial, "--out", "again.lic"]).done();
    assert_eq!(world.read("again.lic"), world.read("acme.lic"));
    world.run(&["license", "show", &id, "--out", "latest.lic"]).done();
    assert_eq!(world.read("latest.lic"), world.read("acme-2.lic"));
}

#[test]
fn a_renewal_can_revoke_what_was_before_it() {
    let world = World::new("revoke previous");
    let id = world.issue("acme.lic", &["--max-status-age", "never"]);
    let renew =
        ["license", "renew", &id, "--until", "2028-12-31", "--revoke-previous", "--out", "acme-2.lic"];
    let ran = world.run(&renew);
    assert!(ran.words.contains("Revoked what was before it: 1 revision."), "{ran:?}");
    ran.done();
    world.run(&["status", "publish", "--out", "lists"]).done();
    let list = ["--status", "lists/0.lic"];
    let late = [&list[..], &["--at", "2026-12-06T09:00:00Z"]].concat();
    assert_eq!(mode(&world, &list), said(0, "grace", &["revoked"]));
    assert_eq!(mode(&world, &late), said(12, "read_only", &["revoked", "status_stale"]));
    assert_eq!(mode_of(&world, "acme-2.lic", &late), said(0, "full", &["status_stale"]));
}

#[test]
fn a_renewal_of_what_is_suspended_is_suspended() {
    let world = World::new("renewed in suspension");
    let id = world.issue("acme.lic", &["--max-status-age", "never"]);
    world.run(&["license", "suspend", &id]).done();
    let ran = world.run(&["license", "renew", &id, "--term", "1y", "--out", "acme-2.lic"]);
    assert!(ran.words.contains("suspended since 2026-11-22T09:00:00Z, and so is this revision"), "{ran:?}");
    world.run(&["status", "publish", "--out", "suspended"]).done();
    world.run(&["license", "reinstate", &id]).done();
    world.run(&["status", "publish", "--out", "reinstated"]).done();
    let late = ["--at", "2026-12-06T09:00:00Z", "--status"];
    assert_eq!(
        mode_of(&world, "acme-2.lic", &[&late[..], &["suspended/0.lic"]].concat()),
        said(12, "read_only", &["suspended", "status_stale"])
    );
    assert_eq!(
        mode_of(&world, "acme-2.lic", &[&late[..], &["reinstated/0.lic"]].concat()),
        said(0, "full", &["status_stale"])
    );
}

#[test]
fn what_cannot_be_renewed_leaves_the_home_as_it_was() {
    let world = World::new("not renewed");
    let perpetual = world.issue("perpetual.lic", &["--term", "perpetual"]);
    let id = world.issue("acme.lic", &[]);
    let renew = |id: &str, more: &[&str]| {
        world.untouched(|| world.run(&[&["license", "renew", id][..], more].concat()))
    };
    renew(&id, &[]).fails(2, &["--term"]);
    renew(&id, &["--term", "1y", "--until", "2028-12-31"]).fails(2, &["--until"]);
    renew(&id, &["--term", "perpetual"]).fails(2, &["write a span as 1y"]);
    renew(&id, &["--until", "2027-01-31"]).fails(22, &["until: ", "2027-11-22T09:00:00Z already"]);
    renew(&id, &["--term", "1y", "--plan", "gold"]).fails(21, &["gold"]);
    renew(&id, &["--term", "1y", "--out", "acme.lic"]).fails(20, &["acme.lic", "exists"]);
    renew(&perpetual, &["--term", "1y"]).fails(20, &["never expires"]);
    world.run(&["license", "revoke", &id, "--reason", "other", "--confirm", &id]).done();
    let ran = renew(&id, &["--term", "1y", "--json"]);
    ran.fails(20, &["revoked"]);
    assert_eq!(ran.json()["details"]["state"], "revoked");
}

#[test]
fn an_amendment_replaces_in_mid_term() {
    let world = World::new("amendment");
    let id = world.issue("acme.lic", &["--max-status-age", "never", "--seats", "25", "--feature", "sso"]);
    let amend = ["license", "amend", &id, "--seats", "50", "--out", "acme-2.lic"];
    let ran = world.run(&amend);
    assert!(ran.words.contains("  seats: 50, was 25\n") && !ran.words.contains("features"), "{ran:?}");
    ran.done();
    let verify = ["verify", "acme-2.lic", "--product", "dialer", "--keys", "anchors.json", "--json"];
    let verdict = world.run(&verify).json();
    assert_eq!(verdict["license"]["seats"]["limit"], 50);
    assert_eq!(verdict["license"]["features"][0], "sso");
    assert_eq!(verdict["license"]["expiresAt"], "2027-11-22T09:00:00Z");
    assert_eq!(mode(&world, &["--seen-revision", "2"]), said(12, "read_only", &["superseded"]));
    let again = ["license", "amend", &id, "--feature", "audit", "--out", "acme-3.lic", "--json"];
    assert_eq!(world.run(&again).json()["changed"], serde_json::json!(["features"]));
    // One suspension for all of them.
    world.run(&["license", "suspend", &id]).done();
    world.run(&["status", "publish", "--out", "lists"]).done();
    for file in ["acme.lic", "acme-2.lic", "acme-3.lic"] {
        assert_eq!(mode_of(&world, file, &["--status", "lists/0.lic"]), said(0, "grace", &["suspended"]));
    }
}

#[test]
fn what_cannot_be_amended_leaves_the_home_as_it_was() {
    let world = World::new("not amended");
    let id = world.issue("acme.lic", &["--seats", "25"]);
    let amend =
        |more: &[&str]| world.untouched(|| world.run(&[&["license", "amend", &id][..], more].concat()));
    amend(&[]).fails(2, &["nothing", "would change", "--seats 50"]);
    amend(&["--seats", "25"]).fails(2, &["would change"]);
    amend(&["--term", "1y"]).fails(2, &["--term"]);
    amend(&["--seats", "0"]).fails(2, &["nobody"]);
    world.run(&["license", "revoke", &id, "--reason", "other", "--confirm", &id]).done();
    amend(&["--seats", "50"]).fails(20, &["revoked"]);
}

/// By the file that the customer sends, and by the beginning of an id, each command finds the license.
#[test]
fn a_license_is_named_by_its_file_or_the_beginning_of_its_id() {
    let world = World::new("named");
    let id = world.issue("acme.lic", &["--max-status-age", "never"]);
    let license = |arguments: &[&str]| world.run(&[&["license"][..], arguments].concat()).done();
    // The usual folder of a customer's mail, in which the file has another name.
    std::fs::create_dir(world.path("from the customer")).expect("made");
    std::fs::copy(world.path("acme.lic"), world.path("from the customer/license")).expect("copied");
    let file = "from the customer/license";
    license(&["renew", file, "--term", "1y", "--out", "acme-2.lic"]);
    license(&["amend", &id[..20], "--seats", "50", "--out", "acme-3.lic"]);
    license(&["suspend", "acme-2.lic"]);
    license(&["reinstate", &id[..35]]);
    // A file names its own revision, an id the latest one.
    license(&["show", file, "--out", "first.lic"]);
    license(&["show", &id[..8], "--out", "latest.lic"]);
    assert_eq!(world.read("first.lic"), world.read("acme.lic"));
    assert_eq!(world.read("latest.lic"), world.read("acme-3.lic"));
    world
        .untouched(|| world.run(&["license", "revoke", file, "--reason", "other", "--confirm", file]))
        .fails(2, &[&id]);
    assert_eq!(license(&["revoke", file, "--reason", "other", "--confirm", &id]).trim(), id);
    let shown = world.run(&["license", "show", "acme-3.lic", "--json"]).json();
    assert_eq!((&shown["id"], &shown["state"]), (&id.as_str().into(), &"revoked".into()));
}

#[test]
fn what_names_no_license_or_several_changes_nothing() {
    let world = World::new("not named");
    let id = world.issue("acme.lic", &[]);
    let other = world.issue("other.lic", &[]);
    let foreign = World::new("named elsewhere");
    foreign.issue("acme.lic", &[]);
    world.write("foreign.lic", foreign.read("acme.lic"));
    world.write("forged.lic", world.read("acme.lic").replacen("ey", "e", 1));
    world.write("notes.txt", "call Acme");
    world.write("deadbeef", world.read("acme.lic"));
    for command in [
        &["show"][..],
        &["suspend"],
        &["reinstate"],
        &["revoke", "--reason", "other", "--confirm", &id],
        &["renew", "--term", "1y"],
        &["amend", "--seats", "5"],
    ] {
        let refused = |name: &str, exit: i32, says: &[&str]| {
            let ran = world.untouched(|| world.run(&[&["license"], command, &[name]].concat()));
            ran.fails(exit, says);
            assert_eq!(ran.data, "", "{command:?}");
        };
        refused(&id[..8], 20, &["Several licenses", &id, &other]);
        refused(&id[..7], 21, &["too short"]);
        refused("ffffffff", 21, &["begins with ffffffff"]);
        refused("acme", 21, &["neither an id of a license nor a file", "license list"]);
        refused("foreign.lic", 21, &["foreign.lic: ", "in this ledger"]);
        refused("forged.lic", 30, &["forged.lic: ", "not the form of a license"]);
        refused("notes.txt", 30, &["notes.txt: "]);
        refused("home", 30, &["home cannot be read"]);
        // What can be an id is one, unless it is named as a file.
        refused("deadbeef", 21, &["begins with deadbeef"]);
    }
    world.run(&["license", "show", "./deadbeef"]).done();
}

#[test]
fn what_a_state_forbids_leaves_the_home_as_it_was() {
    let world = World::new("forbidden");
    let id = world.issue("acme.lic", &[]);
    let refused = |command: &str, state: &str| {
        let ran = world.untouched(|| world.run(&["license", command, &id, "--json"]));
        ran.fails(20, &[&id, state, "hint: "]);
        let envelope = ran.json();
        assert_eq!(envelope["code"], "CONFLICT");
        assert_eq!(envelope["details"]["state"], state);
    };
    refused("reinstate", "active");
    world.run(&["license", "suspend", &id]).done();
    refused("suspend", "suspended");
    world.run(&["license", "revoke", &id, "--reason", "other", "--confirm", &id]).done();
    refused("suspend", "revoked");
    refused("reinstate", "revoked");
    let unknown = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a10";
    world.untouched(|| world.run(&["license", "suspend", unknown])).fails(21, &[unknown]);
}

#[test]
fn another_product_or_another_issuer_decides_nothing() {
    let world = World::new("foreign");
    world.issue("acme.lic", &["--max-status-age", "never"]);
    let ran = world.run(&["verify", "acme.lic", "--product", "desk", "--keys", "anchors.json", "--json"]);
    assert_eq!((ran.exit, ran.json()["reason"].as_str()), (Some(10), Some("wrong_product")));
    let other = World::new("other issuer");
    let anchors = other.path("anchors.json");
    let anchors = anchors.to_str().expect("a path of text");
    let ran = world.run(&["verify", "acme.lic", "--product", "dialer", "--keys", anchors, "--json"]);
    assert_eq!((ran.exit, ran.json()["reason"].as_str()), (Some(10), Some("unknown_key")));
}

#[test]
fn the_ledger_knows_what_was_printed_even_when_the_file_is_lost() {
    let world = World::new("lost");
    let id = world.issue("acme.lic", &[]);
    let first = world.read("acme.lic");
    std::fs::remove_file(world.path("acme.lic")).expect("it is there");
    world.run(&["license", "show", &id, "--out", "acme.lic"]).done();
    assert_eq!(world.read("acme.lic"), first);
    // On standard output, where the file should have gone.
    let order = ["issue", "--product", "dialer", "--plan", "pro", "--customer", "Initech", "--term", "1y"];
    let printed = world.run(&order).done();
    let list = world.run(&["license", "list", "--json"]).json();
    let initech =
        list.as_array().and_then(|list| list.iter().find(|license| license["customer"] == "Initech"));
    let serial = initech.and_then(|license| license["revisions"][0]["serial"].as_str()).expect("a serial");
    world.run(&["license", "show", serial, "--out", "again.lic"]).done();
    assert_eq!(world.read("again.lic"), printed);
}

#[test]
fn a_full_device_takes_no_license_away() {
    let world = World::new("dev full");
    let output = world
        .command()
        .args(ISSUE)
        .args(["--now", NOW])
        .stdout(std::fs::OpenOptions::new().write(true).open("/dev/full").expect("/dev/full is there"))
        .output()
        .expect("it runs");
    let ran = super::world::Ran::of(&output);
    ran.fails(31, &["standard output cannot be written", "lictor license show "]);
    let list = world.run(&["license", "list", "--json"]).json();
    assert_eq!(list.as_array().map(Vec::len), Some(1));
}

#[test]
fn what_exists_is_not_overwritten() {
    let world = World::new("exists");
    world.write("acme.lic", "precious");
    let order = [&ISSUE[..], &["--out", "acme.lic"]].concat();
    world.untouched(|| world.run(&order)).fails(20, &["acme.lic", "exists"]);
    world.untouched(|| world.run(&["key", "export", "--out", "acme.lic"])).fails(20, &["acme.lic"]);
    assert_eq!(world.read("acme.lic"), "precious");
    let again = ["init", "--issuer", "other", "--status-uri", STATUS_URI];
    world.untouched(|| world.run(&again)).fails(20, &["home"]);
}

#[test]
fn many_at_once_lose_nothing() {
    let world = World::new("at once");
    thread::scope(|scope| {
        for clerk in 0..4 {
            let world = &world;
            scope.spawn(move || {
                for number in 0..5 {
                    world.issue(&format!("{clerk}-{number}.lic"), &[]);
                }
            });
        }
    });
    let list = world.run(&["license", "list", "--json"]).json();
    let licenses = list.as_array().expect("a list");
    let distinct = |member: &dyn Fn(&serde_json::Value) -> String| {
        licenses.iter().map(member).collect::<std::collections::BTreeSet<_>>().len()
    };
    assert_eq!(licenses.len(), 20);
    assert_eq!(distinct(&|license| license["id"].to_string()), 20);
    assert_eq!(distinct(&|license| license["revisions"][0]["statusIndex"].to_string()), 20);
    // One customer, however many clerks met him first.
    assert_eq!(distinct(&|license| license["customerId"].to_string()), 1);
}
