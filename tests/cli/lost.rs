//! What of a ledger is lost or damaged, and how it is got back: the table of section 22.2 of the format, line by line.

use super::world::{MINE, World, ran};
use oretrail::tlog::entry_bundle::Entries;
use serde_json::{Value, json};
use std::path::Path;

/// A ledger with more entries than a bundle holds.
fn large() -> World {
    let world = World::with_concentrate();
    let step = |n: u32| {
        json!({
            "kind": "source", "by": MINE, "facility": "PIT", "source": "mined",
            "outputs": [{ "name": format!("many-{n}"), "form": "ore", "quantity": "5" }],
        })
    };
    let steps: String = (0..255).map(|n| format!("{}\n", step(n))).collect();
    world.ok(&["record", "--file", &world.write("many.jsonl", steps)]);
    assert!(world.path("ledger/tile/0/000").exists() && world.path("ledger/tile/entries/000").exists());
    world
}

fn mine_more(world: &World) {
    world.ok(&["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=o form=ore mass=5"]);
}

fn read(world: &World, name: &str) -> Vec<u8> {
    std::fs::read(world.path(name)).unwrap()
}

/// Nobody takes the ledger for an empty one.
fn is_no_ledger(world: &World, parts: &[&str]) {
    let commands: [&[&str]; 6] = [
        &["lots"],
        &["party", "list"],
        &["audit"],
        &["show", "conc-1"],
        &["export", "conc-1", "-o", "x.json"],
        &["publish", "www"],
    ];
    for arguments in commands {
        world.run(arguments).failed(1, parts);
    }
    assert!(!world.path("x.json").exists() && !world.path("www").exists());
}

#[test]
fn a_lost_checkpoint_is_the_last_one_of_the_signing_memory() {
    for world in [World::with_concentrate(), large()] {
        let (checkpoint, size) = (read(&world, "ledger/checkpoint"), world.size());
        let lots = world.json(&["lots"]);
        std::fs::remove_file(world.path("ledger/checkpoint")).unwrap();
        is_no_ledger(&world, &["expected a checkpoint beside", "hint:"]);
        // Whoever has other keys makes no new ledger of it, and puts nothing aside.
        let init = ["init", "--origin", "custody.example/log", "--operator", "X", "--country", "IE", "--no-passphrase"];
        let other = ran(world.command().env("ORETRAIL_KEYS", world.path("others")).args(init));
        other.failed(2, &["expected no ledger in", "of another origin or log key"]);
        assert!(!world.path("ledger/discarded").exists());
        // As it stands in the memory, for whoever takes it from there by hand.
        let memory = String::from_utf8(read(&world, "keys/signing-memory")).unwrap();
        let last = memory.lines().rfind(|line| line.contains("\"logs\"")).unwrap().split_once(' ').unwrap().1;
        let last: Value = serde_json::from_str(last).unwrap();
        assert_eq!(last["logs"][0]["checkpoint"].as_str().unwrap().as_bytes(), checkpoint);
        // The next event is recorded behind all that was.
        mine_more(&world);
        assert_eq!(world.size(), size + 1);
        assert!(!world.path("ledger/discarded").exists());
        let (before, after) = (lots.as_array().unwrap(), world.json(&["lots"]));
        let after = after.as_array().unwrap();
        assert!(!before.is_empty() && before.iter().all(|lot| after.contains(lot)), "{after:?}");
        world.ok(&["audit"]);
    }
}

#[test]
fn a_lost_checkpoint_is_not_made_up_where_entries_are_gone_too() {
    let world = large();
    std::fs::remove_file(world.path("ledger/checkpoint")).unwrap();
    let pending = read(&world, "ledger/pending/1");
    std::fs::write(world.path("ledger/pending/1"), &pending[..pending.len() - 9]).unwrap();
    let mined = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=o form=ore mass=5"];
    world.run(&mined).failed(1, &["which the log's key has signed on this machine", "hint:"]);
    assert!(!world.path("ledger/checkpoint").exists() && !world.path("ledger/discarded").exists());
}

/// `oretrail.toml` as the format says that it is written again: from entry 1 and the `ledger` events behind it.
fn identity(folder: &Path) -> String {
    let bundle = std::fs::read(folder.join("pending/0")).unwrap();
    let (mut origin, mut vkeys) = (String::new(), Vec::new());
    for entry in Entries::new(&bundle) {
        let payload = payload(entry.unwrap());
        if payload["kind"] == "ledger" {
            payload["body"]["origin"].as_str().unwrap().clone_into(&mut origin);
            vkeys.push(payload["body"]["vkey"].clone());
        }
    }
    let id = oretrail::value::LedgerId::derive(&origin, vkeys[0].as_str().unwrap());
    format!("format = 1\norigin = \"{origin}\"\nledger = \"{id}\"\nvkeys = {}\n", Value::from(vkeys))
}

fn payload(entry: &[u8]) -> Value {
    use base64::Engine as _;
    let text = std::str::from_utf8(entry).unwrap();
    let part = text.lines().last().unwrap().split('.').nth(1).unwrap();
    serde_json::from_slice(&base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
}

#[test]
fn a_lost_identity_is_written_again_from_the_ledger_events() {
    let world = World::with_concentrate();
    world.ok(&["key", "new", "log-2", "--role", "log", "--no-passphrase"]);
    world.ok(&["key", "rotate", "log", "--new", "log-2", "--key", "operator"]);
    let toml = world.path("ledger/oretrail.toml");
    std::fs::remove_file(&toml).unwrap();
    is_no_ledger(&world, &["expected `oretrail.toml` beside", "hint:", "the `ledger` event"]);
    // A new ledger is not begun over what was recorded, with the same keys or with others.
    for keys in ["keys", "others"] {
        let init = ["init", "--origin", "custody.example/log", "--operator", "X", "--country", "IE", "--no-passphrase"];
        let ran = ran(world.command().env("ORETRAIL_KEYS", world.path(keys)).args(init));
        ran.failed(1, &["expected `oretrail.toml` beside"]);
        assert!(!toml.exists() && !world.path("others").exists());
    }
    std::fs::write(&toml, identity(&world.path("ledger"))).unwrap();
    world.ok(&["audit"]);
    mine_more(&world);
    world.ok(&["audit"]);
}

#[test]
fn lost_entries_come_back_from_a_mirror_and_the_root_says_whether_they_are_the_same() {
    for world in [World::with_concentrate(), large()] {
        // As far as somebody else has it.
        world.ok(&["publish", &world.text("older")]);
        mine_more(&world);
        world.ok(&["publish", &world.text("mirror")]);
        let number = world.size() / 256;
        let open = |mirror: &str| {
            let partial = format!("{mirror}/tile/entries/00{number}.p");
            let width = std::fs::read_dir(world.path(&partial)).unwrap().next().unwrap().unwrap().file_name();
            std::fs::read(world.path(&partial).join(width)).unwrap()
        };
        let pending = world.path(&format!("ledger/pending/{number}"));
        let honest = std::fs::read(&pending).unwrap();
        std::fs::remove_file(&pending).unwrap();
        world.run(&["audit"]).failed(1, &["expected an entry bundle here or in `tile/entries`, found none"]);
        // An older one is not enough, and one in which a byte differs is not the same.
        std::fs::write(&pending, open("older")).unwrap();
        world.run(&["audit"]).failed(1, &["expected", "entries, found"]);
        let mut bent = open("mirror");
        let last = bent.len() - 5;
        bent[last] = if bent[last] == b'A' { b'B' } else { b'A' };
        std::fs::write(&pending, bent).unwrap();
        assert_eq!(world.run(&["audit"]).code, 1);
        assert_eq!(open("mirror"), honest);
        std::fs::write(&pending, honest).unwrap();
        world.ok(&["audit"]);
        if number > 0 {
            std::fs::remove_file(world.path("ledger/tile/entries/000")).unwrap();
            assert_eq!(world.run(&["audit"]).code, 1);
            std::fs::copy(world.path("mirror/tile/entries/000"), world.path("ledger/tile/entries/000")).unwrap();
        }
        world.ok(&["audit"]);
        mine_more(&world);
        world.ok(&["audit"]);
    }
}

#[test]
fn without_private_values_custody_and_proofs_stand() {
    let world = World::with_concentrate();
    let lot = world.lot("conc-1")["id"].as_str().unwrap().to_owned();
    let lots = world.json(&["lots"]);
    std::fs::rename(world.path("ledger/private"), world.path("backup")).unwrap();
    world.run(&["audit"]).says(&["SOUND", "evidence.values-damaged", "values of 2 events are missing"]);
    // The index still has them, as long as it lasts.
    let masses = |lots: &Value| lots.as_array().unwrap().iter().map(|lot| lot["net_dry"].clone()).collect::<Vec<_>>();
    assert_eq!(masses(&world.json(&["lots"])), masses(&lots));
    std::fs::remove_dir_all(world.path("ledger/index")).unwrap();
    world.ok(&["lots"]).says(&["withheld", MINE, "held"]);
    world.ok(&["export", &lot, "-o", "conc.json"]);
    let report = World::empty().run(&["verify", &world.text("conc.json"), "--json"]).json();
    assert_eq!(report["verdicts"][0]["verdict"], "CONFIRMED", "{report}");
    mine_more(&world);
    // What comes next has its values; the backup goes behind them.
    let later = read(&world, "ledger/private/disclosures");
    let whole = [later, read(&world, "backup/disclosures")].concat();
    std::fs::write(world.path("ledger/private/disclosures"), whole).unwrap();
    world.ok(&["audit", "--rebuild"]);
    let known = world.json(&["lots"]);
    assert!(lots.as_array().unwrap().iter().all(|lot| known.as_array().unwrap().contains(lot)), "{known}");
    world.ok(&["audit"]).says(&["SOUND: 0 breaches, 0 warnings"]);
}

#[test]
fn all_that_is_derived_is_made_anew() {
    let world = large();
    let tiles = ["ledger/tile/0/000", "ledger/tile/1/000.p/1"];
    let stored: Vec<Option<Vec<u8>>> = tiles.iter().map(|tile| std::fs::read(world.path(tile)).ok()).collect();
    world.ok(&["export", "conc-1", "-o", "before.json"]);
    for folder in ["tile/0", "tile/1", "index", "completeness"] {
        let _ = std::fs::remove_dir_all(world.path("ledger").join(folder));
    }
    let audited = world.ok(&["audit"]);
    audited.says(&["SOUND: 0 breaches, 0 warnings"]);
    world.ok(&["export", "conc-1", "-o", "after.json"]);
    let report = |file: &str| {
        let report = World::empty().run(&["verify", &world.text(file), "--as-of", "2026-03-02", "--json"]).json();
        (report["verdicts"].clone(), report["integrity"].clone())
    };
    assert_eq!(report("before.json"), report("after.json"));
    world.ok(&["publish", &world.text("mirror")]);
    mine_more(&world);
    world.ok(&["audit"]).says(&["SOUND: 0 breaches, 0 warnings"]);
    for (tile, stored) in tiles.iter().zip(stored).filter_map(|(tile, bytes)| Some((tile, bytes?))) {
        let published = std::fs::read(world.path(&tile.replacen("ledger", "mirror", 1))).unwrap();
        assert_eq!(published, stored, "{tile}");
    }
}
