//! C2SP tlog-tiles of height 8: where hashes and entries lie, and how nodes are read from tiles.
//!
//! Tile `n` of level `l` holds up to 256 consecutive nodes of tree level `8 × l`, from index `256 × n`. A tile is full
//! (256 wide) or the partial one at the right edge.
//!
//! In scope: names, contents, which tiles follow from which size. Not in scope: files and when they are written
//! (`ledger`), the entries inside entry bundles (`entry_bundle`).

use super::proof::{ProveError, read};
use super::tree::{HashReader, MissingNode, Node, root_of};
use crate::value::Sha256;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::fmt;
use std::ops::Range;
use std::str::FromStr;

/// How many hashes or entries a full tile has: 2⁸.
pub const TILE_WIDTH: u16 = 256;

/// The levels of hash tiles that a tree of less than 2⁶⁴ leaves can have, counted from 0.
pub const TILE_LEVELS: u8 = 8;

/// Why something is no tile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileError {
    /// Not the path of a tile that a tree can have.
    #[error("expected a path such as `tile/0/x001/067` or `tile/entries/000.p/17`, found `{0}`")]
    Path(String),
    /// A hash tile of another length than its name says.
    #[error("expected {expected} bytes in {tile}, found {found}")]
    Length {
        /// The tile.
        tile: Tile,
        /// 32 bytes for each hash.
        expected: usize,
        /// How many there are.
        found: usize,
    },
}

/// What a tile holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TileKind {
    /// Hashes of this tile level, below [`TILE_LEVELS`].
    Hashes(u8),
    /// Entries; numbered as the hash tiles of level 0.
    Entries,
}

impl TileKind {
    /// The tile level: 0 for entries.
    const fn level(self) -> u8 {
        match self {
            Self::Hashes(level) => level,
            Self::Entries => 0,
        }
    }

    /// How many hashes (or entries) of this kind a tree of this size has.
    fn count(self, size: u64) -> u64 {
        size.checked_shr(u32::from(self.level()) * 8).unwrap_or(0)
    }
}

/// The name of a tile; text form: its path, `tile/<level>|entries/<number>[.p/<width>]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Tile {
    kind: TileKind,
    index: u64,
    width: u16,
}

impl Tile {
    /// Names a tile; `None` if no tree has it: width outside 1 to 256, level or index too large.
    #[must_use]
    pub fn new(kind: TileKind, index: u64, width: u16) -> Option<Self> {
        let exists = kind.level() < TILE_LEVELS && index <= (kind.count(u64::MAX) - 1) >> 8;
        (exists && (1..=TILE_WIDTH).contains(&width)).then_some(Self { kind, index, width })
    }

    /// What it holds.
    #[must_use]
    pub const fn kind(&self) -> TileKind {
        self.kind
    }

    /// Its number within the level, from 0.
    #[must_use]
    pub const fn index(&self) -> u64 {
        self.index
    }

    /// How many hashes or entries it holds, 1 to 256.
    #[must_use]
    pub const fn width(&self) -> u16 {
        self.width
    }

    /// Whether it is full and so will never change.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.width == TILE_WIDTH
    }

    /// The tile of this kind and number as it is in a tree of this size, full or partial; `None` if it is empty there.
    #[must_use]
    pub fn at_size(kind: TileKind, index: u64, size: u64) -> Option<Self> {
        let width = kind.count(size).checked_sub(index.checked_mul(256)?)?.min(u64::from(TILE_WIDTH));
        Self::new(kind, index, u16::try_from(width).ok()?)
    }

    /// The nodes whose hashes it holds, in order; for entries, those of their leaves.
    #[must_use]
    pub fn nodes(&self) -> Vec<Node> {
        let first = self.index << 8;
        (0..self.width).map(|i| Node::new(self.kind.level() * 8, first | u64::from(i))).collect()
    }

    /// The smallest hash tile of a tree of `size` leaves from which the node follows, and the positions in it of the
    /// hashes below the node; `None` if the tree has no such node.
    #[must_use]
    pub fn holding(node: Node, size: u64) -> Option<(Self, Range<usize>)> {
        let kind = TileKind::Hashes(node.level / 8);
        let within = u32::from(node.level % 8);
        let end = node.index.checked_add(1)?.checked_mul(1 << within)?;
        if end > kind.count(size) {
            return None;
        }
        let start = node.index << within;
        let position = usize::try_from(start & 0xff).ok()?;
        Some((Self::at_size(kind, start >> 8, size)?, position..position + (1 << within)))
    }

    /// The hashes in the bytes of a hash tile.
    ///
    /// Does not establish that they are the tree's: compare the root they lead to.
    ///
    /// # Errors
    /// Not 32 bytes for each hash of its width.
    pub fn parse_hashes(&self, bytes: &[u8]) -> Result<Vec<Sha256>, TileError> {
        let expected = usize::from(self.width) * 32;
        let (hashes, rest) = bytes.as_chunks::<32>();
        if bytes.len() != expected || !rest.is_empty() {
            return Err(TileError::Length { tile: *self, expected, found: bytes.len() });
        }
        Ok(hashes.iter().copied().map(Sha256).collect())
    }

    /// The bytes of a hash tile, its hashes read from elsewhere.
    ///
    /// # Errors
    /// The reader failed.
    pub fn hash_bytes<R: HashReader>(&self, reader: &R) -> Result<Vec<u8>, ProveError<R::Error>> {
        Ok(read(reader, &self.nodes())?.into_iter().flat_map(|hash| hash.0).collect())
    }
}

/// The tiles of one kind that become full while a tree grows from `old` to `new` leaves, in order.
pub fn full_tiles(kind: TileKind, old: u64, new: u64) -> impl Iterator<Item = Tile> {
    let full = |size| kind.count(size) >> 8;
    (full(old)..full(new)).filter_map(move |index| Tile::new(kind, index, TILE_WIDTH))
}

/// The partial tile of one kind at the right edge of a tree, if there is one.
#[must_use]
pub fn partial_tile(kind: TileKind, size: u64) -> Option<Tile> {
    Tile::at_size(kind, kind.count(size) >> 8, size)
}

/// The hash tiles of all levels that become full while a tree grows from `old` to `new` leaves, lowest level first.
pub fn full_hash_tiles(old: u64, new: u64) -> impl Iterator<Item = Tile> {
    (0..TILE_LEVELS).flat_map(move |level| full_tiles(TileKind::Hashes(level), old, new))
}

/// The partial hash tiles of a tree, lowest level first; at most one a level.
pub fn partial_hash_tiles(size: u64) -> impl Iterator<Item = Tile> {
    (0..TILE_LEVELS).filter_map(move |level| partial_tile(TileKind::Hashes(level), size))
}

impl fmt::Display for Tile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut number = format!("{:03}", self.index % 1000);
        let mut rest = self.index / 1000;
        while rest > 0 {
            number = format!("x{:03}/{number}", rest % 1000);
            rest /= 1000;
        }
        match self.kind {
            TileKind::Hashes(level) => write!(f, "tile/{level}/{number}")?,
            TileKind::Entries => write!(f, "tile/entries/{number}")?,
        }
        if self.is_full() { Ok(()) } else { write!(f, ".p/{}", self.width) }
    }
}

/// Reads a path loosely; the caller compares it with the one spelling.
fn parse_loosely(path: &str) -> Option<Tile> {
    let (kind, rest) = path.strip_prefix("tile/")?.split_once('/')?;
    let kind = if kind == "entries" { TileKind::Entries } else { TileKind::Hashes(kind.parse().ok()?) };
    let (number, width) = match rest.split_once(".p/") {
        Some((number, width)) => (number, width.parse().ok().filter(|width| *width < TILE_WIDTH)?),
        None => (rest, TILE_WIDTH),
    };
    let mut index = 0u64;
    for part in number.split('/') {
        let digits: u64 = part.strip_prefix('x').unwrap_or(part).parse().ok()?;
        index = index.checked_mul(1000)?.checked_add(digits)?;
    }
    Tile::new(kind, index, width)
}

impl FromStr for Tile {
    type Err = TileError;

    fn from_str(path: &str) -> Result<Self, TileError> {
        let error = || TileError::Path(path.chars().take(80).collect());
        // The longest path, of index 2⁵⁶ and partial, is shorter; a path is also a name a client may send.
        if path.len() > 64 {
            return Err(error());
        }
        parse_loosely(path).filter(|tile| tile.to_string() == path).ok_or_else(error)
    }
}

/// Why a node could not be read from tiles.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TileReadError<E: std::error::Error> {
    /// The tree has no such node.
    #[error(transparent)]
    Missing(#[from] MissingNode),
    /// A tile has another length than its name says.
    #[error(transparent)]
    Tile(#[from] TileError),
    /// The tile could not be had.
    #[error("{0}")]
    Fetch(E),
}

/// Reads nodes from the hash tiles of a tree of a given size, each tile once a call.
///
/// The tiles are taken as they are; what is made from them holds if it leads to a signed root.
#[derive(Debug, Clone)]
pub struct TileHashes<F> {
    size: u64,
    fetch: F,
}

impl<E: std::error::Error, F: Fn(Tile) -> Result<Vec<u8>, E>> TileHashes<F> {
    /// Reads by `fetch`, which gives the bytes of full and partial tiles of the tree with `size` leaves.
    #[must_use]
    pub const fn new(size: u64, fetch: F) -> Self {
        Self { size, fetch }
    }
}

impl<E: std::error::Error, F: Fn(Tile) -> Result<Vec<u8>, E>> HashReader for TileHashes<F> {
    type Error = TileReadError<E>;

    fn hashes(&self, nodes: &[Node]) -> Result<Vec<Sha256>, Self::Error> {
        let mut tiles: BTreeMap<Tile, Vec<Sha256>> = BTreeMap::new();
        let mut found = Vec::with_capacity(nodes.len());
        for node in nodes {
            let missing = || MissingNode::from(*node);
            let (tile, below) = Tile::holding(*node, self.size).ok_or_else(missing)?;
            let hashes = match tiles.entry(tile) {
                Entry::Occupied(known) => known.into_mut(),
                Entry::Vacant(vacant) => {
                    let bytes = (self.fetch)(tile).map_err(TileReadError::Fetch)?;
                    vacant.insert(tile.parse_hashes(&bytes)?)
                }
            };
            let hashes = hashes.get(below).ok_or_else(missing)?;
            // A power of two of hashes of one level: the root over them is the node.
            found.push(root_of(hashes.iter().copied()));
        }
        Ok(found)
    }
}

#[cfg(test)]
mod tests;
