//! The one thing that a product holds: asks it for the verdict, gives it files, tells it that time has passed.

mod inner;
mod opening;
mod telling;
mod ticking;

use core::fmt;
use core::ops::Deref;
use lictor_shared::{Mode, Thumbprint, Timestamp, UsageReport, Uuid};
use std::sync::Arc;

use super::candidate::Outcome;
use super::held::Held;
use super::identity::Identity;
use super::product::Product;
use super::request::{Ask, AskError};
use super::snapshot::Snapshot;
use super::store::StateStore;
use super::trouble::Trouble;
use super::usage::{RecordError, ReportError};
use crate::verdict::Verdict;

use inner::Inner;
use ticking::Ticker;

pub(crate) use inner::refusal;
pub use opening::Opening;
pub use ticking::Ticking;

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
    /// repeated is judged once, and of very many only some are, licenses first; then the last outcome says how many were not.
    pub blocks: Vec<(String, Outcome)>,
}

/// Holds a deployment's license, lists, activation and state, and answers what it may do.
///
/// A thread of its own follows the clock and the files, unless the host [does that](Ticking::ByHost). Dropping the guard ends the
/// thread, waits for the listener that it may be telling, and keeps the time that has passed; a process that is killed
/// loses a minute of it at most.
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
    inner: Arc<Inner>,
    /// Ends before the last is kept.
    ticker: Option<Ticker>,
}

impl fmt::Debug for Guard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Guard({}, {})", self.inner.product.name, self.inner.current.load().verdict.mode())
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
        self.inner.verdict()
    }

    /// When the verdict will be another one if nothing is installed. The guard's own thread wakes then; a host that
    /// [ticks itself](Ticking::ByHost) may call [`tick`](Self::tick) then.
    #[must_use]
    pub fn wake_at(&self) -> Option<Timestamp> {
        self.inner.current.load().holds.until()
    }

    /// What is the matter, for status pages and logs.
    #[must_use]
    pub fn troubles(&self) -> Vec<Trouble> {
        self.inner.current.load().kept.troubles.clone()
    }

    /// Every artefact that is held, and what it counts for now, for status pages and support: licenses, status lists,
    /// activations, receipts.
    #[must_use]
    pub fn held(&self) -> Vec<Held> {
        self.inner.held()
    }

    /// The deployment's key, if there is durable storage.
    #[must_use]
    pub fn identity(&self) -> Option<Arc<Identity>> {
        self.inner.current.load().kept.identity.clone()
    }

    /// The deployment's id, if there is durable storage.
    #[must_use]
    pub fn deployment(&self) -> Option<Thumbprint> {
        self.identity().map(|identity| identity.id())
    }

    /// The nonce of the newest request, as long as no answer to it was installed. A request that was made with another key, which
    /// was lost since, awaits nothing.
    #[must_use]
    pub fn awaited(&self) -> Option<Uuid> {
        self.inner.current.load().kept.custody.awaited_request().map(|newest| newest.nonce)
    }

    /// Whether what is awaited is a seat of the license that the verdict speaks of: then its answer is what to install. A seat
    /// of another license and a receipt do nothing for the verdict.
    #[must_use]
    pub fn awaits_seat(&self) -> bool {
        self.inner.awaits_seat()
    }

    /// Follows the clock, and reads the files if any of them has changed, or if a minute has passed that is to be kept. The guard's
    /// own thread calls it every minute, unless the host [does that itself](Ticking::ByHost).
    pub fn tick(&self) {
        self.inner.tick();
    }

    /// Reads everything again now.
    pub fn reload(&self) {
        self.inner.reload();
    }

    /// Judges every armored block of a file, or the bare token that it is. What is refused replaces nothing.
    pub fn install(&self, file: &[u8]) -> Installed {
        self.inner.install(file)
    }

    /// Makes a request for the issuer: armored text to be saved, pasted or shown as a QR code. It is counted before it is
    /// handed out.
    ///
    /// # Errors
    /// [`AskError`] says what is missing.
    pub fn ask(&self, ask: &Ask<'_>) -> Result<String, AskError> {
        self.inner.ask(ask)
    }

    /// The last request once more, for when it was lost on the way. It is not counted again, and takes no second seat.
    ///
    /// # Errors
    /// [`AskError::NothingAsked`] if none was made here with the key that this deployment has now.
    pub fn ask_again(&self) -> Result<String, AskError> {
        self.inner.ask_again()
    }

    /// Counts: the highest value of each counter in a period is reported. Call it from any thread, wherever a number is at hand that
    /// the vendor shall see; it touches no file, and a name that is known costs no memory. A power cut costs a minute of
    /// it. The name is the program's, never a user's: of many names most are refused.
    ///
    /// ```no_run
    /// # fn signed_in(guard: &lictor_validator::host::Guard, users: u64) {
    /// if let Err(error) = guard.record("users", users) {
    ///     eprintln!("not recorded: {error}");
    /// }
    /// # }
    /// ```
    ///
    /// # Errors
    /// [`RecordError`] if the name is none, there are too many, or the value is too large. Nothing else depends on it.
    pub fn record(&self, counter: &str, value: u64) -> Result<(), RecordError> {
        self.inner.record(counter, value)
    }

    /// What would be reported now, by [`Self::report`]; nothing leaves the house by this, and its id is another one each time.
    ///
    /// # Errors
    /// [`ReportError`] says what is missing.
    pub fn usage(&self) -> Result<UsageReport, ReportError> {
        self.inner.usage()
    }

    /// Makes a report of use for the issuer: armored text that covers the time since the last one. The next one begins where it ends;
    /// that is on disk before it is handed out.
    ///
    /// # Errors
    /// [`ReportError`] says what is missing.
    pub fn report(&self) -> Result<String, ReportError> {
        self.inner.report()
    }

    /// The last report once more, byte for byte, for when it was lost on the way.
    ///
    /// # Errors
    /// [`ReportError::NothingReported`] if none was made here with the key that this deployment has now.
    pub fn report_again(&self) -> Result<String, ReportError> {
        self.inner.report_again()
    }
}

impl Drop for Guard {
    /// Ends the thread, and keeps the time that has passed since it was last kept. It waits for the tick that the thread is in, and for
    /// the listener that it is telling: hold no lock here that a [listener](Opening::on_notice) waits for.
    fn drop(&mut self) {
        drop(self.ticker.take());
        self.inner.put_down();
    }
}
