//! What is kept, read in thirty years: without keys, without an index, and without this program.

use super::script;
use super::world::{DFARS, LINEAGE, MINE, World, copy};
use std::path::Path;

/// What the format says is to be kept of a ledger, on another machine, thirty years later.
fn kept(from: &World, ledger: &str) -> World {
    let later = World::empty().at("2056-08-31T08:00:00Z");
    copy(&from.path(ledger), &later.path("ledger"));
    for derived in ["index", "index.lock", "lock"] {
        let path = later.path("ledger").join(derived);
        let _ = std::fs::remove_dir_all(&path);
        let _ = std::fs::remove_file(&path);
    }
    later
}

#[test]
fn what_was_kept_says_the_same_in_thirty_years() {
    let world = World::with_demo();
    let later = kept(&world, "demo/ledger");
    for file in [LINEAGE, "demo/trust.toml"] {
        std::fs::copy(world.path(file), later.path(Path::new(file).file_name().unwrap().to_str().unwrap())).unwrap();
    }
    let policy = world.ok(&["policy", "show", DFARS]).out;
    later.write("policy.toml", &policy);
    world.write("policy.toml", policy);
    // The file that the buyer had, with the dates of the day.
    let asked = ["--policy", "policy.toml", "--delivery", "2027-01-01", "--as-of", "2026-08-31"];
    let then = world.ok(&[&["verify", LINEAGE, "--trust", "demo/trust.toml"][..], &asked].concat());
    let now = later.ok(&[&["verify", "magnets.lineage.json", "--trust", "trust.toml"][..], &asked].concat());
    assert_eq!(then.out, now.out);
    then.says(&["CONFIRMED      DFARS 252.225-7052"]);
    // The ledger: nobody has a key of it any more.
    assert!(!later.path("keys").exists());
    let audit = |world: &World, folder: &str, trust: &str| {
        world.json(&["audit", "--ledger", folder, "--trust", trust, "--as-of", "2026-08-31"])
    };
    let (then, now) = (audit(&world, "demo/ledger", "demo/trust.toml"), audit(&later, "ledger", "trust.toml"));
    for member in ["size", "root", "findings", "applied", "disclosed"] {
        assert_eq!(then[member], now[member], "{member}");
    }
    let lot = "NMX-N42SH-2628";
    assert_eq!(world.ok(&["trace", lot, "--ledger", "demo/ledger"]).out, later.ok(&["trace", lot]).out);
    let in_place = later.ok(&[&["verify", lot, "--trust", "trust.toml"][..], &asked].concat());
    in_place.says(&["CONFIRMED      DFARS 252.225-7052"]);
    assert!(!later.path("keys").exists(), "a key was made");
}

#[test]
fn common_tools_read_what_the_program_wrote_and_notice_what_was_changed() {
    if !script::has_tools() {
        return;
    }
    for world in [World::with_concentrate(), World::with_demo()] {
        let ledger = if world.path("demo").exists() { "demo/ledger" } else { "ledger" };
        let later = kept(&world, ledger);
        let folder = later.path("ledger");
        let read = |what: &str| {
            let output = script::run(&folder);
            let said = String::from_utf8_lossy(&output.stdout).into_owned();
            let is_sound = said.contains("the root is that of the checkpoint")
                && said.ends_with("the checkpoint is signed by the log key\n");
            assert_eq!(output.status.success() && is_sound, what.is_empty(), "{what}: {said}");
            said
        };
        let said = read("");
        assert!(said.contains("signed by the operator: party\n") && said.contains("signed by the operator: ledger\n"));
        if ledger != "ledger" {
            continue;
        }
        // An entry that is left out at the end, one that is changed, and another checkpoint.
        let (entries, checkpoint) = (folder.join("pending/0"), folder.join("checkpoint"));
        let honest = (std::fs::read(&entries).unwrap(), std::fs::read(&checkpoint).unwrap());
        let last = oretrail::tlog::entry_bundle::Entries::new(&honest.0).map(Result::unwrap).last().unwrap().len();
        std::fs::write(&entries, &honest.0[..honest.0.len() - last - 2]).unwrap();
        read("the last entry is gone");
        let mut bent = honest.0.clone();
        let at = bent.len() - 40;
        bent[at] = if bent[at] == b'A' { b'B' } else { b'A' };
        std::fs::write(&entries, bent).unwrap();
        read("a letter of the last entry is another");
        std::fs::write(&entries, &honest.0).unwrap();
        let text = String::from_utf8(honest.1).unwrap();
        let end = text.trim_end().len() - 5;
        let other = if text.as_bytes()[end] == b'A' { "B" } else { "A" };
        std::fs::write(&checkpoint, format!("{}{other}{}", &text[..end], &text[end + 1..])).unwrap();
        read("the checkpoint is signed otherwise");
        std::fs::write(&checkpoint, text).unwrap();
        read("");
    }
}

#[test]
fn keys_that_were_rotated_away_need_not_be_kept() {
    let world = World::with_concentrate();
    world.ok(&["key", "new", "gate-2", "--no-passphrase"]);
    world.ok(&["key", "rotate", "mine-gate", "--new", "gate-2", "--by", MINE]);
    world.ok(&["key", "new", "log-2", "--role", "log", "--no-passphrase"]);
    world.ok(&["key", "rotate", "log", "--new", "log-2", "--key", "operator"]);
    for name in ["mine-gate", "log"] {
        for ending in ["pem", "pub"] {
            std::fs::remove_file(world.path(&format!("keys/{name}.{ending}"))).unwrap();
        }
    }
    let mined = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=ore-2 form=ore mass=5"];
    world.ok(&mined);
    world.ok(&["export", "conc-1", "-o", "conc.json"]);
    let report = World::empty().run(&["verify", &world.text("conc.json"), "--json"]).json();
    assert_eq!(report["verdicts"][0]["verdict"], "CONFIRMED", "{report}");
    let later = kept(&world, "ledger");
    later.ok(&["audit"]).says(&["SOUND: 0 breaches, 0 warnings"]);
}
