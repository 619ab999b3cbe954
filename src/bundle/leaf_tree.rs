//! All leaves of a log's completeness statement, to sign them and to prove some of them.
//!
//! In scope: the order of leaves and their tree, in memory. Not in scope: keeping them beside a ledger ([`crate::ledger`]),
//! what a statement is worth ([`super::statement`]).

use super::statement::{Covered, Leaf, Seal, Statement, covered_by, spoken_of};
use crate::event::Event;
use crate::tlog::nodes::{TreeHead, prove_nodes};
use crate::tlog::note::{NoteError, SignedNote};
use crate::tlog::tree::{MemoryTree, NodeMap};
use crate::tlog::vkey::{DynSigner, VerifierKey};
use crate::value::{DigestMap, DigestSet, EventId, LedgerId};
use std::collections::BTreeSet;

/// The leaves of a statement, as a bundle is written from them.
pub trait ProveLeaves {
    /// Where these leaves are, in the order given, and the nodes that prove them.
    ///
    /// Need not check that the tree has them with these lists: what is written is read back and checked.
    ///
    /// # Errors
    /// There is no leaf of an id, or it cannot be proven: why.
    fn prove_leaves(&self, leaves: &[Leaf]) -> Result<(Vec<u64>, NodeMap), String>;
}

/// All leaves of a log at one size.
#[derive(Debug, Clone, Default)]
pub struct Leaves {
    recorded: DigestSet<EventId>,
    places: DigestMap<Covered, u64>,
    leaves: Vec<(Covered, Seal)>,
}

/// The leaves under their tree.
#[derive(Debug, Clone)]
pub struct LeafTree {
    places: DigestMap<Covered, u64>,
    tree: MemoryTree,
}

impl Leaves {
    /// Adds a recorded event; in the order recorded. An event that is recorded again adds nothing.
    pub fn add(&mut self, event: &Event) {
        if !self.recorded.insert(event.id) {
            return;
        }
        for id in spoken_of(event) {
            self.place(id);
        }
        for id in covered_by(event) {
            let at = usize::try_from(self.place(id)).unwrap_or(usize::MAX);
            if let Some((_, seal)) = self.leaves.get_mut(at) {
                seal.add(&event.id);
            }
        }
    }

    fn place(&mut self, id: Covered) -> u64 {
        let next = u64::try_from(self.leaves.len()).unwrap_or(u64::MAX);
        *self.places.entry(id).or_insert_with(|| {
            self.leaves.push((id, Seal::default()));
            next
        })
    }

    /// The tree over the leaves, once all events are added.
    #[must_use]
    pub fn into_tree(self) -> LeafTree {
        let tree = self.leaves.iter().map(|(id, seal)| seal.leaf_hash(*id)).collect();
        LeafTree { places: self.places, tree }
    }
}

impl LeafTree {
    /// Number and root of the leaves.
    #[must_use]
    pub fn head(&self) -> TreeHead {
        TreeHead { size: self.tree.size(), root: self.tree.root() }
    }

    /// The statement over these leaves for a log.
    #[must_use]
    pub fn statement(&self, ledger: LedgerId, log: TreeHead) -> Statement {
        Statement { ledger, log, leaves: self.head() }
    }

    /// The signed note of [`Self::statement`].
    ///
    /// Does not check that the leaves are those of the log at that size: whoever signs must have replayed it.
    ///
    /// # Errors
    /// The signer failed or holds another key.
    pub fn sign(
        &self,
        ledger: LedgerId,
        log: TreeHead,
        key: &VerifierKey,
        signer: &DynSigner<'_>,
    ) -> Result<SignedNote, NoteError> {
        SignedNote::sign(&self.statement(ledger, log).to_string(), key, signer)
    }
}

impl ProveLeaves for LeafTree {
    fn prove_leaves(&self, leaves: &[Leaf]) -> Result<(Vec<u64>, NodeMap), String> {
        let place = |leaf: &Leaf| self.places.get(&leaf.id).copied().ok_or_else(|| no_leaf(leaf.id));
        let places = leaves.iter().map(place).collect::<Result<Vec<u64>, String>>()?;
        let indexes: BTreeSet<u64> = places.iter().copied().collect();
        let nodes = prove_nodes(&self.tree, &[self.tree.size()], &indexes).map_err(|error| error.to_string())?;
        Ok((places, nodes))
    }
}

/// Says that a statement covers an id with no leaf.
#[must_use]
pub fn no_leaf(id: Covered) -> String {
    format!("expected a completeness statement with a leaf for {id}, found none")
}
