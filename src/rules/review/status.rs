//! Review of standing: withdrawals, corrections, compromised keys and broken rules upstream; unanswered dispatches.
//!
//! Withdrawals and corrections are found on the events that build directly on what was withdrawn or corrected; a broken
//! rule is found on every step downstream of it. A key reported compromised is found on each event it signed in that time.
//! What was pinned by another ledger before that time is not spared here: a caller that knows of a pin drops the finding.

use super::Review;
use crate::event::{Body, RevocationReason};
use crate::finding::Code;
use crate::state::ViewError;
use crate::value::EventId;

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
        let mut corrections: Vec<EventId> = Vec::new();
        let mut withdrawals: Vec<EventId> = Vec::new();
        for reference in self.event.payload.body.references() {
            let Some(id) = reference.target.event().filter(|_| reference.is_subject) else { continue };
            if matches!(self.event.payload.body, Body::Correct(_)) {
                break;
            }
            corrections.extend(self.ctx.facts.facts.overlays.last(&id));
            withdrawals.extend(self.ctx.view.event(&id)?.and_then(|record| record.withdrawn_by));
        }
        corrections.sort_unstable();
        corrections.dedup();
        for by in corrections {
            let is_later = self.ctx.view.event(&by)?.is_some_and(|record| record.index > self.record.index);
            let found = if is_later { "ones corrected after this event" } else { "ones corrected before this event" };
            let finding = self.finding(Code::CorrectedUpstream, "values upstream as first recorded", found);
            self.out.push(finding.with(by));
        }
        withdrawals.sort_unstable();
        withdrawals.dedup();
        for by in withdrawals {
            let finding = self.finding(Code::WithdrawnUpstream, "events upstream that stand", "one that was withdrawn");
            self.out.push(finding.with(by));
        }
        self.taint();
        Ok(())
    }

    fn taint(&mut self) {
        let body = &self.event.payload.body;
        if body.outputs().is_empty() {
            return;
        }
        let causes =
            body.heads().into_iter().filter_map(|head| Some((head.lot, self.ctx.facts.tainted_by(&head.lot)?)));
        if let Some((lot, cause)) = causes.into_iter().find(|(_, cause)| *cause != self.event.id) {
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
            let expected = format!("{} lots answered", dispatch.lots.len());
            let found = format!("{} without answer", open.len());
            let finding = self.finding(Code::OpenDispatch, expected, found).of_lot(**first);
            self.out.push(finding);
        }
        Ok(())
    }
}
