//! Every block of a file is judged by itself.

use crate::artefacts::{START, activation, armored, license, license_by, list, other_key, request, revision};
use crate::world::World;
use serde_json::{Value, json};
use std::io::Write as _;
use std::process::Stdio;

/// What became of each block: its label and the word.
fn outcomes(report: &Value) -> Vec<(String, String)> {
    let text = |value: &Value| value.as_str().unwrap().to_string();
    let blocks = report["blocks"].as_array().unwrap();
    blocks.iter().map(|block| (text(&block["block"]), text(&block["outcome"]))).collect()
}

fn words(blocks: &[(&str, &str)]) -> Vec<(String, String)> {
    blocks.iter().map(|(block, word)| ((*block).into(), (*word).into())).collect()
}

#[test]
fn a_mail_with_good_and_bad_blocks() {
    let world = World::licensed("blocks");
    let mail = [
        "Dear customer,\n> quoted\n",
        &license_by(&other_key(), |_| ()),
        &list(1, START + 60, &[]),
        &armored("ACTIVATION REQUEST", "a.b.c"),
        &revision(2, START + 86_400 * 30),
        "-- \nAcme Software\n",
    ];
    world.write("mail.txt", mail.concat());
    let ran = world.run(&["install", "mail.txt", "--json"]).exits(10, &[]);
    let report = ran.json();
    let expected = [
        ("LICENSE", "refused"),
        ("LICENSE", "pending"),
        ("STATUS LIST", "accepted"),
        ("ACTIVATION REQUEST", "refused"),
    ];
    assert_eq!(outcomes(&report), words(&expected));
    assert_eq!(report["blocks"][0]["code"], "LICENSE_INVALID");
    assert!(report["blocks"][0]["text"].as_str().unwrap().contains("not among the trusted keys"), "{report}");
    assert_eq!(report["blocks"][1]["from"], "2026-12-22T00:00:00Z");
    // What was in force still is.
    assert_eq!(report["status"]["verdict"]["license"]["revision"], 1);
    assert_eq!(report["status"]["verdict"]["reasons"], json!(["not_activated", "candidate_rejected"]));
    // Once more: what is held is no mistake.
    world.write("list.txt", list(1, START + 60, &[]));
    world.run(&["install", "list.txt"]).exits(0, &["list.txt: STATUS LIST: was held already"]);
}

#[test]
fn an_activation_of_another_deployment() {
    let (world, other) = (World::licensed("one"), World::licensed("other"));
    let asked = request(&other.run(&["request"]).done());
    world.write("answer.txt", activation(&asked, 1, START + 60, |_| ()));
    world.run(&["install", "answer.txt"]).exits(10, &["for another deployment or product"]);
    world.run(&["check"]).exits(0, &["not_activated"]);
}

#[test]
fn several_files_and_standard_input() {
    let world = World::new("several");
    world.write("acme.lic", license(|_| ()));
    // Nothing is installed if one cannot be read.
    world
        .run(&["install", "acme.lic", "none.txt"])
        .exits(30, &["none.txt cannot be read", "nothing was installed"]);
    world.run(&["check"]).exits(10, &["missing"]);
    world.run(&["install", "-", "-"]).exits(2, &["standard input is named twice"]);
    let mut child = world
        .command()
        .args(["install", "-", "--now", crate::world::NOW])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(license(|_| ()).as_bytes()).unwrap();
    let output = String::from_utf8(child.wait_with_output().unwrap().stdout).unwrap();
    assert!(output.contains("standard input: LICENSE: accepted"), "{output}");
    world.run(&["check"]).exits(0, &["full"]);
}

#[test]
fn what_is_no_license() {
    let world = World::new("nothing");
    for (name, text, exit, says) in [
        ("empty.txt", "", 10, "refused"),
        ("letter.txt", "Dear customer,", 10, "refused"),
        ("escape.txt", "-----BEGIN LICENSE-----\n\u{1b}[2J\n-----END LICENSE-----\n", 10, "refused"),
    ] {
        world.write(name, text);
        let ran = world.run(&["install", name]).exits(exit, &[says]);
        assert!(!ran.data.contains('\u{1b}'), "{ran:?}");
    }
    let folder = world.path("folder");
    std::fs::create_dir(&folder).unwrap();
    world.run(&["install", "folder"]).exits(30, &["folder cannot be read"]);
}

/// The way of a paste: through a terminal of 80 columns, line by line.
#[test]
fn a_paste_into_a_terminal() {
    let world = World::licensed("paste");
    let asked = request(&world.run(&["request"]).done());
    let mut command = world.command();
    command.args(["install", "-", "--now", crate::world::NOW]).stdin(Stdio::inherit());
    let mut terminal = rexpect::session::spawn_command(command, Some(20_000)).unwrap();
    let block = activation(&asked, 1, START + 60, |_| ());
    let [label, token, end] = block.lines().collect::<Vec<_>>()[..] else { panic!("{block}") };
    terminal.send_line(label).unwrap();
    for line in token.as_bytes().chunks(64) {
        terminal.send_line(std::str::from_utf8(line).unwrap()).unwrap();
    }
    terminal.send_line(end).unwrap();
    terminal.send_control('d').unwrap();
    terminal.exp_string("ACTIVATION: accepted").unwrap();
    terminal.exp_eof().unwrap();
    world.run(&["check"]).exits(0, &["full"]);
}
