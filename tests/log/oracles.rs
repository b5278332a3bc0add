//! Every size that is awkward: nothing, one, around a tile of 256, a perfect tree, one that is not.

use ct_merkle::mem_backed_tree::MemoryBackedTree;
use lictor_shared::log::{
    Checkpoint, Edge, NoteKey, SignedNote, TreeHash, consistency_path, inclusion_path, is_consistent,
    is_included,
};
use serde_json::Value;
use sha2::Sha256;
use std::collections::BTreeMap;
use std::convert::Infallible;

const SIZES: [u64; 8] = [0, 1, 2, 255, 256, 257, 65_536, 70_001];

/// A tree with the roots of all its beginnings, and its nodes.
struct Tree {
    leaves: Vec<TreeHash>,
    roots: Vec<TreeHash>,
    nodes: BTreeMap<(u32, u64), TreeHash>,
}

fn entry(index: u64) -> String {
    format!("entry {index}")
}

fn place(index: u64) -> usize {
    usize::try_from(index).unwrap()
}

fn tree(size: u64) -> Tree {
    let mut edge = Edge::default();
    let mut tree = Tree { leaves: Vec::new(), roots: vec![edge.root()], nodes: BTreeMap::new() };
    for index in 0..size {
        let leaf = TreeHash::of_leaf(entry(index).as_bytes());
        tree.leaves.push(leaf);
        tree.nodes.extend(edge.push(leaf).iter().map(|node| ((node.level, node.index), node.hash)));
        tree.roots.push(edge.root());
    }
    tree
}

impl Tree {
    fn node(&self) -> impl FnMut(u32, u64) -> Result<TreeHash, Infallible> + '_ {
        |level, index| Ok(self.nodes[&(level, index)])
    }

    fn inclusion(&self, index: u64, size: u64) -> Vec<TreeHash> {
        let Ok(path) = inclusion_path(index, size, self.node());
        path
    }

    fn consistency(&self, old: u64, size: u64) -> Vec<TreeHash> {
        let Ok(path) = consistency_path(old, size, self.node());
        path
    }
}

fn go() -> Value {
    serde_json::from_str(include_str!("go.json")).unwrap()
}

fn path(value: &Value) -> Vec<TreeHash> {
    let hashes = value["path"].as_array().unwrap();
    hashes.iter().map(|hash| TreeHash::from_base64(hash.as_str().unwrap()).unwrap()).collect()
}

fn number(value: &Value) -> u64 {
    value.as_u64().unwrap()
}

#[test]
fn roots_and_proofs_are_those_of_go() {
    let ours = tree(70_001);
    let said = go();
    let sizes: Vec<u64> =
        said["trees"].as_array().unwrap().iter().map(|tree| number(&tree["size"])).collect();
    assert_eq!(sizes, SIZES);
    let mut proofs = 0;
    // Of nothing this version of Go says 32 zeros, where RFC 6962 has SHA-256 of nothing; see the other oracle.
    for tree in &said["trees"].as_array().unwrap()[1..] {
        let size = number(&tree["size"]);
        let root = ours.roots[place(size)];
        assert_eq!(tree["root"], root.to_base64(), "{size}");
        for proof in tree["inclusion"].as_array().unwrap() {
            let (index, path) = (number(&proof["index"]), path(proof));
            assert_eq!(ours.inclusion(index, size), path, "{index} of {size}");
            assert!(is_included(&ours.leaves[place(index)], index, size, &path, &root), "{index} of {size}");
            proofs += 1;
        }
        for proof in tree["consistency"].as_array().unwrap() {
            let (old, path) = (number(&proof["old"]), path(proof));
            assert_eq!(ours.consistency(old, size), path, "{old} of {size}");
            assert!(is_consistent(old, &ours.roots[place(old)], size, &root, &path), "{old} of {size}");
            proofs += 1;
        }
    }
    assert!(proofs > 60, "{proofs} proofs were compared");
}

#[test]
fn checkpoints_are_those_that_go_signs() {
    let said = go();
    let key: NoteKey = said["verifierKey"].as_str().unwrap().parse().unwrap();
    for (note, size) in said["checkpoints"].as_array().unwrap().iter().zip(SIZES) {
        let note = note.as_str().unwrap();
        let checkpoint = Checkpoint::read(note.as_bytes(), &key).unwrap();
        assert_eq!((checkpoint.origin.as_str(), checkpoint.size), ("log.acme.example", size));
        assert_eq!(SignedNote::read(note.as_bytes()).unwrap().to_string(), note);
    }
}

#[test]
fn roots_and_proofs_are_those_of_ct_merkle() {
    let ours = tree(70_001);
    let mut theirs = MemoryBackedTree::<Sha256, Vec<u8>>::new();
    let mut sizes = SIZES.into_iter().peekable();
    let joined = |path: &[TreeHash]| -> Vec<u8> { path.iter().flat_map(|hash| *hash.as_bytes()).collect() };
    for next in 0..=70_001 {
        if sizes.next_if_eq(&next).is_some() {
            assert_eq!(theirs.root().as_bytes().as_slice(), ours.roots[place(next)].as_bytes(), "{next}");
            for index in
                [0, next / 3, next / 2, next.saturating_sub(1)].into_iter().filter(|index| *index < next)
            {
                let proof = theirs.prove_inclusion(place(index));
                assert_eq!(proof.as_bytes(), joined(&ours.inclusion(index, next)), "{index} of {next}");
            }
            for old in [1, next / 3, next / 2, next.saturating_sub(1)]
                .into_iter()
                .filter(|old| (1..next).contains(old))
            {
                let proof = theirs.prove_consistency(place(next - old));
                assert_eq!(proof.as_bytes(), joined(&ours.consistency(old, next)), "{old} of {next}");
            }
        }
        theirs.push(entry(next).into_bytes());
    }
    assert_eq!(sizes.next(), None);
}
