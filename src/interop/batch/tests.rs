//! What must hold between the notation and the bodies of events.

use super::toml_values::Lines;
use super::*;
use crate::event::{Body, Kind, Target};
use schemars::generate::SchemaSettings;
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;
use toml::de::DeTable;

/// The schema of each kind's body, and the definitions.
fn bodies() -> (Vec<(Kind, Value)>, Map<String, Value>) {
    let mut generator = SchemaSettings::draft2020_12().into_generator();
    let bodies = Kind::ALL.iter().map(|kind| (*kind, Body::schema(*kind, &mut generator).to_value())).collect();
    (bodies, generator.take_definitions(true))
}

fn definition<'a>(schema: &Value, defs: &'a Map<String, Value>) -> Option<(String, &'a Value)> {
    let name = schema.get("$ref")?.as_str()?.rsplit('/').next()?.to_owned();
    defs.get(&name).map(|def| (name, def))
}

fn wanted(definition: &str) -> Option<Wanted> {
    Some(match definition {
        "EventId" => Wanted::Event,
        "PartyId" => Wanted::Party,
        "FacilityId" => Wanted::Facility,
        "LotId" => Wanted::Lot,
        "LedgerId" => Wanted::Ledger,
        _ => return None,
    })
}

/// Every place of an id below a schema.
fn ids(schema: &Value, path: &str, defs: &Map<String, Value>, found: &mut BTreeSet<(String, &'static str)>) {
    if let Some((name, def)) = definition(schema, defs) {
        match wanted(&name) {
            Some(wanted) => drop(found.insert((path.to_owned(), wanted.as_str()))),
            None => ids(def, path, defs, found),
        }
        return;
    }
    let below = |member: &str| if path.is_empty() { member.to_owned() } else { format!("{path}.{member}") };
    for (member, schema) in schema.get("properties").and_then(Value::as_object).into_iter().flatten() {
        ids(schema, &below(member), defs, found);
    }
    if let Some(items) = schema.get("items") {
        ids(items, &format!("{path}[]"), defs, found);
    }
    for list in ["oneOf", "anyOf", "allOf"] {
        for schema in schema.get(list).and_then(Value::as_array).into_iter().flatten() {
            ids(schema, path, defs, found);
        }
    }
}

fn table(kind: Kind) -> BTreeSet<(String, &'static str)> {
    positions(kind).iter().map(|position| (position.path.to_owned(), position.wanted.as_str())).collect()
}

#[test]
fn the_table_of_positions_has_every_id_of_every_body() {
    let (bodies, defs) = bodies();
    for (kind, schema) in bodies {
        let mut found = BTreeSet::new();
        ids(&schema, "", &defs, &mut found);
        let keys = table(kind).into_iter().filter(|(_, wanted)| *wanted == Wanted::Key.as_str());
        found.extend(keys);
        assert_eq!(found, table(kind), "{kind}");
    }
}

/// A text of a type, where it is not just any text.
fn text_of(definition: &str, ids: &mut u64) -> Option<Value> {
    *ids += 1;
    let id = format!("{ids:064x}");
    Some(match definition {
        "EventId" | "PartyId" | "FacilityId" | "LedgerId" | "Blake3" | "Sha256" => json!(id),
        "LotId" => json!(format!("{id}.0")),
        "Time" => json!("2026-01-01T00:00:00Z"),
        "Date" => json!("2026-01-01"),
        "Mass" | "MassDiff" | "Fraction" | "Decimal6" | "Latitude" | "Longitude" | "Reading" => json!("1"),
        "Country" => json!("US"),
        "Lei" => json!("9999EXAMPLEMINE00182"),
        "Gln" => json!("9520123456788"),
        "Cage" => json!("1ABC2"),
        "Uei" => json!("ZQGGHJH74DW7"),
        "Locode" => json!("USLGB"),
        "Jwk" => json!({ "crv": "Ed25519", "kty": "OKP", "x": "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo" }),
        "KeyId" => json!("kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"),
        "Geometry" => json!({ "point": { "lat": "1", "lon": "1" }, "radius_m": 5 }),
        _ => return None,
    })
}

/// A value with every member that the schema knows; of alternatives, number `variant`.
fn sample(schema: &Value, defs: &Map<String, Value>, variant: usize, ids: &mut u64) -> Value {
    if let Some((name, def)) = definition(schema, defs) {
        return text_of(&name, ids).unwrap_or_else(|| sample(def, defs, variant, ids));
    }
    for list in ["oneOf", "anyOf"] {
        if let Some(variants) = schema.get(list).and_then(Value::as_array) {
            let real: Vec<&Value> = variants.iter().filter(|v| v.get("type") != Some(&json!("null"))).collect();
            let mut value = sample(real[variant % real.len()], defs, variant, ids);
            if let (Some(Value::Object(more)), Value::Object(value)) = (schema.get("properties"), &mut value) {
                value.extend(more.iter().map(|(name, schema)| (name.clone(), sample(schema, defs, variant, ids))));
            }
            return value;
        }
    }
    if let Some(value) = schema.get("const").or_else(|| schema.get("enum").and_then(|names| names.get(0))) {
        return value.clone();
    }
    let kind = match schema.get("type") {
        Some(Value::Array(kinds)) => kinds[0].as_str().unwrap(),
        kind => kind.and_then(Value::as_str).unwrap_or("any"),
    };
    match kind {
        "object" => {
            let members = schema.get("properties").and_then(Value::as_object).into_iter().flatten();
            members
                .filter(|(name, _)| *name != "_sd")
                .map(|(name, schema)| (name.clone(), sample(schema, defs, variant, ids)))
                .collect()
        }
        "array" => json!([sample(&schema["items"], defs, variant, ids)]),
        "integer" => json!(1),
        "boolean" => json!(true),
        _ => json!("x"),
    }
}

#[test]
fn every_reference_of_a_body_is_at_a_position_of_the_table() {
    let (bodies, defs) = bodies();
    for (kind, schema) in bodies {
        let mut found = BTreeSet::new();
        for variant in 0..16 {
            let value = sample(&schema, &defs, variant, &mut 0);
            let body = Body::from_value(kind, value.clone()).unwrap_or_else(|error| panic!("{kind}: {error}\n{value}"));
            found.extend(body.references().iter().map(|reference| {
                let wanted = match reference.target {
                    Target::Event(_) => Wanted::Event,
                    Target::Party(_) => Wanted::Party,
                    Target::Facility(_) => Wanted::Facility,
                    Target::Lot(_) => Wanted::Lot,
                    Target::Ledger(_) => Wanted::Ledger,
                };
                (reference.position.to_owned(), wanted.as_str())
            }));
        }
        let not_followed = ["kid", "taken[].ledger", "taken[].to_ledger"];
        let expected = table(kind).into_iter().filter(|(path, _)| !not_followed.contains(&path.as_str()));
        assert_eq!(found, expected.collect(), "{kind}");
    }
}

#[test]
fn no_body_has_a_member_of_the_name_of_a_step_member() {
    let (bodies, defs) = bodies();
    for (kind, schema) in bodies {
        let (_, def) = definition(&schema, &defs).unwrap();
        for member in def["properties"].as_object().unwrap().keys() {
            assert!(!MEMBERS.contains(&member.as_str()), "{kind}: {member}");
        }
    }
    let members = schemars::schema_for!(Members).to_value();
    let names: BTreeSet<&str> = members["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(names, BTreeSet::from(MEMBERS));
}

/// A TOML file as the schema sees it.
fn as_json(text: &str) -> Value {
    let table = DeTable::parse(text).unwrap();
    Value::Object(Lines::new(text).table(table.get_ref(), &mut Vec::new()).unwrap())
}

#[test]
fn the_schema_takes_every_scenario_and_no_misspelling() {
    let validator = jsonschema::validator_for(&schema()).unwrap();
    for scenario in crate::interop::scenarios::SCENARIOS {
        let value = as_json(scenario.text);
        let errors: Vec<String> =
            validator.iter_errors(&value).map(|error| format!("{}: {error:.300}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{}: {}", scenario.name, errors.join("\n"));
    }
    for step in [
        json!({ "kind": "split", "by": "a", "input": "x", "outputs": [{ "quantitty": "1" }] }),
        json!({ "kind": "splitt", "by": "a", "input": "x", "outputs": [] }),
        json!({ "kind": "split", "input": "x", "outputs": [] }),
        json!({ "kind": "split", "by": "a", "input": "x", "outputs": [{ "_sd": [] }] }),
        json!({ "kind": "dispatch", "by": "a", "lots": [{ "lot": "x", "mass": "1", "pieces": 2 }], "to": "b", "reason": "sale" }),
    ] {
        assert!(!validator.is_valid(&json!({ "oretrail": "batch/1", "step": [step] })), "{step}");
    }
}
