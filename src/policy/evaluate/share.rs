//! Which share of an element came a certain way, as an interval that holds the exact one whatever hidden values are.

use crate::lineage::provenance::{Flows, Interval, Origin};
use crate::value::{Element, Fraction};

/// One whole in parts per billion.
const WHOLE: u128 = 1_000_000_000;

/// A share as an interval, and the most that it weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Share {
    pub(super) least: Fraction,
    pub(super) most: Fraction,
    /// Milligrams at most; `u64::MAX` where nothing bounds them.
    pub(super) most_mg: u64,
}

/// The share of an element that came from sources of a kind. `is_end` says at which steps a way ends, the
/// last on each way first; what came through none of them has the sources where it entered.
pub(super) fn share_of(
    flows: &Flows,
    element: Element,
    is_end: &dyn Fn(usize) -> bool,
    is_it: &dyn Fn(&Origin) -> bool,
) -> Share {
    let origins = flows.last(element, is_end);
    between(&origins, is_it)
}

/// The share of these sources that is of a kind.
pub(super) fn between(origins: &[Origin], is_it: &dyn Fn(&Origin) -> bool) -> Share {
    let (mut own, mut others) = (Sum::default(), Sum::default());
    for origin in origins {
        if is_it(origin) { own.add(origin.mass) } else { others.add(origin.mass) }
    }
    let most_mg = u64::try_from(own.most).unwrap_or(u64::MAX);
    if own.any && !others.any {
        // Of one kind alone, it is all of it however much it weighs.
        return Share { least: Fraction::ONE, most: Fraction::ONE, most_mg };
    }
    Share {
        least: part(own.least, others.most, own.any, false),
        most: part(own.most, others.least, own.any, true),
        most_mg,
    }
}

#[derive(Debug, Clone, Copy, Default)]
struct Sum {
    least: u128,
    most: u128,
    any: bool,
}

impl Sum {
    fn add(&mut self, mass: Interval) {
        self.least += u128::from(mass.least);
        self.most += u128::from(mass.most);
        self.any = true;
    }
}

/// The share of one mass in both. Where no mass is known, nothing of it is certain and all of it possible; where there is
/// some, however little, rounding up does not make it nothing.
fn part(own: u128, others: u128, any: bool, up: bool) -> Fraction {
    let whole = own + others;
    let scaled = own.saturating_mul(WHOLE);
    let ppb = match (any, up) {
        (false, _) => 0,
        (true, true) => scaled.div_ceil(whole.max(1)).max(1).max(if whole == 0 { WHOLE } else { 0 }),
        (true, false) => scaled.checked_div(whole).unwrap_or(0),
    };
    u32::try_from(ppb).ok().and_then(Fraction::new).unwrap_or(Fraction::ONE)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Form, Process};
    use crate::lineage::provenance::{Pass, Source};
    use crate::policy::fixture::Story;
    use proptest::prelude::*;

    fn origin(step: usize, least: u64, most: u64) -> Origin {
        Origin { source: Source::Step(step), pass: Pass::Straight, mass: Interval { least, most } }
    }

    fn first(origin: &Origin) -> bool {
        origin.source == Source::Step(0)
    }

    #[test]
    fn shares_are_bounded_by_what_is_known() {
        let share = |origins: &[Origin]| {
            let Share { least, most, .. } = between(origins, &first);
            format!("{least} {most}")
        };
        assert_eq!(share(&[origin(0, 10, 10), origin(1, 90, 90)]), "0.1 0.1");
        assert_eq!(share(&[origin(0, 60, 70), origin(1, 30, 40)]), "0.6 0.7");
        assert_eq!(share(&[origin(0, 0, 0), origin(1, 90, 90)]), "0 0.000000001", "less than 1 mg is not nothing");
        assert_eq!(share(&[origin(0, 0, 0)]), "1 1");
        assert_eq!(share(&[origin(0, 0, 50), origin(0, 0, u64::MAX)]), "1 1", "nothing else is in it");
        assert_eq!(share(&[origin(1, 5, 5)]), "0 0");
        assert_eq!(share(&[origin(0, 0, u64::MAX), origin(1, 0, u64::MAX)]), "0 1");
        assert_eq!(share(&[]), "0 0");
    }

    #[test]
    fn a_way_that_passes_two_steps_counts_once() {
        let mut story = Story::new();
        let (a, b) = (story.mine("US", Form::Ore, &[("Nd", 100)]), story.mine("CN", Form::Ore, &[("Nd", 300)]));
        let leached = story.process("CN", &[Process::Leach], &[b], Form::Mrec, &[("Nd", 300)]);
        let both = story.process("MY", &[Process::Separate], &[a, leached], Form::Oxide, &[("Nd", 400)]);
        let trail = story.trail(both);
        let is_end = |step: usize| trail.steps[step].country.is_some_and(|country| country.code() == "CN");
        let is_step = |origin: &Origin| matches!(origin.source, Source::Step(_));
        let share = share_of(&trail.flows, Element::Nd, &is_end, &is_step);
        let exact = "0.75".parse().unwrap();
        assert_eq!(share, Share { least: exact, most: exact, most_mg: 300 });
    }

    proptest! {
        #[test]
        fn the_exact_share_lies_between(
            parts in proptest::collection::vec((0usize..2, 0u64..1000, 0u64..50, 0u64..50), 1..6)
        ) {
            let origins: Vec<Origin> = parts
                .iter()
                .map(|(step, mg, below, above)| origin(*step, mg.saturating_sub(*below), mg + above))
                .collect();
            let own: u64 = parts.iter().filter(|(step, ..)| *step == 0).map(|(_, mg, ..)| mg).sum();
            let all: u64 = parts.iter().map(|(_, mg, ..)| mg).sum();
            prop_assume!(all > 0);
            let Share { least, most, .. } = between(&origins, &first);
            let exact = u128::from(own) * WHOLE;
            prop_assert!(u128::from(least.ppb()) * u128::from(all) <= exact);
            prop_assert!(exact <= u128::from(most.ppb()) * u128::from(all));
        }
    }
}
