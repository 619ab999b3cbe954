//! Every kind of event, read by programs that share no code with this one: JOSE, SD-JWT, JSON Schema.

#![cfg(test)]

mod samples;

use jsonschema::Validator;
use oretrail::event::{Kind, Place, schema};
use oretrail::interop::schema as files;
use samples::{Sample, all, key};
use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

fn validator(name: &str) -> Validator {
    let schema: Value = serde_json::from_str(&files::get(name).unwrap_or_default()).unwrap_or_default();
    jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn payload_of(jws: &str) -> Value {
    use base64::Engine as _;
    let part = jws.split('.').nth(1).unwrap_or_default();
    let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(part).unwrap_or_default();
    serde_json::from_slice(&bytes).unwrap_or_default()
}

/// The place of an object as the table has it: a number becomes `*`.
fn pattern(place: Place) -> String {
    let text = place.to_string();
    text.split('/').map(|part| if part.parse::<u16>().is_ok() { "*" } else { part }).collect::<Vec<_>>().join("/")
}

#[test]
fn there_is_a_sample_of_every_kind() {
    let kinds: BTreeSet<Kind> = all().iter().map(|sample| sample.kind).collect();
    assert_eq!(kinds.len(), Kind::ALL.len());
}

#[test]
fn every_kind_verifies_with_an_independent_jose_implementation() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    let public = oretrail::value::PublicKey::from(&key(1));
    let decoding = DecodingKey::from_ed_components(&public.to_string()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    for sample in all() {
        let signed = sample.sign();
        let token =
            decode::<Value>(&signed.jws, &decoding, &validation).unwrap_or_else(|e| panic!("{}: {e}", sample.kind));
        assert_eq!(token.claims, payload_of(&signed.jws));
        assert_eq!(token.header.kid, Some(public.id().to_string()));
        assert_eq!(token.header.typ.as_deref(), Some("oretrail-event+sd-jwt"));
        let (input, _) = signed.jws.rsplit_once('.').unwrap();
        let forged = format!("{input}.{}", oretrail::value::Signature([1; 64]));
        assert!(decode::<Value>(&forged, &decoding, &validation).is_err());
    }
}

#[test]
fn the_thumbprint_is_that_of_an_independent_implementation() {
    let public = oretrail::value::PublicKey::from(&key(1));
    let jwk: jsonwebtoken::jwk::Jwk =
        serde_json::from_value(json!({ "crv": "Ed25519", "kty": "OKP", "x": public.to_string() })).unwrap();
    let theirs = jwk.thumbprint(jsonwebtoken::jwk::ThumbprintHash::SHA256).unwrap();
    assert_eq!(theirs, public.id().to_string());
}

#[test]
fn every_kind_is_disclosed_alike_by_an_independent_sd_jwt_implementation() {
    for sample in all() {
        let signed = sample.sign();
        let disclosures: Vec<&str> = signed.disclosures.iter().map(oretrail::envelope::Disclosure::as_str).collect();
        let compact = format!("{}~{}~", signed.jws, disclosures.join("~"));
        let theirs = sd_jwt_payload::SdJwt::parse(&compact).unwrap_or_else(|e| panic!("{}: {e}", sample.kind));
        let shown = Value::Object(theirs.into_disclosed_object(&sd_jwt_payload::Sha256Hasher::new()).unwrap());
        assert_eq!(shown["body"], sample.body, "{}", sample.kind);
        assert_eq!(shown["remark"], json!("first shift"));
        // Nothing may be put where no digest is.
        let other = oretrail::envelope::Disclosure::new(&[99; 16], "remark", "\"forged\"").unwrap();
        let forged = sd_jwt_payload::SdJwt::parse(&format!("{compact}{}~", other.as_str())).unwrap();
        assert!(forged.into_disclosed_object(&sd_jwt_payload::Sha256Hasher::new()).is_err());
    }
}

#[test]
fn every_signed_payload_is_valid_under_its_schema_and_no_other() {
    let validators: BTreeMap<Kind, Validator> =
        Kind::ALL.iter().map(|kind| (*kind, validator(&format!("event-{kind}")))).collect();
    for sample in all() {
        let payload = payload_of(&sample.sign().jws);
        for (kind, validator) in &validators {
            let errors: Vec<String> =
                validator.iter_errors(&payload).map(|e| format!("{}: {e}", e.instance_path())).collect();
            assert_eq!(errors.is_empty(), *kind == sample.kind, "{} under {kind}: {errors:?}", sample.kind);
        }
    }
}

#[test]
fn schemas_refuse_leaves_in_clear_unknown_members_null_and_other_versions() {
    for sample in all() {
        let validator = validator(&format!("event-{}", sample.kind));
        let good = payload_of(&sample.sign().jws);
        let mut bad: Vec<Value> = Vec::new();
        let mut change = |pointer: &str, name: &str, value: Value| {
            let mut changed = good.clone();
            changed.pointer_mut(pointer).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value);
            bad.push(changed);
        };
        change("", "remark", json!("in clear"));
        change("", "exp", json!(1));
        change("", "prev", json!(null));
        change("", "v", json!(2));
        change("", "seq", json!(1u64 << 53));
        change("", "_sd_alg", json!("sha-512"));
        let second = if good.get("at").is_some() { "from" } else { "at" };
        change("", second, json!("2026-01-01T00:00:00Z"));
        change("/body", "colour", json!("red"));
        change("/body", "_sd_alg", json!("sha-256"));
        if sample.body.pointer("/outputs/0").is_some() {
            change("/body/outputs/0", "labels", json!(["in clear"]));
        }
        for bad in bad {
            assert!(!validator.is_valid(&bad), "{}: {bad}", sample.kind);
        }
    }
}

/// The schemas of disclosure values by `<object>.<leaf>`.
fn leaf_validators() -> BTreeMap<String, Validator> {
    let whole: Value = serde_json::from_str(&files::get("disclosures").unwrap()).unwrap();
    let names = whole["anyOf"].as_array().unwrap().iter().map(|r| r["$ref"].as_str().unwrap().to_owned());
    names
        .map(|reference| {
            let one = json!({ "$ref": reference, "$defs": whole["$defs"] });
            let name = reference.trim_start_matches("#/$defs/").to_owned();
            (name, jsonschema::draft202012::new(&one).unwrap())
        })
        .collect()
}

#[test]
fn every_disclosed_value_is_valid_under_the_schema_of_its_leaf() {
    let validators = leaf_validators();
    let mut used = BTreeSet::new();
    for sample in all() {
        let mut payload = sample.draft();
        payload.visit_leaves(&mut |place, object| {
            let row = schema::LEAF_OBJECTS
                .iter()
                .find(|row| row.kind.is_none_or(|kind| kind == sample.kind) && row.place == pattern(place))
                .unwrap_or_else(|| panic!("{} {place} is not in the table", sample.kind));
            assert_eq!(row.leaves, object.table(), "{} {place}", sample.kind);
            for (name, json) in object.take_leaves().unwrap() {
                let value: Value = serde_json::from_str(&json).unwrap();
                let leaf = format!("{}.{name}", row.name);
                assert!(validators[&leaf].is_valid(&value), "{leaf}: {value}");
                let is_any = leaf == "Change.value";
                assert!(is_any || !validators[&leaf].is_valid(&json!(null)), "{leaf} accepts null");
                assert!(is_any || !validators[&leaf].is_valid(&json!({ "colour": "red" })), "{leaf} accepts anything");
                used.insert((row.kind, row.place, leaf));
            }
        });
    }
    let table: usize = schema::LEAF_OBJECTS.iter().map(|row| row.leaves.len()).sum();
    assert_eq!(used.len(), table, "a leaf of the table occurs in no sample");
}

#[test]
fn samples_have_every_member_of_every_schema() {
    // So that tables derived from samples are complete.
    for kind in Kind::ALL {
        let samples: Vec<Value> = all().iter().filter(|s| s.kind == *kind).map(|s| payload_of(&s.sign().jws)).collect();
        let schema = schema::signed(*kind);
        let body = schema.pointer("/properties/body/$ref").and_then(Value::as_str).unwrap();
        let names = schema.pointer(&format!("{}/properties", body.trim_start_matches('#'))).unwrap();
        for name in names.as_object().unwrap().keys().filter(|name| *name != "_sd") {
            assert!(
                samples.iter().any(|sample| sample["body"].get(name).is_some()),
                "no sample of {kind} has `{name}`"
            );
        }
    }
}

#[test]
fn lists_of_a_body_are_limited_as_the_table_says() {
    for limit in schema::LIST_LIMITS {
        let samples = all();
        let (sample, list) = samples
            .iter()
            .filter(|sample| sample.kind == limit.kind)
            .find_map(|sample| Some((sample, find(&sample.body, limit.list)?)))
            .unwrap_or_else(|| panic!("no sample has {} of {}", limit.list, limit.kind));
        let check = |count: usize| {
            let mut body = sample.body.clone();
            let one = body.pointer(&list).unwrap()[0].clone();
            *body.pointer_mut(&list).unwrap() = Value::Array(vec![one; count]);
            Sample { kind: limit.kind, body }.body().check_shape().err().map(|error| error.to_string())
        };
        let problem =
            check(limit.most + 1).unwrap_or_else(|| panic!("{} of {} is not limited", limit.list, limit.kind));
        assert!(problem.contains(&format!("to {}", limit.most)), "{problem}");
        if limit.least > 0 {
            let problem = check(0).unwrap_or_else(|| panic!("{} of {} may be empty", limit.list, limit.kind));
            assert!(problem.contains(&format!("expected {} to", limit.least)), "{problem}");
        }
    }
}

/// The pointer of the first list at a member path such as `taken[].lots`.
fn find(body: &Value, path: &str) -> Option<String> {
    let pointer = format!("/{}", path.replace("[]", "/0").replace('.', "/"));
    body.pointer(&pointer)?.get(0).map(|_| pointer)
}
