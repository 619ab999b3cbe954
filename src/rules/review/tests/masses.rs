//! Codes of the `mass` family.

use super::*;
use crate::event::{AssayStatus, Blend, Form, Head, Lot, Process as P, SdDigest, Transform};
use crate::value::{Element, EventId, FacilityId, LotId, PartyId};
use proptest::prelude::*;

fn world() -> (World, PartyId, FacilityId) {
    let mut world = World::new();
    let party = world.party(1);
    let facility = world.facility(party, "US", "35.48,-115.53");
    (world, party, facility)
}

fn step(w: &mut World, by: PartyId, at: FacilityId, process: P, from: EventId, outputs: Vec<Lot>) -> EventId {
    w.day += 1;
    let head = w.head(from, 0);
    w.record(by, transform(at, &[process], vec![head], outputs))
}

#[test]
fn a_closed_process_gives_no_more_than_went_in() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Block, "100", ""), lot(Form::Block, "100", "")]);
    step(&mut w, by, at, P::Machine, source, vec![lot(Form::Blank, "80", ""), lot(Form::Scrap, "20.05", "")]);
    assert_eq!(loud(&w), Vec::<String>::new());
    let head = w.head(source, 1);
    w.record(by, transform(at, &[P::Machine], vec![head], vec![lot(Form::Blank, "100.2", "")]));
    assert_eq!(codes(&w), [Code::ClosedSum]);
}

#[test]
fn a_gain_beyond_the_uncertainty_is_found_and_taints_what_follows() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Metal, "100", "Nd 0.5")]);
    let more = step(&mut w, by, at, P::Press, source, vec![lot(Form::Block, "100", "Nd 0.515")]);
    // 2 % cap on each side: the root of the squares is 2.86 %, and 3 % are gained.
    let next = step(&mut w, by, at, P::Machine, more, vec![lot(Form::Blank, "90", "Nd 0.515")]);
    let last = step(&mut w, by, at, P::Magnetize, next, vec![lot(Form::Magnet, "90", "Nd 0.515")]);
    let found = review_all(&w, &Trust::nobody());
    let codes: Vec<_> = found.iter().map(|finding| (finding.code, finding.event.unwrap())).collect();
    assert_eq!(codes, [(Code::ElementGain, more), (Code::TaintedUpstream, next), (Code::TaintedUpstream, last)]);
    assert_eq!(found[0].expected, "at most the 50 kg of Nd that went in, within 1.435587 kg");
    assert_eq!(found[0].found, "51.5 kg coming out");
    assert_eq!(found[2].related, [more]);
}

#[test]
fn a_stated_uncertainty_narrows_the_tolerance() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Metal, "100", "Nd 0.5 ~0.0005")]);
    step(&mut w, by, at, P::Press, source, vec![lot(Form::Block, "100", "Nd 0.505 ~0.0005")]);
    assert_eq!(codes(&w), [Code::ElementGain]);
}

#[test]
fn eight_small_gains_show_along_the_lineage_and_chance_ones_do_not() {
    let gains = |shares: &[u64]| {
        let (mut w, by, at) = world();
        let composition = |ppm: u64| format!("Dy 0.{ppm:06}");
        let mut last = w.source(by, at, vec![lot(Form::Metal, "1000", &composition(10_000))]);
        for share in shares {
            last = step(&mut w, by, at, P::Press, last, vec![lot(Form::Block, "1000", &composition(*share))]);
        }
        codes(&w)
    };
    // The cap for dysprosium is 3 % on each side: 4.24 % of 10 kg in one step.
    assert!(gains(&[10_300]).is_empty());
    let eight: Vec<u64> = (1..=8).map(|n| 10_000 + 300 * n).collect();
    assert!(gains(&eight).contains(&Code::LineageGain));
    assert!(!gains(&eight).contains(&Code::ElementGain));
    assert!(gains(&[10_050, 10_000, 10_050, 10_000, 10_050, 10_000]).is_empty());
}

#[test]
fn the_gain_that_a_lot_carries_is_divided_over_its_parts_and_counted_once() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Metal, "1000", "Dy 0.01")]);
    let more = step(&mut w, by, at, P::Press, source, vec![lot(Form::Block, "1000", "Dy 0.0103")]);
    let mut lots = vec![LotId::new(more, 0)];
    // A diamond: split in two and blended again, sixty times.
    for _ in 0..60 {
        let head = w.head(lots[0].event, 0);
        let half = || lot(Form::Block, "500", "Dy 0.0103");
        let split = w.record(by, split(at, head, vec![half(), half()], None));
        let heads: Vec<Head> = (0..2).map(|n| w.head(split, n)).collect();
        let outputs = vec![lot(Form::Block, "1000", "Dy 0.0103")];
        lots = vec![LotId::new(w.record(by, Blend { facility: at, inputs: heads, outputs }), 0)];
    }
    assert_eq!(loud(&w), Vec::<String>::new());
}

#[test]
fn a_target_yields_within_the_band_of_its_process() {
    let yields = |kg: &str| {
        let (mut w, by, at) = world();
        let source = w.source(by, at, vec![lot(Form::Metal, "100", "Nd 0.3")]);
        let head = w.head(source, 0);
        let body = transform(at, &[P::Machine], vec![head], vec![lot(Form::Blank, kg, "Nd 0.3")]);
        w.record(by, Transform { targets: vec![Element::Nd], ..body });
        review_all(&w, &Trust::nobody())
    };
    assert!(yields("75").is_empty() && yields("60").is_empty());
    let low = yields("40");
    assert_eq!((low[0].code, low[0].found.as_str()), (Code::YieldBand, "40.00 %"));
    assert_eq!(low[0].expected, "a yield of Nd from 60.00 % to 95.00 %");
    assert_eq!(yields("99.9")[0].code, Code::YieldBand);
}

#[test]
fn a_blend_has_the_mean_of_its_inputs() {
    let blend = |composition: &str| {
        let (mut w, by, at) = world();
        let source = w.source(by, at, vec![lot(Form::Oxide, "100", "Nd 0.6"), lot(Form::Oxide, "300", "Nd 0.8")]);
        let inputs = vec![w.head(source, 0), w.head(source, 1)];
        let out = Lot { elements: vec![Element::Nd], ..lot(Form::Oxide, "400", composition) };
        let blended = w.record(by, Blend { facility: at, inputs, outputs: vec![out] });
        let head = w.head(blended, 0);
        w.record(by, transform(at, &[P::Reduce], vec![head], vec![lot(Form::Metal, "290", "Nd 1")]));
        codes(&w)
    };
    assert!(blend("Nd 0.75").is_empty());
    assert_eq!(blend("Nd 0.73"), [Code::BlendMean, Code::TaintedUpstream]);
    // Without a composition of its own the blend has the mean, 300 kg.
    assert!(blend("").is_empty());
}

#[test]
fn an_element_from_nowhere_is_found_and_one_not_analysed_is_noted() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Metal, "100", "Nd 0.9")]);
    step(&mut w, by, at, P::Press, source, vec![lot(Form::Block, "100", "Nd 0.9, Dy 0.05")]);
    assert_eq!(codes(&w), [Code::UnlistedElement]);
    let (mut w, by, at) = world();
    let bare = Lot { elements: vec![Element::Nd], ..lot(Form::Metal, "100", "") };
    let source = w.source(by, at, vec![bare]);
    step(&mut w, by, at, P::Press, source, vec![lot(Form::Block, "100", "Nd 0.9")]);
    assert_eq!(codes(&w), [Code::NotAnalysed]);
}

#[test]
fn withheld_masses_are_noted() {
    let (mut w, by, at) = world();
    let hidden = Lot { quantity: None, hidden: vec![SdDigest([1; 32])], ..lot(Form::Metal, "1", "") };
    let source = w.source(by, at, vec![hidden]);
    step(&mut w, by, at, P::Press, source, vec![lot(Form::Block, "100", "")]);
    assert_eq!(codes(&w), [Code::MassWithheld]);
}

#[test]
fn a_receiver_who_weighs_more_is_noted_and_the_gain_counts() {
    let (mut w, by, at) = world();
    let other = w.party(2);
    let there = w.facility(other, "US", "37.54,-109.5");
    let source = w.source(by, at, vec![lot(Form::Oxide, "100", "Nd 0.8")]);
    let head = w.head(source, 0);
    let sent = w.record(by, dispatch(w.ledger, &[head], at, other));
    w.day += 5;
    let mut body = receive(sent, &[head], there);
    body.lots[0].quantity = Some(quantity("103"));
    w.record(other, body);
    let codes = codes(&w);
    assert!(codes.contains(&Code::ReceiptDifference) && codes.contains(&Code::ElementGain), "{codes:?}");
}

#[test]
fn the_latest_correction_and_the_best_assay_are_what_is_judged() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Metal, "100", "Nd 0.5")]);
    let made = step(&mut w, by, at, P::Press, source, vec![lot(Form::Block, "100", "Nd 0.54")]);
    assert!(codes(&w).contains(&Code::ElementGain));
    let correction = w.record(by, overlay(made, "/body/outputs/0", "composition", lines("Nd 0.53")));
    assert!(codes(&w).contains(&Code::ElementGain));
    w.record(by, overlay(correction, "/body/changes/0", "value", lines("Nd 0.5")));
    assert_eq!(codes(&w), []);
    w.record(by, assay(LotId::new(made, 0), AssayStatus::Final, "Nd 0.55"));
    assert!(codes(&w).contains(&Code::ElementGain));
    // An assay by somebody without a part in it and without accreditation changes nothing.
    let stranger = w.party(9);
    w.record(stranger, assay(LotId::new(made, 0), AssayStatus::Umpire, "Nd 0.5"));
    assert!(codes(&w).contains(&Code::ElementGain));
}

#[test]
fn a_corrected_mass_moves_the_contents_with_it() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Metal, "100", "Nd 0.5")]);
    let made = step(&mut w, by, at, P::Press, source, vec![lot(Form::Block, "100", "Nd 0.5")]);
    w.record(by, overlay(made, "/body/outputs/0", "quantity", quantity("105")));
    assert!(codes(&w).contains(&Code::ElementGain));
    let next = step(&mut w, by, at, P::Machine, made, vec![lot(Form::Blank, "90", "Nd 0.5")]);
    let corrected: Vec<_> =
        review_all(&w, &Trust::nobody()).into_iter().filter(|f| f.code == Code::CorrectedUpstream).collect();
    assert_eq!(corrected[0].event, Some(next));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_masses_overflow(kg in any::<[u64; 4]>(), ppb in any::<[u32; 8]>()) {
        let (mut w, by, at) = world();
        let make = |n: usize| {
            let text = |m: usize| crate::value::decimal::format(u64::from(ppb[2 * n + m] % 1_000_000_001), 9);
            let mut made = lot(Form::Metal, "1", &format!("Nd {} ~{}, Dy {}", text(0), text(1), text(1)));
            let most = crate::value::Mass::MAX.mg();
            made.quantity.as_mut().unwrap().net_dry = crate::value::Mass::new(kg[n] % (most + 1)).unwrap();
            made
        };
        let body = |outputs| crate::event::Source {
            facility: at,
            source: crate::event::SourceKind::Mined,
            outputs,
            prior: Vec::new(),
            dispatch: None,
        };
        let (source, _) = w.try_record(by, body(vec![make(0), make(1)]));
        let inputs = vec![w.head(source, 0), w.head(source, 1)];
        let (blend, _) = w.try_record(by, Blend { facility: at, inputs, outputs: vec![make(2)] });
        let head = vec![w.head(blend, 0)];
        let press = transform(at, &[P::Press], head, vec![make(3)]);
        w.try_record(by, Transform { targets: vec![Element::Nd, Element::Dy], ..press });
        let _ = codes(&w);
    }
}
