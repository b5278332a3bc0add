//! The claims of each artefact as plain data: read strictly, written once.

mod activation;
mod fields;
mod license;
mod release;
mod request;
mod shape;
mod status_list;
mod terms;
mod usage;

use alloc::string::String;

use crate::code::Reason;
use crate::json::JsonError;

pub use activation::{Activation, Lease};
pub use license::License;
pub use release::Release;
pub use request::{Request, RequestKind};
pub use status_list::{EntryBits, Status, StatusDraft, StatusList, StatusRef};
pub use terms::{ActivationPolicy, Graces, Limit, SeatLimit, Seats, Term};
pub use usage::{Beginning, ModeSince, Peak, UsageReport};

/// Why a signed payload is refused. The variants stand in the order in which they are judged.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ClaimsError {
    /// Not JSON within the rules.
    #[error("the payload is not as the format says: {0}")]
    Json(#[from] JsonError),
    /// A version other than 1.
    #[error("{path} is {found}, and this program knows version 1; a newer program is needed")]
    Version {
        /// Where it stands.
        path: String,
        /// The version there is, as JSON.
        found: String,
    },
    /// A member that version 1 does not have.
    #[error("the member {path} is not known to this program; a newer program is needed")]
    Unknown {
        /// Where it stands.
        path: String,
    },
    /// An extension that must be understood and is not.
    #[error("{path} names extensions that this program does not know; a newer program is needed")]
    Critical {
        /// Where it stands.
        path: String,
    },
    /// A member that is required.
    #[error("the member {path} is missing")]
    Missing {
        /// Where it should stand.
        path: String,
    },
    /// A member that breaks its rule.
    #[error("the member {path} must be {rule}")]
    Rule {
        /// Where it stands.
        path: String,
        /// What it must be.
        rule: String,
    },
}

impl ClaimsError {
    /// The reason in a verdict.
    #[must_use]
    pub const fn reason(&self) -> Reason {
        match self {
            Self::Version { .. } | Self::Unknown { .. } | Self::Critical { .. } => Reason::UnsupportedVersion,
            Self::Json(_) | Self::Missing { .. } | Self::Rule { .. } => Reason::BadClaims,
        }
    }
}
