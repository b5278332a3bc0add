//! The log's verifier key, as somebody names it who has no ledger.

use lictor_shared::log::{NoteError, NoteKey, read_keys};
use std::path::Path;

use super::super::input;
use crate::error::{Failure, FailureKind};

/// The keys in a text, or in a file: one on each line, as `audit key` writes them.
pub(super) fn note_keys(named: &str) -> Result<Vec<NoteKey>, Failure> {
    let unusable = |what: &str, error: NoteError| {
        Failure::new(FailureKind::CannotRead, format!("{what}{error}"))
            .hint("Give what lictor audit key prints, or a file that holds it.")
            .because(error)
    };
    match read_keys(named) {
        Ok(keys) => Ok(keys),
        // A name of a file has no two pluses, or the file is there.
        Err(error) if named.matches('+').count() >= 2 && !Path::new(named).exists() => {
            Err(unusable("", error))
        }
        Err(_) => {
            let bytes = input::read(Path::new(named))?;
            let text = String::from_utf8_lossy(&bytes);
            read_keys(&text).map_err(|error| unusable(&format!("{named}: "), error))
        }
    }
}
