//! The right edge of the tree: all that appending needs.

use alloc::vec::Vec;

use super::hash::TreeHash;

/// The roots of the perfect subtrees that a tree consists of, the largest first. A leaf is appended, and the root computed,
/// from these alone: they are as many as the size has binary ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edge {
    size: u64,
    roots: Vec<TreeHash>,
}

/// The root of a perfect subtree, which never changes: it is over the leaves `index × 2^level` up to the next such multiple.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Node {
    /// 0: a leaf.
    pub level: u32,
    /// The subtrees of this level before it.
    pub index: u64,
    /// Its hash.
    pub hash: TreeHash,
}

impl Edge {
    /// Takes up the edge of a tree of `size` leaves; `None` if there are not as many roots as the size has binary ones.
    #[must_use]
    pub fn new(size: u64, roots: Vec<TreeHash>) -> Option<Self> {
        let needed = usize::try_from(size.count_ones()).ok()?;
        (roots.len() == needed).then_some(Self { size, roots })
    }

    /// How many leaves the tree has.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The roots, the largest subtree first.
    #[must_use]
    pub fn roots(&self) -> &[TreeHash] {
        &self.roots
    }

    /// Appends a leaf; the perfect subtrees that are whole from now on, the leaf first.
    pub fn push(&mut self, leaf: TreeHash) -> Vec<Node> {
        let mut node = Node { level: 0, index: self.size, hash: leaf };
        let mut whole = Vec::from([node]);
        // A right child completes its parent.
        while node.index & 1 == 1
            && let Some(left) = self.roots.pop()
        {
            let hash = TreeHash::of_children(&left, &node.hash);
            node = Node { level: node.level + 1, index: node.index >> 1, hash };
            whole.push(node);
        }
        self.roots.push(node.hash);
        self.size += 1;
        whole
    }

    /// The root of the whole tree (RFC 6962, section 2.1).
    #[must_use]
    pub fn root(&self) -> TreeHash {
        let joined =
            self.roots.iter().rev().copied().reduce(|right, left| TreeHash::of_children(&left, &right));
        joined.unwrap_or_else(TreeHash::of_nothing)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;

    /// The leaves and roots of Certificate Transparency's tests.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 8] = [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    #[test]
    fn roots_are_those_of_certificate_transparency() {
        let mut edge = Edge::default();
        assert_eq!(edge.root(), TreeHash::of_nothing());
        for (leaf, root) in LEAVES.iter().zip(ROOTS) {
            edge.push(TreeHash::of_leaf(leaf));
            assert_eq!(hex(edge.root().as_bytes()), root, "{} leaves", edge.size());
        }
    }

    #[test]
    fn what_becomes_whole_is_said_once() {
        let mut edge = Edge::default();
        let whole: Vec<Vec<(u32, u64)>> = LEAVES
            .iter()
            .map(|leaf| {
                edge.push(TreeHash::of_leaf(leaf)).iter().map(|node| (node.level, node.index)).collect()
            })
            .collect();
        let expected: [&[(u32, u64)]; 8] = [
            &[(0, 0)],
            &[(0, 1), (1, 0)],
            &[(0, 2)],
            &[(0, 3), (1, 1), (2, 0)],
            &[(0, 4)],
            &[(0, 5), (1, 2)],
            &[(0, 6)],
            &[(0, 7), (1, 3), (2, 1), (3, 0)],
        ];
        assert_eq!(whole, expected);
    }

    #[test]
    fn an_edge_is_taken_up_where_it_was_left() {
        let mut whole = Edge::default();
        for leaf in LEAVES {
            let before = Edge::new(whole.size(), whole.roots().to_vec()).unwrap();
            assert_eq!(before, whole);
            whole.push(TreeHash::of_leaf(leaf));
        }
        assert_eq!(Edge::new(3, whole.roots().to_vec()), None);
        assert_eq!(Edge::new(0, Vec::new()), Some(Edge::default()));
    }
}
