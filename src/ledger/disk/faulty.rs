//! A disk in memory for tests and fuzzers: it forgets what was not synced, and fails at the call it is told to.
//!
//! Calls are counted from 1 over all files and folders of one disk. A test runs its scenario once to learn the number of
//! calls, then once for each of them with a [`Fault`] there, [restarts](FaultyDisk::restart) and looks at what is left.
//!
//! ```
//! use oretrail::ledger::disk::{Access, Cut, Disk, FaultyDisk, append_all, read_whole};
//! use std::path::Path;
//!
//! let disk = FaultyDisk::new();
//! let path = Path::new("/kept");
//! let mut file = disk.create_new(path, Access::Shared)?;
//! disk.sync_dir(Path::new("/"))?;
//! append_all(&mut *file, b"safe")?;
//! file.sync_data()?;
//! append_all(&mut *file, b", not safe")?;
//! disk.restart(Cut::LoseUnsynced);
//! assert_eq!(read_whole(&disk, path, 100)?, b"safe");
//! # Ok::<(), oretrail::ledger::disk::DiskError>(())
//! ```

mod model;

use super::{Access, Disk, DiskError, DiskFile, DiskResult, LockGuard, Metadata, TryLock};
use model::{Inode, Model};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// What goes wrong at the chosen call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// The call fails with `EIO`. A sync that fails so loses the bytes it should have kept, for good.
    Io,
    /// The call fails with `ENOSPC`.
    NoSpace,
    /// The call fails with `EINTR`.
    Interrupted,
    /// A write takes only half of the bytes and says so; other calls are not affected.
    ShortWrite,
    /// The process ends before the call: it and every later one fails, until the restart.
    Stop,
    /// Like [`Fault::Stop`], but a write still takes half of its bytes.
    StopTorn,
}

/// What a restart leaves of what was not synced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cut {
    /// All of it: the process ended, the machine did not. It is still not durable, and a later cut may take it.
    KeepAll,
    /// Nothing of it: the power went.
    LoseUnsynced,
    /// Some of it, chosen by this number: any subset of the names, and of each file's bytes any number of the first ones.
    Some(u64),
}

/// A disk in memory; clones share it. Paths are absolute, and `/` exists.
#[derive(Clone, Default)]
pub struct FaultyDisk {
    shared: Arc<Mutex<Shared>>,
}

#[derive(Default)]
struct Shared {
    model: Model,
    calls: u64,
    fault: Option<(u64, Fault)>,
    hit: Option<(&'static str, PathBuf)>,
    stopped: bool,
}

/// Whether a write may take all of its bytes.
#[derive(PartialEq)]
enum Extent {
    All,
    Half,
    HalfThenStop,
}

impl Shared {
    /// Counts a call and says whether it may run.
    fn enter(&mut self, call: &Call<'_>) -> DiskResult<Extent> {
        let fail = |code| Err(DiskError::new(call.doing, call.path, io::Error::from_raw_os_error(code)));
        if self.stopped {
            return fail(EIO);
        }
        self.calls += 1;
        if self.fault.is_some_and(|(at, _)| at == self.calls) {
            self.hit = Some((call.doing, call.path.to_owned()));
        }
        match self.fault {
            Some((at, fault)) if at == self.calls => match fault {
                Fault::Io => fail(EIO),
                Fault::NoSpace => fail(ENOSPC),
                Fault::Interrupted => fail(EINTR),
                Fault::ShortWrite => Ok(Extent::Half),
                Fault::StopTorn if call.doing == WRITE => Ok(Extent::HalfThenStop),
                Fault::Stop | Fault::StopTorn => {
                    self.stopped = true;
                    fail(EIO)
                }
            },
            _ => Ok(Extent::All),
        }
    }
}

struct Call<'a> {
    doing: &'static str,
    path: &'a Path,
}

const WRITE: &str = "write to";
const EINTR: i32 = 4;
const EIO: i32 = 5;
const ENOSPC: i32 = 28;

impl FaultyDisk {
    /// An empty disk without faults.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// How many calls were made since the disk was made or restarted.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.shared().calls
    }

    /// Makes the `call`-th call (counted from 1, since the disk was made or restarted) fail.
    pub fn fail_at(&self, call: u64, fault: Fault) {
        self.shared().fault = Some((call, fault));
    }

    /// Which call the fault met, as in "cannot … PATH"; none where there were not so many calls, or since a restart.
    #[must_use]
    pub fn hit(&self) -> Option<(&'static str, PathBuf)> {
        self.shared().hit.clone()
    }

    /// Ends the process that uses the disk and starts another: locks are free, the fault is forgotten, calls count from 1,
    /// and of what was not synced `cut` stays. Files opened before must not be used any more.
    pub fn restart(&self, cut: Cut) {
        let mut shared = self.shared();
        shared.model.cut(cut);
        (shared.calls, shared.fault, shared.hit, shared.stopped) = (0, None, None, false);
    }

    /// A second disk that holds what a restart would leave of this one, and goes its own way from there.
    #[must_use]
    pub fn fork(&self, cut: Cut) -> Self {
        let model = self.shared().model.clone();
        let fork = Self { shared: Arc::new(Mutex::new(Shared { model, ..Shared::default() })) };
        fork.restart(cut);
        fork
    }

    /// The names and bytes of all files as a program sees them, for comparing states.
    #[must_use]
    pub fn files(&self) -> Vec<(PathBuf, Vec<u8>)> {
        self.shared().model.files()
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn run<T>(&self, doing: &'static str, path: &Path, f: impl FnOnce(&mut Model) -> io::Result<T>) -> DiskResult<T> {
        let mut shared = self.shared();
        shared.enter(&Call { doing, path })?;
        f(&mut shared.model).map_err(|cause| DiskError::new(doing, path, cause))
    }

    fn file(&self, path: &Path, inode: Inode, writable: bool) -> Box<dyn DiskFile> {
        Box::new(FaultyFile { disk: self.clone(), path: path.to_owned(), inode, writable })
    }
}

impl std::fmt::Debug for FaultyDisk {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FaultyDisk").field("calls", &self.calls()).finish_non_exhaustive()
    }
}

impl Disk for FaultyDisk {
    fn create_new(&self, path: &Path, access: Access) -> DiskResult<Box<dyn DiskFile>> {
        let inode = self.run("create", path, |model| model.create(path, access))?;
        Ok(self.file(path, inode, true))
    }

    fn open(&self, path: &Path) -> DiskResult<Box<dyn DiskFile>> {
        let inode = self.run("open", path, |model| model.find(path))?;
        Ok(self.file(path, inode, false))
    }

    fn open_append(&self, path: &Path) -> DiskResult<Box<dyn DiskFile>> {
        let inode = self.run("open for writing", path, |model| model.find(path))?;
        Ok(self.file(path, inode, true))
    }

    fn metadata(&self, path: &Path) -> DiskResult<Option<Metadata>> {
        self.run("look at", path, |model| Ok(model.metadata(path)))
    }

    fn list(&self, folder: &Path) -> DiskResult<Vec<String>> {
        self.run("list", folder, |model| model.list(folder))
    }

    fn create_dir(&self, path: &Path) -> DiskResult<()> {
        self.run("create the folder", path, |model| model.create_dir(path))
    }

    fn rename(&self, from: &Path, to: &Path) -> DiskResult<()> {
        self.run("move", from, |model| model.rename(from, to))
    }

    fn remove_file(&self, path: &Path) -> DiskResult<()> {
        self.run("remove", path, |model| model.remove(path))
    }

    fn sync_dir(&self, folder: &Path) -> DiskResult<()> {
        self.run("sync the folder", folder, |model| model.sync_dir(folder))
    }

    fn try_lock(&self, path: &Path, holder: &str) -> DiskResult<TryLock> {
        let taken = self.run("lock", path, |model| model.lock(path, holder))?;
        Ok(match taken {
            Ok(serial) => TryLock::Held(LockGuard::new(Locked { disk: self.clone(), path: path.to_owned(), serial })),
            Err(holder) => TryLock::Busy { holder },
        })
    }
}

/// A held lock; its serial keeps a guard from before a restart from freeing a lock taken after it.
struct Locked {
    disk: FaultyDisk,
    path: PathBuf,
    serial: u64,
}

impl Drop for Locked {
    fn drop(&mut self) {
        self.disk.shared().model.unlock(&self.path, self.serial);
    }
}

struct FaultyFile {
    disk: FaultyDisk,
    path: PathBuf,
    inode: Inode,
    writable: bool,
}

impl FaultyFile {
    fn writable(&self, doing: &'static str) -> DiskResult<()> {
        let denied = || DiskError::new(doing, &self.path, io::ErrorKind::PermissionDenied.into());
        if self.writable { Ok(()) } else { Err(denied()) }
    }
}

impl DiskFile for FaultyFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn length(&mut self) -> DiskResult<u64> {
        self.disk.run("read the length of", &self.path, |model| model.len(self.inode))
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> DiskResult<usize> {
        self.disk.run("read", &self.path, |model| model.read(self.inode, offset, buffer))
    }

    fn append(&mut self, bytes: &[u8]) -> DiskResult<usize> {
        self.writable(WRITE)?;
        let mut shared = self.disk.shared();
        let extent = shared.enter(&Call { doing: WRITE, path: &self.path })?;
        let count = if extent == Extent::All { bytes.len() } else { bytes.len().div_ceil(2) };
        let taken = bytes.get(..count).unwrap_or_default();
        shared.model.append(self.inode, taken).map_err(|cause| DiskError::new(WRITE, &self.path, cause))?;
        if extent == Extent::HalfThenStop {
            shared.stopped = true;
            return Err(DiskError::new(WRITE, &self.path, io::Error::from_raw_os_error(EIO)));
        }
        Ok(count)
    }

    fn truncate(&mut self, len: u64) -> DiskResult<()> {
        self.writable("cut")?;
        self.disk.run("cut", &self.path, |model| model.truncate(self.inode, len))
    }

    fn sync_data(&mut self) -> DiskResult<()> {
        let mut shared = self.disk.shared();
        let entered = shared.enter(&Call { doing: "sync", path: &self.path });
        if shared.stopped {
            return entered.map(|_| ());
        }
        shared.model.sync(self.inode, entered.is_ok()).map_err(|cause| DiskError::new("sync", &self.path, cause))?;
        entered.map(|_| ())
    }
}
