//! Reading without a lock, while somebody may be appending.
//!
//! A [`Reader`] is a snapshot: the checkpoint as it was when the reader was opened, and nothing beyond it. What lies below
//! a checkpoint never changes; it only moves from `pending/` to `tile/entries/`, and the reader looks in both.
//!
//! In scope: entries by index, all entries as a stream, proofs. Not in scope: what entries say, whether all of them lead to
//! the root (`audit`: stream them through a frontier and compare).

use super::disk::Disk;
use super::error::LogError;
use super::files::{Block, Files};
use super::identity::Identity;
use super::layout::{Layout, bundle_of};
use super::log::{read_checkpoint, read_identity};
use crate::tlog::checkpoint::VerifiedCheckpoint;
use crate::tlog::proof::{
    ProofError, ProveError, check_consistency, check_inclusion, prove_consistency, prove_inclusion,
};
use crate::tlog::tile::{Tile, TileKind};
use crate::tlog::tree::{EMPTY_ROOT, HashReader, MissingNode, Node, leaf_hash, root_of};
use crate::value::Sha256;
use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// A snapshot of a ledger.
pub struct Reader {
    files: Files,
    identity: Identity,
    head: Option<VerifiedCheckpoint>,
    /// The bundles read last, the latest first.
    last: Mutex<Vec<Arc<Shelved>>>,
}

/// How many bundles are held: a lineage goes back and forth between few.
const SHELVED: usize = 8;

/// A bundle's entries below the snapshot, with its hash tile where that is stored.
struct Shelved {
    number: u64,
    block: Block,
    hashes: Option<Vec<Sha256>>,
}

impl Reader {
    /// Takes a snapshot of the ledger in a folder.
    ///
    /// Establishes that a key of the ledger signed the checkpoint.
    ///
    /// # Errors
    /// No ledger; a checkpoint that is not the ledger's, or none beside entries, so that a ledger that lost it does not read
    /// as an empty one; the disk's.
    pub fn open(disk: Arc<dyn Disk>, root: &Path) -> Result<Self, LogError> {
        let files = Files::new(disk, root);
        let identity = read_identity(&files)?;
        let mut head = read_checkpoint(&files, &identity)?;
        if head.is_none()
            && let Some(recorded) = files.recorded()?
        {
            // The first commit may have written it meanwhile.
            head = read_checkpoint(&files, &identity)?;
            if head.is_none() {
                return Err(LogError::NoCheckpoint(recorded));
            }
        }
        Ok(Self { files, identity, head, last: Mutex::new(Vec::new()) })
    }

    /// Where its files are.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.files.layout
    }

    /// Which ledger it is.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The checkpoint of the snapshot; `None` where nothing was committed yet.
    #[must_use]
    pub const fn checkpoint(&self) -> Option<&VerifiedCheckpoint> {
        self.head.as_ref()
    }

    /// The number of entries in the snapshot.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.head.as_ref().map_or(0, |head| head.head().size)
    }

    /// The root of the snapshot.
    #[must_use]
    pub fn root(&self) -> Sha256 {
        self.head.as_ref().map_or(EMPTY_ROOT, |head| head.head().root)
    }

    /// The bytes of an entry, compared with its leaf hash where its hash tile is stored (all but the last 255 entries).
    ///
    /// Does not establish that the hash tile leads to the signed root: see [`Reader::prove_inclusion`].
    ///
    /// # Errors
    /// No such entry in the snapshot; damage; the disk's.
    pub fn entry(&self, index: u64) -> Result<Vec<u8>, LogError> {
        let (number, within) = bundle_of(index);
        let bundle = self.bundle(number, index)?;
        let entry = bundle.block.entry(index).ok_or(LogError::Range { size: self.size(), found: index })?;
        let within = usize::try_from(within).unwrap_or(usize::MAX);
        if let Some(expected) = bundle.hashes.as_ref().and_then(|hashes| hashes.get(within)) {
            self.compare(number, index, entry, expected)?;
        }
        Ok(entry.to_vec())
    }

    fn bundle(&self, number: u64, index: u64) -> Result<Arc<Shelved>, LogError> {
        let shelf = || self.last.lock().unwrap_or_else(PoisonError::into_inner);
        let known = shelf().iter().find(|known| known.number == number).cloned();
        if let Some(known) = known {
            return Ok(known);
        }
        let tile = Tile::at_size(TileKind::Hashes(0), number, self.size());
        let tile = tile.ok_or(LogError::Range { size: self.size(), found: index })?;
        let block = self.files.block(number, usize::from(tile.width()))?;
        let read = Arc::new(Shelved { number, block, hashes: self.files.stored_hashes(&tile)? });
        let mut shelf = shelf();
        shelf.truncate(SHELVED - 1);
        shelf.insert(0, Arc::clone(&read));
        Ok(read)
    }

    /// The entries under a hash tile of level 0, compared with it where it is stored.
    fn checked_block(&self, tile: &Tile) -> Result<Block, LogError> {
        let block = self.files.block(tile.index(), usize::from(tile.width()))?;
        let Some(stored) = self.files.stored_hashes(tile)? else { return Ok(block) };
        for ((index, entry), expected) in block.entries().zip(&stored) {
            self.compare(tile.index(), index, entry, expected)?;
        }
        Ok(block)
    }

    /// An entry has the leaf hash that its hash tile says.
    fn compare(&self, number: u64, index: u64, entry: &[u8], expected: &Sha256) -> Result<(), LogError> {
        let found = leaf_hash(entry);
        if found == *expected {
            return Ok(());
        }
        let path = self.files.layout.bundle(number).unwrap_or_default();
        let problem = format!("expected entry {index} to have leaf hash {expected} as in its hash tile, found {found}");
        Err(LogError::corrupt(path, problem))
    }

    /// The entries of a range, in blocks of at most 256, one in memory at a time; not compared with hash tiles.
    ///
    /// For replays, which compute the root themselves. Ends after the first error.
    pub fn blocks(&self, range: Range<u64>) -> impl Iterator<Item = Result<Block, LogError>> + '_ {
        let range = range.start..range.end.min(self.size());
        let numbers = range.start >> 8..if range.is_empty() { 0 } else { range.end.div_ceil(256) };
        let mut failed = false;
        numbers.map_while(move |number| {
            if failed {
                return None;
            }
            let width = (range.end - (number << 8)).min(256);
            let block = self.files.block(number, usize::try_from(width).unwrap_or(256));
            failed = block.is_err();
            Some(block.map(|mut block| {
                block.limit(&range);
                block
            }))
        })
    }

    /// The entries of a range with their indexes, streamed.
    pub fn entries(&self, range: Range<u64>) -> impl Iterator<Item = Result<(u64, Vec<u8>), LogError>> + '_ {
        self.blocks(range).flat_map(|block| match block {
            Ok(block) => block.entries().map(|(index, entry)| Ok((index, entry.to_vec()))).collect::<Vec<_>>(),
            Err(error) => vec![Err(error)],
        })
    }

    /// The bytes of a tile of the snapshot's tree, as a C2SP log serves it: entries (compared with their hash tile where
    /// that is stored) or hashes.
    ///
    /// # Errors
    /// The tree has no such tile; damage; the disk's.
    pub fn tile(&self, tile: &Tile) -> Result<Vec<u8>, LogError> {
        let last = Tile::at_size(tile.kind(), tile.index(), self.size());
        if last.is_none_or(|last| last.width() < tile.width()) {
            return Err(LogError::Range { size: self.size(), found: tile.index() });
        }
        if tile.kind() != TileKind::Entries {
            return Ok(self.files.hashes(tile)?.into_iter().flat_map(|hash| hash.0).collect());
        }
        let leaves = Tile::new(TileKind::Hashes(0), tile.index(), tile.width());
        let leaves = leaves.ok_or(LogError::Range { size: self.size(), found: tile.index() })?;
        Ok(self.checked_block(&leaves)?.into_bytes())
    }

    /// The length of a tile where it is stored under its own name.
    pub(super) fn stored_length(&self, tile: &Tile) -> Result<Option<u64>, LogError> {
        Ok(self.files.disk.metadata(&self.files.layout.tile(tile))?.map(|found| found.len))
    }

    /// The hashes of the snapshot's tree.
    #[must_use]
    pub fn hashes(&self) -> TreeHashes {
        TreeHashes::new(self.files.clone(), self.size())
    }

    /// The proof that an entry is in the snapshot's tree; it has been checked against the signed root.
    ///
    /// # Errors
    /// No such entry; hash tiles that do not lead to the root; the disk's.
    pub fn prove_inclusion(&self, index: u64) -> Result<Vec<Sha256>, LogError> {
        let (size, hashes) = (self.size(), self.hashes());
        let proof = prove_inclusion(&hashes, index, size).map_err(unproven)?;
        let leaf = hashes.hashes(&[Node::leaf(index)])?;
        let leaf = leaf.first().copied().unwrap_or(EMPTY_ROOT);
        check_inclusion(&leaf, index, size, &self.root(), &proof)
            .map_err(|error| unproven(ProveError::Range(error)))?;
        Ok(proof)
    }

    /// The proof that the snapshot's tree begins with an older one; it has been checked against both roots.
    ///
    /// # Errors
    /// A larger or different older tree; hash tiles that do not lead to the root; the disk's.
    pub fn prove_consistency(&self, old: u64, old_root: &Sha256) -> Result<Vec<Sha256>, LogError> {
        let proof = prove_consistency(&self.hashes(), old, self.size()).map_err(unproven)?;
        check_consistency(old, old_root, self.size(), &self.root(), &proof)
            .map_err(|error| unproven(ProveError::Range(error)))?;
        Ok(proof)
    }
}

pub(super) fn unproven(error: ProveError<LogError>) -> LogError {
    match error {
        ProveError::Reader(error) => error,
        ProveError::Range(ProofError::Index { index, size }) => LogError::Range { size, found: index },
        ProveError::Range(ProofError::Sizes { old, new }) => LogError::Range { size: new, found: old },
        other => LogError::Proof(other.to_string()),
    }
}

/// The hashes of a ledger's tree at one size, from its tiles, and from the entries where tiles are missing.
///
/// Each tile is read once a call; a call for one proof reads O(log size) tiles.
pub struct TreeHashes {
    files: Files,
    size: u64,
}

impl TreeHashes {
    pub(super) const fn new(files: Files, size: u64) -> Self {
        Self { files, size }
    }
}

impl HashReader for TreeHashes {
    type Error = LogError;

    fn hashes(&self, nodes: &[Node]) -> Result<Vec<Sha256>, LogError> {
        let mut tiles: BTreeMap<Tile, Vec<Sha256>> = BTreeMap::new();
        let mut found = Vec::with_capacity(nodes.len());
        for node in nodes {
            let missing = || LogError::Proof(MissingNode::from(*node).to_string());
            let (tile, below) = Tile::holding(*node, self.size).ok_or_else(missing)?;
            let hashes = match tiles.entry(tile) {
                std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                std::collections::btree_map::Entry::Vacant(vacant) => vacant.insert(self.files.hashes(&tile)?),
            };
            found.push(root_of(hashes.get(below).ok_or_else(missing)?.iter().copied()));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
