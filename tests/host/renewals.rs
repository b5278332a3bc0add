//! Early renewals, several licenses, and candidates that are refused.

use crate::artefacts::{
    DAY, START, anchors, armored, issuer, license, license_by, other_key, revision, serial,
};
use crate::world::{World, agents, install, says};
use lictor_shared::AnchorSet;
use lictor_tests::signing::TestKey;
use lictor_validator::host::{Folder, Guard, Ticking, Trouble};
use lictor_validator::{Mode, Reason};

#[test]
fn no_license_yet_then_one() {
    let world = World::new("no license");
    let guard = world.guard();
    says(&guard, Mode::Unlicensed, &[Reason::Missing]);
    install(&guard, &revision(1, START), &["accepted"]);
    says(&guard, Mode::Full, &[]);
    install(&guard, &revision(1, START), &["held"]);
    drop(guard);
    // It is still there after a restart.
    says(&world.guard(), Mode::Full, &[]);
    assert_eq!(world.names().len(), 4, "identity, license, state and record of use: {:?}", world.names());
}

#[test]
fn an_early_renewal_waits_for_its_time() {
    let world = World::new("early renewal");
    let guard = world.guard();
    install(&guard, &revision(1, START), &["accepted"]);
    install(&guard, &revision(2, START + 10 * DAY), &["pending"]);
    assert_eq!(agents(&guard), 1);
    assert_eq!(guard.wake_at().map(lictor_shared::Timestamp::seconds), Some(START + 10 * DAY));
    assert_eq!(world.remembered()["licenses"][0]["revision"], 1, "it does not count as seen");
    for day in 1..=9 {
        world.set_clock(START + day * DAY);
        guard.tick();
    }
    world.set_clock(START + 10 * DAY - 1);
    assert_eq!(agents(&guard), 1);
    world.set_clock(START + 10 * DAY);
    assert_eq!(agents(&guard), 2, "without a tick and without a file");
    guard.tick();
    assert_eq!(world.remembered()["licenses"][0]["revision"], 2);
    world.file("license-");
    // From now on the first is superseded, also after a restart and with a clock that is set back.
    world.set_clock(START);
    let guard = world.guard();
    install(&guard, &revision(1, START), &["outranked"]);
    assert_eq!(agents(&guard), 2);
}

#[test]
fn a_renewal_that_is_outranked_before_its_time_is_not_kept() {
    let world = World::new("outranked renewal");
    let guard = world.guard();
    install(&guard, &revision(3, START), &["accepted"]);
    install(&guard, &revision(2, START + DAY), &["outranked"]);
    world.set_clock(START + DAY);
    assert_eq!(agents(&guard), 3);
    assert_eq!(world.names().len(), 3, "{:?}", world.names());
}

#[test]
fn a_pending_license_alone_says_when_it_starts() {
    let world = World::new("pending alone");
    let guard = world.guard();
    install(&guard, &(revision(3, START + 9 * DAY) + &revision(2, START + DAY)), &["pending", "pending"]);
    says(&guard, Mode::ReadOnly, &[Reason::NotYetValid]);
    assert_eq!(guard.wake_at().map(lictor_shared::Timestamp::seconds), Some(START + DAY));
    world.set_clock(START + DAY);
    assert_eq!(agents(&guard), 2);
}

#[test]
fn a_refused_candidate_never_replaces_the_last_good_one() {
    let world = World::new("refused");
    let guard = world.licensed();
    let untrusted = license_by(&TestKey::new(9), |claims| claims["license"]["revision"] = 2.into());
    let desk = license(|claims| {
        claims["aud"] = ["desk"].into();
        claims["license"]["revision"] = 2.into();
    });
    let staging = license(|claims| {
        claims["license"]["environments"] = ["staging"].into();
        claims["license"]["revision"] = 2.into();
    });
    let cases = [
        (untrusted, "refused: the signing key"),
        (desk, "refused: the license would be refused as wrong_product"),
        (staging, "refused: the license would be refused as wrong_environment"),
        (armored("LICENSE", "nothing"), "refused: "),
        (
            armored("ACTIVATION REQUEST", "a.b.c"),
            "refused: a block \"ACTIVATION REQUEST\" is nothing to install",
        ),
        (armored("PGP SIGNATURE", "x"), "refused: there is nothing to install in it"),
        ("nothing".into(), "refused: "),
        (String::new(), "refused: "),
    ];
    for (file, refused) in cases {
        install(&guard, &file, &[refused]);
        says(&guard, Mode::Full, &[Reason::CandidateRejected]);
        assert_eq!(agents(&guard), 250);
        assert!(matches!(&guard.troubles()[..], [Trouble::Refused { .. }]), "{:?}", guard.troubles());
    }
    // It is said until something is installed that is not refused.
    guard.reload();
    says(&guard, Mode::Full, &[Reason::CandidateRejected]);
    install(&guard, &revision(2, START), &["accepted"]);
    says(&guard, Mode::Full, &[]);
    assert_eq!(world.names().len(), 3, "{:?}", world.names());
}

#[test]
fn where_there_is_nothing_to_keep_the_refused_one_says_what_is_the_matter() {
    let world = World::new("refused alone");
    let guard = world.guard();
    let staging = license(|claims| claims["license"]["environments"] = ["staging"].into());
    install(&guard, &staging, &["refused: "]);
    says(&guard, Mode::ReadOnly, &[Reason::WrongEnvironment, Reason::CandidateRejected]);
    install(&guard, &revision(1, START), &["accepted"]);
    assert_eq!(agents(&guard), 1);
}

#[test]
fn every_block_of_a_file_is_judged() {
    let world = World::new("blocks");
    let guard = world.guard();
    let bad = armored("LICENSE", "a.b.c");
    let mail = format!("Dear all\r\n{bad}> {}Regards\n", revision(1, START).replace('\n', "\n> "));
    install(&guard, &mail, &["refused: ", "accepted"]);
    says(&guard, Mode::Full, &[Reason::CandidateRejected]);
    // A bare token is told by its type.
    let bare = |armored: &str| armored.lines().nth(1).unwrap().to_string();
    install(&guard, &bare(&revision(2, START)), &["accepted"]);
    install(&guard, &bare(&crate::artefacts::list(1, START, &[])), &["accepted"]);
    says(&guard, Mode::Full, &[]);
}

/// Among ids: the best mode, the latest graceUntil, the latest iat, the greater jti.
#[test]
fn of_several_licenses_the_best_is_in_force() {
    let other = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a11";
    let with = |edit: &dyn Fn(&mut serde_json::Value)| {
        license(|claims| {
            claims["license"]["id"] = other.into();
            claims["license"]["limits"]["agents"] = 2.into();
            edit(claims);
        })
    };
    let cases: [(&str, String, u64); 7] = [
        ("a worse mode", with(&|claims| claims["license"]["environments"] = ["staging"].into()), 250),
        ("a later end", with(&|claims| claims["license"]["graceUntil"] = 1_828_051_201.into()), 2),
        ("an earlier end", with(&|claims| claims["license"]["graceUntil"] = 1_828_051_199.into()), 250),
        (
            "no end",
            with(&|claims| {
                claims.as_object_mut().unwrap().remove("exp");
                claims["license"]["term"] = "perpetual".into();
                claims["license"]["warnFrom"] = ().into();
                claims["license"]["graceUntil"] = ().into();
            }),
            2,
        ),
        ("a later iat", with(&|claims| claims["iat"] = (START + 1).into()), 2),
        (
            "an earlier iat, a greater jti",
            with(&|claims| {
                claims["iat"] = (START - 1).into();
                claims["jti"] = serial(u64::MAX >> 16).into();
            }),
            250,
        ),
        ("a greater jti", with(&|claims| claims["jti"] = serial(u64::MAX >> 16).into()), 2),
    ];
    for (name, candidate, best) in cases {
        for both in [license(|_| ()) + &candidate, candidate.clone() + &license(|_| ())] {
            let world = World::new("several");
            world.set_clock(START + DAY);
            let guard = world.guard();
            let _outcomes = guard.install(both.as_bytes());
            assert_eq!(agents(&guard), best, "{name}");
            drop(guard);
            assert_eq!(agents(&world.guard()), best, "{name}, after a restart");
        }
    }
}

#[test]
fn revisions_compare_within_one_id_only() {
    let world = World::new("ids");
    let guard = world.licensed();
    let other = license(|claims| {
        claims["license"]["id"] = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a11".into();
        claims["license"]["revision"] = 9.into();
        claims["license"]["graceUntil"] = 1_828_051_201.into();
        claims["license"]["limits"]["agents"] = 9.into();
    });
    install(&guard, &other, &["accepted"]);
    assert_eq!(agents(&guard), 9);
    // Past the other's end, revision 2 of the first is not superseded by 9 of another.
    let renewed = license(|claims| {
        claims["license"]["revision"] = 2.into();
        claims["license"]["graceUntil"] = 1_828_051_202.into();
    });
    install(&guard, &renewed, &["accepted"]);
    assert_eq!(agents(&guard), 250);
}

/// A license of a lower revision that is the only one held says that it is superseded, and not that there is none.
#[test]
fn what_is_superseded_is_not_missing() {
    let world = World::new("superseded alone");
    let guard = world.guard();
    install(&guard, &revision(2, START), &["accepted"]);
    drop(guard);
    let second = world.file("license-");
    let bytes = std::fs::read(&second).unwrap();
    std::fs::remove_file(&second).unwrap();
    let guard = world.guard();
    says(&guard, Mode::Unlicensed, &[Reason::Missing]);
    install(&guard, &revision(1, START), &["refused: the license would be refused as superseded"]);
    says(&guard, Mode::ReadOnly, &[Reason::Superseded, Reason::CandidateRejected]);
    drop(guard);
    let guard = world.guard();
    says(&guard, Mode::ReadOnly, &[Reason::Superseded]);
    // The one that superseded it comes back.
    install(&guard, &String::from_utf8(bytes).unwrap(), &["accepted"]);
    assert_eq!(agents(&guard), 2);
    says(&guard, Mode::Full, &[]);
    install(&guard, &revision(1, START), &["outranked"]);
    world.file("license-");
}

/// A license with another id and another end.
fn other(edit: impl FnOnce(&mut serde_json::Value)) -> String {
    license(|claims| {
        claims["license"]["id"] = "0198c0d2-6c1e-7000-8000-2f6f2b1d9a11".into();
        claims["license"]["limits"]["agents"] = 9.into();
        claims["exp"] = (END + 60 * DAY).into();
        claims["license"]["graceUntil"] = (END + 60 * DAY).into();
        edit(claims);
    })
}

/// When the grace after the license's expiry ends.
const END: u64 = 1_828_051_200;

#[test]
fn a_pending_license_does_not_speak_for_one_in_force() {
    let world = World::new("pending beside expired");
    let guard = world.licensed();
    install(&guard, &other(|claims| claims["nbf"] = (END + 30 * DAY).into()), &["pending"]);
    world.set_clock(END);
    says(&guard, Mode::ReadOnly, &[Reason::Expired]);
    assert_eq!(agents(&guard), 250);
    assert_eq!(guard.wake_at().map(lictor_shared::Timestamp::seconds), Some(END + 30 * DAY));
    world.set_clock(END + 30 * DAY);
    says(&guard, Mode::Full, &[Reason::ExpiringSoon]);
    assert_eq!(agents(&guard), 9);
}

#[test]
fn a_refused_license_does_not_speak_for_one_in_force() {
    let world = World::new("refused beside expired");
    let guard = world.guard();
    install(&guard, &other(|claims| claims["license"]["environments"] = ["staging"].into()), &["refused"]);
    says(&guard, Mode::ReadOnly, &[Reason::WrongEnvironment, Reason::CandidateRejected]);
    install(&guard, &license(|_| ()), &["accepted"]);
    world.set_clock(END);
    says(&guard, Mode::ReadOnly, &[Reason::Expired]);
}

/// Where everything is refused, what permits most speaks.
#[test]
fn of_refused_licenses_the_best_one_speaks() {
    let world = World::new("refused beside refused");
    let guard = world.guard();
    install(&guard, &other(|claims| claims["aud"] = ["recorder"].into()), &["refused"]);
    says(&guard, Mode::Unlicensed, &[Reason::WrongProduct, Reason::CandidateRejected]);
    let staging = license(|claims| claims["license"]["environments"] = ["staging"].into());
    install(&guard, &staging, &["refused"]);
    says(&guard, Mode::ReadOnly, &[Reason::WrongEnvironment, Reason::CandidateRejected]);
    drop(guard);
    says(&world.guard(), Mode::ReadOnly, &[Reason::WrongEnvironment]);
}

/// The clock stands a year ahead while something is installed: what is in force only there replaces nothing.
#[test]
fn a_renewal_is_not_outranked_by_one_whose_time_has_come_in_the_future_only() {
    let world = World::new("outranked in the future");
    let guard = world.guard();
    install(&guard, &(revision(1, START) + &revision(3, START + 300 * DAY)), &["accepted", "pending"]);
    world.set_clock(START + 310 * DAY);
    assert_eq!(agents(&guard), 3);
    install(&guard, &revision(2, START), &["accepted"]);
    assert_eq!(agents(&guard), 3);
    world.set_clock(START + 60);
    guard.tick();
    assert_eq!(agents(&guard), 2);
    drop(guard);
    assert_eq!(agents(&world.guard()), 2);
}

/// Two builds over one store, of which the older one does not know the key of the renewal.
#[test]
fn a_renewal_by_a_new_key_leaves_the_old_build_a_license_to_read_under() {
    let world = World::new("new key");
    let old_build = || {
        let mut product = world.product.clone();
        product.anchors = AnchorSet::read(anchors(&[(&issuer(), "")]).as_bytes()).unwrap();
        let opening = Guard::opening(product, Folder::at(world.state()));
        opening.clock(world.clock()).ticking(Ticking::ByHost).open()
    };
    let blue = old_build();
    install(&blue, &revision(1, START), &["accepted"]);
    let green = world.guard();
    let renewal = license_by(&other_key(), |claims| {
        claims["jti"] = serial(2).into();
        claims["license"]["revision"] = 2.into();
    });
    install(&green, &renewal, &["accepted"]);
    green.reload();
    says(&green, Mode::Full, &[]);
    blue.tick();
    says(&blue, Mode::ReadOnly, &[Reason::Superseded]);
    says(&old_build(), Mode::ReadOnly, &[Reason::Superseded]);
    // Of each key one stays.
    let licenses = || world.names().iter().filter(|name| name.starts_with("license-")).count();
    assert_eq!(licenses(), 2);
    install(&green, &revision(3, START), &["accepted"]);
    assert_eq!(licenses(), 2);
    blue.tick();
    says(&blue, Mode::Full, &[]);
    for guard in [&green, &blue] {
        assert_eq!(agents(guard), 3);
    }
}
