//! Appending: the steps of a commit in their order, and the latch.

use super::{Log, MAX_BATCH};
use crate::ledger::disk::{Access, DiskError, DiskFile, append_all, replace_durably};
use crate::ledger::edge::{Edge, FullTile};
use crate::ledger::error::{AnyError, LogError};
use crate::ledger::files::MAX_BUNDLE;
use crate::tlog::checkpoint::{Checkpoint, CheckpointError, VerifiedCheckpoint};
use crate::tlog::entry::MAX_ENTRY;
use crate::tlog::entry_bundle::{BundleError, push_entry};
use crate::tlog::tree::leaf_hash;
use crate::value::Sha256;
use rayon::prelude::*;

/// The steps of a commit that are the caller's.
pub trait Commit {
    /// Makes durable what belongs to the entries and lies beside them: private values, imports, documents.
    ///
    /// # Errors
    /// The caller's; nothing is recorded then, and the log can be appended to again. A [`DiskError`] latches it: after a
    /// failed sync nobody knows what the disk holds.
    fn beside(&mut self) -> Result<(), AnyError> {
        Ok(())
    }

    /// Signs the checkpoint with the log's key.
    ///
    /// # Errors
    /// The caller's.
    fn sign(&mut self, checkpoint: &Checkpoint) -> Result<VerifiedCheckpoint, AnyError>;

    /// Puts the signed checkpoint into the signing memory, durably before it returns.
    ///
    /// # Errors
    /// The caller's.
    fn remember(&mut self, checkpoint: &VerifiedCheckpoint) -> Result<(), AnyError>;
}

/// What became of a batch whose append failed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing of it is or will be recorded.
    NotRecorded,
    /// All of it or nothing: it was being remembered when it failed, so the next opening finishes or discards it.
    DecidedAtOpen,
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::NotRecorded => "nothing of the batch was recorded",
            Self::DecidedAtOpen => "the next opening of the ledger records all of the batch or nothing of it",
        })
    }
}

/// A failed append: why, and what became of the batch.
#[derive(Debug, thiserror::Error)]
#[error("{cause}; {outcome}")]
pub struct AppendError {
    /// What became of the batch.
    pub outcome: Outcome,
    /// Why.
    pub cause: LogError,
}

impl AppendError {
    /// A failure before anything was written.
    pub(in crate::ledger) fn not_recorded(cause: impl Into<LogError>) -> Self {
        Self { outcome: Outcome::NotRecorded, cause: cause.into() }
    }
}

fn step(step: &'static str) -> impl Fn(AnyError) -> LogError {
    move |cause| LogError::Step { step, cause }
}

/// The tree after a batch.
struct Grown {
    edge: Edge,
    full: Vec<FullTile>,
    open_length: u64,
}

impl Log {
    /// Commits a batch of entries under one checkpoint; on return it is durable.
    ///
    /// Work that may follow the acknowledgement is done too ([`Self::tidy_up`]).
    ///
    /// # Errors
    /// As of [`Self::append_durably`].
    pub fn append_batch<E: AsRef<[u8]> + Sync>(
        &mut self,
        entries: &[E],
        commit: &mut dyn Commit,
    ) -> Result<&VerifiedCheckpoint, AppendError> {
        let head = self.append_durably(entries, commit)?;
        self.tidy_up();
        Ok(self.head.insert(head))
    }

    /// As [`Self::append_batch`], up to the acknowledgement; [`Self::tidy_up`] does what may follow it.
    ///
    /// # Errors
    /// A batch of no or too many entries, an empty or too long one, a failed step of the caller's or of the disk. The error
    /// says whether the batch may still be recorded. After most failures the log is latched.
    pub fn append_durably<E: AsRef<[u8]> + Sync>(
        &mut self,
        entries: &[E],
        commit: &mut dyn Commit,
    ) -> Result<VerifiedCheckpoint, AppendError> {
        self.check_batch(entries).map_err(AppendError::not_recorded)?;
        commit.beside().map_err(|cause| {
            if cause.is::<DiskError>() {
                self.latched = Some(cause.to_string());
            }
            AppendError::not_recorded(step("store what belongs to the entries")(cause))
        })?;
        match self.commit(entries, commit) {
            Ok((head, grown)) => {
                self.edge = grown.edge;
                self.open_length = grown.open_length;
                self.unwritten.extend(grown.full);
                self.head = Some(head.clone());
                Ok(head)
            }
            Err(error) => {
                self.latched = Some(error.cause.to_string());
                Err(error)
            }
        }
    }

    fn check_batch<E: AsRef<[u8]>>(&self, entries: &[E]) -> Result<(), LogError> {
        if let Some(reason) = &self.latched {
            return Err(LogError::Latched(reason.clone()));
        }
        if entries.is_empty() || entries.len() > MAX_BATCH {
            return Err(LogError::Batch { limit: MAX_BATCH, found: entries.len() });
        }
        for (index, entry) in (self.size()..).zip(entries) {
            let found = entry.as_ref().len();
            if found == 0 || found > MAX_ENTRY {
                return Err(LogError::Entry { index, cause: BundleError::Length { offset: 0, found } });
            }
        }
        Ok(())
    }

    fn commit<E: AsRef<[u8]> + Sync>(
        &self,
        entries: &[E],
        commit: &mut dyn Commit,
    ) -> Result<(VerifiedCheckpoint, Grown), AppendError> {
        let mut grown = self.grown(entries);
        grown.open_length = self.write_entries(entries).map_err(AppendError::not_recorded)?;
        let head = self.sign(&grown.edge, commit).map_err(AppendError::not_recorded)?;
        let undecided = |cause| AppendError { outcome: Outcome::DecidedAtOpen, cause };
        commit.remember(&head).map_err(step("remember the signature")).map_err(undecided)?;
        let path = self.files.layout.checkpoint();
        replace_durably(&*self.files.disk, &path, head.to_string().as_bytes(), Access::Shared)
            .map_err(|error| undecided(error.into()))?;
        Ok((head, grown))
    }

    fn grown<E: AsRef<[u8]> + Sync>(&self, entries: &[E]) -> Grown {
        let leaves: Vec<Sha256> = entries.par_iter().with_min_len(64).map(|entry| leaf_hash(entry.as_ref())).collect();
        let (mut edge, mut full) = (self.edge.clone(), Vec::new());
        leaves.into_iter().for_each(|leaf| edge.append(leaf, &mut full));
        Grown { edge, full, open_length: 0 }
    }

    /// Signs the grown tree's head, and accepts only what the next opening would accept.
    fn sign(&self, edge: &Edge, commit: &mut dyn Commit) -> Result<VerifiedCheckpoint, LogError> {
        let invalid = |cause: CheckpointError| LogError::Checkpoint { path: self.files.layout.checkpoint(), cause };
        let asked = Checkpoint::new(self.identity.origin(), edge.size(), edge.root()).map_err(invalid)?;
        let signed = commit.sign(&asked).map_err(step("sign the checkpoint"))?;
        if *signed.checkpoint() != asked {
            let found = format!("expected a signature on\n{asked}, found one on\n{}", signed.checkpoint());
            return Err(LogError::corrupt(self.files.layout.checkpoint(), found));
        }
        self.identity.verify(signed.signed()).map_err(invalid)
    }

    /// Appends the entries to `pending/`, makes them durable, and says how long the open bundle is then.
    fn write_entries<E: AsRef<[u8]>>(&self, entries: &[E]) -> Result<u64, LogError> {
        let mut number = self.size() >> 8;
        let mut room = 256 - usize::try_from(self.size() & 0xff).unwrap_or_default();
        let mut rest = entries;
        let mut length = self.open_length;
        let mut created = false;
        let mut open = Vec::new();
        while !rest.is_empty() {
            let (now, later) = rest.split_at_checked(room).unwrap_or((rest, &[]));
            let bytes = encoded(now, self.size())?;
            let mut file = self.pending_file(number, room)?;
            append_all(&mut *file, &bytes)?;
            created |= room == 256;
            length = if now.len() == room { 0 } else { length + bytes.len() as u64 };
            open.push(file);
            if open.len() >= MAX_OPEN {
                sync_all(&mut open)?;
            }
            (number, room, rest) = (number + 1, 256, later);
        }
        sync_all(&mut open)?;
        if created {
            self.files.disk.sync_dir(&self.files.layout.pending_folder())?;
        }
        Ok(length)
    }

    /// The bundle with `room` for that many entries: the open one, or a new one.
    fn pending_file(&self, number: u64, room: usize) -> Result<Box<dyn DiskFile>, LogError> {
        let path = self.files.layout.pending(number);
        if room == 256 {
            return Ok(self.files.disk.create_new(&path, Access::Shared)?);
        }
        let mut file = self.files.disk.open_append(&path)?;
        let (expected, found) = (self.open_length, file.length()?);
        if found != expected {
            let problem = format!("expected {expected} bytes below the checkpoint and none behind, found {found}");
            return Err(LogError::corrupt(path, problem));
        }
        Ok(file)
    }
}

/// How many bundles are open at once: below the smallest usual limit on open files.
const MAX_OPEN: usize = 64;

/// From how many bundles on they are synced in parallel, and by how many threads: one after the other, the bundles of
/// 100,000 entries of 900 bytes took three times as long (1.4 s against 0.4 s on a virtual disk).
const SYNC_THREADS: usize = 8;

/// Makes files durable and closes them.
fn sync_all(files: &mut Vec<Box<dyn DiskFile>>) -> Result<(), LogError> {
    let mut files = std::mem::take(files);
    let sync = |files: &mut [Box<dyn DiskFile>]| files.iter_mut().try_for_each(|file| file.sync_data());
    if files.len() < SYNC_THREADS {
        return Ok(sync(&mut files)?);
    }
    let share = files.len().div_ceil(SYNC_THREADS);
    std::thread::scope(|scope| {
        let threads: Vec<_> = files.chunks_mut(share).map(|part| scope.spawn(move || sync(part))).collect();
        threads.into_iter().try_for_each(|thread| match thread.join() {
            Ok(synced) => Ok(synced?),
            Err(panic) => std::panic::resume_unwind(panic),
        })
    })
}

fn encoded<E: AsRef<[u8]>>(entries: &[E], index: u64) -> Result<Vec<u8>, LogError> {
    let length: usize = entries.iter().map(|entry| entry.as_ref().len() + 2).sum();
    let mut bytes = Vec::with_capacity(length.min(usize::try_from(MAX_BUNDLE).unwrap_or_default()));
    for entry in entries {
        push_entry(&mut bytes, entry.as_ref()).map_err(|cause| LogError::Entry { index, cause })?;
    }
    Ok(bytes)
}
