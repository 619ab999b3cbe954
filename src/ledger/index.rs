//! The index: keys and values derived from the log, for finding without replaying. Never trusted, always replaceable.
//!
//! One trait, [`KeyValue`], with sled on disk ([`SledIndex`]), a twin in memory ([`MemoryIndex`]), and [`Layered`], which keeps
//! the newest records in one of the two and all others in sorted files; one contract test runs on all. A ledger's index is a
//! [`DiskIndex`]. What the records are is for `records`; this layer holds bytes.
//!
//! # Contract of `KeyValue`
//!
//! - **Atomicity.** [`KeyValue::apply`] puts all of a batch and its tip, or nothing; [`KeyValue::replace`] drops what was there, too.
//! - **Order.** [`KeyValue::scan`] gives keys in ascending byte order.
//! - **Truth.** A value comes back as it was put, or as an error: each is stored with eight bytes of BLAKE3 over key and
//!   value. A tip says of which tree head the index is the image; an index without tip is empty.
//! - **Durability.** None is promised. What is lost or damaged is rebuilt from the log.

mod filter;
mod guard;
mod layered;
mod memory;
mod on_disk;
mod run;

pub use guard::is_guarded;
pub use layered::{FAN_OUT, Layered, MOST_RECENT};
pub use memory::MemoryIndex;
pub use on_disk::SledIndex;

/// The index of a ledger: sled for the newest records, runs in a folder below it for all others.
pub type DiskIndex = Layered<SledIndex>;

use crate::value::Sha256;

/// Keys with their values, in the order of keys.
pub type Pairs = Vec<(Vec<u8>, Vec<u8>)>;

/// The tree head that an index reflects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct Tip {
    /// Number of entries.
    pub size: u64,
    /// Root at that size.
    pub root: Sha256,
}

/// Why an index cannot be used. Its cure is always the same: rebuild it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IndexError {
    /// Another process has it open; sled admits one at a time.
    #[error("the index is in use by another process")]
    Busy,
    /// It cannot be opened, read or written.
    #[error("the index is unusable: {0}")]
    Unusable(String),
    /// Something in it is not what was put.
    #[error("the index is damaged ({0}); it is built anew when the ledger is next opened")]
    Damaged(String),
    /// A record does not fit the index.
    #[error("a record does not fit the index: {0}")]
    Record(String),
}

/// Keys and values with one atomic batch; see the [module](self) for the contract.
pub trait KeyValue: Send {
    /// The value of a key.
    ///
    /// # Errors
    /// The index is unusable or the value damaged.
    fn get(&self, key: &[u8]) -> Result<Option<Vec<u8>>, IndexError>;

    /// Up to `most` keys that begin with `prefix`, not below `from`, with their values.
    ///
    /// # Errors
    /// The index is unusable or a value damaged.
    fn scan(&self, prefix: &[u8], from: Option<&[u8]>, most: usize) -> Result<Pairs, IndexError>;

    /// Puts pairs and the new tip, all or nothing.
    ///
    /// # Errors
    /// The index is unusable; it is as before then.
    fn apply(&mut self, pairs: Pairs, tip: Tip) -> Result<(), IndexError>;

    /// Drops all that was put, puts pairs and the new tip; all of it or nothing.
    ///
    /// # Errors
    /// The index is unusable; it is as before then.
    fn replace(&mut self, pairs: Pairs, tip: Tip) -> Result<(), IndexError>;

    /// What it reflects; `None` where nothing was ever put.
    ///
    /// # Errors
    /// The index is unusable.
    fn tip(&self) -> Result<Option<Tip>, IndexError>;

    /// Number of bytes it occupies, as far as known.
    fn bytes(&self) -> Option<u64>;
}

/// Where the tip is kept: below every record, whose keys begin with a letter.
const TIP_KEY: &[u8] = &[0];

/// Where [`Layered`] keeps its list of runs: below every record too.
const LAYERS_KEY: &[u8] = &[1];

/// No record's key is below this one.
const FIRST_RECORD: &[u8] = &[2];

/// Bytes of the checksum in front of a value.
const CHECKSUM: usize = 8;

fn unusable(error: impl std::fmt::Display) -> IndexError {
    IndexError::Unusable(error.to_string())
}

fn checksum(key: &[u8], value: &[u8]) -> [u8; CHECKSUM] {
    let mut hasher = blake3::Hasher::new();
    // The length keeps key and value apart.
    hasher.update(&u64::try_from(key.len()).unwrap_or(u64::MAX).to_be_bytes());
    hasher.update(key);
    hasher.update(value);
    let mut sum = [0; CHECKSUM];
    hasher.finalize_xof().fill(&mut sum);
    sum
}

/// A value as it is kept: its checksum, then its bytes.
fn seal(key: &[u8], value: &[u8]) -> Vec<u8> {
    [&checksum(key, value), value].concat()
}

/// The value behind its checksum.
fn unseal(key: &[u8], sealed: &[u8]) -> Result<Vec<u8>, IndexError> {
    let damaged = || IndexError::Damaged(format!("the value of key {}", hex::encode(key)));
    let (sum, value) = sealed.split_at_checked(CHECKSUM).ok_or_else(damaged)?;
    if sum != checksum(key, value) {
        return Err(damaged());
    }
    Ok(value.to_vec())
}

fn tip_bytes(tip: &Tip) -> Vec<u8> {
    [&tip.size.to_be_bytes()[..], &tip.root.0].concat()
}

fn parse_tip(bytes: &[u8]) -> Result<Tip, IndexError> {
    let damaged = || IndexError::Damaged("its tip".to_owned());
    let (size, root) = bytes.split_at_checked(8).ok_or_else(damaged)?;
    let size = u64::from_be_bytes(size.try_into().map_err(|_| damaged())?);
    Ok(Tip { size, root: Sha256(root.try_into().map_err(|_| damaged())?) })
}

#[cfg(test)]
mod tests;
