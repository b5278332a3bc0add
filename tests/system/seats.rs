//! Seats through files only: five deployments and one issuer.

use lictor_shared::{RequestKind, Uuid};
use std::fs;

use super::deployment::Deployment;
use super::world::{Ran, World};

const GRANT: [&str; 2] = ["activation", "grant"];

fn with_seats(name: &str, seats: &[&str]) -> World {
    let world = World::new(name);
    let order = ["--activation", "required", "--seats"];
    world.issue("acme.lic", &[&order, seats].concat());
    world
}

/// Asks with a file, and takes the answer in.
fn ask(world: &World, deployment: &mut Deployment, kind: RequestKind) -> Ran {
    world.write("request.lic", deployment.ask(kind));
    let ran = world.run(&[&GRANT[..], &["request.lic", "--json"]].concat());
    if ran.exit == Some(0) {
        let serial = ran.json()["serial"].as_str().expect("a serial").to_owned();
        deployment.previous = (kind == RequestKind::Activate).then(|| Uuid::new(&serial).expect("a serial"));
    }
    ran
}

#[test]
fn from_the_first_seat_to_one_that_is_given_back() {
    let world = with_seats("seats", &["2", "--overage", "1"]);
    let license = world.run(&["license", "list", "--json"]).json()[0]["id"].as_str().unwrap().to_owned();
    let mut five: Vec<Deployment> =
        (1..=5).map(|number| Deployment::new(&world, "acme.lic", &format!("Depot {number}"))).collect();
    for (number, deployment) in five.iter_mut().take(3).enumerate() {
        let ran = ask(&world, deployment, RequestKind::Activate);
        assert_eq!(ran.json()["seat"], number + 1);
        assert_eq!(ran.words.contains("1 beyond the limit of 2 (overage 1)"), number == 2, "{ran:?}");
        ran.done();
    }
    // Denied: the envelope is data whether JSON is asked for or not, and the exit code is the code's.
    world.write("fourth.lic", five[3].ask(RequestKind::Activate));
    for form in [&["fourth.lic"][..], &["fourth.lic", "--json"]] {
        let ran = world.run(&[&GRANT[..], form].concat());
        ran.fails(13, &["All 3 seats", "lictor activation list", "lictor activation release"]);
        let envelope = ran.json();
        assert_eq!(envelope["success"], false);
        assert_eq!(envelope["code"], "LICENSE_SEAT_LIMIT");
        let details = &envelope["details"];
        assert_eq!(details["reason"], "seats_exhausted");
        assert_eq!((&details["limit"], &details["overage"]), (&2.into(), &1.into()));
        assert_eq!(details["active"], 3);
    }
    let ran = ask(&world, &mut five[0], RequestKind::Release);
    assert_eq!(ran.json()["kind"], "release");
    let ran = world.run(&[&GRANT[..], &["fourth.lic", "--out", "fourth.answer"]].concat());
    assert!(ran.words.contains("Granted seat 1 "), "{ran:?}");
    let serial = ran.done();
    for label in ["ACTIVATION", "STATUS LIST"] {
        assert!(world.read("fourth.answer").contains(&format!("-----BEGIN {label}-----")), "{label}");
    }
    // A copy of the second's folder asks with what the second had, and its next answer is lost.
    let (counter, previous) = (five[1].counter, five[1].previous);
    ask(&world, &mut five[1], RequestKind::Activate).done();
    let newest = (five[1].counter, five[1].previous);
    (five[1].counter, five[1].previous) = (counter, previous);
    let ran = ask(&world, &mut five[1], RequestKind::Activate);
    assert_eq!(ran.json()["history"], "forked", "{ran:?}");
    (five[1].counter, five[1].previous) = newest;
    let cited = five[2].previous;
    ask(&world, &mut five[2], RequestKind::Activate).done();
    five[2].previous = cited;
    let ran = ask(&world, &mut five[2], RequestKind::Activate);
    assert_eq!(ran.json()["history"], "lost_answer", "{ran:?}");
    // All of it is seen.
    let shown = world.run(&["license", "show", &license]).done();
    for seen in ["3 of 2 taken, overage 1", "released", "Depot 1", "Depot 4", "forked 1x", "lost_answer 1x"] {
        assert!(shown.contains(seen), "{seen}: {shown}");
    }
    assert!(shown.contains("seats_exhausted Depot 4") && !shown.contains("Depot 5"), "{shown}");
    let shown = world.run(&["license", "show", &license, "--json"]).json();
    assert_eq!((&shown["seats"]["used"], &shown["seats"]["beyondLimit"]), (&3.into(), &1.into()));
    assert_eq!(shown["deployments"].as_array().map(Vec::len), Some(4));
    let shown = world.run(&["activation", "show", serial.trim(), "--json"]).json();
    assert_eq!((&shown["label"], &shown["state"]), (&"Depot 4".into(), &"active".into()));
    let listed = world.run(&["activation", "list", "--customer", "Acme GmbH", "--json"]).json();
    assert_eq!(listed.as_array().map(Vec::len), Some(4), "{listed}");
    // Taken away, and given back for whoever is dead.
    world.run(&["activation", "revoke", &five[1].id(), "--note", "copied"]).done();
    world.run(&["activation", "release", &five[2].id(), "--license", &license]).done();
    world.run(&["activation", "release", &five[2].id()]).fails(20, &["already"]);
    assert_eq!(world.run(&["license", "show", &license, "--json"]).json()["seats"]["used"], 1);
    world.run(&["ledger", "verify"]).done();
}

#[test]
fn a_repeated_request_needs_no_key_and_gets_the_same_bytes() {
    let world = with_seats("seats repeated", &["2"]);
    let mut deployment = Deployment::new(&world, "acme.lic", "Depot");
    world.write("request.lic", deployment.ask(RequestKind::Activate));
    let first = world.run(&["activation", "grant", "request.lic"]).done();
    world.run(&["status", "publish"]).done();
    fs::remove_file(world.key_file()).expect("the key");
    let grant = |more: &[&str]| world.run(&[&["activation", "grant", "request.lic"], more].concat());
    world.untouched(|| {
        assert_eq!(grant(&[]).done(), first);
        assert_eq!(grant(&["--now", "2036-01-01T00:00:00Z"]).exit, Some(2), "the clock is given already");
        grant(&["--out", "answer.lic"]).done();
        grant(&["--out", "answer.lic"]).done();
        assert_eq!(world.read("answer.lic"), first);
        grant(&["--dry-run"]).done();
    });
}

#[test]
fn a_dry_run_and_a_request_id() {
    let world = with_seats("seats tried", &["1"]);
    let mut two: Vec<Deployment> =
        (1..=2).map(|number| Deployment::new(&world, "acme.lic", &format!("Depot {number}"))).collect();
    world.write("one.lic", two[0].ask(RequestKind::Activate));
    world.write("two.lic", two[1].ask(RequestKind::Activate));
    let grant = |more: &[&str]| world.run(&[&GRANT[..], more].concat());
    let ran = world.untouched(|| grant(&["one.lic", "--dry-run", "--json"]));
    let told = ran.json();
    assert_eq!(told["dryRun"], true);
    assert_eq!(told["claims"][0]["activation"]["seat"], 1);
    assert_eq!(told["events"][0]["kind"], "activation.granted");
    // Two requests in one call: what is given and what is denied stand side by side, and stay so under the id.
    let both = ["one.lic", "two.lic", "--request-id", "ticket-7"];
    let first = grant(&both);
    first.fails(13, &["Granted seat 1", "is taken"]);
    assert!(first.data.starts_with("-----BEGIN ACTIVATION-----\n"), "{first:?}");
    assert!(first.data.ends_with("}\n"), "{first:?}");
    let again = world.untouched(|| grant(&both));
    assert_eq!((again.exit, again.data), (Some(13), first.data));
    grant(&["two.lic", "--request-id", "ticket-7"]).fails(20, &["ticket-7"]);
}

/// What is denied in any case is denied whoever may sign, and holds up nobody.
#[test]
fn what_takes_no_signature_takes_no_key() {
    let world = with_seats("seats unsigned", &["2"]);
    let mut two: Vec<Deployment> =
        (1..=2).map(|number| Deployment::new(&world, "acme.lic", &format!("Depot {number}"))).collect();
    world.write("good.lic", two[0].ask(RequestKind::Activate));
    let foreign = |request: &mut lictor_shared::Request| {
        request.product = lictor_shared::Name::new("zzz").expect("a name");
    };
    world.write("bad.lic", two[1].ask_with(RequestKind::Activate, foreign));
    let ran = world.run(&[&GRANT[..], &["bad.lic", "good.lic"]].concat());
    ran.fails(10, &["Granted seat 1", "not for zzz"]);
    let key = world.run(&["key", "list", "--json"]).json()[0]["kid"].as_str().expect("a kid").to_owned();
    world.run(&["key", "retire", &key, "--without-successor"]).done();
    world.write("late.lic", two[1].ask(RequestKind::Activate));
    world.run(&[&GRANT[..], &["late.lic"]].concat()).fails(14, &["lictor key new"]);
    world.run(&[&GRANT[..], &["bad.lic"]].concat()).fails(10, &["not for zzz"]);
    let license =
        world.run(&["license", "list", "--json"]).json()[0]["id"].as_str().expect("an id").to_owned();
    world.run(&["license", "revoke", &license, "--reason", "other", "--confirm", &license]).done();
    world.run(&[&GRANT[..], &["late.lic"]].concat()).fails(12, &["has been revoked since"]);
    let denials = &world.run(&["license", "show", &license, "--json"]).json()["denials"];
    assert_eq!(denials["count"], 3);
}

#[test]
fn an_answer_that_is_given_again_says_that_its_seat_is_gone() {
    let world = with_seats("seats gone", &["1"]);
    let mut one = Deployment::new(&world, "acme.lic", "Depot");
    world.write("request.lic", one.ask(RequestKind::Activate));
    let grant = || world.run(&[&GRANT[..], &["request.lic", "--json"]].concat());
    assert_eq!(grant().exit, Some(0));
    let again = grant();
    assert!(again.json()["gone"].is_null() && !again.words.contains("since"), "{again:?}");
    world.run(&["activation", "release", &one.id()]).done();
    let again = grant();
    assert_eq!((again.exit, &again.json()["gone"]), (Some(0), &"released".into()));
    assert!(again.words.contains("was given back since"), "{again:?}");
}

#[test]
fn what_cannot_be_answered_is_said_and_changes_nothing() {
    let world = with_seats("seats refused", &["2"]);
    let stranger = with_seats("seats stranger", &["2"]);
    stranger.run(&["license", "list"]).done();
    world.write("request.lic", Deployment::new(&stranger, "acme.lic", "Depot").ask(RequestKind::Activate));
    let grant = |file: &str| world.untouched(|| world.run(&[&GRANT[..], &[file, "--json"]].concat()));
    let ran = grant("request.lic");
    ran.fails(21, &["request.lic: There is no license here"]);
    assert_eq!(ran.json()["code"], "NOT_FOUND");
    let several = Deployment::new(&world, "acme.lic", "Depot").ask(RequestKind::Activate);
    world.write("several.lic", format!("{several}{}", world.read("request.lic")));
    grant("several.lic").fails(21, &["several.lic: request 2 of 2: There is no license here"]);
    grant("acme.lic").fails(30, &["acme.lic: This is no activation request", "it is a license"]);
    grant("absent.lic").fails(30, &["absent.lic"]);
    world.run(&["activation", "show", "nobody-at-all"]).fails(21, &["lictor activation list"]);
    world.run(&["activation", "grant", "-", "-"]).fails(2, &["standard input"]);
    world.run(&["activation", "grant", "-", "--request-id", "x"]).fails(2, &["in files"]);
    world.run(&["activation", "grant", "-", "--passphrase-file", "-"]).fails(2, &["standard input"]);
}

#[test]
fn what_a_request_says_is_shown_and_not_believed() {
    let world = with_seats("seats inspected", &["2"]);
    let mut deployment = Deployment::new(&world, "acme.lic", "Depot");
    world.write("request.lic", deployment.ask(RequestKind::Activate));
    let inspect = |file: &str| world.run(&["activation", "inspect", file, "--json"]);
    let ran = inspect("request.lic");
    assert!(ran.words.contains("Not verified"), "{ran:?}");
    assert_eq!(ran.json()["claims"]["request"]["label"], "Depot");
    assert_eq!(ran.json()["signedBy"], format!("{}, its signature fits", deployment.id()));
    let answer = world.run(&["activation", "grant", "request.lic"]).done();
    world.write("answer.lic", &answer);
    assert_eq!(inspect("answer.lic").json()["claims"]["activation"]["seat"], 1);
    let bare = lictor_shared::armor::unwrap(answer.as_bytes(), lictor_shared::Label::Activation);
    world.write("bare.lic", &bare);
    assert_eq!(inspect("bare.lic").json()["kind"], "activation");
    world.write("release.lic", deployment.ask(RequestKind::Release));
    let receipt = world.run(&["activation", "grant", "release.lic"]).done();
    world.write(
        "receipt.lic",
        lictor_shared::armor::unwrap(receipt.as_bytes(), lictor_shared::Label::Release),
    );
    assert_eq!(inspect("receipt.lic").json()["kind"], "release");
    inspect("acme.lic").fails(30, &["neither a request nor an answer"]);
    // A byte changed: shown, and said to be worth nothing.
    let token = lictor_shared::armor::unwrap(
        world.read("request.lic").as_bytes(),
        lictor_shared::Label::ActivationRequest,
    );
    let at = token.rfind('.').expect("a signature") + 1;
    let other = if token[at..].starts_with('A') { "B" } else { "A" };
    world.write("changed.lic", format!("{}{other}{}", &token[..at], &token[at + 1..]));
    let ran = inspect("changed.lic");
    assert!(ran.words.contains("its signature does not fit"), "{ran:?}");
    ran.done();
}

#[test]
fn fewer_seats_than_are_taken_take_none_away() {
    let world = with_seats("seats fewer", &["3"]);
    let license = world.run(&["license", "list", "--json"]).json()[0]["id"].as_str().unwrap().to_owned();
    for number in 1..=3 {
        let mut deployment = Deployment::new(&world, "acme.lic", &format!("Depot {number}"));
        ask(&world, &mut deployment, RequestKind::Activate).done();
    }
    let ran = world.run(&["license", "amend", &license, "--seats", "2", "--out", "new.lic"]);
    assert!(ran.words.contains("3 seats are taken, and this revision has 2. They are kept"), "{ran:?}");
    ran.done();
    let ran = ask(&world, &mut Deployment::new(&world, "acme.lic", "Depot 4"), RequestKind::Activate);
    ran.fails(13, &["has 2 seats, and 3 are taken from before"]);
    assert!(world.run(&["license", "show", &license]).done().contains("3 of 2 taken"));
}
