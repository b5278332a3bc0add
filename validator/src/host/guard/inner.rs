//! What a guard is behind its handle: everything that its own thread needs as well.

use arc_swap::ArcSwap;
use lictor_shared::UsageReport;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::telling::Telling;
use super::{Clock, Current, Installed, Listener};
use crate::host::candidate::Outcome;
use crate::host::desk::{Desk, Kept, Writing};
use crate::host::held::Held;
use crate::host::identity::Identity;
use crate::host::product::Product;
use crate::host::request::{Ask, AskError};
use crate::host::shelf;
use crate::host::snapshot::Snapshot;
use crate::host::store::{StateStore, StoreError, Swap};
use crate::host::trouble::{Offered, Trouble};
use crate::host::usage::{Moment, RecordError, ReportError, Reporter, Usage};
use crate::host::watched::Watched;

/// How often a change is made anew because another replica was faster.
const ATTEMPTS: usize = 64;

pub(super) struct Inner {
    pub(super) product: Product,
    store: Box<dyn StateStore>,
    clock: Clock,
    telling: Telling,
    pub(super) current: ArcSwap<Snapshot>,
    usage: Usage,
    /// Held by whoever makes a change; never by who asks for the verdict.
    writer: Mutex<Writer>,
}

struct Writer {
    watched: Watched,
    /// The store's stamp when it was last read whole.
    stamp: Option<u64>,
    /// What the last installation refused.
    refused: Vec<Trouble>,
    /// Why nothing ticks by itself, if it was to.
    unticked: Option<Trouble>,
    /// What is the matter with the record of use.
    usage: Option<Trouble>,
    opened: bool,
}

impl Inner {
    pub(super) fn new(
        product: Product,
        store: Box<dyn StateStore>,
        clock: Clock,
        listeners: Vec<Listener>,
        watched: Watched,
    ) -> Self {
        let start = Arc::new(Snapshot::missing(&product, clock()));
        let writer =
            Writer { watched, stamp: None, refused: Vec::new(), unticked: None, usage: None, opened: false };
        Self {
            product,
            store,
            clock,
            telling: Telling::to(listeners, Arc::clone(&start)),
            current: ArcSwap::new(start),
            usage: Usage::default(),
            writer: Mutex::new(writer),
        }
    }

    /// Has it said from now on that nothing ticks by itself.
    pub(super) fn is_unticked(&self, why: String) {
        self.writer().unticked = Some(Trouble::NoThread { why });
    }

    pub(super) fn verdict(&self) -> Current {
        loop {
            let snapshot = self.current.load();
            // Read after the snapshot was taken: a reading from before it would look like a clock that was set back.
            let now = (self.clock)();
            if snapshot.holds.at(now) {
                return Current(snapshot);
            }
            let next = Arc::new(snapshot.at(&self.product, now));
            // Somebody's newer files are never replaced by what was judged of older ones.
            let is_newest = || {
                let swapped =
                    Arc::ptr_eq(&self.current.compare_and_swap(&*snapshot, Arc::clone(&next)), &snapshot);
                if swapped {
                    self.usage.see(&next.verdict);
                }
                swapped
            };
            if self.telling.published(&next, is_newest) {
                self.telling.tell();
                return Current(arc_swap::Guard::from_inner(next));
            }
        }
    }

    pub(super) fn tick(&self) {
        let mut writer = self.writer();
        let told = self.keep_usage(&mut writer);
        if told == Told::News || self.follow(&writer) == Followed::No {
            self.change(&mut writer, |_| ());
        }
        drop(writer);
        self.telling.tell();
    }

    /// For how long the verdict stays what it is if the clock runs on and nothing is installed.
    pub(super) fn time_to_change(&self) -> Option<Duration> {
        let until = self.current.load().holds.until()?;
        Some(Duration::from_secs(until.seconds().saturating_sub((self.clock)().seconds())))
    }

    pub(super) fn reload(&self) {
        self.change(&mut self.writer(), |_| ());
        self.telling.tell();
    }

    pub(super) fn install(&self, file: &[u8]) -> Installed {
        let offer = |desk: &mut Desk<'_>| desk.offer(file);
        let blocks = self.change_and_say(&mut self.writer(), offer, |blocks| Some(refusals(blocks)));
        self.telling.tell();
        Installed { blocks }
    }

    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<String, AskError> {
        let asked = self.change(&mut self.writer(), |desk| desk.ask(ask));
        self.telling.tell();
        asked
    }

    pub(super) fn ask_again(&self) -> Result<String, AskError> {
        let asked = self.change(&mut self.writer(), |desk| desk.ask_again());
        self.telling.tell();
        asked
    }

    pub(super) fn held(&self) -> Vec<Held> {
        self.current.load().kept.custody.inventory(&self.product, (self.clock)())
    }

    pub(super) fn awaits_seat(&self) -> bool {
        self.current.load().kept.custody.awaits_seat(&self.product, (self.clock)())
    }

    pub(super) fn record(&self, name: &str, value: u64) -> Result<(), RecordError> {
        let t = self.current.load().verdict.effective_time().max((self.clock)());
        self.usage.record(name, value, t)
    }

    pub(super) fn report(&self) -> Result<String, ReportError> {
        self.reporting(|snapshot, moment| {
            let reporter = Reporter::of(&snapshot.kept.custody, &self.product, moment)?;
            self.usage.report(&*self.store, &reporter)
        })
    }

    pub(super) fn report_again(&self) -> Result<String, ReportError> {
        self.reporting(|_, moment| Usage::report_again(&*self.store, moment))
    }

    pub(super) fn usage(&self) -> Result<UsageReport, ReportError> {
        self.reporting(|snapshot, moment| {
            let reporter = Reporter::of(&snapshot.kept.custody, &self.product, moment)?;
            self.usage.preview(&*self.store, &reporter)
        })
    }

    /// Reads everything again first, so that what is reported is what holds now.
    fn reporting<T>(
        &self,
        report: impl FnOnce(&Snapshot, Moment<'_>) -> Result<T, ReportError>,
    ) -> Result<T, ReportError> {
        let mut writer = self.writer();
        self.change(&mut writer, |_| ());
        let snapshot = self.current.load_full();
        let reported = match (&snapshot.kept.writing, &snapshot.kept.identity) {
            (Writing::Allowed, Some(identity)) => report(&snapshot, self.moment(&snapshot, identity)),
            (Writing::Refused(why), _) => Err(ReportError::Stateless(why.clone())),
            (Writing::Allowed, None) => {
                Err(ReportError::Stateless("another process has just replaced the identity".into()))
            }
        };
        drop(writer);
        self.telling.tell();
        reported
    }

    fn moment<'a>(&self, snapshot: &Snapshot, identity: &'a Identity) -> Moment<'a> {
        let now = (self.clock)();
        Moment { now, t: snapshot.verdict.effective_time().max(now), identity }
    }

    /// Keeps what was counted, once a minute. What goes wrong there is said, and concerns nothing else.
    fn keep_usage(&self, writer: &mut Writer) -> Told {
        let snapshot = self.current.load_full();
        let (Writing::Allowed, Some(identity)) = (&snapshot.kept.writing, &snapshot.kept.identity) else {
            return Told::Before;
        };
        let moment = self.moment(&snapshot, identity);
        if !self.usage.is_due(moment.now) {
            return Told::Before;
        }
        let kept = self.usage.keep(&*self.store, moment);
        let trouble = kept.unwrap_or_else(|error| Some(unkept(&error)));
        if writer.usage == trouble {
            return Told::Before;
        }
        writer.usage = trouble;
        Told::News
    }

    /// The same at the end, unless the folder was removed: it is not made again for this.
    fn put_down_usage(&self, next: &Snapshot) -> Result<(), Trouble> {
        let (Writing::Allowed, Some(identity)) = (&next.kept.writing, &next.kept.identity) else {
            return Ok(());
        };
        let kept = match self.store.read(shelf::STATE) {
            Ok(None) => Ok(None),
            Ok(Some(_)) => self.usage.keep(&*self.store, self.moment(next, identity)),
            Err(error) => Err(error),
        };
        kept.map_err(|error| unkept(&error))?.map_or(Ok(()), Err)
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // Whoever panicked here has left nothing half done.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the clock where no file has changed and nothing has to be written.
    fn follow(&self, writer: &Writer) -> Followed {
        if writer.stamp.is_none() || writer.stamp != self.store.stamp() || writer.watched.have_changed() {
            return Followed::No;
        }
        let next = self.current.load().at(&self.product, (self.clock)());
        if next.kept.record.is_outgrown_by(&next.kept.custody.state) {
            return Followed::No;
        }
        self.publish(next);
        Followed::Yes
    }

    /// Makes a change; what the last installation refused goes on being said.
    fn change<T>(&self, writer: &mut Writer, change: impl Fn(&mut Desk<'_>) -> T) -> T {
        self.change_and_say(writer, change, |_| None)
    }

    /// Makes a change, anew until nobody else was faster; what a store does not take happens in memory only. What it refuses, if it
    /// is an installation, is said until the next one.
    fn change_and_say<T>(
        &self,
        writer: &mut Writer,
        change: impl Fn(&mut Desk<'_>) -> T,
        refused: impl Fn(&T) -> Option<Vec<Trouble>>,
    ) -> T {
        let before = self.current.load_full();
        let before = writer.opened.then_some(&before.kept);
        // Asked for before anything is read: what changes meanwhile is read again next time.
        let stamp = self.store.stamp();
        let files = writer.watched.read();
        let mut writing = self.writing(before);
        let mut attempts = 0..ATTEMPTS;
        loop {
            let now = (self.clock)();
            let mut desk = Desk::take_up(&self.product, &*self.store, now, before, writing.clone());
            // Whoever had to wait for the store has not stopped the clock.
            desk.now = (self.clock)();
            let mut troubles = files.judge(&mut desk);
            let answer = change(&mut desk);
            desk.settle();
            match desk.lay_down() {
                Ok(Swap::Taken) if attempts.next().is_some() => {}
                Ok(Swap::Taken) if writing == Writing::Allowed => {
                    writing = Writing::Refused("other processes keep changing it".into());
                }
                Err(error) => writing = Writing::Refused(error.to_string()),
                Ok(_) => {
                    if let Some(refused) = refused(&answer) {
                        writer.refused = refused;
                    }
                    troubles
                        .extend(writer.refused.iter().chain(&writer.unticked).chain(&writer.usage).cloned());
                    let (now, kept) = (desk.now, desk.keep(troubles));
                    (writer.stamp, writer.opened) = (stamp, true);
                    self.publish(Snapshot::new(kept, &self.product, now));
                    return answer;
                }
            }
        }
    }

    /// A store that took changes is believed until it refuses one; one that did not is asked each time.
    fn writing(&self, before: Option<&Kept>) -> Writing {
        if before.is_some_and(|before| before.writing == Writing::Allowed) {
            return Writing::Allowed;
        }
        self.store.writable().map_or_else(|error| Writing::Refused(error.to_string()), |()| Writing::Allowed)
    }

    /// Keeps what time has moved on since it was last kept: at the end, when nobody changes anything any more.
    pub(super) fn put_down(&self) {
        let last = self.current.load_full();
        let mut next = last.at(&self.product, (self.clock)());
        let mut troubles = Vec::new();
        if let Err(error) = next.keep_state(&*self.store) {
            troubles.push(Trouble::Stateless { why: error.to_string() });
        }
        troubles.extend(self.put_down_usage(&next).err());
        let known = &mut next.kept.troubles;
        troubles.retain(|trouble| !known.contains(trouble));
        if !troubles.is_empty() {
            known.extend(troubles);
            self.publish(next);
            self.telling.tell();
        }
    }

    fn publish(&self, next: Snapshot) {
        let next = Arc::new(next);
        self.telling.published(&next, || {
            self.current.store(Arc::clone(&next));
            self.usage.see(&next.verdict);
            true
        });
    }
}

/// Whether the clock could be followed in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Followed {
    Yes,
    /// Something has to be read or written first.
    No,
}

/// Whether there is something to say.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Told {
    /// Nothing that was not said before.
    Before,
    News,
}

fn unkept(error: &StoreError) -> Trouble {
    Trouble::Usage { why: format!("cannot be kept, and is lost if the program ends: {error}") }
}

/// What was refused of what was installed.
fn refusals(blocks: &[(String, Outcome)]) -> Vec<Trouble> {
    let offered = |kind: &String| Offered::Installed { kind: kind.clone() };
    blocks.iter().filter_map(|(kind, outcome)| refusal(offered(kind), outcome)).collect()
}

/// The trouble that an outcome is, if it is one.
pub(crate) fn refusal(offered: Offered, outcome: &Outcome) -> Option<Trouble> {
    match outcome {
        Outcome::Refused(why) => Some(Trouble::refused(offered, why)),
        _ => None,
    }
}
