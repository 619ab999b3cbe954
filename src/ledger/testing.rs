//! Entries, keys and a signing memory for the tests of this layer.

use super::disk::{Access, Cut, Disk, FaultyDisk, append_all, read_if_present};
use super::error::{AnyError, LogError};
use super::identity::Identity;
use super::log::{AppendError, Commit, Log, Recovered, RecoveryView};
use crate::tlog::checkpoint::{Checkpoint, SignedCheckpoint, VerifiedCheckpoint};
use crate::tlog::vkey::{KeyKind, VerifierKey};
use crate::value::PublicKey;
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub(super) const ROOT: &str = "/ledger";
const MEMORY: &str = "/memory";

pub(super) fn root() -> &'static Path {
    Path::new(ROOT)
}

pub(super) fn signing_key() -> ed25519_dalek::SigningKey {
    ed25519_dalek::SigningKey::from_bytes(&[7; 32])
}

pub(super) fn vkey() -> VerifierKey {
    VerifierKey::new("mine.example/log".parse().unwrap(), KeyKind::Note, PublicKey::from(&signing_key()))
}

/// Entry number `i` of the ledgers in tests; lengths vary.
pub(super) fn entry(i: u64) -> Vec<u8> {
    format!("entry {i} {}", "x".repeat((i % 7) as usize)).into_bytes()
}

pub(super) fn batch(from: u64, count: u64) -> Vec<Vec<u8>> {
    (from..from + count).map(entry).collect()
}

/// A signing memory in a file of the same disk: length-prefixed checkpoints, the last whole one counts.
pub(super) struct Memory {
    pub(super) disk: Arc<dyn Disk>,
    path: PathBuf,
}

impl Memory {
    pub(super) fn new(disk: &FaultyDisk) -> Self {
        Self { disk: Arc::new(disk.clone()), path: PathBuf::from(MEMORY) }
    }

    fn records(&self) -> Result<(Vec<String>, bool), AnyError> {
        let Some(bytes) = read_if_present(&*self.disk, &self.path, u64::MAX)? else { return Ok((Vec::new(), true)) };
        let mut records = Vec::new();
        let mut rest = &bytes[..];
        while let Some((length, body)) = rest.split_first_chunk::<2>() {
            let Some((record, behind)) = body.split_at_checked(usize::from(u16::from_be_bytes(*length))) else { break };
            records.push(String::from_utf8(record.to_vec())?);
            rest = behind;
        }
        Ok((records, rest.is_empty()))
    }
}

impl RecoveryView for Memory {
    fn last_signed(&self, _: &VerifierKey) -> Result<Option<SignedCheckpoint>, AnyError> {
        let (records, _) = self.records()?;
        Ok(records.last().map(|text| SignedCheckpoint::parse(text.as_bytes())).transpose()?)
    }
}

impl Commit for Memory {
    fn sign(&mut self, checkpoint: &Checkpoint) -> Result<VerifiedCheckpoint, AnyError> {
        Ok(checkpoint.sign(&vkey(), &signing_key())?)
    }

    fn remember(&mut self, checkpoint: &VerifiedCheckpoint) -> Result<(), AnyError> {
        let mut file = match self.disk.open_append(&self.path) {
            Err(error) if error.is_absent() => {
                let file = self.disk.create_new(&self.path, Access::OwnerOnly)?;
                self.disk.sync_dir(Path::new("/"))?;
                file
            }
            other => other?,
        };
        let (records, whole) = self.records()?;
        if !whole {
            file.truncate(records.iter().map(|record| record.len() as u64 + 2).sum())?;
        }
        let text = checkpoint.to_string();
        let mut framed = u16::try_from(text.len())?.to_be_bytes().to_vec();
        framed.extend(text.as_bytes());
        append_all(&mut *file, &framed)?;
        Ok(file.sync_data()?)
    }
}

/// A machine with a ledger on a faulty disk.
pub(super) struct Machine {
    pub(super) disk: FaultyDisk,
}

impl Machine {
    pub(super) fn new() -> Self {
        Self { disk: FaultyDisk::new() }
    }

    /// Another machine with what a restart would leave of this one's disk.
    pub(super) fn fork(&self, cut: Cut) -> Self {
        Self { disk: self.disk.fork(cut) }
    }

    pub(super) fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.disk.clone())
    }

    pub(super) fn memory(&self) -> Memory {
        Memory::new(&self.disk)
    }

    pub(super) fn create(&self) -> Result<Log, LogError> {
        Log::create(self.shared(), root(), Identity::new(vkey()), &mut || false)
    }

    pub(super) fn open(&self) -> Result<(Log, Recovered), LogError> {
        Log::open(self.shared(), root(), &self.memory(), &mut || false)
    }

    pub(super) fn append(&self, log: &mut Log, count: u64) -> Result<u64, AppendError> {
        let entries = batch(log.size(), count);
        log.append_batch(&entries, &mut self.memory()).map(|head| head.head().size)
    }

    /// A ledger with this many entries, in batches of these sizes.
    pub(super) fn with_batches(batches: &[u64]) -> Self {
        let machine = Self::new();
        let mut log = machine.create().unwrap();
        for count in batches {
            machine.append(&mut log, *count).unwrap();
        }
        machine
    }
}
