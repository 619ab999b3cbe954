//! Evidence of other ledgers: taken from bundles that were imported, joined, and cut to what belongs to a new bundle.
//!
//! A ledger cannot prove entries of another one; it passes on the proofs it was given. Of one ledger, bundles of one size
//! can be joined; of several sizes the latest is used, since a proof below one root says nothing below another.
//!
//! In scope: entries, nodes and leaves as they were signed. Not in scope: whether they are to be believed (the bundle is
//! verified when it is imported, and again by whoever receives it).

use super::auditor::named_in;
use super::closure::{Closure, Held};
use super::statement::{Covered, Leaf, Statement};
use super::wire::{BundleFile, EntryFile, LeafFile, LedgerFile, NodeFile, StatementFile, node_list, node_map};
use super::withhold::Withhold;
use super::write::WriteError;
use crate::envelope::{Disclosure, Jws, Typ, open};
use crate::event::Event;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::entry::Entry;
use crate::tlog::nodes::{TreeHead, narrow_nodes};
use crate::tlog::note::SignedNote;
use crate::tlog::tree::leaf_hash;
use crate::value::{EventId, LedgerId, PartyId, Sha256};
use std::collections::{BTreeMap, BTreeSet};

/// The parts of other ledgers, each with its events.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    parts: BTreeMap<LedgerId, (TreeHead, LedgerFile)>,
    events: BTreeMap<LedgerId, BTreeMap<u64, Event>>,
}

fn wrong(problem: impl std::fmt::Display) -> WriteError {
    WriteError::Imported(problem.to_string())
}

impl Foreign {
    /// Joins the parts of all ledgers but one's own.
    pub(super) fn of(files: &[BundleFile], own: LedgerId) -> Result<Self, WriteError> {
        let mut foreign = Self::default();
        for part in files.iter().flat_map(|file| &file.ledgers).filter(|part| part.ledger != own) {
            let last = part.checkpoints.last().ok_or_else(|| wrong("a ledger without a checkpoint"))?;
            let head = SignedCheckpoint::parse(last.as_bytes())?.unverified().head();
            match foreign.parts.get_mut(&part.ledger) {
                Some((known, _)) if known.size > head.size => {}
                Some((known, joined)) if *known == head => join(joined, part),
                _ => drop(foreign.parts.insert(part.ledger, (head, part.clone()))),
            }
        }
        for (ledger, (_, part)) in &foreign.parts {
            let read = part.entries.iter().map(|entry| Ok((entry.index, event_of(entry)?)));
            foreign.events.insert(*ledger, read.collect::<Result<_, WriteError>>()?);
        }
        Ok(foreign)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// All events.
    pub(super) fn held(&self) -> Held<'_> {
        let mut held = Held::default();
        self.events.values().flat_map(BTreeMap::values).for_each(|event| held.add(event));
        held
    }

    /// The first two events of each ledger.
    pub(super) fn genesis(&self) -> impl Iterator<Item = EventId> {
        self.events.values().flat_map(|events| events.range(..2).map(|(_, event)| event.id))
    }

    /// The parties that are said to have signed the completeness statements.
    pub(super) fn stated_by(&self) -> Result<BTreeSet<PartyId>, WriteError> {
        let mut parties = BTreeSet::new();
        for statement in self.parts.values().filter_map(|(_, part)| part.statement.as_ref()) {
            parties.extend(named_in(&SignedNote::parse(statement.note.as_bytes()).map_err(wrong)?));
        }
        Ok(parties)
    }

    /// The parts, cut to the events that belong and the leaves that they need.
    pub(super) fn cut(
        &self,
        closure: &Closure,
        seeds: &[EventId],
        withhold: &Withhold,
    ) -> Result<Vec<LedgerFile>, WriteError> {
        let parts = self.parts.values().map(|(_, part)| part);
        parts.map(|part| cut(part, self.events.get(&part.ledger), closure, seeds, withhold)).collect()
    }
}

fn event_of(entry: &EntryFile) -> Result<Event, WriteError> {
    let jws = Jws::parse(&entry.jwt, Typ::Event).map_err(wrong)?;
    let shown: Vec<Disclosure> =
        entry.disclosures.iter().map(|text| Disclosure::parse(text)).collect::<Result<_, _>>().map_err(wrong)?;
    open(&jws, &shown).map_err(wrong)
}

/// Takes the entries, nodes and leaves of another bundle at the same size over; together they are more than minimal.
fn join(into: &mut LedgerFile, other: &LedgerFile) {
    let mut entries: BTreeMap<u64, EntryFile> = into.entries.drain(..).map(|entry| (entry.index, entry)).collect();
    for entry in &other.entries {
        let known = entries.entry(entry.index).or_insert_with(|| entry.clone());
        let all: BTreeSet<String> = known.disclosures.drain(..).chain(entry.disclosures.iter().cloned()).collect();
        known.disclosures = all.into_iter().collect();
    }
    into.entries = entries.into_values().collect();
    into.nodes = together(&into.nodes, &other.nodes);
    match (&mut into.statement, &other.statement) {
        (Some(known), Some(other)) if known.note == other.note => {
            let leaves = known.leaves.drain(..).chain(other.leaves.iter().cloned());
            let leaves: BTreeMap<u64, String> = leaves.map(|LeafFile(index, text)| (index, text)).collect();
            known.leaves = leaves.into_iter().map(|(index, text)| LeafFile(index, text)).collect();
            known.nodes = together(&known.nodes, &other.nodes);
        }
        (known @ None, Some(other)) => *known = Some(other.clone()),
        _ => {}
    }
}

fn together(one: &[NodeFile], other: &[NodeFile]) -> Vec<NodeFile> {
    let mut all = node_map(one);
    all.extend(node_map(other));
    node_list(&all)
}

fn cut(
    part: &LedgerFile,
    events: Option<&BTreeMap<u64, Event>>,
    closure: &Closure,
    seeds: &[EventId],
    withhold: &Withhold,
) -> Result<LedgerFile, WriteError> {
    let event = |entry: &EntryFile| events.and_then(|events| events.get(&entry.index));
    let belongs = |entry: &&EntryFile| {
        entry.index < 2 || event(entry).is_some_and(|event| closure.events.contains_key(&event.id))
    };
    let leaves: BTreeMap<u64, Sha256> =
        part.entries.iter().map(|entry| (entry.index, leaf_hash(&bytes_of(entry)))).collect();
    let entries: Vec<&EntryFile> = part.entries.iter().filter(belongs).collect();
    let keep = entries.iter().map(|entry| entry.index).collect();
    let mut sizes = Vec::new();
    for note in &part.checkpoints {
        sizes.push(SignedCheckpoint::parse(note.as_bytes())?.unverified().size());
    }
    let nodes = narrow_nodes(&sizes, &leaves, &node_map(&part.nodes), &keep).map_err(wrong)?;
    let mut held = Held::default();
    entries.iter().filter_map(|entry| event(entry)).for_each(|event| held.add(event));
    let statement = part.statement.as_ref().map(|statement| cut_statement(statement, &mut held, closure, seeds));
    let pass_on = |entry: &EntryFile| {
        let disclosures = match event(entry) {
            Some(event) => withhold.pass_on(event, &entry.disclosures).map_err(wrong)?,
            None => entry.disclosures.clone(),
        };
        Ok(EntryFile { disclosures, ..entry.clone() })
    };
    Ok(LedgerFile {
        ledger: part.ledger,
        checkpoints: part.checkpoints.clone(),
        entries: entries.into_iter().map(pass_on).collect::<Result<_, WriteError>>()?,
        nodes: node_list(&nodes),
        statement: statement.transpose()?,
    })
}

fn bytes_of(entry: &EntryFile) -> Vec<u8> {
    let (prev, recorded_at, jwt) = (entry.prev, entry.recorded_at, entry.jwt.clone());
    Entry { prev, recorded_at, jwt }.format().unwrap_or_default()
}

fn cut_statement(
    statement: &StatementFile,
    held: &mut Held<'_>,
    closure: &Closure,
    seeds: &[EventId],
) -> Result<StatementFile, WriteError> {
    let note = SignedNote::parse(statement.note.as_bytes()).map_err(wrong)?;
    let stated: Statement = note.unverified_text().parse()?;
    let mut parsed: BTreeMap<Covered, &LeafFile> = BTreeMap::new();
    let mut hashes = BTreeMap::new();
    for file in &statement.leaves {
        let leaf: Leaf = file.1.parse()?;
        hashes.insert(file.0, leaf.hash());
        parsed.insert(leaf.id, file);
    }
    let seeds = seeds.iter().copied().filter(|id| parsed.contains_key(&Covered::from(*id)));
    let needed = closure.within(held, seeds);
    let leaves: BTreeMap<u64, String> =
        parsed.iter().filter(|(id, _)| needed.contains(id)).map(|(_, leaf)| (leaf.0, leaf.1.clone())).collect();
    let keep = leaves.keys().copied().collect();
    let nodes = narrow_nodes(&[stated.leaves.size], &hashes, &node_map(&statement.nodes), &keep).map_err(wrong)?;
    let leaves = leaves.into_iter().map(|(index, text)| LeafFile(index, text)).collect();
    Ok(StatementFile { note: statement.note.clone(), leaves, nodes: node_list(&nodes) })
}
