//! Between the passes: one sweep over the steps in the order recorded, which decides what depends on all facts.
//!
//! - Assays count where their issuer made or took over the lot, or is a laboratory the verifier trusts for them.
//! - Parts of a split, blends and tested lots without a composition of their own get that of their inputs.
//! - **Gains along the lineage.** Each lot carries the sum of the gains upstream of it, per element, that stayed within
//!   the tolerance of their step, and the squares of those tolerances. A step divides what its inputs carry over the
//!   outputs in proportion to their content; where less comes out than went in, the carried gain shrinks alike. Where
//!   the sum exceeds the root of the squares it is found, once, at the step that gained. Chance gains of n steps grow
//!   with the root of n, so honest noise stays below; eight gains of nine tenths of the tolerance do not. One pass over
//!   steps and lots, whatever the number of paths.
//! - Throughput of facilities by process and year; lots downstream of a broken rule.

use super::balance::{Balance, Flow};
use super::compact::Elements;
use super::facts::Facts;
use super::lots::Lot;
use super::mass;
use super::shares::{FINE, Share};
use super::steps::{Before, Step, StepKind};
use crate::event::{AssayStatus, Capacity, OutputRole, Process, Scheme, Subject};
use crate::finding::Severity;
use crate::rules::accreditation::Question;
use crate::rules::data::Operation;
use crate::rules::trust::Trust;
use crate::state::numbers::{EventNo, LotNo};
use crate::state::{View, ViewError};
use crate::value::{DigestMap, Element, EventId, FacilityId, LotId, Mass, PartyId, Time};
use std::collections::{BTreeSet, HashMap};

/// A gain along the lineage that exceeds what chance allows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LineageGain {
    pub(super) element: Element,
    pub(super) mg: u128,
    pub(super) allowed: u128,
}

/// A year's throughput above the registered capacity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Overrun {
    pub(super) process: Process,
    pub(super) year: u16,
    pub(super) capacity: Mass,
    pub(super) mg: u128,
}

#[derive(Debug, Clone, Copy)]
struct Carried {
    element: Element,
    gain: u128,
    /// Sum of squared tolerances, mg².
    squares: u128,
}

/// Facts with everything decided that depends on all of them; see [`Facts::settle`].
#[derive(Debug, Clone, Default)]
pub struct Settled {
    pub(super) facts: Facts,
    pub(super) lineage_gains: DigestMap<EventNo, Vec<LineageGain>>,
    overruns: DigestMap<EventNo, Vec<Overrun>>,
    tainted: DigestMap<LotNo, EventNo>,
}

impl Settled {
    pub(super) fn new(facts: Facts, view: &dyn View, trust: &Trust, as_of: Time) -> Result<Self, ViewError> {
        let mut settled = Self { facts, ..Self::default() };
        settled.count_assays(view, trust, as_of)?;
        let mut steps = std::mem::take(&mut settled.facts.steps);
        let mut sweep = Sweep { settled: &mut settled, view, carried: DigestMap::default(), passed: HashMap::new() };
        for number in 0..steps.count() {
            let before = steps.get(number).map_or(Ok(None), |step| sweep.step(step))?;
            before.into_iter().for_each(|before| steps.set_before(number, before));
        }
        settled.facts.steps = steps;
        Ok(settled)
    }

    /// The accreditations of the history.
    #[must_use]
    pub fn accreditations(&self) -> &crate::rules::accreditation::Accreditations {
        &self.facts.accreditations
    }

    /// The event upstream of a lot, or the one that made it, that breaks a rule.
    #[must_use]
    pub fn tainted_by(&self, lot: &LotId) -> Option<EventId> {
        let cause = self.tainted.get(&self.facts.numbers.find_lot(lot)?)?;
        self.facts.numbers.event_id(*cause)
    }

    /// The last correction of an event.
    #[must_use]
    pub fn corrected_by(&self, event: &EventId) -> Option<EventId> {
        self.facts.overlays.last(event)
    }

    /// Years in which an event brought its facility over a registered capacity.
    pub(super) fn overruns_of(&self, event: &EventId) -> &[Overrun] {
        let found = self.facts.numbers.find_event(event).and_then(|event| self.overruns.get(&event));
        found.map_or(&[], Vec::as_slice)
    }

    pub(super) fn balance(&self, number: u32) -> Option<Balance<'_>> {
        let step = self.facts.steps.get(number)?;
        Some(Balance { facts: &self.facts, step, before: step.before.map(|before| before.mass) })
    }

    fn count_assays(&mut self, view: &dyn View, trust: &Trust, as_of: Time) -> Result<(), ViewError> {
        let Facts { numbers, lots, accreditations, .. } = &mut self.facts;
        lots.judge(|lot, assay| {
            let is_party = lot.parties.contains(&assay.by);
            assay.counts = is_party;
            let (event, by) = (numbers.event_id(assay.event), numbers.event_id(assay.by).map(PartyId::from));
            if let (false, Some(event), Some(by)) = (is_party, event, by)
                && let Some(event) = view.event(&event)?
            {
                let question = Question {
                    subject: event.facility.map_or(Subject::Party(by), Subject::Facility),
                    scheme: Scheme::Iso17025,
                    country: view.party(&by)?.map(|party| party.country),
                    processes: &[],
                    method: None,
                    matrix: Some(lot.form),
                    analytes: &[],
                    from: event.when.start(),
                    to: event.when.end(),
                };
                let listed = trust.laboratories.iter().any(|entry| entry.party == by);
                assay.counts = listed || accreditations.laboratory(by, &question, trust, view, as_of)?.is_accredited();
            }
            // An umpire stands between the parties: neither of them is one.
            if is_party && assay.status == AssayStatus::Umpire {
                assay.status = AssayStatus::Final;
            }
            Ok(())
        })
    }
}

struct Sweep<'a> {
    settled: &'a mut Settled,
    view: &'a dyn View,
    carried: DigestMap<LotNo, Vec<Carried>>,
    passed: HashMap<(EventNo, Process, u16), u128>,
}

impl Sweep<'_> {
    /// Sweeps over one step; gives the mass before its receiver weighed anew.
    fn step(&mut self, step: Step<'_>) -> Result<Option<Before>, ViewError> {
        self.derive(&step);
        let first = step.inputs.first().and_then(|lot| self.settled.facts.lots.get(*lot));
        let booked = first.and_then(|lot| Some(Before { mass: lot.booked()?, hidden: lot.mass_hidden }));
        let before = booked.filter(|_| matches!(step.kind, StepKind::Receipt { .. }));
        let balance = Balance { facts: &self.settled.facts, step, before: booked.map(|before| before.mass) };
        let broken = mass::problems(&balance).iter().any(|problem| problem.code().severity() == Severity::Breach);
        let (gains, carried) = self.carry(&balance);
        let is_breached = broken || !gains.is_empty() || self.settled.facts.breached.contains(&step.event);
        if !gains.is_empty() {
            self.settled.lineage_gains.entry(step.event).or_default().extend(gains);
        }
        self.carried.extend(carried);
        self.taint(&step, is_breached);
        self.pass_through(&step)?;
        if let (StepKind::Receipt { weighed, hidden }, Some(id)) = (step.kind, step.inputs.first())
            && let Some(lot) = self.settled.facts.lots.get_mut(*id)
        {
            weighed.into_iter().for_each(|weighed| lot.receive(weighed));
            lot.mass_hidden |= hidden;
        }
        Ok(before)
    }

    /// Gives outputs without composition that of the inputs, where the step keeps it; what an assay says stands.
    fn derive(&mut self, step: &Step<'_>) {
        let lots = &self.settled.facts.lots;
        let parts = matches!(step.kind, StepKind::Split | StepKind::Division);
        let keeps = parts
            || step.kind == StepKind::Blend
            || (step.kind == StepKind::Transform && Operation::of(step.processes).keeps_composition());
        let bare = |id: &&LotNo| lots.get(**id).is_some_and(|lot| lot.stated().is_empty());
        let outputs: Vec<LotNo> = if keeps { step.outputs.iter().filter(bare).copied().collect() } else { Vec::new() };
        let by_other = parts && step.inputs.iter().any(|id| lots.get(*id).is_some_and(|lot| lot.assayed_by_other));
        if !outputs.is_empty() {
            let mean = mean(&self.settled.facts, step.inputs);
            let elements = Element::ALL.iter().copied();
            let hidden: Elements = elements.filter(|element| self.settled.rests_on_hidden(step, *element)).collect();
            for id in outputs {
                let Some(lot) = self.settled.facts.lots.get(id) else { continue };
                let stated: Vec<Share> = mean.iter().filter(|share| !lot.is_assayed(share.element)).copied().collect();
                self.settled.facts.lots.derive(id, &stated, hidden);
            }
        }
        for id in step.outputs.iter().filter(|_| by_other) {
            if let Some(lot) = self.settled.facts.lots.get_mut(*id) {
                lot.assayed_by_other = true;
            }
        }
    }

    /// What the outputs carry, and what is found at this step.
    fn carry(&self, balance: &Balance<'_>) -> (Vec<LineageGain>, Vec<(LotNo, Vec<Carried>)>) {
        let step = balance.step;
        let carried_in = |element| {
            let all = step.inputs.iter().filter_map(|id| self.carried.get(id)).flatten();
            let some = all.filter(|carried: &&Carried| carried.element == element);
            some.fold((0u128, 0u128), |(gain, squares), c| {
                (gain.saturating_add(c.gain), squares.saturating_add(c.squares))
            })
        };
        let known = step.inputs.iter().filter_map(|id| self.carried.get(id)).flatten().map(|carried| carried.element);
        let mut elements: BTreeSet<Element> = known.collect();
        if !step.inputs.is_empty() {
            elements.extend(balance.elements());
        }
        let mut found = Vec::new();
        let mut outputs: HashMap<LotNo, Vec<Carried>> = HashMap::new();
        for element in elements {
            let flow = balance.least_out(&balance.flow(element));
            let (mut gain, mut squares) = carried_in(element);
            let own = own_gain(balance, &flow);
            if gain == 0 && own == 0 {
                continue;
            }
            if flow.output.mg < flow.input.mg {
                gain = proportion(gain, flow.output.mg, flow.input.mg);
                let once = proportion(squares, flow.output.mg, flow.input.mg);
                squares = proportion(once, flow.output.mg, flow.input.mg);
            }
            if own > 0 {
                gain = gain.saturating_add(own);
                squares = squares.saturating_add(flow.tolerance().saturating_mul(flow.tolerance()));
                if gain > squares.isqrt() {
                    found.push(LineageGain { element, mg: gain, allowed: squares.isqrt() });
                }
            }
            for (id, part, whole) in weights(balance, element) {
                let squares = proportion(proportion(squares, part, whole), part, whole);
                let carried = Carried { element, gain: proportion(gain, part, whole), squares };
                outputs.entry(id).or_default().push(carried);
            }
        }
        // A lot that is received again carries this step's sums, which hold the earlier ones.
        (found, outputs.into_iter().collect())
    }

    fn taint(&mut self, step: &Step<'_>, is_breached: bool) {
        let inherited = step.inputs.iter().find_map(|id| self.settled.tainted.get(id)).copied();
        if let Some(cause) = inherited.or(is_breached.then_some(step.event)) {
            self.settled.tainted.extend(step.outputs.iter().map(|id| (*id, cause)));
        }
    }

    /// Adds the products of a step to the year of its facility.
    fn pass_through(&mut self, step: &Step<'_>) -> Result<(), ViewError> {
        if step.processes.is_empty() {
            return Ok(());
        }
        let facility = self.settled.facts.numbers.event_id(step.facility).map(FacilityId::from);
        let record = facility.map_or(Ok(None), |facility| self.view.facility(&facility))?;
        let Some(record) = record else { return Ok(()) };
        let products = self.settled.facts.known(step.outputs).filter(|(_, lot)| lot.role == OutputRole::Product);
        let made = Mass::sum_mg(products.filter_map(|(_, lot)| lot.made()));
        for process in step.processes.iter().copied().collect::<BTreeSet<Process>>() {
            let covers = |c: &&Capacity| c.process == process && c.year.is_none_or(|year| year == step.year);
            let Some(capacity) = record.facility.capacity.iter().filter(covers).max_by_key(|c| c.year) else {
                continue;
            };
            let sum = self.passed.entry((step.facility, process, step.year)).or_default();
            let (before, limit) = (*sum, u128::from(capacity.mass.mg()));
            *sum = sum.saturating_add(made);
            if before <= limit && *sum > limit {
                let overrun = Overrun { process, year: step.year, capacity: capacity.mass, mg: *sum };
                self.settled.overruns.entry(step.event).or_default().push(overrun);
            }
        }
        Ok(())
    }
}

/// A step's own gain, where it stays within its tolerance; a larger one is found by itself.
fn own_gain(balance: &Balance<'_>, flow: &Flow) -> u128 {
    let gain = if balance.operation().adds(flow.element) { 0 } else { flow.gain().unwrap_or(0) };
    if gain > flow.tolerance() { 0 } else { gain }
}

/// How an element is divided over the outputs: by content where measured, else by mass.
fn weights(balance: &Balance<'_>, element: Element) -> Vec<(LotNo, u128, u128)> {
    let ids = balance.facts.known(balance.step.outputs).map(|(id, _)| id);
    let lots: Vec<_> = ids.zip(balance.outputs()).collect();
    let by = |weight: &dyn Fn(Lot<'_>, Mass) -> u128| -> Vec<(LotNo, u128)> {
        lots.iter().filter_map(|(id, (lot, net))| Some((*id, weight(*lot, (*net)?)))).filter(|(_, w)| *w > 0).collect()
    };
    let content = by(&|lot, net| lot.share(element).filter(|s| s.measured).map_or(0, |share| share.mg(net)));
    let chosen = if content.is_empty() { by(&|_, net| u128::from(net.mg())) } else { content };
    let whole: u128 = chosen.iter().map(|(_, weight)| weight).sum();
    chosen.into_iter().map(|(id, weight)| (id, weight, whole)).collect()
}

/// `value × part / whole`, rounded down, for a part of the whole.
fn proportion(value: u128, part: u128, whole: u128) -> u128 {
    let whole = whole.max(1);
    let part = part.min(whole);
    // Where the product is too large, the quotient comes first: it loses less than `part`, far below the value.
    value.checked_mul(part).map_or_else(|| (value / whole).saturating_mul(part), |product| product / whole)
}

/// The mass-weighted mean composition of lots; an element that is open in one of them is left out.
pub(super) fn mean(facts: &Facts, inputs: &[LotNo]) -> Vec<Share> {
    let lots: Vec<_> = facts.known(inputs).collect();
    if let [(_, one)] = lots.as_slice() {
        return Element::ALL.iter().filter_map(|element| one.own_share(*element)).collect();
    }
    let masses: Option<Vec<Mass>> = lots.iter().map(|(_, lot)| lot.booked()).collect();
    let total = masses.map_or(0, Mass::sum_mg);
    if total == 0 || lots.len() != inputs.len() {
        return Vec::new();
    }
    let share = |element: &Element| {
        let shares: Vec<Share> = lots.iter().filter_map(|(_, lot)| lot.own_share(*element)).collect();
        let is_open = lots.iter().any(|(_, lot)| lot.lists(*element) && lot.own_share(*element).is_none());
        let mg: u128 = lots.iter().filter_map(|(_, lot)| Some(lot.own_share(*element)?.mg(lot.booked()?))).sum();
        let of_net = u64::try_from(mg.saturating_mul(u128::from(FINE)) / total).ok()?;
        let measured = shares.iter().all(|share| share.measured);
        let mean = Share { element: *element, of_net, measured, uncertainty: None, assayed: false };
        (!shares.is_empty() && !is_open).then_some(mean)
    };
    Element::ALL.iter().filter_map(share).collect()
}
