//! Auditors' summaries as far as they count for a verdict.
//!
//! A summary settles exactly the rules it names, for those who trust its auditor, and nothing where anything shown lies
//! outside what the auditor saw: the ids of the custody events upstream of the lot, and of the statements on them, are
//! bound by their number and an RFC 6962 root ([`upstream_root`]).
//!
//! Not in scope: who is an auditor, and what is shown (`verify`).

use crate::event::{PolicyRef, Verdict};
use crate::tlog::tree::{Frontier, leaf_hash};
use crate::value::{Date, EventId, PartyId, Sha256, Text};
use std::collections::BTreeSet;

/// A summary of a trusted auditor, of a lot that is the one asked about, or that it came from by hand-offs and splits
/// alone; it stands, and covers what is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SummarySeen {
    /// The event.
    pub event: EventId,
    /// The auditor.
    pub by: PartyId,
    /// The policy judged by.
    pub policy: PolicyRef,
    /// Delivery date judged for.
    pub delivery: Option<Date>,
    /// Rules with their verdicts.
    pub settles: Vec<(Text, Verdict)>,
}

/// The RFC 6962 root over event ids in ascending order, each as 64 hex digits, and their number.
#[must_use]
pub fn upstream_root(ids: &BTreeSet<EventId>) -> (Sha256, u64) {
    let mut tree = Frontier::new();
    for id in ids {
        tree.append(leaf_hash(id.to_string().as_bytes()));
    }
    (tree.root(), tree.size())
}
