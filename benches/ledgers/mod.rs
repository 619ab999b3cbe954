//! Ledgers made for measurements: keys, salts, masses and times are fixed, so that every run records the same bytes.
//!
//! Two parties hand one lot back and forth in a ledger that a third one operates: crushed, assayed by the other, sold,
//! received, twenty seconds apart at places two kilometres apart. Every event therefore has all earlier ones of its
//! lineage as ancestors, and a sound history has few findings. In scope: making them through the library. Not in scope: measuring.

use ed25519_dalek::SigningKey;
use oretrail::bundle::{Export, Withhold, write};
use oretrail::event::{
    Assay, Body, Dispatch, Head, Kind, Ledger, Lot, Process, Purpose, Receive, Source, Split, Transform, When,
};
use oretrail::keys::{Cost, KeyRole, KeyStore, KeysAtHand, NewKey, PassphraseSource};
use oretrail::ledger::disk::{Disk, RealDisk};
use oretrail::ledger::{Batch, Draft, LineageSource, Plan, Signers as _, Snapshot, Writer, stated_leaves};
use oretrail::tlog::vkey::{KeyKind, VerifierKey};
use oretrail::value::{EventId, FacilityId, LedgerId, LotId, PartyId, PublicKey, Time};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;

const ORIGIN: &str = "bench.example/log";
static DISK: RealDisk = RealDisk;

/// The time of recording of the n-th event.
pub fn at(step: i64) -> Time {
    "2026-01-01T00:00:00Z".parse::<Time>().unwrap().plus(step * SECONDS)
}

/// Seconds between two events: a million of them take less than a year.
const SECONDS: i64 = 20;

/// A party with its place.
#[derive(Clone, Copy)]
pub struct Site {
    pub party: PartyId,
    pub facility: FacilityId,
}

/// A ledger in a temporary folder with two parties.
pub struct World {
    folder: tempfile::TempDir,
    pub writer: Option<Writer>,
    pub keys: Option<KeysAtHand<'static>>,
    pub ledger: LedgerId,
    pub sites: [Site; 2],
    operator: PartyId,
    pub log_key: PublicKey,
    party_key: PublicKey,
    /// How many events the clock has seen.
    clock: i64,
}

impl World {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let keys = folder.path().join("keys");
        let log_key = make_key(&keys, "log", 1, KeyRole::Log);
        let party_keys =
            [("a", 2), ("b", 3), ("operator", 4)].map(|(n, seed)| make_key(&keys, n, seed, KeyRole::Party));
        let vkey = VerifierKey::new(ORIGIN.parse().unwrap(), KeyKind::Note, log_key);
        let disk: Arc<dyn Disk> = Arc::new(RealDisk);
        let writer = Writer::create(disk, &folder.path().join("ledger"), vkey.clone(), &mut || false).unwrap();
        let ledger = writer.identity().ledger();
        let nobody = Site { party: PartyId([0; 32]), facility: FacilityId([0; 32]) };
        let party_key = party_keys[0];
        let mut world = Self {
            writer: Some(writer),
            keys: Some(open_keys(&keys)),
            folder,
            ledger,
            sites: [nobody; 2],
            operator: nobody.party,
            log_key,
            party_key,
            clock: 0,
        };
        world.register(&vkey, party_keys);
        world
    }

    fn register(&mut self, vkey: &VerifierKey, [a, b, operator]: [PublicKey; 3]) {
        let register = |name, key| Draft::new(None, When::At(at(0)), party(name, key));
        let operator = self.record(vec![register("Operator", operator)])[0];
        self.operator = operator.into();
        let body = Ledger { origin: ORIGIN.parse().unwrap(), vkey: vkey.to_string().parse().unwrap(), rotates: None };
        let mut bind = Draft::new(Some(operator.into()), When::At(at(0)), body);
        bind.cosigners = vec![(Purpose::LogKey, self.log_key.id())];
        let made = self.record(vec![bind, register("Party A", a), register("Party B", b)]);
        for (site, party) in made.into_iter().skip(1).enumerate() {
            let body = facility(["pit", "plant"][site], ["35.48", "35.498"][site]);
            let place = self.record(vec![Draft::new(Some(party.into()), When::At(at(0)), body)])[0];
            self.sites[site] = Site { party: party.into(), facility: place.into() };
        }
    }

    /// Lets go of ledger and keys, and leaves their folder behind.
    pub fn keep(mut self) -> PathBuf {
        self.close();
        self.folder.keep()
    }

    pub fn root(&self) -> PathBuf {
        self.folder.path().join("ledger")
    }

    pub fn keys_folder(&self) -> PathBuf {
        self.folder.path().join("keys")
    }

    /// Lets go of ledger and keys, for other processes.
    pub fn close(&mut self) {
        (self.writer, self.keys) = (None, None);
    }

    /// Opens the ledger for reading.
    pub fn snapshot(&self) -> Snapshot {
        Snapshot::open(Arc::new(RealDisk), &self.root(), &mut || false, &mut |_, _| {}).unwrap()
    }

    /// The keys, open for signing.
    pub fn open_keys(&self) -> KeysAtHand<'static> {
        open_keys(&self.keys_folder())
    }

    fn record(&mut self, drafts: Vec<Draft>) -> Vec<EventId> {
        let mut drafts = drafts.into_iter();
        let plan = self.plan(|_| drafts.next());
        self.commit(&plan);
        plan.ids().collect()
    }

    /// Plans what `next` gives, told of the event before; none of it may be refused.
    pub fn plan(&mut self, mut next: impl FnMut(Option<EventId>) -> Option<Draft>) -> Plan {
        let (writer, keys) = (self.writer.as_ref().unwrap(), self.keys.as_mut().unwrap());
        let find = writer.state().find();
        let mut batch = Batch::new(&*find, writer.tail());
        let mut last = None;
        while let Some(draft) = next(last) {
            let planned = batch.add(draft, at(self.clock), keys).unwrap();
            assert!(!planned.is_refused(), "{}", planned.findings[0]);
            last = Some(planned.event);
            self.clock += 1;
        }
        batch.finish().unwrap()
    }

    pub fn commit(&mut self, plan: &Plan) {
        let committed = self.writer.as_mut().unwrap().commit(plan, &[], self.keys.as_mut().unwrap()).unwrap();
        assert_eq!(committed.index, None);
    }

    /// Records `count` events in lineages of at most `length`, in batches of at most `batch`; gives the last lot.
    pub fn grow(&mut self, count: usize, length: usize, batch: usize) -> LotId {
        let chain = Chain::new(self, length);
        self.grow_on(chain, count, batch)
    }

    /// Records `count` events of one lineage of magnet material, the operator vouching for parties and places; gives the
    /// last lot, and the operator.
    pub fn grow_magnets(&mut self, count: usize, batch: usize) -> (LotId, PartyId) {
        let operator = self.operator;
        let grant = |scheme: &str, subject: Value| {
            let body = json!({
                "action": "grant", "scheme": scheme, "subject": subject, "valid_from": "2025-01-01T00:00:00Z",
                "certificate": "C-1",
            });
            Draft::new(Some(operator), When::At(at(0)), self::body(Kind::Accredit, body))
        };
        let sites = self.sites.iter();
        let of_site = |site: &Site| {
            let (party, facility) = (json!({ "party": site.party }), json!({ "facility": site.facility }));
            [grant("party-identity", party), grant("site-location", facility)]
        };
        let mut grants: Vec<Draft> = sites.flat_map(of_site).collect();
        grants.push(grant("party-identity", json!({ "party": operator })));
        self.record(grants);
        let chain = Chain::of_magnets(self);
        (self.grow_on(chain, count, batch), operator)
    }

    fn grow_on(&mut self, mut chain: Chain, count: usize, batch: usize) -> LotId {
        let mut left = count;
        while left > 0 {
            let mut now = left.min(batch);
            left -= now;
            let plan = self.plan(|last| {
                chain.made(last);
                now = now.checked_sub(1)?;
                Some(chain.next())
            });
            self.commit(&plan);
        }
        chain.lot.unwrap().lot
    }

    /// Levels of one split and one joining transform each.
    pub fn diamond(&mut self, levels: usize) -> LotId {
        let site = self.sites[0];
        let mut chain = Chain::new(self, usize::MAX);
        let source = self.record(vec![chain.next()])[0];
        let mut lot = LotId::new(source, 0);
        for _ in 0..levels {
            let head = |lot: LotId| json!({ "lot": lot, "after": lot.event });
            let split = json!({
                "facility": site.facility, "input": head(lot),
                "outputs": [lot_of("500", "left"), lot_of("500", "right")],
            });
            let split: Split = serde_json::from_value(split).unwrap();
            let split = self.record(vec![Draft::new(Some(site.party), When::At(at(self.clock)), split)])[0];
            let joined = json!({
                "facility": site.facility, "processes": ["crush"], "outputs": [lot_of("1000", "whole")],
                "inputs": [head(LotId::new(split, 0)), head(LotId::new(split, 1))],
            });
            let joined: Transform = serde_json::from_value(joined).unwrap();
            lot = LotId::new(self.record(vec![Draft::new(Some(site.party), When::At(at(self.clock)), joined)])[0], 0);
        }
        lot
    }

    /// The bundle of a lot, with a completeness statement.
    pub fn export(&mut self, lot: LotId) -> String {
        self.close();
        self.export_from(&self.snapshot(), lot)
    }

    /// As [`Self::export`], from a snapshot that is open.
    pub fn export_from(&self, snapshot: &Snapshot, lot: LotId) -> String {
        let mut keys = self.open_keys();
        let find = snapshot.find();
        let vkey = snapshot.reader().checkpoint().unwrap().key().clone();
        let log_key = keys.key(&self.log_key.id()).unwrap();
        let statement = stated_leaves(&DISK, snapshot, &*find, Some((&vkey, &*log_key)), &mut |_, _| {}).unwrap();
        let export = Export {
            subject: lot,
            by: self.sites[0].party,
            recipient: None,
            created: at(self.clock),
            withhold: &Withhold::default(),
            foreign: &[],
            since: Vec::new(),
            holes: Default::default(),
            statement: statement.as_ref().map(|(leaves, note)| (&**leaves, note)),
            documents: None,
        };
        write(&LineageSource::new(snapshot), &export, &keys.key(&self.party_key.id()).unwrap()).unwrap()
    }
}

fn make_key(folder: &Path, name: &str, seed: u8, role: KeyRole) -> PublicKey {
    let new = NewKey { name, role, created: at(0), comment: None, cost: Cost::default() };
    let seed = [seed; 32].into();
    KeyStore::new(&DISK, folder).create(&new, &seed, &PassphraseSource::None).unwrap();
    PublicKey::from(&SigningKey::from_bytes(&seed))
}

fn open_keys(folder: &Path) -> KeysAtHand<'static> {
    let mut count = 0u128;
    let salts = move |salt: &mut [u8; 16]| {
        count += 1;
        *salt = count.to_be_bytes();
        Ok(())
    };
    KeysAtHand::open(&DISK, folder, PassphraseSource::None, Box::new(salts), &mut || false).unwrap()
}

fn body(kind: Kind, value: Value) -> Body {
    Body::from_value(kind, value).unwrap()
}

fn party(name: &str, key: PublicKey) -> Body {
    let key = json!({ "kty": "OKP", "crv": "Ed25519", "x": key.to_string() });
    body(Kind::Party, json!({ "name": name, "country": "US", "roles": ["mine"], "key": key }))
}

fn facility(code: &str, lat: &str) -> Body {
    let geometry = json!({ "point": { "lat": lat, "lon": "-115.53" }, "radius_m": 2000 });
    body(
        Kind::Facility,
        json!({ "code": code, "name": code, "type": "mine", "country": "US", "geometry": geometry,
            "processes": ["mine", "crush", "machine"] }),
    )
}

fn lot_of(mass: &str, label: &str) -> Value {
    json!({
        "role": "product", "form": "ore", "elements": ["Nd", "Pr"], "quantity": { "net_dry": mass }, "labels": [label],
        "composition": [
            { "analyte": "TREO", "value": "0.55", "basis": "absolute" },
            { "analyte": "Nd2O3", "value": "0.12", "basis": "REO/TREO" },
        ],
    })
}

/// How many steps of a lineage end with the receipt of the lot, near this many.
pub const LENGTH: usize = 33;

/// One lot handed back and forth: source, then crush, assay, dispatch, receive, over and over.
pub struct Chain {
    sites: [Site; 2],
    source: Source,
    transform: Transform,
    dispatch: Dispatch,
    receive: Receive,
    assay: Assay,
    /// The lot with its head, where one has been made.
    pub lot: Option<Head>,
    /// Whether the last event made a lot, and whether it moved one.
    has_made: bool,
    has_moved: bool,
    holder: usize,
    /// Events of this lineage so far, and how many it may have.
    length: usize,
    most: usize,
    count: i64,
}

impl Chain {
    pub fn new(world: &World, most: usize) -> Self {
        let sites = world.sites;
        let zero = LotId::new(EventId([0; 32]), 0);
        let head = json!({ "lot": zero, "after": zero.event });
        let (facility, lot) = (sites[0].facility, lot_of("1000", "lot"));
        let source = json!({ "facility": facility, "source": "mined", "outputs": [lot] });
        let transform = json!({ "facility": facility, "processes": ["crush"], "inputs": [head], "outputs": [lot], "batch": "26-07" });
        let dispatch = json!({
            "lots": [head], "from": facility, "to": sites[1].party, "to_ledger": world.ledger, "reason": "sale",
        });
        let line =
            json!({ "lot": zero, "after": zero.event, "outcome": "accepted", "quantity": { "net_dry": "1000" } });
        let receive = json!({ "dispatch": zero.event, "facility": facility, "lots": [line] });
        let assay = json!({
            "lot": zero, "status": "final", "method": "ICP-MS",
            "results": [{ "analyte": "TREO", "value": "0.55", "basis": "absolute" }],
        });
        Self {
            sites,
            assay: serde_json::from_value(assay).unwrap(),
            source: serde_json::from_value(source).unwrap(),
            transform: serde_json::from_value(transform).unwrap(),
            dispatch: serde_json::from_value(dispatch).unwrap(),
            receive: serde_json::from_value(receive).unwrap(),
            lot: None,
            has_made: false,
            has_moved: true,
            holder: 0,
            length: 0,
            most,
            count: world.clock,
        }
    }

    /// One lineage of blocks, machined and sold over and over.
    fn of_magnets(world: &World) -> Self {
        let mut chain = Self::new(world, usize::MAX);
        let values = [("Nd", "0.2232"), ("Pr", "0.0718"), ("Dy", "0.01"), ("B", "0.0097"), ("Fe", "0.6705")];
        let line = |(analyte, value)| json!({ "analyte": analyte, "value": value, "basis": "absolute" });
        let lines: Vec<Value> = values.into_iter().map(line).collect();
        let block: Lot = serde_json::from_value(json!({
            "role": "product", "form": "block", "elements": ["Pr", "Nd", "Dy", "Fe", "B"],
            "quantity": { "net_dry": "1000" }, "labels": ["lot"], "composition": lines,
        }))
        .unwrap();
        chain.source.outputs = vec![block.clone()];
        chain.transform.outputs = vec![block];
        chain.transform.processes = vec![Process::Machine];
        chain.assay.results = serde_json::from_value(json!(lines)).unwrap();
        chain
    }

    /// Told of the event that came of the last draft.
    pub fn made(&mut self, event: Option<EventId>) {
        let Some(event) = event.filter(|_| self.has_moved) else { return };
        let lot = if self.has_made { LotId::new(event, 0) } else { self.lot.unwrap().lot };
        self.lot = Some(Head { lot, after: event });
    }

    /// The next event of the lineage, or the first of another.
    pub fn next(&mut self) -> Draft {
        if self.length >= self.most {
            (self.length, self.holder) = (0, 0);
        }
        let step = self.length;
        self.length += 1;
        self.count += 1;
        (self.has_made, self.has_moved) = (step == 0 || step % 4 == 1, step == 0 || step % 4 != 2);
        let here = self.sites[self.holder];
        let body: Body = match step {
            0 => {
                label(&mut self.source.outputs, self.count);
                self.source.clone().into()
            }
            _ => self.move_on(step, here),
        };
        let by = match step % 4 {
            0 if step > 0 => self.sites[self.holder],
            2 => self.sites[1 - self.holder],
            _ => here,
        };
        Draft::new(Some(by.party), When::At(at(self.count - 1)), body)
    }

    fn move_on(&mut self, step: usize, here: Site) -> Body {
        let head = self.lot.unwrap();
        let there = self.sites[1 - self.holder];
        match step % 4 {
            1 => {
                (self.transform.facility, self.transform.inputs[0]) = (here.facility, head);
                label(&mut self.transform.outputs, self.count);
                self.transform.clone().into()
            }
            2 => {
                self.assay.lot = head.lot;
                self.assay.clone().into()
            }
            3 => {
                (self.dispatch.lots[0], self.dispatch.from, self.dispatch.to) = (head, here.facility, there.party);
                self.dispatch.clone().into()
            }
            _ => {
                self.holder = 1 - self.holder;
                let line = &mut self.receive.lots[0];
                (line.lot, line.after) = (head.lot, head.after);
                (self.receive.dispatch, self.receive.facility) = (head.after, there.facility);
                self.receive.clone().into()
            }
        }
    }
}

fn label(lots: &mut [Lot], number: i64) {
    lots[0].labels = Some(vec![format!("lot {number}").parse().unwrap()]);
}
