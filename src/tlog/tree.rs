//! The Merkle tree of RFC 6962 section 2.1 with SHA-256: hashes, coordinates, and where to read them.
//!
//! A *node* here is always a complete subtree: level `l`, index `i` stands for the leaves `i << l` to `(i + 1) << l`.
//! Its hash never changes once those leaves exist, whatever the size of the tree, so nodes can be stored, put into tiles,
//! and shared by proofs for several sizes. The ragged right edge of a tree is folded from the [`peaks`] on demand.
//!
//! In scope: hashing and naming nodes. Not in scope: proofs (`proof`, `nodes`), tiles (`tile`).

use crate::value::Sha256;
use std::collections::BTreeMap;
use std::ops::Range;

/// The root of the tree without leaves: SHA-256 of nothing (RFC 6962 section 2.1).
pub const EMPTY_ROOT: Sha256 = Sha256([
    0xe3, 0xb0, 0xc4, 0x42, 0x98, 0xfc, 0x1c, 0x14, 0x9a, 0xfb, 0xf4, 0xc8, 0x99, 0x6f, 0xb9, 0x24, 0x27, 0xae, 0x41,
    0xe4, 0x64, 0x9b, 0x93, 0x4c, 0xa4, 0x95, 0x99, 0x1b, 0x78, 0x52, 0xb8, 0x55,
]);

/// The hash of a leaf: SHA-256 of 0x00 and the entry's bytes.
#[must_use]
pub fn leaf_hash(entry: &[u8]) -> Sha256 {
    leaf_hash_of(&[entry])
}

/// As [`leaf_hash`], of an entry in parts.
#[must_use]
pub fn leaf_hash_of(parts: &[&[u8]]) -> Sha256 {
    Sha256::of_all(std::iter::once(&[0][..]).chain(parts.iter().copied()))
}

/// The hash of an inner node: SHA-256 of 0x01, the left and the right hash.
#[must_use]
pub fn node_hash(left: &Sha256, right: &Sha256) -> Sha256 {
    Sha256::of_parts(&[&[1], &left.0, &right.0])
}

/// The coordinates of a complete subtree: the leaves `index << level` to `(index + 1) << level`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Node {
    /// Height above the leaves; leaves are level 0. Below 64 for every node of a tree that can exist.
    pub level: u8,
    /// Position within the level, from 0.
    pub index: u64,
}

impl Node {
    /// Names the node at `level` and `index`.
    #[must_use]
    pub const fn new(level: u8, index: u64) -> Self {
        Self { level, index }
    }

    /// The leaf with this index.
    #[must_use]
    pub const fn leaf(index: u64) -> Self {
        Self { level: 0, index }
    }

    /// The node whose left or right half this is.
    #[must_use]
    pub const fn parent(self) -> Self {
        Self { level: self.level.saturating_add(1), index: self.index >> 1 }
    }

    /// The other half of the parent.
    #[must_use]
    pub const fn sibling(self) -> Self {
        Self { level: self.level, index: self.index ^ 1 }
    }
}

/// The largest complete subtrees that cover the leaves `lo..hi`, left to right; `lo` is a multiple of a power of two
/// not below the length of the range, as in every range that occurs in a proof.
pub(super) fn range_nodes(range: &Range<u64>) -> Vec<Node> {
    let length = range.end.saturating_sub(range.start);
    let node = |level: u8| Node::new(level, (range.start >> level) + (length >> level) - 1);
    (0..64).rev().filter(|level| (length >> level) & 1 == 1).map(node).collect()
}

/// The complete subtrees a tree of this size consists of, largest (leftmost) first, none for size 0: the nodes from which
/// its root is folded.
#[must_use]
pub fn peaks(size: u64) -> Vec<Node> {
    range_nodes(&(0..size))
}

/// The hash over adjacent complete subtrees, given left to right; `None` for none.
pub(super) fn fold(hashes: &[Sha256]) -> Option<Sha256> {
    hashes.iter().rev().copied().reduce(|right, left| node_hash(&left, &right))
}

/// The right edge of a growing tree: its size and the hashes of its [`peaks`], at most 64.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Sha256>,
}

impl Frontier {
    /// The empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { size: 0, hashes: Vec::new() }
    }

    /// A tree known by its size and the hashes of its [`peaks`]; `None` if their number does not fit the size.
    ///
    /// Does not establish that the hashes belong to any tree: compare [`Frontier::root`] with a signed one.
    #[must_use]
    pub fn from_peaks(size: u64, hashes: Vec<Sha256>) -> Option<Self> {
        (u64::from(size.count_ones()) == u64::try_from(hashes.len()).ok()?).then_some(Self { size, hashes })
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.size
    }

    /// The hashes of the [`peaks`], leftmost first.
    #[must_use]
    pub fn peak_hashes(&self) -> &[Sha256] {
        &self.hashes
    }

    /// Adds a leaf.
    pub fn append(&mut self, leaf: Sha256) {
        self.append_with(leaf, |_, _| {});
    }

    /// Adds a leaf and reports every node that it completes, the leaf first, from the bottom up.
    pub fn append_with(&mut self, leaf: Sha256, mut completed: impl FnMut(Node, Sha256)) {
        let mut node = Node::leaf(self.size);
        let mut hash = leaf;
        completed(node, hash);
        while node.index & 1 == 1 {
            let Some(left) = self.hashes.pop() else { break };
            hash = node_hash(&left, &hash);
            node = node.parent();
            completed(node, hash);
        }
        self.hashes.push(hash);
        self.size = self.size.saturating_add(1);
    }

    /// The root at the present size.
    #[must_use]
    pub fn root(&self) -> Sha256 {
        fold(&self.hashes).unwrap_or(EMPTY_ROOT)
    }
}

impl Extend<Sha256> for Frontier {
    fn extend<I: IntoIterator<Item = Sha256>>(&mut self, leaves: I) {
        leaves.into_iter().for_each(|leaf| self.append(leaf));
    }
}

/// The root of the tree with these leaf hashes.
#[must_use]
pub fn root_of(leaves: impl IntoIterator<Item = Sha256>) -> Sha256 {
    let mut frontier = Frontier::new();
    frontier.extend(leaves);
    frontier.root()
}

/// As [`root_of`], on all processors.
#[must_use]
pub fn root_of_many(leaves: &[Sha256]) -> Sha256 {
    const ALONE: usize = 1024;
    if leaves.len() <= ALONE {
        return root_of(leaves.iter().copied());
    }
    // The left half is the largest complete tree that is not the whole (RFC 6962 section 2.1).
    let (left, right) = leaves.split_at(leaves.len().next_power_of_two() / 2);
    let (left, right) = rayon::join(|| root_of_many(left), || root_of_many(right));
    node_hash(&left, &right)
}

/// Where the hashes of nodes come from: memory, tiles on a disk, the node set of a bundle.
///
/// An implementation answers all nodes of a call, in their order, or fails; a node that is absent is a failure. It need
/// not check what it answers: whoever uses a proof checks it against a signed root.
pub trait HashReader {
    /// Why hashes could not be had.
    type Error: std::error::Error;

    /// The hashes of `nodes`, in the same order and number.
    ///
    /// # Errors
    /// A node is absent, or the store failed.
    fn hashes(&self, nodes: &[Node]) -> Result<Vec<Sha256>, Self::Error>;
}

/// A node that a reader does not have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("expected the hash of node {index} at level {level}, found none")]
pub struct MissingNode {
    /// The level asked for.
    pub level: u8,
    /// The index asked for.
    pub index: u64,
}

impl From<Node> for MissingNode {
    fn from(Node { level, index }: Node) -> Self {
        Self { level, index }
    }
}

/// Hashes by node, as a bundle carries them.
pub type NodeMap = BTreeMap<Node, Sha256>;

impl HashReader for NodeMap {
    type Error = MissingNode;

    fn hashes(&self, nodes: &[Node]) -> Result<Vec<Sha256>, MissingNode> {
        nodes.iter().map(|node| self.get(node).copied().ok_or_else(|| (*node).into())).collect()
    }
}

/// All nodes of a tree in memory, 64 bytes a leaf: for statements and manifests, and as the model in tests.
#[derive(Debug, Clone, Default)]
pub struct MemoryTree {
    levels: Vec<Vec<Sha256>>,
    frontier: Frontier,
}

impl MemoryTree {
    /// The empty tree.
    #[must_use]
    pub const fn new() -> Self {
        Self { levels: Vec::new(), frontier: Frontier::new() }
    }

    /// Adds a leaf.
    pub fn append(&mut self, leaf: Sha256) {
        let levels = &mut self.levels;
        self.frontier.append_with(leaf, |node, hash| {
            let level = usize::from(node.level);
            if levels.len() <= level {
                levels.resize_with(level + 1, Vec::new);
            }
            if let Some(row) = levels.get_mut(level) {
                row.push(hash);
            }
        });
    }

    /// The number of leaves.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// The root at the present size.
    #[must_use]
    pub fn root(&self) -> Sha256 {
        self.frontier.root()
    }

    fn get(&self, node: Node) -> Option<Sha256> {
        self.levels.get(usize::from(node.level))?.get(usize::try_from(node.index).ok()?).copied()
    }
}

impl FromIterator<Sha256> for MemoryTree {
    fn from_iter<I: IntoIterator<Item = Sha256>>(leaves: I) -> Self {
        let mut tree = Self::new();
        leaves.into_iter().for_each(|leaf| tree.append(leaf));
        tree
    }
}

impl HashReader for MemoryTree {
    type Error = MissingNode;

    fn hashes(&self, nodes: &[Node]) -> Result<Vec<Sha256>, MissingNode> {
        nodes.iter().map(|node| self.get(*node).ok_or_else(|| (*node).into())).collect()
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// The leaf hash number `i` of the trees in tests.
    pub(crate) fn leaf(i: u64) -> Sha256 {
        leaf_hash(&entry(i))
    }

    /// The leaf number `i` of the trees in tests.
    pub(crate) fn entry(i: u64) -> Vec<u8> {
        format!("leaf {i}").into_bytes()
    }

    pub(crate) fn tree(size: u64) -> MemoryTree {
        (0..size).map(leaf).collect()
    }

    /// The contract of [`HashReader`], for a reader over the test tree of `size` leaves.
    pub(crate) fn reader_contract<R: HashReader>(reader: &R, size: u64) {
        let model = tree(size);
        let all: Vec<Node> =
            (0..64u8).flat_map(|level| (0..size >> level).map(move |index| Node::new(level, index))).collect();
        assert!(reader.hashes(&all).is_ok_and(|found| found == model.hashes(&all).unwrap()), "all nodes, in order");
        let backward: Vec<Node> = all.iter().rev().copied().chain(all.first().copied()).collect();
        assert!(reader.hashes(&backward).is_ok_and(|found| found == model.hashes(&backward).unwrap()), "any order");
        assert!(reader.hashes(&[]).is_ok_and(|found| found.is_empty()), "nothing asked, nothing answered");
        for absent in [Node::leaf(size), Node::new(63, 1), Node::new(200, 0), Node::leaf(u64::MAX)] {
            assert!(reader.hashes(&[Node::leaf(0), absent]).is_err(), "absence is a failure");
        }
    }

    /// MTH of RFC 6962 section 2.1, by its recursive definition.
    fn by_definition(leaves: &[Sha256]) -> Sha256 {
        match leaves {
            [] => Sha256::of(b""),
            [only] => *only,
            _ => {
                let k = leaves.len().next_power_of_two() / 2;
                node_hash(&by_definition(&leaves[..k]), &by_definition(&leaves[k..]))
            }
        }
    }

    #[test]
    fn root_is_that_of_the_definition_at_every_size() {
        let leaves: Vec<Sha256> = (0..130).map(leaf).collect();
        let mut frontier = Frontier::new();
        for size in 0..leaves.len() {
            assert_eq!(frontier.root(), by_definition(&leaves[..size]), "size {size}");
            assert_eq!(frontier.peak_hashes().len(), peaks(size as u64).len());
            let again = Frontier::from_peaks(size as u64, frontier.peak_hashes().to_vec());
            assert_eq!(again.as_ref(), Some(&frontier));
            frontier.append(leaves[size]);
        }
        assert_eq!(Frontier::from_peaks(3, vec![leaf(0)]), None);
        let many: Vec<Sha256> = (0..5_000).map(leaf).collect();
        for size in [0, 1, 1_024, 1_025, 2_048, 2_049, 4_096, 5_000] {
            assert_eq!(root_of_many(&many[..size]), by_definition(&many[..size]), "size {size}");
        }
        assert_eq!(root_of([]), EMPTY_ROOT);
    }

    #[test]
    fn root_is_that_of_the_oracle() {
        let mut oracle = ct_merkle::mem_backed_tree::MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
        for i in 0..70 {
            oracle.push(entry(i));
            assert_eq!(tree(i + 1).root().0.as_slice(), oracle.root().as_bytes().as_slice());
        }
    }

    #[test]
    fn peaks_cover_every_size_without_gap() {
        for size in (0..1_100).chain([u64::MAX, 1 << 63, (1 << 63) - 1]) {
            let mut next = 0u64;
            for peak in peaks(size) {
                assert_eq!(peak.index << peak.level, next);
                next += 1 << peak.level;
            }
            assert_eq!(next, size);
        }
        assert_eq!(peaks(7), [Node::new(2, 0), Node::new(1, 2), Node::leaf(6)]);
    }

    #[test]
    fn memory_readers_keep_the_contract() {
        for size in [1, 2, 7, 64, 65] {
            let tree = tree(size);
            reader_contract(&tree, size);
            let all = (0..7u8).flat_map(|level| (0..size >> level).map(move |index| Node::new(level, index)));
            let map: NodeMap = all.map(|node| (node, tree.get(node).unwrap())).collect();
            reader_contract(&map, size);
        }
    }
}
