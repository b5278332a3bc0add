//! What the host's log and status should say: the warnings of the verdict with their particulars, and what concerns the program.

use std::path::PathBuf;

use super::candidate::Refused;
use super::limits::REFUSALS;
use crate::context::{HostFlag, HostFlags};
use crate::verified::NotAccepted;

/// Names that one sentence bears.
const SHOWN: usize = 5;

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
    /// More was refused than is kept and shown.
    #[error("{count} more were refused and change nothing")]
    MoreRefused {
        /// How many.
        count: usize,
    },
    /// Something that is kept was signed by a key that this build of the product does not ship. It is no candidate: nobody has
    /// offered it now, and another build may still know the key.
    #[error(
        "{name}, which was kept, counts no more: no key of this product has signed it; it may be removed"
    )]
    Unshipped {
        /// The blob's name.
        name: String,
    },
    /// What the store kept was gone, damaged or older than what this process has seen there, while it ran: it goes on with
    /// what it holds and writes that again.
    #[error(
        "{} in the store gone, damaged or older than what the running program knows; it goes on with what it holds and has \
         it written again, but a program that is started without them does not know it. What is to go for good is removed while \
         no program runs",
        some_of(.names)
    )]
    Restored {
        /// The blobs' names.
        names: Vec<String>,
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
    /// Something is the matter with the record of use. No verdict depends on it.
    #[error("the record of use {why}")]
    Usage {
        /// What.
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

/// The first ones, how many more there are, and the verb.
fn some_of(names: &[String]) -> String {
    let shown = names.iter().take(SHOWN).map(String::as_str).collect::<Vec<_>>().join(", ");
    match (names.len(), names.len().saturating_sub(SHOWN)) {
        (1, _) => format!("{shown} was"),
        (_, 0) => format!("{shown} were"),
        (_, more) => format!("{shown} and {more} more were"),
    }
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
    /// Something offered was refused. Its words are those of today and tomorrow: of a date that lies too far ahead they do not say how
    /// late it was when somebody last looked.
    pub(crate) fn refused(offered: Offered, why: &Refused) -> Self {
        let why = match why {
            Refused::NotAccepted(NotAccepted::FarAhead { issued_at, .. }) => format!(
                "it is dated {issued_at}, more than 400 days ahead of all that is known of the time here; check the clock"
            ),
            why => why.to_string(),
        };
        Self::Refused { offered, why }
    }

    /// Whether whoever was told of one has been told of the other: the store may give another cause each time, and what is damaged is
    /// damaged from whatever start on.
    pub(crate) fn is_about_the_same_as(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::StateDamaged { name, .. }, Self::StateDamaged { name: other, .. }) => name == other,
            (Self::Stateless { .. }, Self::Stateless { .. }) => true,
            _ => self == other,
        }
    }

    /// The warning that verdicts carry for it, if they carry one.
    #[must_use]
    pub const fn flag(&self) -> Option<HostFlag> {
        match self {
            Self::Refused { .. } | Self::MoreRefused { .. } => Some(HostFlag::CandidateRejected),
            Self::StateDamaged { .. } | Self::Restored { .. } => Some(HostFlag::StateDamaged),
            Self::Stateless { .. } => Some(HostFlag::Stateless),
            Self::Unshipped { .. } | Self::Usage { .. } | Self::NoThread { .. } => None,
        }
    }
}

/// The same, each once, and of refusals only as many as are kept; then how many more there were.
pub(crate) fn in_short(troubles: Vec<Trouble>) -> Vec<Trouble> {
    let (mut short, mut refusals, mut more): (Vec<Trouble>, usize, usize) = (Vec::new(), 0, 0);
    for trouble in troubles {
        match trouble {
            Trouble::MoreRefused { count } => more = more.saturating_add(count),
            known if short.contains(&known) => {}
            Trouble::Refused { .. } if refusals == REFUSALS => more = more.saturating_add(1),
            trouble => {
                refusals += usize::from(matches!(trouble, Trouble::Refused { .. }));
                short.push(trouble);
            }
        }
    }
    short.extend((more > 0).then_some(Trouble::MoreRefused { count: more }));
    short
}

/// The warnings of all of them.
pub(crate) fn flags(troubles: &[Trouble]) -> HostFlags {
    troubles.iter().filter_map(Trouble::flag).fold(HostFlags::none(), HostFlags::with)
}
