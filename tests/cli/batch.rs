//! `record --file`: all or nothing, from TOML and JSON Lines, with places in messages.

use super::world::{MINE, PLANT, World, ran};

const JANUARY: &str = r#"
oretrail = "batch/1"

[[step]]
kind = "source"
by = "Sundown Carbonate LLC"
facility = "PIT"
source = "mined"
outputs = [{ name = "ore-7", form = "ore", quantity = "20000", composition = { TREO = "0.06" } }]

[[step]]
kind = "transform"
by = "Sundown Carbonate LLC"
processes = ["beneficiate"]
inputs = ["ore-7"]
outputs = [{ name = "conc-7", form = "concentrate", quantity = "1000", composition = { TREO = "0.6" } }]

[[step]]
kind = "dispatch"
by = "Sundown Carbonate LLC"
lots = [{ lot = "conc-7", mass = "300" }]
to = "Gebeng Separation Sdn"
reason = "sale"
"#;

#[test]
fn a_file_is_recorded_whole() {
    let world = World::with_parties();
    let file = world.write("january.toml", JANUARY);
    let before = world.size();
    world.ok(&["record", "--file", &file, "--dry-run"]);
    assert_eq!(world.size(), before);
    let ran = world.ok(&["record", "--file", &file]);
    assert!(ran.err.contains("recorded 4 events"), "{}", ran.err);
    assert_eq!(world.size(), before + 4);
    assert_eq!(world.lot("conc-7")["status"], "spent");
}

#[test]
fn a_file_with_one_refused_step_leaves_nothing() {
    let world = World::with_parties();
    let wrong = JANUARY.replace("\"sale\"\n", "\"sale\"\n\n[[step]]\nkind = \"retire\"\nby = \"Gebeng Separation Sdn\"\nlots = [\"conc-7\"]\nreason = \"lost\"\n");
    let file = world.write("wrong.toml", wrong);
    let before = world.size();
    world.run(&["record", "--file", &file]).failed(4, &["step 4", "custody.", "nothing was recorded"]);
    assert_eq!(world.size(), before);
}

#[test]
fn steps_are_read_from_stdin_as_json_lines() {
    let world = World::with_parties();
    let lines = format!(
        "{}\n{}\n",
        serde_json::json!({
            "kind": "source", "by": MINE, "facility": "PIT", "source": "mined",
            "outputs": [{ "name": "o", "form": "ore", "quantity": "5" }],
        }),
        serde_json::json!({ "kind": "dispatch", "by": MINE, "lots": ["o"], "to": PLANT, "reason": "sale" }),
    );
    let done = ran(world.command().args(["record", "--file", "-"]).write_stdin(lines));
    assert_eq!(done.code, 0, "{}", done.err);
    assert_eq!(world.lot("o")["status"], "in-transit");
}

#[test]
fn what_cannot_be_read_is_named_with_its_place() {
    let world = World::with_parties();
    let before = world.size();
    let toml = |text: &str| world.run(&["record", "--file", &world.write("b.toml", text)]);
    toml("oretrail = \"batch/1\"\n[[step]]\nkind = \"sauce\"\n").failed(2, &["line 3", "did you mean `source`?"]);
    toml("oretrail = \"batch/1\"\n[[step]\n").failed(2, &["line 2"]);
    toml("oretrail = \"batch/9\"\n").failed(2, &["expected `batch/1`, found `batch/9`"]);
    toml("oretrail = \"batch/1\"\n").failed(2, &["expected at least one step"]);
    let mistyped = JANUARY.replace("form = \"concentrate\"", "form = \"concentrat\"");
    toml(&mistyped).failed(2, &["step 2", "/outputs/0/form", "did you mean `concentrate`?"]);
    let extra = JANUARY.replace("source = \"mined\"", "source = \"mined\"\nextra = 1");
    toml(&extra).failed(2, &["step 1", "extra"]);
    let lines = |text: &[u8]| ran(world.command().args(["record", "--file", "-"]).write_stdin(text));
    lines(b"{\"kind\": \"source\",").failed(2, &["line 1"]);
    lines(b"\xff\xfe\n").failed(2, &["line 1"]);
    lines(("[".repeat(10_000) + &"]".repeat(10_000)).as_bytes()).failed(2, &["line 1"]);
    lines(br#"{"kind": "source", "kind": "source"}"#).failed(2, &["kind"]);
    world.run(&["record", "--file", "missing.toml"]).failed(2, &["missing.toml"]);
    assert_eq!(world.size(), before);
}

#[test]
fn a_simulated_file_is_not_recorded_in_a_real_ledger() {
    let world = World::with_parties();
    let file = world.write("demo.toml", "oretrail = \"batch/1\"\nsimulated = true\n");
    world.run(&["record", "--file", &file]).failed(2, &["simulated", "oretrail demo"]);
}

#[test]
#[cfg(unix)]
fn an_interrupted_batch_leaves_nothing_and_says_so() {
    use std::io::{Read as _, Write as _};
    use std::process::{Command, Stdio};
    let world = World::with_parties();
    let before = world.size();
    let mut child = world
        .process()
        .args(["record", "--file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut steps = child.stdin.take().unwrap();
    let step = serde_json::json!({
        "kind": "source", "by": MINE, "facility": "PIT", "source": "mined",
        "outputs": [{ "form": "ore", "quantity": "5" }],
    });
    writeln!(steps, "{step}").unwrap();
    // The lock is held once the ledger is open; the signal comes while the program waits for more steps.
    while !world.is_locked() {
        std::thread::yield_now();
    }
    let interrupted = Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(interrupted.success());
    let mut said = String::new();
    child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(2), "{said}");
    assert!(said.contains("interrupted: nothing of the batch was recorded"), "{said}");
    drop(steps);
    assert_eq!(world.size(), before);
    world.mine();
}

#[test]
fn a_file_above_the_limit_is_refused_before_its_first_part() {
    let world = World::with_parties();
    let step = serde_json::json!({
        "kind": "source", "by": MINE, "facility": "PIT", "source": "mined",
        "outputs": [{ "name": "o", "form": "ore", "quantity": "5" }],
    });
    let file = world.write("large.jsonl", format!("{step}\n"));
    std::fs::File::options().write(true).open(world.path(&file)).unwrap().set_len((1 << 30) + 1).unwrap();
    let before = world.size();
    for more in [&[][..], &["--commit-every", "1"]] {
        world
            .run(&[&["record", "--file", &file], more].concat())
            .failed(2, &["expected a batch of at most 1073741824 bytes", "hint: divide it"]);
    }
    assert_eq!(world.size(), before);
}
