//! The signing memory and the durable log together: whatever fails, a feed and its log never part.

use super::tests::{at, kid, open};
use super::{FeedHead, LogHead, Record, SigningMemory};
use crate::ledger::disk::{Cut, Fault, FaultyDisk};
use crate::ledger::identity::Identity;
use crate::ledger::log::{Commit, Log, MemoryState};
use crate::ledger::{AnyError, LogError};
use crate::tlog::checkpoint::{Checkpoint, VerifiedCheckpoint};
use crate::tlog::vkey::{KeyKind, VerifierKey};
use crate::value::{LedgerId, PublicKey};
use ed25519_dalek::SigningKey;
use std::path::Path;
use std::sync::Arc;

const LEDGER: &str = "/ledger";
const AUD: Option<LedgerId> = Some(LedgerId([3; 32]));

fn key() -> SigningKey {
    SigningKey::from_bytes(&[5; 32])
}

fn vkey() -> VerifierKey {
    VerifierKey::new("example.org/log".parse().unwrap(), KeyKind::Note, PublicKey::from(&key()))
}

/// Entry `n` is event `n` of the one feed.
struct OneFeed<'m, 'd>(&'m mut SigningMemory<'d>);

impl Commit for OneFeed<'_, '_> {
    fn sign(&mut self, checkpoint: &Checkpoint) -> Result<VerifiedCheckpoint, AnyError> {
        Ok(checkpoint.sign(&vkey(), &key())?)
    }

    fn remember(&mut self, checkpoint: &VerifiedCheckpoint) -> Result<(), AnyError> {
        let last = at(checkpoint.checkpoint().size() - 1);
        let record = Record {
            feeds: vec![FeedHead { kid: kid(1), aud: AUD, seq: last.seq, id: last.id }],
            logs: vec![LogHead { kid: vkey().public_key().id(), checkpoint: checkpoint.signed().to_string() }],
            ..Record::default()
        };
        Ok(self.0.append(&record)?)
    }
}

fn prepared() -> FaultyDisk {
    let disk = FaultyDisk::new();
    Log::create(Arc::new(disk.clone()), Path::new(LEDGER), Identity::new(vkey()), &mut || false).unwrap();
    let mut memory = open(&disk).unwrap();
    memory.enter(kid(1)).unwrap();
    memory.enter(vkey().public_key().id()).unwrap();
    append(&disk, &mut memory).unwrap();
    drop(memory);
    disk.restart(Cut::LoseUnsynced);
    disk
}

/// Appends two entries and says how many there are.
fn append(disk: &FaultyDisk, memory: &mut SigningMemory<'_>) -> Result<u64, AnyError> {
    let (mut log, _) = reopen(disk, memory)?;
    let from = log.size();
    let entries: Vec<Vec<u8>> = (from..from + 2).map(|n| format!("entry {n}").into_bytes()).collect();
    Ok(log.append_batch(&entries, &mut OneFeed(memory))?.head().size)
}

fn reopen(disk: &FaultyDisk, memory: &SigningMemory<'_>) -> Result<(Log, MemoryState), LogError> {
    let shared = Arc::new(disk.clone());
    let (log, recovered) = Log::open(shared, Path::new(LEDGER), memory.remembered(), &mut || false)?;
    Ok((log, recovered.memory))
}

#[test]
fn feed_and_log_never_part_whatever_fails() {
    let faults = [Fault::Io, Fault::NoSpace, Fault::ShortWrite, Fault::Stop, Fault::StopTorn];
    let cuts = [Cut::KeepAll, Cut::LoseUnsynced, Cut::Some(1), Cut::Some(2)];
    let mut finished = 0;
    for (fault, cut) in faults.iter().flat_map(|fault| cuts.iter().map(move |cut| (*fault, *cut))) {
        for call in 0.. {
            let disk = prepared();
            disk.fail_at(call, fault);
            let acknowledged = open(&disk).map_err(AnyError::from).and_then(|mut memory| append(&disk, &mut memory));
            let calls = disk.calls();
            disk.restart(cut);
            let memory = open(&disk).unwrap();
            let (log, state) = reopen(&disk, &memory).unwrap();
            finished += u32::from(matches!(state, MemoryState::Finished { .. }));
            assert!(log.size() == 4 || (log.size() == 2 && acknowledged.is_err()));
            // The feed as the log shows it is the feed as remembered: the next event can be signed.
            let recorded = at(log.size() - 1);
            assert_eq!(memory.remembered().next_after(&kid(1), AUD, Some(recorded)).unwrap(), Some(recorded));
            if call > calls {
                break;
            }
        }
    }
    assert!(finished > 0, "no commit was ever finished at opening");
}

#[test]
fn a_ledger_restored_from_a_backup_is_refused() {
    let disk = prepared();
    let backup = disk.files().into_iter().filter(|(path, _)| path.starts_with(LEDGER)).collect::<Vec<_>>();
    let mut memory = open(&disk).unwrap();
    append(&disk, &mut memory).unwrap();
    for (path, bytes) in disk.files() {
        use crate::ledger::disk::{Access, Disk as _, replace_durably};
        let Some((_, old)) = backup.iter().find(|(known, _)| *known == path) else {
            if path.starts_with(LEDGER) {
                disk.remove_file(&path).unwrap();
            }
            continue;
        };
        if *old != bytes {
            replace_durably(&disk, &path, old, Access::Shared).unwrap();
        }
    }
    assert!(matches!(reopen(&disk, &memory), Err(LogError::Behind { memory: 4, ledger: 2 })));
}
