//! Evidence of other ledgers: taken from bundles that were imported, joined, and cut to what belongs to a new bundle.
//!
//! A ledger cannot prove entries of another one; it passes on the proofs it was given. Bundles of one ledger are joined: of
//! several sizes each proves its entries below its own root, and as whoever imports the later one asks it to be proven to
//! extend the earlier, the nodes of all together prove all entries below the latest. What was complete at an earlier size
//! only is so in the joined one: that size's statement goes with it.
//!
//! In scope: entries, nodes and leaves as they were signed. Not in scope: whether they are to be believed (the bundle is
//! verified when it is imported, and again by whoever receives it).

use super::auditor::named_in;
use super::closure::{Closure, Held};
use super::statement::{Covered, Leaf, Statement};
use super::wire::{BundleFile, EntryFile, LeafFile, LedgerFile, StatementFile, node_list, node_map};
use super::withhold::Withhold;
use super::write::WriteError;
use crate::envelope::{Disclosure, Jws, Typ, open};
use crate::event::Event;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::entry::Entry;
use crate::tlog::nodes::{TreeHead, narrow_nodes};
use crate::tlog::note::SignedNote;
use crate::tlog::tree::{NodeMap, leaf_hash};
use crate::value::{EventId, LedgerId, PartyId, Sha256};
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// What is known of another ledger.
#[derive(Debug)]
struct Part {
    ledger: LedgerId,
    /// All checkpoints, by size.
    checkpoints: BTreeMap<u64, (TreeHead, String)>,
    /// Sizes of the checkpoints of the bundles with the latest one.
    sizes: BTreeSet<u64>,
    entries: BTreeMap<u64, EntryFile>,
    nodes: NodeMap,
    /// Statements by the size that they are about.
    statements: BTreeMap<u64, StatementFile>,
    events: BTreeMap<u64, Event>,
}

/// The parts of other ledgers.
#[derive(Debug, Default)]
pub(super) struct Foreign {
    parts: BTreeMap<LedgerId, Part>,
}

fn wrong(problem: impl std::fmt::Display) -> WriteError {
    WriteError::Imported(problem.to_string())
}

impl Foreign {
    /// Joins the parts of all ledgers but one's own.
    pub(super) fn of(files: &[BundleFile], own: LedgerId) -> Result<Self, WriteError> {
        let mut foreign = Self::default();
        for file in files.iter().flat_map(|file| &file.ledgers).filter(|part| part.ledger != own) {
            foreign.parts.entry(file.ledger).or_insert_with(|| Part::of(file.ledger)).join(file)?;
        }
        for part in foreign.parts.values_mut() {
            let read = part.entries.iter().map(|(index, entry)| Ok((*index, event_of(entry)?)));
            part.events = read.collect::<Result<_, WriteError>>()?;
        }
        Ok(foreign)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.parts.is_empty()
    }

    /// All events.
    pub(super) fn held(&self) -> Held<'_> {
        let mut held = Held::default();
        self.parts.values().flat_map(|part| part.events.values()).for_each(|event| held.add(event));
        held
    }

    /// The first two events of each ledger.
    pub(super) fn genesis(&self) -> impl Iterator<Item = EventId> {
        self.parts.values().flat_map(|part| part.events.range(..2).map(|(_, event)| event.id))
    }

    /// The parties that are said to have signed the completeness statements.
    pub(super) fn stated_by(&self) -> Result<BTreeSet<PartyId>, WriteError> {
        let mut parties = BTreeSet::new();
        for statement in self.parts.values().flat_map(|part| part.statements.values()) {
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
        self.parts.values().map(|part| part.cut(closure, seeds, withhold)).collect()
    }
}

/// The event of an entry, with the disclosures passed on.
pub(super) fn event_of(entry: &EntryFile) -> Result<Event, WriteError> {
    let jws = Jws::parse(&entry.jwt, Typ::Event).map_err(wrong)?;
    let shown: Vec<Disclosure> =
        entry.disclosures.iter().map(|text| Disclosure::parse(text)).collect::<Result<_, _>>().map_err(wrong)?;
    open(&jws, &shown).map_err(wrong)
}

impl Part {
    fn of(ledger: LedgerId) -> Self {
        let (checkpoints, sizes) = (BTreeMap::new(), BTreeSet::new());
        let (entries, nodes) = (BTreeMap::new(), NodeMap::new());
        Self { ledger, checkpoints, sizes, entries, nodes, statements: BTreeMap::new(), events: BTreeMap::new() }
    }

    /// Takes over what a bundle has of the ledger; together it is more than minimal.
    fn join(&mut self, file: &LedgerFile) -> Result<(), WriteError> {
        let mut sizes = BTreeSet::new();
        for note in &file.checkpoints {
            let head = SignedCheckpoint::parse(note.as_bytes())?.unverified().head();
            let (known, _) = self.checkpoints.entry(head.size).or_insert_with(|| (head, note.clone()));
            if known.root != head.root {
                return Err(wrong(format_args!("two roots of ledger {} at size {}", file.ledger, head.size)));
            }
            sizes.insert(head.size);
        }
        match sizes.last().cmp(&self.sizes.last()) {
            Ordering::Greater => self.sizes = sizes,
            Ordering::Equal => self.sizes.extend(sizes),
            Ordering::Less => {}
        }
        for entry in &file.entries {
            let known = self.entries.entry(entry.index).or_insert_with(|| entry.clone());
            let all: BTreeSet<String> = known.disclosures.drain(..).chain(entry.disclosures.iter().cloned()).collect();
            known.disclosures = all.into_iter().collect();
        }
        self.nodes.extend(node_map(&file.nodes));
        for statement in file.statements() {
            let size = stated(statement)?.log.size;
            match self.statements.get_mut(&size) {
                Some(known) if known.note == statement.note => join_leaves(known, statement),
                Some(_) => {}
                None => drop(self.statements.insert(size, statement.clone())),
            }
        }
        Ok(())
    }

    /// What belongs to a lineage, with the proofs and leaves that it needs.
    fn cut(&self, closure: &Closure, seeds: &[EventId], withhold: &Withhold) -> Result<LedgerFile, WriteError> {
        let belongs = |entry: &&EntryFile| {
            let event = self.events.get(&entry.index);
            entry.index < 2 || event.is_some_and(|event| closure.events.contains_key(&event.id))
        };
        let entries: Vec<&EntryFile> = self.entries.values().filter(belongs).collect();
        let mut held = Held::default();
        entries.iter().filter_map(|entry| self.events.get(&entry.index)).for_each(|event| held.add(event));
        let mut statements = self.cut_statements(&mut held, closure, seeds)?;
        let last = *self.checkpoints.keys().next_back().ok_or_else(|| wrong("a ledger without a checkpoint"))?;
        let statement = statements.remove(&last);
        let sizes: Vec<u64> =
            self.sizes.iter().chain(statements.keys()).copied().collect::<BTreeSet<u64>>().into_iter().collect();
        let leaves = self.entries.values().map(|entry| (entry.index, leaf_hash(&bytes_of(entry)))).collect();
        let keep = entries.iter().map(|entry| entry.index).collect();
        let nodes = narrow_nodes(&sizes, &leaves, &self.nodes, &keep).map_err(wrong)?;
        let pass_on = |entry: &EntryFile| {
            let disclosures = match self.events.get(&entry.index) {
                Some(event) => withhold.pass_on(event, &entry.disclosures).map_err(wrong)?,
                None => entry.disclosures.clone(),
            };
            Ok(EntryFile { disclosures, ..entry.clone() })
        };
        Ok(LedgerFile {
            ledger: self.ledger,
            checkpoints: sizes.iter().filter_map(|size| Some(self.checkpoints.get(size)?.1.clone())).collect(),
            entries: entries.into_iter().map(pass_on).collect::<Result<_, WriteError>>()?,
            nodes: node_list(&nodes),
            statement,
            earlier: statements.into_values().collect(),
        })
    }

    /// By size, the statements with the leaves that are needed: of each id the one in the latest that has it. The last goes
    /// with it in any case.
    fn cut_statements(
        &self,
        held: &mut Held<'_>,
        closure: &Closure,
        seeds: &[EventId],
    ) -> Result<BTreeMap<u64, StatementFile>, WriteError> {
        let mut parsed = BTreeMap::new();
        for (size, statement) in &self.statements {
            parsed.insert(*size, (statement, Leaves::of(statement)?));
        }
        let has = |id: &EventId| parsed.values().any(|(_, leaves)| leaves.by_id.contains_key(&Covered::from(*id)));
        let mut needed = closure.within(held, seeds.iter().copied().filter(has));
        let last = self.checkpoints.keys().next_back();
        let mut cut = BTreeMap::new();
        for (size, (statement, leaves)) in parsed.iter().rev() {
            let keep: BTreeSet<u64> =
                leaves.by_id.iter().filter(|(id, _)| needed.contains(id)).map(|(_, at)| *at).collect();
            if keep.is_empty() && Some(size) != last {
                continue;
            }
            needed.retain(|id| !leaves.by_id.contains_key(id));
            cut.insert(*size, leaves.cut(statement, &keep)?);
        }
        Ok(cut)
    }
}

/// Takes over the leaves of the same statement.
fn join_leaves(known: &mut StatementFile, other: &StatementFile) {
    let leaves = known.leaves.drain(..).chain(other.leaves.iter().cloned());
    let leaves: BTreeMap<u64, String> = leaves.map(|LeafFile(index, text)| (index, text)).collect();
    known.leaves = leaves.into_iter().map(|(index, text)| LeafFile(index, text)).collect();
    let mut nodes = node_map(&known.nodes);
    nodes.extend(node_map(&other.nodes));
    known.nodes = node_list(&nodes);
}

fn stated(statement: &StatementFile) -> Result<Statement, WriteError> {
    let note = SignedNote::parse(statement.note.as_bytes()).map_err(wrong)?;
    Ok(note.unverified_text().parse()?)
}

fn bytes_of(entry: &EntryFile) -> Vec<u8> {
    let (prev, recorded_at, jwt) = (entry.prev, entry.recorded_at, entry.jwt.clone());
    Entry { prev, recorded_at, jwt }.format().unwrap_or_default()
}

/// The leaves of a statement file.
struct Leaves {
    size: u64,
    by_id: BTreeMap<Covered, u64>,
    hashes: BTreeMap<u64, Sha256>,
}

impl Leaves {
    fn of(statement: &StatementFile) -> Result<Self, WriteError> {
        let size = stated(statement)?.leaves.size;
        let (mut by_id, mut hashes) = (BTreeMap::new(), BTreeMap::new());
        for file in &statement.leaves {
            let leaf: Leaf = file.1.parse()?;
            hashes.insert(file.0, leaf.hash());
            by_id.insert(leaf.id, file.0);
        }
        Ok(Self { size, by_id, hashes })
    }

    /// The statement with these leaves only.
    fn cut(&self, statement: &StatementFile, keep: &BTreeSet<u64>) -> Result<StatementFile, WriteError> {
        let nodes = narrow_nodes(&[self.size], &self.hashes, &node_map(&statement.nodes), keep).map_err(wrong)?;
        let leaves = statement.leaves.iter().filter(|leaf| keep.contains(&leaf.0)).cloned().collect();
        Ok(StatementFile { note: statement.note.clone(), leaves, nodes: node_list(&nodes) })
    }
}
