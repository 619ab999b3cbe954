//! The growing edge of the tree: what is needed to add leaves, and which hash tiles that completes.
//!
//! It is at most 255 hashes a tile level: the partial tiles. Opening it reads one stored tile a level, so its cost does not
//! grow with the ledger, except where the partial tile of a level above 0 is missing (255 tiles of the level below instead).

use super::error::LogError;
use super::files::Files;
use crate::tlog::tile::{TILE_LEVELS, TILE_WIDTH, Tile, TileKind, partial_hash_tiles};
use crate::tlog::tree::{Frontier, peaks, root_of};
use crate::value::Sha256;

/// A full hash tile and its bytes.
pub(super) type FullTile = (Tile, Vec<u8>);

/// The partial tiles of all levels, and the frontier that follows from them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Edge {
    frontier: Frontier,
    rows: Vec<Vec<Sha256>>,
}

impl Edge {
    /// The edge of the tree of `size` leaves, from the files. Does not establish that its root is the signed one.
    pub(super) fn read(files: &Files, size: u64) -> Result<Self, LogError> {
        let mut rows = vec![Vec::new(); usize::from(TILE_LEVELS)];
        for tile in partial_hash_tiles(size) {
            if let (TileKind::Hashes(level), hashes) = (tile.kind(), files.hashes(&tile)?)
                && let Some(row) = rows.get_mut(usize::from(level))
            {
                *row = hashes;
            }
        }
        let peak = |node| {
            let (tile, below) = Tile::holding(node, size)?;
            let TileKind::Hashes(level) = tile.kind() else { return None };
            Some(root_of(rows.get(usize::from(level))?.get(below)?.iter().copied()))
        };
        let hashes = peaks(size).into_iter().filter_map(peak).collect();
        let frontier = Frontier::from_peaks(size, hashes)
            .ok_or_else(|| LogError::corrupt(files.layout.root(), "expected as many hashes as the tree has peaks"))?;
        Ok(Self { frontier, rows })
    }

    pub(super) const fn size(&self) -> u64 {
        self.frontier.size()
    }

    /// What adding leaves needs.
    pub(super) const fn frontier(&self) -> &Frontier {
        &self.frontier
    }

    pub(super) fn root(&self) -> Sha256 {
        self.frontier.root()
    }

    /// Adds a leaf; hash tiles that become full go to `full`.
    pub(super) fn append(&mut self, leaf: Sha256, full: &mut Vec<FullTile>) {
        let rows = &mut self.rows;
        rows.resize_with(usize::from(TILE_LEVELS), Vec::new);
        self.frontier.append_with(leaf, |node, hash| {
            let level = node.level / 8;
            let Some(row) = rows.get_mut(usize::from(level)).filter(|_| node.level % 8 == 0) else { return };
            row.push(hash);
            if row.len() == usize::from(TILE_WIDTH) {
                let tile = Tile::new(TileKind::Hashes(level), node.index >> 8, TILE_WIDTH);
                full.extend(tile.map(|tile| (tile, bytes_of(row))));
                row.clear();
            }
        });
    }

    /// The partial tiles above level 0, which cannot be read off one bundle.
    pub(super) fn upper_partials(&self) -> Vec<FullTile> {
        let bytes = |tile: Tile| match tile.kind() {
            TileKind::Hashes(level @ 1..) => Some((tile, bytes_of(self.rows.get(usize::from(level))?))),
            TileKind::Hashes(0) | TileKind::Entries => None,
        };
        partial_hash_tiles(self.size()).filter_map(bytes).collect()
    }
}

fn bytes_of(hashes: &[Sha256]) -> Vec<u8> {
    hashes.iter().flat_map(|hash| hash.0).collect()
}

/// Recomputes the tree of `size` leaves from the entries alone, handing every full hash tile to `on_full`.
///
/// Reads the whole log, one bundle at a time.
pub(super) fn recompute(
    files: &Files,
    size: u64,
    on_full: &mut dyn FnMut(Tile, Vec<u8>) -> Result<(), LogError>,
) -> Result<Edge, LogError> {
    let mut edge = Edge::default();
    let mut full = Vec::new();
    while edge.size() < size {
        let width = usize::try_from((size - edge.size()).min(256)).unwrap_or(256);
        for leaf in files.block(edge.size() >> 8, width)?.leaf_hashes() {
            edge.append(leaf, &mut full);
        }
        full.drain(..).try_for_each(|(tile, bytes)| on_full(tile, bytes))?;
    }
    Ok(edge)
}
