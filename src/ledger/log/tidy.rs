//! What follows an acknowledgement: hash tiles are written, then full bundles move to `tile/entries/`.
//!
//! In this order, so that a bundle still in `pending/` tells the next opening that its hash tiles may be missing.

use super::Log;
use crate::ledger::disk::{create_dirs, parent, replace_whole};
use crate::ledger::error::LogError;
use crate::ledger::files::Files;
use crate::tlog::tile::{TILE_LEVELS, TILE_WIDTH, Tile, TileKind, partial_hash_tiles};
use std::path::PathBuf;

impl Log {
    /// Writes hash tiles and moves full bundles. Everything there is to do is derived, or can be done again: where it fails,
    /// the next append or opening does it.
    pub fn tidy_up(&mut self) {
        let _later = self.tidy();
    }

    fn tidy(&mut self) -> Result<(), LogError> {
        let before = self.partials_at;
        while let Some((tile, bytes)) = self.unwritten.last() {
            write_tile(&self.files, tile, bytes)?;
            self.unwritten.pop();
        }
        if before >> 8 != self.size() >> 8 {
            self.write_partials(before)?;
        }
        self.partials_at = self.size();
        self.move_full_bundles()
    }

    /// Writes the partial tiles above level 0 and removes those they replace.
    fn write_partials(&self, before: u64) -> Result<(), LogError> {
        let now = self.edge.upper_partials();
        for (tile, bytes) in &now {
            write_tile(&self.files, tile, bytes)?;
        }
        let replaced = |tile: &Tile| tile.kind() != TileKind::Hashes(0) && now.iter().all(|(other, _)| other != tile);
        for tile in partial_hash_tiles(before).filter(replaced) {
            match self.files.disk.remove_file(&self.files.layout.tile(&tile)) {
                Err(error) if !error.is_absent() => return Err(error.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Moves the bundles that are wholly below the checkpoint.
    fn move_full_bundles(&mut self) -> Result<(), LogError> {
        while self.moved < self.size() >> 8 {
            move_bundle(&self.files, self.moved, &mut self.ensured)?;
            self.moved += 1;
        }
        Ok(())
    }
}

/// Moves a full bundle from `pending/` to `tile/entries/`.
///
/// The move need not be durable: readers find the bundle in either place, and so does the next opening. The folder it
/// goes to is durable before; `ensured` is the last one of which that is known.
pub(super) fn move_bundle(files: &Files, number: u64, ensured: &mut Option<PathBuf>) -> Result<(), LogError> {
    let from = files.layout.pending(number);
    let to = files.layout.bundle(number);
    let to = to.ok_or_else(|| LogError::corrupt(&from, "expected the number of a bundle that a tree can have"))?;
    if files.disk.metadata(&to)?.is_some() {
        let problem = format!("expected no bundle here, as {} is there", from.display());
        return Err(LogError::corrupt(to, problem));
    }
    if ensured.as_deref() != Some(parent(&to)) {
        create_dirs(&*files.disk, parent(&to))?;
        *ensured = Some(parent(&to).to_owned());
    }
    Ok(files.disk.rename(&from, &to)?)
}

/// Writes a hash tile.
pub(super) fn write_tile(files: &Files, tile: &Tile, bytes: &[u8]) -> Result<(), LogError> {
    let path = files.layout.tile(tile);
    match replace_whole(&*files.disk, &path, bytes) {
        Err(error) if error.is_absent() => {
            create_dirs(&*files.disk, parent(&path))?;
            Ok(replace_whole(&*files.disk, &path, bytes)?)
        }
        other => Ok(other?),
    }
}

/// The full hash tiles that became full with this bundle, lowest level first.
pub(super) fn tiles_completed_by(number: u64) -> impl Iterator<Item = Tile> {
    let completed = move |level: u8| {
        let span = 1u64.checked_shl(u32::from(level) * 8)?;
        let is_last = (number + 1).is_multiple_of(span);
        Tile::new(TileKind::Hashes(level), number / span, TILE_WIDTH).filter(|_| is_last)
    };
    (0..TILE_LEVELS).map_while(completed)
}
