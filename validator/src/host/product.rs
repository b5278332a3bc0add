//! What the validator is embedded in.

use lictor_shared::{AnchorSet, Name, Origin, Text, Timestamp};

/// A product as it was built and configured. None of it comes from a license, a request or the environment.
#[derive(Clone, Debug)]
pub struct Product {
    /// The vendor's public keys, compiled in.
    pub anchors: AnchorSet,
    /// The product's name in licenses.
    pub name: Name,
    /// The environment it runs in.
    pub environment: Name,
    /// The origin of its configured public base URL; `None` if none is configured.
    pub origin: Option<Origin>,
    /// The date of the feature release, kept by its hotfixes; `None` if it is not known.
    pub built_at: Option<Timestamp>,
    /// Name and version of the program, for the issuer: `dialer 7.3`.
    pub program: Text,
}
