//! Many licenses from one file: what is in it is what is issued, what is wrong is told where it stands, and nothing is done twice.

use super::world::{ISSUE, NOW, Ran, World, program};
use lictor_shared::{AnchorSet, Artefact as _, License, Received, armor};
use lictor_validator::Unverified;
use rexpect::session::spawn_command;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::Stdio;
use std::thread;

const USUAL: [&str; 6] = ["--product", "dialer", "--plan", "pro", "--term", "1y"];

fn issue(world: &World, more: &[&str]) -> Ran {
    world.run(&[&["license", "issue", "--from", "orders.csv"], more].concat())
}

/// The objects on the lines of an answer.
fn lines(data: &str) -> Vec<Value> {
    data.lines().map(|line| serde_json::from_str(line).expect("a line is an object")).collect()
}

/// What the licenses in a folder say, by the name of the file; each is verified as a deployment does.
fn licenses(world: &World, folder: &str) -> BTreeMap<String, License> {
    let anchors = AnchorSet::read(&fs::read(world.path("anchors.json")).expect("anchors")).expect("anchors");
    let files = fs::read_dir(world.path(folder))
        .expect("the folder is there")
        .map(|file| file.expect("a file").path());
    let read = |path: std::path::PathBuf| {
        let bytes = fs::read(&path).expect("it can be read");
        let verified = Unverified::<License>::read(&bytes).and_then(|read| read.verify(&anchors));
        verified.unwrap_or_else(|refusal| panic!("{}: {refusal}", path.display()));
        let token = armor::unwrap(&bytes, License::LABEL);
        let received = Received::<License>::read(&token).expect("a token");
        let license = License::read(received.untrusted_payload()).expect("a license");
        (path.file_name().expect("a name").to_string_lossy().into_owned(), license)
    };
    files.map(read).collect()
}

/// How many licenses, events and customers there are, the ledger being whole.
fn whole(world: &World) -> (u64, u64) {
    let verified = world.run(&["audit", "verify", "--json"]).json();
    world.run(&["ledger", "verify"]).done();
    (verified["licenses"].as_u64().expect("a number"), verified["events"].as_u64().expect("a number"))
}

/// Names as customers have them: ten scripts, and all that is hard in a table.
pub(crate) const NAMES: [&str; 16] = [
    "Müller & Söhne GmbH",
    "株式会社アクメ",
    "ООО «Ромашка»",
    "شركة الأمل",
    "חברת הים",
    "บริษัท ทดสอบ",
    "Εταιρεία Ήλιος",
    "아크메 주식회사",
    "एक्मे प्राइवेट",
    "Ակմե ՍՊԸ",
    "Acme, Inc.",
    "The \"Best\" Ltd",
    "=SUM(A1:A9)",
    "+49 Telefon",
    "@home",
    "-Minus-",
];

/// As RFC 4180 has it.
fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[test]
fn what_the_rows_say_is_what_is_issued() {
    let world = World::new("bulk says");
    let mut csv =
        String::from("\u{feff}request_id,customer,limit.agents,meta.note,feature,until,seats,activation\r\n");
    for (number, name) in NAMES.iter().enumerate() {
        // A spreadsheet that keeps formulas from running writes them with an apostrophe.
        let mark = if number % 2 == 0 && name.starts_with(['=', '+', '@', '-']) { "'" } else { "" };
        let note = quoted("two\r\nlines, \"quoted\"");
        csv += &format!(
            "r-{number},{},{number},{note},branding  export,,,\r\n",
            quoted(&format!("{mark}{name}"))
        );
    }
    csv += "again,株式会社アクメ,,,,2028-12-31,25,required\r\n,,,,,,,\r\n";
    world.write("orders.csv", csv);
    let ran = issue(&world, &[&USUAL[..], &["--limit", "agents=7", "--out", "new folder/licenses"]].concat());
    assert!(ran.words.contains("Issued 17 licenses."), "{ran:?}");
    ran.done();
    let issued = licenses(&world, "new folder/licenses");
    let license = |name: &str| &issued[&format!("{name}.lic")];
    for (number, name) in NAMES.iter().enumerate() {
        let license = license(&format!("r-{number}"));
        assert_eq!(license.customer.as_str(), *name);
        assert_eq!(license.meta.values().next().map(String::as_str), Some("two\r\nlines, \"quoted\""));
        let features: Vec<&str> = license.features.iter().map(|name| name.as_str()).collect();
        assert_eq!(features, ["branding", "export"]);
        let agents = license.limits.values().next().copied();
        assert_eq!(agents, Some(lictor_shared::Limit::AtMost(u64::try_from(number).unwrap())));
        assert_eq!(
            license.term.expires_at().map(|end| end.to_string()).as_deref(),
            Some("2027-11-22T09:00:00Z")
        );
    }
    let again = license("again");
    assert_eq!(again.customer_id, license("r-1").customer_id);
    assert_eq!(again.term.expires_at().map(|end| end.to_string()).as_deref(), Some("2029-01-01T00:00:00Z"));
    assert_eq!(again.limits.values().next().copied(), Some(lictor_shared::Limit::AtMost(7)));
    // A license and its answer each have an event, behind those of the issuer, the key and the product.
    assert_eq!(whole(&world), (17, 3 + 2 * 17));
}

#[test]
fn all_that_is_wrong_is_told_at_once_and_nothing_is_done() {
    let world = World::new("bulk wrong");
    world.run(&[&ISSUE[..], &["--request-id", "used"]].concat()).done();
    world.write(
        "orders.csv",
        [
            b"request_id,product,plan,customer,customer_id,term,until,seats,feature,limit.agents\n\
         a,dialer,pro,Bolt,,1y,,0,,\n\
         b,dialer,gold,Bolt,,1y,,,,\n\
         c,desk,pro,Bolt,,1y,,,,many\n\
         d,dialer,pro,,,,,,,\n\
         e,dialer,pro,\"two\nlines\",,1y,,,,\n\
         f,dialer,pro,Bolt,one,1y,,,,\n\
         g,dialer,pro,Hooli,one,1y,,,,\n\
         .h,dialer,pro,Bolt,,1y,,,,\n\
         i,dialer,pro,Bolt,,,2026-01-31,,,\n\
         I,dialer,pro,Bolt,,1y,,,,\n\
         used,dialer,pro,Acme,,1y,,,,\n\
         j,dialer,pro,Bolt\n\
         k,dialer,pro,Bolt,,1y,2027-12-31,,none x,\n"
                .as_slice(),
            b"\xffl,dialer,pro,Bolt,,1y,,,,\n",
        ]
        .concat(),
    );
    let ran = world.untouched(|| issue(&world, &["--out", "o", "--json"]));
    let found: Vec<(u64, String)> = ran.json()["details"]["rows"]
        .as_array()
        .expect("rows")
        .iter()
        .map(|wrong| {
            (wrong["line"].as_u64().unwrap_or_default(), wrong["column"].as_str().unwrap_or("-").to_owned())
        })
        .collect();
    let expected = [
        (2, "seats"),
        (3, "plan"),
        (4, "limit.agents"),
        (5, "customer"),
        (6, "customer"),
        (9, "customer_id"),
        (10, "request_id"),
        (11, "until"),
        (12, "request_id"),
        (13, "request_id"),
        (14, "-"),
        (15, "feature"),
        (15, "until"),
        (16, "request_id"),
    ];
    let mut found: Vec<(u64, &str)> = found.iter().map(|(line, column)| (*line, column.as_str())).collect();
    found.sort_unstable();
    assert_eq!(found, expected, "{ran:?}");
    ran.fails(22, &["orders.csv line 2, column seats: \"0\" would let nobody in", "Nothing was done."]);
    assert!(!world.path("o").exists());
}

/// What looks empty is empty: where a row says nothing, the options count.
#[test]
fn a_cell_of_white_space_alone_says_nothing() {
    let world = World::new("bulk blank");
    world.write("orders.csv", "request_id,customer,origin,product\na,Acme, ,\u{a0}\nb,Acme,,\n");
    let origin = ["--origin", "https://*.acme.example", "--out", "out"];
    issue(&world, &[&USUAL[..], &origin].concat()).done();
    let licenses = licenses(&world, "out");
    assert_eq!(licenses.len(), 2);
    for (name, license) in licenses {
        let origins: Vec<String> = license.origins.iter().map(ToString::to_string).collect();
        assert_eq!(origins, ["https://*.acme.example"], "{name}");
    }
}

#[test]
fn a_mistake_of_one_kind_has_its_own_exit_code() {
    let world = World::new("bulk kinds");
    let head = "request_id,customer";
    for (csv, more, exit, says) in [
        (
            format!("{head}\na,Acme\n"),
            &["--plan", "gold"][..],
            21,
            "line 2, column plan: The product dialer has no plan gold",
        ),
        (
            format!("{head}\na,Acme\na,Acme\n"),
            &[],
            22,
            "line 3, column request_id: \"a\" stands in line 2 already",
        ),
        (format!("{head}\na,Acme\nA,Acme\n"), &[], 22, "in capital letters alone"),
        // A row that is wrong has its id all the same, and so has the one behind it.
        (
            format!("{head}\na,\na,Acme\n"),
            &[],
            22,
            "line 3, column request_id: \"a\" stands in line 2 already",
        ),
        (
            format!("{head}\na,Acme\na,\n"),
            &[],
            22,
            "line 3, column request_id: \"a\" stands in line 2 already",
        ),
        (
            format!("{head}\na, Acme\n"),
            &[],
            22,
            "line 2, column customer: \" Acme\" has white space around it",
        ),
        (format!("{head}\na,\"Acme\n"), &[], 22, "line 2: a quotation mark in this row is never closed"),
        (String::new(), &[], 22, "the file is empty"),
        (format!("{head},seets\n"), &[], 22, "column 3: there is no column \"seets\"; did you mean seats?"),
        (format!("{head},plan,plan\n"), &[], 22, "the column plan stands twice"),
        (format!("{head},limit\n"), &[], 22, "name it limit.NAME"),
        ("customer\n".into(), &[], 22, "the column request_id is missing"),
        ("request_id\n".into(), &[], 22, "the column customer is missing; add it, or give --customer"),
        // A cell of white space alone says nothing.
        (format!("{head}\na,\" \"\n"), &[], 22, "line 2, column customer: it is empty"),
        (format!("{head}\n\u{a0},Acme\n"), &[], 22, "line 2, column request_id: it is empty"),
        (format!("{head},plan\na,Acme, \n"), &["--plan", "gold"], 21, "line 2, column plan"),
        (format!("{head},meta.a=b\na,Acme,x\n"), &[], 22, "it may not hold ="),
        (format!("{head}\n{}\n", ",".repeat(5_000)), &[], 22, "more than 4096 cells"),
        ("request_id;customer\n".into(), &[], 22, "separated by something else than commas"),
    ] {
        world.write("orders.csv", csv);
        let plan = if more.is_empty() { &["--plan", "pro"] } else { more };
        let ran = world.untouched(|| {
            issue(&world, &[&["--product", "dialer", "--term", "1y", "--jsonl"], plan].concat())
        });
        ran.fails(exit, &[says]);
    }
    world.write("orders.csv", b"\xff\xfer\0");
    issue(&world, &["--jsonl"]).fails(22, &["UTF-16"]);
    let mut many = format!("{head},seats\n");
    (0..30).for_each(|number| many += &format!("r{number},Acme,0\n"));
    world.write("orders.csv", many);
    let ran = issue(&world, &[&USUAL[..], &["--jsonl"]].concat());
    ran.fails(22, &["line 21, column seats", "and 10 mistakes more."]);
    assert!(!ran.words.contains("line 22"), "{ran:?}");
    world.run(&["license", "issue", "--from", "none.csv", "--jsonl"]).fails(30, &["none.csv"]);
    world.run(&["license", "issue", "--from", "home", "--jsonl"]).fails(2, &["home is a folder"]);
    world.run(&["license", "issue", "--from", "-", "--jsonl"]).fails(2, &["standard input"]);
    for (column, meant) in [
        ("revocation-grace", "did you mean revocation_grace?"),
        (" Customer_ID", "did you mean customer_id?"),
        ("limit.", "name it limit.NAME"),
    ] {
        world.write("orders.csv", format!("{head},{column}\n"));
        issue(&world, &["--jsonl"]).fails(22, &[meant]);
    }
    issue(&world, &USUAL).fails(2, &["--out FOLDER"]);
}

/// A cell may have a quarter of a million characters, and a file as many such cells as it likes.
#[test]
fn a_long_cell_is_not_told_whole() {
    let world = World::new("bulk long");
    let mut csv = String::from("request_id,customer\n");
    (0..30).for_each(|row| csv += &format!("r{row},{}\n", "\u{1}".repeat(200_000)));
    world.write("orders.csv", csv);
    let ran = issue(&world, &[&USUAL[..], &["--jsonl", "--json"]].concat());
    assert!(ran.words.len() < 20_000 && ran.data.len() < 30_000, "{ran:?}");
    ran.fails(22, &["line 2, column customer: \"\\u{1}", " characters …] "]);
}

#[test]
fn what_is_warned_of_is_said_once_for_all_rows() {
    let world = World::new("bulk warns");
    world.write("orders.csv", "request_id,customer,seats\na,Acme,5\nb,Bolt,5\nc,Cray,\nd,Dyna,7\n");
    let everything = [&USUAL[..], &["--out", "o"]].concat();
    let tried = world.untouched(|| issue(&world, &[&everything[..], &["--dry-run"]].concat()));
    for ran in [tried, issue(&world, &everything)] {
        for says in [
            "warning: line 2 and 1 row more: The number of seats (5)",
            "warning: line 5: The number of seats (7)",
        ] {
            assert!(ran.words.contains(says), "{says}: {ran:?}");
        }
        assert_eq!(ran.words.matches("warning").count(), 2, "{ran:?}");
        ran.done();
    }
    world.write("orders.csv", "request_id,customer\n");
    let ran = issue(&world, &everything);
    assert!(ran.words.contains("warning: the file has a header and no rows"), "{ran:?}");
    assert_eq!(ran.done(), "0\n");
}

#[test]
fn what_was_made_is_not_made_again_and_its_files_are_completed() {
    let world = World::new("bulk again");
    world.write("orders.csv", "request_id,customer\na,Acme\nb,Bolt\nc,Acme\n");
    let everything = [&USUAL[..], &["--out", "o"]].concat();
    issue(&world, &[&everything[..], &["--dry-run"]].concat()).done();
    assert!(!world.path("o").exists());
    assert_eq!(whole(&world).0, 0);
    issue(&world, &everything).done();
    let before = licenses(&world, "o");
    fs::remove_file(world.path("o/a.lic")).expect("it is there");
    let torn = world.read("o/b.lic");
    world.write("o/b.lic", &torn[..100]);
    world.write("o/c.lic", [0; 100]);
    let again = issue(&world, &[&everything[..], &["--json"]].concat());
    assert_eq!(again.json()["before"], 3);
    assert_eq!(licenses(&world, "o"), before);
    assert_eq!(whole(&world), (3, 9));
    // Rows that are added are issued, and the same rows elsewhere in the file are not.
    world.write("orders.csv", "request_id,customer\nd,Depot\nc,Acme\nb,Bolt\na,Acme\n");
    let ran = issue(&world, &[&USUAL[..], &["--jsonl"]].concat());
    let told = lines(&ran.done());
    let told: Vec<(&str, &str, u64)> = told
        .iter()
        .map(|line| {
            (
                line["requestId"].as_str().unwrap(),
                line["done"].as_str().unwrap(),
                line["line"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(told, [("d", "now", 2), ("c", "before", 3), ("b", "before", 4), ("a", "before", 5)]);
    assert_eq!(whole(&world), (4, 11));
    // The same id for something else.
    world.write("orders.csv", "request_id,customer,seats\na,Acme,5\n");
    issue(&world, &everything).fails(20, &["line 2, column request_id", "was used for something else"]);
    // Somebody else's file.
    world.write("orders.csv", "request_id,customer\ne,Echo\n");
    world.write("o/e.lic", "mine");
    issue(&world, &everything).fails(20, &["o/e.lic exists already", "Nothing was done."]);
    assert_eq!(world.read("o/e.lic"), "mine");
    issue(&world, &[&everything[..], &["--force"]].concat()).done();
    assert_eq!(whole(&world).0, 5);
    assert_eq!(licenses(&world, "o").len(), 4);
    // What --force does not help with does not ask for it.
    fs::remove_file(world.path("o/e.lic")).expect("it is there");
    world.make_pipe("o/e.lic");
    let order = [&["issue", "--from", "orders.csv"], &USUAL[..], &["--out", "o"]].concat();
    for more in [&[][..], &["--force"]] {
        let ran = world.run_at_once(&[&order[..], more].concat());
        assert!(!ran.words.contains("--force"), "{ran:?}");
        ran.fails(20, &["o/e.lic is a pipe or a device", "name another file"]);
    }
}

#[test]
fn two_at_once_make_one_license_for_each_row() {
    let world = World::new("bulk at once");
    let mut csv = String::from("request_id,customer\n");
    (0..1500).for_each(|number| csv += &format!("r{number},Customer {}\n", number % 700));
    world.write("orders.csv", csv);
    let run = |folder: &'static str| loop {
        let ran = issue(&world, &[&USUAL[..], &["--out", folder, "--json"]].concat());
        // As long as one of them checks the other waits; on a slow machine it gives up, and is repeated.
        if ran.exit != Some(32) {
            break ran;
        }
    };
    let (one, other) = thread::scope(|scope| {
        let one = scope.spawn(|| run("one"));
        let other = run("other");
        (one.join().expect("it ran"), other)
    });
    assert_eq!((one.exit, other.exit), (Some(0), Some(0)), "{one:?} {other:?}");
    let number = |ran: &Ran, name: &str| ran.json()[name].as_u64().expect("a number");
    // What one that gave up had issued by then is not told again.
    assert!(number(&one, "issued") + number(&other, "issued") <= 1500);
    assert_eq!(licenses(&world, "one"), licenses(&world, "other"));
    let customers: BTreeSet<_> =
        licenses(&world, "one").into_values().map(|license| license.customer_id).collect();
    assert_eq!(customers.len(), 700);
    assert_eq!(whole(&world).0, 1500);
}

#[test]
fn somebody_at_the_terminal_sees_how_far_it_is() {
    let world = World::new("bulk watched");
    let mut csv = String::from("request_id,customer\n");
    (0..3000).for_each(|number| csv += &format!("r{number},Customer\n"));
    world.write("orders.csv", csv);
    let mut command = world.outside(program());
    command.args(["license", "issue", "--from", "orders.csv", "--now", NOW, "--out", "o"]).args(USUAL);
    command.stdin(Stdio::inherit()).env("TERM", "xterm");
    let mut session = spawn_command(command, Some(60_000)).expect("a pseudo-terminal");
    session.exp_string("of 3,000 licenses").expect("a bar");
    session.exp_string("left").expect("the time that is left");
    session.exp_string("Issued 3000 licenses.").expect("a summary");
    // In a pipe there is none.
    let ran = issue(&world, &[&USUAL[..], &["--out", "o"]].concat());
    assert!(!ran.words.contains("left"), "{ran:?}");
}
