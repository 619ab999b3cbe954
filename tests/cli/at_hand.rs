//! A lot of a ledger judged by whoever has the ledger and no key: the same answers as on a file of it.

use super::world::{World, copy};
use serde_json::Value;

/// The demonstration of a story, a file of its lot, and a copy of the ledger as an auditor has it: no key, nothing derived.
fn copied(story: &str) -> World {
    let world = World::empty().at("2027-08-31T08:00:00Z");
    world.ok(&["demo", story, "--dir", "demo"]);
    copy(&world.path("demo/ledger"), &world.path("ledger"));
    for derived in ["completeness", "index"] {
        std::fs::remove_dir_all(world.path("ledger").join(derived)).unwrap();
    }
    world
}

/// The only lineage file of the demonstration, and its lot.
fn file_and_lot(world: &World) -> (String, String) {
    let files = std::fs::read_dir(world.path("demo")).unwrap().map(|entry| entry.unwrap().file_name());
    let mut files = files.map(|name| format!("demo/{}", name.to_str().unwrap()));
    let file = files.find(|name| name.ends_with(".lineage.json")).unwrap();
    let report = world.run(&["verify", &file, "--json"]).json();
    (file, report["subject"]["lot"].as_str().unwrap().to_owned())
}

fn report(world: &World, subject: &str, ledger: &str) -> Value {
    let fixed = ["verify", subject, "--trust", "demo/trust.toml", "--json", "--ledger", ledger];
    world.run(&[&fixed[..], &["--as-of", "2027-08-31"]].concat()).json()
}

/// What does not depend on who gives the evidence.
fn judged(report: &Value) -> Value {
    let mut report = report.clone();
    for from_whom in ["bundle", "checks"] {
        report.as_object_mut().unwrap().remove(from_whom);
    }
    report
}

#[test]
fn a_lot_of_a_ledger_is_judged_like_a_file_of_it_and_without_a_key() {
    for story in ["magnet", "double-spend", "recycled-us"] {
        let world = copied(story);
        let (file, lot) = file_and_lot(&world);
        let exported = report(&world, &file, "ledger");
        // With the statement that the log keeps.
        let kept = report(&world, &lot, "demo/ledger");
        assert_eq!(judged(&kept), judged(&exported), "{story}");
        assert!(kept.get("bundle").is_none() && exported.get("bundle").is_some(), "{story}");
        // With all entries read in place of a statement: nobody's word is asked for.
        let mut read = report(&world, &lot, "ledger");
        assert_eq!(read["ledgers"][0]["complete"], exported["ledgers"][0]["complete"], "{story}");
        assert_eq!(read["ledgers"][0]["stated_by_log"], false, "{story}");
        read["ledgers"] = exported["ledgers"].clone();
        let words = read["verdicts"][1]["why"].take();
        read["verdicts"][1]["why"] = exported["verdicts"][1]["why"].clone();
        assert_eq!(judged(&read), judged(&exported), "{story}");
        if read["verdicts"][1]["verdict"] == "CONFIRMED" {
            let text = words[0]["text"].as_str().unwrap();
            assert!(text.contains("all of whose entries were read"), "{text}");
        }
        assert!(!world.path("ledger/completeness").exists(), "{story}");
    }
}

#[test]
fn the_provenance_of_a_lot_at_hand_is_that_of_its_file() {
    let world = copied("magnet");
    let (file, lot) = file_and_lot(&world);
    let told = |subject: &str| {
        let fixed = ["provenance", subject, "--trust", "demo/trust.toml", "--json", "--ledger", "ledger"];
        world.run(&[&fixed[..], &["--as-of", "2027-08-31"]].concat()).json()
    };
    let (of_lot, of_file) = (told(&lot), told(&file));
    assert!(!of_lot["elements"].as_array().unwrap().is_empty());
    assert_eq!(judged(&of_lot), judged(&of_file));
}

#[test]
fn a_damaged_statement_is_not_believed() {
    let world = copied("magnet");
    let (_, lot) = file_and_lot(&world);
    let folder = world.path("demo/ledger/completeness");
    let (mut left, mut files) = (vec![folder], Vec::new());
    while let Some(path) = left.pop() {
        match std::fs::read_dir(&path) {
            Ok(folder) => left.extend(folder.map(|entry| entry.unwrap().path())),
            Err(_) => files.push(path),
        }
    }
    assert!(files.len() > 1);
    let read = judged(&report(&world, &lot, "ledger"));
    for file in files {
        let sound = std::fs::read(&file).unwrap();
        let mut damaged = sound.clone();
        damaged[sound.len() / 2] ^= 1;
        std::fs::write(&file, damaged).unwrap();
        let mut found = report(&world, &lot, "demo/ledger");
        // Either the leaves are read from the log, or the damage does not touch what is asked.
        found["ledgers"] = read["ledgers"].clone();
        found["verdicts"][1]["why"] = read["verdicts"][1]["why"].clone();
        assert_eq!(judged(&found), read, "{}", file.display());
        std::fs::write(&file, sound).unwrap();
    }
}
