//! Bad input, a sentence for each kind: what is refused, with which exit code and words, and that nothing is written then.
//!
//! Masses, identifiers, ambiguous names, clocks, backups, copies and keys are in `cli`; every byte of the smallest bundle
//! is changed in `bundle`; power cuts and failing disks are in `ledger` and `keys`, on a simulated disk.
#![cfg(test)]

#[path = "cli/world.rs"]
#[allow(dead_code, reason = "each test program uses a part")]
mod program;
mod world;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD as BASE64;
use oretrail::bundle::{Asked, UnverifiedBundle};
use oretrail::envelope::{Jws, Typ};
use oretrail::event::{Kind, Verdict};
use oretrail::finding::{Code, Finding};
use oretrail::rules::trust::Trust;
use oretrail::tlog::entry::{Entry, link};
use oretrail::value::{EventId, LedgerId, Time};
use oretrail::verify::replay::{Raw, Replay};
use oretrail::verify::report::Report;
use program::{MINE, PLANT, Ran, World, ran};
use rayon::prelude::*;
use serde_json::{Value, json};

// --- a lineage file that was changed

fn trust(world: &world::World) -> Trust {
    let ledgers = json!([{ "id": world.ledger, "vkey": world.log_key.to_string() }]);
    Trust::parse(&json!({ "version": 0, "ledgers": ledgers }).to_string()).unwrap()
}

/// The report on a file; `None` where it is not even read as one.
fn report(trust: &Trust, bytes: &[u8]) -> Option<Report> {
    let asked = Asked { trust, as_of: "2026-12-05T00:00:00Z".parse().unwrap(), recipient: None };
    Some(UnverifiedBundle::read(bytes).ok()?.verify(&asked).unwrap().report)
}

/// Whether the file is refused, or found broken, and in either case in words that name the event or its entry.
fn is_named(trust: &Trust, bytes: &[u8], event: EventId, index: u64) -> bool {
    let names = |text: &str| {
        text.contains(&event.to_string())
            || text.contains("entries 0 and 1") && index <= 1
            || text.contains(&format!("node {index} at level 0"))
    };
    let file = match UnverifiedBundle::read(bytes) {
        Ok(_) => report(trust, bytes).unwrap(),
        Err(error) => return names(&error.to_string()),
    };
    let is_on_it = |finding: &Finding| {
        let place = finding.place.as_deref().unwrap_or_default();
        finding.event == Some(event)
            || finding.related.contains(&event)
            || place.starts_with(&format!("entry {index} of ledger"))
            || names(&finding.found)
            || names(&finding.expected)
    };
    file.overall() == Verdict::Contradicted && file.findings().any(is_on_it)
}

fn is_refused_or_found(trust: &Trust, bytes: &[u8]) -> bool {
    report(trust, bytes).is_none_or(|report| !report.is_sound() && report.overall() == Verdict::Contradicted)
}

#[test]
fn any_byte_changed_dropped_doubled_or_swapped_is_never_confirmed() {
    let world = world::world();
    let (bundle, trust) = (world.bundle(&[]).into_bytes(), trust(&world));
    assert!(report(&trust, &bundle).unwrap().is_sound());
    let step = bundle.len() / 400;
    let positions: Vec<usize> = (0..bundle.len() - 1).filter(|at| at % step == 0 || *at < 200).collect();
    positions.into_par_iter().for_each(|at| {
        let mut changed = bundle.clone();
        changed[at] ^= 1 << (at % 7);
        let mut dropped = bundle.clone();
        dropped.remove(at);
        let mut doubled = bundle.clone();
        doubled.insert(at, bundle[at]);
        let mut swapped = bundle.clone();
        swapped.swap(at, at + 1);
        for (what, bytes) in [("changed", changed), ("dropped", dropped), ("doubled", doubled), ("swapped", swapped)] {
            // White space, and two equal neighbours, are the same file in other words.
            let same = serde_json::from_slice::<Value>(&bytes).ok() == serde_json::from_slice(&bundle).ok();
            assert!(same || is_refused_or_found(&trust, &bytes), "byte {at} {what}");
        }
    });
}

/// Whom to trust, the bundle of the example ledger, and its entries.
fn example() -> (Trust, Value, Vec<Value>) {
    let world = world::world();
    let bundle: Value = serde_json::from_str(&world.bundle(&[])).unwrap();
    let entries = bundle["ledgers"][0]["entries"].as_array().unwrap().clone();
    (trust(&world), bundle, entries)
}

/// The number of an entry in its ledger, and its event.
fn named_by(entry: &Value) -> (u64, EventId) {
    let jwt = entry["jwt"].as_str().unwrap();
    (entry["index"].as_u64().unwrap(), Jws::parse(jwt, Typ::Event).unwrap().event_id())
}

#[test]
fn an_entry_dropped_doubled_or_moved_is_never_confirmed_and_is_named() {
    let (trust, bundle, entries) = example();
    let count = entries.len();
    for (at, entry) in entries.iter().enumerate() {
        let (index, event) = named_by(entry);
        let with = |change: &dyn Fn(&mut Vec<Value>)| {
            let mut bundle = bundle.clone();
            change(bundle["ledgers"][0]["entries"].as_array_mut().unwrap());
            bundle.to_string()
        };
        let dropped = with(&|entries| drop(entries.remove(at)));
        assert!(is_named(&trust, dropped.as_bytes(), event, index), "entry {at} dropped");
        let doubled = with(&|entries| entries.insert(at, entries[at].clone()));
        assert!(is_named(&trust, doubled.as_bytes(), event, index), "entry {at} doubled");
        // Of two that change places, the one that comes too late is named.
        let moved = with(&|entries| entries.swap(at, (at + 1) % count));
        let (late, late_event) = named_by(&entries[if at + 1 == count { count - 2 } else { at }]);
        assert!(is_refused_or_found(&trust, moved.as_bytes()), "entry {at} moved");
        assert!(at + 1 == count || is_named(&trust, moved.as_bytes(), late_event, late), "entry {at} moved");
    }
}

#[test]
fn an_entry_with_another_time_link_or_index_is_found_by_name() {
    let (trust, bundle, entries) = example();
    for (at, entry) in entries.iter().enumerate() {
        let (index, event) = named_by(entry);
        let with = |member: &str, value: Value| {
            let mut bundle = bundle.clone();
            bundle["ledgers"][0]["entries"][at][member] = value;
            bundle.to_string()
        };
        let second = |time: &Value| time.as_str().unwrap().replace(":00Z", ":01Z");
        let (later, link) = (second(&entry["recorded_at"]), "ab".repeat(32));
        assert_ne!(json!(later), entry["recorded_at"]);
        for bytes in [with("recorded_at", json!(later)), with("prev", json!(link)), with("sum", json!("0".repeat(16)))]
        {
            let report = report(&trust, bytes.as_bytes()).unwrap();
            let on_manifest = report.findings().filter(|finding| finding.code == Code::BundleManifest);
            assert_eq!(on_manifest.filter_map(|finding| finding.event).collect::<Vec<_>>(), [event], "entry {at}");
            assert!(is_named(&trust, bytes.as_bytes(), event, index), "entry {at}");
        }
        // Two entries claim one index then; the file is refused at the one that stands second.
        let renumbered = with("index", json!(index + 1));
        assert!(is_refused_or_found(&trust, renumbered.as_bytes()), "entry {at}");
        if let Some(next) = entries.get(at + 1) {
            let (_, next) = named_by(next);
            assert!(is_named(&trust, renumbered.as_bytes(), next, index + 1), "entry {at}");
        }
    }
}

#[test]
fn a_disclosure_dropped_or_doubled_is_never_confirmed_and_its_event_named() {
    let (trust, bundle, entries) = example();
    let mut tried = 0;
    for (at, entry) in entries.iter().enumerate() {
        let (_, event) = named_by(entry);
        for (number, one) in entry["disclosures"].as_array().into_iter().flatten().enumerate() {
            let with = |change: &dyn Fn(&mut Vec<Value>)| {
                let mut bundle = bundle.clone();
                change(bundle["ledgers"][0]["entries"][at]["disclosures"].as_array_mut().unwrap());
                bundle.to_string()
            };
            let dropped = with(&|all| drop(all.remove(number)));
            let report = report(&trust, dropped.as_bytes()).unwrap();
            assert_eq!(report.overall(), Verdict::Contradicted);
            let of_manifest = |finding: &Finding| finding.code == Code::BundleManifest;
            let on_manifest: Vec<&Finding> = report.findings().filter(|one| of_manifest(one)).collect();
            assert!(on_manifest.iter().any(|one| one.expected.contains("disclosures with")));
            assert_eq!(on_manifest.iter().filter_map(|one| one.event).collect::<Vec<_>>(), [event]);
            let doubled = with(&|all| all.insert(number, one.clone()));
            let error = UnverifiedBundle::read(doubled.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(&format!("/ledgers/0/entries/{at}/disclosures/{}", number + 1)), "{error}");
            tried += 1;
        }
    }
    assert!(tried > 5);
}

#[test]
fn an_entry_with_another_signature_or_disclosure_is_found_by_name() {
    let (trust, bundle, entries) = example();
    for (at, entry) in entries.iter().enumerate() {
        let (jwt, (_, id)) = (entry["jwt"].as_str().unwrap(), named_by(entry));
        let named = |member: &str, value: Value| {
            let mut bundle = bundle.clone();
            bundle["ledgers"][0]["entries"][at][member] = value;
            let report = report(&trust, bundle.to_string().as_bytes()).unwrap();
            assert_eq!(report.overall(), Verdict::Contradicted);
            let names = |finding: &Finding| finding.event == Some(id);
            assert!(report.findings().any(names), "{member} of {id}: {:?}", report.findings().collect::<Vec<_>>());
        };
        named("jwt", json!(resigned(jwt, |signature| signature[3] ^= 1)));
        if !entry["disclosures"].as_array().is_none_or(Vec::is_empty) {
            let foreign = BASE64.encode(r#"["AAAAAAAAAAAAAAAAAAAAAA","remark","forged"]"#);
            named("disclosures", json!([foreign]));
        }
    }
}

// --- the same statement twice

/// A JWS with its signature changed.
fn resigned(jwt: &str, change: impl Fn(&mut Vec<u8>)) -> String {
    let (signed, signature) = jwt.rsplit_once('.').unwrap();
    let mut signature = BASE64.decode(signature).unwrap();
    change(&mut signature);
    format!("{signed}.{}", BASE64.encode(signature))
}

/// Another valid signature over the same bytes: a signer may choose its nonce (RFC 8032 only says how to make one).
fn signed_again(jwt: &str, seed: u8) -> String {
    use curve25519_dalek::{EdwardsPoint, Scalar};
    use sha2::{Digest as _, Sha512};
    let message = jwt.rsplit_once('.').unwrap().0;
    let scalar = world::key(seed).to_scalar();
    let nonce = Scalar::from(4_711_u64);
    let commitment = EdwardsPoint::mul_base(&nonce).compress();
    let public = world::key(seed).verifying_key();
    let hash = Sha512::new().chain_update(commitment.as_bytes()).chain_update(public.as_bytes());
    let challenge: [u8; 64] = hash.chain_update(message.as_bytes()).finalize().into();
    let response = nonce + Scalar::from_bytes_mod_order_wide(&challenge) * scalar;
    resigned(jwt, |signature| *signature = [commitment.to_bytes(), response.to_bytes()].concat())
}

/// What a replay of the example ledger finds on one more entry.
fn found_on_one_more(world: &world::World, ledger: LedgerId, jwt: &str) -> Vec<Code> {
    let last = world.entries.last().unwrap();
    let recorded_at: Time = "2026-12-24T08:00:00Z".parse().unwrap();
    let entry = Entry { prev: link(&last.entry), recorded_at, jwt: jwt.to_owned() }.format().unwrap();
    let shown: Vec<Vec<String>> = (0..world.entries.len()).map(|at| world.disclosures(at)).collect();
    let raw = world.entries.iter().zip(&shown).map(|(one, shown)| Raw { entry: &one.entry, disclosures: shown });
    let mut raw: Vec<Raw<'_>> = raw.collect();
    raw.push(Raw { entry: &entry, disclosures: &[] });
    let entered = Replay::new(ledger).push(&raw).unwrap().pop().unwrap();
    entered.findings.iter().map(|finding| finding.code).collect()
}

#[test]
fn the_same_statement_under_another_signature_has_the_same_id_and_is_recorded_once() {
    let world = world::world();
    let source = &world.event(Kind::Source).signed;
    let again = signed_again(&source.jws, world::MINE);
    let read = Jws::parse(&again, Typ::Event).unwrap();
    assert_ne!(again, source.jws);
    assert!(read.verify(&(&world::key(world::MINE)).into()));
    assert_eq!(read.event_id(), source.event.id);
    assert!(found_on_one_more(&world, world.ledger, &again).contains(&Code::Duplicate));
}

#[test]
fn another_base64_spelling_is_no_event() {
    let world = world::world();
    let jwt = world.event(Kind::Source).signed.jws.clone();
    let (head, signature) = jwt.rsplit_once('.').unwrap();
    // 64 bytes leave 4 unused bits in the last of 86 characters.
    let respelt = |last: char| format!("{head}.{}{last}", &signature[..signature.len() - 1]);
    let accepted = ('A'..='Z').chain('a'..='z').chain('0'..='9').chain(['-', '_']).map(respelt);
    let accepted = accepted.filter(|text| Jws::parse(text, Typ::Event).is_ok()).count();
    assert_eq!(accepted, 4, "one spelling for each value of the last two bits");
    for spelling in [format!("{jwt}="), format!("{jwt}\n"), format!(" {jwt}"), jwt.replace('.', ".=")] {
        assert!(Jws::parse(&spelling, Typ::Event).is_err(), "{spelling}");
    }
}

#[test]
fn an_event_of_another_ledger_is_refused() {
    let world = world::world();
    let payload = world.event(Kind::Source).signed.jws.split('.').nth(1).unwrap().to_owned();
    let other = LedgerId::derive("other.example/log", &world.log_key.to_string());
    let payload = String::from_utf8(BASE64.decode(payload).unwrap()).unwrap();
    let moved = payload.replace(&world.ledger.to_string(), &other.to_string());
    let jwt = oretrail::envelope::sign_jws(Typ::Event, &world::key(world::MINE), &moved).unwrap();
    assert!(found_on_one_more(&world, world.ledger, &jwt).contains(&Code::OtherLedger));
}

// --- keys and custody, by the program

/// Runs and fails unless it is refused so, and the ledger is as it was.
fn refused(world: &World, arguments: &[&str], code: i32, parts: &[&str]) -> Ran {
    let before = std::fs::read(world.path("ledger/checkpoint")).unwrap();
    let ran = world.run(arguments);
    ran.failed(code, parts);
    assert!(!ran.err.contains("panicked"), "{}", ran.err);
    assert_eq!(std::fs::read(world.path("ledger/checkpoint")).unwrap(), before, "{arguments:?}");
    ran
}

const MINED: [&str; 8] = ["source", "mined", "--by", MINE, "--facility", "PIT", "--output", "name=o form=ore mass=5"];

#[test]
fn keys_that_are_unknown_or_anothers_or_revoked_or_out_of_scope_are_refused_with_their_holder() {
    let world = World::with_parties();
    let by = |key: &str| [&MINED[..], &["--key", key]].concat().iter().map(|a| (*a).to_owned()).collect::<Vec<_>>();
    let refuse = |key: &str, parts: &[&str]| {
        let arguments = by(key);
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        refused(&world, &arguments, 4, &[parts, &["nothing was recorded", "hint:"]].concat());
    };
    world.ok(&["key", "new", "stranger", "--no-passphrase"]);
    refuse("stranger", &["chain.unknown-key"]);
    refuse("gebeng", &["chain.foreign-key", PLANT]);
    world.ok(&["key", "new", "gate", "--no-passphrase"]);
    world.ok(&["key", "add", "gate", "--by", MINE, "--key", "mine-gate", "--kinds", "dispatch"]);
    refuse("gate", &["chain.key-scope", "hint: see entry", MINE]);
    world.ok(&["key", "revoke", "gate", "--by", MINE, "--key", "mine-gate", "--reason", "retired"]);
    refuse("gate", &["chain.key-revoked", "hint: see entry", MINE]);
}

#[test]
fn a_lot_in_transit_of_nobody_known_or_already_answered_is_refused_and_the_earlier_event_shown() {
    let world = World::with_concentrate();
    world.ok(&["dispatch", "conc-1", "--by", MINE, "--to", PLANT]);
    let again = ["dispatch", "conc-1", "--by", MINE, "--to", PLANT];
    refused(&world, &again, 4, &["custody.in-transit", "hint: see entry 8, dispatch", MINE]);
    let foreign = format!("{}.0", "ab".repeat(32));
    refused(&world, &["retire", &foreign, "--by", MINE, "--reason", "lost"], 4, &["custody.unknown-lot", "hint:"]);
    let receive = ["receive", "conc-1", "--by", PLANT, "--facility", "GEB"];
    world.ok(&receive);
    refused(&world, &receive, 4, &["custody.already-answered", "hint: see entry 9, receive"]);
    refused(&world, &again, 4, &["custody.not-holder", "hint: see entry 9, receive"]);
}

#[test]
fn huge_and_gained_masses_are_refused_with_both_numbers() {
    let world = World::with_concentrate();
    let mined = |mass: &str| {
        let output = format!("name=o form=ore mass={mass}");
        refused(&world, &[&MINED[..7], &[&output]].concat(), 2, &["expected", mass]);
    };
    ["9007199255", "99999999999999999999999999", "0.0000001", "1e9", "inf", "1,000", "-0.5"]
        .into_iter()
        .for_each(mined);
    let gained = ["transform", "--by", MINE, "--process", "leach", "--input", "conc-1", "--output"];
    let output = "name=x form=concentrate mass=1000 TREO=0.9 Nd2O3/TREO=0.2";
    refused(&world, &[&gained[..], &[output]].concat(), 4, &["mass.gross-gain", "expected at most", "found"]);
}

// --- files that cannot be read

const STEP: &str = r#"{"kind":"retire","by":"Sundown Carbonate LLC","lots":["conc-1"],"reason":"lost""#;
const TOML: &str = "oretrail = \"batch/1\"\n[[step]]\nkind = \"retire\"\nby = \"Sundown Carbonate LLC\"\n";

#[test]
fn batches_that_cannot_be_read_are_refused_with_their_place() {
    let world = World::with_concentrate();
    let batch = |name: &str, bytes: &[u8], parts: &[&str]| {
        let file = world.write(name, bytes);
        refused(&world, &["record", "--file", &file], 2, parts);
    };
    let lines = |rest: &str, parts: &[&str]| batch("b.jsonl", format!("{STEP}{rest}").as_bytes(), parts);
    lines(",", &["line 1 column"]);
    lines(r#","reason":"lost"}"#, &["line 1 column", "duplicate member `reason`"]);
    lines(r#","colour":"red"}"#, &["line 1", "/colour: unknown field"]);
    lines(r#","remark":1.5}"#, &["line 1 column", "/remark", "`1.5`"]);
    lines(r#","facility":{}}"#, &["line 1", "/facility"]);
    lines(",\"remark\":\"a\u{202e}b\"}", &["/remark", "U+202E at character 2"]);
    lines("}\n{\"kind\":\"vanish\"}", &["step 2, line 2", "/kind: expected an event kind, found `vanish`"]);
    batch("b.jsonl", b"{\"kind\":\"\xff\"}", &["line 1 column", "expected UTF-8"]);
    batch("b.jsonl", "[".repeat(10_000).as_bytes(), &["line 1 column", "levels of nesting"]);
    batch("b.jsonl", r#"{"a":"#.repeat(10_000).as_bytes(), &["line 1 column", "levels of nesting"]);
    batch("b.jsonl", &vec![b' '; (1 << 20) + 1], &["line 1: expected a line of at most 1048576 bytes"]);
    let toml = |rest: &str, parts: &[&str]| batch("b.toml", format!("{TOML}{rest}").as_bytes(), parts);
    toml("lots = [", &["line 5 column"]);
    toml("lots = [1]", &["line 5 column 9, /lots/0", "expected a lot with the event that last moved it"]);
    toml("by = \"again\"", &["line 5 column 1: duplicate key"]);
    toml("lots = [\"conc-1\"]\nreason = \"lost\"\ncolour = \"red\"", &["line 7 column", "/colour: unknown field"]);
    toml("remark = \"a\u{2066}b\"\nlots = [\"conc-1\"]\nreason = \"lost\"", &["line 5 column 10, /remark", "U+2066"]);
    batch("b.toml", b"oretrail = \"batch/1\"\ntitle = \"\xff\"", &["line 2", "expected UTF-8"]);
    toml(&format!("a = {}", "[".repeat(10_000)), &["line 5 column"]);
    toml(&format!("a{} = 1", ".a".repeat(10_000)), &["line"]);
    batch("b.toml", &vec![b'#'; (16 << 20) + 1], &["expected a TOML batch of at most 16777216 bytes", "hint:"]);
}

#[test]
fn lineage_and_trust_files_that_cannot_be_read_are_refused_with_their_place() {
    let world = World::with_concentrate();
    world.ok(&["export", "conc-1", "--by", MINE, "-o", "good.lineage.json"]);
    let good = std::fs::read_to_string(world.path("good.lineage.json")).unwrap();
    let bundle = |bytes: &[u8], parts: &[&str]| {
        let file = world.write("bad.lineage.json", bytes);
        refused(&world, &["verify", &file], 1, &[parts, &["is no lineage file", "hint:"]].concat());
    };
    bundle(&good.as_bytes()[..good.len() / 2], &["line"]);
    bundle(good.replacen('{', "{\"colour\":1,", 1).as_bytes(), &["colour"]);
    bundle(good.replacen('{', "{\"v\":1,", 1).as_bytes(), &["line 1 column", "duplicate member `v`"]);
    bundle(good.replacen("\"index\":", "\"index\":1e2,\"x\":", 1).as_bytes(), &["line"]);
    bundle("[".repeat(10_000).as_bytes(), &["levels of nesting", "line 1 column"]);
    bundle(&[good.as_bytes(), b"\xff"].concat(), &["line"]);
    bundle(b"", &["line 1 column 1"]);
    let trust = |bytes: &[u8], parts: &[&str]| {
        let file = world.write("trust.toml", bytes);
        refused(&world, &["verify", "good.lineage.json", "--trust", &file], 2, &[parts, &["trust.toml"]].concat());
    };
    trust(b"version = 1", &["line 1"]);
    trust(b"version = 0\ncolour = 1", &["line 2", "colour"]);
    trust(b"version = 0\nversion = 0", &["line 2"]);
    trust(format!("version = {}", "[".repeat(10_000)).as_bytes(), &["line 1"]);
    trust(b"version = 0\n# \xff", &["utf-8"]);
    trust(&vec![b'#'; (16 << 20) + 1], &["expected at most 16777216 bytes"]);
    let huge = std::fs::File::create(world.path("huge.lineage.json")).unwrap();
    huge.set_len((1 << 30) + 1).unwrap();
    refused(&world, &["verify", "huge.lineage.json"], 2, &["expected at most 1073741824 bytes, found 1073741825"]);
}

#[test]
fn too_many_lots_or_bytes_for_an_entry_are_refused_with_the_counts_and_the_way_out() {
    let world = World::with_concentrate();
    let sources = |count: usize| {
        let lot = |at: usize, n: usize| json!({ "name": format!("l{}", at * 32 + n), "form": "ore", "quantity": "1" });
        (0..count).map(move |at| {
            let outputs: Vec<Value> = (0..32).map(|n| lot(at, n)).collect();
            json!({ "kind": "source", "by": MINE, "facility": "PIT", "source": "mined", "outputs": outputs })
        })
    };
    let batch = |count: usize, last: Value| {
        let steps: Vec<String> = sources(count.div_ceil(32)).chain([last]).map(|step| step.to_string()).collect();
        world.write("many.jsonl", steps.join("\n"))
    };
    let names = |count: usize| (0..count).map(|n| format!("l{n}")).collect::<Vec<_>>();
    let file = batch(257, json!({ "kind": "retire", "by": MINE, "lots": names(257), "reason": "lost" }));
    refused(&world, &["record", "--file", &file], 2, &["line 10", "256 lots", "found 257", "blend first"]);
    let elements: Vec<&str> =
        "Sc Y La Ce Pr Nd Sm Eu Gd Tb Dy Ho Er Tm Yb Lu Th U Fe B Co Cu Al Ga Nb Zr Ni".split(' ').collect();
    let outputs: Vec<Value> = (0..32)
        .map(|n| json!({ "label": format!("c{n}"), "form": "concentrate", "quantity": "1", "elements": elements, "owner": PLANT, "composition": { "Nd2O3": "0.01" } }))
        .collect();
    let inputs = names(256);
    let last =
        json!({ "kind": "transform", "by": MINE, "processes": ["beneficiate"], "inputs": inputs, "outputs": outputs });
    let file = batch(256, last);
    refused(
        &world,
        &["record", "--file", &file],
        4,
        &["step 9", "at most 65535 bytes, found", "hint:", "`oretrail split`"],
    );
}

#[test]
fn dates_that_cannot_exist_say_why() {
    let world = World::with_parties();
    for (at, why) in [
        ("2026-02-29T00:00:00Z", "(the days of month 2 of 2026 are 1 to 28)"),
        ("2026-13-01T00:00:00Z", "(there is no month 13)"),
        ("2026-02-28T24:00:00Z", "(a day ends at 23:59:59)"),
    ] {
        refused(&world, &[&MINED[..], &["--at", at]].concat(), 2, &["expected a UTC time", at, why]);
    }
    refused(&world, &["verify", "x", "--as-of", "2026-02-30"], 2, &["expected a date", "1 to 28"]);
    let step = format!("{STEP},\"when\":\"2025-02-29T00:00:00Z\"}}");
    let file = world.write("b.jsonl", step);
    refused(&world, &["record", "--file", &file], 2, &["line 1", "/when", "1 to 28"]);
}

#[test]
fn an_ambiguous_prefix_lists_the_candidates() {
    let world = World::with_concentrate();
    world.ok(&["split", "conc-1", "--by", MINE, "--part", "label=a mass=400", "--part", "label=b mass=600"]);
    let id = world.lot("a")["id"].as_str().unwrap()[..10].to_owned();
    let parts = [format!("found `{id}`, which may mean 2"), "400 kg".to_owned(), "600 kg".to_owned()];
    let parts: Vec<&str> = parts.iter().map(String::as_str).collect();
    refused(&world, &["retire", &id, "--by", MINE, "--reason", "lost"], 2, &parts);
    refused(&world, &["trace", &id], 2, &parts);
    refused(&world, &["retire", &id[..3], "--by", MINE, "--reason", "lost"], 2, &["first 6 or more digits"]);
}

// --- machines

#[test]
fn a_missing_or_wrong_passphrase_is_said_with_a_hint() {
    let world = World::new();
    let with = |passphrase: &str, arguments: &[&str]| {
        ran(world.command().env("ORETRAIL_PASSPHRASE", passphrase).args(arguments))
    };
    assert_eq!(with("correct horse", &["key", "new", "k"]).code, 0);
    let register = ["party", "register", MINE, "--country", "US", "--role", "mine", "--key", "k"];
    refused(&world, &register, 2, &["is encrypted and no passphrase was given", "hint: set ORETRAIL_PASSPHRASE"]);
    with("battery staple", &register).failed(2, &["does not open", "k.pem", "hint: try again"]);
    assert_eq!(world.size(), 2);
    assert_eq!(with("correct horse", &register).code, 0);
}

#[test]
fn keys_without_their_signing_memory_sign_nothing() {
    let world = World::with_parties();
    std::fs::remove_file(world.path("keys/signing-memory")).unwrap();
    refused(&world, &MINED, 2, &["signing memory", "has no record of", "hint: a key moves with its signing memory"]);
}

#[test]
fn a_ledger_is_read_where_its_index_cannot_be_written() {
    let world = World::with_concentrate();
    let before = world.ok(&["lots"]).out;
    for name in ["index", "index.lock"] {
        let path = world.path("ledger").join(name);
        let _ = std::fs::remove_dir_all(&path);
        let _ = std::fs::remove_file(&path);
    }
    // A folder where the lock file should be stands for whatever keeps the index from being opened.
    std::fs::create_dir(world.path("ledger/index.lock")).unwrap();
    assert_eq!(world.ok(&["lots"]).out, before);
    world.ok(&["export", "conc-1", "--by", MINE, "-o", "x.lineage.json"]);
}

#[test]
fn a_file_is_never_written_over_something_else() {
    let world = World::with_concentrate();
    std::fs::create_dir(world.path("folder")).unwrap();
    let export = |to: &str| refused(&world, &["export", "conc-1", "--by", MINE, "-o", to], 2, &["expected", "hint:"]);
    export("folder");
    refused(&world, &["export", "conc-1", "--by", MINE, "-o", "no/folder.json"], 2, &["no/folder.json", "hint:"]);
}

#[cfg(unix)]
mod unix {
    use super::*;
    use std::fs::Permissions;
    use std::io::Write as _;
    use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
    use std::os::unix::process::CommandExt as _;
    use std::path::{Path, PathBuf};
    use std::process::{Command, Stdio};

    /// The program under a shell that sets things up before.
    fn under(world: &World, before: &str, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new("/bin/sh");
        command.args(["-c", &format!("{before}; exec \"$0\" \"$@\""), env!("CARGO_BIN_EXE_oretrail")]).args(arguments);
        command.env_clear().env("HOME", world.path("")).env("ORETRAIL_NOW", "2026-03-01T08:00:00Z");
        command.env("ORETRAIL_LEDGER", world.path("ledger")).env("ORETRAIL_KEYS", world.path("keys"));
        command.current_dir(world.path("")).output().unwrap()
    }

    #[test]
    fn writes_that_fail_at_any_size_leave_the_batch_whole_or_nothing() {
        let world = World::with_concentrate();
        let step = |n: usize| {
            let output = json!([{ "name": format!("x{n}"), "form": "ore", "quantity": "1" }]);
            json!({ "kind": "source", "by": MINE, "facility": "PIT", "source": "mined", "outputs": output }).to_string()
        };
        let steps: Vec<String> = (0..20).map(step).collect();
        let file = world.write("batch.jsonl", steps.join("\n"));
        let mut failed = 0;
        // Blocks of 512 bytes that a file may have: a stand-in for a disk that is full at various places.
        for blocks in [1, 4, 16, 24, 32, 40] {
            let before = world.size();
            let limit = format!("ulimit -f {blocks}; trap '' XFSZ");
            let output = under(&world, &limit, &["record", "--file", &file]);
            let said = String::from_utf8(output.stderr).unwrap();
            let code = output.status.code().unwrap();
            assert!(code == 0 || (code == 2 && said.contains("hint: ")), "{blocks}: {code} {said}");
            failed += i32::from(code != 0);
            let audit = world.ok(&["audit", "--json"]);
            assert!(audit.code == 0, "{}", audit.err);
            // What an interrupted commit left is finished or put aside by the next writer.
            world.ok(&[&MINED[..], &["--remark", "after"]].concat());
            let after = world.size() - before;
            assert!(after == 1 || after == 21, "{blocks}: {after}");
            assert!(code != 0 || after == 21);
        }
        assert!(failed > 0);
    }

    #[test]
    fn output_that_cannot_be_printed_is_an_error_with_a_hint() {
        let world = World::with_concentrate();
        let output = under(&world, "exec >/dev/full", &["lots"]);
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("cannot print") && said.contains("hint: free some space"), "{said}");
    }

    /// Every file and folder under one.
    fn all_under(path: &Path) -> Vec<PathBuf> {
        let inside = std::fs::read_dir(path).into_iter().flatten();
        let inside = inside.flat_map(|entry| all_under(&entry.unwrap().path()));
        [path.to_owned()].into_iter().chain(inside).collect()
    }

    #[test]
    fn a_read_only_folder_is_read_and_not_written() {
        const NOBODY: u32 = 65_534;
        let world = World::with_concentrate();
        let expected = world.ok(&["lots"]).out;
        std::fs::remove_file(world.path("ledger/lock")).unwrap();
        let program = world.path("oretrail");
        std::fs::copy(env!("CARGO_BIN_EXE_oretrail"), &program).unwrap();
        let mode = |mode: u32| {
            for path in all_under(&world.path("ledger")).iter().filter(|path| path.is_dir()) {
                std::fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
            }
        };
        // The superuser may write anywhere, so he becomes somebody else to whom all of it belongs.
        let is_superuser = std::fs::metadata(&program).unwrap().uid() == 0;
        if is_superuser {
            let give = |path: &PathBuf| std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)).is_ok();
            if !all_under(&world.path("")).iter().all(give) {
                return eprintln!("there is nobody here whom the superuser may become");
            }
        }
        let run = |arguments: &[&str]| {
            let mut command = Command::new(&program);
            command.args(arguments).env_clear().env("ORETRAIL_NOW", "2026-03-01T08:00:00Z").env("HOME", world.path(""));
            command.env("ORETRAIL_LEDGER", world.path("ledger")).env("ORETRAIL_KEYS", world.path("keys"));
            if is_superuser {
                command.uid(NOBODY).gid(NOBODY);
            }
            let output = command.output().unwrap();
            let text = |bytes| String::from_utf8(bytes).unwrap();
            Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
        };
        mode(0o555);
        let before = std::fs::read(world.path("ledger/checkpoint")).unwrap();
        assert_eq!(run(&["lots"]).out, expected);
        run(&["audit"]).failed(0, &[]);
        run(&MINED).failed(2, &["cannot open", "hint: check who may read and write there"]);
        assert_eq!(std::fs::read(world.path("ledger/checkpoint")).unwrap(), before);
        mode(0o755);
        run(&MINED).failed(0, &[]);
    }

    #[test]
    fn a_world_readable_key_is_refused_with_the_command_that_cures_it() {
        let world = World::with_parties();
        std::fs::set_permissions(world.path("keys/mine-gate.pem"), Permissions::from_mode(0o644)).unwrap();
        refused(&world, &MINED, 2, &["is open to other users", "hint: chmod 600"]);
    }

    #[test]
    fn an_interrupted_batch_records_nothing_and_says_so() {
        let world = World::with_parties();
        let before = world.size();
        let mut child = Command::new(env!("CARGO_BIN_EXE_oretrail"))
            .args(["record", "--file", "-"])
            .env_clear()
            .env("ORETRAIL_NOW", "2026-03-01T08:00:00Z")
            .env("ORETRAIL_LEDGER", world.path("ledger"))
            .env("ORETRAIL_KEYS", world.path("keys"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdin = child.stdin.take().unwrap();
        let step = |n: usize| {
            let output = json!([{ "form": "ore", "quantity": "1" }]);
            json!({ "kind": "source", "by": MINE, "facility": "PIT", "source": "mined", "outputs": output,
                    "remark": format!("{n} {}", "x".repeat(900)) })
        };
        // A pipe holds less than these: once they are written, the program is reading.
        (0..200).for_each(|n| writeln!(stdin, "{}", step(n)).unwrap());
        let interrupt = format!("kill -INT {}", child.id());
        assert!(Command::new("/bin/sh").args(["-c", &interrupt]).status().unwrap().success());
        // It stops by itself while more is offered.
        assert!((200..100_000).any(|n| writeln!(stdin, "{}", step(n)).is_err()));
        drop(stdin);
        let output = child.wait_with_output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        assert!(said.contains("interrupted: nothing of the batch was recorded"), "{said}");
        assert_eq!(world.size(), before);
        world.ok(&MINED);
    }
}
