//! The check of a ledger: whether everything in it follows from its events.

mod activation;
mod catalogue;
mod checkpoint;
mod customer;
mod edition;
mod entries;
pub(crate) mod erased;
mod events;
mod facts;
mod key;
mod license;
mod log;
mod request;
mod restored;
mod rows;
mod structure;
mod usage;

use rusqlite::Connection;
use std::collections::{BTreeMap, BTreeSet};

use crate::audit::{self, Remembered};
use crate::error::{Failure, FailureKind};
use crate::ledger::by_event::ByEvent;
use crate::ledger::elsewhere::Owners;
use crate::ledger::events::{Personal, Texts};
use crate::ledger::fault::RESTORE;
use crate::ledger::licenses::{self, RecordedRevision};
use crate::ledger::projection::{self, Decisions, Statuses, Table};
use crate::ledger::{Ledger, OrFault as _, keys};
use lictor_keys::KeyRing;

use self::erased::Erased;
use self::facts::{Facts, place};
use self::rows::same;

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
    structure::sound_beside(view, || events::follow(view, remembered, see))
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

    fn counts(&mut self, table: Table) {
        *self.rows.entry(table).or_default() += 1;
    }
}
