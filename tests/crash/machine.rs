//! A machine with keys and a ledger on a disk that fails where it is told to; its index, if it has one, lies on the real disk.

use oretrail::event::{Body, Kind, Purpose, When};
use oretrail::keys::{Cost, KeyRole, KeyStore, KeysAtHand, NewKey, PassphraseSource};
use oretrail::ledger::audit::{AuditReport, Auditing, audit};
use oretrail::ledger::content::ContentKind;
use oretrail::ledger::disk::{Cut, Disk, FaultyDisk};
use oretrail::ledger::layout::Layout;
use oretrail::ledger::private::DisclosureReader;
use oretrail::ledger::read::Reader;
use oretrail::ledger::state_store::event_of;
use oretrail::ledger::{AnyError, Batch, Blob, Draft, Plan, Writer};
use oretrail::rules::trust::Trust;
use oretrail::tlog::vkey::{KeyKind, VerifierKey};
use oretrail::value::{Blake3, EventId, PartyId, PublicKey, Time};
use serde_json::{Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use tempfile::TempDir;

const KEYS: &str = "/keys";
const LOG: u8 = 1;
const OPERATOR: u8 = 2;
const DOCUMENT: &[u8] = b"assay certificate 17";

/// Where the ledger is kept.
#[derive(Clone)]
pub struct Place {
    root: PathBuf,
    /// The real folder of the index; none where state is replayed.
    folder: Option<Arc<TempDir>>,
}

impl Place {
    /// A place that does not exist on the real disk, so that there is no index.
    pub fn without_index() -> Self {
        Self { root: PathBuf::from("/no such folder/ledger"), folder: None }
    }

    pub fn with_index() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path().join("ledger");
        std::fs::create_dir(&root).unwrap();
        Self { root, folder: Some(Arc::new(folder)) }
    }
}

/// The bytes of an index on disk.
type Files = Vec<(PathBuf, Vec<u8>)>;

pub struct Machine {
    pub disk: FaultyDisk,
    place: Place,
    /// What the index holds whenever this machine is begun with.
    index: Files,
    operator: Option<PartyId>,
    pit: Option<EventId>,
}

pub fn at(minutes: i64) -> Time {
    "2026-01-01T00:00:00Z".parse::<Time>().unwrap().plus(minutes * 60)
}

fn public(seed: u8) -> PublicKey {
    PublicKey::from(&ed25519_dalek::SigningKey::from_bytes(&[seed; 32]))
}

fn vkey() -> VerifierKey {
    VerifierKey::new("crash.example/log".parse().unwrap(), KeyKind::Note, public(LOG))
}

fn make_key(disk: &dyn Disk, name: &str, seed: u8, role: KeyRole) -> Result<(), AnyError> {
    let new = NewKey { name, role, created: at(0), comment: None, cost: Cost::default() };
    KeyStore::new(disk, Path::new(KEYS)).create(&new, &[seed; 32].into(), &PassphraseSource::None)?;
    Ok(())
}

pub fn open_keys(disk: &dyn Disk) -> Result<KeysAtHand<'_>, AnyError> {
    let mut count = 0u64;
    let random = move |salt: &mut [u8; 16]| {
        count += 1;
        salt[..8].copy_from_slice(&count.to_be_bytes());
        Ok(())
    };
    Ok(KeysAtHand::open(disk, Path::new(KEYS), PassphraseSource::None, Box::new(random), &mut || false)?)
}

fn draft(by: Option<PartyId>, kind: Kind, body: Value) -> Draft {
    Draft::new(by, When::At(at(0)), Body::from_value(kind, body).unwrap())
}

/// What a run of the program comes to: the events it acknowledges.
pub type Acknowledged = Result<Vec<EventId>, AnyError>;

impl Machine {
    /// A machine with nothing.
    pub fn bare(place: &Place) -> Self {
        Self { disk: FaultyDisk::new(), place: place.clone(), index: Files::new(), operator: None, pit: None }
    }

    /// A machine with a ledger of `size` entries: operator, `ledger`, pit, lots of ore.
    pub fn with_entries(place: &Place, size: u64) -> Self {
        let mut machine = Self::bare(place);
        machine.put_index();
        machine.create().unwrap();
        let (mut keys, mut writer) = machine.open(&machine.disk).unwrap();
        let operator = machine.ids()[0].into();
        machine.operator = Some(operator);
        let pit = json!({
            "code": "PIT", "name": "pit", "type": "mine", "country": "US", "processes": ["mine"],
            "geometry": { "point": { "lat": "35.48", "lon": "-115.53" }, "radius_m": 2000 }
        });
        let drafts = vec![draft(Some(operator), Kind::Facility, pit)];
        let plan = planned(&writer, &mut keys, drafts).unwrap();
        machine.pit = plan.ids().next();
        writer.commit(&plan, &[], &mut keys).unwrap();
        if size > 3 {
            let plan = machine.plan(&writer, &mut keys, size - 3).unwrap();
            writer.commit(&plan, &[], &mut keys).unwrap();
        }
        drop((keys, writer));
        machine.index = machine.taken_index();
        machine
    }

    /// Another machine with what a restart would leave of this one's disk, and the index as it is now.
    pub fn fork(&self, cut: Cut) -> Self {
        Self {
            disk: self.disk.fork(cut),
            place: self.place.clone(),
            index: self.index.clone(),
            operator: self.operator,
            pit: self.pit,
        }
    }

    /// Puts the index where this machine's program looks for it.
    pub fn put_index(&self) {
        let folder = self.place.root.join("index");
        if self.place.folder.is_none() {
            return;
        }
        let _ = std::fs::remove_dir_all(&folder);
        for (path, bytes) in &self.index {
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, bytes).unwrap();
        }
    }

    /// Notes what the index holds now.
    pub fn take_index(&mut self) {
        self.index = self.taken_index();
    }

    fn taken_index(&self) -> Files {
        let mut found = Files::new();
        let mut folders = vec![self.place.root.join("index")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(&folder).into_iter().flatten() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path)
                } else {
                    found.push((path.clone(), std::fs::read(&path).unwrap()))
                }
            }
        }
        found
    }

    /// `init`: keys that are not there, the ledger, its two first events; what an interrupted one left is gone on with.
    pub fn create(&self) -> Acknowledged {
        let names = KeyStore::new(&self.disk, Path::new(KEYS)).list()?;
        for (name, seed, role) in [("log", LOG, KeyRole::Log), ("operator", OPERATOR, KeyRole::Party)] {
            if names.iter().all(|known| known.name != name) {
                // As the hint says: what an interrupted creation left is removed.
                let description = PathBuf::from(format!("{KEYS}/{name}.pub"));
                if self.disk.metadata(&description)?.is_some() {
                    self.disk.remove_file(&description)?;
                }
                make_key(&self.disk, name, seed, role)?;
            }
        }
        let mut keys = open_keys(&self.disk)?;
        let root = &self.place.root;
        let is_there = self.disk.metadata(&root.join("oretrail.toml"))?.is_some();
        let writer = if is_there {
            Writer::open(self.shared(), root, &keys, &mut || false, &mut |_, _| {})?
        } else {
            Writer::create(self.shared(), root, vkey(), &mut || false)?
        };
        first_events(writer, &mut keys)
    }

    pub fn shared(&self) -> Arc<dyn Disk> {
        Arc::new(self.disk.clone())
    }

    pub fn open<'d>(&self, disk: &'d FaultyDisk) -> Result<(KeysAtHand<'d>, Writer), AnyError> {
        let keys = open_keys(disk)?;
        let writer = Writer::open(self.shared(), &self.place.root, &keys, &mut || false, &mut |_, _| {})?;
        Ok((keys, writer))
    }

    /// Plans lots of ore, each with labels and quantity withheld.
    pub fn plan(&self, writer: &Writer, keys: &mut KeysAtHand<'_>, count: u64) -> Result<Plan, AnyError> {
        let first = writer.tail().size;
        let ore = |n: u64| {
            json!({
                "facility": self.pit.unwrap(), "source": "mined",
                "outputs": [{
                    "role": "product", "form": "ore", "elements": [], "quantity": { "net_dry": "5" },
                    "labels": [format!("ore-{}", first + n)]
                }]
            })
        };
        let drafts = (0..count).map(|n| draft(self.operator, Kind::Source, ore(n))).collect();
        planned(writer, keys, drafts)
    }

    /// A document that every commit of a scenario stores.
    pub fn blob(&self, folder: &Path) -> Blob {
        let path = folder.join("document");
        std::fs::write(&path, DOCUMENT).unwrap();
        Blob { kind: ContentKind::Blob, path, digest: Blake3::of(DOCUMENT) }
    }

    /// Whether that document is in the ledger, whole.
    pub fn has_blob(&self) -> bool {
        let hash = Blake3::of(DOCUMENT);
        let name = format!("/blobs/{}/{hash}", &hash.to_string()[..2]);
        let files = self.disk.files();
        files.iter().any(|(path, bytes)| path.to_string_lossy().ends_with(&name) && bytes == DOCUMENT)
    }

    pub fn layout(&self) -> Layout {
        Layout::new(&self.place.root)
    }

    /// How many entries there are once an opening has finished or put aside what was begun.
    pub fn entries_after_opening(&self) -> Result<u64, AnyError> {
        let (_keys, writer) = self.open(&self.disk)?;
        Ok(writer.tail().size)
    }

    pub fn reader(&self) -> Result<Reader, AnyError> {
        Ok(Reader::open(self.shared(), &self.place.root)?)
    }

    /// Ids of all recorded events.
    pub fn ids(&self) -> Vec<EventId> {
        let entries = self.reader().unwrap();
        entries.entries(0..u64::MAX).map(|entry| event_of(&entry.unwrap().1).unwrap()).collect()
    }

    pub fn audit(&self, writer: Option<&Writer>) -> Result<AuditReport, AnyError> {
        let (disk, reader, trust) = (self.shared(), self.reader()?, Trust::nobody());
        let values = DisclosureReader::new(Arc::clone(&disk), reader.layout());
        let auditing = Auditing { trust: &trust, as_of: at(60), index: writer.map(Writer::state) };
        Ok(audit(&disk, &reader, &values, &auditing, &mut |_, _| {})?)
    }
}

fn planned(writer: &Writer, keys: &mut KeysAtHand<'_>, drafts: Vec<Draft>) -> Result<Plan, AnyError> {
    let find = writer.state().find();
    let mut batch = Batch::new(&*find, writer.tail());
    for draft in drafts {
        let one = batch.add(draft, at(0), keys)?;
        assert!(!one.is_refused(), "{}", one.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    Ok(batch.finish()?)
}

/// Registers the operator and binds the log's key, in an empty ledger.
fn first_events(mut writer: Writer, keys: &mut KeysAtHand<'_>) -> Acknowledged {
    if writer.tail().size > 0 {
        return Ok(Vec::new());
    }
    let registration = json!({
        "name": "Operator", "country": "US", "roles": ["mine"], "contact": "the shift office",
        "key": { "crv": "Ed25519", "kty": "OKP", "x": public(OPERATOR).to_string() }
    });
    let find = writer.state().find();
    let mut batch = Batch::new(&*find, writer.tail());
    let party = batch.add(draft(None, Kind::Party, registration), at(0), keys)?;
    let body = json!({ "origin": "crash.example/log", "vkey": vkey().to_string() });
    let mut ledger = draft(Some(party.event.into()), Kind::Ledger, body);
    ledger.cosigners = vec![(Purpose::LogKey, public(LOG).id())];
    batch.add(ledger, at(0), keys)?;
    let plan = batch.finish()?;
    drop(find);
    writer.commit(&plan, &[], keys)?;
    Ok(plan.ids().collect())
}
