//! Review of what is at hand of one ledger, from a bundle or whole.

use super::judge::Asked;
use super::trail::is_statement;
use crate::event::Event;
use crate::finding::{Finding, Reach};
use crate::rules::review::{Facts, ReviewContext, Settled, review};
use crate::state::{Position, View, ViewError};
use crate::value::{DigestSet, EventId};
use rayon::prelude::*;
use std::collections::BTreeSet;

/// Events of one ledger in the order recorded, with the state after the last of them.
pub struct History<'a> {
    /// State after the last event.
    pub view: &'a (dyn View + Sync),
    /// The events at hand.
    pub events: Vec<(Position, &'a Event)>,
    /// Events that break a rule of admission.
    pub breached: BTreeSet<EventId>,
    /// Entries below this index are covered by a checkpoint that enough trusted witnesses cosigned.
    pub cosigned: u64,
    /// Whether nothing that matters is missing; otherwise codes that need completeness are undecided.
    pub is_complete: bool,
}

/// What review found, and what it would have found if nothing were missing.
#[derive(Debug, Default)]
pub struct Reviewed {
    /// Findings.
    pub findings: Vec<Finding>,
    /// Undecided.
    pub undecided: Vec<Finding>,
}

impl History<'_> {
    /// First pass: facts of all applied events. Assays and corrections recorded after the moment of judgement are not known.
    ///
    /// # Errors
    /// State could not be read.
    pub fn settle(&self, asked: &Asked<'_>) -> Result<Settled, ViewError> {
        let mut facts = Facts::default();
        self.breached.iter().for_each(|id| facts.mark_breached(*id));
        for (at, event) in &self.events {
            let is_known = at.recorded_at <= asked.as_of || !is_statement(event);
            let record = self.view.event(&event.id)?;
            if is_known && record.is_some_and(|record| record.applied && record.index == at.index) {
                facts.observe(event, at);
            }
        }
        facts.settle(self.view, asked.trust, asked.as_of)
    }

    /// Second pass, over the events that matter.
    ///
    /// # Errors
    /// State could not be read.
    pub fn review(
        &self,
        facts: &Settled,
        asked: &Asked<'_>,
        matters: &DigestSet<EventId>,
    ) -> Result<Reviewed, ViewError> {
        let Asked { trust, as_of, .. } = *asked;
        let (view, cosigned) = (self.view, self.cosigned);
        let review = |event| review(event, &ReviewContext { facts, view, trust, as_of, cosigned });
        let mut reviewed = Reviewed::default();
        let matter = self.events.par_iter().filter(|(_, event)| matters.contains(&event.id));
        let found: Vec<_> = matter.map(|(_, event)| review(event)).collect();
        for found in found {
            for finding in found? {
                let is_decided = self.is_complete || finding.code.reach() == Reach::Local;
                if is_decided { reviewed.findings.push(finding) } else { reviewed.undecided.push(finding) }
            }
        }
        Ok(reviewed)
    }
}
