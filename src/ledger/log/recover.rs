//! The parts of opening: the edge, damaged tiles, an unfinished commit, the tail, moves that were not made.

use super::tidy;
use crate::ledger::disk::{Access, create_dirs, parent, read_if_present, read_whole, replace_durably};
use crate::ledger::edge::{Edge, FullTile, recompute};
use crate::ledger::error::LogError;
use crate::ledger::files::{Files, MAX_BUNDLE};
use crate::ledger::layout::bundle_of;
use crate::tlog::checkpoint::VerifiedCheckpoint;
use crate::tlog::nodes::TreeHead;
use crate::tlog::tile::{Tile, TileKind};
use crate::value::Blake3;
use std::path::{Path, PathBuf};

/// The edge at the checkpoint, with its root checked, and the tiles that must be written anew to have it so.
///
/// If the stored hash tiles do not lead to the signed root, the entries are asked: they are the record.
pub(super) fn sound_edge(files: &Files, head: Option<&VerifiedCheckpoint>) -> Result<(Edge, Vec<FullTile>), LogError> {
    let Some(head) = head.map(VerifiedCheckpoint::head) else { return Ok((Edge::default(), Vec::new())) };
    match Edge::read(files, head.size) {
        Ok(edge) if edge.root() == head.root => return Ok((edge, Vec::new())),
        Err(error @ LogError::Disk(_)) => return Err(error),
        Ok(_) | Err(_) => {}
    }
    edge_from_entries(files, head)
}

/// The edge by the entries alone, with its root checked, and the tiles that are stored otherwise than they should be.
pub(super) fn edge_from_entries(files: &Files, head: TreeHead) -> Result<(Edge, Vec<FullTile>), LogError> {
    let mut damaged = Vec::new();
    let mut compare = |tile: Tile, bytes: Vec<u8>| {
        let stored = read_if_present(&*files.disk, &files.layout.tile(&tile), MAX_BUNDLE)?;
        if stored.as_deref() != Some(&bytes) {
            damaged.push((tile, bytes));
        }
        Ok(())
    };
    let edge = recompute(files, head.size, &mut compare)?;
    edge.upper_partials().into_iter().try_for_each(|(tile, bytes)| compare(tile, bytes))?;
    if edge.root() == head.root { Ok((edge, damaged)) } else { Err(locate_damage(files, head)) }
}

/// Says which entry bundle differs from its hash tile, where the entries do not lead to the signed root.
fn locate_damage(files: &Files, TreeHead { size, root }: TreeHead) -> LogError {
    for number in 0..size.div_ceil(256) {
        let Some(tile) = Tile::at_size(TileKind::Hashes(0), number, size) else { break };
        let path = files.layout.bundle(number).unwrap_or_default();
        match (files.block(number, usize::from(tile.width())), files.stored_hashes(&tile)) {
            (Err(error), _) => return error,
            (Ok(block), Ok(Some(hashes))) if block.leaf_hashes() != hashes => {
                let differs = block.leaf_hashes().iter().zip(&hashes).position(|(a, b)| a != b).unwrap_or_default();
                let index = (number << 8) + differs as u64;
                return LogError::corrupt(
                    path,
                    format!("expected entry {index} to have the hash in its hash tile, found another"),
                );
            }
            _ => {}
        }
    }
    let problem =
        format!("expected the {size} entries to lead to root {root}, found another, and no hash tile says where");
    LogError::corrupt(files.layout.root(), problem)
}

/// The edge after the entries up to `size`; `None` where they are not all there.
pub(super) fn grow(files: &Files, edge: &Edge, size: u64) -> Result<Option<Edge>, LogError> {
    let mut grown = edge.clone();
    let mut full = Vec::new();
    while grown.size() < size {
        let (number, skip) = bundle_of(grown.size());
        let end = size.min((number + 1) << 8);
        let block = match files.block(number, usize::try_from(end - (number << 8)).unwrap_or(256)) {
            Ok(block) => block,
            Err(LogError::Corrupt { .. }) => return Ok(None),
            Err(error) => return Err(error),
        };
        let skip = usize::try_from(skip).unwrap_or_default();
        block.leaf_hashes().into_iter().skip(skip).for_each(|leaf| grown.append(leaf, &mut full));
        full.clear();
    }
    Ok(Some(grown))
}

/// Makes the entries of an unfinished commit durable once more before its checkpoint is written.
pub(super) fn sync_entries(files: &Files, from: u64, to: u64) -> Result<(), LogError> {
    for number in bundle_of(from).0..to.div_ceil(256) {
        let path = files.layout.pending(number);
        match files.disk.open_append(&path) {
            Ok(mut file) => file.sync_data()?,
            Err(error) if error.is_absent() => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(files.disk.sync_dir(&files.layout.pending_folder())?)
}

/// Writes hash tiles anew.
pub(super) fn write_tiles(files: &Files, tiles: Vec<FullTile>) -> Result<(), LogError> {
    tiles.iter().try_for_each(|(tile, bytes)| tidy::write_tile(files, tile, bytes))
}

/// What `pending/` holds after the tail is gone.
pub(super) struct Tail {
    /// Where what lay past the checkpoint was put.
    pub(super) discarded: Vec<PathBuf>,
    /// Full bundles below the checkpoint that have not moved yet.
    pub(super) full: Vec<u64>,
    /// How many bytes of the open bundle lie below the checkpoint.
    pub(super) open_length: u64,
}

/// Moves what lies past the checkpoint to `discarded/`.
pub(super) fn discard_tail(files: &Files, size: u64) -> Result<Tail, LogError> {
    let folder = files.layout.pending_folder();
    create_dirs(&*files.disk, &folder)?;
    let mut tail = Tail { discarded: Vec::new(), full: Vec::new(), open_length: 0 };
    let (open, width) = bundle_of(size);
    let mut numbers: Vec<u64> = files.disk.list(&folder)?.iter().filter_map(|name| name.parse().ok()).collect();
    numbers.sort_unstable();
    for number in numbers {
        if number < open {
            tail.full.push(number);
        } else if number == open && width > 0 {
            let width = usize::try_from(width).unwrap_or_default();
            tail.open_length = files.block(number, width)?.end() as u64;
            tail.discarded.extend(cut(files, size, number, tail.open_length)?);
        } else {
            tail.discarded.push(discard_whole(files, size, number)?);
        }
    }
    Ok(tail)
}

/// The name under which bytes past the checkpoint are kept: by their content, so that doing it twice is doing it once.
fn discarded_path(files: &Files, size: u64, number: u64, bytes: &[u8]) -> PathBuf {
    let hash = Blake3::of(bytes).short();
    files.layout.discarded_folder().join(format!("pending-{number}-past-{size}-{hash}"))
}

fn discard_whole(files: &Files, size: u64, number: u64) -> Result<PathBuf, LogError> {
    let from = files.layout.pending(number);
    let bytes = read_whole(&*files.disk, &from, MAX_BUNDLE)?;
    let to = discarded_path(files, size, number, &bytes);
    create_dirs(&*files.disk, parent(&to))?;
    files.disk.rename(&from, &to)?;
    files.disk.sync_dir(parent(&to))?;
    files.disk.sync_dir(parent(&from))?;
    Ok(to)
}

/// Writes the hash tiles that full bundles still in `pending/` complete, and moves the bundles.
pub(super) fn finish_moves(files: &Files, edge: &Edge, full: &[u64]) -> Result<(), LogError> {
    for tile in full.iter().flat_map(|number| tidy::tiles_completed_by(*number)) {
        if files.stored_hashes(&tile)?.is_none() {
            let bytes: Vec<u8> = files.hashes(&tile)?.into_iter().flat_map(|hash| hash.0).collect();
            tidy::write_tile(files, &tile, &bytes)?;
        }
    }
    if !full.is_empty() {
        write_tiles(files, edge.upper_partials())?;
    }
    let mut ensured = None;
    full.iter().try_for_each(|number| tidy::move_bundle(files, *number, &mut ensured))
}

/// Cuts a file at `keep` bytes, keeping what lay behind in `discarded/`; `None` where nothing did.
fn cut(files: &Files, size: u64, number: u64, keep: u64) -> Result<Option<PathBuf>, LogError> {
    let path = files.layout.pending(number);
    let name = |rest: &[u8]| discarded_path(files, size, number, rest);
    cut_file(files, &path, keep, &name)
}

/// Cuts a file at `keep` bytes; what lay behind is first kept, durably, in the file that `name` gives for it.
pub(in crate::ledger) fn cut_file(
    files: &Files,
    path: &Path,
    keep: u64,
    name: &dyn Fn(&[u8]) -> PathBuf,
) -> Result<Option<PathBuf>, LogError> {
    let mut file = files.disk.open_append(path)?;
    let behind = usize::try_from(file.length()?.saturating_sub(keep)).unwrap_or_default();
    if behind == 0 {
        return Ok(None);
    }
    let mut rest = vec![0; behind];
    crate::ledger::disk::read_exact_at(&mut *file, keep, &mut rest)?;
    let to = name(&rest);
    create_dirs(&*files.disk, parent(&to))?;
    replace_durably(&*files.disk, &to, &rest, Access::OwnerOnly)?;
    file.truncate(keep)?;
    file.sync_data()?;
    Ok(Some(to))
}
