//! A recorder in memory: signs and admits as a ledger's writer does, and writes nothing.

use super::planning::begin;
use super::{RecordError, Recorder, Seed, simulated_key};
use crate::envelope::Salt;
use crate::interop::batch::{Names, NoNames};
use crate::ledger::{AnyError, Batch, Draft, Judgement, PlanError, Planned, Signers, Tail};
use crate::state::{FeedKey, FeedRecord, Memory, Put as _, View};
use crate::tlog::checkpoint::VerifiedCheckpoint;
use crate::tlog::vkey::{KeyKind, VerifierKey};
use crate::value::{EventId, KeyId, LedgerId, PublicKey, Text, Time};
use ed25519_dalek::SigningKey;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock};

static NOTHING: LazyLock<Memory> = LazyLock::new(Memory::default);

/// A new ledger that is planned and never written: for simulated files, examples and tests.
///
/// Salts follow from the seed, so two runs give the same ids; for the same reason its events hide nothing.
pub struct InMemory {
    batch: Option<Batch<'static>>,
    ledger: LedgerId,
    state: Memory,
    signers: Simulated,
}

impl InMemory {
    /// A recorder that has recorded nothing and has no ledger yet.
    #[must_use]
    pub fn new(seed: Seed) -> Self {
        let signers = Simulated { seed, salts: 0, keys: BTreeMap::new() };
        Self { batch: None, ledger: LedgerId([0; 32]), state: Memory::default(), signers }
    }

    /// What was recorded, in order, each with its entry.
    #[must_use]
    pub fn events(&self) -> &[Planned] {
        self.batch.as_ref().map_or(&[], Batch::planned)
    }

    /// State after it.
    #[must_use]
    pub fn state(&self) -> &Memory {
        &self.state
    }
}

impl Recorder for InMemory {
    fn ledger(&self) -> LedgerId {
        self.ledger
    }

    fn view(&self) -> &dyn View {
        &self.state
    }

    fn names(&self) -> &dyn Names {
        &NoNames
    }

    fn hold(&mut self, _: &str, key: SigningKey) -> Result<(), RecordError> {
        self.signers.keys.insert(PublicKey::from(&key).id(), Arc::new(key));
        Ok(())
    }

    fn create(&mut self, operator: &Draft, origin: &Text, at: Time) -> Result<EventId, RecordError> {
        let log_key = simulated_key(&self.signers.seed, super::LOG_KEY);
        let vkey = VerifierKey::new(origin.as_str().parse()?, KeyKind::Note, PublicKey::from(&log_key));
        self.hold(super::LOG_KEY, log_key)?;
        self.ledger = LedgerId::derive(origin.as_str(), &vkey.to_string());
        let mut batch = Batch::new(&*NOTHING, Tail::of_new(self.ledger));
        let [party, _] = begin(&mut batch, &mut self.signers, operator, &vkey, origin, at)?;
        keep(&mut batch, &mut self.state)?;
        self.batch = Some(batch);
        Ok(party)
    }

    fn record(&mut self, draft: &Draft, at: Option<Time>) -> Result<Judgement, RecordError> {
        let batch = self.batch.as_mut().ok_or("expected a simulated file with a `ledger`, found none")?;
        let judged = batch.add(draft.clone(), at.unwrap_or(draft.when.end()), &mut self.signers)?;
        keep(batch, &mut self.state)?;
        Ok(judged)
    }
}

/// Signs what was planned since and puts it into the state.
fn keep(batch: &mut Batch<'_>, state: &mut Memory) -> Result<(), PlanError> {
    let before = batch.planned().len();
    batch.sign_all()?;
    batch.planned().iter().skip(before).for_each(|planned| state.put(&planned.delta));
    Ok(())
}

/// Keys and salts that follow from a seed, without memory.
struct Simulated {
    seed: Seed,
    salts: u64,
    keys: BTreeMap<KeyId, Arc<SigningKey>>,
}

impl Signers for Simulated {
    fn keys(&self) -> Vec<KeyId> {
        self.keys.keys().copied().collect()
    }

    fn key(&mut self, kid: &KeyId) -> Result<Arc<SigningKey>, AnyError> {
        let missing = || format!("expected the private half of key {kid}, found none");
        Ok(self.keys.get(kid).cloned().ok_or_else(missing)?)
    }

    fn next_after(&self, _: &FeedKey, recorded: Option<&FeedRecord>) -> Result<Option<FeedRecord>, AnyError> {
        Ok(recorded.cloned())
    }

    fn remember(&mut self, _: &VerifiedCheckpoint, _: &BTreeMap<FeedKey, FeedRecord>) -> Result<(), AnyError> {
        Ok(())
    }

    fn salt(&mut self) -> Result<Salt, String> {
        self.salts += 1;
        let digest = blake3::keyed_hash(&self.seed, &self.salts.to_be_bytes());
        let mut salt = Salt::default();
        salt.iter_mut().zip(digest.as_bytes()).for_each(|(to, from)| *to = *from);
        Ok(salt)
    }
}
