//! Appends, creation and recovery stopped or failed at every call of the disk, and callers that fail.

use super::*;
use crate::ledger::disk::{DiskFile, Fault, FaultyDisk};

/// Runs `scenario` with every fault at every call, restarts in several ways, and lets `check` look at what is left.
fn at_every_call(prepared: &Machine, scenario: &dyn Fn(&Machine) -> u64, check: &dyn Fn(&Machine, u64)) {
    let machine = prepared.fork(Cut::KeepAll);
    scenario(&machine);
    for call in 1..=machine.disk.calls() {
        for fault in [Fault::Io, Fault::NoSpace, Fault::Interrupted, Fault::ShortWrite, Fault::Stop, Fault::StopTorn] {
            let machine = prepared.fork(Cut::KeepAll);
            machine.disk.fail_at(call, fault);
            let acknowledged = scenario(&machine);
            let lossy = if call % 2 == 0 { Cut::LoseUnsynced } else { Cut::Some(call) };
            let cuts = match fault {
                Fault::Stop | Fault::StopTorn => vec![Cut::KeepAll, Cut::LoseUnsynced, Cut::Some(call)],
                _ => vec![lossy],
            };
            for cut in cuts {
                check(&machine.fork(cut), acknowledged);
            }
        }
    }
}

/// Opens the ledger and appends one batch; says what size is acknowledged.
fn append_after_opening(machine: &Machine, before: u64, count: u64) -> u64 {
    let Ok((mut log, _)) = machine.open() else { return before };
    machine.append(&mut log, count).unwrap_or(before)
}

/// After the restart the ledger holds what was acknowledged, or the whole batch; and a further batch can be appended.
fn check_all_or_nothing(machine: &Machine, acknowledged: u64, allowed: &[u64]) {
    let (mut log, _) = machine.open().unwrap();
    let size = log.size();
    assert!(size >= acknowledged && allowed.contains(&size), "{size} entries, {acknowledged} acknowledged");
    machine.append(&mut log, 2).unwrap();
    check_whole(machine, size + 2);
}

fn crash_anywhere(before: u64, count: u64) {
    let prepared = Machine::with_batches(&[before]);
    at_every_call(&prepared, &|machine| append_after_opening(machine, before, count), &|machine, acknowledged| {
        check_all_or_nothing(machine, acknowledged, &[before, before + count]);
    });
}

#[test]
fn crash_at_any_call_of_a_single_append_is_all_or_nothing() {
    crash_anywhere(3, 1);
}

#[test]
fn crash_at_any_call_while_a_bundle_fills_is_all_or_nothing() {
    crash_anywhere(254, 2);
    crash_anywhere(255, 2);
}

#[test]
fn crash_at_any_call_of_a_batch_over_bundles_is_all_or_nothing() {
    crash_anywhere(250, 270);
}

#[test]
fn failure_among_bundles_synced_in_parallel_is_all_or_nothing() {
    let prepared = Machine::with_batches(&[3]);
    let trial = prepared.fork(Cut::KeepAll);
    append_after_opening(&trial, 3, 3000);
    for call in (1..trial.disk.calls()).step_by(5) {
        let machine = prepared.fork(Cut::KeepAll);
        machine.disk.fail_at(call, Fault::Io);
        let acknowledged = append_after_opening(&machine, 3, 3000);
        check_all_or_nothing(&machine.fork(Cut::LoseUnsynced), acknowledged, &[3, 3003]);
    }
}

/// A caller with something to store beside the entries.
struct Storing(Memory, FaultyDisk);

impl Storing {
    fn path() -> std::path::PathBuf {
        root().join("beside")
    }
}

impl Commit for Storing {
    fn beside(&mut self) -> Result<Vec<Box<dyn DiskFile>>, AnyError> {
        let mut file = self.1.open_append(&Self::path())?;
        append_all(&mut *file, b"value")?;
        Ok(vec![file])
    }

    fn sign(&mut self, checkpoint: &Checkpoint) -> Result<VerifiedCheckpoint, AnyError> {
        self.0.sign(checkpoint)
    }

    fn remember(&mut self, checkpoint: &VerifiedCheckpoint) -> Result<(), AnyError> {
        self.0.remember(checkpoint)
    }
}

#[test]
fn what_lies_beside_a_recorded_batch_is_durable_wherever_it_is_stopped() {
    let prepared = Machine::with_batches(&[3]);
    drop(prepared.disk.create_new(&Storing::path(), Access::OwnerOnly).unwrap());
    prepared.disk.sync_dir(root()).unwrap();
    let store = |machine: &Machine, count: u64| {
        let Ok((mut log, _)) = machine.open() else { return 3 };
        let mut caller = Storing(machine.memory(), machine.disk.clone());
        let size = log.append_batch(&batch(3, count), &mut caller).map_or(3, |head| head.head().size);
        assert!(size > 3 || log.latched().is_some(), "nobody knows what the disk holds");
        size
    };
    let check = |machine: &Machine, acknowledged: u64| {
        let (log, _) = machine.open().unwrap();
        assert!(log.size() >= acknowledged);
        let stored = read_whole(&machine.disk, &Storing::path(), 9).unwrap();
        assert!(log.size() == 3 || stored == b"value", "{stored:?} beside {} entries", log.size());
    };
    at_every_call(&prepared, &|machine| store(machine, 2), &check);
    // So many that files are synced in parallel.
    let trial = prepared.fork(Cut::KeepAll);
    store(&trial, 3000);
    for call in (1..trial.disk.calls()).step_by(5) {
        let machine = prepared.fork(Cut::KeepAll);
        machine.disk.fail_at(call, Fault::Io);
        let acknowledged = store(&machine, 3000);
        check(&machine.fork(Cut::LoseUnsynced), acknowledged);
    }
}

#[test]
fn crash_at_any_call_of_the_first_append_is_all_or_nothing() {
    let prepared = Machine::with_batches(&[]);
    at_every_call(&prepared, &|machine| append_after_opening(machine, 0, 2), &|machine, acknowledged| {
        check_all_or_nothing(machine, acknowledged, &[0, 2]);
    });
}

#[test]
fn crash_at_any_call_of_creation_leaves_a_ledger_or_none() {
    at_every_call(&Machine::new(), &|machine| u64::from(machine.create().is_ok()), &|machine, created| {
        match machine.create() {
            Ok(_) => assert_eq!(created, 0, "a created ledger is gone"),
            Err(LogError::LedgerExists(_)) => {}
            Err(other) => panic!("{other}"),
        }
        let (mut log, _) = machine.open().unwrap();
        machine.append(&mut log, 1).unwrap();
    });
}

#[test]
fn crash_at_any_call_of_recovery_can_be_recovered_from() {
    // The batch fails after it was remembered, and behind it lies the torn beginning of another.
    let machine = Machine::with_batches(&[250]);
    let (mut log, _) = machine.open().unwrap();
    let path = log.layout().checkpoint();
    let old = read_whole(&machine.disk, &path, 9999).unwrap();
    machine.append(&mut log, 10).unwrap();
    machine.disk.rename(&log.layout().bundle(0).unwrap(), &log.layout().pending(0)).unwrap();
    replace_durably(&machine.disk, &path, &old, Access::Shared).unwrap();
    append_all(&mut *machine.disk.open_append(&log.layout().pending(1)).unwrap(), b"\0\x05torn").unwrap();
    let open = |machine: &Machine| machine.open().map_or(0, |(log, _)| log.size());
    at_every_call(&machine, &open, &|machine, size| {
        assert!(size == 0 || size == 260);
        check_all_or_nothing(machine, 260, &[260]);
    });
}

#[test]
fn failed_sync_latches_the_log_until_it_is_opened_anew() {
    let machine = Machine::with_batches(&[3]);
    let (mut log, _) = machine.open().unwrap();
    let mut failed = 0;
    for call in 1..40 {
        machine.disk.fail_at(machine.disk.calls() + call, Fault::Io);
        let Err(error) = machine.append(&mut log, 1) else { continue };
        failed += 1;
        assert!(log.latched().is_some(), "{error}");
        let again = machine.append(&mut log, 1).unwrap_err();
        assert!(matches!(again.cause, LogError::Latched(_)) && again.outcome == Outcome::NotRecorded);
        drop(log);
        machine.disk.restart(Cut::LoseUnsynced);
        (log, _) = machine.open().unwrap();
    }
    assert!(failed > 5, "{failed}");
}

/// A caller that fails, or signs something else.
struct Failing(Memory, &'static str);

impl Commit for Failing {
    fn beside(&mut self) -> Result<Vec<Box<dyn DiskFile>>, AnyError> {
        if self.1 == "beside" { Err("no room".into()) } else { Ok(Vec::new()) }
    }

    fn sign(&mut self, checkpoint: &Checkpoint) -> Result<VerifiedCheckpoint, AnyError> {
        match self.1 {
            "sign" => Err("no key".into()),
            "other" => self.0.sign(&Checkpoint::new(checkpoint.origin(), 99, *checkpoint.root())?),
            _ => self.0.sign(checkpoint),
        }
    }

    fn remember(&mut self, checkpoint: &VerifiedCheckpoint) -> Result<(), AnyError> {
        self.0.remember(checkpoint)?;
        if self.1 == "remember" { Err("no answer".into()) } else { Ok(()) }
    }
}

#[test]
fn failing_steps_of_the_caller_say_what_became_of_the_batch() {
    let cases = [
        ("beside", Outcome::NotRecorded, false, 3),
        ("sign", Outcome::NotRecorded, true, 3),
        ("other", Outcome::NotRecorded, true, 3),
        ("remember", Outcome::DecidedAtOpen, true, 4),
    ];
    for (step, outcome, latched, size) in cases {
        let machine = Machine::with_batches(&[3]);
        let (mut log, _) = machine.open().unwrap();
        let error = log.append_batch(&batch(3, 1), &mut Failing(machine.memory(), step)).unwrap_err();
        assert_eq!((error.outcome, log.latched().is_some()), (outcome, latched), "{error}");
        drop(log);
        drop(machine.open().unwrap());
        check_whole(&machine, size);
    }
}
