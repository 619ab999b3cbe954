use super::share::{largest_remainder, shares};
use super::*;
use proptest::prelude::*;

const ND: Element = Element::Nd;

/// Two sources make the subject; weights as given.
fn two(total: Interval, first: Interval, second: Interval, gain: Option<(Interval, bool)>) -> Flows {
    let passage = |step, outputs: &[usize], inputs: &[usize]| Passage {
        step,
        outputs: outputs.to_vec(),
        inputs: inputs.iter().map(|lot| (*lot, Pass::Straight)).collect(),
    };
    let weights = Weights { inputs: vec![Some(first), Some(second)], gain };
    Flows {
        subject: 2,
        lots: 3,
        steps: 3,
        passages: vec![passage(0, &[0], &[]), passage(1, &[1], &[]), passage(2, &[2], &[0, 1])],
        totals: vec![(ND, total)],
        weights: [((ND, 2), weights)].into(),
        holds: vec![vec![ND]; 3],
    }
}

fn between(least: u64, most: u64) -> Interval {
    Interval { least, most }
}

#[test]
fn the_worked_example_of_the_module() {
    let exact = Interval::exact;
    let attribution = two(exact(100), exact(300), exact(600), None).attribute(ND).unwrap();
    assert_eq!(attribution.lots, [Some(exact(33)), Some(exact(67)), Some(exact(100))]);
    let withheld = two(exact(100), between(0, 900), exact(600), None).attribute(ND).unwrap();
    assert_eq!(withheld.lots, [Some(between(0, 60)), Some(between(40, 100)), Some(exact(100))]);
}

#[test]
fn what_came_out_above_what_went_in_is_of_unknown_origin() {
    let exact = Interval::exact;
    // 900 mg went in and 1,000 mg came out: a tenth has no source.
    let gained = two(exact(50), exact(300), exact(600), Some((exact(100), true))).attribute(ND).unwrap();
    let origins: Vec<_> = gained.origins.iter().map(|origin| (origin.source, origin.mass.least)).collect();
    let gain = Source::Gain { step: 2, shown: true };
    assert_eq!(origins, [(Source::Lot(0), 15), (Source::Lot(1), 30), (gain, 5)]);
    let nothing = two(exact(50), exact(0), exact(0), None).attribute(ND).unwrap();
    let kept: Vec<_> = nothing.origins.iter().map(|origin| (origin.source, origin.mass.least)).collect();
    assert_eq!(kept, [(Source::Lot(0), 0), (Source::Lot(1), 0), (gain, 50)]);
}

#[test]
fn a_part_of_less_than_a_milligram_stays_in_the_set() {
    let exact = Interval::exact;
    let attribution = two(exact(10), exact(1), exact(1_000_000), None).attribute(ND).unwrap();
    assert_eq!(attribution.lots, [Some(exact(0)), Some(exact(10)), Some(exact(10))]);
    assert_eq!(attribution.steps[0], Some(exact(0)));
    assert!(attribution.origins.iter().any(|origin| origin.source == Source::Lot(0)));
}

#[test]
fn the_last_steps_of_a_kind_end_the_way_back() {
    let exact = Interval::exact;
    let flows = two(exact(100), exact(300), exact(600), None);
    let at_second = flows.last(ND, &|step| step == 1);
    let found: Vec<_> = at_second.iter().map(|origin| (origin.source, origin.mass)).collect();
    assert_eq!(found, [(Source::Lot(0), exact(33)), (Source::Step(1), exact(67))]);
    let at_making = flows.last(ND, &|step| step == 2 || step == 1);
    assert_eq!(at_making.iter().map(|o| (o.source, o.mass)).collect::<Vec<_>>(), [(Source::Step(2), exact(100))]);
    assert_eq!(flows.attribute(Element::Dy), None);
}

#[test]
fn scrap_that_goes_in_again_is_told_apart() {
    let mut flows = two(Interval::exact(100), Interval::exact(300), Interval::exact(600), None);
    flows.passages[2].inputs[0].1 = Pass::Loop;
    flows.passages[2].inputs[1].1 = Pass::Recycled;
    let ways: Vec<_> = flows.attribute(ND).unwrap().origins.iter().map(|o| (o.source, o.pass)).collect();
    assert_eq!(ways, [(Source::Lot(0), Pass::Loop), (Source::Lot(1), Pass::Recycled)]);
}

#[test]
fn a_diamond_of_60_levels_is_one_pass() {
    let mut flows =
        Flows { subject: 180, lots: 181, steps: 121, totals: vec![(ND, Interval::exact(7))], ..Flows::default() };
    flows.holds = vec![vec![ND]; 181];
    flows.passages.push(Passage { step: 0, outputs: vec![0], inputs: Vec::new() });
    for level in 0..60 {
        let lot = level * 3;
        let input = |lot| (lot, Pass::Straight);
        let split = Passage { step: level * 2 + 1, outputs: vec![lot + 1, lot + 2], inputs: vec![input(lot)] };
        let blend =
            Passage { step: level * 2 + 2, outputs: vec![lot + 3], inputs: vec![input(lot + 1), input(lot + 2)] };
        let held = Some(Interval::exact(1));
        flows.passages.extend([split, blend]);
        let weights = Weights { inputs: vec![held, held], gain: None };
        flows.weights.insert((ND, flows.passages.len() - 1), weights);
    }
    let attribution = flows.attribute(ND).unwrap();
    assert_eq!(attribution.lots[0], Some(Interval::exact(7)));
    assert_eq!((attribution.lots[1], attribution.lots[2]), (Some(Interval::exact(4)), Some(Interval::exact(3))));
}

proptest! {
    #[test]
    fn largest_remainder_sums_exactly_and_stays_within_one_of_the_proportion(
        mass: u64, weights in proptest::collection::vec(0u64..=u64::MAX / 64, 1..20),
    ) {
        let parts = largest_remainder(mass, &weights);
        let whole: u128 = weights.iter().map(|weight| u128::from(*weight)).sum();
        prop_assume!(whole > 0);
        prop_assert_eq!(parts.iter().map(|part| u128::from(*part)).sum::<u128>(), u128::from(mass));
        for (part, weight) in parts.iter().zip(&weights) {
            let product = u128::from(mass) * u128::from(*weight);
            prop_assert!(u128::from(*part) == product / whole || u128::from(*part) == product / whole + 1);
        }
    }

    #[test]
    fn bounds_hold_every_share_that_values_within_them_give(
        mass in 0u64..1_000_000, slack in 0u64..1_000,
        weights in proptest::collection::vec((0u64..1_000_000, 0u64..1_000_000, any::<bool>()), 2..9),
    ) {
        let exact: Vec<Interval> = weights.iter().map(|(weight, ..)| Interval::exact(*weight)).collect();
        prop_assume!(exact.iter().any(|weight| weight.most > 0));
        let bounds: Vec<Interval> = weights
            .iter()
            .map(|(weight, off, open)| Interval {
                least: weight.saturating_sub(*off),
                most: if *open { u64::MAX } else { weight + off },
            })
            .collect();
        let loose = Interval { least: mass.saturating_sub(slack), most: mass + slack };
        for (held, exact) in shares(loose, &bounds).iter().zip(shares(Interval::exact(mass), &exact)) {
            prop_assert!(held.contains(&exact), "{held:?} {exact:?}");
        }
    }
}
