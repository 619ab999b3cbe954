//! Admission: whether a correction puts its values where the corrected event has a place for them, and whether they fit.
//!
//! Where a value goes is in clear, and decides whether the correction is applied. Whether the value is of its leaf's type can
//! only be said where it is shown: it is refused then, and of a recorded one it is found, but nothing that is recorded later
//! depends on it; in review such a value changes nothing. Not in scope: a correction of what another correction put.

use crate::event::schema::{LEAF_OBJECTS, LeafObject};
use crate::event::{Change, Correct};
use crate::state::EventRecord;

/// The first change that goes nowhere: what was expected, and what was found.
pub(super) fn misdirected(body: &Correct, target: &EventRecord) -> Option<(String, String)> {
    body.changes.iter().find_map(|change| {
        let Some(object) = object_of(change, target) else {
            let places: Vec<&str> =
                of_kind(target).map(|object| object.place).filter(|place| !place.is_empty()).collect();
            let places = if places.is_empty() { "the payload".to_owned() } else { places.join(", ") };
            let expected = format!("an object of the corrected `{}` with values: {places}", target.kind);
            return Some((expected, format!("`{}`", change.object)));
        };
        let names: Vec<&str> = object.leaves.iter().map(|leaf| leaf.name).collect();
        let expected = format!("one of the values of `{}`: {}", change.object, names.join(", "));
        (!names.contains(&change.leaf.as_str())).then(|| (expected, format!("`{}`", change.leaf)))
    })
}

/// The values shown that are none of the leaf that they correct: number of the change, what was expected and found.
pub(super) fn misfits(body: &Correct, target: &EventRecord) -> Vec<(usize, String, String)> {
    let misfit = |(number, change): (usize, &Change)| {
        let object = object_of(change, target)?;
        let error = (object.check)(&change.leaf, &change.value.as_ref()?.to_string()).err()?;
        Some((number, format!("a value of `{}` of `{}`", change.leaf, change.object), error.to_string()))
    };
    body.changes.iter().enumerate().filter_map(misfit).collect()
}

fn of_kind(target: &EventRecord) -> impl Iterator<Item = &'static LeafObject> {
    let kind = target.kind;
    LEAF_OBJECTS.iter().filter(move |object| object.kind.is_none_or(|of| of == kind))
}

fn object_of(change: &Change, target: &EventRecord) -> Option<&'static LeafObject> {
    of_kind(target).find(|object| is_at(object, &change.object, target.outputs))
}

/// Whether a JSON pointer names this object; of outputs, one that there is.
fn is_at(object: &LeafObject, pointer: &str, outputs: u8) -> bool {
    let Some(list) = object.place.strip_suffix('*') else { return object.place == pointer };
    let number = pointer.strip_prefix(list).filter(|text| text.parse::<u16>().is_ok_and(|n| n.to_string() == **text));
    let is_output = list.ends_with("/outputs/");
    number.is_some_and(|text| !is_output || text.parse::<u8>().is_ok_and(|number| number < outputs))
}
