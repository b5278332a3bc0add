//! Requests, activations and receipts.

use crate::artefacts::{
    DAY, ID, SEAT_ENTRY, START, activation, foreign_activation, issuer, license, list, other_key, receipt,
    request, serial,
};
use crate::world::{World, install, says};
use lictor_shared::{AnchorSet, Name, RequestKind, Text, Uuid};
use lictor_validator::host::{Ask, AskError, Guard, Signal};
use lictor_validator::{Mode, Reason};
use serde_json::Value;
use std::fs;

fn activated_only() -> String {
    license(|claims| claims["license"]["activation"] = "required".into())
}

fn ask(guard: &Guard, kind: RequestKind) -> Value {
    let ask = Ask { kind, license: None, label: Text::new("web").unwrap(), signals: &[] };
    request(&guard.ask(&ask).unwrap())
}

fn guard_of(world: &World) -> Guard {
    let guard = world.guard();
    install(&guard, &activated_only(), &["accepted"]);
    says(&guard, Mode::Grace, &[Reason::NotActivated]);
    guard
}

#[test]
fn a_request_says_what_the_issuer_needs() {
    let world = World::new("request");
    let guard = guard_of(&world);
    let id = b"0123456789abcdef";
    let signals = [Signal::new(Name::new("machine").unwrap(), id).unwrap()];
    let label = Text::new("Büro 3").unwrap();
    let made =
        guard.ask(&Ask { kind: RequestKind::Activate, license: None, label, signals: &signals }).unwrap();
    assert!(made.starts_with("-----BEGIN ACTIVATION REQUEST-----\n"), "{made}");
    assert!(made.lines().all(|line| line.len() <= 64));
    let said = request(&made);
    let deployment = guard.deployment().unwrap().to_string();
    assert_eq!(said["iss"], deployment);
    assert_eq!(said["aud"], "acme-licensing");
    assert_eq!(said["iat"], START);
    let body = &said["request"];
    assert_eq!(body["kind"], "activate");
    assert_eq!(body["license"], ID);
    assert_eq!(body["product"], "dialer");
    assert_eq!(body["label"], "Büro 3");
    assert_eq!(body["counter"], 1);
    assert_eq!(body["previous"], Value::Null);
    assert_eq!(body["validator"], "dialer 7.3");
    let token = activated_only().lines().nth(1).unwrap().to_string();
    let hash: String =
        <sha2::Sha256 as sha2::Digest>::digest(token).iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(body["licenseHash"], hash);
    // As `openssl dgst -sha256 -hmac` says.
    assert_eq!(
        body["signals"]["machine"],
        "227109d5e2c9469ad4fd3674f891b23bac3170143b7f0a07400bbf7345028432"
    );
    // And what the issuer's reader says of it.
    let token: String = made.lines().filter(|line| !line.starts_with("---")).collect();
    let received = lictor_shared::Received::<lictor_shared::Request>::read(&token).unwrap();
    let read =
        <lictor_shared::Request as lictor_shared::Artefact>::read(received.untrusted_payload()).unwrap();
    assert_eq!(read.deployment.to_string(), deployment);
}

#[test]
fn the_counter_grows_by_one_over_restarts_and_a_repetition_does_not_count() {
    let world = World::new("counter");
    let guard = guard_of(&world);
    assert!(matches!(guard.ask_again(), Err(AskError::NothingAsked)));
    let first = ask(&guard, RequestKind::Activate);
    let second = ask(&guard, RequestKind::Activate);
    assert_ne!(first["jti"], second["jti"]);
    drop(guard);
    let guard = world.guard();
    let again = request(&guard.ask_again().unwrap());
    assert_eq!(again, second);
    let third = ask(&guard, RequestKind::Release);
    let counters = [&first, &second, &again, &third].map(|request| request["request"]["counter"].as_u64());
    assert_eq!(counters, [Some(1), Some(2), Some(2), Some(3)]);
    assert_eq!(third["request"]["kind"], "release");
    world.file("request-");
}

#[test]
fn what_cannot_be_asked() {
    let world = World::new("cannot ask");
    let guard = world.guard();
    let label = || Text::new("web").unwrap();
    let of = |license| Ask { kind: RequestKind::Activate, license, label: label(), signals: &[] };
    assert!(matches!(guard.ask(&of(None)), Err(AskError::NoLicense)));
    install(&guard, &activated_only(), &["accepted"]);
    assert!(matches!(guard.ask(&of(Some(Uuid::new(&serial(7)).unwrap()))), Err(AskError::NoLicense)));
    assert!(guard.ask(&of(Some(Uuid::new(ID).unwrap()))).is_ok());
    let signal = |name: &str| Signal::new(Name::new(name).unwrap(), &[7; 16]).unwrap();
    let with = |signals| Ask { kind: RequestKind::Activate, license: None, label: label(), signals };
    let twice = [signal("a"), signal("a")];
    assert!(matches!(guard.ask(&with(&twice)), Err(AskError::Signals)));
    let nine: Vec<Signal> = (0..9).map(|number| signal(&format!("s{number}"))).collect();
    assert!(matches!(guard.ask(&with(&nine)), Err(AskError::Signals)));
    assert_eq!(world.remembered()["requests"]["counter"], 1, "what fails is not counted");
}

#[test]
fn activated_then_released() {
    let world = World::new("released");
    let guard = guard_of(&world);
    let asked = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&asked, 1, START, |_| ()), &["accepted"]);
    says(&guard, Mode::Full, &[]);
    install(&guard, &activation(&asked, 1, START, |_| ()), &["held"]);
    drop(guard);
    let guard = world.guard();
    says(&guard, Mode::Full, &[]);
    world.set_clock(START + 20 * DAY);
    let release = ask(&guard, RequestKind::Release);
    assert_eq!(release["request"]["previous"], serial(1));
    // The receipt of another deployment is none for this one.
    let mut foreign = release.clone();
    foreign["iss"] = "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k".into();
    install(&guard, &receipt(&foreign, START + 20 * DAY), &["not usable"]);
    says(&guard, Mode::Full, &[]);
    install(&guard, &receipt(&release, START + 20 * DAY), &["released"]);
    says(&guard, Mode::ReadOnly, &[Reason::NotActivated]);
    assert!(world.names().iter().all(|name| !name.starts_with("activation-")), "{:?}", world.names());
    // A seat that is granted afterwards is not given back by the same receipt.
    let asked = ask(&guard, RequestKind::Activate);
    assert_eq!(asked["request"]["previous"], Value::Null);
    install(&guard, &activation(&asked, 2, START + 20 * DAY + 1, |_| ()), &["accepted"]);
    install(&guard, &receipt(&release, START + 20 * DAY), &["released"]);
    says(&guard, Mode::Full, &[]);
}

#[test]
fn an_activation_of_somebody_else_is_of_no_use_here() {
    let world = World::new("somebody else");
    let guard = guard_of(&world);
    let asked = ask(&guard, RequestKind::Activate);
    let neighbour = World::new("neighbour");
    let other = guard_of(&neighbour);
    let granted = activation(&ask(&other, RequestKind::Activate), 1, START, |_| ());
    install(&guard, &granted, &["not usable"]);
    install(&guard, &activation(&asked, 1, START, |claims| claims["aud"] = ["desk"].into()), &["not usable"]);
    says(&guard, Mode::Grace, &[Reason::NotActivated]);
    // The state of the neighbour copied whole is another matter: the key is copied with it.
    install(&other, &granted, &["accepted"]);
}

#[test]
fn the_later_activation_is_held_and_the_earlier_cited_no_more() {
    let world = World::new("later");
    let guard = guard_of(&world);
    let first = ask(&guard, RequestKind::Activate);
    let second = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&second, 2, START + 5, |_| ()), &["accepted"]);
    install(&guard, &activation(&first, 1, START, |_| ()), &["outranked"]);
    assert_eq!(ask(&guard, RequestKind::Activate)["request"]["previous"], serial(2));
    // The answer to the newest request is wanted, whatever the issuer's clock.
    let newest = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&newest, 3, START - DAY, |_| ()), &["accepted"]);
    assert_eq!(ask(&guard, RequestKind::Activate)["request"]["previous"], serial(3));
    world.file("activation-");
}

#[test]
fn a_revoked_seat_is_learned_of_as_a_license_is() {
    let world = World::new("revoked seat");
    let guard = guard_of(&world);
    let asked = ask(&guard, RequestKind::Activate);
    install(
        &guard,
        &(list(1, START, &[]) + &activation(&asked, 1, START, |_| ())),
        &["accepted", "accepted"],
    );
    for day in 1..=30 {
        world.set_clock(START + day * DAY);
        guard.tick();
    }
    install(&guard, &list(2, START + 30 * DAY, &[(SEAT_ENTRY, 1, START)]), &["accepted"]);
    says(&guard, Mode::Grace, &[Reason::ActivationRevoked]);
    assert_eq!(guard.verdict().until().unwrap().seconds(), START + 37 * DAY);
}

/// An activation that answers the newest request resets the watermark to its iat, once per nonce.
#[test]
fn an_answer_resets_a_watermark_that_was_burnt() {
    let world = World::new("reset");
    let guard = guard_of(&world);
    let ahead = START + 2 * 365 * DAY;
    // A clock that stood two years ahead for more than a month is believed in the end.
    for day in [0, 30, 31, 32] {
        world.set_clock(ahead + day * DAY);
        guard.tick();
    }
    world.set_clock(START + DAY);
    says(&guard, Mode::ReadOnly, &[Reason::NotActivated, Reason::Expired, Reason::ClockRolledBack]);
    let asked = ask(&guard, RequestKind::Activate);
    assert_eq!(asked["iat"], START + DAY, "by the deployment's clock");
    let answer = activation(&asked, 1, START + DAY, |_| ());
    assert_eq!(guard.awaited().map(|nonce| nonce.to_string()).as_deref(), asked["jti"].as_str());
    // A replica remembers the burnt one too.
    let replica = world.guard();
    says(&replica, Mode::ReadOnly, &[Reason::NotActivated, Reason::Expired, Reason::ClockRolledBack]);
    install(&guard, &answer, &["accepted"]);
    assert_eq!(guard.awaited(), None);
    says(&guard, Mode::Full, &[]);
    assert_eq!(world.remembered()["watermark"], START + DAY);
    replica.tick();
    says(&replica, Mode::Full, &[]);
    assert_eq!(world.remembered()["watermark"], START + DAY, "and does not bring it back");
    assert_eq!(world.remembered()["requests"]["newest"]["answered"], true);
    // Once per nonce: the same request answered again resets nothing.
    world.set_clock(START + 2 * DAY);
    guard.tick();
    install(&guard, &activation(&asked, 2, START + DAY + 1, |_| ()), &["accepted"]);
    assert_eq!(world.remembered()["watermark"], START + 2 * DAY);
}

#[test]
fn an_answer_to_an_older_request_resets_nothing() {
    let world = World::new("old answer");
    let guard = guard_of(&world);
    let older = ask(&guard, RequestKind::Activate);
    let _newest = ask(&guard, RequestKind::Activate);
    world.set_clock(START + DAY);
    guard.tick();
    install(&guard, &activation(&older, 1, START, |_| ()), &["accepted"]);
    assert_eq!(world.remembered()["watermark"], START + DAY);
    assert_eq!(world.remembered()["requests"]["newest"]["answered"], false);
}

/// Neither a file that is watched, nor what a crash left, nor a backup of it takes back a seat that was given back.
#[test]
fn what_was_released_is_not_taken_up_again() {
    let world = World::new("released for good");
    let guard = guard_of(&world);
    let asked = ask(&guard, RequestKind::Activate);
    let granted = activation(&asked, 1, START, |_| ());
    let watched = world.path("answer.txt");
    fs::write(&watched, &granted).unwrap();
    drop(guard);
    let guard = world.opening().watch(&watched).open();
    says(&guard, Mode::Full, &[]);
    world.set_clock(START + 20 * DAY);
    let release = ask(&guard, RequestKind::Release);
    let (file, bytes) = (world.file("activation-"), fs::read(world.file("activation-")).unwrap());
    install(&guard, &receipt(&release, START + 20 * DAY), &["released"]);
    says(&guard, Mode::ReadOnly, &[Reason::NotActivated]);
    guard.reload();
    says(&guard, Mode::ReadOnly, &[Reason::NotActivated]);
    install(&guard, &granted, &["outranked"]);
    drop(guard);
    fs::write(&file, &bytes).unwrap();
    let guard = world.guard();
    says(&guard, Mode::ReadOnly, &[Reason::NotActivated]);
    assert!(!file.exists(), "it is outranked for good");
    drop(guard);
    // Also where the state is gone: the receipt is an artefact like the others.
    fs::write(&file, &bytes).unwrap();
    fs::remove_file(world.state().join("state.json")).unwrap();
    says(&world.guard(), Mode::Grace, &[Reason::NotActivated]);
    world.file("release-");
}

#[test]
fn a_seat_may_be_taken_again_in_the_second_in_which_it_was_given_back() {
    let world = World::new("same second");
    let guard = guard_of(&world);
    let first = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&first, 1, START, |_| ()), &["accepted"]);
    let release = ask(&guard, RequestKind::Release);
    let given_back = receipt(&release, START);
    install(&guard, &given_back, &["released"]);
    let again = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&again, 2, START, |_| ()), &["accepted"]);
    says(&guard, Mode::Full, &[]);
    install(&guard, &activation(&again, 2, START, |_| ()), &["held"]);
    // The receipt once more says nothing new.
    install(&guard, &given_back, &["released"]);
    drop(guard);
    says(&world.guard(), Mode::Full, &[]);
    // A receipt that is older than the one held neither.
    let older = receipt(&release, START - 1);
    install(&world.guard(), &older, &["outranked"]);
    world.file("release-");
}

/// What answers the newest request is wanted, whatever the issuer's clock; what ended before stays ended.
#[test]
fn a_receipt_from_a_clock_that_was_set_back_ends_what_it_was_asked_to_end() {
    let world = World::new("receipt set back");
    let guard = guard_of(&world);
    let first = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&first, 1, START + 9, |_| ()), &["accepted"]);
    let release = ask(&guard, RequestKind::Release);
    install(&guard, &receipt(&release, START + 10), &["released"]);
    let again = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&again, 2, START + 5, |_| ()), &["accepted"]);
    says(&guard, Mode::Full, &[]);
    let release = ask(&guard, RequestKind::Release);
    install(&guard, &receipt(&release, START + 7), &["released"]);
    assert_eq!(guard.awaited(), None);
    assert!(guard.verdict().reasons().contains(&Reason::NotActivated));
    install(&guard, &activation(&first, 1, START + 9, |_| ()), &["outranked"]);
    assert!(guard.verdict().reasons().contains(&Reason::NotActivated));
    world.file("release-");
}

/// The issuer's clock was set back between the seat and the receipt. Neither a file that is watched, nor what a crash left,
/// takes back what was given back.
#[test]
fn a_receipt_that_is_dated_before_the_seat_ends_it_where_it_was_asked_for() {
    let world = World::new("receipt before seat");
    let guard = guard_of(&world);
    let asked = ask(&guard, RequestKind::Activate);
    let granted = activation(&asked, 1, START + 3600, |_| ());
    let watched = world.path("answer.txt");
    fs::write(&watched, &granted).unwrap();
    drop(guard);
    let guard = world.opening().watch(&watched).open();
    says(&guard, Mode::Full, &[]);
    let (file, bytes) = (world.file("activation-"), fs::read(world.file("activation-")).unwrap());
    let release = ask(&guard, RequestKind::Release);
    install(&guard, &receipt(&release, START + 60), &["released"]);
    says(&guard, Mode::Grace, &[Reason::NotActivated]);
    assert_eq!(guard.awaited(), None);
    guard.reload();
    says(&guard, Mode::Grace, &[Reason::NotActivated]);
    install(&guard, &granted, &["outranked"]);
    drop(guard);
    fs::write(&file, &bytes).unwrap();
    says(&world.guard(), Mode::Grace, &[Reason::NotActivated]);
    // What is asked for from now on counts.
    let guard = world.guard();
    let again = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&again, 2, START + 30, |_| ()), &["accepted"]);
    says(&guard, Mode::Full, &[]);
}

/// A receipt that was on its way for long ends what came before it, and not the seat that was granted meanwhile.
#[test]
fn a_receipt_that_comes_late_does_not_end_a_younger_seat() {
    let world = World::new("late receipt");
    let guard = guard_of(&world);
    let first = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&first, 1, START, |_| ()), &["accepted"]);
    let release = ask(&guard, RequestKind::Release);
    let again = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&again, 2, START + 10, |_| ()), &["accepted"]);
    install(&guard, &receipt(&release, START + 9), &["released"]);
    says(&guard, Mode::Full, &[]);
    install(&guard, &activation(&first, 1, START, |_| ()), &["outranked"]);
    drop(guard);
    says(&world.guard(), Mode::Full, &[]);
}

/// The nonce alone makes no answer: issuer, license and kind are those of the request too.
#[test]
fn only_what_was_asked_for_is_the_answer() {
    let mut world = World::new("the answer");
    let keys =
        format!("{{\"keys\":[{},{}]}}", issuer().jwk("acme-licensing", ""), other_key().jwk("evil", ""));
    world.product.anchors = AnchorSet::read(keys.as_bytes()).unwrap();
    let guard = guard_of(&world);
    for day in 0..=10 {
        world.set_clock(START + day * DAY);
        guard.tick();
    }
    let asked = ask(&guard, RequestKind::Activate);
    let other_license = |claims: &mut Value| claims["activation"]["license"] = serial(77).into();
    install(&guard, &foreign_activation(&other_key(), "evil", &asked, START), &["accepted"]);
    install(&guard, &activation(&asked, 2, START, other_license), &["accepted"]);
    install(&guard, &receipt(&asked, START), &["released"]);
    assert_eq!(world.remembered()["watermark"], START + 10 * DAY);
    assert_eq!(guard.awaited().map(|nonce| nonce.to_string()).as_deref(), asked["jti"].as_str());
    // An activation is no answer to a wish to give the seat back.
    let release = ask(&guard, RequestKind::Release);
    install(&guard, &activation(&release, 3, START + DAY, |_| ()), &["accepted"]);
    assert_eq!(world.remembered()["watermark"], START + 10 * DAY);
    assert!(guard.awaited().is_some());
    drop(guard);
    let guard = world.guard();
    install(&guard, &receipt(&release, START + 10 * DAY), &["released"]);
    assert_eq!(guard.awaited(), None);
    let asked = ask(&guard, RequestKind::Activate);
    install(&guard, &activation(&asked, 4, START + 9 * DAY, |_| ()), &["accepted"]);
    assert_eq!(world.remembered()["watermark"], START + 9 * DAY + DAY, "reset, then followed");
}

/// However late it comes: no end is set to that.
#[test]
fn an_answer_resets_the_watermark_whenever_it_is_first_accepted() {
    let world = World::new("late answer");
    let guard = guard_of(&world);
    let asked = ask(&guard, RequestKind::Activate);
    for day in 1..=200 {
        world.set_clock(START + day * DAY);
        guard.tick();
    }
    world.set_clock(START + 2);
    install(&guard, &activation(&asked, 1, START + 1, |_| ()), &["accepted"]);
    assert_eq!(world.remembered()["watermark"], START + 2);
}
