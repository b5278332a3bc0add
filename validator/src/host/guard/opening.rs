//! Opening a guard.

use arc_swap::ArcSwap;
use core::fmt;
use lictor_shared::Timestamp;
use std::path::PathBuf;
use std::sync::Mutex;

use super::{Clock, Guard, Listener, Notice, Writer};
use crate::host::clock::nearest_time;
use crate::host::product::Product;
use crate::host::snapshot::Snapshot;
use crate::host::store::StateStore;
use crate::host::watched::Watched;

/// A guard in the making: what is not said has a default.
pub struct Opening {
    product: Product,
    store: Box<dyn StateStore>,
    watched: Vec<PathBuf>,
    clock: Clock,
    listeners: Vec<Listener>,
}

impl fmt::Debug for Opening {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Opening({})", self.product.name)
    }
}

impl Opening {
    pub(super) fn new(product: Product, store: impl StateStore + 'static) -> Self {
        Self {
            product,
            store: Box::new(store),
            watched: Vec::new(),
            clock: Box::new(nearest_time),
            listeners: Vec::new(),
        }
    }

    /// Looks at a file whenever it changes, and installs what is in it: a license that is mounted, a list that a job fetches.
    #[must_use]
    pub fn watch(mut self, file: impl Into<PathBuf>) -> Self {
        self.watched.push(file.into());
        self
    }

    /// Calls `listener` when the mode changes or something new is the matter, in the thread that noticed; opening counts
    /// as a change from `unlicensed`.
    #[must_use]
    pub fn on_notice(mut self, listener: impl Fn(&Notice<'_>) + Send + Sync + 'static) -> Self {
        self.listeners.push(Box::new(listener));
        self
    }

    /// Reads another clock than the system's. For tests, and for machines that have a better one.
    #[must_use]
    pub fn clock(mut self, clock: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        self.clock = Box::new(clock);
        self
    }

    /// Opens the guard. Nothing fails here: what is the matter is in the verdict and in [`Guard::troubles`].
    #[must_use]
    pub fn open(self) -> Guard {
        let now = (self.clock)();
        let watched = Watched::new(self.watched);
        let start = Snapshot::missing(&self.product, now);
        let guard = Guard {
            product: self.product,
            store: self.store,
            clock: self.clock,
            listeners: self.listeners,
            current: ArcSwap::from_pointee(start),
            writer: Mutex::new(Writer { watched, stamp: None, refused: Vec::new(), opened: false }),
        };
        guard.reload();
        guard
    }
}
