//! How long it goes on like this.

use lictor_validator::shared::Timestamp;
use lictor_validator::{Mode, Verdict};

const DAY: u64 = 86_400;

/// The end of what is now: of the term while everything is in order, of the grace while one runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Remaining {
    pub(crate) until: Timestamp,
    /// Whole days.
    pub(crate) days: u64,
    /// What comes then.
    then: Mode,
}

impl Remaining {
    /// `None` where nothing ends, or where it is over.
    pub(crate) fn of(verdict: &Verdict) -> Option<Self> {
        let (until, then) = match verdict.mode() {
            Mode::Full => {
                let license = verdict.license()?;
                let then =
                    if license.grace_until() > license.expires_at() { Mode::Grace } else { Mode::ReadOnly };
                (license.expires_at()?, then)
            }
            Mode::Grace => (verdict.until()?, Mode::ReadOnly),
            _ => return None,
        };
        let seconds = until.seconds().saturating_sub(verdict.effective_time().seconds());
        Some(Self { until, days: seconds / DAY, then })
    }

    /// `364, until 2027-11-22T00:00:00Z, then grace`.
    pub(crate) fn sentence(&self) -> String {
        format!("{}, until {}, then {}", self.days, self.until, self.then)
    }
}
