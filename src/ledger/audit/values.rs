//! Private values that can no longer be read: where they lie, and whose they are.
//!
//! A damaged stretch may still hold the ids of its events, and an index made before the damage knows which events had records
//! there. Whoever has a sound record elsewhere is not missed.

use crate::finding::{Code, Finding};
use crate::ledger::kept::Kept;
use crate::ledger::private::Stretch;
use crate::ledger::state_store::{StateError, StateStore};
use crate::state::{Memory, View as _};
use crate::value::EventId;
use std::collections::{BTreeMap, BTreeSet};

/// One finding for each stretch that cannot be read.
pub(super) fn damaged(
    kept: &Kept<'_>,
    memory: &Memory,
    index: Option<&StateStore>,
) -> Result<Vec<Finding>, StateError> {
    let known_end = index.map_or(0, StateStore::values_end).max(kept.end);
    let stretches = kept.damaged.iter().copied().chain(tail(kept, known_end));
    let mut missed: Missed = stretches.map(|stretch| (stretch.offset, (stretch, BTreeSet::new()))).collect();
    if missed.is_empty() {
        return Ok(Vec::new());
    }
    let is_missed =
        |id: &EventId| kept.offsets.of(id).is_empty() && memory.event(id).is_ok_and(|record| record.is_some());
    for (stretch, events) in missed.values_mut() {
        kept.values.each_id_in(*stretch, &mut |id| events.extend(Some(id).filter(is_missed)))?;
    }
    if let Some(index) = index {
        index.each_value(&mut |id, offset| {
            let before = missed.range_mut(..=offset).next_back().map(|(_, found)| found);
            if let Some((_, events)) = before.filter(|(stretch, _)| offset < stretch.end()) {
                events.extend(Some(id).filter(is_missed));
            }
            Ok(())
        })?;
    }
    // What lies behind all that was ever sound may be an append that is going on, or that was never acknowledged. It is damage
    // where it belongs to a recorded event: a record is whole before its entry is.
    missed.retain(|offset, (_, events)| *offset < known_end || !events.is_empty());
    Ok(missed.into_values().map(|(stretch, events)| finding(kept, stretch, events)).collect())
}

/// Stretches that cannot be read, by where they begin, with the recorded events whose values are missed.
type Missed = BTreeMap<u64, (Stretch, BTreeSet<EventId>)>;

/// What lies behind the last sound record, up to where the index knows sound ones.
fn tail(kept: &Kept<'_>, known_end: u64) -> Option<Stretch> {
    let end = kept.tail.map_or(known_end, |tail| tail.end().max(known_end));
    (end > kept.end).then(|| Stretch { offset: kept.end, length: end - kept.end })
}

const EXPECTED: &str = "records of private values, each with its checksum";

fn finding(kept: &Kept<'_>, stretch: Stretch, events: BTreeSet<EventId>) -> Finding {
    let Stretch { offset, length } = stretch;
    let whose = match events.len() {
        0 => "which events miss values because of them is not known".to_owned(),
        1 => "the values of 1 event are missing".to_owned(),
        count => format!("the values of {count} events are missing"),
    };
    let is_gone = offset == kept.end && kept.tail.is_none();
    let what = if is_gone { "the end of the file".to_owned() } else { format!("{length} bytes that are none") };
    let found = format!("{what}; {whose}");
    let place = format!("{}, offset {offset}, {length} bytes", kept.values.noticed().path().display());
    let mut events = events.into_iter();
    let first = Finding { event: events.next(), ..Finding::new(Code::ValuesDamaged, EXPECTED, found).at(place) };
    events.fold(first, Finding::with)
}
