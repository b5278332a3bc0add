//! The catalogue: products, their plans, and the terms they are sold on.

use lictor_shared::Name;
use lictor_shared::json::Value;
use serde::Deserialize;
use std::collections::BTreeSet;

use crate::error::{Failure, FailureKind, FieldErrors, shell};
use crate::event::{EventKind, Facts};
use crate::ledger::{Ledger, products};
use crate::occasion::Occasion;
use crate::outcome::Outcome;
use crate::terms::{Read, Terms, names};

/// A product.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Product {
    /// Its name, which licenses carry.
    pub name: Name,
    /// Its plans, at least one.
    pub plans: Vec<Name>,
    /// The terms of a license for it, where an order does not say otherwise.
    pub defaults: Terms,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ProductText {
    name: Read<Name>,
    plans: Vec<Read<Name>>,
    defaults: Terms,
}

impl Product {
    /// The product as JSON, as it stands in the ledger and in its event.
    #[must_use]
    pub fn to_value(&self) -> Value {
        Value::object([
            ("name", self.name.as_str().into()),
            ("plans", names(&self.plans)),
            ("defaults", self.defaults.to_value()),
        ])
    }

    pub(crate) fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        let ProductText { name: Read(name), plans, defaults } = serde_json::from_str(text)?;
        Ok(Self { name, plans: plans.into_iter().map(|Read(plan)| plan).collect(), defaults })
    }

    fn check(&self) -> Result<(), Failure> {
        let mut errors = FieldErrors::default();
        if self.plans.is_empty() {
            errors.add("plans", "a product has at least one plan");
        }
        let distinct: BTreeSet<&Name> = self.plans.iter().collect();
        if distinct.len() < self.plans.len() {
            errors.add("plans", "a plan stands twice; name each once");
        }
        self.defaults.check(&mut errors);
        errors.into_result()
    }
}

impl Outcome for Product {
    fn answer(&self) -> Value {
        self.to_value()
    }
}

/// Adds a product to the catalogue.
///
/// # Errors
/// [`FailureKind::Conflict`] if there is one of this name, [`FailureKind::Validation`] if no license could be issued on
/// its terms.
pub fn add_product(ledger: &mut Ledger, product: &Product, occasion: &Occasion) -> Result<(), Failure> {
    product.check()?;
    let transaction = ledger.begin(occasion)?;
    if products::find(transaction.connection(), &product.name)?.is_some() {
        let name = &product.name;
        return Err(Failure::new(FailureKind::Conflict, format!("There is a product {name} already."))
            .hint(format!("lictor product show {name}"))
            .with("product", name.as_str()));
    }
    let Value::Object(body) = product.to_value() else {
        return Err(Failure::new(FailureKind::Unexpected, "A product is written as an object."));
    };
    let event = transaction.record(EventKind::ProductAdded, Facts::of(body))?;
    products::insert(transaction.connection(), event.seq(), product)?;
    // From here on licenses can be issued for it.
    transaction.commit(event, product)
}

/// The product of this name.
///
/// # Errors
/// [`FailureKind::NotFound`], naming those there are.
pub fn product(ledger: &Ledger, name: &Name) -> Result<Product, Failure> {
    match products::find(ledger.connection(), name)? {
        Some(product) => Ok(product),
        None => Err(unknown_product(name, &ledger.products()?)),
    }
}

pub(crate) fn unknown_product(name: &Name, known: &[Product]) -> Failure {
    let names: Vec<Name> = known.iter().map(|product| product.name.clone()).collect();
    let failure =
        Failure::new(FailureKind::NotFound, format!("There is no product {name}{}.", listed(&names)));
    let failure = match names.is_empty() {
        true => failure.hint(format!("lictor product add {name} --plan PLAN")),
        false => failure.hint("lictor product list"),
    };
    failure.with("product", name.as_str()).with("known", self::names(&names))
}

pub(crate) fn unknown_plan(plan: &Name, product: &Product) -> Failure {
    let message = format!("The product {} has no plan {plan}{}.", product.name, listed(&product.plans));
    Failure::new(FailureKind::NotFound, message)
        .hint(format!("lictor product show {}", shell(product.name.as_str())))
        .with("product", product.name.as_str())
        .with("plan", plan.as_str())
        .with("known", names(&product.plans))
}

/// `; there are a, b and c`.
fn listed(names: &[Name]) -> String {
    let words: Vec<&str> = names.iter().map(Name::as_str).collect();
    match words.as_slice() {
        [] => ": the catalogue is empty".into(),
        [one] => format!("; there is {one}"),
        [first @ .., last] => format!("; there are {} and {last}", first.join(", ")),
    }
}
