//! Every scenario that comes with the program, played by `oretrail demo`: the buyer's questions come to what its file says.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use assert_cmd::Command;
use oretrail::event::{Reading, Verdict};
use oretrail::interop::batch::Header;
use oretrail::interop::play::{InMemory, Player};
use oretrail::interop::scenarios::{SCENARIOS, named};
use serde_json::Value;
use std::collections::BTreeSet;
use std::path::Path;

/// What the program prints in a folder, with its exit code.
fn oretrail(folder: &Path, arguments: &[&str]) -> (String, Option<i32>) {
    let mut command = Command::cargo_bin("oretrail").unwrap();
    let output = command.env_clear().current_dir(folder).args(arguments).output().unwrap();
    let (printed, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    (if printed.is_empty() { error.into_owned() } else { printed }, output.status.code())
}

/// What the demo of a scenario prints.
fn demo(name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let (printed, code) = oretrail(folder.path(), &["demo", name, "--dir", "stage"]);
    let answers = printed.split("What the buyer asks:").nth(1).unwrap_or(&printed);
    assert_eq!(code, Some(0), "{answers}");
    printed
}

/// The provenance of the subject of a scenario, as JSON and as text.
fn provenance(name: &str, element: &str) -> (Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let (played, code) = oretrail(folder.path(), &["demo", name, "--dir", "stage", "--json"]);
    assert_eq!(code, Some(0), "{played}");
    let played: Value = serde_json::from_str(&played).unwrap();
    let (lineage, trust) = (played["lineage"].as_str().unwrap(), played["trust"].as_str().unwrap());
    let asked = ["provenance", lineage, "--trust", trust, "--element", element, "--as-of", "2026-12-31"];
    let (text, code) = oretrail(folder.path(), &asked);
    assert_eq!(code, Some(0), "{text}");
    let (json, _) = oretrail(folder.path(), &[&asked[..], &["--json"]].concat());
    (serde_json::from_str(&json).unwrap(), text)
}

fn header(name: &str) -> Header {
    named(name).unwrap().read().unwrap().0
}

/// Verdicts by delivery date and element scope: 2026 named-only, 2026 all, 2027 named-only, 2027 all.
fn verdicts(header: &Header) -> Vec<Verdict> {
    let mut found = Vec::new();
    for delivery in ["2026-12-31", "2027-01-01"] {
        for scope in ["named-only", "all-rare-earths"] {
            let asked = header.expect_verdict.iter().find(|asked| {
                asked.policy.as_deref() == Some("us-dfars-252.225-7052")
                    && asked.delivery.is_some_and(|date| date.to_string() == delivery)
                    && asked.params.len() == 1
                    && asked.params.get("elements").is_some_and(|elements| elements == scope)
            });
            found.push(asked.unwrap_or_else(|| panic!("no verdict for {delivery}, {scope}")).verdict);
        }
    }
    found
}

/// One test for each scenario: its case, the four verdicts, and that they come out.
macro_rules! scenarios {
    ($($test:ident, $name:literal, $case:literal, [$($verdict:ident),*];)*) => {
        $(
            #[test]
            fn $test() {
                let header = header($name);
                assert_eq!(header.case.as_deref(), Some($case));
                assert_eq!(verdicts(&header), [$(Verdict::$verdict),*]);
                let count = header.expect_verdict.len();
                let printed = demo($name);
                assert!(printed.contains(&format!("All {count} answers are as the scenario expects.")), "{printed}");
            }
        )*
        const TESTED: &[&str] = &[$($name),*];
    };
}

scenarios! {
    everything_recorded_and_accredited, "magnet", "A", [Confirmed, Confirmed, Confirmed, Confirmed];
    iron_and_boron_on_documents, "documented-iron", "A2", [Confirmed, Confirmed, Confirmed, Confirmed];
    dysprosium_separated_in_china, "cn-dysprosium", "B", [Confirmed, Confirmed, Confirmed, Contradicted];
    dysprosium_left_out_of_the_list, "dysprosium-left-out", "B2", [Confirmed, Confirmed, Confirmed, Unproven];
    ferroboron_from_china, "cn-ferroboron", "C", [Confirmed, Confirmed, Contradicted, Contradicted];
    metal_made_in_china, "cn-metal", "D", [Confirmed, Confirmed, Contradicted, Contradicted];
    alloy_melted_in_china, "cn-melt", "E", [Contradicted, Contradicted, Contradicted, Contradicted];
    swarf_recycled_in_texas, "recycled-us", "F", [Exempt, Exempt, Exempt, Exempt];
    one_per_cent_of_swarf, "recycled-token", "F2", [Contradicted, Contradicted, Contradicted, Contradicted];
    clean_swarf_sintered_in_estonia, "swarf-in-estonia", "G", [Confirmed, Confirmed, Confirmed, Confirmed];
    swarf_of_chinese_melt, "swarf-of-cn-melt", "G", [Contradicted, Contradicted, Contradicted, Contradicted];
    more_neodymium_out_than_in, "neodymium-gain", "H", [Unproven, Unproven, Unproven, Unproven];
    a_dispatch_nobody_answered, "unanswered-dispatch", "I1", [Unproven, Unproven, Unproven, Unproven];
    a_lot_spent_twice, "double-spend", "I2", [Confirmed, Confirmed, Confirmed, Confirmed];
    two_events_with_one_predecessor, "forked-feed", "I3", [Confirmed, Confirmed, Confirmed, Confirmed];
    a_site_that_is_elsewhere, "misplaced-site", "J", [Contradicted, Contradicted, Contradicted, Contradicted];
    a_mass_balance_lot, "mass-balance", "K", [Unproven, Unproven, Unproven, Unproven];
    an_accreditor_nobody_trusts, "untrusted-accreditor", "L", [Unproven, Unproven, Unproven, Unproven];
    masses_withheld, "withheld-masses", "M", [Confirmed, Confirmed, Confirmed, Confirmed];
    a_tenth_from_opening_stock, "opening-stock", "N", [Confirmed, Confirmed, Unproven, Unproven];
    cobalt_refined_in_china, "samarium-cobalt", "O", [Confirmed, Confirmed, Contradicted, Contradicted];
    a_blend_offered_as_one_origin, "blended-origins", "P", [Confirmed, Confirmed, Confirmed, Confirmed];
    recycled_content_in_europe, "recycled-content", "Q", [Unproven, Unproven, Unproven, Unproven];
    a_plant_run_continuously, "continuous", "R", [Confirmed, Confirmed, Contradicted, Contradicted];
    half_the_oxide_from_china, "half-and-half", "S", [Confirmed, Confirmed, Contradicted, Contradicted];
    a_year_of_tolling, "tolling", "T", [Confirmed, Confirmed, Confirmed, Confirmed];
}

#[test]
fn every_scenario_but_the_one_of_refusals_is_tested_here() {
    let all: BTreeSet<&str> = SCENARIOS.iter().map(|scenario| scenario.name).collect();
    let tested: BTreeSet<&str> = TESTED.iter().copied().chain(["refusals"]).collect();
    assert_eq!(all, tested);
}

#[test]
fn the_list_has_name_case_and_title_of_each() {
    let mut command = Command::cargo_bin("oretrail").unwrap();
    let output = command.env_clear().args(["demo", "--list"]).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(printed.lines().count(), SCENARIOS.len());
    for (line, scenario) in printed.lines().zip(SCENARIOS) {
        let header = header(scenario.name);
        let words: Vec<&str> = line.split_whitespace().collect();
        assert_eq!(words[0], scenario.name);
        assert!(header.case.is_none_or(|case| words[1] == case), "{line}");
        assert!(line.ends_with(&header.title.unwrap()), "{line}");
        assert!(line.chars().count() <= 120, "{line}");
    }
}

#[test]
fn an_answer_that_the_scenario_does_not_expect_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("wrong.toml");
    let text = "oretrail = \"batch/1\"\nsimulated = true\nbased_on = \"untrusted-accreditor\"\n\
                expect_found = [\"mass.element-gain\"]\nexpect_verdict = [\n\
                { claim = \"origin Nd US >= 1\", verdict = \"UNPROVEN\", because = [\"no such words\"], naming = [\"heat\"] },\n\
                { claim = \"origin Nd AU >= 1\", verdict = \"CONFIRMED\" },\n]\n";
    std::fs::write(&file, text).unwrap();
    let mut command = Command::cargo_bin("oretrail").unwrap();
    let output = command.env_clear().arg("demo").arg(&file).arg("--dir").arg(folder.path().join("stage")).output();
    let output = output.unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{printed}\n{}", String::from_utf8_lossy(&output.stderr));
    for line in [
        "not as expected: no reason names `no such words`",
        "not as expected: no reason names `heat`",
        "not as expected: CONFIRMED",
        "not as expected: no finding mass.element-gain",
        "not as the scenario expects.",
    ] {
        assert!(printed.contains(line), "{line}\n{printed}");
    }
}

#[test]
fn half_of_the_neodymium_is_separated_in_each_country() {
    let (report, text) = provenance("half-and-half", "Nd");
    let bucket = |step: &str| -> Vec<[String; 3]> {
        let lines = report["elements"][0]["buckets"].as_array().unwrap().iter().filter(|line| line["step"] == step);
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        lines
            .map(|line| [word(&line["country"]), word(&line["mass"]["least"]), word(&line["share"]["least"])])
            .collect()
    };
    // 392.5 kg of magnets at 22.3167 % Nd; the milligram that is left goes to one of the halves.
    let halves = bucket("separated");
    let masses: BTreeSet<(&str, &str)> = halves.iter().map(|[country, mass, _]| (&**country, &**mass)).collect();
    assert_eq!(masses, BTreeSet::from([("CN", "43.796523"), ("MY", "43.796524")]));
    assert!(
        halves.iter().all(|[_, _, share]| share.starts_with("0.49999999") || share.starts_with("0.5")),
        "{halves:?}"
    );
    let of = |country: &str, mass: &str| vec![[country.to_owned(), mass.to_owned(), "1".to_owned()]];
    assert_eq!(bucket("melted"), of("GB", "87.593047"));
    assert_eq!(bucket("magnetized"), of("EE", "87.593047"));
    let mined: BTreeSet<String> = bucket("mined").into_iter().map(|[country, ..]| country).collect();
    assert_eq!(mined, BTreeSet::from(["AU".to_owned(), "US".to_owned()]));
    let line = |country: &str| text.lines().find(|line| line.contains("2 separated") && line.contains(country));
    for country in ["CN", "MY"] {
        assert!(line(country).is_some_and(|line| line.contains("██████······") && line.contains("50 %")), "{text}");
    }
}

#[test]
fn each_kind_of_origin_is_told_with_country_lot_and_mass() {
    let schema = serde_json::from_str(&oretrail::interop::schema::get("provenance").unwrap()).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    type Told = (&'static str, Option<&'static str>, bool, &'static str);
    // Kind, country, whether it is a lot that entered, mass of neodymium.
    let cases: [(&str, &[Told]); 5] = [
        (
            "recycled-content",
            &[("primary", Some("US"), true, "63.942925"), ("post-consumer", Some("DE"), true, "23.650122")],
        ),
        ("opening-stock", &[("primary", Some("US"), true, "78.833742"), ("unknown", None, true, "8.759305")]),
        ("neodymium-gain", &[("primary", Some("US"), true, "69.536307"), ("unknown", None, false, "18.05674")]),
        ("recycled-us", &[("pre-consumer", Some("US"), true, "18.746028")]),
        ("swarf-in-estonia", &[("internal-loop", Some("US"), true, "18.746028")]),
    ];
    for (scenario, expected) in cases {
        let (report, text) = provenance(scenario, "Nd");
        assert!(validator.is_valid(&report), "{scenario}: {report:#}");
        let origins = report["elements"][0]["origins"].as_array().unwrap();
        assert_eq!(origins.len(), expected.len(), "{scenario}: {text}");
        for (origin, (kind, country, has_lot, mass)) in origins.iter().zip(expected) {
            assert_eq!((&origin["kind"], &origin["mass"]["least"]), (&(*kind).into(), &(*mass).into()), "{scenario}");
            assert_eq!((origin["country"].as_str(), origin["lot"].is_string()), (*country, *has_lot), "{scenario}");
            let line = text.lines().find(|line| line.contains(kind) && line.contains(mass));
            assert!(line.is_some_and(|line| line.contains(country.unwrap_or("??"))), "{scenario}: {text}");
        }
    }
}

#[test]
fn as_json_a_demo_says_what_was_expected_and_what_came_of_it() {
    let folder = tempfile::tempdir().unwrap();
    let (printed, code) = oretrail(folder.path(), &["demo", "double-spend", "--dir", "stage", "--json"]);
    assert_eq!(code, Some(0), "{printed}");
    let told: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&told["case"], &told["as_expected"]), (&"I2".into(), &true.into()));
    assert_eq!(told["answers"].as_array().unwrap().len(), 4);
    for answer in told["answers"].as_array().unwrap() {
        assert_eq!((&answer["expected"], &answer["found"]), (&"CONFIRMED".into(), &"CONFIRMED".into()));
        assert!(answer["question"].as_str().unwrap().starts_with("us-dfars-252.225-7052, delivery 202"));
    }
    assert_eq!(told["refused"][0]["name"], "second-spend");
    assert_eq!(told["refused"][0]["findings"][0]["code"], "custody.stale-head");
    assert_eq!(told["report"]["subject"]["condition"], "in-transit");
    assert_eq!(told["findings"], Value::Array(Vec::new()));
    // Nobody is asked to accredit anything in it, so that its verification stays open.
    let (printed, code) = oretrail(folder.path(), &["demo", "refusals", "--dir", "refused", "--json"]);
    assert_eq!(code, Some(3), "{printed}");
    let told: Value = serde_json::from_str(&printed).unwrap();
    assert!(told["refused"].as_array().unwrap().len() > 5 && told.get("as_expected").is_none(), "{printed}");
    let wrong = "oretrail = \"batch/1\"\nsimulated = true\nbased_on = \"magnet\"\n\
                 expect_verdict = [{ claim = \"origin Nd AU >= 1\", verdict = \"CONFIRMED\" }]\n";
    std::fs::write(folder.path().join("wrong.toml"), wrong).unwrap();
    let (printed, code) = oretrail(folder.path(), &["demo", "wrong.toml", "--dir", "wrong", "--json"]);
    assert_eq!(code, Some(1), "{printed}");
    let told: Value = serde_json::from_str(&printed).unwrap();
    assert_eq!((&told["as_expected"], &told["answers"][0]["found"]), (&false.into(), &"CONTRADICTED".into()));
}

/// What a lot of the worked example weighs dry, in kg, and what it holds.
type Weighed = (&'static str, f64, &'static [(&'static str, f64)]);

/// Dry masses in kg, and contained ones, of the chain from mine to magnet. Oxides of rare earths are shares of TREO.
const WEIGHED: &[Weighed] = &[
    ("ore", 1_200_000.0, &[("TREO", 72_000.0), ("CeO2", 36_144.0), ("Nd2O3", 8_478.0), ("Y2O3", 72.0)]),
    ("concentrate", 79_200.0, &[("TREO", 47_520.0), ("Nd2O3", 5_595.48), ("Pr6O11", 1_865.16), ("Sm2O3", 427.68)]),
    ("mrec", 43_061.760, &[("CeO2", 2_385.504), ("La2O3", 13_814.064), ("Nd2O3", 5_035.932), ("Pr6O11", 1_678.644)]),
    ("mrec-a", 14_353.920, &[]),
    ("mrec-b", 14_353.920, &[]),
    ("mrec-c", 14_353.920, &[]),
    ("ndpr-oxide", 6_443.280, &[("TREO", 6_378.847), ("Nd2O3", 4_784.135), ("Pr6O11", 1_594.712)]),
    ("monazite", 12_000.0, &[("TREO", 6_600.0), ("Dy2O3", 17.820)]),
    ("mrec-heavy", 10_800.0, &[("TREO", 5_940.0), ("Dy2O3", 16.038)]),
    ("dy-oxide", 15.0, &[("Dy2O3", 14.925)]),
    ("ndpr-oxide-500", 500.0, &[]),
    ("ndpr-metal", 399.665, &[("Nd", 302.347), ("Pr", 97.318)]),
    ("dy-oxide-7", 7.6, &[]),
    ("dy-metal", 6.259, &[("Dy", 6.253)]),
    ("ndpr-charge", 177.0, &[]),
    ("dy-charge", 6.0, &[]),
    ("ferroboron-charge", 31.459, &[]),
    ("cobalt-charge", 6.0, &[]),
    ("copper", 0.6, &[]),
    ("aluminium", 0.6, &[]),
    ("gallium", 0.6, &[]),
    ("iron-charge", 377.741, &[]),
    ("flake", 582.0, &[("Nd", 129.883), ("Dy", 5.814), ("B", 5.645), ("Fe", 390.24)]),
    ("dross", 18.0, &[]),
    ("powder", 560.0, &[]),
    ("ultrafines", 24.037, &[]),
    ("blocks", 523.8, &[]),
    ("green-scrap", 34.163, &[]),
    ("blanks", 392.85, &[]),
    ("swarf", 130.95, &[]),
    ("passivated", 392.85, &[]),
    ("tested", 392.5, &[]),
    ("magnets", 392.5, &[("Nd", 87.593), ("Pr", 28.194), ("Dy", 3.921)]),
];

#[test]
fn the_chain_from_mine_to_magnet_weighs_what_it_should() {
    let (header, steps) = named("magnet").unwrap().read().unwrap();
    let mut recorder = InMemory::new([7; 32]);
    let mut player = Player::new(header, &mut recorder, Some([7; 32]), None).unwrap();
    for step in steps {
        player.play(step).unwrap();
    }
    let lots: Vec<_> =
        WEIGHED.iter().map(|(name, ..)| player.lot(name).unwrap_or_else(|| panic!("no {name}"))).collect();
    for ((name, dry, contents), id) in WEIGHED.iter().zip(lots) {
        let made = recorder.events().iter().map(|signed| signed.event()).find(|event| event.id == id.event).unwrap();
        let lot = &made.payload.body.outputs()[usize::from(id.output)];
        let number = |text: String| text.parse::<f64>().unwrap();
        assert_eq!(number(lot.net_dry().unwrap().to_string()), *dry, "{name}");
        let fraction = |wanted: &str| {
            let values = lot.composition.as_ref().unwrap().iter();
            let found = values.clone().find(|value| value.analyte.to_string() == wanted).unwrap();
            let Reading::Value(value) = found.value else { panic!("{name}: no value of {wanted}") };
            number(value.to_string())
        };
        for (analyte, mass) in *contents {
            let is_share = analyte.ends_with(|c: char| c.is_ascii_digit()) && *analyte != "TREO";
            let whole = if is_share { dry * fraction("TREO") } else { *dry };
            let held = whole * fraction(analyte);
            assert!((held - mass).abs() < 0.001, "{name}: {held} kg of {analyte}, expected {mass}");
        }
    }
    let heat = ["ndpr-charge", "dy-charge", "ferroboron-charge", "cobalt-charge", "copper", "aluminium", "gallium"];
    let charged = WEIGHED.iter().filter(|(name, ..)| heat.contains(name) || *name == "iron-charge");
    assert!((charged.map(|(_, dry, _)| dry).sum::<f64>() - 600.0).abs() < 1e-9);
}
