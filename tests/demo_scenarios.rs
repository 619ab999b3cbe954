//! Every scenario that comes with the program, played by `oretrail demo`: the buyer's questions come to what its file says.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

use assert_cmd::Command;
use oretrail::event::Verdict;
use oretrail::interop::batch::Header;
use oretrail::interop::scenarios::{SCENARIOS, named};
use std::collections::BTreeSet;

/// What the demo of a scenario prints.
fn demo(name: &str) -> String {
    let folder = tempfile::tempdir().unwrap();
    let stage = folder.path().join("stage");
    let mut command = Command::cargo_bin("oretrail").unwrap();
    let output = command.env_clear().args(["demo", name, "--dir"]).arg(&stage).output().unwrap();
    let (printed, error) = (String::from_utf8(output.stdout).unwrap(), String::from_utf8_lossy(&output.stderr));
    let answers = printed.split("What the buyer asks:").nth(1).unwrap_or(&printed);
    assert_eq!(output.status.code(), Some(0), "{answers}\n{error}");
    printed
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
