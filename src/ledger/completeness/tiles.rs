//! The leaf tree in files of 256: each read is compared with what lies above it, up to a root that is known.
//!
//! Unlike the log's tree, leaves here change: a file is replaced when a leaf or a hash in it does. Nothing read is used
//! before it is found under the root, so a file that is torn, old or tampered with shows when it is read, and what is
//! computed from the files follows from the root that was known.

use super::LeafFault;
use crate::bundle::{Covered, Seal};
use crate::ledger::disk::{Disk, create_dirs, parent, read_if_present, replace_derived};
use crate::tlog::nodes::{TreeHead, minimal_nodes};
use crate::tlog::tile::{TILE_LEVELS, TILE_WIDTH, Tile, TileKind, partial_hash_tiles};
use crate::tlog::tree::{Frontier, Node, NodeMap, peaks, root_of};
use crate::value::Sha256;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

const WIDTH: usize = TILE_WIDTH as usize;

/// Bytes of a leaf in its file: the hash, the number of event ids, their chain.
const LEAF: usize = 32 + 8 + 32;

/// Up to 256 hashes of one level; at level 0, with what the leaves hold.
#[derive(Debug, Clone, Default)]
struct Row {
    hashes: Vec<Sha256>,
    seals: Vec<Seal>,
    is_changed: bool,
}

/// The tree, as far as it was read or changed.
pub(super) struct Tiles<'a> {
    disk: &'a dyn Disk,
    folder: PathBuf,
    size: u64,
    /// Rows by level and number.
    rows: BTreeMap<(u8, u64), Row>,
}

fn wrong(path: &Path, problem: impl std::fmt::Display) -> LeafFault {
    LeafFault::Wrong(format!("{}: {problem}", path.display()))
}

const fn level_of(tile: &Tile) -> u8 {
    match tile.kind() {
        TileKind::Hashes(level) => level,
        TileKind::Entries => 0,
    }
}

impl<'a> Tiles<'a> {
    /// The tree with this root, from its files.
    pub(super) fn open(disk: &'a dyn Disk, folder: &Path, head: TreeHead) -> Result<Self, LeafFault> {
        let mut tiles = Self { disk, folder: folder.to_owned(), size: head.size, rows: BTreeMap::new() };
        for tile in partial_hash_tiles(head.size) {
            let (at, width) = ((level_of(&tile), tile.index()), usize::from(tile.width()));
            let row = tiles.read(at, width)?;
            tiles.rows.insert(at, row);
        }
        match tiles.root()? {
            found if found == head.root => Ok(tiles),
            found => Err(wrong(folder, format_args!("expected leaves with root {}, found {found}", head.root))),
        }
    }

    pub(super) const fn size(&self) -> u64 {
        self.size
    }

    fn path(&self, (level, number): (u8, u64)) -> PathBuf {
        self.folder.join(format!("{level}/{number}"))
    }

    fn read(&self, at: (u8, u64), width: usize) -> Result<Row, LeafFault> {
        let path = self.path(at);
        let step = if at.0 == 0 { LEAF } else { 32 };
        let bytes = read_if_present(self.disk, &path, (WIDTH * step) as u64)?;
        let bytes = bytes.ok_or_else(|| wrong(&path, "expected hashes, found no file"))?;
        let mut row = Row::default();
        for bytes in bytes.chunks_exact(step).take(width) {
            let (hash, rest) = bytes.split_first_chunk::<32>().ok_or_else(|| wrong(&path, "torn"))?;
            row.hashes.push(Sha256(*hash));
            if let Some((count, chain)) = rest.split_first_chunk::<8>()
                && let Ok(chain) = chain.try_into()
            {
                row.seals.push(Seal { count: u64::from_le_bytes(*count), chain: Sha256(chain) });
            }
        }
        if row.hashes.len() < width {
            return Err(wrong(&path, format_args!("expected {width} hashes, found {}", row.hashes.len())));
        }
        Ok(row)
    }

    /// Has a full row at hand, found under the one above it.
    fn load(&mut self, at: (u8, u64)) -> Result<(), LeafFault> {
        let mut open = Vec::new();
        let mut next = at;
        while !self.rows.contains_key(&next) && next.0 < TILE_LEVELS {
            open.push(next);
            next = (next.0 + 1, next.1 >> 8);
        }
        for at in open.into_iter().rev() {
            let row = self.read(at, WIDTH)?;
            let found = root_of(row.hashes.iter().copied());
            let place = usize::try_from(at.1 & 0xff).unwrap_or(WIDTH);
            let above = self.rows.get(&(at.0 + 1, at.1 >> 8)).and_then(|row| row.hashes.get(place));
            if above != Some(&found) {
                return Err(wrong(&self.path(at), "expected the hashes that the ones above follow from, found others"));
            }
            self.rows.insert(at, row);
        }
        Ok(())
    }

    /// What the leaf at a place holds; the leaf there must be the one of this id.
    pub(super) fn seal(&mut self, place: u64, id: Covered) -> Result<Seal, LeafFault> {
        let other = |tiles: &Self| wrong(&tiles.path((0, place >> 8)), format_args!("expected the leaf of {id}"));
        if place >= self.size {
            return Err(other(self));
        }
        self.load((0, place >> 8))?;
        let within = usize::try_from(place & 0xff).unwrap_or(WIDTH);
        let row = self.rows.get(&(0, place >> 8));
        let found = row.and_then(|row| Some((*row.hashes.get(within)?, *row.seals.get(within)?)));
        match found {
            Some((hash, seal)) if seal.leaf_hash(id) == hash => Ok(seal),
            _ => Err(other(self)),
        }
    }

    /// Changes a leaf that [`Self::seal`] gave.
    pub(super) fn change(&mut self, place: u64, id: Covered, seal: Seal) {
        let within = usize::try_from(place & 0xff).unwrap_or(WIDTH);
        let Some(row) = self.rows.get_mut(&(0, place >> 8)) else { return };
        if let (Some(hash), Some(kept)) = (row.hashes.get_mut(within), row.seals.get_mut(within)) {
            (*hash, *kept, row.is_changed) = (seal.leaf_hash(id), seal, true);
        }
    }

    /// Adds a leaf of nobody's naming.
    pub(super) fn push(&mut self, id: Covered) {
        let row = self.rows.entry((0, self.size >> 8)).or_default();
        row.hashes.push(Seal::default().leaf_hash(id));
        row.seals.push(Seal::default());
        row.is_changed = true;
        self.size += 1;
    }

    /// Brings the levels above the leaves up to date; gives the root.
    pub(super) fn settle(&mut self) -> Result<TreeHead, LeafFault> {
        for level in 0..TILE_LEVELS - 1 {
            let changed: Vec<(u64, Sha256)> = self
                .rows
                .range((level, 0)..=(level, u64::MAX))
                .filter(|(_, row)| row.is_changed && row.hashes.len() == WIDTH)
                .map(|((_, number), row)| (*number, root_of(row.hashes.iter().copied())))
                .collect();
            for (number, root) in changed {
                let place = usize::try_from(number & 0xff).unwrap_or(WIDTH);
                let above = self.rows.entry((level + 1, number >> 8)).or_default();
                match above.hashes.get_mut(place) {
                    Some(hash) => *hash = root,
                    None => above.hashes.push(root),
                }
                above.is_changed = true;
            }
        }
        Ok(TreeHead { size: self.size, root: self.root()? })
    }

    fn root(&self) -> Result<Sha256, LeafFault> {
        let hashes = peaks(self.size).into_iter().map(|node| self.hash(node)).collect::<Option<_>>();
        let frontier = hashes.and_then(|hashes| Frontier::from_peaks(self.size, hashes));
        frontier.map(|frontier| frontier.root()).ok_or_else(|| wrong(&self.folder, "expected a tree without gaps"))
    }

    /// The hash of a node whose row is at hand.
    fn hash(&self, node: Node) -> Option<Sha256> {
        let (tile, below) = Tile::holding(node, self.size)?;
        let row = self.rows.get(&(level_of(&tile), tile.index()))?;
        Some(root_of(row.hashes.get(below)?.iter().copied()))
    }

    /// The nodes that prove the leaves at these places.
    pub(super) fn prove(&mut self, places: &BTreeSet<u64>) -> Result<NodeMap, LeafFault> {
        let nodes = minimal_nodes(&[self.size], places).map_err(|error| wrong(&self.folder, error))?;
        let mut proven = NodeMap::new();
        for node in nodes {
            let gap = || wrong(&self.folder, "expected a tree without gaps");
            let (tile, _) = Tile::holding(node, self.size).ok_or_else(gap)?;
            self.load((level_of(&tile), tile.index()))?;
            let hash = self.hash(node).ok_or_else(|| wrong(&self.folder, "expected a tree without gaps"))?;
            proven.insert(node, hash);
        }
        Ok(proven)
    }

    /// Writes what was changed, and lets go of all but the growing edge.
    pub(super) fn save(&mut self) -> Result<(), LeafFault> {
        for (at, row) in self.rows.iter().filter(|(_, row)| row.is_changed) {
            let mut bytes = Vec::with_capacity(row.hashes.len() * LEAF);
            for (number, hash) in row.hashes.iter().enumerate() {
                bytes.extend(hash.0);
                if let Some(seal) = row.seals.get(number) {
                    bytes.extend(seal.count.to_le_bytes());
                    bytes.extend(seal.chain.0);
                }
            }
            write(self.disk, &self.path(*at), &bytes)?;
        }
        self.rows.retain(|_, row| {
            row.is_changed = false;
            row.hashes.len() < WIDTH
        });
        Ok(())
    }
}

/// Writes a derived file; its folder is made where it is missing.
pub(super) fn write(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> Result<(), LeafFault> {
    match replace_derived(disk, path, bytes) {
        Err(error) if error.is_absent() => {
            create_dirs(disk, parent(path))?;
            Ok(replace_derived(disk, path, bytes)?)
        }
        written => Ok(written?),
    }
}
