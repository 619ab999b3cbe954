//! Review of standing: withdrawals, corrections, compromised keys and broken rules upstream; unanswered dispatches.
//!
//! Withdrawals and corrections are found on the events that build directly on what was withdrawn or corrected; a broken
//! rule is found on every step downstream of it. A key reported compromised is found on each event it signed in that time.
//! What was pinned by another ledger before that time is not spared here: a caller that knows of a pin drops the finding.

use super::Review;
use crate::event::{Body, RevocationReason, Target};
use crate::finding::{Code, Finding};
use crate::state::ViewError;
use crate::value::{EventId, LotId};
use std::collections::BTreeSet;

impl Review<'_> {
    pub(super) fn status(&mut self) -> Result<(), ViewError> {
        self.key()?;
        self.upstream()?;
        if let Body::Dispatch(_) = self.event.payload.body {
            self.open_dispatch()?;
        }
        Ok(())
    }

    fn key(&mut self) -> Result<(), ViewError> {
        let Some(key) = self.ctx.view.key(&self.event.kid)? else { return Ok(()) };
        let compromised = key
            .revoked
            .filter(|revoked| revoked.reason == RevocationReason::Compromised && revoked.recorded_at <= self.ctx.as_of);
        let Some(revoked) = compromised else { return Ok(()) };
        let since = revoked.compromised_since.unwrap_or(revoked.recorded_at);
        if self.record.recorded_at >= since {
            let found = format!("one said to be in other hands since {since}");
            let finding = self.finding(Code::KeyCompromised, "a key in the hands of its owner", found);
            self.out.push(finding.with(revoked.by));
        }
        Ok(())
    }

    fn upstream(&mut self) -> Result<(), ViewError> {
        let (mut corrections, mut withdrawals) = (BTreeSet::new(), BTreeSet::new());
        for (id, lot) in self.built_on() {
            corrections.extend(self.ctx.facts.facts.overlays.last(&id).map(|by| (by, lot)));
            withdrawals.extend(self.ctx.view.event(&id)?.and_then(|record| record.withdrawn_by).map(|by| (by, lot)));
        }
        for (by, lot) in narrowed(corrections) {
            let is_later = self.ctx.view.event(&by)?.is_some_and(|record| record.index > self.record.index);
            let found = if is_later { "ones corrected after this event" } else { "ones corrected before this event" };
            let finding = self.finding(Code::CorrectedUpstream, "values upstream as first recorded", found).with(by);
            self.out.push(lot.into_iter().fold(finding, Finding::of_lot));
        }
        for (by, lot) in narrowed(withdrawals) {
            let finding = self.finding(Code::WithdrawnUpstream, "events upstream that stand", "one that was withdrawn");
            self.out.push(lot.into_iter().fold(finding.with(by), Finding::of_lot));
        }
        self.taint();
        Ok(())
    }

    /// The events that this one builds on, each with the lot on whose account it does.
    fn built_on(&self) -> Vec<(EventId, Option<LotId>)> {
        let body = &self.event.payload.body;
        if matches!(body, Body::Correct(_)) {
            return Vec::new();
        }
        let mut found: Vec<_> = body.heads().iter().map(|head| (head.after, Some(head.lot))).collect();
        body.visit_references(&mut |one| {
            if one.is_subject && !one.position.ends_with(".after") {
                found.extend(match one.target {
                    Target::Lot(lot) => Some((lot.event, Some(lot))),
                    other => other.event().map(|event| (event, None)),
                });
            }
        });
        found
    }

    fn taint(&mut self) {
        let body = &self.event.payload.body;
        if body.outputs().is_empty() {
            return;
        }
        let heads = body.heads();
        let mut causes = heads.iter().filter_map(|head| Some((head.lot, self.ctx.facts.tainted_by(&head.lot)?)));
        if let Some((lot, cause)) = causes.find(|(_, cause)| *cause != self.event.id) {
            let finding = self.finding(Code::TaintedUpstream, "no broken rule upstream", "one at the event named");
            self.out.push(finding.of_lot(lot).with(cause));
        }
    }

    fn open_dispatch(&mut self) -> Result<(), ViewError> {
        let Some(dispatch) = self.ctx.view.dispatch(&self.event.id)? else { return Ok(()) };
        if dispatch.given_up.is_some() || self.record.withdrawn_by.is_some() {
            return Ok(());
        }
        let is_open = |lot: &&crate::value::LotId| dispatch.answered.iter().all(|(answered, _)| answered != *lot);
        let open: Vec<_> = dispatch.lots.iter().filter(is_open).collect();
        if let Some(first) = open.first() {
            let found = format!("{} of {} without answer", open.len(), dispatch.lots.len());
            let finding = self.finding(Code::OpenDispatch, "every lot answered", found).of_lot(**first);
            self.out.push(finding);
        }
        Ok(())
    }
}

/// An event named for lots needs not be named once more for none.
fn narrowed(found: BTreeSet<(EventId, Option<LotId>)>) -> Vec<(EventId, Option<LotId>)> {
    let for_lots: BTreeSet<EventId> = found.iter().filter(|(_, lot)| lot.is_some()).map(|(by, _)| *by).collect();
    found.into_iter().filter(|(by, lot)| lot.is_some() || !for_lots.contains(by)).collect()
}
