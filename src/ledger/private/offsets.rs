//! Where records lie, by event, in memory: some twenty bytes a record, which do not hold the event's id.
//!
//! What is found for an event may therefore, once in billions of questions, hold a record of another one. Whoever reads the
//! record compares the id that it begins with.

use crate::value::EventId;
use foldhash::fast::RandomState;
use hashbrown::HashTable;
use std::hash::BuildHasher as _;

/// Offsets of records by the events that they are about.
#[derive(Debug, Clone, Default)]
pub struct Offsets {
    /// In the order noted.
    records: Vec<u64>,
    /// A digest of each record's event; its seed is that of this process.
    tags: Vec<u32>,
    table: HashTable<u32>,
    hasher: RandomState,
}

impl Offsets {
    /// Notes a record of an event.
    pub fn add(&mut self, event: &EventId, offset: u64) {
        let tag = self.tag(event);
        let number = u32::try_from(self.records.len()).unwrap_or(u32::MAX);
        self.records.push(offset);
        self.tags.push(tag);
        let tags = &self.tags;
        self.table.insert_unique(spread(tag), number, |number| tag_at(tags, *number).map_or(0, spread));
    }

    /// Where the records of an event lie, in the order of offsets; perhaps with one of another event.
    #[must_use]
    pub fn of(&self, event: &EventId) -> Vec<u64> {
        let tag = self.tag(event);
        let same = self.table.iter_hash(spread(tag)).filter(|number| tag_at(&self.tags, **number) == Some(tag));
        let mut found: Vec<u64> =
            same.filter_map(|number| self.records.get(usize::try_from(*number).ok()?)).copied().collect();
        found.sort_unstable();
        found
    }

    fn tag(&self, event: &EventId) -> u32 {
        let [a, b, c, d, ..] = self.hasher.hash_one(event).to_le_bytes();
        u32::from_le_bytes([a, b, c, d])
    }
}

fn tag_at(tags: &[u32], number: u32) -> Option<u32> {
    tags.get(usize::try_from(number).ok()?).copied()
}

/// The table tells entries apart by the highest bits as well as by the lowest.
fn spread(tag: u32) -> u64 {
    u64::from(tag).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_event_has_its_offsets_in_order() {
        let id = |number: u64| EventId::of_signing_input(&number.to_be_bytes());
        let mut offsets = Offsets::default();
        for number in 0..3_000 {
            offsets.add(&id(number % 1_000), number * 100);
        }
        for number in 0..1_000 {
            let expected = [0, 1_000, 2_000].map(|round| (round + number) * 100);
            let found = offsets.of(&id(number));
            assert!(expected.iter().all(|offset| found.contains(offset)) && found.is_sorted(), "{number}: {found:?}");
        }
        let strays = (1_000..2_000).filter(|number| !offsets.of(&id(*number)).is_empty()).count();
        assert!(strays < 3, "{strays} of a thousand unknown events are taken for known ones");
    }
}
