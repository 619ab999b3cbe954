use super::*;
use crate::ledger::disk::RealDisk;
use crate::ledger::log::{Log, MemoryState};
use crate::ledger::testing::{Machine, batch, entry, root};

#[test]
fn snapshot_stays_what_it_was_while_the_log_grows() {
    let machine = Machine::with_batches(&[250]);
    let reader = Reader::open(machine.shared(), root()).unwrap();
    let (mut log, _) = machine.open().unwrap();
    for count in [3, 10, 500] {
        machine.append(&mut log, count).unwrap();
        let entries: Vec<(u64, Vec<u8>)> = reader.entries(0..u64::MAX).map(Result::unwrap).collect();
        assert_eq!(entries.len(), 250);
        assert_eq!(reader.entry(249).unwrap(), entry(249));
        assert!(matches!(reader.entry(250), Err(LogError::Range { size: 250, found: 250 })));
        reader.prove_inclusion(0).unwrap();
        let new = Reader::open(machine.shared(), root()).unwrap();
        new.prove_consistency(250, &reader.root()).unwrap();
        assert!(new.prove_consistency(249, &reader.root()).is_err());
        assert!(matches!(new.prove_consistency(9999, &reader.root()), Err(LogError::Range { .. })));
    }
}

#[test]
fn ranges_are_streamed_from_any_start_to_any_end() {
    let machine = Machine::with_batches(&[700]);
    let reader = Reader::open(machine.shared(), root()).unwrap();
    for (from, to) in
        [(0, 0), (0, 1), (255, 257), (256, 512), (300, 301), (511, 700), (699, 9999), (700, 800), (900, 20)]
    {
        let found: Vec<(u64, Vec<u8>)> = reader.entries(from..to).map(Result::unwrap).collect();
        let end = to.min(700);
        let expected = batch(from, end.saturating_sub(from));
        assert_eq!(found.iter().map(|(_, bytes)| bytes.clone()).collect::<Vec<_>>(), expected, "{from}..{to}");
        assert!(found.iter().map(|(index, _)| *index).eq(from..end));
    }
}

#[test]
fn stream_ends_after_the_first_error() {
    let machine = Machine::with_batches(&[700]);
    machine.disk.remove_file(&root().join("tile/entries/001")).unwrap();
    let reader = Reader::open(machine.shared(), root()).unwrap();
    let found: Vec<bool> = reader.entries(0..700).map(|entry| entry.is_ok()).collect();
    assert_eq!(found.len(), 257);
    assert!(found.iter().take(256).all(|ok| *ok) && !found.last().unwrap());
}

#[test]
fn empty_ledger_reads_as_empty() {
    let machine = Machine::new();
    assert!(matches!(Reader::open(machine.shared(), root()), Err(LogError::NoLedger(_))));
    machine.create().unwrap();
    let reader = Reader::open(machine.shared(), root()).unwrap();
    assert_eq!((reader.size(), reader.root(), reader.entries(0..9).count()), (0, EMPTY_ROOT, 0));
    assert!(reader.prove_inclusion(0).is_err() && reader.entry(0).is_err());
}

#[test]
fn proof_reads_few_tiles_of_a_large_ledger() {
    let machine = Machine::with_batches(&[66_000]);
    let reader = Reader::open(machine.shared(), root()).unwrap();
    let before = machine.disk.calls();
    reader.prove_inclusion(12_345).unwrap();
    let calls = machine.disk.calls() - before;
    assert!(calls < 40, "{calls} calls");
}

#[test]
fn readers_on_a_real_disk_never_see_a_torn_state_while_a_writer_writes() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("ledger");
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let identity = Identity::new(crate::ledger::testing::vkey());
    let mut log = Log::create(Arc::clone(&disk), &root, identity, &mut || false).unwrap();
    let mut memory = Machine::new().memory();
    log.append_batch(&batch(0, 1), &mut memory).unwrap();
    let done = std::sync::atomic::AtomicBool::new(false);
    std::thread::scope(|scope| {
        for _ in 0..2 {
            scope.spawn(|| {
                let mut last = 0;
                while !done.load(std::sync::atomic::Ordering::Relaxed) {
                    let reader = Reader::open(Arc::new(RealDisk), &root).unwrap();
                    assert!(reader.size() >= last);
                    last = reader.size();
                    let leaves = reader.entries(0..u64::MAX).map(|entry| leaf_hash(&entry.unwrap().1));
                    assert_eq!(root_of(leaves.collect::<Vec<_>>()), reader.root());
                    reader.prove_inclusion(last - 1).unwrap();
                }
            });
        }
        for count in [1, 100, 200, 3, 500, 1, 1, 255, 256] {
            let entries = batch(log.size(), count);
            log.append_batch(&entries, &mut memory).unwrap();
        }
        done.store(true, std::sync::atomic::Ordering::Relaxed);
    });
    let size = log.size();
    drop(log);
    let (log, recovered) = Log::open(disk, &root, &memory, &mut || false).unwrap();
    assert_eq!((log.size(), recovered.memory), (size, MemoryState::Agrees));
}
