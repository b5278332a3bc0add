//! The log as an auditor sees it: the tree over its events, what is proved of it, and what follows from it.

mod conduct;
mod month;
mod oddity;
mod report;
mod tree;
mod usage;

pub use conduct::{Denied, Flow};
pub use month::Month;
pub use oddity::{Oddity, OddityKind};
pub use report::{Licensed, Odd, Rank, Report, SeatTotals, Top, report};
pub use tree::LogTree;
pub use usage::{Horizon, Judged, LicenseUse, Scope, visit_use};
