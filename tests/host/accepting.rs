//! What a list or activation must be to be taken into force, and what is said of one that is not.

use crate::artefacts::{
    DAY, LICENSE_ENTRY, START, activation, activation_by, armored, issuer, license, list, list_by, list_of,
    other_key, receipt, request,
};
use crate::world::{World, install, says};
use lictor_shared::{AnchorSet, RequestKind, Text, Timestamp};
use lictor_validator::host::{Ask, Guard};
use lictor_validator::{Mode, Reason};
use serde_json::Value;
use std::fs;

/// The issuer's key as it is, and the other one changed.
fn anchors_where_the_other(from: &str, to: &str) -> AnchorSet {
    let other = other_key().jwk("acme-licensing", ",\"distrustAfter\":9000000000");
    assert!(other.contains(from), "{other}");
    let keys = format!("{{\"keys\":[{},{}]}}", issuer().jwk("acme-licensing", ""), other.replace(from, to));
    AnchorSet::read(keys.as_bytes()).unwrap()
}

fn ask(guard: &Guard, kind: RequestKind) -> Value {
    let label = Text::new("web").unwrap();
    request(&guard.ask(&Ask { kind, license: None, label, signals: &[] }).unwrap())
}

/// A deployment with a seat and a list, and the request for a further seat.
fn seated(world: &World) -> (Guard, Value) {
    let guard = world.guard();
    install(&guard, &license(|claims| claims["license"]["activation"] = "required".into()), &["accepted"]);
    let asked = ask(&guard, RequestKind::Activate);
    install(
        &guard,
        &(activation(&asked, 1, START, |_| ()) + &list(1, START, &[])),
        &["accepted", "accepted"],
    );
    says(&guard, Mode::Full, &[]);
    let asked = ask(&guard, RequestKind::Activate);
    (guard, asked)
}

/// The same with a signature of nobody.
fn forged(armored: String) -> String {
    let (signed, rest) = armored.rsplit_once('.').unwrap();
    let (_, end) = rest.split_once('\n').unwrap();
    format!("{signed}.{}\n{end}", "A".repeat(86))
}

/// Ticks every day until then.
fn run_until(world: &World, guard: &Guard, end: u64) {
    for now in (START..=end).step_by(86_400) {
        world.set_clock(now);
        guard.tick();
    }
}

#[test]
fn only_what_such_a_key_signed_for_this_is_taken_and_the_last_good_one_stays() {
    type Offer<'a> = &'a dyn Fn(&Value) -> String;
    let revoked = [(LICENSE_ENTRY, 1, START)];
    let cases: [(&str, &str, Offer<'_>, &str); 8] = [
        (
            "\"status\",",
            "",
            &|_| list_by(&other_key(), 2, START, &revoked),
            "refused: the key is trusted, but not for the purpose",
        ),
        (
            ",\"activation\"]",
            "]",
            &|asked| activation_by(&other_key(), asked, 2, START),
            "refused: the key is trusted, but not for the purpose",
        ),
        (
            "\"products\":null",
            "\"products\":[\"desk\"]",
            &|asked| activation_by(&other_key(), asked, 2, START),
            "refused: its key does not speak for the product \"dialer\"",
        ),
        ("", "", &|_| forged(list(2, START, &revoked)), "refused: the signature"),
        ("", "", &|asked| forged(activation(asked, 2, START, |_| ())), "refused: the signature"),
        ("", "", &|asked| forged(receipt(asked, START)), "refused: the signature"),
        ("", "", &|_| armored("STATUS LIST", "a.b.c"), "refused: "),
        ("", "", &|_| armored("ACTIVATION", ""), "refused: "),
    ];
    for (from, to, offer, word) in cases {
        let mut world = World::new("such a key");
        world.product.anchors = anchors_where_the_other(from, to);
        let (guard, asked) = seated(&world);
        let names = world.names();
        install(&guard, &offer(&asked), &[word]);
        says(&guard, Mode::Full, &[Reason::CandidateRejected]);
        assert_eq!(world.names(), names, "{word}");
        assert!(guard.awaited().is_some(), "{word}");
        drop(guard);
        says(&world.guard(), Mode::Full, &[]);
    }
}

/// max(now, watermark, builtAt) < distrustAfter of its key, each of the three by itself.
#[test]
fn a_key_is_distrusted_by_the_latest_time_that_is_known() {
    type Arrange<'a> = &'a dyn Fn(&mut World, u64);
    let since = START + 50 * DAY;
    let by_now: Arrange<'_> = &|world, at| world.set_clock(at);
    let by_watermark: Arrange<'_> = &|world, at| {
        run_until(world, &world.guard(), at);
        world.set_clock(at);
        world.guard().tick();
        world.set_clock(START);
    };
    let by_release: Arrange<'_> = &|world, at| world.product.built_at = Timestamp::from_seconds(at);
    for (name, arrange) in [("now", by_now), ("watermark", by_watermark), ("builtAt", by_release)] {
        for (at, word) in [(since - 1, "accepted"), (since, "refused: its key has not been trusted since")] {
            let mut world = World::new("distrusted by");
            world.product.anchors = anchors_where_the_other("9000000000", &since.to_string());
            let (guard, asked) = seated(&world);
            drop(guard);
            arrange(&mut world, at);
            let guard = world.guard();
            let both = list_by(&other_key(), 2, START, &[]) + &activation_by(&other_key(), &asked, 2, START);
            install(&guard, &both, &[word, word]);
            let rejected = guard.verdict().reasons().contains(&Reason::CandidateRejected);
            assert_eq!(rejected, word != "accepted", "{name} {at}");
        }
    }
}

/// At most 400 days after max(now, watermark, builtAt, the latest iat of the licenses that can be read), each by itself.
#[test]
fn a_date_is_far_ahead_of_the_latest_time_that_is_known() {
    type Arrange<'a> = &'a dyn Fn(&mut World) -> u64;
    let by_now: Arrange<'_> = &|world| {
        world.set_clock(START + 10 * DAY);
        START + 10 * DAY
    };
    let by_watermark: Arrange<'_> = &|world| {
        run_until(world, &world.guard(), START + 10 * DAY);
        world.set_clock(START);
        START + 10 * DAY
    };
    let by_release: Arrange<'_> = &|world| {
        world.product.built_at = Timestamp::from_seconds(START + 20 * DAY);
        START + 20 * DAY
    };
    let by_license: Arrange<'_> = &|world| {
        world.set_clock(0);
        START
    };
    let by_a_later_license: Arrange<'_> = &|world| {
        let later = license(|claims| {
            claims["license"]["id"] = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a11".into();
            claims["iat"] = (START + 30 * DAY).into();
            claims["nbf"] = (START + 40 * DAY).into();
        });
        install(&world.guard(), &later, &["pending"]);
        START + 30 * DAY
    };
    let cases = [
        ("now", by_now),
        ("watermark", by_watermark),
        ("builtAt", by_release),
        ("license", by_license),
        ("a later license", by_a_later_license),
    ];
    for (name, arrange) in cases {
        let mut world = World::new("far ahead of");
        let (guard, asked) = seated(&world);
        // Without its memory of the clock, unless the case makes one.
        drop(guard);
        let known = arrange(&mut world);
        let guard = world.guard();
        let both = |at: u64| list(2, at, &[]) + &activation(&asked, 2, at, |_| ());
        let refused = "refused: it is dated";
        install(&guard, &both(known + 400 * DAY + 1), &[refused, refused]);
        assert_eq!(guard.verdict().reasons().last(), Some(&Reason::CandidateRejected), "{name}");
        install(&guard, &both(known + 400 * DAY), &["accepted", "accepted"]);
        assert!(!guard.verdict().reasons().contains(&Reason::CandidateRejected), "{name}");
    }
}

/// A license that is refused can be read all the same.
#[test]
fn the_date_of_a_refused_license_counts() {
    let world = World::new("refused license's date");
    let guard = world.guard();
    let staging = license(|claims| {
        claims["iat"] = (START + 5 * DAY).into();
        claims["license"]["environments"] = ["staging"].into();
    });
    install(&guard, &staging, &["refused"]);
    install(&guard, &list(1, START + 405 * DAY + 1, &[]), &["refused: it is dated"]);
    install(&guard, &list(1, START + 405 * DAY, &[]), &["accepted"]);
}

#[test]
fn what_is_accepted_and_not_needed_is_no_warning() {
    let world = World::new("not needed");
    let (guard, asked) = seated(&world);
    let elsewhere = list_of("https://licensing.acme.example/status/9", 5, START);
    let other_license = |claims: &mut Value| {
        claims["activation"]["license"] = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a11".into();
    };
    for (file, word) in [
        (elsewhere, "accepted"),
        (list(2, START, &[]), "accepted"),
        (list(1, START + 1, &[]), "outranked"),
        (list(2, START, &[]), "held"),
        (activation(&asked, 2, START, |claims| claims["aud"] = ["desk"].into()), "not usable"),
        (activation(&asked, 3, START, other_license), "accepted"),
        (activation(&asked, 4, START + 1, |_| ()), "accepted"),
        (activation(&asked, 5, START, |_| ()), "outranked"),
    ] {
        install(&guard, &file, &[word]);
        says(&guard, Mode::Full, &[]);
    }
}

/// What a key had signed that is distrusted by now stays in force until it is replaced; without the state, it is a candidate.
#[test]
fn a_seat_of_a_leaked_key_stays_until_it_is_replaced() {
    let mut world = World::new("leaked seat");
    let guard = world.guard();
    install(&guard, &license(|claims| claims["license"]["activation"] = "required".into()), &["accepted"]);
    let asked = ask(&guard, RequestKind::Activate);
    install(&guard, &activation_by(&other_key(), &asked, 1, START), &["accepted"]);
    drop(guard);
    world.product.anchors = anchors_where_the_other("9000000000", &(START + DAY).to_string());
    world.set_clock(START + DAY);
    says(&world.guard(), Mode::Full, &[]);
    let state = world.state().join("state.json");
    let kept = fs::read(&state).unwrap();
    fs::remove_file(&state).unwrap();
    says(&world.guard(), Mode::Grace, &[Reason::NotActivated, Reason::CandidateRejected]);
    world.file("activation-");
    fs::write(&state, kept).unwrap();
    let guard = world.guard();
    says(&guard, Mode::Full, &[]);
    let asked = ask(&guard, RequestKind::Activate);
    let refused = "refused: its key has not been trusted since";
    install(&guard, &activation_by(&other_key(), &asked, 2, START + DAY), &[refused]);
    says(&guard, Mode::Full, &[Reason::CandidateRejected]);
    install(&guard, &activation(&asked, 3, START + DAY, |_| ()), &["accepted"]);
    drop(guard);
    fs::remove_file(&state).unwrap();
    says(&world.guard(), Mode::Full, &[]);
}
