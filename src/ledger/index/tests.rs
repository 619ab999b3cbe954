use super::*;
use std::path::Path;

fn tip(size: u64) -> Tip {
    Tip { size, root: Sha256::of(&size.to_be_bytes()) }
}

fn pair(key: &str, value: &str) -> (Vec<u8>, Vec<u8>) {
    (key.as_bytes().to_vec(), value.as_bytes().to_vec())
}

/// What every implementation must do.
fn contract(index: &mut dyn KeyValue) {
    assert_eq!(index.tip(), Ok(None));
    assert_eq!(index.get(b"a"), Ok(None));
    assert_eq!(index.scan(b"", None, 10), Ok(Vec::new()));
    index.apply(vec![pair("b", "2"), pair("a2", "x"), pair("a1", ""), pair("a", "1")], tip(1)).unwrap();
    assert_eq!(index.tip(), Ok(Some(tip(1))));
    assert_eq!(index.get(b"a1"), Ok(Some(Vec::new())));
    assert_eq!(index.scan(b"a", None, 10), Ok(vec![pair("a", "1"), pair("a1", ""), pair("a2", "x")]));
    assert_eq!(index.scan(b"a", Some(b"a1"), 1), Ok(vec![pair("a1", "")]));
    assert_eq!(index.scan(b"a", Some(b"A"), 1), Ok(vec![pair("a", "1")]), "`from` below the prefix does not widen it");
    assert_eq!(index.scan(b"", None, 10).unwrap().len(), 4, "the tip is no record");
    assert_eq!(index.scan(b"c", None, 10), Ok(Vec::new()));
    index.apply(vec![pair("a", "again")], tip(2)).unwrap();
    assert_eq!(index.get(b"a"), Ok(Some(b"again".to_vec())));
    assert_eq!(index.tip(), Ok(Some(tip(2))));
}

/// As [`contract`], from behind: what replaces hides what was there.
fn replacing(index: &mut dyn KeyValue) {
    index.replace(vec![pair("d", "4"), pair("a1", "new")], tip(3)).unwrap();
    assert_eq!(index.tip(), Ok(Some(tip(3))));
    assert_eq!(index.get(b"a"), Ok(None));
    assert_eq!(index.scan(b"", None, 10), Ok(vec![pair("a1", "new"), pair("d", "4")]));
}

fn open(folder: &Path) -> Result<SledIndex, IndexError> {
    SledIndex::open(&folder.join("index"), &folder.join("index.lock"), &mut || false)
}

#[test]
fn memory_keeps_the_contract() {
    let mut index = MemoryIndex::default();
    contract(&mut index);
    replacing(&mut index);
}

#[test]
fn layers_keep_the_contract_over_memory_and_over_sled() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = Layered::new(MemoryIndex::default(), folder.path().join("runs")).unwrap();
    contract(&mut index);
    replacing(&mut index);
    let mut index = open_layers(folder.path()).unwrap();
    contract(&mut index);
    replacing(&mut index);
}

fn open_layers(folder: &Path) -> Result<DiskIndex, IndexError> {
    DiskIndex::open(&folder.join("index"), &folder.join("index.lock"), &mut || false)
}

/// A slice of records like those of a ledger: new keys without order, and some that were put before.
fn slice(number: u64, count: u64) -> Pairs {
    let record = |n: u64| {
        let digest = Sha256::of(&(n % (7 * count)).to_be_bytes()).0;
        let key = [&b"elnt"[usize::from(digest[0] % 4)..][..1], &digest].concat();
        (key, format!("{number} {n}").into_bytes().repeat(1 + usize::from(digest[1] % 9)))
    };
    (number * count..(number + 1) * count).map(record).collect()
}

/// Layers and a plain map that were given the same, in slices of several sizes.
fn grown(index: &mut dyn KeyValue) -> MemoryIndex {
    let mut twin = MemoryIndex::default();
    for (number, count) in (1..).zip([3, 900, 5_000, 1_200, 1, 2_000, 300, 3_000, 3_000].repeat(4)) {
        index.apply(slice(number, count), tip(number)).unwrap();
        twin.apply(slice(number, count), tip(number)).unwrap();
    }
    twin
}

fn assert_same(index: &dyn KeyValue, twin: &MemoryIndex) {
    assert_eq!(index.tip(), twin.tip());
    let all = twin.scan(b"", None, usize::MAX).unwrap();
    assert!(all.len() > 20_000);
    assert_eq!(index.scan(b"", None, usize::MAX).unwrap(), all);
    for (key, value) in all.iter().step_by(7) {
        assert_eq!(index.get(key).unwrap().as_ref(), Some(value));
        let absent = [key.as_slice(), b"x"].concat();
        assert_eq!(index.get(&absent), Ok(None));
        assert_eq!(index.scan(&key[..3], Some(key), 5), twin.scan(&key[..3], Some(key), 5));
    }
}

#[test]
fn layers_find_what_a_plain_map_finds_in_few_runs_also_after_opening_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = open_layers(folder.path()).unwrap();
    let twin = grown(&mut index);
    assert_same(&index, &twin);
    assert!(index.runs() > 1 && index.runs() <= 2 * FAN_OUT, "{} runs", index.runs());
    drop(index);
    let index = open_layers(folder.path()).unwrap();
    assert_same(&index, &twin);
    let files = std::fs::read_dir(folder.path().join("index/runs")).unwrap().count();
    assert_eq!(files, index.runs(), "merged runs are removed");
}

#[test]
fn sled_holds_few_records_however_many_the_layers_hold() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = open_layers(folder.path()).unwrap();
    grown(&mut index);
    drop(index);
    let sled = open(folder.path()).unwrap();
    assert!(sled.scan(b"", None, usize::MAX).unwrap().len() as u64 <= MOST_RECENT);
}

#[test]
fn what_a_kill_leaves_of_a_run_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = open_layers(folder.path()).unwrap();
    let twin = grown(&mut index);
    drop(index);
    let stray = folder.path().join("index/runs/0000009999");
    std::fs::write(&stray, b"half a run").unwrap();
    assert_same(&open_layers(folder.path()).unwrap(), &twin);
    assert!(!stray.exists());
}

#[test]
fn a_bent_cut_or_missing_run_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = open_layers(folder.path()).unwrap();
    grown(&mut index);
    drop(index);
    let file = std::fs::read_dir(folder.path().join("index/runs")).unwrap().next().unwrap().unwrap().path();
    let bytes = std::fs::read(&file).unwrap();
    let read_all = || {
        let _ = std::fs::remove_file(folder.path().join("index/runs/damaged"));
        open_layers(folder.path()).and_then(|index| index.scan(b"", None, usize::MAX))
    };
    assert!(read_all().is_ok());
    for position in (0..bytes.len()).step_by(bytes.len() / 97) {
        let mut bent = bytes.clone();
        bent[position] ^= 4;
        std::fs::write(&file, &bent).unwrap();
        assert!(matches!(read_all(), Err(IndexError::Damaged(_))), "byte {position} of {}", bytes.len());
    }
    std::fs::write(&file, &bytes[..bytes.len() - 1]).unwrap();
    assert!(matches!(read_all(), Err(IndexError::Damaged(_))));
    std::fs::remove_file(&file).unwrap();
    assert!(matches!(read_all(), Err(IndexError::Unusable(_))));
}

#[test]
fn sled_keeps_the_contract_and_what_was_put() {
    let folder = tempfile::tempdir().unwrap();
    contract(&mut open(folder.path()).unwrap());
    let mut again = open(folder.path()).unwrap();
    assert_eq!(again.tip(), Ok(Some(tip(2))));
    assert_eq!(again.get(b"a"), Ok(Some(b"again".to_vec())));
    replacing(&mut again);
}

#[test]
fn a_lock_that_sled_lets_go_of_a_moment_later_is_waited_for() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    // Not by our own lock, as the threads of a database that was closed.
    let lingering = sled::open(folder.path().join("index")).unwrap();
    let closing = std::thread::spawn(move || {
        std::thread::sleep(std::time::Duration::from_millis(20));
        drop(lingering);
    });
    assert!(open(folder.path()).is_ok());
    closing.join().unwrap();
}

#[test]
fn an_index_found_damaged_in_use_does_not_open_again_until_it_is_removed() {
    let folder = tempfile::tempdir().unwrap();
    let mut index = open_layers(folder.path()).unwrap();
    grown(&mut index);
    let file = std::fs::read_dir(folder.path().join("index/runs")).unwrap().next().unwrap().unwrap().path();
    let mut bytes = std::fs::read(&file).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&file, &bytes).unwrap();
    assert!(matches!(index.scan(b"", None, usize::MAX), Err(IndexError::Damaged(_))));
    drop(index);
    assert!(matches!(open_layers(folder.path()), Err(IndexError::Damaged(_))));
    let lock = folder.path().join("index.lock");
    DiskIndex::remove(&folder.path().join("index"), &lock, &mut || false).unwrap();
    assert_eq!(open_layers(folder.path()).unwrap().tip(), Ok(None));
}

#[test]
fn a_second_opener_is_told_that_the_index_is_in_use() {
    let folder = tempfile::tempdir().unwrap();
    let _first = open(folder.path()).unwrap();
    let mut asked = 0;
    let lock = folder.path().join("index.lock");
    let second = SledIndex::open(&folder.path().join("index"), &lock, &mut || {
        asked += 1;
        asked < 3
    });
    assert_eq!(second.err(), Some(IndexError::Busy));
    assert_eq!(asked, 3);
}

#[test]
fn a_snapshot_left_half_written_does_not_keep_the_index_shut() {
    let folder = tempfile::tempdir().unwrap();
    drop(open(folder.path()).unwrap());
    std::fs::write(folder.path().join("index/snap.0000000000000001.generating"), b"torn").unwrap();
    assert!(open(folder.path()).is_ok());
}

#[test]
fn a_removed_index_comes_back_empty() {
    let folder = tempfile::tempdir().unwrap();
    open(folder.path()).unwrap().apply(vec![pair("a", "1")], tip(1)).unwrap();
    SledIndex::remove(&folder.path().join("index"), &folder.path().join("index.lock"), &mut || false).unwrap();
    assert_eq!(open(folder.path()).unwrap().tip(), Ok(None));
}

#[test]
fn a_damaged_value_is_an_error() {
    let sealed = seal(b"key", b"value");
    assert_eq!(unseal(b"key", &sealed), Ok(b"value".to_vec()));
    assert!(unseal(b"kez", &sealed).is_err());
    assert!(unseal(b"ke", b"").is_err());
    for position in 0..sealed.len() {
        let mut bent = sealed.clone();
        bent[position] ^= 1;
        assert!(unseal(b"key", &bent).is_err(), "{position}");
    }
}
