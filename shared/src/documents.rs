//! Documents that programs quote, so that there is one text of each.

mod register;

pub use register::{CodeEntry, Effect, ModeEntry, ReasonEntry, codes, modes, reasons};

/// CODES.md: the registers of modes, codes and reasons, with what each means and what to do about it.
pub const CODES: &str = include_str!("../CODES.md");
