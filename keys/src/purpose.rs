//! What a key of the ring is for.

use core::fmt;
use lictor_shared::Purpose;

/// What a key of the ring may sign.
///
/// Only what [is anchored](KeyPurpose::anchored) has a word in the trust anchors of products. A key of the log has none, so
/// no product is ever told to trust it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KeyPurpose {
    /// What products meet, and what anchors therefore say of a key.
    Anchored(Purpose),
    /// Checkpoints of the issuer's log. Auditors meet them, and products never do.
    Log,
}

impl KeyPurpose {
    /// All of them, in the order in which they are written.
    pub const ALL: [Self; 4] = [
        Self::Anchored(Purpose::License),
        Self::Anchored(Purpose::Status),
        Self::Anchored(Purpose::Activation),
        Self::Log,
    ];
    /// Those that anchors know.
    pub const ANCHORED: [Self; 3] = [
        Self::Anchored(Purpose::License),
        Self::Anchored(Purpose::Status),
        Self::Anchored(Purpose::Activation),
    ];

    /// The word for it, which never changes: that of the anchors, or `log`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Anchored(purpose) => purpose.as_str(),
            Self::Log => "log",
        }
    }

    /// The purpose with this word.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|purpose| purpose.as_str() == word)
    }

    /// What anchors say of it; `None`: they never speak of it.
    #[must_use]
    pub const fn anchored(self) -> Option<Purpose> {
        match self {
            Self::Anchored(purpose) => Some(purpose),
            Self::Log => None,
        }
    }

    /// What is signed for it, in a word for people.
    #[must_use]
    pub const fn signs(self) -> &'static str {
        match self {
            Self::Anchored(Purpose::License) => "licenses",
            Self::Anchored(Purpose::Status) => "status lists",
            Self::Anchored(Purpose::Activation) => "activations",
            Self::Log => "checkpoints",
        }
    }

    /// Whether what is signed for it is of products. Status lists and checkpoints are of none.
    #[must_use]
    pub const fn is_of_products(self) -> bool {
        matches!(self, Self::Anchored(Purpose::License | Purpose::Activation))
    }
}

impl From<Purpose> for KeyPurpose {
    fn from(purpose: Purpose) -> Self {
        Self::Anchored(purpose)
    }
}

impl fmt::Display for KeyPurpose {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_words_are_these_and_read_back() {
        assert_eq!(KeyPurpose::ALL.map(KeyPurpose::as_str), ["license", "status", "activation", "log"]);
        for purpose in KeyPurpose::ALL {
            assert_eq!(KeyPurpose::from_word(purpose.as_str()), Some(purpose));
        }
        assert_eq!(KeyPurpose::from_word("Log"), None);
    }

    #[test]
    fn anchors_know_all_but_the_log() {
        assert_eq!(KeyPurpose::ANCHORED.map(KeyPurpose::anchored), Purpose::ALL.map(Some));
        assert_eq!(Purpose::ALL.map(KeyPurpose::from), KeyPurpose::ANCHORED);
        assert_eq!(KeyPurpose::Log.anchored(), None);
    }
}
