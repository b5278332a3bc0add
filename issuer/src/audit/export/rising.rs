//! The tiles above the entries' hashes, as they fill.

use lictor_shared::log::{Node, TILE_LEVELS, TILE_WIDTH, Tile, TileKind, TreeHash};
use rusqlite::Connection;

use super::folder::ExportFolder;
use crate::error::Failure;
use crate::ledger::log;

/// For each level above the first the tile that is being filled. It holds 256 hashes of a level at most, however large the log.
#[derive(Debug, Default)]
pub(super) struct Rising {
    levels: Vec<Filling>,
}

#[derive(Debug, Default)]
struct Filling {
    /// The tiles before it.
    index: u64,
    hashes: Vec<TreeHash>,
}

impl Rising {
    /// As they stand in a log of so many entries.
    pub(super) fn from(connection: &Connection, size: u64) -> Result<Self, Failure> {
        let width = u64::from(TILE_WIDTH);
        let filling = |kind: TileKind| {
            let TileKind::Hashes(level) = kind else { return Ok(Filling::default()) };
            let (index, count) = (kind.count(size) / width, kind.count(size) % width);
            let hashes = log::stored(connection, level * TILE_LEVELS, index * width, count)?;
            Ok(Filling { index, hashes })
        };
        // The first two are the entries and their hashes.
        let levels = TileKind::of(size).skip(2).map(filling).collect::<Result<_, Failure>>()?;
        Ok(Self { levels })
    }

    /// Takes what became whole with a leaf, and writes the tile that it fills.
    pub(super) fn take(&mut self, whole: &[Node], folder: &mut ExportFolder) -> Result<(), Failure> {
        for node in whole.iter().filter(|node| log::is_stored(node)) {
            let level = node.level / TILE_LEVELS;
            let place = usize::try_from(level - 1).unwrap_or(usize::MAX);
            if self.levels.len() <= place {
                self.levels.push(Filling::default());
            }
            // Levels begin one after the other.
            let Some(filling) = self.levels.get_mut(place) else { continue };
            filling.hashes.push(node.hash);
            if filling.hashes.len() == usize::from(TILE_WIDTH) {
                let full = Tile::of(TileKind::Hashes(level), filling.index, u64::MAX);
                folder.put_hashes(full, &filling.hashes)?;
                *filling = Filling { index: filling.index + 1, hashes: Vec::new() };
            }
        }
        Ok(())
    }

    /// Writes those that a log of so many entries leaves partial.
    pub(super) fn put_rest(self, size: u64, folder: &mut ExportFolder) -> Result<(), Failure> {
        for (level, filling) in (1..).zip(self.levels) {
            if !filling.hashes.is_empty() {
                folder.put_hashes(Tile::of(TileKind::Hashes(level), filling.index, size), &filling.hashes)?;
            }
        }
        Ok(())
    }
}
