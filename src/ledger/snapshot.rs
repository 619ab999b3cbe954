//! A ledger open for reading, without the writer's lock: entries, private values and state at one checkpoint.
//!
//! In scope: finding an event and reading it with the disclosures kept for it, each entry compared with its leaf hash. Not
//! in scope: checking signatures and rules again (`audit`), writing (`writer`).

use super::disk::Disk;
use super::error::LogError;
use super::kept::read_all;
use super::private::{DisclosureReader, PrivateError};
use super::read::Reader;
use super::state_store::{Progress, StateError, StateStore};
use crate::envelope::{Disclosure, Jws, Typ, open};
use crate::event::Event;
use crate::state::{Find, ViewError};
use crate::tlog::entry::EntryRef;
use crate::tlog::note::NoteError;
use crate::value::{Blake3, EventId, Time};
use std::path::Path;
use std::sync::Arc;

/// Why something could not be read from a ledger.
#[derive(Debug, thiserror::Error)]
pub enum SnapshotError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// Private values.
    #[error(transparent)]
    Private(#[from] PrivateError),
    /// State.
    #[error(transparent)]
    State(#[from] StateError),
    /// State, while reading.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The completeness statement could not be signed.
    #[error(transparent)]
    Statement(NoteError),
    /// An entry that holds no event, though the index says so.
    #[error("expected event {event} in entry {index}, found: {problem}")]
    Entry {
        /// The event.
        event: EventId,
        /// The index.
        index: u64,
        /// What is wrong.
        problem: String,
    },
}

/// An entry as it is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Kept {
    /// Its index.
    pub index: u64,
    /// Its bytes.
    pub entry: Vec<u8>,
    /// The disclosures kept for its event, base64url.
    pub disclosures: Vec<String>,
}

/// A recorded event with what surrounds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Index of its entry.
    pub index: u64,
    /// When it was recorded.
    pub recorded_at: Time,
    /// BLAKE3 of the entry before.
    pub prev: Blake3,
    /// The signed bytes.
    pub jwt: String,
    /// The disclosures kept for it.
    pub disclosures: Vec<String>,
    /// The event, disclosures in place.
    pub event: Event,
}

/// A ledger at one checkpoint.
pub struct Snapshot {
    reader: Reader,
    values: DisclosureReader,
    state: StateStore,
}

impl Snapshot {
    /// Opens a ledger for reading. Where another process has the index, the entries are replayed.
    ///
    /// # Errors
    /// No ledger; damage; the disk's.
    pub fn open(
        disk: Arc<dyn Disk>,
        root: &Path,
        wait: &mut dyn FnMut() -> bool,
        progress: &mut Progress<'_>,
    ) -> Result<Self, SnapshotError> {
        let reader = Reader::open(Arc::clone(&disk), root)?;
        let values = DisclosureReader::new(disk, reader.layout());
        let state = StateStore::open(&reader, &values, wait, progress)?;
        Ok(Self { reader, values, state })
    }

    /// The log.
    #[must_use]
    pub const fn reader(&self) -> &Reader {
        &self.reader
    }

    /// Private values.
    #[must_use]
    pub const fn values(&self) -> &DisclosureReader {
        &self.values
    }

    /// State.
    #[must_use]
    pub const fn state(&self) -> &StateStore {
        &self.state
    }

    /// State, to read from.
    #[must_use]
    pub fn find(&self) -> Box<dyn Find + '_> {
        self.state.find()
    }

    /// A recorded event; `None` where it is not recorded.
    ///
    /// # Errors
    /// Damage, the entry being another than the index says included; the disk's.
    pub fn event(&self, id: &EventId) -> Result<Option<Recorded>, SnapshotError> {
        recorded(&self.reader, &self.values, &self.state, id)
    }
}

/// An entry with the disclosures kept for it; `None` beyond the checkpoint.
///
/// # Errors
/// Damage; the disk's.
pub(super) fn kept(
    reader: &Reader,
    values: &DisclosureReader,
    state: &StateStore,
    index: u64,
) -> Result<Option<Kept>, SnapshotError> {
    if index >= reader.size() {
        return Ok(None);
    }
    let entry = reader.entry(index)?;
    let disclosures = match super::state_store::event_of(&entry) {
        Some(id) => read_all(values, &id, &state.value_offsets(&id)?)?,
        None => Vec::new(),
    };
    Ok(Some(Kept { index, entry, disclosures }))
}

/// A recorded event, read with the state of whoever has the ledger open; `None` where it is not recorded.
///
/// # Errors
/// Damage, the entry being another than the index says included; the disk's.
pub fn recorded(
    reader: &Reader,
    values: &DisclosureReader,
    state: &StateStore,
    id: &EventId,
) -> Result<Option<Recorded>, SnapshotError> {
    let Some(record) = state.find().event(id)? else { return Ok(None) };
    let Some(kept) = kept(reader, values, state, record.index)? else { return Ok(None) };
    let wrong = |problem: &dyn std::fmt::Display| SnapshotError::Entry {
        event: *id,
        index: kept.index,
        problem: problem.to_string(),
    };
    let entry = EntryRef::parse(&kept.entry).map_err(|error| wrong(&error))?;
    let jws = Jws::parse(entry.jwt, Typ::Event).map_err(|error| wrong(&error))?;
    if jws.event_id() != *id {
        return Err(wrong(&jws.event_id()));
    }
    let shown: Result<Vec<Disclosure>, _> = kept.disclosures.iter().map(|text| Disclosure::parse(text)).collect();
    let event = open(&jws, &shown.map_err(|error| wrong(&error))?).map_err(|error| wrong(&error))?;
    Ok(Some(Recorded {
        index: kept.index,
        recorded_at: entry.recorded_at,
        prev: entry.prev,
        jwt: entry.jwt.to_owned(),
        disclosures: kept.disclosures.clone(),
        event,
    }))
}
