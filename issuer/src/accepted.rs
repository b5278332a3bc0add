//! Nothing is handed out that a deployment would not take.

use lictor_keys::KeyRing;
use lictor_shared::AnchorSet;
use lictor_validator::{IssuerSigned, Unverified};

use crate::error::{Failure, FailureKind};

/// Reads a token just signed as a deployment does that trusts the issuer's keys as they are exported.
///
/// # Errors
/// [`FailureKind::Unexpected`] with the validator's reason. Nothing has been committed then.
pub(crate) fn accepted_with<A: IssuerSigned>(token: &str, anchors: &AnchorSet) -> Result<(), Failure> {
    let verified = Unverified::<A>::read(token.as_bytes()).and_then(|unverified| unverified.verify(anchors));
    match verified {
        Ok(_) => Ok(()),
        Err(refusal) => Err(Failure::new(
            FailureKind::Unexpected,
            format!("What was just signed would be refused by every deployment ({}): {refusal}. Nothing was issued.", refusal.reason()),
        )
        .hint("This is a fault of this program; report it with the order that led here.")
        .with("reason", refusal.reason().as_str())
        .because(refusal)),
    }
}

/// What the issuer's deployments trust.
pub(crate) fn anchors(ring: &KeyRing) -> Result<AnchorSet, Failure> {
    ring.anchors().map_err(|error| {
        let message = format!("The issuer's own keys are refused as trust anchors: {error}.");
        Failure::new(FailureKind::Unexpected, message).because(error)
    })
}
