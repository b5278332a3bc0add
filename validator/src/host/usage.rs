//! The record of use: what the product counts, and what the verdict was, from one report to the next.
//!
//! What is counted is held in memory and kept under one name of the store once a minute, so that nobody who counts waits for a
//! disk, and a power cut costs a minute. Several replicas keep one record: the highest value counts, whoever had it. No verdict
//! reads any of it.

mod book;
mod meter;
mod report;
mod text;

use lictor_shared::Timestamp;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::identity::Identity;
use super::shelf;
use super::store::{StateStore, StoreError, Swap};
use super::trouble::Trouble;
use crate::verdict::Verdict;

use book::Book;
use meter::Meter;

pub use meter::RecordError;
pub use report::ReportError;
pub(crate) use report::Reporter;

/// How often a change is made anew because another replica was faster.
const ATTEMPTS: usize = 64;
/// Seconds from one keeping to the next: what a power cut costs.
const MINUTE: u64 = 60;

/// The record of use of one deployment, as one process knows it.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    meter: Meter,
    seen: Mutex<Seen>,
}

/// What stood in the store when this process last looked.
#[derive(Debug, Default)]
struct Seen {
    book: Option<Book>,
    kept_at: Option<Timestamp>,
}

/// The time at which something is kept, and by whose key it will be reported.
#[derive(Clone, Copy)]
pub(crate) struct Moment<'a> {
    /// The reading of the clock.
    pub(crate) now: Timestamp,
    /// The effective time.
    pub(crate) t: Timestamp,
    pub(crate) identity: &'a Identity,
}

/// The record as it stands, and what led to it.
struct Taken {
    /// The bytes that stand in the store.
    stored: Option<Vec<u8>>,
    book: Book,
    trouble: Option<Trouble>,
}

impl Usage {
    /// A counter's value, now.
    pub(crate) fn record(&self, name: &str, value: u64, t: Timestamp) -> Result<(), RecordError> {
        self.meter.record(name, value, t)
    }

    /// What the verdict is from its time on.
    pub(crate) fn see(&self, verdict: &Verdict) {
        self.meter.see(verdict);
    }

    /// Whether a minute has passed since the record was last kept; a clock that was set back counts as one.
    pub(crate) fn is_due(&self, now: Timestamp) -> bool {
        let due = |kept: Timestamp| now < kept || now.seconds() - kept.seconds() >= MINUTE;
        self.seen().kept_at.is_none_or(due)
    }

    /// Keeps what was counted since it was last kept, and says what is the matter with the record.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not take it; then it is held in memory until it does.
    pub(crate) fn keep(
        &self,
        store: &dyn StateStore,
        moment: Moment<'_>,
    ) -> Result<Option<Trouble>, StoreError> {
        self.change(store, moment, |book| (book, ())).map(|((), trouble)| trouble)
    }

    /// The record as it would be kept now.
    fn look(&self, store: &dyn StateStore, moment: Moment<'_>) -> Result<Book, StoreError> {
        let pending = self.meter.pending();
        let mut taken = self.seen().take_up(store, moment, &pending)?;
        let _crowded = taken.book.add(&pending, moment.t, moment.now);
        Ok(taken.book)
    }

    /// Adds what was counted to the record and changes it, anew until nobody else was faster. After `Ok` both outlive a crash.
    fn change<T>(
        &self,
        store: &dyn StateStore,
        moment: Moment<'_>,
        change: impl Fn(Book) -> (Book, T),
    ) -> Result<(T, Option<Trouble>), StoreError> {
        let mut seen = self.seen();
        for _ in 0..ATTEMPTS {
            let pending = self.meter.pending();
            let mut taken = seen.take_up(store, moment, &pending)?;
            let crowded = taken.book.add(&pending, moment.t, moment.now);
            let trouble = taken.trouble.or_else(|| crowded.then(too_many));
            let (next, answer) = change(taken.book);
            let text = next.to_text().into_bytes();
            if taken.stored.as_ref() != Some(&text)
                && store.swap(shelf::USAGE, taken.stored.as_deref(), Some(&text))? == Swap::Taken
            {
                continue;
            }
            // What was counted meanwhile stays to be added.
            self.meter.settle(&pending, &next);
            *seen = Seen { book: Some(next), kept_at: Some(moment.now) };
            return Ok((answer, trouble));
        }
        Err(StoreError::new("other processes keep changing the record of use"))
    }

    fn seen(&self) -> MutexGuard<'_, Seen> {
        // Whoever panicked here has left nothing half done.
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Seen {
    /// The record in the store. One that vanished, was damaged or set back while this process ran is what the process knows; one that
    /// is not there when a process starts is begun anew.
    fn take_up(
        &self,
        store: &dyn StateStore,
        moment: Moment<'_>,
        pending: &meter::Pending,
    ) -> Result<Taken, StoreError> {
        let stored = store.read(shelf::USAGE)?;
        let (found, damage) = match stored.as_deref().map(Book::read) {
            None => (None, None),
            Some(Ok(book)) => (Some(book), None),
            Some(Err(damage)) => {
                set_aside(store, stored.as_deref().unwrap_or_default())?;
                (None, Some(damage.to_string()))
            }
        };
        let (book, trouble) = match (found, &self.book) {
            (Some(found), Some(seen)) if found.is_older_than(seen) => {
                (seen.clone().joined(&found), Some(told("was set back")))
            }
            (Some(found), _) => (found, None),
            (None, Some(seen)) => (seen.clone(), Some(told("was gone or damaged"))),
            (None, None) => (Book::begun(pending, moment), damage.map(anew)),
        };
        Ok(Taken { stored, book: book.of(moment), trouble })
    }
}

/// Keeps damaged bytes under another name, in place of what was kept there of an earlier accident.
fn set_aside(store: &dyn StateStore, bytes: &[u8]) -> Result<(), StoreError> {
    let name = shelf::damaged(shelf::USAGE);
    let old = store.read(&name)?;
    if old.as_deref() != Some(bytes) {
        let _another_process_did = store.swap(&name, old.as_deref(), Some(bytes))?;
    }
    Ok(())
}

fn told(what: &str) -> Trouble {
    let why = format!("{what} in the store; what the running program knows of it was written again");
    Trouble::Usage { why }
}

fn anew(damage: String) -> Trouble {
    let why = format!(
        "was damaged ({damage}) and begins anew, which the next report says; the damaged bytes are kept as {}",
        shelf::damaged(shelf::USAGE)
    );
    Trouble::Usage { why }
}

fn too_many() -> Trouble {
    Trouble::Usage {
        why: "has no room for all counters; give the programs of one deployment the same few names".into(),
    }
}
