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
