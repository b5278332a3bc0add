//! The log as an auditor sees it: the tree over its events, what is proved of it, and what follows from it.

mod check_export;
mod checkpoint;
mod export;
mod key;
mod named;
mod past;
mod receipt;
mod remembered;
#[cfg(test)]
mod signed;
mod tree;

pub use check_export::{CheckedExport, check_export};
pub use checkpoint::{SignedCheckpoint, StoredCheckpoint, sign_checkpoint};
pub use export::{ExportedLog, export_log};
pub use key::{LogKey, Span};
pub(crate) use key::{log_id, name_of, origins};
pub use named::{find_event, named_event};
pub use past::{EventSelection, PastEvent, visit_events};
pub use receipt::receipt;
pub use remembered::{Remembered, Trust};
pub use tree::LogTree;

/// The file of an exported log that says how long it is, and signs it.
const CHECKPOINT: &str = "checkpoint";
