//! The program as it is installed: beside the vendor's settings, as a process of its own, over a folder of state.
#![cfg(test)]

#[expect(dead_code, reason = "other tests need more of what an issuer sends")]
#[path = "../../../../tests/host/artefacts.rs"]
mod artefacts;

mod accidents;
mod anchors;
mod bundle;
mod install;
mod qr;
mod seat;
mod verdicts;
mod world;
