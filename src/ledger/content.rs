//! Files named by their BLAKE3: attached documents (`blobs/`) and suppliers' bundles (`imports/`).
//!
//! A file is written beside, synced, and given its name only when whole; so what has a name is complete. It is compared
//! with its name whenever it is read. Putting the same bytes again changes nothing (and mends a damaged file).
//!
//! In scope: keeping bytes. Not in scope: which documents an event names (`event`), what a bundle proves (`bundle`).

use super::disk::{Access, Disk, DiskError, append_all, create_dirs, parent, read_full_at};
use super::layout::Layout;
use crate::value::Blake3;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

/// Why content could not be kept or read.
#[derive(Debug, thiserror::Error)]
pub enum ContentError {
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// The bytes to be kept could not be read, or those kept not be passed on.
    #[error("cannot {doing}: {cause}")]
    Stream {
        /// What was tried, as in "cannot …".
        doing: &'static str,
        /// The reason.
        cause: io::Error,
    },
    /// More bytes than the caller allows.
    #[error("expected at most {0} bytes, found more")]
    TooLong(u64),
    /// The content is not that of its name.
    #[error("expected content with BLAKE3 {expected} in {}, found {found}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Its name.
        expected: Blake3,
        /// What its bytes hash to.
        found: Blake3,
    },
}

/// Which of a ledger's two stores of content.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContentKind {
    /// Attached documents.
    Blob,
    /// Suppliers' bundles bound by `import`.
    Import,
}

/// One of a ledger's stores of content.
#[derive(Clone, Copy)]
pub struct ContentStore<'a> {
    disk: &'a dyn Disk,
    layout: &'a Layout,
    kind: ContentKind,
}

const CHUNK: usize = 256 << 10;

impl<'a> ContentStore<'a> {
    /// A store of the ledger with this layout.
    #[must_use]
    pub const fn new(disk: &'a dyn Disk, layout: &'a Layout, kind: ContentKind) -> Self {
        Self { disk, layout, kind }
    }

    /// Where content of this hash lies.
    #[must_use]
    pub fn path(&self, hash: &Blake3) -> PathBuf {
        match self.kind {
            ContentKind::Blob => self.layout.blob(hash),
            ContentKind::Import => self.layout.import(hash),
        }
    }

    /// Keeps what the source gives, durably, and says its hash and length. Callers hold the writer's lock.
    ///
    /// # Errors
    /// The source fails or has more than `limit` bytes (nothing is kept then); the disk's.
    pub fn put(&self, source: &mut dyn Read, limit: u64) -> Result<(Blake3, u64), ContentError> {
        let folder = self.layout.root().join(match self.kind {
            ContentKind::Blob => "blobs",
            ContentKind::Import => "imports",
        });
        create_dirs(self.disk, &folder)?;
        let temporary = folder.join("incoming.new");
        let (hash, length) = self.receive(source, limit, &temporary)?;
        let path = self.path(&hash);
        create_dirs(self.disk, parent(&path))?;
        self.disk.rename(&temporary, &path)?;
        self.disk.sync_dir(parent(&path))?;
        Ok((hash, length))
    }

    /// Writes the source's bytes to a temporary file, durably.
    fn receive(&self, source: &mut dyn Read, limit: u64, to: &Path) -> Result<(Blake3, u64), ContentError> {
        if self.disk.metadata(to)?.is_some() {
            self.disk.remove_file(to)?;
        }
        let mut file = self.disk.create_new(to, Access::OwnerOnly)?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = match source.read(&mut buffer) {
                Ok(0) => break,
                Ok(count) => count,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                Err(cause) => return Err(ContentError::Stream { doing: "read what is to be kept", cause }),
            };
            let bytes = buffer.get(..count).unwrap_or_default();
            hasher.update(bytes);
            if hasher.count() > limit {
                drop(file);
                self.disk.remove_file(to)?;
                return Err(ContentError::TooLong(limit));
            }
            append_all(&mut *file, bytes)?;
        }
        file.sync_data()?;
        Ok((Blake3(*hasher.finalize().as_bytes()), hasher.count()))
    }

    /// Whether there is content of this hash; its bytes are not looked at.
    ///
    /// # Errors
    /// The disk's.
    pub fn contains(&self, hash: &Blake3) -> Result<bool, ContentError> {
        Ok(self.disk.metadata(&self.path(hash))?.is_some())
    }

    /// Passes the content on and says its length; what was passed on before an error must not be used.
    ///
    /// # Errors
    /// No such content ([`DiskError::is_absent`]); damaged; the sink's or the disk's.
    pub fn copy_to(&self, hash: &Blake3, sink: &mut dyn Write) -> Result<u64, ContentError> {
        let path = self.path(hash);
        let mut file = self.disk.open(&path)?;
        let mut hasher = blake3::Hasher::new();
        let mut buffer = vec![0; CHUNK];
        loop {
            let count = read_full_at(&mut *file, hasher.count(), &mut buffer)?;
            let bytes = buffer.get(..count).unwrap_or_default();
            if bytes.is_empty() {
                break;
            }
            hasher.update(bytes);
            sink.write_all(bytes).map_err(|cause| ContentError::Stream { doing: "pass on what is kept", cause })?;
        }
        let found = Blake3(*hasher.finalize().as_bytes());
        if found == *hash { Ok(hasher.count()) } else { Err(ContentError::Damaged { path, expected: *hash, found }) }
    }

    /// The content as bytes; `None` where there is none.
    ///
    /// # Errors
    /// Longer than `limit`; damaged; the disk's.
    pub fn get(&self, hash: &Blake3, limit: u64) -> Result<Option<Vec<u8>>, ContentError> {
        match self.disk.metadata(&self.path(hash))? {
            None => return Ok(None),
            Some(found) if found.len > limit => return Err(ContentError::TooLong(limit)),
            Some(_) => {}
        }
        let mut bytes = Vec::new();
        self.copy_to(hash, &mut bytes)?;
        Ok(Some(bytes))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ledger::disk::{Cut, Fault, FaultyDisk};

    fn layout() -> Layout {
        Layout::new(Path::new("/ledger"))
    }

    #[test]
    fn content_comes_back_by_its_hash_from_either_store() {
        let (disk, layout) = (FaultyDisk::new(), layout());
        let large = vec![7; 700_000];
        for kind in [ContentKind::Blob, ContentKind::Import] {
            let store = ContentStore::new(&disk, &layout, kind);
            for bytes in [&b""[..], b"abc", b"abc", &large] {
                let (hash, length) = store.put(&mut &*bytes, 1 << 20).unwrap();
                assert_eq!((hash, length), (Blake3::of(bytes), bytes.len() as u64));
                assert_eq!(store.get(&hash, 1 << 20).unwrap().as_deref(), Some(bytes));
                assert!(store.contains(&hash).unwrap());
            }
            let none = Blake3::of(b"none");
            assert_eq!(store.get(&none, 1 << 20).unwrap(), None);
            assert!(matches!(store.copy_to(&none, &mut Vec::new()), Err(ContentError::Disk(e)) if e.is_absent()));
        }
    }

    #[test]
    fn longer_content_than_allowed_is_neither_kept_nor_given() {
        let (disk, layout) = (FaultyDisk::new(), layout());
        let store = ContentStore::new(&disk, &layout, ContentKind::Blob);
        assert!(matches!(store.put(&mut &b"abcd"[..], 3), Err(ContentError::TooLong(3))));
        assert!(disk.files().is_empty());
        let (hash, _) = store.put(&mut &b"abcd"[..], 4).unwrap();
        assert!(matches!(store.get(&hash, 3), Err(ContentError::TooLong(3))));
    }

    #[test]
    fn damaged_content_is_refused_and_mended_by_putting_it_again() {
        let (disk, layout) = (FaultyDisk::new(), layout());
        let store = ContentStore::new(&disk, &layout, ContentKind::Blob);
        let (hash, _) = store.put(&mut &b"abcd"[..], 9).unwrap();
        crate::ledger::disk::replace_derived(&disk, &store.path(&hash), b"abce").unwrap();
        assert!(matches!(store.get(&hash, 9), Err(ContentError::Damaged { .. })));
        store.put(&mut &b"abcd"[..], 9).unwrap();
        assert_eq!(store.get(&hash, 9).unwrap().unwrap(), b"abcd");
    }

    #[test]
    fn crash_at_any_call_leaves_whole_content_or_none() {
        let layout = layout();
        let put = |disk: &FaultyDisk| {
            ContentStore::new(disk, &layout, ContentKind::Blob).put(&mut &b"abcdefgh"[..], 9).is_ok()
        };
        let trial = FaultyDisk::new();
        assert!(put(&trial));
        for call in 1..=trial.calls() {
            for fault in [Fault::Io, Fault::NoSpace, Fault::ShortWrite, Fault::Stop, Fault::StopTorn] {
                for cut in [Cut::KeepAll, Cut::LoseUnsynced, Cut::Some(call)] {
                    let disk = FaultyDisk::new();
                    disk.fail_at(call, fault);
                    let acknowledged = put(&disk);
                    disk.restart(cut);
                    let store = ContentStore::new(&disk, &layout, ContentKind::Blob);
                    let found = store.get(&Blake3::of(b"abcdefgh"), 9).unwrap();
                    assert!(found.is_some() || !acknowledged);
                    assert!(put(&disk), "and it can be put again");
                }
            }
        }
    }
}
