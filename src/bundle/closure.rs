//! What belongs to the lineage of a lot: one definition, used to write a bundle and to check one.
//!
//! - *Lots*: the subject, and the parents of each lot of the lineage.
//! - *Events in full*: what created these lots; every event that names one of them or an event in full in a covered
//!   position (moves, assays, titles, claims, corrections, accreditations, key events, later registrations); the
//!   registrations of all issuers of events of the bundle, of the places where events took place, and of the exporter;
//!   the first two entries of the ledger. Each has a leaf in the completeness statement.
//! - *Events in passing*: what events of the bundle otherwise refer to and the rules of admission ask for (the
//!   registration of a consignee, a dispatch of other lots). They have no leaf: nothing depends on their standing.
//!
//! Other lots that an event moves along with those of the lineage are named in it and go no further.

use super::statement::{Covered, covered_by};
use crate::event::{Body, Event, Kind, Target};
use crate::lineage::Step;
use crate::value::{DigestMap, DigestSet, EventId, LotId};
use std::collections::BTreeSet;

/// Where events come from.
pub(super) trait Pool {
    type Error;

    /// An event; `None` where it is not at hand.
    fn event(&mut self, id: &EventId) -> Result<Option<&Event>, Self::Error>;

    /// The events at hand that name this in a covered position.
    fn naming(&mut self, id: Covered) -> Result<Vec<EventId>, Self::Error>;
}

/// What belongs.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) struct Closure {
    /// Lots of the lineage.
    pub(super) lots: DigestSet<LotId>,
    /// Events that belong and are at hand, with whether in full.
    pub(super) events: DigestMap<EventId, bool>,
    /// Events that created lots of the lineage and are not at hand.
    pub(super) absent: BTreeSet<EventId>,
}

impl Closure {
    /// What of the lineage the completeness statement of one ledger must cover: what its own events make of the lineage,
    /// and the lots that they name.
    ///
    /// `seeds` are further events in full; the first two of the ledger are among the pool's.
    pub(super) fn within(&self, held: &mut Held<'_>, seeds: impl Iterator<Item = EventId>) -> BTreeSet<Covered> {
        let seeds: Vec<EventId> = held.genesis.iter().copied().chain(seeds).collect();
        let own =
            close(held, self.lots.iter().copied(), seeds, &BTreeSet::new()).unwrap_or_else(|never| match never {});
        held.needed(&own)
    }

    /// Everything that has a leaf.
    pub(super) fn covered(&self) -> BTreeSet<Covered> {
        let events = self.events.iter().filter(|(_, full)| **full).map(|(id, _)| Covered::from(*id));
        events.chain(self.lots.iter().map(|lot| Covered::from(*lot))).collect()
    }
}

enum Work {
    Lot(LotId),
    Event(EventId, bool),
}

/// Works out what belongs to the lineage of `subjects`, beside the events given as `seeds`, of which each is in full.
///
/// `holes` are left out, and nothing is followed through them.
pub(super) fn close<P: Pool>(
    pool: &mut P,
    subjects: impl IntoIterator<Item = LotId>,
    seeds: impl IntoIterator<Item = EventId>,
    holes: &BTreeSet<EventId>,
) -> Result<Closure, P::Error> {
    let mut closure = Closure::default();
    let mut open: Vec<Work> = seeds.into_iter().map(|id| Work::Event(id, true)).collect();
    open.extend(subjects.into_iter().map(Work::Lot));
    while let Some(work) = open.pop() {
        match work {
            Work::Lot(lot) => add_lot(pool, lot, holes, &mut closure, &mut open)?,
            Work::Event(id, _) if holes.contains(&id) => {}
            Work::Event(id, full) => add_event(pool, id, full, &mut closure, &mut open)?,
        }
    }
    Ok(closure)
}

fn add_lot<P: Pool>(
    pool: &mut P,
    lot: LotId,
    holes: &BTreeSet<EventId>,
    closure: &mut Closure,
    open: &mut Vec<Work>,
) -> Result<(), P::Error> {
    if !closure.lots.insert(lot) {
        return Ok(());
    }
    open.push(Work::Event(lot.event, true));
    let creator = if holes.contains(&lot.event) { None } else { pool.event(&lot.event)? };
    match creator {
        Some(event) => open.extend(Step::of(0, event).parents(lot.output).iter().map(|parent| Work::Lot(*parent))),
        None => drop(closure.absent.insert(lot.event)),
    }
    open.extend(pool.naming(lot.into())?.into_iter().map(|id| Work::Event(id, true)));
    Ok(())
}

fn add_event<P: Pool>(
    pool: &mut P,
    id: EventId,
    full: bool,
    closure: &mut Closure,
    open: &mut Vec<Work>,
) -> Result<(), P::Error> {
    let Some(event) = pool.event(&id)? else { return Ok(()) };
    let known = closure.events.insert(id, full);
    if known.is_none() {
        open.push(Work::Event(event.issuer().into(), true));
        follow(event, open);
    }
    match (known, full) {
        // What was in full stays so.
        (Some(true), _) => drop(closure.events.insert(id, true)),
        (_, true) => open.extend(pool.naming(id.into())?.into_iter().map(|id| Work::Event(id, true))),
        (_, false) => {}
    }
    Ok(())
}

/// What an event refers to.
fn follow(event: &Event, open: &mut Vec<Work>) {
    let body = &event.payload.body;
    if matches!(body, Body::Import(_)) {
        return;
    }
    let places = event.payload.kind() != Kind::Key;
    body.visit_references(&mut |reference| match reference.target {
        Target::Party(id) => open.push(Work::Event(id.into(), false)),
        Target::Facility(id) => open.push(Work::Event(id.into(), places)),
        Target::Event(id) if !reference.position.ends_with(".after") => open.push(Work::Event(id, false)),
        Target::Event(_) | Target::Lot(_) | Target::Ledger(_) => {}
    });
}

/// Events in memory as a pool.
#[derive(Debug, Default)]
pub(super) struct Held<'a> {
    events: DigestMap<EventId, &'a Event>,
    naming: DigestMap<Covered, Vec<EventId>>,
    /// The first two events added.
    genesis: Vec<EventId>,
}

impl<'a> Held<'a> {
    pub(super) fn add(&mut self, event: &'a Event) {
        if self.genesis.len() < 2 {
            self.genesis.push(event.id);
        }
        if self.events.insert(event.id, event).is_none() {
            for id in covered_by(event) {
                self.naming.entry(id).or_default().push(event.id);
            }
        }
    }

    /// What of the lineage needs a leaf, where all of it is of one ledger.
    pub(super) fn needed(&self, closure: &Closure) -> BTreeSet<Covered> {
        let here = |id: &Covered| self.events.contains_key(&id.event) || self.naming.contains_key(id);
        closure.covered().into_iter().filter(here).collect()
    }

    pub(super) fn get(&self, id: &EventId) -> Option<&'a Event> {
        self.events.get(id).copied()
    }

    /// All events, in no order.
    pub(super) fn all(&self) -> impl Iterator<Item = &'a Event> + '_ {
        self.events.values().copied()
    }
}

/// Events of one's own ledger, and beside them those of others.
pub(super) struct Joined<'a, 'b, P> {
    pub(super) own: &'a mut P,
    pub(super) foreign: Held<'b>,
}

impl<P: Pool> Pool for Joined<'_, '_, P> {
    type Error = P::Error;

    fn event(&mut self, id: &EventId) -> Result<Option<&Event>, P::Error> {
        if self.own.event(id)?.is_some() {
            return self.own.event(id);
        }
        Ok(self.foreign.get(id))
    }

    fn naming(&mut self, id: Covered) -> Result<Vec<EventId>, P::Error> {
        let mut all: BTreeSet<EventId> = self.own.naming(id)?.into_iter().collect();
        all.extend(self.foreign.naming.get(&id).into_iter().flatten());
        Ok(all.into_iter().collect())
    }
}

impl Pool for Held<'_> {
    type Error = std::convert::Infallible;

    fn event(&mut self, id: &EventId) -> Result<Option<&Event>, Self::Error> {
        Ok(self.events.get(id).copied())
    }

    fn naming(&mut self, id: Covered) -> Result<Vec<EventId>, Self::Error> {
        let mut naming = self.naming.get(&id).cloned().unwrap_or_default();
        naming.sort_unstable();
        Ok(naming)
    }
}
