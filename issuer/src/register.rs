//! Registers of words: append-only, each word with its meaning, which documents are held against.

/// An enum whose entries have a word that stands for them wherever they are written, and a sentence that says what they
/// mean, taken from their documentation.
macro_rules! register {
    (
        $(#[$doc:meta])*
        $name:ident { $(#[doc = $meaning:literal] $entry:ident = $word:literal,)* }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum $name { $(#[doc = $meaning] $entry,)* }

        impl $name {
            /// Every entry, in the order of the register.
            pub const ALL: &'static [Self] = &[$(Self::$entry,)*];

            /// The word for it.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$entry => $word,)* }
            }

            /// What it means, in a sentence.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Self::$entry => $meaning.trim_ascii(),)* }
            }

            /// The entry with exactly this word.
            #[must_use]
            pub fn from_word(word: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|entry| entry.as_str() == word)
            }
        }

        impl core::fmt::Display for $name {
            fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}
pub(crate) use register;
