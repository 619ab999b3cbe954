//! An event as JSON with its values put back where they were taken out: what its issuer knows of it.

use super::error::Failure;
use crate::event::{Event, Leaves, Place};
use serde_json::{Map, Value};

/// The event's payload with every value that is known; `_sd` remains where some are not.
pub(crate) fn payload(event: &Event) -> Result<Value, Failure> {
    let mut payload = event.payload.clone();
    let mut shown: Vec<(String, &'static str, String)> = Vec::new();
    let mut problem = None;
    payload.visit_leaves(&mut |place: Place, object: &mut dyn Leaves| match object.take_leaves() {
        Ok(leaves) => shown.extend(leaves.into_iter().map(|(name, json)| (place.to_string(), name, json))),
        Err(error) => problem = Some(error),
    });
    if let Some(error) = problem {
        return Err(error.into());
    }
    let mut json: Value = serde_json::from_str(&payload.to_json(&payload.body.to_json()?)?)?;
    for (place, name, leaf) in shown {
        if let Some(object) = json.pointer_mut(&place).and_then(Value::as_object_mut) {
            object.insert(name.to_owned(), serde_json::from_str(&leaf)?);
        }
    }
    Ok(json)
}

/// The event with its id and key around the payload.
pub(crate) fn event(event: &Event) -> Result<Value, Failure> {
    let mut json = Map::new();
    json.insert("id".to_owned(), serde_json::to_value(event.id)?);
    json.insert("kid".to_owned(), serde_json::to_value(event.kid)?);
    json.insert("payload".to_owned(), payload(event)?);
    Ok(Value::Object(json))
}

/// Objects of the event that have values which are not known here, with how many.
pub(crate) fn withheld(event: &Event) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    event.payload.clone().visit_leaves(&mut |place, object| {
        if !object.hidden().is_empty() {
            found.push((place.to_string(), object.hidden().len()));
        }
    });
    found
}
