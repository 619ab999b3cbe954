//! What is read by people: what would be recorded, what was corrected, who is who and where, with units and in columns.

use super::world::{MINE, PLANT, World};
use serde_json::json;

/// The id of the event that a recording verb made.
fn id_of(made: &serde_json::Value) -> String {
    made["events"][0]["id"].as_str().unwrap().to_owned()
}

#[test]
fn a_dry_run_says_all_that_would_be_recorded() {
    let world = World::with_concentrate();
    let before = world.size();
    let dispatch = ["dispatch", "conc-1", "--by", MINE, "--to", PLANT, "--mass", "300", "--part-label", "c-1"];
    let more = ["--leg", "mode=sea from=USLAX to=MYKUA", "--ref", "purchase-order=4711", "--remark", "by sea"];
    let dry = [&dispatch[..], &more, &["--dry-run"]].concat();
    let ran = world.ok(&dry);
    ran.says(&["split      ", "made 0       c-1", "300 kg concentrate", "dispatch   ", "lots         c-1 ("]);
    ran.says(&["from         PIT (", "to           Gebeng Separation Sdn (", "legs         sea, from USLAX, to MYKUA"]);
    ran.says(&[
        "by           Sundown Carbonate LLC (",
        "refs         purchase-order, number 4711",
        "remark       by sea",
    ]);
    assert!(ran.err.contains("dry run: 2 events would be recorded; nothing was written"), "{}", ran.err);
    let planned = world.json(&dry);
    assert_eq!(planned["events"][1]["payload"]["body"]["legs"][0]["mode"], "sea");
    assert_eq!((&planned["recorded"], &planned["size"]), (&json!(false), &json!(null)));
    let made = world.json(&[&dispatch[..], &more].concat());
    assert!(made["events"][1].get("payload").is_none(), "what is recorded is shown by `show`: {made}");
    assert_eq!(world.size(), before + 2);
}

#[test]
fn a_dry_run_says_what_review_would_find() {
    let world = World::with_concentrate();
    let before = world.size();
    let codes = |arguments: &[&str]| -> Vec<String> {
        let planned = world.json(&[arguments, &["--dry-run"]].concat());
        let events = planned["events"].as_array().unwrap().clone();
        let findings = events.iter().flat_map(|event| event["findings"].as_array().unwrap().clone());
        findings.map(|finding| finding["code"].as_str().unwrap().to_owned()).collect()
    };
    let step = ["transform", "--by", MINE, "--process", "leach", "--input", "conc-1", "--output"];
    let leach = |output: &str| codes(&[&step[..], &[output]].concat());
    let same = "name=x form=concentrate mass=900 TREO=0.6 Nd2O3/TREO=0.1";
    assert_eq!(leach(same), Vec::<String>::new());
    // Less than what is refused at once, more than what an assay may err by.
    assert_eq!(leach("name=x form=concentrate mass=1000 TREO=0.6 Nd2O3/TREO=0.12"), ["mass.element-gain"]);
    let site =
        ["facility", "register", "FAR", "--name", "Far pit", "--type", "mine", "--country", "US", "--radius", "100"];
    let far = [&site[..], &["--point", "29.87,121.55", "--by", MINE]].concat();
    assert_eq!(codes(&far), ["place.outside-country"]);
    let ran = world.ok(&[&far[..], &["--dry-run"]].concat());
    ran.says(&["breach: place.outside-country", "in CN"]);
    assert_eq!(world.size(), before);
    // What it says is what an audit finds once it is recorded.
    world.ok(&far);
    let audited = world.run(&["audit", "--json"]).json();
    assert_eq!(audited["findings"][0]["code"], "place.outside-country");
}

#[test]
fn a_ledger_is_made_for_good_so_that_there_is_no_dry_run_of_it() {
    let world = World::empty();
    let init = ["init", "--origin", "a.example/log", "--operator", "X Ltd", "--country", "IE", "--no-passphrase"];
    for option in [&["--dry-run"][..], &["--prepare", "x.json"], &["--doc", "x.pdf"]] {
        world.run(&[&init[..], option].concat()).failed(2, &["unexpected argument", option[0]]);
        assert!(!world.path("ledger").exists() && !world.path("keys").exists());
    }
    assert_eq!(world.json(&[&init[..], &["--key", "head-office"]].concat())["operator_key"], "head-office");
}

#[test]
fn a_corrected_lot_is_shown_and_found_as_it_was_corrected_and_booked_as_it_was_recorded() {
    let world = World::with_concentrate();
    let conc = world.lot("conc-1")["id"].as_str().unwrap().split('.').next().unwrap().to_owned();
    let correct = |set: &str, reason: &str| {
        id_of(&world.json(&["correct", &conc, "--by", MINE, "--reason", reason, "--set", set]))
    };
    correct(r#"/body/outputs/0/labels=["conc-one"]"#, "clerical-error");
    let first = correct(r#"/body/outputs/0/quantity={"net_dry":"990.5"}"#, "remeasured");
    let lot = world.lot("conc-one");
    assert_eq!((&lot["labels"], &lot["net_dry"]), (&json!(["conc-one"]), &json!("1000")));
    assert_eq!(lot["described"]["quantity"]["net_dry"], "990.5");
    assert_eq!(world.lot("conc-1")["id"], lot["id"], "the old label still finds it");
    let shown = world.ok(&["show", "conc-one"]);
    shown.says(&["lot conc-one", "1,000 kg net dry", "to 990.5 kg net dry; sums go by the mass recorded", "correct "]);
    world.ok(&["lots"]).says(&["conc-one", "1,000 kg"]);
    world.ok(&["trace", "conc-one"]).says(&["conc-one · concentrate · 990.5 kg"]);
    let event = world.ok(&["show", &conc]);
    event.says(&[
        "made 0       conc-1",
        "corrected    by correct",
        "labels is conc-one",
        "quantity is net dry 990.5 kg",
    ]);
    // The last word counts, also on a correction itself.
    let again = r#"/body/changes/0/value={"net_dry":"991"}"#;
    world.ok(&["correct", &first, "--by", MINE, "--reason", "clerical-error", "--set", again]);
    world.ok(&["show", "conc-one"]).says(&["to 991 kg net dry"]);
    // Sums go by what was recorded.
    let parts = |mass| ["split", "conc-one", "--by", MINE, "--part", mass, "--part", "name=b rest", "--dry-run"];
    world.ok(&parts("name=a mass=400")).says(&["600 kg"]);
    world.run(&["audit", "--rebuild"]).says(&["index: ", "applied"]);
    world.ok(&["show", "conc-one"]).says(&["lot conc-one"]);
}

#[test]
fn a_party_is_shown_with_what_its_keys_may_sign_and_what_is_vouched_for() {
    let world = World::with_parties();
    for key in ["control", "safe", "safe-2", "gate-2", "council"] {
        let role = if key.starts_with("safe") { "recovery" } else { "party" };
        world.ok(&["key", "new", key, "--role", role, "--no-passphrase"]);
    }
    world.ok(&["party", "register", "Council", "--country", "US", "--role", "authority", "--key", "council"]);
    let scope = ["--kinds", "source,transform", "--facilities", "PIT", "--valid-to", "2027-01-01T00:00:00Z"];
    world.ok(&[&["key", "add", "control", "--by", MINE][..], &scope].concat());
    let since = ["--valid-from", "2026-01-01T00:00:00Z", "--valid-to", "2026-12-31T23:59:59Z", "--by", "Council"];
    world.ok(&[&["accredit", "--scheme", "party-identity", "--party", MINE][..], &since].concat());
    let grant = id_of(&world.json(
        &[&["accredit", "--scheme", "site-location", "--facility", "PIT", "--processes", "mine"][..], &since].concat(),
    ));
    world.mine();
    let party = world.ok(&["party", "show", MINE]);
    party.says(&[" signs source, transform; at PIT; to 2027-01-01T00:00:00Z", " signs everything", "no key"]);
    party.says(&["party-identity by Council", "from 2026-01-01T00:00:00Z to 2026-12-31T23:59:59Z"]);
    world.ok(&["key", "rotate", "mine-gate", "--new", "gate-2", "--by", MINE]);
    let shown = world.ok(&["party", "show", MINE]).out;
    let keys: Vec<&str> = shown.lines().filter(|line| line.starts_with("  key ")).collect();
    assert!(keys[2].contains("revoked (superseded)") && !keys[0].contains("revoked"), "those in force first: {shown}");
    let site = world.ok(&["facility", "show", "PIT"]);
    site.says(&["site-location (processes mine) by Council", "1 lot is here"]);
    world.ok(&["accredit", "--suspend", &grant[..8], "--valid-from", "2026-06-01T00:00:00Z", "--by", "Council"]);
    world.ok(&["facility", "show", "PIT"]).says(&["suspend of ", "from 2026-06-01T00:00:00Z"]);
    let json = world.json(&["facility", "show", "PIT"]);
    assert_eq!((json["lots"].as_array().unwrap().len(), json["accreditations"].as_array().unwrap().len()), (1, 2));
}

#[test]
fn a_registration_that_was_replaced_is_still_there_under_its_id() {
    let world = World::with_parties();
    world.mine();
    let old = world.json(&["facility", "show", "PIT"])["id"].as_str().unwrap().to_owned();
    let made = world.json(&[
        "facility",
        "supersede",
        "NORTH-PIT",
        "--old",
        "PIT",
        "--name",
        "Sundown north pit",
        "--type",
        "mine",
        "--country",
        "US",
        "--point",
        "35.48,-115.53",
        "--radius",
        "4000",
        "--process",
        "mine",
        "--capacity",
        "mine=2000000000",
        "--by",
        MINE,
    ]);
    let new = id_of(&made);
    world.run(&["facility", "show", "PIT"]).failed(2, &["which names none"]);
    world.ok(&["facility", "show", &old[..10]]).says(&["facility PIT", &format!("by NORTH-PIT {}", &new[..10])]);
    let shown = world.ok(&["facility", "show", "NORTH-PIT"]);
    shown.says(&["replaces     PIT", "capacity     mine, mass 2,000,000,000 kg", "35.48,-115.53 ± 4,000 m"]);
    let listed = world.ok(&["facility", "list"]).out;
    assert!(!listed.contains("replaced by") && !listed.contains(" PIT "), "{listed}");
    let all = world.ok(&["facility", "list", "--all"]);
    all.says(&["replaced by", "Sundown pit ", &new[..10]]);
    let codes: Vec<String> =
        all.out.lines().skip(1).map(|line| line[12..].split(' ').next().unwrap().to_owned()).collect();
    assert_eq!(codes, ["GEB", "NORTH-PIT", "PIT"], "by code");
    let parties = world.ok(&["party", "list"]).out;
    let names: Vec<&str> = parties.lines().skip(1).map(|line| &line[12..18]).collect();
    assert_eq!(names, ["Gebeng", "Neutra", "Sundow"], "by name");
    // What is there comes over by a dispatch to oneself.
    world.ok(&["facility", "show", &old[..10]]).says(&["1 lot is here"]);
    world.ok(&["dispatch", "ore-1", "--by", MINE, "--to", MINE, "--reason", "transfer"]);
    world.ok(&["receive", "ore-1", "--by", MINE, "--facility", "NORTH-PIT"]);
    assert_eq!(world.lot("ore-1")["facility"], new);
}

#[test]
fn masses_within_an_event_have_units_too() {
    let world = World::with_concentrate();
    world.ok(&["dispatch", "conc-1", "--by", MINE, "--to", PLANT]);
    let line = "lot=conc-1 mass=998.5 gross=1048.5 tare=50";
    let receipt = id_of(&world.json(&["receive", "--by", PLANT, "--lot", line]));
    world.ok(&["show", &receipt[..10]]).says(&["quantity gross 1,048.5 kg, net dry 998.5 kg, tare 50 kg"]);
}

#[test]
fn a_name_that_is_none_of_a_short_list_shows_the_list() {
    let world = World::with_concentrate();
    let output = "name=x form=concentrate mass=1";
    let lost =
        ["transform", "--by", MINE, "--process", "leach", "--input", "conc-1", "--output", output, "--loss", "lint"];
    world.run(&lost).failed(2, &["expected a loss kind, found `lint` (one of `off-gas`, ", "`tailings`"]);
    world.run(&["claim", "conc-1", "orgin Nd", "--by", MINE]).failed(2, &["(did you mean `origin`?), found `orgin`"]);
    world.run(&["party", "show", "sundown"]).failed(2, &["which names none", "there is `Sundown Carbonate LLC`"]);
    world.run(&["lots", "--facility", "pit"]).failed(2, &["which names none", "there is `PIT`"]);
    world.ok(&["key", "new", "nobody", "--no-passphrase"]);
    let party = ["party", "register", "Nobody Ltd", "--country", "IE", "--key", "nobody"];
    world.run(&party).failed(2, &["expected what the party does, found no `--role`", "hint:"]);
}
