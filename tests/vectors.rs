//! One case for every finding code: what is done, and the code that must be found.
//!
//! - `tests/vectors/<code>.toml` holds steps of a batch that follow `base.toml`. A step with `expect_refused` must be
//!   refused with its code; otherwise review must find the code, and must not find it without these steps.
//! - Scenarios in `examples/scenarios` count for the codes that their steps expect.
//! - What no honest program can be made to write (bytes, signatures, feeds, trees, bundles) is made by hand below.
//!
//! A code without a case fails a test, so the table and the rules cannot part.

#![cfg(test)]

mod on_disk;
mod world;

use oretrail::bundle::{Asked, BundleFile, Export, Manifest, UnverifiedBundle, Withhold};
use oretrail::event::{Body, Kind, Payload, Purpose, Scheme};
use oretrail::finding::{Code, Finding};
use oretrail::interop::play::{InMemory, Player};
use oretrail::interop::scenarios::{self, SCENARIOS};
use oretrail::ledger::audit::{Auditing, audit};
use oretrail::ledger::disk::{Disk, RealDisk};
use oretrail::ledger::private::DisclosureReader;
use oretrail::ledger::read::Reader;
use oretrail::rules::review::{Facts, ReviewContext, review};
use oretrail::rules::trust::{Authority, Trust, TrustedLedger};
use oretrail::state::{Memory, Position, View};
use oretrail::tlog::tree::{leaf_hash, root_of};
use oretrail::value::{EventId, LedgerId, PartyId, Sha256, Time};
use oretrail::verify::replay::{Raw, Replay};
use serde_json::json;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::Arc;
use world::{Builder, By, LOG, MINE, SEPARATOR, World, builder, key};

const BASE: &str = include_str!("vectors/base.toml");

/// Plays a batch; the codes of refusals that its steps expected, which the player has compared.
fn play(text: &str) -> Result<(InMemory, BTreeSet<Code>), String> {
    let (header, steps) = scenarios::read(text).map_err(|error| error.to_string())?;
    let mut recorder = InMemory::new([7; 32]);
    let mut player = Player::new(header, &mut recorder, Some([7; 32]), None).map_err(|error| error.to_string())?;
    let mut refused = BTreeSet::new();
    for step in steps {
        let played = player.play(step).map_err(|error| error.to_string())?;
        refused.extend(played.iter().filter_map(|step| step.refused));
    }
    Ok((recorder, refused))
}

/// What review finds, trusting everybody who accredits.
fn reviewed(recorded: &InMemory) -> BTreeSet<Code> {
    let view: &dyn View = recorded.state();
    let accredits = |event: &oretrail::event::Event| matches!(event.payload.body, Body::Accredit(_));
    let issuers: BTreeSet<PartyId> =
        recorded.events().iter().map(|one| one.event()).filter(|e| accredits(e)).map(|e| e.issuer()).collect();
    let trust = Trust { authorities: issuers.into_iter().map(authority).collect(), ..Trust::nobody() };
    let mut facts = Facts::default();
    for one in recorded.events() {
        let record = view.event(&one.event().id).unwrap().unwrap();
        let ledger = LedgerId([0; 32]);
        facts.observe(one.event(), &Position { ledger, index: record.index, recorded_at: record.recorded_at });
    }
    let settled = facts.settle(view, &trust, Time::MAX).unwrap();
    let ctx = ReviewContext { facts: &settled, view, trust: &trust, as_of: Time::MAX, cosigned: 0 };
    recorded.events().iter().flat_map(|one| review(one.event(), &ctx).unwrap()).map(|finding| finding.code).collect()
}

fn authority(party: PartyId) -> Authority {
    let (name, countries, processes, least_key_head) = (None, Vec::new(), Vec::new(), None);
    Authority { party, name, schemes: Scheme::ALL.to_vec(), countries, processes, least_key_head }
}

/// The vector files: code and steps.
fn files() -> Vec<(Code, String)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        if name != "base" {
            let code = name.parse().unwrap_or_else(|error| panic!("{name}: {error}"));
            found.push((code, std::fs::read_to_string(&path).unwrap()));
        }
    }
    found.sort();
    found
}

#[test]
fn every_vector_file_gives_its_code() {
    let (base, _) = play(BASE).unwrap();
    let without = reviewed(&base);
    let mut wrong = Vec::new();
    for (code, steps) in files() {
        match play(&format!("{BASE}\n{steps}")) {
            Err(error) => wrong.push(format!("{code}: {error}")),
            Ok((_, refused)) if refused.contains(&code) => {}
            Ok((recorded, _)) => {
                let with = reviewed(&recorded);
                if !with.contains(&code) || without.contains(&code) {
                    wrong.push(format!("{code}: found {with:?} with the steps, {without:?} without"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_code_has_a_vector() {
    let mut covered: BTreeSet<Code> = files().into_iter().map(|(code, _)| code).collect();
    for scenario in SCENARIOS {
        covered.extend(play(scenario.text).unwrap().1);
    }
    covered.extend(by_hand().into_iter().map(|(code, _)| code));
    let bare: Vec<&str> = Code::ALL.iter().filter(|code| !covered.contains(code)).map(|code| code.as_str()).collect();
    assert!(bare.is_empty(), "codes without a vector: {bare:?}");
}

#[test]
fn every_case_made_by_hand_gives_its_code() {
    assert_eq!(replayed(&builder().world, 0), BTreeSet::new());
    for (code, case) in by_hand() {
        let found = case();
        assert!(found.contains(&code), "{code}: found {found:?}");
    }
}

type Case = fn() -> BTreeSet<Code>;

/// Cases that need bytes no program of ours writes.
fn by_hand() -> Vec<(Code, Case)> {
    vec![
        (Code::Malformed, || with_entry(|entry| entry.replace("oretrail.entry/1", "oretrail.entry/2"))),
        (Code::BadSignature, || {
            let forged = oretrail::value::Signature([1; 64]).to_string();
            with_entry(|entry| format!("{}.{forged}\n", entry.trim_end().rsplit_once('.').unwrap().0))
        }),
        (Code::LinkBroken, || {
            let mut b = builder();
            b.prev = oretrail::value::Blake3([9; 32]);
            recorded(b, |_| {}, &[])
        }),
        (Code::ClockBackwards, || {
            let mut b = builder();
            b.clock = b.clock.plus(-86_400);
            recorded(b, |_| {}, &[])
        }),
        (Code::FeedGap, || recorded(builder(), |draft| draft.seq += 1, &[])),
        (Code::FeedFork, || recorded(builder(), |draft| draft.seq -= 1, &[])),
        (Code::PrevMismatch, || recorded(builder(), |draft| draft.prev = Some(EventId([9; 32])), &[])),
        (Code::OtherLedger, || recorded(builder(), |draft| draft.aud = Some(LedgerId([9; 32])), &[])),
        (Code::VoidedRecorded, || {
            let mut b = builder();
            let void = b.world.entries[5].signed.event.id;
            let mut draft = b.draft(mine(&b), Kind::Source, ore(&b));
            draft.voids = vec![void];
            let signed = b.sign(MINE, draft, &[]);
            b.push(MINE, signed);
            replayed(&b.world, 1)
        }),
        (Code::Duplicate, || {
            let mut b = builder();
            let again = b.world.entries[3].signed.clone();
            b.push(SEPARATOR, again);
            replayed(&b.world, 1)
        }),
        (Code::WeakKey, || {
            let mut b = builder();
            let draft = b.draft((MINE, None), Kind::Party, world::party("Another", "US", "mine", MINE));
            let draft = Payload { seq: 0, prev: None, ..draft };
            let signed = b.sign(MINE, draft, &[]);
            b.push(MINE, signed);
            replayed(&b.world, 1)
        }),
        (Code::Cosignature, || {
            let mut b = builder();
            let jwk = oretrail::value::Jwk::from(oretrail::value::PublicKey::from(&key(9)));
            let body = json!({
                "action": "add", "prev_key": b.world.entries[0].signed.event.id, "key": jwk, "scope": { "kinds": ["source"] }
            });
            let draft = b.draft(mine(&b), Kind::Key, body);
            let signed = b.sign(MINE, draft, &[(Purpose::NewKey, LOG)]);
            b.push(MINE, signed);
            replayed(&b.world, 1)
        }),
        (Code::Genesis, || {
            let world = builder().world;
            let second = &world.entries[2];
            // The third entry where the `ledger` event belongs.
            codes(&world, &[&world.entries[0].entry, &second.entry], &[vec![], vec![]])
        }),
        (Code::Disclosure, || {
            let world = builder().world;
            let entries: Vec<&[u8]> = world.entries.iter().map(|one| one.entry.as_slice()).collect();
            let mut disclosures: Vec<Vec<String>> = (0..entries.len()).map(|at| world.disclosures(at)).collect();
            disclosures.swap(5, 6);
            codes(&world, &entries, &disclosures)
        }),
        (Code::WrongLedger, wrong_ledger),
        (Code::ImportMismatch, import_mismatch),
        (Code::MassWithheld, withheld),
        (Code::NotInTree, || {
            let mut file = bundle();
            let entry = file.ledgers[0].entries.last_mut().unwrap();
            entry.recorded_at = entry.recorded_at.plus(1);
            verified(&resigned(file))
        }),
        (Code::BadCheckpoint, || {
            let mut file = bundle();
            let note = &mut file.ledgers[0].checkpoints[0];
            *note = note.replacen("\n9\n", "\n8\n", 1);
            verified(&resigned(file))
        }),
        (Code::BundleManifest, || {
            let mut file = bundle();
            file.ledgers[0].entries.iter_mut().for_each(|entry| entry.disclosures.clear());
            verified(&file.to_json().unwrap())
        }),
        (Code::BundleForeign, || verified(&foreign())),
        (Code::OmittedReference, || {
            let mut file = bundle();
            file.ledgers[0].entries.retain(|entry| entry.index != 8);
            verified(&resigned(file))
        }),
        (Code::BundleHole, || {
            let world = builder().world;
            let hole = world.entries[8].signed.event.id;
            verified(&exported(&world, &BTreeSet::from([hole]), true))
        }),
        (Code::BundleIncomplete, || verified(&exported(&builder().world, &BTreeSet::new(), false))),
        (Code::ValuesDamaged, values_damaged),
        (Code::UntrustedLedger, || {
            let text = builder().world.bundle(&[]);
            let asked = Asked { trust: &Trust::nobody(), as_of: Time::MAX, recipient: None };
            report_codes(&text, &asked)
        }),
    ]
}

fn mine(b: &Builder) -> By {
    (MINE, Some(b.world.entries[0].signed.event.id.into()))
}

fn ore(b: &Builder) -> serde_json::Value {
    json!({ "facility": b.world.entries[2].signed.event.id, "source": "mined", "outputs": [world::lot("10", "C-9")] })
}

/// Replays entries with their disclosures; everything found.
fn codes(world: &World, entries: &[&[u8]], disclosures: &[Vec<String>]) -> BTreeSet<Code> {
    let raw: Vec<Raw<'_>> =
        entries.iter().zip(disclosures).map(|(entry, disclosures)| Raw { entry, disclosures }).collect();
    let entered = Replay::new(world.ledger).push(&raw).unwrap();
    entered.into_iter().flat_map(|one| one.findings).map(|finding: Finding| finding.code).collect()
}

/// Replays a ledger of which the first entries, all but `last`, must give no finding.
fn replayed(world: &World, last: usize) -> BTreeSet<Code> {
    let entries: Vec<&[u8]> = world.entries.iter().map(|one| one.entry.as_slice()).collect();
    let disclosures: Vec<Vec<String>> = (0..entries.len()).map(|at| world.disclosures(at)).collect();
    let sound = entries.len() - last;
    assert_eq!(codes(world, &entries[..sound], &disclosures[..sound]), BTreeSet::new());
    codes(world, &entries, &disclosures)
}

/// Another lot dug up, after a change of its draft.
fn recorded(mut b: Builder, change: impl Fn(&mut Payload), cosigners: &[(Purpose, u8)]) -> BTreeSet<Code> {
    let mut draft = b.draft(mine(&b), Kind::Source, ore(&b));
    change(&mut draft);
    let signed = b.sign(MINE, draft, cosigners);
    b.push(MINE, signed);
    replayed(&b.world, 1)
}

/// The example ledger with its last entry changed.
fn with_entry(change: impl Fn(&str) -> String) -> BTreeSet<Code> {
    let mut world = builder().world;
    let last = world.entries.last_mut().unwrap();
    last.entry = change(std::str::from_utf8(&last.entry).unwrap()).into_bytes();
    replayed(&world, 1)
}

/// A lot that was accepted in another ledger is used at home again.
fn wrong_ledger() -> BTreeSet<Code> {
    let mut b = builder();
    let (pit, separator) = (b.world.entries[2].signed.event.id, b.world.entries[3].signed.event.id);
    let split = b.world.entries[6].signed.event.id;
    let other = LedgerId([9; 32]);
    let by = mine(&b);
    let sent = json!({
        "lots": [{ "lot": format!("{split}.1"), "after": split }], "from": pit, "to": separator, "to_ledger": other,
        "reason": "sale"
    });
    let sent = b.record(by, Kind::Dispatch, sent, None);
    let answer = EventId([8; 32]);
    let taken = json!({
        "kind": "receive", "event": answer, "ledger": other, "index": 1, "from": b.world.entries[0].signed.event.id,
        "to": separator, "to_ledger": other, "dispatch": sent,
        "lots": [{ "lot": format!("{split}.1"), "form": "concentrate", "outcome": "accepted" }]
    });
    let pin = json!({ "ledger": other, "size": 2, "root": Sha256([7; 32]), "consistent": true });
    b.record(by, Kind::Import, json!({ "ledgers": [pin], "taken": [taken], "bundle": Sha256([6; 32]) }), None);
    let retire = json!({ "lots": [{ "lot": format!("{split}.1"), "after": answer }], "reason": "lost" });
    b.record(by, Kind::Retire, retire, None);
    replayed(&b.world, 1)
}

/// An import that gives the source of a lot for the answer to its dispatch.
fn import_mismatch() -> BTreeSet<Code> {
    let mut b = builder();
    let (pit, separator) = (b.world.entries[2].signed.event.id, b.world.entries[3].signed.event.id);
    let (source, split) = (b.world.entries[5].signed.event.id, b.world.entries[6].signed.event.id);
    let (by, ledger) = (mine(&b), b.world.ledger);
    let lot = format!("{split}.1");
    let head = json!({ "lot": lot, "after": split });
    let sent =
        json!({ "lots": [head], "from": pit, "to": separator, "to_ledger": LedgerId([9; 32]), "reason": "sale" });
    let sent = b.record(by, Kind::Dispatch, sent, None);
    let taken = json!({
        "kind": "receive", "event": source, "ledger": ledger, "index": 5, "from": b.world.entries[0].signed.event.id,
        "to": separator, "to_ledger": LedgerId([9; 32]), "dispatch": sent,
        "lots": [{ "lot": lot, "form": "concentrate", "outcome": "accepted" }]
    });
    let pin = json!({ "ledger": ledger, "size": 9, "root": b.world.checkpoint(9).head().root, "consistent": true });
    b.record(by, Kind::Import, json!({ "ledgers": [pin], "taken": [taken], "bundle": Sha256([6; 32]) }), None);
    let (tree, note) = b.world.statement();
    let export = Export {
        subject: lot.parse().unwrap(),
        by: b.world.entries[0].signed.event.id.into(),
        recipient: None,
        created: "2026-12-01T08:00:00Z".parse().unwrap(),
        withhold: &Withhold::default(),
        foreign: &[],
        since: Vec::new(),
        holes: BTreeSet::new(),
        statement: Some((&tree, &note)),
        documents: None,
    };
    verified(&oretrail::bundle::write(&b.world, &export, &key(MINE)).unwrap())
}

/// Review without any disclosure.
fn withheld() -> BTreeSet<Code> {
    let world = builder().world;
    let entries: Vec<Raw<'_>> = world.entries.iter().map(|one| Raw { entry: &one.entry, disclosures: &[] }).collect();
    let mut replay = Replay::new(world.ledger);
    let entered = replay.push(&entries).unwrap();
    let mut facts = Facts::default();
    for one in &entered {
        facts.observe(one.event.as_ref().unwrap(), &one.at);
    }
    let view: Memory = replay.into_view();
    let trust = Trust::nobody();
    let settled = facts.settle(&view, &trust, Time::MAX).unwrap();
    let ctx = ReviewContext { facts: &settled, view: &view, trust: &trust, as_of: Time::MAX, cosigned: 0 };
    let found = entered.iter().flat_map(|one| review(one.event.as_ref().unwrap(), &ctx).unwrap());
    found.map(|finding| finding.code).collect()
}

/// An audit of a ledger on disk, in whose private values a byte of the first record's length was changed.
fn values_damaged() -> BTreeSet<Code> {
    let (world, folder) = (builder().world, tempfile::tempdir().unwrap());
    on_disk::write(&world, &world.log_key, folder.path());
    let disk: Arc<dyn Disk> = Arc::new(RealDisk);
    let reader = Reader::open(Arc::clone(&disk), folder.path()).unwrap();
    let values = DisclosureReader::new(Arc::clone(&disk), reader.layout());
    let audited = || {
        let auditing = Auditing { trust: &Trust::nobody(), as_of: Time::MAX, index: None };
        let report = audit(&disk, &reader, &values, &auditing, &mut |_, _| {}).unwrap();
        report.findings.into_iter().map(|finding| finding.code).collect::<BTreeSet<Code>>()
    };
    assert!(!audited().contains(&Code::ValuesDamaged));
    let path = reader.layout().disclosures();
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[2] ^= 1;
    std::fs::write(path, bytes).unwrap();
    audited()
}

fn bundle() -> BundleFile {
    BundleFile::parse(builder().world.bundle(&[]).as_bytes()).unwrap()
}

fn exported(world: &World, holes: &BTreeSet<EventId>, with_statement: bool) -> String {
    let (tree, note) = world.statement();
    let export = Export {
        subject: world.subject(),
        by: world.entries[3].signed.event.id.into(),
        recipient: None,
        created: "2026-12-01T08:00:00Z".parse().unwrap(),
        withhold: &Withhold::default(),
        foreign: &[],
        since: Vec::new(),
        holes: holes.clone(),
        statement: with_statement.then_some((&tree, &note)),
        documents: None,
    };
    oretrail::bundle::write(world, &export, &key(SEPARATOR)).unwrap()
}

/// The bundle of the part that stayed at the mine, with the dispatch of the other part slipped in.
fn foreign() -> String {
    let world = builder().world;
    let whole = bundle();
    let (tree, note) = world.statement();
    let export = Export {
        subject: oretrail::value::LotId::new(world.subject().event, 1),
        by: world.entries[0].signed.event.id.into(),
        recipient: None,
        created: "2026-12-01T08:00:00Z".parse().unwrap(),
        withhold: &Withhold::default(),
        foreign: &[],
        since: Vec::new(),
        holes: BTreeSet::new(),
        statement: Some((&tree, &note)),
        documents: None,
    };
    let text = oretrail::bundle::write(&world, &export, &key(MINE)).unwrap();
    let mut file = BundleFile::parse(text.as_bytes()).unwrap();
    let sent = |entry: &&oretrail::bundle::EntryFile| entry.index == 7;
    assert!(file.ledgers[0].entries.iter().all(|entry| !sent(&entry)));
    file.ledgers[0].entries.extend(whole.ledgers[0].entries.iter().find(sent).cloned());
    file.ledgers[0].entries.sort_by_key(|entry| entry.index);
    resigned(file)
}

/// Puts the exporter's name to a changed file again, as a dishonest exporter would: the minimal set of nodes, and counts
/// and roots as FORMAT.md has them.
fn resigned(mut file: BundleFile) -> String {
    let world = builder().world;
    let jwt = |text: &str| Sha256::of(text.as_bytes()).to_string();
    let ledger = &mut file.ledgers[0];
    let indexes: BTreeSet<u64> = ledger.entries.iter().map(|entry| entry.index).collect();
    let nodes = oretrail::tlog::nodes::prove_nodes(&world.tree, &[9], &indexes).unwrap();
    ledger.nodes = nodes.iter().map(|(node, hash)| oretrail::bundle::NodeFile(node.level, node.index, *hash)).collect();
    let id = ledger.ledger;
    let entries =
        ledger.entries.iter().map(|e| format!("{id} {} {} {} {}", e.index, e.recorded_at, e.prev, jwt(&e.jwt)));
    let entries: Vec<String> = entries.collect();
    let shown = ledger.entries.iter().flat_map(|e| e.disclosures.iter().map(move |d| format!("{} {d}", jwt(&e.jwt))));
    let shown: Vec<String> = shown.collect();
    let statement = ledger.statement.as_ref().unwrap();
    let of_log = ledger.nodes.iter().map(|n| format!("{id} log {} {} {}", n.0, n.1, n.2));
    let nodes: Vec<String> =
        of_log.chain(statement.nodes.iter().map(|n| format!("{id} leaves {} {} {}", n.0, n.1, n.2))).collect();
    let leaves: Vec<String> = statement.leaves.iter().map(|leaf| format!("{id} {} {}", leaf.0, leaf.1)).collect();
    let (mut manifest, jws) = Manifest::parse(&file.manifest).unwrap();
    let exporter =
        [MINE, SEPARATOR].into_iter().find(|seed| jws.kid() == oretrail::value::PublicKey::from(&key(*seed)).id());
    let count = |counted: &mut oretrail::bundle::Counted, texts: &[String]| {
        counted.count = texts.len() as u64;
        counted.root = root_of(texts.iter().map(|text| leaf_hash(text.as_bytes())));
    };
    count(&mut manifest.entries, &entries);
    count(&mut manifest.disclosures, &shown);
    count(&mut manifest.nodes, &nodes);
    count(&mut manifest.leaves, &leaves);
    manifest.checkpoints[0].note = Sha256::of(ledger.checkpoints[0].as_bytes());
    file.manifest = manifest.sign(&key(exporter.unwrap())).unwrap();
    file.sum_up();
    file.to_json().unwrap()
}

fn report_codes(text: &str, asked: &Asked<'_>) -> BTreeSet<Code> {
    let report = UnverifiedBundle::read(text.as_bytes()).unwrap().verify(asked).unwrap().report;
    report.findings().map(|finding| finding.code).collect()
}

/// Verifies with trust in the example's ledger.
fn verified(text: &str) -> BTreeSet<Code> {
    let world = builder().world;
    let vkey = Some(world.log_key.to_string().parse().unwrap());
    let trust = Trust { ledgers: vec![TrustedLedger { id: world.ledger, vkey, name: None }], ..Trust::nobody() };
    let asked = Asked { trust: &trust, as_of: "2026-12-05T00:00:00Z".parse().unwrap(), recipient: None };
    report_codes(text, &asked)
}

#[test]
fn a_bundle_signed_again_without_change_is_the_same() {
    let text = builder().world.bundle(&[]);
    assert_eq!(resigned(BundleFile::parse(text.as_bytes()).unwrap()), text);
    let found: BTreeMap<Code, ()> = verified(&text).into_iter().map(|code| (code, ())).collect();
    for code in
        [Code::BundleManifest, Code::BundleForeign, Code::OmittedReference, Code::NotInTree, Code::BadCheckpoint]
    {
        assert!(!found.contains_key(&code), "{code}");
    }
}
