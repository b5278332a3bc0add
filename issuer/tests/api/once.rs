//! Changes that are made once, and changes that are only tried.

use lictor_issuer::durable::Existing;
use lictor_issuer::terms::FromText as _;
use lictor_issuer::{
    Earlier, FailureKind, Intent, Ledger, LicenseState, Occasion, Outcome as _, Product, Renewal,
    RenewedTerm, Request, RevocationReason, Terms, amend, catalogue, check, find, issue, publish, reinstate,
    renew, revoke, suspend,
};
use lictor_shared::Uri;
use lictor_shared::json::Value;

use crate::support::{LIST, NOW, World, at, name, order, text};

fn asked(arguments: &str) -> Value {
    Value::object([("arguments", arguments.into())])
}

/// An occasion on which something is asked for once.
fn once(id: &str, arguments: &str) -> Occasion {
    let request = Request::new(text(id), &asked(arguments));
    Occasion { intent: Intent::MakeOnce(request), ..at(NOW) }
}

fn dry() -> Occasion {
    Occasion { intent: Intent::DryRun, ..at(NOW) }
}

fn events(world: &World) -> usize {
    world.ledger.events(1).map(Result::unwrap).count()
}

fn one_year() -> Renewal {
    Renewal {
        length: RenewedTerm::For(lictor_issuer::terms::Span::from_text("1y").unwrap()),
        changes: Default::default(),
        earlier: Earlier::Keep,
    }
}

type Change = fn(&mut World, &str, &Occasion) -> Result<Value, lictor_issuer::Failure>;

/// Every change of a license and of the catalogue, in an order in which each is allowed.
const CHANGES: [(&str, Change); 8] = [
    ("product", |world, _, occasion| {
        let product = Product { name: name("desk"), plans: vec![name("basic")], defaults: Terms::default() };
        catalogue::add_product(&mut world.ledger, &product, occasion).map(|()| product.answer())
    }),
    ("issue", |world, _, occasion| {
        issue(&world.home, &mut world.ledger, &world.key, &order(), occasion).map(|issued| issued.answer())
    }),
    ("renew", |world, id, occasion| {
        renew(&world.home, &mut world.ledger, &world.key, id, &one_year(), occasion)
            .map(|renewed| renewed.answer())
    }),
    ("amend", |world, id, occasion| {
        let changes = lictor_issuer::Changes { plan: Some(name("basic")), ..Default::default() };
        let amendment = lictor_issuer::Amendment { changes, earlier: Earlier::Keep };
        amend(&world.home, &mut world.ledger, &world.key, id, &amendment, occasion)
            .map(|amended| amended.answer())
    }),
    ("suspend", |world, id, occasion| {
        suspend(&mut world.ledger, id, None, occasion).map(|suspended| suspended.answer())
    }),
    ("reinstate", |world, id, occasion| {
        reinstate(&mut world.ledger, id, None, occasion).map(|reinstated| reinstated.answer())
    }),
    ("revoke", |world, id, occasion| {
        let reason = RevocationReason::Fraud;
        revoke(&mut world.ledger, id, reason, None, occasion).map(|revoked| revoked.answer())
    }),
    ("publish", |world, _, occasion| {
        let uris = [Uri::new(LIST).unwrap()];
        publish(&world.home, &mut world.ledger, &world.key, &uris, occasion)
            .map(|publication| publication.answer())
    }),
];

#[test]
fn what_was_asked_for_once_is_done_once_and_answered_alike() {
    let mut world = World::new();
    let id = world.issue(|_| {}).signed.license.id.to_string();
    for (request, change) in CHANGES {
        let occasion = once(request, "as given");
        assert_eq!(world.ledger.answer(&occasion).unwrap(), None, "{request}");
        let before = events(&world);
        let answer = change(&mut world, &id, &occasion).unwrap();
        assert_eq!(world.ledger.answer(&occasion).unwrap(), Some(answer), "{request}");
        // That of the change, and that of the answer.
        assert_eq!(events(&world), before + 2, "{request}");
        // Whoever does not look first changes nothing either.
        let again = change(&mut world, &id, &occasion).unwrap_err();
        assert!(again.is_done_before(), "{request}: {again}");
        let other = once(request, "otherwise");
        for failure in
            [world.ledger.answer(&other).unwrap_err(), change(&mut world, &id, &other).unwrap_err()]
        {
            assert_eq!(failure.kind, FailureKind::RequestReused, "{request}");
            assert_eq!(failure.exit_code(), 20);
            assert_eq!(failure.envelope().code.as_str(), "IDEMPOTENCY_KEY_REUSED");
        }
        assert_eq!(events(&world), before + 2, "{request}");
    }
    let named: Vec<String> = world
        .ledger
        .events(1)
        .filter_map(|event| event.unwrap().body.get("requestId")?.as_str().map(Into::into))
        .collect();
    assert_eq!(named, CHANGES.map(|(request, _)| [request.to_owned(), request.to_owned()]).concat());
    check(&world.ledger).unwrap();
}

#[test]
fn a_request_that_failed_was_not_carried_out() {
    let mut world = World::new();
    let id = world.issue(|_| {}).signed.license.id.to_string();
    let occasion = once("lift", "as given");
    assert_eq!(reinstate(&mut world.ledger, &id, None, &occasion).unwrap_err().kind, FailureKind::Conflict);
    assert_eq!(world.ledger.answer(&occasion).unwrap(), None);
    suspend(&mut world.ledger, &id, None, &at(NOW)).unwrap();
    reinstate(&mut world.ledger, &id, None, &occasion).unwrap();
}

#[test]
fn of_many_who_ask_at_once_one_is_served_and_all_get_his_answer() {
    let world = World::new();
    let (home, key, occasion) = (&world.home, &world.key, once("order-1", "as given"));
    let answers: Vec<Value> = std::thread::scope(|scope| {
        let ask = || {
            let mut ledger = home.ledger().unwrap();
            match issue(home, &mut ledger, key, &order(), &occasion) {
                Ok(issued) => issued.answer(),
                Err(failure) => {
                    assert!(failure.is_done_before(), "{failure}");
                    ledger.answer(&occasion).unwrap().unwrap()
                }
            }
        };
        let askers: Vec<_> = (0..8).map(|_| scope.spawn(ask)).collect();
        askers.into_iter().map(|asker| asker.join().unwrap()).collect()
    });
    assert!(answers.iter().all(|answer| *answer == answers[0]), "{answers:?}");
    assert_eq!(check(&world.ledger).unwrap().licenses, 1);
}

#[test]
fn a_dry_run_tells_all_and_leaves_nothing() {
    let mut world = World::new();
    let id = world.issue(|_| {}).signed.license.id.to_string();
    for (kind, change) in CHANGES {
        let before = events(&world);
        let state = |world: &World| find(&world.ledger, &id).unwrap();
        let found = state(&world);
        change(&mut world, &id, &dry()).unwrap_or_else(|failure| panic!("{kind}: {failure}"));
        let told = world.ledger.dry_run().unwrap_or_else(|| panic!("{kind}")).clone();
        assert_eq!(told.events.len(), 1, "{kind}");
        assert_eq!(told.events[0].seq, u64::try_from(before).unwrap() + 1, "{kind}");
        let signs = ["issue", "renew", "amend", "publish"].contains(&kind);
        assert_eq!(told.claims.len(), usize::from(signs), "{kind}");
        assert_eq!(told.events[0].body.contains_key("tokenSha256"), signs, "{kind}");
        assert_eq!(events(&world), before, "{kind}");
        assert_eq!(state(&world), found, "{kind}");
        // The next one is allowed after the real one only.
        change(&mut world, &id, &at(NOW)).unwrap_or_else(|failure| panic!("{kind}: {failure}"));
        assert_eq!(world.ledger.dry_run(), None, "{kind}");
    }
    assert_eq!(find(&world.ledger, &id).unwrap().state(at(NOW).at), LicenseState::Revoked);
    check(&world.ledger).unwrap();
}

#[test]
fn a_dry_run_refuses_what_the_change_would() {
    let mut world = World::new();
    let id = world.issue(|_| {}).signed.license.id.to_string();
    assert_eq!(reinstate(&mut world.ledger, &id, None, &dry()).unwrap_err().kind, FailureKind::Conflict);
    assert_eq!(world.ledger.dry_run(), None);
}

/// No token leaves a dry run: what stands in its place is refused as one.
#[test]
fn a_dry_run_signs_nothing() {
    let mut world = World::new();
    let issued = issue(&world.home, &mut world.ledger, &world.key, &order(), &dry()).unwrap();
    assert_eq!(issued.signed.token.matches('.').count(), 1, "header and payload, and no signature");
    let uris = [Uri::new(LIST).unwrap()];
    let publication = publish(&world.home, &mut world.ledger, &world.key, &uris, &dry()).unwrap();
    assert_eq!(publication.lists[0].token.matches('.').count(), 1);
}

#[test]
fn what_a_request_came_to_can_be_neither_forged_nor_taken_away_unseen() {
    let mut world = World::new();
    issue(&world.home, &mut world.ledger, &world.key, &order(), &once("order-1", "as given")).unwrap();
    let copy = world.scratch.0.join("copy.db");
    let tampered = |statement: &str| {
        world.ledger.backup(&copy, Existing::Replace).unwrap();
        rusqlite::Connection::open(&copy).unwrap().execute_batch(statement).unwrap();
        check(&Ledger::open(&copy).unwrap())
    };
    check(&world.ledger).unwrap();
    for statement in [
        "UPDATE request SET answer = '{}'",
        "UPDATE request SET id = 'order-2'",
        "UPDATE request SET seq = 1",
        "DELETE FROM request",
        "INSERT INTO request VALUES ('order-3', 2, zeroblob(32), '{}', NULL)",
        "UPDATE request SET answer = replace(answer, '\"token\":\"e', '\"token\":\"f')",
    ] {
        let failure = tampered(statement).expect_err(statement);
        assert_eq!(failure.kind, FailureKind::Ledger, "{statement}");
        assert!(failure.message.contains("request"), "{statement}: {}", failure.message);
    }
}
