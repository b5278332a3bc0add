//! The one table.

use crate::median::Costs;

/// Prints rows as they are measured.
pub(crate) struct Table;

impl Table {
    pub(crate) fn new() -> Self {
        println!("| what | of | median | 10 % to 90 % | beside |");
        println!("|---|---|---|---|---|");
        Self
    }

    /// Something that took time.
    pub(crate) fn cost(&self, what: &str, of: &str, costs: &Costs) {
        println!("| {what} | {of} | {costs} | |");
    }

    /// Something that took time, and how often the time of another one that is.
    pub(crate) fn beside(&self, what: &str, of: &str, costs: &Costs, other: &Costs, name: &str) {
        let times = costs.times(other);
        println!("| {what} | {of} | {costs} | {times:.2} × {name} |");
    }

    /// How much is done in a second.
    pub(crate) fn rate(&self, what: &str, of: &str, costs: &Costs, beside: &str) {
        println!("| {what} | {of} | {} | {beside} |", costs.rate());
    }

    /// How much is done in a second, and what share of that another rate is.
    pub(crate) fn share(&self, what: &str, of: &str, costs: &Costs, other: &Costs) {
        self.rate(what, of, costs, &format!("{:.1} % of that", other.times(costs) * 100.0));
    }

    /// Something that is counted or weighed.
    pub(crate) fn fact(&self, what: &str, of: &str, fact: &str, beside: &str) {
        println!("| {what} | {of} | {fact} | | {beside} |");
    }
}
