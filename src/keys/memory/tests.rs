use super::*;
use crate::ledger::disk::{Access, Cut, Disk as _, Fault, FaultyDisk, append_all, read_whole};
use crate::tlog::checkpoint::Checkpoint;
use crate::tlog::vkey::{KeyKind, VerifierKey};
use crate::value::PublicKey;
use ed25519_dalek::SigningKey;
use std::path::Path;

const FOLDER: &str = "/keys";
const FILE: &str = "/keys/signing-memory";

pub(super) fn open(disk: &FaultyDisk) -> Result<SigningMemory<'_>, MemoryError> {
    SigningMemory::open(disk, Path::new(FOLDER), "a test", &mut || false)
}

pub(super) fn kid(n: u8) -> KeyId {
    KeyId([n; 32])
}

fn ledger(n: u8) -> Option<LedgerId> {
    Some(LedgerId([n; 32]))
}

pub(super) fn at(seq: u64) -> Position {
    let mut id = [0; 32];
    id[..8].copy_from_slice(&seq.to_le_bytes());
    Position { seq, id: EventId(id) }
}

fn feed(n: u8, aud: Option<LedgerId>, seq: u64) -> Record {
    let head = FeedHead { kid: kid(n), aud, seq, id: at(seq).id };
    Record { feeds: vec![head], ..Record::default() }
}

fn log(origin: &str, size: u64, root: u8) -> Record {
    let key = SigningKey::from_bytes(&[5; 32]);
    let vkey = VerifierKey::new(origin.parse().unwrap(), KeyKind::Note, PublicKey::from(&key));
    let checkpoint = Checkpoint::new(origin, size, Sha256([root; 32])).unwrap().sign(&vkey, &key).unwrap();
    let head = LogHead { kid: kid(9), checkpoint: checkpoint.signed().to_string() };
    Record { logs: vec![head], ..Record::default() }
}

#[test]
fn what_was_appended_is_remembered_after_reopening() {
    let disk = FaultyDisk::new();
    let mut memory = open(&disk).unwrap();
    memory.enter(kid(1)).unwrap();
    memory.enter(kid(9)).unwrap();
    let mut record = feed(1, ledger(1), 6);
    record.logs = log("example.org/log", 7, 1).logs;
    memory.append(&record).unwrap();
    memory.append(&feed(1, None, 0)).unwrap();
    drop(memory);
    disk.restart(Cut::LoseUnsynced);
    let memory = open(&disk).unwrap();
    let remembered = memory.remembered();
    assert_eq!(remembered.feed(&kid(1), ledger(1)), Some(at(6)));
    assert_eq!(remembered.feed(&kid(1), None), Some(at(0)));
    assert_eq!(remembered.feed(&kid(1), ledger(2)), None);
    assert_eq!(remembered.checkpoint(&kid(9)).unwrap().to_string(), record.logs[0].checkpoint);
    let peeked = SigningMemory::peek(&disk, Path::new(FOLDER)).unwrap();
    assert_eq!(peeked.to_record(), remembered.to_record());
}

#[test]
fn a_key_without_memory_signs_nothing() {
    let disk = FaultyDisk::new();
    let mut memory = open(&disk).unwrap();
    let error = memory.append(&feed(1, ledger(1), 0)).unwrap_err();
    assert!(matches!(error, MemoryError::UnknownKey { .. }));
    assert!(error.hint().unwrap().contains("key rotate"));
    assert!(memory.remembered().next_after(&kid(1), ledger(1), None).is_err());
    // Entered again for its rotation, in one record.
    memory.append(&Record { keys: vec![kid(1)], ..feed(1, None, 8) }).unwrap();
    assert_eq!(memory.remembered().feed(&kid(1), None), Some(at(8)));
}

#[test]
fn memory_and_ledger_must_agree_on_the_ledgers_own_feed() {
    let disk = FaultyDisk::new();
    let mut memory = open(&disk).unwrap();
    memory.enter(kid(1)).unwrap();
    let next = |memory: &SigningMemory<'_>, recorded| memory.remembered().next_after(&kid(1), ledger(1), recorded);
    assert_eq!(next(&memory, None).unwrap(), None);
    assert!(matches!(next(&memory, Some(at(0))), Err(MemoryError::MemoryBehind { remembered: None, .. })));
    memory.append(&feed(1, ledger(1), 4)).unwrap();
    assert_eq!(next(&memory, Some(at(4))).unwrap(), Some(at(4)));
    assert!(matches!(next(&memory, None), Err(MemoryError::LedgerBehind { recorded: None, .. })));
    assert!(matches!(next(&memory, Some(at(3))), Err(MemoryError::LedgerBehind { .. })));
    assert!(matches!(next(&memory, Some(at(5))), Err(MemoryError::MemoryBehind { .. })));
    let other = Position { id: EventId([9; 32]), ..at(4) };
    assert!(matches!(next(&memory, Some(other)), Err(MemoryError::Fork { .. })));
    assert_eq!(
        next(&memory, Some(at(3))).unwrap_err().to_string(),
        format!("key {} signed event number 4 here, but the ledger ends at its number 3", kid(1))
    );
}

#[test]
fn a_ledger_may_hold_less_of_the_portable_feed() {
    let disk = FaultyDisk::new();
    let mut memory = open(&disk).unwrap();
    memory.append(&Record { keys: vec![kid(1)], ..feed(1, None, 4) }).unwrap();
    let next = |recorded| memory.remembered().next_after(&kid(1), None, recorded);
    assert_eq!(next(None).unwrap(), Some(at(4)));
    assert_eq!(next(Some(at(2))).unwrap(), Some(at(4)));
    assert!(matches!(next(Some(at(5))), Err(MemoryError::MemoryBehind { .. })));
}

#[test]
fn nothing_earlier_is_signed_again() {
    let disk = FaultyDisk::new();
    let mut memory = open(&disk).unwrap();
    memory.append(&Record { keys: vec![kid(1)], ..feed(1, ledger(1), 4) }).unwrap();
    memory.append(&feed(1, ledger(1), 4)).unwrap();
    assert!(matches!(memory.append(&feed(1, ledger(1), 3)), Err(MemoryError::NotLater { .. })));
    let mut other = feed(1, ledger(1), 4);
    other.feeds[0].id = EventId([9; 32]);
    assert!(matches!(memory.append(&other), Err(MemoryError::NotLater { .. })));
    memory.append(&feed(1, ledger(2), 0)).unwrap();

    memory.append(&Record { keys: vec![kid(9)], ..log("example.org/a", 7, 1) }).unwrap();
    memory.append(&log("example.org/a", 7, 1)).unwrap();
    assert!(matches!(memory.append(&log("example.org/a", 7, 2)), Err(MemoryError::Checkpoint { .. })));
    assert!(matches!(memory.append(&log("example.org/a", 6, 1)), Err(MemoryError::Checkpoint { .. })));
    assert!(matches!(memory.append(&log("example.org/b", 8, 1)), Err(MemoryError::Origin { .. })));
    memory.append(&log("example.org/a", 8, 2)).unwrap();
    let mut bad = log("example.org/a", 9, 2);
    bad.logs[0].checkpoint.truncate(20);
    assert!(matches!(memory.append(&bad), Err(MemoryError::NotACheckpoint { .. })));
    // Refusals write nothing and do not latch.
    memory.append(&feed(1, ledger(1), 5)).unwrap();
}

#[test]
fn a_second_process_waits_and_is_told_who_signs() {
    let disk = FaultyDisk::new();
    let _first = open(&disk).unwrap();
    let mut asked = 0;
    let second = SigningMemory::open(&disk, Path::new(FOLDER), "another", &mut || {
        asked += 1;
        asked < 3
    });
    assert!(matches!(second, Err(MemoryError::Busy { holder, .. }) if holder == "a test"));
    assert_eq!(asked, 3);
}

#[test]
fn tail_with_torn_record_is_cut_back_and_damage_before_it_is_refused() {
    let disk = FaultyDisk::new();
    let mut memory = open(&disk).unwrap();
    memory.enter(kid(1)).unwrap();
    memory.append(&feed(1, ledger(1), 4)).unwrap();
    drop(memory);
    let whole = read_whole(&disk, Path::new(FILE), 1 << 20).unwrap();
    for torn in ["x", "abc {}\n", &"0".repeat(64), &format!("{} {{}}\n", "0".repeat(64)), "\n"] {
        let mut file = disk.open_append(Path::new(FILE)).unwrap();
        append_all(&mut *file, torn.as_bytes()).unwrap();
        file.sync_data().unwrap();
        assert_eq!(SigningMemory::peek(&disk, Path::new(FOLDER)).unwrap().feed(&kid(1), ledger(1)), Some(at(4)));
        let memory = open(&disk).unwrap();
        assert_eq!(memory.remembered().feed(&kid(1), ledger(1)), Some(at(4)));
        assert_eq!(read_whole(&disk, Path::new(FILE), 1 << 20).unwrap(), whole, "{torn}");
    }
    let mut file = disk.open_append(Path::new(FILE)).unwrap();
    append_all(&mut *file, b"torn\n").unwrap();
    append_all(&mut *file, &whole).unwrap();
    assert!(matches!(open(&disk), Err(MemoryError::Damaged { line: 3, .. })));
}

#[test]
fn a_whole_line_that_cannot_be_read_is_not_cut() {
    let disk = FaultyDisk::new();
    disk.create_dir(Path::new(FOLDER)).unwrap();
    let mut file = disk.create_new(Path::new(FILE), Access::OwnerOnly).unwrap();
    let json = r#"{"later":"format"}"#;
    let line = format!("{} {json}\n", crate::value::Blake3::of(json.as_bytes()));
    append_all(&mut *file, line.as_bytes()).unwrap();
    assert!(matches!(open(&disk), Err(MemoryError::Damaged { line: 1, .. })));
}

#[test]
fn a_long_file_is_replaced_by_one_record() {
    let disk = FaultyDisk::new();
    let mut memory = open(&disk).unwrap();
    memory.append(&Record { keys: vec![kid(1), kid(9)], ..Record::default() }).unwrap();
    for seq in 0..8_000 {
        memory.append(&feed(1, ledger(1), seq)).unwrap();
    }
    assert!(disk.metadata(Path::new(FILE)).unwrap().unwrap().len < 1 << 20);
    let before = memory.remembered().to_record();
    drop(memory);
    assert_eq!(open(&disk).unwrap().remembered().to_record(), before);
}

#[test]
fn an_acknowledged_record_survives_every_failure_and_an_unacknowledged_one_is_whole_or_gone() {
    let cuts = [Cut::KeepAll, Cut::LoseUnsynced, Cut::Some(1), Cut::Some(2), Cut::Some(3)];
    let faults = [Fault::Io, Fault::NoSpace, Fault::Interrupted, Fault::ShortWrite, Fault::Stop, Fault::StopTorn];
    for (fault, cut) in faults.iter().flat_map(|fault| cuts.iter().map(move |cut| (*fault, *cut))) {
        for call in 0.. {
            let disk = FaultyDisk::new();
            disk.fail_at(call, fault);
            let mut acknowledged = None;
            if let Ok(mut memory) = open(&disk)
                && memory.enter(kid(1)).is_ok()
            {
                for seq in 0..3 {
                    match memory.append(&feed(1, ledger(1), seq)) {
                        Ok(()) => acknowledged = Some(seq),
                        Err(_) => {
                            assert!(matches!(memory.append(&feed(1, ledger(1), 9)), Err(MemoryError::Latched)));
                            break;
                        }
                    }
                }
            }
            let calls = disk.calls();
            disk.restart(cut);
            let memory = open(&disk).unwrap();
            let found = memory.remembered().feed(&kid(1), ledger(1)).map(|at| at.seq);
            assert!(found == acknowledged || found == Some(acknowledged.map_or(0, |seq| seq + 1)), "{found:?}");
            if call > calls {
                break;
            }
        }
    }
}
