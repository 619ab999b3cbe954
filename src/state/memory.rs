//! State in memory, compact: a ledger is audited with all of its state in it.
//!
//! Ids are kept once and numbered ([`Numbers`]); events, lots and dispatches are packed into one [`Arena`] and unpacked as
//! they are read. Of the other records there are few.

mod labels;
mod pack;

use super::arena::Arena;
use super::fold::Delta;
use super::numbers::{EventNo, Lists, LotNo, NONE, Names, Numbers, Places};
use super::packed::{Packer, Unpacker};
use super::record::{
    DispatchRecord, EventRecord, FacilityRecord, FeedKey, FeedRecord, KeyRecord, LotRecord, PartyRecord, PinRecord,
    Record,
};
use super::view::{Find, Put, Took, View, ViewError};
use crate::event::Kind;
use crate::value::{DigestMap, EventId, FacilityId, KeyId, LedgerId, LotId, PartyId};
use labels::Labels;
use pack::Writer;
use std::sync::Arc;

/// State held in memory.
#[derive(Debug, Default, Clone)]
pub struct Memory {
    known: Known,
    arena: Arena,
    packer: Packer,
    events: Places,
    lots: Places,
    dispatches: Places,
    lot_count: usize,
    dispatch_count: usize,
    named_by: NamedBy,
    labels: Labels,
    parties: DigestMap<PartyId, PartyRecord>,
    keys: DigestMap<KeyId, KeyRecord>,
    facilities: DigestMap<FacilityId, FacilityRecord>,
    feeds: DigestMap<FeedKey, FeedRecord>,
    portable: Names<FeedKey>,
    feed_at: DigestMap<(u32, u64), EventNo>,
    pins: DigestMap<LedgerId, PinRecord>,
    voids: DigestMap<EventId, EventId>,
}

/// The numbers that packed records use.
#[derive(Debug, Default, Clone)]
struct Known {
    /// Shared with what else counts in numbers of these events and lots.
    numbers: Arc<Numbers>,
    keys: Names<KeyId>,
    ledgers: Names<LedgerId>,
}

impl Known {
    fn numbers(&mut self) -> &mut Numbers {
        Arc::make_mut(&mut self.numbers)
    }
}

/// By event, those that name it.
#[derive(Debug, Default, Clone)]
struct NamedBy {
    last: Places,
    lists: Lists,
}

impl NamedBy {
    fn add(&mut self, event: EventNo, by: EventNo) {
        let last = self.lists.add(self.last.get(event.0).unwrap_or(NONE), by.0);
        self.last.set(event.0, last);
    }

    /// In the order in which they were added.
    fn of(&self, event: EventNo) -> Vec<EventNo> {
        let last = self.last.get(event.0).unwrap_or(NONE);
        let mut found: Vec<EventNo> = self.lists.backwards(last).map(EventNo).collect();
        found.reverse();
        found
    }
}

impl Memory {
    /// How many lots it knows.
    #[must_use]
    pub fn lot_count(&self) -> usize {
        self.lot_count
    }

    /// How many dispatches it knows.
    #[must_use]
    pub fn dispatch_count(&self) -> usize {
        self.dispatch_count
    }

    /// The numbers of its events and lots, to be shared.
    pub(crate) fn numbers(&mut self) -> &mut Arc<Numbers> {
        &mut self.known.numbers
    }
}

impl Memory {
    fn take_in(&mut self, record: &Record) {
        match record {
            Record::Event(id, record) => self.put_event(id, record),
            Record::Party(id, record) => drop(self.parties.insert(*id, record.clone())),
            Record::Key(id, record) => drop(self.keys.insert(*id, record.clone())),
            Record::Facility(id, record) => drop(self.facilities.insert(*id, (**record).clone())),
            Record::Feed(key, record) => drop(self.feeds.insert(*key, record.clone())),
            Record::FeedAt(key, seq, id) => {
                let (feed, event) = (self.portable.number(key), self.known.numbers().event(id));
                self.feed_at.insert((feed, *seq), event);
            }
            Record::Lot(id, record) => self.put_lot(id, record),
            Record::Label(label, id) => self.labels.add(label.as_str(), self.known.numbers().lot(id), &mut self.arena),
            Record::Dispatch(id, record) => self.put_dispatch(id, record),
            Record::Pin(id, record) => drop(self.pins.insert(*id, record.clone())),
            Record::Void(id, by) => drop(self.voids.insert(*id, *by)),
            Record::NamedBy(id, _, by) => {
                let numbers = self.known.numbers();
                let (event, by) = (numbers.event(id), numbers.event(by));
                self.named_by.add(event, by);
            }
        }
    }

    fn put_event(&mut self, id: &EventId, record: &EventRecord) {
        let own = self.known.numbers().event(id);
        self.pack(|mut writer| writer.event(own, record));
        put(&mut self.events, own.0, &mut self.arena, &self.packer);
    }

    fn put_lot(&mut self, id: &LotId, record: &LotRecord) {
        let numbers = self.known.numbers();
        let (event, own) = (numbers.event(&id.event), numbers.lot(id));
        self.pack(|mut writer| writer.lot(event, record));
        self.lot_count += usize::from(put(&mut self.lots, own.0, &mut self.arena, &self.packer));
    }

    fn put_dispatch(&mut self, id: &EventId, record: &DispatchRecord) {
        let own = self.known.numbers().event(id);
        self.pack(|mut writer| writer.dispatch(own, record));
        self.dispatch_count += usize::from(put(&mut self.dispatches, own.0, &mut self.arena, &self.packer));
    }

    fn pack(&mut self, write: impl FnOnce(Writer<'_>)) {
        self.packer.clear();
        write(Writer { known: &mut self.known, out: &mut self.packer });
    }

    /// What `read` makes of the record at a number; nothing where there is none.
    fn unpacked<T>(
        &self,
        places: &Places,
        number: Option<u32>,
        read: impl FnOnce(&Known, Unpacker<'_>) -> Option<T>,
    ) -> Result<Option<T>, ViewError> {
        let Some(place) = number.and_then(|number| places.get(number)) else { return Ok(None) };
        let record = self.arena.get(place).and_then(|bytes| read(&self.known, Unpacker(bytes)));
        let why = "expected a record in memory, found none: the records of a ledger may take 16 GiB there";
        record.map(Some).ok_or_else(|| ViewError(why.to_owned()))
    }

    fn event_at(&self, event: EventNo) -> Result<Option<EventRecord>, ViewError> {
        self.unpacked(&self.events, Some(event.0), |known, read| known.event(event, read))
    }

    fn dispatch_at(&self, event: EventNo) -> Result<Option<DispatchRecord>, ViewError> {
        self.unpacked(&self.dispatches, Some(event.0), |known, read| known.dispatch(event, read))
    }

    pub(crate) fn numbered(&self, id: &EventId) -> Option<EventNo> {
        self.known.numbers.find_event(id)
    }

    pub(crate) fn id(&self, event: EventNo) -> Option<EventId> {
        self.known.numbers.event_id(event)
    }

    /// What a recorded event is.
    pub(crate) fn kind(&self, event: EventNo) -> Option<Kind> {
        let place = self.events.get(event.0)?;
        pack::kind(Unpacker(self.arena.get(place)?))
    }
}

/// Puts what is packed at a number; whether nothing was there before.
fn put(places: &mut Places, number: u32, arena: &mut Arena, packer: &Packer) -> bool {
    let old = places.get(number);
    places.set(number, arena.put(old, packer.bytes()));
    old.is_none()
}

impl Put for Memory {
    fn put(&mut self, delta: &[Record]) {
        delta.iter().for_each(|record| self.take_in(record));
    }

    fn take(&mut self, delta: Delta) -> Delta {
        self.put(&delta);
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
        let lots = self.labels.lots(label, &self.arena);
        let mut found: Vec<LotId> = lots.into_iter().filter_map(|lot| self.known.numbers.lot_id(lot)).collect();
        found.sort();
        Ok(found)
    }

    fn events_with_prefix(&self, digits: &str, most: usize) -> Result<Vec<EventId>, ViewError> {
        let ids = self.events.numbers().filter_map(|number| self.id(EventNo(number)));
        let mut found: Vec<EventId> = ids.filter(|id| id.to_string().starts_with(digits)).collect();
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

    fn each_lot(&self, took: &mut Took<'_, LotId, LotRecord>) -> Result<(), ViewError> {
        let mut numbers: Vec<u32> = self.lots.numbers().collect();
        numbers.sort_by_cached_key(|number| self.known.numbers.lot_id(LotNo(*number)));
        for id in numbers.into_iter().filter_map(|number| self.known.numbers.lot_id(LotNo(number))) {
            self.lot(&id)?.map_or(Ok(()), |lot| took(id, lot))?;
        }
        Ok(())
    }

    fn each_dispatch(&self, took: &mut Took<'_, EventId, DispatchRecord>) -> Result<(), ViewError> {
        let mut numbers: Vec<EventNo> = self.dispatches.numbers().map(EventNo).collect();
        numbers.sort_by_cached_key(|number| self.id(*number));
        for number in numbers {
            let found = self.id(number).zip(self.dispatch_at(number)?);
            found.map_or(Ok(()), |(id, dispatch)| took(id, dispatch))?;
        }
        Ok(())
    }
}

impl View for Memory {
    fn event(&self, id: &EventId) -> Result<Option<EventRecord>, ViewError> {
        self.numbered(id).map_or(Ok(None), |event| self.event_at(event))
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
        let event = self.portable.find(key).and_then(|feed| self.feed_at.get(&(feed, seq)));
        Ok(event.and_then(|event| self.id(*event)))
    }

    fn lot(&self, id: &LotId) -> Result<Option<LotRecord>, ViewError> {
        let (Some(event), Some(lot)) = (self.numbered(&id.event), self.known.numbers.find_lot(id)) else {
            return Ok(None);
        };
        self.unpacked(&self.lots, Some(lot.0), |known, read| known.lot(event, read))
    }

    fn dispatch(&self, id: &EventId) -> Result<Option<DispatchRecord>, ViewError> {
        self.numbered(id).map_or(Ok(None), |event| self.dispatch_at(event))
    }

    fn pin(&self, id: &LedgerId) -> Result<Option<PinRecord>, ViewError> {
        Ok(self.pins.get(id).cloned())
    }

    fn voided(&self, id: &EventId) -> Result<Option<EventId>, ViewError> {
        Ok(self.voids.get(id).copied())
    }

    fn named_by(&self, id: &EventId) -> Result<Vec<EventId>, ViewError> {
        let by = self.numbered(id).map(|event| self.named_by.of(event)).unwrap_or_default();
        Ok(by.into_iter().filter_map(|event| self.id(event)).collect())
    }
}

#[cfg(test)]
mod tests;
