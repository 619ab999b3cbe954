//! Reading: lists, one thing in words and as signed, lineages in every format.

use super::world::{MINE, PLANT, World};

fn handed_over() -> World {
    let world = World::with_concentrate();
    world.ok(&[
        "dispatch",
        "conc-1",
        "--by",
        MINE,
        "--to",
        PLANT,
        "--mass",
        "300",
        "--part-label",
        "c-1",
        "--rest-label",
        "c-2",
    ]);
    world.ok(&["receive", "c-1", "--by", PLANT, "--facility", "GEB"]);
    world
}

#[test]
fn a_lot_an_event_a_party_and_a_facility_are_shown_in_words() {
    let world = handed_over();
    world.ok(&["show", "c-1"]).says(&["lot c-1", "300 kg net dry", "held", PLANT, "GEB (Gebeng plant, MY)", "receive"]);
    let id = world.lot("conc-1")["id"].as_str().unwrap().to_owned();
    world.ok(&["show", &id[..8]]).says(&["transform", "by", MINE, "beneficiate", "ore-1", "made 0", "1,000 kg"]);
    world.ok(&["show", MINE]).says(&["party", "country", "US", "signs everything", "PIT (Sundown pit, US)"]);
    world.ok(&["show", "PIT"]).says(&["facility PIT", "operator", MINE, "35.48,-115.53"]);
    world.run(&["show", "nothing"]).failed(2, &["which names none", "hint:"]);
}

#[test]
fn an_event_is_printed_as_it_was_signed() {
    let world = handed_over();
    let id = world.lot("conc-1")["id"].as_str().unwrap().to_owned();
    let signed = world.ok(&["show", &id[..12], "--signed"]).out;
    let parts: Vec<&str> = signed.trim_end().split('~').collect();
    assert_eq!(parts[0].split('.').count(), 3);
    assert!(parts.len() > 3 && parts.last() == Some(&""), "{signed}");
    let json = world.json(&["show", &id[..12], "--signed"]);
    assert_eq!(json["jwt"], parts[0]);
    assert_eq!(json["disclosures"].as_array().unwrap().len(), parts.len() - 2);
}

#[test]
fn a_lineage_is_drawn_in_both_directions_and_every_format() {
    let world = handed_over();
    world.ok(&["trace", "c-1"]).says(&["c-1", "└─ ", "conc-1", "ore-1", "20,000 kg", "mined", "US", "2026-03-01"]);
    world.ok(&["trace", "ore-1", "--down"]).says(&["├─ ", "c-1", "c-2"]);
    world.ok(&["trace", "c-1", "--format", "dot"]).says(&["digraph lineage {", "->", "ore-1"]);
    world.ok(&["trace", "c-1", "--format", "mermaid"]).says(&["flowchart LR", "-->"]);
    let json = world.ok(&["trace", "c-1", "--format", "json"]).json();
    assert_eq!(json["lots"].as_array().unwrap().len(), 3);
    assert_eq!(json["direction"], "upstream");
}

#[test]
fn lots_are_filtered() {
    let world = handed_over();
    let count = |arguments: &[&str]| world.json(&[&["lots"], arguments].concat()).as_array().unwrap().len();
    assert_eq!(count(&[]), 2);
    let all = world.json(&["lots", "--all"]);
    let labels: Vec<&str> = all.as_array().unwrap().iter().map(|lot| lot["labels"][0].as_str().unwrap()).collect();
    assert_eq!(labels, ["ore-1", "conc-1", "c-1", "c-2"], "in the order in which they were made");
    assert_eq!(count(&["--all"]), 4);
    assert_eq!(count(&["--facility", "GEB"]), 1);
    assert_eq!(count(&["--form", "concentrate", "--element", "Nd"]), 2);
    assert_eq!(count(&["--element", "Dy"]), 0);
    assert_eq!(count(&["--open"]), 0);
    assert_eq!(world.run(&["lots", "--element", "Dy"]).err.trim(), "no such lots");
    world.run(&["lots", "--element", "Xx"]).failed(2, &["expected"]);
}

#[test]
fn a_ledger_is_published_and_published_again() {
    let world = handed_over();
    world.ok(&["publish", &world.text("public")]).says(&["published 11 entries"]);
    assert!(world.path("public/checkpoint").is_file());
    world.mine();
    world.ok(&["publish", &world.text("public")]).says(&["published 12 entries"]);
    world.run(&["publish", &world.text("ledger")]).failed(2, &["expected a folder to publish in", "hint:"]);
}

#[test]
fn a_ledger_is_read_without_its_index() {
    let world = handed_over();
    std::fs::remove_dir_all(world.path("ledger/index")).unwrap();
    world.ok(&["show", "c-1"]).says(&["300 kg"]);
}
