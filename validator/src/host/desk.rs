//! Where changes are made: everything that the store keeps is taken up, judged, changed, and laid down again.
//!
//! A change is computed from what was read and takes place only if that still stands there; otherwise it is made again from what
//! stands there then. The order of the writes makes a crash between any two harmless:
//!
//! 1. new artefacts, under names that nothing else has: a crash leaves candidates that are judged again at the next start;
//! 2. the state, at once: from here on the change has happened;
//! 3. what the change made superfluous goes: a crash leaves artefacts that are outranked.

mod artefacts;
mod lay_down;
mod memory;

use lictor_shared::{Label, Timestamp};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::candidate::{Offer, Outcome, offers};
use super::custody::{Custody, Memory, Owner};
use super::holdings::Holdings;
use super::identity::Identity;
use super::product::Product;
use super::recall::Lead;
use super::shelf;
use super::state::State;
use super::store::{StateStore, StoreError};
use super::trouble::{Trouble, flags, in_short};
use crate::context::HostFlags;

/// Whether the store is to be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    Allowed,
    /// It does not take changes, for this reason.
    Refused(String),
}

/// Who has changed the state since it was last seen here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Writer {
    /// So nobody has taken anything into force or out of it either, whatever is gone from the store.
    Nobody,
    /// Another process; and which of the two knows more of the seat.
    Another(Lead),
}

/// The state file as it was last seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct Record {
    pub(crate) bytes: Option<Vec<u8>>,
    /// What it says, if it is believed.
    pub(crate) state: Option<State>,
}

impl Record {
    /// Whether a state is to be written in its place.
    pub(crate) fn is_outgrown_by(&self, state: &State) -> bool {
        self.state.as_ref().is_none_or(|kept| state.outgrows(kept))
    }
}

/// What outlives a change in memory.
#[derive(Clone, Debug)]
pub(crate) struct Kept {
    pub(crate) custody: Custody,
    pub(crate) record: Record,
    pub(crate) identity: Option<Arc<Identity>>,
    /// Tokens that are held and that the store has not taken.
    pub(crate) unsaved: Vec<(Label, String)>,
    pub(crate) troubles: Vec<Trouble>,
    pub(crate) writing: Writing,
}

/// A change in the making.
pub(crate) struct Desk<'a> {
    pub(crate) product: &'a Product,
    store: &'a dyn StateStore,
    pub(crate) now: Timestamp,
    pub(crate) custody: Custody,
    pub(crate) identity: Option<Arc<Identity>>,
    pub(crate) troubles: Vec<Trouble>,
    record: Record,
    pub(crate) writing: Writing,
    /// Artefacts that were laid into the store under their own names and stand there unchanged, and their bytes. Nothing else goes.
    found: BTreeMap<String, Vec<u8>>,
    /// Names of artefacts in the store that cannot be read now, and so are never replaced.
    unreadable: BTreeSet<String>,
    /// Names in the store under which requests are kept.
    requests: BTreeSet<String>,
    /// Names in the store of what no longer matters once the change has happened.
    superfluous: BTreeSet<String>,
    /// Who has written the state that was taken up.
    writer: Writer,
    /// Names of what this process has seen in the store and is no longer there as it was.
    lost: BTreeSet<String>,
    /// Of those, what it holds and has written again.
    restored: BTreeSet<String>,
    /// What belongs to the change and is written after it: a request.
    appendix: Option<(String, Vec<u8>)>,
}

impl<'a> Desk<'a> {
    /// Takes up everything. What cannot be read is a trouble; then what is held in memory stays in force.
    pub(crate) fn take_up(
        product: &'a Product,
        store: &'a dyn StateStore,
        now: Timestamp,
        before: Option<&Kept>,
        writing: Writing,
    ) -> Self {
        let mut desk = Self {
            product,
            store,
            now,
            custody: Custody::empty(),
            identity: None,
            troubles: Vec::new(),
            record: Record::default(),
            writing,
            found: BTreeMap::new(),
            unreadable: BTreeSet::new(),
            requests: BTreeSet::new(),
            superfluous: BTreeSet::new(),
            writer: Writer::Nobody,
            lost: BTreeSet::new(),
            restored: BTreeSet::new(),
            appendix: None,
        };
        desk.take_up_state(before);
        desk.take_up_identity(before);
        desk.custody.owner = desk.identity.as_deref().map(Owner::from);
        let sources = desk.sources(before);
        desk.take_up_artefacts(sources);
        desk
    }

    fn refuse_writing(&mut self, error: &StoreError) {
        self.writing = Writing::Refused(error.to_string());
    }

    fn holdings(&mut self) -> &mut Holdings {
        Arc::make_mut(&mut self.custody.holdings)
    }

    /// Judges every block of a file.
    pub(crate) fn offer(&mut self, file: &[u8]) -> Vec<(String, Outcome)> {
        let judge = |Offer { kind, candidate }: Offer| {
            let admit = |candidate| self.custody.admit(candidate, self.product, self.now);
            (kind, candidate.map_or_else(Outcome::Refused, admit))
        };
        offers(file, self.product).into_iter().map(judge).collect()
    }

    /// Has something written after the change has happened.
    pub(crate) fn append(&mut self, name: String, bytes: Vec<u8>) {
        self.appendix = Some((name, bytes));
    }

    pub(crate) fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.read(name)
    }

    /// Reads the clock, and lets go of what nothing depends on any more.
    pub(crate) fn settle(&mut self) {
        self.custody.memory = match self.writing {
            Writing::Allowed => Memory::Durable,
            Writing::Refused(_) => Memory::Volatile,
        };
        self.custody.read_clock(self.product, self.now);
        let found = self.custody.holdings.best_of_each_key();
        self.holdings().licenses = self.custody.not_replaced(self.product, self.now);
        // A build that does not know a renewal's key yet, or no longer, goes on knowing the license.
        let shelved = found.iter().map(|license| (Label::License, license.token()));
        let stays = self.custody.holdings.tokens().chain(shelved);
        let held: BTreeSet<String> =
            stays.filter_map(|(label, token)| shelf::artefact(label, token)).collect();
        let newest = self.custody.state.requests.newest.as_ref().map(|newest| shelf::request(newest.nonce));
        let gone = self.found.keys().filter(|name| !held.contains(*name));
        let old = self.requests.iter().filter(|name| newest.as_ref() != Some(*name));
        self.superfluous = gone.chain(old).cloned().collect();
    }

    /// What stays in memory; `more` are troubles from outside of the store.
    pub(crate) fn keep(mut self, more: Vec<Trouble>) -> Kept {
        if let Writing::Refused(why) = &self.writing {
            self.troubles.push(Trouble::Stateless { why: why.clone() });
        }
        if !self.restored.is_empty() {
            let names = core::mem::take(&mut self.restored).into_iter().collect();
            self.troubles.push(Trouble::Restored { names });
        }
        self.troubles.extend(more);
        let troubles = in_short(self.troubles);
        self.custody.flags = flags(&troubles);
        let kept = |label: Label, token: &str| {
            shelf::artefact(label, token).is_some_and(|name| self.found.contains_key(&name))
        };
        let tokens = self.custody.holdings.tokens().filter(|(label, token)| !kept(*label, token));
        let unsaved = tokens.map(|(label, token)| (label, token.into())).collect();
        Kept {
            custody: self.custody,
            record: self.record,
            identity: self.identity,
            unsaved,
            troubles,
            writing: self.writing,
        }
    }
}

impl Custody {
    /// Nothing held, nothing remembered.
    pub(crate) fn empty() -> Self {
        Self {
            holdings: Arc::new(Holdings::default()),
            state: State::default(),
            owner: None,
            memory: Memory::Volatile,
            flags: HostFlags::none(),
        }
    }
}
