//! A lineage of a million lots that are all entangled: read once each, and every milligram accounted for.
//!
//! By default a tenth of it; with `ORETRAIL_THOROUGH` set, all.

use oretrail::event::Kind;
use oretrail::lineage::provenance::{Flows, Interval, Pass, Passage, Weights};
use oretrail::lineage::trace::{Limits, rows};
use oretrail::lineage::{Graph, Step, downstream, upstream};
use oretrail::value::{Element, EventId, LotId};
use std::cell::Cell;
use std::convert::Infallible;

/// One in so many events is a source.
const PER_SOURCE: usize = 20;

fn size() -> usize {
    if std::env::var_os("ORETRAIL_THOROUGH").is_some() { 1_000_000 } else { 100_000 }
}

/// Numbers without pattern (SplitMix64).
fn mixed(number: usize) -> usize {
    let mut z = (number as u64).wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    usize::try_from(z ^ (z >> 31)).unwrap_or(usize::MAX)
}

/// The lots that lot `number` is made of: the one before, one near, and one from anywhere, so that all paths cross.
fn parents(number: usize) -> Vec<usize> {
    if number == 0 || number % PER_SOURCE == 1 {
        return Vec::new();
    }
    let noise = mixed(number);
    let near = number - 1 - noise % number.min(64);
    let mut parents = vec![number - 1, near, (noise >> 8) % number];
    // The source made just before goes in, else it would be lost.
    parents.push(number.saturating_sub(2));
    parents.sort_unstable();
    parents.dedup();
    parents
}

/// Events of one lot each.
struct Tangle {
    naming: Vec<Vec<u32>>,
    reads: Cell<usize>,
}

fn id(number: usize) -> EventId {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&(number as u64).to_be_bytes());
    EventId(bytes)
}

fn number(id: &EventId) -> usize {
    usize::from_be_bytes(id.0[24..].try_into().unwrap())
}

impl Tangle {
    fn new(size: usize) -> Self {
        let mut naming = vec![Vec::new(); size];
        for event in 0..size {
            parents(event).into_iter().for_each(|parent| naming[parent].push(u32::try_from(event).unwrap()));
        }
        Self { naming, reads: Cell::new(0) }
    }
}

impl Graph for Tangle {
    type Error = Infallible;

    fn step(&self, event: &EventId) -> Result<Option<Step>, Infallible> {
        self.reads.set(self.reads.get() + 1);
        let inputs: Vec<LotId> = parents(number(event)).into_iter().map(|lot| LotId::new(id(lot), 0)).collect();
        let kind = if inputs.is_empty() { Kind::Source } else { Kind::Transform };
        let index = number(event) as u64;
        Ok(Some(Step { index, kind, inputs, after: Vec::new(), outputs: 1, origins: Vec::new() }))
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Infallible> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.naming[number(event)].iter().map(|event| id(*event as usize)).collect())
    }
}

#[test]
fn every_event_of_a_tangle_is_read_once_in_either_direction() {
    let size = size();
    let tangle = Tangle::new(size);
    let last = LotId::new(id(size - 1), 0);
    let lineage = upstream(&tangle, last).unwrap();
    // All but sources that nothing was made of.
    assert!(lineage.lots.len() > size * 9 / 10, "{}", lineage.lots.len());
    assert_eq!(lineage.missing().count(), 0);
    assert!(tangle.reads.get() <= 2 * size, "{} reads", tangle.reads.get());
    let limits = Limits::default();
    let shown = rows(&lineage, limits);
    // What is open when the limit is reached is shown as cut off.
    assert!(shown.len() < 2 * limits.rows, "{}", shown.len());
    drop((lineage, shown));
    tangle.reads.set(0);
    let became = downstream(&tangle, LotId::new(id(0), 0)).unwrap();
    assert!(became.lots.contains_key(&last));
    assert!(tangle.reads.get() <= 2 * size, "{} reads", tangle.reads.get());
}

#[test]
fn in_a_tangle_every_milligram_has_an_origin() {
    let size = size();
    let total = 1_000_000_007;
    let mut flows = Flows {
        subject: size - 1,
        lots: size,
        steps: size,
        totals: vec![(Element::Nd, Interval::exact(total))],
        holds: vec![vec![Element::Nd]; size],
        ..Flows::default()
    };
    for lot in 0..size {
        let inputs = parents(lot);
        let held = inputs.iter().map(|input| Some(Interval::exact(1 + mixed(*input) as u64 % 1_000_000)));
        flows.weights.insert((Element::Nd, lot), Weights { inputs: held.collect(), gain: None });
        let inputs = inputs.into_iter().map(|input| (input, Pass::Straight)).collect();
        flows.passages.push(Passage { step: lot, outputs: vec![lot], inputs });
    }
    let found = flows.attribute(Element::Nd).unwrap();
    assert!(found.origins.iter().all(|origin| origin.mass.is_exact()));
    assert_eq!(found.origins.iter().map(|origin| origin.mass.least).sum::<u64>(), total);
    let sources = (0..size).filter(|lot| parents(*lot).is_empty());
    let reached = sources.filter(|lot| found.lots[*lot].is_some()).count();
    assert_eq!(found.origins.len(), reached, "also those of less than a milligram");
    assert!(found.origins.iter().any(|origin| origin.mass.least == 0), "some are");
}
