//! Renewing all that expires soon: the plan says which, and then all of them are renewed or none.

use lictor_issuer::terms::{FromText as _, Span, TermLength};
use lictor_issuer::{
    Changes, Earlier, Expiring, Failure, FailureKind, Intent, Occasion, Order, Outcome as _, Renewal,
    RenewalPlan, Renewals, RenewedTerm, Request, RevocationReason, Terms, WhySkipped, check, find,
    plan_renewals, renew, renew_all, revoke, signed, suspend,
};
use lictor_keys::PrivateKey;
use lictor_shared::json::Value;
use lictor_shared::{SeatLimit, Status, Uuid};

use crate::support::{NOW, World, at, name, text, time};

const SOON: &str = "2027-11-01T00:00:00Z";

fn for_a_year(earlier: Earlier) -> Renewal {
    let length = RenewedTerm::For(Span::from_text("1y").unwrap());
    Renewal { length, changes: Changes::default(), earlier }
}

fn within_30_days() -> Expiring {
    Expiring { until: time("2027-12-01T00:00:00Z"), customer: None, product: None }
}

fn term(order: &mut Order, term: &str) {
    order.terms.term = Some(TermLength::from_text(term).unwrap());
}

/// Licenses of every kind: due by [`SOON`] are the first two.
fn world() -> (World, Vec<Uuid>) {
    let mut world = World::new();
    let mut issue = |customer: &str, change: &dyn Fn(&mut Order)| {
        let issued = world.issue(|order| {
            order.customer = text(customer);
            change(order);
        });
        issued.signed.license.id
    };
    let ids = vec![
        issue("Acme GmbH", &|_| ()),
        issue("Bolt AG", &|order| order.terms.seats = Some(SeatLimit::AtMost(5))),
        issue("Suspended", &|_| ()),
        issue("Revoked", &|_| ()),
        issue("Renewed", &|_| ()),
        issue("Perpetual", &|order| term(order, "perpetual")),
        issue("Later", &|order| term(order, "2y")),
        issue("In grace", &|order| term(order, "340d")),
        issue("Over", &|order| term(order, "1mo")),
    ];
    let midterm = at("2027-06-01T00:00:00Z");
    suspend(&mut world.ledger, &ids[2].to_string(), None, &midterm).unwrap();
    revoke(&mut world.ledger, &ids[3].to_string(), RevocationReason::Other, None, &midterm).unwrap();
    let (home, ledger, key) = (&world.home, &mut world.ledger, &world.key);
    renew(home, ledger, key, &ids[4].to_string(), &for_a_year(Earlier::Keep), &midterm).unwrap();
    (world, ids)
}

fn plan(world: &World, expiring: &Expiring) -> RenewalPlan {
    plan_renewals(&world.home, &world.ledger, expiring, &for_a_year(Earlier::Keep), &at(SOON)).unwrap()
}

fn carry_out(
    world: &mut World,
    plan: &RenewalPlan,
    earlier: Earlier,
    occasion: &Occasion,
) -> Result<Renewals, Failure> {
    let (home, ledger, key) = (&world.home, &mut world.ledger, &world.key);
    renew_all(home, ledger, key, (&within_30_days(), plan), &for_a_year(earlier), occasion)
}

#[test]
fn a_plan_says_what_is_due_and_what_is_left_out() {
    let (world, ids) = world();
    let plan = plan(&world, &within_30_days());
    let due: Vec<_> = plan.due.iter().map(|due| (due.license, due.customer.as_str().to_owned())).collect();
    let mut expected = vec![(ids[0], "Acme GmbH".to_owned()), (ids[1], "Bolt AG".to_owned())];
    expected.sort();
    assert_eq!(due, expected);
    let bolt = plan.due.iter().find(|due| due.license == ids[1]).unwrap();
    assert_eq!(
        (bolt.old_end, bolt.new_end),
        (Some(time("2027-11-22T00:00:00Z")), Some(time("2028-11-22T00:00:00Z")))
    );
    assert_eq!((bolt.seats, bolt.plan.as_str()), (SeatLimit::AtMost(5), "enterprise"));
    let mut skipped: Vec<_> = plan.skipped.iter().map(|skipped| (skipped.license, skipped.why)).collect();
    skipped.sort_by_key(|(license, _)| ids.iter().position(|id| id == license));
    assert_eq!(
        skipped,
        [
            (ids[2], WhySkipped::Suspended),
            (ids[3], WhySkipped::Revoked),
            (ids[4], WhySkipped::RenewedUntil(time("2028-11-22T00:00:00Z"))),
            (ids[5], WhySkipped::Perpetual),
            (ids[7], WhySkipped::Expired(time("2027-10-28T00:00:00Z"))),
        ]
    );
}

#[test]
fn a_plan_is_narrowed_to_a_customer_or_a_product() {
    let (world, ids) = world();
    for customer in ["bolt-ag", "Bolt AG"] {
        let only = Expiring { customer: Some(text(customer)), ..within_30_days() };
        let due: Vec<_> = plan(&world, &only).due.iter().map(|due| due.license).collect();
        assert_eq!(due, [ids[1]], "{customer}");
    }
    let desk = Expiring { product: Some(name("desk")), ..within_30_days() };
    assert_eq!(plan(&world, &desk), RenewalPlan::default());
}

#[test]
fn all_of_a_plan_are_renewed_together() {
    let (mut world, ids) = world();
    let plan = plan(&world, &within_30_days());
    let events = world.ledger.events(1).count();
    let renewals = carry_out(&mut world, &plan, Earlier::Revoke, &at(SOON)).unwrap();
    assert_eq!(renewals.renewed.len(), 2);
    assert_eq!(world.ledger.events(1).count(), events + 2);
    for renewed in &renewals.renewed {
        let record = find(&world.ledger, &renewed.license.to_string()).unwrap();
        assert_eq!(record.latest().unwrap().serial, renewed.serial);
        assert_eq!(record.latest().unwrap().expires_at, Some(time("2028-11-22T00:00:00Z")));
        assert_eq!(record.revisions[0].status, Status::Revoked);
        let event = world.ledger.events(renewed.event).next().unwrap().unwrap();
        assert_eq!(event.kind.as_str(), "license.renewed");
        assert!(signed(&world.ledger, renewed.serial).is_ok());
    }
    assert_eq!(find(&world.ledger, &ids[2].to_string()).unwrap().revisions.len(), 1);
    check(&world.ledger).unwrap();
    // What was confirmed is not what is due any more.
    let failure = carry_out(&mut world, &plan, Earlier::Keep, &at(SOON)).unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    let nothing = carry_out(&mut world, &RenewalPlan::default(), Earlier::Keep, &at(SOON)).unwrap_err();
    assert_eq!(nothing.kind, FailureKind::Usage);
}

#[test]
fn if_one_cannot_be_renewed_none_is() {
    let (mut world, ids) = world();
    let plan = plan(&world, &within_30_days());
    let before = world.ledger.events(1).count();
    let until = RenewedTerm::Until(time("2027-11-10T00:00:00Z"));
    let early = Renewal { length: until, ..for_a_year(Earlier::Keep) };
    let failure =
        plan_renewals(&world.home, &world.ledger, &within_30_days(), &early, &at(SOON)).unwrap_err();
    assert_eq!(failure.exit_code(), 22);
    assert!(failure.message.contains(&plan.due[0].license.to_string()), "{}", failure.message);
    world.key = PrivateKey::generate().unwrap();
    assert!(carry_out(&mut world, &plan, Earlier::Keep, &at(SOON)).is_err());
    assert_eq!(world.ledger.events(1).count(), before);
    assert_eq!(find(&world.ledger, &ids[0].to_string()).unwrap().revisions.len(), 1);
}

#[test]
fn tried_or_asked_for_once() {
    let (mut world, _) = world();
    let plan = plan(&world, &within_30_days());
    let tried = Occasion { intent: Intent::DryRun, ..at(SOON) };
    carry_out(&mut world, &plan, Earlier::Keep, &tried).unwrap();
    let told = world.ledger.dry_run().unwrap();
    assert_eq!((told.claims.len(), told.events.len()), (2, 2));
    let request = Request::new(text("renewals of November"), &Value::Null);
    let once = Occasion { intent: Intent::MakeOnce(request), ..at(SOON) };
    let renewals = carry_out(&mut world, &plan, Earlier::Keep, &once).unwrap();
    let answer = world.ledger.answer(&once).unwrap().unwrap();
    assert_eq!(answer, renewals.answer());
    assert!(!answer.to_string().contains("token"), "tokens are read in the ledger");
    let again = carry_out(&mut world, &plan, Earlier::Keep, &once).unwrap_err();
    assert!(again.is_done_before());
    check(&world.ledger).unwrap();
}

/// Terms that no license here has are a matter of the plan, not of the first signature.
#[test]
fn changes_are_for_all_of_them() {
    let (world, _) = world();
    let terms = Terms { seats: Some(SeatLimit::AtMost(9)), ..Terms::default() };
    let changes = Changes { terms, ..Changes::default() };
    let renewal = Renewal { changes, ..for_a_year(Earlier::Keep) };
    let plan = plan_renewals(&world.home, &world.ledger, &within_30_days(), &renewal, &at(SOON)).unwrap();
    assert!(plan.due.iter().all(|due| due.seats == SeatLimit::AtMost(9)));
    assert!(plan_renewals(&world.home, &world.ledger, &within_30_days(), &renewal, &at(NOW)).is_ok());
}
