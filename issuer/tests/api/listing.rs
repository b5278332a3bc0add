//! Looking licenses and customers up.

use lictor_issuer::{
    CustomerRecord, Direction, FailureKind, LicenseState, RevocationReason, Selection, Sorting, Summary,
    find_customer, revoke, visit_customers, visit_licenses, visit_summaries,
};
use lictor_shared::Uuid;

use super::support::{NOW, World, name, text, time};
use lictor_issuer::terms::{FromText as _, TermLength};
use lictor_issuer::{Ledger, Terms};

fn found(ledger: &Ledger, selection: &Selection) -> Vec<Summary> {
    let mut found = Vec::new();
    visit_summaries(ledger, selection, time(NOW), &mut |summary| {
        found.push(summary);
        Ok(())
    })
    .unwrap();
    found
}

fn customers_of(ledger: &Ledger, selection: &Selection) -> Vec<String> {
    found(ledger, selection).iter().map(|summary| summary.customer.to_string()).collect()
}

/// Four licenses: of Acme for a year and revoked, of bolt for 10 days, of Initech for ever, of Zed for a month and another plan.
fn world() -> World {
    let mut world = World::new();
    world.add_product("desk", Terms::default());
    let acme = world.issue(|_| {});
    let issue = |world: &mut World, customer: &str, term: &str, plan: &str, product: &str| {
        world.issue(|order| {
            order.customer = text(customer);
            order.terms.term = Some(TermLength::from_text(term).unwrap());
            order.plan = name(plan);
            order.products = vec![name(product)];
        })
    };
    issue(&mut world, "bolt", "10d", "enterprise", "dialer");
    issue(&mut world, "Initech", "perpetual", "enterprise", "desk");
    issue(&mut world, "Zed", "1mo", "basic", "dialer");
    let id = acme.signed.license.id.to_string();
    revoke(&mut world.ledger, &id, RevocationReason::Other, None, &super::support::at(NOW)).unwrap();
    world
}

#[test]
fn filters_and_orders() {
    let world = world();
    let ledger = &world.ledger;
    let by_name = Selection { sorting: Sorting::Customer, ..Selection::default() };
    assert_eq!(customers_of(ledger, &by_name), ["Acme GmbH", "bolt", "Initech", "Zed"]);
    let reverse = Selection { direction: Direction::Descending, ..by_name.clone() };
    assert_eq!(customers_of(ledger, &reverse), ["Zed", "Initech", "bolt", "Acme GmbH"]);
    let by_end = Selection { sorting: Sorting::Expires, ..Selection::default() };
    assert_eq!(customers_of(ledger, &by_end), ["bolt", "Zed", "Acme GmbH", "Initech"], "without end last");
    let by_state = Selection { sorting: Sorting::State, ..Selection::default() };
    assert_eq!(customers_of(ledger, &by_state).last().unwrap(), "Acme GmbH");
    let within = |days: u64| lictor_shared::Seconds::new(days * 86_400);
    for (selection, expected) in [
        (Selection { customer: Some(text("Acme GmbH")), ..by_name.clone() }, vec!["Acme GmbH"]),
        (Selection { customer: Some(text("acme-gmbh")), ..by_name.clone() }, vec!["Acme GmbH"]),
        (Selection { customer: Some(text("acme")), ..by_name.clone() }, vec![]),
        (Selection { product: Some(name("desk")), ..by_name.clone() }, vec!["Initech"]),
        (Selection { plan: Some(name("basic")), ..by_name.clone() }, vec!["Zed"]),
        (Selection { states: vec![LicenseState::Revoked], ..by_name.clone() }, vec!["Acme GmbH"]),
        (Selection { expiring: within(10), ..by_name.clone() }, vec!["bolt"]),
        (Selection { expiring: within(9), ..by_name.clone() }, vec![]),
        (Selection { expiring: within(40), ..by_end.clone() }, vec!["bolt", "Zed"]),
        (Selection { most: Some(2), ..by_end.clone() }, vec!["bolt", "Zed"]),
        (
            Selection { plan: Some(name("enterprise")), states: vec![LicenseState::Active], ..by_name },
            vec!["bolt", "Initech"],
        ),
    ] {
        assert_eq!(customers_of(ledger, &selection), expected, "{selection:?}");
    }
}

#[test]
fn whole_licenses_are_those_of_the_summaries() {
    let world = world();
    let selection = Selection { sorting: Sorting::Expires, ..Selection::default() };
    let mut whole = Vec::new();
    visit_licenses(&world.ledger, &selection, time(NOW), &mut |license| {
        whole.push(license);
        Ok(())
    })
    .unwrap();
    let found = found(&world.ledger, &selection);
    assert_eq!(whole.len(), 4);
    for (license, summary) in whole.iter().zip(found) {
        assert_eq!((license.id, license.latest()), (summary.id, Some(&summary.latest)));
        assert_eq!(license.state(time(NOW)), summary.state);
    }
}

#[test]
fn only_a_license_has_a_place_in_an_order_of_another_kind() {
    let world = world();
    let nobody = Uuid::new("0198c0d2-6c1e-7000-8000-2f6f2b1d9a10").unwrap();
    let behind = Selection { after: Some(nobody), ..Selection::default() };
    assert_eq!(found(&world.ledger, &behind).len(), 4, "it is older than all of them");
    let behind = Selection { sorting: Sorting::Expires, ..behind };
    let failure = visit_summaries(&world.ledger, &behind, time(NOW), &mut |_| Ok(())).unwrap_err();
    assert_eq!(failure.kind, FailureKind::NotFound);
    assert_eq!(failure.details["id"].as_str(), Some(nobody.to_string().as_str()));
}

#[test]
fn customers_are_listed_with_the_number_of_their_licenses() {
    let mut world = world();
    world.issue(|order| order.customer = text("bolt"));
    let mut customers = Vec::new();
    visit_customers(&world.ledger, &mut |customer| {
        customers.push(customer);
        Ok(())
    })
    .unwrap();
    let record = |id: &str, name: &str, licenses| CustomerRecord { id: text(id), name: text(name), licenses };
    let expected = [
        record("acme-gmbh", "Acme GmbH", 1),
        record("bolt", "bolt", 2),
        record("initech", "Initech", 1),
        record("zed", "Zed", 1),
    ];
    assert_eq!(customers, expected);
}

#[test]
fn a_customer_is_found_by_id_or_by_name() {
    let mut world = world();
    let find = |world: &World, wanted: &str| find_customer(&world.ledger, &text(wanted));
    assert_eq!(find(&world, "acme-gmbh").unwrap().name, text("Acme GmbH"));
    assert_eq!(find(&world, "Acme GmbH").unwrap().id, text("acme-gmbh"));
    assert_eq!(find(&world, "acme").unwrap_err().kind, FailureKind::NotFound);
    // A second one with the name of the first: the name says no longer who is meant.
    world.issue(|order| order.customer_id = Some(text("acme-2")));
    let failure = find(&world, "Acme GmbH").unwrap_err();
    assert_eq!(failure.kind, FailureKind::Conflict);
    assert!(failure.message.contains("acme-2, acme-gmbh"), "{}", failure.message);
    let candidates = failure.details["candidates"].as_array().unwrap();
    assert_eq!(candidates.iter().filter_map(|id| id.as_str()).collect::<Vec<_>>(), ["acme-2", "acme-gmbh"]);
    // One is called what another has as id: the id counts, and the other is named.
    world.issue(|order| order.customer = text("acme-2"));
    let found = find(&world, "acme-2").unwrap();
    assert_eq!((found.id.as_str(), found.name.as_str()), ("acme-2", "Acme GmbH"));
    assert_eq!(found.namesakes.len(), 1);
    assert!(found.namesakes[0].as_str().starts_with("acme-2-"), "{:?}", found.namesakes);
}
