//! A ledger as what a lineage bundle is written from, and the completeness statement over all of it.

use super::completeness::{LeafFault, LogSigner, hash_and_event, stated};
use super::disk::Disk;
use super::error::LogError;
use super::private::DisclosureReader;
use super::read::{Reader, TreeHashes};
use super::snapshot::{Kept, Snapshot, SnapshotError, kept};
use super::state_store::{Progress, StateStore, check_root};
use crate::bundle::{LeafTree, Leaves, ProveLeaves, Source, Stored};
use crate::event::Event;
use crate::state::Find;
use crate::tlog::checkpoint::VerifiedCheckpoint;
use crate::tlog::nodes::TreeHead;
use crate::tlog::note::SignedNote;
use crate::tlog::tree::Frontier;
use crate::value::{EventId, LedgerId, Sha256};
use rayon::prelude::*;

/// A ledger open for reading, read as a bundle's source: at its checkpoint, or at an earlier one.
pub struct LineageSource<'a> {
    reader: &'a Reader,
    values: &'a DisclosureReader,
    state: &'a StateStore,
    hashes: TreeHashes,
    earlier: Option<VerifiedCheckpoint>,
}

impl<'a> LineageSource<'a> {
    /// Reads from a snapshot.
    #[must_use]
    pub fn new(snapshot: &'a Snapshot) -> Self {
        Self::over(snapshot.reader(), snapshot.values(), snapshot.state())
    }

    /// Reads with the state of whoever has the ledger open.
    #[must_use]
    pub fn over(reader: &'a Reader, values: &'a DisclosureReader, state: &'a StateStore) -> Self {
        Self { reader, values, state, hashes: reader.hashes(), earlier: None }
    }

    /// Reads what a snapshot's ledger was at an earlier checkpoint.
    ///
    /// # Errors
    /// The checkpoint is not one of this history.
    pub fn earlier(snapshot: &'a Snapshot, checkpoint: VerifiedCheckpoint) -> Result<Self, LogError> {
        let head = checkpoint.head();
        snapshot.reader().prove_consistency(head.size, &head.root)?;
        Ok(Self { earlier: Some(checkpoint), ..Self::new(snapshot) })
    }

    fn size(&self) -> u64 {
        self.earlier.as_ref().map_or_else(|| self.reader.size(), |checkpoint| checkpoint.head().size)
    }
}

fn stored(kept: Kept) -> Stored {
    Stored { index: kept.index, entry: kept.entry, disclosures: kept.disclosures }
}

impl Source for LineageSource<'_> {
    type Error = SnapshotError;
    type Hashes = TreeHashes;

    fn ledger(&self) -> LedgerId {
        self.reader.identity().ledger()
    }

    fn checkpoint(&self) -> String {
        let checkpoint = self.earlier.as_ref().or_else(|| self.reader.checkpoint());
        checkpoint.map_or_else(String::new, ToString::to_string)
    }

    fn hashes(&self) -> &TreeHashes {
        &self.hashes
    }

    fn entry_at(&self, index: u64) -> Result<Option<Stored>, SnapshotError> {
        if index >= self.size() {
            return Ok(None);
        }
        Ok(kept(self.reader, self.values, self.state, index)?.map(stored))
    }

    fn entry_of(&self, event: &EventId) -> Result<Option<Stored>, SnapshotError> {
        let record = self.state.find().event(event)?;
        record.map_or(Ok(None), |record| self.entry_at(record.index))
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, SnapshotError> {
        Ok(self.state.find().named_by(event)?)
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
    let tree = statement_leaves(snapshot, reader.size(), progress)?;
    let head = TreeHead { size: reader.size(), root: reader.root() };
    let note = tree.sign(reader.identity().ledger(), head, key, signer).map_err(SnapshotError::Statement)?;
    Ok(Some((Box::new(tree), note)))
}

/// The leaves of the completeness statement over everything below a size; reads every entry once, and where that is all of
/// them, compares the root that they lead to with the checkpoint's.
///
/// An entry that holds no event names nothing and is passed over.
///
/// # Errors
/// Damage; the disk's.
pub fn statement_leaves(
    snapshot: &Snapshot,
    size: u64,
    progress: &mut Progress<'_>,
) -> Result<LeafTree, SnapshotError> {
    let (mut leaves, mut frontier) = (Leaves::default(), Frontier::new());
    for block in snapshot.reader().blocks(0..size) {
        let block = block?;
        let entries: Vec<&[u8]> = block.entries().map(|(_, entry)| entry).collect();
        let read: Vec<(Sha256, Option<Event>)> = entries.par_iter().map(|entry| hash_and_event(entry)).collect();
        for (hash, event) in &read {
            frontier.append(*hash);
            event.iter().for_each(|event| leaves.add(event));
        }
        progress(frontier.size(), size);
    }
    if size == snapshot.reader().size() {
        check_root(snapshot.reader(), &frontier)?;
    }
    Ok(leaves.into_tree())
}
