//! When a finding starts to count and when its grace is over.

use lictor_shared::{Reason, Seconds, Timestamp};

/// An instant, or one of the two ends of time. The order of the variants is the order in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Edge {
    /// Before every instant.
    LongAgo,
    /// At an instant.
    At(Timestamp),
    /// After every instant: computed beyond the year 9999.
    Never,
}

impl Edge {
    /// This edge moved by a duration.
    pub(crate) fn plus(self, duration: Seconds) -> Self {
        match self {
            Self::At(at) => at.plus(duration).map_or(Self::Never, Self::At),
            end => end,
        }
    }

    /// The instant, if it is one.
    pub(crate) const fn instant(self) -> Option<Timestamp> {
        match self {
            Self::At(at) => Some(at),
            Self::LongAgo | Self::Never => None,
        }
    }

    fn reached(self, t: Timestamp) -> bool {
        self <= Self::At(t)
    }
}

/// Where a window stands at an instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not yet started.
    Ahead,
    /// Started, in its grace.
    Running,
    /// Its grace has run out.
    Over,
}

/// A finding: before `start` nothing, from `start` grace, from `until` read-only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Finding {
    pub(crate) reason: Reason,
    pub(crate) start: Edge,
    pub(crate) until: Edge,
}

impl Finding {
    pub(crate) fn phase(&self, t: Timestamp) -> Phase {
        match (self.start.reached(t), self.until.reached(t)) {
            (false, _) => Phase::Ahead,
            (true, false) => Phase::Running,
            (true, true) => Phase::Over,
        }
    }
}
