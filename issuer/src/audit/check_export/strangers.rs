//! What else lies in the folder of an export.

use lictor_shared::log::{Entries, Tile, TileKind};
use std::fs;
use std::path::Path;

use super::super::CHECKPOINT;
use super::files::{Files, HASH, differs, stranger};
use crate::durable::cannot_read;
use crate::error::Failure;

/// Refuses the first file that does not belong to a log of so many entries, and a partial tile of an earlier export that is not
/// the beginning of the tile that stands in its place; how many files there are.
pub(super) fn none(files: &Files<'_>, size: u64) -> Result<u64, Failure> {
    let mut count = 0;
    walk(files.folder, "", &mut |name, is_file| {
        count += 1;
        if name == CHECKPOINT && is_file { Ok(()) } else { belongs(files, name, is_file, size) }
    })?;
    Ok(count)
}

fn belongs(files: &Files<'_>, name: &str, is_file: bool, size: u64) -> Result<(), Failure> {
    let Some(tile) = Tile::read(name) else {
        return Err(stranger(name, "no file of an export has this name"));
    };
    if !is_file {
        return Err(stranger(name, "it is no file"));
    }
    match Tile::of(tile.kind(), tile.index(), size) {
        // It was read when the tree was built.
        Some(covering) if covering == tile => Ok(()),
        Some(covering) if covering.width() > tile.width() => is_beginning(files, &tile, &covering),
        _ => Err(stranger(name, &format!("the checkpoint covers {size} events only"))),
    }
}

/// Whether a partial tile is what the wider one, which was checked, begins with.
fn is_beginning(files: &Files<'_>, tile: &Tile, covering: &Tile) -> Result<(), Failure> {
    let (found, whole) = (files.tile(tile)?, files.tile(covering)?);
    let length = match tile.kind() {
        TileKind::Hashes(_) => usize::from(tile.width()) * HASH,
        TileKind::Entries => {
            Entries::of(&whole).flatten().take(tile.width().into()).map(|entry| entry.len() + 2).sum()
        }
    };
    let expected = whole.get(..length).unwrap_or_default();
    if found == expected {
        return Ok(());
    }
    let same = found.iter().zip(expected).take_while(|(found, expected)| found == expected).count();
    let at = match tile.kind() {
        TileKind::Hashes(_) => same / HASH,
        TileKind::Entries => entry_at(&whole, same),
    };
    let at = u64::try_from(at).unwrap_or(u64::MAX).min(u64::from(tile.width()) - 1);
    Err(differs(tile, tile.event(at), &format!("it is not what {covering} begins with")))
}

/// Which entry of a bundle this byte belongs to.
fn entry_at(bundle: &[u8], byte: usize) -> usize {
    let ends = Entries::of(bundle).flatten().scan(0, |end, entry| {
        *end += entry.len() + 2;
        Some(*end)
    });
    ends.take_while(|end| *end <= byte).count()
}

/// Visits everything that is no folder, in the order of the names.
fn walk(
    folder: &Path,
    name: &str,
    visit: &mut impl FnMut(&str, bool) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let path = folder.join(name);
    let mut entries = fs::read_dir(&path)
        .and_then(|entries| {
            entries
                .map(|entry| entry.and_then(|entry| Ok((entry.file_name(), entry.file_type()?))))
                .collect::<Result<Vec<_>, _>>()
        })
        .map_err(cannot_read(&path))?;
    entries.sort_by(|(one, _), (other, _)| one.cmp(other));
    for (found, kind) in entries {
        let found = found.to_string_lossy();
        let name = if name.is_empty() { found.into_owned() } else { format!("{name}/{found}") };
        if kind.is_dir() { walk(folder, &name, visit)? } else { visit(&name, kind.is_file())? }
    }
    Ok(())
}
