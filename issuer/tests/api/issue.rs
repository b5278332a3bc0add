//! Issuing: what was ordered, signed, accepted by the validator, committed, handed out.

use lictor_issuer::key::NewKey;
use lictor_issuer::terms::{FromText, TermLength};
use lictor_issuer::{
    FailureKind, Home, Ledger, LicenseState, Order, Selection, Summary, Terms, check, find, preview, signed,
    terms, visit_summaries,
};
use lictor_keys::PrivateKey;
use lictor_shared::{
    ActivationPolicy, Algorithm, KeyId, License, Limit, OriginPattern, Products, Received, SeatLimit,
    Seconds, Term, Uuid, hex,
};
use lictor_validator::Unverified;
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;
use std::fs;

use crate::support::{LIST, NOW, World, at, field_errors, name, order, time, tree};

fn read<T: FromText>(text: &str) -> Option<T> {
    Some(T::from_text(text).unwrap())
}

#[test]
fn a_license_is_what_was_ordered() {
    let mut world = World::new();
    let issued = world.issue(|order| {
        order.starts = Some(terms::start("2026-12-01").unwrap());
        order.terms = Terms {
            warn: read("60d"),
            grace: read("1w"),
            revocation_grace: read("2d"),
            max_status_age: read("never"),
            maintenance: read("6mo"),
            seats: read("25"),
            overage: Some(2),
            activation: Some(ActivationPolicy::Required),
            features: Some(vec![name("branding")]),
            limits: Some(
                [(name("agents"), Limit::AtMost(250)), (name("recordings"), Limit::Unlimited)].into(),
            ),
            environments: Some(vec![name("production"), name("staging")]),
            ..order.terms.clone()
        };
        order.origins = vec![OriginPattern::new("https://*.acme.example").unwrap()];
        order.meta = [(name("po"), "4711".to_owned())].into();
    });
    let license = &issued.signed.license;
    assert_eq!((license.issuer.as_str(), license.customer_id.as_str()), ("acme-licensing", "acme-gmbh"));
    assert_eq!((license.issued_at, license.starts_at), (time(NOW), time("2026-12-01T00:00:00Z")));
    let term = Term::Fixed {
        warn_from: time("2027-10-02T00:00:00Z"),
        expires_at: time("2027-12-01T00:00:00Z"),
        grace_until: time("2027-12-08T00:00:00Z"),
    };
    assert_eq!(license.term, term);
    assert_eq!(license.maintenance_until, Some(time("2027-06-01T00:00:00Z")));
    assert_eq!(license.max_status_age, None);
    assert_eq!(license.grace.revocation.get(), 2 * 86_400);
    assert_eq!(license.grace.maintenance.get(), 30 * 86_400, "built in");
    assert_eq!((license.seats.limit, license.seats.overage), (SeatLimit::AtMost(25), 2));
    assert_eq!((license.revision, license.status.uri.as_str()), (1, LIST));
    let received = Received::<License>::read(&issued.signed.token).unwrap();
    assert_eq!(received.algorithm(), Algorithm::EdDsa);
    assert_eq!(&<License as lictor_shared::Artefact>::read(received.untrusted_payload()).unwrap(), license);
    let anchors = world.ledger.key_ring().unwrap().anchors().unwrap();
    let verified =
        Unverified::<License>::read(issued.signed.armored().as_bytes()).unwrap().verify(&anchors).unwrap();
    assert_eq!(verified.serial(), license.serial);
}

#[test]
fn what_is_handed_out_is_in_the_ledger() {
    let mut world = World::new();
    let issued = world.issue(|_| ());
    let license = &issued.signed.license;
    let reopened = world.home.ledger().unwrap();
    let record = find(&reopened, &license.id.to_string()).unwrap();
    assert_eq!(find(&reopened, &license.serial.to_string().to_uppercase()).unwrap(), record);
    assert_eq!((record.customer.as_str(), record.customer_id.as_str()), ("Acme GmbH", "acme-gmbh"));
    assert_eq!(record.latest().unwrap().entry, license.status);
    assert_eq!(signed(&reopened, license.serial).unwrap(), issued.signed, "a lost file is given again");
    let event = reopened.events(issued.event).next().unwrap().unwrap();
    assert_eq!(event.kind.as_str(), "license.issued");
    assert_eq!(event.body["tokenSha256"].as_str(), Some(hex(&Sha256::digest(&issued.signed.token)).as_str()));
    assert_eq!(event.body["serial"].as_str(), Some(license.serial.to_string().as_str()));
    let leaf = event.leaf();
    assert!(!leaf.to_lowercase().contains("acme gmbh") && !leaf.contains("acme-gmbh"), "{leaf}");
}

#[test]
fn defaults_come_from_products_then_the_home_then_what_is_built_in() {
    let mut world = World::new();
    let features = Some(vec![name("sso")]);
    world.add_product(
        "crm",
        Terms { warn: read("5d"), seats: read("7"), overage: Some(1), features, ..Terms::default() },
    );
    let config = world.home.path().join("lictor.toml");
    let text = fs::read_to_string(&config).unwrap()
        + "warn = \"9d\"\ngrace = \"1d\"\n[defaults.limits]\nagents = 3\n";
    fs::write(&config, text).unwrap();
    world.home = Home::open(world.home.path()).unwrap();
    let mut both = order();
    both.products = vec![name("dialer"), name("crm")];
    both.plan = name("basic");
    let license = world.try_issue(&both).unwrap().signed.license;
    let Term::Fixed { warn_from, expires_at, grace_until } = license.term else { panic!("fixed") };
    assert_eq!(expires_at.seconds() - warn_from.seconds(), 5 * 86_400, "the product's");
    assert_eq!(grace_until.seconds() - expires_at.seconds(), 86_400, "the home's");
    assert_eq!(license.grace.status.get(), 14 * 86_400, "built in");
    assert_eq!((license.seats.limit, license.seats.overage), (SeatLimit::AtMost(7), 1));
    assert_eq!(license.features, [name("sso")]);
    assert_eq!(license.limits[&name("agents")], Limit::AtMost(3));
    both.terms.seats = Some(SeatLimit::Unlimited);
    let license = world.try_issue(&both).unwrap().signed.license;
    assert_eq!(
        (license.seats.limit, license.seats.overage),
        (SeatLimit::Unlimited, 0),
        "none beyond unlimited"
    );
}

#[test]
fn terms_are_of_the_calendar() {
    let mut world = World::new();
    let mut end = |start: &str, term: TermLength| {
        let issued = world.issue(|order| {
            order.starts = Some(terms::start(start).unwrap());
            order.terms.term = Some(term);
        });
        (issued.signed.license.term.expires_at().map(|end| end.to_string()), issued.draft.in_words())
    };
    let (leap, _) = end("2028-02-29", TermLength::from_text("1y").unwrap());
    assert_eq!(leap.as_deref(), Some("2029-02-28T00:00:00Z"));
    let (until, words) = end("2027-01-01", TermLength::Until(terms::end("2027-12-31").unwrap()));
    assert_eq!(until.as_deref(), Some("2028-01-01T00:00:00Z"));
    assert_eq!(
        words,
        [
            "It holds from 2027-01-01T00:00:00Z on.",
            "It expires at 2028-01-01T00:00:00Z, so 2027-12-31 is its last day.",
            "Deployments warn of that from 2027-12-02T00:00:00Z on.",
            "Everything goes on working in grace until 2028-01-15T00:00:00Z, then it is read-only.",
            "A status list signed from now on must reach each deployment by 2027-01-06T00:00:00Z.",
        ]
    );
    let (never, words) = end("2027-01-01", TermLength::Perpetual);
    assert_eq!((never, words[1].as_str()), (None, "It never expires."));
    // A warning that is longer than the term begins with it.
    let issued = world.issue(|order| {
        order.terms.term = read("7d");
        order.terms.grace = read("0");
    });
    let Term::Fixed { warn_from, expires_at, grace_until } = issued.signed.license.term else {
        panic!("fixed")
    };
    assert_eq!((warn_from, grace_until), (time(NOW), expires_at));
}

#[test]
fn what_no_license_can_have_is_refused_field_by_field() {
    let mut world = World::new();
    let before = tree(world.home.path());
    let mut refused = |change: &dyn Fn(&mut Order)| {
        let mut order = order();
        change(&mut order);
        field_errors(&world.try_issue(&order).unwrap_err())
    };
    assert_eq!(refused(&|order| order.terms.term = None), ["term"]);
    assert_eq!(refused(&|order| order.terms.term = read("2026-11-20")), ["until"], "a past end");
    assert_eq!(
        refused(&|order| order.starts = Some(time("2020-01-01T00:00:00Z"))),
        ["term"],
        "it has ended already"
    );
    assert_eq!(refused(&|order| order.terms.term = read("8000y")), ["term"]);
    assert_eq!(refused(&|order| order.terms.term = Some(TermLength::Until(time(NOW)))), ["until"]);
    assert_eq!(refused(&|order| order.terms.term = read("9999-12-30")), ["grace"]);
    assert_eq!(refused(&|order| order.terms.maintenance = read("2026-11-20")), ["maintenance"]);
    assert_eq!(refused(&|order| order.terms.seats = Some(SeatLimit::AtMost(0))), ["seats"]);
    assert_eq!(refused(&|order| order.terms.overage = Some(2)), ["overage"], "seats are unlimited");
    assert_eq!(
        refused(&|order| order.terms.revocation_grace = Seconds::new(31_536_001)),
        ["revocationGrace"]
    );
    assert_eq!(refused(&|order| order.terms.environments = Some(Vec::new())), ["environments"]);
    assert_eq!(refused(&|order| order.products = vec![name("dialer"); 2]), ["products"]);
    assert_eq!(refused(&|order| order.products = Vec::new()), ["products"]);
    let many = |count: usize| (0..count).map(|number| name(&format!("{number:060}"))).collect::<Vec<_>>();
    assert_eq!(refused(&|order| order.terms.features = Some(many(257))), ["features"]);
    assert_eq!(
        refused(&|order| order.terms.features = Some(many(256))),
        ["license"],
        "the token would be too long"
    );
    assert_eq!(refused(&|order| order.meta = [(name("x"), "x".repeat(501))].into()), ["meta"]);
    let origin = || OriginPattern::new("https://a.example").unwrap();
    assert_eq!(refused(&|order| order.origins = vec![origin(), origin()]), ["origins"]);
    assert_eq!(
        refused(&|order| {
            order.terms.term = None;
            order.terms.seats = Some(SeatLimit::AtMost(0));
        }),
        ["seats", "term"],
        "all at once"
    );
    drop(world.ledger);
    // The ledger was open before; what is closed now is as it was.
    let after = tree(world.home.path());
    assert_eq!(
        after.get(&world.home.path().join("lictor.toml")),
        before.get(&world.home.path().join("lictor.toml"))
    );
    let ledger = world.home.ledger().unwrap();
    assert_eq!(ledger.events(1).count(), 3, "nothing was recorded");
    assert!(ids(&ledger, &Selection::default()).is_empty());
}

#[test]
fn a_refusal_leaves_the_home_byte_for_byte() {
    let mut world = World::new();
    drop(world.ledger);
    let before = tree(world.home.path());
    world.ledger = world.home.ledger().unwrap();
    let mut wrong = order();
    wrong.terms.seats = Some(SeatLimit::AtMost(0));
    assert!(world.try_issue(&wrong).is_err());
    wrong = order();
    wrong.products = vec![name("crm")];
    assert!(world.try_issue(&wrong).is_err());
    drop(world.ledger);
    assert_eq!(tree(world.home.path()), before);
}

#[test]
fn unknown_products_and_plans_are_told_which_there_are() {
    let mut world = World::new();
    let mut wrong = order();
    wrong.products.push(name("crm"));
    let failure = world.try_issue(&wrong).unwrap_err();
    assert_eq!(
        (failure.exit_code(), failure.message.as_str()),
        (21, "There is no product crm; there is dialer.")
    );
    wrong = order();
    wrong.plan = name("gold");
    let failure = world.try_issue(&wrong).unwrap_err();
    assert_eq!(failure.message, "The product dialer has no plan gold; there are basic and enterprise.");
    assert_eq!(failure.exit_code(), 21);
}

#[test]
fn only_the_key_that_signs_now_signs() {
    let mut world = World::bare();
    world.add_product("dialer", Terms::default());
    let none = world.try_issue(&order()).unwrap_err();
    assert_eq!((none.exit_code(), none.hint.as_deref()), (14, Some("lictor key new")));
    assert_eq!(preview(&world.home, &world.ledger, &order(), &at(NOW)).unwrap_err().exit_code(), 14);
    let (first, second) = (PrivateKey::generate().unwrap(), PrivateKey::generate().unwrap());
    let dialer_only = |key| NewKey { products: Products::Only(vec![name("dialer")]), ..key };
    world.add_key(&first, dialer_only).unwrap();
    world.add_key(&second, |key| key).unwrap();
    world.key = second;
    assert_eq!(world.try_issue(&order()).unwrap_err().kind, FailureKind::Conflict);
    world.key = first;
    world.try_issue(&order()).unwrap();
    world.add_product("crm", Terms::default());
    let mut other = order();
    other.products = vec![name("crm")];
    let failure = world.try_issue(&other).unwrap_err();
    assert_eq!(failure.exit_code(), 14, "no key speaks for it: {failure}");
    assert!(failure.message.contains("crm"), "{failure}");
    let spare = world.key.public().thumbprint();
    assert_ne!(failure.hint, Some(format!("lictor key activate {spare}")), "that one signs already");
}

#[test]
fn a_pinned_key_signs_under_its_name_only() {
    let mut world = World::bare();
    world.add_product("dialer", Terms::default());
    let key = PrivateKey::generate().unwrap();
    world.add_key(&key, |key| NewKey { algorithm: Some(Algorithm::Ed25519), ..key }).unwrap();
    world.key = key;
    let issued = world.issue(|_| ());
    let received = Received::<License>::read(&issued.signed.token).unwrap();
    assert_eq!(received.algorithm(), Algorithm::Ed25519);
    assert_eq!(
        received.untrusted_signer(),
        &KeyId::from(lictor_keys::Signer::public_key(&world.key).thumbprint())
    );
    let mut other = order();
    other.algorithm = Some(Algorithm::EdDsa);
    assert_eq!(field_errors(&world.try_issue(&other).unwrap_err()), ["alg"]);
    assert_eq!(field_errors(&preview(&world.home, &world.ledger, &other, &at(NOW)).unwrap_err()), ["alg"]);
}

/// Signs, but not what it was given.
struct Faulty(PrivateKey);

impl lictor_keys::Signer for Faulty {
    fn public_key(&self) -> &lictor_shared::PublicKey {
        lictor_keys::Signer::public_key(&self.0)
    }

    fn sign(&self, _: &[u8]) -> Result<[u8; 64], lictor_keys::SignError> {
        self.0.sign(b"something else")
    }
}

#[test]
fn what_the_validator_refuses_is_never_committed() {
    let mut world = World::new();
    let World { home, ledger, key, .. } = &mut world;
    let faulty = Faulty(core::mem::replace(key, PrivateKey::generate().unwrap()));
    let failure = lictor_issuer::issue(home, ledger, &faulty, &order(), &at(NOW)).unwrap_err();
    assert_eq!(failure.exit_code(), 1);
    assert_eq!(failure.details["reason"].as_str(), Some("bad_signature"));
    assert_eq!(ledger.events(1).count(), 3);
}

#[test]
fn every_license_has_an_index_and_ids_of_its_own() {
    let mut world = World::new();
    let issued: Vec<_> = (0..50).map(|_| world.issue(|_| ()).signed.license).collect();
    let distinct = |key: &dyn Fn(&License) -> String| issued.iter().map(key).collect::<BTreeSet<_>>().len();
    assert_eq!(distinct(&|license| license.status.index.to_string()), 50);
    assert_eq!(distinct(&|license| license.id.to_string()), 50);
    assert_eq!(distinct(&|license| license.serial.to_string()), 50);
    assert_eq!(distinct(&|license| license.customer_id.to_string()), 1, "one customer");
    let first = ids(&world.ledger, &Selection { most: Some(30), ..Selection::default() });
    let after = first.last().copied();
    let rest = ids(&world.ledger, &Selection { after, most: Some(30), ..Selection::default() });
    assert_eq!((first.len(), rest.len()), (30, 20));
    assert!(first.iter().chain(&rest).is_sorted());
}

fn ids(ledger: &Ledger, selection: &Selection) -> Vec<Uuid> {
    let mut found = Vec::new();
    let mut visit = |license: Summary| {
        found.push(license.id);
        Ok(())
    };
    visit_summaries(ledger, selection, time(NOW), &mut visit).unwrap();
    found
}

#[test]
fn a_preview_changes_nothing_and_says_the_same() {
    let mut world = World::new();
    let events = world.ledger.events(1).count();
    let draft = preview(&world.home, &world.ledger, &order(), &at(NOW)).unwrap();
    assert_eq!(check(&world.ledger).unwrap().licenses, 0, "nothing is written, the customer neither");
    assert_eq!(world.ledger.events(1).count(), events);
    assert_eq!(world.try_issue(&order()).unwrap().draft, draft);
}

#[test]
fn seats_that_bind_nobody_are_warned_of() {
    let mut world = World::new();
    let mut seats = order();
    seats.terms.seats = read("25");
    assert!(world.try_issue(&seats).unwrap().draft.warnings()[0].contains("(25) binds nobody"));
    seats.terms.activation = Some(ActivationPolicy::Required);
    assert!(world.try_issue(&seats).unwrap().draft.warnings().is_empty());
    assert!(world.issue(|_| ()).draft.warnings().is_empty());
}

#[test]
fn a_license_starts_runs_and_ends() {
    let mut world = World::new();
    let id = world.issue(|order| order.starts = Some(time("2026-12-01T00:00:00Z"))).signed.license.id;
    let record = find(&world.ledger, &id.to_string()).unwrap();
    for (when, state) in [
        ("2026-11-30T23:59:59Z", LicenseState::Scheduled),
        ("2026-12-01T00:00:00Z", LicenseState::Active),
        ("2027-11-30T23:59:59Z", LicenseState::Active),
        ("2027-12-01T00:00:00Z", LicenseState::Grace),
        ("2027-12-14T23:59:59Z", LicenseState::Grace),
        ("2027-12-15T00:00:00Z", LicenseState::Ended),
    ] {
        assert_eq!(record.state(time(when)), state, "{when}");
    }
    let perpetual = world.issue(|order| order.terms.term = Some(TermLength::Perpetual)).signed.license.id;
    let record = find(&world.ledger, &perpetual.to_string()).unwrap();
    assert_eq!(record.state(time("9999-12-31T23:59:59Z")), LicenseState::Active);
}

#[test]
fn an_id_that_is_none_is_not_found() {
    let world = World::new();
    for id in ["0198c0d2-6c1e-7a33-9d5e-2f6f2b1d9a10", "4711", ""] {
        let failure = find(&world.ledger, id).unwrap_err();
        assert_eq!(failure.exit_code(), 21);
        assert!(failure.hint.unwrap().contains("lictor license list"));
    }
}

/// A restore sets another list while a command has read `lictor.toml` already.
#[test]
fn the_list_is_the_one_that_the_home_names_when_the_index_is_drawn() {
    let mut world = World::new();
    let path = world.home.path().join("lictor.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replace("status/0", "status/1")).unwrap();
    let issued = world.issue(|_| ());
    assert_eq!(issued.signed.license.status.uri.as_str(), "https://licensing.acme.example/status/1");
}
