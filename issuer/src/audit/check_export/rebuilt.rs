//! The tree over the entries of an export, held against the tiles while it grows.

use lictor_shared::log::{Checkpoint, Edge, Node, TILE_LEVELS, TILE_WIDTH, Tile, TileKind, TreeHash};

use super::super::CHECKPOINT;
use super::files::{Files, HASH, differs};
use crate::error::{Failure, FailureKind};

/// What the entries make of the tree. Of each level one tile is held at a time.
#[derive(Debug)]
pub(super) struct Rebuilt<'f, 'p> {
    files: &'f Files<'p>,
    size: u64,
    edge: Edge,
    levels: Vec<Level>,
}

#[derive(Debug, Default)]
struct Level {
    held: Option<(Tile, Vec<u8>)>,
    /// The first hash that is not that of what is below it.
    differs: Option<(Tile, u64)>,
}

impl<'f, 'p> Rebuilt<'f, 'p> {
    pub(super) fn new(files: &'f Files<'p>, size: u64) -> Self {
        let levels = TileKind::of(size).skip(1).map(|_| Level::default()).collect();
        Self { files, size, edge: Edge::default(), levels }
    }

    /// Takes the next entry.
    pub(super) fn push(&mut self, leaf: TreeHash) -> Result<(), Failure> {
        let whole = self.edge.push(leaf);
        let tiled = |node: &&Node| node.level.is_multiple_of(TILE_LEVELS);
        whole.iter().filter(tiled).try_for_each(|node| self.compare(node))
    }

    fn compare(&mut self, node: &Node) -> Result<(), Failure> {
        let width = u64::from(TILE_WIDTH);
        let (number, at) = (node.level / TILE_LEVELS, node.index % width);
        let level = usize::try_from(number).ok().and_then(|number| self.levels.get_mut(number));
        // A tree has no other levels and tiles than those of its size.
        let Some(level) = level else { return Ok(()) };
        let Some(tile) = Tile::of(TileKind::Hashes(number), node.index / width, self.size) else {
            return Ok(());
        };
        let held = match level.held.take().filter(|(held, _)| *held == tile) {
            Some((_, bytes)) => bytes,
            None => self.files.tile(&tile)?,
        };
        let place = usize::try_from(at).unwrap_or(usize::MAX).saturating_mul(HASH);
        if held.get(place..place.saturating_add(HASH)) != Some(node.hash.as_bytes().as_slice()) {
            level.differs.get_or_insert((tile, at));
        }
        level.held = Some((tile, held));
        Ok(())
    }

    /// Of two reasons to refuse a bundle the one that says the earlier event: a length that was changed shows only where the next
    /// entries end.
    pub(super) fn or_earlier(&self, bundle: &Tile, failure: Failure) -> Failure {
        let hashes = self.levels.first().and_then(|level| level.differs);
        match hashes.filter(|(tile, _)| tile.index() == bundle.index()) {
            Some((tile, at)) => differs(bundle, tile.event(at), OTHER_ENTRY),
            None => failure,
        }
    }

    /// Whether the entries are those that the checkpoint signs, and the tiles theirs. If the tree is the right one, what differs
    /// from it is a tile; else it is an entry, the first of which the hash in its tile is another one.
    pub(super) fn is(&self, checkpoint: &Checkpoint) -> Result<(), Failure> {
        let different = || self.levels.iter().filter_map(|level| level.differs);
        if self.edge.root() == checkpoint.root {
            let first = different().min_by_key(|(tile, at)| tile.event(*at));
            return first.map_or(Ok(()), |(tile, at)| Err(differs(&tile, tile.event(at), OTHER_HASH)));
        }
        // The lowest level: what is above it follows from it.
        let Some((tile, at)) = different().next() else { return Err(rewritten(checkpoint)) };
        let event = tile.event(at);
        let bundle = Tile::of(TileKind::Entries, (event - 1) / u64::from(TILE_WIDTH), self.size);
        Err(differs(&bundle.unwrap_or(tile), event, OTHER_ENTRY))
    }
}

const OTHER_ENTRY: &str = "the hash of the entry is another one";
const OTHER_HASH: &str = "a hash is not that of what it stands for";

/// Entries and tiles agree, and not with the checkpoint.
fn rewritten(checkpoint: &Checkpoint) -> Failure {
    let message = format!(
        "The checkpoint signs another log: the {} entries and their tiles agree with each other, and their root is another one. \
         Somebody has written them anew.",
        checkpoint.size
    );
    Failure::new(FailureKind::Ledger, message).hint("Ask for the folder again.").with("file", CHECKPOINT)
}
