//! Numbers instead of ids: each id is kept once, and everything else in memory refers to it by four bytes.
//!
//! Events are numbered as they are first named, lots as they are first named among those of their event. Numbers say
//! nothing by themselves and are never stored. There is room for 2³² − 1 of each, whose ids alone take 128 GiB.

use crate::value::{EventId, LotId};
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::{BuildHasher as _, Hash};

/// The number of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EventNo(pub(crate) u32);

/// The number of a lot.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct LotNo(pub(crate) u32);

/// No number: the end of a list.
pub(crate) const NONE: u32 = u32::MAX;

fn position(number: u32) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The number that comes next where there are so many already.
fn next(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(NONE)
}

/// A list that grows by chunks, so that what it holds is never moved.
#[derive(Debug, Clone)]
pub(crate) struct Column<T> {
    chunks: Vec<Vec<T>>,
}

const CHUNK: usize = 1 << 10;

impl<T> Default for Column<T> {
    fn default() -> Self {
        Self { chunks: Vec::new() }
    }
}

impl<T> Column<T> {
    /// The number of the next item.
    pub(crate) fn len(&self) -> u32 {
        let last = self.chunks.last().map_or(CHUNK, Vec::len);
        next(self.chunks.len() * CHUNK + last - CHUNK)
    }

    pub(crate) fn get(&self, number: u32) -> Option<&T> {
        let at = position(number);
        self.chunks.get(at / CHUNK)?.get(at % CHUNK)
    }

    pub(crate) fn get_mut(&mut self, number: u32) -> Option<&mut T> {
        let at = position(number);
        self.chunks.get_mut(at / CHUNK)?.get_mut(at % CHUNK)
    }

    pub(crate) fn push(&mut self, item: T) {
        match self.chunks.last_mut().filter(|chunk| chunk.len() < CHUNK) {
            Some(chunk) => chunk.push(item),
            None => {
                // The first chunk grows, so that a small list stays small.
                let mut chunk = Vec::with_capacity(if self.chunks.is_empty() { 4 } else { CHUNK });
                chunk.push(item);
                self.chunks.push(chunk);
            }
        }
    }
}

/// Distinct ids, numbered from 0 as they are first named.
#[derive(Debug, Clone)]
pub(crate) struct Names<T> {
    names: Column<T>,
    table: HashTable<u32>,
    hasher: RandomState,
}

impl<T> Default for Names<T> {
    fn default() -> Self {
        Self { names: Column::default(), table: HashTable::new(), hasher: RandomState::default() }
    }
}

impl<T: Copy + Eq + Hash> Names<T> {
    pub(crate) fn get(&self, number: u32) -> Option<T> {
        self.names.get(number).copied()
    }

    pub(crate) fn find(&self, name: &T) -> Option<u32> {
        let same = |number: &u32| self.names.get(*number) == Some(name);
        self.table.find(self.hasher.hash_one(name), same).copied()
    }

    pub(crate) fn number(&mut self, name: &T) -> u32 {
        let Self { names, table, hasher } = self;
        let hash = hasher.hash_one(name);
        if let Some(known) = table.find(hash, |number| names.get(*number) == Some(name)) {
            return *known;
        }
        let number = names.len();
        names.push(*name);
        table.insert_unique(hash, number, |number| names.get(*number).map_or(0, |name| hasher.hash_one(name)));
        number
    }
}

/// A lot among those of its event.
#[derive(Debug, Clone, Copy)]
struct Lot {
    event: u32,
    /// The lot of the same event that was numbered before.
    next: u32,
    output: u8,
}

/// Numbers of events and lots.
#[derive(Debug, Clone, Default)]
pub(crate) struct Numbers {
    events: Names<EventId>,
    /// By event, the lot numbered last.
    heads: Vec<u32>,
    lots: Column<Lot>,
}

impl Numbers {
    pub(crate) fn find_event(&self, id: &EventId) -> Option<EventNo> {
        self.events.find(id).map(EventNo)
    }

    pub(crate) fn event(&mut self, id: &EventId) -> EventNo {
        EventNo(self.events.number(id))
    }

    pub(crate) fn event_id(&self, event: EventNo) -> Option<EventId> {
        self.events.get(event.0)
    }

    pub(crate) fn find_lot(&self, id: &LotId) -> Option<LotNo> {
        self.lot_of(self.events.find(&id.event)?, id.output)
    }

    pub(crate) fn lot(&mut self, id: &LotId) -> LotNo {
        let event = self.events.number(&id.event);
        if let Some(known) = self.lot_of(event, id.output) {
            return known;
        }
        let number = self.lots.len();
        if self.heads.len() <= position(event) {
            self.heads.resize(position(event).saturating_add(1), NONE);
        }
        let next = self.heads.get_mut(position(event)).map_or(NONE, |head| std::mem::replace(head, number));
        self.lots.push(Lot { event, next, output: id.output });
        LotNo(number)
    }

    pub(crate) fn lot_id(&self, lot: LotNo) -> Option<LotId> {
        let lot = self.lots.get(lot.0)?;
        Some(LotId::new(self.events.get(lot.event)?, lot.output))
    }

    fn lot_of(&self, event: u32, output: u8) -> Option<LotNo> {
        let mut number = *self.heads.get(position(event))?;
        while let Some(lot) = self.lots.get(number) {
            if lot.output == output {
                return Some(LotNo(number));
            }
            number = lot.next;
        }
        None
    }
}

/// A number of 32 bits for each event or lot, where there is one.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places(Vec<u32>);

impl Places {
    pub(crate) fn get(&self, number: u32) -> Option<u32> {
        self.0.get(position(number)).copied().filter(|place| *place != NONE)
    }

    pub(crate) fn set(&mut self, number: u32, place: u32) {
        let at = position(number);
        if self.0.len() <= at {
            self.0.resize(at.saturating_add(1), NONE);
        }
        if let Some(slot) = self.0.get_mut(at) {
            *slot = place;
        }
    }

    /// The numbers that have a place.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = u32> {
        self.0.iter().zip(0..).filter(|(place, _)| **place != NONE).map(|(_, number)| number)
    }
}

/// Lists of numbers, to which is added at the end; each is known by the entry made last.
#[derive(Debug, Clone, Default)]
pub(crate) struct Lists(Vec<(u32, u32)>);

impl Lists {
    /// Adds a number to the list of which `last` is the last entry, or [`NONE`]; gives the new last one.
    pub(crate) fn add(&mut self, last: u32, number: u32) -> u32 {
        self.0.push((number, last));
        next(self.0.len() - 1)
    }

    /// The numbers of a list, the one added last first.
    pub(crate) fn backwards(&self, last: u32) -> impl Iterator<Item = u32> {
        let entry = |at: u32| self.0.get(position(at)).copied();
        std::iter::successors(entry(last), move |(_, before)| entry(*before)).map(|(number, _)| number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: u32) -> EventId {
        EventId::of_signing_input(&number.to_be_bytes())
    }

    #[test]
    fn each_id_has_one_number_and_each_number_its_id() {
        let mut numbers = Numbers::default();
        for number in 0..3_000 {
            assert_eq!(numbers.event(&id(number)), EventNo(number));
        }
        for number in 0..3_000 {
            assert_eq!(numbers.find_event(&id(number)), Some(EventNo(number)));
            assert_eq!(numbers.event(&id(number)), EventNo(number));
            assert_eq!(numbers.event_id(EventNo(number)), Some(id(number)));
        }
        assert_eq!((numbers.find_event(&id(3_000)), numbers.event_id(EventNo(3_000))), (None, None));
        assert_eq!(numbers.event_id(EventNo(NONE)), None);
    }

    #[test]
    fn lots_are_told_apart_by_event_and_output() {
        let mut numbers = Numbers::default();
        let lots: Vec<LotId> =
            [(5, 1), (5, 0), (4, 1), (5, 31), (9, 1)].map(|(event, output)| LotId::new(id(event), output)).into();
        let given: Vec<LotNo> = lots.iter().map(|lot| numbers.lot(lot)).collect();
        assert_eq!(given, (0..5).map(LotNo).collect::<Vec<_>>());
        for (lot, number) in lots.iter().zip(given) {
            assert_eq!((numbers.lot(lot), numbers.find_lot(lot)), (number, Some(number)));
            assert_eq!(numbers.lot_id(number), Some(*lot));
        }
        let unknown = [LotId::new(id(5), 2), LotId::new(id(6), 0)];
        assert!(unknown.iter().all(|lot| numbers.find_lot(lot).is_none()));
        assert_eq!(numbers.lot_id(LotNo(5)), None);
    }
}
