//! When something happens, by whose clock, who does it, and what it shall come to.

use lictor_shared::json::Value;
use lictor_shared::{Text, Timestamp};
use sha2::{Digest, Sha256};

/// The circumstances of a change. Each is recorded in the change's event.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Occasion {
    /// When.
    pub at: Timestamp,
    /// How the instant is known.
    pub clock: ClockSource,
    /// Who: a person, or a program that acts for one.
    pub actor: Text,
    /// What it shall come to.
    pub intent: Intent,
    /// What is done if the clock is not the one that the last event went by.
    pub clock_change: ClockChange,
}

/// What is done if the time of a change does not follow that of the last event: it lies before it, or one of the two was
/// given and the other is the machine's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ClockChange {
    /// The change is refused.
    Refuse,
    /// The change is made, and its events say that the clock was changed. From then on the new time counts.
    Record,
}

/// What a change shall come to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Intent {
    /// It is made, each time anew.
    Make,
    /// It is made once: what it came to is remembered under the request's id, in the same transaction.
    MakeOnce(Request),
    /// It is decided and checked like any other; nothing is signed, and nothing of it stays. What would have been signed
    /// and recorded is told by [`Ledger::dry_run`](crate::Ledger::dry_run).
    DryRun,
}

/// A change that is made at most once, however often it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// Its id, chosen by whoever asks. It stands in the events, so it must name nobody.
    pub id: Text,
    /// SHA-256 over what is asked for, as it was asked: before the clock and the defaults.
    pub arguments: [u8; 32],
}

impl Request {
    /// The request `id` for what these arguments say.
    #[must_use]
    pub fn new(id: Text, arguments: &Value) -> Self {
        Self { id, arguments: Sha256::digest(arguments.to_string()).into() }
    }
}

impl Occasion {
    /// A change that is made, each time anew.
    #[must_use]
    pub const fn new(at: Timestamp, clock: ClockSource, actor: Text) -> Self {
        Self { at, clock, actor, intent: Intent::Make, clock_change: ClockChange::Refuse }
    }

    pub(crate) const fn request(&self) -> Option<&Request> {
        match &self.intent {
            Intent::MakeOnce(request) => Some(request),
            Intent::Make | Intent::DryRun => None,
        }
    }
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
