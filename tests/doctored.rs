//! Logs that hold what no honest ledger admits: scenarios whose refused steps are recorded all the same.
//!
//! A careless recorder signs, links and appends like a ledger, and never asks a rule; so signatures, links and tree are
//! right, and what is forbidden is in the log. A replay of it, and the verification of a lineage file written from it, find
//! what the scenario's file declares, with both signed events where two are in conflict; so does an audit of its files.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, clippy::expect_used, clippy::panic, missing_docs)]

mod on_disk;

use assert_cmd::Command;
use ed25519_dalek::SigningKey;
use oretrail::bundle::{
    Asked, Export, LeafTree, Leaves, Source, Stored, UnverifiedBundle, Verification, Withhold, write,
};
use oretrail::envelope::{Disclosure, Prepared, Signed};
use oretrail::event::{Ledger, Payload, Purpose, Verdict, When};
use oretrail::finding::{Code, Finding};
use oretrail::interop::answers::compare;
use oretrail::interop::batch::{Header, Names, NoNames, Step};
use oretrail::interop::play::{Player, RecordError, Recorder, simulated_key, trust_of};
use oretrail::interop::scenarios::{SCENARIOS, named};
use oretrail::ledger::{Draft, Judgement};
use oretrail::rules::trust::TrustedLedger;
use oretrail::rules::{Admission, admit};
use oretrail::state::{FeedKey, Memory, Position, Put as _, View, apply};
use oretrail::tlog::checkpoint::Checkpoint;
use oretrail::tlog::entry::{self, Entry};
use oretrail::tlog::note::SignedNote;
use oretrail::tlog::tree::{MemoryTree, leaf_hash};
use oretrail::tlog::vkey::{KeyKind, VerifierKey};
use oretrail::value::{EventId, KeyId, LedgerId, LotId, PartyId, PublicKey, Text, Time};
use oretrail::verify::replay::{Raw, Replay};
use std::collections::{BTreeMap, BTreeSet};
use std::convert::Infallible;

const SEED: [u8; 32] = [11; 32];

/// A recorder that appends whatever it is given.
struct Careless {
    ledger: LedgerId,
    vkey: Option<VerifierKey>,
    state: Memory,
    keys: BTreeMap<KeyId, SigningKey>,
    signed: Vec<Signed>,
    entries: Vec<Vec<u8>>,
    tree: MemoryTree,
    last: Option<Time>,
    salts: u64,
}

impl Careless {
    fn new() -> Self {
        Self {
            ledger: LedgerId([0; 32]),
            vkey: None,
            state: Memory::default(),
            keys: BTreeMap::new(),
            signed: Vec::new(),
            entries: Vec::new(),
            tree: MemoryTree::new(),
            last: None,
            salts: 0,
        }
    }

    fn key_of(&self, draft: &Draft) -> KeyId {
        let registered = |party: PartyId| self.state.event(&party.into()).unwrap().unwrap().kid;
        draft.kid.unwrap_or_else(|| match (&draft.body, draft.by) {
            (oretrail::event::Body::Party(party), _) => party.key.id(),
            (_, by) => registered(by.unwrap()),
        })
    }

    fn append(&mut self, draft: &Draft, recorded_at: Time) -> EventId {
        let kid = self.key_of(draft);
        let aud = (!draft.body.kind().is_portable()).then_some(self.ledger);
        let mut payload = Payload::draft(draft.by, aud, draft.when, draft.body.clone());
        (payload.docs, payload.refs, payload.remark) = (draft.docs.clone(), draft.refs.clone(), draft.remark.clone());
        if let Some(twin) = draft.twin_of {
            let twin = self.signed.iter().find(|signed| signed.event.id == twin).unwrap();
            (payload.seq, payload.prev) = (twin.event.payload.seq, twin.event.payload.prev);
        } else if let Some(iss) = draft.by
            && let Some(feed) = self.state.feed(&FeedKey { iss, kid, aud }).unwrap()
        {
            (payload.seq, payload.prev) = (feed.seq + 1, Some(feed.last));
        }
        let salts = &mut self.salts;
        let mut salt = || {
            *salts += 1;
            Ok(u128::from(*salts).to_be_bytes())
        };
        let mut prepared = Prepared::new(payload, &mut salt).unwrap();
        for (purpose, kid) in &draft.cosigners {
            prepared.cosign(*purpose, &self.keys[kid]).unwrap();
        }
        let signed = prepared.sign(&self.keys[&kid]).unwrap();
        let at = Position { ledger: self.ledger, index: self.entries.len() as u64, recorded_at };
        let signed_by = |public: &PublicKey| public.id() == signed.event.kid;
        let admission =
            Admission { view: &self.state, at, after: self.last, event: &signed.event, signed_by: &signed_by };
        // Asked only because state goes on as it does on replay, where such an event may move nothing.
        let blocked = admit(&admission).unwrap().iter().any(Finding::blocks);
        let delta = apply(&self.state, &at, &signed.event, !blocked).unwrap();
        self.state.put(&delta);
        let prev = self.entries.last().map_or(entry::first_prev(self.ledger), |bytes| entry::link(bytes));
        let bytes = Entry { prev, recorded_at, jwt: signed.jws.clone() }.format().unwrap();
        self.tree.append(leaf_hash(&bytes));
        self.entries.push(bytes);
        self.last = Some(recorded_at);
        let id = signed.event.id;
        self.signed.push(signed);
        id
    }
}

impl Recorder for Careless {
    fn ledger(&self) -> LedgerId {
        self.ledger
    }

    fn view(&self) -> &dyn View {
        &self.state
    }

    fn names(&self) -> &dyn Names {
        &NoNames
    }

    fn hold(&mut self, _: &str, key: SigningKey) -> Result<(), RecordError> {
        self.keys.insert(PublicKey::from(&key).id(), key);
        Ok(())
    }

    fn create(&mut self, operator: &Draft, origin: &Text, at: Time) -> Result<EventId, RecordError> {
        let log_key = simulated_key(&SEED, "log");
        let vkey = VerifierKey::new(origin.as_str().parse()?, KeyKind::Note, PublicKey::from(&log_key));
        self.ledger = LedgerId::derive(origin.as_str(), &vkey.to_string());
        let kid = PublicKey::from(&log_key).id();
        self.hold("log", log_key)?;
        let party = self.append(operator, at);
        let body = Ledger { origin: origin.clone(), vkey: vkey.to_string().parse()?, rotates: None };
        let mut draft = Draft::new(Some(party.into()), When::At(at), body);
        draft.cosigners.push((Purpose::LogKey, kid));
        self.vkey = Some(vkey);
        self.append(&draft, at);
        Ok(party)
    }

    fn record(&mut self, draft: &Draft, at: Option<Time>) -> Result<Judgement, RecordError> {
        let event = self.append(draft, at.unwrap());
        Ok(Judgement { event, findings: Vec::new() })
    }
}

impl Source for Careless {
    type Error = Infallible;
    type Hashes = MemoryTree;

    fn ledger(&self) -> LedgerId {
        self.ledger
    }

    fn checkpoint(&self) -> String {
        let vkey = self.vkey.as_ref().unwrap();
        let checkpoint = Checkpoint::new(vkey.name().as_str(), self.entries.len() as u64, self.tree.root()).unwrap();
        checkpoint.sign(vkey, &simulated_key(&SEED, "log")).unwrap().to_string()
    }

    fn hashes(&self) -> &MemoryTree {
        &self.tree
    }

    fn entry_at(&self, index: u64) -> Result<Option<Stored>, Infallible> {
        let at = usize::try_from(index).unwrap();
        let stored = |signed: &Signed| Stored {
            index,
            entry: self.entries[at].clone(),
            disclosures: signed.disclosures.iter().map(Disclosure::as_str).map(str::to_owned).collect(),
        };
        Ok(self.signed.get(at).map(stored))
    }

    fn entry_of(&self, event: &EventId) -> Result<Option<Stored>, Infallible> {
        let at = self.signed.iter().position(|signed| signed.event.id == *event);
        at.map_or(Ok(None), |at| self.entry_at(at as u64))
    }

    fn naming(&self, event: &EventId) -> Result<Vec<EventId>, Infallible> {
        let names = |signed: &&Signed| {
            let references = signed.event.payload.body.references();
            references.iter().any(|r| r.is_subject && r.target.event() == Some(*event))
        };
        Ok(self.signed.iter().filter(names).map(|signed| signed.event.id).collect())
    }
}

/// A scenario recorded with what it says is refused.
struct Doctored {
    header: Header,
    log: Careless,
    names: BTreeMap<String, EventId>,
    lots: BTreeMap<String, LotId>,
}

impl Doctored {
    /// Records a scenario, without the steps that its honest firms take instead of the refused one; as far as the step
    /// `until`, where one is given.
    fn new(name: &str, without: &[&str], until: Option<&str>) -> Self {
        let (header, steps) = named(name).unwrap().read().unwrap();
        let mut log = Careless::new();
        let mut player = Player::new(header.clone(), &mut log, Some(SEED), None).unwrap();
        let mut names = BTreeMap::new();
        let is_left_out = |step: &Step| step.members.name.as_deref().is_some_and(|name| without.contains(&name));
        for mut step in steps.into_iter().filter(|step| !is_left_out(step)) {
            step.members.expect_refused = None;
            let name = step.members.name.clone();
            for played in player.play(step).map_err(|error| error.to_string()).unwrap() {
                names.extend(played.name.map(|name| (name, played.event)));
            }
            if name.is_some() && name.as_deref() == until {
                break;
            }
        }
        let subject = header.subject.clone().unwrap();
        let lots = ["flake", "dy-charge", "ndpr-metal-rest", &subject].into_iter();
        let lots = lots.filter_map(|name| Some((name.to_owned(), player.lot(name)?))).collect();
        Self { header, log, names, lots }
    }

    /// What a replay of the log finds.
    fn replayed(&self) -> Vec<Finding> {
        let disclosures: Vec<Vec<String>> =
            (0..).zip(&self.log.signed).map(|(n, _)| self.log.entry_at(n).unwrap().unwrap().disclosures).collect();
        let raw = self.log.entries.iter().zip(&disclosures).map(|(entry, disclosures)| Raw { entry, disclosures });
        let mut replay = Replay::new(self.log.ledger);
        let entered = replay.push(&raw.collect::<Vec<_>>()).unwrap();
        entered.into_iter().flat_map(|entered| entered.findings).filter(Finding::is_refusal).collect()
    }

    /// What `oretrail audit` makes of the files of the log: its exit code and its report.
    fn audited(&self) -> (Option<i32>, serde_json::Value) {
        let folder = tempfile::tempdir().unwrap();
        on_disk::write(&self.log, self.log.vkey.as_ref().unwrap(), folder.path());
        let mut command = Command::cargo_bin("oretrail").unwrap();
        let command = command.env_clear().args(["--json", "audit", "--as-of", "2026-12-31", "--ledger"]);
        let output = command.arg(folder.path()).output().unwrap();
        let report = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{output:?}"));
        (output.status.code(), report)
    }

    fn statement(&self) -> (LeafTree, SignedNote) {
        let mut leaves = Leaves::default();
        self.log.signed.iter().for_each(|signed| leaves.add(&signed.event));
        let tree = leaves.into_tree();
        let head = oretrail::tlog::nodes::TreeHead { size: self.log.entries.len() as u64, root: self.log.tree.root() };
        let vkey = self.log.vkey.as_ref().unwrap();
        let note = tree.sign(self.log.ledger, head, vkey, &simulated_key(&SEED, "log")).unwrap();
        (tree, note)
    }

    /// What the buyer finds in the lineage file of a lot, written by its holder.
    fn verified(&self, lot: &str) -> Verification {
        let subject = self.lots[lot];
        let (tree, note) = self.statement();
        let by = self.log.state.lot(&subject).unwrap().unwrap().holder;
        let kid = self.log.state.event(&by.into()).unwrap().unwrap().kid;
        let created = self.log.last.unwrap();
        let export = Export {
            subject,
            by,
            recipient: None,
            created,
            withhold: &Withhold::default(),
            holes: BTreeSet::new(),
            foreign: &[],
            since: Vec::new(),
            statement: Some((&tree, &note)),
            documents: None,
        };
        let text = write(&self.log, &export, &self.log.keys[&kid]).unwrap();
        let vkey = self.log.vkey.as_ref().unwrap().to_string().parse().ok();
        let ledger = TrustedLedger { id: self.log.ledger, vkey, name: None };
        let party = |name: &str| self.names.get(name).map(|event| PartyId::from(*event));
        let events = self.log.signed.iter().map(|signed| &signed.event);
        let trust = trust_of(events, ledger, &self.header.trust, &party).unwrap();
        let asked = Asked { trust: &trust, as_of: created, recipient: None };
        UnverifiedBundle::read(text.as_bytes()).unwrap().verify(&asked).unwrap()
    }
}

/// Scenarios whose refused step is recorded all the same: each with the steps that its honest firms take instead, the refused
/// step, and the one it is in conflict with.
const FORGED: &[(&str, &[&str], &str, Option<&str>)] = &[
    ("neodymium-gain", &["ndpr-reduction"], "unexplained-reduction", None),
    ("unanswered-dispatch", &["flake-entered", "milling"], "milling-unreceived", Some("flake-out")),
    ("double-spend", &[], "second-spend", Some("heat")),
    ("forked-feed", &[], "forked-sale", Some("flake-out")),
];

fn codes(findings: &[Finding]) -> Vec<Code> {
    let mut codes: Vec<Code> = findings.iter().map(|finding| finding.code).collect();
    codes.dedup();
    codes
}

/// The refusals that verification of a lineage file finds.
fn refusals(verification: &Verification) -> Vec<Finding> {
    verification.report.findings().filter(|finding| finding.is_refusal()).cloned().collect()
}

#[test]
fn what_is_honest_is_recorded_without_a_finding() {
    let honest = Doctored::new("magnet", &[], None);
    assert_eq!(honest.replayed(), []);
    let verification = honest.verified("magnets");
    assert!(verification.report.is_sound());
    assert_eq!(refusals(&verification), []);
}

#[test]
fn more_neodymium_than_went_in_is_found_and_stays_unproven() {
    let doctored = Doctored::new("neodymium-gain", &["ndpr-reduction"], None);
    let found = doctored.replayed();
    assert_eq!(codes(&found), doctored.header.expect_doctored);
    assert!(found.iter().all(|finding| finding.event == Some(doctored.names["unexplained-reduction"])));
    let verification = doctored.verified("magnets");
    assert_eq!(codes(&refusals(&verification)), doctored.header.expect_doctored);
    // Custody moved on: the magnets are there, and what they hold of unknown neodymium is nobody's to confirm.
    let trail = verification.trail().unwrap().unwrap();
    // What the honest scenario says of its reduction holds of the refused one here.
    let twin = |name: &str| if name == "ndpr-reduction" { "unexplained-reduction" } else { name }.to_owned();
    let named = |name: &str| doctored.names.get(&twin(name)).copied();
    for asked in
        doctored.header.expect_verdict.iter().filter(|asked| asked.delivery.unwrap().to_string().starts_with("2027"))
    {
        let compared = compare(asked, &trail, &named).unwrap();
        assert!(compared.found == Verdict::Unproven && compared.is_as_expected(), "{compared:?}");
    }
}

#[test]
fn a_lot_used_without_a_receipt_is_a_broken_log() {
    let without = ["flake-entered", "milling"];
    let doctored = Doctored::new("unanswered-dispatch", &without, Some("milling-unreceived"));
    let found = doctored.replayed();
    assert_eq!(codes(&found), doctored.header.expect_doctored);
    assert_eq!(found[0].event, Some(doctored.names["milling-unreceived"]));
    let verification = doctored.verified("flake");
    assert_eq!(codes(&refusals(&verification)), doctored.header.expect_doctored);
    assert_eq!(verification.report.overall(), Verdict::Contradicted);
}

#[test]
fn a_lot_spent_twice_is_proven_by_both_signed_events() {
    let doctored = Doctored::new("double-spend", &[], None);
    let (first, second) = (doctored.names["heat"], doctored.names["second-spend"]);
    let found = doctored.replayed();
    assert_eq!(codes(&found), doctored.header.expect_doctored);
    assert_eq!((found[0].event, &*found[0].related), (Some(second), &[first][..]));
    let verification = doctored.verified("magnets");
    let found = refusals(&verification);
    assert_eq!(codes(&found), doctored.header.expect_doctored);
    assert_eq!((found[0].event, &*found[0].related), (Some(second), &[first][..]));
    assert_eq!(verification.report.overall(), Verdict::Contradicted);
    let bundle = verification.bundle.unwrap();
    assert!([first, second].iter().all(|event| bundle.event(event).is_some()), "the file holds both signed events");
}

#[test]
fn a_forked_feed_is_proven_by_both_signed_events() {
    let doctored = Doctored::new("forked-feed", &[], None);
    let (first, second) = (doctored.names["flake-out"], doctored.names["forked-sale"]);
    let found = doctored.replayed();
    assert_eq!(codes(&found), doctored.header.expect_doctored);
    assert_eq!((found[0].event, &*found[0].related), (Some(second), &[first][..]));
    let signed = |id: EventId| doctored.log.signed.iter().find(|signed| signed.event.id == id).unwrap();
    let (one, other) = (&signed(first).event, &signed(second).event);
    assert_eq!((one.kid, one.payload.seq, one.payload.prev), (other.kid, other.payload.seq, other.payload.prev));
}

#[test]
fn an_audit_of_the_files_of_a_doctored_ledger_finds_what_was_recorded_all_the_same() {
    let forged: BTreeSet<&str> = FORGED.iter().map(|(name, ..)| *name).collect();
    let declared = SCENARIOS.iter().filter(|scenario| !scenario.read().unwrap().0.expect_doctored.is_empty());
    assert_eq!(declared.map(|scenario| scenario.name).collect::<BTreeSet<_>>(), forged);
    for (name, without, refused, against) in FORGED {
        // Without a receipt, everything after goes wrong too: the log ends there.
        let doctored = Doctored::new(name, without, (*name == "unanswered-dispatch").then_some(*refused));
        let (code, report) = doctored.audited();
        assert_eq!(code, Some(1), "{name}: {report:#}");
        let found = report["findings"].as_array().unwrap().iter();
        let event = doctored.names[*refused].to_string();
        let breaches: Vec<_> = found.filter(|finding| finding["event"] == event.as_str()).collect();
        for expected in &doctored.header.expect_doctored {
            let finding = breaches.iter().find(|finding| finding["code"] == expected.as_str());
            let finding = finding.unwrap_or_else(|| panic!("{name}: no {expected} in {report:#}"));
            let related: Vec<_> = against.iter().map(|against| doctored.names[*against].to_string()).collect();
            assert_eq!(finding["related"].as_array().map_or(0, Vec::len), related.len(), "{name}: {finding:#}");
            assert!(related.iter().all(|event| finding["related"][0] == event.as_str()), "{name}: {finding:#}");
        }
    }
}

#[test]
fn an_audit_of_files_written_the_same_way_of_an_honest_log_finds_nothing() {
    let (code, report) = Doctored::new("magnet", &[], None).audited();
    assert_eq!(code, Some(0), "{report:#}");
}
