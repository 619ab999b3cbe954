//! Admission: whether a correction puts its values where the corrected event has a place for them.
//!
//! Reads clear claims only: the object and the name of the leaf. Not in scope: whether the new value is of the leaf's type,
//! as it can be withheld; one that is not changes nothing in review.

use crate::event::Correct;
use crate::event::schema::{LEAF_OBJECTS, LeafObject};
use crate::state::EventRecord;

/// The first change that goes nowhere: what was expected, and what was found.
pub(super) fn misdirected(body: &Correct, target: &EventRecord) -> Option<(String, String)> {
    body.changes.iter().find_map(|change| {
        let of_kind = LEAF_OBJECTS.iter().filter(|object| object.kind.is_none_or(|kind| kind == target.kind));
        let Some(object) = of_kind.clone().find(|object| is_at(object, &change.object, target.outputs)) else {
            let places: Vec<&str> = of_kind.map(|object| object.place).filter(|place| !place.is_empty()).collect();
            let places = if places.is_empty() { "the payload".to_owned() } else { places.join(", ") };
            let expected = format!("an object of the corrected `{}` with values: {places}", target.kind);
            return Some((expected, format!("`{}`", change.object)));
        };
        let names: Vec<&str> = object.leaves.iter().map(|leaf| leaf.name).collect();
        let expected = format!("one of the values of `{}`: {}", change.object, names.join(", "));
        (!names.contains(&change.leaf.as_str())).then(|| (expected, format!("`{}`", change.leaf)))
    })
}

/// Whether a JSON pointer names this object; of outputs, one that there is.
fn is_at(object: &LeafObject, pointer: &str, outputs: u8) -> bool {
    let Some(list) = object.place.strip_suffix('*') else { return object.place == pointer };
    let number = pointer.strip_prefix(list).filter(|text| text.parse::<u16>().is_ok_and(|n| n.to_string() == **text));
    let is_output = list.ends_with("/outputs/");
    number.is_some_and(|text| !is_output || text.parse::<u8>().is_ok_and(|number| number < outputs))
}
