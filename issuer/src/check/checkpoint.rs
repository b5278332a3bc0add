//! Checkpoints against the events that they cover: those that the ledger keeps, and those that others remember.

use lictor_shared::Thumbprint;
use lictor_shared::log::{Checkpoint, NoteKey, TreeHash};
use std::collections::BTreeMap;

use super::{Check, Facts};
use crate::audit::{self, Remembered};
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::checkpoints;
use crate::ledger::events::differs;
use crate::ledger::projection::Table;

/// The roots at the sizes that somebody remembers, as the events make them.
#[derive(Debug, Default)]
pub(super) struct Roots(BTreeMap<u64, Option<TreeHash>>);

impl Roots {
    pub(super) fn of(remembered: &[Remembered]) -> Self {
        let nothing = |size: u64| (size == 0).then(TreeHash::of_nothing);
        Self(remembered.iter().map(Remembered::size).map(|size| (size, nothing(size))).collect())
    }

    fn note(&mut self, size: u64, root: impl FnOnce() -> TreeHash) {
        if let Some(wanted) = self.0.get_mut(&size) {
            *wanted = Some(root());
        }
    }
}

impl Check<'_> {
    /// Notes the root if somebody remembers one of this size.
    pub(super) fn root(&mut self, size: u64) {
        self.roots.note(size, || self.tree.root());
    }

    /// The checkpoint that this event tells of is there, signed by a key of the log, and is that of the events up to this
    /// one, which the tree has by now.
    pub(super) fn checkpoint_signed(&mut self, event: &Event) -> Result<(), Failure> {
        self.counts(Table::Checkpoint);
        let facts = Facts(event);
        let (size, kid) = (facts.integer("size")?, facts.parsed("kid", Thumbprint::new)?);
        let origin = facts.text("origin")?;
        let told = Checkpoint { origin: origin.into(), size, root: self.tree.root() };
        let differs = |why: &str| differs(event.seq, format!("its checkpoint {why}"));
        if size != event.seq {
            return Err(differs("is of another size than its event says"));
        }
        if origin != self.origin {
            return Err(differs("bears another name than the log had then"));
        }
        let stored = checkpoints::of_size(self.connection, size)?.ok_or_else(|| differs("is missing"))?;
        let key = self.ring.find(&kid).filter(|key| key.is_of_log() && stored.kid == kid);
        let key =
            key.ok_or_else(|| differs("is of another key than its event says, or of none of the log"))?;
        let key = NoteKey::new(origin, key.public.clone()).map_err(|error| differs(&error.to_string()))?;
        match Checkpoint::read(stored.note.as_bytes(), &key) {
            Ok(found) if found == told => {}
            Ok(_) => return Err(differs("has another root than the events up to it")),
            Err(error) => return Err(differs(&format!("does not hold: {error}"))),
        }
        self.request_got(event, &stored.note);
        self.checked.checkpoints += 1;
        Ok(())
    }

    /// Nothing that somebody remembers was changed or removed since. The smallest checkpoint comes first, so that each that
    /// agrees narrows down what the next one differs in.
    pub(super) fn remembered(&self, remembered: &[Remembered]) -> Result<(), Failure> {
        let origins = audit::origins(self.connection)?;
        let mut sorted: Vec<&Remembered> = remembered.iter().collect();
        sorted.sort_by_key(|one| one.size());
        let mut agrees: Option<&Remembered> = None;
        for one in sorted {
            let ends = one.end(&origins, self.checked.events)?;
            let root = self.roots.0.get(&one.size()).copied().flatten();
            if !root.is_some_and(|root| one.has(&root)) {
                let above = agrees.map_or(0, Remembered::size);
                let stored = checkpoints::below(self.connection, one.size().min(ends), above)?;
                return Err(one.changed(agrees, stored));
            }
            agrees = Some(one);
        }
        Ok(())
    }
}
