//! Costs that were measured several times.

use std::fmt;
use std::time::Duration;

/// Microseconds, of each run.
pub(crate) struct Costs(Vec<f64>);

impl Costs {
    /// What each run cost, divided by what it did.
    pub(crate) fn of(runs: &[Duration], done: f64) -> Self {
        Self(runs.iter().map(|run| run.as_secs_f64() * 1e6 / done).collect())
    }

    fn at(&self, share: f64) -> f64 {
        at(self.0.clone(), share)
    }

    /// How often another cost it is: of each round of its own, and then the median of that, since a machine may work at one speed in
    /// some rounds and at another in others. Both took turns.
    pub(crate) fn times(&self, other: &Self) -> f64 {
        assert_eq!(self.0.len(), other.0.len(), "they did not take turns");
        at(self.0.iter().zip(&other.0).map(|(own, other)| own / other).collect(), 0.5)
    }

    /// A second's worth: the median, and from the lowest to the highest tenth.
    pub(crate) fn rate(&self) -> String {
        let [median, high, low] = [0.5, 0.1, 0.9].map(|share| 1e6 / self.at(share));
        format!("{median:.0}/s | {low:.0} to {high:.0}/s")
    }

    pub(crate) fn median(&self) -> f64 {
        self.at(0.5)
    }

    /// Of each of so many things that were done together.
    pub(crate) fn shared(self, things: usize) -> Self {
        Self(self.0.into_iter().map(|cost| cost / things as f64).collect())
    }
}

fn at(mut costs: Vec<f64>, share: f64) -> f64 {
    costs.sort_by(f64::total_cmp);
    let last = costs.len().saturating_sub(1);
    costs[(last as f64 * share).round() as usize]
}

impl fmt::Display for Costs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (factor, unit) = match self.median() {
            less if less < 1.0 => (1e3, "ns"),
            more if more >= 1e4 => (1e-3, "ms"),
            _ => (1.0, "µs"),
        };
        let [median, low, high] = [0.5, 0.1, 0.9].map(|share| self.at(share) * factor);
        write!(f, "{median:.2} {unit} | {low:.2} to {high:.2} {unit}")
    }
}
