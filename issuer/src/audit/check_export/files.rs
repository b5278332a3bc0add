//! The files of an exported log, read without trust in their sizes.

use lictor_shared::limits;
use lictor_shared::log::{Tile, TileKind};
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use super::super::CHECKPOINT;
use crate::durable::cannot_read;
use crate::error::{Failure, FailureKind};

/// Bytes of a hash.
pub(super) const HASH: usize = 32;

#[derive(Debug)]
pub(super) struct Files<'p> {
    pub(super) folder: &'p Path,
}

impl<'p> Files<'p> {
    pub(super) const fn of(folder: &'p Path) -> Self {
        Self { folder }
    }

    pub(super) fn checkpoint(&self) -> Result<Vec<u8>, Failure> {
        let found = self.read(CHECKPOINT, limits::NOTE_BYTES)?;
        found.ok_or_else(|| {
            let folder = self.folder.display().to_string();
            Failure::new(
                FailureKind::CannotRead,
                format!("There is no exported log in {folder}: it has no file {CHECKPOINT}."),
            )
            .hint("Name the folder that lictor audit export wrote to.")
            .with("file", CHECKPOINT)
            .with("path", folder)
        })
    }

    /// A tile; one of hashes has as many as it should.
    pub(super) fn tile(&self, tile: &Tile) -> Result<Vec<u8>, Failure> {
        let exactly = usize::from(tile.width()) * HASH;
        let most = match tile.kind() {
            TileKind::Entries => limits::LOG_BUNDLE_BYTES,
            TileKind::Hashes(_) => exactly,
        };
        let bytes = self
            .read(&tile.to_string(), most)?
            .ok_or_else(|| differs(tile, tile.event(0), "it is missing"))?;
        if bytes.len() > most {
            return Err(differs(tile, tile.event(0), &format!("it has more than {most} bytes")));
        }
        if matches!(tile.kind(), TileKind::Hashes(_)) && bytes.len() < exactly {
            let event = tile.event(u64::try_from(bytes.len() / HASH).unwrap_or(u64::MAX));
            return Err(differs(tile, event, &format!("it has {} of its {exactly} bytes", bytes.len())));
        }
        Ok(bytes)
    }

    /// The bytes of a file, one more than `most` if it has more; `None` if it is not there.
    fn read(&self, name: &str, most: usize) -> Result<Option<Vec<u8>>, Failure> {
        let path = self.folder.join(name);
        let most = u64::try_from(most).map_or(u64::MAX, |most| most.saturating_add(1));
        // A pipe would be waited for.
        let kind = match path.metadata() {
            Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) => {
                return Ok(None);
            }
            found => found.map_err(cannot_read(&path))?,
        };
        if !kind.is_file() {
            return Err(stranger(name, "it is no file"));
        }
        let mut bytes = Vec::new();
        let read = File::open(&path).and_then(|file| file.take(most).read_to_end(&mut bytes));
        read.map_err(cannot_read(&path))?;
        Ok(Some(bytes))
    }
}

/// A file is not what the checkpoint signs, from an event on.
pub(super) fn differs(tile: &Tile, event: u64, what: &str) -> Failure {
    let file = tile.to_string();
    Failure::new(
        FailureKind::Ledger,
        format!("The file {file} is not as the log signed it, from event {event} on: {what}."),
    )
    .hint(REPAIR)
    .with("file", file)
    .with("event", event)
}

/// A file that an export does not have.
pub(super) fn stranger(file: &str, why: &str) -> Failure {
    Failure::new(FailureKind::Ledger, format!("The file {file} does not belong to the export: {why}."))
        .hint("Everything before it is as it was signed. An export that was broken off leaves files behind, and the next one completes it; remove any other.")
        .with("file", file)
}

const REPAIR: &str = "Ask for the folder again. Whoever has the ledger removes the file checkpoint from the folder and exports \
    again: then every file is compared.";
