//! Checkpoints against the events that they cover.

use lictor_shared::Thumbprint;
use lictor_shared::log::{Checkpoint, NoteKey, TreeHash};

use super::{Check, Facts};
use crate::error::Failure;
use crate::event::Event;
use crate::ledger::checkpoints;
use crate::ledger::events::differs;
use crate::ledger::projection::Table;

impl Check<'_> {
    /// The checkpoint that this event tells of is there, signed by a key of the log, and is that of the events up to this
    /// one, which the tree has by now.
    pub(super) fn checkpoint_signed(&mut self, event: &Event, root: TreeHash) -> Result<(), Failure> {
        self.counts(Table::Checkpoint);
        let facts = Facts(event);
        let (size, kid) = (facts.integer("size")?, facts.parsed("kid", Thumbprint::new)?);
        let origin = facts.text("origin")?;
        let told = Checkpoint { origin: origin.into(), size, root };
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
            Ok(found) if found == told => Ok(()),
            Ok(_) => Err(differs("has another root than the events up to it")),
            Err(error) => Err(differs(&format!("does not hold: {error}"))),
        }
    }
}
