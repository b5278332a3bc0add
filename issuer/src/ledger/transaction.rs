//! One change and its event: both, or neither.

use core::time::Duration;
use lictor_shared::Timestamp;
use lictor_shared::json::Value;
use rusqlite::{Connection, ErrorCode, TransactionBehavior};
use std::cell::RefCell;

use super::clock::{self, CLOCK_CHANGED, Follows};
use super::events::Written;
use super::fault::OrFault;
use super::requests::Answered;
use super::{DryRun, Ledger, events, log, requests};
use crate::error::Failure;
use crate::event::{Event, EventKind, Facts};
use crate::occasion::{Intent, Occasion, Request};
use crate::outcome::Outcome;

/// A change under way. Dropped without [`Transaction::commit`], nothing of it ever was.
#[derive(Debug)]
pub(crate) struct Transaction<'l> {
    inner: rusqlite::Transaction<'l>,
    occasion: &'l Occasion,
    clock: Follows,
    events: RefCell<Vec<Event>>,
    /// Of a change that carries out several requests.
    kept: Option<log::Kept>,
    /// The one of them that is carried out now.
    turn: RefCell<Option<Request>>,
    dry_run: &'l mut Option<DryRun>,
}

/// The member of an event's body that names the request which led to it.
pub(crate) const REQUEST_ID: &str = "requestId";

/// Proof that an event was recorded, which [`Transaction::commit`] asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use = "an event that is not committed never happened"]
pub(crate) struct Recorded {
    seq: u64,
}

impl Recorded {
    /// The number of the event.
    pub(crate) const fn seq(self) -> u64 {
        self.seq
    }
}

/// The longest pause between two looks whether the lock is free. SQLite's own pauses grow to a tenth of a second, in which a
/// ledger lies idle that many wait for.
const PAUSE: Duration = Duration::from_millis(10);

/// Begins, as soon as nobody else holds the lock.
fn begun(connection: &Connection, patience: Duration) -> rusqlite::Result<rusqlite::Transaction<'_>> {
    connection.busy_timeout(Duration::ZERO)?;
    let begun = begun_within(connection, patience);
    connection.busy_timeout(patience)?;
    begun
}

fn begun_within(connection: &Connection, patience: Duration) -> rusqlite::Result<rusqlite::Transaction<'_>> {
    let (mut waited, mut pause) = (Duration::ZERO, Duration::from_millis(1));
    loop {
        let begun = rusqlite::Transaction::new_unchecked(connection, TransactionBehavior::Immediate);
        let is_busy =
            begun.as_ref().is_err_and(|error| error.sqlite_error_code() == Some(ErrorCode::DatabaseBusy));
        if !is_busy || waited >= patience {
            return begun;
        }
        std::thread::sleep(pause);
        waited += pause;
        pause = PAUSE.min(pause * 2);
    }
}

/// Pages of the write-ahead log from which on they are put into the file: 64 MiB. With the usual thousand, each batch would put
/// its pages there, most of which the next one changes again.
const LOG_PAGES: i64 = 16 * 1024;

impl Ledger {
    /// Begins a change. From here on no other process changes anything; readers go on seeing what was.
    pub(crate) fn begin<'l>(&'l mut self, occasion: &'l Occasion) -> Result<Transaction<'l>, Failure> {
        // `BEGIN IMMEDIATE`: the lock is taken before anything is read, so what is decided on is what is changed.
        let inner = begun(&self.connection, self.patience).or_fault()?;
        // With the lock: a ledger that was restored meanwhile has its place before this one's lock is free.
        self.file.still_bears(&self.path)?;
        if let Some(request) = occasion.request()
            && requests::answer(&inner, request)?.is_some()
        {
            return Err(Failure::done_before());
        }
        let clock = clock::follows(&inner, occasion)?;
        self.dry_run = None;
        Ok(Transaction {
            inner,
            occasion,
            clock,
            events: RefCell::new(Vec::new()),
            kept: None,
            turn: RefCell::new(None),
            dry_run: &mut self.dry_run,
        })
    }

    /// Begins a change that carries out several requests, each with events of its own; all are
    /// [committed](Transaction::commit_all) together.
    pub(crate) fn begin_several<'l>(
        &'l mut self,
        occasion: &'l Occasion,
    ) -> Result<Transaction<'l>, Failure> {
        Ok(Transaction { kept: Some(log::Kept::default()), ..self.begin(occasion)? })
    }

    /// The same for one of many such changes that come one after the other. The connection stays as it is set for that.
    pub(crate) fn begin_batch<'l>(&'l mut self, occasion: &'l Occasion) -> Result<Transaction<'l>, Failure> {
        // What a statement would take back if it failed is kept in memory: it is little, and written to a file with each statement.
        self.connection.pragma_update(None, "temp_store", "MEMORY").or_fault()?;
        self.connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES).or_fault()?;
        self.begin_several(occasion)
    }

    /// The same for a change that is given up again. What it puts into temporary tables may be more than memory holds.
    pub(crate) fn begin_trial<'l>(&'l mut self, occasion: &'l Occasion) -> Result<Transaction<'l>, Failure> {
        self.connection.pragma_update(None, "temp_store", "FILE").or_fault()?;
        self.begin_several(occasion)
    }

    /// Whether a change at this time would follow the last event, so that it need not be prepared in vain.
    ///
    /// # Errors
    /// [`FailureKind::Conflict`](crate::FailureKind::Conflict) if the machine's clock stands before it.
    pub fn follows(&self, occasion: &Occasion) -> Result<(), Failure> {
        clock::follows(&self.connection, occasion).map(|_| ())
    }

    /// What the request of this occasion came to, if it was carried out before.
    ///
    /// # Errors
    /// [`FailureKind::RequestReused`](crate::FailureKind::RequestReused) if its id was used for something else.
    pub fn answer(&self, occasion: &Occasion) -> Result<Option<Value>, Failure> {
        match occasion.request() {
            None => Ok(None),
            Some(request) => requests::answer(&self.connection, request),
        }
    }

    /// What the last change would have come to, if it was a [dry run](Intent::DryRun).
    #[must_use]
    pub const fn dry_run(&self) -> Option<&DryRun> {
        self.dry_run.as_ref()
    }
}

/// Writes the events of a change: all that is the same for them. It needs no ledger, so many can write at once.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Scribe<'t> {
    occasion: &'t Occasion,
    clock: Follows,
}

impl Scribe<'_> {
    /// The event with this number, by the request that led to it.
    pub(crate) fn event(
        &self,
        seq: u64,
        request: Option<&Request>,
        kind: EventKind,
        facts: Facts,
    ) -> Result<Written, Failure> {
        let facts = match request {
            Some(request) => facts.and(REQUEST_ID, request.id.as_str()),
            None => facts,
        };
        let facts = match self.clock {
            Follows::Well => facts,
            Follows::NotAsRecorded => facts.and(CLOCK_CHANGED, true),
        };
        Written::new(seq, self.occasion, kind, facts)
    }

    /// What one of several requests came to, with the event of this number.
    pub(crate) fn answered(&self, seq: u64, request: Request, answer: &Value) -> Result<Answered, Failure> {
        Answered::new(seq, self.occasion, request, answer)
    }
}

impl Transaction<'_> {
    /// Records what happens. The rows that change refer to its number, so this comes first.
    pub(crate) fn record(&self, kind: EventKind, facts: Facts) -> Result<Recorded, Failure> {
        let turn = self.turn.borrow();
        let request = turn.as_ref().or(self.occasion.request());
        self.record_written(&self.scribe().event(self.next_event()?, request, kind, facts)?)
    }

    /// Writes events of this change before they are appended.
    pub(crate) const fn scribe(&self) -> Scribe<'_> {
        Scribe { occasion: self.occasion, clock: self.clock }
    }

    /// The number of the next event.
    pub(crate) fn next_event(&self) -> Result<u64, Failure> {
        events::next(&self.inner)
    }

    /// Records what was [written](Scribe::event), the number of which must be the next one.
    pub(crate) fn record_written(&self, event: &Written) -> Result<Recorded, Failure> {
        event.append(&self.inner, self.kept.as_ref())?;
        if self.is_dry_run() {
            self.events.borrow_mut().extend(event.events().cloned());
        }
        Ok(Recorded { seq: event.seq() })
    }

    /// Remembers what was [written](Scribe::answered), the number of which must be the next one.
    pub(crate) fn remember_written(&self, answered: &Answered) -> Result<Recorded, Failure> {
        answered.append(&self.inner, self.kept.as_ref())?;
        Ok(Recorded { seq: answered.seq() })
    }

    /// From here on what is recorded is by this one of several requests that are carried out together.
    pub(crate) fn turn_to(&self, request: &Request) {
        *self.turn.borrow_mut() = Some(request.clone());
    }

    /// Remembers what one of several requests came to that are carried out together.
    pub(crate) fn remember(&self, request: &Request, answer: &Value) -> Result<Recorded, Failure> {
        self.remember_written(&self.scribe().answered(self.next_event()?, request.clone(), answer)?)
    }

    /// What it shall come to.
    pub(crate) const fn intent(&self) -> &Intent {
        &self.occasion.intent
    }

    /// When it happens.
    pub(crate) const fn at(&self) -> Timestamp {
        self.occasion.at
    }

    /// Whether nothing of this will stay, so that nothing may be signed or written elsewhere.
    pub(crate) fn is_dry_run(&self) -> bool {
        self.occasion.intent == Intent::DryRun
    }

    /// Makes it so. After `Ok` change and event are on disk, whatever happens then. After an error, or a crash before
    /// this returns, either both are there or neither is: the write-ahead log counts only up to a whole commit record.
    ///
    /// What it comes to is remembered with it if that was asked for. Of a dry run nothing stays but what is told of it.
    pub(crate) fn commit(self, _event: Recorded, outcome: &impl Outcome) -> Result<(), Failure> {
        self.store_edge()?;
        match &self.occasion.intent {
            Intent::Make => self.inner.commit().or_fault(),
            Intent::MakeOnce(request) => {
                requests::answered(&self.inner, self.occasion, request, &outcome.answer())?;
                self.inner.commit().or_fault()
            }
            Intent::DryRun => {
                let told = DryRun { claims: outcome.claims(), events: self.events.into_inner() };
                self.inner.rollback().or_fault()?;
                *self.dry_run = Some(told);
                Ok(())
            }
        }
    }

    /// Makes so what several requests asked for, each of which was [remembered](Self::remember). After `Ok` all of it is on disk,
    /// whatever happens then; after an error, or a crash before this returns, all of it is or nothing.
    pub(crate) fn commit_all(self, _last: Recorded) -> Result<(), Failure> {
        self.store_edge()?;
        self.inner.commit().or_fault()
    }

    /// The log's edge of a change that appends many events, which is stored once.
    fn store_edge(&self) -> Result<(), Failure> {
        self.kept.as_ref().map_or(Ok(()), |kept| kept.store(&self.inner))
    }

    /// For the statements of the other files in this folder.
    pub(crate) fn connection(&self) -> &Connection {
        &self.inner
    }
}
