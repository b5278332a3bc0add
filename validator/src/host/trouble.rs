//! What the host's log and status should say: the warnings of the verdict with their particulars, and what concerns the program.

use std::path::PathBuf;

use crate::context::{HostFlag, HostFlags};

/// Something that went wrong and does not stop anything.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// Something was offered and refused; what was in force stays in force.
    #[error("{offered} was refused and changes nothing: {why}")]
    Refused {
        /// What was offered.
        offered: Offered,
        /// Why it was refused.
        why: String,
    },
    /// What was remembered cannot be believed.
    #[error(
        "{name} is damaged ({why}); the damaged bytes are kept as {kept_as}, remove them when they were looked at"
    )]
    StateDamaged {
        /// The blob's name.
        name: String,
        /// Where the damaged bytes are.
        kept_as: String,
        /// What is wrong with it.
        why: String,
    },
    /// Nothing can be remembered here.
    #[error("nothing is remembered over a restart: {why}")]
    Stateless {
        /// What the store says.
        why: String,
    },
    /// The guard's own thread could not be started.
    #[error(
        "no thread follows the clock and the files ({why}); let the program call tick every minute, or let it start threads"
    )]
    NoThread {
        /// What the operating system says.
        why: String,
    },
}

/// Where a candidate came from.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Offered {
    /// Something that was installed.
    #[error("a {kind} that was installed")]
    Installed {
        /// The label of its armor, or `token`.
        kind: String,
    },
    /// A file that is watched.
    #[error("the file {}", .0.display())]
    Watched(PathBuf),
    /// What the store keeps.
    #[error("{0}, which was kept,")]
    Kept(String),
}

impl Trouble {
    /// The warning that verdicts carry for it, if they do.
    #[must_use]
    pub const fn flag(&self) -> Option<HostFlag> {
        match self {
            Self::Refused { .. } => Some(HostFlag::CandidateRejected),
            Self::StateDamaged { .. } => Some(HostFlag::StateDamaged),
            Self::Stateless { .. } => Some(HostFlag::Stateless),
            Self::NoThread { .. } => None,
        }
    }
}

/// The warnings of all of them.
pub(crate) fn flags(troubles: &[Trouble]) -> HostFlags {
    troubles.iter().filter_map(Trouble::flag).fold(HostFlags::none(), HostFlags::with)
}
