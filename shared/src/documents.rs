//! Documents that programs quote, so that there is one text of each.

mod register;

pub use register::{CodeEntry, DenialEntry, Effect, ModeEntry, ReasonEntry, codes, denials, modes, reasons};

/// CODES.md: the registers of modes, codes, reasons and denials, with what each means and what to do about it.
pub const CODES: &str = include_str!("../CODES.md");
