//! Layer 3: the lineage of a lot, the graph of events and lots upstream or downstream of it.
//!
//! Lots are joined by the events that made them: the *parents* of a lot are the lots that its creating event used up for
//! it. Each lot also has *moves*, the custody events that name it (dispatch, receipt, the event that spends it). All walks
//! keep a stack and a visited set of their own: a diamond of 60 levels and a chain of 100,000 events cost what their
//! events and lots cost, and nothing recurses.
//!
//! In scope: which events and lots belong, in which order, and how to lay them out for people ([`trace`]). Not in scope:
//! who held what when (`state`), how much of which element came through (a matter of masses), what is believed (`verify`).

mod graph;
mod order;
pub mod provenance;
pub mod trace;

pub use graph::{Direction, Graph, Lineage, LineageLot, Step, ViewGraph, downstream, upstream, walk};

#[cfg(test)]
mod tests;
