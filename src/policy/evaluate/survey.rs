//! What of a trail every policy asks: how far each step lies from the lot, what is done with each lot next, and where an
//! element of the lot came in from nowhere.

use super::unlisted::Unlisted;
use crate::event::{Form, Kind, SourceKind, Stage};
use crate::finding::{Code, Family, Finding, Severity};
use crate::lineage::provenance::{Attribution, Flows, Interval, Origin, Source};
use crate::policy::trail::{Trail, TrailStep};
use crate::policy::upstream::parents;
use crate::rules::data::facts;
use crate::value::{Element, EventId};
use std::collections::{BTreeMap, BTreeSet};

/// A trail with what follows from it for every policy.
pub(super) struct Survey<'a> {
    pub(super) trail: &'a Trail,
    /// By number of the step: how many steps lie between it and the subject, on the shortest path.
    back: Vec<u32>,
    /// By number of the lot: the stage of what is done with it next.
    next: Vec<Option<Stage>>,
    /// By element: where it came in from nowhere.
    gaps: BTreeMap<Element, Vec<Gap>>,
    unlisted: Unlisted,
}

/// Where an element came in without anything that says from where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Gap {
    /// A step out of which more came than went in, or a lot whose making is not at hand.
    pub(super) source: Source,
    /// Number of a lot that has it.
    pub(super) lot: usize,
    /// How much of the subject's.
    pub(super) mass: Interval,
}

impl Gap {
    /// Number of the step; none where the making of the lot is not at hand.
    pub(super) const fn step(&self) -> Option<usize> {
        match self.source {
            Source::Gain { step, .. } | Source::Step(step) => Some(step),
            Source::Lot(_) => None,
        }
    }
}

impl<'a> Survey<'a> {
    /// `asked` are the elements that may count though the lot does not list them.
    pub(super) fn of(trail: &'a Trail, asked: &BTreeSet<Element>) -> Self {
        let mut lot_back = vec![u32::MAX; trail.lots.len()];
        let mut back = vec![u32::MAX; trail.steps.len()];
        let mut next = vec![None; trail.lots.len()];
        if let Some(own) = lot_back.get_mut(trail.subject) {
            *own = 0;
        }
        // Against the order of the steps all that is made of a lot comes before what made it.
        for (number, step) in trail.steps.iter().enumerate().rev() {
            let from = step.outputs.iter().filter_map(|lot| lot_back.get(*lot)).min().copied().unwrap_or(u32::MAX);
            if let Some(slot) = back.get_mut(number) {
                *slot = from;
            }
            let stage = stage_of(step);
            for lot in parents(step) {
                if let Some(slot) = lot_back.get_mut(lot).filter(|_| from != u32::MAX) {
                    *slot = (*slot).min(from + 1);
                }
                let onward = stage.or_else(|| step.outputs.iter().find_map(|output| *next.get(*output)?));
                if let Some(slot) = next.get_mut(lot).filter(|_| from != u32::MAX) {
                    *slot = onward;
                }
            }
        }
        let mut survey = Self { trail, back, next, gaps: BTreeMap::new(), unlisted: Unlisted::of(trail, asked) };
        let elements = trail.provenance.elements.iter().chain(&survey.unlisted.attributions);
        survey.gaps = elements.map(|attribution| (attribution.element, survey.find_gaps(attribution))).collect();
        survey
    }

    /// Where an element of the lot came through, or one that it may hold and does not list.
    pub(super) fn attribution(&self, element: Element) -> Option<&Attribution> {
        self.unlisted.attribution(element).or_else(|| self.trail.provenance.element(element))
    }

    /// What the attribution of an element is computed from.
    pub(super) fn flows(&self, element: Element) -> &Flows {
        if self.unlisted.attribution(element).is_some() { &self.unlisted.flows } else { &self.trail.flows }
    }

    /// Elements that the lot may hold and does not list.
    pub(super) fn unlisted(&self) -> impl Iterator<Item = Element> {
        self.unlisted.attributions.iter().map(|attribution| attribution.element)
    }

    /// Where an element of the lot came in from nowhere.
    pub(super) fn gaps(&self, element: Element) -> &[Gap] {
        self.gaps.get(&element).map_or(&[], Vec::as_slice)
    }

    pub(super) fn steps_back(&self, step: usize) -> u32 {
        self.back.get(step).copied().unwrap_or(u32::MAX)
    }

    /// The stage of what is done with a lot next.
    pub(super) fn next(&self, lot: usize) -> Option<Stage> {
        self.next.get(lot).copied().flatten()
    }

    pub(super) fn form(&self, lot: usize) -> Option<Form> {
        self.trail.lots.get(lot).map(|lot| lot.form)
    }

    /// The lots of the lineage that a step made.
    pub(super) fn made(&self, number: usize, step: &'a TrailStep) -> impl Iterator<Item = usize> + use<'_, 'a> {
        let is_made = move |lot: &usize| self.trail.lots.get(*lot).is_some_and(|lot| lot.made_by == Some(number));
        step.outputs.iter().copied().filter(is_made)
    }

    fn find_gaps(&self, attribution: &Attribution) -> Vec<Gap> {
        let gap = |origin: &Origin| match origin.source {
            Source::Lot(lot) => {
                let is_unmade = self.trail.lots.get(lot).is_some_and(|lot| lot.made_by.is_none());
                is_unmade.then_some(Gap { source: origin.source, lot, mass: origin.mass })
            }
            // Values that are not shown leave room for a gain everywhere; that is none yet.
            Source::Gain { step, shown: true } => {
                let lot = self.made(step, self.trail.steps.get(step)?).next()?;
                Some(Gap { source: origin.source, lot, mass: origin.mass })
            }
            Source::Gain { .. } | Source::Step(_) => None,
        };
        attribution.origins.iter().filter_map(gap).collect()
    }

    /// The step by which the material of a source entered, where it entered by one.
    pub(super) fn source(&self, origin: &Origin) -> Option<(usize, &'a TrailStep)> {
        let Source::Lot(lot) = origin.source else { return None };
        let number = self.trail.lots.get(lot)?.made_by?;
        Some((number, self.trail.steps.get(number)?))
    }

    /// Breaches on steps that leave every answer open: the lineage is not what the rules of a ledger allow. Those of place
    /// and mass count where they matter, and are left out.
    pub(super) fn broken(&self) -> impl Iterator<Item = (&'a Finding, EventId)> {
        let counts = |finding: &&Finding| match finding.code {
            Code::KeyCompromised => true,
            code => code.severity() == Severity::Breach && !matches!(code.family(), Family::Place),
        };
        self.trail.steps.iter().flat_map(move |step| step.findings.iter().filter(counts).map(|one| (one, step.event)))
    }
}

/// The stage of what a step does, of the first process that has one.
pub(super) fn stage_of(step: &TrailStep) -> Option<Stage> {
    step.processes.iter().find_map(|process| facts(*process).stage)
}

/// Whether a step brings in material that was not mined there.
pub(super) fn enters(step: &TrailStep) -> bool {
    step.kind == Kind::Source && step.source.is_some_and(|source| source != SourceKind::Mined)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Process;
    use crate::policy::fixture::Story;

    #[test]
    fn the_shortest_path_counts() {
        let mut story = Story::new();
        let oxide = story.mine("US", Form::Oxide, &[("Nd", 100)]);
        let (left, right) = story.halve(oxide);
        let metal = story.process("GB", &[Process::Reduce], &[left], Form::Metal, &[("Nd", 50)]);
        let both = story.process("GB", &[Process::Melt], &[metal, right], Form::AlloyFlake, &[("Nd", 100)]);
        let trail = story.trail(both);
        let survey = Survey::of(&trail, &BTreeSet::new());
        assert_eq!([0, 1, 2, 3].map(|step| survey.steps_back(step)), [2, 1, 1, 0]);
        assert_eq!(survey.next(right), Some(Stage::Melted));
        assert_eq!(survey.next(oxide), Some(Stage::Reduced), "what is done with the first part");
        assert_eq!(survey.next(both), None);
    }

    #[test]
    fn what_comes_from_nowhere_is_a_gap() {
        let mut story = Story::new();
        let iron = story.mine("US", Form::Iron, &[("Fe", 100)]);
        let alloy = story.process("GB", &[Process::Melt], &[iron], Form::AlloyFlake, &[("Fe", 100), ("Nd", 30)]);
        story.steps[1].findings.push(Finding::new(Code::UnlistedElement, "none", "some"));
        story.steps[1].findings.push(Finding::new(Code::StaleHead, "one", "two"));
        let trail = story.trail(alloy);
        let survey = Survey::of(&trail, &BTreeSet::new());
        let source = Source::Gain { step: 1, shown: true };
        assert_eq!(survey.gaps(Element::Nd), [Gap { source, lot: alloy, mass: Interval::exact(30) }]);
        assert_eq!(survey.gaps(Element::Fe), []);
        let broken: Vec<Code> = survey.broken().map(|(finding, _)| finding.code).collect();
        assert_eq!(broken, [Code::StaleHead], "a warning breaks nothing");
    }
}
