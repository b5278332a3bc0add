//! The log as a folder of files that anybody can check who has the log's verifier key (C2SP tlog-tiles).
//!
//! Tiles are only ever added; the checkpoint is replaced last. So at every moment the folder's checkpoint is one of which every
//! tile is there, and an export that was broken off is completed by the next one.

mod folder;
mod rising;

use lictor_shared::log::{Checkpoint, Edge, NoteKey, SignedNote, Tile, TileKind, TreeHash, push_entry};
use rusqlite::Connection;
use std::path::Path;

use self::folder::ExportFolder;
use self::rising::Rising;
use super::Progress;
use crate::error::{Failure, FailureKind};
use crate::ledger::{Ledger, log};

/// What an export has done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ExportedLog {
    /// How many events the folder held before.
    pub before: u64,
    /// How many its checkpoint covers now.
    pub events: u64,
    /// How many files were written, the checkpoint included.
    pub written: u64,
    /// How many partial tiles went because a full one stands in their place.
    pub removed: u64,
}

/// Brings a folder up to this checkpoint of the ledger, which the key signed. It costs as much as there is to add, and writes
/// nothing that is there already, just so; a folder without a checkpoint is compared from the first event on.
///
/// # Errors
/// [`FailureKind::Conflict`] if the folder holds something else, the log of another origin, or a history that is not the
/// beginning of this one: then it is untouched. [`FailureKind::Ledger`] if the ledger is not as it was when the checkpoint was signed;
/// [`FailureKind::CannotWrite`].
pub fn export_log(
    ledger: &Ledger,
    note: &SignedNote,
    key: &NoteKey,
    folder: &Path,
) -> Result<ExportedLog, Failure> {
    export_log_and_see(ledger, (note, key), folder, |_| ())
}

/// The same; `see` is told now and then how far it is with what there is to add.
///
/// # Errors
/// As [`export_log`].
pub fn export_log_and_see(
    ledger: &Ledger,
    (note, key): (&SignedNote, &NoteKey),
    folder: &Path,
    mut see: impl FnMut(Progress),
) -> Result<ExportedLog, Failure> {
    let note = note.to_string();
    let checkpoint = Checkpoint::read(note.as_bytes(), key)
        .map_err(|error| Failure::new(FailureKind::Ledger, error.to_string()).because(error))?;
    let connection = ledger.connection();
    if ledger.tree().root_at(checkpoint.size)? != checkpoint.root {
        return Err(not_as_signed(&checkpoint));
    }
    let mut folder = ExportFolder::open(folder)?;
    let before = folder.covers(ledger, &checkpoint.origin)?;
    let mut done = ExportedLog { before, events: checkpoint.size.max(before), written: 0, removed: 0 };
    // One that covers more already has everything that this one covers.
    if before >= checkpoint.size && before > 0 {
        return Ok(done);
    }
    add_tiles(connection, (before, &checkpoint), &mut folder, &mut see)?;
    // Every tile is on disk, name included: what the new checkpoint covers is there. A crash before this line leaves the old
    // checkpoint and tiles that it does not need, a crash after it a folder in which only partial tiles are too many.
    folder.replace_checkpoint(note.as_bytes())?;
    done.removed = folder.remove_superseded(before, checkpoint.size)?;
    done.written = folder.written();
    Ok(done)
}

/// Writes the tiles of which the folder has none, or narrower ones.
fn add_tiles(
    connection: &Connection,
    (before, checkpoint): (u64, &Checkpoint),
    folder: &mut ExportFolder,
    see: &mut dyn FnMut(Progress),
) -> Result<(), Failure> {
    let mut edge = log::edge_at(connection, before)?;
    let mut rising = Rising::from(connection, before)?;
    for bundle in Tile::since(TileKind::Entries, before, checkpoint.size) {
        let hashes = add_entries(connection, &bundle, folder)?;
        for hash in hashes.iter().skip(known(&bundle, before)) {
            rising.take(&edge.push(*hash), folder)?;
        }
        let tile = Tile::of(TileKind::Hashes(0), bundle.index(), checkpoint.size);
        folder.put_hashes(tile, &hashes)?;
        see(Progress {
            done: (bundle.first() + u64::from(bundle.width())).saturating_sub(before),
            of: checkpoint.size - before,
        });
    }
    rising.put_rest(checkpoint.size, folder)?;
    folder.sync()?;
    leads_to(&edge, checkpoint)
}

/// How many of a bundle's entries the edge has already.
fn known(bundle: &Tile, before: u64) -> usize {
    usize::try_from(before.saturating_sub(bundle.first())).unwrap_or(usize::MAX)
}

/// Writes a bundle of entries; their hashes.
fn add_entries(
    connection: &Connection,
    bundle: &Tile,
    folder: &mut ExportFolder,
) -> Result<Vec<TreeHash>, Failure> {
    let mut bytes = Vec::new();
    let mut hashes = Vec::new();
    for (number, leaf) in
        (bundle.event(0)..).zip(log::leaves(connection, bundle.first(), bundle.width().into())?)
    {
        push_entry(&mut bytes, &leaf).ok_or_else(|| too_long(number))?;
        hashes.push(TreeHash::of_leaf(&leaf));
    }
    folder.put(bundle, &bytes)?;
    Ok(hashes)
}

/// What was written is what the checkpoint signs.
fn leads_to(edge: &Edge, checkpoint: &Checkpoint) -> Result<(), Failure> {
    if edge.root() == checkpoint.root { Ok(()) } else { Err(not_as_signed(checkpoint)) }
}

fn too_long(seq: u64) -> Failure {
    log::damaged(&format!("event {seq} is longer than an entry of the log can be")).with("event", seq)
}

fn not_as_signed(checkpoint: &Checkpoint) -> Failure {
    log::damaged(&format!("its first {} events are not those that its checkpoint signs", checkpoint.size))
        .hint("lictor audit verify names the first difference.")
        .with("events", checkpoint.size)
}

#[cfg(test)]
mod tests;
