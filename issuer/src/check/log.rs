//! Whether the tree over the log is that of its events.

use lictor_shared::log::{Edge, Node, TreeHash};

use super::{Check, damaged};
use crate::error::Failure;
use crate::ledger::log;

/// The tree, computed anew.
#[derive(Debug, Default)]
pub(super) struct Tree {
    edge: Edge,
    /// Those that have a row.
    nodes: Vec<Node>,
}

impl Tree {
    /// Over the events so far.
    pub(super) fn root(&self) -> TreeHash {
        self.edge.root()
    }

    pub(super) fn push(&mut self, leaf: TreeHash) {
        let whole = self.edge.push(leaf);
        self.nodes.extend(whole.into_iter().filter(log::is_stored));
    }
}

impl Check<'_> {
    pub(super) fn log(&mut self) -> Result<(), Failure> {
        let (told, found) = (&self.tree.edge, log::edge(self.connection)?);
        if *told != found {
            return Err(damaged(format!(
                "the right edge of the log is of {} events with the root {}, and the events make it {} with {}",
                found.size(),
                found.root(),
                told.size(),
                told.root()
            )));
        }
        let place = |node: &Node| (node.level, node.index);
        self.tree.nodes.sort_by_key(place);
        let found = log::nodes(self.connection)?;
        let differs = self.tree.nodes.iter().zip(&found).find(|(told, found)| told != found);
        if let Some((told, _)) = differs {
            return Err(damaged(format!(
                "the node {:?} of the log's tree is not that of its events",
                place(told)
            )));
        }
        match found.len() == self.tree.nodes.len() {
            true => Ok(()),
            false => Err(damaged(format!(
                "the log's tree has {} nodes, and the events make {}",
                found.len(),
                self.tree.nodes.len()
            ))),
        }
    }
}
