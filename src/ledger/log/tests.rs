use super::*;
use crate::ledger::disk::{Cut, append_all, read_whole};
use crate::ledger::error::AnyError;
use crate::ledger::read::Reader;
use crate::ledger::testing::{Machine, Memory, batch, entry, root, signing_key, vkey};
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::tree::{leaf_hash, root_of};
use crate::tlog::vkey::VerifierKey;

mod crash;

/// Every entry is there, the root is theirs, the stored tiles are right, and nothing lies behind.
fn check_whole(machine: &Machine, size: u64) {
    let reader = Reader::open(machine.shared(), root()).unwrap();
    assert_eq!(reader.size(), size);
    let entries: Vec<Vec<u8>> = reader.entries(0..u64::MAX).map(|found| found.unwrap().1).collect();
    assert_eq!(entries, batch(0, size));
    assert_eq!(reader.root(), root_of(entries.iter().map(|entry| leaf_hash(entry))));
    reader.prove_inclusion(size - 1).unwrap();
}

#[test]
fn batches_of_all_sizes_read_back_and_reopen() {
    let batches = [1, 1, 253, 1, 1, 255, 256, 600, 3, 65_000];
    let machine = Machine::new();
    let mut log = machine.create().unwrap();
    let mut size = 0;
    for count in batches {
        size += count;
        assert_eq!(machine.append(&mut log, count).unwrap(), size);
        if size < 2000 {
            check_whole(&machine, size);
        }
        drop(log);
        let recovered;
        (log, recovered) = machine.open().unwrap();
        assert_eq!((log.size(), recovered.memory), (size, MemoryState::Agrees));
        assert!(recovered.discarded.is_empty() && recovered.rebuilt_tiles == 0);
        assert_eq!(log.rebuild_tiles().unwrap(), 0, "all tiles are there and right");
    }
    check_whole(&machine, size);
    let reader = Reader::open(machine.shared(), root()).unwrap();
    for index in (0..size).step_by(997).chain([size - 1]) {
        assert_eq!(reader.entry(index).unwrap(), entry(index));
        reader.prove_inclusion(index).unwrap();
    }
    assert_eq!(machine.disk.list(&log.layout().pending_folder()).unwrap(), [(size >> 8).to_string()]);
}

#[test]
fn what_is_acknowledged_is_read_before_it_is_tidied_up_and_tidied_up_later() {
    let pending = |machine: &Machine, log: &Log| machine.disk.list(&log.layout().pending_folder()).unwrap();
    let acknowledged = || {
        let machine = Machine::new();
        let mut log = machine.create().unwrap();
        log.append_durably(&batch(0, 600), &mut machine.memory()).unwrap();
        assert_eq!(pending(&machine, &log), ["0", "1", "2"], "nothing is moved before the acknowledgement");
        check_whole(&machine, 600);
        (machine, log)
    };
    let (machine, mut log) = acknowledged();
    log.tidy_up();
    assert_eq!(pending(&machine, &log), ["2"]);
    assert_eq!(log.rebuild_tiles().unwrap(), 0, "all tiles are there and right");
    check_whole(&machine, 600);
    // A process that ended at the acknowledgement, and the next batch of one that did not.
    let (machine, log) = acknowledged();
    drop(log);
    let (mut log, _) = machine.open().unwrap();
    assert_eq!(pending(&machine, &log), ["2"]);
    assert_eq!(log.rebuild_tiles().unwrap(), 0, "all tiles are there and right");
    let (machine, mut late) = acknowledged();
    machine.append(&mut late, 1).unwrap();
    assert_eq!(pending(&machine, &late), ["2"]);
    assert_eq!(late.rebuild_tiles().unwrap(), 0, "all tiles are there and right");
    check_whole(&machine, 601);
}

#[test]
fn opening_costs_the_same_on_a_large_ledger() {
    let calls = |batches: &[u64]| {
        let machine = Machine::with_batches(batches);
        machine.disk.restart(Cut::KeepAll);
        machine.open().unwrap();
        machine.disk.calls()
    };
    let (small, large) = (calls(&[1000]), calls(&[66_000, 3]));
    assert!(large <= small + 15, "{large} calls on 66,003 entries, {small} on 1,000");
}

#[test]
fn tail_behind_the_checkpoint_is_kept_in_discarded() {
    let machine = Machine::with_batches(&[257]);
    let layout = Layout::new(root());
    append_all(&mut *machine.disk.open_append(&layout.pending(1)).unwrap(), b"\0\x05torn").unwrap();
    append_all(&mut *machine.disk.create_new(&layout.pending(2), Access::Shared).unwrap(), b"whole").unwrap();
    let (log, recovered) = machine.open().unwrap();
    let kept: Vec<Vec<u8>> =
        recovered.discarded.iter().map(|path| read_whole(&machine.disk, path, 99).unwrap()).collect();
    assert_eq!(kept, [b"\0\x05torn".to_vec(), b"whole".to_vec()]);
    drop(log);
    check_whole(&machine, 257);
}

/// Everything on the disk but the lock.
fn state(machine: &Machine) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let mut files = machine.disk.files();
    files.retain(|(path, _)| !path.ends_with("lock"));
    files
}

#[test]
fn restored_backup_is_refused_and_not_touched() {
    let machine = Machine::with_batches(&[3]);
    let backup = state(&machine);
    let (mut log, _) = machine.open().unwrap();
    machine.append(&mut log, 4).unwrap();
    drop(log);
    for (path, bytes) in backup.iter().filter(|(path, _)| path.starts_with(root())) {
        replace_durably(&machine.disk, path, bytes, Access::Shared).unwrap();
    }
    // Something past the backup's checkpoint, which must stay where it is.
    append_all(&mut *machine.disk.open_append(&Layout::new(root()).pending(0)).unwrap(), b"\0\x01x").unwrap();
    let before = state(&machine);
    let error = machine.open().err().unwrap();
    assert!(matches!(error, LogError::Behind { memory: 7, ledger: 3 }), "{error}");
    assert_eq!(state(&machine), before);
}

/// A memory that says what it is told.
struct Says(Option<VerifiedCheckpoint>);

impl RecoveryView for Says {
    fn last_signed(&self, _: &VerifierKey) -> Result<Option<SignedCheckpoint>, AnyError> {
        Ok(self.0.as_ref().map(|checkpoint| checkpoint.signed().clone()))
    }
}

fn says(size: u64, root: Sha256) -> Says {
    let checkpoint = Checkpoint::new(vkey().name().as_str(), size, root).unwrap();
    Says(Some(checkpoint.sign(&vkey(), &signing_key()).unwrap()))
}

#[test]
fn memory_of_another_history_is_refused_and_of_an_older_size_accepted() {
    let machine = Machine::with_batches(&[600]);
    let open = |memory: &Says| Log::open(machine.shared(), root(), memory, &mut || false);
    let before = state(&machine);
    for size in [1, 256, 300, 600] {
        let error = open(&says(size, Sha256([9; 32]))).err().unwrap();
        assert!(matches!(error, LogError::Fork { size: found, .. } if found == size), "{error}");
        assert_eq!(state(&machine), before);
        let root = root_of(batch(0, size).iter().map(|entry| leaf_hash(entry)));
        let expected = if size == 600 { MemoryState::Agrees } else { MemoryState::Older(size) };
        assert_eq!(open(&says(size, root)).unwrap().1.memory, expected);
    }
    assert_eq!(open(&Says(None)).unwrap().1.memory, MemoryState::Absent);
}

#[test]
fn second_writer_waits_and_then_hears_who_holds_the_lock() {
    let machine = Machine::with_batches(&[1]);
    let _first = machine.open().unwrap();
    let mut attempts = 0;
    let mut wait = || {
        attempts += 1;
        attempts < 5
    };
    let error = Log::open(machine.shared(), root(), &machine.memory(), &mut wait).err().unwrap();
    assert_eq!(attempts, 5);
    let expected =
        format!("expected the lock /ledger/lock to be free, found it held by process {}", std::process::id());
    assert_eq!(error.to_string(), expected);
}

#[test]
fn derived_tiles_may_be_missing_torn_or_wrong() {
    let expected = Machine::with_batches(&[600]).disk.files();
    let tiles = [("tile/0/000", ""), ("tile/0/001", "zeros"), ("tile/1/000.p/2", "zeros"), ("tile/1/000.p/2", "")];
    for (path, content) in tiles {
        let machine = Machine::with_batches(&[600]);
        let path = root().join(path);
        machine.disk.remove_file(&path).unwrap();
        if content == "zeros" {
            let length = expected.iter().find(|(other, _)| *other == path).unwrap().1.len();
            replace_durably(&machine.disk, &path, &vec![0; length], Access::Shared).unwrap();
        }
        let (mut log, _) = machine.open().unwrap();
        log.rebuild_tiles().unwrap();
        drop(log);
        check_whole(&machine, 600);
    }
}

#[test]
fn damage_below_the_checkpoint_is_named() {
    let damage = |path: &str, change: &dyn Fn(&mut Vec<u8>)| {
        let machine = Machine::with_batches(&[600]);
        let path = root().join(path);
        let mut bytes = read_whole(&machine.disk, &path, u64::MAX).unwrap();
        change(&mut bytes);
        replace_durably(&machine.disk, &path, &bytes, Access::Shared).unwrap();
        machine
    };
    let flip = |bytes: &mut Vec<u8>| bytes[10] ^= 1;
    let error = damage("pending/2", &flip).open().err().unwrap();
    assert!(error.to_string().contains("no hash tile says where"), "{error}");
    let error = damage("pending/2", &|bytes| bytes.truncate(20)).open().err().unwrap();
    assert!(error.to_string().starts_with("the ledger is damaged at /ledger/pending/2: expected"), "{error}");
    let error = damage("checkpoint", &flip).open().err().unwrap();
    assert!(matches!(error, LogError::Checkpoint { .. }), "{error}");

    // Old entries are read when they are asked for, or by whoever recomputes the tree.
    let machine = damage("tile/entries/001", &flip);
    let (mut log, _) = machine.open().unwrap();
    let error = log.rebuild_tiles().unwrap_err();
    assert!(error.to_string().contains("expected entry 256 to have the hash in its hash tile"), "{error}");
    let reader = Reader::open(machine.shared(), root()).unwrap();
    assert_eq!(reader.entry(0).unwrap(), entry(0));
    assert!(reader.entry(256).unwrap_err().to_string().contains("expected entry 256 to have leaf hash"));

    let machine = Machine::with_batches(&[600]);
    machine.disk.remove_file(&root().join("checkpoint")).unwrap();
    let error = Log::open(machine.shared(), root(), &Says(None), &mut || false).err().unwrap();
    assert!(error.to_string().contains("expected a checkpoint beside"), "{error}");
}

#[test]
fn impossible_batches_are_refused_without_latching() {
    let machine = Machine::with_batches(&[3]);
    let (mut log, _) = machine.open().unwrap();
    for entries in [vec![], vec![vec![]], vec![vec![b'x'; 65_536]], vec![vec![b'x']; MAX_BATCH + 1]] {
        let error = log.append_batch(&entries, &mut machine.memory()).unwrap_err();
        assert_eq!(error.outcome, Outcome::NotRecorded);
        assert!(log.latched().is_none());
    }
    log.append_batch(&[vec![b'x'; 65_535]], &mut machine.memory()).unwrap();
    assert_eq!(log.size(), 4);
}

#[test]
fn rotated_key_and_cosigned_checkpoint_are_accepted() {
    let machine = Machine::with_batches(&[3]);
    let (mut log, _) = machine.open().unwrap();
    let second = ed25519_dalek::SigningKey::from_bytes(&[8; 32]);
    let key = VerifierKey::new(vkey().name().clone(), crate::tlog::vkey::KeyKind::Note, (&second).into());
    log.add_key(key.clone()).unwrap();
    let both = log.checkpoint().unwrap().clone().sign_also(&key, &second).unwrap();
    log.replace_checkpoint(both.clone()).unwrap();
    let other = log.checkpoint().unwrap().clone();
    machine.append(&mut log, 1).unwrap();
    assert!(log.replace_checkpoint(other).is_err());
    drop(log);
    let (log, _) = machine.open().unwrap();
    assert_eq!(log.identity().vkeys(), [vkey(), key]);
}
