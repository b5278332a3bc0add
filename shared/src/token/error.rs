//! Why a token cannot be read.

use alloc::string::String;

use crate::code::Reason;
use crate::limits;

/// Why a token cannot be read up to its signature.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TokenError {
    /// More bytes than a token of this kind may have.
    #[error("the token has {bytes} bytes; at most {limit} are read")]
    TooLarge {
        /// Bytes there are.
        bytes: usize,
        /// Bytes allowed.
        limit: usize,
    },
    /// Nothing at all.
    #[error("the input is empty")]
    Empty,
    /// A character that no token contains.
    #[error(
        "the character {found:?} at position {position} belongs to no token; was the file changed or cut?"
    )]
    Character {
        /// The character.
        found: char,
        /// Its byte offset in the token, from 0.
        position: usize,
    },
    /// Not exactly two dots.
    #[error("a token has three parts separated by two dots, this has {dots} dots; is a piece missing?")]
    Dots {
        /// Dots there are.
        dots: usize,
    },
    /// An empty part.
    #[error("the {0} is empty")]
    EmptyPart(&'static str),
    /// A part that is not canonical base64url.
    #[error("the {0} is not canonical base64url; was the file changed or cut?")]
    Base64(&'static str),
    /// A header over its limit.
    #[error("the header has {bytes} bytes; at most {} are read", limits::HEADER_BYTES)]
    HeaderTooLarge {
        /// Bytes there are.
        bytes: usize,
    },
    /// A header that is no JSON.
    #[error("the header is not JSON")]
    HeaderNotJson,
    /// A header without exactly its members.
    #[error("the header is not as the format says: {0}")]
    Header(String),
    /// Another algorithm.
    #[error("the algorithm is {0:?}; only \"EdDSA\" and \"Ed25519\" are accepted")]
    Algorithm(String),
    /// A signature of another length.
    #[error("the signature has {bytes} bytes instead of 64")]
    SignatureLength {
        /// Bytes there are.
        bytes: usize,
    },
    /// A token of another kind.
    #[error("this is a {found:?}, not a {expected:?}")]
    Type {
        /// The `typ` that was asked for.
        expected: &'static str,
        /// The one there is.
        found: String,
    },
}

impl TokenError {
    /// The reason in a verdict.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::TooLarge { .. } => Reason::TooLarge,
            Self::Empty
            | Self::Character { .. }
            | Self::Dots { .. }
            | Self::EmptyPart(_)
            | Self::Base64(_)
            | Self::HeaderTooLarge { .. }
            | Self::HeaderNotJson
            | Self::SignatureLength { .. } => Reason::Malformed,
            Self::Header(_) => Reason::BadHeader,
            Self::Algorithm(_) => Reason::UnsupportedAlgorithm,
            Self::Type { .. } => Reason::WrongType,
        }
    }
}
