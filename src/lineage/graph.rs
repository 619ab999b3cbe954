//! The walk over events and lots.

use super::order::in_order;
use crate::event::{Body, Event, Kind};
use crate::state::{EventRecord, View, ViewError};
use crate::value::{DigestMap, DigestSet, EventId, LotId};
use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// What a custody event did to lots.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Index of its entry: an order in which no event comes before one that it names.
    pub index: u64,
    /// What it is.
    pub kind: Kind,
    /// Lots it names as moved, answered or spent.
    pub inputs: Vec<LotId>,
    /// For each of these, the event that last moved it before; empty where that is not at hand, as in a state. Indexes of
    /// two ledgers say nothing of each other, so it alone orders the moves of a lot that changed ledgers.
    pub after: Vec<EventId>,
    /// How many lots it creates.
    pub outputs: u8,
    /// The parent of each output, where an output comes from one input only (the children of a partial receipt); empty
    /// where every output comes from all inputs.
    pub origins: Vec<Option<LotId>>,
}

impl Step {
    /// The step that an event makes, recorded at `index`.
    #[must_use]
    pub fn of(index: u64, event: &Event) -> Self {
        let body = &event.payload.body;
        let mut origins = Vec::new();
        if let Body::Receive(receive) = body {
            origins.resize(receive.outputs.len(), None);
            for line in &receive.lots {
                for output in [line.accepted, line.returned].into_iter().flatten() {
                    if let Some(origin) = origins.get_mut(usize::from(output)) {
                        *origin = Some(line.lot);
                    }
                }
            }
        }
        Self {
            index,
            kind: event.payload.kind(),
            inputs: body.heads().iter().map(|head| head.lot).collect(),
            after: body.heads().iter().map(|head| head.after).collect(),
            outputs: u8::try_from(body.outputs().len()).unwrap_or(u8::MAX),
            origins,
        }
    }

    /// The lots that output number `output` was made from.
    #[must_use]
    pub fn parents(&self, output: u8) -> &[LotId] {
        if self.origins.is_empty() {
            return &self.inputs;
        }
        self.origins.get(usize::from(output)).and_then(Option::as_ref).map_or(&[], std::slice::from_ref)
    }
}

impl From<&EventRecord> for Step {
    /// State does not say which lot of a receipt a returned part came from; all of them are taken as its parents.
    fn from(record: &EventRecord) -> Self {
        let (index, kind, outputs) = (record.index, record.kind, record.outputs);
        Self { index, kind, inputs: record.inputs.clone(), after: Vec::new(), outputs, origins: Vec::new() }
    }
}

/// Where steps are read from: a state, a bundle.
///
/// Contract: `Ok(None)` means that the event is not at hand; two reads agree.
pub trait Graph {
    /// Why a step could not be read.
    type Error;

    /// What the event did.
    ///
    /// # Errors
    /// The source failed.
    fn step(&self, event: &EventId) -> Result<Option<Step>, Self::Error>;

    /// Events that name this event or one of its lots; others may be among them.
    ///
    /// # Errors
    /// The source failed.
    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Self::Error>;
}

/// A state as a graph.
#[derive(Clone, Copy)]
pub struct ViewGraph<'a>(pub &'a dyn View);

impl Graph for ViewGraph<'_> {
    type Error = ViewError;

    fn step(&self, event: &EventId) -> Result<Option<Step>, ViewError> {
        Ok(self.0.event(event)?.as_ref().map(Step::from))
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, ViewError> {
        self.0.named_by(event)
    }
}

/// Which way to walk.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// To what a lot was made from.
    Upstream,
    /// To what was made from a lot.
    Downstream,
}

/// A lot of a lineage.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineageLot {
    /// Custody events that name the lot, in order; the event that created it is not among them.
    pub moves: Vec<EventId>,
    /// The next lots in the direction of the walk, in order, each once.
    pub next: Vec<LotId>,
    /// Whether the creating event is not at hand.
    pub missing: bool,
}

/// Lots and events up- or downstream of a lot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The lot asked for.
    pub subject: LotId,
    /// Which way.
    pub direction: Direction,
    /// All lots, the subject among them.
    pub lots: BTreeMap<LotId, LineageLot>,
    /// All events that created or moved these lots, each after those it builds on.
    pub events: Vec<EventId>,
}

impl Lineage {
    /// Lots whose creating event is not at hand.
    pub fn missing(&self) -> impl Iterator<Item = LotId> + '_ {
        self.lots.iter().filter(|(_, lot)| lot.missing).map(|(id, _)| *id)
    }

    /// Whether the event created or moved a lot of the lineage.
    #[must_use]
    pub fn event_set(&self) -> BTreeSet<EventId> {
        self.events.iter().copied().collect()
    }
}

/// The lots that `subject` was made from, with all events that created and moved them.
///
/// # Errors
/// The graph could not be read.
pub fn upstream<G: Graph>(graph: &G, subject: LotId) -> Result<Lineage, G::Error> {
    walk(graph, subject, Direction::Upstream)
}

/// The lots that were made from `subject`, with all events that created and moved them.
///
/// # Errors
/// The graph could not be read.
pub fn downstream<G: Graph>(graph: &G, subject: LotId) -> Result<Lineage, G::Error> {
    walk(graph, subject, Direction::Downstream)
}

/// Walks from a lot in one direction; each lot and event is read once.
///
/// # Errors
/// The graph could not be read.
pub fn walk<G: Graph>(graph: &G, subject: LotId, direction: Direction) -> Result<Lineage, G::Error> {
    let mut walk =
        Walk { graph, steps: DigestMap::default(), moves: DigestMap::default(), opened: DigestSet::default() };
    let mut lots: DigestMap<LotId, LineageLot> = DigestMap::default();
    let mut open = vec![subject];
    while let Some(id) = open.pop() {
        if lots.contains_key(&id) {
            continue;
        }
        let lot = walk.lot(id, direction)?;
        open.extend(lot.next.iter().rev().filter(|next| !lots.contains_key(*next)));
        lots.insert(id, lot);
    }
    let lots = lots.into_iter().collect();
    let events = in_order(&lots, &walk.steps);
    Ok(Lineage { subject, direction, lots, events })
}

/// A move of a lot: index, event, and the event that last moved the lot before, where known.
type Move = (u64, EventId, Option<EventId>);

/// Moves in the order in which they follow each other from the creating event, then, of those that do not, by index.
fn in_sequence(creator: EventId, mut moves: Vec<Move>) -> Vec<EventId> {
    moves.sort_unstable();
    moves.dedup();
    if moves.len() < 2 || moves.iter().all(|(.., after)| after.is_none()) {
        return moves.into_iter().map(|(_, event, _)| event).collect();
    }
    let mut following: DigestMap<EventId, VecDeque<EventId>> = DigestMap::default();
    for (_, event, after) in &moves {
        after.iter().for_each(|after| following.entry(*after).or_default().push_back(*event));
    }
    let mut ordered = Vec::with_capacity(moves.len());
    let mut last = creator;
    while let Some(next) = following.get_mut(&last).and_then(VecDeque::pop_front) {
        ordered.push(next);
        last = next;
    }
    let seen: DigestSet<EventId> = ordered.iter().copied().collect();
    ordered.extend(moves.into_iter().map(|(_, event, _)| event).filter(|event| !seen.contains(event)));
    ordered
}

struct Walk<'a, G> {
    graph: &'a G,
    steps: DigestMap<EventId, Option<Step>>,
    /// Moves of the lots of events opened so far.
    moves: DigestMap<LotId, Vec<Move>>,
    opened: DigestSet<EventId>,
}

impl<G: Graph> Walk<'_, G> {
    fn read(&mut self, id: EventId) -> Result<(), G::Error> {
        if !self.steps.contains_key(&id) {
            let step = self.graph.step(&id)?;
            self.steps.insert(id, step);
        }
        Ok(())
    }

    fn step(&self, id: &EventId) -> Option<&Step> {
        self.steps.get(id)?.as_ref()
    }

    /// Reads a creating event and all that moved its lots, once.
    fn open(&mut self, creator: EventId) -> Result<(), G::Error> {
        if !self.opened.insert(creator) {
            return Ok(());
        }
        self.read(creator)?;
        let mut naming = self.graph.naming(&creator)?;
        naming.sort_unstable();
        naming.dedup();
        for id in naming {
            self.read(id)?;
            let Some(step) = self.steps.get(&id).and_then(Option::as_ref).filter(|step| step.kind.is_custody()) else {
                continue;
            };
            let after = step.after.iter().copied().map(Some).chain(std::iter::repeat(None));
            for (lot, after) in step.inputs.iter().zip(after).filter(|(lot, _)| lot.event == creator) {
                self.moves.entry(*lot).or_default().push((step.index, id, after));
            }
        }
        Ok(())
    }

    fn lot(&mut self, id: LotId, direction: Direction) -> Result<LineageLot, G::Error> {
        self.open(id.event)?;
        let moves = in_sequence(id.event, self.moves.remove(&id).unwrap_or_default());
        let creator = self.step(&id.event).filter(|step| id.output < step.outputs);
        let missing = creator.is_none();
        let mut next = match direction {
            Direction::Upstream => creator.map_or_else(Vec::new, |step| step.parents(id.output).to_vec()),
            Direction::Downstream => moves.iter().flat_map(|event| self.children(*event, id)).collect(),
        };
        if next.len() > 1 {
            let mut seen = DigestSet::default();
            next.retain(|lot| seen.insert(*lot));
        }
        Ok(LineageLot { moves, next, missing })
    }

    /// The outputs of an event that come from a lot.
    fn children(&self, event: EventId, lot: LotId) -> Vec<LotId> {
        let Some(step) = self.step(&event) else { return Vec::new() };
        let of_lot = |output: &u8| step.parents(*output).contains(&lot);
        (0..step.outputs).filter(of_lot).map(|output| LotId::new(event, output)).collect()
    }
}
