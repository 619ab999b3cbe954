//! A ledger open for writing: log, private values, documents and state, held together.
//!
//! In scope: creating and opening, committing a [`Plan`], keeping the index behind the log in step. Not in scope: planning
//! (`append`), durability of the log itself (`log`).

use super::append::{Plan, Planned, Tail};
use super::completeness;
use super::content::{ContentError, ContentKind, ContentStore};
use super::disk::{Disk, DiskFile};
use super::error::{AnyError, LogError};
use super::identity::Identity;
use super::index::{IndexError, Tip};
use super::layout::Layout;
use super::log::{AppendError, Commit, Log, Recovered, RecoveryView};
use super::private::{DisclosureReader, Disclosures, Noticed, PrivateError, Record as PrivateRecord};
use super::read::Reader;
use super::rotation::{binding, just_rotated_to, may_rotate, rotation_in};
use super::signers::Signers;
use super::state_store::{Progress, SLICE, StateError, StateStore};
use crate::envelope::Disclosure;
use crate::state::{FeedKey, FeedRecord};
use crate::tlog::checkpoint::{Checkpoint, VerifiedCheckpoint};
use crate::tlog::entry::{EntryRef, link};
use crate::tlog::nodes::TreeHead;
use crate::tlog::tree::{Frontier, leaf_hash};
use crate::tlog::vkey::VerifierKey;
use crate::value::{Blake3, EventId};
use rayon::prelude::*;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Why a ledger could not be opened for writing.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The log.
    #[error(transparent)]
    Log(#[from] LogError),
    /// The private values.
    #[error(transparent)]
    Private(#[from] PrivateError),
    /// The state.
    #[error(transparent)]
    State(#[from] StateError),
}

/// What became of a commit.
#[derive(Debug)]
pub struct Committed {
    /// The checkpoint that covers it.
    pub checkpoint: VerifiedCheckpoint,
    /// Why the index could not follow, where it could not; the next opening catches it up.
    pub index: Option<String>,
}

/// A batch that is durable, and that the state does not show yet.
#[derive(Debug)]
#[must_use = "the state is behind until it follows"]
pub struct Appended {
    checkpoint: VerifiedCheckpoint,
    /// Where the private values of its events lie, for those that have any, in their order.
    values: Vec<(EventId, u64)>,
    /// The tree before it.
    before: Frontier,
}

/// The largest document that is stored, in bytes.
pub const MAX_DOCUMENT: u64 = 4 << 30;

/// A document, or a supplier's bundle, to be stored with a commit.
#[derive(Debug, Clone)]
pub struct Blob {
    /// Where it is kept.
    pub kind: ContentKind,
    /// Where it is read from.
    pub path: PathBuf,
    /// The digest that the event names.
    pub digest: Blake3,
}

/// A ledger open for writing; holds the writer's lock.
pub struct Writer {
    log: Log,
    disk: Arc<dyn Disk>,
    values: Disclosures,
    noticed: Noticed,
    torn: Option<PathBuf>,
    state: StateStore,
    tail: Tail,
    recovered: Option<Recovered>,
}

impl Writer {
    /// Makes an empty ledger in a folder and opens it. Its first batch must be the operator's registration and the
    /// `ledger` event.
    ///
    /// # Errors
    /// There is a ledger already; the disk's.
    pub fn create(
        disk: Arc<dyn Disk>,
        root: &Path,
        log_key: VerifierKey,
        wait: &mut dyn FnMut() -> bool,
    ) -> Result<Self, OpenError> {
        let log = Log::create(Arc::clone(&disk), root, Identity::new(log_key), wait)?;
        Self::from_log(disk, log, None, wait, &mut |_, _| {})
    }

    /// Opens a ledger, after finishing or discarding what an interrupted commit left.
    ///
    /// # Errors
    /// No ledger; another writer; damage; a signing memory that contradicts it; the disk's.
    pub fn open(
        disk: Arc<dyn Disk>,
        root: &Path,
        memory: &dyn RecoveryView,
        wait: &mut dyn FnMut() -> bool,
        progress: &mut Progress<'_>,
    ) -> Result<Self, OpenError> {
        let (log, recovered) = Log::open(Arc::clone(&disk), root, memory, wait)?;
        Self::from_log(disk, log, Some(recovered), wait, progress)
    }

    fn from_log(
        disk: Arc<dyn Disk>,
        log: Log,
        recovered: Option<Recovered>,
        wait: &mut dyn FnMut() -> bool,
        progress: &mut Progress<'_>,
    ) -> Result<Self, OpenError> {
        let layout = log.layout().clone();
        let reader = Reader::open(Arc::clone(&disk), layout.root())?;
        let kept = DisclosureReader::new(Arc::clone(&disk), &layout);
        let state = StateStore::open(&reader, &kept, wait, progress)?;
        let mut log = log;
        if let Some(key) = just_rotated_to(&reader, &*state.find())?.filter(|key| !log.identity().vkeys().contains(key))
        {
            log.add_key(key)?;
        }
        let find = state.find();
        let is_recorded = |id: &EventId| find.event(id).is_ok_and(|event| event.is_some());
        let (values, torn) = Disclosures::open(Arc::clone(&disk), layout, &kept, state.values_end(), &is_recorded)?;
        drop(find);
        let tail = tail_of(&reader)?;
        Ok(Self { log, disk, values, noticed: kept.noticed().clone(), torn, state, tail, recovered })
    }

    /// Which ledger it is.
    #[must_use]
    pub const fn identity(&self) -> &Identity {
        self.log.identity()
    }

    /// Where its files are.
    #[must_use]
    pub const fn log(&self) -> &Log {
        &self.log
    }

    /// What opening found and did; nothing for a new ledger.
    #[must_use]
    pub const fn recovered(&self) -> Option<&Recovered> {
        self.recovered.as_ref()
    }

    /// Where private values were met that cannot be read.
    #[must_use]
    pub const fn noticed(&self) -> &Noticed {
        &self.noticed
    }

    /// The file in `discarded/` that holds what lay behind the last sound record of the private values, where something did.
    #[must_use]
    pub fn torn_values(&self) -> Option<&Path> {
        self.torn.as_deref()
    }

    /// State at the checkpoint.
    #[must_use]
    pub const fn state(&self) -> &StateStore {
        &self.state
    }

    /// Where the ledger ends.
    #[must_use]
    pub const fn tail(&self) -> Tail {
        self.tail
    }

    /// Commits a plan made on this ledger's present state, with documents to be stored beside it. Durable on return.
    ///
    /// # Errors
    /// The plan continues another state; a step failed: the error says whether the batch may still be recorded.
    pub fn commit(&mut self, plan: &Plan, blobs: &[Blob], signers: &mut dyn Signers) -> Result<Committed, AppendError> {
        let appended = self.append(plan, blobs, signers)?;
        let before = TreeHead { size: appended.before.size(), root: appended.before.root() };
        let committed = self.follow(plan, appended);
        if committed.index.is_none() {
            self.state_completeness(plan, before, &committed.checkpoint, signers);
        }
        Ok(committed)
    }

    /// The first half of [`Self::commit`]: what makes the batch durable. Until [`Self::follow`], the state is the old one.
    ///
    /// # Errors
    /// As of [`Self::commit`].
    pub fn append(&mut self, plan: &Plan, blobs: &[Blob], signers: &mut dyn Signers) -> Result<Appended, AppendError> {
        let entries: Vec<&[u8]> = plan.planned.iter().map(|planned| planned.entry.as_slice()).collect();
        let kept: Vec<PrivateRecord<&str>> =
            plan.planned.par_iter().with_min_len(64).filter_map(private_record).collect();
        let next = self.rotation(plan).map_err(AppendError::not_recorded)?;
        let key = self.log.identity().vkeys().last().cloned();
        let layout = self.log.layout().clone();
        let mut steps = Steps {
            values: &mut self.values,
            disk: &*self.disk,
            layout: &layout,
            kept: &kept,
            offsets: Vec::new(),
            blobs,
            signers,
            feeds: &plan.feeds,
            key: key.as_ref(),
            next: next.as_ref(),
        };
        let before = self.log.frontier().clone();
        let checkpoint = self.log.append_durably(&entries, &mut steps)?;
        let values = kept.iter().map(|record| record.event).zip(steps.offsets).collect();
        self.tail = plan.tail;
        if let Some(error) = next.and_then(|next| self.log.add_key(next).err()) {
            // The batch is durable; the next opening finishes the rotation.
            self.log.latch(error.to_string());
        }
        Ok(Appended { checkpoint, before, values })
    }

    /// The log key that a plan rotates to.
    fn rotation(&self, plan: &Plan) -> Result<Option<VerifierKey>, LogError> {
        if !may_rotate(&plan.planned) {
            return Ok(None);
        }
        let reader = Reader::open(Arc::clone(&self.disk), self.log.layout().root())?;
        let unreadable = |error: StateError| LogError::Step { step: "find the log's keys", cause: error.into() };
        let Some(binding) = binding(&reader, &*self.state.find()).map_err(unreadable)? else { return Ok(None) };
        let next = rotation_in(&plan.planned, &binding)?;
        let path = self.log.layout().identity();
        let fits = next.iter().try_for_each(|key| self.log.identity().with_key(key.clone()).map(drop));
        fits.map_err(|cause| LogError::Identity { path, cause })?;
        Ok(next)
    }

    /// The second half of [`Self::commit`]: tidies the log, and brings the state up to what was appended, in slices.
    pub fn follow(&mut self, plan: &Plan, appended: Appended) -> Committed {
        self.log.tidy_up();
        let put = self.put_slices(plan, &appended);
        Committed { checkpoint: appended.checkpoint, index: put.err().map(|error| error.to_string()) }
    }

    /// Brings the completeness statement up to the commit. It is derived: where it cannot follow, the next export makes it.
    fn state_completeness(
        &self,
        plan: &Plan,
        before: TreeHead,
        checkpoint: &VerifiedCheckpoint,
        signers: &mut dyn Signers,
    ) {
        let Ok(signer) = signers.key(&checkpoint.key().public_key().id()) else { return };
        let signer: completeness::LogSigner<'_> = (checkpoint.key(), &*signer);
        let files = (self.log.layout(), self.log.identity());
        let events = plan.planned.iter().map(Planned::event);
        // A failure leaves files that the next one to open them finds behind or wrong.
        let _ = completeness::follow(&*self.disk, files, &self.state, (before, checkpoint.head()), events, signer);
    }

    fn put_slices(&mut self, plan: &Plan, appended: &Appended) -> Result<(), IndexError> {
        let mut frontier = appended.before.clone();
        let mut values = appended.values.as_slice();
        for slice in plan.planned.chunks(SLICE) {
            slice.iter().for_each(|planned| frontier.append(leaf_hash(&planned.entry)));
            let with_values = slice.iter().filter(|planned| !planned.signed.disclosures.is_empty()).count();
            let (now, later) = values.split_at_checked(with_values).unwrap_or((values, &[]));
            values = later;
            let tip = Tip { size: frontier.size(), root: frontier.root() };
            let end = (tip.size == self.log.size()).then(|| self.values.length());
            let records = slice.iter().flat_map(|planned| &planned.delta);
            self.state.put(records, now, end, tip)?;
        }
        Ok(())
    }
}

fn private_record(planned: &Planned) -> Option<PrivateRecord<&str>> {
    let disclosures: Vec<&str> = planned.signed.disclosures.iter().map(Disclosure::as_str).collect();
    (!disclosures.is_empty()).then(|| PrivateRecord { event: planned.event().id, disclosures })
}

fn tail_of(reader: &Reader) -> Result<Tail, LogError> {
    let ledger = reader.identity().ledger();
    let Some(last) = reader.size().checked_sub(1) else { return Ok(Tail::of_new(ledger)) };
    let bytes = reader.entry(last)?;
    let time = EntryRef::parse(&bytes).ok().map(|entry| entry.recorded_at);
    Ok(Tail { ledger, size: reader.size(), link: link(&bytes), time })
}

/// The steps of a commit that the log leaves to its caller.
struct Steps<'a> {
    values: &'a mut Disclosures,
    disk: &'a dyn Disk,
    layout: &'a Layout,
    kept: &'a [PrivateRecord<&'a str>],
    offsets: Vec<u64>,
    blobs: &'a [Blob],
    signers: &'a mut dyn Signers,
    feeds: &'a BTreeMap<FeedKey, FeedRecord>,
    key: Option<&'a VerifierKey>,
    /// The log key that the batch rotates to, which signs as well.
    next: Option<&'a VerifierKey>,
}

impl Commit for Steps<'_> {
    fn beside(&mut self) -> Result<Vec<Box<dyn DiskFile>>, AnyError> {
        for Blob { kind, path, digest } in self.blobs {
            let content = ContentStore::new(self.disk, self.layout, *kind);
            let mut file = std::fs::File::open(path)?;
            let (found, _) = content.put(&mut file, MAX_DOCUMENT).map_err(|error| match error {
                ContentError::Disk(cause) => AnyError::from(cause),
                other => other.into(),
            })?;
            if found != *digest {
                let error = ContentError::Damaged { path: path.clone(), expected: *digest, found };
                return Err(error.into());
            }
        }
        let stored = self.values.append(self.kept).map_err(|error| match error {
            PrivateError::Disk(cause) => AnyError::from(cause),
            other => other.into(),
        })?;
        self.offsets = stored.offsets;
        Ok(stored.file.into_iter().collect())
    }

    fn sign(&mut self, checkpoint: &Checkpoint) -> Result<VerifiedCheckpoint, AnyError> {
        let key = self.key.ok_or("the ledger has no log key")?;
        let signer = self.signers.key(&key.public_key().id())?;
        let signed = checkpoint.sign(key, &*signer)?;
        let Some(next) = self.next else { return Ok(signed) };
        let signer = self.signers.key(&next.public_key().id())?;
        Ok(signed.sign_also(next, &*signer)?)
    }

    fn remember(&mut self, checkpoint: &VerifiedCheckpoint) -> Result<(), AnyError> {
        self.signers.remember(checkpoint, self.feeds)
    }
}
