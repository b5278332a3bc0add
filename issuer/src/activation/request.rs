//! A deployment's request, believed as far as its signature goes: whoever made it has the deployment's key.

use lictor_shared::{Artefact as _, PublicKey, Reason, Received, Request, armor};

use crate::error::{Failure, FailureKind};

/// A request of which the signature holds. That its license is one of ours is still to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeatRequest {
    claims: Request,
    key: PublicKey,
}

impl SeatRequest {
    /// Every request in a file or mail: that of each armored block, else the whole of it.
    ///
    /// # Errors
    /// [`FailureKind::CannotRead`] if there is none, or one is not as it must be.
    pub fn read_all(file: &[u8]) -> Result<Vec<Self>, Failure> {
        let tokens = armor::unwrap_all(file, Request::LABEL);
        if tokens.is_empty() {
            return Err(Failure::new(FailureKind::CannotRead, "There is no activation request in it.")
                .hint("Bring all of what the deployment wrote.")
                .with("reason", Reason::WrongType.as_str()));
        }
        tokens.iter().map(|token| Self::read(token)).collect()
    }

    /// A bare token.
    ///
    /// # Errors
    /// [`FailureKind::CannotRead`] for the first step of the reading order that fails.
    pub fn read(token: &str) -> Result<Self, Failure> {
        let received =
            Received::<Request>::read(token).map_err(|error| refused(error.reason(), &error.to_string()))?;
        let key = received.untrusted_signer().0.clone();
        // SPEC 2: the signature before any JSON of the payload.
        if !received.is_signed_by(&key) {
            return Err(refused(Reason::BadSignature, "its signature is not that of the key in its header"));
        }
        let claims = Request::read(received.untrusted_payload())
            .map_err(|error| refused(error.reason(), &error.to_string()))?;
        // SPEC 6: `iss` is the thumbprint of that key.
        if claims.deployment != key.thumbprint() {
            let (said, is) = (claims.deployment, key.thumbprint());
            return Err(refused(
                Reason::BadClaims,
                &format!("it speaks for the deployment {said}, and is signed by {is}"),
            ));
        }
        Ok(Self { claims, key })
    }

    /// What is asked.
    #[must_use]
    pub const fn claims(&self) -> &Request {
        &self.claims
    }

    /// The deployment's key, which signed it.
    #[must_use]
    pub const fn key(&self) -> &PublicKey {
        &self.key
    }
}

fn refused(reason: Reason, why: &str) -> Failure {
    Failure::new(FailureKind::CannotRead, format!("It is no activation request that can be answered: {why}."))
        .hint("Let the deployment make its request again, and bring all of it.")
        .with("reason", reason.as_str())
}
