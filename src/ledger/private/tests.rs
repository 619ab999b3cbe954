use super::*;
use crate::ledger::disk::{Cut, Fault, FaultyDisk, read_whole, replace_derived};
use proptest::collection::vec;
use proptest::prelude::*;

fn layout() -> Layout {
    Layout::new(Path::new("/ledger"))
}

fn disk() -> FaultyDisk {
    let disk = FaultyDisk::new();
    create_dirs(&disk, Path::new("/ledger")).unwrap();
    disk
}

fn open(disk: &FaultyDisk, sound: u64) -> Result<(Disclosures, Option<PathBuf>), PrivateError> {
    Disclosures::open(Arc::new(disk.clone()), layout(), &reader(disk), sound, &|_| false)
}

fn reader(disk: &FaultyDisk) -> DisclosureReader {
    DisclosureReader::new(Arc::new(disk.clone()), &layout())
}

fn record(i: u8) -> Record {
    let disclosures = (0..=i % 3).map(|part| format!("d{part}-{}", "x".repeat(usize::from(i) * 3 + 1))).collect();
    Record { event: EventId([i; 32]), disclosures }
}

/// Appends records and makes them durable.
fn append(private: &mut Disclosures, records: &[Record]) -> Result<Vec<u64>, PrivateError> {
    let Stored { offsets, file } = private.append(records)?;
    file.map(|mut file| file.sync_data()).transpose()?;
    Ok(offsets)
}

fn all(disk: &FaultyDisk) -> Vec<Record> {
    let record = |part| match part {
        Part::Record { held, .. } => held,
        other => panic!("{other:?}"),
    };
    reader(disk).scan(0).unwrap().map(|part| record(part.unwrap())).collect()
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
    let mut offsets = append(&mut private, &records[..25]).unwrap();
    assert!(append(&mut private, &[]).unwrap().is_empty());
    drop(private);
    let (mut private, _) = open(&disk, offsets[20]).unwrap();
    offsets.extend(append(&mut private, &records[25..]).unwrap());
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
    append(&mut private, &records).unwrap();
    assert_eq!(all(&disk), records);
}

#[test]
fn unfit_records_are_refused_before_anything_is_written() {
    let disk = disk();
    let (mut private, _) = open(&disk, 0).unwrap();
    let too_long = "x".repeat(MAX_RECORD as usize);
    for disclosures in [vec![], vec![String::new()], vec!["a~b".to_owned()], vec!["a b".to_owned()], vec![too_long]] {
        let unfit = Record { event: EventId([1; 32]), disclosures };
        assert!(matches!(append(&mut private, &[record(1), unfit]), Err(PrivateError::Unfit(_))));
    }
    append(&mut private, &[record(2)]).unwrap();
    assert_eq!(all(&disk), [record(2)]);
}

#[test]
fn torn_tail_is_cut_at_open_and_kept() {
    let whole = record(5).encode().unwrap();
    for length in 1..whole.len() {
        let disk = disk();
        let (mut private, _) = open(&disk, 0).unwrap();
        append(&mut private, &[record(1)]).unwrap();
        let sound = private.length();
        let tail = &whole[..length];
        append_all(&mut *disk.open_append(&layout().disclosures()).unwrap(), tail).unwrap();
        assert_eq!(reader(&disk).find(&record(1).event).unwrap().len(), 1, "a torn end is not an error");
        for from in [0, sound] {
            let disk = disk.fork(Cut::KeepAll);
            let (mut private, cut) = open(&disk, from).unwrap();
            assert_eq!(read_whole(&disk, &cut.unwrap(), 9999).unwrap(), tail);
            append(&mut private, &[record(2)]).unwrap();
            assert_eq!(all(&disk), [record(1), record(2)]);
        }
    }
}

#[test]
fn wrong_offset_of_soundness_cuts_nothing_sound() {
    let disk = disk();
    let (mut private, _) = open(&disk, 0).unwrap();
    append(&mut private, &(0..9).map(record).collect::<Vec<_>>()).unwrap();
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
    append(&mut private, &[record(1), record(2)]).unwrap();
    let bytes = read_whole(&disk, &layout().disclosures(), 9999).unwrap();
    for at in 0..bytes.len() {
        let mut changed = bytes.clone();
        changed[at] ^= 0x10;
        replace_derived(&disk, &layout().disclosures(), &changed).unwrap();
        let is_record = |part: Result<_, _>| matches!(part.unwrap(), Part::Record { .. });
        assert!(!reader(&disk).scan(0).unwrap().all(is_record), "byte {at}");
    }
}

#[test]
fn crash_at_any_call_loses_no_acknowledged_record() {
    let prepared = disk();
    append(&mut open(&prepared, 0).unwrap().0, &[record(1), record(2)]).unwrap();
    let scenario = |disk: &FaultyDisk| match open(disk, 0) {
        Ok((mut private, _)) => append(&mut private, &[record(3), record(4)]).is_ok(),
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
                append(&mut private, &[record(5)]).unwrap();
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
    append(&mut private, &[record(1)]).unwrap();
    disk.fail_at(disk.calls() + 3, Fault::NoSpace);
    assert!(matches!(append(&mut private, &[record(2)]), Err(PrivateError::Disk(_))));
    assert!(matches!(append(&mut private, &[record(2)]), Err(PrivateError::Latched)));
}

#[test]
fn where_the_file_ends_as_it_should_nothing_is_read_or_cut() {
    let disk = disk();
    let (mut private, _) = open(&disk, 0).unwrap();
    append(&mut private, &(0..9).map(record).collect::<Vec<_>>()).unwrap();
    let length = private.length();
    let bytes = read_whole(&disk, &layout().disclosures(), 9999).unwrap();
    disk.remove_file(&layout().disclosures()).unwrap();
    let mut file = disk.create_new(&layout().disclosures(), Access::OwnerOnly).unwrap();
    append_all(&mut *file, &[&bytes[..40], b"?", &bytes[41..]].concat()).unwrap();
    // A damaged record is for whoever reads it; those behind it stay where they are.
    let (private, cut) = open(&disk, length).unwrap();
    assert_eq!((private.length(), cut), (length, None));
}

/// A disk whose file of private values holds these bytes.
fn holding(bytes: &[u8]) -> FaultyDisk {
    let disk = disk();
    create_dirs(&disk, parent(&layout().disclosures())).unwrap();
    replace_derived(&disk, &layout().disclosures(), bytes).unwrap();
    disk
}

fn parts(disk: &FaultyDisk, from: u64) -> Vec<Part<Record>> {
    reader(disk).scan(from).unwrap().map(Result::unwrap).collect()
}

fn end_of<T>(part: &Part<T>) -> u64 {
    let (Part::Record { at, .. } | Part::Damaged(at) | Part::Torn(at)) = part;
    at.end()
}

#[test]
fn a_record_that_cannot_be_read_is_no_end_of_the_file() {
    let encoded: Vec<Vec<u8>> = (0..4).map(|i| record(i).encode().unwrap()).collect();
    let (first, damaged) = (encoded[0].len(), encoded[1].len());
    // A bit of each length byte, of the event, of the text and of the checksum.
    for at in [0, 1, 2, 3, 4, 40, damaged - 1] {
        for bit in 0..8 {
            let mut bytes = encoded.concat();
            bytes[first + at] ^= 1 << bit;
            let disk = holding(&bytes);
            let found = parts(&disk, 0);
            let stretch = Stretch { offset: first as u64, length: damaged as u64 };
            assert_eq!(found[1], Part::Damaged(stretch), "byte {at} bit {bit}");
            assert_eq!(reader(&disk).find(&record(3).event).unwrap(), [record(3)]);
            for sound in [0, first as u64, bytes.len() as u64 - 1, bytes.len() as u64 + 9] {
                let disk = disk.fork(Cut::KeepAll);
                let kept = reader(&disk);
                let shared: Arc<dyn Disk> = Arc::new(disk.clone());
                let (mut private, cut) = Disclosures::open(shared, layout(), &kept, sound, &|_| false).unwrap();
                assert_eq!((private.length(), cut), (bytes.len() as u64, None), "nothing is cut off");
                assert!(kept.noticed().take().contains(&(first as u64)) && kept.noticed().take().is_empty());
                append(&mut private, &[record(9)]).unwrap();
                assert_eq!(reader(&disk).find(&record(9).event).unwrap(), [record(9)]);
            }
        }
    }
}

#[test]
fn a_damaged_last_record_is_a_torn_end_unless_its_event_is_recorded() {
    let mut bytes = [record(1).encode().unwrap(), record(2).encode().unwrap()].concat();
    let first = record(1).length();
    *bytes.last_mut().unwrap() ^= 1;
    let disk = holding(&bytes);
    assert!(
        matches!(parts(&disk, 0)[..], [Part::Record { .. }, Part::Torn(Stretch { offset, .. })] if offset == first)
    );
    // Of an event that is recorded it is damage, and stays.
    let kept = reader(&disk);
    let is_recorded = |id: &EventId| *id == record(2).event;
    let shared: Arc<dyn Disk> = Arc::new(disk.fork(Cut::KeepAll));
    let (private, cut) = Disclosures::open(shared, layout(), &kept, 0, &is_recorded).unwrap();
    assert_eq!((private.length(), cut, kept.noticed().take()), (bytes.len() as u64, None, vec![first]));
    let (private, cut) = open(&disk, 0).unwrap();
    assert_eq!(private.length(), first);
    assert_eq!(read_whole(&disk, &cut.unwrap(), 9999).unwrap(), bytes[usize::try_from(first).unwrap()..]);
}

#[test]
fn a_file_that_ends_before_what_is_known_to_be_sound_is_noticed() {
    let disk = holding(&record(1).encode().unwrap());
    let kept = reader(&disk);
    Disclosures::open(Arc::new(disk.clone()), layout(), &kept, record(1).length() + 70, &|_| false).unwrap();
    assert_eq!(kept.noticed().take(), [record(1).length()]);
}

#[test]
fn a_stretch_full_of_lengths_is_hashed_a_bounded_number_of_times() {
    let length = |bytes: &[u8]| usize::try_from(u32::from_be_bytes(*bytes.first_chunk().unwrap())).unwrap();
    let headers = [[0, 0, 8, 0].repeat(9), vec![b'A'; 3_000]].concat();
    for (stretch, is_hashed) in [([0, 1, 0].repeat(1 << 16), false), (headers.repeat(50), true)] {
        let (mut places, mut hashed) = (0, 0);
        for at in 0..stretch.len() - 4 {
            let Some(whole) = stretch[at..].get(..36 + length(&stretch[at..])) else { continue };
            places += 1;
            let hash = |bytes: &[u8]| {
                hashed += bytes.len();
                Blake3::of(bytes)
            };
            assert_eq!(scan::sound_by(whole, hash), None);
        }
        assert!(places > 400 && hashed <= 36 * stretch.len(), "{hashed} bytes at {places} places");
        assert_eq!(hashed > 0, is_hashed);
        let offset = stretch.len() as u64;
        let at = Stretch { offset, length: record(1).length() };
        let damaged = Part::Damaged(Stretch { offset: 0, length: offset });
        let disk = holding(&[stretch, record(1).encode().unwrap()].concat());
        assert_eq!(parts(&disk, 0), [damaged, Part::Record { at, held: record(1) }]);
    }
}

#[derive(Debug, Clone)]
enum Harm {
    Changed(u8),
    CutOut(usize),
    Inserted(Vec<u8>),
}

fn harm() -> impl Strategy<Value = Harm> {
    // Zeros and small numbers look like lengths.
    let byte = prop_oneof![Just(0), 0..3_u8, any::<u8>()];
    prop_oneof![
        (1..=255_u8).prop_map(Harm::Changed),
        (1..400_usize).prop_map(Harm::CutOut),
        vec(byte, 1..200).prop_map(Harm::Inserted),
    ]
}

fn some_record() -> impl Strategy<Value = Record> {
    let texts = vec("[A-Za-z0-9_-]{1,40}", 1..5);
    (any::<[u8; 32]>(), texts).prop_map(|(event, disclosures)| Record { event: EventId(event), disclosures })
}

proptest! {
    #[test]
    fn every_record_that_is_not_touched_is_found(
        records in vec(some_record(), 1..12),
        harms in vec((any::<prop::sample::Index>(), harm()), 1..4),
    ) {
        // Each byte with the record that it belongs to; what is inserted belongs to none.
        let mut bytes = Vec::new();
        for (number, record) in records.iter().enumerate() {
            bytes.extend(record.encode().unwrap().into_iter().map(|byte| (Some(number), byte)));
        }
        for (place, harm) in harms {
            if bytes.is_empty() {
                break;
            }
            let at = place.index(bytes.len());
            match harm {
                Harm::Changed(by) => bytes[at] = (None, bytes[at].1 ^ by),
                Harm::CutOut(length) => drop(bytes.drain(at..bytes.len().min(at + length))),
                Harm::Inserted(new) => drop(bytes.splice(at..at, new.into_iter().map(|byte| (None, byte)))),
            }
        }
        let owners: Vec<Option<usize>> = bytes.iter().map(|(owner, _)| *owner).collect();
        let bytes: Vec<u8> = bytes.into_iter().map(|(_, byte)| byte).collect();
        let disk = holding(&bytes);
        let found = parts(&disk, 0);
        for (number, record) in records.iter().enumerate() {
            let length = usize::try_from(record.length()).unwrap();
            let Some(first) = owners.iter().position(|owner| *owner == Some(number)) else { continue };
            let is_whole = owners[first..].iter().take_while(|owner| **owner == Some(number)).count() == length;
            let at = Stretch { offset: first as u64, length: record.length() };
            if is_whole {
                prop_assert!(found.contains(&Part::Record { at, held: record.clone() }), "{number} of {found:?}");
            }
        }
        // Nothing is left out, nothing is made up, and only the end is torn.
        prop_assert_eq!(found.last().map_or(0, end_of), bytes.len() as u64);
        prop_assert!(found.windows(2).all(|two| end_of(&two[0]) < end_of(&two[1]) && !matches!(two[0], Part::Torn(_))));
        let made_up = found.iter().filter(|part| matches!(part, Part::Record { held, .. } if !records.contains(held)));
        prop_assert_eq!(made_up.count(), 0);
        // Opening cuts off the torn end only, and what is appended then is found.
        let (mut private, cut) = open(&disk, 0).unwrap();
        prop_assert_eq!(cut.is_some(), matches!(found.last(), Some(Part::Torn(_))));
        append(&mut private, &[record(7)]).unwrap();
        let behind = parts(&disk, 0);
        let kept = found.len() - usize::from(cut.is_some());
        prop_assert_eq!(&behind[..kept], &found[..kept]);
        let is_new = matches!(&behind[kept..], [Part::Record { held, .. }] if *held == record(7));
        prop_assert!(is_new, "{behind:?}");
    }
}

#[test]
fn every_id_in_a_stretch_is_told_wherever_it_lies() {
    // More than is read at once; each place is told with what begins there, and none twice.
    let bytes: Vec<u8> = (0..600_000_u32).flat_map(|n| n.to_be_bytes()[2..].to_vec()).collect();
    let disk = holding(&bytes);
    for (offset, length) in [(0, bytes.len()), (5, 300_000), (262_100, 262_200), (7, 32), (7, 31), (7, 0)] {
        let mut told = Vec::new();
        let stretch = Stretch { offset: offset as u64, length: length as u64 };
        reader(&disk).each_id_in(stretch, &mut |id| told.push(id)).unwrap();
        assert!(told.iter().map(|id| &id.0[..]).eq(bytes[offset..offset + length].windows(32)), "{stretch:?}");
    }
}
