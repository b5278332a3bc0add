//! Issuing a license: decided, signed, checked by the validator and committed, then handed out. In this order.

use lictor_keys::Signer;
use lictor_shared::json::{Members, Value};
use lictor_shared::{Claims as _, License, Purpose, Timestamp};
use rusqlite::Connection;

use crate::customer;
use crate::draft::Draft;
use crate::entropy;
use crate::error::Failure;
use crate::event::EventKind;
use crate::home::{Config, Home};
use crate::key::signing_key_for;
use crate::ledger::{Ledger, keys, licenses, products};
use crate::licenses::SignedLicense;
use crate::occasion::Occasion;
use crate::order::Order;
use crate::outcome::Outcome;
use crate::press::{Place, Press};
use crate::resolve::resolve;

/// A license that was issued and is in the ledger.
#[derive(Clone, Debug)]
pub struct Issued {
    /// Token and claims.
    pub signed: SignedLicense,
    /// What was settled.
    pub draft: Draft,
    /// The number of its event.
    pub event: u64,
}

/// What [`issue`] would issue now. Nothing is changed, and no private key is needed.
///
/// # Errors
/// As [`issue`], as far as they can be known before it is signed.
pub fn preview(home: &Home, ledger: &Ledger, order: &Order, occasion: &Occasion) -> Result<Draft, Failure> {
    let ring = keys::ring(ledger.connection())?;
    let draft = settle(ledger.connection(), home.config(), order, occasion.at)?;
    let key = signing_key_for(&ring, Purpose::License, &draft.products, occasion.at)?;
    let press = Press { home, ring: &ring, key };
    press.speaks_for(&draft)?;
    let customer_id = customer::foresee(ledger.connection(), &draft.customer, draft.customer_id.as_ref())?;
    press.fits(&draft, Place { customer_id, id: entropy::uuid(occasion.at)?, revision: 1 })?;
    Ok(draft)
}

/// Issues a license.
///
/// # Errors
/// [`FailureKind::SigningNotConfigured`] without an active key, [`FailureKind::NotFound`] for a product or plan that
/// is not in the catalogue, [`FailureKind::Validation`] for terms that no license can have. Nothing has changed then.
///
/// [`FailureKind::SigningNotConfigured`]: crate::FailureKind::SigningNotConfigured
/// [`FailureKind::NotFound`]: crate::FailureKind::NotFound
/// [`FailureKind::Validation`]: crate::FailureKind::Validation
pub fn issue(
    home: &Home,
    ledger: &mut Ledger,
    signer: &dyn Signer,
    order: &Order,
    occasion: &Occasion,
) -> Result<Issued, Failure> {
    let transaction = ledger.begin(occasion)?;
    let connection = transaction.connection();
    let ring = keys::ring(connection)?;
    let draft = settle(connection, home.config(), order, occasion.at)?;
    let key = signing_key_for(&ring, Purpose::License, &draft.products, occasion.at)?;
    let press = Press { home, ring: &ring, key };
    press.speaks_for(&draft)?;
    let customer_id = customer::identify(connection, &draft.customer, draft.customer_id.as_ref())?;
    let place = Place { customer_id, id: entropy::uuid(occasion.at)?, revision: 1 };
    let pressed = press.sign(&transaction, signer, &draft, place)?;
    let event = transaction.record(EventKind::LicenseIssued, pressed.facts()?)?;
    licenses::insert(connection, &pressed.signed.license)?;
    pressed.store(connection, event.seq())?;
    let issued = Issued { signed: pressed.signed, draft, event: event.seq() };
    // After this line the license exists, whatever happens: it can be shown, revoked and handed out again. Before, nobody
    // has seen its token.
    transaction.commit(event, &issued)?;
    Ok(issued)
}

impl Outcome for Issued {
    fn answer(&self) -> Value {
        let mut answer = answer_without_token(&self.signed.license, self.draft.warnings(), self.event);
        answer.insert("token".to_owned(), self.signed.token.as_str().into());
        answer.into()
    }

    fn claims(&self) -> Vec<Value> {
        vec![self.signed.license.to_value()]
    }
}

/// What is told of a license beside its token, which can be read in the ledger as long as it lives.
pub(crate) fn answer_without_token(license: &License, warnings: Vec<String>, event: u64) -> Members {
    let time = |at: Option<Timestamp>| Value::from(at.map(|at| at.to_string()));
    let members: [(&str, Value); 9] = [
        ("id", license.id.to_string().into()),
        ("serial", license.serial.to_string().into()),
        ("revision", license.revision.into()),
        ("customerId", license.customer_id.as_str().into()),
        ("startsAt", time(Some(license.starts_at))),
        ("expiresAt", time(license.term.expires_at())),
        ("graceUntil", time(license.term.grace_until())),
        ("warnings", warnings.into_iter().map(Value::from).collect::<Vec<_>>().into()),
        ("event", event.into()),
    ];
    members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

fn settle(connection: &Connection, config: &Config, order: &Order, at: Timestamp) -> Result<Draft, Failure> {
    resolve(order, &products::all(connection)?, &config.defaults, at)
}
