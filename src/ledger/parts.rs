//! Files of steps that were recorded in several commits: how far each of them is recorded.
//!
//! A file that is too long for one commit is recorded in parts, each wholly or not at all. Before the commit of a part a
//! [`Part`] is noted in the file `parts` of the ledger's folder, durably: how the file begins up to the part's end, and
//! which event will be the part's last, at which index. The note counts only if that event is recorded there, so it says
//! nothing before the commit is durable and cannot be missing after it. Whoever goes on with the file, or records it
//! again, asks [`recorded_of`] what its beginning is worth.
//!
//! Not in scope: reading steps (`interop::batch`), committing (`writer`).

use super::disk::{Access, Disk, DiskError, read_if_present, replace_durably};
use super::layout::Layout;
use super::lines::{self, line_of};
use crate::state::{Find, ViewError};
use crate::value::{Blake3, EventId};
use std::io::Read;
use std::path::PathBuf;

/// The most bytes of notes that are read: some 60,000 parts.
const MAX_BYTES: u64 = 16 << 20;

/// How a file begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Beginning {
    /// So many bytes.
    pub bytes: u64,
    /// Their digest.
    pub blake3: Blake3,
}

/// A part of a file that was recorded in one commit, or was about to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Part {
    /// The file up to the end of this part.
    pub file: Beginning,
    /// Number of its first step in the file, counted from 1.
    pub from_step: u64,
    /// Number of its last step.
    pub to_step: u64,
    /// Index of its first event.
    pub first: u64,
    /// How many events it has.
    pub events: u64,
    /// Its last event.
    pub last: EventId,
}

impl Part {
    /// Index of the last event.
    const fn last_index(&self) -> u64 {
        self.first.saturating_add(self.events).saturating_sub(1)
    }
}

/// Why parts could not be noted or read.
#[derive(Debug, thiserror::Error)]
pub enum PartsError {
    /// A file operation.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The file whose parts are asked for.
    #[error("cannot read the file: {0}")]
    Source(#[from] std::io::Error),
    /// State.
    #[error(transparent)]
    View(#[from] ViewError),
    /// The notes are not as they were written.
    #[error("{}, {damage}", path.display())]
    Damaged {
        /// Their file.
        path: PathBuf,
        /// What is wrong.
        damage: lines::DamagedLine,
    },
    /// A note that cannot be written as JSON.
    #[error("cannot write the note: {0}")]
    Json(#[from] serde_json::Error),
}

/// Notes a part that is about to be committed; durable on return. Notes that count no longer are dropped.
///
/// # Errors
/// The notes are damaged; state; the disk's.
pub fn note(disk: &dyn Disk, layout: &Layout, find: &dyn Find, part: &Part) -> Result<(), PartsError> {
    let mut parts = recorded(disk, layout, find)?;
    parts.push(*part);
    let mut bytes = Vec::new();
    for part in &parts {
        bytes.extend(line_of(part)?);
    }
    Ok(replace_durably(disk, &layout.parts(), &bytes, Access::OwnerOnly)?)
}

/// The parts that are recorded, of all files.
///
/// # Errors
/// The notes are damaged; state; the disk's.
pub fn recorded(disk: &dyn Disk, layout: &Layout, find: &dyn Find) -> Result<Vec<Part>, PartsError> {
    let path = layout.parts();
    let Some(bytes) = read_if_present(disk, &path, MAX_BYTES)? else { return Ok(Vec::new()) };
    let mut parts = lines::read::<Part>(&bytes).map_err(|damage| PartsError::Damaged { path, damage })?.records;
    let mut error = None;
    parts.retain(|part| match find.event(&part.last) {
        Ok(event) => event.is_some_and(|event| event.index == part.last_index()),
        Err(fault) => {
            error = Some(fault);
            false
        }
    });
    error.map_or(Ok(parts), |fault| Err(fault.into()))
}

/// Which of these parts a file consists of so far, from its first step on and in their order.
///
/// Reads the file as far as the longest of the parts reaches.
///
/// # Errors
/// The file cannot be read.
pub fn recorded_of(parts: &[Part], mut file: impl Read) -> Result<Vec<Part>, PartsError> {
    let mut open = parts.to_vec();
    open.sort_by_key(|part| part.file.bytes);
    let (mut hasher, mut chain) = (blake3::Hasher::new(), Vec::<Part>::new());
    for part in open {
        let missing = part.file.bytes.saturating_sub(hasher.count());
        if std::io::copy(&mut file.by_ref().take(missing), &mut hasher)? < missing {
            break;
        }
        let next = chain.last().map_or(1, |last| last.to_step.saturating_add(1));
        if part.from_step == next && Blake3(*hasher.finalize().as_bytes()) == part.file.blake3 {
            chain.push(part);
        }
    }
    Ok(chain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Kind, When};
    use crate::ledger::disk::{FaultyDisk, create_dirs, read_whole};
    use crate::state::{EventRecord, Memory, Put as _, Record};
    use crate::value::{KeyId, PartyId, Time};
    use std::path::Path;

    const FILE: &[u8] = b"one\ntwo\nthree\n";

    fn part(bytes: usize, steps: (u64, u64), first: u64) -> Part {
        let file = Beginning { bytes: bytes as u64, blake3: Blake3::of(&FILE[..bytes]) };
        let (from_step, to_step) = steps;
        let events = to_step + 1 - from_step;
        let last = EventId([u8::try_from(first + events - 1).unwrap(); 32]);
        Part { file, from_step, to_step, first, events, last }
    }

    fn holding(parts: &[Part]) -> Memory {
        let mut memory = Memory::default();
        for part in parts {
            let time: Time = "2026-01-01T00:00:00Z".parse().unwrap();
            let record = EventRecord {
                index: part.last_index(),
                recorded_at: time,
                kind: Kind::Source,
                iss: PartyId([1; 32]),
                kid: KeyId([1; 32]),
                portable: false,
                prev: None,
                when: When::At(time),
                facility: None,
                inputs: Vec::new(),
                outputs: 0,
                applied: true,
                withdrawn_by: None,
                key: None,
            };
            memory.put(&[Record::Event(part.last, record)]);
        }
        memory
    }

    #[test]
    fn only_what_is_recorded_counts() {
        let (disk, layout) = (FaultyDisk::new(), Layout::new(Path::new("/l")));
        create_dirs(&disk, layout.root()).unwrap();
        let (first, second) = (part(4, (1, 1), 7), part(8, (2, 2), 9));
        note(&disk, &layout, &Memory::default(), &first).unwrap();
        assert_eq!(recorded(&disk, &layout, &Memory::default()).unwrap(), []);
        note(&disk, &layout, &holding(&[first]), &second).unwrap();
        assert_eq!(recorded(&disk, &layout, &holding(&[first])).unwrap(), [first]);
        assert_eq!(recorded(&disk, &layout, &holding(&[first, second])).unwrap(), [first, second]);
        // At another index it is another recording of the event.
        let elsewhere = holding(&[Part { first: 8, ..first }]);
        assert_eq!(recorded(&disk, &layout, &elsewhere).unwrap(), []);
        // What never came to be recorded makes room.
        note(&disk, &layout, &Memory::default(), &first).unwrap();
        assert_eq!(recorded(&disk, &layout, &holding(&[first, second])).unwrap(), [first]);
    }

    #[test]
    fn a_damaged_note_is_an_error() {
        let (disk, layout) = (FaultyDisk::new(), Layout::new(Path::new("/l")));
        create_dirs(&disk, layout.root()).unwrap();
        let (first, second) = (part(4, (1, 1), 7), part(8, (2, 2), 9));
        note(&disk, &layout, &Memory::default(), &first).unwrap();
        note(&disk, &layout, &holding(&[first]), &second).unwrap();
        let mut bytes = read_whole(&disk, &layout.parts(), 1 << 20).unwrap();
        bytes[80] ^= 1;
        replace_durably(&disk, &layout.parts(), &bytes, Access::OwnerOnly).unwrap();
        let error = recorded(&disk, &layout, &holding(&[first, second])).unwrap_err();
        assert_eq!(error.to_string(), "/l/parts, line 1: its digest is not that of its text");
    }

    #[test]
    fn the_longest_beginning_that_has_no_gap_counts() {
        let of = |parts: &[Part], file: &[u8]| recorded_of(parts, file).unwrap();
        let (a, b, c) = (part(4, (1, 1), 7), part(8, (2, 2), 9), part(14, (3, 3), 12));
        assert_eq!(of(&[c, a, b], FILE), [a, b, c]);
        assert_eq!(of(&[c, a, b], &FILE[..13]), [a, b], "a file that ends before");
        assert_eq!(of(&[a, b, c], b"one\ntwo\nthree\nfour\n"), [a, b, c], "a file that goes on");
        assert_eq!(of(&[a, b, c], b"one\ntwo\nthird\n"), [a, b], "another end");
        assert_eq!(of(&[a, b, c], b"eno\ntwo\nthree\n"), [], "another beginning");
        assert_eq!(of(&[a, c], FILE), [a], "a gap");
        assert_eq!(of(&[], FILE), []);
    }
}
