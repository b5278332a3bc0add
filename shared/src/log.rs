//! The issuer's event log as others can check it: a Merkle tree (RFC 6962), checkpoints of it in signed notes, receipts.
//!
//! Nothing here is our own invention, so that outside tools read it too: the tree is that of RFC 6962 with SHA-256, the
//! rest is C2SP [signed-note], [tlog-checkpoint] and [tlog-proof].
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

mod checkpoint;
mod edge;
mod hash;
mod note;
mod path;
mod receipt;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use edge::{Edge, Node};
pub use hash::TreeHash;
pub use note::{NoteError, NoteKey, SignedNote};
pub use path::{consistency_path, inclusion_path, is_consistent, is_included};
pub use receipt::{Receipt, ReceiptError};
