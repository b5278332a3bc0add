//! Products, plans, and the terms they are sold on.

use lictor_issuer::{FailureKind, Product, Terms, catalogue};
use lictor_shared::{Limit, SeatLimit, Seconds};

use crate::support::{NOW, World, at, field_errors, name};

fn product(plans: &[&str], defaults: Terms) -> Product {
    Product { name: name("crm"), plans: plans.iter().map(|plan| name(plan)).collect(), defaults }
}

#[test]
fn products_are_kept_as_they_were_added() {
    let mut world = World::new();
    let crm = product(
        &["basic"],
        Terms {
            seats: Some(SeatLimit::AtMost(25)),
            limits: Some([(name("agents"), Limit::AtMost(5))].into()),
            ..Terms::default()
        },
    );
    catalogue::add_product(&mut world.ledger, &crm, &at(NOW)).unwrap();
    assert_eq!(catalogue::product(&world.ledger, &name("crm")).unwrap(), crm);
    let names: Vec<_> = world.ledger.products().unwrap().into_iter().map(|product| product.name).collect();
    assert_eq!(names, [name("crm"), name("dialer")]);
    let again = catalogue::add_product(&mut world.ledger, &crm, &at(NOW)).unwrap_err();
    assert_eq!(again.kind, FailureKind::Conflict);
}

#[test]
fn an_unknown_product_is_told_which_there_are() {
    let mut world = World::bare();
    let empty = catalogue::product(&world.ledger, &name("crm")).unwrap_err();
    assert_eq!((empty.exit_code(), empty.hint.as_deref()), (21, Some("lictor product add crm --plan PLAN")));
    for name in ["dialer", "desk", "mail"] {
        world.add_product(name, Terms::default());
    }
    let failure = catalogue::product(&world.ledger, &name("crm")).unwrap_err();
    assert_eq!(failure.message, "There is no product crm; there are desk, dialer and mail.");
}

#[test]
fn terms_that_no_license_can_have_are_refused_at_once() {
    let mut world = World::new();
    let mut refused = |product: Product| {
        field_errors(&catalogue::add_product(&mut world.ledger, &product, &at(NOW)).unwrap_err())
    };
    assert_eq!(refused(product(&[], Terms::default())), ["plans"]);
    assert_eq!(refused(product(&["a", "a"], Terms::default())), ["plans"]);
    let terms = Terms {
        seats: Some(SeatLimit::AtMost(0)),
        revocation_grace: Seconds::new(31_536_001),
        environments: Some(Vec::new()),
        features: Some(vec![name("x"), name("x")]),
        ..Terms::default()
    };
    assert_eq!(refused(product(&["a"], terms)), ["environments", "features", "revocationGrace", "seats"]);
    let terms = Terms { seats: Some(SeatLimit::Unlimited), overage: Some(1), ..Terms::default() };
    assert_eq!(refused(product(&["a"], terms)), ["overage"]);
}
