//! The deployment that a command is about.

use lictor_validator::host::{Folder, Guard, Identity, Opening, Ticking};
use lictor_validator::shared::Timestamp;
use std::sync::{Arc, Mutex, PoisonError};

use crate::failure::Failure;
use crate::output::Output;
use crate::owner;
use crate::rehearsal::Rehearsal;
use crate::vendor::Settings;

/// What a command does to the state.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Intent {
    /// It changes it.
    Change,
    /// It only looks. What the clock shows is remembered all the same, unless the time was given.
    Look,
}

/// A deployment, and the time to act at if one was given.
#[derive(Debug)]
pub(crate) struct Deployment {
    pub(crate) settings: Settings,
    pub(crate) now: Option<Timestamp>,
}

/// A clock that shows what it is set to.
#[derive(Clone, Debug)]
pub(crate) struct SetClock(Arc<Mutex<Timestamp>>);

impl SetClock {
    pub(crate) fn set(&self, now: Timestamp) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = now;
    }

    fn read(&self) -> Timestamp {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Deployment {
    /// Opens its guard. Whoever makes its state by that is told first what it means.
    pub(crate) fn open(&self, intent: Intent, output: &mut Output) -> Result<Guard, Failure> {
        owner::check(&self.settings.state)?;
        let keeps = intent == Intent::Change || self.now.is_none();
        if let Some(warning) = owner::forewarning(&self.settings.state).filter(|_| keeps) {
            output.remark(warning);
        }
        let (product, folder) = (self.settings.product.clone(), Folder::at(&self.settings.state));
        let opening = match (self.now, intent) {
            (Some(now), Intent::Look) => Guard::opening(product, Rehearsal::over(folder)).clock(move || now),
            (Some(now), Intent::Change) => Guard::opening(product, folder).clock(move || now),
            (None, _) => Guard::opening(product, folder),
        };
        Ok(self.watched(opening).open())
    }

    /// Opens a guard of which nothing is kept, and the clock that it goes by.
    pub(crate) fn rehearse(&self, from: Timestamp) -> Result<(Guard, SetClock), Failure> {
        owner::check(&self.settings.state)?;
        let clock = SetClock(Arc::new(Mutex::new(from)));
        let store = Rehearsal::over(Folder::at(&self.settings.state));
        let read = clock.clone();
        let opening = Guard::opening(self.settings.product.clone(), store).clock(move || read.read());
        Ok((self.watched(opening).open(), clock))
    }

    /// Who it is; `None` for one whose key was only made to look ahead.
    pub(crate) fn identity(&self, guard: &Guard) -> Option<Arc<Identity>> {
        guard.identity().filter(|_| owner::has_identity(&self.settings.state))
    }

    fn watched(&self, opening: Opening) -> Opening {
        // A command has ended long before a first tick.
        let opening = opening.ticking(Ticking::ByHost);
        self.settings.watch.iter().fold(opening, Opening::watch)
    }
}
