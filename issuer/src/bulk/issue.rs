//! Issuing licenses that a file orders.

use lictor_keys::{KeyRecord, KeyRing, Signer};
use lictor_shared::json::Value;
use lictor_shared::{AnchorSet, License, Purpose, Seconds, StatusRef, Text, Thumbprint, Timestamp, Uri};
use rusqlite::Connection;
use std::collections::BTreeSet;

use super::check::{Decided, check, decided_with};
use super::make::{make, of};
use super::{Change, Checked, Clock, Foreseen, Made, Row, Rows, Taker, Tally, When};
use crate::accepted::anchors;
use crate::catalogue::Product;
use crate::cores;
use crate::customer;
use crate::draft::Draft;
use crate::entropy;
use crate::error::{Failure, FailureKind};
use crate::event::EventKind;
use crate::home::Home;
use crate::issue::answer_without_token;
use crate::key::signing_key_for;
use crate::ledger::entries::List;
use crate::ledger::events::Written;
use crate::ledger::requests::Answered;
use crate::ledger::transaction::{Recorded, Scribe, Transaction};
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
    ) -> Result<Vec<Result<Foreseen, Failure>>, Failure> {
        let connection = transaction.connection();
        let bench = Bench::open(self.home, connection, transaction.at())?;
        // What the rows before it made of its customer is known when it is a row's turn.
        let identified = rows.chunks(CHUNK).map(|rows| {
            let identify = |row: &'_ Row<Order>| {
                customer::identify(connection, &row.asked.customer, row.asked.customer_id.as_ref())
            };
            Ok((rows, rows.iter().map(identify).collect::<Vec<_>>()))
        });
        let decide = |(rows, customers): (&[Row<Order>], Vec<Result<Text, Failure>>)| {
            let decide = |(row, customer): (&Row<Order>, _)| bench.decide(&row.asked, customer);
            rows.iter().zip(customers).map(decide).collect::<Vec<_>>()
        };
        decided_with(identified, decide, &mut self.keys)
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
        // The tables cost a few checks, and a batch has a thousand.
        let anchors = anchors(&bench.ring)?.with_tables();
        let desk = Desk { signers: self.signers, anchors: &anchors, scribe: transaction.scribe() };
        let numbers = (transaction.next_event()?..).step_by(EVENTS);
        let mut rows = rows.into_iter().zip(numbers);
        let placed = core::iter::from_fn(|| {
            let rows: Vec<_> = rows.by_ref().take(CHUNK).collect();
            if rows.is_empty() { None } else { Some(bench.placed(connection, rows)) }
        });
        let sign = |placed: Vec<Placed<'_>>| placed.into_iter().map(|placed| desk.sign(placed)).collect();
        cores::each_few(placed, sign, |signed: Result<Vec<Signed>, Failure>| {
            let signed = signed?;
            last = store(transaction, &signed)?;
            made.extend(signed.into_iter().map(Signed::into_made));
            Ok(())
        })?;
        Ok((made, last))
    }
}

/// Rows that go from one core to another together: handing over costs less than working on them.
const CHUNK: usize = 32;

/// Events of an order: that the license was issued, and that the order was answered.
const EVENTS: usize = 2;

/// All that is the same for the orders of a batch.
struct Bench<'a> {
    home: &'a Home,
    ring: KeyRing,
    catalogue: Vec<Product>,
    /// Read with the ledger locked: a restore that was waited for may have set another one.
    uri: Uri,
    at: Timestamp,
}

/// An order that has its customer, its place on the list, and the number of its first event.
struct Placed<'b> {
    row: Row<Order>,
    draft: Draft,
    press: Press<'b>,
    place: Place,
    entry: (List, StatusRef),
    event: u64,
}

/// A license that is signed, and all that is recorded of it.
struct Signed {
    line: u64,
    request: Text,
    pressed: Pressed,
    issued: Written,
    answer: Value,
    answered: Answered,
}

impl Signed {
    fn into_made(self) -> Made {
        let Self { line, request, pressed, answer, .. } = self;
        Made { line, request, when: When::Now, answer, token: Some(pressed.signed.token) }
    }
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

    /// What an order comes to, if it can be issued.
    fn decide(&self, order: &Order, customer: Result<Text, Failure>) -> Result<Decided, Failure> {
        // What is wrong with the order itself is said first.
        let (draft, press) = self.draft(order)?;
        press.fits(&draft, self.place(customer?)?)?;
        let foreseen = Foreseen { warnings: draft.warnings(), is_suspended: false };
        Ok((foreseen, press.key.public.thumbprint()))
    }

    fn place(&self, customer_id: Text) -> Result<Place, Failure> {
        Ok(Place { customer_id, id: entropy::uuid(self.at)?, revision: 1 })
    }

    /// Gives orders what it takes to be signed.
    fn placed(
        &self,
        connection: &Connection,
        rows: Vec<(Row<Order>, u64)>,
    ) -> Result<Vec<Placed<'_>>, Failure> {
        let mut drafts = Vec::with_capacity(rows.len());
        for (row, event) in rows {
            let drafted = self.drafted(connection, &row.asked).map_err(|failure| of(row.line, failure))?;
            drafts.push((row, event, drafted));
        }
        let graces: Vec<Seconds> = drafts.iter().map(|(_, _, (draft, ..))| draft.grace.revocation).collect();
        // The indices are handed out here for good; if nothing is committed they were never handed out.
        let entries = shards::hand_out_several(connection, &self.uri, &graces, || entropy::number(20));
        let first = drafts.first().map_or(0, |(row, ..)| row.line);
        let entries = entries.map_err(|failure| of(first, failure))?;
        let placed = drafts.into_iter().zip(entries).map(|((row, event, (draft, press, place)), entry)| {
            Placed { row, draft, press, place, entry, event }
        });
        Ok(placed.collect())
    }

    fn drafted(&self, connection: &Connection, order: &Order) -> Result<(Draft, Press<'_>, Place), Failure> {
        let (draft, press) = self.draft(order)?;
        let customer = customer::identify(connection, &draft.customer, draft.customer_id.as_ref())?;
        Ok((draft, press, self.place(customer)?))
    }
}

/// Where licenses are signed, and written what is recorded of them. It needs no ledger.
struct Desk<'a> {
    signers: &'a [Box<dyn Signer + Sync>],
    anchors: &'a AnchorSet,
    scribe: Scribe<'a>,
}

impl Desk<'_> {
    fn sign(&self, placed: Placed<'_>) -> Result<Signed, Failure> {
        let line = placed.row.line;
        self.signed(placed).map_err(|failure| of(line, failure))
    }

    fn signed(&self, placed: Placed<'_>) -> Result<Signed, Failure> {
        let Placed { row: Row { line, request, .. }, draft, press, place, entry, event } = placed;
        let warnings = draft.warnings();
        let pressed = press.press(with_key(self.signers, press.key)?, self.anchors, (draft, place), entry)?;
        let kind = EventKind::LicenseIssued;
        let issued = self.scribe.event(event, Some(&request), kind, pressed.facts()?)?;
        let answer = Value::from(answer_without_token(&pressed.signed.license, warnings, event));
        let id = request.id.clone();
        let answered = self.scribe.answered(event + 1, request, &answer)?;
        Ok(Signed { line, request: id, pressed, issued, answer, answered })
    }
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

/// Puts licenses into the ledger, each with its event and its answer; the last event of them.
fn store(transaction: &Transaction<'_>, signed: &[Signed]) -> Result<Option<Recorded>, Failure> {
    let connection = transaction.connection();
    let licenses: Vec<&License> = signed.iter().map(|license| &license.pressed.signed.license).collect();
    licenses::insert_several(connection, &licenses)?;
    let mut last = None;
    for license in signed {
        let event = transaction.record_written(&license.issued)?;
        license.pressed.store(connection, event.seq())?;
        last = Some(transaction.remember_written(&license.answered)?);
    }
    Ok(last)
}
