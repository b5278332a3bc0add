//! Events with the ones in which their lists go on.

use lictor_shared::json::{Members, Value};

use super::events::{Events, differs};
use crate::error::Failure;
use crate::event::parts::CONTINUES;
use crate::event::{Event, EventKind};

/// An event, and those in which its lists go on.
#[derive(Debug)]
pub(crate) struct Told {
    /// As it stands in the log, before it goes on.
    pub(crate) first: Event,
    /// Those in which its lists go on.
    pub(crate) further: Vec<Event>,
    /// The event with its whole lists, if it goes on.
    joined: Option<Event>,
    /// The leaves of all of them, in their order.
    pub(crate) leaves: Vec<Vec<u8>>,
}

impl Told {
    /// The event with its whole lists.
    pub(crate) const fn whole(&self) -> &Event {
        match &self.joined {
            Some(whole) => whole,
            None => &self.first,
        }
    }

    /// Every event of it as it stands in the log.
    pub(crate) fn parts(&self) -> impl Iterator<Item = &Event> {
        core::iter::once(&self.first).chain(&self.further)
    }

    fn push(&mut self, (further, leaf): (Event, Vec<u8>)) {
        self.leaves.push(leaf);
        let whole = self.joined.get_or_insert_with(|| self.first.clone());
        further.body.iter().for_each(|(name, value)| append(&mut whole.body, name, value));
        self.further.push(further);
    }
}

/// Appends the items of a list to the one of this name. Nothing else goes on.
fn append(body: &mut Members, name: &str, value: &Value) {
    if let (Some(Value::Array(items)), Value::Array(more)) = (body.get_mut(name), value) {
        items.extend_from_slice(more);
    }
}

/// The events, each with those in which its lists go on.
#[derive(Debug)]
pub(crate) struct Whole<'l> {
    events: Events<'l>,
    /// Read already, and not told yet.
    next: Option<(Event, Vec<u8>)>,
}

impl<'l> Whole<'l> {
    pub(crate) const fn new(events: Events<'l>) -> Self {
        Self { events, next: None }
    }

    fn advance(&mut self) -> Result<Option<Told>, Failure> {
        let next = match self.next.take() {
            None => self.events.advance()?,
            some => some,
        };
        let Some((first, leaf)) = next else { return Ok(None) };
        if first.kind == EventKind::EventContinued {
            return Err(differs(first.seq, "it goes on with none that stands before it"));
        }
        let mut told = Told { first, further: Vec::new(), joined: None, leaves: vec![leaf] };
        while let Some(next) = self.events.advance()? {
            if !goes_on(&told.first, &next.0) {
                self.next = Some(next);
                break;
            }
            told.push(next);
        }
        Ok(Some(told))
    }
}

fn goes_on(first: &Event, event: &Event) -> bool {
    let continues = event.body.get(CONTINUES).and_then(Value::as_integer);
    event.kind == EventKind::EventContinued && continues == Some(first.seq)
}

impl Iterator for Whole<'_> {
    type Item = Result<Told, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
