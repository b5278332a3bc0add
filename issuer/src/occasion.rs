//! When something happens, by whose clock, and who does it.

use lictor_shared::{Text, Timestamp};

/// The circumstances of a change. Each is recorded in the change's event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// When.
    pub at: Timestamp,
    /// How the instant is known.
    pub clock: ClockSource,
    /// Who: a person, or a program that acts for one.
    pub actor: Text,
}

/// How the instant of an occasion is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockSource {
    /// The clock of this machine.
    System,
    /// Given by whoever gave the command, as in a rehearsal.
    Given,
}

impl ClockSource {
    /// The word in events, which never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Given => "given",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [Self::System, Self::Given].into_iter().find(|source| source.as_str() == word)
    }
}
