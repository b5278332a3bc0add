//! The check of a ledger: whether everything in it follows from its events.

mod activation;
mod checkpoint;
mod customer;
mod edition;
pub(crate) mod erased;
mod key;
mod license;
mod log;
mod request;
mod restored;
mod usage;

use lictor_shared::json::{Members, Value};
use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};
use std::thread;

use crate::audit::{self, Remembered};
use crate::cores;
use crate::error::{Failure, FailureKind};
use crate::event::{Event, EventKind, is_commitment};
use crate::ledger::beside::beside;
use crate::ledger::by_event::ByEvent;
use crate::ledger::clock::CLOCK_CHANGED;
use crate::ledger::elsewhere::{self, Owners};
use crate::ledger::events::{Page, Pages, Personal, Read, Texts, differs};
use crate::ledger::fault::RESTORE;
use crate::ledger::licenses::{self, RecordedRevision};
use crate::ledger::projection::{self, Decisions, Statuses, Table};
use crate::ledger::transaction::REQUEST_ID;
use crate::ledger::whole::{Gathered, Told};
use crate::ledger::{Ledger, OrFault as _, editions, keys, products, schema};
use lictor_keys::KeyRing;
use lictor_shared::{Name, Timestamp};

use self::erased::Erased;
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
    /// Checkpoints.
    pub checkpoints: u64,
}

/// So many events go by from one word on how far it is to the next.
const SEEN_EVERY: u64 = 256;

/// Checks a ledger: the file, the log, and every row that follows from the log. Takes as long as the ledger is large.
///
/// # Errors
/// [`FailureKind::Ledger`] with the first difference.
pub fn check(ledger: &Ledger) -> Result<Checked, Failure> {
    check_against(ledger, &[], |_| ())
}

/// The same, and that nothing was changed or removed of what somebody remembers. `see` is told how many events it went
/// through, now and then.
///
/// # Errors
/// [`FailureKind::Ledger`] with the first difference.
pub fn check_against(
    ledger: &Ledger,
    remembered: &[Remembered],
    mut see: impl FnMut(u64),
) -> Result<Checked, Failure> {
    // One view of everything, whatever others commit meanwhile.
    let view = ledger.connection().unchecked_transaction().or_fault()?;
    check_view(&view, remembered, &mut see)
}

/// The same of a view that is open, so that what is read in it afterwards is what was checked.
pub(crate) fn check_view(
    view: &Connection,
    remembered: &[Remembered],
    see: &mut dyn FnMut(u64),
) -> Result<Checked, Failure> {
    let Some(second) = beside(view) else {
        sound(projection::structural_damage(view))?;
        return follows(view, remembered, see);
    };
    let reading = view.get_interrupt_handle();
    thread::scope(|scope| {
        let structure = move || {
            let damage = projection::structural_damage(&second);
            if !matches!(damage, Ok(None)) {
                // A tree of pages that leads in circles could be read for ever.
                reading.interrupt();
            }
            damage
        };
        let Ok(structure) = thread::Builder::new().spawn_scoped(scope, structure) else {
            // Where there is no thread, one is done after the other.
            sound(projection::structural_damage(view))?;
            return follows(view, remembered, see);
        };
        let checked = follows(view, remembered, see);
        // What is wrong with the file is said first, whatever differs because of it.
        sound(structure.join().unwrap_or_else(|_| Err(cores::faulty())))?;
        checked
    })
}

fn sound(structural_damage: Result<Option<String>, Failure>) -> Result<(), Failure> {
    structural_damage?.map_or(Ok(()), |damage| Err(damaged(damage)))
}

/// Whether every row follows from the events. Their leaves are read on all cores; all else is done in this thread, in their order.
fn follows(
    view: &Connection,
    remembered: &[Remembered],
    see: &mut dyn FnMut(u64),
) -> Result<Checked, Failure> {
    let mut check = Check::new(view, remembered)?;
    let mut seen = 0;
    let mut next = |check: &mut Check<'_>, told: Option<Told>| {
        let Some(told) = told else { return Ok(()) };
        check.told(&told)?;
        if check.checked.events >= seen + SEEN_EVERY {
            seen = check.checked.events;
            see(seen);
        }
        Ok(())
    };
    let mut gathered = Gathered::default();
    let mut pages = Pages::new(view, 1);
    // What cannot be read is said in its turn, behind what the events before it show.
    let pages = core::iter::from_fn(|| pages.advance().transpose()).map(Ok);
    cores::each_few(
        pages,
        |page| page.map(Page::read),
        |page: Result<Vec<Result<Read, Failure>>, Failure>| {
            let reads = page.unwrap_or_else(|failure| vec![Err(failure)]);
            reads.into_iter().try_for_each(|read| match read {
                Ok(read) => next(&mut check, gathered.push(read)?),
                Err(failure) => next(&mut check, gathered.last()?).and(Err(failure)),
            })
        },
    )?;
    next(&mut check, gathered.last()?)?;
    // What is gone is no row that differs, so this is said first.
    check.remembered(remembered)?;
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
    editions: edition::Editions,
    /// Lists by the numbers that rows refer to them by.
    list_ids: BTreeMap<i64, String>,
    erased: Erased,
    texts: Texts<'c>,
    /// The personal texts of the event whose turn it is.
    personal: Personal,
    lists: BTreeMap<String, projection::List>,
    customers: BTreeMap<String, String>,
    requests: request::Requests<'c>,
    revisions: ByEvent<'c, RecordedRevision>,
    tree: log::Tree,
    roots: checkpoint::Roots,
    /// The name of the log.
    origin: String,
    checked: Checked,
}

impl<'c> Check<'c> {
    fn new(connection: &'c Connection, remembered: &[Remembered]) -> Result<Self, Failure> {
        let (ledger, _) = projection::issuer(connection)?.unwrap_or_default();
        Ok(Self {
            connection,
            ring: keys::ring(connection)?,
            key_words: key::last_words(connection)?,
            rows: BTreeMap::new(),
            statuses: Statuses::new(),
            changed: BTreeSet::new(),
            elsewhere: Owners::new(),
            decisions: Decisions::new(),
            seats: activation::Seats::default(),
            editions: edition::Editions::default(),
            list_ids: projection::list_ids(connection)?,
            erased: Erased::read(connection)?,
            texts: Texts::new(connection),
            personal: Personal::new(),
            lists: BTreeMap::new(),
            customers: BTreeMap::new(),
            requests: request::Requests::new(connection),
            revisions: licenses::recorded(connection),
            tree: log::Tree::default(),
            roots: checkpoint::Roots::of(remembered),
            origin: audit::name_of(&ledger),
            checked: Checked::default(),
        })
    }

    fn told(&mut self, told: &Told) -> Result<(), Failure> {
        for leaf in &told.leaves {
            self.tree.push(*leaf);
            self.checked.events += 1;
            self.root(self.checked.events);
        }
        // Where an event goes on there are lists alone, and no texts.
        told.further.iter().try_for_each(|further| self.personal(further))?;
        self.personal(&told.first)?;
        self.event(told.whole())?;
        told.parts().for_each(|event| self.request(event));
        match told.first.kind {
            EventKind::CheckpointSigned => self.checkpoint_signed(&told.first),
            _ => Ok(()),
        }
    }

    fn event(&mut self, event: &Event) -> Result<(), Failure> {
        self.answer_ends(Some(event))?;
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
            // What these say is read before, or compared in the end.
            EventKind::EventContinued | EventKind::RequestAnswered | EventKind::CustomerErased => {}
            // It covers itself, and may be what was asked for: both are noted first.
            EventKind::CheckpointSigned => {}
            EventKind::UsageReported => self.usage_reported(event)?,
        }
        Ok(())
    }

    fn counts(&mut self, table: Table) {
        *self.rows.entry(table).or_default() += 1;
    }

    fn issuer(&self, event: &Event) -> Result<(), Failure> {
        let facts = Facts(event);
        if event.seq != 1 {
            return Err(differs(event.seq, "only the first event creates the issuer"));
        }
        let Some((ledger, issuer)) = projection::issuer(self.connection)? else {
            return Err(differs(event.seq, "the table issuer has no row"));
        };
        facts.says("ledger", ledger)?;
        facts.says("issuer", issuer)
    }

    fn product(&mut self, event: &Event) -> Result<(), Failure> {
        let name = Facts(event).parsed("name", Name::new)?;
        let product = products::find(self.connection, &name)?;
        let product = product.ok_or_else(|| differs(event.seq, format!("the product {name} is missing")))?;
        let mut told = event.body.clone();
        told.remove(REQUEST_ID);
        told.remove(CLOCK_CHANGED);
        let seq = products::seq(self.connection, &name)?;
        if product.to_value() != Value::Object(told) || seq != Some(event.seq) {
            return Err(differs(event.seq, format!("the product {name} is not as it was added")));
        }
        self.counts(Table::Product);
        Ok(())
    }

    /// An entry was handed out on the list with this URI.
    fn handed_out(&mut self, uri: &str) {
        self.counts(Table::StatusEntry);
        self.lists.entry(uri.to_owned()).or_default().entries += 1;
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

    /// Whether an entry says anything else than in the newest edition.
    fn changed(&self) -> Result<(), Failure> {
        for (uri, (found, is_kept)) in editions::changed(self.connection)? {
            let told = self.changed.contains(&uri);
            // Of changes from before editions were kept the column tells nothing, and nobody asks it before the next edition.
            if told != found && (is_kept || found) {
                return Err(damaged(format!(
                    "the row {uri:?} of the table status_list says that changed is {found}, and the events say {told}"
                )));
            }
        }
        Ok(())
    }

    /// Lists are numbered as they were opened, without gaps.
    fn list_ids(&self) -> Result<(), Failure> {
        match self.list_ids.keys().zip(1..).find(|(found, id)| *found != id) {
            None => Ok(()),
            Some((found, id)) => {
                Err(damaged(format!("the table status_list has a list {found} where {id} should be")))
            }
        }
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
        self.list_ids()?;
        if let Some(id) = projection::reason_of_nothing(self.connection)? {
            return Err(damaged(format!("the row {id:?} of the table license has a reason, and is active")));
        }
        same("license", &self.decisions, &projection::decisions(self.connection)?)?;
        same("status_list", &self.lists, &projection::lists(self.connection)?)?;
        self.log()?;
        self.answer_ends(None)?;
        self.seats()?;
        self.editions()?;
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
