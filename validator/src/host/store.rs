//! Where a deployment keeps its key, its state and its artefacts.

use std::error::Error;

/// Keeps small named blobs for one deployment; all its replicas share one store.
///
/// [`Folder`](crate::host::Folder) keeps them as files. A product that has a database implements this over a table of two
/// columns: `read` is a select, `swap` an insert, update or delete with the old bytes in its condition.
///
/// Replicas never lock each other out: each change is computed from what was read and takes place only if that still stands
/// there. Whoever loses reads again. So a process that dies holds up nobody, and nothing is ever half changed.
pub trait StateStore: Send + Sync {
    /// The bytes under `name`, or `None` if there are none.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be told. What cannot be read is never replaced.
    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Replaces what stands under `name`, at once and durably, if it still is `old`; `None` stands for nothing, so this also
    /// creates and removes.
    ///
    /// After `Ok(Swap::Done)` the change outlives a crash of process and machine; after `Ok(Swap::Taken)` nothing has changed. After an
    /// error nobody knows (the connection was lost while the change was made, the folder could not be synced after it): the guard
    /// reads again what stands there.
    ///
    /// # Errors
    /// [`StoreError`] if the store does not take it.
    fn swap(&self, name: &str, old: Option<&[u8]>, new: Option<&[u8]>) -> Result<Swap, StoreError>;

    /// Every name, in any order. Names are 1 to 100 of `a-z 0-9 . -`.
    ///
    /// # Errors
    /// [`StoreError`] if that cannot be told.
    fn names(&self) -> Result<Vec<String>, StoreError>;

    /// Whether it takes changes, so that what is remembered now is still known after a restart.
    ///
    /// # Errors
    /// [`StoreError`] that says why not.
    fn writable(&self) -> Result<(), StoreError>;

    /// A number that is another one after every change of any blob by anybody, cheap to ask for; `None` where that cannot be
    /// told, and then everything is read again each time.
    fn stamp(&self) -> Option<u64>;
}

/// What became of a change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub enum Swap {
    /// It took place.
    Done,
    /// Something else than `old` stands there.
    Taken,
}

/// Why a store does not answer.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct StoreError(Box<dyn Error + Send + Sync>);

impl StoreError {
    /// An error for this cause; a text will do.
    pub fn new(cause: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self(cause.into())
    }
}
