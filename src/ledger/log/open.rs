//! Opening: is the folder what this machine last signed, and what of an unfinished commit is kept?
//!
//! Everything is decided before anything is written.

use super::{Log, read_checkpoint, read_identity, recover};
use crate::ledger::disk::{Access, Disk, replace_durably};
use crate::ledger::edge::Edge;
use crate::ledger::error::{AnyError, LogError};
use crate::ledger::files::Files;
use crate::ledger::identity::Identity;
use crate::ledger::lock;
use crate::ledger::read::{TreeHashes, unproven};
use crate::tlog::checkpoint::{SignedCheckpoint, VerifiedCheckpoint};
use crate::tlog::proof::read_root;
use crate::tlog::vkey::VerifierKey;
use crate::value::Sha256;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What the log asks of the signing memory at opening.
pub trait RecoveryView {
    /// The last checkpoint that was signed with this key on this machine; `None` where the memory knows nothing of the key.
    ///
    /// # Errors
    /// The memory cannot be read.
    fn last_signed(&self, key: &VerifierKey) -> Result<Option<SignedCheckpoint>, AnyError>;
}

/// How the signing memory stood to the ledger at opening.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MemoryState {
    /// It knows nothing of the ledger's keys: another machine, or a lost memory.
    Absent,
    /// It last signed this very checkpoint.
    Agrees,
    /// It last signed an older one, of this size, of the same history: others sign too.
    Older(u64),
    /// It had signed a commit that was not finished, from this size on; now it is.
    Finished {
        /// The size before.
        from: u64,
    },
}

/// What opening found and did.
#[derive(Debug)]
pub struct Recovered {
    /// How the signing memory stood to the ledger.
    pub memory: MemoryState,
    /// Files in `discarded/` that hold what lay past the checkpoint, of an append that was never acknowledged.
    pub discarded: Vec<PathBuf>,
    /// How many hash tiles were damaged and written anew.
    pub rebuilt_tiles: usize,
}

/// What is to be done, once it is known that the ledger may be opened.
struct Decision {
    memory: MemoryState,
    finish: Option<(VerifiedCheckpoint, Edge)>,
}

impl Log {
    /// Opens a ledger for appending, after [recovering](super) what an interrupted commit left.
    ///
    /// Establishes that the checkpoint is signed by a key of the ledger, that the hashes at the tree's edge lead to its
    /// root, and that the signing memory agrees. Does not read the entries below (see `audit`).
    ///
    /// # Errors
    /// No ledger; another writer; a checkpoint that is not the ledger's; damage; a memory that is ahead of the ledger or
    /// of another history; the disk's. Nothing was touched then, except where the disk failed.
    pub fn open(
        disk: Arc<dyn Disk>,
        root: &Path,
        memory: &dyn RecoveryView,
        wait: &mut dyn FnMut() -> bool,
    ) -> Result<(Self, Recovered), LogError> {
        let files = Files::new(disk, root);
        read_identity(&files)?;
        let lock = lock::acquire(&*files.disk, &files.layout.lock(), wait)?;
        let identity = read_identity(&files)?;
        let mut head = read_checkpoint(&files, &identity)?;
        let (mut edge, damaged) = recover::sound_edge(&files, head.as_ref())?;
        let decision = decide(&files, &edge, last_signed(&identity, memory)?)?;
        // A full bundle was committed. The open one may be what an interrupted first commit left.
        let full = files.layout.bundle(0).unwrap_or_default();
        if head.is_none() && decision.finish.is_none() && files.disk.metadata(&full)?.is_some() {
            return Err(LogError::NoCheckpoint(full));
        }

        let rebuilt_tiles = damaged.len();
        recover::write_tiles(&files, damaged)?;
        if let Some((checkpoint, grown)) = decision.finish {
            recover::sync_entries(&files, edge.size(), grown.size())?;
            let path = files.layout.checkpoint();
            replace_durably(&*files.disk, &path, checkpoint.to_string().as_bytes(), Access::Shared)?;
            (head, edge) = (Some(checkpoint), grown);
        }
        let tail = recover::discard_tail(&files, edge.size())?;
        recover::finish_moves(&files, &edge, &tail.full)?;
        let log = Self {
            moved: edge.size() >> 8,
            partials_at: edge.size(),
            open_length: tail.open_length,
            unwritten: Vec::new(),
            latched: None,
            ensured: None,
            files,
            identity,
            head,
            edge,
            _lock: lock,
        };
        Ok((log, Recovered { memory: decision.memory, discarded: tail.discarded, rebuilt_tiles }))
    }
}

/// The newest checkpoint that the memory knows for any key of the ledger.
fn last_signed(identity: &Identity, memory: &dyn RecoveryView) -> Result<Option<VerifiedCheckpoint>, LogError> {
    let mut newest: Option<VerifiedCheckpoint> = None;
    for key in identity.vkeys() {
        let step = |cause| LogError::Step { step: "read the signing memory", cause };
        let Some(signed) = memory.last_signed(key).map_err(step)? else { continue };
        let path = PathBuf::from("signing memory");
        let verified = identity.verify(&signed).map_err(|cause| LogError::Checkpoint { path, cause })?;
        if newest.as_ref().is_none_or(|known| known.head().size < verified.head().size) {
            newest = Some(verified);
        }
    }
    Ok(newest)
}

fn decide(files: &Files, edge: &Edge, remembered: Option<VerifiedCheckpoint>) -> Result<Decision, LogError> {
    let Some(remembered) = remembered else { return Ok(Decision { memory: MemoryState::Absent, finish: None }) };
    let (size, signed) = (edge.size(), remembered.head());
    if signed.size > size {
        let behind = LogError::Behind { memory: signed.size, ledger: size };
        let grown = recover::grow(files, edge, signed.size)?.filter(|grown| grown.root() == signed.root);
        let grown = grown.ok_or(behind)?;
        return Ok(Decision { memory: MemoryState::Finished { from: size }, finish: Some((remembered, grown)) });
    }
    let ours = if signed.size == size { edge.root() } else { root_at(files, signed.size, size)? };
    if ours != signed.root {
        return Err(LogError::Fork { size: signed.size, memory: signed.root, ledger: ours });
    }
    let memory = if signed.size == size { MemoryState::Agrees } else { MemoryState::Older(signed.size) };
    Ok(Decision { memory, finish: None })
}

/// The root of the tree as it was at an earlier size.
fn root_at(files: &Files, earlier: u64, size: u64) -> Result<Sha256, LogError> {
    let hashes = TreeHashes::new(files.clone(), size);
    read_root(&hashes, earlier).map_err(unproven)
}
