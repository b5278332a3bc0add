//! Issuing licenses that a file orders.

use lictor_keys::{KeyRecord, KeyRing, Signer};
use lictor_shared::json::Value;
use lictor_shared::{AnchorSet, Purpose, StatusRef, Text, Thumbprint, Timestamp, Uri};
use rusqlite::Connection;
use std::collections::BTreeSet;

use super::check::check;
use super::cores;
use super::make::{make, of};
use super::{Change, Checked, Clock, Made, Row, Rows, Taker, Tally, When};
use crate::accepted::anchors;
use crate::catalogue::Product;
use crate::customer;
use crate::draft::Draft;
use crate::entropy;
use crate::error::{Failure, FailureKind};
use crate::event::{EventKind, Facts};
use crate::home::Home;
use crate::key::signing_key_for;
use crate::ledger::entries::List;
use crate::ledger::transaction::{Recorded, Transaction};
use crate::ledger::{Ledger, keys, licenses, products, shards};
use crate::occasion::Occasion;
use crate::order::Order;
use crate::press::{Place, Press, Pressed, be_the_key};
use crate::resolve::resolve;

/// Decides every order of a file. Nothing is changed, and no private key is needed; others that change the ledger wait.
///
/// # Errors
/// All that is wrong with the rows, by line and column: of the kind that all of it is, else [`FailureKind::Validation`].
pub fn check_orders(
    home: &Home,
    ledger: &mut Ledger,
    rows: &mut dyn Rows<Order>,
    occasion: &Occasion,
    taker: &mut dyn Taker,
) -> Result<Checked, Failure> {
    check(ledger, rows, &mut Issuing { home, signers: &[], keys: BTreeSet::new() }, occasion, taker)
}

/// Issues a license for every order of a file that [`check_orders`] has passed, and that was not carried out before.
///
/// # Errors
/// [`FailureKind::Conflict`] if the file was changed meanwhile or its orders need other keys now; else as [`issue`](crate::issue).
/// What was issued until then stays, and repeating goes on with the rest.
pub fn issue_orders(
    home: &Home,
    ledger: &mut Ledger,
    signers: &[Box<dyn Signer + Sync>],
    (rows, checked): (&mut dyn Rows<Order>, &Checked),
    clock: Clock<'_>,
    taker: &mut dyn Taker,
) -> Result<Tally, Failure> {
    let mut issuing = Issuing { home, signers, keys: BTreeSet::new() };
    make(ledger, rows, (&mut issuing, checked), clock, taker)
}

struct Issuing<'a> {
    home: &'a Home,
    signers: &'a [Box<dyn Signer + Sync>],
    /// Those that are needed.
    keys: BTreeSet<Thumbprint>,
}

impl Change<Order> for Issuing<'_> {
    const NOUN: [&'static str; 2] = ["license", "licenses"];

    fn decide(
        &mut self,
        transaction: &Transaction<'_>,
        rows: &[Row<Order>],
    ) -> Result<Vec<Result<(), Failure>>, Failure> {
        let connection = transaction.connection();
        let bench = Bench::open(self.home, connection, transaction.at())?;
        // What the rows before it made of its customer is known when it is a row's turn.
        let identified = rows.iter().map(|row| {
            let order = &row.asked;
            Ok((order, customer::identify(connection, &order.customer, order.customer_id.as_ref())))
        });
        let decide = |(order, customer): (&Order, Result<Text, Failure>)| {
            // What is wrong with the order itself is said first.
            let (draft, press) = bench.draft(order)?;
            press.fits(&draft, bench.place(customer?)?)?;
            Ok(press.key.public.thumbprint())
        };
        let mut decided = Vec::with_capacity(rows.len());
        cores::each(identified, decide, |result: Result<Thumbprint, Failure>| {
            decided.push(result.map(|kid| {
                self.keys.insert(kid);
            }));
            Ok(())
        })?;
        Ok(decided)
    }

    fn keys(&self) -> BTreeSet<Thumbprint> {
        self.keys.clone()
    }

    fn has_room(&self, connection: &Connection, rows: u64) -> Result<(), Failure> {
        shards::has_room(connection, &self.home.status_uri()?, rows)
    }

    fn make(
        &mut self,
        transaction: &Transaction<'_>,
        rows: Vec<Row<Order>>,
    ) -> Result<(Vec<Made>, Option<Recorded>), Failure> {
        let connection = transaction.connection();
        let bench = Bench::open(self.home, connection, transaction.at())?;
        let (mut made, mut last) = (Vec::with_capacity(rows.len()), None);
        let placed = rows.into_iter().map(|row| bench.placed(connection, row));
        // The tables cost a few checks, and a batch has a thousand.
        let anchors = anchors(&bench.ring)?.with_tables();
        let sign = |placed: Placed<'_>| sign(placed, self.signers, &anchors);
        cores::each(placed, sign, |signed: Result<Signed, Failure>| {
            let (row, event) = store(transaction, signed?)?;
            made.push(row);
            last = Some(event);
            Ok(())
        })?;
        Ok((made, last))
    }
}

/// All that is the same for the orders of a batch.
struct Bench<'a> {
    home: &'a Home,
    ring: KeyRing,
    catalogue: Vec<Product>,
    /// Read with the ledger locked: a restore that was waited for may have set another one.
    uri: Uri,
    at: Timestamp,
}

/// An order that has its customer and its place on the list.
struct Placed<'b> {
    row: Row<Order>,
    draft: Draft,
    press: Press<'b>,
    place: Place,
    entry: (List, StatusRef),
}

/// A license that is signed, and what is recorded of it.
struct Signed {
    line: u64,
    request: crate::occasion::Request,
    pressed: Pressed,
    facts: Facts,
    warnings: Vec<String>,
}

impl<'a> Bench<'a> {
    fn open(home: &'a Home, connection: &Connection, at: Timestamp) -> Result<Self, Failure> {
        let ring = keys::ring(connection)?;
        Ok(Self { home, ring, catalogue: products::all(connection)?, uri: home.status_uri()?, at })
    }

    /// What an order comes to, and where it is signed.
    fn draft(&self, order: &Order) -> Result<(Draft, Press<'_>), Failure> {
        let draft = resolve(order, &self.catalogue, &self.home.config().defaults, self.at)?;
        let key = signing_key_for(&self.ring, Purpose::License, &draft.products, self.at)?;
        let press = Press { home: self.home, ring: &self.ring, key };
        press.speaks_for(&draft)?;
        Ok((draft, press))
    }

    fn place(&self, customer_id: Text) -> Result<Place, Failure> {
        Ok(Place { customer_id, id: entropy::uuid(self.at)?, revision: 1 })
    }

    /// Gives an order what it takes to be signed.
    fn placed(&self, connection: &Connection, row: Row<Order>) -> Result<Placed<'_>, Failure> {
        let placed = || {
            let (draft, press) = self.draft(&row.asked)?;
            let customer = customer::identify(connection, &draft.customer, draft.customer_id.as_ref())?;
            // An index is handed out here for good; if nothing is committed it was never handed out.
            let grace = draft.grace.revocation;
            let entry = shards::hand_out(connection, &self.uri, grace, || entropy::number(20))?;
            Ok((draft, press, self.place(customer)?, entry))
        };
        let (draft, press, place, entry) = placed().map_err(|failure| of(row.line, failure))?;
        Ok(Placed { row, draft, press, place, entry })
    }
}

fn sign(
    placed: Placed<'_>,
    signers: &[Box<dyn Signer + Sync>],
    anchors: &AnchorSet,
) -> Result<Signed, Failure> {
    let Placed { row, draft, press, place, entry } = placed;
    let signed = || {
        let pressed = press.press(with_key(signers, press.key)?, anchors, (&draft, place), entry)?;
        let facts = pressed.facts()?;
        Ok((pressed, facts))
    };
    let (pressed, facts) = signed().map_err(|failure| of(row.line, failure))?;
    Ok(Signed { line: row.line, request: row.request, pressed, facts, warnings: draft.warnings() })
}

/// The signer that has a key.
pub(super) fn with_key<'s>(
    signers: &'s [Box<dyn Signer + Sync>],
    key: &KeyRecord,
) -> Result<&'s dyn Signer, Failure> {
    let kid = key.public.thumbprint();
    match (signers.iter().find(|signer| signer.public_key().thumbprint() == kid), signers.first()) {
        (Some(signer), _) => Ok(&**signer),
        // It says which key is needed.
        (None, Some(other)) => Err(be_the_key(&**other, key).err().unwrap_or_else(no_key)),
        (None, None) => Err(no_key()),
    }
}

fn no_key() -> Failure {
    Failure::new(FailureKind::Conflict, "The keys that sign now are others than when the file was checked.")
        .hint("Repeat the command.")
}

/// Puts a license into the ledger, with its event and its answer.
fn store(transaction: &Transaction<'_>, signed: Signed) -> Result<(Made, Recorded), Failure> {
    let Signed { line, request, pressed, facts, warnings } = signed;
    transaction.turn_to(&request);
    let event = transaction.record(EventKind::LicenseIssued, facts)?;
    licenses::insert(transaction.connection(), &pressed.signed.license)?;
    pressed.store(transaction.connection(), event.seq())?;
    let answer = answer(&pressed, &warnings, event);
    let event = transaction.remember(&request, &answer)?;
    let token = Some(pressed.signed.token);
    Ok((Made { line, request: request.id, when: When::Now, answer, token }, event))
}

/// What is told of a license, and remembered: without the token, which can be read in the ledger as long as it lives.
fn answer(pressed: &Pressed, warnings: &[String], event: Recorded) -> Value {
    let license = &pressed.signed.license;
    let time = |at: Option<Timestamp>| Value::from(at.map(|at| at.to_string()));
    Value::object([
        ("id", license.id.to_string().into()),
        ("serial", license.serial.to_string().into()),
        ("revision", license.revision.into()),
        ("customerId", license.customer_id.as_str().into()),
        ("startsAt", time(Some(license.starts_at))),
        ("expiresAt", time(license.term.expires_at())),
        ("graceUntil", time(license.term.grace_until())),
        ("warnings", warnings.iter().map(|warning| warning.as_str().into()).collect::<Vec<Value>>().into()),
        ("event", event.seq().into()),
    ])
}
