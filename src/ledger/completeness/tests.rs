//! Leaves kept in files are those made in memory, however they came about, and damage never gets a signature.

use super::super::disk::{FaultyDisk, append_all, read_whole, replace_derived};
use super::*;
use crate::bundle::Leaves;
use crate::state::{Memory, Position, Put as _, apply};
use crate::testing::{TestLedger, key};
use crate::value::Time;
use std::path::Path;

/// A history, and the state after it.
struct History {
    ledger: LedgerId,
    vkey: VerifierKey,
    events: Vec<Event>,
    state: Memory,
}

impl History {
    /// Events in any order: those named before they are recorded are there too.
    fn of(test: &TestLedger, events: Vec<Event>) -> Self {
        let mut state = Memory::default();
        for (index, event) in (0..).zip(&events) {
            let at = Position { ledger: test.id, index, recorded_at: Time::MIN };
            if crate::state::View::event(&state, &event.id).unwrap().is_none() {
                let delta = apply(&state, &at, event, false).unwrap();
                state.put(&delta);
            }
        }
        Self { ledger: test.id, vkey: test.vkey.clone(), events, state }
    }

    fn log(&self, size: usize) -> TreeHead {
        TreeHead { size: size as u64, root: Sha256([7; 32]) }
    }

    fn in_memory(&self, size: usize) -> TreeHead {
        let mut leaves = Leaves::default();
        self.events[..size].iter().for_each(|event| leaves.add(event));
        leaves.into_tree().head()
    }

    fn open<'a>(&'a self, disk: &'a FaultyDisk) -> Result<Option<Completeness<'a>>, LeafFault> {
        Completeness::open(disk, &layout(), &Identity::new(self.vkey.clone()), &self.state)
    }

    /// Takes in the events up to a size and signs.
    fn go_on(&self, kept: &mut Completeness<'_>, size: usize) -> Result<TreeHead, LeafFault> {
        let mut new = DigestMap::default();
        for event in &self.events[usize::try_from(kept.log.size).unwrap()..size] {
            kept.take_in(Some(event), &mut new)?;
        }
        kept.sign(self.log(size), (&self.vkey, &key(200)))?;
        Ok(kept.note.as_ref().unwrap().unverified_text().parse::<Statement>().unwrap().leaves)
    }

    fn kept(&self, disk: &FaultyDisk, steps: &[usize]) -> TreeHead {
        let mut head = TreeHead { size: 0, root: EMPTY_ROOT };
        for (number, size) in steps.iter().enumerate() {
            let mut kept = match number {
                0 => Completeness::fresh(disk, &layout(), self.ledger, &self.state).unwrap(),
                _ => self.open(disk).unwrap().unwrap(),
            };
            head = self.go_on(&mut kept, *size).unwrap();
        }
        head
    }

    /// Proves every leaf from the files, and checks the proof.
    fn prove_all(&self, disk: &FaultyDisk, head: TreeHead) -> Result<(), String> {
        let mut lists: std::collections::BTreeMap<Covered, Vec<EventId>> = Default::default();
        let mut known = std::collections::HashSet::new();
        for event in self.events.iter().filter(|event| known.insert(event.id)) {
            crate::bundle::spoken_of(event).for_each(|id| lists.entry(id).or_default().truncate(usize::MAX));
            covered_by(event).into_iter().for_each(|id| lists.get_mut(&id).unwrap().push(event.id));
        }
        let leaves: Vec<Leaf> = lists.into_iter().map(|(id, named_by)| Leaf { id, named_by }).collect();
        let kept = self.open(disk).map_err(|error| error.to_string())?.ok_or("none")?;
        let (places, nodes) = kept.prove_leaves(&leaves)?;
        let hashes = places.into_iter().zip(leaves.iter().map(Leaf::hash)).collect();
        crate::tlog::nodes::check_nodes(&[head], &hashes, &nodes).map_err(|error| error.to_string())
    }
}

fn layout() -> Layout {
    Layout::new(Path::new("/ledger"))
}

/// Some 800 leaves: lots handed on, assayed, and refused events; enough for several files of a level.
fn sample() -> TestLedger {
    let (mut ledger, operator) = TestLedger::new();
    let plant = ledger.party(1, "Plant");
    let (mine, works) = (ledger.facility(operator, "mine"), ledger.facility(plant, "works"));
    for _ in 0..70 {
        let lot = ledger.source(operator, mine, "10");
        ledger.assay(operator, lot);
        let dispatch = ledger.dispatch(operator, mine, &[lot], plant);
        ledger.receive(plant, works, dispatch, &[lot]);
        ledger.assay(plant, lot);
    }
    ledger
}

fn orders() -> Vec<History> {
    let test = sample();
    let forward = test.events.clone();
    let backward: Vec<Event> = forward.iter().rev().cloned().collect();
    let mut twice = forward.clone();
    twice.splice(40..40, forward[3..30].iter().cloned());
    [forward, backward, twice].map(|events| History::of(&test, events)).into()
}

#[test]
fn leaves_in_files_are_those_in_memory_after_every_step() {
    for history in orders() {
        let all = history.events.len();
        for steps in [vec![all], vec![2, 3, all / 2, all], (1..=all).step_by(7).chain([all]).collect()] {
            let disk = FaultyDisk::new();
            let head = history.kept(&disk, &steps);
            assert_eq!(head, history.in_memory(all));
            history.prove_all(&disk, head).unwrap();
        }
    }
}

#[test]
fn a_damaged_file_never_leads_to_another_root() {
    for history in orders() {
        let (half, all) = (history.events.len() * 4 / 5, history.events.len());
        let expected = history.in_memory(all);
        let fresh = || {
            let disk = FaultyDisk::new();
            history.kept(&disk, &[3, half]);
            disk
        };
        let mut found = (0, 0);
        for path in files_of(&fresh()) {
            let length = read_whole(&fresh(), &path, 1 << 20).unwrap().len();
            for at in (0..length).step_by((length / 23).max(1)) {
                let disk = fresh();
                let mut bytes = read_whole(&disk, &path, 1 << 20).unwrap();
                bytes[at] ^= 0x20;
                replace_derived(&disk, &path, &bytes).unwrap();
                let after = match history.open(&disk) {
                    Ok(Some(mut kept)) => history.go_on(&mut kept, all),
                    Ok(None) => continue,
                    Err(fault) => Err(fault),
                };
                match after {
                    Ok(head) => {
                        assert_eq!(head, expected, "{} at {at}", path.display());
                        found.0 += 1;
                    }
                    Err(LeafFault::Wrong(_) | LeafFault::Note(_)) => found.1 += 1,
                    Err(other) => panic!("{other}"),
                }
            }
        }
        assert!(found.0 > 0 && found.1 > 0, "{found:?}");
    }
}

fn files_of(disk: &FaultyDisk) -> Vec<std::path::PathBuf> {
    let folder = layout().completeness();
    let mut found = vec![folder.join("note"), folder.join("strays")];
    for name in ["0", "1", "start"] {
        let names = disk.list(&folder.join(name)).unwrap_or_default();
        found.extend(names.into_iter().map(|file| folder.join(name).join(file)));
    }
    found.retain(|path| disk.metadata(path).unwrap().is_some_and(|file| file.len > 0));
    assert!(found.len() >= 5, "{found:?}");
    found
}

#[test]
fn a_statement_of_another_key_or_ledger_is_no_base() {
    let history = &orders()[0];
    let disk = FaultyDisk::new();
    let mut kept = Completeness::fresh(&disk, &layout(), history.ledger, &history.state).unwrap();
    history.go_on(&mut kept, 5).unwrap();
    let other = VerifierKey::new("other.example/log".parse().unwrap(), history.vkey.kind(), (&key(9)).into());
    let opened = Completeness::open(&disk, &layout(), &Identity::new(other), &history.state);
    assert!(matches!(opened, Err(LeafFault::Wrong(_))));
    forget(&disk, &layout()).unwrap();
    assert!(history.open(&disk).unwrap().is_none());
    let mut torn = disk.create_new(&layout().completeness().join("note"), super::super::disk::Access::Shared).unwrap();
    append_all(&mut *torn, b"torn").unwrap();
    assert!(matches!(history.open(&disk), Err(LeafFault::Wrong(_))));
}
