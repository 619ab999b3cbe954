//! What appending asks of keys and their memory; `keys` implements it.

use super::error::AnyError;
use crate::envelope::Salt;
use crate::state::{FeedKey, FeedRecord};
use crate::tlog::checkpoint::VerifiedCheckpoint;
use crate::value::KeyId;
use ed25519_dalek::SigningKey;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Keys at hand, their signing memory, and fresh salts.
///
/// Contract: a key signs only what extends the memory; [`Signers::remember`] is durable when it returns.
pub trait Signers {
    /// Ids of the keys at hand, in order of preference.
    fn keys(&self) -> Vec<KeyId>;

    /// Opens a key; a passphrase may be asked for once.
    ///
    /// # Errors
    /// No such key; a wrong passphrase; a file that others may read.
    fn key(&mut self, kid: &KeyId) -> Result<Arc<SigningKey>, AnyError>;

    /// The event that the next one of a feed follows, given the last one recorded here.
    ///
    /// # Errors
    /// The memory knows nothing of the key, or contradicts the ledger: a restored backup, a copied folder.
    fn next_after(&self, feed: &FeedKey, recorded: Option<&FeedRecord>) -> Result<Option<FeedRecord>, AnyError>;

    /// Remembers a signed checkpoint and how far a commit takes each feed, as one durable record.
    ///
    /// # Errors
    /// It does not extend the memory; the disk's.
    fn remember(
        &mut self,
        checkpoint: &VerifiedCheckpoint,
        feeds: &BTreeMap<FeedKey, FeedRecord>,
    ) -> Result<(), AnyError>;

    /// Sixteen fresh random bytes.
    ///
    /// # Errors
    /// The system has no randomness to give.
    fn salt(&mut self) -> Result<Salt, String>;
}
