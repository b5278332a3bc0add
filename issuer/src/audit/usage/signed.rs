//! A deployment's report, believed as far as its signature goes: whoever made it has the deployment's key.

use lictor_shared::{Artefact as _, Reason, Received, UsageReport, hex};
use sha2::{Digest as _, Sha256};

use super::misread::{refused, reports_in, unreadable};
use crate::error::Failure;

const AGAIN: &str =
    "Let the deployment write it again (lictor-agent usage report --again), and bring that as it is.";

/// A report of which the signature holds. That its deployment is known is still to be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedReport {
    claims: UsageReport,
    token: String,
    sha256: String,
}

impl SignedReport {
    /// Every report in a file or mail: that of each armored block, else the whole of it.
    ///
    /// # Errors
    /// [`FailureKind::CannotRead`](crate::FailureKind::CannotRead) if there is none, or one is not as it must be.
    pub fn read_all(file: &[u8]) -> Result<Vec<Self>, Failure> {
        let found = reports_in(file)?;
        let numbered = |(place, token): (usize, &String)| {
            Self::read(token).map_err(|failure| match found.len() {
                1 => failure,
                count => {
                    Failure { message: format!("report {place} of {count}: {}", failure.message), ..failure }
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
        let received = Received::<UsageReport>::read(token).map_err(|error| unreadable(token, &error))?;
        let key = &received.untrusted_signer().0;
        // FORMAT 2.3: the signature before any JSON of the payload.
        if !received.is_signed_by(key) {
            let why = "it was changed on its way; its signature is not that of the key in its header";
            return Err(refused(Reason::BadSignature, why, AGAIN));
        }
        let claims = UsageReport::read(received.untrusted_payload())
            .map_err(|error| refused(error.reason(), &error.to_string(), AGAIN))?;
        // FORMAT 7.5: `iss` is the thumbprint of that key.
        if claims.deployment != key.thumbprint() {
            let (said, is) = (claims.deployment, key.thumbprint());
            let why = format!("it speaks for the deployment {said}, and is signed by {is}");
            return Err(refused(Reason::BadClaims, &why, AGAIN));
        }
        Ok(Self { claims, token: token.into(), sha256: hex(&Sha256::digest(token)) })
    }

    /// What is reported.
    #[must_use]
    pub const fn claims(&self) -> &UsageReport {
        &self.claims
    }

    /// As it was brought, without armor.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }

    /// SHA-256 of that, in hex.
    #[must_use]
    pub fn sha256(&self) -> &str {
        &self.sha256
    }
}
