//! The durable log: entries as opaque bytes, committed in batches under one signed checkpoint each.
//!
//! # Order of a commit
//!
//! 1. what lies beside the entries (private values, imports, documents) is stored;
//! 2. the entries are appended to `pending/`, and they and what lies beside them are made durable together;
//! 3. the checkpoint is signed, and remembered in the signing memory, durable;
//! 4. the `checkpoint` file is replaced, durable: the commit point;
//! 5. acknowledged; then hash tiles are written and full bundles move from `pending/` to `tile/entries/`.
//!
//! A disk that fails in 1, and whatever fails in 2 to 4, makes this [`Log`] read-only (the *latch*): after a failed sync nobody
//! knows what the disk holds. [`Log::open`] finds out. Before step 3 is done nothing of the batch is kept; afterwards all of it is.
//!
//! # Opening
//!
//! | signing memory | entries past the checkpoint | what happens |
//! |---|---|---|
//! | ahead of the checkpoint | give the root it remembers | the commit is finished |
//! | ahead of the checkpoint | do not | refused, nothing touched (a restored backup, a copied folder) |
//! | at or below it, same history | any | moved to `discarded/` |
//! | at or below it, another history | any | refused, nothing touched |
//! | none (another machine, a new key) | any | moved to `discarded/`; the caller is told |
//!
//! In scope: bytes, tree, durability. Not in scope: what an entry says, its link and time (`append`), who may sign (the
//! caller's [`Commit`]), whether all entries below the checkpoint are sound (`audit`; opening checks the right edge only).

mod commit;
mod open;
mod recover;
mod tidy;

pub use commit::{AppendError, Commit, Outcome};
pub use open::{MemoryState, Recovered, RecoveryView};
pub(super) use recover::cut_file;

use super::disk::{Access, Disk, LockGuard, create_dirs, replace_durably};
use super::edge::{Edge, FullTile};
use super::error::LogError;
use super::files::Files;
use super::identity::Identity;
use super::layout::Layout;
use super::lock;
use crate::tlog::checkpoint::{SignedCheckpoint, VerifiedCheckpoint};
use crate::tlog::nodes::TreeHead;
use crate::tlog::tree::Frontier;
use crate::value::Sha256;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most entries that one checkpoint commits.
pub const MAX_BATCH: usize = 100_000;

/// A log open for appending; holds the writer's lock.
pub struct Log {
    files: Files,
    identity: Identity,
    head: Option<VerifiedCheckpoint>,
    edge: Edge,
    /// Hash tiles that are full and not yet written.
    unwritten: Vec<FullTile>,
    /// How many bundles have moved to `tile/entries/`.
    moved: u64,
    /// The size at which the partial hash tiles were written last.
    partials_at: u64,
    /// How many bytes of the open bundle lie below the checkpoint.
    open_length: u64,
    latched: Option<String>,
    /// The folder of bundles that is known to be durable.
    ensured: Option<PathBuf>,
    _lock: LockGuard,
}

impl Log {
    /// Makes an empty ledger in a folder, which may exist, and opens it.
    ///
    /// `oretrail.toml` is written last: a folder without it is not a ledger and may be tried again.
    ///
    /// # Errors
    /// There is a ledger already; another process is at it; the disk's.
    pub fn create(
        disk: Arc<dyn Disk>,
        root: &Path,
        identity: Identity,
        wait: &mut dyn FnMut() -> bool,
    ) -> Result<Self, LogError> {
        let files = Files::new(disk, root);
        create_dirs(&*files.disk, root)?;
        let lock = lock::acquire(&*files.disk, &files.layout.lock(), wait)?;
        let path = files.layout.identity();
        if files.disk.metadata(&path)?.is_some() {
            return Err(LogError::LedgerExists(root.to_owned()));
        }
        if let Some(recorded) = files.recorded()? {
            return Err(LogError::NoIdentity(recorded));
        }
        create_dirs(&*files.disk, &files.layout.pending_folder())?;
        create_dirs(&*files.disk, &root.join("tile/entries"))?;
        write_identity(&files, &identity)?;
        Ok(Self {
            files,
            identity,
            head: None,
            edge: Edge::default(),
            unwritten: Vec::new(),
            moved: 0,
            partials_at: 0,
            open_length: 0,
            latched: None,
            ensured: None,
            _lock: lock,
        })
    }

    /// Where its files are.
    #[must_use]
    pub const fn layout(&self) -> &Layout {
        &self.files.layout
    }

    /// Which ledger it is.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The latest checkpoint; `None` before the first commit.
    #[must_use]
    pub const fn checkpoint(&self) -> Option<&VerifiedCheckpoint> {
        self.head.as_ref()
    }

    /// The number of committed entries.
    #[must_use]
    pub const fn size(&self) -> u64 {
        self.edge.size()
    }

    /// The root at that size.
    #[must_use]
    pub fn root(&self) -> Sha256 {
        self.edge.root()
    }

    /// The tree of the committed entries, to go on from.
    #[must_use]
    pub const fn frontier(&self) -> &Frontier {
        self.edge.frontier()
    }

    /// Why it is read-only, if an append failed half-way.
    #[must_use]
    pub fn latched(&self) -> Option<&str> {
        self.latched.as_deref()
    }

    /// Signs with a further log key from now on, as the checkpoint that rotates to it is durable.
    ///
    /// # Errors
    /// The key is another log's or known already; the disk's.
    pub fn add_key(&mut self, key: crate::tlog::vkey::VerifierKey) -> Result<(), LogError> {
        let path = self.files.layout.identity();
        let identity = self.identity.with_key(key).map_err(|cause| LogError::Identity { path, cause })?;
        write_identity(&self.files, &identity)?;
        self.identity = identity;
        Ok(())
    }

    /// Makes the log read-only until it is opened anew, as something that belongs to a commit could not be finished.
    pub(super) fn latch(&mut self, reason: String) {
        self.latched.get_or_insert(reason);
    }

    /// Replaces the checkpoint by the same tree head with more signature lines, such as witnesses' cosignatures.
    ///
    /// # Errors
    /// Another tree head; the disk's.
    pub fn replace_checkpoint(&mut self, checkpoint: VerifiedCheckpoint) -> Result<(), LogError> {
        let path = self.files.layout.checkpoint();
        if self.head.as_ref().map(VerifiedCheckpoint::head) != Some(checkpoint.head()) {
            return Err(LogError::corrupt(path, "expected the same size and root with more signatures, found another"));
        }
        replace_durably(&*self.files.disk, &path, checkpoint.to_string().as_bytes(), Access::Shared)?;
        self.head = Some(checkpoint);
        Ok(())
    }

    /// Recomputes the tree from the entries and writes every hash tile anew that differs; says how many did.
    ///
    /// Establishes that the entries lead to the checkpoint's root.
    ///
    /// # Errors
    /// The entries lead to another root or cannot be read; the disk's.
    pub fn rebuild_tiles(&mut self) -> Result<usize, LogError> {
        let head = TreeHead { size: self.size(), root: self.root() };
        let (_, damaged) = recover::edge_from_entries(&self.files, head)?;
        let count = damaged.len();
        recover::write_tiles(&self.files, damaged)?;
        Ok(count)
    }
}

/// Reads `oretrail.toml`.
pub(super) fn read_identity(files: &Files) -> Result<Identity, LogError> {
    let path = files.layout.identity();
    let Some(bytes) = super::disk::read_if_present(&*files.disk, &path, super::identity::MAX_IDENTITY)? else {
        let without = match files.recorded()? {
            Some(recorded) => LogError::NoIdentity(recorded),
            None => LogError::NoLedger(files.layout.root().to_owned()),
        };
        return Err(without);
    };
    let text = String::from_utf8(bytes).map_err(|_| LogError::corrupt(&path, "expected UTF-8"))?;
    Identity::parse(&text).map_err(|cause| LogError::Identity { path, cause })
}

fn write_identity(files: &Files, identity: &Identity) -> Result<(), LogError> {
    let path = files.layout.identity();
    let text = identity.format().map_err(|cause| LogError::Identity { path: path.clone(), cause })?;
    Ok(replace_durably(&*files.disk, &path, text.as_bytes(), Access::Shared)?)
}

/// The most bytes of a checkpoint that are read: three lines and a hundred signatures.
const MAX_CHECKPOINT: u64 = 1 << 20;

/// Reads and verifies the checkpoint; `None` where there is none yet.
pub(super) fn read_checkpoint(files: &Files, identity: &Identity) -> Result<Option<VerifiedCheckpoint>, LogError> {
    let path = files.layout.checkpoint();
    let Some(bytes) = super::disk::read_if_present(&*files.disk, &path, MAX_CHECKPOINT)? else { return Ok(None) };
    let verified = SignedCheckpoint::parse(&bytes).and_then(|signed| identity.verify(&signed));
    verified.map(Some).map_err(|cause| LogError::Checkpoint { path, cause })
}

#[cfg(test)]
mod tests;
