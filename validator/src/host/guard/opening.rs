//! Opening a guard.

use core::fmt;
use lictor_shared::Timestamp;
use std::path::PathBuf;
use std::sync::Arc;

use super::inner::Inner;
use super::ticking::{Ticker, Ticking};
use super::{Clock, Guard, Listener, Notice};
use crate::host::clock::nearest_time;
use crate::host::product::Product;
use crate::host::store::StateStore;
use crate::host::watched::Watched;

/// A guard in the making: what is not said has a default.
pub struct Opening {
    product: Product,
    store: Box<dyn StateStore>,
    watched: Vec<PathBuf>,
    clock: Clock,
    listeners: Vec<Listener>,
    ticking: Ticking,
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
            ticking: Ticking::default(),
        }
    }

    /// Looks at a file whenever it changes, and installs what is in it: a license that is mounted, a list that a job fetches.
    #[must_use]
    pub fn watch(mut self, file: impl Into<PathBuf>) -> Self {
        self.watched.push(file.into());
        self
    }

    /// Calls `listener` when the mode changes or something new is the matter; opening counts as a change from `unlicensed`.
    ///
    /// It is called in a thread that noticed something, which may be the guard's own or one that asks for the verdict, so it shall be
    /// quick. Everything is told in the order in which it happened, one notice after the other: what happens while a listener
    /// runs is told after that, in its thread. A listener may ask the guard for anything, and install. One that panics is
    /// left at that; the others are told, and whoever called the guard notices nothing.
    ///
    /// Dropping the guard waits for a listener that its thread is in. So whoever drops it must hold no lock that a listener
    /// waits for.
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

    /// Says who ticks; a thread of the guard's own every minute, if nothing is said.
    #[must_use]
    pub const fn ticking(mut self, ticking: Ticking) -> Self {
        self.ticking = ticking;
        self
    }

    /// Opens the guard. Nothing fails here: what is the matter is in the verdict and in [`Guard::troubles`].
    #[must_use]
    pub fn open(self) -> Guard {
        let watched = Watched::new(self.watched);
        let inner = Arc::new(Inner::new(self.product, self.store, self.clock, self.listeners, watched));
        let ticker = ticker(&inner, self.ticking);
        inner.reload();
        Guard { inner, ticker }
    }
}

fn ticker(inner: &Arc<Inner>, ticking: Ticking) -> Option<Ticker> {
    let Ticking::Every(interval) = ticking else { return None };
    let own = Arc::clone(inner);
    let tick = move || {
        own.tick();
        own.time_to_change()
    };
    match Ticker::start(interval, tick) {
        Ok(ticker) => Some(ticker),
        Err(error) => {
            inner.is_unticked(error.to_string());
            None
        }
    }
}
