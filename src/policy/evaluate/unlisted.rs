//! Elements that a lot leaves out of its own list although what it was made from may have brought them in.
//!
//! A list is its maker's word, and what it leaves out nobody analysed. So an element passes on from a lot that holds it, or
//! of which it is stated, to what is made of that lot, until a value that counts says that it is not there. What may have
//! reached the subject so is attributed like any other element, with masses of which nothing is known.
//!
//! Does not establish that an element is in the lot, only that nothing at hand rules it out; and an element of which nobody
//! upstream says anything is not looked for.

use crate::lineage::provenance::{Attribution, Flows, Interval, Passage};
use crate::policy::trail::{Trail, TrailLot};
use crate::rules::data::is_unsorted;
use crate::value::Element;
use std::collections::BTreeSet;

/// Elements that the subject may hold and does not list.
pub(super) struct Unlisted {
    /// In numbers, to ask other things of them.
    pub(super) flows: Flows,
    /// Where each may have come through.
    pub(super) attributions: Vec<Attribution>,
}

/// A set of elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Set(u32);

impl Set {
    fn of(elements: impl Iterator<Item = Element>) -> Self {
        Self(elements.fold(0, |bits, element| bits | (1 << element as u32)))
    }

    const fn with(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    const fn within(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    const fn without(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    fn elements(self) -> impl Iterator<Item = Element> {
        Element::ALL.iter().copied().filter(move |element| self.0 & (1 << *element as u32) != 0)
    }
}

/// Whether a lot is known to hold an element: it lists it, or a value says so.
pub(super) fn holds(lot: &TrailLot, element: Element) -> bool {
    let shown = |amount: &crate::policy::trail::Amount| amount.element == element && amount.least > 0;
    lot.elements.contains(&element) || lot.amounts.iter().any(shown)
}

/// Whether a value that counts says that a lot does not hold an element.
pub(super) fn is_absent(lot: &TrailLot, element: Element) -> bool {
    lot.amounts.iter().any(|amount| amount.element == element && amount.absent)
}

impl Unlisted {
    /// Of the subject of a trail, those of these elements.
    pub(super) fn of(trail: &Trail, asked: &BTreeSet<Element>) -> Self {
        let holds_of = may_hold(trail);
        let listed = trail.subject().map_or_else(Set::default, |lot| {
            Set::of(Element::ALL.iter().copied().filter(|element| holds(lot, *element)))
        });
        let asked = Set::of(asked.iter().copied());
        let open = holds_of.get(trail.subject).copied().unwrap_or_default().without(listed).within(asked);
        if open == Set::default() {
            return Self { flows: Flows::default(), attributions: Vec::new() };
        }
        let flows = Flows {
            subject: trail.flows.subject,
            lots: trail.flows.lots,
            steps: trail.flows.steps,
            passages: trail.flows.passages.clone(),
            totals: open.elements().map(|element| (element, Interval::UNKNOWN)).collect(),
            holds: holds_of.into_iter().map(|set| set.elements().collect()).collect(),
            ..Flows::default()
        };
        let attributions = flows.attribute_all().elements;
        Self { flows, attributions }
    }

    pub(super) fn attribution(&self, element: Element) -> Option<&Attribution> {
        self.attributions.iter().find(|attribution| attribution.element == element)
    }
}

/// By number of the lot: what it may hold.
fn may_hold(trail: &Trail) -> Vec<Set> {
    let mut may: Vec<Set> = trail.lots.iter().map(|lot| own(trail, lot)).collect();
    let absent: Vec<Set> = trail.lots.iter().map(absent).collect();
    let of = |sets: &[Set], lot: usize| sets.get(lot).copied().unwrap_or_default();
    for passage in &trail.flows.passages {
        let all = came_in(passage, &may);
        for output in &passage.outputs {
            let more = all.without(of(&absent, *output));
            if let Some(set) = may.get_mut(*output) {
                *set = set.with(more);
            }
        }
    }
    // What is dug up or taken back holds more than anybody lists: what only comes out of it was in it.
    let unsorted = |lot: usize| trail.lots.get(lot).is_some_and(|lot| is_unsorted(lot.form));
    for passage in trail.flows.passages.iter().rev() {
        let out = passage.outputs.iter().fold(Set::default(), |all, lot| all.with(of(&may, *lot)));
        let only_out = out.without(came_in(passage, &may));
        for (input, _) in &passage.inputs {
            let more = only_out.without(of(&absent, *input));
            if let Some(set) = may.get_mut(*input).filter(|_| unsorted(*input)) {
                *set = set.with(more);
            }
        }
    }
    may
}

fn came_in(passage: &Passage, may: &[Set]) -> Set {
    let sets = passage.inputs.iter().filter_map(|(lot, _)| may.get(*lot));
    sets.fold(Set::default(), |all, set| all.with(*set))
}

/// What a lot may hold by what is said of itself, and of the steps before it entered.
fn own(trail: &Trail, lot: &TrailLot) -> Set {
    let maker = lot.made_by.and_then(|step| trail.steps.get(step));
    let before = maker.into_iter().flat_map(|step| &step.prior).flat_map(|prior| &prior.elements);
    let valued = lot.amounts.iter().map(|amount| amount.element);
    Set::of(lot.elements.iter().chain(before).copied().chain(valued)).without(absent(lot))
}

fn absent(lot: &TrailLot) -> Set {
    Set::of(lot.amounts.iter().filter(|amount| amount.absent).map(|amount| amount.element))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Form, Process, SourceKind, Stage, Verdict};
    use crate::policy::evaluate::answer::PolicyAnswer;
    use crate::policy::evaluate::{Ask, evaluate};
    use crate::policy::fixture::Story;
    use crate::policy::pack::{Pack, ParameterName, Settings, find_built_in};
    use crate::policy::trail::{Amount, TrailPrior};
    use proptest::prelude::*;
    use proptest::test_runner::RngSeed;

    const MAGNET: [(&str, u64); 4] = [("Nd", 100), ("Dy", 10), ("Fe", 300), ("B", 5)];

    /// Neodymium by Malaysia, dysprosium by `dy`, melted in GB, sintered in EE: dysprosium metal, flake, magnet.
    fn magnet(story: &mut Story, dy: &str) -> [usize; 3] {
        let ore = story.mine("US", Form::Ore, &[("Nd", 100), ("Dy", 1)]);
        let oxide = story.process("MY", &[Process::Separate], &[ore], Form::Oxide, &[("Nd", 100)]);
        let metal = story.process("GB", &[Process::Reduce], &[oxide], Form::Metal, &[("Nd", 100)]);
        let sand = story.mine("US", Form::Concentrate, &[("Dy", 10)]);
        let dy_oxide = story.process(dy, &[Process::Separate], &[sand], Form::Oxide, &[("Dy", 10)]);
        let dy_metal = story.process("GB", &[Process::Reduce], &[dy_oxide], Form::Metal, &[("Dy", 10)]);
        let iron = story.mine("US", Form::Ore, &[("Fe", 300)]);
        let borate = story.mine("US", Form::Borate, &[("B", 5)]);
        let inputs = [metal, dy_metal, iron, borate];
        let flake = story.process("GB", &[Process::Melt], &inputs, Form::AlloyFlake, &MAGNET);
        let magnet = story.process("EE", &[Process::JetMill, Process::Sinter], &[flake], Form::Magnet, &MAGNET);
        [dy_metal, flake, magnet]
    }

    fn leave_out(story: &mut Story, lot: usize, element: Element) {
        story.lots[lot].elements.retain(|one| *one != element);
        story.lots[lot].amounts.retain(|amount| amount.element != element);
    }

    fn value(story: &mut Story, lot: usize, amount: Amount) {
        leave_out(story, lot, amount.element);
        story.lots[lot].amounts.push(amount);
    }

    fn by_pack(trail: &Trail, pack: &Pack) -> PolicyAnswer {
        let settings = Settings::of(&pack.file, &[]).unwrap();
        let delivery = Some("2027-01-01".parse().unwrap());
        evaluate(trail, &[Ask { pack, settings: &settings, delivery, exceptions: &[], summaries: &[] }]).remove(0)
    }

    fn judged(trail: &Trail) -> PolicyAnswer {
        by_pack(trail, &find_built_in("us-dfars-252.225-7052").unwrap().unwrap())
    }

    #[test]
    fn an_element_left_out_downstream_is_unproven_where_a_way_that_it_may_have_come_fails() {
        let mut story = Story::new();
        let [.., flake, magnet] = magnet(&mut story, "CN");
        leave_out(&mut story, flake, Element::Dy);
        leave_out(&mut story, magnet, Element::Dy);
        let found = judged(&story.trail(magnet));
        assert_eq!((found.verdict, found.unlisted.as_slice()), (Verdict::Unproven, &[Element::Dy][..]));
        assert_eq!(found.elements, [Element::Nd, Element::Fe, Element::B]);
        let separated = found.rules.iter().find(|rule| rule.rule == "separated").unwrap();
        assert_eq!(separated.failing.len(), 1);
        assert_eq!(separated.failing[0].elements, [Element::Dy]);
        assert!(
            separated.failing[0].text.starts_with("separated in CN; forbidden are"),
            "{}",
            separated.failing[0].text
        );
        assert!(found.needed.iter().any(|one| one.contains("that states Dy")), "{:?}", found.needed);
        let others = found.rules.iter().filter(|rule| rule.rule != "separated");
        assert!(others.into_iter().all(|rule| rule.verdict == Verdict::Confirmed));
    }

    #[test]
    fn an_element_left_out_that_can_only_have_come_a_good_way_costs_nothing() {
        let mut story = Story::new();
        let [.., magnet] = magnet(&mut story, "US");
        leave_out(&mut story, magnet, Element::Dy);
        let found = judged(&story.trail(magnet));
        assert_eq!((found.verdict, found.unlisted.as_slice()), (Verdict::Confirmed, &[Element::Dy][..]));
    }

    #[test]
    fn a_value_says_whether_it_is_there() {
        let nothing = Amount { element: Element::Dy, least: 0, most: Some(1), absent: true };
        for (amount, expected) in [
            (nothing, Verdict::Confirmed),
            (Amount { absent: false, ..nothing }, Verdict::Unproven),
            (Amount { least: 1, absent: false, ..nothing }, Verdict::Contradicted),
        ] {
            let mut story = Story::new();
            let [.., magnet] = magnet(&mut story, "CN");
            value(&mut story, magnet, amount);
            assert_eq!(judged(&story.trail(magnet)).verdict, expected, "{amount:?}");
        }
        // Said of the flake, it holds for what is made of it.
        let mut story = Story::new();
        let [.., flake, magnet] = magnet(&mut story, "CN");
        leave_out(&mut story, magnet, Element::Dy);
        value(&mut story, flake, nothing);
        let found = judged(&story.trail(magnet));
        assert_eq!((found.verdict, found.unlisted.as_slice()), (Verdict::Confirmed, &[][..]));
    }

    #[test]
    fn what_is_stated_of_the_steps_before_a_purchase_may_be_in_it() {
        let mut story = Story::new();
        let bought = story.source(SourceKind::Purchased, "EE", Form::Oxide, &[("Nd", 100)]);
        let (stage, country) = (Stage::Separated, "CN".parse().unwrap());
        story.steps[0].prior = vec![TrailPrior { stage, country, elements: vec![Element::Tb] }];
        let metal = story.process("GB", &[Process::Reduce], &[bought], Form::Metal, &[("Nd", 100)]);
        let open: Vec<Element> = Unlisted::of(&story.trail(metal), &Element::ALL.iter().copied().collect())
            .attributions
            .iter()
            .map(|attribution| attribution.element)
            .collect();
        assert_eq!(open, [Element::Tb]);
    }

    #[test]
    fn what_nobody_speaks_of_is_not_looked_for_unless_the_policy_names_it() {
        let mut story = Story::new();
        let [.., magnet] = magnet(&mut story, "US");
        let trail = story.trail(magnet);
        assert_eq!(judged(&trail).unlisted, []);
        let mut pack = find_built_in("us-dfars-252.225-7052").unwrap().unwrap();
        pack.file.families[0].named = Some(vec![Element::Nd, Element::Tb]);
        let found = by_pack(&trail, &pack);
        assert_eq!((found.verdict, found.unlisted.as_slice()), (Verdict::Unproven, &[Element::Tb][..]));
        assert_eq!(found.needed.len(), 1, "{:?}", found.needed);
        assert!(found.parameters.contains_key(&ParameterName::Elements));
    }

    #[test]
    fn an_element_that_ore_does_not_list_comes_from_the_ore_and_one_from_nowhere_is_open() {
        for (form, expected) in [(Form::Ore, Verdict::Confirmed), (Form::Mrec, Verdict::Unproven)] {
            let mut story = Story::new();
            let ore = story.mine("US", form, &[("Nd", 100)]);
            let both = [("Nd", 100), ("Sm", 5)];
            let oxide = story.process("MY", &[Process::Separate], &[ore], Form::Oxide, &both);
            let metal = story.process("GB", &[Process::Reduce], &[oxide], Form::Metal, &[("Nd", 100)]);
            let iron = story.mine("US", Form::Ore, &[("Fe", 300), ("B", 5)]);
            let all = [("Nd", 100), ("Fe", 300), ("B", 5)];
            let flake = story.process("GB", &[Process::Melt], &[metal, iron], Form::AlloyFlake, &all);
            let magnet = story.process("EE", &[Process::Sinter], &[flake], Form::Magnet, &all);
            let found = judged(&story.trail(magnet));
            assert_eq!((found.verdict, found.unlisted.as_slice()), (expected, &[Element::Sm][..]), "{form}");
        }
    }

    #[test]
    fn an_exception_for_recycled_material_holds_for_what_may_be_in_it_too() {
        let exempt = |fresh: &[(&str, u64)]| {
            let mut story = Story::new();
            let scrap = story.source(SourceKind::PostConsumer, "US", Form::Scrap, &MAGNET);
            let powder = story.process("US", &[Process::RecycleMill], &[scrap], Form::Powder, &MAGNET);
            let fresh = story.mine("US", Form::Metal, fresh);
            let three = [("Nd", 100), ("Fe", 300), ("B", 5)];
            let magnet = story.process("US", &[Process::Sinter], &[powder, fresh], Form::Magnet, &three);
            judged(&story.trail(magnet)).exceptions.iter().any(|one| one.applies)
        };
        assert!(exempt(&[("Cu", 1)]));
        assert!(!exempt(&[("Dy", 1)]), "some of the dysprosium may be fresh");
    }

    proptest! {
        #![proptest_config(ProptestConfig { rng_seed: RngSeed::Fixed(21), failure_persistence: None, ..ProptestConfig::default() })]
        #[test]
        fn leaving_out_is_no_way_around_a_rule(
            lists in proptest::collection::vec(proptest::collection::vec(any::<bool>(), 3), 3),
        ) {
            let mut story = Story::new();
            let [dy_metal, flake, magnet] = magnet(&mut story, "CN");
            for (lot, left) in [dy_metal, flake, magnet].into_iter().zip(&lists) {
                for (element, _) in [Element::Dy, Element::Nd, Element::Fe].into_iter().zip(left).filter(|(_, out)| **out) {
                    // What makes it a magnet of the family stays listed.
                    if lot != magnet || element == Element::Dy {
                        leave_out(&mut story, lot, element);
                    }
                }
            }
            let verdict = judged(&story.trail(magnet)).verdict;
            prop_assert!(matches!(verdict, Verdict::Contradicted | Verdict::Unproven), "{verdict}");
        }
    }
}
