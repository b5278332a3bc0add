//! Laying down what has changed.

use lictor_shared::Label;
use std::sync::Arc;

use super::{Desk, Record, Writing};
use crate::host::shelf;
use crate::host::store::{StoreError, Swap};
use crate::host::trouble::{Offered, Trouble};

impl Desk<'_> {
    /// Lays everything down, in the order that the head of this file argues. `Taken`: somebody was faster, nothing has happened.
    pub(crate) fn lay_down(&mut self) -> Result<Swap, StoreError> {
        if self.writing != Writing::Allowed {
            return Ok(self.stands());
        }
        // What is gone may have been taken out of force by somebody who has changed the state after it was read here.
        if !self.lost.is_empty() && self.stands() == Swap::Taken {
            return Ok(Swap::Taken);
        }
        let holdings = Arc::clone(&self.custody.holdings);
        for (label, token) in holdings.tokens() {
            self.keep_artefact(label, token)?;
        }
        if self.lay_down_state()? == Swap::Taken {
            return Ok(Swap::Taken);
        }
        // The change has happened. What fails from here on is said, and undoes nothing.
        if let Err(error) = self.tidy_up() {
            self.refuse_writing(&error);
        }
        Ok(Swap::Done)
    }

    fn tidy_up(&mut self) -> Result<(), StoreError> {
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
        Ok(())
    }

    /// Whether the state is still the one that was taken up. If so, the artefacts that were read after it are those that belong to
    /// it: whoever replaces one writes the state before the old one goes.
    fn stands(&self) -> Swap {
        match self.store.read(shelf::STATE) {
            Ok(bytes) if bytes != self.record.bytes => Swap::Taken,
            // A store that does not answer now was answered for already.
            _ => Swap::Done,
        }
    }

    fn keep_artefact(&mut self, label: Label, token: &str) -> Result<(), StoreError> {
        let missing = |name: &String| !self.found.contains_key(name) && !self.unreadable.contains(name);
        let Some(name) = shelf::artefact(label, token).filter(missing) else {
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
        self.restore(&name);
        self.found.insert(name, bytes);
        Ok(())
    }

    fn lay_down_state(&mut self) -> Result<Swap, StoreError> {
        if !self.record.is_outgrown_by(&self.custody.state) {
            return Ok(self.stands());
        }
        let text = self.custody.state.to_text();
        let swap = self.store.swap(shelf::STATE, self.record.bytes.as_deref(), Some(text.as_bytes()))?;
        if swap == Swap::Done {
            self.record = Record { bytes: Some(text.into_bytes()), state: Some(self.custody.state.clone()) };
            self.restore(shelf::STATE);
        }
        Ok(swap)
    }

    fn restore(&mut self, name: &str) {
        self.restored.extend(self.lost.take(name));
    }
}
