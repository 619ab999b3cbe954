//! The worked example: ore in California to magnets in Estonia, with the masses of each step.

use super::*;
use crate::event::{Form, Head, Lot, OutputRole, Process as P, Transform};
use crate::value::{Element, EventId, FacilityId, PartyId};

const DISTRIBUTION: [(&str, f64); 10] = [
    ("CeO2", 0.502),
    ("La2O3", 0.323),
    ("Nd2O3", 0.11775),
    ("Pr6O11", 0.03925),
    ("Sm2O3", 0.009),
    ("Eu2O3", 0.0015),
    ("Gd2O3", 0.005),
    ("Tb4O7", 0.0003),
    ("Dy2O3", 0.0012),
    ("Y2O3", 0.001),
];

type Site = (PartyId, FacilityId);

fn site(w: &mut World, number: u8, country: &str, point: &str) -> Site {
    let party = w.party(number);
    (party, w.facility(party, country, point))
}

/// Kilograms of each analyte as a composition of a lot.
fn of(kg: f64, parts: &[(&str, f64)]) -> String {
    let lines: Vec<String> = parts.iter().map(|(analyte, part)| format!("{analyte} {:.9}", part / kg)).collect();
    lines.join(", ")
}

fn distribution(treo: &str) -> String {
    let lines: Vec<String> = DISTRIBUTION.iter().map(|(oxide, share)| format!("{oxide} {share} REO/TREO")).collect();
    format!("TREO {treo}, {}", lines.join(", "))
}

fn role(role: OutputRole, lot: Lot) -> Lot {
    Lot { role, ..lot }
}

fn run(w: &mut World, at: Site, processes: &[P], inputs: Vec<Head>, outputs: Vec<Lot>, targets: &[Element]) -> EventId {
    w.day += 5;
    let body = transform(at.1, processes, inputs, outputs);
    w.record(at.0, Transform { targets: targets.to_vec(), ..body })
}

fn ndpr_oxide(w: &mut World, mine: Site, sx: Site) -> EventId {
    use Element::{Nd, Pr};
    let ore = w.source(mine.0, mine.1, vec![lot(Form::Ore, "1200000", &distribution("0.06"))]);
    let concentrate = lot(Form::Concentrate, "79200", &distribution("0.6"));
    let head = vec![w.head(ore, 0)];
    let concentrate = run(w, mine, &[P::Crush, P::Beneficiate], head, vec![concentrate], &[Nd, Pr]);
    let mut parts = vec![("CeO2", 2385.504), ("La2O3", 13814.064), ("Nd2O3", 5035.932), ("Pr6O11", 1678.644)];
    parts.extend(DISTRIBUTION[4..].iter().map(|(oxide, share)| (*oxide, 47_520.0 * share * 0.9)));
    let mrec = lot(Form::Mrec, "43061.76", &of(43_061.76, &parts));
    let head = vec![w.head(concentrate, 0)];
    let mrec = run(w, mine, &[P::Crack, P::Leach, P::Precipitate], head, vec![mrec], &[Nd, Pr]);
    let container = || {
        let mut part = lot(Form::Mrec, "14353.92", &of(43_061.76, &parts));
        let quantity = part.quantity.as_mut().unwrap();
        (quantity.net_wet, quantity.moisture) = ("19991.532".parse().ok(), "0.282".parse().ok());
        part
    };
    let head = w.head(mrec, 0);
    let containers = w.record(mine.0, split(mine.1, head, vec![container(), container(), container()], None));
    let heads: Vec<Head> = (0..3).map(|n| w.head(containers, n)).collect();
    w.hand_over(&heads, mine, sx);
    let heads = (0..3).map(|n| w.head(containers, n)).collect();
    let by = |lot| role(OutputRole::ByProduct, lot);
    let outputs = vec![
        lot(Form::Oxide, "6443.28", "TREO 0.99, Nd2O3 0.75 REO/TREO, Pr6O11 0.25 REO/TREO"),
        by(lot(Form::Oxide, "13255.92", "TREO 0.99, La2O3 0.999 REO/TREO")),
        by(lot(Form::Oxide, "2290", "TREO 0.99, CeO2 0.999 REO/TREO")),
        by(lot(Form::Concentrate, "740", "TREO 0.99, Sm2O3 0.5 REO/TREO, Dy2O3 0.066 REO/TREO, Tb4O7 0.0166 REO/TREO")),
    ];
    run(w, sx, &[P::Separate, P::Calcine], heads, outputs, &[Nd, Pr])
}

fn dy_oxide(w: &mut World, sands: Site, mill: Site) -> EventId {
    let monazite = "TREO 0.55, Dy2O3 0.0027 REO/TREO, Th 0.05, U 0.003";
    let source = w.source(sands.0, sands.1, vec![lot(Form::Concentrate, "12000", monazite)]);
    let head = w.head(source, 0);
    w.hand_over(&[head], sands, mill);
    let mrec = lot(Form::Mrec, "10800", &format!("TREO 0.55, {}", of(10_800.0, &[("Dy2O3", 16.038)])));
    let head = vec![w.head(source, 0)];
    let mrec = run(w, mill, &[P::Crack, P::Leach, P::Precipitate], head, vec![mrec], &[Element::Dy]);
    let rest = role(OutputRole::ByProduct, lot(Form::Mrec, "10500", "TREO 0.55, Dy2O3 <0.0001"));
    let oxide = lot(Form::Oxide, "15", &of(15.0, &[("Dy2O3", 14.925)]));
    let head = vec![w.head(mrec, 0)];
    run(w, mill, &[P::Separate, P::Calcine], head, vec![oxide, rest], &[Element::Dy])
}

/// What is taken of a lot: 500 kg of 6,443.28 kg, as the first output of a split.
fn part(w: &mut World, at: Site, of: EventId, taken: &str, rest: &str) -> Head {
    use crate::state::View as _;
    let head = w.head(of, 0);
    let form = w.state.lot(&head.lot).unwrap().unwrap().form;
    let elements = w.state.lot(&head.lot).unwrap().unwrap().elements;
    // Parts without composition of their own have the whole's.
    let bare = |kg: &str| Lot { elements: elements.clone(), ..lot(form, kg, "") };
    let split = w.record(at.0, split(at.1, head, vec![bare(taken), bare(rest)], None));
    w.head(split, 0)
}

fn magnets(w: &mut World, alloy: Site, maker: Site, heat: Vec<Head>) -> EventId {
    use Element::{Dy, Nd, Pr};
    let fe = 31.459 * 0.805 + 377.741 * 0.998;
    let melt = [
        ("Nd", 177.0 * 0.7565),
        ("Pr", 177.0 * 0.2435),
        ("Dy", 6.0 * 0.999),
        ("B", 31.459 * 0.185),
        ("Fe", fe),
        ("Co", 6.0),
        ("Cu", 0.6),
        ("Al", 0.6),
        ("Ga", 0.6),
    ];
    let flake = lot(Form::AlloyFlake, "582", &of(600.0, &melt));
    let dross = role(OutputRole::Residue, lot(Form::Residue, "18", &of(600.0, &melt)));
    let flake = run(w, alloy, &[P::Melt, P::StripCast], heat, vec![flake, dross], &[Nd, Pr, Dy]);
    let head = w.head(flake, 0);
    w.hand_over(&[head], alloy, maker);
    // 2.037 kg of hydrogen dilute the powder and leave it in the furnace.
    let hydrided = of(600.0 * 584.037 / 582.0, &melt);
    let powder = lot(Form::Powder, "560", &hydrided);
    let fines = role(OutputRole::Residue, lot(Form::Residue, "24.037", &hydrided));
    let head = vec![w.head(flake, 0)];
    let powder = run(w, maker, &[P::HydrogenDecrepitate, P::JetMill], head, vec![powder, fines], &[Nd, Pr, Dy]);
    let sintered = of(600.0, &melt);
    let blocks = lot(Form::Block, "523.8", &sintered);
    let green = role(OutputRole::Scrap, lot(Form::Scrap, "34.163", &sintered));
    let head = vec![w.head(powder, 0)];
    let blocks = run(w, maker, &[P::Press, P::Sinter, P::Age], head, vec![blocks, green], &[Nd, Pr, Dy]);
    let blank = |n, kg| pieces(lot(Form::Blank, kg, &sintered), n, "0.025");
    let swarf = role(OutputRole::Scrap, lot(Form::Scrap, "130.95", &sintered));
    let head = vec![w.head(blocks, 0)];
    let blanks = run(w, maker, &[P::Machine], head, vec![blank(15_714, "392.85"), swarf], &[Nd, Pr, Dy]);
    let head = vec![w.head(blanks, 0)];
    let coated = run(w, maker, &[P::Passivate], head, vec![blank(15_714, "392.85")], &[Nd, Pr, Dy]);
    let head = vec![w.head(coated, 0)];
    let tested = run(w, maker, &[P::Test], head, vec![blank(15_700, "392.5")], &[Nd, Pr, Dy]);
    let head = vec![w.head(tested, 0)];
    let magnet = pieces(lot(Form::Magnet, "392.5", &sintered), 15_700, "0.025");
    run(w, maker, &[P::Magnetize], head, vec![magnet], &[Nd, Pr, Dy])
}

#[test]
fn the_worked_example_gives_no_warning() {
    use Element::{Dy, Nd, Pr};
    let mut w = World::new();
    let mine = site(&mut w, 1, "US", "35.48,-115.53");
    let sx = site(&mut w, 2, "MY", "3.99,103.37");
    let (sands, mill) = (site(&mut w, 3, "US", "31.42,-82.11"), site(&mut w, 4, "US", "37.54,-109.5"));
    let (alloy, maker) = (site(&mut w, 5, "GB", "53.3,-2.94"), site(&mut w, 6, "EE", "59.36,28.15"));
    let oxide = ndpr_oxide(&mut w, mine, sx);
    let ndpr = part(&mut w, sx, oxide, "500", "5943.28");
    w.hand_over(&[ndpr], sx, alloy);
    let dy = dy_oxide(&mut w, sands, mill);
    let dy = part(&mut w, mill, dy, "7.6", "7.4");
    w.hand_over(&[dy], mill, alloy);
    let head = vec![w.head(ndpr.lot.event, 0)];
    let metal = lot(Form::Metal, "399.665", "Nd 0.7565, Pr 0.2435");
    let ndpr = run(&mut w, alloy, &[P::Reduce], head, vec![metal], &[Nd, Pr]);
    let head = vec![w.head(dy.lot.event, 0)];
    let dy = run(&mut w, alloy, &[P::Reduce], head, vec![lot(Form::Metal, "6.259", "Dy 0.999")], &[Dy]);
    let mut heat = vec![part(&mut w, alloy, ndpr, "177", "222.665"), part(&mut w, alloy, dy, "6", "0.259")];
    let additions = vec![
        lot(Form::Ferroboron, "31.459", "B 0.185, Fe 0.805"),
        lot(Form::Cobalt, "6", "Co 1"),
        lot(Form::OtherMetal, "0.6", "Cu 1"),
        lot(Form::OtherMetal, "0.6", "Al 1"),
        lot(Form::OtherMetal, "0.6", "Ga 1"),
        lot(Form::Iron, "377.741", "Fe 0.998"),
    ];
    let additions = w.source(alloy.0, alloy.1, additions);
    heat.extend((0..6).map(|n| w.head(additions, n)));
    let magnets = magnets(&mut w, alloy, maker, heat);
    assert_eq!(loud(&w), Vec::<String>::new());
    let notes = codes(&w);
    assert!(!notes.contains(&Code::NotAnalysed) && !notes.contains(&Code::MassWithheld), "{notes:#?}");
    assert!(w.state.lot(&w.head(magnets, 0).lot).unwrap().is_some());
}
