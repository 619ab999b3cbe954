//! JSON Schemas (draft 2020-12) of events as they are signed, and of the values of disclosures, generated from the types.
//!
//! A signed payload holds no leaf, only `_sd` digests; so its schema is that of the types without their leaves, and each
//! object with leaves says how many digests it has. The leaves have a schema of their own, by object and name.
//!
//! In scope: members, types, closed lists, lengths of lists. Not in scope, because a JSON Schema cannot or need not say
//! it: which members require or exclude each other ([`Shape`](super::Shape)), order of digests, check digits, NFC.

mod tidy;

use super::leaves::{LeafDef, LeafError};
use super::{
    Accredit, Assay, Body, BusinessReference, Change, Cosignature, Decision, Dispatch, Document, Kind, Lot, MAX_HEADS,
    Party, Payload, PriorStep, ReceivedLot, Retire, SdDigest, Split, Summary, Title, Transform,
};
use crate::value::id::MAX_OUTPUTS;
use crate::value::{Element, EventId, LedgerId, PartyId, Text, Time};
use schemars::SchemaGenerator;
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use tidy::{close, prune};

/// An object of a kind that has withholdable leaves.
#[derive(Debug, Clone, Copy)]
pub struct LeafObject {
    /// The kind; every kind where absent.
    pub kind: Option<Kind>,
    /// Where it is, as a JSON pointer into the payload with `*` for each element of a list.
    pub place: &'static str,
    /// Name of its type, by which the schemas know it.
    pub name: &'static str,
    /// Its leaves.
    pub leaves: &'static [LeafDef],
    /// Whether a JSON text is a value of one of them.
    pub check: CheckLeaf,
}

/// Whether a JSON text is a value of a leaf, by its name.
pub type CheckLeaf = fn(&str, &str) -> Result<(), LeafError>;

/// An object of a kind: of this type at this place.
macro_rules! object {
    ($kind:ident, $place:literal, $type:ident) => {
        LeafObject {
            kind: Some(Kind::$kind),
            place: $place,
            name: stringify!($type),
            leaves: $type::LEAVES,
            check: $type::check_leaf,
        }
    };
}

/// The closed table of objects with withholdable leaves.
pub const LEAF_OBJECTS: &[LeafObject] = &[
    LeafObject { kind: None, place: "", name: "Payload", leaves: Payload::LEAVES, check: Payload::check_leaf },
    object!(Party, "/body", Party),
    object!(Accredit, "/body", Accredit),
    object!(Assay, "/body", Assay),
    object!(Summary, "/body", Summary),
    object!(Decision, "/body", Decision),
    object!(Source, "/body/outputs/*", Lot),
    object!(Source, "/body/prior/*", PriorStep),
    object!(Transform, "/body", Transform),
    object!(Transform, "/body/outputs/*", Lot),
    object!(Split, "/body", Split),
    object!(Split, "/body/outputs/*", Lot),
    object!(Blend, "/body/outputs/*", Lot),
    object!(Dispatch, "/body", Dispatch),
    object!(Receive, "/body/lots/*", ReceivedLot),
    object!(Receive, "/body/outputs/*", Lot),
    object!(Retire, "/body", Retire),
    object!(Title, "/body", Title),
    object!(Correct, "/body/changes/*", Change),
];

/// How many elements a list of a body may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ListLimit {
    /// The kind.
    pub kind: Kind,
    /// Member path below the body, `[]` for the elements of a list.
    pub list: &'static str,
    /// The least.
    pub least: usize,
    /// The most.
    pub most: usize,
}

const fn limit(kind: Kind, list: &'static str, least: usize, most: usize) -> ListLimit {
    ListLimit { kind, list, least, most }
}

/// The limits that [`Shape`](super::Shape) checks. Lists that are not here are bounded by the length of an entry alone.
pub const LIST_LIMITS: &[ListLimit] = &[
    limit(Kind::Party, "roles", 1, 16),
    limit(Kind::Key, "scope.kinds", 1, Kind::ALL.len()),
    limit(Kind::Key, "scope.facilities", 0, 256),
    limit(Kind::Facility, "processes", 0, super::Process::ALL.len()),
    limit(Kind::Facility, "capacity", 0, 256),
    limit(Kind::Summary, "verdicts", 1, 128),
    limit(Kind::Summary, "checks", 1, 128),
    limit(Kind::Source, "outputs", 1, MAX_OUTPUTS as usize),
    limit(Kind::Source, "prior", 0, 64),
    limit(Kind::Transform, "processes", 1, 8),
    limit(Kind::Transform, "inputs", 1, MAX_HEADS),
    limit(Kind::Transform, "outputs", 1, MAX_OUTPUTS as usize),
    limit(Kind::Transform, "targets", 0, Element::ALL.len()),
    limit(Kind::Split, "outputs", 1, MAX_OUTPUTS as usize),
    limit(Kind::Blend, "inputs", 1, MAX_HEADS),
    limit(Kind::Blend, "outputs", 1, 1),
    limit(Kind::Dispatch, "lots", 1, MAX_HEADS),
    limit(Kind::Receive, "lots", 1, MAX_HEADS),
    limit(Kind::Receive, "outputs", 0, MAX_OUTPUTS as usize),
    limit(Kind::Retire, "lots", 0, MAX_HEADS),
    limit(Kind::Import, "ledgers", 1, 64),
    limit(Kind::Import, "taken", 0, MAX_HEADS),
    limit(Kind::Import, "taken[].lots", 1, MAX_HEADS),
    limit(Kind::Title, "lots", 1, MAX_HEADS),
    limit(Kind::Correct, "changes", 0, 128),
];

/// The dialect of all schemas.
const DIALECT: &str = "https://json-schema.org/draft/2020-12/schema";

/// The schema of a signed payload of a kind.
#[must_use]
pub fn signed(kind: Kind) -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let body = Body::schema(kind, &mut generator).to_value();
    let properties = envelope(kind, &body, &mut generator);
    let mut defs = generator.take_definitions(true);
    defs.values_mut().for_each(close);
    for object in LEAF_OBJECTS {
        count_digests(&mut defs, object);
    }
    for limit in LIST_LIMITS.iter().filter(|limit| limit.kind == kind) {
        limit_list(&mut defs, &body, limit);
    }
    let mut schema = json!({
        "$schema": DIALECT,
        "title": format!("`{kind}` event, signed payload"),
        "description": kind.words(),
        "type": "object",
        "properties": properties,
        "required": required(kind),
        "additionalProperties": false,
        "oneOf": [
            { "required": ["at"], "not": { "anyOf": [{ "required": ["from"] }, { "required": ["to"] }] } },
            { "required": ["from", "to"], "not": { "required": ["at"] } },
        ],
    });
    if kind != Kind::Party {
        let first = json!({ "properties": { "seq": { "const": 0 } } });
        put(&mut schema, "if", first);
        put(&mut schema, "then", json!({ "not": { "required": ["prev"] } }));
        put(&mut schema, "else", json!({ "required": ["prev"] }));
    }
    put(&mut schema, "$defs", Value::Object(defs));
    prune(&mut schema);
    schema
}

/// The schemas of the values of all leaves, in `$defs` under `<object>.<leaf>`; the text of a disclosure is an array of
/// salt, name and such a value.
#[must_use]
pub fn disclosures() -> Value {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    for kind in Kind::ALL {
        // Called for the definitions it leaves in the generator.
        let _ = Body::schema(*kind, &mut generator);
    }
    let mut leaves = Map::new();
    leaves.insert("Payload.docs".to_owned(), generator.subschema_for::<Vec<Document>>().to_value());
    leaves.insert("Payload.refs".to_owned(), generator.subschema_for::<Vec<BusinessReference>>().to_value());
    leaves.insert("Payload.remark".to_owned(), generator.subschema_for::<Text>().to_value());
    let mut defs = generator.take_definitions(true);
    defs.values_mut().for_each(close);
    for object in LEAF_OBJECTS.iter().filter(|object| object.kind.is_some()) {
        for leaf in object.leaves {
            let property = defs.get(object.name).and_then(|def| def.pointer(&format!("/properties/{}", leaf.name)));
            leaves.insert(format!("{}.{}", object.name, leaf.name), property.cloned().unwrap_or(Value::Bool(true)));
        }
    }
    let any: Vec<Value> = leaves.keys().map(|name| json!({ "$ref": format!("#/$defs/{name}") })).collect();
    defs.extend(leaves);
    let mut schema = json!({
        "$schema": DIALECT,
        "title": "values of disclosures",
        "description": "third element of a disclosure, by object and leaf: validate against `#/$defs/<object>.<leaf>`",
        "anyOf": any,
        "$defs": defs,
    });
    prune(&mut schema);
    schema
}

/// The schema of a file that is read into `T`, in the same form: closed objects, no `null`, exact integers.
#[must_use]
pub fn of_file<T: schemars::JsonSchema>(title: &str) -> Value {
    let mut schema = SchemaSettings::draft2020_12().into_generator().into_root_schema_for::<T>().to_value();
    close(&mut schema);
    put(&mut schema, "title", title.into());
    prune(&mut schema);
    schema
}

fn put(schema: &mut Value, name: &str, value: Value) {
    if let Some(members) = schema.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
}

/// The members around the body.
fn envelope(kind: Kind, body: &Value, generator: &mut SchemaGenerator) -> Value {
    let time = generator.subschema_for::<Time>().to_value();
    let digest = generator.subschema_for::<SdDigest>().to_value();
    let event = generator.subschema_for::<EventId>().to_value();
    let seq = match kind {
        Kind::Party => json!({ "const": 0, "description": "a registration begins its feed" }),
        _ => json!({
            "type": "integer", "minimum": 0, "maximum": crate::event::MAX_SEQ,
            "description": "number in the feed of issuer, key and ledger, from 0"
        }),
    };
    let mut properties = json!({
        "v": { "const": super::FORMAT_VERSION, "description": "format version" },
        "kind": { "const": kind.as_str() },
        "seq": seq,
        "at": time, "from": time, "to": time,
        "body": body,
        "cosig": {
            "type": "array", "maxItems": super::payload::MAX_COSIGNATURES,
            "items": generator.subschema_for::<Cosignature>().to_value()
        },
        "voids": { "type": "array", "items": event, "maxItems": super::payload::MAX_VOIDS },
        "_sd_alg": { "const": "sha-256" },
        "_sd": digests(&digest, Payload::LEAVES),
    });
    if kind != Kind::Party {
        put(&mut properties, "iss", generator.subschema_for::<PartyId>().to_value());
        put(&mut properties, "prev", event);
    }
    if !kind.is_portable() {
        put(&mut properties, "aud", generator.subschema_for::<LedgerId>().to_value());
    }
    properties
}

fn required(kind: Kind) -> Vec<&'static str> {
    let mut names = vec!["v", "kind", "seq", "body", "_sd_alg"];
    names.extend((kind != Kind::Party).then_some("iss"));
    names.extend((!kind.is_portable() && kind != Kind::Correct).then_some("aud"));
    names
}

/// An `_sd` array for these leaves.
fn digests(digest: &Value, leaves: &[LeafDef]) -> Value {
    let least = leaves.iter().filter(|leaf| leaf.required).count();
    json!({ "type": "array", "items": digest, "minItems": least, "maxItems": leaves.len(), "uniqueItems": true })
}

/// Says in the definition of an object with leaves how many digests it has.
fn count_digests(defs: &mut Map<String, Value>, object: &LeafObject) {
    let Some(Value::Object(def)) = defs.get_mut(object.name) else { return };
    let digest = json!({ "$ref": "#/$defs/SdDigest" });
    if let Some(properties) = def.get_mut("properties") {
        put(properties, "_sd", digests(&digest, object.leaves));
    }
    if object.leaves.iter().any(|leaf| leaf.required)
        && let Some(Value::Array(required)) = def.get_mut("required")
        && !required.iter().any(|name| name == "_sd")
    {
        required.push("_sd".into());
    }
}

/// Limits one list of a body.
fn limit_list(defs: &mut Map<String, Value>, body: &Value, limit: &ListLimit) {
    let Some(mut def) = definition_of(body) else { return };
    let mut members: Vec<&str> = limit.list.split('.').collect();
    let Some(last) = members.pop() else { return };
    for member in members {
        let name = member.trim_end_matches("[]");
        let property = defs.get(&def).and_then(|def| def.pointer(&format!("/properties/{name}")));
        let property = if name == member { property } else { property.and_then(|list| list.get("items")) };
        let Some(next) = property.and_then(definition_of) else { return };
        def = next;
    }
    if let Some(list) = defs.get_mut(&def).and_then(|def| def.pointer_mut(&format!("/properties/{last}"))) {
        put(list, "minItems", limit.least.into());
        put(list, "maxItems", limit.most.into());
    }
}

/// The name of the definition that a schema refers to.
fn definition_of(schema: &Value) -> Option<String> {
    schema.get("$ref")?.as_str()?.strip_prefix("#/$defs/").map(str::to_owned)
}
