//! Taking up what is remembered and who the deployment is.

use lictor_shared::Thumbprint;
use std::sync::Arc;
use zeroize::Zeroizing;

use super::{Desk, Kept, Record, Writer, Writing};
use crate::host::digest::Digest;
use crate::host::identity::Identity;
use crate::host::recall::Lead;
use crate::host::shelf;
use crate::host::state::State;
use crate::host::store::{StoreError, Swap};
use crate::host::trouble::Trouble;

impl Desk<'_> {
    pub(super) fn take_up_state(&mut self, before: Option<&Kept>) {
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
        self.custody.state = match before {
            Some(before) => self.recall(before),
            None => self.record.state.clone().unwrap_or_default(),
        };
    }

    /// Only another process that has written a state takes away what this one knows: a file that was removed or damaged says
    /// nothing, and one that is older than what was seen here adds what it knows.
    fn recall(&mut self, before: &Kept) -> State {
        let held = &before.custody.state;
        // What is remembered in memory follows from what was last seen, and is newer.
        let changed = self.record.state.as_ref().filter(|_| before.record.bytes != self.record.bytes);
        let seen = before.record.state.as_ref();
        let Some(stored) = changed else {
            if self.record.bytes.is_none() && seen.is_some() {
                self.lost.insert(shelf::STATE.into());
            }
            return held.clone();
        };
        if seen.is_some_and(|seen| stored.is_older_than(seen)) {
            self.lost.insert(shelf::STATE.into());
        }
        let lead = Lead::between(stored, held);
        self.writer = Writer::Another(lead);
        let mut state = stored.clone().recalling(held, |key| self.may_be_distrusted(key));
        if lead == Lead::Memory {
            state.accepted.extend(before.custody.holdings.seats().map(|(_, token)| Digest::of(token)));
        }
        state
    }

    fn may_be_distrusted(&self, key: Thumbprint) -> bool {
        let anchor = self.product.anchors.find(&key.to_string());
        anchor.is_some_and(|anchor| anchor.distrust_after.is_some())
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

    /// The deployment's key, made at the first start in durable storage. A process without durable storage makes none, and one that
    /// holds it already goes on with it, whatever becomes of the file.
    pub(super) fn take_up_identity(&mut self, before: Option<&Kept>) {
        let bytes = match self.store.read(shelf::IDENTITY) {
            Ok(bytes) => bytes.map(Zeroizing::new),
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
                self.restore_or_make_identity(before, damaged);
            }
            None => self.restore_or_make_identity(before, None),
        }
    }

    fn restore_or_make_identity(&mut self, before: Option<&Kept>, old: Option<&[u8]>) {
        if let Some(held) = before.and_then(|before| before.identity.clone()) {
            self.restored.insert(shelf::IDENTITY.into());
            self.identity = Some(held);
        }
        if self.writing != Writing::Allowed {
            return;
        }
        let since = self.custody.reached(self.product, self.now);
        let identity = self.identity.clone().map_or_else(|| Identity::generate(since).map(Arc::new), Ok);
        match identity {
            Ok(identity) => self.keep_identity(identity, old),
            Err(error) => self.refuse_writing(&StoreError::new(error)),
        }
    }

    fn keep_identity(&mut self, identity: Arc<Identity>, old: Option<&[u8]>) {
        let swap = self.store.swap(shelf::IDENTITY, old, Some(identity.to_json().as_bytes()));
        let stands = swap.and_then(|swap| match swap {
            Swap::Done => Ok(Some(identity)),
            // Two processes at once: the first one's key is that of both.
            Swap::Taken => {
                let bytes = self.store.read(shelf::IDENTITY)?.map(Zeroizing::new);
                Ok(bytes.and_then(|bytes| Identity::read(&bytes).ok()).map(Arc::new))
            }
        });
        match stands {
            Ok(Some(identity)) => self.identity = Some(identity),
            Ok(None) => {}
            Err(error) => self.refuse_writing(&error),
        }
    }
}
