//! The log as an auditor sees it: the tree over its events, what is proved of it, and what follows from it.

mod tree;
mod usage;

pub use tree::LogTree;
pub(crate) use usage::facts;
pub use usage::{
    ImportedReport, ImportedReports, Manner, SignedReport, UsageAnomaly, UsageRecord, import_reports,
    is_known, usage,
};
