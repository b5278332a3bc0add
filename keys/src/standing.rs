//! How a key stands, all in all.

use core::fmt;

/// How a key stands: its [state](crate::KeyState), unless it leaked or its private half was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyStanding {
    /// Made ahead, to sign later.
    Next,
    /// May sign.
    Active,
    /// Signs no more; what it signed stays valid.
    Retired,
    /// Leaked: signs no more, and what it signed has an end.
    Distrusted,
    /// Its private half was given up for good.
    Destroyed,
}

impl KeyStanding {
    /// All of them, in the order of a key's life.
    pub const ALL: [Self; 5] = [Self::Next, Self::Active, Self::Retired, Self::Distrusted, Self::Destroyed];

    /// The word for it, which never changes.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Active => "active",
            Self::Retired => "retired",
            Self::Distrusted => "distrusted",
            Self::Destroyed => "destroyed",
        }
    }
}

impl fmt::Display for KeyStanding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
