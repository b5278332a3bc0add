//! What happened, looked up: which events, and what people need to understand them.

use lictor_shared::json::Value;
use lictor_shared::log::TreeHash;
use lictor_shared::{Name, Text, Timestamp, Uuid};

use crate::error::Failure;
use crate::event::{Commitment, Event, EventKind};
use crate::ledger::events::Texts;
use crate::ledger::{Ledger, history};

/// Which events are looked up. What is left open leaves none out.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventSelection {
    /// Those about this license.
    pub license: Option<Uuid>,
    /// Those about licenses of the customers with this id or exactly this name.
    pub customer: Option<Text>,
    /// Those about this product, and about licenses of which a revision is for it, unless they are about another product.
    pub product: Option<Name>,
    /// Those about the deployments of which the id begins so.
    pub deployment: Option<String>,
    /// Those of one of these kinds.
    pub kinds: Vec<EventKind>,
    /// What this person did.
    pub actor: Option<Text>,
    /// From this instant on.
    pub since: Option<Timestamp>,
    /// Before this instant.
    pub until: Option<Timestamp>,
    /// Behind the event of this number.
    pub after: Option<u64>,
    /// Before the event of this number.
    pub before: Option<u64>,
    /// At most so many: the last of those that are meant.
    pub last: Option<u32>,
}

/// An event, and what stands beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastEvent {
    /// The event.
    pub event: Event,
    /// Id and name of the customer whose license it is about.
    pub customer: Option<(Text, Text)>,
    /// The personal texts that it commits to and that have not been erased, by field.
    pub texts: Vec<(String, Commitment)>,
}

impl PastEvent {
    /// The hash of its leaf (RFC 6962, section 2.1).
    #[must_use]
    pub fn leaf_hash(&self) -> TreeHash {
        TreeHash::of_leaf(self.event.leaf().as_bytes())
    }

    /// A text that it commits to, if that has not been erased.
    #[must_use]
    pub fn text(&self, field: &str) -> Option<&str> {
        self.texts.iter().find(|(name, _)| name == field).map(|(_, text)| text.text())
    }

    /// A member of its body that is a string.
    #[must_use]
    pub fn says(&self, member: &str) -> Option<&str> {
        self.event.body.get(member).and_then(Value::as_str)
    }
}

/// Visits the events that are meant in the order of their numbers, until all are visited or a visit fails. Each is held
/// against the columns that it was found by.
///
/// # Errors
/// Those of the visit, and [`Failure`] if the ledger cannot be read or is not as it was written.
pub fn visit_events(
    ledger: &Ledger,
    selection: &EventSelection,
    visit: &mut dyn FnMut(PastEvent) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let connection = ledger.connection();
    history::visit(connection, selection, &mut |event, customer| {
        let texts = match event.has_texts() {
            true => Texts::new(connection).of_one(event.seq)?.into_iter().collect(),
            false => Vec::new(),
        };
        visit(PastEvent { event, customer, texts })
    })
}
