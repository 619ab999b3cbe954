//! Memory laid over another view.

use super::memory::Memory;
use super::record::{
    DispatchRecord, EventRecord, FacilityRecord, FeedKey, FeedRecord, KeyRecord, LotRecord, PartyRecord, PinRecord,
    Record,
};
use super::view::{Put, View, ViewError};
use crate::value::{EventId, FacilityId, KeyId, LedgerId, LotId, PartyId};
use std::cell::RefCell;
use std::collections::HashMap;
use std::hash::Hash;

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
