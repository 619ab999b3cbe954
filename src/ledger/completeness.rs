//! The completeness statement kept beside the log: its leaf tree in derived files, added to after each commit.
//!
//! An export states completeness over the whole log. That its cost shall not grow with the log, the leaves are kept in
//! `completeness/` with the signed statement, and a commit changes only the leaves that its events name and adds those that
//! they bring. Where the files are missing, behind or wrong, an export brings them up to date from the log, and the
//! statement is signed anew.
//!
//! # What a signer relies on
//!
//! Derived files may be damaged or old, and a wrong statement is misconduct that its signer can be shown. So a statement is
//! signed only over leaves that follow from the log:
//! - The base is a statement that the log's own key signed, for a size and root of which the present log is an extension
//!   (checked by a consistency proof); without one, all leaves are made from the log.
//! - A leaf that is changed is first found under that statement's root, and to be the one of its id. So is every hash that
//!   the new root is computed from.
//! - Entries read from the log are hashed, and with the old tree lead to the root of the checkpoint.
//!
//! What remains trusted, as for every rule at append, is the index where it says that an event is *not* recorded.
//!
//! Held only by whoever has the index open: two processes never change the files at once. In scope: keeping, extending and
//! proving leaves. Not in scope: what a leaf means ([`crate::bundle::statement`]).

mod places;
mod tiles;

use super::disk::{Disk, DiskError, read_if_present};
use super::error::LogError;
use super::identity::Identity;
use super::layout::Layout;
use super::read::Reader;
use super::state_store::{Progress, StateStore};
use crate::bundle::{Covered, Leaf, ProveLeaves, Statement, covered_by};
use crate::envelope::{Jws, Typ, open};
use crate::event::Event;
use crate::state::{Find, ViewError};
use crate::tlog::entry::EntryRef;
use crate::tlog::nodes::TreeHead;
use crate::tlog::note::{NoteError, SignedNote};
use crate::tlog::tree::{EMPTY_ROOT, Frontier, HashReader as _, NodeMap, leaf_hash, peaks};
use crate::tlog::vkey::{DynSigner, VerifierKey};
use crate::value::{Blake3, DigestMap, EventId, LedgerId, LotId, Sha256};
use places::{Starts, Strays};
use rayon::prelude::*;
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::PathBuf;
use tiles::Tiles;

/// How many entries are taken in before what changed is written and let go.
const SLICE: u64 = 1 << 16;

/// Why leaves could not be read or changed.
#[derive(Debug, thiserror::Error)]
pub enum LeafFault {
    /// A file.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// State.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The statement could not be signed.
    #[error(transparent)]
    Note(#[from] NoteError),
    /// Files that do not follow from the log.
    #[error("{0}")]
    Wrong(String),
}

/// The leaves of a log, and the statement over them where it is signed.
pub struct Completeness<'a> {
    disk: &'a dyn Disk,
    folder: PathBuf,
    ledger: LedgerId,
    /// The log that the leaves are of.
    log: TreeHead,
    note: Option<SignedNote>,
    find: &'a dyn Find,
    files: RefCell<Files<'a>>,
}

struct Files<'a> {
    tiles: Tiles<'a>,
    starts: Starts<'a>,
    strays: Strays,
}

/// The log's key with what signs.
pub type LogSigner<'a> = (&'a VerifierKey, &'a DynSigner<'a>);

impl<'a> Completeness<'a> {
    /// Leaves of nothing.
    fn fresh(disk: &'a dyn Disk, layout: &Layout, ledger: LedgerId, find: &'a dyn Find) -> Result<Self, LeafFault> {
        let folder = layout.completeness();
        let head = TreeHead { size: 0, root: EMPTY_ROOT };
        let files = Files {
            tiles: Tiles::open(disk, &folder, head)?,
            starts: Starts::new(disk, &folder, 0),
            strays: Strays::default(),
        };
        Ok(Self { disk, folder, ledger, log: head, note: None, find, files: RefCell::new(files) })
    }

    /// The leaves as kept, with the statement that a key of the log signed over them; `None` where there are none.
    fn open(
        disk: &'a dyn Disk,
        layout: &Layout,
        identity: &Identity,
        find: &'a dyn Find,
    ) -> Result<Option<Self>, LeafFault> {
        let folder = layout.completeness();
        let wrong = |problem: &dyn std::fmt::Display| LeafFault::Wrong(format!("{}: {problem}", folder.display()));
        let Some(bytes) = read_if_present(disk, &folder.join("note"), 1 << 20)? else { return Ok(None) };
        // The digest of the list and the statement lie in one file, so that neither is newer than the other.
        let split = bytes.split_first_chunk::<65>().filter(|(line, _)| line.ends_with(b"\n"));
        let (digest, note) = split.ok_or_else(|| wrong(&"torn"))?;
        let digest: Option<Blake3> = std::str::from_utf8(digest).ok().and_then(|text| text.trim_end().parse().ok());
        let digest = digest.ok_or_else(|| wrong(&"torn"))?;
        let note = SignedNote::parse(note)?;
        let statement: Statement = note.unverified_text().parse().map_err(|error| wrong(&error))?;
        let ours = identity.vkeys().iter().any(|key| note.check_signature(key).is_ok());
        if !ours || statement.ledger != identity.ledger() {
            return Err(wrong(&"expected a statement signed by a key of the log"));
        }
        let files = Files {
            tiles: Tiles::open(disk, &folder, statement.leaves)?,
            starts: Starts::new(disk, &folder, statement.log.size),
            strays: Strays::read(disk, &folder.join("strays"), digest)?,
        };
        let (ledger, log) = (statement.ledger, statement.log);
        Ok(Some(Self { disk, folder, ledger, log, note: Some(note), find, files: RefCell::new(files) }))
    }

    /// Takes in the next entry: its event, or nothing where it holds none.
    fn take_in(&mut self, event: Option<&Event>, new: &mut DigestMap<EventId, (u64, u8)>) -> Result<(), LeafFault> {
        let files = self.files.get_mut();
        let index = files.starts.size;
        files.starts.push(files.tiles.size())?;
        let Some(event) = event else { return Ok(()) };
        let find = self.find;
        let recorded = |new: &DigestMap<EventId, (u64, u8)>, id: &EventId| match new.get(id) {
            Some(found) => Ok(Some(*found)),
            None => find.event(id).map(|found| found.map(|record| (record.index, record.outputs))),
        };
        let is_again = new.contains_key(&event.id) || recorded(new, &event.id)?.is_some_and(|(first, _)| first < index);
        if is_again {
            return Ok(());
        }
        let lots: Vec<LotId> = event.payload.body.output_ids(event.id).collect();
        new.insert(event.id, (index, u8::try_from(lots.len()).unwrap_or(u8::MAX)));
        for id in std::iter::once(event.id.into()).chain(lots.into_iter().map(Covered::from)) {
            if files.strays.get(id).is_none() {
                files.tiles.push(id);
            }
        }
        for id in covered_by(event) {
            let known = recorded(new, &id.event)?;
            let place = match files.place(id, known.filter(|(first, _)| *first <= index))? {
                Some(place) => place,
                None => {
                    let place = files.tiles.size();
                    files.tiles.push(id);
                    files.strays.add(id, place);
                    place
                }
            };
            let mut seal = files.tiles.seal(place, id)?;
            seal.add(&event.id);
            files.tiles.change(place, id, seal);
        }
        Ok(())
    }

    /// Writes the leaves and signs the statement over them for this state of the log.
    fn sign(&mut self, log: TreeHead, (key, signer): LogSigner<'_>) -> Result<(), LeafFault> {
        let files = self.files.get_mut();
        let leaves = files.tiles.settle()?;
        files.tiles.save()?;
        files.starts.save()?;
        let digest = files.strays.save(self.disk, &self.folder.join("strays"))?;
        let statement = Statement { ledger: self.ledger, log, leaves };
        let note = SignedNote::sign(&statement.to_string(), key, signer)?;
        tiles::write(self.disk, &self.folder.join("note"), format!("{digest}\n{note}").as_bytes())?;
        (self.log, self.note) = (log, Some(note));
        Ok(())
    }

    /// Takes in the log up to the reader's checkpoint and signs.
    fn catch_up(
        &mut self,
        reader: &Reader,
        signer: LogSigner<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<(), LeafFault> {
        let head = TreeHead { size: reader.size(), root: reader.root() };
        let mut frontier = extended(reader, self.log)?;
        let mut new = DigestMap::default();
        for block in reader.blocks(self.log.size..head.size) {
            let block = block?;
            let entries: Vec<&[u8]> = block.entries().map(|(_, entry)| entry).collect();
            let read: Vec<(Sha256, Option<Event>)> = entries.par_iter().map(|entry| hash_and_event(entry)).collect();
            for (hash, event) in &read {
                frontier.append(*hash);
                self.take_in(event.as_ref(), &mut new)?;
            }
            if frontier.size() % SLICE == 0 {
                let files = self.files.get_mut();
                files.tiles.settle()?;
                files.tiles.save()?;
                files.starts.save()?;
                new.clear();
            }
            progress(frontier.size(), head.size);
        }
        if frontier.root() != head.root {
            return Err(
                LogError::corrupt(reader.layout().root(), "expected entries that lead to the signed root").into()
            );
        }
        self.sign(head, signer)
    }

    /// The signed statement.
    #[must_use]
    pub const fn note(&self) -> Option<&SignedNote> {
        self.note.as_ref()
    }
}

/// The tree of an older state of the log, which the reader's log extends.
fn extended(reader: &Reader, old: TreeHead) -> Result<Frontier, LeafFault> {
    if old.size == 0 {
        return Ok(Frontier::new());
    }
    reader.prove_consistency(old.size, &old.root)?;
    let hashes = reader.hashes().hashes(&peaks(old.size))?;
    let frontier = Frontier::from_peaks(old.size, hashes).filter(|frontier| frontier.root() == old.root);
    frontier.ok_or_else(|| LeafFault::Wrong("expected hash tiles that lead to the stated root".to_owned()))
}

/// The leaf hash of an entry, and the event that it holds, if it holds one.
pub(super) fn hash_and_event(entry: &[u8]) -> (Sha256, Option<Event>) {
    let event = || {
        let entry = EntryRef::parse(entry).ok()?;
        open(&Jws::parse(entry.jwt, Typ::Event).ok()?, &[]).ok()
    };
    (leaf_hash(entry), event())
}

impl Files<'_> {
    /// Where the leaf of an id is, given where its event is recorded and how many lots that one has.
    fn place(&mut self, id: Covered, recorded: Option<(u64, u8)>) -> Result<Option<u64>, LeafFault> {
        if let Some(place) = self.strays.get(id) {
            return Ok(Some(place));
        }
        let Some((index, outputs)) = recorded else { return Ok(None) };
        if id.output.is_some_and(|output| output >= outputs) {
            return Ok(None);
        }
        let Some(start) = self.starts.get(index)? else { return Ok(None) };
        let before = id.output.map_or(0, |output| u16::from(output) + 1);
        let own = |nth: u16| Covered { event: id.event, output: nth.checked_sub(1).and_then(|n| u8::try_from(n).ok()) };
        let placed = (0..before).filter(|nth| self.strays.get(own(*nth)).is_none()).count();
        Ok(Some(start + placed as u64))
    }
}

impl ProveLeaves for Completeness<'_> {
    fn prove_leaves(&self, leaves: &[Leaf]) -> Result<(Vec<u64>, NodeMap), String> {
        let mut files = self.files.borrow_mut();
        let mut places = Vec::with_capacity(leaves.len());
        let mut find = || -> Result<NodeMap, LeafFault> {
            for leaf in leaves {
                let recorded = self.find.event(&leaf.id.event)?.map(|record| (record.index, record.outputs));
                let below = recorded.filter(|(index, _)| *index < self.log.size);
                let place = files.place(leaf.id, below)?;
                let place = place.ok_or_else(|| LeafFault::Wrong(crate::bundle::no_leaf(leaf.id)))?;
                if files.tiles.seal(place, leaf.id)? != leaf.seal() {
                    return Err(LeafFault::Wrong(format!("expected another list in the leaf of {}", leaf.id)));
                }
                places.push(place);
            }
            files.tiles.prove(&places.iter().copied().collect::<BTreeSet<u64>>())
        };
        let nodes = find().map_err(|error| error.to_string())?;
        Ok((places, nodes))
    }
}

/// The leaves at the reader's checkpoint with the signed statement: as kept, or brought up to date and signed.
///
/// `None` where there is no statement and nobody to sign one. For callers that have the index of the ledger open.
///
/// # Errors
/// Damage to the log; the disk's, a folder that cannot be written included.
pub fn stated<'a>(
    disk: &'a dyn Disk,
    reader: &Reader,
    find: &'a dyn Find,
    signer: Option<LogSigner<'_>>,
    progress: &mut Progress<'_>,
) -> Result<Option<Completeness<'a>>, LeafFault> {
    let (layout, identity) = (reader.layout(), reader.identity());
    let head = TreeHead { size: reader.size(), root: reader.root() };
    let kept = Completeness::open(disk, layout, identity, find).unwrap_or(None);
    let by_key = |note: &SignedNote| reader.checkpoint().is_some_and(|last| note.check_signature(last.key()).is_ok());
    let is_current = |kept: &Completeness<'_>| kept.log == head && kept.note.as_ref().is_some_and(by_key);
    if kept.as_ref().is_some_and(is_current) {
        return Ok(kept);
    }
    let Some(signer) = signer else { return Ok(None) };
    if let Some(mut kept) = kept
        && kept.log.size <= head.size
        && kept.catch_up(reader, signer, progress).is_ok()
    {
        return Ok(Some(kept));
    }
    let mut made = Completeness::fresh(disk, layout, identity.ledger(), find)?;
    made.catch_up(reader, signer, progress)?;
    Ok(Some(made))
}

/// Lets go of the statement that is kept, so that the next one is made from the log.
///
/// # Errors
/// The disk's.
pub fn forget(disk: &dyn Disk, layout: &Layout) -> Result<(), DiskError> {
    match disk.remove_file(&layout.completeness().join("note")) {
        Err(error) if !error.is_absent() => Err(error),
        _ => Ok(()),
    }
}

/// After a commit: takes in its events, where the leaves are those of the state before it; otherwise an export will.
///
/// # Errors
/// Why the statement could not follow; it is derived, and nothing else depends on it.
pub fn follow<'e>(
    disk: &dyn Disk,
    (layout, identity): (&Layout, &Identity),
    state: &StateStore,
    (before, after): (TreeHead, TreeHead),
    events: impl Iterator<Item = &'e Event>,
    signer: LogSigner<'_>,
) -> Result<(), LeafFault> {
    if !matches!(state, StateStore::Index(_)) {
        return Ok(());
    }
    let find = state.find();
    let kept = match before.size {
        0 => Some(Completeness::fresh(disk, layout, identity.ledger(), &*find)?),
        _ => Completeness::open(disk, layout, identity, &*find)?.filter(|kept| kept.log == before),
    };
    let Some(mut kept) = kept else { return Ok(()) };
    let mut new = DigestMap::default();
    for event in events {
        kept.take_in(Some(event), &mut new)?;
    }
    if kept.files.get_mut().starts.size != after.size {
        return Err(LeafFault::Wrong(format!("expected the events up to size {}", after.size)));
    }
    kept.sign(after, signer)
}

#[cfg(test)]
mod tests;
