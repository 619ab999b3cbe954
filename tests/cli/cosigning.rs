//! Further signatures by parties on other machines: a draft goes out, is signed there, and is recorded when it comes back.

use super::world::{MINE, PLANT, World, ran};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::Value;

/// A machine of its own, without the ledger, with a key.
fn elsewhere(key: &str) -> World {
    let machine = World::empty();
    machine.ok(&["key", "new", key, "--no-passphrase"]);
    machine
}

/// Moves a key with its signing memory to a machine of its own.
fn move_key(world: &World, key: &str) -> World {
    let machine = World::empty();
    std::fs::create_dir_all(machine.path("keys")).unwrap();
    for ending in ["pem", "pub"] {
        let name = format!("keys/{key}.{ending}");
        std::fs::rename(world.path(&name), machine.path(&name)).unwrap();
    }
    std::fs::copy(world.path("keys/signing-memory"), machine.path("keys/signing-memory")).unwrap();
    machine
}

/// The program on a machine that has no ledger.
fn alone(machine: &World, arguments: &[&str]) -> super::world::Ran {
    ran(machine.command().env_remove("ORETRAIL_LEDGER").args(arguments))
}

fn add<'a>(public: &'a str, draft: &'a str) -> Vec<&'a str> {
    vec!["key", "add", public, "--by", MINE, "--key", "mine-gate", "--kinds", "source", "--prepare", draft]
}

#[test]
fn a_key_of_another_machine_is_added_by_a_draft_that_goes_there_and_back() {
    let world = World::with_parties();
    let office = elsewhere("office");
    let (public, draft) = (office.text("keys/office.pub"), world.text("add.draft.json"));
    let before = world.size();
    world
        .run(&["key", "add", &public, "--by", MINE, "--key", "mine-gate", "--kinds", "source"])
        .failed(2, &["which must cosign as `new-key`", "hint: write a draft with `--prepare FILE`"]);
    world.ok(&add(&public, &draft)).says(&["a `key` event to be cosigned, nothing was recorded"]);
    assert_eq!(world.size(), before);
    world.run(&["record", "--cosigned", &draft]).failed(4, &["chain.cosignature", "`new-key`"]);

    alone(&office, &["cosign", &draft]).failed(2, &["expected consent", "hint: say `--yes`"]);
    world.run(&["record", "--cosigned", &draft]).failed(4, &["chain.cosignature"]);
    let signed = alone(&office, &["cosign", &draft, "--yes"]);
    signed.says(&["You are about to sign", "new-key", "action", "add", "kinds source", "signed; wrote"]);
    world.ok(&["record", "--cosigned", &draft, "--dry-run"]);
    world.ok(&["record", "--cosigned", &draft]);
    assert_eq!(world.size(), before + 1);
    // Once is enough.
    world.run(&["record", "--cosigned", &draft]).failed(4, &["chain."]);

    super::world::copy(&world.path("ledger"), &office.path("ledger"));
    let mined = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=o form=ore mass=5"];
    // The log's key stays where it is: the new key plans here, and the operator's machine records.
    office.ok(&[&mined[..], &["--dry-run"]].concat());
}

#[test]
fn a_draft_that_was_changed_on_its_way_is_refused() {
    let world = World::with_parties();
    let office = elsewhere("office");
    let draft = world.text("add.draft.json");
    world.ok(&add(&office.text("keys/office.pub"), &draft));
    alone(&office, &["cosign", &draft, "--yes"]);
    let honest = std::fs::read_to_string(&draft).unwrap();

    // Another party's draft of its own, sealed by its own key and signed by the same office, under our name.
    let other = World::with_parties();
    let forged = other.text("forged.draft.json");
    other.ok(&add(&office.text("keys/office.pub"), &forged));
    let mut file: Value = serde_json::from_str(&honest).unwrap();
    let forged: Value = serde_json::from_str(&std::fs::read_to_string(&forged).unwrap()).unwrap();
    file["jwt"] = forged["jwt"].clone();
    let changed = world.write("changed.draft.json", file.to_string());
    world.run(&["record", "--cosigned", &changed]).failed(1, &["changed.draft.json", "hint:"]);

    let jwt = forged["jwt"].as_str().unwrap();
    let (input, signature) = jwt.rsplit_once('.').unwrap();
    let mut flipped = signature.as_bytes().to_vec();
    flipped[0] = if flipped[0] == b'A' { b'B' } else { b'A' };
    file = serde_json::from_str(&honest).unwrap();
    let own = file["jwt"].as_str().unwrap().rsplit_once('.').unwrap().0.to_owned();
    file["jwt"] = format!("{own}.{}", String::from_utf8(flipped).unwrap()).into();
    assert_ne!(own, input);
    let changed = world.write("changed.draft.json", file.to_string());
    world.run(&["record", "--cosigned", &changed]).failed(1, &["expected a draft sealed by key", "hint:"]);

    let before = world.size();
    for text in ["{", "{\"oretrail\":\"draft/9\",\"jwt\":\"\"}", &honest.replace("new-key", "second-approver")] {
        let changed = world.write("changed.draft.json", text);
        world.run(&["record", "--cosigned", &changed]).failed(1, &["not a draft to be cosigned"]);
        alone(&office, &["cosign", &changed, "--yes"]).failed(1, &["not a draft to be cosigned"]);
    }
    assert_eq!(world.size(), before);
}

#[test]
fn a_facility_is_sold_with_the_signature_of_its_former_operator_from_another_machine() {
    let world = World::with_parties();
    let seller = move_key(&world, "mine-gate");
    let draft = world.text("sale.draft.json");
    let supersede = [
        "facility",
        "supersede",
        "--old",
        "PIT",
        "PIT-2",
        "--name",
        "Gebeng's pit",
        "--type",
        "mine",
        "--country",
        "US",
        "--point",
        "35.48,-115.53",
        "--radius",
        "3000",
        "--process",
        "mine",
        "--by",
        PLANT,
    ];
    world.run(&supersede).failed(2, &["which must cosign as `old-operator`", "--prepare FILE"]);
    world.ok(&[&supersede[..], &["--prepare", &draft]].concat());

    // Somebody else's signature does not do.
    let stranger = elsewhere("stranger");
    let wrong = stranger.text("wrong.json");
    assert_eq!(alone(&stranger, &["cosign", &draft, "--yes", "-o", &wrong]).code, 0);
    world.run(&["record", "--cosigned", &wrong]).failed(4, &["chain.cosignature", "a key of the former operator"]);

    let signed = alone(&seller, &["cosign", &draft, "--key", "mine-gate", "--yes"]);
    signed.says(&["old-operator", "supersedes", "name", "Gebeng's pit", "the ledger is not at hand"]);
    world.ok(&["record", "--cosigned", &draft]);
    let facilities = world.json(&["facility", "list"]);
    assert!(facilities.to_string().contains("PIT-2") && !facilities.to_string().contains("\"Sundown pit\""));
}

/// A decision of the mine's that the plant approves of, as a batch.
fn decision(lot: &str) -> String {
    let digest = "ab".repeat(32);
    format!(
        "oretrail = \"batch/1\"\n[[step]]\nkind = \"decision\"\nby = \"{MINE}\"\nwhen = 2026-03-01T07:00:00Z\n\
         lot = \"{lot}\"\ndelivery = 2026-06-01\nbundle = \"{digest}\"\nas_of = 2026-03-01T07:00:00Z\n\
         trust = \"{digest}\"\ncontract = \"FA8105 252.225-7052\"\nverdict = \"UNPROVEN\"\ndecided = \"hold\"\n\
         second_approver = \"{PLANT}\"\nreason = \"papers missing\"\n"
    )
}

#[test]
fn a_decision_carries_the_signature_of_a_second_approver_from_another_machine() {
    let world = World::with_concentrate();
    let approver = move_key(&world, "gebeng");
    let file = world.write("decision.toml", decision("conc-1"));
    let draft = world.text("decision.draft.json");
    world.run(&["record", "--file", &file]).failed(2, &["which must cosign as `second-approver`"]);
    world.ok(&["record", "--file", &file, "--prepare", &draft]);
    alone(&approver, &["cosign", &draft, "--yes"]).says(&["decided", "hold", "reason", "papers missing"]);
    world.ok(&["record", "--cosigned", &draft]);
}

#[test]
fn a_second_approver_signs_with_the_key_that_has_taken_over_and_with_no_other() {
    let world = World::with_concentrate();
    let file = world.write("decision.toml", decision("conc-1"));
    let cosigner = || {
        let recorded = world.json(&["record", "--file", &file]);
        let id = recorded["events"][0]["id"].as_str().unwrap().to_owned();
        let signed = world.ok(&["show", &id, "--signed"]).out;
        let payload = URL_SAFE_NO_PAD.decode(signed.split('.').nth(1).unwrap()).unwrap();
        let payload: Value = serde_json::from_slice(&payload).unwrap();
        payload["cosig"][0]["key"]["x"].as_str().unwrap().to_owned()
    };
    let first = cosigner();
    world.ok(&["key", "new", "gebeng-2", "--no-passphrase"]);
    world.ok(&["key", "rotate", "gebeng", "--new", "gebeng-2", "--by", PLANT]);
    let second = cosigner();
    assert_ne!(first, second);
    world.ok(&["audit"]);
    // The key that was replaced signs no more, from wherever its signature comes; the present one is elsewhere.
    let present = move_key(&world, "gebeng-2");
    let old = World::empty();
    std::fs::create_dir_all(old.path("keys")).unwrap();
    for name in ["gebeng.pem", "gebeng.pub", "signing-memory"] {
        std::fs::copy(world.path(&format!("keys/{name}")), old.path(&format!("keys/{name}"))).unwrap();
    }
    let draft = world.text("decision.draft.json");
    world.ok(&["record", "--file", &file, "--prepare", &draft]);
    let by_old = old.text("old.json");
    assert_eq!(alone(&old, &["cosign", &draft, "--yes", "-o", &by_old]).code, 0);
    world.run(&["record", "--cosigned", &by_old]).failed(4, &["chain.cosignature"]);
    assert_eq!(alone(&present, &["cosign", &draft, "--yes"]).code, 0);
    world.ok(&["record", "--cosigned", &draft]);
}
