//! State of a ledger at its checkpoint: from the index where there is one, by replay where there is none.
//!
//! An index behind the log is caught up, in slices of at most [`SLICE`] entries; one ahead of it, of another root, or that
//! will not open is removed and built anew. A process that cannot get the index in time, or cannot write where it lies, replays
//! the entries into memory.
//!
//! Not in scope: keeping entries (`log`), rules (`rules`, through `verify::replay`).

use super::error::LogError;
use super::index::{DiskIndex, IndexError, KeyValue, Pairs, Tip};
use super::kept::Kept;
use super::private::{DisclosureReader, Offsets, PrivateError};
use super::read::Reader;
use super::records::{IndexView, to_key_value, value_pair, values_end_pair};
use crate::state::{Delta, Find, Memory, Overlay, Put, Record, Took, View, ViewError};
use crate::tlog::entry::{EntryRef, link};
use crate::tlog::tree::{Frontier, HashReader, peaks};
use crate::value::{Blake3, EventId, Time};
use crate::verify::replay::{Raw, Replay};

/// The most entries that one index batch covers.
pub const SLICE: usize = 4_096;

/// Told how many of how many entries were entered.
pub type Progress<'a> = dyn FnMut(u64, u64) + 'a;

/// Why state could not be had.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    /// The log could not be read.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Private values could not be read.
    #[error(transparent)]
    Private(#[from] PrivateError),
    /// State could not be read.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The index could not be used, nor built anew.
    #[error(transparent)]
    Index(#[from] IndexError),
    /// The entries do not lead to the root that the checkpoint signs.
    #[error("expected the entries to lead to root {expected} at size {size}, found {found}")]
    Root {
        /// The size.
        size: u64,
        /// The signed root.
        expected: String,
        /// The root of the entries.
        found: String,
    },
}

/// State, kept in an index or in memory.
pub enum StateStore {
    /// In the index on disk.
    Index(Box<DiskIndex>),
    /// In memory, replayed; with the offsets of private values.
    Replayed(Box<Memory>, Offsets),
}

impl StateStore {
    /// State at the reader's checkpoint, from the index; from a replay where the index is in use by somebody else, or lies
    /// where it can be neither opened nor built anew, as in a read-only folder.
    ///
    /// # Errors
    /// The log cannot be read or is damaged.
    pub fn open(
        reader: &Reader,
        values: &DisclosureReader,
        wait: &mut dyn FnMut() -> bool,
        progress: &mut Progress<'_>,
    ) -> Result<Self, StateError> {
        match Self::indexed(reader, values, wait, progress) {
            Err(StateError::Index(_) | StateError::View(_)) => Self::replay(reader, values, progress),
            result => result,
        }
    }

    fn indexed(
        reader: &Reader,
        values: &DisclosureReader,
        wait: &mut dyn FnMut() -> bool,
        progress: &mut Progress<'_>,
    ) -> Result<Self, StateError> {
        let (folder, lock) = (reader.layout().index(), reader.layout().index_lock());
        let mut index = match DiskIndex::open(&folder, &lock, wait) {
            Err(IndexError::Unusable(_) | IndexError::Damaged(_)) => Self::fresh(reader, wait)?,
            opened => opened?,
        };
        match catch_up(&mut index, reader, values, progress) {
            Ok(()) => {}
            Err(error @ (StateError::Log(_) | StateError::Private(_))) => return Err(error),
            Err(_) => {
                drop(index);
                index = Self::fresh(reader, wait)?;
                catch_up(&mut index, reader, values, progress)?;
            }
        }
        Ok(Self::Index(Box::new(index)))
    }

    /// Removes the index and builds it anew.
    ///
    /// # Errors
    /// The index is in use; the log cannot be read or is damaged.
    pub fn rebuild(
        reader: &Reader,
        values: &DisclosureReader,
        wait: &mut dyn FnMut() -> bool,
        progress: &mut Progress<'_>,
    ) -> Result<Self, StateError> {
        let mut index = Self::fresh(reader, wait)?;
        catch_up(&mut index, reader, values, progress)?;
        Ok(Self::Index(Box::new(index)))
    }

    fn fresh(reader: &Reader, wait: &mut dyn FnMut() -> bool) -> Result<DiskIndex, IndexError> {
        let (folder, lock) = (reader.layout().index(), reader.layout().index_lock());
        DiskIndex::remove(&folder, &lock, wait)?;
        DiskIndex::open(&folder, &lock, wait)
    }

    /// State at the reader's checkpoint by replaying every entry.
    ///
    /// # Errors
    /// The log cannot be read or is damaged.
    pub fn replay(reader: &Reader, values: &DisclosureReader, progress: &mut Progress<'_>) -> Result<Self, StateError> {
        let kept = Kept::scan(values, 0)?;
        let mut replay = Replay::new(reader.identity().ledger());
        run(&mut replay, reader, &kept, 0..reader.size(), progress, &mut |_| Ok(()))?;
        check_root(reader, replay.frontier())?;
        Ok(Self::Replayed(Box::new(replay.into_view()), kept.offsets))
    }

    /// The state, to read from.
    #[must_use]
    pub fn find(&self) -> Box<dyn Find + '_> {
        match self {
            Self::Index(index) => Box::new(IndexView::new(&**index)),
            Self::Replayed(memory, _) => Box::new(&**memory),
        }
    }

    /// Puts what a commit added, or the next [`SLICE`] of it: records, where the private values of its events lie, and,
    /// with the last slice, where those end.
    ///
    /// # Errors
    /// The index is unusable; the next opening builds it anew.
    pub fn put<'r>(
        &mut self,
        records: impl Iterator<Item = &'r Record>,
        values: &[(EventId, u64)],
        values_end: Option<u64>,
        tip: Tip,
    ) -> Result<(), IndexError> {
        match self {
            Self::Index(index) => {
                let mut pairs = records.map(to_key_value).collect::<Result<Pairs, _>>()?;
                pairs.extend(values.iter().map(|(id, offset)| value_pair(id, *offset)));
                pairs.extend(values_end.map(values_end_pair));
                index.apply(pairs, tip)
            }
            Self::Replayed(memory, offsets) => {
                records.for_each(|record| memory.put(std::slice::from_ref(record)));
                values.iter().for_each(|(id, offset)| offsets.add(id, *offset));
                Ok(())
            }
        }
    }

    /// Where the private values of an event lie; perhaps with those of another one, which `kept::read_all` passes over.
    ///
    /// # Errors
    /// The index is unusable.
    pub fn value_offsets(&self, id: &EventId) -> Result<Vec<u64>, ViewError> {
        match self {
            Self::Index(index) => IndexView::new(&**index).value_offsets(id),
            Self::Replayed(_, offsets) => Ok(offsets.of(id)),
        }
    }

    /// Tells of every record of private values that the index knows: its event, and where it lies.
    ///
    /// # Errors
    /// The index is unusable.
    pub fn each_value(&self, took: &mut Took<'_, EventId, u64>) -> Result<(), ViewError> {
        match self {
            Self::Index(index) => IndexView::new(&**index).each_value(took),
            Self::Replayed(..) => Ok(()),
        }
    }

    /// Up to where the private values are known to be sound; 0 where that is not known.
    #[must_use]
    pub fn values_end(&self) -> u64 {
        match self {
            Self::Index(index) => IndexView::new(&**index).values_end().unwrap_or(0),
            Self::Replayed(..) => 0,
        }
    }

    /// Bytes that the index occupies, where state is in an index.
    #[must_use]
    pub fn index_bytes(&self) -> Option<u64> {
        match self {
            Self::Index(index) => index.bytes(),
            Self::Replayed(..) => None,
        }
    }
}

/// Brings an index up to the reader's checkpoint; fails where it is no image of an earlier state of the same log.
fn catch_up(
    index: &mut DiskIndex,
    reader: &Reader,
    values: &DisclosureReader,
    progress: &mut Progress<'_>,
) -> Result<(), StateError> {
    let tip = index.tip()?;
    let mut size = tip.map_or(0, |tip| tip.size);
    let mut frontier = frontier_at(reader, size)?;
    if tip.is_some_and(|tip| frontier.root() != tip.root) {
        return Err(IndexError::Unusable("it is of another history".to_owned()).into());
    }
    if size == reader.size() {
        return check_root(reader, &frontier);
    }
    let (mut last_link, mut last_time) = last_entry(reader, size)?;
    let mut added = Vec::new();
    let mut note = |id: &EventId, offset| added.push(value_pair(id, offset));
    let kept = Kept::scan_with(values, values.start(IndexView::new(&*index).values_end()?)?, &mut note)?;
    while size < reader.size() {
        let end = reader.size().min(size + SLICE as u64);
        let mut records = Vec::new();
        let view = Overlay::new(IndexView::new(&*index));
        let mut replay = Replay::resume(reader.identity().ledger(), view, frontier, last_link, last_time);
        let mut collect = |delta: Delta| {
            records.extend(delta.iter().map(to_key_value).collect::<Result<Pairs, _>>()?);
            Ok(())
        };
        run(&mut replay, reader, &kept, size..end, progress, &mut collect)?;
        frontier = replay.frontier().clone();
        (last_link, last_time) = (replay.last_link(), replay.last_time());
        drop(replay);
        if end == reader.size() {
            records.append(&mut added);
            records.push(values_end_pair(kept.end));
        }
        index.apply(records, Tip { size: end, root: frontier.root() })?;
        size = end;
    }
    check_root(reader, &frontier)
}

/// The tree's frontier at a size, from its hash tiles.
fn frontier_at(reader: &Reader, size: u64) -> Result<Frontier, StateError> {
    let other = || IndexError::Unusable("it is ahead of the log".to_owned());
    if size > reader.size() {
        return Err(other().into());
    }
    let hashes = reader.hashes().hashes(&peaks(size))?;
    Ok(Frontier::from_peaks(size, hashes).ok_or_else(other)?)
}

/// Link and time of the last entry below a size.
fn last_entry(reader: &Reader, size: u64) -> Result<(Blake3, Option<Time>), StateError> {
    let Some(index) = size.checked_sub(1) else {
        return Ok((crate::tlog::entry::first_prev(reader.identity().ledger()), None));
    };
    let bytes = reader.entry(index)?;
    let time = EntryRef::parse(&bytes).map(|entry| entry.recorded_at).ok();
    Ok((link(&bytes), time))
}

pub(super) fn check_root(reader: &Reader, frontier: &Frontier) -> Result<(), StateError> {
    if reader.size() == 0 || frontier.root() == reader.root() {
        return Ok(());
    }
    let (expected, found) = (reader.root().to_string(), frontier.root().to_string());
    Err(StateError::Root { size: reader.size(), expected, found })
}

/// Enters a range of entries into a replay, a block at a time.
fn run<V: View + Put>(
    replay: &mut Replay<V>,
    reader: &Reader,
    kept: &Kept<'_>,
    range: std::ops::Range<u64>,
    progress: &mut Progress<'_>,
    collect: &mut dyn FnMut(Delta) -> Result<(), StateError>,
) -> Result<(), StateError> {
    for block in reader.blocks(range) {
        let block = block?;
        let mut disclosures = Vec::new();
        for (_, entry) in block.entries() {
            disclosures.push(event_of(entry).map_or(Ok(Vec::new()), |id| kept.disclosures(&id))?);
        }
        let raw: Vec<Raw<'_>> =
            block.entries().zip(&disclosures).map(|((_, entry), disclosures)| Raw { entry, disclosures }).collect();
        for entered in replay.push(&raw)? {
            collect(entered.delta)?;
        }
        progress(replay.frontier().size(), reader.size());
    }
    Ok(())
}

/// The id of an entry's event, without reading the event.
#[must_use]
pub fn event_of(entry: &[u8]) -> Option<EventId> {
    let jwt = EntryRef::parse(entry).ok()?.jwt;
    let (signing_input, _) = jwt.rsplit_once('.')?;
    Some(EventId::of_signing_input(signing_input.as_bytes()))
}
