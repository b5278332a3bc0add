//! A folder of requests, as a day brings them: each file is answered by a file, and one that cannot be stops no other.

use super::deployment::Deployment;
use super::world::{NOW, Ran, STATUS_URI, World};
use lictor_shared::{Name, RequestKind};
use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::symlink;
use std::process::Stdio;
use std::thread;
use std::time::Duration;

fn world(name: &str, seats: &str) -> World {
    let world = World::new(name);
    world.issue("acme.lic", &["--activation", "required", "--seats", seats]);
    fs::create_dir_all(world.path("inbox/a folder")).expect("made");
    world
}

fn ask(world: &World, name: &str) {
    let mut deployment = Deployment::new(world, "acme.lic", name);
    world.write(&format!("inbox/{name}"), deployment.ask(RequestKind::Activate));
}

fn grant(world: &World, more: &[&str]) -> Ran {
    world.run(&[&["activation", "grant", "inbox"], more].concat())
}

fn names(world: &World, folder: &str) -> Vec<String> {
    let files = fs::read_dir(world.path(folder)).expect("listed");
    let mut names: Vec<String> =
        files.map(|file| file.expect("a file").file_name().to_string_lossy().into_owned()).collect();
    names.sort();
    names
}

fn taken(world: &World) -> usize {
    world.run(&["audit", "verify"]).done();
    world.run(&["activation", "list", "--json"]).json().as_array().expect("a list").len()
}

#[test]
fn each_file_is_answered_by_a_file() {
    let world = world("grant folder", "3");
    ["b.request", "a.txt", "c", ".hidden"].iter().for_each(|name| ask(&world, name));
    ask(&world, "a folder/inner.request");
    grant(&world, &[]).fails(2, &["--out FOLDER"]);
    grant(&world, &["acme.lic", "--out", "o"]).fails(2, &["give a folder alone"]);
    grant(&world, &["--out", "o", "--request-id", "x"]).fails(2, &["leave --request-id out"]);
    grant(&world, &["--out", "home/keys"]).fails(20, &["belongs to the issuer's home"]);
    assert_eq!(world.untouched(|| grant(&world, &["--out", "o", "--dry-run"])).done().trim(), "3");
    assert!(!world.path("o").exists());
    let ran = grant(&world, &["--out", "o"]);
    assert!(ran.words.contains("Answered 3 files."), "{ran:?}");
    assert_eq!(ran.done(), "o/a.txt.answer\no/b.request.answer\no/c.answer\n");
    assert_eq!(names(&world, "o"), ["a.txt.answer", "b.request.answer", "c.answer"]);
    assert!(world.read("o/c.answer").starts_with("-----BEGIN ACTIVATION-----"));
    // Again: the same answers, and files that are missing or torn are written.
    let first = world.read("o/c.answer");
    fs::remove_file(world.path("o/c.answer")).expect("it is there");
    world.write("o/b.request.answer", "");
    let again = grant(&world, &["--out", "o", "--json"]);
    assert_eq!(again.data.lines().count(), 3);
    assert!(again.data.lines().all(|line| line.contains(r#""result":"repeated""#)), "{again:?}");
    again.done();
    assert_eq!((world.read("o/c.answer"), taken(&world)), (first, 3));
    assert!(!world.read("o/b.request.answer").is_empty());
}

#[test]
fn what_cannot_be_answered_is_named_and_stops_no_other() {
    let world = world("grant folder odd", "2");
    ["b", "d", "e", "f"].iter().for_each(|name| ask(&world, name));
    world.write("inbox/a", "Dear Sirs, please find attached nothing.");
    world.write("o", "a file");
    grant(&world, &["--out", "o"]).fails(31, &["o"]);
    fs::remove_file(world.path("o")).expect("it is there");
    fs::create_dir(world.path("o")).expect("made");
    world.write("o/d.answer", "somebody else's");
    let ran = grant(&world, &["--out", "o"]);
    // The letter comes first, then the name that is taken; of the rest the last finds no seat.
    ran.fails(30, &["inbox/a", "d.answer", "2 files could not be answered", "1 request was denied"]);
    assert!(ran.data.contains("o/b.answer") && ran.data.contains("o/e.answer"), "{ran:?}");
    assert!(!ran.data.contains("inbox/f") && ran.words.contains("Denied inbox/f:"), "{ran:?}");
    assert_eq!(world.read("o/d.answer"), "somebody else's");
    assert_eq!((names(&world, "o").len(), taken(&world)), (3, 2));
    fs::remove_file(world.path("inbox/a")).expect("it is there");
    fs::remove_file(world.path("inbox/d")).expect("it is there");
    grant(&world, &["--out", "o"]).fails(13, &["Answered 2 files.", "1 request was denied"]);
    let told = grant(&world, &["--out", "o", "--json"]);
    assert!(told.data.contains("LICENSE_SEAT_LIMIT") && told.data.contains("inbox/f"), "{told:?}");
}

/// Attachments bear the names that their senders chose.
#[test]
fn a_name_that_plays_with_the_terminal_is_left() {
    let world = world("grant folder names", "4");
    ask(&world, "plain é");
    for name in ["a\u{1b}[31mred", "b\nerror: all is lost", "c\u{202e}gpj"] {
        fs::copy(world.path("inbox/plain é"), world.path("inbox").join(name)).expect("copied");
    }
    let ran = grant(&world, &["--out", "o"]);
    ran.fails(
        20,
        &[
            "a\\u{1b}[31mred: the name is not UTF-8, or has characters that play",
            "3 files could not be answered",
        ],
    );
    assert_eq!(ran.data, "o/plain é.answer\n");
    assert!(!ran.words.contains(['\u{1b}', '\u{202e}']) && !ran.words.contains("\nerror: all"), "{ran:?}");
}

#[test]
fn the_answers_do_not_lie_among_the_requests() {
    let world = world("grant folder same", "2");
    ask(&world, "a");
    world.untouched(|| grant(&world, &["--out", "inbox/"])).fails(2, &["give --out another folder"]);
    assert_eq!(names(&world, "inbox"), ["a", "a folder"]);
}

#[test]
fn killed_and_repeated_each_request_has_one_seat() {
    let world = world("grant folder killed", "300");
    (0..200).for_each(|number| ask(&world, &format!("r{number:03}")));
    let mut landed = 0;
    for millis in [150, 400, 700, 1000] {
        let mut command = world.command();
        command.args(["activation", "grant", "inbox", "--out", "o", "--now", NOW]);
        let mut child = command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("it starts");
        thread::sleep(Duration::from_millis(millis));
        child.kill().expect("it is killed");
        landed += u64::from(!child.wait().expect("it ended").success());
    }
    assert!(landed > 0, "no kill came before the end");
    let told = grant(&world, &["--out", "o"]).done();
    let distinct: BTreeSet<&str> = told.lines().collect();
    assert_eq!((distinct.len(), taken(&world)), (200, 200));
    for path in distinct {
        let answer = world.read(path);
        assert!(answer.trim_end().ends_with("-----"), "{path}: {answer}");
    }
}

/// The file of a day's mail from one sender: of its requests the last one found no seat.
#[test]
fn a_file_that_was_denied_in_part_is_answered_again() {
    let world = world("grant folder part", "2");
    let requests = ["b", "c", "d"].map(|name| {
        ask(&world, name);
        let request = world.read(&format!("inbox/{name}"));
        fs::remove_file(world.path(&format!("inbox/{name}"))).expect("it is there");
        request
    });
    world.write("inbox/mail", requests.concat());
    grant(&world, &["--out", "o"]).fails(13, &["Answered 1 file.", "1 request was denied"]);
    let first = world.read("o/mail.answer");
    assert_eq!(first.matches("-----BEGIN ACTIVATION-----").count(), 2);
    grant(&world, &["--out", "o"]).fails(13, &["Answered 1 file.", "1 request was denied"]);
    assert_eq!((world.read("o/mail.answer"), taken(&world)), (first.clone(), 2));
    // With one seat more the third one is granted, and the answers of the others stay.
    let id = world.run(&["license", "list", "--json"]).json()[0]["id"].as_str().expect("an id").to_owned();
    world.run(&["license", "amend", &id, "--seats", "3", "--out", "more.lic"]).done();
    grant(&world, &["--out", "o"]).done();
    let third = world.read("o/mail.answer");
    assert_eq!((third.matches("-----BEGIN ACTIVATION-----").count(), taken(&world)), (3, 3));
    // What somebody else wrote there is not taken for an answer.
    world.write("o/mail.answer", format!("{first}a note"));
    grant(&world, &["--out", "o"]).fails(20, &["mail.answer"]);
}

/// The first of two requests in a file is denied, and is granted a seat in another way before the file is brought again.
#[test]
fn a_file_is_answered_whichever_of_its_requests_was_denied() {
    let world = world("grant folder first", "1");
    world.issue("other.lic", &["--customer-id", "other", "--activation", "required"]);
    ask(&world, "taken");
    grant(&world, &["--out", "o"]).done();
    let mut late = Deployment::new(&world, "acme.lic", "late");
    let late = late.ask(RequestKind::Activate);
    let granted = Deployment::new(&world, "other.lic", "granted").ask(RequestKind::Activate);
    world.write("inbox/mail", format!("{late}{granted}"));
    grant(&world, &["--out", "o"]).fails(13, &["Answered 2 files.", "1 request was denied"]);
    let first = world.read("o/mail.answer");
    let licenses = world.run(&["license", "list", "--json"]).json();
    let of = |customer: &str| {
        let licenses = licenses.as_array().expect("a list").iter();
        let mut found = licenses.filter(|license| license["customerId"] == customer);
        found.next().and_then(|license| license["id"].as_str()).expect("an id").to_owned()
    };
    world.run(&["license", "amend", &of("acme-gmbh"), "--seats", "2", "--out", "more.lic"]).done();
    world.write("late", late);
    let alone = world.run(&["activation", "grant", "late"]).done();
    grant(&world, &["--out", "o"]).done();
    assert_eq!(world.read("o/mail.answer"), format!("{alone}{first}"));
}

/// Neither a request for a license of somebody who was erased, nor a name that leaves no room for an answer.
#[test]
fn a_file_that_can_never_be_answered_stops_no_other() {
    let world = world("grant folder never", "3");
    ask(&world, "b");
    world.run(&[&INITECH[..], &["--out", "gone.lic"]].concat()).done();
    let mut deployment = Deployment::new(&world, "gone.lic", "gone");
    world.write("inbox/a", deployment.ask(RequestKind::Activate));
    world.run(&["customer", "erase", "initech", "--running", "--confirm", "initech"]).done();
    ask(&world, "c");
    fs::rename(world.path("inbox/c"), world.path("inbox").join("x".repeat(230))).expect("renamed");
    let ran = grant(&world, &["--out", "o"]);
    ran.fails(
        20,
        &["inbox/a", "was erased", "the name is too long", "Answered 1 file.", "2 files could not"],
    );
    assert_eq!((names(&world, "o"), taken(&world)), (vec!["b.answer".to_owned()], 1));
}

/// Whoever opens a pipe to read it waits for somebody to write.
#[test]
fn a_pipe_holds_up_nobody() {
    let world = world("grant folder pipe", "3");
    ["a", "b"].iter().for_each(|name| ask(&world, name));
    grant(&world, &["--out", "o"]).done();
    fs::remove_file(world.path("o/a.answer")).expect("it is there");
    ["o/a.answer", "inbox/pipe"].iter().for_each(|pipe| world.make_pipe(pipe));
    let at_once =
        |more: &[&str]| world.run_at_once(&[&["activation", "grant", "inbox", "--out", "o"], more].concat());
    for more in [&[][..], &["--force"]] {
        at_once(more).fails(20, &["o/a.answer is a pipe", "Answered 1 file.", "1 file could not be"]);
    }
    fs::remove_file(world.path("o/a.answer")).expect("it is there");
    // What a link leads to is not looked at either, though it could be an answer that was begun.
    world.write("begun", "");
    symlink(world.path("begun"), world.path("o/a.answer")).expect("linked");
    at_once(&[]).fails(20, &["o/a.answer exists already"]);
    fs::remove_file(world.path("o/a.answer")).expect("it is there");
    at_once(&[]).done();
    assert_eq!((names(&world, "o").len(), taken(&world)), (2, 2));
}

/// Of two products one has a key for its activations.
#[test]
fn a_product_without_a_key_stops_no_other() {
    let world = World::empty("grant folder keys");
    world.run(&["init", "--issuer", "acme-licensing", "--status-uri", STATUS_URI]).done();
    let key = ["key", "new", "--no-passphrase", "--purpose"];
    world.run(&[&key[..], &["license", "--purpose", "status"]].concat()).done();
    fs::create_dir_all(world.path("inbox")).expect("made");
    for product in ["desk", "dialer"] {
        world.run(&["product", "add", product, "--plan", "pro"]).done();
        let order = ["issue", "--product", product, "--plan", "pro", "--customer", "Acme", "--term", "1y"];
        world.run(&[&order[..], &["--activation", "required", "--out", product]].concat()).done();
        let mut deployment = Deployment::new(&world, product, product);
        let named = Name::new(product).expect("a name");
        let request = deployment.ask_with(RequestKind::Activate, |request| request.product = named);
        world.write(&format!("inbox/{product}"), request);
    }
    // Where no product has one, no file is to blame.
    let ran = world.untouched(|| grant(&world, &["--out", "o"]));
    ran.fails(14, &["No active key may sign activations"]);
    assert!(!ran.words.contains("inbox/"), "{ran:?}");
    world.run(&[&key[..], &["activation", "--product", "dialer"]].concat()).done();
    let tried = world.untouched(|| grant(&world, &["--out", "o", "--dry-run"]));
    tried.fails(14, &["inbox/desk"]);
    let ran = grant(&world, &["--out", "o"]);
    ran.fails(14, &["inbox/desk: No active key", "Answered 1 file.", "1 file could not be"]);
    assert_eq!((names(&world, "o"), taken(&world)), (vec!["dialer.answer".to_owned()], 1));
    // What was answered needs no key any more, and is written again.
    fs::remove_file(world.path("o/dialer.answer")).expect("it is there");
    grant(&world, &["--out", "o"]).fails(14, &["inbox/desk: ", "Answered 1 file."]);
    assert_eq!(names(&world, "o"), ["dialer.answer"]);
    // The first that was left says how it ends, whatever it was left for.
    world.write("inbox/doc", "Dear Sirs, please find attached nothing.");
    grant(&world, &["--out", "o"]).fails(14, &["inbox/doc", "2 files could not be"]);
    world.write("inbox/a", "Dear Sirs, please find attached nothing.");
    grant(&world, &["--out", "o"]).fails(30, &["3 files could not be"]);
    // Nor does the lack of a key speak for the others where no file is answered.
    fs::remove_file(world.path("inbox/dialer")).expect("it is there");
    let ran = grant(&world, &["--out", "o"]);
    ran.fails(30, &["inbox/a: ", "inbox/desk: No active key", "inbox/doc: ", "3 files could not be"]);
}

/// Letters are left before any request is answered, and may stand behind one that is denied.
#[test]
fn the_first_by_name_says_how_it_ends() {
    let world = world("grant folder first", "1");
    ["a", "b"].iter().for_each(|name| ask(&world, name));
    world.write("inbox/c", "Dear Sirs, please find attached nothing.");
    grant(&world, &["--out", "o"]).fails(13, &["inbox/c", "1 request was denied", "1 file could not be"]);
    world.write("inbox/ab", "Dear Sirs, please find attached nothing.");
    grant(&world, &["--out", "o"]).fails(30, &["inbox/ab", "1 request was denied", "2 files could not be"]);
}

const INITECH: [&str; 11] = [
    "issue",
    "--product",
    "dialer",
    "--plan",
    "pro",
    "--customer",
    "Initech",
    "--term",
    "1y",
    "--activation",
    "required",
];
