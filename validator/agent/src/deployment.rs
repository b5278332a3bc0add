//! The deployment that a command is about.

use lictor_validator::host::{Folder, Guard, Opening, Ticking};
use lictor_validator::shared::Timestamp;

use crate::failure::Failure;
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

impl Deployment {
    /// Opens its guard.
    pub(crate) fn open(&self, intent: Intent) -> Result<Guard, Failure> {
        owner::check(&self.settings.state)?;
        let (product, folder) = (self.settings.product.clone(), Folder::at(&self.settings.state));
        let opening = match (self.now, intent) {
            (Some(now), Intent::Look) => Guard::opening(product, Rehearsal::over(folder)).clock(move || now),
            (Some(now), Intent::Change) => Guard::opening(product, folder).clock(move || now),
            (None, _) => Guard::opening(product, folder),
        };
        // A command has ended long before a first tick.
        let opening = opening.ticking(Ticking::ByHost);
        Ok(self.settings.watch.iter().fold(opening, Opening::watch).open())
    }
}
