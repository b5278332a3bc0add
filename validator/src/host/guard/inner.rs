//! What a guard is behind its handle: everything that its own thread needs as well.

use arc_swap::ArcSwap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::{Clock, Current, Installed, Listener, Notice};
use crate::host::candidate::Outcome;
use crate::host::desk::{Desk, Kept, Writing};
use crate::host::held::Held;
use crate::host::product::Product;
use crate::host::request::{Ask, AskError};
use crate::host::snapshot::Snapshot;
use crate::host::store::{StateStore, Swap};
use crate::host::trouble::{Offered, Trouble};
use crate::host::watched::Watched;

/// How often a change is made anew because another replica was faster.
const ATTEMPTS: usize = 64;

pub(super) struct Inner {
    pub(super) product: Product,
    store: Box<dyn StateStore>,
    clock: Clock,
    listeners: Vec<Listener>,
    pub(super) current: ArcSwap<Snapshot>,
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
        let start = Snapshot::missing(&product, clock());
        let writer = Writer { watched, stamp: None, refused: Vec::new(), unticked: None, opened: false };
        Self {
            product,
            store,
            clock,
            listeners,
            current: ArcSwap::from_pointee(start),
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
            let found = self.current.compare_and_swap(&*snapshot, Arc::clone(&next));
            if Arc::ptr_eq(&found, &snapshot) {
                let turn = Turn { from: Arc::clone(&snapshot), to: next };
                self.tell(&turn);
                return Current(arc_swap::Guard::from_inner(turn.to));
            }
        }
    }

    pub(super) fn tick(&self) {
        let mut writer = self.writer();
        let turn = self.turn(&writer).unwrap_or_else(|| self.change(&mut writer, |_| ()).1);
        drop(writer);
        self.tell(&turn);
    }

    /// For how long the verdict stays what it is if the clock runs on and nothing is installed.
    pub(super) fn time_to_change(&self) -> Option<Duration> {
        let until = self.current.load().holds.until()?;
        Some(Duration::from_secs(until.seconds().saturating_sub((self.clock)().seconds())))
    }

    pub(super) fn reload(&self) {
        let ((), turn) = self.change(&mut self.writer(), |_| ());
        self.tell(&turn);
    }

    pub(super) fn install(&self, file: &[u8]) -> Installed {
        let mut writer = self.writer();
        writer.refused.clear();
        let (blocks, first) = self.change(&mut writer, |desk| desk.offer(file));
        let offered = |kind: &String| Offered::Installed { kind: kind.clone() };
        let refused = blocks.iter().filter_map(|(kind, outcome)| refusal(offered(kind), outcome));
        writer.refused = refused.collect();
        // Said from now on, until the next installation.
        let last = self.publish(first.to.with_troubles(&writer.refused, &self.product, (self.clock)()));
        drop(writer);
        self.tell(&Turn { from: first.from, to: last.to });
        Installed { blocks }
    }

    pub(super) fn ask(&self, ask: &Ask<'_>) -> Result<String, AskError> {
        let (asked, turn) = self.change(&mut self.writer(), |desk| desk.ask(ask));
        self.tell(&turn);
        asked
    }

    pub(super) fn ask_again(&self) -> Result<String, AskError> {
        let (asked, turn) = self.change(&mut self.writer(), |desk| desk.ask_again());
        self.tell(&turn);
        asked
    }

    pub(super) fn held(&self) -> Vec<Held> {
        self.current.load().kept.custody.inventory(&self.product, (self.clock)())
    }

    fn writer(&self) -> MutexGuard<'_, Writer> {
        // Whoever panicked here has left nothing half done.
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Follows the clock where no file has changed and nothing has to be written.
    fn turn(&self, writer: &Writer) -> Option<Turn> {
        let unchanged =
            writer.stamp.is_some() && writer.stamp == self.store.stamp() && !writer.watched.have_changed();
        let next = unchanged.then(|| self.current.load().at(&self.product, (self.clock)()))?;
        let settled = !next.kept.record.is_outgrown_by(&next.kept.custody.state);
        settled.then(|| self.publish(next))
    }

    /// Makes a change, anew until nobody else was faster; what a store does not take happens in memory only.
    fn change<T>(&self, writer: &mut Writer, change: impl Fn(&mut Desk<'_>) -> T) -> (T, Turn) {
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
                    troubles.extend(writer.refused.iter().chain(&writer.unticked).cloned());
                    let (now, kept) = (desk.now, desk.keep(troubles));
                    (writer.stamp, writer.opened) = (stamp, true);
                    return (answer, self.publish(Snapshot::new(kept, &self.product, now)));
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
        if let Err(error) = next.keep_state(&*self.store) {
            next.kept.troubles.push(Trouble::Stateless { why: error.to_string() });
            self.tell(&Turn { from: last, to: Arc::new(next) });
        }
    }

    fn publish(&self, next: Snapshot) -> Turn {
        let to = Arc::new(next);
        Turn { from: self.current.swap(Arc::clone(&to)), to }
    }

    /// Tells the listeners. No lock is held meanwhile, so they may ask for anything here.
    fn tell(&self, turn: &Turn) {
        let (before, now) = (&turn.from, &turn.to);
        let from = before.verdict.mode();
        let news = now.kept.troubles.iter().filter(|trouble| !before.kept.troubles.contains(trouble));
        let mode = (from != now.verdict.mode()).then_some(Notice::Mode { from, verdict: &now.verdict });
        for notice in mode.into_iter().chain(news.map(Notice::Trouble)) {
            for listener in &self.listeners {
                listener(&notice);
            }
        }
    }
}

/// One snapshot in the place of another.
struct Turn {
    from: Arc<Snapshot>,
    to: Arc<Snapshot>,
}

/// The trouble that an outcome is, if it is one.
pub(crate) fn refusal(offered: Offered, outcome: &Outcome) -> Option<Trouble> {
    match outcome {
        Outcome::Refused(why) => Some(Trouble::Refused { offered, why: why.to_string() }),
        _ => None,
    }
}
