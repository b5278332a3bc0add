//! The folder that an export is written to.

use lictor_shared::limits;
use lictor_shared::log::{Checkpoint, SignedNote, TILE_WIDTH, Tile, TileKind, TreeHash};
use std::collections::BTreeSet;
use std::fs::{self, File, TryLockError};
use std::io::{self, Read as _};
use std::path::{Path, PathBuf};

use super::super::CHECKPOINT;
use crate::durable::{self, Readers, cannot_read, cannot_write};
use crate::error::{Failure, FailureKind};
use crate::ledger::Ledger;

/// What an export's tiles lie in.
const TILES: &str = "tile";

/// An export's folder, held by nobody else.
#[derive(Debug)]
pub(super) struct ExportFolder {
    path: PathBuf,
    #[expect(dead_code, reason = "its lock ends with it")]
    lock: Option<File>,
    /// Folders in which something may have a name that is not on disk yet.
    touched: BTreeSet<PathBuf>,
    written: u64,
}

impl ExportFolder {
    /// Makes it, or takes one that is there; it must be empty or hold an export.
    pub(super) fn open(path: &Path) -> Result<Self, Failure> {
        let there = path.symlink_metadata().is_ok();
        if there {
            holds_export_or_nothing(path)?;
        } else {
            durable::create_folders(path)?;
        }
        Ok(Self { path: path.into(), lock: lock(path)?, touched: BTreeSet::new(), written: 0 })
    }

    /// How many events its checkpoint covers, 0 if it has none. They are the first ones of this ledger.
    pub(super) fn covers(&self, ledger: &Ledger, origin: &str) -> Result<u64, Failure> {
        let Some(found) = self.checkpoint()? else { return Ok(0) };
        if found.origin != origin {
            let why = format!("holds the log {:?}, and this one is {origin:?}", found.origin);
            return Err(self.refused(&why, "Name another folder: every log has its own."));
        }
        let tree = ledger.tree();
        let (events, _) = tree.head()?;
        if found.size > events {
            let why =
                format!("covers {} events, and the ledger has {events}: it is an older copy", found.size);
            return Err(self
                .refused(&why, "lictor audit verify --against CHECKPOINT says more.")
                .with("events", found.size));
        }
        if tree.root_at(found.size)? != found.root {
            let why = format!(
                "says otherwise than the ledger of its first {} events: one of the two was changed",
                found.size
            );
            return Err(self
                .refused(&why, "lictor audit check-export says whether the folder is as it was signed.")
                .with("events", found.size));
        }
        // A checkpoint alone is none of an export: where a tile is gone, all of them are compared anew.
        let has_all = TileKind::of(found.size).all(|kind| self.has_last(kind, found.size));
        Ok(if has_all { found.size } else { 0 })
    }

    fn has_last(&self, kind: TileKind, size: u64) -> bool {
        let last = kind.count(size).saturating_sub(1) / u64::from(TILE_WIDTH);
        Tile::of(kind, last, size).is_some_and(|tile| self.path.join(tile.to_string()).is_file())
    }

    fn checkpoint(&self) -> Result<Option<Checkpoint>, Failure> {
        let path = self.path.join(CHECKPOINT);
        let mut note = Vec::new();
        let most = u64::try_from(limits::NOTE_BYTES + 1).unwrap_or(u64::MAX);
        match File::open(&path).and_then(|file| file.take(most).read_to_end(&mut note)) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            read => read.map_err(cannot_read(&path))?,
        };
        // Whoever could write here could write any checkpoint: it is compared with the ledger, so nobody need have signed it.
        let read = SignedNote::read(&note).map_err(Into::into).and_then(|note| Checkpoint::untrusted(&note));
        let hint = "Name another folder, or remove this file: then everything in it is compared anew.";
        read.map(Some).map_err(|error| self.refused(&format!("has a checkpoint that is none: {error}"), hint))
    }

    fn refused(&self, why: &str, hint: &str) -> Failure {
        refused(&self.path, why, hint)
    }

    /// Writes a tile, unless it is there, just so.
    pub(super) fn put(&mut self, tile: &Tile, bytes: &[u8]) -> Result<(), Failure> {
        let path = self.path.join(tile.to_string());
        self.touch(durable::parent(&path))?;
        // A file that has the bytes may be one of an export that was broken off: its name is made durable with the others.
        if !is_just_so(&path, bytes) {
            durable::put(&path, bytes, Readers::Anyone)?;
            self.written += 1;
        }
        Ok(())
    }

    /// Writes a tile of hashes.
    pub(super) fn put_hashes(&mut self, tile: Option<Tile>, hashes: &[TreeHash]) -> Result<(), Failure> {
        let bytes: Vec<u8> = hashes.iter().flat_map(|hash| *hash.as_bytes()).collect();
        // No tile is made but of hashes that there are.
        tile.map_or(Ok(()), |tile| self.put(&tile, &bytes))
    }

    /// Makes a folder that is written to, and removes what a killed export left there: this one holds the lock.
    fn touch(&mut self, folder: &Path) -> Result<(), Failure> {
        if self.touched.contains(folder) {
            return Ok(());
        }
        durable::create_folders(folder)?;
        for entry in fs::read_dir(folder).map_err(cannot_read(folder))? {
            let path = entry.map_err(cannot_read(folder))?.path();
            if durable::is_leftover(&path) && path.is_file() {
                fs::remove_file(&path).map_err(cannot_write(&path))?;
            }
        }
        self.touched.insert(folder.into());
        Ok(())
    }

    /// After `Ok` every tile that was put is on disk, name included.
    pub(super) fn sync(&mut self) -> Result<(), Failure> {
        self.touched.iter().try_for_each(|folder| durable::sync_folder(folder))
    }

    /// At every moment the old checkpoint or the new one is there, whole.
    pub(super) fn replace_checkpoint(&mut self, note: &[u8]) -> Result<(), Failure> {
        let folder = self.path.clone();
        self.touch(&folder)?;
        durable::replace(&folder.join(CHECKPOINT), note, Readers::Anyone)?;
        self.written += 1;
        Ok(())
    }

    /// Removes the partial tiles in whose place a full one stands since a log of `before` entries has `size`; how many.
    pub(super) fn remove_superseded(&self, before: u64, size: u64) -> Result<u64, Failure> {
        let tiles = TileKind::of(size).flat_map(|kind| Tile::since(kind, before, size));
        tiles.filter(|tile| !tile.is_partial()).map(|tile| self.remove_partial(&tile)).sum()
    }

    fn remove_partial(&self, full: &Tile) -> Result<u64, Failure> {
        let folder = self.path.join(format!("{full}.p"));
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries.map_err(cannot_read(&folder))?,
        };
        let mut removed = 0;
        for entry in entries {
            let path = entry.map_err(cannot_read(&folder))?.path();
            let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
            if Tile::read(&format!("{full}.p/{name}")).is_some() || durable::is_leftover(&path) {
                fs::remove_file(&path).map_err(cannot_write(&path))?;
                removed += 1;
            }
        }
        match fs::remove_dir(&folder) {
            // Something lies there that is not ours.
            Err(error) if error.kind() == io::ErrorKind::DirectoryNotEmpty => Ok(removed),
            done => done.map(|()| removed).map_err(cannot_write(&folder)),
        }
    }

    pub(super) const fn written(&self) -> u64 {
        self.written
    }
}

/// Two exports at once: the second is refused, so that it cannot put an older checkpoint in the place of a newer one. Where the
/// file system knows no locks it goes on: both write the same bytes under the same names, each file at once, so the worst is
/// that an older checkpoint stands there, of which every tile is there as well.
fn lock(path: &Path) -> Result<Option<File>, Failure> {
    let folder = File::open(path).map_err(cannot_read(path))?;
    match folder.try_lock() {
        Ok(()) => Ok(Some(folder)),
        Err(TryLockError::WouldBlock) => Err(refused(
            path,
            "is being exported to by another process",
            "Wait until it is done, and repeat the command.",
        )),
        Err(TryLockError::Error(_)) => Ok(None),
    }
}

/// Refuses a folder with something in it that is no export.
fn holds_export_or_nothing(path: &Path) -> Result<(), Failure> {
    let has_checkpoint = path.join(CHECKPOINT).symlink_metadata().is_ok();
    let mut entries = fs::read_dir(path).map_err(|error| match error.kind() {
        io::ErrorKind::NotADirectory => refused(path, "is no folder", "Name a folder."),
        _ => cannot_read(path)(error),
    })?;
    let foreign = |entry: io::Result<fs::DirEntry>| {
        entry.map_or(true, |entry| entry.file_name() != TILES && !durable::is_leftover(&entry.path()))
    };
    match has_checkpoint || !entries.any(foreign) {
        true => Ok(()),
        false => Err(refused(
            path,
            "has something in it, and no checkpoint of a log",
            "Name an empty folder, one that an export was written to, or one that does not exist yet.",
        )),
    }
}

fn refused(path: &Path, why: &str, hint: &str) -> Failure {
    let path = path.display().to_string();
    Failure::new(FailureKind::Conflict, format!("{path} {why}; it was not touched."))
        .hint(hint)
        .with("path", path)
}

fn is_just_so(path: &Path, bytes: &[u8]) -> bool {
    path.symlink_metadata().is_ok_and(|found| found.is_file()) && durable::is_just_so(path, bytes)
}
