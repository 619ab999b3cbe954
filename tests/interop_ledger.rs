//! A ledger as the program leaves it on disk, read by programs that share no code with this one.
//!
//! The demo records the chain from mine to magnet; `publish` makes of it what a static web server can serve. Its checkpoint is
//! checked by `signed_note`, its tiles and proofs by `tlog_tiles` and `ct-merkle`, every event by `jsonwebtoken` and its JSON
//! Schema, and the exported bundle and report by theirs.

#![cfg(test)]

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ct_merkle::mem_backed_tree::MemoryBackedTree;
use jsonschema::Validator;
use oretrail::interop::schema;
use serde_json::Value;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

fn oretrail(folder: &Path, arguments: &[&str]) -> String {
    let mut command = Command::new(env!("CARGO_BIN_EXE_oretrail"));
    command.env_clear().env("HOME", folder).env("NO_COLOR", "1").current_dir(folder).args(arguments);
    let output = command.output().unwrap();
    let code = output.status.code();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(code.is_some_and(|code| code < 4), "{arguments:?}: exit {code:?}\n{said}");
    String::from_utf8(output.stdout).unwrap()
}

/// The demo's folder with its ledger published, and the entries of the published log.
fn published() -> (tempfile::TempDir, PathBuf, Vec<Vec<u8>>) {
    let folder = tempfile::tempdir().unwrap();
    oretrail(folder.path(), &["demo", "--dir", "demo"]);
    let ledger = find(&folder.path().join("demo"), "oretrail.toml").unwrap();
    let ledger = ledger.parent().unwrap().to_str().unwrap();
    oretrail(folder.path(), &["--ledger", ledger, "publish", "www"]);
    let www = folder.path().join("www");
    let mut entries = Vec::new();
    let mut tiles: Vec<PathBuf> = Vec::new();
    walk(&www.join("tile/entries"), &mut tiles);
    tiles.sort();
    for tile in tiles {
        let bytes = std::fs::read(tile).unwrap();
        let mut rest = bytes.as_slice();
        while let Some((length, after)) = rest.split_first_chunk::<2>() {
            let (entry, after) = after.split_at(usize::from(u16::from_be_bytes(*length)));
            entries.push(entry.to_vec());
            rest = after;
        }
    }
    (folder, www, entries)
}

fn walk(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { walk(&path, found) } else { found.push(path) }
    }
}

fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    let mut found = Vec::new();
    walk(folder, &mut found);
    found.into_iter().find(|path| path.file_name().is_some_and(|file| file.to_str().is_some_and(|f| f.ends_with(name))))
}

fn validator(name: &str) -> Validator {
    let schema: Value = serde_json::from_str(&schema::get(name).unwrap()).unwrap();
    jsonschema::draft202012::new(&schema).unwrap()
}

fn assert_valid(validator: &Validator, value: &Value, what: &str) {
    let errors: Vec<String> = validator.iter_errors(value).map(|e| format!("{}: {e}", e.instance_path())).collect();
    assert!(errors.is_empty(), "{what}: {errors:?}");
}

fn part(jwt: &str, number: usize) -> Value {
    serde_json::from_slice(&URL_SAFE_NO_PAD.decode(jwt.split('.').nth(number).unwrap()).unwrap()).unwrap()
}

#[test]
fn a_published_ledger_is_read_by_independent_implementations() {
    let (folder, www, entries) = published();
    let jwts: Vec<&str> = entries.iter().map(|e| std::str::from_utf8(e).unwrap().lines().nth(3).unwrap()).collect();
    assert!(entries.len() >= 80, "{}", entries.len());

    // The checkpoint, by the key that the second entry binds.
    let binding = part(jwts[1], 1);
    let vkey = binding["body"]["vkey"].as_str().unwrap();
    let verifier: Box<dyn signed_note::Verifier> = Box::new(signed_note::StandardVerifier::new(vkey).unwrap());
    let note = signed_note::Note::from_bytes(&std::fs::read(www.join("checkpoint")).unwrap()).unwrap();
    note.verify(&signed_note::VerifierList::new(vec![verifier])).unwrap();
    let checkpoint = tlog_tiles::Checkpoint::from_bytes(note.text()).unwrap();
    assert_eq!(checkpoint.origin(), binding["body"]["origin"].as_str().unwrap());
    assert_eq!(checkpoint.size(), entries.len() as u64);

    // The tree over the published entries, and the hash tile beside them.
    let mut tree = MemoryBackedTree::<sha2::Sha256, Vec<u8>>::new();
    entries.iter().for_each(|entry| tree.push(entry.clone()));
    let root = tree.root();
    assert_eq!(root.as_bytes().as_slice(), checkpoint.hash().0.as_slice());
    let mut hashes = Vec::new();
    walk(&www.join("tile/0"), &mut hashes);
    hashes.sort();
    let hashes: Vec<u8> = hashes.iter().flat_map(|tile| std::fs::read(tile).unwrap()).collect();
    let leaves: Vec<u8> = entries.iter().flat_map(|entry| tlog_tiles::record_hash(entry).0).collect();
    assert_eq!(hashes, leaves);
    for (at, entry) in entries.iter().enumerate() {
        root.verify_inclusion(entry, at as u64, &tree.prove_inclusion(at)).unwrap();
    }

    every_event_verifies(&jwts);
    bundle_and_report_are_valid(folder.path());
}

/// Signatures under the keys that registrations carry, payloads under their schemas.
fn every_event_verifies(jwts: &[&str]) {
    use jsonwebtoken::jwk::{Jwk, ThumbprintHash};
    let mut keys: BTreeMap<String, Jwk> = BTreeMap::new();
    let mut validators: BTreeMap<String, Validator> = BTreeMap::new();
    let mut validation = jsonwebtoken::Validation::new(jsonwebtoken::Algorithm::EdDSA);
    validation.required_spec_claims.clear();
    (validation.validate_exp, validation.validate_aud) = (false, false);
    for jwt in jwts {
        let payload = part(jwt, 1);
        if let Ok(jwk) = serde_json::from_value::<Jwk>(payload["body"]["key"].clone()) {
            keys.insert(jwk.thumbprint(ThumbprintHash::SHA256).unwrap(), jwk);
        }
        let kid = part(jwt, 0)["kid"].as_str().unwrap().to_owned();
        let key = jsonwebtoken::DecodingKey::from_jwk(&keys[&kid]).unwrap();
        jsonwebtoken::decode::<Value>(jwt, &key, &validation).unwrap();
        let name = format!("event-{}", payload["kind"].as_str().unwrap());
        let validator = validators.entry(name.clone()).or_insert_with(|| validator(&name));
        assert_valid(validator, &payload, &name);
    }
}

fn bundle_and_report_are_valid(folder: &Path) {
    let bundle = find(&folder.join("demo"), ".lineage.json").unwrap();
    let trust = find(&folder.join("demo"), "trust.toml").unwrap();
    let text = std::fs::read_to_string(&bundle).unwrap();
    assert_valid(&validator("bundle"), &serde_json::from_str(&text).unwrap(), "bundle");
    let trust_value: Value = toml::from_str(&std::fs::read_to_string(&trust).unwrap()).unwrap();
    assert_valid(&validator("trust"), &trust_value, "trust");
    let (bundle, trust) = (bundle.to_str().unwrap(), trust.to_str().unwrap());
    let report = oretrail(folder, &["verify", bundle, "--trust", trust, "--json"]);
    assert_valid(&validator("report"), &serde_json::from_str(&report).unwrap(), "report");
}
