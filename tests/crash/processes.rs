//! Several processes at one ledger: one writes at a time, none loses or doubles an entry, readers see whole states.

use super::world::{MINE, World};
use oretrail::ledger::disk::{Disk, RealDisk};
use oretrail::ledger::read::Reader;
use oretrail::tlog::tree::{leaf_hash, root_of};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Reads everything below the checkpoint as it is now, recomputes its root, and says how much there is.
pub fn read_whole_state(ledger: &Path) -> u64 {
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let reader = Reader::open(disk, ledger).unwrap();
    let entries: Vec<Vec<u8>> = reader.entries(0..u64::MAX).map(|entry| entry.unwrap().1).collect();
    assert_eq!(entries.len() as u64, reader.size());
    assert_eq!(
        root_of(entries.iter().map(|entry| leaf_hash(entry))),
        reader.root(),
        "a torn state at {}",
        reader.size()
    );
    reader.size()
}

/// Lots of a label as the whole ledger has them.
fn count_of(world: &World, label: &str) -> usize {
    let lots = world.json(&["lots"]);
    lots.to_string().matches(&format!("\"{label}\"")).count()
}

fn race(writers: usize, each: usize) {
    let world = World::with_parties();
    let before = world.size();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        let readers: Vec<_> = (0..2)
            .map(|_| {
                scope.spawn(|| {
                    let (mut last, mut count) = (0, 0);
                    while !done.load(Ordering::Relaxed) || count == 0 {
                        let size = read_whole_state(&world.path("ledger"));
                        assert!(size >= last, "a reader went back from {last} to {size}");
                        (last, count) = (size, count + 1);
                    }
                    count
                })
            })
            .collect();
        let writers: Vec<_> = (0..writers)
            .map(|writer| {
                let world = &world;
                scope.spawn(move || {
                    for number in 0..each {
                        let output = format!("name=w{writer}-{number} form=ore mass=5");
                        let command = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", &output];
                        loop {
                            let ran = world.run(&command);
                            if ran.code == 0 {
                                break;
                            }
                            // Another process had the ledger or the keys for too long: nothing happened, try again.
                            assert_eq!(ran.code, 2, "{}", ran.err);
                            assert!(ran.err.contains("held by") || ran.err.contains("in use"), "{}", ran.err);
                        }
                    }
                })
            })
            .collect();
        writers.into_iter().for_each(|writer| writer.join().unwrap());
        done.store(true, Ordering::Relaxed);
        assert!(readers.into_iter().all(|reader| reader.join().unwrap() > 0));
    });
    assert_eq!(world.size(), before + (writers * each) as u64, "an entry is lost or doubled");
    for label in (0..writers).flat_map(|writer| (0..each).map(move |number| format!("w{writer}-{number}"))) {
        assert_eq!(count_of(&world, &label), 1, "{label}");
    }
    world.ok(&["audit"]);
}

#[test]
fn two_processes_write_one_after_the_other() {
    race(2, 3);
}

#[test]
fn ten_processes_write_one_after_the_other() {
    race(10, 1);
}
