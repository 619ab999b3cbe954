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
use super::lines::{self, DamagedLine, Records, line_of};
use crate::state::{Find, ViewError};
use crate::value::{Blake3, EventId};
use std::collections::BTreeMap;
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
    /// Where it ends.
    const fn ends(&self) -> End {
        (self.to_step, self.last_index())
    }

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
        damage: DamagedLine,
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
    let damaged = |damage| PartsError::Damaged { path: path.clone(), damage };
    let Records { records: mut parts, sound } = lines::read::<Part>(&bytes).map_err(damaged)?;
    // The file is only ever replaced as a whole: no crash tears its last line.
    if sound < bytes.len() as u64 {
        let problem = "its digest is not that of its text".to_owned();
        return Err(damaged(DamagedLine { line: parts.len() + 1, problem }));
    }
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
/// Where parts follow one another in several ways, as those of a file that was recorded twice do, it is the way that reaches
/// furthest; of several such ways, the one recorded last. Reads the file as far as the longest of the parts reaches.
///
/// # Errors
/// The file cannot be read.
pub fn recorded_of(parts: &[Part], mut file: impl Read) -> Result<Vec<Part>, PartsError> {
    let mut open = parts.to_vec();
    open.sort_by_key(|part| (part.file.bytes, part.to_step));
    let mut hasher = blake3::Hasher::new();
    // Where a chain from the first step on may end, each with its last part and the end behind which that goes on.
    let mut reached: BTreeMap<End, Option<(Part, End)>> = BTreeMap::from([((0, 0), None)]);
    for part in open {
        let missing = part.file.bytes.saturating_sub(hasher.count());
        if std::io::copy(&mut file.by_ref().take(missing), &mut hasher)? < missing {
            break;
        }
        let Some(before) = part.from_step.checked_sub(1).filter(|before| *before < part.to_step) else { continue };
        // Of those that end there, the last one before it in the log: that is of the same run.
        let behind = reached.range((before, 0)..=(before, part.first)).next_back().map(|(end, _)| *end);
        if let Some(behind) = behind.filter(|_| Blake3(*hasher.finalize().as_bytes()) == part.file.blake3) {
            reached.insert(part.ends(), Some((part, behind)));
        }
    }
    let mut chain = Vec::new();
    let mut at = reached.keys().next_back();
    while let Some(Some((part, behind))) = at.and_then(|end| reached.get(end)) {
        chain.push(*part);
        at = Some(behind);
    }
    chain.reverse();
    Ok(chain)
}

/// Step and index at which a part ends.
type End = (u64, u64);

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
        let bytes = read_whole(&disk, &layout.parts(), 1 << 20).unwrap();
        let damaged = |bytes: &[u8]| {
            replace_durably(&disk, &layout.parts(), bytes, Access::OwnerOnly).unwrap();
            recorded(&disk, &layout, &holding(&[first, second])).unwrap_err().to_string()
        };
        for (at, line) in [(80, 1), (bytes.len() - 2, 2)] {
            let mut bent = bytes.clone();
            bent[at] ^= 1;
            assert_eq!(damaged(&bent), format!("/l/parts, line {line}: its digest is not that of its text"));
        }
        // What is cut off may have been recorded.
        assert_eq!(damaged(&bytes[..bytes.len() - 1]), "/l/parts, line 2: its digest is not that of its text");
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
        // Recorded twice, in other parts: the first one of the other way leads nowhere.
        let (wide, end) = (part(8, (1, 2), 20), part(14, (3, 3), 22));
        for order in [[a, wide, end], [end, wide, a]] {
            assert_eq!(of(&order, FILE), [wide, end]);
        }
        assert_eq!(of(&[a, b, wide], FILE), [wide], "as far, and recorded later");
        assert_eq!(of(&[a, b, wide, c], FILE), [a, b, c], "what was recorded before a part goes before it");
        assert_eq!(of(&[wide, c], FILE), [wide], "a part recorded before what would lead to it");
    }
}
