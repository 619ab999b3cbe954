//! The JSON Schema of batch files, from the types of bodies: ids become names, and short forms are allowed.

use super::header::{FORMAT, Header};
use super::step::Members;
use crate::event::{Body, Kind};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};

/// Types of ids that a batch may replace by names.
const IDS: [&str; 5] = ["EventId", "PartyId", "FacilityId", "LotId", "LedgerId"];

/// Members of bodies that a step may leave out, beside those that the event may.
const OPTIONAL: &[(&str, &[&str])] = &[
    ("Party", &["key"]),
    ("KeyEvent", &["prev_key"]),
    ("Transform", &["facility"]),
    ("Split", &["facility"]),
    ("Blend", &["facility"]),
    ("Dispatch", &["from", "to_ledger"]),
    ("Receive", &["dispatch", "lots"]),
    ("Head", &["after"]),
    ("ReceivedLot", &["after", "outcome"]),
    ("Lot", &["role", "form"]),
    ("Quantity", &["net_dry"]),
];

/// The schema of a TOML batch as a whole; `$defs/Step` is that of one step, and so of a line of JSON Lines.
///
/// It describes notation only: names that mean nothing and members that do not fit together are found on resolving.
#[must_use]
pub fn schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let bodies: Vec<Value> = Kind::ALL.iter().map(|kind| Body::schema(*kind, &mut generator).to_value()).collect();
    let mut members = generator.root_schema_for::<Members>().to_value();
    for member in ["$schema", "$defs", "additionalProperties", "required"] {
        members.as_object_mut().map(|members| members.remove(member));
    }
    let header = generator.root_schema_for::<Header>().to_value();
    let mut defs = generator.take_definitions(true);
    for (name, def) in &mut defs {
        relax(name, def);
    }
    defs.insert("Members".to_owned(), members);
    let steps: Vec<Value> = Kind::ALL.iter().zip(bodies).map(|(kind, body)| step(*kind, body, &mut defs)).collect();
    defs.insert("Step".to_owned(), json!({ "description": "one step", "oneOf": steps }));
    let mut properties = header.get("properties").cloned().unwrap_or_default();
    if let Value::Object(properties) = &mut properties {
        properties.insert("oretrail".to_owned(), json!({ "const": FORMAT }));
        properties.insert("change".to_owned(), json!({ "type": "array", "items": change() }));
        properties.insert("step".to_owned(), json!({ "type": "array", "items": { "$ref": "#/$defs/Step" } }));
    }
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "oretrail batch",
        "type": "object",
        "properties": properties,
        "required": ["oretrail"],
        "additionalProperties": false,
        "$defs": defs,
    })
}

/// What a scenario changes of a step of the one it builds on; the members are checked on reading.
fn change() -> Value {
    json!({
        "type": "object",
        "description": "members that take the place of those of a step of `based_on`",
        "properties": { "step": { "type": "string", "description": "name of the step" }, "as": false, "kind": false },
        "required": ["step"],
    })
}

/// The schema of a step of one kind: the members of every step and, beside them, those of the body.
fn step(kind: Kind, body: Value, defs: &mut Map<String, Value>) -> Value {
    let name = body.get("$ref").and_then(Value::as_str).and_then(|path| path.rsplit('/').next()).unwrap_or_default();
    // Closed together, not each by itself.
    if let Some(Value::Object(def)) = defs.get_mut(name) {
        def.remove("additionalProperties");
    }
    let required = if kind == Kind::Party { &["kind"][..] } else { &["kind", "by"] };
    json!({
        "title": kind.as_str(),
        "description": kind.words(),
        "type": "object",
        "properties": { "kind": { "const": kind.as_str() } },
        "required": required,
        "allOf": [{ "$ref": "#/$defs/Members" }, body],
        "unevaluatedProperties": false,
    })
}

/// Allows in a definition what the notation allows.
fn relax(name: &str, def: &mut Value) {
    if IDS.contains(&name) {
        let words = def.get("description").and_then(Value::as_str).unwrap_or("an id").to_owned();
        *def =
            json!({ "type": "string", "minLength": 1, "description": format!("{words}; or a name or prefix of it") });
        return;
    }
    drop_member(def, "_sd");
    if let Some((_, optional)) = OPTIONAL.iter().find(|(of, _)| *of == name)
        && let Some(Value::Array(required)) = def.get_mut("required")
    {
        required.retain(|member| !optional.iter().any(|name| member == name));
    }
    let text = json!({ "type": "string", "minLength": 1 });
    match name {
        "Head" | "ReceivedLot" => {
            shorten(def, "quantity", &decimal());
            *def = json!({ "anyOf": [text, def.take()] });
        }
        "Lot" => {
            shorten(def, "quantity", &decimal());
            shorten(def, "composition", &readings());
            add(def, "name", json!({ "type": "string", "description": "local name of the lot" }));
            add(def, "label", json!({ "type": "string", "description": "its only label" }));
            add(def, "rest", json!({ "type": "boolean", "description": "what is left of the lot that is split" }));
        }
        "Assay" => shorten(def, "results", &readings()),
        "KeyEvent" => add(def, "kid", text),
        "Transform" | "Blend" => shorten(def, "inputs", &text),
        "Retire" => shorten(def, "lots", &text),
        "Split" => shorten(def, "input", &text),
        "Dispatch" => add(
            def,
            "lots",
            json!({ "anyOf": [text, { "type": "array", "items": { "anyOf": [{ "$ref": "#/$defs/Head" }, part()] } }] }),
        ),
        "Receive" => shorten(def, "lots", &text),
        _ => {}
    }
}

/// A line of a dispatch that takes part of a lot.
fn part() -> Value {
    json!({
        "type": "object",
        "properties": {
            "lot": { "$ref": "#/$defs/LotId" },
            "after": { "$ref": "#/$defs/EventId" },
            "mass": decimal(),
            "pieces": { "type": "integer", "minimum": 1 },
            "name": { "type": "string", "description": "local name of the part" },
            "rest": { "type": "string", "description": "local name of what is left" },
        },
        "required": ["lot"],
        "oneOf": [{ "required": ["mass"] }, { "required": ["pieces"] }],
        "additionalProperties": false,
    })
}

fn decimal() -> Value {
    json!({ "type": "string", "pattern": "^(0|[1-9][0-9]*)(\\.[0-9]{1,6})?$", "description": "net dry mass in kg" })
}

/// Readings by analyte.
fn readings() -> Value {
    json!({
        "type": "object",
        "description": "from analyte (`Nd`, `TREO`), or share (`Nd2O3/TREO`, `Nd/TREM`), to reading",
        "additionalProperties": { "anyOf": [
            { "type": "string", "description": "`0.55`, `<0.0001`, or `0.55 ± 0.01` with its expanded uncertainty, k = 2" },
            { "type": "object" },
        ] },
    })
}

/// Lets a member be a short form instead.
fn shorten(def: &mut Value, member: &str, short: &Value) {
    if let Some(long) = def.get_mut("properties").and_then(|properties| properties.get_mut(member)) {
        *long = json!({ "anyOf": [short, long.take()] });
    }
}

fn add(def: &mut Value, member: &str, schema: Value) {
    if let Some(Value::Object(properties)) = def.get_mut("properties") {
        properties.insert(member.to_owned(), schema);
    }
}

fn drop_member(def: &mut Value, member: &str) {
    if let Some(Value::Object(properties)) = def.get_mut("properties") {
        properties.remove(member);
    }
}
