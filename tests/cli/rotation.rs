//! Rotating the log's key, and keys whose signing memory is lost.

use super::world::{MINE, World};

fn checkpoint(world: &World) -> String {
    std::fs::read_to_string(world.path("ledger/checkpoint")).unwrap()
}

fn signatures(world: &World) -> usize {
    checkpoint(world).lines().filter(|line| line.starts_with('—')).count()
}

fn rotate(world: &World) {
    world.ok(&["key", "new", "log-2", "--role", "log", "--no-passphrase"]);
    world.ok(&["key", "rotate", "log", "--new", "log-2", "--key", "operator"]);
}

#[test]
fn the_checkpoint_of_a_rotation_is_signed_by_both_keys_and_the_next_by_the_new_one() {
    let world = World::with_parties();
    let old_line = checkpoint(&world).lines().last().unwrap()[..30].to_owned();
    rotate(&world);
    assert_eq!(signatures(&world), 2);
    assert_eq!(
        std::fs::read_to_string(world.path("ledger/oretrail.toml")).unwrap().matches("custody.example/log+").count(),
        2
    );
    world.ok(&["audit"]);
    let file = world.text("ore.lineage.json");
    world.mine();
    assert_eq!(signatures(&world), 1);
    assert!(!checkpoint(&world).contains(&old_line));
    world.ok(&["audit"]);
    world.ok(&["export", "ore-1", "-o", &file]);
    let report = World::empty().run(&["verify", &file, "--json"]).json();
    assert_eq!(report["verdicts"][0]["verdict"], "CONFIRMED", "{report}");
    assert!(report["completeness"]["findings"].as_array().unwrap().iter().all(|f| f["code"] != "bundle.incomplete"));
    // Again, with a third key; the second one is not forgotten.
    world.ok(&["key", "new", "log-3", "--role", "log", "--no-passphrase"]);
    world.ok(&["key", "rotate", "log-2", "--new", "log-3", "--key", "operator"]);
    assert_eq!(signatures(&world), 2);
    world.ok(&["audit"]);
    let published = world.text("www");
    world.ok(&["publish", &published]);
}

#[test]
fn a_bundle_at_the_size_of_the_rotation_verifies_and_one_without_the_old_signature_does_not() {
    let world = World::with_parties();
    world.mine();
    rotate(&world);
    let file = world.text("ore.lineage.json");
    world.ok(&["export", "ore-1", "-o", &file]);
    let report = world.run(&["verify", &file, "--json"]).json();
    assert_eq!(report["verdicts"][0]["verdict"], "CONFIRMED", "{report}");
    // The ledger without the old key's line.
    let both = checkpoint(&world);
    let lines: Vec<&str> = both.lines().collect();
    let new_only = [&lines[..4], &lines[5..]].concat().join("\n") + "\n";
    std::fs::write(world.path("ledger/checkpoint"), new_only).unwrap();
    let ran = world.run(&["export", "ore-1", "-o", &file]);
    assert_ne!(ran.code, 0, "{}", ran.out);
}

#[test]
fn a_rotation_ends_its_batch_and_only_the_operator_rotates() {
    let world = World::with_parties();
    world.ok(&["key", "new", "log-2", "--role", "log", "--no-passphrase"]);
    let before = world.size();
    // By another party it is recorded like any portable event, and rotates nothing.
    let ran = world.run(&[
        "key",
        "rotate",
        "log",
        "--new",
        "log-2",
        "--by",
        MINE,
        "--key",
        "mine-gate",
        "--dry-run",
        "--json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    world.ok(&["key", "rotate", "log", "--new", "log-2", "--by", MINE, "--key", "mine-gate"]);
    assert_eq!((world.size(), signatures(&world)), (before + 1, 1));
    let ledger = world.json(&["show", "--signed", &entry(&world, 1)]);
    let vkey = vkey(&world, "log-2");
    let step = format!(
        "oretrail = \"batch/1\"\n[[step]]\nkind = \"ledger\"\nby = \"Neutral Registry Ltd\"\nwhen = 2026-03-01T07:00:00Z\n\
         origin = \"custody.example/log\"\nvkey = \"{vkey}\"\nrotates = \"{}\"\n",
        entry(&world, 1)
    );
    assert!(ledger["jwt"].is_string());
    let source = format!(
        "[[step]]\nkind = \"source\"\nby = \"{MINE}\"\nwhen = 2026-03-01T07:00:00Z\nfacility = \"PIT\"\nsource = \"mined\"\n\
         outputs = [{{ form = \"ore\", quantity = \"5\" }}]\n"
    );
    let early = world.write("early.toml", format!("{step}{source}"));
    world
        .run(&["record", "--file", &early])
        .failed(2, &["expected the rotation of the log key as the last event", "hint: record what follows it"]);
    assert_eq!((world.size(), signatures(&world)), (before + 1, 1));
    let late = world.write(
        "late.toml",
        format!("{}{}", "oretrail = \"batch/1\"\n", source) + step.trim_start_matches("oretrail = \"batch/1\"\n"),
    );
    world.ok(&["record", "--file", &late]);
    assert_eq!((world.size(), signatures(&world)), (before + 3, 2));
    world.ok(&["audit"]);
}

/// The id of the event in an entry of the only, open bundle.
fn entry(world: &World, index: usize) -> String {
    let bytes = std::fs::read(world.path("ledger/pending/0")).unwrap();
    let text = String::from_utf8_lossy(&bytes).into_owned();
    let jwt = text.lines().filter(|line| line.starts_with("eyJ")).nth(index).unwrap().to_owned();
    let jwt = jwt.split('\0').next().unwrap();
    let (input, _) = jwt.rsplit_once('.').unwrap();
    blake3::hash(input.as_bytes()).to_string()
}

/// The verifier key of a log key of this machine, as its rotation would state it.
fn vkey(world: &World, key: &str) -> String {
    use oretrail::tlog::vkey::{KeyKind, VerifierKey};
    let shown = world.json(&["key", "show", key]);
    let jwk: oretrail::value::Jwk = serde_json::from_value(shown["key"].clone()).unwrap();
    VerifierKey::new("custody.example/log".parse().unwrap(), KeyKind::Note, jwk.x).to_string()
}

#[test]
fn a_key_whose_memory_is_lost_signs_its_own_rotation_and_nothing_else() {
    let world = World::with_parties();
    world.mine();
    std::fs::remove_file(world.path("keys/signing-memory")).unwrap();
    let mined = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=o form=ore mass=5"];
    world
        .run(&mined)
        .failed(2, &["has no record of key", "hint: a key moves with its signing memory", "oretrail key rotate"]);
    // The log's key first: it signs every checkpoint.
    world.ok(&["key", "new", "log-2", "--role", "log", "--no-passphrase"]);
    world.run(&["key", "rotate", "log", "--new", "log-2", "--key", "operator"]).failed(2, &["has no record of key"]);
    world.ok(&["key", "rotate", "log", "--new", "log-2", "--key", "operator", "--memory-lost"]);
    world.run(&mined).failed(2, &["has no record of key"]);
    world.ok(&["key", "new", "mine-gate-2", "--no-passphrase"]);
    world
        .run(&["key", "rotate", "mine-gate", "--new", "mine-gate-2", "--by", MINE])
        .failed(2, &["has no record of key"]);
    world.ok(&["key", "rotate", "mine-gate", "--new", "mine-gate-2", "--by", MINE, "--memory-lost"]);
    world.ok(&mined);
    world.run(&[&mined[..], &["--key", "mine-gate"]].concat()).failed(2, &["has no record of key"]);
    world.ok(&["audit"]);
}

#[test]
fn a_rotation_that_a_crash_interrupted_is_finished_when_the_ledger_is_opened_next() {
    for lost in [&["oretrail.toml"][..], &["oretrail.toml", "checkpoint"]] {
        let world = World::with_parties();
        let before: Vec<_> =
            lost.iter().map(|name| (name, std::fs::read(world.path(&format!("ledger/{name}"))).unwrap())).collect();
        rotate(&world);
        let (size, both) = (world.size(), checkpoint(&world));
        // What the disk shows where the machine stopped before these files were replaced.
        for (name, bytes) in &before {
            std::fs::write(world.path(&format!("ledger/{name}")), bytes).unwrap();
        }
        // Readers read on meanwhile.
        world.ok(&["lots"]);
        let dry = world.run(&[
            "source",
            "mined",
            "--by",
            MINE,
            "--facility",
            "PIT",
            "--output",
            "form=ore mass=5",
            "--dry-run",
        ]);
        assert_eq!(dry.code, 0, "{}", dry.err);
        assert_eq!((world.size(), checkpoint(&world)), (size, both));
        world.mine();
        assert_eq!((world.size(), signatures(&world)), (size + 1, 1));
        world.ok(&["audit"]);
    }
}

#[test]
fn only_the_present_key_of_a_log_is_rotated_and_only_to_a_new_log_key() {
    let world = World::with_parties();
    rotate(&world);
    let (size, before) = (world.size(), checkpoint(&world));
    let again = |old, new| world.run(&["key", "rotate", old, "--new", new, "--key", "operator"]);
    again("log", "log-2").failed(2, &["expected the present key of this log", "found `log`", "hint:"]);
    again("log-2", "log").failed(2, &["expected a log key that never signed this log", "signed it before", "hint:"]);
    again("log-2", "log-2").failed(2, &["signed it before"]);
    again("log-2", "mine-gate").failed(2, &["found a key of another role"]);
    assert_eq!((world.size(), checkpoint(&world)), (size, before));
    world.mine();
}
