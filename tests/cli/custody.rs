//! Custody from the mine on: what is recorded, and what state comes of it.

use super::world::{MINE, PLANT, World};
use serde_json::json;

#[test]
fn a_lot_is_mined_processed_handed_over_and_received() {
    let world = World::with_concentrate();
    world.ok(&[
        "dispatch",
        "conc-1",
        "--by",
        MINE,
        "--to",
        PLANT,
        "--leg",
        "mode=sea from=USLAX to=MYKUA carrier=\"S L\"",
    ]);
    let under_way = world.json(&["lots", "--open"]);
    assert_eq!(under_way.as_array().unwrap().len(), 1);
    assert_eq!(under_way[0]["status"], "in-transit");
    // The plant has one facility only, which need not be said.
    world.ok(&["receive", "conc-1", "--by", PLANT]);
    let lot = world.lot("conc-1");
    assert_eq!((&lot["status"], &lot["net_dry"]), (&json!("held"), &json!("1000")));
    assert_eq!(world.json(&["lots", "--holder", PLANT]).as_array().unwrap().len(), 1);
    assert_eq!(world.json(&["lots", "--holder", MINE]), json!([]));
    world.ok(&["lots"]).says(&["conc-1", "1,000 kg", "concentrate", PLANT, "GEB", "held"]);
}

#[test]
fn a_dry_run_writes_nothing() {
    let world = World::with_parties();
    let before = world.size();
    let ran = world.ok(&[
        "source",
        "mined",
        "--by",
        MINE,
        "--facility",
        "PIT",
        "--output",
        "name=o form=ore mass=5",
        "--dry-run",
    ]);
    assert!(ran.out.contains("source") && ran.err.contains("dry run: 1 event would be recorded"), "{}", ran.err);
    assert_eq!(world.size(), before);
    world.mine();
}

#[test]
fn part_of_a_lot_is_split_off_and_dispatched() {
    let world = World::with_concentrate();
    let made = world.json(&["dispatch", "conc-1", "--by", MINE, "--to", PLANT, "--mass", "300", "--part-label", "c-1"]);
    let kinds: Vec<&str> = made["events"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["split", "dispatch"]);
    assert_eq!(world.lot("c-1")["net_dry"], "300");
    let held = world.json(&["lots", "--holder", MINE]);
    let masses: Vec<&str> = held.as_array().unwrap().iter().map(|lot| lot["net_dry"].as_str().unwrap()).collect();
    assert!(masses.contains(&"700") && masses.contains(&"300"), "{masses:?}");
}

#[test]
fn a_lot_is_split_with_a_rest_and_blended_again() {
    let world = World::with_concentrate();
    world.ok(&[
        "split",
        "conc-1",
        "--by",
        MINE,
        "--part",
        "name=a mass=400",
        "--part",
        "name=b rest",
        "--difference",
        "spill=0.5",
    ]);
    assert_eq!(world.lot("b")["net_dry"], "599.5");
    let output = "name=ab form=concentrate mass=999.5 TREO=0.6 Nd2O3/TREO=0.1";
    world.ok(&["blend", "--by", MINE, "--input", "a", "--input", "b", "--output", output]);
    assert_eq!(world.lot("ab")["status"], "held");
    assert_eq!(world.lot("a")["status"], "spent");
}

#[test]
fn a_rejected_lot_stays_the_senders_and_a_partial_one_is_divided() {
    let world = World::with_concentrate();
    world.ok(&["split", "conc-1", "--by", MINE, "--part", "name=a mass=400", "--part", "name=b rest"]);
    world.ok(&["dispatch", "a", "b", "--by", MINE, "--to", PLANT]);
    world.ok(&[
        "receive",
        "--by",
        PLANT,
        "--facility",
        "GEB",
        "--reject",
        "a",
        "--reason",
        "seal broken",
        "--lot",
        "lot=b accepted=500 returned=100 accepted-label=b-in returned-label=b-out reason=\"wet bags\"",
    ]);
    assert_eq!(world.json(&["lots", "--holder", MINE])[0]["labels"], json!(["a"]));
    assert_eq!(world.lot("b")["status"], "spent");
    assert_eq!(world.lot("b-in")["net_dry"], "500");
    let receipt = world.lot("b-in")["head"].as_str().unwrap().to_owned();
    world.ok(&["dispatch", "b-out", "--by", PLANT, "--to", MINE, "--reason", "return", "--returns", &receipt]);
    world.ok(&["receive", "b-out", "--by", MINE, "--facility", "PIT"]);
    assert_eq!(world.lot("b-out")["facility"], world.lot("a")["facility"]);
}

#[test]
fn a_period_of_continuous_plant_is_rolled_with_its_stocktake_difference() {
    let world = World::with_concentrate().at("2026-04-01T08:00:00Z");
    world.ok(&["dispatch", "conc-1", "--by", MINE, "--to", PLANT]);
    world.ok(&["receive", "conc-1", "--by", PLANT, "--facility", "GEB"]);
    world.ok(&[
        "source",
        "opening-stock",
        "--by",
        PLANT,
        "--facility",
        "GEB",
        "--output",
        "name=heel-0 form=in-process role=heel mass=100 elements=Nd",
        "--prior",
        "stage=mined country=AU",
    ]);
    let rolled = world.json(&[
        "roll",
        "--by",
        PLANT,
        "--process",
        "separate",
        "--heel",
        "heel-0",
        "--charge",
        "conc-1",
        "--from",
        "2026-04-01T00:00:00Z",
        "--to",
        "2026-04-01T07:00:00Z",
        "--drawn",
        "name=nd-1 form=oxide mass=40 TREO=0.99 Nd2O3/TREO=0.999",
        "--next",
        "name=heel-1 mass=95 elements=Nd",
        "--book",
        "97.5",
    ]);
    let id = rolled["events"][0]["id"].as_str().unwrap();
    let event = world.json(&["show", id]);
    assert_eq!(event["payload"]["body"]["losses"], json!([{ "kind": "stocktake", "mass": "2.5" }]));
    assert_eq!(world.lot("heel-1")["form"], "in-process");
    assert_eq!(world.lot("heel-0")["status"], "spent");
}

#[test]
fn lots_are_retired_and_title_passes_apart_from_custody() {
    let world = World::with_concentrate();
    world.ok(&["title", "conc-1", "--by", MINE, "--owner", PLANT, "--price", "9 USD/kg"]);
    world.ok(&["lots", "--owner", PLANT]).says(&["conc-1", MINE, PLANT]);
    world.ok(&["retire", "conc-1", "--by", MINE, "--reason", "lost"]);
    assert_eq!(world.lot("conc-1")["status"], "spent");
    world.ok(&["lots", "--all"]).says(&["conc-1", "used up"]);
}

#[test]
fn statements_are_made_about_a_lot() {
    let world = World::with_concentrate();
    let document = world.write("cert.pdf", "a certificate");
    world.ok(&[
        "assay",
        "conc-1",
        "--by",
        MINE,
        "--method",
        "ICP-MS",
        "--result",
        "TREO=0.6+-0.01 Nd2O3/TREO=0.1",
        "--result",
        "Th=<0.0001",
        "--sample",
        "id=S-1 sampler=\"A. Person\"",
        "--issued",
        "2026-02-28",
    ]);
    world.ok(&["claim", "conc-1", "origin Nd US >= 1", "--by", MINE]);
    world.ok(&["claim", "conc-1", "accredited-chain", "--by", MINE]);
    let attached = world.json(&[
        "attach",
        "--lot",
        "conc-1",
        "--by",
        MINE,
        "--doc",
        &format!("file={document} kind=certificate-of-origin number=7"),
        "--ref",
        "purchase-order=4711",
        "--remark",
        "late",
    ]);
    let event = world.json(&["show", attached["events"][0]["id"].as_str().unwrap()]);
    let docs = &event["payload"]["docs"];
    assert_eq!((&docs[0]["number"], &docs[0]["bytes"]), (&json!("7"), &json!(13)));
    let digest = docs[0]["blake3"].as_str().unwrap();
    let stored = world.path(&format!("ledger/blobs/{}/{digest}", &digest[..2]));
    assert_eq!(std::fs::read(stored).unwrap(), b"a certificate");
    world.ok(&["show", "conc-1"]).says(&["assay", "claim", "attach"]);
}

#[test]
fn an_event_is_corrected_and_withdrawn() {
    let world = World::with_concentrate();
    let event = world.lot("conc-1")["id"].as_str().unwrap().split('.').next().unwrap().to_owned();
    let set = "/body/outputs/0/labels=[\"conc-1\",\"C-26\"]";
    world.ok(&["correct", &event[..10], "--by", MINE, "--reason", "clerical-error", "--set", set]);
    world.ok(&["correct", &event, "--by", MINE, "--reason", "did-not-occur", "--withdraw"]);
    world.ok(&["show", &event]).says(&[
        "withdrawn by",
        "named by",
        "corrected    by correct",
        "labels is conc-1, C-26",
    ]);
    assert_eq!(world.lot("ore-1")["status"], "held");
}

#[test]
fn sites_and_identities_are_vouched_for_and_a_registration_is_replaced() {
    let world = World::with_parties();
    world.party("Nordlys Council", "DK", "accreditation-body", "council");
    let granted = world.json(&[
        "accredit",
        "--by",
        "Nordlys Council",
        "--scheme",
        "site-location",
        "--facility",
        "PIT",
        "--processes",
        "mine,beneficiate",
        "--valid-from",
        "2026-01-01T00:00:00Z",
        "--valid-to",
        "2028-12-31T23:59:59Z",
    ]);
    let grant = granted["events"][0]["id"].as_str().unwrap();
    world.ok(&["facility", "show", "PIT"]).says(&["accredited", "Nordlys Council", "35.48,-115.53 ± 3,000 m"]);
    world.ok(&["accredit", "--by", "Nordlys Council", "--suspend", grant, "--valid-from", "2026-02-01T00:00:00Z"]);
    world.ok(&[
        "facility",
        "supersede",
        "--old",
        "PIT",
        "PIT",
        "--name",
        "Sundown pit and mill",
        "--type",
        "mine",
        "--country",
        "US",
        "--polygon",
        "35.4,-115.6 35.4,-115.5 35.5,-115.5 35.5,-115.6",
        "--process",
        "mine",
        "--by",
        MINE,
    ]);
    world.ok(&["facility", "list", "--all"]).says(&["Sundown pit and mill", "4 corners"]);
    world.ok(&["facility", "show", "PIT"]).says(&["Sundown pit and mill"]);
}

#[test]
fn a_facility_is_sold_with_the_signature_of_its_former_operator() {
    let world = World::with_parties();
    let sale = |by: &str, old: &str| {
        let fixed = ["facility", "supersede", "--old", old, old, "--name", "Gebeng plant", "--type", "plant"];
        let place = ["--country", "MY", "--point", "3.99,103.37", "--radius", "2000", "--process", "separate"];
        world.run(&[&fixed[..], &place, &["--by", by]].concat())
    };
    assert_eq!(sale(MINE, "GEB").code, 0);
    world.ok(&["facility", "list"]).says(&["GEB", MINE]);
    assert!(!world.ok(&["facility", "list"]).out.contains(PLANT));
    // The one that signs is the one that has taken over from the key of the registration.
    world.ok(&["key", "new", "mine-gate-2", "--no-passphrase"]);
    world.ok(&["key", "new", "mine-gate-3", "--no-passphrase"]);
    world.ok(&["key", "rotate", "mine-gate", "--new", "mine-gate-2", "--by", MINE]);
    world.ok(&["key", "rotate", "mine-gate-2", "--new", "mine-gate-3", "--by", MINE]);
    assert_eq!(sale(PLANT, "GEB").code, 0);
    assert_eq!(sale(MINE, "GEB").code, 0);
    world.ok(&["key", "revoke", "mine-gate-3", "--reason", "lost", "--by", MINE]);
    sale(PLANT, "GEB").failed(4, &["a key of the former operator, found none"]);
}

#[test]
fn each_lot_of_a_dispatch_is_answered_once_in_one_receipt_or_several() {
    let world = World::with_concentrate();
    let parts = ["name=a mass=400", "name=b mass=300", "name=c mass=200", "name=d rest"];
    let parts: Vec<&str> = parts.iter().flat_map(|part| ["--part", part]).collect();
    world.ok(&[&["split", "conc-1", "--by", MINE][..], &parts].concat());
    world.ok(&["dispatch", "a", "b", "c", "d", "--by", MINE, "--to", PLANT]);
    let partly = "lot=c accepted=150 returned=49.5 accepted-label=c-in returned-label=c-out reason=\"wet bags\"";
    let receive = |more: &[&str]| world.run(&[&["receive", "--by", PLANT, "--facility", "GEB"], more].concat());
    let first = receive(&["a", "--lot", "lot=b mass=299.5", "--lot", partly, "--dry-run"]);
    first.says(&["outcome accepted", "net dry 299.5 kg", "outcome partial", "c-in", "150 kg", "c-out", "49.5 kg"]);
    assert_eq!(receive(&["a", "--lot", "lot=b mass=299.5", "--lot", partly]).code, 0);
    assert_eq!(world.json(&["lots", "--open"]).as_array().unwrap().len(), 1, "one is unanswered");
    receive(&["a"]).failed(4, &["custody.", "nothing was recorded"]);
    receive(&["--reject", "b", "--reason", "late"]).failed(4, &["custody."]);
    assert_eq!(receive(&["--reject", "d", "--reason", "seal broken"]).code, 0);
    let mass = |label| world.lot(label)["net_dry"].as_str().unwrap().to_owned();
    assert_eq!(
        (mass("a"), mass("b"), mass("c-in"), mass("c-out")),
        ("400".into(), "299.5".into(), "150".into(), "49.5".into())
    );
    assert_eq!((&world.lot("c")["status"], &world.lot("d")["status"]), (&json!("spent"), &json!("held")));
    assert_eq!(world.json(&["lots", "--holder", MINE])[0]["labels"], json!(["d"]));
    receive(&["--lot", "lot=d accepted=50"]).failed(2, &["expected both `accepted=` and `returned=`"]);
    receive(&[]).failed(2, &["expected lots or `--dispatch EVENT`", "hint:"]);
}
