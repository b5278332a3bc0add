//! Whether a report continues those that its deployment has sent before.

use lictor_shared::{UsageReport, hex};

use super::anomaly::UsageAnomaly;
use super::record::UsageRecord;

/// How a report stands to those that were recorded before it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Place {
    pub(super) anomalies: Vec<UsageAnomaly>,
    /// The number of the last one before it that is recorded; `None`: there is none.
    pub(super) after: Option<u64>,
}

/// Judges a report by all others of its deployment, none of which it is.
pub(super) fn place(report: &UsageReport, sha256: &str, others: &[UsageRecord]) -> Place {
    let of = |sequence: Option<u64>| others.iter().filter(move |other| Some(other.sequence) == sequence);
    let (before, behind) = (report.sequence.checked_sub(1), report.sequence.checked_add(1));
    let after = others.iter().map(|other| other.sequence).filter(|other| *other < report.sequence).max();
    let is_taken = of(Some(report.sequence)).next().is_some();
    let is_late = others.iter().any(|other| other.sequence > report.sequence) && !is_taken;
    let previous = report.previous.map(|hash| hex(&hash));
    // The one that it names is another one than any that is recorded under the number before its own, or nobody behind names it.
    let strays =
        of(before).next().is_some() && !of(before).any(|other| previous.as_ref() == Some(&other.sha256));
    let is_left =
        of(behind).next().is_some() && !of(behind).any(|other| other.previous.as_deref() == Some(sha256));
    let found = [
        (report.sequence > 1 && of(before).next().is_none(), UsageAnomaly::Gap),
        (is_late, UsageAnomaly::Late),
        (is_taken || strays || is_left, UsageAnomaly::Rewind),
        (others.iter().any(|other| overlaps(report, sha256, other)), UsageAnomaly::Overlap),
    ];
    Place { anomalies: found.into_iter().filter(|(is, _)| *is).map(|(_, word)| word).collect(), after }
}

/// Two periods have a time in common, or the one that follows begins before the other has ended.
fn overlaps(report: &UsageReport, sha256: &str, other: &UsageRecord) -> bool {
    let follows = report.previous.is_some_and(|hash| hex(&hash) == other.sha256);
    let is_followed = other.previous.as_deref() == Some(sha256);
    let (begins_before, ends_behind) = (report.from < other.to, other.from < report.to);
    match (begins_before, ends_behind) {
        (true, true) => true,
        (true, false) => follows,
        (false, true) => is_followed,
        (false, false) => false,
    }
}
