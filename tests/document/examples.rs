//! The examples of FORMAT.md, from the example ledger.

use crate::world::{self, MINE, World};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oretrail::envelope::Typ;
use oretrail::event::Kind;
use oretrail::ledger::lines::line_of;
use oretrail::ledger::parts::{Beginning, Part};
use oretrail::tlog::entry;
use oretrail::tlog::proof::{prove_consistency, prove_inclusion};
use oretrail::tlog::tlog_proof::TlogProof;
use oretrail::tlog::tree::leaf_hash;
use oretrail::value::{Blake3, Jwk, PublicKey};
use std::collections::BTreeMap;

/// All examples by name.
pub fn all() -> BTreeMap<String, String> {
    let world = world::world();
    let mut all = BTreeMap::new();
    let mut put = |name: &str, text: String| {
        assert!(all.insert(name.to_owned(), text).is_none(), "two examples `{name}`");
    };
    keys(&mut put);
    event(&world, &mut put);
    log(&world, &mut put);
    bundle(&world, &mut put);
    part(&world, &mut put);
    // A vector, so its steps are played by the test of all vectors.
    put("batch", BATCH.to_owned());
    all
}

const BATCH: &str = include_str!("../vectors/mass.yield-band.toml");

/// The example ledger as if it had been recorded from the example batch: its first step up to entry 1.
fn part(world: &World, put: &mut Put<'_>) {
    let beginning = &BATCH.as_bytes()[..BATCH.rfind("[[step]]").unwrap()];
    let file = Beginning { bytes: beginning.len() as u64, blake3: Blake3::of(beginning) };
    let last = world.entries[1].signed.event.id;
    let part = Part { file, from_step: 1, to_step: 1, first: 0, events: 2, last };
    put("part", String::from_utf8(line_of(&part).unwrap()).unwrap());
}

type Put<'a> = dyn FnMut(&str, String) + 'a;

fn keys(put: &mut Put<'_>) {
    let jwk = Jwk::from(PublicKey::from(&world::key(MINE)));
    put("jwk", serde_json::to_string(&jwk).unwrap());
    put("kid", jwk.id().to_string());
}

/// A long text in lines of 100 characters.
fn wrapped(text: &str) -> String {
    let characters: Vec<char> = text.chars().collect();
    characters.chunks(100).map(|line| line.iter().collect::<String>()).collect::<Vec<_>>().join("\n")
}

/// The payload of a JWS, with white space for people.
fn payload(jws: &str) -> String {
    let bytes = URL_SAFE_NO_PAD.decode(jws.split('.').nth(1).unwrap()).unwrap();
    pretty(std::str::from_utf8(&bytes).unwrap())
}

/// JSON text with line breaks after its outer members, in the order they have.
fn pretty(json: &str) -> String {
    let mut out = String::new();
    let (mut depth, mut quoted, mut escaped) = (0usize, false, false);
    for c in json.chars() {
        let structural = !quoted;
        match c {
            '"' if !escaped => quoted = !quoted,
            '{' | '[' if structural => depth += 1,
            '}' | ']' if structural => depth -= 1,
            _ => {}
        }
        escaped = quoted && c == '\\' && !escaped;
        if structural && depth == 0 && c == '}' {
            out.push('\n');
        }
        out.push(c);
        let is_wide = depth == 1 && matches!(c, ',' | '{');
        let is_body = depth == 2 && c == ',';
        if structural && (is_wide || is_body) {
            out.push('\n');
            out.push_str(&"  ".repeat(depth));
        }
    }
    out
}

fn event(world: &World, put: &mut Put<'_>) {
    let recorded = world.event(Kind::Source);
    let signed = &recorded.signed;
    put("event-header", Typ::Event.header(&PublicKey::from(&world::key(MINE)).id()));
    put("event-payload", payload(&signed.jws));
    put("event-jwt", wrapped(&signed.jws));
    put("event-id", signed.event.id.to_string());
    let quantity = signed.disclosures.iter().find(|one| one.name() == "quantity").unwrap();
    let text = URL_SAFE_NO_PAD.decode(quantity.as_str()).unwrap();
    put("disclosure", String::from_utf8(text).unwrap());
    put("disclosure-encoded", quantity.as_str().to_owned());
    put("disclosure-digest", quantity.digest().to_string());

    let ledger = world.event(Kind::Ledger);
    let body = ledger.signed.event.payload.body.to_json().unwrap();
    put("ledger-payload", payload(&ledger.signed.jws));
    let digest = oretrail::value::Blake3::of(body.as_bytes());
    let message = oretrail::envelope::cosig::message(&"log-key", &digest);
    put("cosig-message", String::from_utf8(message).unwrap());
    put("cosig-body", body);
}

fn log(world: &World, put: &mut Put<'_>) {
    put("vkey", world.log_key.to_string());
    put("ledger-id-text", format!("oretrail.log/1\n{}\n{}\n", world::ORIGIN, world.log_key));
    put("ledger-id", world.ledger.to_string());
    let first = &world.entries[0];
    put("entry", String::from_utf8(first.entry.clone()).unwrap());
    put("entry-link", entry::link(&first.entry).to_string());
    put("entry-leaf", leaf_hash(&first.entry).to_string());
    let size = world.entries.len();
    let checkpoint = world.checkpoint(size);
    put("checkpoint", checkpoint.to_string());
    let path = prove_inclusion(&world.tree, 0, size as u64).unwrap();
    let proof = TlogProof::new(0, path, checkpoint.signed().clone(), None).unwrap();
    put("tlog-proof", proof.to_string());
    let consistency: Vec<String> =
        prove_consistency(&world.tree, 3, size as u64).unwrap().iter().map(ToString::to_string).collect();
    put("consistency", consistency.join("\n"));
    let leaves: Vec<String> = world.entries.iter().map(|one| leaf_hash(&one.entry).to_string()).collect();
    put("leaf-hashes", leaves.join("\n"));
    let lines: Vec<String> = world
        .entries
        .iter()
        .enumerate()
        .map(|(index, one)| format!("{index} {:<9} {}", one.signed.event.payload.kind().as_str(), one.signed.event.id))
        .collect();
    put("world", lines.join("\n"));
}

fn bundle(world: &World, put: &mut Put<'_>) {
    use oretrail::bundle::BundleFile;
    let file = BundleFile::parse(world.bundle(&["composition"]).as_bytes()).unwrap();
    put("manifest", payload(&file.manifest));
    let statement = file.ledgers[0].statement.as_ref().unwrap();
    put("statement", statement.note.clone());
    let lot = world.subject().to_string();
    let leaf = statement.leaves.iter().find(|leaf| leaf.1.starts_with(&lot)).unwrap();
    put("leaf", wrapped(&leaf.1));
    let parsed: oretrail::bundle::Leaf = leaf.1.parse().unwrap();
    let seal = parsed.seal();
    put("leaf-sealed", wrapped(&format!("{} {} {}", parsed.id, seal.count, seal.chain)));
    let entries = file.ledgers[0].entries.iter().map(|entry| entry.index.to_string());
    put("bundle-entries", entries.collect::<Vec<_>>().join(" "));
}
