//! Pass one: what review needs to know of the whole history, event by event, in the order recorded.

use super::lots::LotFact;
use super::overlay::{Overlays, Put};
use super::settled::Settled;
use super::sites::Sites;
use crate::event::{
    AnalyteValue, Body, Correct, CorrectAction, DispatchReason, Event, LeafStatus, Leaves as _, Outcome, Process,
    Quantity, Receive, SourceKind,
};
use crate::rules::accreditation::Accreditations;
use crate::rules::trust::Trust;
use crate::state::{Position, View, ViewError};
use crate::value::{DigestMap, DigestSet, EventId, FacilityId, LotId, Mass, PartyId, Time};

/// What a step does with material.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum StepKind {
    /// Lots come from nothing.
    Source,
    /// Inputs become outputs by processes.
    Transform,
    /// One lot becomes several of the same composition.
    Split,
    /// Several become one.
    Blend,
    /// One lot is weighed anew by its receiver.
    Receipt {
        /// The receiver's net dry mass.
        weighed: Option<Mass>,
        /// Whether the receiver may have weighed and does not show it.
        hidden: bool,
    },
    /// A receiver accepts one part of a lot and returns another.
    Division,
}

/// One step in the life of material: lots in, lots out.
#[derive(Debug, Clone)]
pub(super) struct Step {
    pub(super) event: EventId,
    pub(super) kind: StepKind,
    pub(super) facility: FacilityId,
    /// The calendar year in which it ended.
    pub(super) year: u16,
    pub(super) processes: Box<[Process]>,
    pub(super) inputs: Box<[LotId]>,
    pub(super) outputs: Box<[LotId]>,
}

/// Facts of a history; bounded by a few hundred bytes per lot, whatever else events hold.
///
/// Only events that were applied are observed, each once, in the order recorded. [`Facts::settle`] ends pass one.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    pub(super) lots: DigestMap<LotId, LotFact>,
    pub(super) steps: Vec<Step>,
    pub(super) steps_of: DigestMap<EventId, (usize, usize)>,
    pub(super) overlays: Overlays,
    pub(super) accreditations: Accreditations,
    pub(super) sites: Sites,
    pub(super) with_address: DigestSet<PartyId>,
    pub(super) reasons: DigestMap<EventId, DispatchReason>,
    pub(super) breached: DigestSet<EventId>,
    pub(super) operator: Option<PartyId>,
    assayed: DigestMap<EventId, LotId>,
}

impl Facts {
    /// Takes in an applied event.
    pub fn observe(&mut self, event: &Event, at: &Position) {
        self.accreditations.observe(event, at);
        match &event.payload.body {
            Body::Party(party) if party.address.is_some() => drop(self.with_address.insert(event.issuer())),
            Body::Ledger(_) if at.index == 1 => self.operator = Some(event.issuer()),
            Body::Facility(facility) => self.sites.observe(event.id.into(), event.issuer(), facility),
            Body::Dispatch(dispatch) => drop(self.reasons.insert(event.id, dispatch.reason)),
            Body::Assay(assay) => {
                self.assayed.insert(event.id, assay.lot);
                if let Some(lot) = self.lots.get_mut(&assay.lot) {
                    lot.add_assay(event.id, event.issuer(), assay);
                }
            }
            Body::Correct(correct) => self.correct(event.id, correct),
            body => self.observe_step(event, body),
        }
    }

    /// Marks an event that breaks a rule of admission although it is recorded: what follows from it is tainted.
    pub fn mark_breached(&mut self, event: EventId) {
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
        let outputs: Vec<LotId> = body.output_ids(event.id).collect();
        for (id, lot) in outputs.iter().zip(body.outputs()) {
            self.lots.insert(*id, LotFact::new(event.issuer(), lot));
        }
        let first = self.steps.len();
        let lots = |heads: &[crate::event::Head]| heads.iter().map(|head| head.lot).collect::<Vec<_>>();
        match body {
            Body::Source(b) => {
                let mined: &[Process] = if b.source == SourceKind::Mined { &[Process::Mine] } else { &[] };
                self.step(event, StepKind::Source, b.facility, mined, Vec::new(), outputs);
            }
            Body::Transform(b) => {
                self.step(event, StepKind::Transform, b.facility, &b.processes, lots(&b.inputs), outputs);
            }
            Body::Split(b) => self.step(event, StepKind::Split, b.facility, &[], vec![b.input.lot], outputs),
            Body::Blend(b) => self.step(event, StepKind::Blend, b.facility, &[], lots(&b.inputs), outputs),
            Body::Receive(b) => self.observe_receipt(event, b),
            _ => return,
        }
        self.steps_of.insert(event.id, (first, self.steps.len()));
    }

    fn observe_receipt(&mut self, event: &Event, body: &Receive) {
        for line in &body.lots {
            let part = |number: Option<u8>| number.map(|number| LotId::new(event.id, number));
            match line.outcome {
                Outcome::Accepted => {
                    if let Some(lot) = self.lots.get_mut(&line.lot) {
                        lot.receivers.push(event.issuer());
                    }
                    let weighed = line.quantity.as_ref().map(|quantity| quantity.net_dry);
                    let hidden = line.leaf_status("quantity") == Some(LeafStatus::WithheldOrAbsent);
                    let lot = vec![line.lot];
                    self.step(event, StepKind::Receipt { weighed, hidden }, body.facility, &[], lot.clone(), lot);
                }
                Outcome::Partial => {
                    let parts = [part(line.accepted), part(line.returned)].into_iter().flatten().collect();
                    self.step(event, StepKind::Division, body.facility, &[], vec![line.lot], parts);
                }
                // A step of nothing, so that the number of a line is that of its step.
                Outcome::Rejected => {
                    let kind = StepKind::Receipt { weighed: None, hidden: false };
                    self.step(event, kind, body.facility, &[], Vec::new(), Vec::new());
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
        inputs: Vec<LotId>,
        outputs: Vec<LotId>,
    ) {
        let year = u16::try_from(event.payload.when.end().date().year()).unwrap_or(0);
        let (inputs, outputs) = (inputs.into(), outputs.into());
        self.steps.push(Step { event: event.id, kind, facility, year, processes: processes.into(), inputs, outputs });
    }

    fn correct(&mut self, by: EventId, body: &Correct) {
        if body.action == CorrectAction::Withdraw {
            if let Some(lot) = self.assayed.get(&body.target).and_then(|lot| self.lots.get_mut(lot)) {
                lot.assays.retain(|assay| assay.event != body.target);
            }
            if let Some((first, end)) = self.steps_of.remove(&body.target) {
                let undone = self.steps.get_mut(first..end).unwrap_or_default();
                undone.iter_mut().for_each(|step| (step.inputs, step.outputs) = (Box::default(), Box::default()));
            }
        }
        let mut overlays = std::mem::take(&mut self.overlays);
        overlays.observe(by, body, &mut |put| self.put(by, &put));
        self.overlays = overlays;
    }

    /// Puts a corrected value where pass one keeps it; a value of another type than the leaf's changes nothing.
    fn put(&mut self, by: EventId, put: &Put<'_>) {
        if let ("/body", "results", Some(lot)) = (put.object, put.leaf, self.assayed.get(&put.event)) {
            let Some(lot) = self.lots.get_mut(lot) else { return };
            match (put.value, from_json::<Vec<AnalyteValue>>(put)) {
                (None, _) => lot.hide_results(put.event),
                (_, Some(lines)) => lot.set_results(put.event, &lines),
                _ => {}
            }
            return;
        }
        let number = |list: &str| put.object.strip_prefix("/body/")?.strip_prefix(list)?.strip_prefix('/');
        if let Some(output) = number("outputs").and_then(|number| number.parse().ok()) {
            let Some(lot) = self.lots.get_mut(&LotId::new(put.event, output)) else { return };
            match (put.leaf, put.value) {
                ("quantity", None) => lot.hide_quantity(),
                ("composition", None) => lot.hide_composition(),
                ("quantity", _) => from_json(put).iter().for_each(|quantity| lot.set_quantity(quantity)),
                ("composition", _) => from_json(put).iter().for_each(|lines: &Vec<_>| lot.set_composition(lines)),
                _ => return,
            }
            lot.corrected_by = Some(by);
        } else if let (Some(line), "quantity") = (number("lots"), put.leaf) {
            self.put_receipt(put, line, by);
        }
    }

    fn put_receipt(&mut self, put: &Put<'_>, line: &str, by: EventId) {
        let Ok(line) = line.parse::<usize>() else { return };
        let Some((first, end)) = self.steps_of.get(&put.event).copied() else { return };
        let steps = self.steps.get_mut(first..end).unwrap_or_default();
        let Some(step) = steps.get_mut(line) else { return };
        if let StepKind::Receipt { weighed, hidden } = &mut step.kind {
            match (put.value, from_json::<Quantity>(put)) {
                (None, _) => (*weighed, *hidden) = (None, true),
                (_, Some(quantity)) => (*weighed, *hidden) = (Some(quantity.net_dry), false),
                _ => return,
            }
            if let Some(lot) = step.inputs.first().and_then(|lot| self.lots.get_mut(lot)) {
                lot.corrected_by = Some(by);
            }
        }
    }
}

/// The value as what the leaf holds; `None` where it is not shown or is of another type.
fn from_json<T: serde::de::DeserializeOwned>(put: &Put<'_>) -> Option<T> {
    T::deserialize(put.value?).ok()
}
