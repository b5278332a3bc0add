//! The hashes of the tree.

use alloc::string::String;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use core::fmt;
use sha2::{Digest, Sha256};

/// The hash of a leaf or of an inner node (RFC 6962, section 2.1, with SHA-256).
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct TreeHash([u8; 32]);

impl TreeHash {
    /// Of a leaf: SHA-256(0x00 ‖ leaf).
    #[must_use]
    pub fn of_leaf(leaf: &[u8]) -> Self {
        Self(Sha256::new_with_prefix([0]).chain_update(leaf).finalize().into())
    }

    /// Of an inner node: SHA-256(0x01 ‖ left ‖ right).
    #[must_use]
    pub fn of_children(left: &Self, right: &Self) -> Self {
        Self(Sha256::new_with_prefix([1]).chain_update(left.0).chain_update(right.0).finalize().into())
    }

    /// The root of the tree without leaves: SHA-256 of nothing.
    #[must_use]
    pub fn of_nothing() -> Self {
        Self(Sha256::digest([]).into())
    }

    /// Takes 32 bytes for a hash.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }

    /// Reads the 44 characters of base64 (RFC 4648, section 4) in which notes write hashes; `None` if they are none, or not the
    /// one text for their value.
    #[must_use]
    pub fn from_base64(text: &str) -> Option<Self> {
        // No text that is longer is decoded.
        let decoded = (text.len() == 44).then(|| STANDARD.decode(text).ok())??;
        decoded.try_into().ok().map(Self)
    }

    /// The 44 characters.
    #[must_use]
    pub fn to_base64(&self) -> String {
        STANDARD.encode(self.0)
    }
}

impl fmt::Display for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_base64())
    }
}

impl fmt::Debug for TreeHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TreeHash({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    /// RFC 6962 leaves the values open; these are what Certificate Transparency's own tests have.
    #[test]
    fn leaves_nodes_and_nothing_are_hashed_apart() {
        let shown = |hash: TreeHash| hex(hash.as_bytes());
        assert_eq!(
            shown(TreeHash::of_nothing()),
            "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
        );
        let (empty, zero) = (TreeHash::of_leaf(b""), TreeHash::of_leaf(b"\0"));
        assert_eq!(shown(empty), "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d");
        assert_eq!(
            shown(TreeHash::of_children(&empty, &zero)),
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"
        );
    }

    #[test]
    fn base64_has_one_text_for_a_hash() {
        let hash = TreeHash::of_leaf(b"x");
        assert_eq!(TreeHash::from_base64(&hash.to_base64()), Some(hash));
        let zeros = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        assert_eq!(TreeHash::from_base64(zeros), Some(TreeHash::from_bytes([0; 32])));
        for bad in [
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAB=",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA-=",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "",
        ] {
            assert_eq!(TreeHash::from_base64(bad), None, "{bad}");
        }
    }
}
