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

fn open(folder: &Path) -> Result<SledIndex, IndexError> {
    SledIndex::open(&folder.join("index"), &folder.join("index.lock"), &mut || false)
}

#[test]
fn memory_keeps_the_contract() {
    contract(&mut MemoryIndex::default());
}

#[test]
fn sled_keeps_the_contract_and_what_was_put() {
    let folder = tempfile::tempdir().unwrap();
    contract(&mut open(folder.path()).unwrap());
    let again = open(folder.path()).unwrap();
    assert_eq!(again.tip(), Ok(Some(tip(2))));
    assert_eq!(again.get(b"a"), Ok(Some(b"again".to_vec())));
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
