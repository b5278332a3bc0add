//! Decides offline what a deployment may do under its license.
//!
//! Bytes become [`Unverified`], a trusted signature makes them [`Verified`], and [`evaluate`] turns them and a [`Context`] into
//! a [`Verdict`], which says what is permitted. No network, no clock inside the rules, no panic.
//!
//! ```
//! use lictor_validator::{Action, AnchorError, AnchorSet, Permission, check, context::*};
//! # use lictor_shared::{Mode, Name, Timestamp};
//! # let context = Context {
//! #     now: Timestamp::from_seconds(1_795_305_600).unwrap(), product: Name::new("dialer").unwrap(),
//! #     environment: Name::new("production").unwrap(),
//! #     origin: ConfiguredOrigin { origin: None, unmatched_since: None }, build: Build::Unknown,
//! #     deployment: Deployment::None, activation: None, lists: &[],
//! #     remembered: Remembered { watermark: None, highest_revision: None, learned: Learned { license: None, activation: None } },
//! #     flags: HostFlags::none(),
//! # };
//! // Compiled into the product: the vendor's public keys (`lictor key export`).
//! let anchors = AnchorSet::read(
//!     br#"{"keys": [{"kty": "OKP", "crv": "Ed25519", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo",
//!          "iss": "acme-licensing", "purposes": ["license", "status", "activation"], "products": null}]}"#,
//! )?;
//! let verdict = check(b"not a license", &anchors, &context);
//! assert_eq!(verdict.mode(), Mode::Unlicensed);
//! assert_eq!(verdict.permits(Action::Recover), Permission::Granted);
//! assert_eq!(verdict.permits(Action::Write), Permission::Denied);
//! # Ok::<(), AnchorError>(())
//! ```
#![cfg_attr(not(feature = "host"), no_std)]

extern crate alloc;

pub mod context;
#[cfg(feature = "host")]
#[doc = include_str!("../EMBEDDING.md")]
pub mod embedding {}
#[cfg(feature = "host")]
pub mod host;
pub mod misuse;

/// Names, instants and kinds of artefacts, as far as a product needs them.
///
/// Readers of claims are not among them: what was bought is asked of a [`Verdict`].
pub mod shared {
    pub use lictor_shared::{
        Activation, AnchorError, AnchorSet, Beginning, Code, Envelope, License, Mode, ModeSince, Name,
        Origin, Peak, PublicKey, Reason, Release, Seconds, StatusList, StringError, Text, Thumbprint,
        TimeError, Timestamp, Uri, UsageReport, Uuid, documents, json, limits,
    };
}

mod evaluate;
mod facts;
mod findings;
mod permit;
mod precedence;
mod refusal;
mod sentence;
mod unverified;
mod verdict;
mod verified;
mod window;

pub use context::Context;
pub use evaluate::{check, evaluate, refuse};
pub use lictor_shared::{AnchorError, AnchorSet, Code, Envelope, Mode, Reason};
pub use permit::{Action, Allowance, FeatureAccess, Permission};
pub use refusal::Refusal;
pub use unverified::{IssuerSigned, Unverified};
pub use verdict::{LicenseView, Verdict};
pub use verified::{Accepted, Horizon, NotAccepted, Verified};
