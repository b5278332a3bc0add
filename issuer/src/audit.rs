//! The log as an auditor sees it: the tree over its events, what is proved of it, and what follows from it.

mod past;
mod tree;

pub use past::{EventSelection, PastEvent, visit_events};
pub use tree::LogTree;
