//! Playing a scenario into a ledger on disk: the same events as in memory, kept and found again.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, missing_docs)]

use oretrail::interop::batch::NoNames;
use oretrail::interop::play::{InMemory, LOG_KEY, Planning, Player, key_names, simulated_key};
use oretrail::interop::scenarios::{self, SCENARIOS};
use oretrail::keys::{Cost, KeyRole, KeyStore, KeysAtHand, NewKey, PassphraseSource};
use oretrail::ledger::disk::RealDisk;
use oretrail::ledger::{Batch, Writer};
use oretrail::tlog::vkey::{KeyKind, VerifierKey};
use oretrail::value::{EventId, PublicKey, Time};
use std::path::Path;
use std::sync::Arc;

const SEED: [u8; 32] = [9; 32];

fn make_key(folder: &Path, name: &str, role: KeyRole) -> PublicKey {
    let new = NewKey { name, role, created: Time::MIN, comment: None, cost: Cost::default() };
    let key = simulated_key(&SEED, name);
    KeyStore::new(&RealDisk, folder).create(&new, &key.to_bytes().into(), &PassphraseSource::None).unwrap();
    PublicKey::from(&key)
}

fn play(text: &str, folder: &Path) -> (Writer, Vec<EventId>) {
    let (header, steps) = scenarios::read(text).unwrap();
    let keys = folder.join("keys");
    for name in key_names(&steps) {
        make_key(&keys, &name, KeyRole::Party);
    }
    let log_key = make_key(&keys, LOG_KEY, KeyRole::Log);
    let mut salts = 0_u64;
    let salt = move |salt: &mut [u8; 16]| {
        salts += 1;
        salt[..8].copy_from_slice(&salts.to_be_bytes());
        Ok(())
    };
    let disk = RealDisk;
    let mut signers = KeysAtHand::open(&disk, &keys, PassphraseSource::None, Box::new(salt), &mut || false).unwrap();
    let origin = header.ledger.as_ref().unwrap().origin.as_str().parse().unwrap();
    let vkey = VerifierKey::new(origin, KeyKind::Note, log_key);
    let mut writer = Writer::create(Arc::new(RealDisk), &folder.join("ledger"), vkey.clone(), &mut || false).unwrap();
    let find = writer.state().find();
    let batch = Batch::new(&*find, writer.tail());
    let ledger = writer.identity().ledger();
    let mut planning = Planning::new(batch, ledger, &NoNames, &mut signers, Time::MAX).of_new_ledger(vkey);
    let mut player = Player::new(header, &mut planning, Some(SEED), None).unwrap();
    let mut recorded = Vec::new();
    for step in steps {
        let played = player.play(step).map_err(|error| error.to_string()).unwrap();
        recorded.extend(played.iter().filter(|step| step.refused.is_none()).map(|step| step.event));
    }
    let plan = planning.finish().unwrap();
    drop(find);
    assert_eq!(writer.commit(&plan, &[], &mut signers).unwrap().index, None);
    (writer, recorded)
}

#[test]
fn every_scenario_that_builds_on_no_other_can_be_recorded_in_a_ledger() {
    let whole = SCENARIOS.iter().filter(|scenario| !scenario.text.contains("\nbased_on"));
    for scenario in whole {
        let folder = tempfile::tempdir().unwrap();
        let (writer, recorded) = play(scenario.text, folder.path());
        // The `ledger` event is nobody's step.
        assert_eq!(writer.tail().size, u64::try_from(recorded.len()).unwrap() + 1, "{}", scenario.name);
        let find = writer.state().find();
        for event in recorded {
            assert!(find.event(&event).unwrap().unwrap().applied, "{}", scenario.name);
        }
    }
}

#[test]
fn in_memory_and_on_disk_the_same_happens() {
    let scenario = SCENARIOS[0];
    let (header, steps) = scenario.read().unwrap();
    let mut memory = InMemory::new(SEED);
    let mut player = Player::new(header, &mut memory, Some(SEED), None).unwrap();
    let mut kinds = Vec::new();
    for step in steps {
        kinds.extend(player.play(step).unwrap().iter().map(|step| step.kind));
    }
    let folder = tempfile::tempdir().unwrap();
    let (writer, recorded) = play(scenario.text, folder.path());
    let find = writer.state().find();
    let on_disk: Vec<_> = recorded.iter().map(|event| find.event(event).unwrap().unwrap().kind).collect();
    assert_eq!(on_disk, kinds);
}
