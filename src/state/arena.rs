//! Byte strings in a few large blocks instead of an allocation for each.

use std::collections::BTreeMap;

/// Byte strings, each found by its place. One that is put anew stays where it was if it fits there; its room is used again
/// if not. A place is a count of units, so that 32 bits reach 16 GiB.
#[derive(Debug, Clone, Default)]
pub(crate) struct Arena {
    blocks: Vec<Vec<u8>>,
    /// How many bytes of the last block are taken.
    used: usize,
    /// Rooms that are free, by their size in units.
    free: BTreeMap<usize, Vec<u32>>,
}

/// Bytes of a unit, and of a block.
const UNIT: usize = 4;
const BLOCK: usize = 1 << 16;

/// The place of what there is no room for any more: nothing is read from it. It is not the number that stands for no place.
const FULL: u32 = u32::MAX - 1;

/// What stands before a string of this many bytes: how many units its room has, in one byte or behind a mark.
fn header(length: usize) -> (usize, usize) {
    let units = |head: usize| (length + head).div_ceil(UNIT);
    if units(1) < usize::from(MARK) { (1, units(1)) } else { (5, units(5)) }
}

const MARK: u8 = u8::MAX;

impl Arena {
    /// Puts a string, in place of an old one if there is one; gives its place.
    pub(crate) fn put(&mut self, old: Option<u32>, bytes: &[u8]) -> u32 {
        let (head, units) = header(bytes.len());
        let place = match old.and_then(|place| Some((place, self.units(place)?))) {
            Some((place, room)) if room == units || (room > units && room < usize::from(MARK)) => place,
            Some((place, room)) => {
                self.free.entry(room).or_default().push(place);
                self.room(head, units)
            }
            None => self.room(head, units),
        };
        if let Some(target) = self.at_mut(place).and_then(|room| room.get_mut(head..head + bytes.len())) {
            target.copy_from_slice(bytes);
        }
        place
    }

    /// The string at a place, perhaps with some bytes behind it.
    pub(crate) fn get(&self, place: u32) -> Option<&[u8]> {
        let room = self.at(place)?;
        let first = *room.first()?;
        let head = if first == MARK { 5 } else { 1 };
        room.get(head..self.units(place)? * UNIT)
    }

    /// A room of so many units, with its size written at its beginning.
    fn room(&mut self, head: usize, units: usize) -> u32 {
        let place = match self.free.get_mut(&units).and_then(Vec::pop) {
            Some(place) => place,
            None => self.fresh(units * UNIT),
        };
        let size = u32::try_from(units).unwrap_or(u32::MAX).to_be_bytes();
        match self.at_mut(place) {
            Some([first, ..]) if head == 1 => *first = size[3],
            Some([first, a, b, c, d, ..]) => (*first, [*a, *b, *c, *d]) = (MARK, size),
            _ => {}
        }
        place
    }

    /// A room that was never used. A long string has a block of its own, which counts for as many blocks as it is long.
    fn fresh(&mut self, length: usize) -> u32 {
        if self.blocks.is_empty() || self.used + length > BLOCK {
            let (first, count) = (self.blocks.len(), length.div_ceil(BLOCK));
            self.blocks.push(vec![0; count * BLOCK]);
            self.blocks.resize(first + count, Vec::new());
            self.used = if count > 1 { BLOCK } else { length };
            return place_of(first, 0);
        }
        self.used += length;
        place_of(self.blocks.len() - 1, self.used - length)
    }

    fn units(&self, place: u32) -> Option<usize> {
        match *self.at(place)? {
            [MARK, a, b, c, d, ..] => usize::try_from(u32::from_be_bytes([a, b, c, d])).ok(),
            [units, ..] => Some(usize::from(units)),
            [] => None,
        }
    }

    fn at(&self, place: u32) -> Option<&[u8]> {
        let at = offset(place)?;
        self.blocks.get(at / BLOCK)?.get(at % BLOCK..)
    }

    fn at_mut(&mut self, place: u32) -> Option<&mut [u8]> {
        let at = offset(place)?;
        self.blocks.get_mut(at / BLOCK)?.get_mut(at % BLOCK..)
    }
}

fn place_of(block: usize, offset: usize) -> u32 {
    u32::try_from((block * BLOCK + offset) / UNIT).unwrap_or(FULL).min(FULL)
}

/// Where a place lies in the blocks, one behind the other.
fn offset(place: u32) -> Option<usize> {
    usize::try_from(place).ok().filter(|_| place < FULL)?.checked_mul(UNIT)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_string_that_fits_stays_and_a_room_is_used_again() {
        let mut arena = Arena::default();
        let first = arena.put(None, b"eleven byte");
        let second = arena.put(None, b"other");
        assert_eq!(arena.put(Some(first), b"shorter"), first);
        assert!(arena.get(first).unwrap().starts_with(b"shorter"));
        let moved = arena.put(Some(first), b"twelve bytes");
        assert_ne!(moved, first);
        assert_eq!(arena.put(None, b"eleven char"), first);
        assert!(arena.get(second).unwrap().starts_with(b"other"));
        assert_eq!(arena.get(u32::MAX), None);
    }

    #[test]
    fn what_has_no_room_is_not_put_over_something_else() {
        let blocks = usize::try_from(FULL).unwrap() / (BLOCK / UNIT) + 1;
        let mut arena = Arena { blocks: vec![Vec::new(); blocks], used: BLOCK - 12, free: BTreeMap::new() };
        *arena.blocks.last_mut().unwrap() = vec![0; BLOCK];
        let last = arena.put(None, b"in");
        assert!(arena.get(last).unwrap().starts_with(b"in"));
        for old in [None, Some(FULL)] {
            let place = arena.put(old, b"out");
            assert_eq!((place, arena.get(place)), (FULL, None));
        }
        assert!(arena.get(last).unwrap().starts_with(b"in"));
    }

    proptest! {
        #[test]
        fn each_place_holds_what_was_put_there_last(puts in prop::collection::vec((0usize..20, 0usize..100, 0u8..4), 1..200)) {
            let (mut arena, mut known) = (Arena::default(), vec![None::<(u32, Vec<u8>)>; 20]);
            for (number, length, scale) in puts {
                let bytes = vec![u8::try_from(number).unwrap() ^ scale; length * [1, 11, 700, 1_000][usize::from(scale)]];
                let place = arena.put(known[number].as_ref().map(|(place, _)| *place), &bytes);
                known[number] = Some((place, bytes));
                for (place, bytes) in known.iter().flatten() {
                    prop_assert!(arena.get(*place).unwrap().starts_with(bytes));
                }
            }
        }
    }
}
