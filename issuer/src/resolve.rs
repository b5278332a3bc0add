//! From an order and the defaults to a draft: pure, and everything that is wrong is said at once.

use lictor_shared::json::Members;
use lictor_shared::{ActivationPolicy, Graces, Name, SeatLimit, Seats, Seconds, Term, Timestamp, limits};
use std::collections::BTreeSet;

use crate::catalogue::{Product, unknown_plan, unknown_product};
use crate::draft::Draft;
use crate::error::{Failure, FieldErrors};
use crate::order::Order;
use crate::terms::{Maintenance, StatusAge, TermLength, Terms, check_names};

/// Settles an order at an instant.
///
/// # Errors
/// [`NotFound`](crate::FailureKind::NotFound) for a product or plan that is not in the catalogue,
/// [`Validation`](crate::FailureKind::Validation) for terms that no license can have.
pub(crate) fn resolve(
    order: &Order,
    catalogue: &[Product],
    defaults: &Terms,
    at: Timestamp,
) -> Result<Draft, Failure> {
    let products = products(order, catalogue)?;
    let inherited = products.iter().fold(order.terms.clone(), |terms, product| terms.over(&product.defaults));
    let mut terms = inherited.over(defaults).over(&Terms::built_in());
    // Extra seats that nobody ordered do not stand against unlimited ones that somebody did.
    if terms.seats == Some(SeatLimit::Unlimited) && order.terms.overage.is_none() {
        terms.overage = None;
    }
    let mut errors = FieldErrors::default();
    check_names(&mut errors, "products", &order.products, 1, limits::PRODUCTS);
    check_notes(&mut errors, order);
    terms.check(&mut errors);
    let starts_at = order.starts.unwrap_or(at);
    let term = term(&mut errors, &terms, starts_at, at);
    let maintenance_until = maintenance(&mut errors, &terms, starts_at);
    errors.into_result()?;
    Ok(settled(order, terms, Dates { starts_at, term, maintenance_until }, at))
}

/// Every instant of a license but that of its issue.
pub(crate) struct Dates {
    pub(crate) starts_at: Timestamp,
    pub(crate) term: Term,
    pub(crate) maintenance_until: Option<Timestamp>,
}

/// The draft of an order on terms that are settled.
pub(crate) fn settled(order: &Order, terms: Terms, dates: Dates, at: Timestamp) -> Draft {
    let wait = |duration: Option<Seconds>| duration.unwrap_or(Seconds::ZERO);
    Draft {
        products: order.products.clone(),
        plan: order.plan.clone(),
        customer: order.customer.clone(),
        customer_id: order.customer_id.clone(),
        environments: terms.environments.unwrap_or_default(),
        issued_at: at,
        starts_at: dates.starts_at,
        term: dates.term,
        grace: Graces {
            revocation: wait(terms.revocation_grace),
            status: wait(terms.status_grace),
            activation: wait(terms.activation_grace),
            maintenance: wait(terms.maintenance_grace),
        },
        max_status_age: match terms.max_status_age {
            Some(StatusAge::Within(age)) => Some(age),
            Some(StatusAge::Never) | None => None,
        },
        maintenance_until: dates.maintenance_until,
        seats: Seats {
            limit: terms.seats.unwrap_or(SeatLimit::Unlimited),
            overage: terms.overage.unwrap_or_default(),
        },
        activation: terms.activation.unwrap_or(ActivationPolicy::Optional),
        features: terms.features.unwrap_or_default(),
        limits: terms.limits.unwrap_or_default(),
        origins: order.origins.clone(),
        meta: order.meta.clone(),
        extensions: Members::new(),
        algorithm: order.algorithm,
    }
}

/// The products of the order, each with the plan.
pub(crate) fn products<'c>(order: &Order, catalogue: &'c [Product]) -> Result<Vec<&'c Product>, Failure> {
    let find = |name: &Name| {
        let product = catalogue.iter().find(|product| product.name == *name);
        let product = product.ok_or_else(|| unknown_product(name, catalogue))?;
        match product.plans.contains(&order.plan) {
            true => Ok(product),
            false => Err(unknown_plan(&order.plan, product)),
        }
    };
    order.products.iter().map(find).collect()
}

fn term(errors: &mut FieldErrors, terms: &Terms, starts_at: Timestamp, at: Timestamp) -> Term {
    let (field, end) = match terms.term {
        Some(TermLength::Perpetual) => return Term::Perpetual,
        Some(TermLength::Until(end)) => ("until", Some(end)),
        Some(TermLength::For(span)) => ("term", span.after(starts_at)),
        None => {
            errors.add("term", "how long does it run? Say --term 1y, --term perpetual or --until DATE");
            return Term::Perpetual;
        }
    };
    let Some(expires_at) = end else {
        errors.add(field, "it would end after the year 9999; for a license without end say perpetual");
        return Term::Perpetual;
    };
    if expires_at <= starts_at {
        errors.add(field, format!("it would end at {expires_at}, and starts at {starts_at}"));
    } else if expires_at <= at {
        errors.add(field, format!("it would have ended at {expires_at} already, and now is {at}"));
    }
    fixed(errors, terms, starts_at, expires_at)
}

/// A term that ends at an instant, with its warning and its grace.
pub(crate) fn fixed(
    errors: &mut FieldErrors,
    terms: &Terms,
    starts_at: Timestamp,
    expires_at: Timestamp,
) -> Term {
    let Some(grace_until) = expires_at.plus(terms.grace.unwrap_or(Seconds::ZERO)) else {
        errors.add("grace", "the grace would end after the year 9999");
        return Term::Perpetual;
    };
    // A warning that is longer than the term begins with it.
    let warn_from = expires_at.minus(terms.warn.unwrap_or(Seconds::ZERO)).max(starts_at);
    Term::Fixed { warn_from, expires_at, grace_until }
}

pub(crate) fn maintenance(
    errors: &mut FieldErrors,
    terms: &Terms,
    starts_at: Timestamp,
) -> Option<Timestamp> {
    let until = match terms.maintenance {
        None | Some(Maintenance::Unlimited) => return None,
        Some(Maintenance::Until(end)) => Some(end),
        Some(Maintenance::For(span)) => span.after(starts_at),
    };
    match until {
        None => errors.add("maintenance", "it would end after the year 9999; if it never ends say unlimited"),
        Some(until) if until < starts_at => {
            errors.add(
                "maintenance",
                format!("it would end at {until}, and the license starts at {starts_at}"),
            );
        }
        Some(_) => {}
    }
    until
}

pub(crate) fn check_notes(errors: &mut FieldErrors, order: &Order) {
    let distinct: BTreeSet<_> = order.origins.iter().collect();
    if distinct.len() < order.origins.len() {
        errors.add("origins", "one of them stands twice; name each once");
    }
    if order.origins.len() > limits::ORIGINS {
        errors.add("origins", format!("{} of them; at most {}", order.origins.len(), limits::ORIGINS));
    }
    if order.meta.len() > limits::META {
        errors.add("meta", format!("{} of them; at most {}", order.meta.len(), limits::META));
    }
    for (name, text) in &order.meta {
        let chars = text.chars().count();
        if chars > limits::META_CHARS {
            errors.add("meta", format!("{name} has {chars} characters; at most {}", limits::META_CHARS));
        }
    }
}
