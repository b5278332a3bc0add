//! Looking things up: lists in every form, at every width, and what a file says of itself.

use super::world::{NOW, World};
use rexpect::session::{PtySession, spawn_command};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt as _;
use std::process::Stdio;

const NAME: &str = "Donau-Dampfschifffahrt und Umschlag, Hafenbetriebe Wien";

fn world(name: &str) -> World {
    let world = World::new(name);
    world.issue("acme.lic", &["--seats", "25", "--overage", "2", "--activation", "required"]);
    for (file, customer, term) in [
        ("formula.lic", "=cmd|' /C calc'!A0", "20d"),
        ("long.lic", NAME, "perpetual"),
        ("quote.lic", "the \"best\", Inc.", "1y"),
    ] {
        let order = ["issue", "--product", "dialer", "--plan", "pro", "--customer", customer, "--term", term];
        world.run(&[&order[..], &["--out", file]].concat()).done();
    }
    world
}

fn listed(world: &World, more: &[&str]) -> String {
    world.run(&[&["license", "list"], more].concat()).done()
}

/// A license's id by its customer.
fn id_of(world: &World, customer: &str) -> String {
    let licenses: Value =
        serde_json::from_str(&listed(world, &["--customer", customer, "--json"])).expect("JSON");
    licenses[0]["id"].as_str().expect("an id").to_owned()
}

#[test]
fn a_spreadsheet_runs_nothing_of_a_csv() {
    let world = world("csv");
    let csv = listed(&world, &["--csv", "--sort", "customer"]);
    let lines: Vec<&str> = csv.split_terminator("\r\n").collect();
    assert!(csv.ends_with("\r\n") && !csv.replace("\r\n", "").contains(['\r', '\n']), "{csv:?}");
    assert_eq!(
        lines[0],
        "id,state,since,reason,customerId,customer,revision,serial,products,plan,issuedAt,startsAt,expiresAt,graceUntil"
    );
    assert_eq!(lines.len(), 5);
    assert!(lines[1].contains(",active,,,cmd-c-calc-a0,'=cmd|' /C calc'!A0,1,"), "{csv}");
    assert!(
        lines[3].contains(&format!(",\"{NAME}\",1,")) && lines[3].ends_with(",2026-11-22T09:00:00Z,,"),
        "{csv}"
    );
    assert!(lines[4].contains(",\"the \"\"best\"\", Inc.\",1,"), "{csv}");
    let customers = world.run(&["customer", "list", "--csv"]).done();
    assert!(customers.starts_with("id,name,licenses\r\nacme-gmbh,Acme GmbH,1\r\n"), "{customers}");
    assert!(customers.contains("\r\ncmd-c-calc-a0,'=cmd|' /C calc'!A0,1\r\n"), "{customers}");
}

#[test]
fn json_lines_are_the_elements_of_the_json() {
    let world = world("json lines");
    for command in [
        &["license", "list"][..],
        &["license", "list", "--sort", "expires", "--reverse"],
        &["customer", "list"],
    ] {
        let whole = world.run(&[command, &["--json"]].concat()).json();
        let lines = world.run(&[command, &["--jsonl"]].concat()).done();
        let lines: Vec<Value> = lines.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
        assert_eq!((Value::Array(lines), whole.as_array().map(Vec::len)), (whole.clone(), Some(4)));
    }
    assert_eq!(listed(&world, &["--jsonl", "--plan", "none"]), "");
    assert_eq!(listed(&world, &["--json", "--plan", "none"]), "[]\n");
    assert_eq!(listed(&world, &["--csv", "--plan", "none"]).lines().count(), 1, "the header alone");
}

#[test]
fn pages_follow_each_other_in_every_order() {
    let world = world("pages");
    for order in [&[][..], &["--sort", "expires"], &["--sort", "customer", "--reverse"], &["--sort", "state"]]
    {
        let whole: Vec<String> = ids(&listed(&world, &[order, &["--jsonl"]].concat()));
        assert_eq!(whole.len(), 4);
        let first = world.run(&[&["license", "list"], order, &["--limit", "3", "--json"]].concat());
        assert!(first.words.contains(&format!("There are more: the same command with --after {}", whole[2])));
        let rest = world.run(&[&["license", "list"], order, &["--after", &whole[2], "--jsonl"]].concat());
        assert!(rest.words.is_empty(), "{rest:?}");
        assert_eq!(ids(&rest.data), whole[3..]);
    }
    world
        .run(&["license", "list", "--sort", "expires", "--after", "0198c0d2-6c1e-7000-8000-2f6f2b1d9a10"])
        .fails(21, &["There is no license 0198c0d2", "the last license of the page before"]);
}

fn ids(lines: &str) -> Vec<String> {
    let id = |line: &str| {
        let license: Value = serde_json::from_str(line).expect("JSON");
        license["id"].as_str().expect("an id").to_owned()
    };
    lines.lines().map(id).collect()
}

#[test]
fn what_is_looked_for_is_found_and_nothing_is_said_to_be_nothing() {
    let world = world("filters");
    let formula = id_of(&world, "=cmd|' /C calc'!A0");
    world.run(&["license", "suspend", &formula]).done();
    assert_eq!(ids(&listed(&world, &["--expiring", "30d", "--jsonl"])), [formula.as_str()]);
    assert_eq!(ids(&listed(&world, &["--state", "suspended", "--revoked", "--jsonl"])), [formula.as_str()]);
    world.run(&["license", "revoke", &formula, "--reason", "fraud", "--confirm", &formula]).done();
    assert_eq!(listed(&world, &["--revoked", "--csv"]), listed(&world, &["--state", "revoked", "--csv"]));
    let nothing = world.run(&["license", "list", "--customer", "Acme"]);
    assert_eq!((nothing.exit, nothing.data.as_str()), (Some(0), ""));
    assert_eq!(nothing.words, "There is no such license. All there are: lictor license list\n");
    let empty = World::new("filters, empty");
    assert!(empty.run(&["license", "list", "--sort", "state"]).words.starts_with("There are no licenses."));
    assert!(empty.run(&["customer", "list"]).words.starts_with("There are no customers."));
    assert_eq!(empty.run(&["customer", "list", "--json"]).done(), "[]\n");
}

#[test]
fn a_customer_is_shown_with_what_he_has() {
    let world = world("customer");
    let id = id_of(&world, "acme-gmbh");
    assert_eq!(
        world.run(&["customer", "show", "Acme GmbH"]).done(),
        format!(
            "customer  acme-gmbh\nname      Acme GmbH\nlicenses  1\n\n\
             LICENSE                               STATE   EXPIRES     SEATS  PLAN\n\
             {id}  active  2027-11-22  25+2   pro\n"
        )
    );
    assert_eq!(
        world.run(&["customer", "show", "acme-gmbh", "--json"]).json(),
        json!({
            "id": "acme-gmbh",
            "name": "Acme GmbH",
            "licenses": [{
                "id": id,
                "state": "active",
                "plan": "pro",
                "expiresAt": "2027-11-22T09:00:00Z",
                "seats": { "limit": 25, "overage": 2 },
            }],
        })
    );
    world.run(&["customer", "show", "Acme"]).fails(21, &["\"Acme\"", "lictor customer list"]);
    world.issue("second.lic", &["--customer-id", "acme-2"]);
    world.run(&["customer", "show", "Acme GmbH"]).fails(20, &["acme-2, acme-gmbh", "Give the id"]);
    // The list by name has the licenses of both.
    assert_eq!(ids(&listed(&world, &["--customer", "Acme GmbH", "--jsonl"])).len(), 2);
}

#[test]
fn an_export_is_a_file_for_its_owner_that_replaces_none() {
    let world = world("export");
    let printed = world.run(&["license", "export"]);
    assert_eq!(printed.words, "Exported 4 licenses of acme-licensing.\n");
    let ran = world.run(&["license", "export", "--out", "licenses.jsonl", "--json"]);
    assert_eq!(ran.json(), json!({ "file": "licenses.jsonl", "licenses": 4 }));
    assert_eq!(world.read("licenses.jsonl"), printed.data);
    let mode = std::fs::metadata(world.path("licenses.jsonl")).expect("written").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let order = ids(&printed.data);
    assert!(order.is_sorted(), "{order:?}");
    let again = world.run(&["license", "export", "--out", "licenses.jsonl"]);
    again.fails(20, &["licenses.jsonl exists already"]);
    let nowhere = world.run(&["license", "export", "--out", "none/licenses.jsonl"]);
    nowhere.fails(31, &["none/licenses.jsonl cannot be written", "Create the folder"]);
    assert_eq!(world.read("licenses.jsonl"), printed.data);
    let left: Vec<String> = std::fs::read_dir(world.path(""))
        .expect("listed")
        .map(|entry| entry.expect("an entry").file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with('.'))
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_license_whose_signature_holds_shows_its_future() {
    let world = world("inspect");
    let ran = world.run(&["license", "inspect", "acme.lic"]);
    assert!(ran.words.starts_with("The signature holds: key "), "{ran:?}");
    assert!(
        ran.words.contains("a deployment of dialer in production, which no status list reaches"),
        "{ran:?}"
    );
    assert!(ran.words.contains("It is never activated."), "{ran:?}");
    let text = ran.done();
    assert!(text.contains("\nDATE               AS SIGNED\n") && text.contains("\nFROM  "), "{text}");
    // Row by row what verify draws.
    let drawn = ["verify", "acme.lic", "--product", "dialer", "--timeline", "--json"];
    let json = world.run(&["license", "inspect", "acme.lic", "--json"]).json();
    assert_eq!(json["verified"], json!(true));
    assert_eq!(json["timeline"]["changes"], world.run(&drawn).json());
    assert_eq!(json["dates"]["expiresAt"], json!("2027-11-22T09:00:00Z"));
    assert_eq!(json["dates"]["maintenanceUntil"], Value::Null);
}

#[test]
fn of_a_license_that_is_not_verified_only_its_dates_are_shown() {
    let world = world("inspect unverified");
    let no_home = |more: &[&str]| {
        let command = [&["license", "inspect", "acme.lic", "--home", "none"], more].concat();
        world.run(&command)
    };
    let text = no_home(&[]);
    assert!(text.words.starts_with("Not verified: anybody can write such a file."), "{text:?}");
    let text = text.done();
    assert!(text.contains("\nDATE               AS IT CLAIMS, UNVERIFIED\n"), "{text}");
    assert!(text.contains("\nexpires            2027-11-22T09:00:00Z\n") && !text.contains("MODE"), "{text}");
    assert_eq!(no_home(&["--json"]).json()["timeline"], Value::Null);
    // With the issuer's keys from a file it is, without any home.
    let given = no_home(&["--keys", "anchors.json", "--json"]).json();
    assert_eq!(given["verified"], json!(true));
    // Signed by somebody else, and changed after signing.
    let stranger = World::new("inspect stranger");
    std::fs::copy(stranger.path("anchors.json"), world.path("other.json")).expect("copied");
    for (arguments, says) in
        [(&["acme.lic", "--keys", "other.json"][..], "Not verified: "), (&["changed.lic"], "Not verified: ")]
    {
        let token = world.read("acme.lic");
        let end = token.rfind("\n-----END").expect("armor");
        let mut changed = token.clone();
        // In the middle of the signature, where every character is whole bits.
        let place = end - 40;
        let other = if token.as_bytes()[place] == b'A' { "B" } else { "A" };
        changed.replace_range(place..=place, other);
        world.write("changed.lic", changed);
        let ran = world.run(&[&["license", "inspect"], arguments].concat());
        assert!(ran.words.starts_with(says) && !ran.words.contains("holds"), "{ran:?}");
        assert!(ran.done().contains("UNVERIFIED"));
        let json = world.run(&[&["license", "inspect", "--json"], arguments].concat()).json();
        assert_eq!((&json["verified"], &json["timeline"]), (&json!(false), &Value::Null));
    }
    let ran = world.run(&["license", "inspect", "acme.lic", "--keys", "acme.lic"]);
    ran.fails(30, &["acme.lic"]);
}

/// What the program shows where the width is said by `COLUMNS`.
fn at_width(world: &World, width: &str, command: &[&str]) -> String {
    let output = world.command().args(command).args(["--now", NOW]).env("COLUMNS", width).output();
    String::from_utf8(output.expect("it runs").stdout).expect("UTF-8")
}

#[test]
fn tables_fit_narrow_usual_and_wide_terminals() {
    let world = world("widths");
    let commands: [&[&str]; 7] = [
        &["license", "list"],
        &["customer", "list"],
        &["customer", "show", "acme-gmbh"],
        &["key", "list"],
        &["product", "list"],
        &["explain"],
        &["verify", "acme.lic", "--product", "dialer", "--timeline"],
    ];
    let ids: Vec<String> = ids(&listed(&world, &["--jsonl"]));
    for width in [40, 80, 200] {
        for command in commands {
            let shown = at_width(&world, &width.to_string(), command);
            assert!(!shown.is_empty());
            for line in shown.lines() {
                // An id that is longer than the terminal stays whole, alone on its line.
                let fits = line.chars().count() <= width || !line.contains(' ');
                assert!(fits, "{command:?} at {width}: {line:?}\n{shown}");
            }
        }
        let shown = at_width(&world, &width.to_string(), &["license", "list"]);
        assert!(ids.iter().all(|id| shown.contains(id.as_str())), "at {width}: {shown}");
    }
    let wide = at_width(&world, "200", &["license", "list"]);
    assert!(wide.contains(NAME) && wide.lines().count() == 5, "{wide}");
    let narrow = at_width(&world, "40", &["license", "list"]);
    assert!(narrow.contains("\n  STATE     active\n  EXPIRES   2027-11-22\n"), "{narrow}");
    let usual = at_width(&world, "nonsense", &["license", "list"]);
    assert_eq!(usual, at_width(&world, "80", &["license", "list"]), "what is no width is none");
}

/// The program at a terminal of a width.
fn terminal(world: &World, width: u16, command: &[&str]) -> PtySession {
    let shell = format!("stty rows 24 cols {width}; exec \"$0\" \"$@\"");
    let mut program = world.outside("sh");
    program.args(["-c", &shell, super::world::program()]).args(command).args(["--now", NOW]);
    program.stdin(Stdio::inherit()).env("COLUMNS", "120");
    spawn_command(program, Some(20_000)).unwrap_or_else(|error| panic!("a pseudo-terminal: {error}"))
}

#[test]
fn a_terminal_says_how_wide_it_is() {
    let world = world("terminal");
    for width in [40_u16, 80, 200] {
        let mut session = terminal(&world, width, &["license", "list"]);
        let seen = session.exp_eof().expect("it ends").replace("\r\n", "\n");
        assert_eq!(seen, at_width(&world, &width.to_string(), &["license", "list"]), "at {width}");
    }
}
