//! What the guard answers from: everything held, and the verdict that follows.

use lictor_shared::Timestamp;

use super::custody::Custody;
use super::desk::{Kept, Record, Writing};
use super::holds::Holds;
use super::product::Product;
use super::shelf;
use super::store::{StateStore, StoreError};
use crate::verdict::Verdict;

/// A verdict, when it holds, and what it was made of. Never changed, only replaced.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(crate) kept: Kept,
    pub(crate) verdict: Verdict,
    pub(crate) holds: Holds,
}

impl Snapshot {
    pub(crate) fn new(kept: Kept, product: &Product, now: Timestamp) -> Self {
        let (verdict, holds) = kept.custody.verdict(product, now);
        Self { kept, verdict, holds }
    }

    /// Before anything was read.
    pub(crate) fn missing(product: &Product, now: Timestamp) -> Self {
        let kept = Kept {
            custody: Custody::empty(),
            record: Record::default(),
            identity: None,
            unsaved: Vec::new(),
            troubles: Vec::new(),
            writing: Writing::Refused(String::new()),
        };
        Self::new(kept, product, now)
    }

    /// The same at another reading of the clock.
    pub(crate) fn at(&self, product: &Product, now: Timestamp) -> Self {
        let mut kept = self.kept.clone();
        kept.custody.read_clock(product, now);
        Self::new(kept, product, now)
    }

    /// Keeps the state if it is not kept as it is and nobody else has changed it meanwhile.
    pub(crate) fn keep_state(&self, store: &dyn StateStore) -> Result<(), StoreError> {
        let (state, record) = (&self.kept.custody.state, &self.kept.record);
        if self.kept.writing != Writing::Allowed || record.state.as_ref() == Some(state) {
            return Ok(());
        }
        // Asked first, so that a folder that was removed is not made again for this.
        if store.read(shelf::STATE)? == record.bytes {
            let text = state.to_text();
            let _unless_taken = store.swap(shelf::STATE, record.bytes.as_deref(), Some(text.as_bytes()))?;
        }
        Ok(())
    }
}
