//! The one thing that a product holds: asks it for the verdict, gives it files, tells it that time has passed.

mod opening;

use arc_swap::ArcSwap;
use core::fmt;
use core::ops::Deref;
use lictor_shared::{Mode, Thumbprint, Timestamp, Uuid};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::candidate::Outcome;
use super::desk::{Desk, Kept, Writing};
use super::held::Held;
use super::identity::Identity;
use super::product::Product;
use super::request::{Ask, AskError};
use super::snapshot::Snapshot;
use super::state::Answer;
use super::store::{StateStore, Swap};
use super::trouble::{Offered, Trouble};
use super::watched::Watched;
use crate::verdict::Verdict;

/// How often a change is made anew because another replica was faster.
const ATTEMPTS: usize = 64;

pub use opening::Opening;

type Clock = Box<dyn Fn() -> Timestamp + Send + Sync>;
type Listener = Box<dyn Fn(&Notice<'_>) + Send + Sync>;

/// What listeners are told.
#[derive(Debug)]
#[non_exhaustive]
pub enum Notice<'a> {
    /// The mode is another one.
    Mode {
        /// The mode before.
        from: Mode,
        /// The verdict now.
        verdict: &'a Verdict,
    },
    /// Something new is the matter; for the log.
    Trouble(&'a Trouble),
}

/// The verdict of now, to be asked and dropped. Whoever keeps it keeps what may no longer hold.
#[must_use]
pub struct Current(arc_swap::Guard<Arc<Snapshot>>);

impl Deref for Current {
    type Target = Verdict;

    fn deref(&self) -> &Verdict {
        &self.0.verdict
    }
}

impl fmt::Debug for Current {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        (**self).fmt(f)
    }
}

/// What became of each block of a file that was installed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Installed {
    /// The label of each block, or `token`, and what became of it, in the order in which they were judged. A block that is
    /// repeated is judged once, and of very many only the first ones are; then the last outcome says how many were not.
    pub blocks: Vec<(String, Outcome)>,
}

/// Holds a deployment's license, lists, activation and state, and answers what it may do.
///
/// ```
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("lictor guard {}", std::process::id()));
/// # const ANCHORS: &[u8] = include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/anchors.json"));
/// use lictor_validator::host::{Folder, Guard, Product};
/// use lictor_validator::shared::{AnchorSet, Name, Text};
/// use lictor_validator::Action;
///
/// let product = Product {
///     anchors: AnchorSet::read(ANCHORS)?,
///     name: Name::new("dialer")?,
///     environment: Name::new("production")?,
///     origin: None,
///     built_at: None,
///     program: Text::new("dialer 7.3")?,
/// };
/// let guard = Guard::open(product, Folder::at(&folder));
/// // In every request, from any thread:
/// assert!(guard.verdict().require(Action::Write).is_err());
/// # std::fs::remove_dir_all(folder)?;
/// # Ok(())
/// # }
/// ```
pub struct Guard {
    product: Product,
    store: Box<dyn StateStore>,
    clock: Clock,
    listeners: Vec<Listener>,
    current: ArcSwap<Snapshot>,
    /// Held by whoever makes a change; never by who asks for the verdict.
    writer: Mutex<Writer>,
}

struct Writer {
    watched: Watched,
    /// The store's stamp when it was last read whole.
    stamp: Option<u64>,
    /// What the last installation refused.
    refused: Vec<Trouble>,
    opened: bool,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({}, {})", self.product.name, self.current.load().verdict.mode())
    }
}

impl Guard {
    /// Opens the guard of a product over a store.
    #[must_use]
    pub fn open(product: Product, store: impl StateStore + 'static) -> Self {
        Self::opening(product, store).open()
    }

    /// The same with something said about files, clock or listeners first.
    pub fn opening(product: Product, store: impl StateStore + 'static) -> Opening {
        Opening::new(product, store)
    }

    /// The verdict of now, from memory: it takes no lock, allocates nothing (but what a thread needs once, at its first call) and
    /// touches no file, until time makes it another one. Then the first caller judges again, in memory still.
    pub fn verdict(&self) -> Current {
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

    /// When the verdict will be another one if nothing is installed: the host may call [`tick`](Self::tick) then.
    #[must_use]
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.current.load().holds.until()
    }

    /// What is the matter, for status pages and logs.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        self.current.load().kept.troubles.clone()
    }

    /// Every artefact that is held, and what it counts for now, for status pages and support: licenses, status lists,
    /// activations, receipts.
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        self.current.load().kept.custody.inventory(&self.product, (self.clock)())
    }

    /// The deployment's key, if there is durable storage.
    #[must_use]
    pub fn identity(&self) -> Option<Arc<Identity>> {
        self.current.load().kept.identity.clone()
    }

    /// The deployment's id, if there is durable storage.
    #[must_use]
    pub fn deployment(&self) -> Option<Thumbprint> {
        self.identity().map(|identity| identity.id())
    }

    /// The nonce of the newest request, as long as no answer to it was installed.
    #[must_use]
    pub fn awaited(&self) -> Option<Uuid> {
        let current = self.current.load();
        let newest = current.kept.custody.state.requests.newest.as_ref()?;
        (newest.answer == Answer::Awaited).then_some(newest.nonce)
    }

    /// To be called now and then, every minute or so: follows the clock, and reads the files if any of them has changed. Cheap if
    /// nothing has.
    pub fn tick(&self) {
        let mut writer = self.writer();
        let turn = self.turn(&writer).unwrap_or_else(|| self.change(&mut writer, |_| ()).1);
        drop(writer);
        self.tell(&turn);
    }

    /// Reads everything again now.
    pub fn reload(&self) {
        let ((), turn) = self.change(&mut self.writer(), |_| ());
        self.tell(&turn);
    }

    /// Judges every armored block of a file, or the bare token that it is. What is refused replaces nothing.
    pub fn install(&self, file: &[u8]) -> Installed {
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

    /// Makes a request for the issuer: armored text to be saved, pasted or shown as a QR code. It is counted before it is
    /// handed out.
    ///
    /// # Errors
    /// [`AskError`] says what is missing.
    pub fn ask(&self, ask: &Ask<'_>) -> Result<String, AskError> {
        let (asked, turn) = self.change(&mut self.writer(), |desk| desk.ask(ask));
        self.tell(&turn);
        asked
    }

    /// The last request once more, for when it was lost on the way. It is not counted again, and takes no second seat.
    ///
    /// # Errors
    /// [`AskError::NothingAsked`] if none was made here.
    pub fn ask_again(&self) -> Result<String, AskError> {
        let (asked, turn) = self.change(&mut self.writer(), |desk| desk.ask_again());
        self.tell(&turn);
        asked
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
        let now = (self.clock)();
        // Asked for before anything is read: what changes meanwhile is read again next time.
        let stamp = self.store.stamp();
        let files = writer.watched.read();
        let mut writing = self.writing(before);
        let mut attempts = 0..ATTEMPTS;
        loop {
            let mut desk = Desk::take_up(&self.product, &*self.store, now, before, writing.clone());
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
                    troubles.extend(writer.refused.iter().cloned());
                    let kept = desk.keep(troubles);
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
