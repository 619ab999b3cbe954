//! The ledger of FORMAT.md's examples: keys, salts and times are fixed, so its bytes are the same every time.
//!
//! A mine registers itself, its ledger and its pit, a separator registers itself and its plant; the mine extracts a lot,
//! splits it and dispatches a part, which the separator receives.
#![allow(dead_code, reason = "each test program uses a part")]

use ed25519_dalek::SigningKey;
use oretrail::envelope::{Disclosure, Prepared, Salt, Signed};
use oretrail::event::{Body, Kind, Payload, Purpose, When};
use oretrail::tlog::checkpoint::{Checkpoint, VerifiedCheckpoint};
use oretrail::tlog::entry::{self, Entry};
use oretrail::tlog::tree::{MemoryTree, leaf_hash};
use oretrail::tlog::vkey::{KeyKind, VerifierKey};
use oretrail::value::{Blake3, EventId, LedgerId, PartyId, PublicKey, Time};
use serde_json::{Value, json};

/// The origin of the example log.
pub const ORIGIN: &str = "sundown.example/log";

/// Seeds of the keys, 32 times the same byte.
pub const MINE: u8 = 1;
pub const LOG: u8 = 2;
pub const SEPARATOR: u8 = 3;

/// One recorded event.
pub struct Recorded {
    pub signed: Signed,
    pub entry: Vec<u8>,
}

/// The example ledger.
pub struct World {
    pub ledger: LedgerId,
    pub log_key: VerifierKey,
    pub entries: Vec<Recorded>,
    pub tree: MemoryTree,
}

pub fn key(seed: u8) -> SigningKey {
    SigningKey::from_bytes(&[seed; 32])
}

/// The n-th salt of the examples is the number n in 16 bytes, big-endian. Real salts are random.
struct Salts(u128);

impl Salts {
    fn next(&mut self) -> Salt {
        self.0 += 1;
        self.0.to_be_bytes()
    }
}

/// A feed: issuer, key, whether portable; the last number and event.
type Feed = (u8, bool, u64, EventId);

/// Builds a ledger event by event; whoever wants a wrong one changes what goes between the steps.
pub struct Builder {
    pub world: World,
    pub prev: Blake3,
    pub clock: Time,
    salts: Salts,
    feeds: Vec<Feed>,
}

/// Who signs: the seed of the key, and the party.
pub type By = (u8, Option<PartyId>);

impl Builder {
    fn new() -> Self {
        let log_key = VerifierKey::new(ORIGIN.parse().unwrap(), KeyKind::Note, PublicKey::from(&key(LOG)));
        let ledger = LedgerId::derive(ORIGIN, &log_key.to_string());
        let world = World { ledger, log_key, entries: Vec::new(), tree: MemoryTree::new() };
        let clock = "2026-11-03T08:00:00Z".parse().unwrap();
        Self { world, salts: Salts(0), feeds: Vec::new(), prev: entry::first_prev(ledger), clock }
    }

    /// A draft at the next place of its feed; it happened a minute ago.
    pub fn draft(&self, (seed, iss): By, kind: Kind, body: Value) -> Payload {
        let body = Body::from_value(kind, body).unwrap();
        let aud = (!kind.is_portable()).then_some(self.world.ledger);
        let mut payload = Payload::draft(iss, aud, When::At(self.clock.plus(-60)), body);
        let last = self.feeds.iter().rev().find(|feed| feed.0 == seed && feed.1 == aud.is_none());
        if let Some((.., seq, id)) = last {
            (payload.seq, payload.prev) = (seq + 1, Some(*id));
        }
        payload
    }

    /// Signs a draft, with cosignatures by other keys.
    pub fn sign(&mut self, seed: u8, draft: Payload, cosigners: &[(Purpose, u8)]) -> Signed {
        let mut prepared = Prepared::new(draft, &mut || Ok(self.salts.next())).unwrap();
        for (purpose, seed) in cosigners {
            prepared.cosign(*purpose, &key(*seed)).unwrap();
        }
        prepared.sign(&key(seed)).unwrap()
    }

    /// Records a signed event as the next entry; the next one follows an hour later.
    pub fn push(&mut self, seed: u8, signed: Signed) -> EventId {
        let payload = &signed.event.payload;
        let id = signed.event.id;
        self.feeds.push((seed, payload.aud.is_none(), payload.seq, id));
        let entry = Entry { prev: self.prev, recorded_at: self.clock, jwt: signed.jws.clone() }.format().unwrap();
        self.prev = entry::link(&entry);
        self.world.tree.append(leaf_hash(&entry));
        self.world.entries.push(Recorded { signed, entry });
        self.clock = self.clock.plus(3_600);
        id
    }

    /// Signs and records an event.
    pub fn record(&mut self, by: By, kind: Kind, body: Value, remark: Option<&str>) -> EventId {
        let mut draft = self.draft(by, kind, body);
        draft.remark = remark.map(|text| text.parse().unwrap());
        let cosigners: &[(Purpose, u8)] = if kind == Kind::Ledger { &[(Purpose::LogKey, LOG)] } else { &[] };
        let signed = self.sign(by.0, draft, cosigners);
        self.push(by.0, signed)
    }
}

pub fn party(name: &str, country: &str, role: &str, seed: u8) -> Value {
    let x = PublicKey::from(&key(seed)).to_string();
    json!({
        "name": name, "country": country, "roles": [role],
        "key": { "crv": "Ed25519", "kty": "OKP", "x": x }, "contact": "the shift office"
    })
}

pub fn facility(code: &str, kind: &str, country: &str, point: (&str, &str), processes: &[&str]) -> Value {
    json!({
        "code": code, "name": code, "type": kind, "country": country, "processes": processes,
        "geometry": { "point": { "lat": point.0, "lon": point.1 }, "radius_m": 1500 }
    })
}

pub fn lot(kg: &str, label: &str) -> Value {
    json!({
        "role": "product", "form": "concentrate", "elements": ["Nd", "Pr"],
        "quantity": { "net_dry": kg }, "labels": [label],
        "composition": [
            { "analyte": "TREO", "value": "0.6", "basis": "absolute" },
            { "analyte": "Nd2O3", "value": "0.1649", "basis": "REO/TREO" },
            { "analyte": "Pr6O11", "value": "0.0421", "basis": "REO/TREO" },
        ]
    })
}

/// Builds the example ledger.
pub fn world() -> World {
    builder().world
}

/// The example ledger, to be gone on with.
pub fn builder() -> Builder {
    let mut b = Builder::new();
    let vkey = b.world.log_key.to_string();
    let mine = b.record((MINE, None), Kind::Party, party("Sundown Carbonate LLC", "US", "mine", MINE), None);
    let by_mine = (MINE, Some(mine.into()));
    b.record(by_mine, Kind::Ledger, json!({ "origin": ORIGIN, "vkey": vkey }), None);
    let pit = facility("PIT", "mine", "US", ("35.478", "-115.532"), &["mine", "crush", "beneficiate"]);
    let pit = b.record(by_mine, Kind::Facility, pit, None);
    let separator = party("Kuantan Separation Bhd", "MY", "separator", SEPARATOR);
    let separator = b.record((SEPARATOR, None), Kind::Party, separator, None);
    let by_separator = (SEPARATOR, Some(separator.into()));
    let plant = facility("SX", "plant", "MY", ("3.967", "103.422"), &["crack", "leach", "separate", "calcine"]);
    let plant = b.record(by_separator, Kind::Facility, plant, None);
    let source = json!({ "facility": pit, "source": "mined", "outputs": [lot("1500.25", "C-1")] });
    let source = b.record(by_mine, Kind::Source, source, Some("first shift"));
    let split = json!({
        "facility": pit, "input": { "lot": format!("{source}.0"), "after": source },
        "outputs": [lot("1000", "C-1a"), lot("500", "C-1b")], "difference": { "kind": "weighing", "mass": "0.25" }
    });
    let split = b.record(by_mine, Kind::Split, split, None);
    let dispatch = json!({
        "lots": [{ "lot": format!("{split}.0"), "after": split }], "from": pit, "to": separator, "to_facility": plant,
        "to_ledger": b.world.ledger, "reason": "sale"
    });
    let dispatch = b.record(by_mine, Kind::Dispatch, dispatch, None);
    // The voyage.
    b.clock = b.clock.plus(25 * 86_400);
    let receive = json!({
        "dispatch": dispatch, "facility": plant, "taken_over_at": pit,
        "lots": [{
            "lot": format!("{split}.0"), "after": dispatch, "outcome": "accepted", "quantity": { "net_dry": "999.5" }
        }]
    });
    b.record(by_separator, Kind::Receive, receive, None);
    b
}

impl World {
    /// The checkpoint of the first `size` entries.
    pub fn checkpoint(&self, size: usize) -> VerifiedCheckpoint {
        let root = oretrail::tlog::tree::root_of(self.entries[..size].iter().map(|one| leaf_hash(&one.entry)));
        Checkpoint::new(ORIGIN, size as u64, root).unwrap().sign(&self.log_key, &key(LOG)).unwrap()
    }

    /// The first event of a kind.
    pub fn event(&self, kind: Kind) -> &Recorded {
        self.entries.iter().find(|one| one.signed.event.payload.kind() == kind).unwrap()
    }

    /// The disclosures of an event as text.
    pub fn disclosures(&self, index: usize) -> Vec<String> {
        self.entries[index].signed.disclosures.iter().map(Disclosure::as_str).map(str::to_owned).collect()
    }
}

/// The example's lot that the separator holds in the end.
pub const SUBJECT: usize = 6;

impl oretrail::bundle::Source for World {
    type Error = std::convert::Infallible;
    type Hashes = MemoryTree;

    fn ledger(&self) -> LedgerId {
        self.ledger
    }

    fn checkpoint(&self) -> String {
        World::checkpoint(self, self.entries.len()).to_string()
    }

    fn hashes(&self) -> &MemoryTree {
        &self.tree
    }

    fn entry_at(&self, index: u64) -> Result<Option<oretrail::bundle::Stored>, Self::Error> {
        let at = usize::try_from(index).unwrap();
        let stored = |one: &Recorded| oretrail::bundle::Stored {
            index,
            entry: one.entry.clone(),
            disclosures: self.disclosures(at),
        };
        Ok(self.entries.get(at).map(stored))
    }

    fn entry_of(&self, event: &EventId) -> Result<Option<oretrail::bundle::Stored>, Self::Error> {
        let at = self.entries.iter().position(|one| one.signed.event.id == *event);
        at.map_or(Ok(None), |at| self.entry_at(at as u64))
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Self::Error> {
        let names = |one: &&Recorded| {
            let references = one.signed.event.payload.body.references();
            references.iter().any(|r| r.is_subject && r.target.event() == Some(*event))
        };
        Ok(self.entries.iter().filter(names).map(|one| one.signed.event.id).collect())
    }
}

impl World {
    /// The completeness statement at the end, and its leaves.
    pub fn statement(&self) -> (oretrail::bundle::LeafTree, oretrail::tlog::note::SignedNote) {
        let mut leaves = oretrail::bundle::Leaves::default();
        self.entries.iter().for_each(|one| leaves.add(&one.signed.event));
        let tree = leaves.into_tree();
        let head = World::checkpoint(self, self.entries.len()).head();
        let note = tree.sign(self.ledger, head, &self.log_key, &key(LOG)).unwrap();
        (tree, note)
    }

    /// The lot that the separator received.
    pub fn subject(&self) -> oretrail::value::LotId {
        oretrail::value::LotId::new(self.entries[SUBJECT].signed.event.id, 0)
    }

    /// Its lineage bundle, exported by the separator, with the leaves of these names withheld.
    pub fn bundle(&self, withhold: &[&str]) -> String {
        let (tree, note) = self.statement();
        self.bundle_stated(withhold, &tree, &note)
    }

    /// As [`Self::bundle`], with a statement over leaves that somebody signed.
    pub fn bundle_stated(
        &self,
        withhold: &[&str],
        tree: &oretrail::bundle::LeafTree,
        note: &oretrail::tlog::note::SignedNote,
    ) -> String {
        let withhold = oretrail::bundle::Withhold::parse(withhold.iter().copied()).unwrap();
        let by = self.entries[3].signed.event.id.into();
        let export = oretrail::bundle::Export {
            subject: self.subject(),
            by,
            recipient: None,
            created: "2026-12-01T08:00:00Z".parse().unwrap(),
            withhold: &withhold,
            foreign: &[],
            since: Vec::new(),
            holes: std::collections::BTreeSet::new(),
            statement: Some((tree, note)),
            documents: None,
        };
        oretrail::bundle::write(self, &export, &key(SEPARATOR)).unwrap()
    }
}
