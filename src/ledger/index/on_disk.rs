//! The index on disk: sled 0.34, one tree, one batch at a time.
//!
//! Measured traps and what is done about them: `flush` is no fsync, so nothing here is relied on after a power cut; a kill
//! while opening can leave `snap.*.generating` behind, which makes every later open fail, so such files are removed first,
//! under our own lock; several trees are not atomic together, so there is one.

use super::guard::Database;
use super::{FIRST_RECORD, IndexError, KeyValue, Pairs, TIP_KEY, Tip, parse_tip, seal, tip_bytes, unseal, unusable};
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};

/// An index in a sled database; holds its lock file.
pub struct SledIndex {
    db: Database,
    _lock: File,
}

/// How much memory sled may use for its cache.
const CACHE_BYTES: u64 = 64 << 20;

impl SledIndex {
    /// Opens or creates the index in `folder`, guarded by the lock file `lock`; `wait` is asked while another process has
    /// it, and says whether to go on waiting.
    ///
    /// # Errors
    /// In use and `wait` gave up; unusable: then remove it ([`Self::remove`]) and build it anew.
    pub fn open(folder: &Path, lock: &Path, wait: &mut dyn FnMut() -> bool) -> Result<Self, IndexError> {
        let lock = acquire(lock, wait)?;
        remove_unfinished_snapshots(folder)?;
        let config = sled::Config::new().path(folder).cache_capacity(CACHE_BYTES).flush_every_ms(None);
        Ok(Self { db: open_settled(&config)?, _lock: lock })
    }

    /// Removes an index, so that the next [`Self::open`] makes an empty one.
    ///
    /// # Errors
    /// In use and `wait` gave up; the system's.
    pub fn remove(folder: &Path, lock: &Path, wait: &mut dyn FnMut() -> bool) -> Result<(), IndexError> {
        let _lock = acquire(lock, wait)?;
        match std::fs::remove_dir_all(folder) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(unusable(error)),
            _ => Ok(()),
        }
    }
}

impl SledIndex {
    fn write(&self, mut batch: sled::Batch, pairs: Pairs, tip: Tip) -> Result<(), IndexError> {
        for (key, value) in pairs {
            let sealed = seal(&key, &value);
            batch.insert(key, sealed);
        }
        batch.insert(TIP_KEY, seal(TIP_KEY, &tip_bytes(&tip)));
        self.db.ask(|db| {
            db.apply_batch(batch)?;
            db.flush()?;
            Ok(())
        })
    }
}

/// Opens the database. Threads of one that was just closed may keep sled's own lock a moment longer than ours, which says
/// that nobody else has it: then it is tried again for up to a second.
fn open_settled(config: &sled::Config) -> Result<Database, IndexError> {
    for _ in 0..100 {
        match Database::open(config) {
            Err(IndexError::Unusable(why)) if why.contains("could not acquire lock") => {
                std::thread::sleep(std::time::Duration::from_millis(10));
            }
            opened => return opened,
        }
    }
    Database::open(config)
}

fn acquire(path: &Path, wait: &mut dyn FnMut() -> bool) -> Result<File, IndexError> {
    let file = File::options().create(true).append(true).open(path).map_err(unusable)?;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(file),
            Err(TryLockError::WouldBlock) if wait() => {}
            Err(TryLockError::WouldBlock) => return Err(IndexError::Busy),
            Err(TryLockError::Error(error)) => return Err(unusable(error)),
        }
    }
}

/// Snapshots that a killed process left half written: `snap.*.generating`.
fn remove_unfinished_snapshots(folder: &Path) -> Result<(), IndexError> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(unusable(error)),
    };
    let is_unfinished = |path: &PathBuf| {
        let name = path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
        name.starts_with("snap.") && name.ends_with(".generating")
    };
    for path in entries.flatten().map(|entry| entry.path()).filter(is_unfinished) {
        std::fs::remove_file(path).map_err(unusable)?;
    }
    Ok(())
}

impl KeyValue for SledIndex {
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError> {
        let sealed = self.db.ask(|db| db.get(key))?;
        sealed.map(|sealed| unseal(key, &sealed)).transpose()
    }

    fn scan(&self, prefix: &[u8], from: Option<&[u8]>, most: usize) -> Result<Pairs, IndexError> {
        let from = from.filter(|from| *from > prefix).unwrap_or(prefix).max(FIRST_RECORD);
        let pairs = self.db.ask(|db| {
            let mut pairs = Vec::new();
            for pair in db.range(from.to_vec()..).take(most) {
                let (key, sealed) = pair?;
                if !key.starts_with(prefix) {
                    break;
                }
                pairs.push((key.to_vec(), sealed));
            }
            Ok(pairs)
        })?;
        let opened = pairs.into_iter().map(|(key, sealed)| unseal(&key, &sealed).map(|value| (key, value)));
        opened.collect()
    }

    fn apply(&mut self, pairs: Pairs, tip: Tip) -> Result<(), IndexError> {
        self.write(sled::Batch::default(), pairs, tip)
    }

    fn replace(&mut self, pairs: Pairs, tip: Tip) -> Result<(), IndexError> {
        let mut batch = sled::Batch::default();
        self.db.ask(|db| {
            for key in db.iter().keys() {
                batch.remove(key?);
            }
            Ok(())
        })?;
        self.write(batch, pairs, tip)
    }

    fn tip(&self) -> Result<Option<Tip>, IndexError> {
        self.get(TIP_KEY)?.map(|bytes| parse_tip(&bytes)).transpose()
    }

    fn bytes(&self) -> Option<u64> {
        self.db.ask(|db| db.size_on_disk()).ok()
    }
}
