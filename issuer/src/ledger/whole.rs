//! Events with the ones in which their lists go on.

use lictor_shared::json::{Members, Value};
use lictor_shared::log::TreeHash;

use super::events::{Events, Read, differs};
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
    /// The hashes of the leaves of all of them, in their order.
    pub(crate) leaves: Vec<TreeHash>,
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

    fn begun(Read { event: first, leaf }: Read) -> Self {
        Self { first, further: Vec::new(), joined: None, leaves: vec![leaf] }
    }

    /// Itself, if it does not begin with what only goes on.
    fn sound(self) -> Result<Self, Failure> {
        match self.first.kind {
            EventKind::EventContinued => {
                Err(differs(self.first.seq, "it goes on with none that stands before it"))
            }
            _ => Ok(self),
        }
    }

    fn push(&mut self, Read { event: further, leaf }: Read) {
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

/// Puts events that come one after the other together with those in which their lists go on.
#[derive(Debug, Default)]
pub(crate) struct Gathered(Option<Told>);

impl Gathered {
    /// Takes the next event; if it does not go on with the one before, that is whole.
    pub(crate) fn push(&mut self, next: Read) -> Result<Option<Told>, Failure> {
        match &mut self.0 {
            Some(told) if goes_on(&told.first, &next.event) => {
                told.push(next);
                Ok(None)
            }
            before => before.replace(Told::begun(next)).map(Told::sound).transpose(),
        }
    }

    /// The last one, behind which nothing comes.
    pub(crate) fn last(&mut self) -> Result<Option<Told>, Failure> {
        self.0.take().map(Told::sound).transpose()
    }
}

fn goes_on(first: &Event, event: &Event) -> bool {
    let continues = event.body.get(CONTINUES).and_then(Value::as_integer);
    event.kind == EventKind::EventContinued && continues == Some(first.seq)
}

/// The events, each with those in which its lists go on.
#[derive(Debug)]
pub(crate) struct Whole<'l> {
    events: Events<'l>,
    gathered: Gathered,
}

impl<'l> Whole<'l> {
    pub(crate) fn new(events: Events<'l>) -> Self {
        Self { events, gathered: Gathered::default() }
    }

    fn advance(&mut self) -> Result<Option<Told>, Failure> {
        loop {
            match self.events.advance() {
                Ok(Some(next)) => {
                    if let Some(told) = self.gathered.push(next)? {
                        return Ok(Some(told));
                    }
                }
                Ok(None) => return self.gathered.last(),
                // What the events before it have against them comes first.
                Err(failure) => return self.gathered.last().and(Err(failure)),
            }
        }
    }
}

impl Iterator for Whole<'_> {
    type Item = Result<Told, Failure>;

    fn next(&mut self) -> Option<Self::Item> {
        self.advance().transpose()
    }
}
