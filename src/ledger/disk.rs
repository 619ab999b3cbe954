//! Every file effect of the ledger and of the key folder, behind one trait.
//!
//! [`RealDisk`] is the operating system; [`FaultyDisk`] is a disk in memory that keeps what a program sees apart from what
//! survives a power cut, and fails where it is told to. One conformance test runs on both.
//!
//! # Contract
//!
//! - **Durability.** Bytes of a file are durable after [`DiskFile::sync_data`]; a name (of a new file, a new folder, after a
//!   rename or removal) is durable after [`Disk::sync_dir`] of the folder that holds it. Nothing else is promised.
//! - **Atomicity.** [`Disk::rename`] replaces its target in one step: others see the old file or the new one. Anything
//!   else may be seen half done, and after a cut any part of what was not yet durable may be there.
//! - **Failure.** After a failed sync the bytes in question may be lost though a later sync succeeds. Callers must not
//!   go on; see `log` for the latch.
//! - **Absence.** A missing file is [`std::io::ErrorKind::NotFound`], except for [`Disk::metadata`], which says `None`.
//! - **Conflict.** [`Disk::create_new`] refuses an existing name ([`std::io::ErrorKind::AlreadyExists`]).
//!
//! Not in scope: sled's own files (`index`), which are derived and may be lost.

mod faulty;
mod real;
mod sequential;

pub use faulty::{Cut, Fault, FaultyDisk};
pub use real::RealDisk;
pub use sequential::{Sequential, read_sequentially};

use std::any::Any;
use std::io;
use std::path::{Path, PathBuf};

/// A file operation that failed: what was tried, where, and the system's reason.
#[derive(Debug, thiserror::Error)]
#[error("cannot {doing} {}: {cause}", path.display())]
pub struct DiskError {
    /// What was tried, as in "cannot … PATH".
    pub doing: &'static str,
    /// On which file or folder.
    pub path: PathBuf,
    /// The system's reason.
    #[source]
    pub cause: io::Error,
}

impl DiskError {
    /// Names the operation and the path of a system error.
    #[must_use]
    pub fn new(doing: &'static str, path: &Path, cause: io::Error) -> Self {
        Self { doing, path: path.to_owned(), cause }
    }

    /// Whether the file or folder was not there.
    #[must_use]
    pub fn is_absent(&self) -> bool {
        self.cause.kind() == io::ErrorKind::NotFound
    }

    /// Whether a name was already taken.
    #[must_use]
    pub fn is_conflict(&self) -> bool {
        self.cause.kind() == io::ErrorKind::AlreadyExists
    }
}

/// The result of a file operation.
pub type DiskResult<T> = Result<T, DiskError>;

/// Who may read a new file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Access {
    /// As the user's umask says.
    Shared,
    /// Only the user (mode 0600 on Unix).
    OwnerOnly,
}

/// What a path names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Metadata {
    /// Length in bytes (0 for a folder).
    pub len: u64,
    /// Whether it is a folder.
    pub is_dir: bool,
    /// Whether group or others have any permission on it (always false where the system has no such notion).
    pub open_to_others: bool,
}

/// An open file. Writing appends; reading is by offset.
pub trait DiskFile: Send {
    /// The path it was opened under, for messages.
    fn path(&self) -> &Path;

    /// Its length in bytes.
    ///
    /// # Errors
    /// When the system cannot tell.
    fn length(&mut self) -> DiskResult<u64>;

    /// Reads at most `buffer.len()` bytes from `offset` on and says how many; 0 means end of file.
    ///
    /// # Errors
    /// The system's, also `Interrupted`; [`read_exact_at`] retries that.
    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> DiskResult<usize>;

    /// Appends some of `bytes` at the end and says how many; [`append_all`] does it until all are written.
    ///
    /// # Errors
    /// The system's, also `Interrupted`.
    fn append(&mut self, bytes: &[u8]) -> DiskResult<usize>;

    /// Cuts the file to `len` bytes. Durable after [`DiskFile::sync_data`].
    ///
    /// # Errors
    /// The system's.
    fn truncate(&mut self, len: u64) -> DiskResult<()>;

    /// Makes its bytes and its length durable (`fdatasync`).
    ///
    /// # Errors
    /// The system's; then the bytes written since the last sync must be taken for lost.
    fn sync_data(&mut self) -> DiskResult<()>;
}

/// An exclusive lock, released when dropped or when the process ends.
pub struct LockGuard {
    /// Whatever the disk must keep alive.
    _held: Box<dyn Any + Send + Sync>,
}

impl LockGuard {
    /// Wraps what keeps the lock.
    fn new(held: impl Any + Send + Sync) -> Self {
        Self { _held: Box::new(held) }
    }
}

impl std::fmt::Debug for LockGuard {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("LockGuard")
    }
}

/// The outcome of asking for a lock.
#[derive(Debug)]
pub enum TryLock {
    /// It is ours until the guard is dropped.
    Held(LockGuard),
    /// Somebody else has it.
    Busy {
        /// What the holder wrote into the lock file (see [`Disk::try_lock`]); empty where unknown.
        holder: String,
    },
}

/// The file effects of the ledger and the key folder; the module documentation is the contract.
pub trait Disk: Send + Sync {
    /// Creates an empty file and opens it for appending and reading.
    ///
    /// # Errors
    /// `AlreadyExists` where the name is taken, and the system's.
    fn create_new(&self, path: &Path, access: Access) -> DiskResult<Box<dyn DiskFile>>;

    /// Opens an existing file for reading.
    ///
    /// # Errors
    /// `NotFound`, and the system's.
    fn open(&self, path: &Path) -> DiskResult<Box<dyn DiskFile>>;

    /// Opens an existing file for appending and reading.
    ///
    /// # Errors
    /// `NotFound`, and the system's.
    fn open_append(&self, path: &Path) -> DiskResult<Box<dyn DiskFile>>;

    /// What the path names; `None` where nothing does.
    ///
    /// # Errors
    /// The system's.
    fn metadata(&self, path: &Path) -> DiskResult<Option<Metadata>>;

    /// The names in a folder, sorted; names that are not UTF-8 are left out (nothing of ours is called so).
    ///
    /// # Errors
    /// `NotFound`, and the system's.
    fn list(&self, folder: &Path) -> DiskResult<Vec<String>>;

    /// Creates a folder in an existing one; one that is there already is left as it is.
    ///
    /// # Errors
    /// `NotFound` where its parent is missing, and the system's.
    fn create_dir(&self, path: &Path) -> DiskResult<()>;

    /// Gives a file another name on the same file system, replacing a file of that name in one step.
    ///
    /// # Errors
    /// `NotFound`, and the system's.
    fn rename(&self, from: &Path, to: &Path) -> DiskResult<()>;

    /// Removes a file.
    ///
    /// # Errors
    /// `NotFound`, and the system's.
    fn remove_file(&self, path: &Path) -> DiskResult<()>;

    /// Makes the names in a folder durable.
    ///
    /// # Errors
    /// The system's.
    fn sync_dir(&self, folder: &Path) -> DiskResult<()>;

    /// Tries to take an exclusive lock on a file, creating it if need be, without waiting; `holder` (such as a process
    /// number) is written into it for others to read.
    ///
    /// # Errors
    /// The system's; a lock that somebody else holds is not an error.
    fn try_lock(&self, path: &Path, holder: &str) -> DiskResult<TryLock>;
}

/// Appends all of `bytes`, going on after short writes and interruptions.
///
/// # Errors
/// The system's; the file may then end in a part of `bytes`.
pub fn append_all(file: &mut dyn DiskFile, mut bytes: &[u8]) -> DiskResult<()> {
    while !bytes.is_empty() {
        match file.append(bytes) {
            Ok(0) => return Err(DiskError::new("write to", file.path(), io::ErrorKind::WriteZero.into())),
            Ok(count) => bytes = bytes.get(count..).unwrap_or_default(),
            Err(error) if error.cause.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills `buffer` from `offset` on as far as the file reaches and says how many bytes that were.
///
/// # Errors
/// The system's.
pub fn read_full_at(file: &mut dyn DiskFile, offset: u64, buffer: &mut [u8]) -> DiskResult<usize> {
    let mut filled = 0;
    while let Some(rest) = buffer.get_mut(filled..).filter(|rest| !rest.is_empty()) {
        match file.read_at(offset + filled as u64, rest) {
            Ok(0) => break,
            Ok(count) => filled += count,
            Err(error) if error.cause.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Fills the whole `buffer` from `offset` on.
///
/// # Errors
/// `UnexpectedEof` where the file is too short, and the system's.
pub fn read_exact_at(file: &mut dyn DiskFile, offset: u64, buffer: &mut [u8]) -> DiskResult<()> {
    if read_full_at(file, offset, buffer)? == buffer.len() {
        return Ok(());
    }
    Err(DiskError::new("read to the end of", file.path(), io::ErrorKind::UnexpectedEof.into()))
}

/// Reads a whole file of at most `limit` bytes.
///
/// # Errors
/// `NotFound`; `FileTooLarge` where it is longer; the system's.
pub fn read_whole(disk: &dyn Disk, path: &Path, limit: u64) -> DiskResult<Vec<u8>> {
    let (mut file, len) = open_limited(disk, path, limit)?;
    let mut bytes = vec![0; usize::try_from(len).map_err(|_| too_large(path, limit, len))?];
    let count = read_full_at(&mut *file, 0, &mut bytes)?;
    bytes.truncate(count);
    Ok(bytes)
}

fn open_limited(disk: &dyn Disk, path: &Path, limit: u64) -> DiskResult<(Box<dyn DiskFile>, u64)> {
    let mut file = disk.open(path)?;
    let len = file.length()?;
    if len > limit { Err(too_large(path, limit, len)) } else { Ok((file, len)) }
}

fn too_large(path: &Path, limit: u64, len: u64) -> DiskError {
    let cause = format!("expected at most {limit} bytes, found {len}");
    DiskError::new("read", path, io::Error::new(io::ErrorKind::FileTooLarge, cause))
}

/// Reads a whole file of at most `limit` bytes; `None` where there is none.
///
/// # Errors
/// As [`read_whole`], except for `NotFound`.
pub fn read_if_present(disk: &dyn Disk, path: &Path, limit: u64) -> DiskResult<Option<Vec<u8>>> {
    match read_whole(disk, path, limit) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.is_absent() => Ok(None),
        Err(error) => Err(error),
    }
}

/// Suffix of files that are being written; whoever finds one after a crash may overwrite or ignore it.
pub const TEMPORARY: &str = ".new";

/// Writes a file in one durable step: a temporary one beside it, sync, rename, sync of the folder.
///
/// Callers hold the lock that covers the folder: two writers would share the temporary name.
///
/// # Errors
/// The system's. The old file, if any, is then still whole, or the new one is in place but perhaps not durable.
pub fn replace_durably(disk: &dyn Disk, path: &Path, bytes: &[u8], access: Access) -> DiskResult<()> {
    write_renamed(disk, path, bytes, access, true)?;
    disk.sync_dir(parent(path))
}

/// Writes a file in one step, but not durably: after a power cut the old file, none, or an empty or partial one may be there.
///
/// For derived files only, which are checked when read.
///
/// # Errors
/// The system's.
pub fn replace_derived(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> DiskResult<()> {
    write_renamed(disk, path, bytes, Access::Shared, false)
}

/// Writes a file in one step: after a power cut the old file, none, or the new one may be there, but never a part of it.
///
/// For derived files that others read as they are.
///
/// # Errors
/// The system's.
pub fn replace_whole(disk: &dyn Disk, path: &Path, bytes: &[u8]) -> DiskResult<()> {
    write_renamed(disk, path, bytes, Access::Shared, true)
}

fn write_renamed(disk: &dyn Disk, path: &Path, bytes: &[u8], access: Access, sync: bool) -> DiskResult<()> {
    let mut name = path.as_os_str().to_owned();
    name.push(TEMPORARY);
    let temporary = PathBuf::from(name);
    let mut file = create_fresh(disk, &temporary, access)?;
    append_all(&mut *file, bytes)?;
    if sync {
        file.sync_data()?;
    }
    drop(file);
    disk.rename(&temporary, path)
}

/// Creates a file that nobody else uses, removing a leftover of that name.
fn create_fresh(disk: &dyn Disk, path: &Path, access: Access) -> DiskResult<Box<dyn DiskFile>> {
    match disk.create_new(path, access) {
        Err(error) if error.is_conflict() => {
            disk.remove_file(path)?;
            disk.create_new(path, access)
        }
        other => other,
    }
}

/// Creates a folder with all its missing parents, durably.
///
/// The deepest one that is there is made durable too: whoever made it may have been stopped before that was done.
///
/// # Errors
/// The system's.
pub fn create_dirs(disk: &dyn Disk, path: &Path) -> DiskResult<()> {
    let mut missing = Vec::new();
    let mut at = path;
    while disk.metadata(at)?.is_none() {
        missing.push(at);
        at = parent(at);
    }
    // The folder above may be another user's, closed to us; then it is not we who made this one.
    match disk.sync_dir(parent(at)) {
        Err(error) if error.cause.kind() != io::ErrorKind::PermissionDenied => return Err(error),
        _ => {}
    }
    for folder in missing.into_iter().rev() {
        disk.create_dir(folder)?;
        disk.sync_dir(parent(folder))?;
    }
    Ok(())
}

/// The folder that holds a path.
#[must_use]
pub fn parent(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) => Path::new("."),
        None => path,
    }
}

#[cfg(test)]
mod tests;
