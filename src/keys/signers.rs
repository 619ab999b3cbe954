//! Keys at hand: the key folder, opened keys and signing memory behind the trait that appending asks of.

use super::memory::{FeedHead, LogHead, Position, Record, SigningMemory};
use super::{KeyEntry, KeyError, KeyRole, KeyStore, PassphraseSource};
use crate::envelope::{Prepared, Salt, Signed};
use crate::event::{Payload, Purpose};
use crate::ledger::disk::Disk;
use crate::ledger::{AnyError, RecoveryView, Signers};
use crate::state::{FeedKey, FeedRecord};
use crate::tlog::checkpoint::{SignedCheckpoint, VerifiedCheckpoint};
use crate::tlog::vkey::{KeyKind, VerifierKey};
use crate::value::KeyId;
use ed25519_dalek::SigningKey;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;

/// Where salts come from; fails where the system has no randomness to give.
pub type Randomness<'a> = dyn FnMut(&mut [u8; 16]) -> Result<(), String> + 'a;

/// The keys of a folder, open for signing; holds the folder's signing memory.
///
/// Key files are opened when first used, each at most once, so that a passphrase is asked for only where it is needed.
pub struct KeysAtHand<'a> {
    store: KeyStore<'a>,
    entries: Vec<KeyEntry>,
    opened: HashMap<KeyId, Arc<SigningKey>>,
    memory: SigningMemory<'a>,
    passphrase: PassphraseSource<'a>,
    random: Box<Randomness<'a>>,
    vouched: bool,
}

impl<'a> KeysAtHand<'a> {
    /// Opens a key folder for signing.
    ///
    /// # Errors
    /// The memory is in use or damaged; the disk's.
    pub fn open(
        disk: &'a dyn Disk,
        folder: &Path,
        passphrase: PassphraseSource<'a>,
        random: Box<Randomness<'a>>,
        wait: &mut dyn FnMut() -> bool,
    ) -> Result<Self, KeyError> {
        let memory = SigningMemory::open(disk, folder, &format!("process {}", std::process::id()), wait)?;
        let store = KeyStore::new(disk, folder);
        let entries = store.list()?;
        Ok(Self { store, entries, opened: HashMap::new(), memory, passphrase, random, vouched: false })
    }

    /// The keys of the folder.
    #[must_use]
    pub fn entries(&self) -> &[KeyEntry] {
        &self.entries
    }

    /// Whether the memory knows the key; one whose memory was lost may sign only its own rotation.
    #[must_use]
    pub fn knows(&self, kid: &KeyId) -> bool {
        self.memory.remembered().knows(kid)
    }

    /// Lets keys of the folder whose memory was lost sign once, on the caller's word that the ledger at hand shows all that
    /// they signed. They do not enter the memory by it, save the log's key, which signs the checkpoint.
    pub const fn vouch_for_lost(&mut self) {
        self.vouched = true;
    }

    /// Whether a key may sign though its memory was lost.
    fn is_vouched_for(&self, kid: &KeyId) -> bool {
        self.vouched && !self.knows(kid) && self.entries.iter().any(|entry| entry.info.kid == *kid)
    }
}

impl Signers for KeysAtHand<'_> {
    fn keys(&self) -> Vec<KeyId> {
        self.entries.iter().filter(|entry| entry.info.role == KeyRole::Party).map(|entry| entry.info.kid).collect()
    }

    fn key(&mut self, kid: &KeyId) -> Result<Arc<SigningKey>, AnyError> {
        if let Some(key) = self.opened.get(kid) {
            return Ok(Arc::clone(key));
        }
        let entry = self.entries.iter().find(|entry| entry.info.kid == *kid);
        let unknown = || KeyError::Unknown { wanted: kid.to_string(), folder: self.store.folder().to_owned() };
        let key = Arc::new(self.store.open(entry.ok_or_else(unknown)?, &self.passphrase)?);
        self.opened.insert(*kid, Arc::clone(&key));
        Ok(key)
    }

    fn next_after(&self, feed: &FeedKey, recorded: Option<&FeedRecord>) -> Result<Option<FeedRecord>, AnyError> {
        if self.is_vouched_for(&feed.kid) {
            return Ok(recorded.cloned());
        }
        let recorded = recorded.map(|feed| Position { seq: feed.seq, id: feed.last });
        let next = self.memory.remembered().next_after(&feed.kid, feed.aud, recorded)?;
        Ok(next.map(|position| FeedRecord { seq: position.seq, last: position.id }))
    }

    fn remember(
        &mut self,
        checkpoint: &VerifiedCheckpoint,
        feeds: &BTreeMap<FeedKey, FeedRecord>,
    ) -> Result<(), AnyError> {
        // What others signed and this machine only records is not this memory's.
        let remembered = self.memory.remembered();
        let own = feeds.iter().filter(|(feed, _)| remembered.knows(&feed.kid));
        let heads = own.map(|(feed, at)| FeedHead { kid: feed.kid, aud: feed.aud, seq: at.seq, id: at.last });
        let feeds = heads.filter(|head| !remembered.is_past(head)).collect();
        let text = checkpoint.signed().to_string();
        let logs: Vec<LogHead> =
            self.signers_of(checkpoint).map(|kid| LogHead { kid, checkpoint: text.clone() }).collect();
        let keys = logs.iter().map(|log| log.kid).filter(|kid| self.is_vouched_for(kid)).collect();
        self.memory.append(&Record { keys, feeds, logs })?;
        Ok(())
    }

    fn salt(&mut self) -> Result<Salt, String> {
        let mut salt = [0; 16];
        (self.random)(&mut salt)?;
        Ok(salt)
    }
}

impl KeysAtHand<'_> {
    /// Signs a portable event that no ledger at hand records, with further keys at hand that cosign it.
    ///
    /// Its place in the feed of (issuer, key) is remembered before the signature is given out, so that the next event of the
    /// feed follows it.
    ///
    /// # Errors
    /// The key is not at hand, or its memory is lost; the event cannot be signed; the disk's.
    pub fn sign_portable(
        &mut self,
        draft: Payload,
        kid: &KeyId,
        cosigners: &[(Purpose, KeyId)],
    ) -> Result<Signed, AnyError> {
        let key = self.key(kid)?;
        let last = self.memory.remembered().next_after(kid, None, None)?;
        let mut prepared = Prepared::new(draft, &mut || self.salt())?;
        for (purpose, cosigner) in cosigners {
            prepared.cosign(*purpose, &*self.key(cosigner)?)?;
        }
        prepared.place(last.map_or(0, |last| last.seq + 1), last.map(|last| last.id));
        let signed = prepared.sign(&key)?;
        let head = FeedHead { kid: *kid, aud: None, seq: signed.event.payload.seq, id: signed.event.id };
        self.memory.append(&Record { keys: Vec::new(), feeds: vec![head], logs: Vec::new() })?;
        Ok(signed)
    }

    /// The keys of the folder that signed a checkpoint: the log's, and at its rotation the next one.
    fn signers_of(&self, checkpoint: &VerifiedCheckpoint) -> impl Iterator<Item = KeyId> {
        let name = checkpoint.key().name();
        let first = checkpoint.key().public_key().id();
        let others =
            self.entries.iter().filter(move |entry| entry.info.role == KeyRole::Log && entry.info.kid != first);
        let signed = others.filter(move |entry| {
            let vkey = VerifierKey::new(name.clone(), KeyKind::Note, entry.info.key.x);
            checkpoint.check_also_signed_by(&vkey).is_ok()
        });
        std::iter::once(first).chain(signed.map(|entry| entry.info.kid))
    }
}

impl RecoveryView for KeysAtHand<'_> {
    fn last_signed(&self, key: &VerifierKey) -> Result<Option<SignedCheckpoint>, AnyError> {
        Ok(self.memory.remembered().checkpoint(&key.public_key().id()).cloned())
    }
}
