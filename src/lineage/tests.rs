use super::trace::{Limits, Shown, rows};
use super::*;
use crate::event::Kind;
use crate::value::{EventId, LotId};
use std::cell::Cell;
use std::collections::HashMap;
use std::convert::Infallible;

/// A graph of invented steps, which counts how often it is read.
#[derive(Default)]
struct Made {
    steps: HashMap<EventId, Step>,
    naming: HashMap<EventId, Vec<EventId>>,
    reads: Cell<usize>,
}

fn id(number: u64) -> EventId {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    EventId(bytes)
}

fn lot(event: u64, output: u8) -> LotId {
    LotId::new(id(event), output)
}

impl Made {
    fn add(&mut self, number: u64, kind: Kind, inputs: &[LotId], outputs: u8) -> &mut Self {
        let (held, after, origins) = (inputs.to_vec(), Vec::new(), Vec::new());
        let step = Step { index: number, kind, inputs: held, after, outputs, origins };
        self.steps.insert(id(number), step);
        for lot in inputs {
            self.naming.entry(lot.event).or_default().push(id(number));
        }
        self
    }
}

impl Graph for Made {
    type Error = Infallible;

    fn step(&self, event: &EventId) -> Result<Option<Step>, Infallible> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.steps.get(event).cloned())
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Infallible> {
        self.reads.set(self.reads.get() + 1);
        Ok(self.naming.get(event).cloned().unwrap_or_default())
    }
}

/// Two mines, a hand-off, a melt of both, a split of which one part is the subject.
fn small() -> Made {
    let mut made = Made::default();
    made.add(0, Kind::Source, &[], 1)
        .add(1, Kind::Source, &[], 1)
        .add(2, Kind::Dispatch, &[lot(0, 0)], 0)
        .add(3, Kind::Receive, &[lot(0, 0)], 0)
        .add(4, Kind::Assay, &[], 0)
        .add(5, Kind::Transform, &[lot(0, 0), lot(1, 0)], 2)
        .add(6, Kind::Split, &[lot(5, 0)], 2)
        .add(7, Kind::Dispatch, &[lot(6, 1)], 0);
    made.naming.entry(id(0)).or_default().push(id(4));
    made
}

#[test]
fn upstream_has_every_event_that_made_or_moved_the_material_and_no_other() {
    let lineage = upstream(&small(), lot(6, 0)).unwrap();
    let lots: Vec<LotId> = lineage.lots.keys().copied().collect();
    assert_eq!(lots, [lot(0, 0), lot(1, 0), lot(5, 0), lot(6, 0)]);
    assert_eq!(lineage.events, [0, 1, 2, 3, 5, 6].map(id));
    assert_eq!(lineage.lots[&lot(0, 0)].moves, [2, 3, 5].map(id));
    assert_eq!(lineage.missing().count(), 0);
}

#[test]
fn downstream_has_what_became_of_the_material() {
    let lineage = downstream(&small(), lot(0, 0)).unwrap();
    let lots: Vec<LotId> = lineage.lots.keys().copied().collect();
    assert_eq!(lots, [lot(0, 0), lot(5, 0), lot(5, 1), lot(6, 0), lot(6, 1)]);
    assert_eq!(lineage.events, [0, 2, 3, 5, 6, 7].map(id));
}

#[test]
fn child_of_a_partial_receipt_comes_from_its_own_parent_alone() {
    let mut made = Made::default();
    made.add(0, Kind::Source, &[], 2).add(1, Kind::Dispatch, &[lot(0, 0), lot(0, 1)], 0).add(
        2,
        Kind::Receive,
        &[lot(0, 0), lot(0, 1)],
        2,
    );
    made.steps.get_mut(&id(2)).unwrap().origins = vec![Some(lot(0, 1)), Some(lot(0, 1))];
    let lineage = upstream(&made, lot(2, 0)).unwrap();
    assert_eq!(lineage.lots.keys().copied().collect::<Vec<_>>(), [lot(0, 1), lot(2, 0)]);
    assert_eq!(downstream(&made, lot(0, 0)).unwrap().lots.len(), 1);
}

#[test]
fn lots_of_absent_events_and_numbers_beyond_the_outputs_are_missing() {
    let mut made = small();
    made.steps.remove(&id(1));
    let lineage = upstream(&made, lot(6, 0)).unwrap();
    assert_eq!(lineage.missing().collect::<Vec<_>>(), [lot(1, 0)]);
    assert_eq!(upstream(&made, lot(6, 2)).unwrap().missing().collect::<Vec<_>>(), [lot(6, 2)]);
}

/// Each level: a split into two, a blend of both.
fn diamond(levels: u64) -> (Made, LotId) {
    let mut made = Made::default();
    made.add(0, Kind::Source, &[], 1);
    for level in 0..levels {
        let (split, blend) = (2 * level + 1, 2 * level + 2);
        made.add(split, Kind::Split, &[lot(split - 1, 0)], 2);
        made.add(blend, Kind::Blend, &[lot(split, 0), lot(split, 1)], 1);
    }
    (made, lot(2 * levels, 0))
}

#[test]
fn diamond_of_60_levels_is_read_once_and_laid_out_in_as_many_rows_as_it_has_edges() {
    let (made, subject) = diamond(60);
    let lineage = upstream(&made, subject).unwrap();
    assert_eq!((lineage.lots.len(), lineage.events.len()), (181, 121));
    assert!(made.reads.get() <= 2 * 121 + 2, "{} reads", made.reads.get());
    let rows = rows(&lineage, Limits::default());
    assert_eq!(rows.iter().filter(|row| row.shown == Shown::Here).count(), 181);
    assert_eq!(rows.iter().filter(|row| row.shown == Shown::Above).count(), 60);
}

#[test]
fn chain_of_100000_events_is_walked_and_ordered_both_ways() {
    let mut made = Made::default();
    made.add(0, Kind::Source, &[], 1);
    for number in 1..100_000 {
        made.add(number, Kind::Transform, &[lot(number - 1, 0)], 1);
    }
    let lineage = upstream(&made, lot(99_999, 0)).unwrap();
    assert_eq!(lineage.events.len(), 100_000);
    assert!(lineage.events.is_sorted());
    assert!(made.reads.get() <= 200_002, "{} reads", made.reads.get());
    assert_eq!(downstream(&made, lot(0, 0)).unwrap().events, lineage.events);
    let all = Limits { depth: usize::MAX / 2, rows: usize::MAX / 2 };
    assert_eq!(rows(&lineage, all).last().map(|row| row.depth), Some(99_999));
}

#[test]
fn order_puts_every_event_after_what_it_builds_on() {
    let (made, subject) = diamond(20);
    let lineage = upstream(&made, subject).unwrap();
    let place: HashMap<EventId, usize> = lineage.events.iter().enumerate().map(|(at, id)| (*id, at)).collect();
    for (lot, content) in &lineage.lots {
        let chain: Vec<usize> = [lot.event].iter().chain(&content.moves).map(|id| place[id]).collect();
        assert!(chain.is_sorted());
    }
}

#[test]
fn rows_beyond_the_depth_are_cut_and_said_to_be() {
    let (made, subject) = diamond(3);
    let lineage = upstream(&made, subject).unwrap();
    let rows = rows(&lineage, Limits { depth: 2, rows: 100 });
    assert!(rows.iter().all(|row| row.depth <= 2));
    assert!(rows.iter().any(|row| row.shown == Shown::Cut));
}
