//! Recording through the library: create a ledger, register, move a lot, reopen, and heal the index.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use ed25519_dalek::SigningKey;
use oretrail::event::{
    Dispatch, DispatchReason, Facility, FacilityType, Form, Head, Ledger, Lot, Outcome, OutputRole, Party, Process,
    Purpose, Quantity, Receive, ReceivedLot, Role, Source, SourceKind, When,
};
use oretrail::finding::Code;
use oretrail::keys::{Cost, KeyRole, KeyStore, KeysAtHand, NewKey, PassphraseSource};
use oretrail::ledger::disk::{Disk, RealDisk};
use oretrail::ledger::{Batch, Draft, PlanError, Planned, SignedAhead, Writer};
use oretrail::state::LotStatus;
use oretrail::tlog::vkey::{KeyKind, VerifierKey};
use oretrail::value::{FacilityId, KeyId, LotId, PartyId, PublicKey, Time};
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;

const ORIGIN: &str = "example.org/custody";

fn at(minutes: i64) -> Time {
    "2026-01-01T00:00:00Z".parse::<Time>().unwrap().plus(minutes * 60)
}

fn when(minutes: i64) -> When {
    When::At(at(minutes))
}

fn make_key(disk: &RealDisk, folder: &Path, name: &str, seed: u8, role: KeyRole) -> PublicKey {
    let new = NewKey { name, role, created: at(0), comment: None, cost: Cost::default() };
    let seed = [seed; 32].into();
    KeyStore::new(disk, folder).create(&new, &seed, &PassphraseSource::None).unwrap();
    PublicKey::from(&SigningKey::from_bytes(&seed))
}

fn open_keys<'a>(disk: &'a RealDisk, folder: &Path) -> KeysAtHand<'a> {
    let mut count = 0u8;
    let random = move |salt: &mut [u8; 16]| {
        count = count.wrapping_add(1);
        salt.fill(count);
        Ok(())
    };
    KeysAtHand::open(disk, folder, PassphraseSource::None, Box::new(random), &mut || false).unwrap()
}

fn party(name: &str, key: PublicKey) -> Party {
    Party {
        name: name.parse().unwrap(),
        country: "US".parse().unwrap(),
        address: None,
        roles: vec![Role::Mine],
        lei: None,
        gln: None,
        cage: None,
        uei: None,
        registry: None,
        key: key.into(),
        recovery: None,
        contact: None,
        hidden: Vec::new(),
    }
}

fn facility(code: &str, lat: &str) -> Facility {
    Facility {
        code: code.parse().unwrap(),
        name: code.parse().unwrap(),
        site: None,
        facility_type: FacilityType::Mine,
        country: "US".parse().unwrap(),
        geometry: serde_json::from_value(
            serde_json::json!({"point": {"lat": lat, "lon": "-115.53"}, "radius_m": 2000}),
        )
        .unwrap(),
        gln: None,
        processes: vec![Process::Mine],
        capacity: Vec::new(),
        valid_from: None,
        valid_to: None,
        supersedes: None,
    }
}

fn ore(mass: &str) -> Lot {
    Lot {
        role: OutputRole::Product,
        form: Form::Ore,
        elements: Vec::new(),
        owner: None,
        custody_model: None,
        characteristic: None,
        quantity: Some(Quantity {
            net_dry: mass.parse().unwrap(),
            gross: None,
            tare: None,
            net_wet: None,
            moisture: None,
            uncertainty: None,
            pieces: None,
            unit_mass: None,
        }),
        composition: None,
        labels: Some(vec!["ore 1".parse().unwrap()]),
        packages: None,
        hidden: Vec::new(),
    }
}

struct World {
    _folder: tempfile::TempDir,
    disk: RealDisk,
    keys: std::path::PathBuf,
    root: std::path::PathBuf,
    log_key: PublicKey,
    operator: PublicKey,
    buyer: PublicKey,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let (keys, root) = (folder.path().join("keys"), folder.path().join("ledger"));
        let disk = RealDisk;
        let log_key = make_key(&disk, &keys, "log", 1, KeyRole::Log);
        let operator = make_key(&disk, &keys, "operator", 2, KeyRole::Party);
        let buyer = make_key(&disk, &keys, "buyer", 3, KeyRole::Party);
        Self { _folder: folder, disk, keys, root, log_key, operator, buyer }
    }

    fn disk(&self) -> Arc<dyn Disk> {
        Arc::new(RealDisk)
    }

    fn open(&self, keys: &KeysAtHand<'_>) -> Writer {
        Writer::open(self.disk(), &self.root, keys, &mut || false, &mut |_, _| {}).unwrap()
    }
}

fn commit(writer: &mut Writer, keys: &mut KeysAtHand<'_>, minutes: i64, drafts: Vec<Draft>) -> Vec<Planned> {
    let find = writer.state().find();
    let mut batch = Batch::new(&*find, writer.tail());
    for draft in drafts {
        let one = batch.add(draft, at(minutes), keys).unwrap();
        assert!(!one.is_refused(), "{}", one.findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
    let plan = batch.finish().unwrap();
    drop(find);
    let committed = writer.commit(&plan, &[], keys).unwrap();
    assert_eq!(committed.index, None);
    plan.events().to_vec()
}

fn create(world: &World, keys: &mut KeysAtHand<'_>) -> (Writer, PartyId) {
    let vkey = VerifierKey::new(ORIGIN.parse().unwrap(), KeyKind::Note, world.log_key);
    let mut writer = Writer::create(world.disk(), &world.root, vkey.clone(), &mut || false).unwrap();
    let find = writer.state().find();
    let mut batch = Batch::new(&*find, writer.tail());
    let registration = batch.add(Draft::new(None, when(0), party("Neutral", world.operator)), at(0), keys).unwrap();
    let operator = registration.event.into();
    let body = Ledger { origin: ORIGIN.parse().unwrap(), vkey: vkey.to_string().parse().unwrap(), rotates: None };
    let mut draft = Draft::new(Some(operator), when(0), body);
    draft.cosigners = vec![(Purpose::LogKey, world.log_key.id())];
    let bound = batch.add(draft, at(0), keys).unwrap();
    assert_eq!(bound.findings, Vec::new());
    let plan = batch.finish().unwrap();
    drop(find);
    writer.commit(&plan, &[], keys).unwrap();
    (writer, operator)
}

/// Registers mine and buyer, mines a lot and dispatches it; gives buyer, her facility, the lot and the dispatch.
fn dispatched(
    world: &World,
    writer: &mut Writer,
    keys: &mut KeysAtHand<'_>,
    mine: PartyId,
) -> (PartyId, FacilityId, Head) {
    let ledger = writer.identity().ledger();
    let buyer = commit(writer, keys, 1, vec![Draft::new(None, when(1), party("Buyer", world.buyer))]);
    let buyer = buyer[0].event().issuer();
    let places = vec![
        Draft::new(Some(mine), when(2), facility("mine", "35.48")),
        Draft::new(Some(buyer), when(2), facility("store", "34.00")),
    ];
    let places = commit(writer, keys, 2, places);
    let (from, to): (FacilityId, FacilityId) = (places[0].event().id.into(), places[1].event().id.into());
    let source = Source {
        facility: from,
        source: SourceKind::Mined,
        outputs: vec![ore("100")],
        prior: Vec::new(),
        dispatch: None,
    };
    let mined = commit(writer, keys, 3, vec![Draft::new(Some(mine), when(3), source)]);
    let lot = LotId::new(mined[0].event().id, 0);
    let dispatch = Dispatch {
        lots: vec![Head { lot, after: lot.event }],
        from,
        to: buyer,
        to_facility: None,
        to_ledger: ledger,
        reason: DispatchReason::Sale,
        returns: None,
        shipment: None,
        legs: None,
        packages: None,
        customs: None,
        licence: None,
        hidden: Vec::new(),
    };
    let sent = commit(writer, keys, 4, vec![Draft::new(Some(mine), when(4), dispatch)]);
    (buyer, to, Head { lot, after: sent[0].event().id })
}

fn receive(head: Head, facility: FacilityId) -> Receive {
    Receive {
        dispatch: head.after,
        facility,
        taken_over_at: None,
        lots: vec![ReceivedLot {
            lot: head.lot,
            after: head.after,
            outcome: Outcome::Accepted,
            reason: None,
            accepted: None,
            returned: None,
            quantity: None,
            packages: None,
            hidden: Vec::new(),
        }],
        outputs: Vec::new(),
    }
}

#[test]
fn a_lot_is_handed_over_and_the_state_survives_reopening_and_a_lost_index() {
    let world = World::new();
    let mut keys = open_keys(&world.disk, &world.keys);
    let (mut writer, mine) = create(&world, &mut keys);
    let (buyer, store, head) = dispatched(&world, &mut writer, &mut keys, mine);
    commit(&mut writer, &mut keys, 60 * 24, vec![Draft::new(Some(buyer), when(60 * 24), receive(head, store))]);
    drop(writer);

    let check = |writer: &Writer| {
        let find = writer.state().find();
        let lot = find.lot(&head.lot).unwrap().unwrap();
        assert_eq!((lot.holder, lot.owner, lot.status), (buyer, buyer, LotStatus::Held));
        assert_eq!(lot.facility, Some(store));
        assert_eq!(find.lots_labelled("ore 1").unwrap(), vec![head.lot]);
        assert_eq!(find.events_with_prefix(&head.lot.event.to_string()[..7], 10).unwrap(), vec![head.lot.event]);
        assert_eq!(find.parties().unwrap().len(), 2);
        assert_eq!(writer.state().value_offsets(&head.lot.event).unwrap().len(), 1);
        assert_eq!(writer.tail().size, 8);
    };
    check(&world.open(&keys));
    std::fs::remove_dir_all(world.root.join("index")).unwrap();
    check(&world.open(&keys));
    std::fs::write(world.root.join("index/db"), b"not a database").unwrap();
    check(&world.open(&keys));
}

#[test]
fn a_second_spending_of_one_head_is_refused_with_the_first() {
    let world = World::new();
    let mut keys = open_keys(&world.disk, &world.keys);
    let (mut writer, mine) = create(&world, &mut keys);
    let (buyer, store, head) = dispatched(&world, &mut writer, &mut keys, mine);
    let done = commit(&mut writer, &mut keys, 5, vec![Draft::new(Some(buyer), when(5), receive(head, store))]);
    let find = writer.state().find();
    let mut batch = Batch::new(&*find, writer.tail());
    let again = batch.add(Draft::new(Some(buyer), when(6), receive(head, store)), at(6), &mut keys).unwrap();
    let codes: Vec<Code> = again.findings.iter().map(|finding| finding.code).collect();
    assert_eq!(codes, vec![Code::AlreadyAnswered]);
    assert_eq!(again.findings[0].related, vec![done[0].event().id]);
    assert_eq!(batch.count(), 0);
}

#[test]
fn a_restored_backup_is_refused() {
    let world = World::new();
    let mut keys = open_keys(&world.disk, &world.keys);
    let (mut writer, mine) = create(&world, &mut keys);
    let checkpoint = std::fs::read(world.root.join("checkpoint")).unwrap();
    dispatched(&world, &mut writer, &mut keys, mine);
    drop(writer);
    std::fs::write(world.root.join("checkpoint"), checkpoint).unwrap();
    std::fs::remove_dir_all(world.root.join("pending")).unwrap();
    let refused = Writer::open(world.disk(), &world.root, &keys, &mut || false, &mut |_, _| {});
    let message = refused.err().unwrap().to_string();
    assert!(message.contains("signed on this machine") || message.contains("damaged"), "{message}");
}

#[test]
fn a_key_of_another_party_is_refused() {
    let world = World::new();
    let mut keys = open_keys(&world.disk, &world.keys);
    let (mut writer, mine) = create(&world, &mut keys);
    commit(&mut writer, &mut keys, 1, vec![Draft::new(None, when(1), party("Buyer", world.buyer))]);
    let find = writer.state().find();
    let mut batch = Batch::new(&*find, writer.tail());
    let mut draft = Draft::new(Some(mine), when(2), facility("mine", "35.48"));
    let other: KeyId = world.buyer.id();
    draft.kid = Some(other);
    let refused = batch.add(draft, at(2), &mut keys).unwrap();
    assert_eq!(refused.findings.iter().map(|f| f.code).collect::<Vec<_>>(), vec![Code::ForeignKey]);
}

#[test]
fn an_audit_of_a_sound_ledger_finds_no_breach_and_of_a_changed_one_says_where() {
    use oretrail::ledger::audit::{Auditing, audit};
    use oretrail::ledger::private::DisclosureReader;
    use oretrail::ledger::read::Reader;
    use oretrail::rules::trust::Trust;
    let world = World::new();
    let mut keys = open_keys(&world.disk, &world.keys);
    let (mut writer, mine) = create(&world, &mut keys);
    let (buyer, store, head) = dispatched(&world, &mut writer, &mut keys, mine);
    commit(&mut writer, &mut keys, 60 * 24, vec![Draft::new(Some(buyer), when(60 * 24), receive(head, store))]);
    let run_with = |progress: &mut dyn FnMut(u64, u64)| {
        let (disk, trust) = (world.disk(), Trust::nobody());
        let reader = Reader::open(Arc::clone(&disk), &world.root).unwrap();
        let values = DisclosureReader::new(Arc::clone(&disk), reader.layout());
        let auditing = Auditing { trust: &trust, as_of: at(60 * 48), index: Some(writer.state()) };
        audit(&disk, &reader, &values, &auditing, progress)
    };
    let run = || run_with(&mut |_, _| {});
    let sound = run().unwrap();
    assert!(!sound.is_broken(), "{:?}", sound.findings);
    assert_eq!((sound.size, sound.applied), (8, 8));

    let pending = world.root.join("pending/0");
    let change = || {
        let mut bytes = std::fs::read(&pending).unwrap();
        let at = bytes.len() - 40;
        bytes[at] = if bytes[at] == b'A' { b'B' } else { b'A' };
        std::fs::write(&pending, bytes).unwrap();
    };
    // Half of the work is done when all entries were read for the first time.
    let between = run_with(&mut |done, all| {
        if done * 2 == all {
            change();
        }
    });
    let message = between.unwrap_err().to_string();
    assert!(message.contains("to stay what they are while they are audited"), "{message}");

    let broken = run().unwrap();
    let codes: Vec<Code> = broken.findings.iter().map(|finding| finding.code).collect();
    assert!(codes.contains(&Code::NotInTree) && codes.contains(&Code::BadSignature), "{codes:?}");
}

#[test]
fn the_completeness_statement_follows_commits_and_is_made_anew_where_its_files_do_not_follow_from_the_log() {
    use oretrail::bundle::Statement;
    use oretrail::ledger::{Signers as _, Snapshot, completeness, stated_leaves, statement_leaves};
    let world = World::new();
    let mut keys = open_keys(&world.disk, &world.keys);
    let (mut writer, mine) = create(&world, &mut keys);
    let (buyer, store, head) = dispatched(&world, &mut writer, &mut keys, mine);
    commit(&mut writer, &mut keys, 60, vec![Draft::new(Some(buyer), when(60), receive(head, store))]);
    drop(writer);
    let folder = world.root.join("completeness");
    let key = keys.key(&world.log_key.id()).unwrap();
    let stated = |with_key: bool| {
        let snapshot = Snapshot::open(world.disk(), &world.root, &mut || false, &mut |_, _| {}).unwrap();
        let expected = statement_leaves(&snapshot, snapshot.reader().size(), &mut |_, _| {}).unwrap().head();
        let find = snapshot.find();
        let vkey = snapshot.reader().checkpoint().unwrap().key().clone();
        let signer: Option<completeness::LogSigner<'_>> = with_key.then_some((&vkey, &*key));
        let mut read = 0;
        let found = stated_leaves(&world.disk, &snapshot, &*find, signer, &mut |_, _| read += 1).unwrap();
        let (_, note) = found?;
        note.check_signature(&vkey).unwrap();
        let statement: Statement = note.unverified_text().parse().unwrap();
        assert_eq!((statement.log.size, statement.leaves), (snapshot.reader().size(), expected));
        Some(read)
    };
    assert_eq!(stated(false), Some(0), "the commits left it, and nothing is read");
    let note = std::fs::read(folder.join("note")).unwrap();
    for damage in ["note", "0/0", "start/0"] {
        let path = folder.join(damage);
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[0] ^= 1;
        std::fs::write(&path, bytes).unwrap();
        if damage != "start/0" {
            assert_eq!(stated(false), None, "{damage}");
            assert_eq!(stated(true), Some(1), "{damage}");
        }
    }
    std::fs::write(folder.join("note"), &note).unwrap();
    assert_eq!(stated(true), Some(0), "a statement signed before is the same");
    let mut writer = world.open(&keys);
    commit(&mut writer, &mut keys, 70, vec![Draft::new(Some(buyer), when(70), facility("yard", "34.10"))]);
    drop(writer);
    assert_eq!(stated(false), Some(0));
    std::fs::write(folder.join("note"), note).unwrap();
    assert_eq!(stated(false), None, "behind");
    assert_eq!(stated(true), Some(1));
    std::fs::remove_dir_all(folder).unwrap();
    assert_eq!(stated(true), Some(1));
}

/// The key of the buyer's site is known from her registration, whether it is of the same chunk or of one before.
#[test]
fn signatures_made_elsewhere_are_checked_in_bulk_with_the_verdict_of_one_by_one() {
    let world = World::new();
    let mut keys = open_keys(&world.disk, &world.keys);
    let (writer, mine) = create(&world, &mut keys);
    let find = writer.state().find();
    let mut elsewhere = Batch::new(&*find, writer.tail());
    let register = Draft::new(None, when(1), party("Buyer", world.buyer));
    let buyer = elsewhere.add(register, at(1), &mut keys).unwrap().event.into();
    for number in 0..600 {
        let by = if number % 3 == 1 { buyer } else { mine };
        let code = format!("plant-{number}");
        elsewhere.add(Draft::new(Some(by), when(2), facility(&code, "35.48")), at(2), &mut keys).unwrap();
    }
    let signed: Vec<_> = elsewhere.finish().unwrap().events().iter().map(|one| one.signed.clone()).collect();
    // Some 250 are checked together.
    for forged in [0, 1, 2, 3, 255, 256, 257, 512, signed.len() - 1, signed.len()] {
        let mut received = signed.clone();
        if let Some(one) = received.get_mut(forged) {
            let at = one.jws.rfind('.').unwrap() + 1;
            let other = if one.jws.as_bytes()[at] == b'A' { "B" } else { "A" };
            one.jws.replace_range(at..=at, other);
        }
        let mut batch = Batch::new(&*find, writer.tail());
        let mut judged = Vec::new();
        let ahead = SignedAhead::of(batch.view(), received).unwrap();
        let took = &mut |checked| {
            judged.push(batch.add_signed(checked, at(3))?);
            Ok::<_, PlanError>(ControlFlow::Continue(()))
        };
        ahead.each(took).unwrap();
        let is_bad = |n: usize| judged[n].findings.iter().any(|finding| finding.code == Code::BadSignature);
        assert_eq!(
            (0..signed.len()).map(is_bad).collect::<Vec<_>>(),
            (0..signed.len()).map(|n| n == forged).collect::<Vec<_>>()
        );
        let plan = batch.finish().unwrap();
        let planned: Vec<&str> = plan.events().iter().map(|one| one.signed.jws.as_str()).collect();
        let refused = judged.iter().filter(|one| one.is_refused()).count();
        assert_eq!(planned.len(), signed.len() - refused);
        assert!(forged < signed.len() || refused == 0);
    }
}
