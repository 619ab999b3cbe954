//! State in memory, and memory laid over another view.

use super::fold::Delta;
use super::record::{
    DispatchRecord, EventRecord, FacilityRecord, FeedKey, FeedRecord, KeyRecord, LotRecord, PartyRecord, PinRecord,
    Record,
};
use super::view::{Find, Put, View, ViewError};
use crate::value::{DigestMap, EventId, FacilityId, KeyId, LedgerId, LotId, PartyId, Text};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

/// State held in memory.
#[derive(Debug, Default, Clone)]
pub struct Memory {
    events: DigestMap<EventId, EventRecord>,
    parties: DigestMap<PartyId, PartyRecord>,
    keys: DigestMap<KeyId, KeyRecord>,
    facilities: DigestMap<FacilityId, FacilityRecord>,
    feeds: DigestMap<FeedKey, FeedRecord>,
    feed_at: DigestMap<(FeedKey, u64), EventId>,
    lots: DigestMap<LotId, LotRecord>,
    labels: HashMap<Text, Vec<LotId>>,
    dispatches: DigestMap<EventId, DispatchRecord>,
    pins: DigestMap<LedgerId, PinRecord>,
    voids: DigestMap<EventId, EventId>,
    named_by: DigestMap<EventId, Vec<EventId>>,
}

impl Memory {
    /// How many lots it knows.
    #[must_use]
    pub fn lot_count(&self) -> usize {
        self.lots.len()
    }

    /// How many dispatches it knows.
    #[must_use]
    pub fn dispatch_count(&self) -> usize {
        self.dispatches.len()
    }
}

impl Memory {
    fn take_in(&mut self, record: Record) {
        match record {
            Record::Event(id, record) => drop(self.events.insert(id, record)),
            Record::Party(id, record) => drop(self.parties.insert(id, record)),
            Record::Key(id, record) => drop(self.keys.insert(id, record)),
            Record::Facility(id, record) => drop(self.facilities.insert(id, *record)),
            Record::Feed(key, record) => drop(self.feeds.insert(key, record)),
            Record::FeedAt(key, seq, id) => drop(self.feed_at.insert((key, seq), id)),
            Record::Lot(id, record) => drop(self.lots.insert(id, *record)),
            Record::Label(label, id) => self.labels.entry(label).or_default().push(id),
            Record::Dispatch(id, record) => drop(self.dispatches.insert(id, *record)),
            Record::Pin(id, record) => drop(self.pins.insert(id, record)),
            Record::Void(id, by) => drop(self.voids.insert(id, by)),
            Record::NamedBy(id, _, by) => self.named_by.entry(id).or_default().push(by),
        }
    }
}

impl Put for Memory {
    fn put(&mut self, delta: &[Record]) {
        delta.iter().for_each(|record| self.take_in(record.clone()));
    }

    fn take(&mut self, delta: Delta) -> Delta {
        delta.into_iter().for_each(|record| self.take_in(record));
        Delta::new()
    }
}

/// The entries of a map in the order of their keys.
fn sorted<K: Copy + Ord, V: Clone>(map: &DigestMap<K, V>) -> Vec<(K, V)> {
    let mut found: Vec<(K, V)> = map.iter().map(|(key, value)| (*key, value.clone())).collect();
    found.sort_by_key(|(key, _)| *key);
    found
}

impl Find for Memory {
    fn lots_labelled(&self, label: &str) -> Result<Vec<LotId>, ViewError> {
        let mut found = self.labels.get(label).cloned().unwrap_or_default();
        found.sort();
        Ok(found)
    }

    fn events_with_prefix(&self, digits: &str, most: usize) -> Result<Vec<EventId>, ViewError> {
        let mut found: Vec<EventId> =
            self.events.keys().filter(|id| id.to_string().starts_with(digits)).copied().collect();
        found.sort();
        found.truncate(most);
        Ok(found)
    }

    fn parties(&self) -> Result<Vec<(PartyId, PartyRecord)>, ViewError> {
        Ok(sorted(&self.parties))
    }

    fn keys(&self) -> Result<Vec<(KeyId, KeyRecord)>, ViewError> {
        Ok(sorted(&self.keys))
    }

    fn facilities(&self) -> Result<Vec<(FacilityId, FacilityRecord)>, ViewError> {
        Ok(sorted(&self.facilities))
    }

    fn lots(&self) -> Result<Vec<(LotId, LotRecord)>, ViewError> {
        Ok(sorted(&self.lots))
    }

    fn dispatches(&self) -> Result<Vec<(EventId, DispatchRecord)>, ViewError> {
        Ok(sorted(&self.dispatches))
    }
}

impl View for Memory {
    fn event(&self, id: &EventId) -> Result<Option<EventRecord>, ViewError> {
        Ok(self.events.get(id).cloned())
    }

    fn party(&self, id: &PartyId) -> Result<Option<PartyRecord>, ViewError> {
        Ok(self.parties.get(id).cloned())
    }

    fn key(&self, id: &KeyId) -> Result<Option<KeyRecord>, ViewError> {
        Ok(self.keys.get(id).cloned())
    }

    fn facility(&self, id: &FacilityId) -> Result<Option<FacilityRecord>, ViewError> {
        Ok(self.facilities.get(id).cloned())
    }

    fn feed(&self, key: &FeedKey) -> Result<Option<FeedRecord>, ViewError> {
        Ok(self.feeds.get(key).cloned())
    }

    fn feed_at(&self, key: &FeedKey, seq: u64) -> Result<Option<EventId>, ViewError> {
        Ok(self.feed_at.get(&(*key, seq)).copied())
    }

    fn lot(&self, id: &LotId) -> Result<Option<LotRecord>, ViewError> {
        Ok(self.lots.get(id).cloned())
    }

    fn dispatch(&self, id: &EventId) -> Result<Option<DispatchRecord>, ViewError> {
        Ok(self.dispatches.get(id).cloned())
    }

    fn pin(&self, id: &LedgerId) -> Result<Option<PinRecord>, ViewError> {
        Ok(self.pins.get(id).cloned())
    }

    fn voided(&self, id: &EventId) -> Result<Option<EventId>, ViewError> {
        Ok(self.voids.get(id).copied())
    }

    fn named_by(&self, id: &EventId) -> Result<Vec<EventId>, ViewError> {
        Ok(self.named_by.get(id).cloned().unwrap_or_default())
    }
}

/// Memory laid over another view: what a batch has put so far hides what lies below.
///
/// Parties, keys and facilities read from below are kept: they are few, asked for with every event, and do not change
/// while the view is borrowed.
#[derive(Debug)]
pub struct Overlay<V> {
    base: V,
    top: Memory,
    parties: RefCell<HashMap<PartyId, Option<PartyRecord>>>,
    keys: RefCell<HashMap<KeyId, Option<KeyRecord>>>,
    facilities: RefCell<HashMap<FacilityId, Option<FacilityRecord>>>,
}

/// The most records of one sort that an overlay keeps of the view below.
const KEPT: usize = 10_000;

/// What was read before, or else what `read` reads.
fn kept<K: Copy + Eq + Hash, T: Clone>(
    known: &RefCell<HashMap<K, Option<T>>>,
    id: &K,
    read: impl FnOnce() -> Result<Option<T>, ViewError>,
) -> Result<Option<T>, ViewError> {
    if let Some(found) = known.borrow().get(id) {
        return Ok(found.clone());
    }
    let found = read()?;
    let mut known = known.borrow_mut();
    if known.len() < KEPT {
        known.insert(*id, found.clone());
    }
    Ok(found)
}

impl<V: View> Overlay<V> {
    /// An overlay that has put nothing yet.
    pub fn new(base: V) -> Self {
        let (parties, keys, facilities) = (RefCell::default(), RefCell::default(), RefCell::default());
        Self { base, top: Memory::default(), parties, keys, facilities }
    }
}

impl<V> Put for Overlay<V> {
    fn put(&mut self, delta: &[Record]) {
        self.top.put(delta);
    }
}

impl<V: View> View for Overlay<V> {
    fn event(&self, id: &EventId) -> Result<Option<EventRecord>, ViewError> {
        self.top.event(id)?.map_or_else(|| self.base.event(id), |found| Ok(Some(found)))
    }

    fn party(&self, id: &PartyId) -> Result<Option<PartyRecord>, ViewError> {
        let below = || kept(&self.parties, id, || self.base.party(id));
        self.top.party(id)?.map_or_else(below, |found| Ok(Some(found)))
    }

    fn key(&self, id: &KeyId) -> Result<Option<KeyRecord>, ViewError> {
        let below = || kept(&self.keys, id, || self.base.key(id));
        self.top.key(id)?.map_or_else(below, |found| Ok(Some(found)))
    }

    fn facility(&self, id: &FacilityId) -> Result<Option<FacilityRecord>, ViewError> {
        let below = || kept(&self.facilities, id, || self.base.facility(id));
        self.top.facility(id)?.map_or_else(below, |found| Ok(Some(found)))
    }

    fn feed(&self, key: &FeedKey) -> Result<Option<FeedRecord>, ViewError> {
        self.top.feed(key)?.map_or_else(|| self.base.feed(key), |found| Ok(Some(found)))
    }

    fn feed_at(&self, key: &FeedKey, seq: u64) -> Result<Option<EventId>, ViewError> {
        self.top.feed_at(key, seq)?.map_or_else(|| self.base.feed_at(key, seq), |found| Ok(Some(found)))
    }

    fn lot(&self, id: &LotId) -> Result<Option<LotRecord>, ViewError> {
        self.top.lot(id)?.map_or_else(|| self.base.lot(id), |found| Ok(Some(found)))
    }

    fn dispatch(&self, id: &EventId) -> Result<Option<DispatchRecord>, ViewError> {
        self.top.dispatch(id)?.map_or_else(|| self.base.dispatch(id), |found| Ok(Some(found)))
    }

    fn pin(&self, id: &LedgerId) -> Result<Option<PinRecord>, ViewError> {
        self.top.pin(id)?.map_or_else(|| self.base.pin(id), |found| Ok(Some(found)))
    }

    fn voided(&self, id: &EventId) -> Result<Option<EventId>, ViewError> {
        self.top.voided(id)?.map_or_else(|| self.base.voided(id), |found| Ok(Some(found)))
    }

    fn named_by(&self, id: &EventId) -> Result<Vec<EventId>, ViewError> {
        let mut found = self.base.named_by(id)?;
        found.extend(self.top.named_by(id)?);
        Ok(found)
    }
}
