//! `record --file` of a file that is too long for one commit: parts, going on after the last one, what is refused.

use super::world::{MINE, PLANT, Ran, World, ran};
use serde_json::{Value, json};

/// Five steps, each naming what the one before it made.
fn steps() -> Vec<Value> {
    let mut steps = vec![
        json!({
            "kind": "source", "by": MINE, "facility": "PIT", "source": "mined",
            "outputs": [{ "name": "ore", "label": "ORE-26", "form": "ore", "quantity": "20000", "composition": { "TREO": "0.06" } }],
        }),
        json!({
            "kind": "transform", "by": MINE, "processes": ["beneficiate"], "inputs": ["ore"],
            "outputs": [{ "name": "conc", "label": "CONC-26", "form": "concentrate", "quantity": "1000", "composition": { "TREO": "0.6" } }],
        }),
        json!({
            "kind": "split", "as": "halves", "by": MINE, "input": "conc",
            "outputs": [{ "name": "half-1", "quantity": "500" }, { "name": "half-2", "rest": true }],
        }),
        json!({ "kind": "dispatch", "as": "sale", "by": MINE, "lots": ["half-1"], "to": PLANT, "reason": "sale" }),
        json!({ "kind": "receive", "by": PLANT, "dispatch": "sale", "facility": "GEB" }),
    ];
    for (step, day) in steps.iter_mut().zip(["01", "02", "03", "04", "20"]) {
        step["when"] = format!("2026-02-{day}T08:00:00Z").into();
    }
    steps
}

fn lines(steps: &[Value]) -> String {
    steps.iter().map(|step| format!("{step}\n")).collect()
}

/// Records a file in parts of two events.
fn record(world: &World, file: &str, more: &[&str]) -> Ran {
    world.run(&[&["record", "--file", file, "--commit-every", "2"], more].concat())
}

fn sound(world: &World) {
    world.ok(&["audit"]);
}

#[test]
fn a_long_file_is_recorded_in_parts_that_know_each_others_names() {
    let world = World::with_parties();
    let (file, before) = (world.write("year.jsonl", lines(&steps())), world.size());
    let done = record(&world, &file, &[]);
    assert_eq!(done.code, 0, "{}", done.err);
    for size in [before + 2, before + 4] {
        assert!(done.err.contains(&format!("recorded 2 events; the ledger has {size} entries")), "{}", done.err);
    }
    assert!(done.err.contains(&format!("recorded 1 event; the ledger has {} entries", before + 5)), "{}", done.err);
    sound(&world);
    // Once more: refused without `--resume`, nothing to do with it.
    record(&world, &file, &[]).failed(2, &["steps 1 to 5 of", "recorded already", "hint: `--resume`"]);
    let again = record(&world, &file, &["--resume"]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert!(again.err.contains("there is nothing left to record"), "{}", again.err);
    assert_eq!(record(&world, &file, &["--resume", "--json"]).json()["recorded"], false);
    assert_eq!(world.size(), before + 5);
}

#[test]
fn with_json_each_part_is_a_result() {
    let world = World::with_parties();
    let file = world.write("year.jsonl", lines(&steps()));
    let done = record(&world, &file, &["--json"]);
    let parts: Vec<Value> =
        serde_json::Deserializer::from_str(&done.out).into_iter().collect::<Result<_, _>>().unwrap();
    assert_eq!(parts.iter().map(|part| part["events"].as_array().unwrap().len()).collect::<Vec<_>>(), [2, 2, 1]);
    assert!(parts.iter().all(|part| part["recorded"] == true));
}

#[test]
fn a_refusal_says_what_is_recorded_and_the_corrected_rest_goes_on() {
    for (name, toml) in [("year.jsonl", false), ("year.toml", true)] {
        let world = World::with_parties();
        let before = world.size();
        let text = |steps: &[Value]| if toml { as_toml(steps) } else { lines(steps) };
        let mut wrong = steps();
        wrong[3]["by"] = PLANT.into();
        let file = world.write(name, text(&wrong));
        let refused = record(&world, &file, &[]);
        refused.failed(4, &["step 4", "nothing of this part was recorded", "steps 1 to 2 of", "--resume` goes on"]);
        assert_eq!(world.size(), before + 2);
        // With another beginning it is another file.
        let mut other = steps();
        other[0]["remark"] = "sampled".into();
        let other = world.write("other.jsonl", lines(&other));
        record(&world, &other, &["--resume"]).failed(2, &["beginning is recorded", "up to step 2", "as they were"]);
        world.write(name, text(&steps()));
        record(&world, &file, &[]).failed(2, &["steps 1 to 2 of", "recorded already"]);
        let done = record(&world, &file, &["--resume"]);
        assert_eq!(done.code, 0, "{name}: {}", done.err);
        assert!(done.err.contains("steps 1 to 2 of"), "{}", done.err);
        assert_eq!(world.size(), before + 5);
        sound(&world);
    }
}

fn as_toml(steps: &[Value]) -> String {
    let steps: Vec<toml::Value> = steps.iter().map(|step| toml::Value::try_from(step).unwrap()).collect();
    let table: toml::Table = [("step".to_owned(), toml::Value::Array(steps))].into_iter().collect();
    format!("oretrail = \"batch/1\"\n{}", toml::to_string(&table).unwrap())
}

#[test]
fn a_file_that_goes_on_is_gone_on_with() {
    let world = World::with_parties();
    let before = world.size();
    let file = world.write("day.jsonl", lines(&steps()[..3]));
    assert_eq!(record(&world, &file, &[]).code, 0);
    world.write("day.jsonl", lines(&steps()));
    // Others record in between.
    world.mine();
    assert_eq!(record(&world, &file, &["--resume"]).code, 0);
    assert_eq!(world.size(), before + 6);
    assert_eq!(record(&world, &file, &["--resume"]).code, 0);
    assert_eq!(world.size(), before + 6);
    sound(&world);
}

#[test]
fn what_cannot_be_gone_on_with_is_refused() {
    let world = World::with_parties();
    let (file, before) = (world.write("year.jsonl", lines(&steps())), world.size());
    record(&world, &file, &["--resume"]).failed(2, &["beginning is recorded", "leave `--resume` out"]);
    let stream = ran(world.command().args(["record", "--file", "-", "--resume"]).write_stdin(lines(&steps())));
    stream.failed(2, &["found a stream", "write it to a file"]);
    for wrong in ["0", "100001"] {
        world.run(&["record", "--file", &file, "--commit-every", wrong]).failed(2, &["1..=100000"]);
    }
    assert_eq!(world.size(), before);
    // In one commit it is a batch like any other, and may be recorded again.
    world.ok(&["record", "--file", &file]);
    world.run(&["record", "--file", &file, "--resume"]).failed(2, &["leave `--resume` out"]);
    world.write("parts-of-one.jsonl", lines(&steps()));
    assert!(!world.path("ledger/parts").exists());
}

#[test]
fn an_event_too_long_in_a_later_part_says_what_is_recorded() {
    let world = World::with_parties();
    let before = world.size();
    let mut wrong = steps();
    let output =
        json!({ "form": "concentrate", "quantity": "1", "characteristic": "\"".repeat(1_024), "elements": ["Nd"] });
    wrong[2] = json!({
        "kind": "transform", "by": MINE, "when": "2026-02-03T08:00:00Z", "processes": ["beneficiate"], "inputs": ["conc"],
        "outputs": vec![output; 32], "losses": [{ "kind": "tailings" }]
    });
    let file = world.write("year.jsonl", lines(&wrong));
    let refused = record(&world, &file, &[]);
    refused
        .failed(4, &["at most 65535 bytes", "nothing of this part was recorded", "steps 1 to 2 of", "hint: divide it"]);
    assert!(!refused.err.contains("; nothing was recorded"), "{}", refused.err);
    assert_eq!(world.size(), before + 2);
    world.write("year.jsonl", lines(&steps()));
    assert_eq!(record(&world, &file, &["--resume"]).code, 0);
    assert_eq!(world.size(), before + 5);
}

#[test]
fn a_file_whose_notes_are_lost_or_damaged_is_not_recorded_again_by_going_on() {
    let world = World::with_parties();
    let mut halt = steps();
    halt[2]["by"] = PLANT.into();
    let (file, notes) = (world.write("year.jsonl", lines(&halt)), world.path("ledger/parts"));
    assert_eq!(record(&world, &file, &[]).code, 4);
    world.write("year.jsonl", lines(&steps()));
    let (size, sound) = (world.size(), std::fs::read(&notes).unwrap());
    let last = format!("hint: the ledger ends with entry {}, transform", size - 1);
    let what = ["by Sundown Carbonate LLC", "which made CONC-26", "record only what is behind it, as another file"];
    let told = |ran: Ran, code: i32, parts: &[&str]| {
        ran.failed(code, &[&[last.as_str()], &what[..], parts].concat());
    };
    std::fs::remove_file(&notes).unwrap();
    told(record(&world, &file, &["--resume"]), 2, &["beginning is recorded", "if nothing of this one is"]);
    for length in [sound.len() - 1, sound.len() / 2] {
        std::fs::write(&notes, &sound[..length]).unwrap();
        told(record(&world, &file, &["--resume"]), 1, &["parts, line 1: its digest", "move it away"]);
        told(record(&world, &file, &[]), 1, &["parts, line 1: its digest"]);
    }
    assert_eq!(world.size(), size);
    std::fs::write(&notes, sound).unwrap();
    assert_eq!(record(&world, &file, &["--resume"]).code, 0);
    assert_eq!(world.size(), size + 3);
}

#[test]
fn a_dry_run_of_a_long_file_looks_at_its_first_part() {
    let world = World::with_parties();
    let (file, before) = (world.write("year.jsonl", lines(&steps())), world.size());
    let done = record(&world, &file, &["--dry-run"]);
    assert_eq!(done.code, 0, "{}", done.err);
    assert!(done.err.contains("only the first part was looked at"), "{}", done.err);
    assert_eq!(world.size(), before);
    assert!(!world.path("ledger/parts").exists());
}

#[cfg(unix)]
mod stopped {
    use super::*;
    use std::io::{Read as _, Write as _};
    use std::process::{Child, ChildStdin, Command, Stdio};

    /// A run over stdin that has recorded its first part and waits for more steps.
    fn between_parts(world: &World) -> (Child, ChildStdin) {
        let before = world.size();
        let mut child = world
            .process()
            .args(["record", "--file", "-", "--commit-every", "2"])
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        stdin.write_all(lines(&steps()[..3]).as_bytes()).unwrap();
        while world.size() < before + 2 {
            std::thread::yield_now();
        }
        (child, stdin)
    }

    fn goes_on(world: &World, before: u64) {
        let file = world.write("year.jsonl", lines(&steps()));
        record(world, &file, &[]).failed(2, &["steps 1 to 2 of", "recorded already"]);
        let stream =
            ran(world.command().args(["record", "--file", "-", "--commit-every", "2"]).write_stdin(lines(&steps())));
        stream.failed(2, &["steps 1 to 2 of the batch are recorded already"]);
        let done = record(world, &file, &["--resume"]);
        assert_eq!(done.code, 0, "{}", done.err);
        assert_eq!(world.size(), before + 5);
        sound(world);
    }

    #[test]
    fn killed_between_two_parts() {
        let world = World::with_parties();
        let before = world.size();
        let (mut child, stdin) = between_parts(&world);
        child.kill().unwrap();
        child.wait().unwrap();
        drop(stdin);
        goes_on(&world, before);
    }

    #[test]
    fn interrupted_between_two_parts() {
        let world = World::with_parties();
        let before = world.size();
        let (mut child, stdin) = between_parts(&world);
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        let mut said = String::new();
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert_eq!(child.wait().unwrap().code(), Some(2), "{said}");
        drop(stdin);
        assert!(
            said.contains("interrupted: steps 1 to 2 of the batch are recorded, and nothing behind them"),
            "{said}"
        );
        assert!(said.contains("--resume` goes on after them"), "{said}");
        goes_on(&world, before);
    }
}
