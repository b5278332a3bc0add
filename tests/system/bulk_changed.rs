//! Many licenses renewed and revoked from one file: what a row says is what is done, once, and nothing else.

use super::world::{NOW, Ran, World, program};
use rexpect::session::spawn_command;
use serde_json::Value;
use std::fs;
use std::process::Stdio;

const ORDERS: &str =
    "request_id,customer,limit.agents,meta.po\na,Acme,5,1\nb,Bolt,5,1\nc,Corp,5,1\nd,Depot,5,1\n";

/// A world with four licenses that end on 2027-11-22; their ids.
fn world(name: &str) -> (World, Vec<String>) {
    let world = World::new(name);
    world.write("orders.csv", ORDERS);
    let issue = ["license", "issue", "--from", "orders.csv", "--product", "dialer", "--plan", "pro"];
    let issued = world.run(&[&issue[..], &["--term", "1y", "--jsonl"]].concat()).done();
    let ids = lines(&issued).iter().map(|line| line["id"].as_str().expect("an id").to_owned()).collect();
    (world, ids)
}

fn lines(data: &str) -> Vec<Value> {
    data.lines().map(|line| serde_json::from_str(line).expect("a line is an object")).collect()
}

fn from(world: &World, what: &str, more: &[&str]) -> Ran {
    world.run(&[&["license", what, "--from", "rows.csv"], more].concat())
}

fn show(world: &World, id: &str) -> Value {
    world.run(&["license", "show", id, "--json"]).json()
}

/// What the newest revision of a license says.
fn latest(world: &World, id: &str) -> Value {
    let token = world.run(&["license", "show", id, "--out", "shown.lic", "--force"]);
    token.done();
    world.run(&["license", "inspect", "shown.lic", "--json"]).json()
}

fn whole(world: &World) -> u64 {
    world.run(&["ledger", "verify"]).done();
    world.run(&["audit", "verify", "--json"]).json()["events"].as_u64().expect("a number")
}

#[test]
fn each_row_renews_its_license_as_it_says() {
    let (world, ids) = world("bulk renew");
    let short: String = ids[3].chars().take(36).collect::<String>().to_uppercase();
    world.write(
        "rows.csv",
        format!(
            "request_id,license,until,seats,limit.agents,revoke_previous,meta.po\n\
             ra,{},,,,,\nrb,{},2029-12-31,7,9,yes,2\nrc,{},,,,no,\nrd,{short},,,,,\n",
            ids[0], ids[1], ids[2]
        ),
    );
    let before = whole(&world);
    let options = ["--term", "2y", "--overage", "1", "--seats", "3", "--meta", "po=9"];
    from(&world, "renew", &[&options[..], &["--out", "r", "--dry-run"]].concat()).done();
    assert_eq!(whole(&world), before);
    let ran = from(&world, "renew", &[&options[..], &["--out", "r"]].concat());
    assert!(ran.words.contains("Renewed 4 licenses."), "{ran:?}");
    ran.done();
    assert_eq!(whole(&world), before + 8);
    let revisions = |id: &str| show(&world, id)["revisions"].as_array().expect("revisions").clone();
    let ends: Vec<String> =
        ids.iter().map(|id| revisions(id)[1]["expiresAt"].as_str().expect("an end").to_owned()).collect();
    assert_eq!(
        ends,
        ["2029-11-22T09:00:00Z", "2030-01-01T00:00:00Z", "2029-11-22T09:00:00Z", "2029-11-22T09:00:00Z"]
    );
    assert_eq!(revisions(&ids[1])[0]["status"], "revoked");
    assert_eq!(revisions(&ids[2])[0]["status"], "valid");
    for (id, file) in ids.iter().zip(["ra", "rb", "rc", "rd"]) {
        latest(&world, id);
        assert_eq!(world.read("shown.lic"), world.read(&format!("r/{file}.lic")));
    }
    // Again: nothing is renewed twice, and the same is given.
    let again = from(&world, "renew", &[&options[..], &["--jsonl"]].concat()).done();
    assert!(
        lines(&again).iter().all(|line| line["done"] == "before" && line["token"].is_string()),
        "{again}"
    );
    assert_eq!(whole(&world), before + 8);
}

#[test]
fn what_cannot_be_renewed_or_revoked_is_told_by_line_and_column() {
    let (world, ids) = world("bulk refused");
    world.run(&["license", "revoke", &ids[2], "--reason", "fraud", "--confirm", &ids[2]]).done();
    world.write(
        "rows.csv",
        format!(
            "request_id,license,term,until,revoke_previous\n\
             ra,{0},1y,,\nrb,{0},1y,,\nrc,{1},,2027-01-01,\nrd,{2},1y,,\nre,0198c0d2,1y,,\nrf,x,1y,,\n\
             rg,{3},,,perhaps\nrh,,1y,2029-01-01,\n",
            ids[0], ids[1], ids[2], ids[3]
        ),
    );
    let ran = world.untouched(|| from(&world, "renew", &["--out", "r", "--json"]));
    assert_eq!(
        places(&ran),
        [
            "3 license",
            "4 until",
            "5 license",
            "6 license",
            "7 license",
            "8 revoke_previous",
            "8 term",
            "9 license",
            "9 until"
        ]
    );
    ran.fails(22, &["stands in line 2 already; a file names a license once", "Nothing was done."]);
    assert!(!world.path("r").exists());
    world.write(
        "rows.csv",
        format!(
            "request_id,license,reason,effective\n\
             ra,{0},fraud,\nrb,{0},fraud,\nrc,{1},anger,\nrd,{2},fraud,\nre,{3},fraud,2020-01-01\nrf,{3},,soon\n",
            ids[0], ids[1], ids[2], ids[3]
        ),
    );
    let ran = world.untouched(|| from(&world, "revoke", &["--confirm", "6", "--json"]));
    let expected = ["3 license", "4 reason", "5 license", "6 effective", "7 effective", "7 reason"];
    assert_eq!(places(&ran), expected, "{ran:?}");
    // Of one kind, with its exit code.
    world.write("rows.csv", format!("request_id,license\nra,{}\n", ids[2]));
    from(&world, "renew", &["--term", "1y", "--out", "r"]).fails(20, &["line 2, column license"]);
    from(&world, "revoke", &["--reason", "fraud", "--confirm", "1"]).fails(20, &["revoked already"]);
    world.write("rows.csv", "request_id,license\nra,0198c0d2-6c1e\n");
    from(&world, "renew", &["--term", "1y", "--out", "r"]).fails(21, &["line 2, column license"]);
    from(&world, "renew", &["--term", "1y"]).fails(2, &["--out FOLDER"]);
}

/// Where mistakes are, by line and column.
fn places(ran: &Ran) -> Vec<String> {
    let rows = ran.json()["details"]["rows"].as_array().expect("rows").clone();
    let place = |row: &Value| format!("{} {}", row["line"], row["column"].as_str().unwrap_or("-"));
    let mut places: Vec<String> = rows.iter().map(place).collect();
    places.sort();
    places
}

#[test]
fn a_renewal_that_revokes_says_that_a_list_must_be_published() {
    let (world, ids) = world("bulk renew revokes");
    let rows = |revoke: &str| format!("request_id,license,revoke_previous\nr{revoke},{},{revoke}\n", ids[0]);
    for (revoke, next) in [("no", false), ("yes", true)] {
        world.write("rows.csv", rows(revoke));
        let ran = from(&world, "renew", &["--term", "1y", "--out", "r"]);
        assert_eq!(ran.words.contains("Next: lictor status publish"), next, "{ran:?}");
        ran.done();
    }
}

/// A deployment that is handed such a revision works until it learns from a list that it is suspended.
#[test]
fn a_renewal_of_what_is_suspended_says_so() {
    let (world, ids) = world("bulk renew suspended");
    for id in ids.iter().take(2) {
        world.run(&["license", "suspend", id]).done();
    }
    let rows: String = ids.iter().map(|id| format!("r{id},{id}\n")).collect();
    world.write("rows.csv", format!("request_id,license\n{rows}"));
    let suspended = "line 2 and 1 row more: The license is suspended, and so is its new revision.";
    let tried = world.untouched(|| from(&world, "renew", &["--term", "1y", "--dry-run"]));
    assert!(tried.words.contains(suspended), "{tried:?}");
    let ran = from(&world, "renew", &["--term", "1y", "--out", "r"]);
    for words in [suspended, "lictor license reinstate", "Next: lictor status publish"] {
        assert_eq!(ran.words.matches(words).count(), 1, "{words}: {ran:?}");
    }
    ran.done();
    // Told again, it may be no longer so.
    world.run(&["license", "reinstate", &ids[0]]).done();
    let again = from(&world, "renew", &["--term", "1y", "--out", "r"]);
    assert!(again.words.contains("line 2 and 1 row more: The license was suspended when"), "{again:?}");
    assert!(!again.words.contains("lictor license reinstate"), "{again:?}");
    again.done();
}

#[test]
fn a_number_that_counts_neither_is_told_both() {
    let (world, ids) = world("bulk revoke number");
    let row = |id: &String| format!("r{id},{id},fraud\n");
    world.write("rows.csv", format!("request_id,license,reason\n{}", row(&ids[0])));
    from(&world, "revoke", &["--confirm", "1"]).done();
    let rows: String = ids.iter().take(3).map(row).collect();
    world.write("rows.csv", format!("request_id,license,reason\n{rows}"));
    let ran = from(&world, "revoke", &["--confirm", "1"]);
    ran.fails(2, &["in the file, 3,", "still to be revoked, 2;", "--confirm 2"]);
}

#[test]
fn a_revocation_of_many_is_confirmed_by_their_number() {
    let (world, ids) = world("bulk revoke");
    world.write(
        "rows.csv",
        format!(
            "request_id,license,reason,note,effective\nra,{},,\"see, case 17\",\nrb,{},contract-ended,,2027-02-01\n",
            ids[0], ids[1]
        ),
    );
    let reason = ["--reason", "non-payment"];
    let refused = |more: &[&str]| world.untouched(|| from(&world, "revoke", &[&reason[..], more].concat()));
    refused(&[]).fails(2, &["a revocation must be confirmed", "--confirm 2"]);
    refused(&["--confirm", "3"]).fails(2, &["\"3\" is not the number", "none was revoked", "--confirm 2"]);
    refused(&["--confirm", &ids[0]]).fails(2, &["none was revoked"]);
    assert_eq!(refused(&["--dry-run"]).done().trim(), "2");
    let ran = from(&world, "revoke", &[&reason[..], &["--confirm", "2"]].concat());
    assert!(ran.words.contains("Revoked 2 licenses.") && ran.words.contains("status publish"), "{ran:?}");
    ran.done();
    let (one, other, untouched) = (show(&world, &ids[0]), show(&world, &ids[1]), show(&world, &ids[2]));
    assert_eq!((&one["state"], &one["reason"]), (&"revoked".into(), &"non-payment".into()));
    assert_eq!(other["revisions"][0]["since"], "2027-02-01T00:00:00Z");
    assert_eq!(untouched["state"], "active");
    // Again, with the number of the file or none at all: it is told, and nothing is done.
    let events = whole(&world);
    let again = from(&world, "revoke", &[&reason[..], &["--jsonl", "--confirm", "2"]].concat()).done();
    let told = lines(&again);
    assert_eq!((told.len(), &told[0]["done"], &told[0]["token"]), (2, &"before".into(), &Value::Null));
    assert!(from(&world, "revoke", &reason).words.contains("2 licenses were revoked before"));
    assert_eq!(whole(&world), events);
}

#[test]
fn somebody_at_the_terminal_types_the_number() {
    let (world, ids) = world("bulk typed");
    world.write("rows.csv", format!("request_id,license\nra,{}\nrb,{}\n", ids[0], ids[1]));
    let begin = || {
        let mut command = world.outside(program());
        command.args(["license", "revoke", "--from", "rows.csv", "--reason", "fraud", "--now", NOW]);
        command.stdin(Stdio::inherit()).env("TERM", "dumb");
        spawn_command(command, Some(30_000)).expect("a pseudo-terminal")
    };
    let mut session = begin();
    session.exp_string("This revokes 2 licenses for good.").expect("an explanation");
    session.exp_string("Type the number of licenses to confirm:").expect("a question");
    session.send_line("1").expect("typed");
    session.exp_string("none was revoked").expect("a refusal");
    assert_eq!(show(&world, &ids[0])["state"], "active");
    let mut session = begin();
    session.exp_string("to confirm:").expect("a question");
    session.send_line("2").expect("typed");
    session.exp_string("Revoked 2 licenses.").expect("a summary");
    session.exp_eof().expect("it ends");
    assert_eq!(show(&world, &ids[1])["state"], "revoked");
}

#[test]
fn a_template_can_be_filled_in() {
    let (world, ids) = world("bulk template");
    for (what, more) in [("renew", &["--out", "r"][..]), ("revoke", &["--confirm", "2"])] {
        let template = world.run(&["license", what, "--template"]).done();
        let filled = template
            .replace("0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10", &ids[0])
            .replace("0198c0d2-71aa-7d08-b6f4-58d1c07e44b2", &ids[1]);
        world.write("rows.csv", filled);
        from(&world, what, more).done();
    }
    assert_eq!(fs::read_dir(world.path("r")).expect("the folder").count(), 2);
}
