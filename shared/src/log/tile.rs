//! The files in which a log is handed on (C2SP tlog-tiles): tiles of hashes, and bundles of entries.

use alloc::vec::Vec;
use core::fmt;

use crate::limits;

/// Hashes of a full tile, and entries of a full bundle.
pub const TILE_WIDTH: u16 = 256;

/// Levels of the tree from one level of tiles to the next: a full tile has 2^8 hashes.
pub const TILE_LEVELS: u32 = 8;

/// Levels of tiles that a log of less than 2^64 entries can have.
const LEVELS: u32 = u64::BITS / TILE_LEVELS;

/// What a file of an exported log holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// The entries themselves.
    Entries,
    /// Hashes: at level 0 those of the entries, at level L the roots over 256^L entries.
    Hashes(u32),
}

/// A file of an exported log. It is full, or as wide as the log was long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl TileKind {
    /// Those that a log of so many entries has, the entries first.
    pub fn of(size: u64) -> impl Iterator<Item = Self> {
        let levels = (0..LEVELS).map(Self::Hashes);
        core::iter::once(Self::Entries).chain(levels).take_while(move |kind| kind.count(size) > 0)
    }

    /// How many hashes or entries of this kind a log of so many entries has.
    #[must_use]
    pub const fn count(self, size: u64) -> u64 {
        match self {
            Self::Entries => size,
            Self::Hashes(level) if level < LEVELS => size >> (level * TILE_LEVELS),
            Self::Hashes(_) => 0,
        }
    }
}

impl Tile {
    /// The widest tile with this index in a log of so many entries; `None` if there is none.
    #[must_use]
    pub fn of(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let before = index.checked_mul(TILE_WIDTH.into())?;
        let rest = kind.count(size).checked_sub(before).filter(|rest| *rest > 0)?;
        let width = u16::try_from(rest).map_or(TILE_WIDTH, |rest| rest.min(TILE_WIDTH));
        Some(Self { kind, index, width })
    }

    /// All tiles of a kind that a log of `size` entries has and one of `old` entries had not, or not as wide, in their order.
    pub fn since(kind: TileKind, old: u64, size: u64) -> impl Iterator<Item = Self> {
        let first = kind.count(old) / u64::from(TILE_WIDTH);
        (first..).map_while(move |index| Self::of(kind, index, size))
    }

    /// What it holds.
    #[must_use]
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// The tiles of its kind before it.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds, 256 at most.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Which of its kind is the first that it holds, from 0.
    #[must_use]
    pub const fn first(&self) -> u64 {
        // An index is that of a file of at most 2^64 entries.
        self.index.saturating_mul(256)
    }

    /// Whether another one will stand in its place when the log has grown.
    #[must_use]
    pub const fn is_partial(&self) -> bool {
        self.width < TILE_WIDTH
    }

    /// The number of the event, from 1, at which its hash or entry number `at`, from 0, begins.
    #[must_use]
    pub const fn event(&self, at: u64) -> u64 {
        let place = self.first().saturating_add(at);
        match self.kind {
            TileKind::Entries => place.saturating_add(1),
            TileKind::Hashes(level) => (place << (level * TILE_LEVELS)).saturating_add(1),
        }
    }

    /// Reads a path as [`Tile`] writes it, and no other text for it.
    #[must_use]
    pub fn read(path: &str) -> Option<Self> {
        let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
        let kind = match kind {
            "entries" => TileKind::Entries,
            level => TileKind::Hashes(super::checkpoint::decimal(level)?.try_into().ok()?),
        };
        let (index, width) = match rest.split_once(".p/") {
            Some((index, width)) => (index, super::checkpoint::decimal(width)?.try_into().ok()?),
            None => (rest, TILE_WIDTH),
        };
        let tile = Self { kind, index: read_index(index)?, width };
        let proper = kind.count(u64::MAX) > 0 && (1..=TILE_WIDTH).contains(&width);
        (proper && Written(path).is(tile)).then_some(tile)
    }
}

/// An index in groups of three digits, all but the last with an x in front.
fn read_index(text: &str) -> Option<u64> {
    text.split('/').try_fold(0_u64, |index, group| {
        let digits = group.strip_prefix('x').unwrap_or(group);
        let group: u64 = digits.bytes().all(|byte| byte.is_ascii_digit()).then(|| digits.parse().ok())??;
        index.checked_mul(1000)?.checked_add(group)
    })
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            TileKind::Entries => f.write_str("tile/entries/")?,
            TileKind::Hashes(level) => write!(f, "tile/{level}/")?,
        }
        // 2^64 has seven groups.
        let groups = (1..=6).rev().map(|power| (1000_u64.pow(power), self.index / 1000_u64.pow(power)));
        for (_, group) in groups.filter(|(_, before)| *before > 0) {
            write!(f, "x{:03}/", group % 1000)?;
        }
        write!(f, "{:03}", self.index % 1000)?;
        if self.is_partial() { write!(f, ".p/{}", self.width) } else { Ok(()) }
    }
}

/// Compares a text with what something is written as, without writing it.
struct Written<'t>(&'t str);

impl Written<'_> {
    fn is(mut self, what: impl fmt::Display) -> bool {
        fmt::Write::write_fmt(&mut self, format_args!("{what}")).is_ok() && self.0.is_empty()
    }
}

impl fmt::Write for Written<'_> {
    fn write_str(&mut self, written: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(written).ok_or(fmt::Error)?;
        Ok(())
    }
}

/// Adds an entry to a bundle: its length in two bytes, the higher one first, and its bytes. `None`, and nothing is added, if
/// it is longer than [`limits::LOG_ENTRY_BYTES`].
#[must_use]
pub fn push_entry(bundle: &mut Vec<u8>, entry: &[u8]) -> Option<()> {
    let length = u16::try_from(entry.len()).ok()?;
    bundle.extend(length.to_be_bytes());
    bundle.extend(entry);
    Some(())
}

/// The entries of a bundle, in their order.
#[derive(Clone, Debug)]
pub struct Entries<'b> {
    rest: &'b [u8],
}

/// An entry is shorter than the bundle says that it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("it ends in the middle of an entry")]
pub struct CutOff;

impl<'b> Entries<'b> {
    /// Those of this bundle.
    #[must_use]
    pub const fn of(bundle: &'b [u8]) -> Self {
        Self { rest: bundle }
    }

    fn advance(&mut self) -> Option<&'b [u8]> {
        let (length, rest) = self.rest.split_first_chunk::<2>()?;
        let (entry, rest) = rest.split_at_checked(u16::from_be_bytes(*length).into())?;
        self.rest = rest;
        Some(entry)
    }
}

impl<'b> Iterator for Entries<'b> {
    type Item = Result<&'b [u8], CutOff>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let entry = self.advance().ok_or(CutOff);
        if entry.is_err() {
            self.rest = &[];
        }
        Some(entry)
    }
}

const _: () = assert!(limits::LOG_BUNDLE_BYTES == 256 * (2 + limits::LOG_ENTRY_BYTES));

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    fn tile(kind: TileKind, index: u64, width: u16) -> Tile {
        Tile { kind, index, width }
    }

    /// Those of C2SP tlog-tiles among them.
    #[test]
    fn paths_are_written_as_they_are_read() {
        for (path, expected) in [
            ("tile/0/000", tile(TileKind::Hashes(0), 0, 256)),
            ("tile/0/x001/x234/067", tile(TileKind::Hashes(0), 1_234_067, 256)),
            ("tile/0/x001/x234/067.p/8", tile(TileKind::Hashes(0), 1_234_067, 8)),
            ("tile/1/x004/820.p/133", tile(TileKind::Hashes(1), 4820, 133)),
            ("tile/entries/x001/000", tile(TileKind::Entries, 1000, 256)),
            ("tile/7/001.p/1", tile(TileKind::Hashes(7), 1, 1)),
            ("tile/entries/x018/x446/x744/x073/x709/x551/615", tile(TileKind::Entries, u64::MAX, 256)),
        ] {
            assert_eq!(expected.to_string(), path);
            assert_eq!(Tile::read(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn nothing_else_is_a_path() {
        for bad in [
            "",
            "tile",
            "tile/0",
            "tile/0/",
            "tile/0/0",
            "tile/0/0000",
            "tile/0/x000/000",
            "tile/0/x001",
            "tile/0/001/000",
            "tile/00/000",
            "tile/8/000",
            "tile/-1/000",
            "tile/0/000.p",
            "tile/0/000.p/",
            "tile/0/000.p/0",
            "tile/0/000.p/256",
            "tile/0/000.p/01",
            "tile/0/000.p/65537",
            "tile/0/000.q/1",
            "tile/0/+00",
            "tile/entry/000",
            "/tile/0/000",
            "tile/0/x018/x446/x744/x073/x709/x551/616",
            "checkpoint",
        ] {
            assert_eq!(Tile::read(bad), None, "{bad}");
        }
    }

    fn paths(size: u64) -> Vec<alloc::string::String> {
        let tiles = TileKind::of(size).flat_map(|kind| Tile::since(kind, 0, size));
        tiles.map(|tile| tile.to_string()).collect()
    }

    #[test]
    fn a_log_has_these_files() {
        assert!(paths(0).is_empty());
        assert_eq!(paths(1), ["tile/entries/000.p/1", "tile/0/000.p/1"]);
        assert_eq!(paths(256), ["tile/entries/000", "tile/0/000", "tile/1/000.p/1"]);
        assert_eq!(
            paths(257),
            ["tile/entries/000", "tile/entries/001.p/1", "tile/0/000", "tile/0/001.p/1", "tile/1/000.p/1"]
        );
        // The example of C2SP tlog-tiles.
        let kinds = |size| TileKind::of(size).map(|kind| kind.count(size)).collect::<Vec<_>>();
        assert_eq!(kinds(70_000), [70_000, 70_000, 273, 1]);
        assert_eq!(paths(70_000).iter().filter(|path| path.contains(".p/")).count(), 4);
        assert_eq!(kinds(u64::MAX).len(), 9);
    }

    #[test]
    fn what_is_new_is_told_apart() {
        let new =
            |kind, old, size| Tile::since(kind, old, size).map(|tile| tile.to_string()).collect::<Vec<_>>();
        assert_eq!(new(TileKind::Hashes(0), 255, 257), ["tile/0/000", "tile/0/001.p/1"]);
        assert_eq!(new(TileKind::Hashes(0), 256, 257), ["tile/0/001.p/1"]);
        assert_eq!(new(TileKind::Hashes(1), 256, 511), ["tile/1/000.p/1"]);
        assert!(new(TileKind::Entries, 512, 512).is_empty());
        assert_eq!(tile(TileKind::Hashes(1), 1, 3).event(2), 258 * 256 + 1);
        assert_eq!(tile(TileKind::Entries, 2, 3).event(1), 514);
    }

    #[test]
    fn bundles_hold_what_was_put_in() {
        let mut bundle = Vec::new();
        let long = [7; limits::LOG_ENTRY_BYTES];
        for entry in [b"one".as_slice(), b"", &long] {
            push_entry(&mut bundle, entry).unwrap();
        }
        assert_eq!(bundle.get(..7), Some(b"\0\x03one\0\0".as_slice()));
        let read: Result<Vec<&[u8]>, CutOff> = Entries::of(&bundle).collect();
        assert_eq!(read, Ok(Vec::from([b"one".as_slice(), b"", &long])));
        let before = bundle.len();
        assert_eq!(push_entry(&mut bundle, &[0; limits::LOG_ENTRY_BYTES + 1]), None);
        assert_eq!(bundle.len(), before);
        for cut in [1, 2, 4, before - 1] {
            let last = Entries::of(bundle.get(..cut).unwrap()).last();
            assert_eq!(last, Some(Err(CutOff)), "{cut}");
        }
        assert_eq!(Entries::of(&[]).next(), None);
    }
}
