//! What can be odd: with the seats of a license, or in what its deployments report of their use.

use crate::audit::usage::UsageAnomaly;
use crate::register::register;

register! {
    /// What can be odd with seats. Nothing of it is punished; somebody should look.
    SeatOddity {
        /// A license that is revoked, and of which seats are still held.
        HeldWhileRevoked = "held_while_revoked",
        /// A license that is suspended, and of which seats are still held.
        HeldWhileSuspended = "held_while_suspended",
        /// More seats than the license has.
        BeyondLimit = "beyond_limit",
        /// Two copies of a deployment ask, or it was restored from a backup.
        Forked = "forked",
        /// A deployment was given a seat again after its seat had been taken away.
        GrantedAfterRevocation = "granted_after_revocation",
        /// A deployment asked for a seat again after its seat had been taken away, and was denied.
        AskedAfterRevocation = "asked_after_revocation",
        /// A deployment was denied again and again.
        DeniedAgain = "denied_again",
        /// An answer never reached a deployment.
        LostAnswer = "lost_answer",
    }
}

/// What is odd.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum OddityKind {
    /// With seats.
    Seats(SeatOddity),
    /// In reports of use.
    Reports(UsageAnomaly),
}

impl OddityKind {
    /// Every kind, the gravest first.
    pub fn all() -> impl Iterator<Item = Self> {
        let seats = SeatOddity::ALL.iter().copied().map(Self::Seats);
        seats.chain(UsageAnomaly::ALL.iter().copied().map(Self::Reports))
    }

    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Seats(odd) => odd.as_str(),
            Self::Reports(odd) => odd.as_str(),
        }
    }

    /// What it means, in a sentence.
    #[must_use]
    pub const fn meaning(self) -> &'static str {
        match self {
            Self::Seats(odd) => odd.meaning(),
            Self::Reports(odd) => odd.meaning(),
        }
    }
}

impl core::fmt::Display for OddityKind {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn no_word_stands_for_two_of_them() {
        let words: BTreeSet<&str> = OddityKind::all().map(OddityKind::as_str).collect();
        assert_eq!(words.len(), OddityKind::all().count());
        assert!(OddityKind::all().is_sorted());
    }
}
