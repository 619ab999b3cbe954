//! Where a bundle is written from: one ledger up to a checkpoint, read on demand.

use super::closure::{Closure, Held, Pool};
use super::statement::{Covered, Leaf, covered_by};
use super::write::WriteError;
use crate::envelope::{Jws, Typ, open};
use crate::event::Event;
use crate::tlog::entry::EntryRef;
use crate::tlog::tree::HashReader;
use crate::value::{Blake3, EventId, LedgerId, Time};
use std::collections::{BTreeMap, BTreeSet};

/// An entry as a ledger keeps it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Its index.
    pub index: u64,
    /// Its bytes.
    pub entry: Vec<u8>,
    /// The disclosures kept for it, base64url, in any order.
    pub disclosures: Vec<String>,
}

/// What a bundle is written from: one ledger up to a checkpoint.
///
/// Contract: everything is below the checkpoint's size, and does not change while it is read.
pub trait Source {
    /// Why something could not be read.
    type Error: std::error::Error;
    /// Reads the hashes of the ledger's tree.
    type Hashes: HashReader;

    /// The ledger.
    fn ledger(&self) -> LedgerId;

    /// The signed checkpoint, with all its signature lines.
    fn checkpoint(&self) -> String;

    /// Hashes of the ledger's tree.
    fn hashes(&self) -> &Self::Hashes;

    /// The entry at an index; `None` beyond the checkpoint.
    ///
    /// # Errors
    /// The store failed.
    fn entry_at(&self, index: u64) -> Result<Option<Stored>, Self::Error>;

    /// The entry of an event; `None` where it is not recorded.
    ///
    /// # Errors
    /// The store failed.
    fn entry_of(&self, event: &EventId) -> Result<Option<Stored>, Self::Error>;

    /// The events that name this event or one of its lots in a subject position; others may be among them.
    ///
    /// # Errors
    /// The store failed.
    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Self::Error>;
}

/// An entry read, its event without disclosures.
pub(super) struct Loaded {
    pub(super) index: u64,
    pub(super) recorded_at: Time,
    pub(super) prev: Blake3,
    pub(super) jwt: String,
    pub(super) event: Event,
    pub(super) disclosures: Vec<String>,
}

impl TryFrom<Stored> for Loaded {
    type Error = WriteError;

    fn try_from(Stored { index, entry, disclosures }: Stored) -> Result<Self, WriteError> {
        let wrong = |problem: &dyn std::fmt::Display| WriteError::Entry { index, problem: problem.to_string() };
        let entry = EntryRef::parse(&entry).map_err(|error| wrong(&error))?;
        let jws = Jws::parse(entry.jwt, Typ::Event).map_err(|error| wrong(&error))?;
        let event = open(&jws, &[]).map_err(|error| wrong(&error))?;
        let (recorded_at, prev, jwt) = (entry.recorded_at, entry.prev, entry.jwt.to_owned());
        Ok(Self { index, recorded_at, prev, jwt, event, disclosures })
    }
}

/// Reads events when they are first asked for.
pub(super) struct Loader<'a, S> {
    source: &'a S,
    loaded: BTreeMap<EventId, Option<Loaded>>,
    naming: BTreeMap<Covered, BTreeSet<EventId>>,
    opened: BTreeSet<EventId>,
}

fn failed(error: impl std::error::Error) -> WriteError {
    WriteError::Source(error.to_string())
}

impl<'a, S: Source> Loader<'a, S> {
    pub(super) fn new(source: &'a S) -> Self {
        Self { source, loaded: BTreeMap::new(), naming: BTreeMap::new(), opened: BTreeSet::new() }
    }

    /// The event at an index.
    pub(super) fn at(&mut self, index: u64) -> Result<EventId, WriteError> {
        let stored = self.source.entry_at(index).map_err(failed)?;
        let absent = || WriteError::Absent(format!("an entry with index {index}"));
        let loaded = Loaded::try_from(stored.ok_or_else(absent)?)?;
        let id = loaded.event.id;
        self.loaded.insert(id, Some(loaded));
        Ok(id)
    }

    fn load(&mut self, id: &EventId) -> Result<Option<&Loaded>, WriteError> {
        if !self.loaded.contains_key(id) {
            let loaded = self.source.entry_of(id).map_err(failed)?.map(Loaded::try_from).transpose()?;
            self.loaded.insert(*id, loaded);
        }
        Ok(self.loaded.get(id).and_then(Option::as_ref))
    }

    /// The leaves of these ids: who names each, in the order recorded.
    pub(super) fn leaves(&mut self, ids: BTreeSet<Covered>) -> Result<Vec<Leaf>, WriteError> {
        let mut leaves = Vec::with_capacity(ids.len());
        for id in ids {
            let mut named_by = self.naming(id)?;
            let index = |by: &EventId| self.loaded.get(by).and_then(Option::as_ref).map(|loaded| loaded.index);
            named_by.sort_by_key(index);
            leaves.push(Leaf { id, named_by });
        }
        Ok(leaves)
    }

    /// The events of a closure that the source has, in the order recorded.
    pub(super) fn held(&self, closure: &Closure) -> Held<'_> {
        let loaded = closure.events.keys().filter_map(|id| self.loaded.get(id)?.as_ref());
        let by_index: BTreeMap<u64, &Loaded> = loaded.map(|loaded| (loaded.index, loaded)).collect();
        let mut held = Held::default();
        by_index.values().for_each(|loaded| held.add(&loaded.event));
        held
    }

    /// Takes the entries of events out, by index.
    pub(super) fn take(&mut self, ids: impl Iterator<Item = EventId>) -> BTreeMap<u64, Loaded> {
        let loaded = ids.filter_map(|id| self.loaded.remove(&id).flatten());
        loaded.map(|loaded| (loaded.index, loaded)).collect()
    }
}

impl<S: Source> Pool for Loader<'_, S> {
    type Error = WriteError;

    fn event(&mut self, id: &EventId) -> Result<Option<&Event>, WriteError> {
        Ok(self.load(id)?.map(|loaded| &loaded.event))
    }

    fn naming(&mut self, id: Covered) -> Result<Vec<EventId>, WriteError> {
        if self.opened.insert(id.event) {
            for by in self.source.naming(&id.event).map_err(failed)? {
                let names = self.load(&by)?.map(|loaded| covered_by(&loaded.event));
                for name in names.into_iter().flatten().filter(|name| name.event == id.event) {
                    self.naming.entry(name).or_default().insert(by);
                }
            }
        }
        Ok(self.naming.get(&id).into_iter().flatten().copied().collect())
    }
}
