//! Help, the verbs that need no ledger, and what goes where.

use super::world::{World, ran};
use predicates::prelude::*;

#[test]
fn without_arguments_the_help_is_shown_and_the_exit_code_is_that_of_usage() {
    World::empty().command().assert().code(2).stderr(predicate::str::contains("Usage: oretrail"));
}

#[test]
fn version_and_help_are_results() {
    let world = World::empty();
    world.command().arg("--version").assert().success().stdout(predicate::str::starts_with("oretrail "));
    world.ok(&["transform", "--help"]).says(&["Example:", "oretrail transform --process", "--dry-run"]);
}

#[test]
fn a_code_is_explained_and_a_mistyped_one_is_guessed() {
    let world = World::empty();
    world.ok(&["explain", "custody.stale-head"]).says(&["cause", "cure", "spent twice"]);
    assert_eq!(world.json(&["explain", "custody.stale-head"])["severity"], "breach");
    assert!(world.json(&["explain", "--list"]).as_array().unwrap().len() > 40);
    world.run(&["explain", "custody.stale-hed"]).failed(2, &["did you mean `custody.stale-head`?"]);
}

#[test]
fn schemas_are_printed_by_name() {
    let world = World::empty();
    world.ok(&["schema", "--list"]).says(&["event-transform", "disclosures"]);
    assert!(world.ok(&["schema", "event-transform"]).json().is_object());
    world.run(&["schema", "event-transfrom"]).failed(2, &["did you mean `event-transform`?", "hint:"]);
}

#[test]
fn completions_and_manual_pages_are_written() {
    let world = World::empty();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        world.ok(&["completions", shell]).says(&["oretrail"]);
    }
    world.ok(&["man", &world.text("man")]);
    assert!(world.path("man/oretrail.1").is_file() && world.path("man/oretrail-transform.1").is_file());
}

#[test]
fn colour_is_for_terminals_unless_asked_for() {
    let world = World::empty();
    let plain = world.ok(&["explain", "custody.stale-head"]);
    assert!(!plain.out.contains('\u{1b}'));
    let coloured = world.ok(&["explain", "custody.stale-head", "--color", "always"]);
    assert!(coloured.out.contains('\u{1b}'));
    let silent = ran(world.command().env("NO_COLOR", "1").args(["explain", "custody.stale-head"]));
    assert!(!silent.out.contains('\u{1b}'));
}

#[test]
fn a_ledger_is_found_upwards_from_the_current_folder() {
    let world = World::with_parties();
    std::fs::create_dir_all(world.path("ledger/deep/below")).unwrap();
    let mut command = world.command();
    command.env_remove("ORETRAIL_LEDGER").current_dir(world.path("ledger/deep/below"));
    let found = ran(command.args(["party", "list"]));
    assert_eq!(found.code, 0, "{}", found.err);
    let mut command = world.command();
    command.env_remove("ORETRAIL_LEDGER");
    ran(command.args(["party", "list"])).failed(2, &["expected a ledger in", "hint: name one with `--ledger DIR`"]);
}

#[test]
#[cfg(unix)]
fn a_reader_that_goes_away_is_no_error() {
    use std::process::{Command, Stdio};
    let world = World::empty();
    let mut child = Command::new(env!("CARGO_BIN_EXE_oretrail"))
        .env_clear()
        .env("HOME", world.path(""))
        .args(["explain", "--list", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stderr), "");
    assert!(output.status.success());
}
