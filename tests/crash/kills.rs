//! `kill -9` at random moments of a batch, with readers at the ledger: 20 rounds, or as many as `ORETRAIL_KILLS` says.

use super::processes::read_whole_state;
use super::world::{MINE, World};
use std::io::Write as _;
use std::process::Stdio;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

/// Events of a batch.
const STEPS: u64 = 12;

/// One run of `record --file -`, killed after a while; whether it acknowledged before that.
fn killed(world: &World, round: u64, after: Option<Duration>) -> bool {
    let mut child = world
        .process()
        .args(["record", "--file", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    for number in 0..STEPS {
        let step = serde_json::json!({
            "kind": "source", "by": MINE, "facility": "PIT", "source": "mined",
            "outputs": [{ "name": format!("k{round}-{number}"), "form": "ore", "quantity": "5" }],
        });
        // Broken where it was killed already.
        let _ = writeln!(input, "{step}");
    }
    drop(input);
    if let Some(after) = after {
        std::thread::sleep(after);
        let _ = child.kill();
    }
    child.wait().unwrap().success()
}

#[test]
fn whatever_was_acknowledged_survives_kills_at_random_moments() {
    let rounds: u64 = std::env::var("ORETRAIL_KILLS").map_or(20, |rounds| rounds.parse().unwrap());
    let world = World::with_parties();
    let ledger = world.path("ledger");
    let start = Instant::now();
    assert!(killed(&world, 0, None));
    let whole = start.elapsed();
    let (done, reads) = (AtomicBool::new(false), AtomicU64::new(0));
    let (mut size, mut acknowledged, mut unacknowledged) = (world.size(), vec![0], 0);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(Ordering::Relaxed) {
                    let now = read_whole_state(&ledger);
                    assert!(now >= last, "a reader went back from {last} to {now}");
                    last = now;
                    reads.fetch_add(1, Ordering::Relaxed);
                }
            });
        }
        let mut random = 0x9e37_79b9_7f4a_7c15_u64;
        for round in 1..=rounds {
            random ^= random << 13;
            random ^= random >> 7;
            random ^= random << 17;
            let after = whole.mul_f64((random % 1000) as f64 / 800.0);
            let is_acknowledged = killed(&world, round, Some(after));
            let now = read_whole_state(&ledger);
            let grown = now - size;
            // A commit of the round before may have been finished by this one's opening.
            assert!(grown.is_multiple_of(STEPS) && grown <= 2 * STEPS, "round {round}: {grown} entries more");
            assert!(!is_acknowledged || grown >= STEPS, "round {round}: an acknowledged batch is missing");
            if is_acknowledged {
                acknowledged.push(round);
            } else {
                unacknowledged += 1;
            }
            size = now;
        }
        done.store(true, Ordering::Relaxed);
    });
    let lots = world.json(&["lots"]).to_string();
    for (round, number) in acknowledged.iter().flat_map(|round| (0..STEPS).map(move |number| (*round, number))) {
        let label = format!("\"k{round}-{number}\"");
        assert_eq!(lots.matches(&label).count(), 1, "{label}");
    }
    world.ok(&["audit"]);
    let reads = reads.load(Ordering::Relaxed);
    println!(
        "{rounds} kills: {} batches acknowledged, {unacknowledged} not, {size} entries, {reads} whole reads meanwhile",
        acknowledged.len() - 1
    );
    assert!(unacknowledged > 0 || rounds < 20, "no kill came in time");
}
