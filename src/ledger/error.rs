//! Why the ledger's files could not be used.

use super::disk::DiskError;
use super::identity::IdentityError;
use crate::tlog::checkpoint::CheckpointError;
use crate::tlog::entry_bundle::BundleError;
use crate::value::Sha256;
use std::path::PathBuf;

/// An error of code that the log calls back: the signer, the signing memory.
pub type AnyError = Box<dyn std::error::Error + Send + Sync>;

/// Why the log could not be opened, read or appended to.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// There is no ledger in the folder.
    #[error("expected a ledger in {}, found no `oretrail.toml`", .0.display())]
    NoLedger(PathBuf),
    /// A rotation of the log key is not the end of its batch.
    #[error("expected the rotation of the log key as the last event of its batch, found {after} behind it")]
    Rotation {
        /// How many events follow it.
        after: usize,
    },
    /// There is what a ledger recorded, without `oretrail.toml`.
    #[error("expected `oretrail.toml` beside {}, found none", .0.display())]
    NoIdentity(PathBuf),
    /// There are entries, and no checkpoint that covers them.
    #[error("expected a checkpoint beside {}, found none", .0.display())]
    NoCheckpoint(PathBuf),
    /// There is one already.
    #[error("expected no ledger in {}, found one", .0.display())]
    LedgerExists(PathBuf),
    /// Another process is writing.
    #[error("expected the lock {} to be free, found it held by {holder}", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// What the holder says of itself.
        holder: String,
    },
    /// `oretrail.toml` is not that of a ledger.
    #[error("{}: {cause}", path.display())]
    Identity {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        cause: IdentityError,
    },
    /// The checkpoint is not one of this ledger.
    #[error("{}: {cause}", path.display())]
    Checkpoint {
        /// The file, or the signing memory.
        path: PathBuf,
        /// What is wrong with it.
        cause: CheckpointError,
    },
    /// What lies below the checkpoint is not what was signed.
    #[error("the ledger is damaged at {}: {problem}", path.display())]
    Corrupt {
        /// Where.
        path: PathBuf,
        /// What was expected and what was found.
        problem: String,
    },
    /// This machine signed more than the folder holds: a restored backup or a copied folder.
    #[error(
        "expected the entries up to size {memory}, which the log's key has signed on this machine, found a ledger of size {ledger} without them"
    )]
    Behind {
        /// The size last signed.
        memory: u64,
        /// The size of the ledger found.
        ledger: u64,
    },
    /// This machine signed another history.
    #[error("expected root {memory} at size {size}, which the log's key has signed on this machine, found {ledger}")]
    Fork {
        /// The size at which they differ.
        size: u64,
        /// The root last signed.
        memory: Sha256,
        /// The root of the ledger found.
        ledger: Sha256,
    },
    /// The signing memory could not be read, or a commit's own step failed.
    #[error("cannot {step}: {cause}")]
    Step {
        /// Which one, as in "cannot …".
        step: &'static str,
        /// Its own reason.
        cause: AnyError,
    },
    /// An earlier append failed half-way.
    #[error("expected a writable ledger, found it read-only since an append failed ({0}); open it anew to go on")]
    Latched(String),
    /// An entry that no bundle can hold.
    #[error("entry {index}: {cause}")]
    Entry {
        /// Its index.
        index: u64,
        /// What is wrong with it.
        cause: BundleError,
    },
    /// More entries than one checkpoint covers, or none.
    #[error("expected 1 to {limit} entries in a batch, found {found}")]
    Batch {
        /// The most.
        limit: usize,
        /// How many there are.
        found: usize,
    },
    /// An entry or size that the ledger does not have.
    #[error("expected an index or size up to {size}, found {found}")]
    Range {
        /// The ledger's size in this snapshot.
        size: u64,
        /// What was asked for.
        found: u64,
    },
    /// A proof could not be made from the files, or did not check.
    #[error("cannot prove it from the hash tiles ({0}); rebuilding them from the entries may help")]
    Proof(String),
}

impl LogError {
    /// Damage at a path.
    pub(super) fn corrupt(path: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        Self::Corrupt { path: path.into(), problem: problem.into() }
    }
}
