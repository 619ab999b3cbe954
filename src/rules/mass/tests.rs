use super::super::fixture::*;
use super::*;
use crate::event::{Form, Process};
use crate::value::{FacilityId, PartyId};
use proptest::prelude::*;

fn world() -> (World, PartyId, FacilityId) {
    let mut world = World::new();
    let party = world.party(1);
    let facility = world.facility(party, "US", "35.48,-115.53");
    (world, party, facility)
}

#[test]
fn parts_and_difference_must_give_the_whole() {
    let (mut w, by, at) = world();
    let mut parts = |difference: Option<&str>, kg: [&str; 2]| {
        let source = w.source(by, at, vec![lot(Form::Oxide, "500", "")]);
        let outputs = kg.map(|kg| lot(Form::Oxide, kg, "")).to_vec();
        let head = w.head(source, 0);
        w.try_record(by, split(at, head, outputs, difference)).1
    };
    assert!(parts(None, ["200", "300"]).is_empty());
    assert!(parts(Some("0.5"), ["200", "299.5"]).is_empty());
    assert!(parts(Some("-0.000001"), ["200", "300.000001"]).is_empty());
    let findings = parts(None, ["200", "300.000001"]);
    assert_eq!(findings[0].code, Code::SplitSum);
    assert!(findings[0].is_refusal());
    assert_eq!(findings[0].expected, "parts and difference that sum to 500 kg");
    assert_eq!(findings[0].found, "parts of 500.000001 kg and a difference of 0 kg");
}

#[test]
fn a_withheld_part_or_difference_refuses_nothing() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Oxide, "500", ""), lot(Form::Oxide, "500", "")]);
    let hidden = Lot { quantity: None, ..lot(Form::Oxide, "1", "") };
    let head = w.head(source, 0);
    assert_eq!(w.codes(by, split(at, head, vec![hidden, lot(Form::Oxide, "700", "")], None)), []);
    let mut maybe = split(at, w.head(source, 1), vec![lot(Form::Oxide, "499", "")], None);
    maybe.hidden.push(crate::event::SdDigest([0; 32]));
    assert_eq!(w.codes(by, maybe), []);
}

#[test]
fn a_process_that_adds_nothing_does_not_give_five_quarters_of_what_went_in() {
    let (mut w, by, at) = world();
    let hidden = || Lot { quantity: None, ..lot(Form::Scrap, "1", "") };
    let cases = [
        (Process::Crush, vec![lot(Form::Ore, "100", ""), lot(Form::Ore, "25.000001", "")], true),
        (Process::Crush, vec![lot(Form::Ore, "125", "")], false),
        (Process::Machine, vec![lot(Form::Blank, "125.000001", ""), hidden()], true),
        (Process::Machine, vec![hidden()], false),
        // Leaching adds water and acid.
        (Process::Leach, vec![lot(Form::Mrec, "500", "")], false),
    ];
    for (process, outputs, refused) in cases {
        let source = w.source(by, at, vec![lot(Form::Ore, "100", "")]);
        let head = w.head(source, 0);
        let found = w.try_record(by, transform(at, &[process], vec![head], outputs)).1;
        assert_eq!(found.iter().any(Finding::is_refusal), refused, "{process}: {found:?}");
        if refused {
            assert_eq!(found[0].code, Code::GrossGain);
            let expected = format!("at most 125 kg, from 100 kg going in, as `{process}` adds nothing");
            assert_eq!(
                (found[0].expected.as_str(), found[0].found.as_str()),
                (expected.as_str(), "125.000001 kg coming out")
            );
        }
    }
    let source = w.source(by, at, vec![lot(Form::Ore, "100", ""), lot(Form::Ore, "100", "")]);
    let (one, other) = (w.head(source, 0), w.head(source, 1));
    let blended = vec![lot(Form::Ore, "251", "")];
    let blend = crate::event::Blend { facility: at, inputs: vec![one, other], outputs: blended };
    assert_eq!(w.codes(by, blend), [Code::GrossGain]);
    // A reason lets it pass, for review to judge; an input whose mass is withheld refuses nothing.
    let source = w.source(by, at, vec![lot(Form::Ore, "100", ""), hidden()]);
    let mut explained = transform(at, &[Process::Crush], vec![w.head(source, 0)], vec![lot(Form::Ore, "200", "")]);
    explained.gain_reason = Some("wet weighing".parse().unwrap());
    assert_eq!(w.codes(by, explained), []);
    let head = w.head(source, 1);
    assert_eq!(w.codes(by, transform(at, &[Process::Crush], vec![head], vec![lot(Form::Ore, "200", "")])), []);
}

#[test]
fn pieces_do_not_appear_in_finishing_and_splitting() {
    let (mut w, by, at) = world();
    let blanks = |n, kg: &str| pieces(lot(Form::Blank, kg, ""), n, "0.025");
    let source = w.source(by, at, vec![blanks(100, "2.5"), blanks(100, "2.5"), blanks(100, "2.5"), blanks(100, "2.5")]);
    let coat = |w: &mut World, n: u8, out: Lot| {
        let head = w.head(source, n);
        w.codes(by, transform(at, &[Process::Passivate, Process::Magnetize], vec![head], vec![out]))
    };
    assert_eq!(coat(&mut w, 0, blanks(101, "2.525")), [Code::PiecesSum]);
    assert_eq!(coat(&mut w, 1, blanks(98, "2.45")), []);
    let head = w.head(source, 2);
    assert_eq!(w.codes(by, split(at, head, vec![blanks(50, "1.25"), blanks(50, "1.25")], None)), []);
    let mut fewer = blanks(99, "2.5");
    fewer.quantity.as_mut().unwrap().unit_mass = None;
    let head = w.head(source, 3);
    assert_eq!(w.codes(by, split(at, head, vec![fewer], None)), [Code::PiecesSum]);
}

#[test]
fn blocks_become_pieces_by_machining() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Block, "523.8", "")]);
    let out = vec![pieces(lot(Form::Blank, "392.85", ""), 15_714, "0.025"), lot(Form::Scrap, "130.95", "")];
    let head = w.head(source, 0);
    assert_eq!(w.codes(by, transform(at, &[Process::Machine], vec![head], out)), []);
}

#[test]
fn pieces_times_unit_mass_is_the_net_mass() {
    let (mut w, by, at) = world();
    let source = |w: &mut World, lot: Lot| {
        let body = crate::event::Source {
            facility: at,
            source: crate::event::SourceKind::Mined,
            outputs: vec![lot],
            prior: Vec::new(),
            dispatch: None,
        };
        w.codes(by, body)
    };
    assert_eq!(source(&mut w, pieces(lot(Form::Magnet, "392.5", ""), 15_700, "0.025")), []);
    assert_eq!(source(&mut w, pieces(lot(Form::Magnet, "392.5", ""), 15_701, "0.025")), [Code::PiecesSum]);
}

#[test]
fn a_quantity_agrees_with_itself() {
    let with = |dry: &str, wet: &str, moisture: &str| Quantity {
        net_wet: Some(wet.parse().unwrap()),
        moisture: Some(moisture.parse().unwrap()),
        ..quantity(dry)
    };
    assert_eq!(dried(&with("14353.92", "19991.532", "0.282")), None);
    assert_eq!(dried(&with("90", "100", "0.1")), None);
    assert!(dried(&with("91", "100", "0.1")).is_some());
    assert_eq!(dried(&with("100", "100", "0")), None);
    assert!(dried(&with("99", "100", "0")).is_some());
    assert_eq!(dried(&with("0", "100", "1")), None);
    let gross = |gross: &str, tare: &str, wet: &str| Quantity {
        gross: Some(gross.parse().unwrap()),
        tare: Some(tare.parse().unwrap()),
        net_wet: Some(wet.parse().unwrap()),
        ..quantity("1")
    };
    assert_eq!(weighed(&gross("105.5", "5.5", "100")), None);
    assert_eq!(weighed(&gross("105.5", "5.4", "100")).unwrap().0, "gross 105.5 kg less tare 5.4 kg, 100.1 kg");
    assert!(weighed(&Quantity { gross: Some("0.9".parse().unwrap()), ..quantity("1") }).is_some());
}

#[test]
fn a_composition_sums_to_one_on_each_basis() {
    let sum = |text: &str, basis| sum_of_basis(basis, &lines(text));
    let ore = "TREO 0.6, CeO2 0.502 REO/TREO, La2O3 0.323 REO/TREO, NdPrO 0.157 REO/TREO, SEG+ 0.018 REO/TREO";
    assert_eq!(sum(ore, Basis::ReoOverTreo), WHOLE);
    assert_eq!(sum(ore, Basis::Absolute), 600_000_000);
    assert_eq!(sum("Nd2O3 0.7, Nd 0.6, TREO 0.99, LOI 0.5", Basis::Absolute), 700_000_000);
    let (mut w, by, at) = world();
    let mut codes = |lot: Lot| {
        let source = crate::event::Source {
            facility: at,
            source: crate::event::SourceKind::Mined,
            outputs: vec![lot],
            prior: Vec::new(),
            dispatch: None,
        };
        w.codes(by, source)
    };
    assert_eq!(codes(lot(Form::Metal, "10", "Nd 0.7565, Pr 0.2435")), []);
    assert_eq!(codes(lot(Form::Metal, "10", "Nd 0.8, Pr 0.25")), [Code::Composition]);
    assert_eq!(codes(lot(Form::Oxide, "10", "TREO 0.5, Nd2O3 0.6")), [Code::Composition]);
    let unlisted = Lot { elements: vec![Element::Nd], ..lot(Form::Metal, "10", "Nd 0.7, Pr 0.2, Dy <0.001") };
    assert_eq!(codes(unlisted), [Code::Composition]);
}

#[test]
fn more_than_five_quarters_of_the_measured_input_needs_a_reason() {
    let (mut w, by, at) = world();
    let oxide = || lot(Form::Oxide, "100", "Nd 0.8");
    let source = w.source(by, at, (0..6).map(|_| oxide()).collect());
    let mut reduce = |n: u8, kg: &str, composition: &str, reason: Option<&str>| {
        let head = w.head(source, n);
        let mut body = transform(at, &[Process::Reduce], vec![head], vec![lot(Form::Metal, kg, composition)]);
        body.gain_reason = reason.map(text);
        w.try_record(by, body).1
    };
    assert!(reduce(0, "100", "Nd 1", None).is_empty());
    let findings = reduce(1, "100.1", "Nd 1", None);
    assert_eq!(findings[0].code, Code::GrossGain);
    assert_eq!(findings[0].found, "100.1 kg coming out");
    assert_eq!(findings[0].expected, "at most 100.000003 kg of Nd, from 80.000003 kg measured going in");
    assert!(reduce(2, "200", "Nd 1", Some("the feed assay is known to be wrong")).is_empty());
    // Dysprosium was not analysed in the input: that refuses nothing.
    assert!(reduce(3, "100", "Nd 0.7, Dy 0.1", None).is_empty());
    // Iron from tools and electrodes.
    assert!(reduce(4, "80", "Nd 0.99, Fe 0.004", None).is_empty());
}

#[test]
fn a_limit_of_quantification_bounds_the_input_and_an_unanalysed_lot_does_not() {
    let (mut w, by, at) = world();
    let source =
        w.source(by, at, vec![lot(Form::Oxide, "100", "Nd 0.8, Dy <0.001"), lot(Form::Oxide, "100", "Nd 0.8")]);
    let head = w.head(source, 0);
    let out = || vec![lot(Form::Metal, "80", "Nd 0.99, Dy 0.01")];
    assert_eq!(w.codes(by, transform(at, &[Process::Reduce], vec![head], out())), [Code::GrossGain]);
    let unknown = Lot { elements: vec![Element::Nd, Element::Dy], ..lot(Form::Oxide, "100", "") };
    let more = w.source(by, at, vec![lot(Form::Oxide, "100", "Nd 0.8, Dy <0.001"), unknown]);
    let heads = vec![w.head(more, 0), w.head(more, 1)];
    assert_eq!(w.codes(by, transform(at, &[Process::Reduce], heads, out())), []);
}

proptest! {
    #[test]
    fn no_quantity_overflows(v in any::<[u64; 7]>(), ppb in 0u32..=1_000_000_000, present in any::<[bool; 6]>()) {
        let mass = |n: usize| Mass::new(v[n] % (Mass::MAX.mg() + 1)).filter(|_| n == 0 || present[n - 1]);
        let quantity = Quantity {
            net_dry: mass(0).unwrap(),
            gross: mass(1),
            tare: mass(2),
            net_wet: mass(3),
            moisture: Fraction::new(ppb),
            uncertainty: None,
            pieces: present[4].then_some(v[5]),
            unit_mass: mass(6),
        };
        let (mut w, by, at) = world();
        let body = crate::event::Source {
            facility: at,
            source: crate::event::SourceKind::Mined,
            outputs: vec![Lot { quantity: Some(quantity), ..lot(Form::Ore, "1", "") }],
            prior: Vec::new(),
            dispatch: None,
        };
        let _ = w.codes(by, body);
    }

    #[test]
    fn no_gain_overflows(kg in any::<[u64; 2]>(), ppb in any::<[u32; 4]>(), analytes in any::<[u8; 2]>()) {
        let (mut w, by, at) = world();
        let make = |n: usize| {
            let line = |m: usize| AnalyteValue {
                analyte: Analyte::ALL[usize::from(analytes[m]) % Analyte::ALL.len()],
                value: Reading::Value(Fraction::new(ppb[2 * n + m] % 1_000_000_001).unwrap()),
                basis: Basis::Absolute,
                uncertainty: None,
                k: None,
            };
            let mut made = lot(Form::Ore, "1", "");
            made.elements = Element::ALL.to_vec();
            made.composition = Some(vec![line(0), line(1)]);
            made.quantity.as_mut().unwrap().net_dry = Mass::new(kg[n] % (Mass::MAX.mg() + 1)).unwrap();
            made
        };
        let source = crate::event::Source {
            facility: at,
            source: crate::event::SourceKind::Mined,
            outputs: vec![make(0)],
            prior: Vec::new(),
            dispatch: None,
        };
        let (id, _) = w.try_record(by, source);
        let head = w.head(id, 0);
        let _ = w.codes(by, transform(at, &[Process::Reduce], vec![head], vec![make(1)]));
    }
}
