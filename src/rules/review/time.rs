//! Review of times: order along the lineage, late recording, and who bounds the time of recording.

use super::Review;
use crate::event::{Body, Receive, When};
use crate::finding::Code;
use crate::state::ViewError;
use crate::value::EventId;

/// From how long after it happened the recording of an event is worth a note: 30 days.
const LATE_SECONDS: i64 = 30 * 86_400;

impl Review<'_> {
    pub(super) fn time(&mut self) -> Result<(), ViewError> {
        let when = self.event.payload.when;
        let late = self.record.recorded_at.since(when.end());
        if late > LATE_SECONDS && self.event.payload.aud.is_some() {
            let expected = "recording within 30 days";
            self.push(Code::RecordedLate, expected, format_args!("{} days", late / 86_400));
        }
        if let Some(operator) = self.ctx.facts.facts.operator
            && self.event.payload.kind().is_custody()
            && self.record.index >= self.ctx.cosigned
            && self.ctx.trust.are_related(&operator, &self.event.issuer())
        {
            let found = "only the word of the ledger's operator, who is the issuer or related to it";
            self.push(Code::DeclaredOnly, "a checkpoint cosigned by a trusted witness that covers it", found);
        }
        let event = self.event;
        match &event.payload.body {
            Body::Receive(receive) => self.receipt(receive),
            _ => self.inputs(),
        }
    }

    /// When another event happened, by its last correction.
    fn when(&self, id: &EventId) -> Result<Option<When>, ViewError> {
        let corrected = self.ctx.facts.facts.overlays.when(id);
        Ok(self.ctx.view.event(id)?.map(|record| corrected.unwrap_or(record.when)))
    }

    /// No lot is used before it was made, or before it last moved.
    fn inputs(&mut self) -> Result<(), ViewError> {
        let end = self.event.payload.when.end();
        for head in self.event.payload.body.heads().iter() {
            for id in [head.lot.event, head.after] {
                let Some(when) = self.when(&id)?.filter(|when| end < when.start()) else { continue };
                let expected = format!("a time not before {}", when.start());
                let finding = self.finding(Code::OutputBeforeInput, expected, end);
                self.out.push(finding.of_lot(head.lot).with(id));
                break;
            }
        }
        Ok(())
    }

    fn receipt(&mut self, receive: &Receive) -> Result<(), ViewError> {
        let end = self.event.payload.when.end();
        if let Some(when) = self.when(&receive.dispatch)?.filter(|when| end < when.start()) {
            let expected = format!("a time not before {}", when.start());
            let finding = self.finding(Code::ReceiveBeforeDispatch, expected, end);
            self.out.push(finding.with(receive.dispatch));
        }
        Ok(())
    }
}
