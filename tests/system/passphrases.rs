//! Prompts, driven through a pseudo-terminal.

use super::world::{ISSUE, NOW, STATUS_URI, World};
use std::process::Stdio;

use rexpect::session::{PtySession, spawn_command};

/// The program at a terminal.
pub(crate) fn terminal(world: &World, arguments: &[&str]) -> PtySession {
    let mut command = world.command();
    command.args(arguments).args(["--now", NOW]).stdin(Stdio::inherit());
    spawn_command(command, Some(20_000)).unwrap_or_else(|error| panic!("a pseudo-terminal: {error}"))
}

pub(crate) fn answer(session: &mut PtySession, question: &str, answer: &str) {
    session.exp_string(question).unwrap_or_else(|error| panic!("{question}: {error}"));
    session.send_line(answer).expect("it listens");
}

#[test]
fn a_new_passphrase_is_asked_for_twice_and_opens_the_key() {
    let world = World::empty("prompt");
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", STATUS_URI]).done();
    world.run(&["product", "add", "dialer", "--plan", "pro"]).done();

    let mut session = terminal(&world, &["key", "new"]);
    answer(&mut session, "New passphrase for the key file: ", "one two three");
    answer(&mut session, "The same again: ", "one two four");
    session.exp_string("the two passphrases differ").expect("it says so");
    session.exp_eof().expect("it ends");
    assert!(std::fs::read_dir(world.path("home/keys")).expect("listed").next().is_none(), "no key was made");

    let mut session = terminal(&world, &["key", "new"]);
    answer(&mut session, "New passphrase for the key file: ", "one two three");
    answer(&mut session, "The same again: ", "one two three");
    let seen = session.exp_eof().expect("it ends");
    assert!(
        seen.contains("is active") && !seen.contains("one two three"),
        "the passphrase is not echoed: {seen}"
    );

    let issue = [&ISSUE[..], &["--out", "acme.lic"]].concat();
    let mut session = terminal(&world, &issue);
    answer(&mut session, "Passphrase of the signing key", "one two four");
    session.exp_string("passphrase").expect("it says what is wrong");
    session.exp_eof().expect("it ends");
    assert!(!world.path("acme.lic").exists());

    let mut session = terminal(&world, &issue);
    answer(&mut session, "Passphrase of the signing key", "one two three");
    session.exp_string("Issued the license").expect("it signs");
    session.exp_eof().expect("it ends");
    assert!(world.path("acme.lic").exists());
}

#[test]
fn a_revocation_asks_for_the_id() {
    let world = World::new("prompt revoke");
    let id = world.issue("acme.lic", &[]);
    let revoke = ["license", "revoke", &id, "--reason", "fraud"];
    let mut session = terminal(&world, &revoke);
    answer(&mut session, "Type its id to confirm:", "yes");
    session.exp_string("nothing was revoked").expect("a slip is refused");
    session.exp_eof().expect("it ends");

    let mut session = terminal(&world, &revoke);
    answer(&mut session, "Type its id to confirm:", &id);
    session.exp_string("Revoked the license").expect("it revokes");
    session.exp_eof().expect("it ends");
    assert_eq!(world.run(&["license", "list", "--json"]).json()[0]["state"], "revoked");
}

#[test]
fn an_erasure_asks_for_the_customer() {
    let world = World::new("prompt erase");
    world.issue("acme.lic", &[]);
    let erase = ["customer", "erase", "Acme GmbH", "--running"];
    let question = "Type the customer's id to confirm:";
    world.untouched(|| {
        let mut session = terminal(&world, &erase);
        // The name is not the id.
        answer(&mut session, question, "Acme GmbH");
        session.exp_string("nothing was erased").expect("a slip is refused");
        session.exp_eof().expect("it ends");

        let mut session = terminal(&world, &erase);
        session.exp_string(question).expect("it asks");
        session.send_control('d').expect("it listens");
        session.exp_string("nothing was typed").expect("the end of the input is no answer");
        session.exp_eof().expect("it ends");
    });
    assert_eq!(world.run(&["customer", "show", "acme-gmbh", "--json"]).exit, Some(0));

    let mut session = terminal(&world, &erase);
    session.exp_string("for good").expect("it says what it means");
    answer(&mut session, question, "acme-gmbh");
    session.exp_string("Erased the customer").expect("it erases");
    session.exp_eof().expect("it ends");
    assert_eq!(world.run(&["customer", "show", "acme-gmbh", "--json"]).exit, Some(21));
}

#[test]
fn replacing_a_ledger_asks_for_the_issuer() {
    let world = World::new("prompt restore");
    world.run(&["ledger", "backup", "backup.db"]).done();
    world.issue("acme.lic", &[]);
    let restore = ["ledger", "restore", "backup.db", "--status-uri", "urn:acme:status:1", "--replace"];
    let mut session = terminal(&world, &restore);
    answer(&mut session, "Type the issuer's name to confirm:", "yes");
    session.exp_string("nothing was replaced").expect("a slip is refused");
    session.exp_eof().expect("it ends");

    let mut session = terminal(&world, &restore);
    answer(&mut session, "Type the issuer's name to confirm:", "acme-licensing");
    session.exp_string("Restored the ledger").expect("it restores");
    session.exp_eof().expect("it ends");
    assert_eq!(world.run(&["license", "list", "--json"]).json().as_array().map(Vec::len), Some(0));
}

#[test]
fn another_passphrase_is_asked_for_twice_after_the_old_one() {
    let world = World::empty("prompt reseal");
    world.write("old", "one two three");
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", STATUS_URI]).done();
    let kid = world.run(&["key", "new", "--passphrase-file", "old"]).done();
    let kid = kid.trim();

    let mut session = terminal(&world, &["key", "passphrase", kid]);
    answer(&mut session, "Passphrase of the signing key", "one two three");
    answer(&mut session, "New passphrase for the key file: ", "four five six");
    answer(&mut session, "The same again: ", "four five seven");
    session.exp_string("the two passphrases differ").expect("it says so");
    session.exp_eof().expect("it ends");

    let mut session = terminal(&world, &["key", "passphrase", kid]);
    answer(&mut session, "Passphrase of the signing key", "one two three");
    answer(&mut session, "New passphrase for the key file: ", "four five six");
    answer(&mut session, "The same again: ", "four five six");
    let seen = session.exp_eof().expect("it ends");
    assert!(seen.contains("opens with the new passphrase only") && !seen.contains("four five six"), "{seen}");

    let publish = |file: &str| world.run(&["status", "publish", "--passphrase-file", file]);
    publish("old").fails(30, &["passphrase"]);
    world.write("new", "four five six");
    publish("new").done();
}

#[test]
fn what_cannot_be_taken_back_asks_for_the_keys_id() {
    let world = World::new("prompt keys");
    let kid = world.run(&["key", "list", "--json"]).json()[0]["kid"].as_str().expect("a kid").to_string();
    let distrust = ["key", "distrust", &kid[..8], "--after", "2027-01-01T00:00:00Z"];
    let mut session = terminal(&world, &distrust);
    session.exp_string("refuse every").expect("it says what it means");
    answer(&mut session, "Type its id to confirm:", &kid[..8]);
    session.exp_string("nothing was distrusted").expect("a slip is refused");
    session.exp_eof().expect("it ends");
    let state = || world.run(&["key", "list", "--json"]).json()[0]["state"].clone();
    assert_eq!(state(), "active");

    let mut session = terminal(&world, &distrust);
    answer(&mut session, "Type its id to confirm:", &kid);
    session.exp_string("is distrusted").expect("it is done");
    session.exp_eof().expect("it ends");
    assert_eq!(state(), "distrusted");

    let mut session = terminal(&world, &["key", "destroy", &kid]);
    answer(&mut session, "Type its id to confirm:", "yes");
    session.exp_string("nothing was destroyed").expect("a slip is refused");
    session.exp_eof().expect("it ends");
    assert!(world.key_file().exists());

    let mut session = terminal(&world, &["key", "destroy", &kid]);
    answer(&mut session, "Type its id to confirm:", &kid);
    session.exp_string("its file is deleted").expect("it is done");
    session.exp_eof().expect("it ends");
    assert_eq!(state(), "destroyed");
    assert!(std::fs::read_dir(world.path("home/keys")).expect("listed").next().is_none());
}
