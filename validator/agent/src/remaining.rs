//! How long it goes on like this.

use lictor_validator::shared::{Mode, Reason, Timestamp};

use crate::deployment::Deployment;
use crate::failure::Failure;

const DAY: u64 = 86_400;

/// More changes than lie ahead of any verdict: each finding and each warning of a license begins and ends once.
const CHANGES: usize = 1_000;

/// When the mode becomes another one by itself, whatever makes it so: the end of the term, of a grace, of a lease, of the
/// time that a status list may be old, a renewal that comes into force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remaining {
    /// The mode that ends.
    mode: Mode,
    pub(crate) until: Timestamp,
    seconds: u64,
    /// What comes then, and why.
    pub(crate) then: Mode,
    pub(crate) because: Option<Reason>,
}

impl Remaining {
    /// Lets a clock run on over what is kept, in memory. `None` where it goes on for ever.
    pub(crate) fn of(deployment: &Deployment, from: Timestamp, mode: Mode) -> Result<Option<Self>, Failure> {
        let (guard, clock) = deployment.rehearse(from)?;
        for _ in 0..CHANGES {
            let Some(until) = guard.wake_at() else { return Ok(None) };
            clock.set(until);
            let verdict = guard.verdict();
            if verdict.mode() != mode {
                let seconds = until.seconds().saturating_sub(from.seconds());
                let (then, because) = (verdict.mode(), verdict.reason());
                return Ok(Some(Self { mode, until, seconds, then, because }));
            }
        }
        Ok(None)
    }

    /// Whole days in which everything goes on working; `None` where it does not now.
    pub(crate) fn days(&self) -> Option<u64> {
        matches!(self.mode, Mode::Full | Mode::Grace).then_some(self.seconds / DAY)
    }

    /// A row for people: `44, until 2027-01-06T09:00:00Z, then grace (status_overdue)`.
    pub(crate) fn row(&self) -> (&'static str, String) {
        let because = self.because.map(|reason| format!(" ({reason})")).unwrap_or_default();
        match self.days() {
            Some(days) => ("days left", format!("{days}, until {}, then {}{because}", self.until, self.then)),
            None => ("changes", format!("by itself on {} to {}{because}", self.until, self.then)),
        }
    }
}
