//! The log: the proof of who did what, and when.

mod checkpoint;
mod key;
mod past;
mod remembered;
mod tree;

pub use checkpoint::{SignedCheckpoint, StoredCheckpoint, sign_checkpoint};
pub use key::{LogKey, Span};
pub(crate) use key::{log_id, name_of, origins};
pub use past::{EventSelection, PastEvent, visit_events};
pub use remembered::{Remembered, Trust};
pub use tree::LogTree;
