//! Proofs that a leaf is in a tree, and that a tree is the beginning of another.

use alloc::vec::Vec;

use super::hash::TreeHash;

/// Whether a leaf with this hash stands at `index` of the tree with `size` leaves and this root (RFC 9162, section 2.1.3.2).
#[must_use]
pub fn is_included(leaf: &TreeHash, index: u64, size: u64, path: &[TreeHash], root: &TreeHash) -> bool {
    if index >= size {
        return false;
    }
    let mut climb = Climb { at: index, last: size - 1 };
    let mut hash = *leaf;
    for sibling in path {
        hash = match climb.up() {
            Some(Side::Left) => TreeHash::of_children(&hash, sibling),
            Some(Side::Right) => TreeHash::of_children(sibling, &hash),
            None => return false,
        };
    }
    climb.last == 0 && hash == *root
}

/// Whether the tree with `old_size` leaves and `old_root` is the beginning of the one with `size` leaves and `root` (RFC 9162,
/// section 2.1.4.2). Every tree begins with the tree without leaves.
#[must_use]
pub fn is_consistent(
    old_size: u64,
    old_root: &TreeHash,
    size: u64,
    root: &TreeHash,
    path: &[TreeHash],
) -> bool {
    if old_size == 0 || old_size == size {
        let trivial = if old_size == 0 { *old_root == TreeHash::of_nothing() } else { old_root == root };
        return trivial && path.is_empty();
    }
    if old_size > size {
        return false;
    }
    let mut climb = Climb { at: old_size - 1, last: size - 1 };
    while climb.at & 1 == 1 {
        climb.rise();
    }
    // An old tree that is perfect is a node of the new one, and its root stands for itself.
    let perfect = old_size.is_power_of_two().then_some(old_root);
    let mut path = perfect.into_iter().chain(path);
    let Some(first) = path.next() else { return false };
    let (mut old, mut new) = (*first, *first);
    for sibling in path {
        match climb.up() {
            Some(Side::Left) => new = TreeHash::of_children(&new, sibling),
            Some(Side::Right) => {
                old = TreeHash::of_children(sibling, &old);
                new = TreeHash::of_children(sibling, &new);
            }
            None => return false,
        }
    }
    climb.last == 0 && old == *old_root && new == *root
}

/// The way from a node up to the root.
struct Climb {
    at: u64,
    /// The last node of the level.
    last: u64,
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

impl Climb {
    /// Goes up to the next node with two children; on which side of it this one is. `None` at the root.
    fn up(&mut self) -> Option<Side> {
        if self.last == 0 {
            return None;
        }
        let side = if self.at & 1 == 1 || self.at == self.last { Side::Right } else { Side::Left };
        // The last node of a level may be its parent's only child; then the parent is the same node.
        while matches!(side, Side::Right) && self.at & 1 == 0 && self.at != 0 {
            self.rise();
        }
        self.rise();
        Some(side)
    }

    const fn rise(&mut self) {
        self.at >>= 1;
        self.last >>= 1;
    }
}

/// The siblings on the way from the leaf at `index` up to the root of the tree with `size` leaves (RFC 6962, section 2.1.1), for
/// `index < size`. `node` gives the roots of perfect subtrees by level and index.
///
/// # Errors
/// Those of `node`.
pub fn inclusion_path<E>(
    index: u64,
    size: u64,
    mut node: impl FnMut(u32, u64) -> Result<TreeHash, E>,
) -> Result<Vec<TreeHash>, E> {
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    while to - from > 1 {
        let middle = from + half(to - from);
        if index < middle {
            path.push(root_of(middle, to, &mut node)?);
            to = middle;
        } else {
            path.push(root_of(from, middle, &mut node)?);
            from = middle;
        }
    }
    path.reverse();
    Ok(path)
}

/// What shows that the tree with `size` leaves begins with the one with `old_size` leaves (RFC 6962, section 2.1.2), for
/// `old_size <= size`.
///
/// # Errors
/// Those of `node`, which is as for [`inclusion_path`].
pub fn consistency_path<E>(
    old_size: u64,
    size: u64,
    mut node: impl FnMut(u32, u64) -> Result<TreeHash, E>,
) -> Result<Vec<TreeHash>, E> {
    let (mut from, mut to) = (0, size);
    let mut path = Vec::new();
    if old_size == 0 {
        return Ok(path);
    }
    // Down to the subtree that ends where the old tree ends.
    while old_size != to {
        let middle = from + half(to - from);
        if old_size <= middle {
            path.push(root_of(middle, to, &mut node)?);
            to = middle;
        } else {
            path.push(root_of(from, middle, &mut node)?);
            from = middle;
        }
    }
    // It is the old tree itself, of which the root is known, or it must be told.
    if from != 0 {
        path.push(root_of(from, to, &mut node)?);
    }
    path.reverse();
    Ok(path)
}

/// The largest power of two below `size`, which is at least 2.
const fn half(size: u64) -> u64 {
    1 << (u64::BITS - 1 - (size - 1).leading_zeros())
}

/// The root over the leaves from `from` up to `to`, of which there is at least one.
fn root_of<E>(
    from: u64,
    to: u64,
    node: &mut impl FnMut(u32, u64) -> Result<TreeHash, E>,
) -> Result<TreeHash, E> {
    let mut parts = Vec::new();
    let mut from = from;
    while from < to {
        // The largest perfect subtree that begins here and does not go beyond the end.
        let fits = u64::BITS - 1 - (to - from).leading_zeros();
        let level = if from == 0 { fits } else { fits.min(from.trailing_zeros()) };
        parts.push(node(level, from >> level)?);
        from += 1 << level;
    }
    let joined = parts.into_iter().rev().reduce(|right, left| TreeHash::of_children(&left, &right));
    Ok(joined.unwrap_or_else(TreeHash::of_nothing))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::log::Edge;
    use alloc::collections::BTreeMap;
    use core::convert::Infallible;

    /// Trees of every size up to `LARGEST`, with their nodes.
    const LARGEST: u64 = 70;

    struct Trees {
        leaves: Vec<TreeHash>,
        roots: Vec<TreeHash>,
        nodes: BTreeMap<(u32, u64), TreeHash>,
    }

    fn trees() -> Trees {
        let mut edge = Edge::default();
        let mut trees = Trees { leaves: Vec::new(), roots: Vec::from([edge.root()]), nodes: BTreeMap::new() };
        for number in 0..LARGEST {
            let leaf = TreeHash::of_leaf(&number.to_be_bytes());
            trees.leaves.push(leaf);
            trees.nodes.extend(edge.push(leaf).iter().map(|node| ((node.level, node.index), node.hash)));
            trees.roots.push(edge.root());
        }
        trees
    }

    impl Trees {
        fn root(&self, size: u64) -> &TreeHash {
            &self.roots[usize::try_from(size).unwrap()]
        }

        fn leaf(&self, index: u64) -> &TreeHash {
            &self.leaves[usize::try_from(index).unwrap()]
        }

        fn node(&self) -> impl FnMut(u32, u64) -> Result<TreeHash, Infallible> + '_ {
            |level, index| Ok(self.nodes[&(level, index)])
        }
    }

    /// Every way of spoiling a path.
    fn spoiled(path: &[TreeHash]) -> impl Iterator<Item = Vec<TreeHash>> + '_ {
        let other = TreeHash::of_leaf(b"other");
        let longer = core::iter::once([path, &[other]].concat());
        let shorter = path.split_last().map(|(_, rest)| rest.to_vec());
        let changed = (0..path.len()).map(move |at| {
            let mut path = path.to_vec();
            path[at] = other;
            path
        });
        longer.chain(shorter).chain(changed)
    }

    #[test]
    fn every_leaf_of_every_tree_is_proved_and_nothing_else() {
        let trees = trees();
        for size in 1..=LARGEST {
            let root = trees.root(size);
            for index in 0..size {
                let Ok(path) = inclusion_path(index, size, trees.node());
                assert!(is_included(trees.leaf(index), index, size, &path, root), "{index} of {size}");
                for spoiled in spoiled(&path) {
                    assert!(
                        !is_included(trees.leaf(index), index, size, &spoiled, root),
                        "{index} of {size}"
                    );
                }
                let other = trees.leaf((index + 1) % LARGEST);
                assert!(!is_included(other, index, size, &path, root), "{index} of {size}");
                assert!(!is_included(trees.leaf(index), size, size, &path, root));
                assert!(!is_included(trees.leaf(index), index, size, &path, trees.root(size - 1)));
            }
        }
        assert!(!is_included(trees.leaf(0), 0, 0, &[], trees.root(0)));
    }

    #[test]
    fn every_beginning_of_every_tree_is_proved_and_nothing_else() {
        let trees = trees();
        for size in 0..=LARGEST {
            for old in 0..=size {
                let Ok(path) = consistency_path(old, size, trees.node());
                let holds =
                    |path: &[TreeHash]| is_consistent(old, trees.root(old), size, trees.root(size), path);
                assert!(holds(&path), "{old} of {size}");
                for spoiled in spoiled(&path) {
                    assert!(!holds(&spoiled), "{old} of {size}");
                }
                if old != size {
                    assert!(!is_consistent(size, trees.root(size), old, trees.root(old), &path));
                }
                // Another tree of the same size.
                let other = TreeHash::of_leaf(b"other");
                assert!(!is_consistent(old, &other, size, trees.root(size), &path), "{old} of {size}");
                if old > 0 {
                    assert!(!is_consistent(old, trees.root(old), size, &other, &path), "{old} of {size}");
                }
            }
        }
    }

    /// The example of RFC 6962, section 2.1.3: a tree of seven leaves.
    #[test]
    fn paths_are_those_of_the_example() {
        let trees = trees();
        let node = |level, index| trees.nodes[&(level, index)];
        let path = |index| {
            let Ok(path) = inclusion_path(index, 7, trees.node());
            path
        };
        let (a, b, c, d, f, j) = (node(0, 0), node(0, 1), node(0, 2), node(0, 3), node(0, 5), node(0, 6));
        let (g, h, i, k) = (node(1, 0), node(1, 1), node(1, 2), node(2, 0));
        let l = TreeHash::of_children(&i, &j);
        assert_eq!(path(0), [b, h, l]);
        assert_eq!(path(3), [c, g, l]);
        assert_eq!(path(4), [f, j, k]);
        assert_eq!(path(6), [i, k]);
        let consistency = |old| {
            let Ok(path) = consistency_path(old, 7, trees.node());
            path
        };
        assert_eq!(consistency(3), [c, d, g, l]);
        assert_eq!(consistency(4), [l]);
        assert_eq!(consistency(6), [i, j, k]);
        assert_ne!(a, b);
    }
}
