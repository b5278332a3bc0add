//! Seeing ahead: what becomes of a license by itself, and what the words of a verdict mean.

use super::world::{Ran, World};
use serde_json::{Value, json};

fn verify(world: &World, more: &[&str]) -> Ran {
    let command = ["verify", "acme.lic", "--product", "dialer", "--keys", "anchors.json"];
    world.run(&[&command, more].concat())
}

/// One with a license until 2027-12-31, with two weeks of grace, that waits for no list.
fn world(name: &str) -> World {
    let world = World::new(name);
    world.issue("acme.lic", &["--until", "2027-12-31", "--max-status-age", "never"]);
    world
}

#[test]
fn a_timeline_goes_from_change_to_change() {
    let world = world("timeline");
    let row = |at: &str, mode: &str, code: Value, pending: Value, until: Value, reasons: Value| json!({ "at": at, "mode": mode, "code": code, "pending": pending, "until": until, "reasons": reasons });
    let ran = verify(&world, &["--timeline", "--json"]);
    assert_eq!(ran.exit, Some(0), "{ran:?}");
    let (none, expired) = (Value::Null, json!("LICENSE_EXPIRED"));
    let end = "2028-01-15T00:00:00Z";
    let expected = json!([
        row("2026-11-22T09:00:00Z", "full", none.clone(), none.clone(), none.clone(), json!([])),
        row(
            "2027-12-02T00:00:00Z",
            "full",
            none.clone(),
            none.clone(),
            none.clone(),
            json!(["expiring_soon"])
        ),
        row("2028-01-01T00:00:00Z", "grace", none.clone(), expired.clone(), json!(end), json!(["expired"])),
        row(end, "read_only", expired, none.clone(), none, json!(["expired"])),
    ]);
    assert_eq!(ran.json(), expected);
    assert_eq!(
        verify(&world, &["--timeline"]).done(),
        "FROM                  MODE       CODE             WHY\n\
         2026-11-22T09:00:00Z  full       -\n\
         2027-12-02T00:00:00Z  full       -                +expiring_soon\n\
         2028-01-01T00:00:00Z  grace      -                +expired, -expiring_soon\n\
         2028-01-15T00:00:00Z  read_only  LICENSE_EXPIRED  expired: grace over\n"
    );
}

/// Each row is what `verify` says at that instant, and it held until a second before the next.
#[test]
fn every_row_of_a_timeline_is_the_verdict_of_its_time() {
    let world = World::new("timeline rows");
    let id =
        world.issue("acme.lic", &["--term", "1y", "--max-status-age", "30d", "--activation", "required"]);
    world.run(&["license", "revoke", &id, "--reason", "fraud", "--confirm", &id]).done();
    world.run(&["status", "publish", "--out", "public"]).done();
    let given = ["--status", "public/0.lic", "--built", "2026-11-01T00:00:00Z", "--watermark", "1795400000"];
    let rows = verify(&world, &[&given[..], &["--timeline", "--json"]].concat()).json();
    let rows = rows.as_array().expect("rows").clone();
    assert!(rows.len() >= 6, "{rows:?}");
    assert_eq!(rows[0]["at"], "2026-11-23T02:13:20Z", "from the effective time on");
    let verdict = |at: &str| verify(&world, &[&given[..], &["--json", "--at", at]].concat()).json();
    for pair in rows.windows(2) {
        let (row, next) = (&pair[0], &pair[1]);
        let at = row["at"].as_str().expect("an instant");
        let said = verdict(at);
        for member in ["mode", "code", "pending", "until", "reasons"] {
            assert_eq!(row[member], said[member], "{member} at {at}");
        }
        assert_eq!(said["nextChange"], next["at"]);
        let before = lictor_shared::Timestamp::parse(next["at"].as_str().expect("an instant"))
            .expect("an instant")
            .seconds()
            - 1;
        let said = verdict(&before.to_string());
        for member in ["mode", "code", "pending", "until", "reasons"] {
            assert_eq!(row[member], said[member], "{member} a second before {}", next["at"]);
        }
    }
    let last = rows.last().expect("a row")["at"].as_str().expect("an instant");
    assert_eq!(verdict(last)["nextChange"], Value::Null);
}

#[test]
fn a_license_that_cannot_be_used_has_a_future_too() {
    let world = world("timeline refused");
    world.write("acme.lic", "nothing of the kind");
    let ran = verify(&world, &["--timeline", "--json"]);
    assert_eq!(ran.exit, Some(10), "{ran:?}");
    assert_eq!(ran.json().as_array().map(Vec::len), Some(1));
    assert_eq!(ran.json()[0]["reasons"], json!(["malformed"]));

    world.issue("later.lic", &["--starts", "2027-01-01", "--term", "1y", "--max-status-age", "never"]);
    let ran = world.run(&["verify", "later.lic", "--product", "dialer", "--timeline"]);
    assert_eq!(ran.exit, Some(10), "{ran:?}");
    let lines: Vec<&str> = ran.data.lines().collect();
    assert!(lines[1].ends_with("read_only  LICENSE_INVALID  not_yet_valid"), "{ran:?}");
    assert!(lines[2].ends_with("full       -                -not_yet_valid"), "{ran:?}");
    assert!(lines.iter().all(|line| line.chars().count() <= 80), "{ran:?}");
}

#[test]
fn strict_counts_grace_as_what_follows_it() {
    let world = world("strict");
    let at = |at: &str, more: &[&str]| {
        let ran = verify(&world, &[&["--at", at], more].concat());
        (ran.exit, ran.data)
    };
    let grace = "2028-01-02T00:00:00Z";
    let (exit, data) = at(grace, &[]);
    assert_eq!(exit, Some(0));
    assert_eq!(at(grace, &["--strict"]), (Some(11), data), "it says the same, and exits otherwise");
    assert_eq!(at(grace, &["--strict", "--timeline"]).0, Some(11));
    assert_eq!(at("2027-12-15T00:00:00Z", &["--strict"]).0, Some(0), "a warning is no grace");
    assert_eq!(at("2028-02-01T00:00:00Z", &["--strict"]).0, Some(11));
    // What follows here is another code: without --strict it is grace like any other.
    world.issue("seat.lic", &["--activation", "required", "--max-status-age", "never"]);
    let seat = ["verify", "seat.lic", "--product", "dialer"];
    let (loose, strict) = (world.run(&seat), world.run(&[&seat[..], &["--strict"]].concat()));
    assert_eq!((loose.exit, strict.exit), (Some(0), Some(13)), "{strict:?}");
    assert_eq!(loose.data, strict.data);
}

#[test]
fn every_word_of_a_verdict_can_be_asked_for() {
    let world = World::empty("explain");
    let all = world.run(&["explain", "--json"]).json();
    let words: Vec<&str> = all
        .as_array()
        .expect("reasons")
        .iter()
        .map(|entry| entry["reason"].as_str().expect("a word"))
        .collect();
    let reasons: Vec<_> = lictor_shared::Reason::ALL.iter().map(|reason| reason.as_str()).collect();
    assert_eq!(words[..reasons.len()], reasons);
    // Those of denials that are no reasons of verdicts follow.
    let denials = ["request_too_old", "request_ahead", "seats_exhausted", "no_seat"];
    assert_eq!(words[reasons.len()..], denials);
    for (entry, word) in all.as_array().expect("reasons").iter().zip(&words) {
        assert_eq!(*entry, world.run(&["explain", word, "--json"]).json());
        let text = world.run(&["explain", word]).done();
        assert!(text.contains(word) && text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    for code in lictor_shared::Code::ALL {
        let said = world.run(&["explain", code.as_str(), "--json"]).json();
        assert_eq!(
            (said["http"].as_u64(), said["exit"].as_u64()),
            (Some(code.http_status().into()), Some(code.exit_code().into()))
        );
        let text = world.run(&["explain", code.as_str()]).done();
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    for (mode, writes) in [("full", true), ("grace", true), ("read_only", false), ("unlicensed", false)] {
        assert_eq!(world.run(&["explain", mode, "--json"]).json()["write"], writes, "{mode}");
        let text = world.run(&["explain", mode]).done();
        assert!(text.starts_with(&format!("mode      {mode}\n")), "{text}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
    assert_eq!(world.run(&["explain", "read-only"]).done(), world.run(&["explain", "read_only"]).done());
    let table = world.run(&["explain"]).done();
    assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
    assert!(words.iter().all(|word| table.contains(&format!("\n{word} "))), "{table}");
}

#[test]
fn an_unknown_word_is_answered_with_near_ones() {
    let world = World::empty("explain unknown");
    let ran = world.run(&["explain", "revokd", "--json"]);
    ran.fails(21, &["\"revokd\" is no mode, no reason and no code", "hint: lictor explain revoked"]);
    assert_eq!(ran.json()["code"], "NOT_FOUND");
    assert_eq!(ran.json()["details"]["near"], json!(["revoked"]));
    world.run(&["explain", "xyzzy"]).fails(21, &["lictor explain lists all reasons"]);
    // Near enough to be sure.
    assert_eq!(
        world.run(&["explain", "License-Expired"]).done(),
        world.run(&["explain", "LICENSE_EXPIRED"]).done()
    );
}
