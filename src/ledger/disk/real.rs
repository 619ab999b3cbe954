//! The operating system's files.

use super::{Access, Disk, DiskError, DiskFile, DiskResult, LockGuard, Metadata, TryLock};
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

/// The operating system's file systems. Assumes one that keeps what `fsync` acknowledged and renames atomically.
#[derive(Debug, Clone, Copy, Default)]
pub struct RealDisk;

/// Names the operation and path of a system error.
trait At<T> {
    fn at(self, doing: &'static str, path: &Path) -> DiskResult<T>;
}

impl<T> At<T> for std::io::Result<T> {
    fn at(self, doing: &'static str, path: &Path) -> DiskResult<T> {
        self.map_err(|cause| DiskError::new(doing, path, cause))
    }
}

struct RealFile {
    file: File,
    path: PathBuf,
}

impl RealFile {
    fn boxed(file: File, path: &Path) -> Box<dyn DiskFile> {
        Box::new(Self { file, path: path.to_owned() })
    }
}

impl DiskFile for RealFile {
    fn path(&self) -> &Path {
        &self.path
    }

    fn length(&mut self) -> DiskResult<u64> {
        Ok(self.file.metadata().at("read the length of", &self.path)?.len())
    }

    fn read_at(&mut self, offset: u64, buffer: &mut [u8]) -> DiskResult<usize> {
        self.file.seek(SeekFrom::Start(offset)).at("read", &self.path)?;
        self.file.read(buffer).at("read", &self.path)
    }

    fn append(&mut self, bytes: &[u8]) -> DiskResult<usize> {
        self.file.write(bytes).at("write to", &self.path)
    }

    fn truncate(&mut self, len: u64) -> DiskResult<()> {
        self.file.set_len(len).at("cut", &self.path)
    }

    fn sync_data(&mut self) -> DiskResult<()> {
        self.file.sync_data().at("sync", &self.path)
    }
}

impl Disk for RealDisk {
    fn create_new(&self, path: &Path, access: Access) -> DiskResult<Box<dyn DiskFile>> {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create_new(true);
        restrict(&mut options, access);
        Ok(RealFile::boxed(options.open(path).at("create", path)?, path))
    }

    fn open(&self, path: &Path) -> DiskResult<Box<dyn DiskFile>> {
        Ok(RealFile::boxed(File::open(path).at("open", path)?, path))
    }

    fn open_append(&self, path: &Path) -> DiskResult<Box<dyn DiskFile>> {
        let file = OpenOptions::new().read(true).append(true).open(path).at("open for writing", path)?;
        Ok(RealFile::boxed(file, path))
    }

    fn metadata(&self, path: &Path) -> DiskResult<Option<Metadata>> {
        match std::fs::metadata(path) {
            Ok(found) => Ok(Some(Metadata {
                len: if found.is_dir() { 0 } else { found.len() },
                is_dir: found.is_dir(),
                open_to_others: open_to_others(&found),
            })),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(DiskError::new("look at", path, error)),
        }
    }

    fn list(&self, folder: &Path) -> DiskResult<Vec<String>> {
        let mut names = Vec::new();
        for entry in std::fs::read_dir(folder).at("list", folder)? {
            names.extend(entry.at("list", folder)?.file_name().into_string());
        }
        names.sort_unstable();
        Ok(names)
    }

    fn create_dir(&self, path: &Path) -> DiskResult<()> {
        match std::fs::create_dir(path) {
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
            other => other.at("create the folder", path),
        }
    }

    fn rename(&self, from: &Path, to: &Path) -> DiskResult<()> {
        std::fs::rename(from, to).at("move", from)
    }

    fn remove_file(&self, path: &Path) -> DiskResult<()> {
        std::fs::remove_file(path).at("remove", path)
    }

    #[cfg(unix)]
    fn sync_dir(&self, folder: &Path) -> DiskResult<()> {
        File::open(folder).and_then(|folder| folder.sync_all()).at("sync the folder", folder)
    }

    /// Elsewhere folders cannot be synced; the file system's journal must do.
    #[cfg(not(unix))]
    fn sync_dir(&self, _folder: &Path) -> DiskResult<()> {
        Ok(())
    }

    fn try_lock(&self, path: &Path, holder: &str) -> DiskResult<TryLock> {
        let mut file =
            OpenOptions::new().read(true).write(true).create(true).truncate(false).open(path).at("open", path)?;
        match file.try_lock() {
            Ok(()) => {
                // Who holds it is for people; a disk too full to say so is no reason not to lock.
                let _told = file.set_len(0).and_then(|()| file.write_all(holder.as_bytes()));
                Ok(TryLock::Held(LockGuard::new(file)))
            }
            Err(TryLockError::WouldBlock) => {
                let mut holder = String::new();
                let _unknown = file.take(200).read_to_string(&mut holder);
                Ok(TryLock::Busy { holder: holder.trim().to_owned() })
            }
            Err(TryLockError::Error(error)) => Err(DiskError::new("lock", path, error)),
        }
    }
}

#[cfg(unix)]
fn restrict(options: &mut OpenOptions, access: Access) {
    use std::os::unix::fs::OpenOptionsExt as _;
    if access == Access::OwnerOnly {
        options.mode(0o600);
    }
}

#[cfg(not(unix))]
fn restrict(_options: &mut OpenOptions, _access: Access) {}

#[cfg(unix)]
fn open_to_others(found: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt as _;
    found.permissions().mode() & 0o077 != 0
}

#[cfg(not(unix))]
fn open_to_others(_found: &std::fs::Metadata) -> bool {
    false
}
