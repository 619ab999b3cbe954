//! Limits of events, shipments of many lots, corrections that go nowhere, documents of a batch, judgements by batch.

use super::world::{MINE, PLANT, World};
use serde_json::json;

#[test]
fn an_event_that_is_too_long_is_refused_with_the_counts_and_the_verb_that_divides_it() {
    let world = World::with_parties();
    many_lots(&world, 255);
    let inputs: Vec<String> = (0..255).map(|n| format!("p{n}")).collect();
    let output = json!({
        "form": "concentrate", "quantity": "1", "characteristic": "x".repeat(1_024), "elements": ["Nd"]
    });
    let step = json!({
        "kind": "transform", "by": MINE, "when": "2026-03-01T07:30:00Z", "processes": ["beneficiate"], "inputs": inputs,
        "outputs": vec![output; 16], "losses": [{ "kind": "tailings" }]
    });
    let file = world.write("long.jsonl", format!("{step}\n"));
    let before = world.size();
    world.run(&["record", "--file", &file]).failed(
        4,
        &["refused:", "at most 65535 bytes, found one of", "nothing was recorded", "hint: divide it", "oretrail split"],
    );
    assert_eq!(world.size(), before);
}

/// A batch that splits ore into so many lots, p0 and on.
fn many_lots(world: &World, count: usize) {
    let mut steps = String::new();
    for (number, first) in (0..count).step_by(32).enumerate() {
        let parts: Vec<_> =
            (first..count.min(first + 32)).map(|n| json!({ "label": format!("p{n}"), "quantity": "1" })).collect();
        let source = json!({
            "kind": "source", "by": MINE, "when": "2026-03-01T06:00:00Z", "facility": "PIT", "source": "mined",
            "outputs": [{ "name": format!("whole{number}"), "form": "ore", "quantity": parts.len().to_string(), "composition": { "Nd2O3": "0.01" } }]
        });
        let split = json!({
            "kind": "split", "by": MINE, "when": "2026-03-01T07:00:00Z", "input": format!("whole{number}"), "outputs": parts
        });
        steps.push_str(&format!("{source}\n{split}\n"));
    }
    let file = world.write("many.jsonl", steps);
    world.ok(&["record", "--file", &file]);
}

#[test]
fn a_shipment_of_more_lots_than_an_event_holds_is_several_events_of_one_shipment() {
    let world = World::with_parties();
    many_lots(&world, 260);
    let labels: Vec<String> = (0..260).map(|n| format!("p{n}")).collect();
    let lots: Vec<&str> = labels.iter().map(String::as_str).collect();
    let sent = world.json(&[&["dispatch", "--by", MINE, "--to", PLANT][..], &lots].concat());
    let events = sent["events"].as_array().unwrap();
    assert_eq!(events.len(), 2);
    let shipment = |at: usize| {
        let id = events[at]["id"].as_str().unwrap();
        world.json(&["show", id])["payload"]["body"].clone()
    };
    let (one, two) = (shipment(0), shipment(1));
    assert_eq!((one["lots"].as_array().unwrap().len(), two["lots"].as_array().unwrap().len()), (256, 4));
    assert!(one["shipment"].is_string() && one["shipment"] == two["shipment"], "{one} {two}");
    world.ok(&["receive", "p0", "p1", "--by", PLANT, "--facility", "GEB"]);
}

#[test]
fn pieces_of_a_lot_are_split_off_and_sent() {
    let world = World::with_parties();
    let output = "label=blanks form=blank mass=2.5 pieces=100 unit-mass=0.025 Nd=0.3";
    world.ok(&["source", "opening-stock", "--by", MINE, "--facility", "PIT", "--output", output]);
    let sent = world.json(&[
        "dispatch",
        "blanks",
        "--pieces",
        "40",
        "--part-label",
        "forty",
        "--rest-label",
        "sixty",
        "--by",
        MINE,
        "--to",
        PLANT,
    ]);
    assert_eq!(sent["events"].as_array().unwrap().len(), 2, "a split and a dispatch: {sent}");
    world.ok(&["show", "forty"]).says(&["40", "1 kg"]);
    world.ok(&["show", "sixty"]).says(&["60", "1.5 kg"]);
    world.run(&["dispatch", "sixty", "--pieces", "61", "--by", MINE, "--to", PLANT]).failed(2, &["expected"]);
}

#[test]
fn a_correction_that_goes_nowhere_or_has_another_type_is_refused() {
    let world = World::with_concentrate();
    let event = world.lot("conc-1")["id"].as_str().unwrap().split('.').next().unwrap().to_owned();
    let before = world.size();
    let set =
        |change: &str| world.run(&["correct", &event, "--by", MINE, "--reason", "clerical-error", "--set", change]);
    set("/body/outputs/1/labels=[\"x\"]")
        .failed(4, &["custody.not-correctable", "`/body/outputs/1`", "/body/outputs/*"]);
    set("/body/inputs/0/labels=[\"x\"]").failed(4, &["custody.not-correctable", "`/body/inputs/0`"]);
    set("/body/outputs/0/form=\"ore\"")
        .failed(4, &["custody.not-correctable", "`form`", "quantity, composition, labels, packages"]);
    set("/body/outputs/00/labels=[\"x\"]").failed(4, &["custody.not-correctable"]);
    set("/body/outputs/0/labels=5").failed(4, &["status.correction-value", "a value of `labels` of `/body/outputs/0`"]);
    set("/body/outputs/0/quantity={\"net_dry\":\"-1\"}").failed(4, &["status.correction-value", "`quantity`", "`-1`"]);
    // So from a batch, which is not made by that verb.
    let step = json!({
        "kind": "correct", "by": MINE, "when": "2026-03-01T07:30:00Z", "target": event, "action": "overlay",
        "reason": "clerical-error", "found_by": "issuer",
        "changes": [{ "object": "/body/outputs/0", "leaf": "quantity", "value": { "net_dry": "1.0000001" } }]
    });
    let file = world.write("correct.jsonl", format!("{step}\n"));
    world.run(&["record", "--file", &file]).failed(4, &["status.correction-value", "1.0000001"]);
    assert_eq!(world.size(), before);
    assert_eq!(set("/body/outputs/0/labels=[\"conc-1a\"]").code, 0);
    assert_eq!(set("/remark=weighed again").code, 0);
}

#[test]
fn documents_of_a_batch_are_stored_with_it() {
    let world = World::with_parties();
    std::fs::create_dir(world.path("papers")).unwrap();
    world.write("papers/permit.pdf", "a permit");
    let step = format!(
        "oretrail = \"batch/1\"\n[[step]]\nkind = \"source\"\nby = \"{MINE}\"\nwhen = 2026-03-01T07:00:00Z\nfacility = \"PIT\"\n\
         source = \"mined\"\noutputs = [{{ label = \"ore-9\", form = \"ore\", quantity = \"5\" }}]\n\
         docs = [{{ file = \"permit.pdf\", kind = \"permit\", number = \"7\" }}]\n"
    );
    let step = if world.run(&["schema", "batch"]).out.contains("\"permit\"") {
        step
    } else {
        step.replace("\"permit\",", "\"other\",")
    };
    let file = world.write("papers/batch.toml", step);
    let digest = blake3::hash(b"a permit").to_string();
    let blob = world.path(&format!("ledger/blobs/{}/{digest}", &digest[..2]));
    world.ok(&["record", "--file", &file, "--dry-run"]);
    assert!(!blob.exists());
    world.ok(&["record", "--file", &file]);
    assert_eq!(std::fs::read(blob).unwrap(), b"a permit");
    let event = world.lot("ore-9")["id"].as_str().unwrap().split('.').next().unwrap().to_owned();
    assert_eq!(world.json(&["show", &event])["payload"]["docs"][0]["blake3"], digest.as_str());
    std::fs::remove_file(world.path("papers/permit.pdf")).unwrap();
    world.run(&["record", "--file", &file]).failed(2, &["permit.pdf"]);
}

#[test]
fn an_auditors_summary_is_recorded_from_a_batch() {
    let world = World::with_concentrate();
    let digest = "ab".repeat(32);
    let step = format!(
        "oretrail = \"batch/1\"\n[[step]]\nkind = \"summary\"\nby = \"{PLANT}\"\nwhen = 2026-03-01T07:00:00Z\nlot = \"conc-1\"\n\
         policy = {{ id = \"x\", blake3 = \"{digest}\" }}\n"
    );
    // What a summary lacks is named.
    let file = world.write("summary.toml", &step);
    world.run(&["record", "--file", &file]).failed(2, &["missing field `verdicts`"]);
    let whole = format!(
        "{step}verdicts = [{{ rule = \"origin\", verdict = \"CONFIRMED\" }}]\nchecks = [\"the whole ledger\"]\n\
         upstream_count = 3\nupstream_root = \"{digest}\"\nperson = \"A. Auditor\"\n"
    );
    let recorded = world.json(&["record", "--file", &world.write("summary.toml", whole)]);
    let id = recorded["events"][0]["id"].as_str().unwrap();
    world.ok(&["show", id]).says(&["summary", "A. Auditor", "CONFIRMED"]);
}

#[test]
fn goods_may_move_between_sites_of_one_party_by_a_dispatch_to_oneself() {
    let world = World::with_concentrate();
    world.ok(&["dispatch", "conc-1", "--by", MINE, "--to", MINE]);
    world.run(&["retire", "conc-1", "--by", MINE, "--reason", "lost"]).failed(4, &["custody.in-transit"]);
    world.ok(&["receive", "conc-1", "--by", MINE, "--facility", "PIT"]);
}
