//! Seats: counted in the transaction that grants them, one for each deployment, never more than there are.

use lictor_issuer::activation::{
    Answer, History, Manner, SeatRequest, denials, deployments, grant, products_to_sign_for, recall,
};
use lictor_issuer::key::{Shipping, activate_key, distrust_key};
use lictor_issuer::terms::FromText as _;
use lictor_issuer::{
    Amendment, Changes, Earlier, EventKind, FailureKind, Intent, Occasion, Outcome as _, Renewal,
    RenewedTerm, Request, Revocation, RevocationReason, Terms, amend, check, publish, reinstate, renew,
    revoke, revoke_from, suspend,
};
use lictor_keys::PrivateKey;
use lictor_shared::json::Value;
use lictor_shared::{
    Activation, Artefact as _, Code, Lease, Purpose, Received, RequestKind, SeatLimit, StatusList,
    Thumbprint, Uri, armor,
};
use lictor_validator::{Unverified, Verified};

use crate::deployment::{Deployment, at, claims, sign};
use crate::support::{LIST, NOW, World, name, text, time};

#[test]
fn what_is_granted_says_what_was_asked() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let mut deployment = Deployment::new(&issued);
    let request = deployment.activate();
    let given = world.grant(&request);
    assert_eq!((given.manner, given.seat, given.history), (Manner::Granted, Some(1), History::Plain));
    let activation = claims(&given);
    assert_eq!(activation.issuer.as_str(), "acme-licensing");
    assert_eq!(activation.product, name("dialer"));
    assert_eq!(activation.deployment.as_str(), deployment.key.public().thumbprint().to_string());
    assert_eq!(activation.key, *deployment.key.public());
    assert_eq!(activation.license, issued.signed.license.id);
    assert_eq!((activation.seat, activation.counter), (1, 1));
    assert_eq!(activation.label.as_str(), "Hamburg depot");
    assert_eq!(activation.request, request.claims().nonce);
    assert_eq!((activation.issued_at, activation.lease), (time(NOW), Lease::None));
    assert_eq!(activation.status.uri.as_str(), LIST);
    assert_ne!(activation.status.index, issued.signed.license.status.index, "an entry of its own");
    let anchors = world.ledger.key_ring().unwrap().anchors().unwrap();
    let verified: Verified<lictor_shared::Activation> =
        Unverified::from_token(&given.paste.token).unwrap().verify(&anchors).unwrap();
    assert_eq!(verified.issued_at(), time(NOW));
    let events = world.events_of(EventKind::ActivationGranted);
    assert_eq!(events.len(), 1);
    assert!(!events[0].leaf().contains("Hamburg"), "labels stand in no leaf");
    check(&world.ledger).unwrap();
}

#[test]
fn an_answer_is_one_paste() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let given = world.grant(&Deployment::new(&issued).activate());
    let paste = given.paste.armored();
    assert_eq!(armor::unwrap(paste.as_bytes(), armor::Label::Activation), given.paste.token);
    let list = armor::unwrap(paste.as_bytes(), StatusList::LABEL);
    let received = Received::<StatusList>::read(&list).unwrap();
    let list = StatusList::read(received.untrusted_payload()).unwrap();
    assert_eq!((list.uri.as_str(), list.issued_at), (LIST, time(NOW)));
    assert_eq!(armor::unwrap_all(paste.as_bytes(), armor::Label::License).len(), 0, "it has the newest");
}

#[test]
fn a_repeated_request_gets_the_same_bytes_and_takes_no_seat() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let request = Deployment::new(&issued).activate();
    let first = world.grant(&request).paste.armored();
    let events = world.ledger.events(1).count();
    for round in 0..50 {
        let again = world.grant(&request);
        assert_eq!(again.manner, Manner::Repeated, "{round}");
        assert_eq!(again.paste.armored(), first, "{round}");
    }
    assert_eq!((world.taken(&issued), world.ledger.events(1).count()), (1, events));
    // Whatever its age, and whatever became of license and lists.
    let uris = [Uri::new(LIST).unwrap()];
    publish(&world.home, &mut world.ledger, &world.key, &uris, &at("2026-12-24T00:00:00Z")).unwrap();
    let id = issued.signed.license.id.to_string();
    revoke(&mut world.ledger, &id, RevocationReason::Other, None, &at("2026-12-25T00:00:00Z")).unwrap();
    assert_eq!(world.grant_at(&request, "2030-01-01T00:00:00Z").paste.armored(), first);
    let recalled = recall(&world.home, &world.ledger, &[request]).unwrap().unwrap();
    assert_eq!(recalled.answers.len(), 1);
    check(&world.ledger).unwrap();
}

#[test]
fn the_same_nonce_of_another_deployment_is_another_request() {
    let mut world = World::new();
    let issued = world.seats(2, 0);
    let first = Deployment::new(&issued).activate();
    let given = world.grant(&first);
    let nonce = first.claims().nonce;
    let thief = Deployment::new(&issued).ask(RequestKind::Activate, |request| request.nonce = nonce);
    let other = world.grant(&thief);
    assert_eq!(other.manner, Manner::Granted);
    assert_ne!(other.paste.token, given.paste.token);
    assert_eq!(world.taken(&issued), 2);
}

#[test]
fn a_deployment_never_takes_two_seats() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    let mut deployment = Deployment::new(&issued);
    let first = world.grant(&deployment.activate());
    deployment.take(&first);
    let second = world.grant(&deployment.activate());
    assert_eq!((second.manner, second.seat, second.history), (Manner::Renewed, Some(1), History::Plain));
    assert_ne!(claims(&first).status.index, claims(&second).status.index);
    assert_eq!(world.taken(&issued), 1);
    let found = lictor_issuer::activation::find_deployment(
        &world.ledger,
        &deployment.key.public().thumbprint().to_string(),
        None,
    )
    .unwrap();
    let given = lictor_issuer::activation::activations(&world.ledger, &found).unwrap();
    assert!(given.iter().all(|activation| activation.is_usable(time(NOW))), "the earlier one stays in force");
    assert_eq!(world.events_of(EventKind::ActivationRenewed).len(), 1);
    check(&world.ledger).unwrap();
}

#[test]
fn all_seats_taken() {
    let mut world = World::new();
    let issued = world.seats(2, 1);
    let mut holders: Vec<Deployment> = (0..3).map(|_| Deployment::new(&issued)).collect();
    for (number, holder) in holders.iter_mut().enumerate() {
        let given = world.grant(&holder.activate());
        let beyond = given.occupancy.unwrap().beyond_limit();
        assert_eq!(beyond, u64::from(number == 2), "the overage is flagged");
        holder.take(&given);
    }
    let flagged: Vec<Value> = world
        .events_of(EventKind::ActivationGranted)
        .iter()
        .map(|event| event.body["beyondLimit"].clone())
        .collect();
    assert_eq!(flagged, [0_u64, 0, 1].map(Value::from));
    let mut fourth = Deployment::new(&issued);
    let request = fourth.activate();
    let denied = world.deny(&request);
    assert_eq!((denied.reason.code(), denied.reason.as_str()), (Code::LicenseSeatLimit, "seats_exhausted"));
    assert_eq!(denied.reason.code().exit_code(), 13);
    let details = denied.envelope().details;
    assert_eq!(details["reason"], "seats_exhausted".into());
    assert_eq!(
        (&details["limit"], &details["overage"], &details["active"]),
        (&2_u64.into(), &1_u64.into(), &3_u64.into())
    );
    assert_eq!(world.taken(&issued), 3);
    let events = world.events_of(EventKind::ActivationDenied);
    assert_eq!(events.len(), 1);
    assert_eq!(events[0].body["reason"], "seats_exhausted".into());
    // Those that have a seat go on.
    assert_eq!(world.grant(&holders[0].activate()).manner, Manner::Renewed);
    // Only what was granted is remembered: the same request is granted once there is room.
    world.grant(&holders[1].release());
    let given = world.grant(&request);
    assert_eq!((given.manner, given.seat), (Manner::Granted, Some(2)), "the number that is free");
    check(&world.ledger).unwrap();
}

#[test]
fn denials_are_told_with_their_license_the_last_one_first() {
    let mut world = World::new();
    let (issued, other) = (world.seats(1, 0), world.seats(1, 0));
    let none = denials(&world.ledger, issued.signed.license.id, 2).unwrap();
    assert_eq!((none.count, none.latest.len()), (0, 0));
    world.grant(&Deployment::new(&issued).activate());
    let mut losers: Vec<Deployment> = (0..3).map(|_| Deployment::new(&issued)).collect();
    for loser in &mut losers {
        world.deny(&loser.activate());
    }
    world.grant(&Deployment::new(&other).activate());
    world.deny(&Deployment::new(&other).activate());
    let told = denials(&world.ledger, issued.signed.license.id, 2).unwrap();
    assert_eq!(told.count, 3);
    let who: Vec<Thumbprint> = told.latest.iter().map(|denied| denied.deployment).collect();
    assert_eq!(who, [losers[2].key.public().thumbprint(), losers[1].key.public().thumbprint()]);
    let last = &told.latest[0];
    assert_eq!((last.reason.as_str(), last.at), ("seats_exhausted", time(NOW)));
    assert_eq!(last.label.as_deref(), Some("Hamburg depot"));
    assert!(last.event > told.latest[1].event);
}

#[test]
fn any_number_of_seats() {
    let mut world = World::new();
    let issued = world.issue(|order| order.terms.seats = Some(SeatLimit::Unlimited));
    for number in 1..=20 {
        assert_eq!(world.grant(&Deployment::new(&issued).activate()).seat, Some(number));
    }
    assert_eq!(world.taken(&issued), 20);
    // Now there are fewer than are taken: none is taken away, and none is granted.
    let terms = Terms { seats: Some(SeatLimit::AtMost(5)), ..Terms::default() };
    let keeping =
        |terms| Amendment { changes: Changes { terms, ..Changes::default() }, earlier: Earlier::Keep };
    let id = issued.signed.license.id.to_string();
    let amended = amend(&world.home, &mut world.ledger, &world.key, &id, &keeping(terms), &at(NOW)).unwrap();
    let mut late = Deployment::new(&issued);
    let denied = world.deny(&late.activate());
    assert_eq!((denied.reason.as_str(), &denied.details["active"]), ("seats_exhausted", &20_u64.into()));
    assert_eq!(world.taken(&issued), 20);
    check(&world.ledger).unwrap();
    // Raised again, it goes on; whoever proves to hold the newer license has it already.
    let terms = Terms { seats: Some(SeatLimit::AtMost(21)), ..Terms::default() };
    amend(&world.home, &mut world.ledger, &world.key, &id, &keeping(terms), &at(NOW)).unwrap();
    late.token = amended.issued.signed.token;
    let given = world.grant(&late.activate());
    assert_eq!((given.seat, given.paste.licenses.len()), (Some(21), 1));
    assert_eq!(world.deny(&Deployment::new(&issued).activate()).details["active"], 21_u64.into());
}

#[test]
fn seats_that_are_bought_for_later_are_not_there_yet() {
    let mut world = World::new();
    let issued = world.seats(1, 0);
    world.grant(&Deployment::new(&issued).activate());
    let terms = Terms { seats: Some(SeatLimit::AtMost(2)), ..Terms::default() };
    let renewal = Renewal {
        length: RenewedTerm::For(lictor_issuer::terms::Span::from_text("1y").unwrap()),
        changes: Changes { terms, ..Changes::default() },
        earlier: Earlier::Keep,
    };
    let id = issued.signed.license.id.to_string();
    let renewed = renew(&world.home, &mut world.ledger, &world.key, &id, &renewal, &at(NOW)).unwrap();
    let starts = renewed.issued.signed.license.starts_at;
    let mut second = Deployment::new(&issued);
    if starts > time(NOW) {
        assert_eq!(world.deny(&second.activate()).reason.as_str(), "seats_exhausted");
    }
    let later = starts.max(time(NOW)).to_string();
    let given = world.grant_at(&second.activate_at(&later), &later);
    assert_eq!(given.seat, Some(2));
    assert_eq!(given.paste.licenses, [renewed.issued.signed.token], "the newer license is enclosed");
}

#[test]
fn requests_that_are_too_old_or_dated_ahead() {
    let mut world = World::new();
    let issued = world.seats(9, 0);
    // NOW is 2026-11-22: 30 days and a day from it, to the second.
    for (made, reason) in [
        ("2026-10-23T00:00:00Z", None),
        ("2026-10-22T23:59:59Z", Some("request_too_old")),
        ("2026-11-23T00:00:00Z", None),
        ("2026-11-23T00:00:01Z", Some("request_ahead")),
    ] {
        for kind in [RequestKind::Activate, RequestKind::Release] {
            let mut deployment = Deployment::new(&issued);
            let given = world.grant(&deployment.activate());
            deployment.take(&given);
            let request = deployment.ask(kind, |request| request.issued_at = time(made));
            match reason {
                None => assert_eq!(world.grant(&request).history, History::Plain, "{made}"),
                Some(reason) => {
                    let denied = world.deny(&request);
                    assert_eq!(
                        (denied.reason.code(), denied.reason.as_str()),
                        (Code::ValidationFailed, reason)
                    );
                    assert_eq!(denied.reason.code().exit_code(), 22);
                }
            }
        }
    }
    check(&world.ledger).unwrap();
}

#[test]
fn a_license_that_is_stopped_or_over_grants_nothing_and_says_so() {
    let mut world = World::new();
    let issued = world.seats(3, 0);
    let id = issued.signed.license.id.to_string();
    let mut deployment = Deployment::new(&issued);
    let first = world.grant(&deployment.activate());
    deployment.take(&first);
    suspend(&mut world.ledger, &id, None, &at(NOW)).unwrap();
    let denied = world.deny(&deployment.activate());
    assert_eq!((denied.reason.code(), denied.reason.as_str()), (Code::LicenseRevoked, "suspended"));
    reinstate(&mut world.ledger, &id, None, &at(NOW)).unwrap();
    assert_eq!(world.grant(&deployment.activate()).manner, Manner::Renewed);
    // Expired a year from now, its grace of 14 days over on 2027-12-06.
    let request = deployment.activate_at("2027-12-05T23:59:59Z");
    assert_eq!(world.grant_at(&request, "2027-12-05T23:59:59Z").manner, Manner::Renewed, "in its grace");
    let request = deployment.activate_at("2027-12-06T00:00:00Z");
    let denied = world.deny_at(&request, "2027-12-06T00:00:00Z");
    assert_eq!((denied.reason.code(), denied.reason.as_str()), (Code::LicenseExpired, "expired"));
    assert_eq!(denied.details["graceUntil"], "2027-12-06T00:00:00Z".into());
    revoke(&mut world.ledger, &id, RevocationReason::Fraud, None, &at(NOW)).unwrap();
    let denied = world.deny(&deployment.activate());
    assert_eq!((denied.reason.code(), denied.reason.as_str()), (Code::LicenseRevoked, "revoked"));
    // Its seats can be given back all the same.
    assert_eq!(world.grant(&deployment.release()).manner, Manner::Released);
    check(&world.ledger).unwrap();
}

#[test]
fn a_license_that_is_revoked_for_a_day_to_come_grants_until_then() {
    let mut world = World::new();
    let issued = world.seats(3, 0);
    let id = issued.signed.license.id.to_string();
    let effective = Some(time("2026-12-01T00:00:00Z"));
    let revocation = Revocation { reason: RevocationReason::ContractEnded, note: None, effective };
    revoke_from(&mut world.ledger, &id, &revocation, &at(NOW)).unwrap();
    let mut deployment = Deployment::new(&issued);
    let before = "2026-11-30T23:59:59Z";
    let given = world.grant_at(&deployment.activate_at(before), before);
    let event = &world.events_of(EventKind::ActivationGranted)[0];
    assert_eq!(event.body["revocationGrace"], 1_209_600_u64.into(), "14 days");
    deployment.take(&given);
    let day = "2026-12-01T00:00:00Z";
    assert_eq!(world.deny_at(&deployment.activate_at(day), day).reason.as_str(), "revoked");
    check(&world.ledger).unwrap();
}

#[test]
fn unknown_license_wrong_hash_and_foreign_issuer_are_one() {
    let mut world = World::new();
    let (issued, other) = (world.seats(3, 0), world.seats(3, 0));
    let events = world.ledger.events(1).count();
    let unknown = lictor_shared::Uuid::new("0198c0d2-6c1e-7000-8000-2f6f2b1d9a10").unwrap();
    type Change<'c> = &'c dyn Fn(&mut lictor_shared::Request);
    let cases: [Change<'_>; 5] = [
        &|request| request.license = unknown,
        &|request| request.license_hash = [7; 32],
        &|request| request.issuer = text("somebody-else"),
        &|request| request.license = other.signed.license.id,
        &|request| {
            request.license = unknown;
            request.license_hash = [7; 32];
        },
    ];
    let mut said = Vec::new();
    for change in cases {
        let request = Deployment::new(&issued).ask(RequestKind::Activate, change);
        let failure = world.answer(&[request], None, &at(NOW)).unwrap_err();
        assert_eq!((failure.kind, failure.exit_code()), (FailureKind::NotFound, 21));
        said.push((failure.message, failure.hint, failure.details));
    }
    assert!(said.iter().all(|words| *words == said[0]), "{said:?}");
    assert_eq!(world.ledger.events(1).count(), events);
}

#[test]
fn a_product_that_is_none_of_the_license() {
    let mut world = World::new();
    let issued = world.seats(3, 0);
    let mut deployment = Deployment::new(&issued);
    let denied = world.deny(&deployment.ask(RequestKind::Activate, |request| request.product = name("desk")));
    assert_eq!((denied.reason.code(), denied.reason.as_str()), (Code::LicenseInvalid, "wrong_product"));
    assert_eq!(world.taken(&issued), 0);
}

#[test]
fn a_request_is_believed_as_far_as_its_signature_goes() {
    let mut world = World::new();
    let issued = world.seats(3, 0);
    let mut deployment = Deployment::new(&issued);
    let good = deployment.ask_in_a_token(RequestKind::Activate, |_| ());
    let refused = |token: &str| {
        let failure = SeatRequest::read(token).unwrap_err();
        assert_eq!(failure.exit_code(), 30);
        failure.details["reason"].as_str().unwrap().to_owned()
    };
    let signature = good.rfind('.').unwrap() + 1;
    let flipped = if good[signature..].starts_with('A') { "B" } else { "A" };
    let bad = format!("{}{flipped}{}", &good[..signature], &good[signature + 1..]);
    assert_eq!(refused(&bad), "bad_signature");
    // Signed by a key, and speaking for another.
    let stranger = PrivateKey::generate().unwrap();
    let request = SeatRequest::read(&good).unwrap();
    assert_eq!(refused(&sign(&stranger, request.claims())), "bad_claims");
    assert_eq!(refused(&issued.signed.token), "bad_header");
    assert_eq!(refused("x"), "malformed");
    // Several in one file, between words of a mail; and none.
    let other = Deployment::new(&issued).ask_in_a_token(RequestKind::Activate, |_| ());
    let label = lictor_shared::Request::LABEL;
    let mail = format!("Hello,\n{}and\n{}", armor::wrap(label, &good), armor::wrap(label, &other));
    let found = SeatRequest::read_all(mail.as_bytes()).unwrap();
    assert_eq!(found.len(), 2);
    let grants = world.answer(&found, None, &at(NOW)).unwrap();
    assert_eq!((grants.answers.len(), world.taken(&issued)), (2, 2));
    assert_eq!(SeatRequest::read_all(good.as_bytes()).unwrap().len(), 1);
    let license = issued.signed.armored();
    assert_eq!(SeatRequest::read_all(license.as_bytes()).unwrap_err().exit_code(), 30);
}

#[test]
fn one_request_twice_in_one_call_is_one() {
    let mut world = World::new();
    let issued = world.seats(3, 0);
    let request = Deployment::new(&issued).activate();
    let grants = world.answer(&[request.clone(), request], None, &at(NOW)).unwrap();
    let armored: Vec<_> = grants.answer().as_object().unwrap()["answers"]
        .as_array()
        .unwrap()
        .iter()
        .map(|answer| answer.as_object().unwrap()["armor"].clone())
        .collect();
    assert_eq!(armored[0], armored[1]);
    assert_eq!(world.taken(&issued), 1);
}

/// Histories as they come about: what the deployment holds, and what its counter says.
#[test]
fn odd_histories_are_granted_and_recorded() {
    let mut world = World::new();
    let issued = world.seats(9, 0);
    let mut deployment = Deployment::new(&issued);
    let mut history = |deployment: &mut Deployment| {
        let given = world.grant(&deployment.activate());
        (given.history, given.serial)
    };
    // The first answer is lost, then another: the deployment goes on with nothing.
    assert_eq!(history(&mut deployment).0, History::Plain);
    assert_eq!(history(&mut deployment).0, History::LostAnswer);
    let (odd, third) = history(&mut deployment);
    assert_eq!(odd, History::LostAnswer);
    deployment.previous = Some(third);
    let (odd, fourth) = history(&mut deployment);
    assert_eq!(odd, History::Plain);
    // The fourth is lost: the third is cited again, and it is the one before.
    let (odd, fifth) = history(&mut deployment);
    assert_eq!(odd, History::LostAnswer);
    // A copy of the folder as it was with the third: the same counter.
    let counter = deployment.counter;
    deployment.previous = Some(fifth);
    assert_eq!(history(&mut deployment).0, History::Plain);
    deployment.counter = counter;
    deployment.previous = Some(third);
    assert_eq!(history(&mut deployment).0, History::Forked);
    // A counter that is ahead does not hide that it holds what was given long ago.
    deployment.counter += 10;
    deployment.previous = Some(fourth);
    assert_eq!(history(&mut deployment).0, History::Forked);
    // Something that was never given.
    deployment.previous = Some(issued.signed.license.serial);
    assert_eq!(history(&mut deployment).0, History::Forked);
    let found = find(&world, &deployment.key.public().thumbprint());
    assert_eq!((found.lost_answers, found.forks), (3, 3));
    assert_eq!(world.events_of(EventKind::ActivationForked).len(), 3);
    assert_eq!(world.taken(&issued), 1);
    check(&world.ledger).unwrap();
}

#[test]
fn whoever_holds_an_activation_of_another_license_of_ours_is_not_odd() {
    let mut world = World::new();
    let (one, two) = (world.seats(9, 0), world.seats(9, 0));
    let mut deployment = Deployment::new(&one);
    let given = world.grant(&deployment.activate());
    deployment.take(&given);
    (deployment.license, deployment.token) = (two.signed.license.id, two.signed.token.clone());
    let given = world.grant(&deployment.activate());
    assert_eq!((given.manner, given.history), (Manner::Granted, History::Plain));
    deployment.take(&given);
    (deployment.license, deployment.token) = (one.signed.license.id, one.signed.token.clone());
    assert_eq!(world.grant(&deployment.activate()).history, History::Plain);
    let name = deployment.key.public().thumbprint().to_string();
    let ambiguous = lictor_issuer::activation::find_deployment(&world.ledger, &name, None).unwrap_err();
    assert_eq!(ambiguous.kind, FailureKind::Conflict);
    let license = Some(two.signed.license.id);
    let found = lictor_issuer::activation::find_deployment(&world.ledger, &name[..8], license).unwrap();
    assert_eq!(found.license, two.signed.license.id);
}

#[test]
fn the_newest_list_is_enclosed_and_signed_only_when_it_must_be() {
    let mut world = World::new();
    let issued = world.seats(9, 0);
    let mut deployments: Vec<Deployment> = (0..4).map(|_| Deployment::new(&issued)).collect();
    let published = |world: &World| world.events_of(EventKind::StatusPublished).len();
    let first = world.grant(&deployments[0].activate());
    let second = world.grant(&deployments[1].activate());
    assert_eq!(published(&world), 1, "nothing has changed in between");
    assert_eq!(first.paste.lists, second.paste.lists);
    deployments[0].take(&first);
    let receipt = world.grant(&deployments[0].release());
    assert_eq!(published(&world), 2);
    assert_ne!(receipt.paste.lists, first.paste.lists, "it says that the activation is revoked");
    let received = Received::<StatusList>::read(&receipt.paste.lists[0]).unwrap();
    let list = StatusList::read(received.untrusted_payload()).unwrap();
    assert_eq!(list.status(claims(&first).status.index), lictor_shared::Status::Revoked);
    // Stale after 7 days.
    let late = "2026-11-28T23:59:59Z";
    world.grant_at(&deployments[2].activate_at(late), late);
    assert_eq!(published(&world), 2);
    let late = "2026-11-29T00:00:00Z";
    world.grant_at(&deployments[3].activate_at(late), late);
    assert_eq!(published(&world), 3);
    check(&world.ledger).unwrap();
}

/// A list that says since another day that a license is revoked is another list.
#[test]
fn a_date_that_is_brought_forward_is_on_the_list_that_is_enclosed() {
    let mut world = World::new();
    let (stopped, issued) = (world.seats(9, 0), world.seats(9, 0));
    let id = stopped.signed.license.id.to_string();
    let since = |world: &mut World| {
        let given = world.grant(&Deployment::new(&issued).activate());
        let received = Received::<StatusList>::read(&given.paste.lists[0]).unwrap();
        let list = StatusList::read(received.untrusted_payload()).unwrap();
        list.since.get(&stopped.signed.license.status.index).copied()
    };
    for day in ["2027-02-01T00:00:00Z", "2027-01-01T00:00:00Z"] {
        let effective = Some(time(day));
        let revocation = Revocation { reason: RevocationReason::ContractEnded, note: None, effective };
        revoke_from(&mut world.ledger, &id, &revocation, &at(NOW)).unwrap();
        assert_eq!(since(&mut world), Some(time(day)));
    }
}

#[test]
fn a_list_of_which_a_day_has_come_is_signed_anew() {
    let mut world = World::new();
    let (stopped, issued) = (world.seats(9, 0), world.seats(9, 0));
    let effective = Some(time("2026-11-24T00:00:00Z"));
    let revocation = Revocation { reason: RevocationReason::ContractEnded, note: None, effective };
    revoke_from(&mut world.ledger, &stopped.signed.license.id.to_string(), &revocation, &at(NOW)).unwrap();
    for (when, editions) in
        [(NOW, 1), ("2026-11-23T23:59:59Z", 1), ("2026-11-24T00:00:00Z", 2), ("2026-11-24T00:00:01Z", 2)]
    {
        world.grant_at(&Deployment::new(&issued).activate_at(when), when);
        assert_eq!(world.events_of(EventKind::StatusPublished).len(), editions, "{when}");
    }
    check(&world.ledger).unwrap();
}

/// Deployments would refuse the list of a key that has leaked.
#[test]
fn a_list_by_a_key_that_has_leaked_is_signed_anew() {
    let mut world = World::new();
    let issued = world.seats(9, 0);
    let first = world.grant(&Deployment::new(&issued).activate());
    let leaked = world.key.public().thumbprint();
    let next = PrivateKey::generate().unwrap();
    world.add_key(&next, |key| key).unwrap();
    let kid = next.public().thumbprint();
    activate_key(&mut world.ledger, &kid, Shipping::Waived, &at(NOW)).unwrap();
    world.key = next;
    let kept = world.grant(&Deployment::new(&issued).activate());
    assert_eq!(kept.paste.lists, first.paste.lists, "a key that was replaced is trusted still");
    distrust_key(&mut world.ledger, &leaked, time("2027-02-01T00:00:00Z"), &at(NOW)).unwrap();
    let given = world.grant(&Deployment::new(&issued).activate());
    let received = Received::<StatusList>::read(&given.paste.lists[0]).unwrap();
    assert_eq!(received.untrusted_signer().0, kid.to_string());
    check(&world.ledger).unwrap();
}

#[test]
fn where_another_key_signs_lists_the_published_one_is_enclosed() {
    let mut world = World::bare();
    let (one, two) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
    world
        .add_key(&one, |key| lictor_issuer::key::NewKey {
            purposes: vec![Purpose::License.into(), Purpose::Activation.into()],
            ..key
        })
        .unwrap();
    world
        .add_key(&two, |key| lictor_issuer::key::NewKey { purposes: vec![Purpose::Status.into()], ..key })
        .unwrap();
    world.add_product("dialer", Terms::default());
    world.key = one;
    let issued = world.seats(9, 0);
    assert_eq!(world.grant(&Deployment::new(&issued).activate()).paste.lists.len(), 0);
    let uris = [Uri::new(LIST).unwrap()];
    let list = publish(&world.home, &mut world.ledger, &two, &uris, &at(NOW)).unwrap();
    let given = world.grant(&Deployment::new(&issued).activate());
    assert_eq!(given.paste.lists, [list.lists[0].token.clone()]);
}

#[test]
fn without_a_key_that_may_nothing_is_granted() {
    let mut world = World::bare();
    let key = PrivateKey::generate().unwrap();
    world
        .add_key(&key, |key| lictor_issuer::key::NewKey { purposes: vec![Purpose::License.into()], ..key })
        .unwrap();
    world.add_product("dialer", Terms::default());
    world.key = key;
    let issued = world.seats(9, 0);
    let failure = world.answer(&[Deployment::new(&issued).activate()], None, &at(NOW)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::SigningNotConfigured);
    assert_eq!(world.taken(&issued), 0);
    let key = PrivateKey::generate().unwrap();
    world
        .add_key(&key, |key| lictor_issuer::key::NewKey {
            purposes: vec![Purpose::Activation.into()],
            products: lictor_shared::Products::Only(vec![name("desk")]),
            ..key
        })
        .unwrap();
    world.key = key;
    let failure = world.answer(&[Deployment::new(&issued).activate()], None, &at(NOW)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::SigningNotConfigured);
    assert!(failure.message.contains("dialer"), "{failure}");
    assert_eq!(world.taken(&issued), 0);
}

#[test]
fn each_product_may_have_a_key_of_its_own() {
    let mut world = World::bare();
    let [licenses, dialer, desk] = [(); 3].map(|()| PrivateKey::generate().unwrap());
    let only = |product: &str| lictor_shared::Products::Only(vec![name(product)]);
    for (key, purpose, products) in [
        (&licenses, Purpose::License, lictor_shared::Products::Any),
        (&dialer, Purpose::Activation, only("dialer")),
        (&desk, Purpose::Activation, only("desk")),
    ] {
        let of = |new| lictor_issuer::key::NewKey { purposes: vec![purpose.into()], products, ..new };
        world.add_key(key, of).unwrap();
    }
    world.add_product("dialer", Terms::default());
    world.add_product("desk", Terms::default());
    world.key = licenses;
    let one = world.seats(1, 0);
    let other = world.issue(|order| order.products = vec![name("desk")]);
    let requests = [
        Deployment::new(&one).activate(),
        Deployment::new(&other).ask(RequestKind::Activate, |request| request.product = name("desk")),
        Deployment::new(&one).ask(RequestKind::Activate, |request| request.product = name("zzz")),
    ];
    let products = products_to_sign_for(&world.home, &world.ledger, &requests, time(NOW)).unwrap();
    assert_eq!(products.iter().map(|product| product.as_str()).collect::<Vec<_>>(), ["desk", "dialer"]);
    // One of the two is not enough, and then nothing is answered.
    let failure = grant(&world.home, &mut world.ledger, &[&dialer], &requests, None, &at(NOW)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert_eq!(world.taken(&one), 0);
    let grants = grant(&world.home, &mut world.ledger, &[&dialer, &desk], &requests, None, &at(NOW)).unwrap();
    let [Answer::Given(first), Answer::Given(second), Answer::Denied(_)] = &grants.answers[..] else {
        panic!("{grants:?}")
    };
    for (given, key) in [(first, &dialer), (second, &desk)] {
        let received = Received::<Activation>::read(&given.paste.token).unwrap();
        assert_eq!(received.untrusted_signer().0, key.public().thumbprint().to_string());
    }
    // Answered before, they take no signature.
    let products = products_to_sign_for(&world.home, &world.ledger, &requests, time(NOW)).unwrap();
    assert_eq!(products.len(), 0);
    check(&world.ledger).unwrap();
}

#[test]
fn asked_for_once_and_only_tried() {
    let mut world = World::new();
    let issued = world.seats(9, 0);
    let request = Deployment::new(&issued).activate();
    let dry = Occasion { intent: Intent::DryRun, ..at(NOW) };
    let before = world.ledger.events(1).count();
    let tried = world.answer(std::slice::from_ref(&request), None, &dry).unwrap();
    assert_eq!(tried.claims().len(), 1);
    let told = world.ledger.dry_run().unwrap().clone();
    let kinds: Vec<EventKind> = told.events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::ActivationGranted, EventKind::StatusPublished]);
    assert_eq!((world.ledger.events(1).count(), world.taken(&issued)), (before, 0));
    let made = Request::new(text("grant-1"), &Value::object([]));
    let once = Occasion { intent: Intent::MakeOnce(made), ..at(NOW) };
    let grants = world.answer(std::slice::from_ref(&request), None, &once).unwrap();
    assert_eq!(world.ledger.answer(&once).unwrap(), Some(grants.answer()));
    check(&world.ledger).unwrap();
    // With what was answered before, what is denied, and a newer license, in one call.
    let full = world.seats(1, 0);
    world.grant(&Deployment::new(&full).activate());
    let terms = Terms { overage: Some(1), ..Terms::default() };
    let amendment = Amendment { changes: Changes { terms, ..Changes::default() }, earlier: Earlier::Keep };
    let id = issued.signed.license.id.to_string();
    amend(&world.home, &mut world.ledger, &world.key, &id, &amendment, &at(NOW)).unwrap();
    let asked = [request, Deployment::new(&full).activate(), Deployment::new(&issued).activate()];
    let made = Request::new(text("grant-2"), &Value::object([]));
    let once = Occasion { intent: Intent::MakeOnce(made), ..at(NOW) };
    let grants = world.answer(&asked, None, &once).unwrap();
    let [Answer::Given(again), Answer::Denied(_), Answer::Given(given)] = &grants.answers[..] else {
        panic!("{grants:?}")
    };
    assert_eq!((again.manner, given.manner), (Manner::Repeated, Manner::Granted));
    assert_eq!(given.paste.licenses.len(), 1);
    check(&world.ledger).unwrap();
    // Another paste in its place is named.
    let intruder = rusqlite::Connection::open(world.ledger.path()).unwrap();
    let (whole, changed) = (r"BEGIN STATUS LIST-----\n", r"BEGIN STATUS LIST-----\nA");
    let replace = |id: &str, what: &str, with: &str| {
        let statement = "UPDATE request SET answer = replace(answer, ?2, ?3) WHERE id = ?1";
        assert_eq!(intruder.execute(statement, [id, what, with]).unwrap(), 1);
    };
    for id in ["grant-1", "grant-2"] {
        replace(id, whole, changed);
        let failure = check(&world.ledger).unwrap_err();
        assert!(failure.message.contains(&format!("the answer to the request {id:?}")), "{failure}");
        replace(id, changed, whole);
    }
    check(&world.ledger).unwrap();
}

#[test]
fn deployments_are_listed_page_by_page_and_by_customer() {
    let mut world = World::new();
    let one = world.seats(9, 0);
    let two = world.issue(|order| order.customer = text("Bolt AG"));
    let mut expected = Vec::new();
    for issued in [&one, &one, &one, &two, &two] {
        let mut deployment = Deployment::new(issued);
        world.grant(&deployment.activate());
        expected.push((issued.signed.license.id, deployment.key.public().thumbprint().to_string()));
    }
    expected.sort();
    let mut found = Vec::new();
    let mut page = lictor_issuer::activation::DeploymentPage { license: None, after: None, size: 2 };
    loop {
        let deployments = deployments(&world.ledger, page).unwrap();
        let Some(last) = deployments.last() else { break };
        page.after = Some((last.license, last.id));
        found.extend(deployments.iter().map(|found| (found.license, found.id.to_string())));
    }
    assert_eq!(found, expected);
    let all = lictor_issuer::activation::DeploymentPage { license: None, after: None, size: 100 };
    let of = |customer: &str| {
        lictor_issuer::activation::deployments_of_customer(&world.ledger, &text(customer), all)
    };
    assert_eq!((of("Bolt AG").unwrap().len(), of("acme-gmbh").unwrap().len()), (2, 3));
    assert_eq!(of("nobody").unwrap_err().kind, FailureKind::NotFound);
}

fn find(world: &World, id: &Thumbprint) -> lictor_issuer::activation::DeploymentRecord {
    lictor_issuer::activation::find_deployment(&world.ledger, &id.to_string(), None).unwrap()
}
