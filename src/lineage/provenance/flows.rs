//! A lineage in numbers, and the backward pass over it.

use super::share::shares;
use super::{Attribution, Interval, Origin, Pass, Source};
use crate::value::Element;
use std::collections::{BTreeMap, HashMap};

/// What a step did with some lots: all of `outputs` come from all of `inputs`.
///
/// A lot that is moved or weighed anew is both input and output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Passage {
    /// Number of the step.
    pub step: usize,
    /// Numbers of the lots that came out.
    pub outputs: Vec<usize>,
    /// Numbers of the lots that went in, each with the way in which it did; none where lots enter the lineage.
    pub inputs: Vec<(usize, Pass)>,
}

/// What the inputs of a passage held of an element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Weights {
    /// For each input, in order; `None` where it cannot hold any by what is stated in clear.
    pub inputs: Vec<Option<Interval>>,
    /// What came out above what went in, and whether the values shown say so; `None` where nothing did.
    pub gain: Option<(Interval, bool)>,
}

/// A lineage in numbers.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Flows {
    /// Number of the subject.
    pub subject: usize,
    /// How many lots there are.
    pub lots: usize,
    /// How many steps there are.
    pub steps: usize,
    /// All passages, none before one whose outputs it uses.
    pub passages: Vec<Passage>,
    /// What the subject holds of each element, in the order of [`Element`].
    pub totals: Vec<(Element, Interval)>,
    /// Weights of passages by element and number of the passage. A passage with one input that may hold some of the element,
    /// and without gain, needs none; nor does one that only moves a lot.
    pub weights: HashMap<(Element, usize), Weights>,
    /// By number of the lot: elements that it may hold by what is stated or shown.
    pub holds: Vec<Vec<Element>>,
}

/// What is under way backward from a lot, by the way in which it will have come.
type Flow = [Option<Interval>; 3];

const WAYS: [Pass; 3] = [Pass::Straight, Pass::Loop, Pass::Recycled];

fn add(flow: &mut Flow, pass: Pass, mass: Interval) {
    for (slot, way) in flow.iter_mut().zip(WAYS) {
        if way == pass {
            *slot = Some(slot.map_or(mass, |before| before.plus(mass)));
        }
    }
}

fn sum(flow: &Flow) -> Option<Interval> {
    flow.iter().flatten().copied().reduce(Interval::plus)
}

impl Flows {
    /// Attributes an element of the subject to everything upstream; `None` where the subject does not hold it.
    #[must_use]
    pub fn attribute(&self, element: Element) -> Option<Attribution> {
        Some(self.back(element, &|_| false)?.finish())
    }

    /// The last steps for which `is_end` holds on each way from the subject backward, with the mass that came through each
    /// as the last of them; and where it comes from what came through none.
    #[must_use]
    pub fn last(&self, element: Element, is_end: &dyn Fn(usize) -> bool) -> Vec<Origin> {
        self.back(element, is_end).map_or_else(Vec::new, |back| back.finish().origins)
    }

    /// Attributes every element that the subject holds.
    #[must_use]
    pub fn attribute_all(&self) -> super::Provenance {
        super::Provenance { elements: self.totals.iter().filter_map(|(element, _)| self.attribute(*element)).collect() }
    }

    fn back(&self, element: Element, is_end: &dyn Fn(usize) -> bool) -> Option<Back<'_>> {
        let total = self.totals.iter().find(|(held, _)| *held == element)?.1;
        let mut back = Back {
            flows: self,
            element,
            total,
            open: vec![[None; 3]; self.lots],
            lots: vec![None; self.lots],
            steps: vec![None; self.steps],
            origins: BTreeMap::new(),
        };
        if let Some(open) = back.open.get_mut(self.subject) {
            add(open, Pass::Straight, total);
        }
        for (number, passage) in self.passages.iter().enumerate().rev() {
            back.passage(number, passage, is_end);
        }
        Some(back)
    }

    fn may_hold(&self, lot: usize, element: Element) -> bool {
        self.holds.get(lot).is_some_and(|held| held.contains(&element))
    }
}

/// One backward pass.
struct Back<'a> {
    flows: &'a Flows,
    element: Element,
    total: Interval,
    /// By lot: what later passages attributed to it and has not been passed on.
    open: Vec<Flow>,
    lots: Vec<Option<Interval>>,
    steps: Vec<Option<Interval>>,
    origins: BTreeMap<(Source, Pass), Interval>,
}

impl Back<'_> {
    fn passage(&mut self, number: usize, passage: &Passage, is_end: &dyn Fn(usize) -> bool) {
        let mut flow: Flow = [None; 3];
        for lot in &passage.outputs {
            let taken = self.take(*lot);
            for (pass, mass) in WAYS.into_iter().zip(taken) {
                let Some(mass) = mass else { continue };
                add(&mut flow, pass, mass);
                if passage.inputs.is_empty() && !is_end(passage.step) {
                    self.origin(Source::Lot(*lot), pass, mass);
                }
            }
        }
        let Some(all) = sum(&flow) else { return };
        self.pass_through(passage.step, all);
        if is_end(passage.step) {
            for (pass, mass) in WAYS.into_iter().zip(flow) {
                mass.into_iter().for_each(|mass| self.origin(Source::Step(passage.step), pass, mass));
            }
        } else if !passage.inputs.is_empty() {
            self.share(number, passage, &flow);
        }
    }

    /// Takes what is open at a lot; the first time, that is all that came through it.
    fn take(&mut self, lot: usize) -> Flow {
        let Some(open) = self.open.get_mut(lot) else { return [None; 3] };
        let taken = std::mem::take(open);
        let total = self.total;
        if let (Some(slot), Some(all)) = (self.lots.get_mut(lot), sum(&taken)) {
            slot.get_or_insert(within(all, total));
        }
        taken
    }

    fn pass_through(&mut self, step: usize, mass: Interval) {
        let total = self.total;
        if let Some(slot) = self.steps.get_mut(step) {
            *slot = Some(within(slot.map_or(mass, |before| before.plus(mass)), total));
        }
    }

    fn origin(&mut self, source: Source, pass: Pass, mass: Interval) {
        let total = self.total;
        let slot = self.origins.entry((source, pass)).or_default();
        *slot = within(slot.plus(mass), total);
    }

    /// Shares what came out of a passage over what went in.
    fn share(&mut self, number: usize, passage: &Passage, flow: &Flow) {
        let (element, flows) = (self.element, self.flows);
        let weights = flows.weights.get(&(element, number));
        let mut to: Vec<(Option<usize>, Pass)> = Vec::with_capacity(passage.inputs.len() + 1);
        let mut by: Vec<Interval> = Vec::with_capacity(passage.inputs.len() + 1);
        for (at, (lot, pass)) in passage.inputs.iter().enumerate() {
            let weight = match weights {
                Some(weights) => weights.inputs.get(at).copied().flatten(),
                None => {
                    let holds = passage.outputs.contains(lot) || flows.may_hold(*lot, element);
                    holds.then_some(Interval::UNKNOWN)
                }
            };
            if let Some(weight) = weight {
                to.push((Some(*lot), *pass));
                by.push(weight);
            }
        }
        let mut shown = true;
        let gain = weights.and_then(|weights| weights.gain);
        if let Some((gain, is_shown)) = gain {
            shown = is_shown;
            to.push((None, Pass::Straight));
            by.push(gain);
        }
        if by.iter().all(|weight| weight.most == 0) {
            // Nothing that went in holds any of it.
            to.push((None, Pass::Straight));
            by.push(Interval::exact(1));
        }
        for (pass, mass) in WAYS.into_iter().zip(*flow) {
            let Some(mass) = mass else { continue };
            for ((lot, way), share) in to.iter().zip(shares(mass, &by)) {
                match lot.and_then(|lot| self.open.get_mut(lot)) {
                    Some(open) => add(open, pass.max(*way), share),
                    None => self.origin(Source::Gain { step: passage.step, shown }, pass, share),
                }
            }
        }
    }

    fn finish(mut self) -> Attribution {
        for lot in 0..self.open.len() {
            let left = self.take(lot);
            for (pass, mass) in WAYS.into_iter().zip(left) {
                mass.into_iter().for_each(|mass| self.origin(Source::Lot(lot), pass, mass));
            }
        }
        let origins = self.origins.into_iter().map(|((source, pass), mass)| Origin { source, pass, mass });
        let origins = narrowed(self.total, origins.collect());
        Attribution { element: self.element, total: self.total, lots: self.lots, steps: self.steps, origins }
    }
}

/// No milligram goes through a lot or step twice, so no more than all of the subject's did.
fn within(mass: Interval, total: Interval) -> Interval {
    let most = mass.most.min(total.most);
    Interval { least: mass.least.min(most), most }
}

/// All sources together are all of the subject's: what the others cannot be, one must be.
fn narrowed(total: Interval, mut origins: Vec<Origin>) -> Vec<Origin> {
    let least: u128 = origins.iter().map(|origin| u128::from(origin.mass.least)).sum();
    let most: u128 = origins.iter().map(|origin| u128::from(origin.mass.most)).sum();
    for origin in &mut origins {
        let mass = &mut origin.mass;
        let (others_least, others_most) = (least - u128::from(mass.least), most - u128::from(mass.most));
        if total.most != u64::MAX {
            let left = u128::from(total.most).saturating_sub(others_least);
            mass.most = mass.most.min(u64::try_from(left).unwrap_or(u64::MAX));
        }
        let left = u128::from(total.least).saturating_sub(others_most);
        mass.least = mass.least.max(u64::try_from(left).unwrap_or(0)).min(mass.most);
    }
    origins
}
