//! A deployment's request, believed as far as its signature goes: whoever made it has the deployment's key.

use lictor_shared::{Artefact as _, PublicKey, Reason, Received, Request, TokenError, armor};

use super::misread::{self, refused};
use crate::error::Failure;

const AGAIN: &str = "Let the deployment make its request again, and bring that as it is.";

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
    /// [`FailureKind::CannotRead`](crate::FailureKind::CannotRead) if there is none, or one is not as it must be.
    pub fn read_all(file: &[u8]) -> Result<Vec<Self>, Failure> {
        let is_bare = armor::read_blocks(file).is_empty();
        let read = |token: &String| {
            Self::believe(token, |error| match is_bare {
                true => misread::bare(file, token, error),
                false => misread::changed(error),
            })
        };
        let found = misread::requests_in(file)?;
        let numbered = |(place, token)| {
            read(token).map_err(|failure| match found.len() {
                1 => failure,
                count => {
                    Failure { message: format!("request {place} of {count}: {}", failure.message), ..failure }
                }
            })
        };
        (1..).zip(&found).map(numbered).collect()
    }

    /// A bare token.
    ///
    /// # Errors
    /// [`FailureKind::CannotRead`](crate::FailureKind::CannotRead) for the first step of the reading order that fails.
    pub fn read(token: &str) -> Result<Self, Failure> {
        Self::believe(token, misread::changed)
    }

    fn believe(token: &str, misread: impl FnOnce(&TokenError) -> Failure) -> Result<Self, Failure> {
        let received = Received::<Request>::read(token).map_err(|error| misread(&error))?;
        let key = received.untrusted_signer().0.clone();
        // FORMAT 2.3: the signature before any JSON of the payload.
        if !received.is_signed_by(&key) {
            let why = "it was changed on its way; its signature is not that of the key in its header";
            return Err(refused(Reason::BadSignature, why, AGAIN));
        }
        let claims = Request::read(received.untrusted_payload())
            .map_err(|error| refused(error.reason(), &error.to_string(), AGAIN))?;
        // FORMAT 7.1: `iss` is the thumbprint of that key.
        if claims.deployment != key.thumbprint() {
            let (said, is) = (claims.deployment, key.thumbprint());
            let why = format!("it speaks for the deployment {said}, and is signed by {is}");
            return Err(refused(Reason::BadClaims, &why, AGAIN));
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
