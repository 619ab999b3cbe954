//! Inclusion and consistency proofs in the form of RFC 6962 sections 2.1.1 and 2.1.2.
//!
//! `prove_*` reads nodes from a [`HashReader`]; `check_*` recomputes the root from nothing but its arguments. Both follow
//! one plan (which ranges of leaves are hashed in at which side), so that prover and checker cannot disagree.
//!
//! In scope: one proof for one leaf, or for two sizes, as other tools exchange them. Not in scope: who signed the root
//! (`checkpoint`), and proofs for many leaves at once (`nodes`).

use super::tree::{EMPTY_ROOT, HashReader, Node, fold, node_hash, range_nodes};
use crate::value::Sha256;
use std::ops::Range;

/// Why a proof does not hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    /// The leaf is not below the size.
    #[error("expected a leaf index below the tree size {size}, found {index}")]
    Index {
        /// The index given.
        index: u64,
        /// The size given.
        size: u64,
    },
    /// The older tree is larger than the newer.
    #[error("expected an older size of at most {new}, found {old}")]
    Sizes {
        /// The older size given.
        old: u64,
        /// The newer size given.
        new: u64,
    },
    /// More or fewer hashes than index and sizes call for.
    #[error("expected a proof of {expected} hashes, found {found}")]
    Length {
        /// How many hashes the proof must have.
        expected: usize,
        /// How many it has.
        found: usize,
    },
    /// The hashes lead to another root.
    #[error("expected root {expected} at size {size}, found {found} by the proof")]
    Root {
        /// The size the root belongs to.
        size: u64,
        /// The root the caller holds to be true.
        expected: Sha256,
        /// The root the proof leads to.
        found: Sha256,
    },
    /// A node that is needed is not in a node set.
    #[error("expected node {} at level {} in the node set, found none", .0.index, .0.level)]
    Missing(Node),
    /// A node is in a node set though nothing needs it.
    #[error("expected a minimal node set, found node {} at level {} that nothing needs", .0.index, .0.level)]
    Superfluous(Node),
    /// No tree head to check against.
    #[error("expected at least one tree head, found none")]
    NoHead,
}

/// Why a proof could not be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProveError<E: std::error::Error> {
    /// There is no such proof.
    #[error(transparent)]
    Range(#[from] ProofError),
    /// The reader failed.
    #[error("{0}")]
    Reader(E),
    /// The reader broke its contract.
    #[error("expected {expected} hashes from the hash reader, found {found}")]
    Reply {
        /// How many nodes were asked for.
        expected: usize,
        /// How many hashes came back.
        found: usize,
    },
}

/// On which side of the path the proven sibling lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Side {
    Left,
    Right,
}

/// One hash of a proof: the leaves it stands for, and its side.
#[derive(Debug, Clone)]
struct Step {
    leaves: Range<u64>,
    side: Side,
}

/// The left part of a tree of `n` leaves: the largest power of two below `n`; `None` for a leaf.
fn split(n: u64) -> Option<u64> {
    n.checked_sub(1)?.checked_ilog2().map(|bits| 1 << bits)
}

/// The audit path PATH(index, D[size]) from the leaf up.
fn inclusion_steps(index: u64, size: u64) -> Result<Vec<Step>, ProofError> {
    if index >= size {
        return Err(ProofError::Index { index, size });
    }
    let (mut lo, mut hi) = (0, size);
    let mut steps = Vec::new();
    while let Some(left) = split(hi - lo) {
        let middle = lo + left;
        if index < middle {
            steps.push(Step { leaves: middle..hi, side: Side::Right });
            hi = middle;
        } else {
            steps.push(Step { leaves: lo..middle, side: Side::Left });
            lo = middle;
        }
    }
    steps.reverse();
    Ok(steps)
}

/// The proof PROOF(old, D[new]): where it starts (`None`: at the old root itself) and its steps from there up.
struct ConsistencyPlan {
    start: Option<Range<u64>>,
    steps: Vec<Step>,
}

/// Plans for `0 < old < new`; equal sizes and an empty old tree need no hashes.
fn consistency_plan(old: u64, new: u64) -> Result<ConsistencyPlan, ProofError> {
    if old > new {
        return Err(ProofError::Sizes { old, new });
    }
    let mut steps = Vec::new();
    if old == 0 {
        return Ok(ConsistencyPlan { start: None, steps });
    }
    let (mut lo, mut hi) = (0, new);
    while hi != old {
        let Some(left) = split(hi - lo) else { break };
        let middle = lo + left;
        if old <= middle {
            steps.push(Step { leaves: middle..hi, side: Side::Right });
            hi = middle;
        } else {
            steps.push(Step { leaves: lo..middle, side: Side::Left });
            lo = middle;
        }
    }
    steps.reverse();
    Ok(ConsistencyPlan { start: (lo > 0).then_some(lo..hi), steps })
}

impl ConsistencyPlan {
    fn ranges(self) -> Vec<Range<u64>> {
        self.start.into_iter().chain(self.steps.into_iter().map(|step| step.leaves)).collect()
    }
}

fn nodes_of(ranges: &[Range<u64>]) -> Vec<Node> {
    ranges.iter().flat_map(range_nodes).collect()
}

/// Reads `nodes` and insists on one hash for each.
pub(super) fn read<R: HashReader>(reader: &R, nodes: &[Node]) -> Result<Vec<Sha256>, ProveError<R::Error>> {
    let hashes = reader.hashes(nodes).map_err(ProveError::Reader)?;
    if hashes.len() == nodes.len() {
        Ok(hashes)
    } else {
        Err(ProveError::Reply { expected: nodes.len(), found: hashes.len() })
    }
}

/// One hash for each range, folded from the nodes it consists of.
fn read_ranges<R: HashReader>(reader: &R, ranges: &[Range<u64>]) -> Result<Vec<Sha256>, ProveError<R::Error>> {
    let hashes = read(reader, &nodes_of(ranges))?;
    let mut rest = hashes.as_slice();
    let mut take = |range: &Range<u64>| {
        let (part, tail) = rest.split_at_checked(range_nodes(range).len())?;
        rest = tail;
        fold(part)
    };
    Ok(ranges.iter().filter_map(&mut take).collect())
}

/// The nodes an inclusion proof is folded from; more than its hashes where the right edge is ragged.
///
/// # Errors
/// The index is not below the size.
pub fn inclusion_nodes(index: u64, size: u64) -> Result<Vec<Node>, ProofError> {
    let ranges: Vec<_> = inclusion_steps(index, size)?.into_iter().map(|step| step.leaves).collect();
    Ok(nodes_of(&ranges))
}

/// The nodes a consistency proof is folded from.
///
/// # Errors
/// The older size is above the newer.
pub fn consistency_nodes(old: u64, new: u64) -> Result<Vec<Node>, ProofError> {
    Ok(nodes_of(&consistency_plan(old, new)?.ranges()))
}

/// The root at `size`, from the nodes of a reader.
///
/// # Errors
/// The reader failed.
pub fn read_root<R: HashReader>(reader: &R, size: u64) -> Result<Sha256, ProveError<R::Error>> {
    let whole = 0..size;
    Ok(read_ranges(reader, std::slice::from_ref(&whole))?.first().copied().unwrap_or(EMPTY_ROOT))
}

/// Makes the audit path of leaf `index` in the tree of `size` leaves, the leaf's sibling first.
///
/// # Errors
/// The index is not below the size, or the reader failed.
pub fn prove_inclusion<R: HashReader>(reader: &R, index: u64, size: u64) -> Result<Vec<Sha256>, ProveError<R::Error>> {
    let ranges: Vec<_> = inclusion_steps(index, size)?.into_iter().map(|step| step.leaves).collect();
    read_ranges(reader, &ranges)
}

/// Makes the proof that the tree of `new` leaves extends the one of `old` leaves.
///
/// Empty where `old` is 0 or equals `new`; RFC 6962 defines neither, and both follow from the sizes alone.
///
/// # Errors
/// `old` is above `new`, or the reader failed.
pub fn prove_consistency<R: HashReader>(reader: &R, old: u64, new: u64) -> Result<Vec<Sha256>, ProveError<R::Error>> {
    read_ranges(reader, &consistency_plan(old, new)?.ranges())
}

fn same_root(size: u64, expected: &Sha256, found: Sha256) -> Result<(), ProofError> {
    if *expected == found { Ok(()) } else { Err(ProofError::Root { size, expected: *expected, found }) }
}

fn same_length(expected: usize, proof: &[Sha256]) -> Result<(), ProofError> {
    let found = proof.len();
    if expected == found { Ok(()) } else { Err(ProofError::Length { expected, found }) }
}

/// Checks that the leaf with this hash is number `index` of the tree with this size and root.
///
/// Does not establish who vouches for the root, nor that the root belongs to any ledger.
///
/// # Errors
/// Why it is not proven.
pub fn check_inclusion(
    leaf: &Sha256,
    index: u64,
    size: u64,
    root: &Sha256,
    proof: &[Sha256],
) -> Result<(), ProofError> {
    let steps = inclusion_steps(index, size)?;
    same_length(steps.len(), proof)?;
    let climb = |hash: Sha256, (step, sibling): (&Step, &Sha256)| match step.side {
        Side::Left => node_hash(sibling, &hash),
        Side::Right => node_hash(&hash, sibling),
    };
    same_root(size, root, steps.iter().zip(proof).fold(*leaf, climb))
}

/// Checks that the tree (`new`, `new_root`) extends the tree (`old`, `old_root`) without changing a leaf.
///
/// Does not establish who vouches for either root. Every tree extends the empty one, whose root must be [`EMPTY_ROOT`].
///
/// # Errors
/// Why it is not proven.
pub fn check_consistency(
    old: u64,
    old_root: &Sha256,
    new: u64,
    new_root: &Sha256,
    proof: &[Sha256],
) -> Result<(), ProofError> {
    let plan = consistency_plan(old, new)?;
    same_length(plan.steps.len() + usize::from(plan.start.is_some()), proof)?;
    if old == 0 {
        same_root(0, old_root, EMPTY_ROOT)?;
        return if new == 0 { same_root(0, new_root, EMPTY_ROOT) } else { Ok(()) };
    }
    let (start, rest) = match (plan.start, proof.split_first()) {
        (Some(_), Some((first, rest))) => (*first, rest),
        _ => (*old_root, proof),
    };
    let climb = |(old, new): (Sha256, Sha256), (step, sibling): (&Step, &Sha256)| match step.side {
        Side::Left => (node_hash(sibling, &old), node_hash(sibling, &new)),
        Side::Right => (old, node_hash(&new, sibling)),
    };
    let (found_old, found_new) = plan.steps.iter().zip(rest).fold((start, start), climb);
    same_root(old, old_root, found_old)?;
    same_root(new, new_root, found_new)
}

#[cfg(test)]
mod tests;
