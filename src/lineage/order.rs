//! Topological order of the events of a lineage.

use super::graph::{LineageLot, Step};
use crate::value::{DigestMap, EventId, LotId};
use std::collections::{BTreeMap, BTreeSet};

/// All events that create or move the lots, each after those it builds on; among equals, the one recorded first.
///
/// Kahn's algorithm over the edges creator → first move → second move … of each lot. Ids are digests of what names them,
/// so a cycle cannot be made; events of one would be left out.
pub(super) fn in_order(lots: &BTreeMap<LotId, LineageLot>, steps: &DigestMap<EventId, Option<Step>>) -> Vec<EventId> {
    let index = |id: &EventId| Some(steps.get(id)?.as_ref()?.index);
    let mut waits: DigestMap<EventId, usize> = DigestMap::default();
    let mut edges: Vec<(EventId, EventId)> = Vec::new();
    for (id, lot) in lots {
        let chain = [&id.event].into_iter().chain(&lot.moves).filter(|event| index(event).is_some());
        let mut before = None;
        for event in chain.copied() {
            waits.entry(event).or_default();
            edges.extend(before.replace(event).filter(|before| *before != event).map(|before| (before, event)));
        }
    }
    edges.sort_unstable();
    edges.dedup();
    for (_, event) in &edges {
        *waits.entry(*event).or_default() += 1;
    }
    let mut ready: BTreeSet<(u64, EventId)> =
        waits.iter().filter(|(_, count)| **count == 0).filter_map(|(id, _)| Some((index(id)?, *id))).collect();
    let mut ordered = Vec::with_capacity(waits.len());
    while let Some((_, event)) = ready.pop_first() {
        ordered.push(event);
        let from = edges.partition_point(|(before, _)| *before < event);
        let after = edges.iter().skip(from).take_while(|(before, _)| *before == event);
        for (_, next) in after {
            let Some(count) = waits.get_mut(next) else { continue };
            *count = count.saturating_sub(1);
            if *count == 0 {
                ready.extend(index(next).map(|index| (index, *next)));
            }
        }
    }
    ordered
}
