//! Renewing: the same license, its next revision, a later end, and nothing else that was not asked for.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use lictor_issuer::terms::{FromText as _, Span, TermLength};
use lictor_issuer::{
    Changes, ClockChange, Earlier, Failure, FailureKind, Issued, LicenseState, Order, Renewal, RenewedTerm,
    Revised, RevocationReason, Terms, check, find, preview_renewal, reinstate, renew, revoke, signed,
    suspend,
};
use lictor_keys::PrivateKey;
use lictor_shared::{
    ActivationPolicy, License, Limit, OriginPattern, SeatLimit, Seats, Seconds, Status, Term,
};
use lictor_validator::Unverified;

use crate::support::{NOW, World, at, field_errors, name, text, time};

const MIDTERM: &str = "2027-03-01T00:00:00Z";
const END: &str = "2027-11-22T00:00:00Z";
const OVER: &str = "2028-02-01T00:00:00Z";

fn days(days: u64) -> Option<Seconds> {
    Seconds::new(days * 86_400)
}

fn renewal(span: &str) -> Renewal {
    let length = RenewedTerm::For(Span::from_text(span).unwrap());
    Renewal { length, changes: Changes::default(), earlier: Earlier::Keep }
}

fn until(end: &str) -> Renewal {
    Renewal { length: RenewedTerm::Until(time(end)), ..renewal("1y") }
}

fn revoking(renewal: Renewal) -> Renewal {
    Renewal { earlier: Earlier::Revoke, ..renewal }
}

fn renew_at(world: &mut World, id: &str, renewal: &Renewal, when: &str) -> Result<Revised, Failure> {
    renew(&world.home, &mut world.ledger, &world.key, id, renewal, &at(when))
}

/// A year with everything that an order can say.
fn rich(order: &mut Order) {
    order.terms = Terms {
        warn: days(60),
        grace: days(7),
        revocation_grace: days(2),
        status_grace: days(3),
        activation_grace: days(4),
        maintenance_grace: days(5),
        maintenance: Some(lictor_issuer::terms::Maintenance::Until(time("2027-01-01T00:00:00Z"))),
        seats: Some(SeatLimit::AtMost(25)),
        overage: Some(2),
        activation: Some(ActivationPolicy::Required),
        features: Some(vec![name("branding"), name("sso")]),
        limits: Some([(name("agents"), Limit::AtMost(250)), (name("recordings"), Limit::Unlimited)].into()),
        environments: Some(vec![name("production"), name("staging")]),
        ..order.terms.clone()
    };
    order.origins = vec![OriginPattern::new("https://*.acme.example").unwrap()];
    order.meta = [(name("po"), "4711".to_owned())].into();
}

fn issued(change: impl FnOnce(&mut Order)) -> (World, Issued, String) {
    let mut world = World::new();
    let issued = world.issue(change);
    let id = issued.signed.license.id.to_string();
    (world, issued, id)
}

fn ends(license: &License) -> String {
    license.term.expires_at().unwrap().to_string()
}

#[test]
fn a_renewal_is_the_license_again_with_a_later_end() {
    let (mut world, first, id) = issued(rich);
    let renewed = renew_at(&mut world, &id, &renewal("1y"), MIDTERM).unwrap();
    let (old, new) = (&first.signed.license, &renewed.issued.signed.license);
    let term = Term::Fixed {
        warn_from: time("2028-09-23T00:00:00Z"),
        expires_at: time("2028-11-22T00:00:00Z"),
        grace_until: time("2028-11-29T00:00:00Z"),
    };
    // Everything but what makes it a revision of its own is as it was, what was over by then included.
    let expected = License {
        serial: new.serial,
        status: new.status.clone(),
        revision: 2,
        issued_at: time(MIDTERM),
        starts_at: time(MIDTERM),
        term,
        ..old.clone()
    };
    assert_eq!(*new, expected);
    assert_ne!(new.serial, old.serial);
    assert_ne!(new.status.index, old.status.index);
    assert_eq!(renewed.previous, old.serial);
    assert_eq!(signed(&world.ledger, new.serial).unwrap(), renewed.issued.signed);
    let anchors = world.ledger.key_ring().unwrap().anchors().unwrap();
    let armored = renewed.issued.signed.armored();
    Unverified::<License>::read(armored.as_bytes()).unwrap().verify(&anchors).unwrap();
    let record = find(&world.ledger, &id).unwrap();
    assert_eq!(record.revisions.len(), 2);
    assert_eq!(record.in_force(time(MIDTERM)).unwrap().serial, new.serial, "it replaces the old one at once");
    assert_eq!(record.revisions[0].status, Status::Valid, "which stays as it is");
    let event = world.ledger.events(renewed.issued.event).next().unwrap().unwrap();
    assert_eq!(event.kind.as_str(), "license.renewed");
    assert_eq!(event.body["previous"].as_str(), Some(old.serial.to_string().as_str()));
    assert_eq!(event.body["serial"].as_str(), Some(new.serial.to_string().as_str()));
    assert!(!event.leaf().to_lowercase().contains("acme gmbh"));
    check(&world.ledger).unwrap();
}

#[test]
fn the_term_counts_from_the_old_end_or_from_now_if_that_is_past() {
    for (when, end) in [
        (NOW, "2028-11-22T00:00:00Z"),
        (MIDTERM, "2028-11-22T00:00:00Z"),
        (END, "2028-11-22T00:00:00Z"),
        ("2027-11-30T00:00:00Z", "2028-11-30T00:00:00Z"),
        (OVER, "2029-02-01T00:00:00Z"),
    ] {
        let (mut world, _, id) = issued(|_| ());
        let license = renew_at(&mut world, &id, &renewal("1y"), when).unwrap().issued.signed.license;
        assert_eq!((ends(&license), license.starts_at), (end.to_owned(), time(when)));
        assert_eq!(find(&world.ledger, &id).unwrap().state(time(when)), LicenseState::Active);
    }
}

#[test]
fn what_has_not_started_starts_when_it_was_to_start() {
    let (mut world, _, id) = issued(|order| order.starts = Some(time("2027-01-01T00:00:00Z")));
    let license = renew_at(&mut world, &id, &renewal("6mo"), NOW).unwrap().issued.signed.license;
    assert_eq!(license.starts_at, time("2027-01-01T00:00:00Z"));
    assert_eq!(ends(&license), "2028-07-01T00:00:00Z");
    assert_eq!(find(&world.ledger, &id).unwrap().state(time(NOW)), LicenseState::Scheduled);
}

#[test]
fn a_renewal_ends_later_than_before() {
    let (mut world, _, id) = issued(|_| ());
    for (end, when) in [(END, MIDTERM), ("2027-06-01T00:00:00Z", MIDTERM), (OVER, OVER)] {
        let failure = renew_at(&mut world, &id, &until(end), when).unwrap_err();
        assert_eq!(field_errors(&failure), ["until"], "{}", failure.message);
        assert!(failure.message.contains(end), "{}", failure.message);
    }
    let failure = renew_at(&mut world, &id, &renewal("9000y"), MIDTERM).unwrap_err();
    assert_eq!(field_errors(&failure), ["term"]);
    let license = renew_at(&mut world, &id, &until("2027-11-23T00:00:00Z"), MIDTERM).unwrap();
    assert_eq!(ends(&license.issued.signed.license), "2027-11-23T00:00:00Z");
}

#[test]
fn what_is_given_replaces_and_the_rest_stays() {
    let (mut world, first, id) = issued(rich);
    let changes = Changes {
        plan: Some(name("basic")),
        terms: Terms {
            warn: days(10),
            seats: Some(SeatLimit::AtMost(50)),
            features: Some(vec![name("audit")]),
            limits: Some([(name("agents"), Limit::AtMost(500))].into()),
            ..Terms::default()
        },
        origins: Some(vec![OriginPattern::new("https://acme.example").unwrap()]),
        meta: Some([(name("po"), "4712".to_owned())].into()),
        algorithm: None,
    };
    let license = renew_at(&mut world, &id, &Renewal { changes, ..renewal("1y") }, MIDTERM).unwrap();
    let (old, new) = (&first.signed.license, &license.issued.signed.license);
    let expected = License {
        serial: new.serial,
        status: new.status.clone(),
        revision: 2,
        issued_at: time(MIDTERM),
        starts_at: time(MIDTERM),
        term: Term::Fixed {
            warn_from: time("2028-11-12T00:00:00Z"),
            expires_at: time("2028-11-22T00:00:00Z"),
            grace_until: time("2028-11-29T00:00:00Z"),
        },
        plan: name("basic"),
        seats: Seats { limit: SeatLimit::AtMost(50), overage: 2 },
        features: vec![name("audit")],
        limits: [(name("agents"), Limit::AtMost(500))].into(),
        origins: vec![OriginPattern::new("https://acme.example").unwrap()],
        meta: [(name("po"), "4712".to_owned())].into(),
        ..old.clone()
    };
    assert_eq!(*new, expected);
    let unlimited = Changes {
        terms: Terms { seats: Some(SeatLimit::Unlimited), ..Terms::default() },
        ..Changes::default()
    };
    let license = renew_at(&mut world, &id, &Renewal { changes: unlimited, ..renewal("1y") }, MIDTERM);
    assert_eq!(license.unwrap().issued.signed.license.seats.overage, 0, "none beyond unlimited");
    let gold = Changes { plan: Some(name("gold")), ..Changes::default() };
    let failure = renew_at(&mut world, &id, &Renewal { changes: gold, ..renewal("1y") }, MIDTERM);
    assert_eq!(failure.unwrap_err().kind, FailureKind::NotFound);
}

#[test]
fn earlier_revisions_are_revoked_if_that_is_asked_for() {
    let (mut world, first, id) = issued(|_| ());
    let second = renew_at(&mut world, &id, &renewal("1y"), MIDTERM).unwrap();
    // The first one is over by then, so there is nothing of it to revoke.
    let third = renew_at(&mut world, &id, &revoking(renewal("1y")), OVER).unwrap();
    let serials: Vec<_> = third.revoked.iter().map(|revision| revision.serial).collect();
    assert_eq!(serials, [second.issued.signed.license.serial]);
    let record = find(&world.ledger, &id).unwrap();
    let statuses: Vec<_> =
        record.revisions.iter().map(|revision| (revision.status, revision.since)).collect();
    let revoked = (Status::Revoked, Some(time(OVER)));
    assert_eq!(statuses, [(Status::Valid, None), revoked, (Status::Valid, None)]);
    assert_eq!(record.state(time(OVER)), LicenseState::Active, "the license itself is not revoked");
    assert_eq!(record.revisions[0].serial, first.signed.license.serial);
    check(&world.ledger).unwrap();
    // A suspension does not touch what is revoked, and neither does its end.
    suspend(&mut world.ledger, &id, None, &at("2028-03-01T00:00:00Z")).unwrap();
    let reinstated = reinstate(&mut world.ledger, &id, None, &at("2028-03-02T00:00:00Z")).unwrap();
    assert_eq!(reinstated.revisions, [third.issued.signed.license.serial]);
    assert_eq!(find(&world.ledger, &id).unwrap().revisions[1].since, Some(time(OVER)));
    check(&world.ledger).unwrap();
    // Neither does the revocation of the whole license.
    let all =
        revoke(&mut world.ledger, &id, RevocationReason::Other, None, &at("2028-03-03T00:00:00Z")).unwrap();
    assert_eq!(all.revisions.len(), 1);
    assert_eq!(find(&world.ledger, &id).unwrap().revisions[1].since, Some(time(OVER)));
    check(&world.ledger).unwrap();
}

#[test]
fn a_renewal_does_not_lift_a_suspension() {
    let (mut world, first, id) = issued(|_| ());
    suspend(&mut world.ledger, &id, None, &at("2027-02-01T00:00:00Z")).unwrap();
    let since = Some(time("2027-02-01T00:00:00Z"));
    let renewed = renew_at(&mut world, &id, &renewal("1y"), MIDTERM).unwrap();
    assert_eq!(renewed.suspended_since, since);
    let statuses = |world: &World| -> Vec<_> {
        let record = find(&world.ledger, &id).unwrap();
        record.revisions.iter().map(|revision| (revision.status, revision.since)).collect()
    };
    assert_eq!(statuses(&world), [(Status::Suspended, since); 2]);
    assert_eq!(find(&world.ledger, &id).unwrap().state(time(MIDTERM)), LicenseState::Suspended);
    check(&world.ledger).unwrap();
    let again = renew_at(&mut world, &id, &revoking(renewal("1y")), MIDTERM).unwrap();
    assert_eq!((again.revoked.len(), again.revoked[0].serial), (2, first.signed.license.serial));
    let revoked = (Status::Revoked, since);
    assert_eq!(statuses(&world), [revoked, revoked, (Status::Suspended, since)]);
    check(&world.ledger).unwrap();
    reinstate(&mut world.ledger, &id, None, &at(MIDTERM)).unwrap();
    assert_eq!(statuses(&world), [revoked, revoked, (Status::Valid, None)]);
    check(&world.ledger).unwrap();
}

#[test]
fn a_revocation_reaches_every_revision() {
    let (mut world, _, id) = issued(|_| ());
    renew_at(&mut world, &id, &renewal("1y"), MIDTERM).unwrap();
    let revoked = revoke(&mut world.ledger, &id, RevocationReason::Fraud, None, &at(MIDTERM)).unwrap();
    assert_eq!(revoked.revisions.len(), 2);
    check(&world.ledger).unwrap();
}

#[test]
fn what_is_revoked_or_perpetual_is_not_renewed() {
    let (mut world, _, id) = issued(|_| ());
    let perpetual = world
        .issue(|order| order.terms.term = Some(lictor_issuer::terms::TermLength::Perpetual))
        .signed
        .license
        .id
        .to_string();
    revoke(&mut world.ledger, &id, RevocationReason::Fraud, None, &at(MIDTERM)).unwrap();
    let events = world.ledger.events(1).count();
    for (id, state, says) in [(&id, "revoked", "fraud"), (&perpetual, "active", "never expires")] {
        let failure = renew_at(&mut world, id, &renewal("1y"), MIDTERM).unwrap_err();
        assert_eq!((failure.exit_code(), failure.details["state"].as_str()), (20, Some(state)));
        assert!(failure.message.contains(says), "{}", failure.message);
        let early = preview_renewal(&world.home, &world.ledger, id, &renewal("1y"), &at(MIDTERM));
        assert_eq!(early.unwrap_err().message, failure.message);
    }
    assert_eq!(world.ledger.events(1).count(), events);
}

#[test]
fn a_renewal_that_fails_leaves_nothing_behind() {
    let (mut world, _, id) = issued(|_| ());
    let events = world.ledger.events(1).count();
    let stranger = PrivateKey::generate().unwrap();
    let refused = renew(&world.home, &mut world.ledger, &stranger, &id, &renewal("1y"), &at(MIDTERM));
    assert_eq!(refused.unwrap_err().kind, FailureKind::Conflict);
    let notes = (0..32).map(|number| (name(&format!("note-{number}")), "x".repeat(500))).collect();
    let changes = Changes { meta: Some(notes), ..Changes::default() };
    let failure = renew_at(&mut world, &id, &Renewal { changes, ..renewal("1y") }, MIDTERM).unwrap_err();
    assert_eq!(field_errors(&failure), ["license"]);
    assert_eq!(world.ledger.events(1).count(), events);
    assert_eq!(find(&world.ledger, &id).unwrap().revisions.len(), 1);
    let other = world.issue(|order| order.customer = text("Bolt AG")).signed.license;
    assert_eq!(other.revision, 1);
    check(&world.ledger).unwrap();
}

#[test]
fn a_start_that_a_wrong_clock_signed_does_not_stay() {
    let (mut world, _, id) = issued(|_| ());
    renew_at(&mut world, &id, &renewal("1y"), "2062-01-01T00:00:00Z").unwrap();
    let righted = lictor_issuer::Occasion { clock_change: ClockChange::Record, ..at(MIDTERM) };
    let (home, ledger, key) = (&world.home, &mut world.ledger, &world.key);
    let renewed = renew(home, ledger, key, &id, &renewal("1y"), &righted).unwrap();
    assert_eq!(renewed.issued.signed.license.starts_at, time(MIDTERM));
    assert_eq!(find(&world.ledger, &id).unwrap().in_force(time(MIDTERM)).unwrap().revision, 3);
}

#[test]
fn a_warning_that_was_cut_to_a_short_term_is_as_long_as_usual_again() {
    let trial = |order: &mut Order| order.terms.term = Some(TermLength::from_text("2w").unwrap());
    let length = |license: &License| match license.term {
        Term::Fixed { warn_from, expires_at, .. } => expires_at.seconds() - warn_from.seconds(),
        Term::Perpetual => 0,
    };
    let (mut world, first, id) = issued(trial);
    assert_eq!(length(&first.signed.license), 14 * 86_400);
    let license = renew_at(&mut world, &id, &renewal("1y"), NOW).unwrap().issued.signed.license;
    assert_eq!(length(&license), 30 * 86_400);
    // What was agreed and not cut stays.
    let agreed = |order: &mut Order| order.terms.warn = days(10);
    let (mut world, _, id) = issued(agreed);
    let license = renew_at(&mut world, &id, &renewal("1y"), NOW).unwrap().issued.signed.license;
    assert_eq!(length(&license), 10 * 86_400);
    // The product's own, where it has one.
    let mut world = World::new();
    world.add_product("desk", Terms { warn: days(60), ..Terms::default() });
    let id = world.issue(|order| {
        trial(order);
        order.products = vec![name("desk")];
    });
    let id = id.signed.license.id.to_string();
    let license = renew_at(&mut world, &id, &renewal("1y"), NOW).unwrap().issued.signed.license;
    assert_eq!(length(&license), 60 * 86_400);
}

#[test]
fn maintenance_that_ended_with_the_term_goes_on_doing_so() {
    let until = |end: &str| {
        let maintenance = Some(lictor_issuer::terms::Maintenance::Until(time(end)));
        move |order: &mut Order| order.terms.maintenance = maintenance
    };
    let (mut world, _, id) = issued(until(END));
    let renewed = renew_at(&mut world, &id, &renewal("1y"), MIDTERM).unwrap().issued;
    assert_eq!(renewed.signed.license.maintenance_until, Some(time("2028-11-22T00:00:00Z")));
    assert!(renewed.draft.warnings().is_empty());
    // What ends by itself stays, and is said.
    let early = "2027-06-01T00:00:00Z";
    let (mut world, _, id) = issued(until(early));
    let renewed = renew_at(&mut world, &id, &renewal("1y"), MIDTERM).unwrap().issued;
    assert_eq!(renewed.signed.license.maintenance_until, Some(time(early)));
    let warnings = renewed.draft.warnings();
    let says =
        "Releases after 2027-06-01T00:00:00Z are not covered, though it runs until 2028-11-22T00:00:00Z.";
    assert_eq!(warnings, [says]);
    let unlimited =
        Terms { maintenance: Some(lictor_issuer::terms::Maintenance::Unlimited), ..Terms::default() };
    let changes = Changes { terms: unlimited, ..Changes::default() };
    let renewed = renew_at(&mut world, &id, &Renewal { changes, ..renewal("1y") }, MIDTERM).unwrap().issued;
    assert_eq!(renewed.signed.license.maintenance_until, None);
}

#[test]
fn what_is_given_as_none_is_taken_away() {
    let (mut world, _, id) = issued(rich);
    let changes = Changes {
        terms: Terms { features: Some(Vec::new()), limits: Some([].into()), ..Terms::default() },
        origins: Some(Vec::new()),
        meta: Some([].into()),
        ..Changes::default()
    };
    let license = renew_at(&mut world, &id, &Renewal { changes, ..renewal("1y") }, MIDTERM).unwrap();
    let license = license.issued.signed.license;
    assert!(license.features.is_empty() && license.limits.is_empty());
    assert!(license.origins.is_empty() && license.meta.is_empty());
}

/// Whoever can write into the ledger, and has no key, gets nothing signed.
#[test]
fn a_token_that_was_changed_in_the_ledger_is_not_signed_again() {
    let (mut world, first, id) = issued(|_| ());
    let other = world.issue(|order| order.customer = text("Bolt AG")).signed;
    let token = first.signed.token;
    let mut parts: Vec<&str> = token.split('.').collect();
    let claims = String::from_utf8(URL_SAFE_NO_PAD.decode(parts[1]).unwrap()).unwrap();
    let payload = URL_SAFE_NO_PAD.encode(claims.replace("\"enterprise\"", "\"basic\""));
    assert_ne!(payload, parts[1]);
    parts[1] = &payload;
    let intruder = rusqlite::Connection::open(world.ledger.path()).unwrap();
    let events = world.ledger.events(1).count();
    for stored in [parts.join("."), other.token] {
        let serial = first.signed.license.serial.to_string();
        intruder.execute("UPDATE revision SET token = ?1 WHERE serial = ?2", [&stored, &serial]).unwrap();
        let failure = renew_at(&mut world, &id, &renewal("1y"), MIDTERM).unwrap_err();
        assert_eq!(failure.exit_code(), 32, "{}", failure.message);
        assert!(failure.message.contains(&serial), "{}", failure.message);
    }
    assert_eq!(world.ledger.events(1).count(), events);
}
