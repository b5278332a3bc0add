//! Receipts: proof of one event, to hand out.

use lictor_shared::log::{Checkpoint, NoteKey, Proved, Receipt, SignedNote};

use crate::error::{Failure, FailureKind};
use crate::ledger::{Ledger, log};

/// A receipt of event number `seq` against this checkpoint of the ledger, which the key signed and which covers the event; it
/// has been read and checked as whoever gets it does.
///
/// # Errors
/// [`FailureKind::NotFound`] if the checkpoint covers no such event; [`FailureKind::Ledger`] if the ledger is not as it was when the
/// checkpoint was signed.
pub fn receipt(
    ledger: &Ledger,
    seq: u64,
    note: &SignedNote,
    key: &NoteKey,
) -> Result<(String, Proved), Failure> {
    let size = Checkpoint::untrusted(note).map_err(|error| unproved(&error))?.size;
    let path = ledger.tree().inclusion(seq, size)?;
    let leaf = log::leaves(ledger.connection(), seq - 1, 1)?.into_iter().flatten().collect();
    let written = Receipt::new(leaf, seq - 1, path, note.clone()).to_string();
    let proved =
        Receipt::read(written.as_bytes()).and_then(|receipt| receipt.proves(core::slice::from_ref(key)));
    proved.map(|proved| (written, proved)).map_err(|error| unproved(&error))
}

/// What was put together proves nothing.
fn unproved(error: &dyn core::error::Error) -> Failure {
    Failure::new(
        FailureKind::Ledger,
        format!("The ledger is not as it was when its checkpoint was signed: {error}."),
    )
    .hint("lictor audit verify names the first difference.")
}
