//! FORMAT.md is kept true: its tables follow from the code, its examples are real bytes that read back.
//!
//! A block fenced with `example:<name>` and the lines between `<!-- table:<name> -->` and `<!-- end -->` are generated.
//! `ORETRAIL_BLESS=1 cargo test` rewrites them.

#![cfg(test)]

mod document;
mod samples;
mod world;

use document::{examples, tables};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

fn path() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/FORMAT.md")
}

/// The document with every generated part replaced by what it should be; the names of the parts in it.
fn rendered(text: &str) -> (String, Vec<String>) {
    let examples: BTreeMap<String, String> = examples::all();
    let tables: BTreeMap<&str, String> = tables::all();
    let mut out = String::new();
    let mut used = Vec::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        out.push_str(line);
        out.push('\n');
        let (name, end, body) = if let Some(name) = line.strip_prefix("```example:") {
            (name, "```", examples.get(name))
        } else if let Some(name) = line.strip_prefix("<!-- table:").and_then(|rest| rest.strip_suffix(" -->")) {
            (name, "<!-- end -->", tables.get(name))
        } else {
            continue;
        };
        let body = body.unwrap_or_else(|| panic!("nothing generates `{name}`"));
        out.push_str(body.trim_end_matches('\n'));
        // A table needs a blank line before what follows it.
        out.push_str(if end == "```" { "\n" } else { "\n\n" });
        assert!(lines.any(|line| line == end), "`{name}` has no `{end}`");
        out.push_str(end);
        out.push('\n');
        used.push(name.to_owned());
    }
    let missing: Vec<&str> = examples
        .keys()
        .map(String::as_str)
        .chain(tables.keys().copied())
        .filter(|name| !used.iter().any(|u| u == name))
        .collect();
    assert!(missing.is_empty(), "FORMAT.md does not show {missing:?}");
    (out, used)
}

#[test]
fn tables_and_examples_of_the_format_are_those_of_the_program() {
    let text = std::fs::read_to_string(path()).unwrap();
    let (expected, _) = rendered(&text);
    if std::env::var_os("ORETRAIL_BLESS").is_some() {
        std::fs::write(path(), &expected).unwrap();
        return;
    }
    let differs = text.lines().zip(expected.lines()).enumerate().find(|(_, (a, b))| a != b);
    if let Some((at, (found, wanted))) = differs {
        panic!(
            "FORMAT.md has drifted from line {}:\nfound    {found}\nexpected {wanted}\n`ORETRAIL_BLESS=1 cargo test` rewrites it",
            at + 1
        );
    }
    assert_eq!(text.lines().count(), expected.lines().count(), "`ORETRAIL_BLESS=1 cargo test` rewrites FORMAT.md");
}

#[test]
fn the_example_bundle_is_what_the_program_writes_and_verifies() {
    use oretrail::bundle::{Asked, UnverifiedBundle};
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas/example.lineage.json");
    let text = world::world().bundle(&["composition"]);
    if std::env::var_os("ORETRAIL_BLESS").is_some() {
        std::fs::write(&path, &text).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "`ORETRAIL_BLESS=1 cargo test` rewrites it");
    let trust = oretrail::rules::trust::Trust::nobody();
    let asked = Asked { trust: &trust, as_of: "2026-12-05T00:00:00Z".parse().unwrap(), recipient: None };
    let report = UnverifiedBundle::read(text.as_bytes()).unwrap().verify(&asked).unwrap().report;
    assert!(report.is_sound(), "{:?}", report.findings().collect::<Vec<_>>());
}

#[test]
fn the_example_ledger_is_admitted_without_a_finding() {
    use oretrail::verify::replay::{Raw, Replay};
    let world = world::world();
    let disclosures: Vec<Vec<String>> = (0..world.entries.len()).map(|n| world.disclosures(n)).collect();
    let raw: Vec<Raw<'_>> = world
        .entries
        .iter()
        .zip(&disclosures)
        .map(|(one, disclosures)| Raw { entry: &one.entry, disclosures })
        .collect();
    let mut replay = Replay::new(world.ledger);
    for entered in replay.push(&raw).unwrap() {
        assert_eq!(entered.findings, [], "entry {}", entered.at.index);
    }
    assert_eq!(replay.frontier().root(), world.tree.root());
}

#[test]
fn every_code_that_the_format_names_exists() {
    use oretrail::finding::{Code, Family};
    let text = std::fs::read_to_string(path()).unwrap();
    let quoted = text.split('`').skip(1).step_by(2);
    let is_code = |word: &&str| {
        word.split_once('.').is_some_and(|(family, rest)| {
            family.parse::<Family>().is_ok() && rest.chars().all(|c| c.is_ascii_lowercase() || c == '-')
        })
    };
    let unknown: Vec<&str> = quoted.filter(is_code).filter(|word| word.parse::<Code>().is_err()).collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}

/// The generated blocks of the document.
fn blocks() -> BTreeMap<String, String> {
    let text = rendered(&std::fs::read_to_string(path()).unwrap()).0;
    let mut found = BTreeMap::new();
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        if let Some(name) = line.strip_prefix("```example:") {
            let body: Vec<&str> = lines.by_ref().take_while(|line| *line != "```").collect();
            found.insert(name.to_owned(), body.join("\n"));
        }
    }
    found
}

/// Reads the examples as a stranger would: with SHA-256, BLAKE3, Ed25519, base64 and a JSON parser, and none of our code.
#[test]
fn the_examples_read_back_with_nothing_but_common_tools() {
    use base64::Engine as _;
    use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
    use sha2::{Digest as _, Sha256};
    let block = blocks();
    let b64 = |text: &str| URL_SAFE_NO_PAD.decode(text).unwrap();
    let json = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();

    // The key and its thumbprint.
    let jwk = json(&block["jwk"]);
    assert_eq!(URL_SAFE_NO_PAD.encode(Sha256::digest(&block["jwk"])), block["kid"]);

    // The event: header, payload, signature, id.
    let jwt = block["event-jwt"].replace('\n', "");
    let parts: Vec<&str> = jwt.split('.').collect();
    assert_eq!(String::from_utf8(b64(parts[0])).unwrap(), block["event-header"]);
    assert_eq!(json(&block["event-payload"]), json(std::str::from_utf8(&b64(parts[1])).unwrap()));
    let input = format!("{}.{}", parts[0], parts[1]);
    assert_eq!(blake3::hash(input.as_bytes()).to_hex().as_str(), block["event-id"]);
    let public: [u8; 32] = b64(jwk["x"].as_str().unwrap()).try_into().unwrap();
    let public = ed25519_dalek::VerifyingKey::from_bytes(&public).unwrap();
    let signature = ed25519_dalek::Signature::from_slice(&b64(parts[2])).unwrap();
    public.verify_strict(input.as_bytes(), &signature).unwrap();

    // A disclosure and its digest, which the payload holds.
    assert_eq!(String::from_utf8(b64(&block["disclosure-encoded"])).unwrap(), block["disclosure"]);
    let digest = URL_SAFE_NO_PAD.encode(Sha256::digest(&block["disclosure-encoded"]));
    assert_eq!(digest, block["disclosure-digest"]);
    let hidden = json(&block["event-payload"])["body"]["outputs"][0]["_sd"].clone();
    assert!(hidden.as_array().unwrap().contains(&digest.into()));

    // The ledger id, the entry, its link, its place in the tree, the checkpoint's signature.
    let id_text = format!("{}\n", block["ledger-id-text"]);
    assert_eq!(blake3::hash(id_text.as_bytes()).to_hex().as_str(), block["ledger-id"]);
    let entry = format!("{}\n", block["entry"]);
    assert_eq!(entry.lines().nth(1).unwrap(), block["ledger-id"]);
    assert_eq!(blake3::hash(entry.as_bytes()).to_hex().as_str(), block["entry-link"]);
    let leaf = Sha256::digest([b"\0", entry.as_bytes()].concat());
    assert_eq!(hex::encode(leaf), block["entry-leaf"]);
    // A leaf of the completeness statement, as shown and as it is in the tree.
    let shown = block["leaf"].replace('\n', "");
    let (id, named) = shown.split_once(' ').unwrap();
    let ids: Vec<Vec<u8>> = named.split(' ').map(|id| hex::decode(id).unwrap()).collect();
    let chain = ids.iter().fold([0; 32].to_vec(), |chain, id| Sha256::digest([chain, id.clone()].concat()).to_vec());
    assert_eq!(block["leaf-sealed"].replace('\n', ""), format!("{id} {} {}", ids.len(), hex::encode(chain)));
    let proof: Vec<&str> = block["tlog-proof"].lines().collect();
    assert_eq!(proof[..2], ["c2sp.org/tlog-proof@v1", "index 0"]);
    let end = proof.iter().position(|line| line.is_empty()).unwrap();
    // Entry 0 is at the left edge: every hash of the path joins from the right.
    let root = proof[2..end].iter().fold(leaf, |left, right| {
        Sha256::digest([b"\x01", left.as_slice(), &STANDARD.decode(right).unwrap()].concat())
    });
    let note = proof[end + 1..].join("\n");
    assert_eq!(note, block["checkpoint"]);
    let (text, signatures) = note.split_once("\n\n").unwrap();
    assert_eq!(text.lines().nth(2).unwrap(), STANDARD.encode(root));
    let vkey = block["ledger-id-text"].lines().nth(2).unwrap();
    let key = STANDARD.decode(vkey.splitn(3, '+').nth(2).unwrap()).unwrap();
    let key = ed25519_dalek::VerifyingKey::from_bytes(key[1..].try_into().unwrap()).unwrap();
    let line = STANDARD.decode(signatures.trim_end().rsplit_once(' ').unwrap().1).unwrap();
    let signature = ed25519_dalek::Signature::from_slice(&line[4..]).unwrap();
    key.verify_strict(format!("{text}\n").as_bytes(), &signature).unwrap();

    // A part of a batch: the digest of the line, and of the beginning of the file.
    let (digest, text) = block["part"].split_once(' ').unwrap();
    assert_eq!(blake3::hash(text.as_bytes()).to_hex().as_str(), digest);
    let part = json(text);
    let batch = include_str!("vectors/mass.yield-band.toml");
    let beginning = &batch[..usize::try_from(part["file"]["bytes"].as_u64().unwrap()).unwrap()];
    assert_eq!(blake3::hash(beginning.as_bytes()).to_hex().as_str(), part["file"]["blake3"]);
    assert!(batch[beginning.len()..].starts_with("[[step]]"));
    assert_eq!(beginning.matches("[[step]]").count(), 1);

    // The cosignature of the log key over the body of the ledger event.
    let message = format!("{}\n", block["cosig-message"]);
    let event = json(&block["ledger-payload"]);
    let signature = b64(event["cosig"][0]["sig"].as_str().unwrap());
    key.verify_strict(message.as_bytes(), &ed25519_dalek::Signature::from_slice(&signature).unwrap()).unwrap();
    assert_eq!(blake3::hash(block["cosig-body"].as_bytes()).to_hex().as_str(), message.lines().nth(2).unwrap());
    assert_eq!(json(&block["cosig-body"]), event["body"]);
}
