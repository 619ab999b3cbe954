//! A lineage laid out as a tree for people: rows with a depth, each lot written out once.
//!
//! A lineage is a graph, and written as a tree without care it would repeat shared ancestors, in a diamond of 60 levels
//! 2⁶⁰ times. Here a lot that was shown before gets one row that refers to the first. What is drawn in front of a row
//! follows from `depth` and `last`; labels, masses and places are for the renderer.

use super::graph::Lineage;
use crate::value::{EventId, LotId};
use std::collections::HashSet;

/// Limits on what is laid out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// The deepest row; the subject has depth 0.
    pub depth: usize,
    /// The most rows.
    pub rows: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self { depth: 1_000, rows: 10_000 }
    }
}

/// Why a row has no rows below it, or that it has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shown {
    /// Written out here, with everything next to it below.
    Here,
    /// Written out in an earlier row.
    Above,
    /// Not written out for want of depth or rows.
    Cut,
    /// Its creating event is not at hand.
    Missing,
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Row {
    /// Distance from the subject in rows.
    pub depth: usize,
    /// Whether no later row has the same parent row.
    pub last: bool,
    /// The lot; its creating event is `lot.event`.
    pub lot: LotId,
    /// Custody events that moved the lot, in order; only where it is written out.
    pub moves: Vec<EventId>,
    /// How it is shown.
    pub shown: Shown,
}

/// The rows of a lineage, the subject first, each row before those below it.
#[must_use]
pub fn rows(lineage: &Lineage, limits: Limits) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut seen = HashSet::new();
    let mut open = vec![(lineage.subject, 0, true)];
    while let Some((id, depth, last)) = open.pop() {
        let Some(lot) = lineage.lots.get(&id) else { continue };
        let room = depth < limits.depth && rows.len() < limits.rows;
        let shown = match (lot.missing, seen.contains(&id), room || lot.next.is_empty()) {
            (true, ..) => Shown::Missing,
            (_, true, _) => Shown::Above,
            (_, _, false) => Shown::Cut,
            _ => Shown::Here,
        };
        let moves = if shown == Shown::Here { lot.moves.clone() } else { Vec::new() };
        if shown == Shown::Here {
            seen.insert(id);
            let below = lot.next.iter().enumerate().rev();
            open.extend(below.map(|(at, next)| (*next, depth + 1, at + 1 == lot.next.len())));
        }
        rows.push(Row { depth, last, lot: id, moves, shown });
        if rows.len() >= limits.rows.saturating_add(limits.depth) {
            break;
        }
    }
    rows
}
