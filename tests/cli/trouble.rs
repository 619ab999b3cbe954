//! Machines that fail their users: clocks, copies, backups, locks, read-only folders. The ledger stays whole.

use super::world::{MINE, World, copy, ran};

const MINED: [&str; 8] = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=o form=ore mass=5"];

#[test]
fn a_clock_that_is_years_off_is_refused() {
    let world = World::with_parties();
    let at = |now: &str, extra: &[&str]| ran(world.command().env("ORETRAIL_NOW", now).args(MINED).args(extra));
    at("2026-03-01T07:00:00Z", &[]).failed(2, &["expected a clock", "hint: set the clock"]);
    at("2029-03-01T07:00:00Z", &[]).failed(2, &["400 days", "hint:", "--allow-clock-leap"]);
    assert_eq!(at("2026-03-01T07:56:00Z", &[]).code, 0);
    assert_eq!(at("2029-03-01T07:00:00Z", &["--allow-clock-leap"]).code, 0);
}

#[test]
fn a_restored_backup_is_refused_with_a_hint() {
    let world = World::with_parties();
    copy(&world.path("ledger"), &world.path("backup"));
    world.ok(&MINED);
    std::fs::remove_dir_all(world.path("ledger")).unwrap();
    std::fs::rename(world.path("backup"), world.path("ledger")).unwrap();
    world.run(&MINED).failed(1, &["which the log's key has signed on this machine", "hint:", "backup"]);
    world.ok(&["party", "list"]);
}

#[test]
fn a_copied_ledger_cannot_be_continued_beside_the_first() {
    let world = World::with_parties();
    copy(&world.path("ledger"), &world.path("copy"));
    world.ok(&MINED);
    let copied = ran(world.command().env("ORETRAIL_LEDGER", world.path("copy")).args(MINED));
    copied.failed(1, &["hint:"]);
}

#[test]
fn a_second_ledger_in_one_folder_and_an_unknown_folder_are_refused() {
    let world = World::new();
    let again = ["init", "--origin", "other.example/log", "--operator", "X", "--country", "IE", "--no-passphrase"];
    world.run(&again).failed(2, &["expected no ledger in", "hint: choose another folder"]);
    let elsewhere = ran(world.command().env("ORETRAIL_LEDGER", world.path("nowhere")).args(["lots"]));
    elsewhere.failed(2, &["expected a ledger in", "hint:"]);
}

const INIT: [&str; 8] = [
    "init",
    "--origin",
    "custody.example/log",
    "--operator",
    "Neutral Registry Ltd",
    "--country",
    "IE",
    "--no-passphrase",
];

#[test]
fn an_init_stopped_before_its_first_commit_is_gone_on_with() {
    let world = World::new();
    let (toml, memory) = (world.path("ledger/oretrail.toml"), world.path("keys/signing-memory"));
    let made = std::fs::read(&toml).unwrap();
    world.run(&INIT).failed(2, &["expected no ledger in", "found one"]);
    // What there was before: a ledger without entries, a memory of two keys that signed nothing.
    std::fs::remove_dir_all(world.path("ledger")).unwrap();
    std::fs::create_dir_all(world.path("ledger/pending")).unwrap();
    std::fs::write(&toml, made).unwrap();
    let lines = std::fs::read_to_string(&memory).unwrap();
    let entered: Vec<&str> = lines.lines().take_while(|line| !line.contains("feeds")).collect();
    assert!(entered.len() >= 2 && entered.len() < lines.lines().count());
    std::fs::write(&memory, entered.join("\n") + "\n").unwrap();
    let mut other = INIT.to_vec();
    other[2] = "other.example/log";
    world.run(&other).failed(2, &["without a checkpoint, of another origin or log key"]);
    world.ok(&INIT);
    assert_eq!(world.size(), 2);
    world.ok(&["audit"]);
}

#[test]
fn an_init_stopped_within_its_first_commit_is_finished_or_gone_on_with() {
    for is_remembered in [true, false] {
        let world = World::new();
        std::fs::remove_file(world.path("ledger/checkpoint")).unwrap();
        if is_remembered {
            // It was signed: what was begun is the ledger.
            world.run(&INIT).failed(2, &["found one: an interrupted `init`, which is finished now"]);
            assert!(!world.path("ledger/discarded").exists());
        } else {
            let memory = world.path("keys/signing-memory");
            let lines = std::fs::read_to_string(&memory).unwrap();
            let entered: Vec<&str> = lines.lines().take_while(|line| !line.contains("feeds")).collect();
            std::fs::write(&memory, entered.join("\n") + "\n").unwrap();
            world.run(&["lots"]).failed(1, &["expected a checkpoint beside"]);
            world.ok(&INIT);
            assert_eq!(std::fs::read_dir(world.path("ledger/discarded")).unwrap().count(), 1);
        }
        assert_eq!(world.size(), 2);
        world.ok(&["audit"]);
    }
}

#[test]
fn a_key_without_its_file_is_no_key_and_is_not_overwritten() {
    let world = World::empty();
    world.ok(&["key", "new", "gate", "--no-passphrase"]);
    std::fs::remove_file(world.path("keys/gate.pem")).unwrap();
    let refused = world.run(&["key", "new", "gate", "--no-passphrase"]);
    refused.failed(2, &["found its description without its key file", "hint:", "remove gate.pub"]);
    std::fs::remove_file(world.path("keys/gate.pub")).unwrap();
    world.ok(&["key", "new", "gate", "--no-passphrase"]);
}

#[test]
fn an_init_that_is_refused_leaves_no_ledger() {
    let world = World::empty();
    let init = [
        "init",
        "--origin",
        "custody.example/log",
        "--operator",
        "X",
        "--country",
        "IE",
        "--no-passphrase",
        "--lei",
        "9999EXAMPLEMINE00183",
    ];
    world.run(&init).failed(2, &["expected check digits 82"]);
    assert!(!world.path("ledger").exists());
}

#[test]
fn a_writer_waits_for_another_one_and_then_names_the_lock() {
    let world = World::with_parties();
    let file = std::fs::File::options().append(true).create(true).open(world.path("ledger/lock")).unwrap();
    file.lock().unwrap();
    world.run(&MINED).failed(2, &["lock", "hint: wait for the other process"]);
    world.ok(&["party", "list"]);
    drop(file);
    world.ok(&MINED);
}

#[test]
fn damage_is_broken_and_says_where() {
    let world = World::with_parties();
    let pending = world.path("ledger/pending/0");
    let mut bytes = std::fs::read(&pending).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&pending, bytes).unwrap();
    std::fs::remove_dir_all(world.path("ledger/index")).unwrap();
    let ran = world.run(&["party", "list"]);
    assert_eq!(ran.code, 1, "{}\n{}", ran.out, ran.err);
    assert!(ran.err.contains("hint:"), "{}", ran.err);
}
