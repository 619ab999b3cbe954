//! Every file-system call of recording fails, or is the last one of the process; then the machine restarts.

use super::machine::{Acknowledged, Machine, Place};
use oretrail::ledger::Writer;
use oretrail::ledger::disk::{Cut, Fault};
use oretrail::value::EventId;
use std::collections::BTreeSet;

const ALL: [Fault; 6] =
    [Fault::Io, Fault::NoSpace, Fault::Interrupted, Fault::ShortWrite, Fault::Stop, Fault::StopTorn];

/// What is done while calls fail.
struct Scenario<'a> {
    prepared: &'a Machine,
    run: &'a dyn Fn(&Machine) -> Acknowledged,
    faults: &'a [Fault],
    /// Which calls: every n-th.
    step: usize,
}

/// Whether all is tried that can be, however long it takes; by default a part, spread evenly.
pub fn is_thorough() -> bool {
    std::env::var_os("ORETRAIL_THOROUGH").is_some()
}

/// What was seen over all runs.
#[derive(Default)]
struct Seen {
    calls: u64,
    refused: u32,
    latched: u32,
    finished: u32,
    syncs: BTreeSet<&'static str>,
}

impl Scenario<'_> {
    /// Runs it with each fault at each call, restarts, and looks at what is left.
    fn at_every_call(&self) -> Seen {
        let trial = self.prepared.fork(Cut::KeepAll);
        trial.put_index();
        let planned = (self.run)(&trial).unwrap();
        let before = self.prepared.ids();
        let mut seen = Seen { calls: trial.disk.calls(), ..Seen::default() };
        for call in (1..=seen.calls).step_by(self.step) {
            for fault in self.faults {
                let mut machine = self.prepared.fork(Cut::KeepAll);
                machine.put_index();
                machine.disk.fail_at(call, *fault);
                let outcome = (self.run)(&machine);
                machine.take_index();
                seen.count(&machine, &outcome);
                for cut in cuts(*fault, call) {
                    let mut left = machine.fork(cut);
                    let place = format!("{fault:?} at call {call} ({:?}), {cut:?}", machine.disk.hit());
                    seen.finished += u32::from(check(&mut left, &before, &planned, &outcome, &place));
                }
            }
        }
        seen
    }
}

impl Seen {
    fn count(&mut self, machine: &Machine, outcome: &Acknowledged) {
        let Some((doing, _)) = machine.disk.hit() else { return };
        self.refused += u32::from(outcome.is_err());
        if doing.starts_with("sync") {
            self.syncs.insert(doing);
        }
        self.latched += u32::from(outcome.as_ref().is_err_and(|error| error.to_string().contains("read-only")));
    }
}

pub fn cuts(fault: Fault, call: u64) -> Vec<Cut> {
    let lossy = if call.is_multiple_of(2) { Cut::LoseUnsynced } else { Cut::Some(call) };
    match fault {
        Fault::Stop if is_thorough() => vec![Cut::KeepAll, Cut::LoseUnsynced, Cut::Some(call)],
        Fault::Stop => vec![Cut::KeepAll, lossy],
        Fault::StopTorn => vec![Cut::KeepAll],
        _ => vec![lossy],
    }
}

/// After the restart: all that was acknowledged, the rest whole or not at all; clean; and it can be gone on with, whereupon
/// even the power may go. Says whether an unacknowledged batch was there.
fn check(left: &mut Machine, before: &[EventId], planned: &[EventId], outcome: &Acknowledged, place: &str) -> bool {
    left.put_index();
    let (mut keys, mut writer) = left.open(&left.disk).unwrap_or_else(|error| panic!("{place}: {error}"));
    let mut found = left.ids();
    let is_whole = found == [before, planned].concat();
    assert!(is_whole || (outcome.is_err() && found == before), "{place}: {outcome:?}, {} entries", found.len());
    assert!(!is_whole || left.has_blob(), "{place}: recorded without its document");
    check_audit(left, &writer, found.len(), place);
    let plan = left.plan(&writer, &mut keys, 1).unwrap_or_else(|error| panic!("{place}: {error}"));
    writer.commit(&plan, &[], &mut keys).unwrap_or_else(|error| panic!("{place}: {error}"));
    drop((keys, writer));
    found.extend(plan.ids());
    left.take_index();
    let after = left.fork(Cut::LoseUnsynced);
    after.put_index();
    let (_keys, writer) = after.open(&after.disk).unwrap_or_else(|error| panic!("{place}, power cut: {error}"));
    assert_eq!(after.ids(), found, "{place}, power cut");
    assert!(!is_whole || after.has_blob(), "{place}, power cut: without its document");
    check_audit(&after, &writer, found.len(), &format!("{place}, power cut"));
    outcome.is_err() && is_whole
}

/// An audit finds nothing, and the withheld values of all events.
pub fn check_audit(machine: &Machine, writer: &Writer, size: usize, place: &str) {
    let audited = machine.audit(Some(writer)).unwrap_or_else(|error| panic!("{place}: {error}"));
    assert!(!audited.is_broken(), "{place}: {:?}", audited.findings);
    let size = size as u64;
    // All but `ledger` and the pit have withheld values.
    assert_eq!((audited.size, audited.applied, audited.disclosed), (size, size, size - 2), "{place}");
}

/// Opens the ledger and records a batch with a document; what fails is tried again, once, without opening anew.
fn record(count: u64) -> impl Fn(&Machine) -> Acknowledged {
    let folder = tempfile::tempdir().unwrap();
    move |machine| {
        let blob = machine.blob(folder.path());
        let (mut keys, mut writer) = machine.open(&machine.disk)?;
        let plan = machine.plan(&writer, &mut keys, count)?;
        let blobs = [blob];
        if let Err(first) = writer.commit(&plan, &blobs, &mut keys) {
            let synced = machine.disk.hit().is_some_and(|(doing, _)| doing == "sync");
            let again = writer.commit(&plan, &blobs, &mut keys).map_err(|again| format!("{first}; then {again}"));
            assert!(again.is_err() || !synced, "went on after a failed sync");
            again?;
        }
        Ok(plan.ids().collect())
    }
}

fn records_all_or_nothing(place: &Place, size: u64, count: u64, faults: &[Fault], step: usize) -> Seen {
    let prepared = Machine::with_entries(place, size);
    Scenario { prepared: &prepared, run: &record(count), faults, step }.at_every_call()
}

#[test]
fn a_single_append_is_all_or_nothing_whatever_fails() {
    let faults = if is_thorough() { &ALL[..] } else { &[Fault::Io, Fault::ShortWrite, Fault::Stop, Fault::StopTorn] };
    let seen = records_all_or_nothing(&Place::without_index(), 4, 1, faults, 1);
    assert!(seen.calls > 50 && seen.refused > 100, "{} calls, {} refused", seen.calls, seen.refused);
    assert!(seen.latched > 0, "no failure made the ledger read-only");
    assert!(seen.finished > 0, "no commit was ever finished at opening");
    assert_eq!(seen.syncs, BTreeSet::from(["sync", "sync the folder"]));
}

#[test]
fn a_batch_is_all_or_nothing_whatever_fails() {
    records_all_or_nothing(&Place::without_index(), 3, 5, &ALL, if is_thorough() { 1 } else { 3 });
}

#[test]
fn a_batch_that_fills_a_bundle_is_all_or_nothing_whatever_fails() {
    let faults = [Fault::Io, Fault::StopTorn];
    let seen = records_all_or_nothing(&Place::with_index(), 254, 3, &faults, if is_thorough() { 1 } else { 9 });
    assert!(seen.refused > 10, "{} refused", seen.refused);
}

#[test]
fn an_index_that_outlives_its_log_is_found_out() {
    // sled lies on the real disk and loses nothing, so that after a power cut it may be ahead of the log.
    let seen = records_all_or_nothing(
        &Place::with_index(),
        4,
        2,
        &[Fault::Io, Fault::Stop],
        if is_thorough() { 1 } else { 4 },
    );
    assert!(seen.refused > 10);
}

#[test]
fn keys_and_a_ledger_are_made_whole_or_can_be_made_again() {
    let prepared = Machine::bare(&Place::without_index());
    let trial = prepared.fork(Cut::KeepAll);
    let made = trial.create().unwrap();
    for call in 1..=trial.disk.calls() {
        for fault in ALL {
            let machine = prepared.fork(Cut::KeepAll);
            machine.disk.fail_at(call, fault);
            let outcome = machine.create();
            for cut in cuts(fault, call) {
                let left = machine.fork(cut);
                let place = format!("{fault:?} at call {call} ({:?}), {cut:?}: {outcome:?}", machine.disk.hit());
                let again = left.create().unwrap_or_else(|error| panic!("{place}: {error}"));
                assert!(outcome.is_err() || again.is_empty(), "{place}: what was acknowledged is gone");
                assert_eq!(left.ids(), made, "{place}");
                assert!(!left.audit(None).unwrap().is_broken(), "{place}");
            }
        }
    }
}
