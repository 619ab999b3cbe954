//! The two runs over the entries: replay with the hash tiles, then review.
//!
//! Both go by parts of [`BLOCKS`] bundles, of which two are in memory: while one is taken in, the next is read and what
//! needs no state of it is done on the other processors. Of each bundle the first run notes a digest and which events it
//! holds, so that the second knows them without hashing each entry again.

use super::Auditing;
use super::found::Found;
use super::tiles::Tiles;
use crate::envelope::{Disclosure, Jws, Typ, open_again};
use crate::event::Event;
use crate::finding::Finding;
use crate::ledger::disk::Disk;
use crate::ledger::error::LogError;
use crate::ledger::files::Block;
use crate::ledger::kept::Kept;
use crate::ledger::private::{PrivateError, RawRecord};
use crate::ledger::read::Reader;
use crate::ledger::state_store::{Progress, StateError, event_of};
use crate::rules::review::{Facts, ReviewContext, Settled, reads_values, review};
use crate::rules::trust::Trust;
use crate::state::numbers::{EventNo, NONE};
use crate::state::{Memory, ViewError};
use crate::tlog::entry::EntryRef;
use crate::tlog::tree::Frontier;
use crate::value::{Blake3, EventId, Time};
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

/// What the first run saw of the entries, for the second.
#[derive(Default)]
pub(super) struct Seen {
    /// By bundle, the digest of its entries.
    digests: Vec<Blake3>,
    /// By entry, the number of its event; [`NONE`] where it holds none.
    events: Vec<u32>,
}

impl Seen {
    /// The events of a bundle, which must be what it was.
    fn events_of(&self, number: usize, block: &Block, memory: &Memory) -> Option<Vec<Option<EventId>>> {
        let is_same = self.digests.get(number) == Some(&block.digest());
        let id = |(index, _)| memory.id(EventNo(*self.events.get(usize::try_from(index).ok()?)?));
        is_same.then(|| block.entries().map(id).collect())
    }
}

/// What the first run gives.
pub(super) struct First {
    pub(super) memory: Memory,
    pub(super) seen: Seen,
    /// How many hash tiles were compared, and what was found about them.
    pub(super) tiles: u64,
    pub(super) differing: Vec<Finding>,
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

/// Reads the bundles of the next part.
fn next_blocks(blocks: &mut dyn Iterator<Item = Result<Block, LogError>>) -> Result<Vec<Block>, LogError> {
    blocks.take(BLOCKS).collect()
}

impl Part {
    /// A part with the disclosures of the events that are wanted.
    fn read(
        blocks: Vec<Block>,
        ids: Vec<Option<EventId>>,
        wanted: &[Option<EventId>],
        kept: &Kept<'_>,
    ) -> Result<Self, StateError> {
        let raw: Result<Vec<Vec<RawRecord>>, PrivateError> =
            wanted.iter().map(|id| unless_damaged(id.as_ref().map_or(Ok(Vec::new()), |id| kept.raw(id)))).collect();
        let raw = raw?;
        let decode = |(id, raw): (&Option<EventId>, &Vec<RawRecord>)| {
            unless_damaged(id.as_ref().map_or(Ok(Vec::new()), |id| kept.decode(id, raw)))
        };
        let disclosures: Result<Vec<Vec<String>>, PrivateError> = wanted.par_iter().zip(&raw).map(decode).collect();
        Ok(Self { disclosures: disclosures?, ids, blocks })
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
    digests: Vec<Blake3>,
    disclosed: u64,
}

impl PartChecked {
    fn read(
        blocks: &mut dyn Iterator<Item = Result<Block, LogError>>,
        kept: &Kept<'_>,
        ahead: &mut Ahead,
    ) -> Result<Option<Self>, StateError> {
        let blocks = next_blocks(blocks)?;
        if blocks.is_empty() {
            return Ok(None);
        }
        let entries: Vec<&[u8]> = blocks.iter().flat_map(Block::entries).map(|(_, entry)| entry).collect();
        let ids: Vec<Option<EventId>> = entries.par_iter().map(|entry| event_of(entry)).collect();
        let wanted = ids.clone();
        let part = Part::read(blocks, ids, &wanted, kept)?;
        let digests = part.blocks.par_iter().map(Block::digest).collect();
        let disclosed = part.disclosures.iter().filter(|shown| !shown.is_empty()).count() as u64;
        Ok(Some(Self { entries: ahead.check(&part.raw(), &part.ids), digests, disclosed }))
    }
}

/// What the first run has come to.
struct Fold<'a> {
    replay: Replay<Memory>,
    facts: Facts,
    as_of: Time,
    applied: u64,
    disclosed: u64,
    seen: Seen,
    tiles: Tiles<'a>,
    on_event: &'a mut OnEvent<'a>,
    found: &'a mut Found,
}

impl Fold<'_> {
    fn take_in(&mut self, part: PartChecked) -> Result<(), ViewError> {
        let Self { replay, facts, as_of, applied, disclosed, seen, tiles, on_event, found } = self;
        *disclosed += part.disclosed;
        seen.digests.extend(part.digests);
        replay.enter_all(part.entries, &mut |memory: &mut Memory, entered: Entered| {
            tiles.append(entered.leaf);
            let number = entered.event.as_ref().and_then(|event| memory.numbered(&event.id));
            seen.events.push(number.map_or(NONE, |EventNo(number)| number));
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
        let (seen, tiles) = (Seen::default(), Tiles::new(self.disk, self.reader));
        let facts = Facts::default();
        let mut fold = Fold { replay, facts, as_of, applied: 0, disclosed: 0, seen, tiles, on_event, found };
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
        let Fold { replay, mut facts, applied, disclosed, seen, tiles, .. } = fold;
        let mut memory = replay.into_view();
        facts.share(memory.numbers());
        let (tiles, differing) = tiles.end();
        Ok(First { memory, seen, tiles, differing, frontier, facts, applied, disclosed, recorded_until })
    }

    /// Second run: review.
    pub(super) fn review(
        &mut self,
        facts: Facts,
        (memory, seen): (&Memory, &Seen),
        auditing: &Auditing<'_>,
        found: &mut Found,
    ) -> Result<(), StateError> {
        let settled = facts.settle(memory, auditing.trust, auditing.as_of)?;
        let reviewing = Reviewing { settled: &settled, memory, trust: auditing.trust, as_of: auditing.as_of };
        let (size, mut reviewed) = (self.reader.size(), 0);
        let blocks = Box::new(self.reader.blocks(0..size));
        let mut again = Again { blocks, number: 0, reader: self.reader, kept: self.kept, memory, seen };
        let mut next = again.next()?;
        while let Some(part) = next {
            let (found_in, read) = rayon::join(|| reviewing.part(&part), || again.next());
            for findings in found_in {
                findings?.into_iter().for_each(|finding| found.add(finding));
            }
            reviewed += part.ids.len() as u64;
            next = read?;
            (self.progress)(size + reviewed, size * 2);
        }
        Ok(())
    }
}

/// The entries once more.
struct Again<'a> {
    blocks: Box<dyn Iterator<Item = Result<Block, LogError>> + Send + 'a>,
    /// How many bundles were read.
    number: usize,
    reader: &'a Reader,
    kept: &'a Kept<'a>,
    memory: &'a Memory,
    seen: &'a Seen,
}

impl Again<'_> {
    /// Reads the next part, with the disclosures that review reads; `None` at the end.
    fn next(&mut self) -> Result<Option<Part>, StateError> {
        let Self { number, memory, seen, .. } = *self;
        let blocks = next_blocks(&mut self.blocks)?;
        if blocks.is_empty() {
            return Ok(None);
        }
        self.number += blocks.len();
        let events = |(number, block)| seen.events_of(number, block, memory);
        let Some(ids) = (number..).zip(&blocks).map(events).collect::<Option<Vec<_>>>() else {
            let problem = "expected the entries to stay what they are while they are audited, found others";
            return Err(LogError::corrupt(self.reader.layout().root(), problem).into());
        };
        let ids = ids.concat();
        let is_read = |id: &EventId| memory.numbered(id).and_then(|event| memory.kind(event)).is_some_and(reads_values);
        let wanted: Vec<Option<EventId>> = ids.par_iter().map(|id| id.filter(is_read)).collect();
        Part::read(blocks, ids, &wanted, self.kept).map(Some)
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
    /// The findings of each entry.
    fn part(&self, part: &Part) -> Vec<Result<Vec<Finding>, ViewError>> {
        let Self { settled: facts, memory, trust, as_of } = *self;
        let one = |(raw, id): (&Raw<'_>, &Option<EventId>)| {
            let context = ReviewContext { facts, view: memory, trust, as_of, cosigned: 0 };
            id.and_then(|id| read_event(raw, id)).map_or(Ok(Vec::new()), |event| review(&event, &context))
        };
        part.raw().par_iter().zip(&part.ids).map(one).collect()
    }
}

/// The event of an entry that was read before, with this id.
fn read_event(raw: &Raw<'_>, id: EventId) -> Option<Event> {
    let entry = EntryRef::parse(raw.entry).ok()?;
    let jws = Jws::parse(entry.jwt, Typ::Event).ok()?.with_id(id);
    let shown: Option<Vec<Disclosure>> = raw.disclosures.iter().map(|text| Disclosure::parse(text).ok()).collect();
    shown.and_then(|shown| open_again(&jws, &shown).ok()).or_else(|| open_again(&jws, &[]).ok())
}
