//! Events with what was corrected since, for those that look at them. What is signed, and what is booked, stays as it was.

use super::error::Failure;
use crate::event::{Body, Event, Kind};
use crate::ledger::snapshot::Recorded;
use crate::rules::review::Facts;
use crate::rules::trust::Trust;
use crate::state::{Find, Memory, Position};
use crate::value::{EventId, LedgerId};
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

/// How a recorded event is read.
pub(crate) type Read<'a> = &'a dyn Fn(&EventId) -> Result<Recorded, Failure>;

/// The event with all corrections in place, corrections of corrections included; the rule book says which value counts.
pub(crate) fn corrected(state: &dyn Find, ledger: LedgerId, read: Read<'_>, event: Event) -> Result<Event, Failure> {
    let mut corrections: BTreeMap<u64, Recorded> = BTreeMap::new();
    let mut open = vec![event.id];
    while let Some(id) = open.pop() {
        for by in state.named_by(&id)? {
            let Some(record) = state.event(&by)?.filter(|record| record.kind == Kind::Correct && record.applied) else {
                continue;
            };
            if let Entry::Vacant(place) = corrections.entry(record.index) {
                place.insert(read(&by)?);
                open.push(by);
            }
        }
    }
    let Some(last) = corrections.values().next_back() else { return Ok(event) };
    let (as_of, mut facts) = (last.recorded_at, Facts::default());
    for (index, recorded) in &corrections {
        let at = Position { ledger, index: *index, recorded_at: recorded.recorded_at };
        facts.observe(&recorded.event, &at);
    }
    let settled = facts.settle(&Memory::default(), &Trust::default(), as_of)?;
    Ok(settled.corrected(&event).into_owned())
}

/// What a correction changed, in words.
pub(crate) fn changes(correction: &Event, line: &dyn Fn(&serde_json::Value) -> String) -> String {
    let Body::Correct(correct) = &correction.payload.body else { return String::new() };
    let withheld = || "withheld".to_owned();
    let one = |change: &crate::event::Change| {
        format!("{} is {}", super::names::spaced(&change.leaf), change.value.as_ref().map_or_else(withheld, line))
    };
    let mut words: Vec<String> = correct.changes.iter().map(one).collect();
    words.extend(correct.at.map(|at| format!("it happened {at}")));
    words.join("; ")
}
