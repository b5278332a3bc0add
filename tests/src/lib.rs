//! What the tests share: keys that sign anything, written without the crates under test, sessions, and the programs.

#![expect(clippy::panic, reason = "what fails here fails the test that called it")]

pub mod asking;
pub mod deflated;
pub mod deployment;
pub mod programs;
pub mod reporting;
pub mod session;
pub mod signing;
