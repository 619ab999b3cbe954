//! Pass one: what review needs to know of the whole history, event by event, in the order recorded.

use super::lots::{Lot, Lots, NewAssay};
use super::overlay::{Overlays, Put};
use super::settled::Settled;
use super::sites::Sites;
use super::steps::{Step, StepKind, Steps};
use crate::event::{
    AnalyteValue, Body, Correct, CorrectAction, DispatchReason, Event, Head, LeafStatus, Leaves as _, Outcome, Process,
    Quantity, Receive, SourceKind,
};
use crate::rules::accreditation::Accreditations;
use crate::rules::trust::Trust;
use crate::state::numbers::{EventNo, LotNo, Numbers};
use crate::state::{Position, View, ViewError};
use crate::value::{DigestMap, DigestSet, EventId, FacilityId, LotId, PartyId, Time};
use std::sync::Arc;

/// Facts of a history; bounded by some two hundred bytes per lot, whatever else events hold.
///
/// Only events that were applied are observed, each once, in the order recorded. [`Facts::settle`] ends pass one.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub(super) numbers: Arc<Numbers>,
    pub(super) lots: Lots,
    pub(super) steps: Steps,
    pub(super) overlays: Overlays,
    pub(super) accreditations: Accreditations,
    pub(super) sites: Sites,
    pub(super) with_address: DigestSet<PartyId>,
    pub(super) reasons: DigestMap<EventNo, DispatchReason>,
    pub(super) breached: DigestSet<EventNo>,
    pub(super) operator: Option<PartyId>,
    assayed: DigestMap<EventNo, LotNo>,
}

impl Facts {
    /// Takes in an applied event.
    pub fn observe(&mut self, event: &Event, at: &Position) {
        self.accreditations.observe(event, at);
        match &event.payload.body {
            Body::Party(party) if party.address.is_some() => drop(self.with_address.insert(event.issuer())),
            Body::Ledger(_) if at.index == 1 => self.operator = Some(event.issuer()),
            Body::Facility(facility) => self.sites.observe(event.id.into(), event.issuer(), facility),
            Body::Dispatch(dispatch) => {
                let own = self.number(event.id);
                self.reasons.insert(own, dispatch.reason);
            }
            Body::Assay(assay) => {
                let (own, by, lot) = (self.number(event.id), self.number(event.issuer()), self.lot_number(&assay.lot));
                let old = assay.supersedes.map(|old| self.number(old));
                self.assayed.insert(own, lot);
                self.lots.add_assay(lot, NewAssay { event: own, by, old, assay });
            }
            Body::Correct(correct) => self.correct(event.id, correct),
            body => self.observe_step(event, body),
        }
    }

    /// Exchanges the numbers by which it knows events and lots. Whoever has it observe what a state takes in lends it the
    /// state's, and so each id is kept once.
    pub(crate) fn exchange(&mut self, numbers: &mut Arc<Numbers>) {
        std::mem::swap(&mut self.numbers, numbers);
    }

    /// Knows events and lots by the numbers of a state that takes in nothing more.
    pub(crate) fn share(&mut self, numbers: &Arc<Numbers>) {
        self.numbers = Arc::clone(numbers);
    }

    fn number(&mut self, id: impl Into<EventId>) -> EventNo {
        Arc::make_mut(&mut self.numbers).event(&id.into())
    }

    fn lot_number(&mut self, id: &LotId) -> LotNo {
        Arc::make_mut(&mut self.numbers).lot(id)
    }

    pub(super) fn lot(&self, id: &LotId) -> Option<Lot<'_>> {
        self.lots.get(self.numbers.find_lot(id)?)
    }

    /// The lots that are known here, in order.
    pub(super) fn known<'a>(&'a self, lots: &'a [LotNo]) -> impl Iterator<Item = (LotNo, Lot<'a>)> {
        lots.iter().filter_map(|lot| Some((*lot, self.lots.get(*lot)?)))
    }

    /// Marks an event that breaks a rule of admission although it is recorded: what follows from it is tainted.
    pub fn mark_breached(&mut self, event: EventId) {
        let event = self.number(event);
        self.breached.insert(event);
    }

    /// Ends pass one: decides which assays count, and sums up along the lineage.
    ///
    /// # Errors
    /// State could not be read.
    pub fn settle(self, view: &dyn View, trust: &Trust, as_of: Time) -> Result<Settled, ViewError> {
        Settled::new(self, view, trust, as_of)
    }

    fn observe_step(&mut self, event: &Event, body: &Body) {
        let maker = self.number(event.issuer());
        let mut outputs = Vec::new();
        for (id, made) in body.output_ids(event.id).zip(body.outputs()) {
            let lot = self.lot_number(&id);
            self.lots.insert(lot, maker, made);
            outputs.push(lot);
        }
        match body {
            Body::Source(b) => {
                let mined: &[Process] = if b.source == SourceKind::Mined { &[Process::Mine] } else { &[] };
                self.step(event, StepKind::Source, b.facility, mined, &[], &outputs);
            }
            Body::Transform(b) => {
                let inputs = self.lots_of(&b.inputs);
                self.step(event, StepKind::Transform, b.facility, &b.processes, &inputs, &outputs);
            }
            Body::Split(b) => {
                let input = self.lot_number(&b.input.lot);
                self.step(event, StepKind::Split, b.facility, &[], &[input], &outputs);
            }
            Body::Blend(b) => {
                let inputs = self.lots_of(&b.inputs);
                self.step(event, StepKind::Blend, b.facility, &[], &inputs, &outputs);
            }
            Body::Receive(b) => self.observe_receipt(event, b),
            _ => {}
        }
    }

    fn lots_of(&mut self, heads: &[Head]) -> Vec<LotNo> {
        heads.iter().map(|head| self.lot_number(&head.lot)).collect()
    }

    fn observe_receipt(&mut self, event: &Event, body: &Receive) {
        for line in &body.lots {
            let lot = self.lot_number(&line.lot);
            match line.outcome {
                Outcome::Accepted => {
                    let receiver = self.number(event.issuer());
                    self.lots.add_receiver(lot, receiver);
                    let weighed = line.quantity.as_ref().map(|quantity| quantity.net_dry);
                    let hidden = line.leaf_status("quantity") == Some(LeafStatus::WithheldOrAbsent);
                    self.step(event, StepKind::Receipt { weighed, hidden }, body.facility, &[], &[lot], &[lot]);
                }
                Outcome::Partial => {
                    let parts = [line.accepted, line.returned].into_iter().flatten();
                    let parts: Vec<LotNo> =
                        parts.map(|number| self.lot_number(&LotId::new(event.id, number))).collect();
                    self.step(event, StepKind::Division, body.facility, &[], &[lot], &parts);
                }
                // A step of nothing, so that the number of a line is that of its step.
                Outcome::Rejected => {
                    let kind = StepKind::Receipt { weighed: None, hidden: false };
                    self.step(event, kind, body.facility, &[], &[], &[]);
                }
            }
        }
    }

    fn step(
        &mut self,
        event: &Event,
        kind: StepKind,
        facility: FacilityId,
        processes: &[Process],
        inputs: &[LotNo],
        outputs: &[LotNo],
    ) {
        let year = u16::try_from(event.payload.when.end().date().year()).unwrap_or(0);
        let (event, facility) = (self.number(event.id), self.number(facility));
        self.steps.push(&Step { event, kind, facility, year, processes, inputs, outputs, before: None });
    }

    fn correct(&mut self, by: EventId, body: &Correct) {
        if body.action == CorrectAction::Withdraw {
            let target = self.number(body.target);
            if let Some(lot) = self.assayed.get(&target) {
                self.lots.remove_assay(*lot, target);
            }
            self.steps.undo(target);
        }
        let mut overlays = std::mem::take(&mut self.overlays);
        overlays.observe(by, body, &mut |put| self.put(&put));
        self.overlays = overlays;
    }

    /// Puts a corrected value where pass one keeps it; a value of another type than the leaf's changes nothing.
    fn put(&mut self, put: &Put<'_>) {
        let event = self.number(put.event);
        if let ("/body", "results", Some(lot)) = (put.object, put.leaf, self.assayed.get(&event)) {
            match (put.value, from_json::<Vec<AnalyteValue>>(put)) {
                (None, _) => self.lots.hide_results(*lot, event),
                (_, Some(lines)) => self.lots.set_results(*lot, event, &lines),
                _ => {}
            }
            return;
        }
        let number = |list: &str| put.object.strip_prefix("/body/")?.strip_prefix(list)?.strip_prefix('/');
        if let Some(output) = number("outputs").and_then(|number| number.parse().ok()) {
            self.put_output(put, output);
        } else if let (Some(line), "quantity") = (number("lots"), put.leaf) {
            self.put_receipt(put, event, line);
        }
    }

    fn put_output(&mut self, put: &Put<'_>, output: u8) {
        let id = self.lot_number(&LotId::new(put.event, output));
        let Some(lot) = self.lots.get_mut(id) else { return };
        match (put.leaf, put.value) {
            ("quantity", None) => lot.hide_quantity(),
            ("composition", None) => lot.hide_composition(),
            ("quantity", _) => from_json(put).iter().for_each(|quantity| lot.set_quantity(quantity)),
            ("composition", _) => {
                from_json(put).iter().for_each(|lines: &Vec<_>| self.lots.set_composition(id, lines));
            }
            _ => {}
        }
    }

    fn put_receipt(&mut self, put: &Put<'_>, event: EventNo, line: &str) {
        let Some(step) = line.parse::<usize>().ok().and_then(|line| self.steps.of(event).nth(line)) else { return };
        match (put.value, from_json::<Quantity>(put)) {
            (None, _) => self.steps.set_weighed(step, None, true),
            (_, Some(quantity)) => self.steps.set_weighed(step, Some(quantity.net_dry), false),
            _ => {}
        }
    }
}

/// The value as what the leaf holds; `None` where it is not shown or is of another type.
fn from_json<T: serde::de::DeserializeOwned>(put: &Put<'_>) -> Option<T> {
    T::deserialize(put.value?).ok()
}
