//! Private values that are damaged: what is sound is answered, what is not is said and taken to be withheld.

use super::world::{MINE, World};
use serde_json::{Value, json};
use std::path::Path;

const MINED: [&str; 8] = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=o form=ore mass=5"];

/// Where each record of the private values begins.
fn records(bytes: &[u8]) -> Vec<usize> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(length) = bytes[at..].first_chunk::<4>() {
        found.push(at);
        at += 36 + u32::from_be_bytes(*length) as usize;
    }
    found
}

/// Changes a byte of a record, the first being record 0; says where the record begins.
fn damage(file: &Path, record: usize, byte: usize) -> usize {
    let mut bytes = std::fs::read(file).unwrap();
    let at = records(&bytes)[record];
    bytes[at + byte] ^= 1;
    std::fs::write(file, bytes).unwrap();
    at
}

fn findings(report: &Value) -> Vec<&Value> {
    let all = report["findings"].as_array().unwrap();
    all.iter().filter(|finding| finding["code"] == "evidence.values-damaged").collect()
}

fn missing(length: usize) -> String {
    format!("{length} bytes that are none; the values of 1 event are missing")
}

#[test]
fn a_damaged_record_is_said_and_what_lies_behind_it_is_kept() {
    // A byte of the length, and one of the text.
    for byte in [2, 60] {
        for is_indexed in [true, false] {
            let world = World::with_concentrate();
            let file = world.path("ledger/private/disclosures");
            let ore = world.lot("ore-1")["id"].as_str().unwrap().to_owned();
            let sound = std::fs::read(&file).unwrap();
            let at = damage(&file, 0, byte);
            let length = records(&sound)[1] - at;
            let before = std::fs::read(&file).unwrap();
            if !is_indexed {
                std::fs::remove_dir_all(world.path("ledger/index")).unwrap();
            }
            let told = format!("warning: private values at offset {at} of {} cannot be read", file.display());
            let shown = world.ok(&["trace", "conc-1"]);
            assert!(shown.err.contains(&told), "{}", shown.err);
            shown.says(&["conc-1 · concentrate · 1,000 kg", "ore · mass withheld"]);
            // A lineage file says withheld, and who writes one is told.
            let exported = world.ok(&["export", "conc-1", "-o", &world.text("conc.json")]);
            assert_eq!(exported.err.contains(&told), is_indexed, "{}", exported.err);
            let verified = world.run(&["verify", &world.text("conc.json")]);
            verified.failed(3, &[]);
            assert!(verified.out.contains("with values that are not at hand"), "{}", verified.out);
            // Recorded is what comes next, behind what was there.
            world.ok(&MINED);
            assert!(std::fs::read(&file).unwrap().starts_with(&before) && !world.path("ledger/discarded").exists());
            world.ok(&["show", &ore]);
            world.ok(&["lots"]).says(&["conc-1", "o "]);
            // The ledger is sound, and an audit says what is missing.
            let report = world.json(&["audit"]);
            let event = ore.split('.').next().unwrap();
            let place = format!("{}, offset {at}, {length} bytes", file.display());
            let found = findings(&report);
            assert_eq!((&found[0]["event"], &found[0]["place"]), (&json!(event), &json!(place)), "{report}");
            assert_eq!((found.len(), &found[0]["found"]), (1, &json!(missing(length))));
            let index = report["checks"].as_array().unwrap().iter().find(|check| check["name"] == "index").unwrap();
            assert_eq!(index["done"], !is_indexed, "{index}");
            // With the file of a backup behind the damaged one, the values are there again.
            let mut mended = std::fs::read(&file).unwrap();
            mended.extend(&sound);
            std::fs::write(&file, mended).unwrap();
            let report = world.json(&["audit", "--rebuild"]);
            let found = findings(&report);
            assert_eq!((found.len(), &found[0]["event"]), (1, &Value::Null), "{report}");
            world.ok(&["trace", "conc-1"]).says(&["ore-1 · ore · 20,000 kg"]);
        }
    }
}

#[test]
fn who_opens_a_damaged_ledger_for_writing_is_told_while_it_is_indexed_anew() {
    let world = World::with_concentrate();
    let file = world.path("ledger/private/disclosures");
    let at = damage(&file, 0, 1);
    std::fs::remove_dir_all(world.path("ledger/index")).unwrap();
    let done = world.ok(&MINED);
    let told = format!("warning: private values at offset {at} of {} cannot be read", file.display());
    assert_eq!(done.err.matches(&told).count(), 1, "{}", done.err);
    assert!(done.err.contains("hint: `oretrail audit`"), "{}", done.err);
}

#[test]
fn a_torn_end_of_the_private_values_is_put_aside_and_told() {
    let world = World::with_concentrate();
    let file = world.path("ledger/private/disclosures");
    let sound = std::fs::read(&file).unwrap();
    std::fs::write(&file, [&sound[..], &[0, 0, 1, 0, 7]].concat()).unwrap();
    let done = world.run(&[&["--quiet"], &MINED[..]].concat());
    assert_eq!(done.code, 0, "{}", done.err);
    let told = "warning: put aside the end of the private values, which is no whole record: ";
    let (_, rest) = done.err.split_once(told).unwrap_or_else(|| panic!("{}", done.err));
    assert_eq!(std::fs::read(rest.lines().next().unwrap()).unwrap(), [0, 0, 1, 0, 7]);
    assert!(std::fs::read(&file).unwrap().starts_with(&sound));
    world.ok(&["audit"]);
}

#[test]
fn a_damaged_last_record_of_a_recorded_event_stays_where_it_is() {
    let world = World::with_concentrate();
    let file = world.path("ledger/private/disclosures");
    let event = world.lot("conc-1")["id"].as_str().unwrap().split('.').next().unwrap().to_owned();
    let at = damage(&file, 1, 60);
    let before = std::fs::read(&file).unwrap();
    std::fs::remove_dir_all(world.path("ledger/index")).unwrap();
    let done = world.ok(&MINED);
    assert!(done.err.contains(&format!("warning: private values at offset {at} of")), "{}", done.err);
    assert!(std::fs::read(&file).unwrap().starts_with(&before) && !world.path("ledger/discarded").exists());
    for rebuilt in [&["audit"][..], &["audit", "--rebuild"]] {
        let report = world.json(rebuilt);
        let found = findings(&report);
        let length = before.len() - at;
        assert_eq!((found.len(), &found[0]["event"], &found[0]["found"]), (1, &json!(event), &json!(missing(length))));
    }
    world.ok(&["lots"]).says(&["withheld", "o "]);
}

#[test]
fn the_last_record_damaged_or_cut_off_is_found_by_an_audit() {
    let world = World::with_concentrate();
    let file = world.path("ledger/private/disclosures");
    let event = world.lot("conc-1")["id"].as_str().unwrap().split('.').next().unwrap().to_owned();
    let sound = std::fs::read(&file).unwrap();
    let (at, length) = (records(&sound)[1], sound.len() - records(&sound)[1]);
    let gone = "the end of the file; the values of 1 event are missing";
    for (bytes, found) in [
        ([&sound[..sound.len() - 1], b"?"].concat(), missing(length)),
        (sound[..sound.len() - 9].to_vec(), missing(length)),
        (sound[..at].to_vec(), gone.to_owned()),
    ] {
        std::fs::write(&file, bytes).unwrap();
        let report = world.json(&["audit"]);
        let place = format!("{}, offset {at}, {length} bytes", file.display());
        let expected = [&json!(event), &json!(place), &json!(found)];
        let damage = findings(&report);
        assert_eq!(damage.len(), 1, "{report}");
        assert_eq!(["event", "place", "found"].map(|member| &damage[0][member]), expected);
    }
    // Bytes behind the last record may be an append that is going on.
    std::fs::write(&file, [&sound[..], &sound[..50]].concat()).unwrap();
    assert!(findings(&world.json(&["audit"])).is_empty());
}
