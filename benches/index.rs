//! Stores behind the index's trait: sled and redb alone, and each of them under the sorted runs, as the index is built.
//!
//! `cargo bench --bench index -- [COUNT]`: puts so many records in batches of 20,000, then 200 single ones, each batch durable;
//! closes, opens, and reads at random. Prints what is for one run; README.md beside it says how figures are taken.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "a benchmark, where a panic is the failure")]
#![expect(clippy::print_stdout, reason = "its figures are its purpose")]

use oretrail::ledger::index::{IndexError, KeyValue, Layered, Pairs, SledIndex, Tip};
use oretrail::value::{EventId, Sha256};
use redb::{Database, ReadableDatabase as _, TableDefinition, TableError};
use std::path::Path;
use std::time::Instant;

const BATCH: u64 = 20_000;
const SINGLE: u64 = 200;
const READS: u64 = 10_000;

/// Records and tip in one table.
const TABLE: TableDefinition<'_, &[u8], &[u8]> = TableDefinition::new("index");
const TIP: &[u8] = &[0];

/// The trait over redb, each value behind its eight bytes of BLAKE3, as the contract asks.
struct RedbIndex {
    db: Database,
}

fn unusable(error: impl std::fmt::Display) -> IndexError {
    IndexError::Unusable(error.to_string())
}

fn sum(key: &[u8], value: &[u8]) -> [u8; 8] {
    let mut hasher = blake3::Hasher::new();
    hasher.update(&(key.len() as u64).to_be_bytes()).update(key).update(value);
    *hasher.finalize().as_bytes().first_chunk().unwrap()
}

fn unsealed(key: &[u8], sealed: &[u8]) -> Result<Vec<u8>, IndexError> {
    let (found, value) = sealed.split_at_checked(8).ok_or_else(|| unusable("a short value"))?;
    if found == sum(key, value) { Ok(value.to_vec()) } else { Err(unusable("a changed value")) }
}

impl RedbIndex {
    fn open(path: &Path) -> Self {
        Self { db: Database::create(path).unwrap() }
    }

    fn write(&self, pairs: Pairs, tip: Tip, is_anew: bool) -> Result<(), redb::Error> {
        let write = self.db.begin_write()?;
        if is_anew {
            write.delete_table(TABLE)?;
        }
        {
            let mut table = write.open_table(TABLE)?;
            let tip = [&tip.size.to_be_bytes()[..], &tip.root.0].concat();
            for (key, value) in pairs.into_iter().chain([(TIP.to_vec(), tip)]) {
                let sealed = [&sum(&key, &value)[..], &value].concat();
                table.insert(&*key, &*sealed)?;
            }
        }
        Ok(write.commit()?)
    }

    fn read<T>(
        &self,
        read: impl FnOnce(redb::ReadOnlyTable<&'static [u8], &'static [u8]>) -> Result<T, IndexError>,
    ) -> Result<Option<T>, IndexError> {
        match self.db.begin_read().map_err(unusable)?.open_table(TABLE) {
            Ok(table) => read(table).map(Some),
            Err(TableError::TableDoesNotExist(_)) => Ok(None),
            Err(error) => Err(unusable(error)),
        }
    }
}

impl KeyValue for RedbIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        let found = self.read(|table| {
            let found = table.get(key).map_err(unusable)?;
            found.map(|sealed| unsealed(key, sealed.value())).transpose()
        })?;
        Ok(found.flatten())
    }

    fn scan(&self, prefix: &[u8], from: Option<&[u8]>, most: usize) -> Result<Pairs, IndexError> {
        let begin = from.filter(|from| *from > prefix).unwrap_or(prefix);
        let found = self.read(|table| {
            let mut pairs = Pairs::new();
            for one in table.range(begin..).map_err(unusable)? {
                let (key, sealed) = one.map_err(unusable)?;
                if !key.value().starts_with(prefix) || pairs.len() >= most {
                    break;
                }
                if key.value() != TIP {
                    pairs.push((key.value().to_vec(), unsealed(key.value(), sealed.value())?));
                }
            }
            Ok(pairs)
        })?;
        Ok(found.unwrap_or_default())
    }

    fn apply(&mut self, pairs: Pairs, tip: Tip) -> Result<(), IndexError> {
        self.write(pairs, tip, false).map_err(unusable)
    }

    fn replace(&mut self, pairs: Pairs, tip: Tip) -> Result<(), IndexError> {
        self.write(pairs, tip, true).map_err(unusable)
    }

    fn tip(&self) -> Result<Option<Tip>, IndexError> {
        let Some(bytes) = self.get(TIP)? else { return Ok(None) };
        let (size, root) = bytes.split_first_chunk::<8>().ok_or_else(|| unusable("a short tip"))?;
        let root = Sha256(root.try_into().map_err(unusable)?);
        Ok(Some(Tip { size: u64::from_be_bytes(*size), root }))
    }

    fn bytes(&self) -> Option<u64> {
        None
    }
}

/// A record: its key is a digest behind a letter, its value as long as that of an event.
fn record(number: u64) -> (Vec<u8>, Vec<u8>) {
    let id = EventId::of_signing_input(&number.to_be_bytes());
    let key = [b"e", &id.0[..]].concat();
    (key, id.0.repeat(4))
}

fn tip(size: u64) -> Tip {
    Tip { size, root: Sha256::of(&size.to_be_bytes()) }
}

fn bytes_under(path: &Path) -> u64 {
    match std::fs::read_dir(path) {
        Ok(inside) => inside.map(|entry| bytes_under(&entry.unwrap().path())).sum(),
        Err(_) => std::fs::metadata(path).map_or(0, |metadata| metadata.len()),
    }
}

fn seconds<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let start = Instant::now();
    let done = work();
    (done, start.elapsed().as_secs_f64())
}

fn measure<K: KeyValue>(name: &str, count: u64, open: &dyn Fn(&Path) -> K) {
    let folder = tempfile::tempdir().unwrap();
    let mut index = open(folder.path());
    let put = |index: &mut K, numbers: std::ops::Range<u64>| {
        let end = numbers.end;
        index.apply(numbers.map(record).collect(), tip(end)).unwrap();
    };
    let batches = (0..count).step_by(usize::try_from(BATCH).unwrap());
    let ((), many) = seconds(|| batches.for_each(|from| put(&mut index, from..(from + BATCH).min(count))));
    let ((), single) = seconds(|| (count..count + SINGLE).for_each(|number| put(&mut index, number..number + 1)));
    let all = count + SINGLE;
    drop(index);
    let size = bytes_under(folder.path()) >> 20;
    let mut opened: Vec<f64> =
        (0..5).map(|_| seconds(|| open(folder.path()).tip().unwrap().unwrap()).1 * 1e3).collect();
    opened.sort_by(f64::total_cmp);
    let index = open(folder.path());
    assert_eq!(index.tip().unwrap(), Some(tip(all)));
    let ((), reads) = seconds(|| {
        for read in 0..READS {
            let (key, value) = record(read * 7_919 % all);
            assert_eq!(index.get(&key).unwrap(), Some(value));
        }
    });
    let (puts, gets) = (many * 1e6 / count as f64, reads * 1e6 / READS as f64);
    let one = single * 1e3 / SINGLE as f64;
    println!(
        "{name:<18} put {puts:>6.1} µs  one alone {one:>6.2} ms  open {:>7.1} ms  get {gets:>6.1} µs  {size:>6} MB",
        opened[2]
    );
}

fn sled(folder: &Path) -> SledIndex {
    SledIndex::open(&folder.join("sled"), &folder.join("lock"), &mut || true).unwrap()
}

fn redb(folder: &Path) -> RedbIndex {
    RedbIndex::open(&folder.join("redb"))
}

fn layered<K: KeyValue>(recent: K, folder: &Path) -> Layered<K> {
    let runs = folder.join("runs");
    std::fs::create_dir_all(&runs).unwrap();
    Layered::new(recent, runs).unwrap()
}

fn main() {
    let count = std::env::args().skip(1).filter(|word| word != "--bench").find_map(|word| word.parse().ok());
    let count = count.unwrap_or(100_000);
    println!("{count} records of 33 and 128 bytes");
    measure("sled", count, &sled);
    measure("redb", count, &redb);
    measure("runs over sled", count, &|folder| layered(sled(folder), folder));
    measure("runs over redb", count, &|folder| layered(redb(folder), folder));
}
