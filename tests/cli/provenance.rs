//! Where the elements of a lot come from: a lot of a ledger, a file, withheld values, bad input.

use super::world::{MINE, PLANT, World};

/// A concentrate on its way to a plant, and its lineage file.
fn exported(withhold: &[&str]) -> (World, String) {
    let world = World::with_concentrate();
    world.ok(&["dispatch", "conc-1", "--by", MINE, "--to", PLANT]);
    let file = world.text("conc.lineage.json");
    world.ok(&[&["export", "conc-1", "-o", &file], withhold].concat());
    (world, file)
}

#[test]
fn a_lot_and_its_file_say_the_same_of_every_element() {
    let (world, file) = exported(&[]);
    let of_file = world.run(&["provenance", &file, "--as-of", "2026-12-31"]);
    of_file.failed(3, &["hint: nobody is trusted without a trust file"]);
    of_file.says(&["provenance of conc-1", "not sound", "Nd neodymium", "origins", "████████████  100 %", "primary"]);
    of_file.says(&["declared", "ore-1", "stages", "refined", "beneficiate", "four buckets", "1 mined", "US"]);
    of_file.says(&["2 separated", "neither recorded nor stated"]);
    let of_lot = world.run(&["provenance", "conc-1", "--as-of", "2026-12-31"]);
    assert_eq!((of_lot.code, &of_lot.out), (3, &of_file.out));
    let one = world.run(&["provenance", "conc-1", "--element", "Nd", "--as-of", "2026-12-31"]);
    assert!(one.out.contains("Nd neodymium") && one.out.len() <= of_lot.out.len());
}

#[test]
fn json_follows_its_schema_and_the_masses_sum() {
    let (world, file) = exported(&[]);
    let report = world.run(&["provenance", &file, "--json"]).json();
    let schema = serde_json::from_str(&world.ok(&["schema", "provenance"]).out).unwrap();
    let validator = jsonschema::validator_for(&schema).unwrap();
    assert!(validator.is_valid(&report), "{report:#}");
    let element = &report["elements"][0];
    assert_eq!(element["origins"][0]["kind"], "primary");
    assert_eq!(element["origins"][0]["mass"], element["mass"]);
    assert_eq!(element["origins"][0]["share"]["least"], "1");
    assert_eq!(report["complete"], true);
    assert_eq!(report["sound"], false);
}

#[test]
fn withheld_values_are_ranges() {
    let (world, file) = exported(&["--withhold", "quantity,composition"]);
    let ran = world.run(&["provenance", &file]);
    assert_eq!(ran.code, 3, "{}", ran.err);
    ran.says(&["not known", "0 to 100 %", "▒▒▒▒▒▒▒▒▒▒▒▒", "withheld values leave room"]);
}

#[test]
fn the_demo_is_sound_complete_and_accredited_all_the_way() {
    let world = World::empty();
    world.ok(&["demo", "--dir", &world.text("demo")]);
    let (file, trust) = (world.text("demo/magnets.lineage.json"), world.text("demo/trust.toml"));
    let ran = world.ok(&["provenance", &file, "--trust", &trust, "--element", "Nd,Dy", "--as-of", "2026-08-31"]);
    ran.says(&["MY  accredited", "GB  accredited", "EE  accredited", "4 magnetized"]);
    assert!(!ran.out.contains("not sound") && !ran.out.contains("not complete"), "{}", ran.out);
    let report = world.ok(&["provenance", &file, "--trust", &trust, "--json", "--as-of", "2026-08-31"]).json();
    for element in report["elements"].as_array().unwrap() {
        let kg = |value: &serde_json::Value| value.as_str().unwrap().parse::<f64>().unwrap();
        let origins = element["origins"].as_array().unwrap().iter();
        let sum: f64 = origins.map(|origin| kg(&origin["mass"]["least"])).sum();
        assert!((sum - kg(&element["mass"]["least"])).abs() < 1e-7, "{}", element["element"]);
    }
}

#[test]
fn bad_input_is_named() {
    let (world, file) = exported(&[]);
    world.run(&["provenance", &file, "--element", "Xx"]).failed(2, &["expected"]);
    world.run(&["provenance", &world.text("missing.json")]).failed(2, &["expected a lineage file"]);
    world.run(&["provenance", "nothing"]).failed(2, &["which names none"]);
    let other = world.run(&["provenance", &file, "--element", "Dy"]);
    assert_eq!(other.code, 3);
    other.says(&["the lot lists none of these elements"]);
    let text = std::fs::read_to_string(&file).unwrap();
    let at = text.find("\"jwt\"").unwrap() + 400;
    let mut bytes = text.into_bytes();
    bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
    let changed = world.write("changed.lineage.json", bytes);
    let ran = world.run(&["provenance", &changed]);
    assert_eq!(ran.code, 1, "{}\n{}", ran.out, ran.err);
    assert_eq!(ran.out, "");
}
