//! What deployments report of their use: reports that are carried over an air gap, checked against each other and kept.
//!
//! Nothing that is odd in a report is punished, and none is refused for it: it is recorded with a word for what is odd. What is
//! refused is what nobody can know the sender of.

mod anomaly;
mod chain;
mod import;
mod limits;
mod misread;
mod record;
mod signed;

pub use anomaly::UsageAnomaly;
pub(crate) use import::facts;
pub use import::{ImportedReport, ImportedReports, Manner, import_reports, is_known};
pub use record::{UsageRecord, UsageScope, usage, visit_usage};
pub use signed::SignedReport;
