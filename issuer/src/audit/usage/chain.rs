//! Whether a report continues those that its deployment has sent before.

use lictor_shared::{UsageReport, hex};
use rusqlite::Connection;

use super::anomaly::UsageAnomaly;
use crate::error::Failure;
use crate::ledger::usage_chain::Neighbours;

/// How a report stands to those that were recorded before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) anomalies: Vec<UsageAnomaly>,
    /// The number of the last one before it that is recorded; `None`: there is none.
    pub(super) after: Option<u64>,
}

/// Judges a report by the others of its deployment, none of which it is. Only its neighbours are read, by number, by time and
/// by hash.
pub(super) fn place(connection: &Connection, report: &UsageReport, sha256: &str) -> Result<Place, Failure> {
    let others = Neighbours::of(connection, report.deployment);
    let (before, behind) = (report.sequence.checked_sub(1), report.sequence.checked_add(1));
    let previous = report.previous.map(|hash| hex(&hash));
    let after = others.last_before(report.sequence)?;
    let is_taken = others.has(report.sequence)?;
    let is_late = others.goes_beyond(report.sequence)? && !is_taken;
    let has_before = before.map_or(Ok(false), |number| others.has(number))?;
    let has_behind = behind.map_or(Ok(false), |number| others.has(number))?;
    let named = previous.as_deref().map(|hash| others.find(hash)).transpose()?.flatten();
    // The one that it names is recorded under another number than the one before its own, or is none of those that are recorded
    // under that, or nobody behind names it.
    let strays = named.map_or(has_before, |named| Some(named.sequence) != before);
    let is_left = has_behind && !behind.map_or(Ok(false), |number| others.is_continued(sha256, number))?;
    // The one that follows begins before the other has ended.
    let overlaps = others.has_within(report.from, report.to)?
        || named.is_some_and(|named| report.from < named.to)
        || others.is_continued_before(sha256, report.to)?;
    let found = [
        (report.sequence > 1 && !has_before, UsageAnomaly::Gap),
        (is_late, UsageAnomaly::Late),
        (is_taken || strays || is_left, UsageAnomaly::Rewind),
        (overlaps, UsageAnomaly::Overlap),
    ];
    Ok(Place { anomalies: found.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect(), after })
}

#[cfg(test)]
mod tests;
