//! From a ledger to a file and back: export, verify, audit, demo.

use super::world::{MINE, PLANT, World};
use serde_json::Value;

fn on_its_way() -> World {
    let world = World::with_concentrate();
    world.ok(&["dispatch", "conc-1", "--by", MINE, "--to", PLANT]);
    world
}

#[test]
fn a_lineage_is_exported_and_verified_without_the_ledger() {
    let world = on_its_way();
    let file = world.text("conc.lineage.json");
    world.ok(&["export", "conc-1", "-o", &file, "--for", PLANT]).says(&["wrote"]);
    let stranger = World::empty();
    let verified = stranger.run(&["verify", &file, "--recipient", PLANT]);
    // Nobody is trusted without a trust file.
    verified.failed(3, &["hint: nobody is trusted without a trust file"]);
    verified.says(&["conc-1", "Under way from", "UNPROVEN"]);
    let report = stranger.run(&["verify", &file, "--json"]).json();
    assert_eq!(report["verdicts"][0]["verdict"], "CONFIRMED", "{report}");
}

#[test]
fn a_file_with_values_withheld_still_verifies_and_lists_them() {
    let world = on_its_way();
    let file = world.text("conc.lineage.json");
    world.ok(&["export", "conc-1", "-o", &file, "--withhold", "quantity,composition"]);
    let text = std::fs::read_to_string(&file).unwrap();
    let report = world.run(&["verify", &file, "--json"]).json();
    assert_eq!(report["verdicts"][0]["verdict"], "CONFIRMED", "{report}");
    assert!(report["completeness"].to_string().contains("quantity"), "{report}");
    let file: Value = serde_json::from_str(&text).unwrap();
    assert!(file["manifest"].is_string());
    world.run(&["export", "conc-1", "-o", "x.json", "--withhold", "weight"]).failed(2, &["--withhold"]);
}

#[test]
fn a_file_with_one_changed_byte_is_never_confirmed() {
    let world = on_its_way();
    let file = world.text("conc.lineage.json");
    world.ok(&["export", "conc-1", "-o", &file]);
    let bytes = std::fs::read(&file).unwrap();
    for at in (0..bytes.len()).step_by(bytes.len() / 40) {
        let mut changed = bytes.clone();
        changed[at] ^= 1;
        let changed = world.write("changed.lineage.json", changed);
        let ran = world.run(&["verify", &changed]);
        assert!(matches!(ran.code, 1..=3), "byte {at}: exit {}\n{}\n{}", ran.code, ran.out, ran.err);
        assert!(ran.code != 3 || !ran.out.contains("CONFIRMED      Is the evidence"), "byte {at}\n{}", ran.out);
    }
}

#[test]
fn what_is_no_lineage_file_is_named() {
    let world = World::empty();
    let missing = world.text("missing.json");
    world.run(&["verify", &missing]).failed(2, &["expected a lineage file"]);
    let text = world.write("text.json", "nothing of the kind");
    world.run(&["verify", &text]).failed(1, &["is no lineage file", "hint:"]);
    let deep = world.write("deep.json", "[".repeat(10_000));
    world.run(&["verify", &deep]).failed(1, &["is no lineage file"]);
    let trust = world.write("trust.toml", "version = 9");
    world.run(&["verify", &text, "--trust", &trust]).failed(2, &["trust.toml", "hint: `oretrail schema trust`"]);
}

#[test]
fn a_lot_of_the_ledger_is_verified_in_place() {
    let world = on_its_way();
    let ran = world.run(&["verify", "conc-1"]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    ran.says(&["CONFIRMED", "UNPROVEN"]);
}

#[test]
fn an_audit_replays_the_whole_ledger_and_rebuilds_the_index() {
    let world = on_its_way();
    world.ok(&["audit"]);
    world.ok(&["audit", "--rebuild"]);
    let report = world.json(&["audit"]);
    assert_eq!(report["size"], world.size());
    assert!(report["checks"].as_array().unwrap().len() > 3);
    let pending = world.path("ledger/pending/0");
    let mut bytes = std::fs::read(&pending).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&pending, bytes).unwrap();
    assert_eq!(world.run(&["audit"]).code, 1);
}

#[test]
fn the_demo_plays_and_its_last_words_work_as_printed() {
    let world = World::empty();
    let told = world.ok(&["demo", "--dir", &world.text("demo")]);
    told.says(&["CONFIRMED"]);
    let commands: Vec<&str> = told.out.lines().map(str::trim).filter(|line| line.starts_with("oretrail ")).collect();
    assert!(commands.len() >= 4, "{}", told.out);
    for command in commands {
        let words: Vec<String> = words(command).into_iter().skip(1).collect();
        let ran = world.run(&words.iter().map(String::as_str).collect::<Vec<_>>());
        assert_eq!(ran.code, 0, "{command}\n{}\n{}", ran.out, ran.err);
    }
}

/// The words of a command line; single quotes hold spaces.
fn words(line: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut quoted = false;
    for character in line.chars() {
        match character {
            '\'' => quoted = !quoted,
            ' ' if !quoted => words.push(String::new()),
            other => words.last_mut().unwrap().push(other),
        }
    }
    words
}
