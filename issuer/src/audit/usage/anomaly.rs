//! What can be odd about a report.

use core::str::FromStr;

use crate::register::register;

register! {
    /// What is odd about a report. The words stand in events and never change; nothing of it is punished.
    UsageAnomaly {
        /// Reports between the last one before it and this one were not brought.
        Gap = "gap",
        /// It was brought after a later one, and fills a gap.
        Late = "late",
        /// It does not continue what was brought before: two copies of the deployment live, or one was restored.
        Rewind = "rewind",
        /// Its period overlaps that of another report, or lies before that of the one that it follows.
        Overlap = "overlap",
        /// The deployment had lost its record, or kept none yet: what it did before the period is not known.
        RecordLost = "record_lost",
        /// A counter was higher than the license's limit of the same name.
        OverLimit = "over_limit",
        /// It is dated more than a day ahead of the issuer's clock.
        Ahead = "ahead",
        /// The deployment's clock stood more than a day before the end of the period when it was made.
        ClockBehind = "clock_behind",
        /// It names an activation that the deployment was not given under this license.
        ForeignActivation = "foreign_activation",
    }
}

impl FromStr for UsageAnomaly {
    type Err = String;

    fn from_str(word: &str) -> Result<Self, String> {
        Self::from_word(word).ok_or_else(|| format!("{word:?} is no anomaly"))
    }
}
