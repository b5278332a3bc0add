//! The check of a ledger: whether everything in it follows from its events.

mod activation;
mod customer;
mod key;
mod license;
mod log;
mod request;
mod restored;
mod usage;

use lictor_shared::json::{Members, Value};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

use crate::error::{Failure, FailureKind};
use crate::event::{Event, EventKind};
use crate::ledger::clock::CLOCK_CHANGED;
use crate::ledger::elsewhere::{self, Owners};
use crate::ledger::events::{self, differs};
use crate::ledger::fault::RESTORE;
use crate::ledger::projection::{self, Decisions, Statuses, Table};
use crate::ledger::transaction::REQUEST_ID;
use crate::ledger::{Events, Ledger, OrFault as _, editions, keys, products, schema};
use lictor_keys::KeyRing;
use lictor_shared::{Name, Seconds, Timestamp};

use self::activation::Signed;
use self::license::Place;

/// What a check went through, and found to be as it should.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Checked {
    /// Events.
    pub events: u64,
    /// Licenses.
    pub licenses: u64,
    /// Commitments to personal texts whose text is still there.
    pub personal: u64,
    /// Commitments to personal texts whose text has been erased.
    pub erased: u64,
}

/// Checks a ledger: the file, the log, and every row that follows from the log. Takes as long as the ledger is large.
///
/// # Errors
/// [`FailureKind::Ledger`] with the first difference.
pub fn check(ledger: &Ledger) -> Result<Checked, Failure> {
    // One view of everything, whatever others commit meanwhile.
    let view = ledger.connection().unchecked_transaction().or_fault()?;
    if let Some(damage) = projection::structural_damage(&view)? {
        return Err(damaged(damage));
    }
    let mut check = Check::new(&view, ledger)?;
    for event in Events::new(&view, 1) {
        check.event(&event?)?;
    }
    check.rest()?;
    Ok(check.checked)
}

fn damaged(what: String) -> Failure {
    Failure::new(FailureKind::Ledger, format!("The ledger is damaged or was tampered with: {what}."))
        .hint(RESTORE)
}

/// What the events so far say.
struct Check<'c> {
    connection: &'c Connection,
    ledger: &'c Ledger,
    ring: KeyRing,
    key_words: key::LastWords,
    rows: BTreeMap<Table, u64>,
    statuses: Statuses,
    /// Lists of which an entry says anything else than in the newest edition.
    changed: BTreeSet<String>,
    /// The licenses of activations that were granted elsewhere.
    elsewhere: Owners,
    decisions: Decisions,
    seats: activation::Seats,
    /// The last sequence of each list, and when it was signed.
    lists: BTreeMap<String, (u64, Option<Timestamp>)>,
    customers: BTreeMap<String, String>,
    requests: BTreeMap<String, request::Told>,
    tree: log::Tree,
    checked: Checked,
}

impl<'c> Check<'c> {
    fn new(connection: &'c Connection, ledger: &'c Ledger) -> Result<Self, Failure> {
        Ok(Self {
            connection,
            ledger,
            ring: keys::ring(connection)?,
            key_words: key::last_words(connection)?,
            rows: BTreeMap::new(),
            statuses: Statuses::new(),
            changed: BTreeSet::new(),
            elsewhere: Owners::new(),
            decisions: Decisions::new(),
            seats: activation::Seats::default(),
            lists: BTreeMap::new(),
            customers: BTreeMap::new(),
            requests: BTreeMap::new(),
            tree: log::Tree::default(),
            checked: Checked::default(),
        })
    }

    fn event(&mut self, event: &Event) -> Result<(), Failure> {
        self.personal(event)?;
        match event.kind {
            EventKind::IssuerCreated => self.issuer(event)?,
            EventKind::KeyCreated
            | EventKind::KeyActivated
            | EventKind::KeyRetired
            | EventKind::KeyDistrusted
            | EventKind::KeyResealed
            | EventKind::KeyDestroyed => self.key(event)?,
            EventKind::KeyExported => self.key_exported(event)?,
            EventKind::ProductAdded => self.product(event)?,
            EventKind::LicenseIssued => self.license_issued(event)?,
            EventKind::LicenseRevoked => self.license_revoked(event)?,
            EventKind::LicenseSuspended => self.license_suspended(event)?,
            EventKind::LicenseReinstated => self.license_reinstated(event)?,
            EventKind::LicenseRenewed | EventKind::LicenseAmended => self.license_revised(event)?,
            EventKind::LicenseImported => self.license_imported(event)?,
            EventKind::StatusPublished => self.status_published(event)?,
            EventKind::LedgerRestored => self.ledger_restored(event)?,
            EventKind::ActivationGranted
            | EventKind::ActivationRenewed
            | EventKind::ActivationDenied
            | EventKind::ActivationReleased
            | EventKind::ActivationRevoked
            | EventKind::ActivationExpired
            | EventKind::ActivationForked => self.activation(event)?,
            EventKind::UsageReported => self.usage_reported(event)?,
        }
        self.request(event);
        self.tree.push(event);
        self.checked.events += 1;
        Ok(())
    }

    fn counts(&mut self, table: Table) {
        *self.rows.entry(table).or_default() += 1;
    }

    /// Every text that is still there is the one that the leaf commits to.
    fn personal(&mut self, event: &Event) -> Result<(), Failure> {
        let texts: BTreeMap<_, _> = events::personal(self.connection, event.seq)?.into_iter().collect();
        for (field, text) in &texts {
            if event.body.get(field) != Some(&text.to_value()) {
                return Err(differs(
                    event.seq,
                    format!("its personal text {field:?} is not the one it commits to"),
                ));
            }
        }
        let committed = event.body.values().filter(|value| is_commitment(value)).count();
        let count = |number: usize| u64::try_from(number).unwrap_or(u64::MAX);
        self.checked.personal += count(texts.len());
        self.checked.erased += count(committed.saturating_sub(texts.len()));
        Ok(())
    }

    fn issuer(&self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        if event.seq != 1 {
            return Err(differs(event.seq, "only the first event creates the issuer"));
        }
        facts.says("ledger", self.ledger.id().to_string())?;
        facts.says("issuer", self.ledger.issuer().as_str())
    }

    fn product(&mut self, event: &Event) -> Result<(), Failure> {
        let name = Facts(event).parsed("name", Name::new)?;
        let product = products::find(self.connection, &name)?;
        let product = product.ok_or_else(|| differs(event.seq, format!("the product {name} is missing")))?;
        let mut told = event.body.clone();
        told.remove(REQUEST_ID);
        told.remove(CLOCK_CHANGED);
        if product.to_value() != Value::Object(told) {
            return Err(differs(event.seq, format!("the product {name} is not as it was added")));
        }
        self.counts(Table::Product);
        Ok(())
    }

    fn status_published(&mut self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        let (uri, sequence) = (facts.text("uri")?.to_owned(), facts.integer("sequence")?);
        let sha256 = facts.text("tokenSha256")?.to_owned();
        let stale_from = Seconds::new(facts.integer("ttl")?).and_then(|ttl| event.at.plus(ttl));
        self.seats.editions.insert((uri.clone(), sequence), Signed { sha256, stale_from });
        self.changed.remove(&uri);
        match self.lists.insert(uri.clone(), (sequence, Some(event.at))) {
            Some((before, _)) if before >= sequence => {
                Err(differs(event.seq, format!("the sequence of {uri} is {sequence} after {before}")))
            }
            _ => Ok(()),
        }
    }

    /// What an entry says from now on.
    fn says(&mut self, place: Place, status: Option<(u64, Timestamp)>) {
        if self.statuses.get(&place) == status.as_ref() {
            return;
        }
        self.changed.insert(place.0.clone());
        match status {
            Some(status) => self.statuses.insert(place, status),
            None => self.statuses.remove(&place),
        };
    }

    /// Whether an entry says anything else than in the newest edition, of the lists of which that is kept.
    fn changed(&self) -> Result<(), Failure> {
        let found = editions::changed(self.connection)?;
        let told = found.keys().map(|uri| (uri.clone(), self.changed.contains(uri))).collect();
        same("status_list", &told, &found)
    }

    /// What no single event shows: rows beyond those that the events tell of.
    fn rest(&mut self) -> Result<(), Failure> {
        if self.checked.events == 0 {
            return Err(damaged("there is no event".into()));
        }
        for table in Table::ALL {
            let (told, found) = (
                self.rows.get(&table).copied().unwrap_or_default(),
                projection::count(self.connection, table)?,
            );
            if told != found {
                let table = table.as_str();
                return Err(damaged(format!(
                    "the table {table} has {found} rows, and the events tell of {told}"
                )));
            }
        }
        same("status_entry", &self.statuses, &projection::statuses(self.connection)?)?;
        same("activation_elsewhere", &self.elsewhere, &elsewhere::all(self.connection)?)?;
        self.changed()?;
        same("license", &self.decisions, &projection::decisions(self.connection)?)?;
        same("status_list", &self.lists, &projection::lists(self.connection)?)?;
        self.log()?;
        self.seats()?;
        self.customers()?;
        self.requests()?;
        match schema::difference(self.connection)? {
            Some(difference) => Err(damaged(difference)),
            None => Ok(()),
        }
    }
}

/// Refuses the first row that differs between what the events say and what stands in the table.
fn same<K: Ord + core::fmt::Debug, V: PartialEq + core::fmt::Debug>(
    table: &str,
    told: &BTreeMap<K, V>,
    found: &BTreeMap<K, V>,
) -> Result<(), Failure> {
    let keys = told.keys().chain(found.keys());
    let Some(first) = keys.filter(|key| told.get(key) != found.get(key)).min() else { return Ok(()) };
    let (told, found) = (told.get(first), found.get(first));
    Err(damaged(format!(
        "the row {first:?} of the table {table} says {found:?}, and the events say {told:?}"
    )))
}

fn is_commitment(value: &Value) -> bool {
    // A counter may have any name, and is a number.
    let hash = |members: &Members| members.get("sha256").and_then(Value::as_str).is_some();
    value.as_object().is_some_and(|members| members.len() == 1 && hash(members))
}

/// The body of an event, read for comparing.
struct Facts<'e>(&'e Event);

impl Facts<'_> {
    fn says(&self, name: &str, row: impl Into<Value>) -> Result<(), Failure> {
        let row = row.into();
        match self.0.body.get(name) {
            Some(said) if *said == row => Ok(()),
            said => {
                let said = said.cloned().unwrap_or(Value::Null);
                Err(differs(self.0.seq, format!("{name} is {said} in the event and {row} in the tables")))
            }
        }
    }

    fn text(&self, name: &str) -> Result<&str, Failure> {
        self.0.body.get(name).and_then(Value::as_str).ok_or_else(|| self.lacks(name))
    }

    fn integer(&self, name: &str) -> Result<u64, Failure> {
        self.0.body.get(name).and_then(Value::as_integer).ok_or_else(|| self.lacks(name))
    }

    fn time(&self, name: &str) -> Result<Timestamp, Failure> {
        Timestamp::from_seconds(self.integer(name)?).ok_or_else(|| self.lacks(name))
    }

    fn parsed<T, E>(&self, name: &str, read: impl FnOnce(&str) -> Result<T, E>) -> Result<T, Failure> {
        read(self.text(name)?).map_err(|_| self.lacks(name))
    }

    fn lacks(&self, name: &str) -> Failure {
        differs(self.0.seq, format!("it has no proper {name}"))
    }
}

/// List and index in a `status` of an event.
fn place(status: &Members) -> Option<(String, u64)> {
    Some((status.get("uri")?.as_str()?.to_owned(), status.get("idx")?.as_integer()?))
}
