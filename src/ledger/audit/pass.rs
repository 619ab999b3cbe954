//! The two runs over the entries: replay, then review and hash tiles.
//!
//! Both go by parts of [`BLOCKS`] bundles, of which two are in memory: while one is taken in, the next is read and what
//! needs no state of it is done on the other processors.

use super::Auditing;
use super::found::Found;
use crate::envelope::{Disclosure, Jws, Known, Typ};
use crate::event::Event;
use crate::finding::{Code, Finding};
use crate::ledger::disk::{Disk, read_if_present};
use crate::ledger::edge::{Edge, FullTile};
use crate::ledger::error::LogError;
use crate::ledger::files::Block;
use crate::ledger::kept::Kept;
use crate::ledger::private::{PrivateError, RawRecord};
use crate::ledger::read::Reader;
use crate::ledger::state_store::{Progress, StateError, event_of};
use crate::rules::review::{Facts, ReviewContext, Settled, reads_values, review};
use crate::rules::trust::Trust;
use crate::state::{Memory, View as _, ViewError};
use crate::tlog::entry::EntryRef;
use crate::tlog::tree::{Frontier, leaf_hash};
use crate::value::{EventId, Sha256, Time};

use crate::verify::replay::{Ahead, Checked, Entered, Raw, Replay};
use crate::verify::trail::is_statement;
use rayon::prelude::*;
use std::sync::Arc;

/// Bundles in a part: enough for all processors to share, few enough to hold.
const BLOCKS: usize = 4;

/// The two runs over the entries.
pub(super) struct Pass<'a, 'p> {
    pub(super) disk: &'a Arc<dyn Disk>,
    pub(super) reader: &'a Reader,
    pub(super) kept: &'a Kept<'a>,
    pub(super) progress: &'a mut Progress<'p>,
}

/// Is told each event as it is entered, in the order recorded.
pub(super) type OnEvent<'a> = dyn FnMut(&Event) + Send + 'a;

/// What the first run gives.
pub(super) struct First {
    pub(super) memory: Memory,
    pub(super) frontier: Frontier,
    pub(super) facts: Facts,
    pub(super) applied: u64,
    pub(super) disclosed: u64,
    pub(super) recorded_until: Option<Time>,
}

/// Consecutive entries with the disclosures kept for them.
struct Part {
    blocks: Vec<Block>,
    /// The event of each entry.
    ids: Vec<Option<EventId>>,
    disclosures: Vec<Vec<String>>,
}

impl Part {
    /// Reads the next part, with the disclosures of the events that `is_read` says; `None` at the end.
    fn read(
        blocks: &mut dyn Iterator<Item = Result<Block, LogError>>,
        kept: &Kept<'_>,
        is_read: &(dyn Fn(&EventId) -> bool + Sync),
    ) -> Result<Option<Self>, StateError> {
        let blocks: Vec<Block> = blocks.take(BLOCKS).collect::<Result<_, _>>()?;
        if blocks.is_empty() {
            return Ok(None);
        }
        let entries: Vec<&[u8]> = blocks.iter().flat_map(Block::entries).map(|(_, entry)| entry).collect();
        let ids: Vec<Option<EventId>> = entries.par_iter().map(|entry| event_of(entry)).collect();
        let wanted: Vec<Option<EventId>> = ids.par_iter().map(|id| id.filter(is_read)).collect();
        let raw: Result<Vec<Vec<RawRecord>>, PrivateError> =
            wanted.iter().map(|id| unless_damaged(id.as_ref().map_or(Ok(Vec::new()), |id| kept.raw(id)))).collect();
        let raw = raw?;
        let decode = |(id, raw): (&Option<EventId>, &Vec<RawRecord>)| {
            unless_damaged(id.as_ref().map_or(Ok(Vec::new()), |id| kept.decode(id, raw)))
        };
        let disclosures: Result<Vec<Vec<String>>, PrivateError> = wanted.par_iter().zip(&raw).map(decode).collect();
        Ok(Some(Self { disclosures: disclosures?, ids, blocks }))
    }

    fn raw(&self) -> Vec<Raw<'_>> {
        let entries = self.blocks.iter().flat_map(Block::entries).zip(&self.disclosures);
        entries.map(|((_, entry), disclosures)| Raw { entry, disclosures }).collect()
    }
}

/// What is damaged is not shown, and so withheld.
fn unless_damaged<T>(read: Result<Vec<T>, PrivateError>) -> Result<Vec<T>, PrivateError> {
    match read {
        Err(PrivateError::Damaged { .. }) => Ok(Vec::new()),
        read => read,
    }
}

/// A part whose signatures are verified.
struct PartChecked {
    entries: Vec<Checked>,
    disclosed: u64,
}

impl PartChecked {
    fn read(
        blocks: &mut dyn Iterator<Item = Result<Block, LogError>>,
        kept: &Kept<'_>,
        ahead: &mut Ahead,
    ) -> Result<Option<Self>, StateError> {
        let Some(part) = Part::read(blocks, kept, &|_| true)? else { return Ok(None) };
        let disclosed = part.disclosures.iter().filter(|shown| !shown.is_empty()).count() as u64;
        Ok(Some(Self { entries: ahead.check(&part.raw()), disclosed }))
    }
}

/// What the first run has come to.
struct Fold<'a> {
    replay: Replay<Memory>,
    facts: Facts,
    as_of: Time,
    applied: u64,
    disclosed: u64,
    on_event: &'a mut OnEvent<'a>,
    found: &'a mut Found,
}

impl Fold<'_> {
    fn take_in(&mut self, part: PartChecked) -> Result<(), ViewError> {
        let Self { replay, facts, as_of, applied, disclosed, on_event, found } = self;
        *disclosed += part.disclosed;
        replay.enter_all(part.entries, &mut |memory: &mut Memory, entered: Entered| {
            entered.event.iter().for_each(&mut *on_event);
            if let Some(event) = entered.event.filter(|_| !entered.findings.iter().any(Finding::blocks)) {
                // As in a bundle: what was said after the moment of judgement is not known.
                facts.exchange(memory.numbers());
                if entered.at.recorded_at <= *as_of || !is_statement(&event) {
                    facts.observe(&event, &entered.at);
                }
                if entered.findings.iter().any(Finding::is_refusal) {
                    facts.mark_breached(event.id);
                }
                facts.exchange(memory.numbers());
                *applied += 1;
            }
            entered.findings.into_iter().for_each(|finding| found.add(finding));
            Ok(())
        })
    }
}

impl Pass<'_, '_> {
    /// First run: everything that admission asks.
    pub(super) fn replay(
        &mut self,
        as_of: Time,
        on_event: &mut OnEvent<'_>,
        found: &mut Found,
    ) -> Result<First, StateError> {
        let replay = Replay::new(self.reader.identity().ledger());
        let mut fold = Fold { replay, facts: Facts::default(), as_of, applied: 0, disclosed: 0, on_event, found };
        let (size, kept, mut ahead) = (self.reader.size(), self.kept, Ahead::default());
        let mut blocks = self.reader.blocks(0..size);
        let mut next = PartChecked::read(&mut blocks, kept, &mut ahead)?;
        while let Some(part) = next {
            let (taken, read) = rayon::join(|| fold.take_in(part), || PartChecked::read(&mut blocks, kept, &mut ahead));
            taken?;
            next = read?;
            (self.progress)(fold.replay.frontier().size(), size * 2);
        }
        let (frontier, recorded_until) = (fold.replay.frontier().clone(), fold.replay.last_time());
        let Fold { replay, mut facts, applied, disclosed, .. } = fold;
        let mut memory = replay.into_view();
        facts.share(memory.numbers());
        Ok(First { memory, frontier, facts, applied, disclosed, recorded_until })
    }

    /// Second run: review, and every hash tile compared with the one that follows; says how many there are.
    pub(super) fn review(
        &mut self,
        facts: Facts,
        memory: &Memory,
        auditing: &Auditing<'_>,
        found: &mut Found,
    ) -> Result<u64, StateError> {
        let settled = facts.settle(memory, auditing.trust, auditing.as_of)?;
        let reviewing = Reviewing { settled: &settled, memory, trust: auditing.trust, as_of: auditing.as_of };
        let (size, kept) = (self.reader.size(), self.kept);
        let mut blocks = self.reader.blocks(0..size);
        let (mut edge, mut full, mut tiles, mut differing) = (Edge::default(), Vec::new(), 0, Vec::new());
        let is_read = |id: &EventId| reviewing.reads_values(id);
        let mut next = Part::read(&mut blocks, kept, &is_read)?;
        while let Some(part) = next {
            let (reviewed, read) = rayon::join(|| reviewing.part(&part), || Part::read(&mut blocks, kept, &is_read));
            for one in reviewed {
                let (leaf, findings) = one?;
                edge.append(leaf, &mut full);
                findings.into_iter().for_each(|finding| found.add(finding));
            }
            for tile in full.drain(..) {
                tiles += u64::from(self.is_as_stored(&tile, &mut differing));
            }
            next = read?;
            (self.progress)(size + edge.size(), size * 2);
        }
        for tile in edge.upper_partials() {
            tiles += u64::from(self.is_as_stored(&tile, &mut differing));
        }
        differing.into_iter().for_each(|finding| found.add(finding));
        Ok(tiles)
    }

    /// Whether the hash tile on disk is this one; a tile that is missing is derived anew by the next writer.
    fn is_as_stored(&self, (tile, bytes): &FullTile, differing: &mut Vec<Finding>) -> bool {
        let path = self.reader.layout().tile(tile);
        match read_if_present(&**self.disk, &path, bytes.len() as u64 + 1) {
            Ok(Some(stored)) if stored == *bytes => true,
            Ok(Some(_)) | Err(_) => {
                let expected = "the hash tile that follows from the entries";
                differing.push(Finding::new(Code::NotInTree, expected, "another one").at(path.display()));
                false
            }
            Ok(None) => false,
        }
    }
}

/// What review reads, shared by all processors.
struct Reviewing<'a> {
    settled: &'a Settled,
    memory: &'a Memory,
    trust: &'a Trust,
    as_of: Time,
}

impl Reviewing<'_> {
    /// Whether the review of an event depends on the values that are kept for it.
    fn reads_values(&self, id: &EventId) -> bool {
        self.memory.event(id).is_ok_and(|record| record.is_some_and(|record| reads_values(record.kind)))
    }

    /// Leaf hash and findings of each entry.
    fn part(&self, part: &Part) -> Vec<Result<(Sha256, Vec<Finding>), ViewError>> {
        let Self { settled: facts, memory, trust, as_of } = *self;
        let one = |(raw, id): (&Raw<'_>, &Option<EventId>)| {
            let context = ReviewContext { facts, view: memory, trust, as_of, cosigned: 0 };
            let event = id.and_then(|id| read_event(raw, id));
            let findings = event.map_or(Ok(Vec::new()), |event| review(&event, &context))?;
            Ok((leaf_hash(raw.entry), findings))
        };
        part.raw().par_iter().zip(&part.ids).map(one).collect()
    }
}

/// The event of an entry, which `id` is the id of; nothing where it is no event.
fn read_event(raw: &Raw<'_>, id: EventId) -> Option<Event> {
    let entry = EntryRef::parse(raw.entry).ok()?;
    let jws = Jws::parse(entry.jwt, Typ::Event).ok()?;
    let known = Known { jws: &jws, id };
    let shown: Option<Vec<Disclosure>> = raw.disclosures.iter().map(|text| Disclosure::parse(text).ok()).collect();
    shown.and_then(|shown| known.open(&shown).ok()).or_else(|| known.open(&[]).ok())
}
