//! What is met in the file of private values: sound records, and what is none.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// A stretch of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Stretch {
    /// Where it begins.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
}

impl Stretch {
    /// Where it ends.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.offset.saturating_add(self.length)
    }
}

/// What lies in the file, part by part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Part<T> {
    /// A sound record.
    Record {
        /// Where it lies.
        at: Stretch,
        /// What was asked of it.
        held: T,
    },
    /// Bytes that are no sound record, with one behind them.
    Damaged(Stretch),
    /// Bytes at the end that are no sound record.
    Torn(Stretch),
}

/// Where records were met that cannot be read, to be told to whoever reads or writes the ledger.
#[derive(Debug, Clone)]
pub struct Noticed {
    path: PathBuf,
    offsets: Arc<Mutex<BTreeSet<u64>>>,
}

impl Noticed {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path, offsets: Arc::default() }
    }

    /// The file.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub(super) fn add(&self, offset: u64) {
        self.offsets.lock().unwrap_or_else(PoisonError::into_inner).insert(offset);
    }

    /// The offsets met since this was last asked.
    #[must_use]
    pub fn take(&self) -> Vec<u64> {
        std::mem::take(&mut *self.offsets.lock().unwrap_or_else(PoisonError::into_inner)).into_iter().collect()
    }
}
