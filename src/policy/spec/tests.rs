//! Specifications as files, and lineages checked by them.

use super::check::{check, check_subject};
use super::*;
use crate::event::{AssayStatus, Magnetic, Measured, Method, Process, Verdict, When};
use crate::finding::{Code, Finding};
use crate::policy::fixture::{Story, id, moment, party};
use crate::policy::trail::{Trail, TrailAssay};
use crate::rules::fixture::lines;
use Verdict::{Confirmed, Contradicted, NotApplicable, Unproven};

fn spec(id: &str) -> Spec {
    find_built_in(id).unwrap().unwrap()
}

/// An accredited, final assay of these results.
fn assay(name: &str, by: &str, results: &str) -> TrailAssay {
    TrailAssay {
        event: id(name),
        by: party(by),
        status: AssayStatus::Final,
        superseded: false,
        accredited: true,
        needed: Vec::new(),
        method: Method::IcpMs,
        when: When::At(moment(9)),
        results: Some(lines(results)),
        magnetic: None,
        report: None,
        findings: Vec::new(),
    }
}

fn magnetic(name: &str, br: &str, hcj: &str, bhmax: &str) -> TrailAssay {
    let value = |text: &str| Measured { value: text.parse().unwrap(), uncertainty: "0.01".parse().ok() };
    let magnetic = Magnetic {
        grade: None,
        br: value(br),
        hcb: None,
        hcj: value(hcj),
        bhmax: value(bhmax),
        temperature: None,
        density: "7.55".parse().ok(),
    };
    let method = Method::Hysteresisgraph;
    TrailAssay { results: None, magnetic: Some(magnetic), method, ..assay(name, "lab", "") }
}

/// Dy oxide, handed on, then a part of it reduced; the oxide and its part carry these assays.
fn oxide(assays: Vec<TrailAssay>) -> Trail {
    let mut story = Story::new();
    let ore = story.mine("US", Form::Ore, &[("Dy", 100)]);
    let oxide = story.process("US", &[Process::Separate], &[ore], Form::Oxide, &[("Dy", 90)]);
    let (half, _) = story.halve(oxide);
    story.dispatch(&[half]);
    let metal = story.process("GB", &[Process::Reduce], &[half], Form::Metal, &[("Dy", 40)]);
    story.lots[oxide].assays = assays;
    story.trail(metal)
}

fn magnet(assays: Vec<TrailAssay>) -> Trail {
    let mut story = Story::new();
    let feed = story.mine("US", Form::Ore, &[("Nd", 25), ("Pr", 5), ("Fe", 66), ("B", 1)]);
    let holds = [("Nd", 25), ("Pr", 5), ("Fe", 66), ("B", 1)];
    let magnet = story.process("EE", &[Process::Sinter], &[feed], Form::Magnet, &holds);
    story.lots[magnet].assays = assays;
    story.trail(magnet)
}

fn verdict(spec: &Spec, trail: &Trail) -> Verdict {
    check(spec, trail).verdict
}

#[test]
fn every_specification_built_in_is_sound_and_bears_its_name() {
    for (name, text) in built_in() {
        let spec = Spec::parse(text).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(spec.file.id.as_str(), *name);
        assert!(spec.file.limits.iter().all(|limit| !limit.words().is_empty()));
    }
    assert!(find_built_in("nothing").is_none());
    assert_eq!(spec("dy-oxide-995").file.limits[0].words(), "Dy2O3 at least 99.5 % REO/TREO");
    assert_eq!(spec("magnet-n42sh").file.limits[0].words(), "Br 1.28 to 1.32 T");
}

#[test]
fn the_assay_of_the_lot_it_was_split_from_counts_at_the_hand_off() {
    let trail = oxide(vec![assay("a", "lab", "TREO 0.995, Dy2O3 0.9995 REO/TREO")]);
    let answer = check(&spec("dy-oxide-995"), &trail);
    assert_eq!(answer.verdict, Confirmed, "{answer:?}");
    assert_eq!(answer.lots.len(), 1, "the half that was dispatched, not the whole, not the metal");
    assert_eq!(answer.lots[0].hand_offs, [id("step 3")]);
    assert_eq!(answer.lots[0].limits[0].values[0].value, "99.95 %");
    assert!(answer.lots[0].limits[0].why[0].text.contains("meets Dy2O3 at least 99.5 % REO/TREO"));
}

#[test]
fn a_purity_on_another_basis_is_converted_or_not_compared() {
    let absolute = "version = 0\nid = \"x\"\ntitle = \"x\"\nsource = \"x\"\nforms = [\"oxide\"]\nelements = [\"Dy\"]\n\
                    [[limits]]\nanalyte = \"Dy2O3\"\nbasis = \"absolute\"\nunit = \"%\"\nleast = \"99.5\"\n";
    let absolute = Spec::parse(absolute).unwrap();
    let trail = oxide(vec![assay("a", "lab", "TREO 0.995, Dy2O3 0.9995 REO/TREO")]);
    let answer = check(&absolute, &trail);
    assert_eq!(answer.verdict, Contradicted, "99.95 % of 99.5 % is 99.45 %: {answer:?}");
    let value = &answer.lots[0].limits[0].values[0];
    assert!(value.converted && value.value == "99.45025 %", "{value:?}");
    let trail = oxide(vec![assay("a", "lab", "Dy2O3 0.9995 REO/TREO")]);
    let answer = check(&absolute, &trail);
    assert_eq!(answer.verdict, Unproven);
    assert!(answer.lots[0].limits[0].why[0].text.contains("no total by which to compare"), "{answer:?}");
}

#[test]
fn only_accredited_final_assays_that_stand_confirm() {
    let good = || assay("a", "lab", "Dy2O3 0.9995 REO/TREO");
    let spec = spec("dy-oxide-995");
    assert_eq!(verdict(&spec, &oxide(vec![])), Unproven);
    let lacking = vec!["an accreditation of the laboratory".to_owned()];
    let unaccredited = TrailAssay { accredited: false, needed: lacking, ..good() };
    let answer = check(&spec, &oxide(vec![unaccredited]));
    assert_eq!(answer.verdict, Unproven);
    assert_eq!(answer.lots[0].limits[0].needed.len(), 2, "{answer:?}");
    for assay in [
        TrailAssay { status: AssayStatus::Provisional, ..good() },
        TrailAssay { superseded: true, ..good() },
        TrailAssay { results: None, ..good() },
    ] {
        assert_eq!(verdict(&spec, &oxide(vec![assay])), Unproven);
    }
    assert_eq!(verdict(&spec, &oxide(vec![good()])), Confirmed);
    let holes = Trail { is_complete: false, ..oxide(vec![good()]) };
    assert_eq!(verdict(&spec, &holes), Unproven, "an assay may have been left out");
}

#[test]
fn a_makers_own_word_counts_against_it_and_a_strangers_does_not() {
    let bad = |by: &str| TrailAssay { accredited: false, ..assay("b", by, "Dy2O3 0.99 REO/TREO") };
    let good = || assay("a", "lab", "Dy2O3 0.9995 REO/TREO");
    let spec = spec("dy-oxide-995");
    assert_eq!(verdict(&spec, &oxide(vec![good(), bad("elsewhere")])), Confirmed);
    assert_eq!(verdict(&spec, &oxide(vec![good(), bad("US")])), Contradicted);
    let umpire = TrailAssay { status: AssayStatus::Umpire, ..assay("u", "umpire", "Dy2O3 0.997 REO/TREO") };
    assert_eq!(verdict(&spec, &oxide(vec![bad("US"), umpire])), Confirmed, "an umpire settles it");
}

#[test]
fn two_laboratories_that_disagree_stand_side_by_side() {
    let one = || assay("a", "lab", "Dy2O3 0.9995 REO/TREO ~0.0002");
    let other = || assay("b", "other", "Dy2O3 0.994 REO/TREO ~0.0003");
    let spec = spec("dy-oxide-995");
    let answer = check(&spec, &oxide(vec![one(), other()]));
    let limit = &answer.lots[0].limits[0];
    assert_eq!((answer.verdict, limit.values.len()), (Unproven, 2));
    let text = limit.why.iter().map(|why| why.text.as_str()).collect::<Vec<_>>().join("\n");
    assert!(text.contains("99.95 % ± 0.02 %") && text.contains("99.4 % ± 0.03 %"), "{text}");
    assert!(text.contains("differ by more than their uncertainties"), "{text}");
    assert!(limit.needed.iter().any(|needed| needed.starts_with("an umpire's assay")), "{limit:?}");
    assert_eq!(verdict(&spec, &oxide(vec![other()])), Contradicted);
}

#[test]
fn what_review_found_on_the_assays_is_told_with_the_lot() {
    let found = Finding::new(Code::CertificateIncomplete, "every member", "a report without e (customer)").on(id("a"));
    let one = TrailAssay { findings: vec![found], ..assay("a", "lab", "Dy2O3 0.9995 REO/TREO") };
    let answer = check(&spec("dy-oxide-995"), &oxide(vec![one]));
    assert!(answer.lots[0].remarks[0].text.contains("a report without e (customer)"), "{answer:?}");
    assert_eq!(answer.verdict, Confirmed, "the value stands; what the report lacks is said");
}

#[test]
fn a_grade_is_checked_in_any_unit() {
    let spec = spec("magnet-n42sh");
    assert_eq!(verdict(&spec, &magnet(vec![magnetic("m", "1.3", "1650", "326")])), Confirmed);
    let answer = check(&spec, &magnet(vec![magnetic("m", "1.3", "1500", "326")]));
    assert_eq!(answer.verdict, Contradicted);
    assert!(answer.lots[0].limits[1].why[0].text.contains("misses HcJ at least 1592 kA/m"), "{answer:?}");
    let cgs = built_in().iter().find(|(id, _)| *id == "magnet-n42sh").unwrap().1;
    let cgs = cgs.replace("\"kA/m\"", "\"kOe\"").replace("\"1592\"", "\"20\"").replace("\"T\"", "\"kG\"");
    let cgs = cgs.replace("1.28", "12.8").replace("1.32", "13.2").replace("\"kJ/m3\"", "\"MGOe\"");
    let cgs = Spec::parse(&cgs.replace("\"318\"", "\"40\"").replace("\"334\"", "\"42\"")).unwrap();
    assert_eq!(verdict(&cgs, &magnet(vec![magnetic("m", "1.3", "1591.6", "334.2")])), Confirmed);
    assert_eq!(verdict(&cgs, &magnet(vec![magnetic("m", "1.3", "1591.5", "334.2")])), Contradicted);
    let other_method = TrailAssay { method: Method::Calculation, ..magnetic("m", "1.3", "1650", "326") };
    assert_eq!(verdict(&spec, &magnet(vec![other_method])), Unproven);
}

#[test]
fn properties_that_cannot_occur_together_contradict() {
    let found =
        Finding::new(Code::ImpossibleMagnet, "BHmax of at most 346.6 kJ/m³ at Br 1.32 T", "350 kJ/m³").on(id("m"));
    let impossible = TrailAssay { findings: vec![found], ..magnetic("m", "1.32", "1650", "330") };
    let trail = magnet(vec![impossible]);
    let answer = check(&spec("magnet-n42sh"), &trail);
    assert_eq!(answer.verdict, Contradicted);
    assert!(answer.lots[0].remarks[0].text.contains("at most 346.6 kJ/m³"), "{answer:?}");
    assert_eq!(check_subject(&spec("magnet-n42sh"), &trail).verdict, Contradicted);
}

#[test]
fn a_guard_band_asks_for_the_uncertainty_too() {
    let text = built_in().iter().find(|(id, _)| *id == "dy-oxide-995").unwrap().1;
    let guarded = Spec::parse(&text.replace("elements =", "decision_rule = \"guard-band\"\nelements =")).unwrap();
    for (results, expected) in [
        ("Dy2O3 0.9960 REO/TREO ~0.0005", Confirmed),
        ("Dy2O3 0.9952 REO/TREO ~0.0005", Unproven),
        ("Dy2O3 0.9940 REO/TREO ~0.0005", Contradicted),
        ("Dy2O3 0.9999 REO/TREO", Unproven),
    ] {
        assert_eq!(verdict(&guarded, &oxide(vec![assay("a", "lab", results)])), expected, "{results}");
    }
}

#[test]
fn a_specification_that_applies_to_nothing_is_not_applicable() {
    let trail = oxide(vec![assay("a", "lab", "Dy2O3 0.9995 REO/TREO")]);
    let answer = check(&spec("magnet-n42sh"), &trail);
    assert_eq!((answer.verdict, answer.lots.len()), (NotApplicable, 0));
    assert!(!answer.why.is_empty());
    assert_eq!(check_subject(&spec("dy-oxide-995"), &trail).verdict, NotApplicable, "the subject is metal");
    let mut story = Story::new();
    let mixed = story.mine("US", Form::Oxide, &[("Dy", 10), ("Gd", 90)]);
    assert_eq!(verdict(&spec("dy-oxide-995"), &story.trail(mixed)), NotApplicable, "gadolinium outweighs it");
}

#[test]
fn a_total_is_asked_of_a_mixture_whatever_it_mainly_is() {
    let mixture = |form, amounts: &[(&str, u64)], results: &str| {
        let mut story = Story::new();
        let lot = story.mine("US", form, amounts);
        story.lots[lot].assays = vec![assay("a", "lab", results)];
        story.trail(lot)
    };
    // Lanthanum outweighs both of those that the carbonate is bought for.
    let carbonate: &[(&str, u64)] = &[("La", 500), ("Nd", 180), ("Pr", 60)];
    for (total, expected) in [("0.55", Confirmed), ("0.39", Contradicted), ("0.61", Contradicted)] {
        let trail = mixture(Form::Mrec, carbonate, &format!("TREO {total}"));
        assert_eq!(verdict(&spec("mrec"), &trail), expected, "{total}");
    }
    let concentrate: &[(&str, u64)] = &[("Ce", 500), ("Nd", 120), ("Pr", 40), ("Th", 50)];
    let trail = mixture(Form::Concentrate, concentrate, "TREO 0.55, ThO2 0.06");
    assert_eq!(verdict(&spec("re-concentrate"), &trail), Confirmed);
    assert_eq!(verdict(&spec("monazite-concentrate"), &trail), Confirmed);
    let trail = mixture(Form::Concentrate, concentrate, "TREO 0.39, ThO2 0.08");
    assert_eq!(verdict(&spec("re-concentrate"), &trail), Contradicted);
    assert_eq!(verdict(&spec("monazite-concentrate"), &trail), Contradicted);
    let alloy: &[(&str, u64)] = &[("Nd", 22), ("Fe", 67), ("B", 1)];
    for (total, expected) in [("0.305", Confirmed), ("0.28", Contradicted)] {
        let trail = mixture(Form::AlloyFlake, alloy, &format!("TREM {total}"));
        assert_eq!(verdict(&spec("ndfeb-alloy"), &trail), expected, "{total}");
    }
}

#[test]
fn every_specification_says_where_it_comes_from() {
    for (id, _) in built_in() {
        let source = spec(id).file.source.to_string();
        let is_known = source == "general knowledge" || source.contains("ASTM") || source.contains("public");
        assert!(is_known, "{id}: {source}");
    }
}

#[test]
fn what_makes_no_sense_is_refused_where_it_stands() {
    let head = "version = 0\nid = \"x\"\ntitle = \"x\"\nsource = \"x\"\nforms = [\"oxide\"]\nelements = [\"Dy\"]\n";
    let limit = |text: &str| format!("{head}[[limits]]\n{text}\n");
    let dy = "analyte = \"Dy2O3\"\nbasis = \"REO/TREO\"\nunit = \"%\"\n";
    for (text, expected) in [
        (
            head.replace("version = 0", "version = 1") + "limits = []\n",
            "line 1, column 11: expected version 0, found 1",
        ),
        (head.replace("id = \"x\"", "id = \"a b\"") + "limits = []\n", "line 2, column 6: expected an id of letters"),
        (format!("{head}limits = []\n"), "line 7, column 10: expected at least one of `limits`"),
        (head.replace("[\"oxide\"]", "[]") + "limits = []\n", "line 5, column 9: expected at least one of `forms`"),
        (limit("analyte = \"Dy2O4\""), "line 8, column 11: expected an element, oxide or group"),
        (limit("analyte = \"Dy2O3\"\nunit = \"%\"\nleast = \"1\""), "line 7, column 1: expected a `basis` for Dy2O3"),
        (
            limit("analyte = \"Fe\"\nbasis = \"REO/TREO\"\nunit = \"%\"\nmost = \"1\""),
            "line 9, column 9: expected a basis on which Fe",
        ),
        (limit(&dy.replace("\"%\"", "\"kA/m\"")), "line 10, column 8: expected a unit of mass fractions"),
        (limit("property = \"br\"\nunit = \"kOe\"\nleast = \"1\""), "line 9, column 8: expected T or kG for br"),
        (limit(dy), "line 7, column 1: expected `least` or `most`"),
        (
            limit(&format!("{dy}least = \"99\"\nmost = \"98\"")),
            "line 11, column 9: expected `least` of at most 98, found 99",
        ),
        (limit(&format!("{dy}least = \"101\"")), "line 11, column 9: expected at most the whole, found 101 %"),
        (limit(&format!("{dy}least = 99.5")), "line 11, column 9: invalid type: floating point"),
        (limit(&format!("{dy}least = \"99,5\"")), "line 11, column 9: expected a decimal number"),
        (limit(&format!("{dy}lest = \"99\"")), "line 11, column 1: unknown field `lest`"),
        (
            limit(&format!("{dy}least = \"1\"\n[[limits]]\n{dy}most = \"2\"")),
            "line 12, column 1: expected one limit for Dy2O3",
        ),
        (
            limit(&format!("{dy}least = \"60\"\n[[limits]]\n{}least = \"60\"", dy.replace("Dy2O3", "Tb4O7"))),
            "line 16, column 9: expected limits of at most the whole together",
        ),
        (
            limit(
                "analyte = \"TREO\"\nbasis = \"absolute\"\nunit = \"%\"\nmost = \"90\"\n[[limits]]\nanalyte = \"Dy2O3\"\nbasis = \"absolute\"\nunit = \"%\"\nleast = \"95\"",
            ),
            "line 16, column 9: expected at most 90 %, as TREO has",
        ),
        (
            limit("unit = \"%\"\nleast = \"1\""),
            "line 7, column 1: expected exactly one of `analyte` and `property`, found neither",
        ),
        ("version = ".to_owned(), "line 1, column 11"),
    ] {
        let error = Spec::parse(&text).map(|_| ()).unwrap_err();
        assert!(error.to_string().starts_with(expected), "{expected}\nfound {error}");
    }
    let long = "#".repeat(MAX_SPEC + 1);
    assert!(Spec::parse(&long).unwrap_err().to_string().contains("at most 1048576 bytes, found 1048577"));
    let error = Spec::parse(&limit(&format!("{dy}least = 99.5"))).unwrap_err();
    assert!(error.hint().is_some_and(|hint| hint.contains("decimal strings")), "{error:?}");
}
