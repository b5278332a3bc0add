//! Erasing a customer: no byte of his texts is left, and the log proves what it proved.

use lictor_issuer::audit::{import_reports, usage};
use lictor_issuer::durable::Existing;
use lictor_issuer::terms::{FromText as _, Span};
use lictor_issuer::{
    Amendment, Changes, Earlier, EventKind, FailureKind, Intent, Occasion, Request, RevocationReason,
    Running, Selection, amend, check, erase_customer, find, find_customer, issue, renew, revoke, signed,
    suspend, visit_customers, visit_export, visit_summaries,
};
use lictor_issuer::{Renewal, RenewedTerm};
use rusqlite::Connection;
use std::collections::BTreeMap;
use std::fs;

use crate::deployment::Deployment;
use crate::restore::{backup, restored};
use crate::support::{NOW, World, at, name, order, text, time, tree};
use crate::usage::reported;

const CUSTOMER: &str = "Zweistein & Söhne";
const LATER: &str = "2026-12-24T00:00:00Z";

/// Texts of the customer, in whichever table they stand.
const TEXTS: [&str; 7] =
    ["Zweistein", "zweistein", "Lager Altona", "Lager Barmbek", "zahlt nie", "Vertrag 4711", "winkel 3"];

/// A customer with two licenses, deployments that changed their labels, notes and a request; and another customer.
fn world() -> (World, Vec<String>) {
    let mut world = World::new();
    let mut theirs = order();
    theirs.customer = text(CUSTOMER);
    theirs.meta = BTreeMap::from([(name("note"), "Vertrag 4711".to_owned())]);
    theirs.terms.activation = Some(lictor_shared::ActivationPolicy::Required);
    let made = Request::new(text("order-1"), &CUSTOMER.into());
    let once = Occasion { intent: Intent::MakeOnce(made), ..at(NOW) };
    let first = issue(&world.home, &mut world.ledger, &world.key, &theirs, &once).unwrap();
    let second = world.try_issue(&theirs).unwrap();
    let mut deployment = Deployment::new(&first);
    for label in ["Lager Altona", "Lager Barmbek, winkel 3"] {
        deployment.label = text(label);
        let given = world.grant(&deployment.activate());
        deployment.take(&given);
    }
    world.grant(&deployment.release());
    let ids: Vec<String> = [&first, &second].map(|issued| issued.signed.license.id.to_string()).into();
    let length = RenewedTerm::For(Span::from_text("1y").unwrap());
    let renewal = Renewal { length, changes: Changes::default(), earlier: Earlier::Keep };
    renew(&world.home, &mut world.ledger, &world.key, &ids[0], &renewal, &at(NOW)).unwrap();
    suspend(&mut world.ledger, &ids[1], Some(&text("zahlt nie")), &at(LATER)).unwrap();
    world.issue(|order| order.customer = text("Bolt AG"));
    (world, ids)
}

fn stop(world: &mut World, ids: &[String]) {
    for id in ids {
        let note = text("zahlt nie");
        revoke(&mut world.ledger, id, RevocationReason::NonPayment, Some(&note), &at(LATER)).unwrap();
    }
}

/// The texts that stand anywhere in a folder, and where.
fn left(world: &World) -> Vec<String> {
    let holds = |bytes: &[u8], text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
    // A token has its texts in base64url: three ways, as the bytes before them fall.
    let shifted = |text: &str| {
        [0, 1, 2].map(|shift| {
            let encoded = base64url(&[&vec![b'x'; shift], text.as_bytes()].concat());
            let whole = (shift + text.len()) / 3 * 4;
            encoded[[0, 2, 3][shift]..whole].to_owned()
        })
    };
    let mut left = Vec::new();
    for (path, bytes) in tree(world.home.path()) {
        for text in TEXTS {
            if holds(&bytes, text) || shifted(text).iter().any(|encoded| holds(&bytes, encoded)) {
                left.push(format!("{text} in {}", path.display()));
            }
        }
    }
    left
}

fn base64url(bytes: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let mut bits = [0; 3];
        bits[..chunk.len()].copy_from_slice(chunk);
        let number = u32::from_be_bytes([0, bits[0], bits[1], bits[2]]);
        for place in 0..=chunk.len() {
            text.push(char::from(LETTERS[usize::try_from(number >> (18 - 6 * place) & 63).unwrap()]));
        }
    }
    text
}

#[test]
fn no_byte_of_a_customer_is_left_and_the_log_is_what_it_was() {
    let (mut world, ids) = world();
    stop(&mut world, &ids);
    assert!(left(&world).len() >= TEXTS.len(), "{:?}", left(&world));
    let before = check(&world.ledger).unwrap();
    let root = world.ledger.tree().root_at(before.events).unwrap();
    let erased = erase_customer(&mut world.ledger, &text(CUSTOMER), Running::Refuse, &at(LATER)).unwrap();
    assert_eq!(left(&world), Vec::<String>::new());
    let nobody = format!("erased-{}", before.events + 1);
    assert_eq!((erased.erased_as.as_str(), erased.event), (nobody.as_str(), Some(before.events + 1)));
    let mut in_order = ids.clone();
    in_order.sort();
    assert_eq!(erased.licenses.iter().map(ToString::to_string).collect::<Vec<_>>(), in_order);
    // Three tokens with a name and an id each, three labels, three notes.
    assert_eq!((erased.texts, erased.tokens, erased.labels), (12, 3, 1));
    assert_eq!((erased.answers, erased.requests, erased.running.len()), (3, 1, 0));
    let after = check(&world.ledger).unwrap();
    assert_eq!((after.events, after.erased), (before.events + 1, 12));
    assert_eq!(after.personal, before.personal - 12);
    assert_eq!(world.ledger.tree().root_at(before.events).unwrap(), root, "no leaf was touched");
    // Once more it only sweeps.
    let again = erase_customer(&mut world.ledger, &text(&nobody), Running::Refuse, &at(LATER)).unwrap();
    assert_eq!((again.event, check(&world.ledger).unwrap().events), (None, after.events));
}

#[test]
fn reports_of_use_go_too_and_no_further_one_is_recorded() {
    let mut world = World::new();
    let mut theirs = order();
    theirs.customer = text(CUSTOMER);
    let issued = world.try_issue(&theirs).unwrap();
    let third = reported(&mut world, &issued, "Zweistein Dialer 7.2");
    assert_eq!(usage(&world.ledger, None).unwrap().len(), 2);
    let erased = erase_customer(&mut world.ledger, &text(CUSTOMER), Running::Erase, &at(LATER)).unwrap();
    assert_eq!(erased.reports, 2);
    assert_eq!(left(&world), Vec::<String>::new());
    assert_eq!(usage(&world.ledger, None).unwrap(), []);
    let events = check(&world.ledger).unwrap().events;
    let failure = import_reports(&world.home, &mut world.ledger, &[third], &at(LATER)).unwrap_err();
    assert_eq!((failure.kind, check(&world.ledger).unwrap().events), (FailureKind::NotFound, events));
    assert!(failure.message.contains("was erased"), "{}", failure.message);
    // A report that was erased, and comes back from somewhere, is no longer what the log says of it.
    let intruder = Connection::open(world.ledger.path()).unwrap();
    let forged = intruder.execute("UPDATE usage_report SET token = 'x'", ());
    assert!(forged.unwrap_err().to_string().contains("a report is kept as it was brought"));
}

/// Of two files that were answered under one id, one had been answered before: no event of that request tells of it.
#[test]
fn what_was_answered_once_more_beside_another_goes_too() {
    let mut world = World::new();
    let mut theirs = order();
    theirs.customer = text(CUSTOMER);
    let (first, second) =
        (world.try_issue(&theirs).unwrap(), world.issue(|order| order.customer = text("Bolt AG")));
    let mut deployment = Deployment { label: text("Lager Altona"), ..Deployment::new(&first) };
    let asked = deployment.activate();
    world.grant(&asked);
    let both = [Deployment::new(&second).activate(), asked];
    let request = Request::new(text("batch-1"), &"two files".into());
    let once = Occasion { intent: Intent::MakeOnce(request), ..at(NOW) };
    world.answer(&both, None, &once).unwrap();
    let erased = erase_customer(&mut world.ledger, &text(CUSTOMER), Running::Erase, &at(LATER)).unwrap();
    assert_eq!(erased.requests, 1);
    assert_eq!(left(&world), Vec::<String>::new());
    check(&world.ledger).unwrap();
}

#[test]
fn whatever_shows_a_customer_shows_that_he_was_erased() {
    let (mut world, ids) = world();
    let serial = find(&world.ledger, &ids[0]).unwrap().revisions[0].serial;
    stop(&mut world, &ids);
    erase_customer(&mut world.ledger, &text("zweistein-söhne"), Running::Refuse, &at(LATER)).unwrap();
    assert_eq!(find_customer(&world.ledger, &text(CUSTOMER)).unwrap_err().kind, FailureKind::NotFound);
    let mut names = Vec::new();
    visit_customers(&world.ledger, &mut |customer| {
        names.push((customer.name.to_string(), customer.licenses));
        Ok(())
    })
    .unwrap();
    assert_eq!(names, [("Bolt AG".to_owned(), 1), ("erased".to_owned(), 2)]);
    let theirs = Selection { customer: Some(text(CUSTOMER)), ..Selection::default() };
    visit_summaries(&world.ledger, &theirs, time(LATER), &mut |_| panic!("found by his name")).unwrap();
    let license = find(&world.ledger, &ids[0]).unwrap();
    assert_eq!((license.customer.as_str(), license.revisions.len()), ("erased", 2));
    let seats = lictor_issuer::activation::occupancy(&world.ledger, &license, time(LATER)).unwrap();
    assert_eq!(seats.active, 0);
    assert_eq!(signed(&world.ledger, serial).unwrap_err().kind, FailureKind::Conflict);
    let mut exported = 0;
    visit_export(&world.ledger, &mut |_, _| {
        exported += 1;
        Ok(())
    })
    .unwrap();
    assert_eq!(exported, 1, "that of the other customer");
    let made = Request::new(text("order-1"), &CUSTOMER.into());
    let once = Occasion { intent: Intent::MakeOnce(made), ..at(NOW) };
    assert_eq!(world.ledger.answer(&once).unwrap_err().kind, FailureKind::RequestReused);
}

#[test]
fn what_still_runs_is_erased_only_on_purpose() {
    let (mut world, ids) = world();
    let refused =
        erase_customer(&mut world.ledger, &text(CUSTOMER), Running::Refuse, &at(LATER)).unwrap_err();
    assert_eq!(refused.kind, FailureKind::Conflict);
    assert!(refused.message.contains("2 licenses"), "{}", refused.message);
    let made = Request::new(text("erase-1"), &CUSTOMER.into());
    let once = Occasion { intent: Intent::MakeOnce(made), ..at(LATER) };
    let refused = erase_customer(&mut world.ledger, &text(CUSTOMER), Running::Erase, &once).unwrap_err();
    assert_eq!(refused.kind, FailureKind::Usage);
    let before = left(&world);
    let dry = Occasion { intent: Intent::DryRun, ..at(LATER) };
    let would = erase_customer(&mut world.ledger, &text(CUSTOMER), Running::Erase, &dry).unwrap();
    assert_eq!((would.running.len(), would.texts), (2, 10));
    assert_eq!(world.ledger.dry_run().unwrap().events[0].kind, EventKind::CustomerErased);
    assert_eq!(left(&world), before);
    erase_customer(&mut world.ledger, &text(CUSTOMER), Running::Erase, &at(LATER)).unwrap();
    assert_eq!(left(&world), Vec::<String>::new());
    let amendment = Amendment { changes: Changes::default(), earlier: Earlier::Keep };
    let failure =
        amend(&world.home, &mut world.ledger, &world.key, &ids[0], &amendment, &at(LATER)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(failure.message.contains("erased with its customer"), "{}", failure.message);
    // It can still be stopped; a note on that is a text that can be erased as well.
    stop(&mut world, &ids);
    assert!(!left(&world).is_empty());
    check(&world.ledger).unwrap();
    let nobody = find(&world.ledger, &ids[0]).unwrap().customer_id;
    let erased = erase_customer(&mut world.ledger, &nobody, Running::Refuse, &at(LATER)).unwrap();
    assert_eq!((&erased.erased_as, erased.texts), (&nobody, 2));
    assert_eq!(left(&world), Vec::<String>::new());
    check(&world.ledger).unwrap();
}

#[test]
fn a_backup_from_before_brings_nobody_back() {
    let (mut world, ids) = world();
    stop(&mut world, &ids);
    backup(&world, "before.db");
    erase_customer(&mut world.ledger, &text(CUSTOMER), Running::Refuse, &at(LATER)).unwrap();
    let nobody = find(&world.ledger, &ids[0]).unwrap().customer_id;
    let bytes = fs::read(world.scratch.0.join("before.db")).unwrap();
    assert!(bytes.windows(9).any(|window| window == b"Zweistein"), "a backup is not touched");
    let (world, restored) = restored(world, "before.db", 7, LATER);
    assert_eq!(restored.erased, 2);
    assert_eq!(left(&world), Vec::<String>::new());
    assert_eq!(find(&world.ledger, &ids[0]).unwrap().customer_id, nobody);
    assert_eq!(check(&world.ledger).unwrap().erased, 12);
}

/// What was written down of somebody who was erased goes with the second erasure, also where a backup knows the first alone.
#[test]
fn a_backup_from_between_two_erasures_brings_no_text_back() {
    let (mut world, ids) = world();
    erase_customer(&mut world.ledger, &text(CUSTOMER), Running::Erase, &at(LATER)).unwrap();
    let nobody = find(&world.ledger, &ids[0]).unwrap().customer_id;
    let note = text("zahlt nie");
    let made = Request::new(text("stop-1"), &"Zweistein".into());
    let once = Occasion { intent: Intent::MakeOnce(made), ..at(LATER) };
    revoke(&mut world.ledger, &ids[0], RevocationReason::NonPayment, Some(&note), &once).unwrap();
    backup(&world, "between.db");
    let again = erase_customer(&mut world.ledger, &nobody, Running::Erase, &at(LATER)).unwrap();
    assert_eq!((again.texts, again.requests), (1, 1));
    assert_eq!(left(&world), Vec::<String>::new());
    let (world, restored) = restored(world, "between.db", 8, LATER);
    assert_eq!(restored.erased, 1, "the license of which a text was left, and not the other one");
    assert_eq!(left(&world), Vec::<String>::new());
    assert_eq!(find(&world.ledger, &ids[0]).unwrap().customer_id, nobody);
    let made = Request::new(text("stop-1"), &"Zweistein".into());
    let once = Occasion { intent: Intent::MakeOnce(made), ..at(LATER) };
    assert_eq!(world.ledger.answer(&once).unwrap_err().kind, FailureKind::RequestReused);
}

/// A request alone, of which the answer names what was erased.
#[test]
fn a_backup_from_between_two_erasures_brings_no_answer_back() {
    let (mut world, ids) = world();
    erase_customer(&mut world.ledger, &text(CUSTOMER), Running::Erase, &at(LATER)).unwrap();
    let nobody = find(&world.ledger, &ids[0]).unwrap().customer_id;
    let made = Request::new(text("stop-2"), &"Zweistein".into());
    let once = Occasion { intent: Intent::MakeOnce(made), ..at(LATER) };
    revoke(&mut world.ledger, &ids[0], RevocationReason::NonPayment, None, &once).unwrap();
    backup(&world, "between.db");
    let again = erase_customer(&mut world.ledger, &nobody, Running::Erase, &at(LATER)).unwrap();
    assert_eq!((again.texts, again.requests), (0, 1));
    let (mut world, restored) = restored(world, "between.db", 9, LATER);
    assert_eq!(restored.erased, 1);
    let events = check(&world.ledger).unwrap().events;
    let swept = erase_customer(&mut world.ledger, &nobody, Running::Erase, &at(LATER)).unwrap();
    assert_eq!((swept.event, check(&world.ledger).unwrap().events), (None, events), "nothing was left to do");
}

#[test]
fn an_erasure_that_is_undone_or_forged_is_named() {
    let (mut world, ids) = world();
    stop(&mut world, &ids);
    backup(&world, "before.db");
    erase_customer(&mut world.ledger, &text(CUSTOMER), Running::Refuse, &at(LATER)).unwrap();
    let copy = world.scratch.0.join("copy.db");
    for (change, named) in [
        ("INSERT INTO personal SELECT * FROM old.personal WHERE field = 'note'", "was erased, and is there"),
        (
            "UPDATE revision SET token = (SELECT token FROM old.revision AS it WHERE it.serial = revision.serial)",
            "erased",
        ),
        (
            "UPDATE seat_answer SET token = (SELECT token FROM old.seat_answer AS it WHERE it.nonce = seat_answer.nonce)",
            "erased",
        ),
        ("UPDATE deployment SET label = 'Lager Altona'", "deployment"),
        ("UPDATE request SET answer = '{}'", "was erased"),
        ("UPDATE customer SET name = 'Zweistein' WHERE name = 'erased'", "customer"),
        ("DELETE FROM personal WHERE field = 'customer'", "never erased"),
    ] {
        world.ledger.backup(&copy, Existing::Replace).unwrap();
        let intruder = Connection::open(&copy).unwrap();
        let before = world.scratch.0.join("before.db");
        intruder.execute("ATTACH ?1 AS old", [before.to_str().unwrap()]).unwrap();
        assert!(intruder.execute(change, ()).unwrap() > 0, "{change}");
        drop(intruder);
        let failure = check(&lictor_issuer::Ledger::open(&copy).unwrap()).expect_err(change);
        assert_eq!(failure.exit_code(), 32, "{change}");
        assert!(failure.message.contains(named), "{change}: {}", failure.message);
    }
}
