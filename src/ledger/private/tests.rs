use super::*;
use crate::ledger::disk::{Cut, Fault, FaultyDisk, read_whole};

fn layout() -> Layout {
    Layout::new(Path::new("/ledger"))
}

fn disk() -> FaultyDisk {
    let disk = FaultyDisk::new();
    create_dirs(&disk, Path::new("/ledger")).unwrap();
    disk
}

fn open(disk: &FaultyDisk, sound: u64) -> Result<(Disclosures, Option<PathBuf>), PrivateError> {
    Disclosures::open(Arc::new(disk.clone()), layout(), sound)
}

fn reader(disk: &FaultyDisk) -> DisclosureReader {
    DisclosureReader::new(Arc::new(disk.clone()), &layout())
}

fn record(i: u8) -> Record {
    let disclosures = (0..=i % 3).map(|part| format!("d{part}-{}", "x".repeat(usize::from(i) * 3 + 1))).collect();
    Record { event: EventId([i; 32]), disclosures }
}

fn all(disk: &FaultyDisk) -> Vec<Record> {
    reader(disk).scan(0).unwrap().map(|found| found.unwrap().1).collect()
}

#[test]
fn a_record_says_how_long_it_is() {
    let event = crate::value::EventId([1; 32]);
    for disclosures in [vec!["a".to_owned()], vec!["a".to_owned(), "bcd".to_owned()]] {
        let record = Record { event, disclosures };
        assert_eq!(record.length(), record.encode().unwrap().len() as u64);
    }
}

#[test]
fn records_are_found_by_offset_by_event_and_in_order() {
    let disk = disk();
    assert!(all(&disk).is_empty() && reader(&disk).read(0).is_err());
    let (mut private, cut) = open(&disk, 0).unwrap();
    assert_eq!(cut, None);
    let records: Vec<Record> = (0..40).map(record).collect();
    let mut offsets = private.append(&records[..25]).unwrap();
    assert!(private.append(&[]).unwrap().is_empty());
    drop(private);
    let (mut private, _) = open(&disk, offsets[20]).unwrap();
    offsets.extend(private.append(&records[25..]).unwrap());
    for (offset, record) in offsets.iter().zip(&records) {
        assert_eq!(reader(&disk).read(*offset).unwrap(), *record);
    }
    assert_eq!(reader(&disk).find(&records[7].event).unwrap(), [records[7].clone()]);
    assert_eq!(all(&disk), records);
    assert!(reader(&disk).read(offsets[3] + 1).is_err());
    assert!(matches!(reader(&disk).read(private.length()), Err(PrivateError::Torn { .. })));
    let private = layout().disclosures();
    assert!(!disk.metadata(&private).unwrap().unwrap().open_to_others);
}

#[test]
fn record_larger_than_the_read_ahead_reads_back() {
    let disk = disk();
    let (mut private, _) = open(&disk, 0).unwrap();
    let large = Record { event: EventId([9; 32]), disclosures: vec!["y".repeat(700_000)] };
    let records = [record(1), large, record(2)];
    private.append(&records).unwrap();
    assert_eq!(all(&disk), records);
}

#[test]
fn unfit_records_are_refused_before_anything_is_written() {
    let disk = disk();
    let (mut private, _) = open(&disk, 0).unwrap();
    let too_long = "x".repeat(MAX_RECORD as usize);
    for disclosures in [vec![], vec![String::new()], vec!["a~b".to_owned()], vec![too_long]] {
        let unfit = Record { event: EventId([1; 32]), disclosures };
        assert!(matches!(private.append(&[record(1), unfit]), Err(PrivateError::Unfit(_))));
    }
    private.append(&[record(2)]).unwrap();
    assert_eq!(all(&disk), [record(2)]);
}

#[test]
fn torn_tail_is_cut_at_open_and_kept() {
    let whole = record(5).encode().unwrap();
    for length in 1..whole.len() {
        let disk = disk();
        let (mut private, _) = open(&disk, 0).unwrap();
        private.append(&[record(1)]).unwrap();
        let sound = private.length();
        let tail = &whole[..length];
        append_all(&mut *disk.open_append(&layout().disclosures()).unwrap(), tail).unwrap();
        assert_eq!(reader(&disk).find(&record(1).event).unwrap().len(), 1, "a torn end is not an error");
        for from in [0, sound] {
            let disk = disk.fork(Cut::KeepAll);
            let (mut private, cut) = open(&disk, from).unwrap();
            assert_eq!(read_whole(&disk, &cut.unwrap(), 9999).unwrap(), tail);
            private.append(&[record(2)]).unwrap();
            assert_eq!(all(&disk), [record(1), record(2)]);
        }
    }
}

#[test]
fn wrong_offset_of_soundness_cuts_nothing_sound() {
    let disk = disk();
    let (mut private, _) = open(&disk, 0).unwrap();
    private.append(&(0..9).map(record).collect::<Vec<_>>()).unwrap();
    let length = private.length();
    for sound in [1, 7, length - 1, length, length + 5, u64::MAX / 2] {
        let (private, cut) = open(&disk, sound).unwrap();
        assert_eq!((private.length(), cut), (length, None), "from {sound}");
    }
}

#[test]
fn any_changed_byte_is_noticed() {
    let disk = disk();
    let (mut private, _) = open(&disk, 0).unwrap();
    private.append(&[record(1), record(2)]).unwrap();
    let bytes = read_whole(&disk, &layout().disclosures(), 9999).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        crate::ledger::disk::replace_derived(&disk, &layout().disclosures(), &changed).unwrap();
        assert!(reader(&disk).scan(0).unwrap().any(|record| record.is_err()), "byte {at}");
    }
}

#[test]
fn crash_at_any_call_loses_no_acknowledged_record() {
    let prepared = disk();
    open(&prepared, 0).unwrap().0.append(&[record(1), record(2)]).unwrap();
    let scenario = |disk: &FaultyDisk| match open(disk, 0) {
        Ok((mut private, _)) => private.append(&[record(3), record(4)]).is_ok(),
        Err(_) => false,
    };
    let trial = prepared.fork(Cut::KeepAll);
    scenario(&trial);
    for call in 1..=trial.calls() {
        for fault in [Fault::Io, Fault::NoSpace, Fault::Interrupted, Fault::ShortWrite, Fault::Stop, Fault::StopTorn] {
            for cut in [Cut::KeepAll, Cut::LoseUnsynced, Cut::Some(call)] {
                let disk = prepared.fork(Cut::KeepAll);
                disk.fail_at(call, fault);
                let acknowledged = scenario(&disk);
                disk.restart(cut);
                let (mut private, _) = open(&disk, 0).unwrap();
                private.append(&[record(5)]).unwrap();
                let mut found = all(&disk);
                assert_eq!(found.pop(), Some(record(5)));
                let complete: Vec<Record> = (1..5).map(record).collect();
                assert!(complete.starts_with(&found) && found.len() >= if acknowledged { 4 } else { 2 });
            }
        }
    }
}

#[test]
fn failed_append_latches_until_opened_anew() {
    let disk = disk();
    let (mut private, _) = open(&disk, 0).unwrap();
    private.append(&[record(1)]).unwrap();
    disk.fail_at(disk.calls() + 3, Fault::NoSpace);
    assert!(matches!(private.append(&[record(2)]), Err(PrivateError::Disk(_))));
    assert!(matches!(private.append(&[record(2)]), Err(PrivateError::Latched)));
}

#[test]
fn where_the_file_ends_as_it_should_nothing_is_read_or_cut() {
    let disk = disk();
    let (mut private, _) = open(&disk, 0).unwrap();
    private.append(&(0..9).map(record).collect::<Vec<_>>()).unwrap();
    let length = private.length();
    let bytes = read_whole(&disk, &layout().disclosures(), 9999).unwrap();
    disk.remove_file(&layout().disclosures()).unwrap();
    let mut file = disk.create_new(&layout().disclosures(), Access::OwnerOnly).unwrap();
    append_all(&mut *file, &[&bytes[..40], b"?", &bytes[41..]].concat()).unwrap();
    // A damaged record is for whoever reads it; those behind it stay where they are.
    let (private, cut) = open(&disk, length).unwrap();
    assert_eq!((private.length(), cut), (length, None));
}
