//! A vendor's own program, with everything that he fixes compiled in: one file to ship, and none beside it is read.

use lictor_agent::Vendor;
use std::process::ExitCode;

const DIALER: Vendor<'_> = Vendor {
    name: "Acme Software",
    support: "Write to support@acme.example.",
    product: "dialer",
    program: "dialer 7.3",
    environment: "production",
    origin: None,
    built_at: Some("2026-11-01"),
    anchors: include_bytes!("anchors.json"),
    // Beside the program; a product that is installed would name a folder of its own, as /var/lib/dialer/license.
    state: "../state",
    watch: &[],
};

fn main() -> ExitCode {
    ExitCode::from(lictor_agent::run(&DIALER, std::env::args_os()))
}
