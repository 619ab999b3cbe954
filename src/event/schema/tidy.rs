//! From what the generator writes to what signed data allows: no `null`, closed objects, exact integers, no loose ends.

use serde_json::{Map, Value};
use std::collections::BTreeSet;

/// The greatest integer in signed data: 2⁵³ − 1.
const MAX_INTEGER: u64 = (1 << 53) - 1;

/// Brings a schema and all schemas in it into form.
///
/// The nesting is that of our own types, a handful of levels.
pub(super) fn close(schema: &mut Value) {
    match schema {
        Value::Object(members) => {
            members.values_mut().for_each(close);
            strip_null(members);
            limit_integer(members);
            if members.contains_key("properties") && members.get("type").is_some_and(|t| t == "object") {
                members.insert("additionalProperties".to_owned(), Value::Bool(false));
            }
            if members.get("default").is_some_and(|value| value.is_null() || value == &Value::Array(Vec::new())) {
                members.remove("default");
            }
            if members.get("writeOnly").is_some_and(Value::is_boolean) {
                members.remove("writeOnly");
            }
        }
        Value::Array(items) => items.iter_mut().for_each(close),
        _ => {}
    }
}

/// An optional member is left out, never `null`.
fn strip_null(members: &mut Map<String, Value>) {
    if let Some(Value::Array(types)) = members.get_mut("type") {
        types.retain(|name| name != "null");
        if let [one] = types.as_slice() {
            let one = one.clone();
            members.insert("type".to_owned(), one);
        }
    }
    let is_null = |schema: &Value| schema.get("type").is_some_and(|name| name == "null");
    let Some(Value::Array(choices)) = members.get_mut("anyOf") else { return };
    choices.retain(|choice| !is_null(choice));
    if let [Value::Object(only)] = choices.as_slice() {
        let only = only.clone();
        members.remove("anyOf");
        for (name, value) in only {
            members.entry(name).or_insert(value);
        }
    }
}

/// Formats such as `uint64` are no standard ones; what they mean is said by limits.
fn limit_integer(members: &mut Map<String, Value>) {
    let most = match members.get("format").and_then(Value::as_str) {
        Some("uint8") => u64::from(u8::MAX),
        Some("uint16") => u64::from(u16::MAX),
        Some("uint32") => u64::from(u32::MAX),
        Some("uint64") => MAX_INTEGER,
        _ => return,
    };
    members.remove("format");
    members.entry("maximum").or_insert_with(|| most.into());
}

/// Removes definitions that nothing refers to.
pub(super) fn prune(schema: &mut Value) {
    let mut wanted = BTreeSet::new();
    let mut open = match schema.as_object() {
        Some(members) => members.iter().filter(|(name, _)| *name != "$defs").flat_map(|(_, v)| names_in(v)).collect(),
        None => Vec::new(),
    };
    while let Some(name) = open.pop() {
        let found = schema.pointer("/$defs").and_then(|defs| defs.get(&name)).map(names_in);
        if wanted.insert(name) {
            open.extend(found.unwrap_or_default());
        }
    }
    if let Some(Value::Object(defs)) = schema.get_mut("$defs") {
        defs.retain(|name, _| wanted.contains(name));
    }
}

/// The definitions that a schema refers to directly.
fn names_in(schema: &Value) -> Vec<String> {
    let mut found = Vec::new();
    let mut open = vec![schema];
    while let Some(value) = open.pop() {
        match value {
            Value::Object(members) => {
                let reference = members.get("$ref").and_then(Value::as_str);
                found.extend(reference.and_then(|text| text.strip_prefix("#/$defs/")).map(str::to_owned));
                open.extend(members.values());
            }
            Value::Array(items) => open.extend(items),
            _ => {}
        }
    }
    found
}
