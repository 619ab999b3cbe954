//! Reading entry bundles and hash tiles, wherever they lie and whether or not the derived ones are there.
//!
//! An entry bundle is in `tile/entries/` or, before it is moved there, in `pending/`; a reader that meets the move looks in
//! `tile/` once more. A hash tile that is missing is computed from what it is derived of: the tiles one level below, and at
//! level 0 the entries.

use super::disk::{Disk, DiskError, read_if_present};
use super::error::LogError;
use super::layout::Layout;
use crate::tlog::entry_bundle::Entries;
use crate::tlog::tile::{TILE_WIDTH, Tile, TileKind};
use crate::tlog::tree::{leaf_hash, root_of};
use crate::value::{Blake3, Sha256};
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most bytes of an entry bundle: 256 entries of 65,535 bytes with their lengths.
pub(super) const MAX_BUNDLE: u64 = 256 * (65_535 + 2);

/// Consecutive entries from one bundle.
#[derive(Debug, Clone)]
pub struct Block {
    first: u64,
    bytes: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Block {
    /// The index of its first entry.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.first
    }

    /// The entries with their indexes.
    pub fn entries(&self) -> impl Iterator<Item = (u64, &[u8])> {
        let entry = |place: &Range<usize>| self.bytes.get(place.clone()).unwrap_or_default();
        (self.first..).zip(self.places.iter().map(entry))
    }

    /// The entry with this index, if it is in the block.
    #[must_use]
    pub fn entry(&self, index: u64) -> Option<&[u8]> {
        let place = self.places.get(usize::try_from(index.checked_sub(self.first)?).ok()?)?;
        self.bytes.get(place.clone())
    }

    /// The digest of its entries with their lengths.
    #[must_use]
    pub fn digest(&self) -> Blake3 {
        Blake3::of(self.bytes.get(..self.end()).unwrap_or_default())
    }

    /// The leaf hashes of its entries.
    #[must_use]
    pub fn leaf_hashes(&self) -> Vec<Sha256> {
        self.entries().map(|(_, entry)| leaf_hash(entry)).collect()
    }

    /// How many bytes the entries take with their lengths: where the next one begins.
    pub(super) fn end(&self) -> usize {
        self.places.last().map_or(0, |place| place.end)
    }

    /// The bytes of its entries with their lengths; of a block from the beginning of a bundle only.
    pub(super) fn into_bytes(mut self) -> Vec<u8> {
        self.bytes.truncate(self.end());
        self.bytes
    }

    /// Keeps only the entries whose indexes lie in the range.
    pub(super) fn limit(&mut self, range: &Range<u64>) {
        let place = |index: u64| usize::try_from(index.saturating_sub(self.first)).unwrap_or(usize::MAX);
        let (start, end) = (place(range.start), place(range.end));
        self.places.truncate(end);
        self.places.drain(..start.min(self.places.len()));
        self.first = self.first.max(range.start);
    }

    /// The first `width` entries of a bundle's bytes.
    fn parse(number: u64, bytes: Vec<u8>, width: usize, path: &Path) -> Result<Self, LogError> {
        let mut places = Vec::with_capacity(width);
        let mut entries = Entries::new(&bytes);
        while places.len() < width {
            match entries.next() {
                Some(Ok(entry)) => places.push(entries.offset() - entry.len()..entries.offset()),
                Some(Err(error)) => return Err(LogError::corrupt(path, error.to_string())),
                None => {
                    let found = places.len();
                    return Err(LogError::corrupt(path, format!("expected {width} entries, found {found}")));
                }
            }
        }
        Ok(Self { first: number << 8, bytes, places })
    }
}

/// The files of one ledger.
#[derive(Clone)]
pub(super) struct Files {
    pub(super) disk: Arc<dyn Disk>,
    pub(super) layout: Layout,
}

impl Files {
    pub(super) fn new(disk: Arc<dyn Disk>, root: &Path) -> Self {
        Self { disk, layout: Layout::new(root) }
    }

    /// A file that something was recorded in: the checkpoint, or the first entries; none in an empty ledger.
    pub(super) fn recorded(&self) -> Result<Option<PathBuf>, DiskError> {
        let layout = &self.layout;
        for path in [Some(layout.checkpoint()), layout.bundle(0), Some(layout.pending(0))].into_iter().flatten() {
            if self.disk.metadata(&path)?.is_some_and(|found| found.len > 0) {
                return Ok(Some(path));
            }
        }
        Ok(None)
    }

    /// The bytes of a bundle and where they were found.
    fn bundle_bytes(&self, number: u64) -> Result<(Vec<u8>, PathBuf), LogError> {
        let none = || DiskError::new("find", &self.layout.pending(number), std::io::ErrorKind::NotFound.into());
        let full = self.layout.bundle(number).ok_or_else(none)?;
        for path in [full.clone(), self.layout.pending(number), full] {
            if let Some(bytes) = read_if_present(&*self.disk, &path, MAX_BUNDLE)? {
                return Ok((bytes, path));
            }
        }
        Err(LogError::corrupt(
            self.layout.pending(number),
            "expected an entry bundle here or in `tile/entries`, found none",
        ))
    }

    /// The first `width` entries of a bundle.
    pub(super) fn block(&self, number: u64, width: usize) -> Result<Block, LogError> {
        let (bytes, path) = self.bundle_bytes(number)?;
        let block = Block::parse(number, bytes, width, &path)?;
        let is_full = width == usize::from(TILE_WIDTH);
        if is_full && block.end() != block.bytes.len() {
            let excess = block.bytes.len() - block.end();
            return Err(LogError::corrupt(path, format!("expected {width} entries, found {excess} bytes behind them")));
        }
        Ok(block)
    }

    /// The hashes of a tile: as stored, or derived from below.
    pub(super) fn hashes(&self, tile: &Tile) -> Result<Vec<Sha256>, LogError> {
        match self.stored_hashes(tile)? {
            Some(hashes) => Ok(hashes),
            None => self.derived_hashes(tile),
        }
    }

    /// The hashes of a tile that is stored, whole or as the beginning of the full one.
    pub(super) fn stored_hashes(&self, tile: &Tile) -> Result<Option<Vec<Sha256>>, LogError> {
        let limit = u64::from(TILE_WIDTH) * 32;
        let full = Tile::new(tile.kind(), tile.index(), TILE_WIDTH);
        for candidate in [Some(*tile), full.filter(|full| full != tile)].into_iter().flatten() {
            let bytes = read_if_present(&*self.disk, &self.layout.tile(&candidate), limit)?;
            // One of another length is a torn write of a derived file: as good as missing.
            if let Some(mut hashes) = bytes.and_then(|bytes| candidate.parse_hashes(&bytes).ok()) {
                hashes.truncate(usize::from(tile.width()));
                return Ok(Some(hashes));
            }
        }
        Ok(None)
    }

    /// The hashes of a tile from the tiles below it, or the entries. Depth is bounded by the number of tile levels.
    fn derived_hashes(&self, tile: &Tile) -> Result<Vec<Sha256>, LogError> {
        let below = match tile.kind() {
            TileKind::Hashes(level @ 1..) => TileKind::Hashes(level - 1),
            TileKind::Hashes(0) | TileKind::Entries => {
                return Ok(self.block(tile.index(), usize::from(tile.width()))?.leaf_hashes());
            }
        };
        let child = |i: u16| {
            let index = (tile.index() << 8) + u64::from(i);
            let child = Tile::new(below, index, TILE_WIDTH)
                .ok_or_else(|| LogError::corrupt(self.layout.tile(tile), "expected a tile that a tree can have"))?;
            Ok(root_of(self.hashes(&child)?))
        };
        (0..tile.width()).map(child).collect()
    }
}
