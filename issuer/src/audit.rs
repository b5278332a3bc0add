//! The log: the proof of who did what, and when.

mod checkpoint;
mod key;
mod tree;

pub use checkpoint::{SignedCheckpoint, StoredCheckpoint, sign_checkpoint};
pub use key::{LogKey, Span};
pub(crate) use key::{log_id, name_of};
pub use tree::LogTree;
