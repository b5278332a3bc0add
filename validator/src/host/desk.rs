//! Where changes are made: everything that the store keeps is taken up, judged, changed, and laid down again.
//!
//! A change is computed from what was read and takes place only if that still stands there; otherwise it is made again from what
//! stands there then. The order of the writes makes a crash between any two harmless:
//!
//! 1. new artefacts, under names that nothing else has: a crash leaves candidates that are judged again at the next start;
//! 2. the state, at once: from here on the change has happened;
//! 3. what the change made superfluous goes: a crash leaves artefacts that are outranked.

use lictor_shared::{Activation, Label, StatusList, Timestamp, armor};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::candidate::{Candidate, Offer, Outcome, labelled, offers};
use super::custody::{Custody, Memory, Owner};
use super::digest::Digest;
use super::holdings::Holdings;
use super::identity::{Identity, IdentityError};
use super::product::Product;
use super::shelf;
use super::state::State;
use super::store::{StateStore, StoreError, Swap};
use super::trouble::{Offered, Trouble, flags};
use crate::context::HostFlags;
use crate::verified::{Accepted, Verified};

/// Whether the store is to be written to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Writing {
    Allowed,
    /// It does not take changes, for this reason.
    Refused(String),
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
    /// Artefacts in the store that could be read, and their bytes.
    found: BTreeMap<String, Vec<u8>>,
    /// Names in the store under which requests are kept.
    requests: BTreeSet<String>,
    /// Names in the store of what no longer matters once the change has happened.
    superfluous: BTreeSet<String>,
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
            requests: BTreeSet::new(),
            superfluous: BTreeSet::new(),
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

    fn take_up_state(&mut self, before: Option<&Kept>) {
        let bytes = match self.store.read(shelf::STATE) {
            Ok(bytes) => bytes,
            // What cannot be read is never replaced.
            Err(error) => {
                self.refuse_writing(&error);
                if let Some(before) = before {
                    (self.custody.state, self.record) = (before.custody.state.clone(), before.record.clone());
                }
                return;
            }
        };
        // Missing state: start fresh. Damaged: go on without it, and keep the damaged file aside.
        let state = match bytes.as_deref().map(State::read) {
            None => None,
            Some(Ok(state)) => Some(state),
            Some(Err(damage)) => {
                self.set_aside(shelf::STATE, bytes.as_deref().unwrap_or_default(), &damage.to_string());
                None
            }
        };
        self.record = Record { bytes, state };
        // Unless somebody else has changed it, what is remembered in memory follows from it and is newer.
        let own = before.filter(|before| before.record.bytes == self.record.bytes);
        let state = own.map(|before| &before.custody.state).or(self.record.state.as_ref());
        self.custody.state = state.cloned().unwrap_or_default();
    }

    /// Keeps damaged bytes under another name, in place of what was kept there of an earlier accident.
    fn set_aside(&mut self, name: &str, bytes: &[u8], why: &str) {
        let mut kept_as = shelf::damaged(name);
        if self.writing == Writing::Allowed {
            let kept = self.store.read(&kept_as).and_then(|old| {
                if old.as_deref() == Some(bytes) {
                    Ok(Swap::Done)
                } else {
                    self.store.swap(&kept_as, old.as_deref(), Some(bytes))
                }
            });
            // Another process that sets the same bytes aside does no harm.
            if let Err(error) = kept {
                self.refuse_writing(&error);
            }
        } else {
            // Where nothing can be written they stay where they are.
            kept_as = name.into();
        }
        self.troubles.push(Trouble::StateDamaged { name: name.into(), kept_as, why: why.into() });
    }

    /// The deployment's key, made at the first start in durable storage. A process without durable storage makes none.
    fn take_up_identity(&mut self, before: Option<&Kept>) {
        let bytes = match self.store.read(shelf::IDENTITY) {
            Ok(bytes) => bytes.map(zeroize::Zeroizing::new),
            Err(error) => {
                self.refuse_writing(&error);
                self.identity = before.and_then(|before| before.identity.clone());
                return;
            }
        };
        match bytes.as_deref().map(|bytes| Identity::read(bytes)) {
            Some(Ok(identity)) => self.identity = Some(Arc::new(identity)),
            Some(Err(error)) => {
                let damaged = bytes.as_deref().map(Vec::as_slice);
                self.set_aside(shelf::IDENTITY, damaged.unwrap_or_default(), &error.to_string());
                self.make_identity(damaged);
            }
            None => self.make_identity(None),
        }
    }

    fn make_identity(&mut self, old: Option<&[u8]>) {
        if self.writing != Writing::Allowed {
            return;
        }
        let made: Result<_, IdentityError> = Identity::generate(self.custody.reached(self.product, self.now));
        let swapped = made.map_err(StoreError::new).and_then(|identity| {
            let swap = self.store.swap(shelf::IDENTITY, old, Some(identity.to_json().as_bytes()))?;
            // Two processes at once: the first one's key is that of both.
            let identity = match swap {
                Swap::Done => Some(identity),
                Swap::Taken => {
                    let bytes = self.store.read(shelf::IDENTITY)?.map(zeroize::Zeroizing::new);
                    bytes.and_then(|bytes| Identity::read(&bytes).ok())
                }
            };
            Ok(identity.map(Arc::new))
        });
        match swapped {
            Ok(identity) => self.identity = identity,
            Err(error) => self.refuse_writing(&error),
        }
    }

    /// Every artefact in the store and in memory; of what cannot be listed or read now, what is held of it.
    fn sources(&mut self, before: Option<&Kept>) -> Vec<Source> {
        let mut sources = Vec::new();
        let complete = self.read_artefacts(&mut sources);
        let (unsaved, holdings) = match before {
            Some(before) => (before.unsaved.as_slice(), Some(&*before.custody.holdings)),
            None => (&[][..], None),
        };
        let owned = |(label, token): (Label, &str)| Source { label, token: token.into(), name: None };
        sources.extend(unsaved.iter().map(|(label, token)| owned((*label, token))));
        if let Err(error) = complete {
            self.refuse_writing(&error);
            sources.extend(holdings.into_iter().flat_map(Holdings::tokens).map(owned));
        }
        let mut seen = BTreeSet::new();
        sources.retain(|source| seen.insert(Digest::of(&source.token)));
        sources
    }

    fn read_artefacts(&mut self, sources: &mut Vec<Source>) -> Result<(), StoreError> {
        for name in self.store.names()? {
            if let Some(original) = shelf::damaged_original(&name) {
                self.recall_damage(original, &name);
            } else if shelf::is_request(&name) {
                self.requests.insert(name);
            } else if let Some(label) = shelf::label(&name) {
                let Some(bytes) = self.store.read(&name)? else { continue };
                sources.push(Source { label, token: armor::unwrap(&bytes, label), name: Some(name.clone()) });
                self.found.insert(name, bytes);
            }
        }
        Ok(())
    }

    /// What was set aside at an earlier start is said until somebody has looked at it and removed it.
    fn recall_damage(&mut self, original: &str, kept_as: &str) {
        let told =
            |trouble: &Trouble| matches!(trouble, Trouble::StateDamaged { name, .. } if name == original);
        if !self.troubles.iter().any(told) {
            self.troubles.push(Trouble::StateDamaged {
                name: original.into(),
                kept_as: kept_as.into(),
                why: "found at an earlier start".into(),
            });
        }
    }

    /// Holds what verifies: licenses, and lists and activations that the state knows. The others are candidates, as if they were
    /// installed now.
    fn take_up_artefacts(&mut self, sources: Vec<Source>) {
        let mut candidates = Vec::new();
        for source in sources {
            let known = self.custody.state.accepted.contains(&Digest::of(&source.token));
            match labelled(source.label, &source.token, self.product) {
                Ok(Candidate::License(license)) => self.holdings().licenses.push(license),
                Ok(Candidate::StatusList(list)) if known => self.take_back_list(list),
                Ok(Candidate::Activation(activation)) if known => self.take_back_activation(activation),
                Ok(candidate) => candidates.push((source, candidate)),
                Err(why) => self.refuse(source.offered(), why.to_string()),
            }
        }
        for (source, candidate) in candidates {
            if let Outcome::Refused(why) = self.custody.admit(candidate, self.product, self.now) {
                self.refuse(source.offered(), why.to_string());
            }
        }
    }

    fn holdings(&mut self) -> &mut Holdings {
        Arc::make_mut(&mut self.custody.holdings)
    }

    fn take_back_list(&mut self, list: Verified<StatusList>) {
        let list = Accepted::earlier(list);
        if !self.custody.falls_short(&list, self.product, self.now) {
            self.holdings().lists.push(list);
        }
    }

    fn take_back_activation(&mut self, activation: Verified<Activation>) {
        self.holdings().activations.push(Accepted::earlier(activation));
    }

    fn refuse(&mut self, offered: Offered, why: String) {
        if let Offered::Kept(name) = &offered {
            // What is refused stays where it is: another build may read it, and somebody may look at it.
            self.found.remove(name);
        }
        self.troubles.push(Trouble::Refused { offered, why });
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
        self.holdings().licenses = self.custody.not_replaced(self.product, self.now);
        let held: BTreeSet<String> = self
            .custody
            .holdings
            .tokens()
            .filter_map(|(label, token)| shelf::artefact(label, token))
            .collect();
        let newest = self.custody.state.requests.newest.map(|newest| shelf::request(newest.nonce));
        let gone = self.found.keys().filter(|name| !held.contains(*name));
        let old = self.requests.iter().filter(|name| newest.as_ref() != Some(*name));
        self.superfluous = gone.chain(old).cloned().collect();
    }

    /// Lays everything down, in the order that the head of this file argues. `Taken`: somebody was faster, nothing has happened.
    pub(crate) fn lay_down(&mut self) -> Result<Swap, StoreError> {
        if self.writing != Writing::Allowed {
            return Ok(Swap::Done);
        }
        let holdings = Arc::clone(&self.custody.holdings);
        for (label, token) in holdings.tokens() {
            self.keep_artefact(label, token)?;
        }
        if self.lay_down_state()? == Swap::Taken {
            return Ok(Swap::Taken);
        }
        if let Some((name, bytes)) = self.appendix.take() {
            let _new_name = self.store.swap(&name, None, Some(&bytes))?;
        }
        for name in core::mem::take(&mut self.superfluous) {
            let bytes = match self.found.remove(&name) {
                Some(bytes) => Some(bytes),
                None => self.store.read(&name)?,
            };
            // Taken: another process has removed it.
            let _removed = self.store.swap(&name, bytes.as_deref(), None)?;
        }
        Ok(Swap::Done)
    }

    fn keep_artefact(&mut self, label: Label, token: &str) -> Result<(), StoreError> {
        let Some(name) = shelf::artefact(label, token).filter(|name| !self.found.contains_key(name)) else {
            return Ok(());
        };
        let bytes = shelf::bytes(label, token);
        // The name is that of the content: what stands there and is another is damaged.
        let old = self.store.read(&name)?;
        if old.as_ref() != Some(&bytes) {
            let _same_content = self.store.swap(&name, old.as_deref(), Some(&bytes))?;
        }
        // What was damaged there is whole again.
        let mended = Offered::Kept(name.clone());
        self.troubles
            .retain(|trouble| !matches!(trouble, Trouble::Refused { offered, .. } if *offered == mended));
        self.found.insert(name, bytes);
        Ok(())
    }

    fn lay_down_state(&mut self) -> Result<Swap, StoreError> {
        if !self.record.is_outgrown_by(&self.custody.state) {
            return Ok(Swap::Done);
        }
        let text = self.custody.state.to_text();
        let swap = self.store.swap(shelf::STATE, self.record.bytes.as_deref(), Some(text.as_bytes()))?;
        if swap == Swap::Done {
            self.record = Record { bytes: Some(text.into_bytes()), state: Some(self.custody.state.clone()) };
        }
        Ok(swap)
    }

    /// What stays in memory; `more` are troubles from outside of the store.
    pub(crate) fn keep(mut self, more: Vec<Trouble>) -> Kept {
        if let Writing::Refused(why) = &self.writing {
            self.troubles.push(Trouble::Stateless { why: why.clone() });
        }
        self.troubles.extend(more);
        self.custody.flags = flags(&self.troubles);
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
            troubles: self.troubles,
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

/// An artefact before it is verified, and under which name the store keeps it.
struct Source {
    label: Label,
    token: String,
    name: Option<String>,
}

impl Source {
    fn offered(&self) -> Offered {
        self.name
            .clone()
            .map_or_else(|| Offered::Installed { kind: self.label.as_str().into() }, Offered::Kept)
    }
}
