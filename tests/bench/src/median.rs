//! Costs that were measured several times.

use std::fmt;
use std::time::Duration;

/// Microseconds, sorted.
pub(crate) struct Costs(Vec<f64>);

impl Costs {
    /// What each run cost, divided by what it did.
    pub(crate) fn of(runs: &[Duration], done: f64) -> Self {
        let mut costs: Vec<f64> = runs.iter().map(|run| run.as_secs_f64() * 1e6 / done).collect();
        costs.sort_by(f64::total_cmp);
        Self(costs)
    }

    fn at(&self, share: f64) -> f64 {
        let last = self.0.len().saturating_sub(1);
        self.0[(last as f64 * share).round() as usize]
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(0.5)
    }
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.2} µs | {:.2} to {:.2} µs", self.median(), self.at(0.1), self.at(0.9))
    }
}
