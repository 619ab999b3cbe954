//! A chain of 10,000 steps in one ledger: growing the tree, replaying the ledger, writing and verifying the lineage bundle.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "a benchmark, where a panic is the failure and output the point"
)]

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use ed25519_dalek::SigningKey;
use oretrail::bundle::{Asked, Export, LeafTree, Leaves, Source, Stored, UnverifiedBundle, Withhold, write};
use oretrail::envelope::{Disclosure, Prepared, Signed};
use oretrail::event::{Body, Kind, Payload, Purpose, When};
use oretrail::rules::trust::{Trust, TrustedLedger};
use oretrail::tlog::checkpoint::Checkpoint;
use oretrail::tlog::entry::{self, Entry};
use oretrail::tlog::note::SignedNote;
use oretrail::tlog::tree::{Frontier, MemoryTree, leaf_hash};
use oretrail::tlog::vkey::{KeyKind, VerifierKey};
use oretrail::value::{Blake3, EventId, LedgerId, LotId, PartyId, PublicKey, Sha256, Time};
use oretrail::verify::replay::{Raw, Replay};
use serde_json::{Value, json};
use std::collections::{BTreeSet, HashMap};
use std::convert::Infallible;
use std::hint::black_box;

/// Steps of the chain, each a transform of the lot before.
const STEPS: usize = 10_000;

const ORIGIN: &str = "bench.example/log";

struct Chain {
    ledger: LedgerId,
    vkey: VerifierKey,
    entries: Vec<(Vec<u8>, Vec<String>)>,
    at: HashMap<EventId, u64>,
    next: HashMap<EventId, Vec<EventId>>,
    tree: MemoryTree,
    leaves: Leaves,
    prev: Blake3,
    clock: Time,
    feeds: [Option<(u64, EventId)>; 2],
    salts: u128,
}

fn party_key() -> SigningKey {
    SigningKey::from_bytes(&[1; 32])
}

fn log_key() -> SigningKey {
    SigningKey::from_bytes(&[2; 32])
}

impl Chain {
    fn new() -> Self {
        let vkey = VerifierKey::new(ORIGIN.parse().unwrap(), KeyKind::Note, PublicKey::from(&log_key()));
        let ledger = LedgerId::derive(ORIGIN, &vkey.to_string());
        let prev = entry::first_prev(ledger);
        let clock = Time::from_unix(1_790_000_000).unwrap();
        let (entries, at, next, tree) = (Vec::new(), HashMap::new(), HashMap::new(), MemoryTree::new());
        let leaves = Leaves::default();
        Self { ledger, vkey, entries, at, next, tree, leaves, prev, clock, feeds: [None; 2], salts: 0 }
    }

    fn sign(&mut self, iss: Option<PartyId>, kind: Kind, body: Value) -> Signed {
        let aud = (!kind.is_portable()).then_some(self.ledger);
        let body = Body::from_value(kind, body).unwrap();
        let mut draft = Payload::draft(iss, aud, When::At(self.clock), body);
        let feed = &mut self.feeds[usize::from(aud.is_none())];
        if let Some((seq, id)) = feed {
            (draft.seq, draft.prev) = (*seq + 1, Some(*id));
        }
        let seq = draft.seq;
        let salts = &mut self.salts;
        let mut prepared = Prepared::new(draft, &mut || {
            *salts += 1;
            Ok(salts.to_be_bytes())
        })
        .unwrap();
        if kind == Kind::Ledger {
            prepared.cosign(Purpose::LogKey, &log_key()).unwrap();
        }
        let signed = prepared.sign(&party_key()).unwrap();
        *feed = Some((seq, signed.event.id));
        signed
    }

    fn record(&mut self, iss: Option<PartyId>, kind: Kind, body: Value) -> EventId {
        let signed = self.sign(iss, kind, body);
        let id = signed.event.id;
        let bytes = Entry { prev: self.prev, recorded_at: self.clock, jwt: signed.jws }.format().unwrap();
        self.prev = entry::link(&bytes);
        self.tree.append(leaf_hash(&bytes));
        self.leaves.add(&signed.event);
        for reference in signed.event.payload.body.references().iter().filter(|reference| reference.is_subject) {
            self.next.entry(reference.target.event().unwrap()).or_default().push(id);
        }
        self.at.insert(id, self.entries.len() as u64);
        self.entries.push((bytes, signed.disclosures.iter().map(Disclosure::as_str).map(str::to_owned).collect()));
        self.clock = self.clock.plus(60);
        id
    }

    fn statement(&self) -> (LeafTree, SignedNote) {
        let tree = self.leaves.clone().into_tree();
        let head = Checkpoint::new(ORIGIN, self.tree.size(), self.tree.root()).unwrap().head();
        let note = tree.sign(self.ledger, head, &self.vkey, &log_key()).unwrap();
        (tree, note)
    }
}

impl Source for Chain {
    type Error = Infallible;
    type Hashes = MemoryTree;

    fn ledger(&self) -> LedgerId {
        self.ledger
    }

    fn checkpoint(&self) -> String {
        let checkpoint = Checkpoint::new(ORIGIN, self.tree.size(), self.tree.root()).unwrap();
        checkpoint.sign(&self.vkey, &log_key()).unwrap().to_string()
    }

    fn hashes(&self) -> &MemoryTree {
        &self.tree
    }

    fn entry_at(&self, index: u64) -> Result<Option<Stored>, Infallible> {
        let found = usize::try_from(index).ok().and_then(|at| self.entries.get(at));
        Ok(found.map(|(entry, disclosures)| Stored { index, entry: entry.clone(), disclosures: disclosures.clone() }))
    }

    fn entry_of(&self, event: &EventId) -> Result<Option<Stored>, Infallible> {
        self.at.get(event).map_or(Ok(None), |at| self.entry_at(*at))
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Infallible> {
        Ok(self.next.get(event).cloned().unwrap_or_default())
    }
}

/// The chain, its party and its last lot.
fn chain() -> (Chain, PartyId, LotId) {
    let mut chain = Chain::new();
    let jwk = oretrail::value::Jwk::from(PublicKey::from(&party_key()));
    let party = json!({ "name": "Bench Ltd", "country": "GB", "roles": ["mine"], "key": jwk });
    let party: PartyId = chain.record(None, Kind::Party, party).into();
    let vkey = chain.vkey.to_string();
    chain.record(Some(party), Kind::Ledger, json!({ "origin": ORIGIN, "vkey": vkey }));
    let point = json!({ "point": { "lat": "53.4", "lon": "-3.1" }, "radius_m": 500 });
    let site = json!({
        "code": "B", "name": "Bench", "type": "plant", "country": "GB", "geometry": point, "processes": ["move", "mine"]
    });
    let site = chain.record(Some(party), Kind::Facility, site);
    let lot = |role: &str| {
        json!({
            "role": role, "form": "oxide", "elements": ["Nd"], "quantity": { "net_dry": "100" }, "labels": ["L"],
            "composition": [{ "analyte": "Nd2O3", "value": "0.99", "basis": "absolute" }]
        })
    };
    let body = json!({ "facility": site, "source": "mined", "outputs": [lot("product")] });
    let mut last = chain.record(Some(party), Kind::Source, body);
    for _ in 0..STEPS {
        let body = json!({
            "facility": site, "processes": ["move"], "inputs": [{ "lot": format!("{last}.0"), "after": last }],
            "outputs": [lot("product")]
        });
        last = chain.record(Some(party), Kind::Transform, body);
    }
    (chain, party, LotId::new(last, 0))
}

fn tree(c: &mut Criterion) {
    let leaves: Vec<Sha256> = (0..100_000u32).map(|n| Sha256::of(&n.to_be_bytes())).collect();
    let mut group = c.benchmark_group("tree");
    group.throughput(Throughput::Elements(leaves.len() as u64)).sample_size(10);
    group.bench_function("append 100,000 leaves", |b| {
        b.iter(|| {
            let mut tree = Frontier::new();
            leaves.iter().for_each(|leaf| tree.append(*leaf));
            black_box(tree.root())
        });
    });
    group.finish();
}

fn lineage(c: &mut Criterion) {
    let (chain, party, subject) = chain();
    let mut group = c.benchmark_group("chain of 10,000");
    group.throughput(Throughput::Elements(chain.entries.len() as u64)).sample_size(10);
    let raw: Vec<Raw<'_>> = chain.entries.iter().map(|(entry, disclosures)| Raw { entry, disclosures }).collect();
    group.bench_function("replay", |b| {
        b.iter(|| {
            let mut replay = Replay::new(chain.ledger);
            for run in raw.chunks(4_096) {
                assert!(replay.push(run).unwrap().iter().all(|one| one.findings.is_empty()));
            }
            black_box(replay.frontier().root())
        });
    });
    let (leaves, note) = chain.statement();
    let export = Export {
        subject,
        by: party,
        recipient: None,
        created: chain.clock,
        withhold: &Withhold::default(),
        foreign: &[],
        since: Vec::new(),
        holes: BTreeSet::new(),
        statement: Some((&leaves, &note)),
        documents: None,
    };
    let text = write(&chain, &export, &party_key()).unwrap();
    println!("bundle: {} bytes, {} an event", text.len(), text.len() / chain.entries.len());
    group.bench_function("write the bundle", |b| b.iter(|| write(&chain, &export, &party_key()).unwrap().len()));
    let vkey = Some(chain.vkey.to_string().parse().unwrap());
    let trust = Trust { ledgers: vec![TrustedLedger { id: chain.ledger, vkey, name: None }], ..Trust::nobody() };
    let asked = Asked { trust: &trust, as_of: chain.clock, recipient: None };
    group.bench_function("verify the bundle", |b| {
        b.iter(|| {
            let verified = UnverifiedBundle::read(text.as_bytes()).unwrap().verify(&asked).unwrap();
            assert!(verified.report.is_sound());
        });
    });
    group.finish();
}

criterion_group!(benches, tree, lineage);
criterion_main!(benches);
