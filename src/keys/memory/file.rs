//! The file of the signing memory: reading, appending, cutting a torn line, replacing a long file by a short one.

use super::{MemoryError, Record, Remembered};
use crate::ledger::disk::{
    Access, Disk, DiskFile, LockGuard, TryLock, append_all, create_dirs, read_if_present, replace_durably,
};
use crate::ledger::lines::{self, line_of};
use crate::value::KeyId;
use std::path::{Path, PathBuf};

const FILE: &str = "signing-memory";
const LOCK: &str = "signing-memory.lock";

/// The longest file that is read; compaction keeps it far below.
const MAX_BYTES: u64 = 256 << 20;

/// The signing memory of a key folder, held by this process alone.
pub struct SigningMemory<'d> {
    disk: &'d dyn Disk,
    folder: PathBuf,
    remembered: Remembered,
    file: Option<Box<dyn DiskFile>>,
    length: u64,
    latched: bool,
    _lock: LockGuard,
}

/// What a file adds up to, and how much of it is sound.
struct Loaded {
    remembered: Remembered,
    sound: u64,
    length: u64,
}

impl<'d> SigningMemory<'d> {
    /// A file longer than this is replaced, once most of it is history.
    const COMPACT_ABOVE: u64 = 1 << 20;

    /// Opens the memory of a key folder for signing; a folder without one has an empty one.
    ///
    /// `holder` names this process to others that want it; `wait` is asked while another process has it, and may pause; it
    /// says whether to go on waiting.
    ///
    /// # Errors
    /// In use and `wait` gave up; damaged before the last line; the disk's.
    pub fn open(
        disk: &'d dyn Disk,
        folder: &Path,
        holder: &str,
        wait: &mut dyn FnMut() -> bool,
    ) -> Result<Self, MemoryError> {
        create_dirs(disk, folder)?;
        let lock = acquire(disk, &folder.join(LOCK), holder, wait)?;
        let loaded = load(disk, folder)?;
        let mut memory = Self {
            disk,
            folder: folder.to_owned(),
            remembered: loaded.remembered,
            file: None,
            length: loaded.sound,
            latched: false,
            _lock: lock,
        };
        if loaded.sound < loaded.length {
            let file = memory.file()?;
            file.truncate(loaded.sound)?;
            file.sync_data()?;
        }
        Ok(memory)
    }

    /// Reads the memory of a key folder without holding it; a torn last line is passed over.
    pub fn peek(disk: &dyn Disk, folder: &Path) -> Result<Remembered, MemoryError> {
        Ok(load(disk, folder)?.remembered)
    }

    /// What is remembered.
    #[must_use]
    pub const fn remembered(&self) -> &Remembered {
        &self.remembered
    }

    /// Enters a new key, which has signed nothing yet; durable on return.
    pub fn enter(&mut self, kid: KeyId) -> Result<(), MemoryError> {
        self.append(&Record { keys: vec![kid], ..Record::default() })
    }

    /// Writes down what is about to be let out; durable on return.
    ///
    /// # Errors
    /// The record does not extend what is remembered, and nothing was written; or the disk's, and then the memory must be
    /// opened again: the record may have been kept or not.
    pub fn append(&mut self, record: &Record) -> Result<(), MemoryError> {
        if self.latched {
            return Err(MemoryError::Latched);
        }
        self.remembered.check_extends(record)?;
        let line = line_of(record)?;
        self.latched = true;
        let file = self.file()?;
        append_all(&mut **file, &line)?;
        file.sync_data()?;
        self.latched = false;
        self.length += line.len() as u64;
        self.remembered.apply(record)?;
        self.compact()
    }

    /// The open file, made if there is none.
    fn file(&mut self) -> Result<&mut Box<dyn DiskFile>, MemoryError> {
        if self.file.is_none() {
            let path = self.folder.join(FILE);
            let opened = match self.disk.open_append(&path) {
                Err(error) if error.is_absent() => self.disk.create_new(&path, Access::OwnerOnly)?,
                other => other?,
            };
            // Also of a file that was there: whoever made it may have been stopped before its name was durable.
            self.disk.sync_dir(&self.folder)?;
            self.file = Some(opened);
        }
        self.file.as_mut().ok_or(MemoryError::Latched)
    }

    /// Replaces a long file by one record of the same content.
    fn compact(&mut self) -> Result<(), MemoryError> {
        if self.length <= Self::COMPACT_ABOVE {
            return Ok(());
        }
        let line = line_of(&self.remembered.to_record())?;
        if (line.len() as u64).saturating_mul(4) > self.length {
            return Ok(());
        }
        self.latched = true;
        self.file = None;
        replace_durably(self.disk, &self.folder.join(FILE), &line, Access::OwnerOnly)?;
        self.latched = false;
        self.length = line.len() as u64;
        Ok(())
    }
}

impl std::fmt::Debug for SigningMemory<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("SigningMemory").field("folder", &self.folder).field("length", &self.length).finish()
    }
}

fn acquire(
    disk: &dyn Disk,
    path: &Path,
    holder: &str,
    wait: &mut dyn FnMut() -> bool,
) -> Result<LockGuard, MemoryError> {
    loop {
        match disk.try_lock(path, holder)? {
            TryLock::Held(guard) => return Ok(guard),
            TryLock::Busy { .. } if wait() => {}
            TryLock::Busy { holder } => return Err(MemoryError::Busy { path: path.to_owned(), holder }),
        }
    }
}

fn load(disk: &dyn Disk, folder: &Path) -> Result<Loaded, MemoryError> {
    let path = folder.join(FILE);
    let bytes = read_if_present(disk, &path, MAX_BYTES)?.unwrap_or_default();
    let damaged = |line, problem| MemoryError::Damaged { path: path.clone(), line, problem };
    // What a crash tore was never acknowledged. Bit rot of the last line looks the same; then the ledger is ahead of the
    // memory, which is noticed when it is asked for the next position.
    let found = lines::read::<Record>(&bytes).map_err(|error| damaged(error.line, error.problem))?;
    let mut remembered = Remembered::empty(folder);
    for (line, record) in (1..).zip(&found.records) {
        remembered.apply(record).map_err(|error| damaged(line, error.to_string()))?;
    }
    Ok(Loaded { remembered, sound: found.sound, length: bytes.len() as u64 })
}
