//! Where the leaf of an id is: a number for each entry, and a list of ids that were named before they were recorded.
//!
//! An entry's event and lots have consecutive places from the number on, save those that have one already. The numbers are
//! not protected: a wrong one leads to the leaf of another id, and the leaf says whose it is. The list is, by its digest
//! beside the signed statement.

use super::LeafFault;
use super::tiles::write;
use crate::bundle::Covered;
use crate::ledger::disk::{Disk, read_if_present};
use crate::value::{Blake3, EventId};
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// Numbers a file.
const CHUNK: u64 = 1024;

/// Bytes of one id in the list: event, lot or all ones, place.
const STRAY: usize = 32 + 2 + 8;

/// The most bytes of the list that are read: some 25 million ids.
const MOST: u64 = 1 << 30;

/// Where the places of each entry begin.
pub(super) struct Starts<'a> {
    disk: &'a dyn Disk,
    folder: PathBuf,
    /// Number of entries.
    pub(super) size: u64,
    chunks: BTreeMap<u64, (Vec<u64>, bool)>,
}

impl<'a> Starts<'a> {
    pub(super) fn new(disk: &'a dyn Disk, folder: &Path, size: u64) -> Self {
        Self { disk, folder: folder.to_owned(), size, chunks: BTreeMap::new() }
    }

    fn path(&self, number: u64) -> PathBuf {
        self.folder.join(format!("start/{number}"))
    }

    /// A chunk's numbers, as many as belong below the size; fewer where the file has fewer.
    fn chunk(&mut self, number: u64) -> Result<&mut (Vec<u64>, bool), LeafFault> {
        if !self.chunks.contains_key(&number) {
            let width = usize::try_from(self.size.saturating_sub(number * CHUNK).min(CHUNK)).unwrap_or(0);
            let bytes = match width {
                0 => None,
                _ => read_if_present(self.disk, &self.path(number), CHUNK * 8)?,
            };
            let bytes = bytes.unwrap_or_default();
            let numbers = bytes.as_chunks::<8>().0.iter().take(width).map(|bytes| u64::from_le_bytes(*bytes));
            self.chunks.insert(number, (numbers.collect(), false));
        }
        self.chunks.get_mut(&number).ok_or_else(|| LeafFault::Wrong("no numbers".to_owned()))
    }

    /// The first place of an entry.
    pub(super) fn get(&mut self, index: u64) -> Result<Option<u64>, LeafFault> {
        let within = usize::try_from(index % CHUNK).unwrap_or(0);
        Ok(self.chunk(index / CHUNK)?.0.get(within).copied())
    }

    /// Adds the next entry.
    pub(super) fn push(&mut self, start: u64) -> Result<(), LeafFault> {
        let within = usize::try_from(self.size % CHUNK).unwrap_or(0);
        let path = self.path(self.size / CHUNK);
        let (numbers, is_changed) = self.chunk(self.size / CHUNK)?;
        if numbers.len() != within {
            return Err(LeafFault::Wrong(format!("{}: expected {within} numbers", path.display())));
        }
        numbers.push(start);
        *is_changed = true;
        self.size += 1;
        Ok(())
    }

    /// Writes what was added, and lets go of it.
    pub(super) fn save(&mut self) -> Result<(), LeafFault> {
        for (number, (numbers, _)) in std::mem::take(&mut self.chunks).iter().filter(|(_, (_, changed))| *changed) {
            let bytes: Vec<u8> = numbers.iter().flat_map(|number| number.to_le_bytes()).collect();
            write(self.disk, &self.path(*number), &bytes)?;
        }
        Ok(())
    }
}

/// Ids that had a leaf before they were recorded, or never were.
#[derive(Default)]
pub(super) struct Strays {
    places: HashMap<Covered, u64>,
    is_changed: bool,
}

impl Strays {
    /// Reads the list; only the one of this digest.
    pub(super) fn read(disk: &dyn Disk, path: &Path, digest: Blake3) -> Result<Self, LeafFault> {
        let bytes = read_if_present(disk, path, MOST)?.unwrap_or_default();
        if Blake3::of(&bytes) != digest {
            return Err(LeafFault::Wrong(format!("{}: expected digest {digest}", path.display())));
        }
        let parse = |bytes: &[u8; STRAY]| {
            let (event, rest) = bytes.split_first_chunk::<32>()?;
            let (output, place) = rest.split_first_chunk::<2>()?;
            let output = u8::try_from(u16::from_le_bytes(*output)).ok();
            Some((Covered { event: EventId(*event), output }, u64::from_le_bytes(place.try_into().ok()?)))
        };
        let places = bytes.as_chunks::<STRAY>().0.iter().filter_map(parse).collect();
        Ok(Self { places, is_changed: false })
    }

    pub(super) fn get(&self, id: Covered) -> Option<u64> {
        self.places.get(&id).copied()
    }

    pub(super) fn add(&mut self, id: Covered, place: u64) {
        self.places.insert(id, place);
        self.is_changed = true;
    }

    fn bytes(&self) -> Vec<u8> {
        let mut all: Vec<(Covered, u64)> = self.places.iter().map(|(id, place)| (*id, *place)).collect();
        all.sort_unstable_by_key(|(_, place)| *place);
        let bytes = |(id, place): (Covered, u64)| {
            let output = id.output.map_or(u16::MAX, u16::from);
            [&id.event.0[..], &output.to_le_bytes(), &place.to_le_bytes()].concat()
        };
        all.into_iter().flat_map(bytes).collect()
    }

    /// Writes the list where it was changed; gives its digest.
    pub(super) fn save(&mut self, disk: &dyn Disk, path: &Path) -> Result<Blake3, LeafFault> {
        let bytes = self.bytes();
        if self.is_changed {
            write(disk, path, &bytes)?;
            self.is_changed = false;
        }
        Ok(Blake3::of(&bytes))
    }
}
