//! Checking an exported log, with nothing but the folder and the log's verifier key.

mod files;
mod rebuilt;
mod strangers;

use lictor_shared::log::{
    Checkpoint, CheckpointError, CutOff, Entries, LogEvent, NoteError, NoteKey, SignedNote, Tile, TileKind,
    TreeHash,
};
use std::path::Path;

use self::files::{Files, differs};
use self::rebuilt::Rebuilt;
use super::{CHECKPOINT, Progress};
use crate::error::{Failure, FailureKind};

/// What was checked of an exported log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CheckedExport {
    /// How many events it has, and whose they are.
    pub checkpoint: Checkpoint,
    /// How many files were read, the checkpoint included.
    pub files: u64,
    /// The names in the checkpoint's signatures by keys of others, as witnesses are. Nobody has checked these signatures.
    pub unchecked: Vec<String>,
}

/// Makes sure that every byte of every file in the folder is what the checkpoint says that the log with one of these keys signed, and
/// that nothing is missing and nothing else is there. The names of empty folders are not looked at.
///
/// # Errors
/// [`FailureKind::Ledger`] with the first file that differs in `details.file`, and in `details.event` the first event that it
/// differs about; [`FailureKind::CannotRead`] if there is no export, or something cannot be read.
pub fn check_export(folder: &Path, keys: &[NoteKey]) -> Result<CheckedExport, Failure> {
    check_export_and_see(folder, keys, |_| ())
}

/// The same; `see` is told now and then how far it is.
///
/// # Errors
/// As [`check_export`].
pub fn check_export_and_see(
    folder: &Path,
    keys: &[NoteKey],
    mut see: impl FnMut(Progress),
) -> Result<CheckedExport, Failure> {
    let files = Files::of(folder);
    let (checkpoint, unchecked) = checkpoint(&files, keys)?;
    let of = checkpoint.size;
    let mut rebuilt = Rebuilt::new(&files, of);
    let bundles = || Tile::since(TileKind::Entries, 0, of);
    // Every entry is read twice, so each time counts for half.
    for bundle in bundles() {
        add_entries(&files, &bundle, &mut rebuilt)?;
        see(Progress { done: end(&bundle) / 2, of });
    }
    rebuilt.is(&checkpoint)?;
    // Only what was signed is worth reading.
    for bundle in bundles() {
        are_events(&files, &bundle)?;
        see(Progress { done: u64::midpoint(of, end(&bundle)), of });
    }
    let files = strangers::none(&files, of)?;
    Ok(CheckedExport { checkpoint, files, unchecked })
}

/// The checkpoint, and the names in the signatures of others.
fn checkpoint(files: &Files<'_>, keys: &[NoteKey]) -> Result<(Checkpoint, Vec<String>), Failure> {
    let note = SignedNote::read(&files.checkpoint()?).map_err(|error| not_as_signed(error.into()))?;
    let key = note.key_among(keys).ok_or_else(|| NoteError::NotSignedBy("any key".into()));
    let key = key.map_err(|error| not_as_signed(error.into()))?;
    let checkpoint = Checkpoint::read(note.to_string().as_bytes(), key).map_err(not_as_signed)?;
    // Others may sign it too, but an export writes one line in the name of the log.
    let (ours, others): (Vec<&str>, _) = note.signers().partition(|name| *name == key.name());
    match ours.len() {
        1 => Ok((checkpoint, others.into_iter().map(ToOwned::to_owned).collect())),
        lines => Err(several(key.name(), lines)),
    }
}

fn not_as_signed(error: CheckpointError) -> Failure {
    Failure::new(FailureKind::Ledger, format!("The file {CHECKPOINT} is not as the log signed it: {error}."))
        .hint(
            "Compare the key with the one that the issuer gave you; if it is that one, the file was changed.",
        )
        .with("file", CHECKPOINT)
        .because(error)
}

fn several(name: &str, lines: usize) -> Failure {
    let message = format!(
        "The file {CHECKPOINT} is not as the export wrote it: {lines} signatures say that they are by {name}, and an export writes one."
    );
    Failure::new(FailureKind::Ledger, message).hint("Ask for the folder again.").with("file", CHECKPOINT)
}

/// Takes the entries of a bundle into the tree.
fn add_entries(files: &Files<'_>, bundle: &Tile, rebuilt: &mut Rebuilt<'_, '_>) -> Result<(), Failure> {
    let bytes = files.tile(bundle)?;
    let mut at = 0;
    for entry in Entries::of(&bytes) {
        let number = bundle.event(at);
        if at >= bundle.width().into() {
            return Err(rebuilt
                .or_earlier(bundle, differs(bundle, number, "more follows than the checkpoint covers")));
        }
        let entry = entry.map_err(|CutOff| rebuilt.or_earlier(bundle, ends(bundle, number)))?;
        rebuilt.push(TreeHash::of_leaf(entry))?;
        at += 1;
    }
    match at < bundle.width().into() {
        true => Err(rebuilt.or_earlier(bundle, ends(bundle, bundle.event(at)))),
        false => Ok(()),
    }
}

/// How many entries there are up to the end of a bundle.
fn end(bundle: &Tile) -> u64 {
    bundle.first() + u64::from(bundle.width())
}

fn ends(bundle: &Tile, event: u64) -> Failure {
    differs(bundle, event, "it ends there")
}

/// Every entry is an event, and that of its place: signed as it stands it may be, but no issuer's log is otherwise.
fn are_events(files: &Files<'_>, bundle: &Tile) -> Result<(), Failure> {
    let bytes = files.tile(bundle)?;
    for (number, entry) in (bundle.event(0)..).zip(Entries::of(&bytes).flatten()) {
        let seq = LogEvent::read(entry).map(|event| event.seq);
        let seq = seq.map_err(|error| differs(bundle, number, &error.to_string()))?;
        if seq != number {
            return Err(differs(bundle, number, &format!("its entry says that it is event {seq}")));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
