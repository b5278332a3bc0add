//! What a change came to, as programs see it.

use lictor_shared::json::Value;

use crate::event::Event;

/// What a change came to.
pub trait Outcome {
    /// All of it as JSON: what is printed for programs, and remembered of a request that is made once.
    fn answer(&self) -> Value;

    /// The claims of what it signs, in the order in which it does.
    fn claims(&self) -> Vec<Value> {
        Vec::new()
    }
}

/// What a change would have come to: nothing of it was signed, and nothing of it stays. Ids and places on status lists are
/// drawn, so those of the real change are others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DryRun {
    /// The claims that would have been signed.
    pub claims: Vec<Value>,
    /// The events that would have been recorded.
    pub events: Vec<Event>,
}
