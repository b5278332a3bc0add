//! The states of a key.

use core::fmt;
use core::str::FromStr;

/// Where a key stands in its life. A key only moves forward; what was signed with it stays valid in every state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyState {
    /// Made ahead: its public half ships already, nothing is signed with it yet.
    Next,
    /// Signs.
    Active,
    /// Signs no more; its public half keeps shipping, for what it has signed.
    Retired,
}

impl KeyState {
    /// All of them, in the order of a key's life.
    pub const ALL: [Self; 3] = [Self::Next, Self::Active, Self::Retired];

    /// The word for it, which never changes: `next`, `active`, `retired`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
        }
    }
}

impl fmt::Display for KeyState {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A word that is no state of a key.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no state of a key; the states are next, active and retired")]
pub struct UnknownState(
    /// The word.
    pub String,
);

impl FromStr for KeyState {
    type Err = UnknownState;

    fn from_str(word: &str) -> Result<Self, UnknownState> {
        Self::ALL
            .into_iter()
            .find(|state| state.as_str() == word)
            .ok_or_else(|| UnknownState(word.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_these_and_read_back() {
        assert_eq!(KeyState::ALL.map(KeyState::as_str), ["next", "active", "retired"]);
        for state in KeyState::ALL {
            assert_eq!(state.to_string().parse(), Ok(state));
        }
        for word in ["", "Active", "spare"] {
            assert_eq!(word.parse::<KeyState>(), Err(UnknownState(word.to_owned())));
        }
    }
}
