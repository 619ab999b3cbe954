//! The trail in numbers: which lots came from which, what they held, and what came out above what went in.

use super::{Builder, held_of};
use crate::event::{Body, Event, Kind, Outcome, OutputRole};
use crate::lineage::provenance::{Flows, Interval, Pass, Passage, Weights};
use crate::policy::trail::TrailStep;
use crate::rules::data::facts;
use crate::value::{Element, EventId, LotId, PartyId};

impl Builder<'_> {
    /// The numbers of the trail for the subject with this number.
    pub(super) fn flows(&self, subject: usize) -> Flows {
        let holds = self.lots.iter().map(|lot| lot.amounts.iter().map(|amount| amount.element).collect()).collect();
        let held = self.lots.get(subject).into_iter().flat_map(|lot| &lot.amounts);
        let total = |amount: &crate::policy::trail::Amount| {
            (amount.element, Interval { least: amount.least, most: amount.most.unwrap_or(u64::MAX) })
        };
        let totals: Vec<(Element, Interval)> = held.map(total).collect();
        let (lots, steps) = (self.lots.len(), self.steps.len());
        let mut flows = Flows { subject, lots, steps, totals, holds, ..Flows::default() };
        let scrap = self.scrap();
        for (number, step) in self.steps.iter().enumerate() {
            if let Some((_, event)) = self.events.get(&step.event) {
                self.passages(&mut flows, number, step, event, &scrap);
            }
        }
        flows
    }

    fn passages(&self, flows: &mut Flows, number: usize, step: &TrailStep, event: &Event, scrap: &[Option<PartyId>]) {
        match &event.payload.body {
            Body::Dispatch(dispatch) => {
                dispatch
                    .lots
                    .iter()
                    .filter_map(|head| self.number(&head.lot))
                    .for_each(|lot| moved(flows, number, lot));
            }
            Body::Receive(receive) => {
                for (at, line) in receive.lots.iter().enumerate() {
                    let Some(lot) = self.number(&line.lot) else { continue };
                    let children = [line.accepted, line.returned].into_iter().flatten();
                    let made: Vec<usize> =
                        children.filter_map(|child| self.number(&LotId::new(event.id, child))).collect();
                    self.weigh(flows, event.id, at, &[line.lot], &[(lot, Pass::Straight)]);
                    if line.outcome == Outcome::Partial && !made.is_empty() {
                        flows.passages.push(Passage {
                            step: number,
                            outputs: made,
                            inputs: vec![(lot, Pass::Straight)],
                        });
                    } else {
                        moved(flows, number, lot);
                    }
                }
            }
            body => {
                let heads: Vec<LotId> = body.heads().iter().map(|head| head.lot).collect();
                let inputs: Vec<(usize, Pass)> =
                    step.inputs.iter().map(|lot| (*lot, self.pass(step, *lot, scrap))).collect();
                self.weigh(flows, event.id, 0, &heads, &inputs);
                flows.passages.push(Passage { step: number, outputs: step.outputs.clone(), inputs });
            }
        }
    }

    /// Puts the weights of the passage that comes next, where they matter.
    fn weigh(&self, flows: &mut Flows, event: EventId, line: usize, heads: &[LotId], inputs: &[(usize, Pass)]) {
        let next = flows.passages.len();
        for (element, _) in flows.totals.clone() {
            let Some(found) = self.settled().weights(&event, line, element) else { continue };
            // Lots that are named and not at hand have no number; what they may hold is in the gain.
            let mut by_lot = heads.iter().zip(&found.inputs).filter(|(lot, _)| self.number(lot).is_some());
            let weight = |(lot, _): &(usize, Pass)| {
                let (_, weight) = by_lot.next()?;
                let lot = self.lots.get(*lot)?;
                if self.settled().knows(&lot.id) { *weight } else { held_of(self.settled(), lot, element) }
            };
            let weights: Vec<Option<Interval>> = inputs.iter().map(weight).collect();
            let holds = |lot: usize| flows.holds.get(lot).is_some_and(|held| held.contains(&element));
            let is_plain = match (inputs, weights.as_slice()) {
                ([(lot, _)], [weight]) => weight.map(|held| held.most > 0) == holds(*lot).then_some(true),
                _ => false,
            };
            if found.gain.is_some() || !is_plain {
                flows.weights.insert((element, next), Weights { inputs: weights, gain: found.gain });
            }
        }
    }

    /// By lot: whose scrap it is, through splits, blends, receipts and mere handling.
    fn scrap(&self) -> Vec<Option<PartyId>> {
        let mut of: Vec<Option<PartyId>> = vec![None; self.lots.len()];
        for step in &self.steps {
            let inherited = step.inputs.iter().find_map(|lot| of.get(*lot).copied().flatten());
            for lot in step.outputs.iter().filter(|lot| !step.inputs.contains(lot)) {
                let is_scrap =
                    self.lots.get(*lot).is_some_and(|lot| matches!(lot.role, OutputRole::Scrap | OutputRole::Residue));
                let whose = if is_handling(step) { inherited } else { is_scrap.then_some(step.by) };
                if let Some(slot) = of.get_mut(*lot) {
                    *slot = whose;
                }
            }
        }
        of
    }

    /// The way in which an input went into a step.
    fn pass(&self, step: &TrailStep, lot: usize, scrap: &[Option<PartyId>]) -> Pass {
        match scrap.get(lot).copied().flatten() {
            Some(maker) if !is_handling(step) => {
                let same = self.evidence.trust.are_related(&maker, &step.by);
                if same { Pass::Loop } else { Pass::Recycled }
            }
            _ => Pass::Straight,
        }
    }
}

/// Whether a step only divides, mixes, moves or refills.
fn is_handling(step: &TrailStep) -> bool {
    match step.kind {
        Kind::Transform => step.processes.iter().all(|process| facts(*process).stage.is_none()),
        kind => kind != Kind::Source,
    }
}

/// A lot that an event moves.
fn moved(flows: &mut Flows, step: usize, lot: usize) {
    flows.passages.push(Passage { step, outputs: vec![lot], inputs: vec![(lot, Pass::Straight)] });
}
