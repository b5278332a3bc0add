//! The issuer's event log as others can check it: a Merkle tree (RFC 6962), checkpoints of it in signed notes, receipts, and
//! the files in which all of it is handed on.
//!
//! Nothing here is our own invention, so that outside tools read it too: the tree is that of RFC 6962 with SHA-256, the
//! rest is C2SP [signed-note], [tlog-checkpoint], [tlog-proof] and [tlog-tiles].
//!
//! ```
//! use lictor_shared::log::{Edge, TreeHash};
//!
//! let mut tree = Edge::default();
//! for leaf in ["one", "two", "three"] {
//!     tree.push(TreeHash::of_leaf(leaf.as_bytes()));
//! }
//! assert_eq!(tree.size(), 3);
//! ```
//!
//! [signed-note]: https://c2sp.org/signed-note
//! [tlog-checkpoint]: https://c2sp.org/tlog-checkpoint
//! [tlog-proof]: https://c2sp.org/tlog-proof
//! [tlog-tiles]: https://c2sp.org/tlog-tiles

mod checkpoint;
mod edge;
mod event;
mod hash;
mod note;
mod path;
mod receipt;
mod tile;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use edge::{Edge, Node};
pub use event::{LogEvent, LogEventError};
pub use hash::TreeHash;
pub use note::{NoteError, NoteKey, SignedNote, read_keys};
pub use path::{consistency_path, inclusion_path, is_consistent, is_included};
pub use receipt::{Proved, Receipt, ReceiptError};
pub use tile::{CutOff, Entries, TILE_LEVELS, TILE_WIDTH, Tile, TileKind, push_entry};
