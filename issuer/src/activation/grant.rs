//! Answering requests: all of them in one change.

use lictor_keys::Signer;
use lictor_shared::json::Value;
use lictor_shared::{Name, Timestamp};
use std::collections::BTreeSet;

use super::answer::Answer;
use super::asked::{Asked, Licensed, is_ours};
use super::desk::{Desk, Staff};
use super::kept::repeated;
use super::request::SeatRequest;
use super::sign::{Checks, Signers, Trusted};
use crate::error::Failure;
use crate::home::Home;
use crate::ledger::transaction::Recorded;
use crate::ledger::{Ledger, keys};
use crate::occasion::Occasion;
use crate::outcome::Outcome;
use crate::terms::Span;

/// What requests were answered with, in their order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Grants {
    /// An answer for each request.
    pub answers: Vec<Answer>,
    /// The number of the last event; `None` if all had been answered before.
    pub event: Option<u64>,
}

/// Sees that a request is for a license of this issuer, or was answered before.
///
/// # Errors
/// [`FailureKind::NotFound`](crate::FailureKind::NotFound), one and the same for an unknown license, a wrong hash and another issuer.
pub fn is_for_us(home: &Home, ledger: &Ledger, request: &SeatRequest) -> Result<(), Failure> {
    let connection = ledger.connection();
    match repeated(connection, request)? {
        Some(_) => Ok(()),
        None => is_ours(home, connection, request).map(|_| ()),
    }
}

/// The answers to requests that were all answered before: the same bytes again, whatever the date, and without a key.
///
/// # Errors
/// [`FailureKind::NotFound`](crate::FailureKind::NotFound) if one is for no license of this issuer.
pub fn recall(home: &Home, ledger: &Ledger, requests: &[SeatRequest]) -> Result<Option<Grants>, Failure> {
    let connection = ledger.connection();
    let mut answers = Vec::with_capacity(requests.len());
    for request in requests {
        match repeated(connection, request)? {
            Some(given) => answers.push(Answer::Given(Box::new(given))),
            None => {
                is_ours(home, connection, request)?;
            }
        }
    }
    let all = answers.len() == requests.len();
    Ok(all.then_some(Grants { answers, event: None }))
}

/// The products for which answering requests will take a signature, as things stand: what was answered before, and what is denied
/// whether or not there are seats, takes none.
///
/// # Errors
/// [`FailureKind::NotFound`](crate::FailureKind::NotFound) if one is for no license of this issuer.
pub fn products_to_sign_for(
    home: &Home,
    ledger: &Ledger,
    requests: &[SeatRequest],
    at: Timestamp,
) -> Result<BTreeSet<Name>, Failure> {
    let connection = ledger.connection();
    let mut products = BTreeSet::new();
    for request in requests {
        if repeated(connection, request)?.is_some() {
            continue;
        }
        let held = is_ours(home, connection, request)?;
        let licensed = Licensed::look_up(connection, request.claims().license, at)?;
        let asked = Asked::look_up(connection, request, held, licensed)?;
        if asked.against(at).is_none() {
            products.insert(asked.request.product.clone());
        }
    }
    Ok(products)
}

/// Answers requests: grants and renews seats, takes them back, or denies. `signers` are those of the products that
/// [`products_to_sign_for`] names. `lease`: how long an activation holds; `None`: until further notice. Lists that are enclosed are
/// signed too, where one of the signers has the key for lists.
///
/// # Errors
/// [`FailureKind::SigningNotConfigured`](crate::FailureKind::SigningNotConfigured) without an active key,
/// [`FailureKind::NotFound`](crate::FailureKind::NotFound) if a request is for no license of this issuer. Nothing has changed
/// then.
pub fn grant(
    home: &Home,
    ledger: &mut Ledger,
    signers: &[&(dyn Signer + Sync)],
    requests: &[SeatRequest],
    lease: Option<Span>,
    occasion: &Occasion,
) -> Result<Grants, Failure> {
    let transaction = ledger.begin_several(occasion)?;
    let trusted = Trusted::of(keys::ring(transaction.connection())?, Checks::of(requests.len()));
    let desk = Desk::open(Staff { home, signers: Signers(signers), lease }, &transaction, &trusted)?;
    let answers = desk.answer(requests)?.into_iter().collect::<Result<_, _>>()?;
    let last = desk.last();
    let grants = Grants { answers, event: last.map(Recorded::seq) };
    // After this line every answer is kept: asked again, it is the same. Before, no seat is taken and nobody has seen a token.
    // Answers that were all given before change nothing.
    match last {
        Some(last) => transaction.commit(last, &grants)?,
        None => drop(transaction),
    }
    Ok(grants)
}

impl Outcome for Grants {
    fn answer(&self) -> Value {
        let answers: Vec<Value> = self.answers.iter().map(Answer::to_value).collect();
        Value::object([("answers", answers.into()), ("event", self.event.into())])
    }

    fn claims(&self) -> Vec<Value> {
        let claims = self.answers.iter().filter_map(|answer| match answer {
            Answer::Given(given) => Some(given.claims.clone()),
            Answer::Denied(_) => None,
        });
        claims.filter(|claims| *claims != Value::Null).collect()
    }
}
