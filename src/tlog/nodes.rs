//! One minimal set of nodes that proves many leaves, at one or several sizes of one ledger.
//!
//! A separate audit path for each of a bundle's entries would repeat the upper nodes in all of them. The set here holds
//! each hash once, and only those that cannot be computed from the leaves shown. With several sizes it also proves that
//! the smaller trees are prefixes of the largest, so it takes the place of the consistency proofs between them.
//!
//! The set is exact: a node that nothing needs is refused, as is one that could be computed. So a given question has one
//! possible answer, and nothing can be smuggled along.
//!
//! In scope: which nodes, and whether they bear out the roots. Not in scope: who signed the roots (`checkpoint`).

use super::proof::{ProofError, ProveError, read};
use super::tree::{EMPTY_ROOT, HashReader, Node, NodeMap, fold, node_hash, peaks};
use crate::value::Sha256;
use rayon::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

/// The size and root of a tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TreeHead {
    /// The number of leaves.
    pub size: u64,
    /// The RFC 6962 root at that size.
    pub root: Sha256,
}

/// A level of a tree as far as it is known, in ascending order of index; what is still to be given has no value.
type Row<T> = Vec<(u64, Option<T>)>;

/// Goes up from leaves to the peaks of all `sizes`, level by level: `given` is asked for each node that does not follow
/// from what is below it, ascending, and `peak` is told of each peak.
///
/// A level is a list, which costs a fraction of what a search tree of nodes does.
fn ascend<T: Copy + Send + Sync>(
    sizes: &[u64],
    leaves: impl Iterator<Item = (u64, T)>,
    given: &mut dyn FnMut(Node) -> Result<T, ProofError>,
    parent: impl Fn(&T, &T) -> T + Sync,
    peak: &mut dyn FnMut(Node, T),
) -> Result<(), ProofError> {
    let largest = *sizes.iter().max().ok_or(ProofError::NoHead)?;
    let mut row: Row<T> = leaves.map(|(index, leaf)| (index, Some(leaf))).collect();
    if let Some(&(index, _)) = row.last().filter(|(index, _)| *index >= largest) {
        return Err(ProofError::Index { index, size: largest });
    }
    let wanted: BTreeSet<Node> = sizes.iter().flat_map(|size| peaks(*size)).collect();
    for level in 0..64 {
        let here = || wanted.range(Node::new(level, 0)..=Node::new(level, u64::MAX)).map(|node| node.index);
        let top = (largest >> level & 1 == 1).then(|| (largest >> level) - 1);
        for index in here() {
            if let Err(at) = row.binary_search_by_key(&index, |(index, _)| *index) {
                row.insert(at, (index, None));
            }
        }
        row = with_siblings(row, top);
        for (index, value) in row.iter_mut().filter(|(_, value)| value.is_none()) {
            *value = Some(given(Node::new(level, *index))?);
        }
        for index in here() {
            let at = row.binary_search_by_key(&index, |(index, _)| *index).ok();
            if let Some(value) = at.and_then(|at| row.get(at)?.1) {
                peak(Node::new(level, index), value);
            }
        }
        // The top has the greatest index of its level and nothing beside it.
        row.truncate(row.len() - usize::from(top.is_some() && row.last().map(|(index, _)| *index) == top));
        let join = |[(left, a), (_, b)]: &[(u64, Option<T>); 2]| {
            (left >> 1, a.as_ref().zip(b.as_ref()).map(|(a, b)| parent(a, b)))
        };
        row = row.as_chunks::<2>().0.par_iter().with_min_len(512).map(join).collect();
    }
    Ok(())
}

/// The row with both halves of every parent, but for the top, which has none.
fn with_siblings<T: Copy>(row: Row<T>, top: Option<u64>) -> Row<T> {
    let mut whole: Row<T> = Vec::with_capacity(row.len() + 2);
    for (index, value) in row {
        let is_left = index & 1 == 0;
        if let Some((_, slot)) = whole.last_mut().filter(|(last, _)| *last == index) {
            *slot = value;
            continue;
        }
        if !is_left {
            whole.push((index ^ 1, None));
        }
        whole.push((index, value));
        if is_left && Some(index) != top {
            whole.push((index ^ 1, None));
        }
    }
    whole
}

/// The least set of nodes from which, with the leaves at `indexes`, the roots at all `sizes` follow.
///
/// Work and memory are linear in (sizes + indexes) × 64.
///
/// # Errors
/// No size is given, or an index is not below the largest.
pub fn minimal_nodes(sizes: &[u64], indexes: &BTreeSet<u64>) -> Result<BTreeSet<Node>, ProofError> {
    let mut needed = BTreeSet::new();
    let mut given = |node| {
        needed.insert(node);
        Ok(())
    };
    ascend(sizes, indexes.iter().map(|index| (*index, ())), &mut given, |(), ()| (), &mut |_, ()| {})?;
    Ok(needed)
}

/// Reads the [`minimal_nodes`] for these sizes and leaves.
///
/// # Errors
/// As [`minimal_nodes`], or the reader failed.
pub fn prove_nodes<R: HashReader>(
    reader: &R,
    sizes: &[u64],
    indexes: &BTreeSet<u64>,
) -> Result<NodeMap, ProveError<R::Error>> {
    let nodes: Vec<Node> = minimal_nodes(sizes, indexes)?.into_iter().collect();
    let hashes = read(reader, &nodes)?;
    Ok(nodes.into_iter().zip(hashes).collect())
}

/// All nodes that follow from the given ones, level by level.
fn complete(mut known: NodeMap) -> NodeMap {
    for level in 0..63 {
        let row = known.range(Node::new(level, 0)..=Node::new(level, u64::MAX));
        let pair = |(left, hash): (&Node, &Sha256)| {
            let right = known.get(&left.sibling()).filter(|_| left.index & 1 == 0)?;
            Some((left.parent(), node_hash(hash, right)))
        };
        let parents: Vec<_> = row.filter_map(pair).collect();
        known.extend(parents);
    }
    known
}

/// The [`minimal_nodes`] for fewer leaves, from nodes that prove more of them; neither is checked against any root.
///
/// # Errors
/// A node that is needed does not follow from what is given.
pub fn narrow_nodes(
    sizes: &[u64],
    leaves: &BTreeMap<u64, Sha256>,
    nodes: &NodeMap,
    keep: &BTreeSet<u64>,
) -> Result<NodeMap, ProofError> {
    let mut known = nodes.clone();
    known.extend(leaves.iter().map(|(index, hash)| (Node::leaf(*index), *hash)));
    let known = complete(known);
    let found = |node: Node| known.get(&node).map(|hash| (node, *hash)).ok_or(ProofError::Missing(node));
    minimal_nodes(sizes, keep)?.into_iter().map(found).collect()
}

/// Checks that the trees of all `heads` are prefixes of one tree in which `leaves` (leaf hashes by index) have their
/// place, given exactly the [`minimal_nodes`] for them.
///
/// Does not establish who vouches for the heads, nor anything about leaves that are not given.
///
/// # Errors
/// Why it is not proven: a node missing or superfluous, an index outside, another root.
pub fn check_nodes(heads: &[TreeHead], leaves: &BTreeMap<u64, Sha256>, nodes: &NodeMap) -> Result<(), ProofError> {
    let sizes: Vec<u64> = heads.iter().map(|head| head.size).collect();
    let (mut needed, mut known) = (BTreeSet::new(), NodeMap::new());
    let mut given = |node| {
        needed.insert(node);
        nodes.get(&node).copied().ok_or(ProofError::Missing(node))
    };
    let shown = leaves.iter().map(|(index, hash)| (*index, *hash));
    let mut peak = |node, hash| known.extend([(node, hash)]);
    ascend(&sizes, shown, &mut given, node_hash, &mut peak)?;
    if let Some(extra) = nodes.keys().find(|node| !needed.contains(*node)) {
        return Err(ProofError::Superfluous(*extra));
    }
    for TreeHead { size, root } in heads {
        let peak = |node: Node| known.get(&node).copied().ok_or(ProofError::Missing(node));
        let hashes: Vec<Sha256> = peaks(*size).into_iter().map(peak).collect::<Result<_, _>>()?;
        let found = fold(&hashes).unwrap_or(EMPTY_ROOT);
        if found != *root {
            return Err(ProofError::Root { size: *size, expected: *root, found });
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::tree::root_of;
    use super::super::tree::tests::{leaf, tree};
    use super::*;
    use proptest::prelude::*;

    fn head(size: u64) -> TreeHead {
        TreeHead { size, root: root_of((0..size).map(leaf)) }
    }

    fn leaves(indexes: &BTreeSet<u64>) -> BTreeMap<u64, Sha256> {
        indexes.iter().map(|index| (*index, leaf(*index))).collect()
    }

    #[test]
    fn a_proof_for_fewer_leaves_follows_from_one_for_more() {
        let (sizes, all) = ([5, 13], BTreeSet::from([0, 4, 7, 12]));
        let nodes = prove_nodes(&tree(13), &sizes, &all).unwrap();
        for keep in [BTreeSet::from([4]), BTreeSet::from([0, 12]), all.clone()] {
            let narrow = narrow_nodes(&sizes, &leaves(&all), &nodes, &keep).unwrap();
            assert_eq!(narrow, prove_nodes(&tree(13), &sizes, &keep).unwrap());
        }
        assert!(narrow_nodes(&sizes, &leaves(&all), &nodes, &BTreeSet::from([2])).is_err());
    }

    /// A proof holds, and no longer once any hash of it is changed, left out, or joined by another.
    fn proof_is_tight(sizes: &[u64], indexes: &BTreeSet<u64>) {
        let largest = *sizes.iter().max().unwrap();
        let heads: Vec<TreeHead> = sizes.iter().map(|size| head(*size)).collect();
        let shown = leaves(indexes);
        let nodes = prove_nodes(&tree(largest), sizes, indexes).unwrap();
        assert_eq!(check_nodes(&heads, &shown, &nodes), Ok(()), "{sizes:?} {indexes:?}");
        for node in nodes.keys() {
            let mut bad = nodes.clone();
            bad.get_mut(node).unwrap().0[usize::from(node.level)] ^= 1;
            assert!(matches!(check_nodes(&heads, &shown, &bad), Err(ProofError::Root { .. })), "{sizes:?} {indexes:?}");
            bad.remove(node);
            assert_eq!(check_nodes(&heads, &shown, &bad), Err(ProofError::Missing(*node)));
        }
        for level in 0..7 {
            let extra = (0..=largest >> level).map(|index| Node::new(level, index)).find(|n| !nodes.contains_key(n));
            if let Some(extra) = extra {
                let mut bad = nodes.clone();
                bad.insert(extra, leaf(0));
                assert_eq!(check_nodes(&heads, &shown, &bad), Err(ProofError::Superfluous(extra)));
            }
        }
        for index in indexes {
            let mut bad = shown.clone();
            bad.insert(*index, leaf(999));
            assert!(matches!(check_nodes(&heads, &bad, &nodes), Err(ProofError::Root { .. })));
        }
        for at in 0..heads.len() {
            let mut bad = heads.clone();
            bad[at].root = leaf(999);
            assert!(check_nodes(&bad, &shown, &nodes).is_err());
        }
    }

    #[test]
    fn every_set_of_leaves_of_every_small_tree_is_proven_tightly() {
        for size in 0..=8u64 {
            for chosen in 0..1u32 << size {
                let indexes = (0..size).filter(|i| chosen >> i & 1 == 1).collect();
                proof_is_tight(&[size], &indexes);
            }
        }
    }

    #[test]
    fn every_single_leaf_needs_no_more_than_its_audit_path_and_the_peaks() {
        for size in 1..=130 {
            for index in 0..size {
                let set = minimal_nodes(&[size], &BTreeSet::from([index])).unwrap();
                let path = super::super::proof::inclusion_nodes(index, size).unwrap();
                assert_eq!(set, path.into_iter().collect());
            }
        }
    }

    #[test]
    fn all_leaves_need_no_node_and_no_leaf_needs_the_peaks() {
        for size in 0..=130 {
            assert_eq!(minimal_nodes(&[size], &(0..size).collect()).unwrap(), BTreeSet::new());
            assert_eq!(minimal_nodes(&[size], &BTreeSet::new()).unwrap(), peaks(size).into_iter().collect());
        }
    }

    #[test]
    fn nothing_to_check_against_is_no_proof() {
        assert_eq!(check_nodes(&[], &BTreeMap::new(), &NodeMap::new()), Err(ProofError::NoHead));
        let outside = leaves(&BTreeSet::from([5]));
        assert_eq!(check_nodes(&[head(5)], &outside, &NodeMap::new()), Err(ProofError::Index { index: 5, size: 5 }));
    }

    #[test]
    fn largest_sizes_are_answered() {
        let set = minimal_nodes(&[u64::MAX, 1 << 63], &BTreeSet::from([0, u64::MAX - 1])).unwrap();
        assert_eq!(set.len(), 63 + 62);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(48))]
        #[test]
        fn leaves_at_several_sizes_are_proven_tightly(
            sizes in prop::collection::vec(1u64..90, 1..4),
            picks in prop::collection::btree_set(0u64..90, 0..6),
        ) {
            let largest = *sizes.iter().max().unwrap();
            proof_is_tight(&sizes, &picks.into_iter().filter(|i| *i < largest).collect());
        }

        #[test]
        fn forked_heads_are_never_proven(old in 1u64..60, more in 1u64..30) {
            let new = old + more;
            let nodes = prove_nodes(&tree(new), &[old, new], &BTreeSet::new()).unwrap();
            let forked = TreeHead { size: old, root: root_of((0..old).map(|i| leaf(i + 1000))) };
            prop_assert_eq!(check_nodes(&[head(old), head(new)], &BTreeMap::new(), &nodes), Ok(()));
            prop_assert!(check_nodes(&[forked, head(new)], &BTreeMap::new(), &nodes).is_err());
        }
    }
}
