//! What a change of a license came to, and the license as it was found.

use lictor_shared::json::Value;

use crate::licenses::LicenseRecord;
use crate::outcome::Outcome;

/// A change of a license, for words that name whose it is.
pub(super) struct Changed<T> {
    /// As it was before.
    pub(super) license: LicenseRecord,
    pub(super) done: T,
}

impl<T: Outcome> Outcome for Changed<T> {
    fn answer(&self) -> Value {
        self.done.answer()
    }

    fn claims(&self) -> Vec<Value> {
        self.done.claims()
    }
}
