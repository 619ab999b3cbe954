//! Appending: the steps of a commit in their order, and the latch.

use super::{Log, MAX_BATCH};
use crate::ledger::disk::{Access, DiskError, DiskFile, append_all, replace_durably};
use crate::ledger::edge::{Edge, FullTile};
use crate::ledger::error::{AnyError, LogError};
use crate::tlog::checkpoint::{Checkpoint, CheckpointError, VerifiedCheckpoint};
use crate::tlog::entry::MAX_ENTRY;
use crate::tlog::entry_bundle::{BundleError, push_entry};
use crate::tlog::tree::leaf_hash;
use crate::value::Sha256;
use rayon::prelude::*;

/// The steps of a commit that are the caller's.
pub trait Commit {
    /// Stores what belongs to the entries and lies beside them: private values, imports, documents. Gives the files that are
    /// yet to be made durable; the log does so together with the entries.
    ///
    /// # Errors
    /// The caller's; nothing is recorded then, and the log can be appended to again. A [`DiskError`] latches it: after a
    /// failed sync nobody knows what the disk holds.
    fn beside(&mut self) -> Result<Vec<Box<dyn DiskFile>>, AnyError> {
        Ok(Vec::new())
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
        let beside = commit.beside().map_err(|cause| {
            if cause.is::<DiskError>() {
                self.latched = Some(cause.to_string());
            }
            AppendError::not_recorded(step("store what belongs to the entries")(cause))
        })?;
        match self.commit(entries, beside, commit) {
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
        beside: Vec<Box<dyn DiskFile>>,
        commit: &mut dyn Commit,
    ) -> Result<(VerifiedCheckpoint, Grown), AppendError> {
        let (mut grown, written) = rayon::join(|| self.grown(entries), || self.write_entries(entries, beside));
        grown.open_length = written.map_err(AppendError::not_recorded)?;
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

    /// Appends the entries to `pending/`, makes them and what lies beside them durable, and says how long the open bundle
    /// is then.
    fn write_entries<E: AsRef<[u8]> + Sync>(
        &self,
        entries: &[E],
        beside: Vec<Box<dyn DiskFile>>,
    ) -> Result<u64, LogError> {
        let parts = self.parts(entries);
        if parts.len() < THREADS {
            let mut files = beside;
            for part in &parts {
                files.push(self.write_part(part)?);
            }
            sync_all(files)?;
        } else {
            self.write_in_parallel(&parts, beside)?;
        }
        if parts.iter().any(|part| part.room == 256) {
            self.files.disk.sync_dir(&self.files.layout.pending_folder())?;
        }
        Ok(parts.last().map_or(self.open_length, |part| part.open_length(self.open_length)))
    }

    /// The entries by the bundles that they go to.
    fn parts<'e, E>(&self, entries: &'e [E]) -> Vec<Part<'e, E>> {
        let open = self.size() >> 8;
        let room = 256 - usize::try_from(self.size() & 0xff).unwrap_or_default();
        let (first, rest) = entries.split_at_checked(room).unwrap_or((entries, &[]));
        let first = Part { number: open, room, entries: first };
        let next = |(number, entries)| Part { number, room: 256, entries };
        std::iter::once(first).chain((open + 1..).zip(rest.chunks(256)).map(next)).collect()
    }

    fn write_part<E: AsRef<[u8]>>(&self, part: &Part<'_, E>) -> Result<Box<dyn DiskFile>, LogError> {
        let bytes = encoded(part.entries, self.size())?;
        let mut file = self.pending_file(part.number, part.room)?;
        append_all(&mut *file, &bytes)?;
        Ok(file)
    }

    fn write_in_parallel<E: AsRef<[u8]> + Sync>(
        &self,
        parts: &[Part<'_, E>],
        beside: Vec<Box<dyn DiskFile>>,
    ) -> Result<(), LogError> {
        let write = |parts: &[Part<'_, E>]| parts.iter().try_for_each(|part| Ok(self.write_part(part)?.sync_data()?));
        std::thread::scope(|scope| {
            let mut threads = vec![scope.spawn(|| sync_all(beside))];
            let share = parts.len().div_ceil(THREADS);
            threads.extend(parts.chunks(share).map(|parts| scope.spawn(move || write(parts))));
            threads.into_iter().try_for_each(|thread| match thread.join() {
                Ok(written) => written,
                Err(panic) => std::panic::resume_unwind(panic),
            })
        })
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

/// From how many bundles on they are written and synced in parallel, and by how many threads. One after the other, syncing
/// those of 100,000 entries of 900 bytes took three times as long (1.4 s against 0.4 s on a virtual disk).
const THREADS: usize = 8;

/// Entries that go to one bundle, which has room for so many.
struct Part<'e, E> {
    number: u64,
    room: usize,
    entries: &'e [E],
}

impl<E: AsRef<[u8]>> Part<'_, E> {
    /// How many bytes the open bundle has when this is the last part, and had `before`.
    fn open_length(&self, before: u64) -> u64 {
        if self.entries.len() == self.room {
            return 0;
        }
        let before = if self.room == 256 { 0 } else { before };
        before + encoded_length(self.entries) as u64
    }
}

/// Makes files durable and closes them.
fn sync_all(mut files: Vec<Box<dyn DiskFile>>) -> Result<(), LogError> {
    Ok(files.iter_mut().try_for_each(|file| file.sync_data())?)
}

fn encoded_length<E: AsRef<[u8]>>(entries: &[E]) -> usize {
    entries.iter().map(|entry| entry.as_ref().len() + 2).sum()
}

fn encoded<E: AsRef<[u8]>>(entries: &[E], index: u64) -> Result<Vec<u8>, LogError> {
    let mut bytes = Vec::with_capacity(encoded_length(entries));
    for entry in entries {
        push_entry(&mut bytes, entry.as_ref()).map_err(|cause| LogError::Entry { index, cause })?;
    }
    Ok(bytes)
}
