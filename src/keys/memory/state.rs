//! What the records add up to, and what extends it.

use super::{FeedHead, LogHead, MemoryError, Position, Record};
use crate::ledger::error::AnyError;
use crate::ledger::log::RecoveryView;
use crate::tlog::checkpoint::SignedCheckpoint;
use crate::tlog::vkey::VerifierKey;
use crate::value::{KeyId, LedgerId};
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What each key signed last, as remembered.
#[derive(Debug, Clone, Default)]
pub struct Remembered {
    folder: PathBuf,
    keys: BTreeSet<KeyId>,
    feeds: BTreeMap<(KeyId, Option<LedgerId>), Position>,
    logs: BTreeMap<KeyId, SignedCheckpoint>,
}

impl Remembered {
    pub(super) fn empty(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), ..Self::default() }
    }

    /// Whether the key has entered the memory.
    #[must_use]
    pub fn knows(&self, kid: &KeyId) -> bool {
        self.keys.contains(kid)
    }

    /// Fails for a key that never entered, with the key folder for the message.
    pub fn check_known(&self, kid: &KeyId) -> Result<(), MemoryError> {
        let unknown = || MemoryError::UnknownKey { kid: *kid, folder: self.folder.clone() };
        self.knows(kid).then_some(()).ok_or_else(unknown)
    }

    /// The last event the key signed for the ledger, or of its portable feed.
    #[must_use]
    pub fn feed(&self, kid: &KeyId, aud: Option<LedgerId>) -> Option<Position> {
        self.feeds.get(&(*kid, aud)).copied()
    }

    /// The last checkpoint the log key signed.
    #[must_use]
    pub fn checkpoint(&self, kid: &KeyId) -> Option<&SignedCheckpoint> {
        self.logs.get(kid)
    }

    /// The position that the key's next event follows, given what the ledger holds of the feed.
    ///
    /// For a ledger's own feed, ledger and memory must agree. Of the portable feed, a ledger may hold less, since its
    /// events are recorded in any ledger; then the memory says what comes next.
    ///
    /// # Errors
    /// The key never entered; the two disagree.
    pub fn next_after(
        &self,
        kid: &KeyId,
        aud: Option<LedgerId>,
        recorded: Option<Position>,
    ) -> Result<Option<Position>, MemoryError> {
        self.check_known(kid)?;
        let (kid, remembered) = (*kid, self.feed(kid, aud));
        match (remembered, recorded) {
            (Some(remembered), Some(other)) if remembered.seq == other.seq && remembered.id != other.id => {
                Err(MemoryError::Fork { kid, remembered, other })
            }
            (remembered, Some(recorded)) if remembered.is_none_or(|known| known.seq < recorded.seq) => {
                Err(MemoryError::MemoryBehind { kid, remembered, recorded })
            }
            (Some(remembered), recorded)
                if aud.is_some() && recorded.is_none_or(|known| known.seq < remembered.seq) =>
            {
                Err(MemoryError::LedgerBehind { kid, remembered, recorded })
            }
            (remembered, _) => Ok(remembered),
        }
    }

    /// Fails unless every head of the record comes after what is remembered.
    pub fn check_extends(&self, record: &Record) -> Result<(), MemoryError> {
        let entering: BTreeSet<&KeyId> = record.keys.iter().collect();
        let check_known = |kid: &KeyId| if entering.contains(kid) { Ok(()) } else { self.check_known(kid) };
        for head in &record.feeds {
            check_known(&head.kid)?;
            self.check_feed(head)?;
        }
        for head in &record.logs {
            check_known(&head.kid)?;
            self.check_log(head)?;
        }
        Ok(())
    }

    /// Whether the key signed more of its portable feed since: such an event may be recorded at any time, and nothing new is
    /// signed by it.
    #[must_use]
    pub fn is_past(&self, head: &FeedHead) -> bool {
        head.aud.is_none() && self.feed(&head.kid, None).is_some_and(|last| head.seq < last.seq)
    }

    fn check_feed(&self, head: &FeedHead) -> Result<(), MemoryError> {
        let asked = head.position();
        match self.feed(&head.kid, head.aud) {
            Some(remembered) if asked.seq <= remembered.seq && asked != remembered => {
                Err(MemoryError::NotLater { kid: head.kid, remembered, asked })
            }
            _ => Ok(()),
        }
    }

    /// The same checkpoint may be signed again, which lets nothing new out.
    fn check_log(&self, head: &LogHead) -> Result<(), MemoryError> {
        let kid = head.kid;
        let asked = parse(head)?;
        let Some(signed) = self.checkpoint(&kid) else { return Ok(()) };
        let (signed, asked) = (signed.unverified(), asked.unverified());
        if signed.origin() != asked.origin() {
            let (signed, asked) = (signed.origin().to_owned(), asked.origin().to_owned());
            return Err(MemoryError::Origin { kid, signed, asked });
        }
        if asked.size() > signed.size() || asked == signed {
            return Ok(());
        }
        Err(MemoryError::Checkpoint { kid, signed: signed.size(), asked: asked.size(), root: *asked.root() })
    }

    /// Takes a record in.
    pub(super) fn apply(&mut self, record: &Record) -> Result<(), MemoryError> {
        for head in &record.logs {
            self.logs.insert(head.kid, parse(head)?);
        }
        self.keys.extend(&record.keys);
        self.feeds.extend(record.feeds.iter().map(|head| ((head.kid, head.aud), head.position())));
        Ok(())
    }

    /// Everything as one record.
    pub(super) fn to_record(&self) -> Record {
        let feed =
            |(&(kid, aud), &at): (&(KeyId, Option<LedgerId>), &Position)| FeedHead { kid, aud, seq: at.seq, id: at.id };
        let log = |(&kid, signed): (&KeyId, &SignedCheckpoint)| LogHead { kid, checkpoint: signed.to_string() };
        Record {
            keys: self.keys.iter().copied().collect(),
            feeds: self.feeds.iter().map(feed).collect(),
            logs: self.logs.iter().map(log).collect(),
        }
    }
}

impl RecoveryView for Remembered {
    /// A key that never entered and one that signed no checkpoint look the same here: nothing was let out by either.
    fn last_signed(&self, key: &VerifierKey) -> Result<Option<SignedCheckpoint>, AnyError> {
        Ok(self.checkpoint(&key.public_key().id()).cloned())
    }
}

fn parse(head: &LogHead) -> Result<SignedCheckpoint, MemoryError> {
    SignedCheckpoint::parse(head.checkpoint.as_bytes())
        .map_err(|error| MemoryError::NotACheckpoint { kid: head.kid, problem: error.to_string() })
}
