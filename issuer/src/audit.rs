//! The log as an auditor sees it: the tree over its events, what is proved of it, and what follows from it.

mod check_export;
mod checkpoint;
mod conduct;
mod customer_use;
mod export;
mod key;
mod license_use;
mod month;
mod named;
mod oddity;
mod past;
mod receipt;
mod remembered;
mod report;
#[cfg(test)]
mod signed;
mod tree;
mod usage;

pub use check_export::{CheckedExport, check_export, check_export_and_see};
pub use checkpoint::{SignedCheckpoint, StoredCheckpoint, sign_checkpoint};
pub use conduct::{Denied, Flow};
pub use customer_use::{CustomerScope, CustomerUse, visit_customer_use};
pub use export::{ExportedLog, export_log, export_log_and_see};
pub use key::{LogKey, Span};
pub(crate) use key::{log_id, name_of, origins};
pub use license_use::{Horizon, Judged, LicenseUse, Scope, visit_use};
pub use month::Month;
pub use named::{find_event, goes_on_until, named_event};
pub use oddity::{Oddity, OddityKind, SeatOddity};
pub use past::{EventSelection, PastEvent, visit_events};
pub use receipt::receipt;
pub use remembered::{Remembered, Trust};
pub use report::{Licensed, Odd, Rank, Report, SeatTotals, Top, report};
pub use tree::LogTree;
pub(crate) use usage::facts;
pub use usage::{
    ImportedReport, ImportedReports, Manner, SignedReport, UsageAnomaly, UsageRecord, UsageScope,
    import_reports, is_known, usage, visit_usage,
};

/// How far something is that goes through many events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// How many events are done.
    pub done: u64,
    /// Of how many.
    pub of: u64,
}

/// The file of an exported log that says how long it is, and signs it.
const CHECKPOINT: &str = "checkpoint";
