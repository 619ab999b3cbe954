//! The leaves of completeness statements, compared with the events at hand.

use super::check::naming;
use super::closure::{Closure, Held};
use super::ledger::{LedgerChecked, LedgerSeen, StatementSeen};
use super::statement::Covered;
use crate::event::Event;
use crate::finding::{Code, Finding};
use crate::value::{DigestSet, EventId};
use std::collections::BTreeSet;

/// What the leaves of the statements bear out.
#[derive(Debug, Default)]
pub(super) struct LeavesChecked {
    pub(super) found: Vec<Finding>,
    covers_all: bool,
    covered_at: Option<u64>,
}

impl LedgerSeen {
    /// As [`Self::is_complete`], by what the leaves bear out, before [`Self::cover`].
    pub(super) fn is_complete_by(&self, leaves: &LeavesChecked) -> bool {
        leaves.covers_all && self.is_vouched_for()
    }

    /// Takes in what the leaves bear out.
    pub(super) fn cover(&mut self, leaves: &LeavesChecked) {
        (self.covers_all, self.covered_at) = (leaves.covers_all, leaves.covered_at);
    }
}

impl LedgerChecked<'_> {
    /// Every needed leaf is there, none else is, and what the leaves list is what is at hand.
    ///
    /// `seeds` are events in full of which a ledger need not have a leaf, as another may have it; with them, whether the
    /// bundle is of this ledger alone.
    pub(super) fn check_leaves(
        &self,
        closure: &Closure,
        holes: &BTreeSet<EventId>,
        seeds: &[EventId],
        is_only: bool,
    ) -> LeavesChecked {
        let statements = &self.seen.statements;
        let Some(latest) = statements.last() else { return LeavesChecked::default() };
        let place = format!("ledger {}", self.seen.ledger);
        let here: DigestSet<EventId> = self.subset.events().map(|(_, event)| event.id).collect();
        let naming_below = |stated: &StatementSeen| {
            let below = |(index, _): &(u64, &Event)| *index < stated.statement.log.size;
            naming(self.subset.events().filter(below).map(|(_, event)| event))
        };
        let naming = naming_below(latest);
        let earlier: Vec<_> = statements.iter().rev().skip(1).map(|stated| (stated, naming_below(stated))).collect();
        // The latest first: whatever it covers, it covers best.
        let all = || std::iter::once((latest, &naming)).chain(earlier.iter().map(|(stated, naming)| (*stated, naming)));
        let needed: BTreeSet<Covered> = if is_only {
            closure.covered().into_iter().filter(|id| here.contains(&id.event) || naming.contains_key(id)).collect()
        } else {
            let mut held = Held::default();
            self.subset.events().for_each(|(_, event)| held.add(event));
            let has = |id: &EventId| all().any(|(stated, _)| stated.leaves.contains_key(&Covered::from(*id)));
            closure.within(&mut held, seeds.iter().copied().filter(has))
        };
        let mut found = Vec::new();
        let (mut is_covered, mut covered_at) = (holes.is_empty(), latest.statement.log.size);
        let mut used: DigestSet<(u64, Covered)> = DigestSet::default();
        for id in &needed {
            let shown =
                all().find_map(|(stated, naming)| Some((stated.statement.log.size, stated.leaves.get(id)?, naming)));
            let Some((size, leaf, naming)) = shown else {
                is_covered = false;
                let expected = format!("a leaf of the completeness statement for {id}");
                found.push(Finding::new(Code::BundleIncomplete, expected, "none").on(id.event).at(&place));
                continue;
            };
            covered_at = covered_at.min(size);
            used.insert((size, *id));
            for missing in leaf.named_by.iter().filter(|by| !here.contains(by) && !holes.contains(by)) {
                is_covered = false;
                let expected = format!("the event that the completeness statement says names {id}");
                found.push(
                    Finding::new(Code::OmittedReference, expected, "neither it nor a declared hole").on(*missing),
                );
            }
            let mut listed = leaf.named_by.clone();
            listed.sort_unstable();
            let shown = naming.get(id).into_iter().flatten();
            for unlisted in shown.filter(|by| listed.binary_search(by).is_err()) {
                is_covered = false;
                let expected = format!("a completeness statement that lists every event that names {id}");
                found.push(Finding::new(Code::BadCheckpoint, expected, "one that leaves out an event").on(*unlisted));
            }
        }
        for (stated, _) in all() {
            let size = stated.statement.log.size;
            for id in stated.leaves.keys().filter(|id| !used.contains(&(size, **id))) {
                let finding = Finding::new(Code::BundleForeign, "leaves of what belongs to the lineage, each once", id);
                found.push(finding.at(&place));
            }
        }
        LeavesChecked { found, covers_all: is_covered, covered_at: Some(covered_at) }
    }
}
