//! Labels of lots in memory.

use crate::state::arena::Arena;
use crate::state::numbers::LotNo;
use hashbrown::HashTable;
use std::hash::{BuildHasher as _, RandomState};

/// Which lots bear a label. Texts lie in the arena of the state.
///
/// People choose labels, so the hash is the careful one of the standard library.
#[derive(Debug, Clone, Default)]
pub(super) struct Labels {
    /// By text, the last of its entries.
    table: HashTable<u32>,
    entries: Vec<Entry>,
    hasher: RandomState,
}

#[derive(Debug, Clone, Copy)]
struct Entry {
    /// Where the text lies.
    text: u32,
    lot: LotNo,
    /// The entry of the same text before.
    before: Option<u32>,
}

impl Labels {
    pub(super) fn add(&mut self, label: &str, lot: LotNo, arena: &mut Arena) {
        let number = u32::try_from(self.entries.len()).unwrap_or(u32::MAX);
        let Self { table, entries, hasher } = self;
        let hash = hasher.hash_one(label);
        if let Some(last) = table.find_mut(hash, |number| text(entries, *number, arena) == Some(label)) {
            let text = entry(entries, *last).map_or(u32::MAX, |entry| entry.text);
            let before = Some(std::mem::replace(last, number));
            return entries.push(Entry { text, lot, before });
        }
        // A label has at most 1,024 bytes.
        let mut bytes = u16::try_from(label.len()).unwrap_or(u16::MAX).to_be_bytes().to_vec();
        bytes.extend_from_slice(label.as_bytes());
        entries.push(Entry { text: arena.put(None, &bytes), lot, before: None });
        table.insert_unique(hash, number, |number| {
            text(entries, *number, arena).map_or(0, |text| hasher.hash_one(text))
        });
    }

    pub(super) fn lots(&self, label: &str, arena: &Arena) -> Vec<LotNo> {
        let same = |number: &u32| text(&self.entries, *number, arena) == Some(label);
        let last = self.table.find(self.hasher.hash_one(label), same).copied();
        let entries = std::iter::successors(last.and_then(|last| entry(&self.entries, last)), |one| {
            one.before.and_then(|before| entry(&self.entries, before))
        });
        entries.map(|entry| entry.lot).collect()
    }
}

fn entry(entries: &[Entry], number: u32) -> Option<Entry> {
    entries.get(usize::try_from(number).ok()?).copied()
}

fn text<'a>(entries: &[Entry], number: u32, arena: &'a Arena) -> Option<&'a str> {
    let (length, text) = arena.get(entry(entries, number)?.text)?.split_first_chunk::<2>()?;
    std::str::from_utf8(text.get(..usize::from(u16::from_be_bytes(*length)))?).ok()
}
