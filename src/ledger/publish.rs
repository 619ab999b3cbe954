//! A folder that any static web server can serve as a C2SP tlog-tiles log: `checkpoint` and `tile/`, with the partial tiles.
//!
//! What is there already and cannot change is left; the checkpoint is replaced last, so that a reader never meets one
//! whose tiles are missing. Private values, documents and suppliers' bundles are never published.
//!
//! In scope: files. Not in scope: witnesses' cosignatures (they are in the checkpoint, if it has any), removing partial
//! tiles that full ones have replaced (C2SP lets them be).

use super::disk::{Access, Disk, DiskError, create_dirs, parent, read_if_present, replace_derived, replace_durably};
use super::error::LogError;
use super::read::Reader;
use crate::tlog::checkpoint::{CheckpointError, SignedCheckpoint};
use crate::tlog::tile::{Tile, TileKind, full_hash_tiles, full_tiles, partial_hash_tiles, partial_tile};
use std::path::{Path, PathBuf};

/// Why a ledger could not be published.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The ledger could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The folder could not be written.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The ledger has no checkpoint yet.
    #[error("expected a ledger with entries, found an empty one")]
    Empty,
    /// The folder is itself a ledger.
    #[error("expected a folder to publish in, found the ledger {}", .0.display())]
    Ledger(PathBuf),
    /// The folder holds another log.
    #[error("expected no checkpoint or an older one of this log in {}, found another: {cause}", path.display())]
    OtherLog {
        /// The checkpoint published before.
        path: PathBuf,
        /// Why it is not this log's.
        cause: CheckpointError,
    },
    /// The folder holds a newer state, which must not be taken back.
    #[error("expected a published size of at most {ours}, found {published}")]
    Newer {
        /// The size to be published.
        ours: u64,
        /// The size published before.
        published: u64,
    },
}

/// What publishing did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Published {
    /// The size now published.
    pub size: u64,
    /// Tiles written.
    pub written: usize,
    /// Tiles that were there already.
    pub kept: usize,
}

/// Publishes a snapshot into a folder, which may hold an earlier publication of the same log.
///
/// Establishes that the published state extends the one published before. Does not establish that every old entry is
/// sound: only tiles written now are compared.
///
/// # Errors
/// An empty ledger; a folder of another log, of a newer state or of a ledger; a history that does not extend the published
/// one; damage; the disk's.
pub fn publish(reader: &Reader, disk: &dyn Disk, folder: &Path) -> Result<Published, PublishError> {
    let checkpoint = reader.checkpoint().ok_or(PublishError::Empty)?;
    if disk.metadata(&folder.join("oretrail.toml"))?.is_some() {
        return Err(PublishError::Ledger(folder.to_owned()));
    }
    create_dirs(disk, folder)?;
    let path = folder.join("checkpoint");
    check_extends(reader, disk, &path)?;
    let mut published = Published { size: reader.size(), written: 0, kept: 0 };
    for tile in tiles(reader.size()) {
        let written = publish_tile(reader, disk, folder, &tile)?;
        *if written { &mut published.written } else { &mut published.kept } += 1;
    }
    replace_durably(disk, &path, checkpoint.to_string().as_bytes(), Access::Shared)?;
    Ok(published)
}

/// All tiles of a tree.
fn tiles(size: u64) -> impl Iterator<Item = Tile> {
    let entries = full_tiles(TileKind::Entries, 0, size).chain(partial_tile(TileKind::Entries, size));
    entries.chain(full_hash_tiles(0, size)).chain(partial_hash_tiles(size))
}

/// The largest checkpoint that is read, in bytes.
const MAX_CHECKPOINT: u64 = 1 << 20;

fn check_extends(reader: &Reader, disk: &dyn Disk, path: &Path) -> Result<(), PublishError> {
    let Some(bytes) = read_if_present(disk, path, MAX_CHECKPOINT)? else { return Ok(()) };
    let verified = SignedCheckpoint::parse(&bytes).and_then(|signed| reader.identity().verify(&signed));
    let head = verified.map_err(|cause| PublishError::OtherLog { path: path.to_owned(), cause })?.head();
    if head.size > reader.size() {
        return Err(PublishError::Newer { ours: reader.size(), published: head.size });
    }
    reader.prove_consistency(head.size, &head.root)?;
    Ok(())
}

/// Writes a tile unless it is there with its length; says whether it wrote.
fn publish_tile(reader: &Reader, disk: &dyn Disk, folder: &Path, tile: &Tile) -> Result<bool, PublishError> {
    let to = folder.join(tile.to_string());
    let there = disk.metadata(&to)?.map(|found| found.len);
    if there.is_some() && there == expected_length(reader, tile)? {
        return Ok(false);
    }
    let bytes = reader.tile(tile)?;
    if disk.metadata(parent(&to))?.is_none() {
        create_dirs(disk, parent(&to))?;
    }
    replace_derived(disk, &to, &bytes)?;
    Ok(true)
}

/// The length of a tile where it is known without reading it.
fn expected_length(reader: &Reader, tile: &Tile) -> Result<Option<u64>, PublishError> {
    match tile.kind() {
        TileKind::Hashes(_) => Ok(Some(u64::from(tile.width()) * 32)),
        TileKind::Entries if tile.is_full() => Ok(reader.stored_length(tile)?),
        TileKind::Entries => Ok(None),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::disk::{Cut, Fault, read_whole};
    use crate::ledger::testing::{Machine, batch, root};
    use crate::tlog::entry_bundle::parse_bundle;
    use crate::tlog::proof::{check_inclusion, prove_inclusion, read_root};
    use crate::tlog::tile::TileHashes;
    use crate::tlog::tree::leaf_hash;

    fn site() -> &'static Path {
        Path::new("/site")
    }

    fn run(machine: &Machine) -> Result<Published, PublishError> {
        let reader = Reader::open(machine.shared(), root())?;
        publish(&reader, &machine.disk, site())
    }

    /// Reads the site as a client would, from nothing but its files.
    fn check_site(machine: &Machine, size: u64) {
        let fetch = |tile: Tile| read_whole(&machine.disk, &site().join(tile.to_string()), 1 << 24);
        let signed = read_whole(&machine.disk, &site().join("checkpoint"), 9999).unwrap();
        let head = SignedCheckpoint::parse(&signed).unwrap().verify(&crate::ledger::testing::vkey()).unwrap().head();
        assert_eq!(head.size, size);
        let hashes = TileHashes::new(size, fetch);
        assert_eq!(read_root(&hashes, size).unwrap(), head.root);
        let mut found = Vec::new();
        for number in 0..size.div_ceil(256) {
            let tile = Tile::at_size(TileKind::Entries, number, size).unwrap();
            let bytes = fetch(tile).unwrap();
            found.extend(parse_bundle(&bytes, usize::from(tile.width())).unwrap().iter().map(|entry| entry.to_vec()));
        }
        assert_eq!(found, batch(0, size));
        for index in (0..size).step_by(101) {
            let proof = prove_inclusion(&hashes, index, size).unwrap();
            let leaf = leaf_hash(&found[usize::try_from(index).unwrap()]);
            check_inclusion(&leaf, index, size, &head.root, &proof).unwrap();
        }
    }

    #[test]
    fn site_serves_the_whole_log_and_grows_with_it() {
        let machine = Machine::with_batches(&[3]);
        for count in [250, 3, 300, 1, 600] {
            let (mut log, _) = machine.open().unwrap();
            machine.append(&mut log, count).unwrap();
            let published = run(&machine).unwrap();
            check_site(&machine, log.size());
            let again = run(&machine).unwrap();
            assert!(again.written <= 1, "only the partial entries are written again");
            assert_eq!(again.written + again.kept, published.written + published.kept);
        }
    }

    #[test]
    fn older_other_and_forked_states_are_not_published_over() {
        let machine = Machine::with_batches(&[300]);
        assert!(matches!(run(&Machine::with_batches(&[])), Err(PublishError::Empty)));
        let reader = Reader::open(machine.shared(), root()).unwrap();
        assert!(matches!(publish(&reader, &machine.disk, root()), Err(PublishError::Ledger(_))));
        run(&machine).unwrap();
        let smaller = Machine::with_batches(&[200]);
        let older = Reader::open(smaller.shared(), root()).unwrap();
        let error = publish(&older, &machine.disk, site()).unwrap_err();
        assert!(matches!(error, PublishError::Newer { ours: 200, published: 300 }), "{error}");

        let forked = Machine::with_batches(&[]);
        let (mut log, _) = forked.open().unwrap();
        log.append_batch(&batch(1, 400), &mut forked.memory()).unwrap();
        let forked = Reader::open(forked.shared(), root()).unwrap();
        assert!(matches!(publish(&forked, &machine.disk, site()), Err(PublishError::Log(LogError::Proof(_)))));
        check_site(&machine, 300);

        replace_derived(&machine.disk, &site().join("checkpoint"), b"other\n").unwrap();
        assert!(matches!(run(&machine), Err(PublishError::OtherLog { .. })));
    }

    #[test]
    fn site_is_whole_or_can_be_made_so_after_a_crash_at_any_call() {
        let prepared = Machine::with_batches(&[300]);
        run(&prepared).unwrap();
        let (mut log, _) = prepared.open().unwrap();
        prepared.append(&mut log, 250).unwrap();
        let trial = prepared.fork(Cut::KeepAll);
        run(&trial).unwrap();
        for call in 1..=trial.disk.calls() {
            let machine = prepared.fork(Cut::KeepAll);
            machine.disk.fail_at(call, Fault::Stop);
            let size = if run(&machine).is_ok() { 550 } else { 300 };
            let killed = machine.fork(Cut::KeepAll);
            let signed = read_whole(&killed.disk, &site().join("checkpoint"), 9999).unwrap();
            check_site(&killed, SignedCheckpoint::parse(&signed).unwrap().unverified().size().max(size));
            let cut = machine.fork(Cut::LoseUnsynced);
            run(&cut).unwrap();
            check_site(&cut, 550);
        }
    }
}
