//! The license that an argument names.

use std::path::Path;

use super::super::input;
use crate::error::{Failure, FailureKind};
use crate::find::{Found, find_file, find_revision, is_id};
use crate::ledger::Ledger;

/// The license with this id or serial, or a beginning of either, or that of this file. What can be an id is taken for one:
/// a file with such a name is named with its folder.
pub(super) fn named(ledger: &Ledger, text: &str) -> Result<Found, Failure> {
    let path = Path::new(text);
    if is_id(text) || text.is_empty() {
        return find_revision(ledger, text);
    }
    if path.symlink_metadata().is_err() {
        let message = format!("{text:?} is neither an id of a license nor a file.");
        return Err(Failure::new(FailureKind::NotFound, message)
            .hint("lictor license list shows the ids; 8 characters of one are enough, if no other begins so.")
            .with("id", text));
    }
    find_file(ledger, &input::read(path)?)
        .map_err(|failure| Failure { message: format!("{text}: {}", failure.message), ..failure })
}
