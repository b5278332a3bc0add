//! Why a token is not read: the first row of refusals, each with the facts that were compared.

use alloc::string::String;
use lictor_shared::{Algorithm, ClaimsError, Purpose, Reason, Text, Timestamp, TokenError};

/// Why a token is refused before what it says is looked at.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// There is no license to read.
    #[error("there is no license; install one")]
    Missing,
    /// The token cannot be taken apart.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No anchor has this key.
    #[error(
        "the signing key {kid:?} is not among the trusted keys; was this issued for another product or by a newer key?"
    )]
    UnknownKey {
        /// The header's `kid`, an attacker's word.
        kid: String,
    },
    /// The anchor pins the other name of the algorithm.
    #[error("the header names the algorithm {}, but the trusted key is pinned to {}", found.as_str(), pinned.as_str())]
    PinnedAlgorithm {
        /// The header's.
        found: Algorithm,
        /// The anchor's.
        pinned: Algorithm,
    },
    /// The anchor is for other purposes.
    #[error("the key is trusted, but not for the purpose \"{}\"", needed.as_str())]
    WrongPurpose {
        /// What it would have to be for.
        needed: Purpose,
    },
    /// The signature does not fit.
    #[error("the signature does not fit; the file was changed, or another key signed it")]
    BadSignature,
    /// The payload is not as the format says.
    #[error(transparent)]
    Claims(#[from] ClaimsError),
    /// Signed at a time at which its key did not sign.
    #[error("it was signed at {issued_at}, outside of the time in which its key is trusted to have signed")]
    KeyOutOfWindow {
        /// The `iat`.
        issued_at: Timestamp,
    },
    /// The key speaks for another issuer.
    #[error("it names the issuer \"{found}\", but its key speaks for \"{trusted}\"")]
    WrongIssuer {
        /// The `iss`.
        found: Text,
        /// The anchor's.
        trusted: Text,
    },
}

impl Refusal {
    /// The word in a verdict.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Missing => Reason::Missing,
            Self::Token(error) => error.reason(),
            Self::UnknownKey { .. } => Reason::UnknownKey,
            Self::PinnedAlgorithm { .. } => Reason::UnsupportedAlgorithm,
            Self::WrongPurpose { .. } => Reason::WrongPurpose,
            Self::BadSignature => Reason::BadSignature,
            Self::Claims(error) => error.reason(),
            Self::KeyOutOfWindow { .. } => Reason::KeyOutOfWindow,
            Self::WrongIssuer { .. } => Reason::WrongIssuer,
        }
    }
}
