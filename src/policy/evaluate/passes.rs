//! Which steps belong to the last pass of each bucket, where material went round a loop.
//!
//! Walked backward from the lot, buckets come in falling order: produced, then melted, and so on. A step of a higher bucket
//! than the lowest one met on the way belongs to an earlier pass, and so does what follows of the same bucket; a bucket not
//! met before is in its last pass wherever it turns up.

use super::survey::{Survey, enters};
use crate::event::Process;
use crate::lineage::provenance::Attribution;
use crate::policy::pack::Bucket;
use crate::policy::upstream::parents;
use crate::value::Text;
use std::collections::BTreeMap;

/// The most buckets of one range that are told apart: states of the walk are bits of a word.
const MOST_BUCKETS: usize = 15;

/// Steps of the last pass, by bucket.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct LastPass {
    steps: BTreeMap<Text, Vec<bool>>,
}

/// Where a walk stands: the lowest bucket met (`count` where none was), and whether an earlier pass has begun.
#[derive(Debug, Clone, Copy)]
struct State {
    lowest: usize,
    earlier: bool,
}

impl State {
    fn bit(self) -> u32 {
        1 << (2 * self.lowest + usize::from(self.earlier))
    }

    fn all(bits: u32, count: usize) -> impl Iterator<Item = Self> {
        let states = (0..=count).flat_map(|lowest| [false, true].map(|earlier| Self { lowest, earlier }));
        states.filter(move |state| bits & state.bit() != 0)
    }

    /// Meets a step of a bucket; whether that is its last pass.
    fn meets(&mut self, bucket: usize) -> bool {
        if bucket > self.lowest {
            self.earlier = true;
            return false;
        }
        let counts = bucket < self.lowest || !self.earlier;
        if bucket < self.lowest {
            *self = Self { lowest: bucket, earlier: false };
        }
        counts
    }

    /// Whether what is stated of a bucket before the material entered is of its last pass.
    const fn would_meet(self, bucket: usize) -> bool {
        bucket < self.lowest || (bucket == self.lowest && !self.earlier)
    }
}

impl LastPass {
    /// Of an element, for buckets in the order of making.
    pub(super) fn of(survey: &Survey<'_>, attribution: &Attribution, buckets: &[&Bucket]) -> Self {
        let buckets: Vec<&Bucket> = buckets.iter().copied().take(MOST_BUCKETS).collect();
        let trail = survey.trail;
        let count = buckets.len();
        let mut states = vec![0u32; trail.lots.len()];
        if let Some(slot) = states.get_mut(trail.subject) {
            *slot = State { lowest: count, earlier: false }.bit();
        }
        let mut counted = vec![vec![false; trail.steps.len()]; count];
        for (number, step) in trail.steps.iter().enumerate().rev() {
            if attribution.steps.get(number).copied().flatten().is_none() {
                continue;
            }
            let here = survey.made(number, step).filter_map(|lot| states.get(lot)).fold(0, |all, bits| all | bits);
            let mut onward = 0;
            let mut met = vec![false; count];
            for state in State::all(here, count) {
                let state = walk(&buckets, &step.processes, state, &mut met);
                if enters(step) {
                    met.iter_mut().enumerate().for_each(|(bucket, slot)| *slot |= state.would_meet(bucket));
                }
                onward |= state.bit();
            }
            for (bucket, _) in met.iter().enumerate().filter(|(_, met)| **met) {
                if let Some(slot) = counted.get_mut(bucket).and_then(|steps| steps.get_mut(number)) {
                    *slot = true;
                }
            }
            for lot in parents(step) {
                if let Some(slot) = states.get_mut(lot) {
                    *slot |= onward;
                }
            }
        }
        Self { steps: buckets.iter().map(|bucket| bucket.name.clone()).zip(counted).collect() }
    }

    /// Whether a step is in the last pass of a bucket.
    pub(super) fn counts(&self, bucket: &Text, step: usize) -> bool {
        self.steps.get(bucket).and_then(|steps| steps.get(step)).copied().unwrap_or(true)
    }
}

/// Goes back over the processes of a step.
fn walk(buckets: &[&Bucket], processes: &[Process], mut state: State, met: &mut [bool]) -> State {
    for process in processes.iter().rev() {
        let Some(bucket) = buckets.iter().position(|bucket| bucket.holds(*process)) else { continue };
        let counts = state.meets(bucket);
        if let Some(slot) = met.get_mut(bucket) {
            *slot |= counts;
        }
    }
    state
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Form, Process};
    use crate::policy::fixture::Story;
    use crate::policy::pack::find_built_in;
    use crate::value::Element;

    #[test]
    fn a_magnet_melted_again_has_its_last_alloy_and_its_first_mine() {
        let mut story = Story::new();
        let nd = [("Nd", 100)];
        let ore = story.mine("US", Form::Ore, &nd);
        let oxide = story.process("CN", &[Process::Leach, Process::Separate], &[ore], Form::Oxide, &nd);
        let metal = story.process("CN", &[Process::Reduce], &[oxide], Form::Metal, &nd);
        let alloy = story.process("CN", &[Process::Melt], &[metal], Form::AlloyFlake, &nd);
        let old = story.process("CN", &[Process::JetMill, Process::Sinter], &[alloy], Form::Magnet, &nd);
        let again = story.process("EE", &[Process::Collect, Process::RecycleRemelt], &[old], Form::AlloyFlake, &nd);
        let new = story.process("EE", &[Process::JetMill, Process::Sinter], &[again], Form::Block, &nd);
        let done = story.process("EE", &[Process::Magnetize], &[new], Form::Magnet, &nd);
        let trail = story.trail(done);
        let survey = Survey::of(&trail, &std::collections::BTreeSet::new());
        let pack = find_built_in("us-s857-disclosure").unwrap().unwrap();
        let buckets: Vec<&Bucket> = pack.file.buckets.iter().collect();
        let last = LastPass::of(&survey, trail.provenance.element(Element::Nd).unwrap(), &buckets);
        let counted = |bucket: &Bucket| {
            let steps = (0..trail.steps.len()).filter(|step| last.counts(&bucket.name, *step));
            steps.map(|step| step.to_string()).collect::<Vec<_>>().join(" ")
        };
        // Collection is where recycled material is `mined`; the oxide before it was made once only.
        assert_eq!(buckets.into_iter().map(counted).collect::<Vec<_>>(), ["5", "", "5", "6 7"]);
    }
}
