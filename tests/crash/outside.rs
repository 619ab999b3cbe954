//! System calls of the program fail, or are its last ones, by `strace`'s injection: with sled, on the real disk, from outside.
//!
//! Where `strace` is not installed, or may not trace, nothing is tested, and the test says so.

use super::world::{MINE, World, copy};
use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};

/// Calls by which a program opens, changes, or makes durable what is on a disk.
const CALLS: &str = "openat,write,writev,pwrite64,fsync,fdatasync,ftruncate,fallocate,rename,renameat,renameat2,\
                     link,linkat,unlink,unlinkat,mkdir,mkdirat";
const FAULTS: [&str; 4] = ["error=EIO", "error=ENOSPC", "error=EINTR", "signal=KILL"];

/// Whether all is tried that can be; by default a part, spread evenly.
fn step() -> u32 {
    if std::env::var_os("ORETRAIL_THOROUGH").is_some() { 1 } else { 17 }
}

/// Runs the program under `strace` with these options; `None` where that is not possible.
fn traced(world: &World, options: &[&str], arguments: &[&str]) -> Option<std::process::Output> {
    let program = world.process();
    Command::new("strace")
        .args(["-f", "-qq"])
        .args(options)
        .arg(program.get_program())
        .args(arguments)
        .current_dir(program.get_current_dir()?)
        .env_clear()
        .envs(program.get_envs().filter_map(|(name, value)| Some((name, value?))))
        .stdin(Stdio::null())
        .output()
        .ok()
}

/// How often the busiest thread of a run makes each call.
fn count(trace: &str) -> BTreeMap<String, u32> {
    let mut threads: BTreeMap<(&str, &str), u32> = BTreeMap::new();
    for line in trace.lines() {
        let Some((thread, call)) = line.split_once(' ') else { continue };
        if let Some((name, _)) = call.trim_start().split_once('(').filter(|(name, _)| !name.contains(' ')) {
            *threads.entry((thread, name)).or_default() += 1;
        }
    }
    let mut most = BTreeMap::new();
    for ((_, name), count) in threads {
        let known: &mut u32 = most.entry(name.to_owned()).or_default();
        *known = count.max(*known);
    }
    most
}

/// A ledger at a moment, to come back to.
struct Prepared {
    world: World,
    size: u64,
    /// What it says of a lot.
    lot: serde_json::Value,
}

impl Prepared {
    fn new() -> Self {
        let world = World::with_parties();
        world.mine();
        for folder in ["ledger", "keys"] {
            copy(&world.path(folder), &world.path(&format!("saved/{folder}")));
        }
        Self { size: world.size(), lot: world.lot("ore-1"), world }
    }

    fn restore(&self) {
        for folder in ["ledger", "keys"] {
            let _ = std::fs::remove_dir_all(self.world.path(folder));
            copy(&self.world.path(&format!("saved/{folder}")), &self.world.path(folder));
        }
    }

    /// The calls of a run that nothing happens to; `None` where `strace` is of no use.
    fn trial(&self, arguments: &[&str]) -> Option<BTreeMap<String, u32>> {
        self.restore();
        let trace = self.world.text("trace");
        let ran = traced(&self.world, &["-o", &trace, "-e", &format!("trace={CALLS}")], arguments)?;
        let calls = count(&std::fs::read_to_string(Path::new(&trace)).ok()?);
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(calls.is_empty() || ran.status.success(), "{arguments:?} fails by itself: {said}");
        (!calls.is_empty()).then_some(calls)
    }

    /// Each fault at each call; what was recorded is `more` entries where the program said so, and all or nothing elsewhere.
    fn at_every_call(&self, arguments: &[&str], more: u64) {
        self.in_parts_at_every_call(arguments, more, more, &|_| {});
    }

    /// The same of what is recorded in parts of so many entries: what is there is whole parts. Then it is gone on with.
    fn in_parts_at_every_call(&self, arguments: &[&str], more: u64, part: u64, go_on: &dyn Fn(&World)) {
        let Some(calls) = self.trial(arguments) else {
            eprintln!(
                "skipped, because strace is not installed or may not trace: faults from outside of {arguments:?}"
            );
            return;
        };
        assert!(calls.contains_key("openat") && calls.contains_key("write"), "{calls:?}");
        let (mut failed, mut killed) = (0, 0);
        for (call, count) in &calls {
            for (number, fault) in (1..=*count).flat_map(|number| FAULTS.map(|fault| (number, fault))) {
                // Another fault for each call, so that a part of them has all.
                if !(number + u32::try_from(fault.len()).unwrap()).is_multiple_of(step()) {
                    continue;
                }
                self.restore();
                let inject = format!("inject={call}:{fault}:when={number}");
                let ran = traced(&self.world, &["-o", "/dev/null", "-e", &inject], arguments).unwrap();
                self.check(&ran, more, part, &inject);
                go_on(&self.world);
                self.finish(&inject);
                killed += u32::from(ran.status.code().is_none_or(|code| code > 128));
                failed += u32::from(!ran.status.success());
            }
        }
        assert!(killed > 0 && failed > killed, "{failed} failed, {killed} killed");
    }

    fn check(&self, ran: &std::process::Output, more: u64, part: u64, place: &str) {
        let said = String::from_utf8_lossy(&ran.stderr);
        assert!(!said.contains("panicked"), "{place}: {said}");
        self.world.ok(&["audit"]);
        let recorded = self.world.size() - self.size;
        let is_whole = recorded < more && recorded.is_multiple_of(part.max(1));
        assert!(recorded == more || (is_whole && !ran.status.success()), "{place}: {recorded} recorded, {said}");
        assert_eq!(self.world.lot("ore-1"), self.lot, "{place}");
    }

    /// And the ledger can be gone on with.
    fn finish(&self, place: &str) {
        let more = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=last form=ore mass=5"];
        let ran = self.world.run(&more);
        assert_eq!(ran.code, 0, "{place}: {}", ran.err);
    }
}

#[test]
fn a_recorded_event_is_there_whatever_system_call_fails() {
    let output = "name=ore-2 form=ore mass=5";
    Prepared::new().at_every_call(&["source", "mined", "--by", MINE, "--facility", "PIT", "--output", output], 1);
}

#[test]
fn a_batch_is_whole_or_not_there_whatever_system_call_fails() {
    let prepared = Prepared::new();
    let file = five_steps(&prepared.world);
    prepared.at_every_call(&["record", "--file", &file], 5);
}

#[test]
fn a_long_file_is_gone_on_with_whatever_system_call_fails() {
    let prepared = Prepared::new();
    let file = five_steps(&prepared.world);
    let before = prepared.size;
    let record = ["record", "--file", &file, "--commit-every", "1"];
    prepared.in_parts_at_every_call(&record, 5, 1, &|world| {
        // Opening it finishes a commit that was interrupted, so that only then it is known how much of the file is recorded.
        let again = world.run(&record);
        if again.code != 0 {
            again.failed(2, &["are recorded already", "hint: `--resume` goes on after them"]);
            world.ok(&[&record[..], &["--resume"]].concat());
        }
        assert_eq!(world.size(), before + 5);
    });
}

fn five_steps(world: &World) -> String {
    let step = |n: u32| {
        serde_json::json!({
            "kind": "source", "by": MINE, "facility": "PIT", "source": "mined",
            "outputs": [{ "name": format!("batch-{n}"), "form": "ore", "quantity": "5" }],
        })
    };
    let steps: String = (0..5).map(|n| format!("{}\n", step(n))).collect();
    world.write("batch.jsonl", steps)
}

#[test]
fn an_index_is_made_anew_whatever_system_call_fails() {
    Prepared::new().at_every_call(&["audit", "--rebuild"], 0);
}
