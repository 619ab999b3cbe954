//! A ledger as what a lineage bundle is written from, and the completeness statement over all of it.

use super::completeness::{LeafFault, LogSigner, stated};
use super::disk::Disk;
use super::read::TreeHashes;
use super::snapshot::{Kept, Snapshot, SnapshotError};
use super::state_store::Progress;
use super::state_store::StateStore;
use crate::bundle::{LeafTree, Leaves, ProveLeaves, Source, Stored};
use crate::envelope::{Jws, Typ, open};
use crate::state::Find;
use crate::tlog::entry::EntryRef;
use crate::tlog::nodes::TreeHead;
use crate::tlog::note::SignedNote;
use crate::value::{EventId, LedgerId};

/// A snapshot, read as a bundle's source.
pub struct LineageSource<'a> {
    snapshot: &'a Snapshot,
    hashes: TreeHashes,
}

impl<'a> LineageSource<'a> {
    /// Reads from a snapshot.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self { snapshot, hashes: snapshot.reader().hashes() }
    }
}

fn stored(kept: Kept) -> Stored {
    Stored { index: kept.index, entry: kept.entry, disclosures: kept.disclosures }
}

impl Source for LineageSource<'_> {
    type Error = SnapshotError;
    type Hashes = TreeHashes;

    fn ledger(&self) -> LedgerId {
        self.snapshot.reader().identity().ledger()
    }

    fn checkpoint(&self) -> String {
        self.snapshot.reader().checkpoint().map_or_else(String::new, ToString::to_string)
    }

    fn hashes(&self) -> &TreeHashes {
        &self.hashes
    }

    fn entry_at(&self, index: u64) -> Result<Option<Stored>, SnapshotError> {
        Ok(self.snapshot.kept(index)?.map(stored))
    }

    fn entry_of(&self, event: &EventId) -> Result<Option<Stored>, SnapshotError> {
        Ok(self.snapshot.kept_of(event)?.map(stored))
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, SnapshotError> {
        Ok(self.snapshot.find().named_by(event)?)
    }
}

/// Leaves with the signed statement over them.
pub type Stated<'a> = (Box<dyn ProveLeaves + 'a>, SignedNote);

/// The completeness statement at the snapshot's checkpoint: as kept beside the log, brought up to date where it is behind;
/// made anew in memory where the index is not at hand or its folder cannot be written.
///
/// `None` where none is kept and nobody signs one.
///
/// # Errors
/// Damage; the disk's.
pub fn stated_leaves<'a>(
    disk: &'a dyn Disk,
    snapshot: &Snapshot,
    find: &'a dyn Find,
    signer: Option<LogSigner<'_>>,
    progress: &mut Progress<'_>,
) -> Result<Option<Stated<'a>>, SnapshotError> {
    let reader = snapshot.reader();
    if matches!(snapshot.state(), StateStore::Index(_)) {
        match stated(disk, reader, find, signer, progress) {
            Ok(Some(kept)) => {
                let note = kept.note().cloned();
                return Ok(note.map(|note| -> Stated<'a> { (Box::new(kept), note) }));
            }
            Ok(None) => return Ok(None),
            Err(LeafFault::Log(error)) => return Err(error.into()),
            Err(_) => {}
        }
    }
    let Some((key, signer)) = signer else { return Ok(None) };
    let tree = statement_leaves(snapshot, progress)?;
    let head = TreeHead { size: reader.size(), root: reader.root() };
    let note = tree.sign(reader.identity().ledger(), head, key, signer).map_err(SnapshotError::Statement)?;
    Ok(Some((Box::new(tree), note)))
}

/// The leaves of the completeness statement over everything below the snapshot's checkpoint; reads every entry once.
///
/// An entry that holds no event names nothing and is passed over.
///
/// # Errors
/// Damage; the disk's.
pub fn statement_leaves(snapshot: &Snapshot, progress: &mut Progress<'_>) -> Result<LeafTree, SnapshotError> {
    let mut leaves = Leaves::default();
    let size = snapshot.reader().size();
    for block in snapshot.reader().blocks(0..size) {
        let block = block?;
        for (_, entry) in block.entries() {
            let Ok(entry) = EntryRef::parse(entry) else { continue };
            let Ok(jws) = Jws::parse(entry.jwt, Typ::Event) else { continue };
            if let Ok(event) = open(&jws, &[]) {
                leaves.add(&event);
            }
        }
        progress(block.entries().last().map_or(size, |(index, _)| index + 1), size);
    }
    Ok(leaves.into_tree())
}
