//! Bundles, manifests, trust files and reports under their schemas, checked by an independent validator; the evidence in a
//! bundle checked by independent implementations of signed notes and RFC 6962.

#![cfg(test)]

mod world;

use jsonschema::Validator;
use oretrail::bundle::{Asked, BundleFile, UnverifiedBundle};
use oretrail::interop::schema;
use oretrail::rules::trust::Trust;
use oretrail::verify::report::Report;
use serde_json::{Value, json};
use world::{World, world};

fn validator(name: &str) -> Validator {
    let schema: Value = serde_json::from_str(&schema::get(name).unwrap()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap_or_else(|error| panic!("{name}: {error}"))
}

fn assert_valid(validator: &Validator, value: &Value) {
    let errors: Vec<String> = validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{errors:?}");
}

fn trust(world: &World) -> Value {
    json!({
        "version": 0, "greatest_checkpoint_age_days": 30,
        "ledgers": [{ "id": world.ledger, "vkey": world.log_key.to_string(), "name": "the mine's log" }],
        "checkpoints": [{ "ledger": world.ledger, "size": 3, "root": world.checkpoint(3).checkpoint().root() }],
        "groups": [{ "name": "Sundown", "parties": [world.entries[0].signed.event.id] }],
        "authorities": [{
            "party": world.entries[3].signed.event.id, "schemes": ["site-location"], "countries": ["US"],
            "processes": ["mine"], "least_key_head": world.entries[3].signed.event.id
        }],
        "laboratories": [{ "party": world.entries[3].signed.event.id, "methods": ["ICP-MS"], "analytes": ["Nd2O3"] }],
        "auditors": [{ "party": world.entries[3].signed.event.id, "name": "an auditor" }],
        "bad": { "events": [], "keys": [], "ledgers": [] },
        "suites": [{ "version": 1, "ends": "2050-01-01" }]
    })
}

fn report(world: &World, bundle: &str) -> Report {
    let trust = Trust::parse(&trust(world).to_string()).unwrap();
    let asked = Asked { trust: &trust, as_of: "2026-12-05T00:00:00Z".parse().unwrap(), recipient: None };
    UnverifiedBundle::read(bundle.as_bytes()).unwrap().verify(&asked).unwrap().report
}

#[test]
fn bundles_manifests_and_reports_are_valid_under_their_schemas() {
    use base64::Engine as _;
    let world = world();
    let (bundles, manifests, reports) = (validator("bundle"), validator("manifest"), validator("report"));
    for withheld in [&[][..], &["quantity", "composition"], &["all"]] {
        let text = world.bundle(withheld);
        let value: Value = serde_json::from_str(&text).unwrap();
        assert_valid(&bundles, &value);
        let manifest = value["manifest"].as_str().unwrap().split('.').nth(1).unwrap();
        let manifest = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(manifest).unwrap();
        assert_valid(&manifests, &serde_json::from_slice(&manifest).unwrap());
        let report = report(&world, &text);
        assert!(report.is_sound(), "{:?}", report.findings().collect::<Vec<_>>());
        assert_eq!(report.completeness.withheld.is_empty(), withheld.is_empty());
        assert_valid(&reports, &serde_json::to_value(&report).unwrap());
    }
}

#[test]
fn schemas_of_files_refuse_unknown_members_and_other_versions() {
    let world = world();
    let good: Value = serde_json::from_str(&world.bundle(&[])).unwrap();
    let validator_of_bundles = validator("bundle");
    let changed = |pointer: &str, name: &str, value: Value| {
        let mut changed = good.clone();
        changed.pointer_mut(pointer).unwrap().as_object_mut().unwrap().insert(name.to_owned(), value);
        changed
    };
    for bad in [
        changed("", "v", json!(2)),
        changed("", "colour", json!("red")),
        changed("/ledgers/0", "origin", json!("x")),
        changed("/ledgers/0/entries/0", "index", json!("0")),
        changed("/ledgers/0/entries/0", "jwt", json!(null)),
    ] {
        assert!(!validator_of_bundles.is_valid(&bad));
        assert!(BundleFile::parse(bad.to_string().as_bytes()).is_err());
    }
    let trusts = validator("trust");
    let good = trust(&world);
    assert_valid(&trusts, &good);
    for (name, value) in [("version", json!(1)), ("colour", json!("red")), ("ledgers", json!({}))] {
        let mut bad = good.clone();
        bad[name] = value;
        assert!(!trusts.is_valid(&bad), "{name}");
    }
}

#[test]
fn the_manifest_of_a_bundle_verifies_with_an_independent_jose_implementation() {
    use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode};
    let world = world();
    let file = BundleFile::parse(world.bundle(&[]).as_bytes()).unwrap();
    let public = oretrail::value::PublicKey::from(&world::key(world::SEPARATOR));
    let key = DecodingKey::from_ed_components(&public.to_string()).unwrap();
    let mut validation = Validation::new(Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    let token = decode::<Value>(&file.manifest, &key, &validation).unwrap();
    assert_eq!(token.header.typ.as_deref(), Some("oretrail-manifest+jws"));
    assert_eq!(token.claims["subject"], json!(world.subject()));
}

#[test]
fn notes_and_proofs_of_the_ledger_verify_with_independent_implementations() {
    use ct_merkle::mem_backed_tree::MemoryBackedTree;
    let world = world();
    let verifier = || -> Box<dyn signed_note::Verifier> {
        Box::new(signed_note::StandardVerifier::new(&world.log_key.to_string()).unwrap())
    };
    let keys = signed_note::VerifierList::new(vec![verifier()]);
    let mut oracle = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    for (at, one) in world.entries.iter().enumerate() {
        oracle.push(one.entry.clone());
        let note = signed_note::Note::from_bytes(world.checkpoint(at + 1).to_string().as_bytes()).unwrap();
        note.verify(&keys).unwrap();
        let theirs = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
        assert_eq!((theirs.origin(), theirs.size()), (world::ORIGIN, at as u64 + 1));
        assert_eq!(theirs.hash().0.as_slice(), oracle.root().as_bytes().as_slice());
    }
    let (root, size) = (oracle.root(), world.entries.len() as u64);
    for (at, one) in world.entries.iter().enumerate() {
        let path = oretrail::tlog::proof::prove_inclusion(&world.tree, at as u64, size).unwrap();
        let bytes: Vec<u8> = path.iter().flat_map(|hash| hash.0).collect();
        let proof = ct_merkle::InclusionProof::<sha2::Sha256>::try_from_bytes(bytes).unwrap();
        root.verify_inclusion(&one.entry, at as u64, &proof).unwrap();
    }
    let (_, statement) = world.statement();
    signed_note::Note::from_bytes(statement.to_string().as_bytes()).unwrap().verify(&keys).unwrap();
}
