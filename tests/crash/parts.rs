//! A long file recorded in parts: every file-system call fails, or is the last one of the process; after the restart the
//! notes say how far the file is recorded, and going on by them records each step once.

use super::faults::{check_audit, cuts, is_thorough};
use super::machine::{Machine, Place};
use oretrail::ledger::disk::{Cut, Fault};
use oretrail::ledger::parts::{self, Beginning, Part};
use oretrail::ledger::{AnyError, Plan};
use oretrail::value::Blake3;

/// Its lines are the steps.
const FILE: &str = "1\n2\n3\n4\n5\n6\n";
const STEPS: u64 = 6;
const PER_PART: u64 = 2;
const BEFORE: u64 = 4;

fn part(from_step: u64, first: u64, plan: &Plan) -> Part {
    let to_step = from_step + PER_PART - 1;
    let text = &FILE[..usize::try_from(2 * to_step).unwrap()];
    let file = Beginning { bytes: text.len() as u64, blake3: Blake3::of(text.as_bytes()) };
    Part { file, from_step, to_step, first, events: PER_PART, last: plan.ids().last().unwrap() }
}

/// Opens the ledger, asks the notes how much of the file is recorded, and records the rest; says of how many steps it was
/// told at first, counting on `acknowledged` what is recorded since.
fn go_on(machine: &Machine, acknowledged: &mut u64) -> Result<u64, AnyError> {
    let (mut keys, mut writer) = machine.open(&machine.disk)?;
    let layout = machine.layout();
    let noted = parts::recorded(&machine.disk, &layout, &*writer.state().find())?;
    let chain = parts::recorded_of(&noted, FILE.as_bytes())?;
    let told = chain.last().map_or(0, |part| part.to_step);
    *acknowledged = told;
    for from_step in (told + 1..=STEPS).step_by(usize::try_from(PER_PART)?) {
        let first = writer.tail().size;
        let plan = machine.plan(&writer, &mut keys, PER_PART)?;
        parts::note(&machine.disk, &layout, &*writer.state().find(), &part(from_step, first, &plan))?;
        writer.commit(&plan, &[], &mut keys)?;
        *acknowledged += PER_PART;
    }
    Ok(told)
}

#[test]
fn each_step_of_a_long_file_is_recorded_once_whatever_fails() {
    let prepared = Machine::with_entries(&Place::without_index(), BEFORE);
    let trial = prepared.fork(Cut::KeepAll);
    assert_eq!(go_on(&trial, &mut 0).unwrap(), 0);
    let calls = trial.disk.calls();
    let (mut begun, mut more) = (0, 0);
    for call in (1..=calls).step_by(if is_thorough() { 1 } else { 5 }) {
        for fault in [Fault::Io, Fault::NoSpace, Fault::ShortWrite, Fault::Stop, Fault::StopTorn] {
            let machine = prepared.fork(Cut::KeepAll);
            machine.disk.fail_at(call, fault);
            let mut acknowledged = 0;
            let outcome = go_on(&machine, &mut acknowledged);
            for cut in cuts(fault, call) {
                let place = format!("{fault:?} at call {call} ({:?}), {cut:?}: {outcome:?}", machine.disk.hit());
                let left = machine.fork(cut);
                let found = left.entries_after_opening().unwrap_or_else(|error| panic!("{place}: {error}")) - BEFORE;
                assert!(found == acknowledged || found == acknowledged + PER_PART, "{place}: {found} recorded");
                let told = go_on(&left, &mut 0).unwrap_or_else(|error| panic!("{place}: {error}"));
                assert_eq!(told, found, "{place}: the notes say another number of steps than are recorded");
                assert_eq!(left.ids().len() as u64, BEFORE + STEPS, "{place}");
                (begun, more) = (begun + u32::from(found > 0), more + u32::from(found > acknowledged));
                let after = left.fork(Cut::LoseUnsynced);
                let (_keys, writer) = after.open(&after.disk).unwrap_or_else(|error| panic!("{place}: {error}"));
                check_audit(&after, &writer, usize::try_from(BEFORE + STEPS).unwrap(), &place);
            }
        }
    }
    assert!(begun > 20 && more > 0, "{begun} went on after a part, {more} of them after one that was not acknowledged");
}
