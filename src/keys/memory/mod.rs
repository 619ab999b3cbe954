//! The signing memory: what each key of the folder signed last, so that none ever signs two histories.
//!
//! It lies beside the keys and outside every ledger. A ledger that was restored from a backup, or copied, no longer shows
//! what was signed; the memory still does, and what does not extend it is refused. It is written before the signature
//! leaves the machine (before the checkpoint is replaced), one record for all the keys of a commit, one sync.
//!
//! The file `signing-memory` holds one record per line, `<BLAKE3 of the JSON text, hex> <JSON text>`. Only the last line
//! can be torn by a crash; it is cut off, since what it would have permitted was never let out. A damaged line before the
//! last is an error: nobody knows then what was signed. When the file has grown, it is replaced by one record of the same
//! content.
//!
//! In scope: what was signed here. Not in scope: what others signed with a copy of the key (the ledger shows it, as it is
//! then ahead), and which key may sign what (`rules::chain`).
//!
//! A key whose memory is lost may sign only its own rotation: the caller enters it again for that one event. If that cannot
//! be vouched for either, the party's recovery key replaces it.

mod file;
mod state;

pub use file::SigningMemory;
pub use state::Remembered;

use crate::ledger::disk::DiskError;
use crate::value::{EventId, KeyId, LedgerId, Sha256};
use std::path::PathBuf;

/// A position in the feed of a key: number and id of an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Position {
    /// The event's number in the feed.
    pub seq: u64,
    /// The event's id.
    pub id: EventId,
}

/// The last event that a key signed for one ledger, or of its portable feed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FeedHead {
    /// The key.
    pub kid: KeyId,
    /// The ledger; absent for the portable feed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub aud: Option<LedgerId>,
    /// The event's number in the feed.
    pub seq: u64,
    /// The event's id.
    pub id: EventId,
}

impl FeedHead {
    /// Number and id.
    #[must_use]
    pub const fn position(&self) -> Position {
        Position { seq: self.seq, id: self.id }
    }
}

/// The last checkpoint that a log key signed.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LogHead {
    /// The key.
    pub kid: KeyId,
    /// The signed note, whole, so that an interrupted commit can be finished without the key.
    pub checkpoint: String,
}

/// One record: what is about to be let out, or keys that are new.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Record {
    /// Keys that enter the memory: new ones, which have signed nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub keys: Vec<KeyId>,
    /// The last event of each feed that a commit adds to.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub feeds: Vec<FeedHead>,
    /// The checkpoint of a commit, by each log key that signed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub logs: Vec<LogHead>,
}

/// Why something must not be signed, or the memory cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MemoryError {
    /// A file operation failed.
    #[error(transparent)]
    Disk(#[from] DiskError),
    /// Another process signs right now.
    #[error("the signing memory is in use: {} is held by {holder}", path.display())]
    Busy {
        /// The lock file.
        path: PathBuf,
        /// Who holds it, as far as known.
        holder: String,
    },
    /// A line before the last is damaged.
    #[error("the signing memory is damaged in line {line} of {}: {problem}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Which line, counted from 1.
        line: usize,
        /// What is wrong with it.
        problem: String,
    },
    /// A write failed before; nobody knows what the disk holds until the memory is opened again.
    #[error("the signing memory could not be written before and must be opened again")]
    Latched,
    /// The memory does not know the key.
    #[error("the signing memory of {} has no record of key {kid}", folder.display())]
    UnknownKey {
        /// The key.
        kid: KeyId,
        /// The key folder.
        folder: PathBuf,
    },
    /// The key signed more than the ledger shows.
    #[error("key {kid} signed event number {} here, but {}", remembered.seq, shown(recorded))]
    LedgerBehind {
        /// The key.
        kid: KeyId,
        /// What it signed last.
        remembered: Position,
        /// What the ledger holds of it.
        recorded: Option<Position>,
    },
    /// The ledger shows more than the key signed here.
    #[error("the ledger holds event number {} of key {kid}, which was not signed here ({})", recorded.seq, known(remembered))]
    MemoryBehind {
        /// The key.
        kid: KeyId,
        /// What it signed last, here.
        remembered: Option<Position>,
        /// What the ledger holds of it.
        recorded: Position,
    },
    /// One number, two events.
    #[error("key {kid} signed event {} as number {} here, but {} has that number", remembered.id, remembered.seq, other.id)]
    Fork {
        /// The key.
        kid: KeyId,
        /// What it signed.
        remembered: Position,
        /// The other event.
        other: Position,
    },
    /// An event that is not later than the last one signed.
    #[error("key {kid} signed event number {} here and must not sign another number {}", remembered.seq, asked.seq)]
    NotLater {
        /// The key.
        kid: KeyId,
        /// What it signed last.
        remembered: Position,
        /// What is asked for.
        asked: Position,
    },
    /// A checkpoint that is not later than the last one signed.
    #[error(
        "log key {kid} signed a checkpoint of size {signed} here and must not sign one of size {asked} with root {root}"
    )]
    Checkpoint {
        /// The key.
        kid: KeyId,
        /// The size signed last.
        signed: u64,
        /// The size asked for.
        asked: u64,
        /// The root asked for.
        root: Sha256,
    },
    /// A checkpoint of another log than before.
    #[error("log key {kid} signs for `{signed}` and must not sign for `{asked}`")]
    Origin {
        /// The key.
        kid: KeyId,
        /// The origin signed so far.
        signed: String,
        /// The origin asked for.
        asked: String,
    },
    /// A text that is no signed checkpoint.
    #[error("expected a signed checkpoint by log key {kid}, found {problem}")]
    NotACheckpoint {
        /// The key.
        kid: KeyId,
        /// What was found.
        problem: String,
    },
    /// A record that cannot be written as JSON.
    #[error("cannot write the record: {0}")]
    Json(#[from] serde_json::Error),
}

fn shown(recorded: &Option<Position>) -> String {
    recorded.map_or("the ledger holds none of it".to_owned(), |at| format!("the ledger ends at its number {}", at.seq))
}

fn known(remembered: &Option<Position>) -> String {
    remembered.map_or("nothing was".to_owned(), |at| format!("the last was number {}", at.seq))
}

impl MemoryError {
    /// What the user can do about it, where something can be said.
    #[must_use]
    pub const fn hint(&self) -> Option<&'static str> {
        Some(match self {
            Self::UnknownKey { .. } => {
                "a key moves with its signing memory; a key without one may only sign its own rotation (`oretrail key rotate`), \
                 or the recovery key replaces it (`oretrail key recover`)"
            }
            Self::LedgerBehind { .. } | Self::NotLater { .. } | Self::Checkpoint { .. } => {
                "this looks like a ledger restored from a backup, or a copy; use the newest one, which holds what was signed"
            }
            Self::MemoryBehind { .. } => {
                "this looks like a key used on two machines, or a key folder restored from a backup; give each machine a key of \
                 its own (`oretrail key add`), and rotate this one"
            }
            Self::Fork { .. } => "two histories were signed with this key; rotate it and find out how",
            Self::Damaged { .. } => {
                "rotate the keys of this folder (`oretrail key rotate`), as what they signed is not known"
            }
            Self::Busy { .. } => "wait for the other process and try again",
            Self::Latched => "look for a full or failing disk, then try again",
            _ => return None,
        })
    }
}

#[cfg(test)]
mod tests;
#[cfg(test)]
mod with_log;
