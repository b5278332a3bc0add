//! A deployment that has nothing but its license.

use lictor_shared::{Name, Timestamp};
use lictor_validator::context::{
    Build, ConfiguredOrigin, Context, Deployment, HostFlags, Learned, Remembered,
};

/// Whoever checks a license for this product in production at this time, without lists, an activation or a memory.
///
/// # Panics
/// If the product is no name.
#[must_use]
pub fn fresh(product: &str, now: Timestamp) -> Context<'static> {
    let name = |text: &str| Name::new(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    Context {
        now,
        product: name(product),
        environment: name("production"),
        origin: ConfiguredOrigin { origin: None, unmatched_since: None },
        build: Build::Unknown,
        deployment: Deployment::None,
        activation: None,
        lists: &[],
        remembered: Remembered {
            watermark: None,
            highest_revision: None,
            learned: Learned { license: None, activation: None },
        },
        flags: HostFlags::none(),
    }
}
