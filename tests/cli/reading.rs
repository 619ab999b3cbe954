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

#[test]
fn filters_of_lots_hold_together() {
    let world = handed_over();
    world.ok(&["dispatch", "c-2", "--by", MINE, "--to", PLANT]);
    world.ok(&["title", "c-1", "--by", PLANT, "--owner", MINE]);
    let labels = |arguments: &[&str]| -> Vec<String> {
        let lots = world.json(&[&["lots"], arguments].concat());
        lots.as_array().unwrap().iter().map(|lot| lot["labels"][0].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(labels(&["--holder", PLANT, "--owner", MINE, "--facility", "GEB"]), ["c-1"]);
    assert!(labels(&["--holder", PLANT, "--owner", PLANT]).is_empty());
    assert_eq!(
        labels(&["--open", "--holder", MINE, "--to", PLANT, "--form", "concentrate", "--element", "Nd"]),
        ["c-2"]
    );
    assert_eq!(labels(&["--in-transit", "--facility", "PIT"]), ["c-2"]);
    assert!(labels(&["--to", MINE]).is_empty() && labels(&["--open", "--element", "Dy"]).is_empty());
    assert_eq!(labels(&["--all", "--facility", "PIT", "--form", "ore"]), ["ore-1"]);
    assert_eq!(labels(&["--all", "--owner", MINE, "--element", "Nd"]).len(), 4);
    world.run(&["lots", "--all", "--open"]).failed(2, &["cannot be used with"]);
}

#[test]
fn what_was_made_from_a_lot_is_written_in_every_format() {
    let world = handed_over();
    let down = |format: &str| world.ok(&["trace", "ore-1", "--down", "--format", format]);
    let lines = |text: &str, arrow: &str| text.lines().filter(|line| line.contains(arrow)).count();
    down("tree").says(&["ore-1 · ore · 20,000 kg", "conc-1", "├─ c-1", "(handed over once)", "└─ c-2"]);
    assert_eq!(lines(&down("dot").out, " -> "), 3);
    assert_eq!(lines(&down("mermaid").out, " --> "), 3);
    let json = down("json").json();
    assert_eq!((&json["direction"], json["lots"].as_array().unwrap().len()), (&"downstream".into(), 4));
    let shallow = world.ok(&["trace", "ore-1", "--down", "--depth", "1"]);
    shallow.says(&["conc-1", "(not shown further)"]);
    assert!(!shallow.out.contains("c-1 ·") || !shallow.out.contains("├─"), "{}", shallow.out);
}

/// What is printed as signed is a JWT whose payload is of its kind and whose digests fit the disclosures.
#[test]
fn every_kind_of_event_of_the_demonstration_is_printed_as_it_was_signed() {
    use base64::Engine as _;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;
    use sha2::{Digest as _, Sha256};
    let world = World::with_demo();
    let bundle: serde_json::Value =
        serde_json::from_slice(&std::fs::read(world.path(super::world::LINEAGE)).unwrap()).unwrap();
    let jwts: Vec<&str> = bundle["ledgers"][0]["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| entry["jwt"].as_str().unwrap())
        .collect();
    let mut seen = std::collections::BTreeSet::new();
    for jwt in jwts {
        let signing_input = jwt.rsplit_once('.').unwrap().0;
        let id = blake3::hash(signing_input.as_bytes()).to_hex().to_string();
        let payload = |jwt: &str| URL_SAFE_NO_PAD.decode(jwt.split('.').nth(1).unwrap()).unwrap();
        let claims: serde_json::Value = serde_json::from_slice(&payload(jwt)).unwrap();
        if !seen.insert(claims["kind"].as_str().unwrap().to_owned()) {
            continue;
        }
        let signed = world.ok(&["show", &id, "--signed", "--ledger", "demo/ledger"]).out;
        let mut parts = signed.trim_end().split('~');
        assert_eq!(parts.next(), Some(jwt));
        let text = String::from_utf8(payload(jwt)).unwrap();
        for disclosure in parts.filter(|part| !part.is_empty()) {
            let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(disclosure.as_bytes()));
            assert!(text.contains(&digest), "{id}: {disclosure}");
        }
        let words = world.ok(&["show", &id[..12], "--ledger", "demo/ledger"]);
        assert!(!words.out.trim().is_empty(), "{}", words.out);
    }
    for kind in
        ["party", "facility", "ledger", "accredit", "source", "transform", "split", "dispatch", "receive", "assay"]
    {
        assert!(seen.contains(kind), "{seen:?}");
    }
}

#[test]
fn what_is_published_holds_the_entries_of_the_ledger_and_nothing_private() {
    let world = World::with_parties();
    let steps: String = (0..300)
        .map(|number| {
            let ore = format!("{{\"form\":\"ore\",\"quantity\":\"{}\"}}", number + 1);
            format!("{{\"kind\":\"source\",\"by\":\"{MINE}\",\"facility\":\"PIT\",\"source\":\"mined\",\"outputs\":[{ore}]}}\n")
        })
        .collect();
    world.ok(&["record", "--file", &world.write("ore.jsonl", steps), "--quiet"]);
    let publish = || world.json(&["publish", &world.text("public")]);
    let (first, again) = (publish(), publish());
    assert_eq!(first["kept"], 0);
    assert_eq!((&again["size"], &again["written"]), (&first["size"], &1.into()), "the open entries only: {again}");
    for name in ["checkpoint", "tile/entries/000", "tile/0/000"] {
        let (ours, theirs) = (world.path("ledger").join(name), world.path("public").join(name));
        assert_eq!(std::fs::read(ours).unwrap(), std::fs::read(theirs).unwrap(), "{name}");
    }
    let open = world.path(&format!("public/tile/entries/001.p/{}", world.size() - 256));
    assert!(open.is_file() && !world.path("public/private").exists());
    world.mine();
    assert!(publish()["written"].as_u64().unwrap() >= 2, "the open tiles of a larger tree");
}
