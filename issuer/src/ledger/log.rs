//! The tables `log_edge` and `log_node`: the Merkle tree over all events.
//!
//! The edge is all that appending needs, and it is written in the transaction of the event: so a commit costs the same
//! whether the log has a thousand events or a million. The nodes make a proof cost some hundreds of hashes.

use lictor_shared::log::{Edge, Node, TILE_LEVELS, TreeHash};
use rusqlite::{Connection, OptionalExtension as _, Row};
use std::cell::RefCell;

use super::fault::OrFault;
use super::value::Int;
use crate::error::{Failure, FailureKind};

const SELECT_EDGE: &str = "SELECT size, roots FROM log_edge WHERE one = 1";
const UPDATE_EDGE: &str = "UPDATE log_edge SET size = ?1, roots = ?2 WHERE one = 1";
const INSERT_NODE: &str = "INSERT INTO log_node (level, idx, hash) VALUES (?1, ?2, ?3)";
pub(super) const SELECT_NODE: &str = "SELECT hash FROM log_node WHERE level = ?1 AND idx = ?2";
pub(super) const SELECT_LEAVES: &str = "SELECT leaf FROM event WHERE seq > ?1 AND seq <= ?2 ORDER BY seq";
const SELECT_NODES: &str = "SELECT level, idx, hash FROM log_node ORDER BY level, idx";

/// The right edge of the tree as it is stored.
pub(crate) fn edge(connection: &Connection) -> Result<Edge, Failure> {
    let read = |row: &Row<'_>| Ok((row.get::<_, Int>(0)?.0, row.get::<_, Vec<u8>>(1)?));
    let (size, roots) = connection.prepare_cached(SELECT_EDGE).or_fault()?.query_row((), read).or_fault()?;
    let (hashes, rest) = roots.as_chunks::<32>();
    let hashes = hashes.iter().copied().map(TreeHash::from_bytes).collect();
    let edge = if rest.is_empty() { Edge::new(size, hashes) } else { None };
    edge.ok_or_else(|| damaged("the right edge of the log is none"))
}

/// Appends the leaf of an event by its hash, in the transaction that `connection` is in and that appended the event.
pub(super) fn append(connection: &Connection, leaf: TreeHash) -> Result<(), Failure> {
    let mut edge = edge(connection)?;
    push(connection, &mut edge, leaf)?;
    store(connection, &edge)
}

/// The right edge of a change that appends many events: read with the first, and stored with the last, not with each.
#[derive(Debug, Default)]
pub(crate) struct Kept(RefCell<Option<Edge>>);

impl Kept {
    /// Appends the leaf of an event by its hash. Until it is [stored](Self::store) the edge that is stored is the one from before.
    pub(super) fn append(&self, connection: &Connection, leaf: TreeHash) -> Result<(), Failure> {
        let mut kept = self.0.borrow_mut();
        let mut edge = match kept.take() {
            Some(edge) => edge,
            None => edge(connection)?,
        };
        push(connection, &mut edge, leaf)?;
        *kept = Some(edge);
        Ok(())
    }

    /// Stores the edge, before the change is committed.
    pub(super) fn store(&self, connection: &Connection) -> Result<(), Failure> {
        self.0.borrow().as_ref().map_or(Ok(()), |edge| store(connection, edge))
    }
}

/// Appends the leaves of all events that the tree lacks: of a ledger from before there was one.
pub(super) fn catch_up(connection: &Connection) -> Result<(), Failure> {
    let mut edge = edge(connection)?;
    let mut statement = connection.prepare_cached(SELECT_LEAVES).or_fault()?;
    let mut rows = statement.query((Int(edge.size()), i64::MAX)).or_fault()?;
    while let Some(row) = rows.next().or_fault()? {
        let leaf = row.get_ref(0).or_fault()?.as_blob().map_err(|_| damaged("a leaf is no bytes"))?;
        push(connection, &mut edge, TreeHash::of_leaf(leaf))?;
    }
    store(connection, &edge)
}

fn push(connection: &Connection, edge: &mut Edge, leaf: TreeHash) -> Result<(), Failure> {
    for node in edge.push(leaf).into_iter().filter(is_stored) {
        let hash = node.hash.as_bytes().as_slice();
        connection
            .prepare_cached(INSERT_NODE)
            .or_fault()?
            .execute((node.level, Int(node.index), hash))
            .or_fault()?;
    }
    Ok(())
}

fn store(connection: &Connection, edge: &Edge) -> Result<(), Failure> {
    let roots: Vec<u8> = edge.roots().iter().flat_map(|root| *root.as_bytes()).collect();
    connection.prepare_cached(UPDATE_EDGE).or_fault()?.execute((Int(edge.size()), roots)).or_fault()?;
    Ok(())
}

/// Whether a perfect subtree has a row.
pub(crate) const fn is_stored(node: &Node) -> bool {
    node.level > 0 && node.level.is_multiple_of(TILE_LEVELS)
}

/// Every row of `log_node`, by level and index.
pub(crate) fn nodes(connection: &Connection) -> Result<Vec<Node>, Failure> {
    let mut statement = connection.prepare(SELECT_NODES).or_fault()?;
    let read = |row: &Row<'_>| {
        let (level, Int(index), hash) = (row.get(0)?, row.get(1)?, row.get(2)?);
        Ok(Node { level, index, hash: TreeHash::from_bytes(hash) })
    };
    statement.query_map((), read).or_fault()?.collect::<rusqlite::Result<_>>().or_fault()
}

/// The root of a perfect subtree. It reads no more than 256 leaves or nodes, however large the tree is.
pub(crate) fn node(connection: &Connection, level: u32, index: u64) -> Result<TreeHash, Failure> {
    let below = level - level % TILE_LEVELS;
    let (first, count) = (index << (level - below), 1_u64 << (level - below));
    let mut subtree = Edge::default();
    for hash in stored(connection, below, first, count)? {
        subtree.push(hash);
    }
    // The hashes are those of inner nodes, and are joined as leaves' are.
    Ok(subtree.root())
}

/// The root over the first `size` leaves, which must be there.
pub(crate) fn root_at(connection: &Connection, size: u64) -> Result<TreeHash, Failure> {
    edge_at(connection, size).map(|edge| edge.root())
}

/// The right edge that the tree had when it had `size` leaves, which must be there.
pub(crate) fn edge_at(connection: &Connection, size: u64) -> Result<Edge, Failure> {
    let mut roots = Vec::new();
    let mut first = 0;
    for level in (0..u64::BITS).rev() {
        let width = 1_u64 << level;
        if size & width != 0 {
            roots.push(node(connection, level, first >> level)?);
            first += width;
        }
    }
    Edge::new(size, roots).ok_or_else(|| damaged("the log's tree has no such edge"))
}

/// So many leaves from the one after the first `first` on.
pub(crate) fn leaves(connection: &Connection, first: u64, count: u64) -> Result<Vec<Vec<u8>>, Failure> {
    let mut statement = connection.prepare(SELECT_LEAVES).or_fault()?;
    let found = statement.query_map((Int(first), Int(first + count)), |row| row.get(0)).or_fault()?;
    let found: Vec<Vec<u8>> = found.collect::<rusqlite::Result<_>>().or_fault()?;
    match u64::try_from(found.len()) {
        Ok(length) if length == count => Ok(found),
        _ => Err(damaged("the log lacks an event")),
    }
}

/// So many roots of a stored level, or leaves.
pub(crate) fn stored(
    connection: &Connection,
    level: u32,
    first: u64,
    count: u64,
) -> Result<Vec<TreeHash>, Failure> {
    if level == 0 {
        let mut statement = connection.prepare_cached(SELECT_LEAVES).or_fault()?;
        let read = |row: &Row<'_>| Ok(TreeHash::of_leaf(row.get_ref(0)?.as_blob()?));
        let leaves = statement.query_map((Int(first), Int(first + count)), read).or_fault()?;
        let leaves: Vec<TreeHash> = leaves.collect::<rusqlite::Result<_>>().or_fault()?;
        return match u64::try_from(leaves.len()) {
            Ok(found) if found == count => Ok(leaves),
            _ => Err(damaged("the log lacks an event")),
        };
    }
    let mut statement = connection.prepare_cached(SELECT_NODE).or_fault()?;
    let mut read = |index| {
        let found = statement.query_row((level, Int(index)), |row| row.get(0)).optional().or_fault()?;
        found.map(TreeHash::from_bytes).ok_or_else(|| damaged("the log lacks a node of its tree"))
    };
    (first..first + count).map(&mut read).collect()
}

pub(crate) fn damaged(what: &str) -> Failure {
    Failure::new(FailureKind::Ledger, format!("The ledger is damaged or was tampered with: {what}."))
        .hint(super::fault::RESTORE)
}

#[cfg(test)]
mod tests;
