//! At a terminal: passphrases are asked for and not shown, progress and colour appear, Ctrl-C is answered.

use super::world::{MINE, World};
use rexpect::process::{Signal, WaitStatus};
use rexpect::session::{PtySession, spawn_command};
use serde_json::json;
use std::process::Command;

/// What a test would otherwise wait for, for ever.
const PATIENCE_MS: u64 = 120_000;

const SECRET: &str = "a long and secret phrase";

/// A script at a terminal that echoes what is typed, as a user's does; `$0` is the program, `$@` its arguments.
fn script(world: &World, script: &str, arguments: &[&str]) -> PtySession {
    let mut command = Command::new("sh");
    command
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm-256color")
        .env("HOME", world.path(""))
        .env("ORETRAIL_LEDGER", world.path("ledger"))
        .env("ORETRAIL_KEYS", world.path("keys"))
        .env("ORETRAIL_NOW", "2026-03-01T08:00:00Z")
        .current_dir(world.path(""))
        .args(["-c", &format!("stty echo cols 120 rows 40; {script}"), env!("CARGO_BIN_EXE_oretrail")])
        .args(arguments);
    spawn_command(command, Some(PATIENCE_MS)).unwrap()
}

fn at_terminal(world: &World, arguments: &[&str]) -> PtySession {
    script(world, "exec \"$0\" \"$@\"", arguments)
}

/// What it says until it ends, and its exit code.
fn rest(terminal: &mut PtySession) -> (String, i32) {
    let said = terminal.exp_eof().unwrap();
    match terminal.process().wait().unwrap() {
        WaitStatus::Exited(_, code) => (said, code),
        other => panic!("{other:?}: {said}"),
    }
}

#[test]
fn a_new_passphrase_is_asked_for_twice_and_not_shown() {
    let world = World::empty();
    let mut terminal = at_terminal(&world, &["key", "new", "gate"]);
    terminal.exp_string("New passphrase for key gate: ").unwrap();
    terminal.send_line(SECRET).unwrap();
    let between = terminal.exp_string("The same once more: ").unwrap();
    terminal.send_line(SECRET).unwrap();
    let (said, code) = rest(&mut terminal);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("key gate"), "{said}");
    assert!(!between.contains(SECRET) && !said.contains(SECRET), "{between}{said}");
    assert!(std::fs::read_to_string(world.path("keys/gate.pem")).unwrap().contains("ENCRYPTED"));
}

#[test]
fn two_passphrases_that_differ_make_no_key() {
    let world = World::empty();
    let mut terminal = at_terminal(&world, &["key", "new", "gate"]);
    terminal.exp_string("New passphrase for key gate: ").unwrap();
    terminal.send_line(SECRET).unwrap();
    terminal.exp_string("The same once more: ").unwrap();
    terminal.send_line("a long and secret phrse").unwrap();
    let (said, code) = rest(&mut terminal);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("the two passphrases differ"), "{said}");
    assert!(!world.path("keys/gate.pem").exists());
}

/// A ledger whose keys are encrypted.
fn encrypted() -> World {
    let world = World::empty();
    let init = ["init", "--origin", "t.example/log", "--operator", "Neutral Registry Ltd", "--country", "IE"];
    let made = super::world::ran(world.command().env("ORETRAIL_PASSPHRASE", SECRET).args(init));
    assert_eq!(made.code, 0, "{}", made.err);
    world
}

const SITE: [&str; 14] = [
    "facility",
    "register",
    "HQ",
    "--name",
    "Head office",
    "--type",
    "office",
    "--country",
    "IE",
    "--point",
    "53.35,-6.26",
    "--radius",
    "100",
    "--quiet",
];

#[test]
fn a_wrong_passphrase_is_an_error_that_records_nothing() {
    let world = encrypted();
    let before = world.size();
    let mut terminal = at_terminal(&world, &SITE);
    terminal.exp_string("Passphrase of key ").unwrap();
    terminal.send_line("another phrase").unwrap();
    let (said, code) = rest(&mut terminal);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("the passphrase given does not open") && !said.contains("another phrase"), "{said}");
    assert_eq!(world.size(), before);
}

#[test]
fn pieces_are_dispatched_at_a_terminal_with_one_passphrase_for_each_key() {
    let world = encrypted();
    let with = |arguments: &[&str]| {
        let ran = super::world::ran(world.command().env("ORETRAIL_PASSPHRASE", SECRET).args(arguments));
        assert_eq!(ran.code, 0, "{arguments:?} {}", ran.err);
    };
    with(&SITE);
    let blanks = "name=blanks form=blank mass=2.5 pieces=100 unit-mass=0.025 Nd=0.3";
    with(&["source", "opening-stock", "--facility", "HQ", "--output", blanks]);
    let to = ["--to", "Neutral Registry Ltd", "--part-label", "forty", "--rest-label", "sixty"];
    let mut terminal = at_terminal(&world, &[&["dispatch", "blanks", "--pieces", "40"][..], &to].concat());
    for key in ["operator", "log"] {
        terminal.exp_string(&format!("Passphrase of key {key}: ")).unwrap();
        terminal.send_line(SECRET).unwrap();
    }
    let (said, code) = rest(&mut terminal);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("in 40 pieces") && said.contains("recorded 2 events") && !said.contains(SECRET), "{said}");
}

#[test]
fn ctrl_c_before_the_commit_leaves_nothing_and_says_so() {
    let world = World::with_parties();
    let before = world.size();
    let mut terminal = at_terminal(&world, &["record", "--file", "-"]);
    let step = json!({
        "kind": "source", "by": MINE, "facility": "PIT", "source": "mined", "outputs": [{ "form": "ore", "quantity": "5" }],
    });
    // With a first step at hand the ledger is opened.
    terminal.send_line(&step.to_string()).unwrap();
    while !world.is_locked() {
        std::thread::yield_now();
    }
    terminal.send_control('c').unwrap();
    let (said, code) = rest(&mut terminal);
    assert_eq!(code, 2, "{said}");
    assert!(said.contains("interrupted: nothing of the batch was recorded"), "{said}");
    assert_eq!(world.size(), before);
}

/// The log key is needed once the commit has begun: while its passphrase is asked for, the commit is under way.
#[test]
fn an_interrupt_within_the_commit_comes_too_late_and_that_is_said() {
    let world = encrypted();
    let before = world.size();
    let step = json!({
        "kind": "facility", "by": "Neutral Registry Ltd", "code": "HQ", "name": "Head office", "type": "office",
        "country": "IE", "geometry": { "point": { "lat": "53.35", "lon": "-6.26" }, "radius_m": 100 }, "processes": [],
    });
    let file = world.write("office.jsonl", step.to_string());
    let mut terminal = at_terminal(&world, &["record", "--file", &file]);
    terminal.exp_string("Passphrase of key operator: ").unwrap();
    terminal.send_line(SECRET).unwrap();
    terminal.exp_string("Passphrase of key log: ").unwrap();
    terminal.process_mut().signal(Signal::SIGINT).unwrap();
    terminal.exp_string("interrupted: the commit has begun and is being finished").unwrap();
    terminal.send_line(SECRET).unwrap();
    let (said, code) = rest(&mut terminal);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("interrupted too late: the whole batch was recorded"), "{said}");
    assert_eq!(world.size(), before + 1);
}

#[test]
fn progress_is_drawn_on_a_terminal_and_on_stderr_only() {
    let world = World::with_parties();
    let step = json!({
        "kind": "source", "by": MINE, "facility": "PIT", "source": "mined", "outputs": [{ "form": "ore", "quantity": "5" }],
    });
    let file = world.write("many.jsonl", format!("{step}\n").repeat(2_100));
    let record = ["record", "--file", &file, "--dry-run"];
    let mut terminal = script(&world, "exec \"$0\" \"$@\" > out.txt", &record);
    let (said, code) = rest(&mut terminal);
    assert_eq!(code, 0, "{said}");
    assert!(said.contains("recording events") && said.contains("left"), "{said}");
    assert!(said.contains("dry run: 2,100 events"), "{said}");
    assert!(!std::fs::read_to_string(world.path("out.txt")).unwrap().contains("recording events"));
    let mut terminal = script(&world, "exec \"$0\" \"$@\" 2> err.txt", &record);
    let (said, code) = rest(&mut terminal);
    assert_eq!(code, 0, "{said}");
    let remarks = std::fs::read_to_string(world.path("err.txt")).unwrap();
    assert!(!said.contains("recording events") && !remarks.contains("recording events"), "{said}{remarks}");
    assert!(remarks.contains("dry run: 2,100 events") && !remarks.contains('\u{1b}'), "{remarks}");
}

#[test]
fn colour_is_for_terminals_and_yields_to_no_color() {
    let world = World::empty();
    let explain = ["explain", "custody.stale-head"];
    let colour = |how: &str| {
        let (said, code) = rest(&mut script(&world, how, &explain));
        assert_eq!(code, 0, "{said}");
        said
    };
    assert!(colour("exec \"$0\" \"$@\"").contains("\u{1b}["));
    assert!(!colour("NO_COLOR=1 exec \"$0\" \"$@\"").contains("\u{1b}["));
    assert!(!colour("exec \"$0\" \"$@\" --color never").contains("\u{1b}["));
    assert!(!colour("\"$0\" \"$@\" | cat").contains("\u{1b}["));
}
