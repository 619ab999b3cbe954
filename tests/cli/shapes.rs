//! Lineages of hostile shape, as evidence: a lot divided and blended again sixty times over, so that it has 2⁶⁰ ways back to
//! the mine, and a long chain behind it. Every verb that walks a lineage comes to its end, on a small stack.

use super::world::{DFARS, MINE, Ran, World, ran};
use serde_json::json;

const DIAMONDS: usize = 60;
const CHAIN: usize = 200;

/// The program on a stack of 1 MiB (what it needs without optimisation, whatever the shape).
fn on_a_small_stack(world: &World, arguments: &[&str]) -> Ran {
    let process = world.process();
    let script = format!("ulimit -s 1024; exec \"{}\" \"$@\"", env!("CARGO_BIN_EXE_oretrail"));
    let mut shell = assert_cmd::Command::new("sh");
    shell.env_clear().current_dir(process.get_current_dir().unwrap());
    shell.envs(process.get_envs().filter_map(|(name, value)| Some((name, value?))));
    ran(shell.args(["-c", &script, "sh"]).args(arguments))
}

fn tangled() -> World {
    let world = World::with_parties();
    world.mine();
    let (mut steps, mut lot) = (Vec::new(), "ore-1".to_owned());
    for n in 0..DIAMONDS {
        let (a, b, whole) = (format!("a{n}"), format!("b{n}"), format!("d{n}"));
        steps.push(json!({
            "kind": "split", "by": MINE, "input": lot,
            "outputs": [{ "name": a, "quantity": "9000" }, { "name": b, "rest": true }],
        }));
        let composition = json!({ "TREO": "0.06", "Nd2O3/TREO": "0.1" });
        let output = json!({ "name": whole, "form": "ore", "quantity": "20000", "composition": composition });
        steps.push(json!({ "kind": "blend", "by": MINE, "inputs": [a, b], "outputs": [output] }));
        lot = whole;
    }
    for n in 0..CHAIN {
        let (next, sample) = (format!("c{n}"), format!("s{n}"));
        steps.push(json!({
            "kind": "split", "by": MINE, "input": lot,
            "outputs": [{ "name": sample, "quantity": "1" }, { "name": next, "rest": true }],
        }));
        lot = next;
    }
    let lines: String = steps.iter().map(|step| format!("{step}\n")).collect();
    world.ok(&["record", "--file", &world.write("steps.jsonl", lines)]);
    world
}

#[test]
fn a_lot_with_more_ways_back_than_can_be_counted_is_walked_once() {
    let world = tangled();
    let last = format!("c{}", CHAIN - 1);
    let walk = |arguments: &[&str]| {
        let ran = on_a_small_stack(&world, arguments);
        assert!([0, 3].contains(&ran.code), "{arguments:?}: {}{}", ran.out, ran.err);
        ran
    };
    walk(&["trace", &last]).says(&[&last]);
    walk(&["trace", &last, "--json"]);
    walk(&["trace", "ore-1", "--down"]).says(&["ore-1"]);
    let provenance = walk(&["provenance", &last]);
    provenance.says(&["US"]);
    walk(&["export", &last, "-o", "last.json"]);
    let verify = ["verify", "last.json", "--policy", DFARS, "--delivery", "2027-01-01"];
    let claims = ["--claim", "origin Nd US >= 1", "--claim", "custody-model >= segregated"];
    walk(&[&verify[..], &claims, &["--json"]].concat());
    let report = walk(&["verify", "last.json", "--json"]).json();
    assert_eq!(report["verdicts"][0]["verdict"], "CONFIRMED", "{report}");
    // Each step once: the ore, both halves of each diamond, the chain.
    assert_eq!(report["lineage"].as_array().unwrap().len(), 1 + 2 * DIAMONDS + CHAIN);
    walk(&["verify", &last]);
    walk(&["audit"]).says(&["SOUND: 0 breaches"]);
}
