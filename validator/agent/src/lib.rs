//! The program of the deployed side: installs what the vendor sends, asks for a seat, and says what a deployment may do.
//!
//! It bears no brand. The vendor's name, his product, his trust anchors, his words of support and the folder of the state come
//! from a file that he puts beside the program, or from a constant in a program of his own. Nothing on the
//! command line or in the environment replaces any of them: who can choose the anchors can sign his own license.
//!
//! ```
//! use lictor_agent::Vendor;
//!
//! const DIALER: Vendor<'_> = Vendor {
//!     name: "Acme Software",
//!     support: "Write to support@acme.example.",
//!     product: "dialer",
//!     program: "dialer 7.3",
//!     environment: "production",
//!     origin: None,
//!     built_at: Some("2026-11-01"),
//!     // What `lictor key export` wrote: include_bytes!("anchors.json").
//!     anchors: include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/anchors.json")),
//!     state: "/var/lib/dialer/license",
//!     watch: &[],
//! };
//!
//! // fn main() -> ExitCode { ExitCode::from(lictor_agent::run(&DIALER, std::env::args_os())) }
//! assert_eq!(lictor_agent::run(&DIALER, ["dialer-license".into(), "--version".into()]), 0);
//! ```

mod advice;
mod beside;
mod called;
mod command;
mod deployment;
mod failure;
mod globals;
mod outfile;
mod output;
mod owner;
mod qr;
mod rehearsal;
mod remaining;
mod shown;
mod vendor;

pub use command::{grammar, run, run_with_settings_beside};
pub use vendor::Vendor;
