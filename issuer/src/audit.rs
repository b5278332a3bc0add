//! The log as an auditor sees it: the tree over its events, what is proved of it, and what follows from it.

mod tree;

pub use tree::LogTree;
