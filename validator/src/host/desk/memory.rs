//! Taking up what is remembered and who the deployment is.

use std::sync::Arc;
use zeroize::Zeroizing;

use super::{Desk, Kept, Record, Writing};
use crate::host::identity::{Identity, IdentityError};
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
                    let bytes = self.store.read(shelf::IDENTITY)?.map(Zeroizing::new);
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
}
