//! Readers of everything that comes from outside: what they accept says the same when it is written again.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use oretrail::bundle::{Asked, BundleFile, PoliciesAsked, UnverifiedBundle};
use oretrail::envelope::{Compact, Disclosure, Jws, Typ, open};
use oretrail::event::Verdict;
use oretrail::interop::batch::{BatchReader, Format};
use oretrail::interop::play::{InMemory, Player};
use oretrail::policy::pack::{Pack, Settings};
use oretrail::rules::trust::Trust;
use oretrail::tlog::checkpoint::SignedCheckpoint;
use oretrail::tlog::entry::EntryRef;
use oretrail::tlog::entry_bundle::{parse_bundle, push_entry};
use oretrail::tlog::tlog_proof::TlogProof;
use oretrail::value::{EventId, KeyId, Sha256, Signature};

/// The most steps of a batch that are played, for speed.
const MOST_STEPS: usize = 8;

/// The payload of an event, in an envelope whose signature is nobody's.
pub fn event(data: &[u8]) {
    let encode = |part: &[u8]| URL_SAFE_NO_PAD.encode(part);
    let header = Typ::Event.header(&KeyId([1; 32]));
    let jwt = format!("{}.{}.{}", encode(header.as_bytes()), encode(data), Signature([1; 64]));
    let Ok(jws) = Jws::parse(&jwt, Typ::Event) else { return };
    let Ok(event) = open(&jws, &[]) else { return };
    let signing_input = jwt.rsplit_once('.').unwrap().0;
    assert_eq!(event.id, EventId::of_signing_input(signing_input.as_bytes()));
    assert_eq!(event.payload.body.output_ids(event.id).count(), event.payload.body.outputs().len());
    let _ = event.payload.body.references();
}

/// An event with disclosures in compact form.
pub fn envelope(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(compact) = Compact::parse(text) else { return };
    assert_eq!(compact.to_string(), text);
    for typ in [Typ::Event, Typ::Manifest] {
        let Ok(jws) = Jws::parse(compact.jws, typ) else { continue };
        assert_eq!(jws.sha256(), Sha256::of(compact.jws.as_bytes()));
        let Ok(event) = open(&jws, &compact.disclosures) else { continue };
        let mut other_order = compact.disclosures.clone();
        other_order.reverse();
        assert_eq!(open(&jws, &other_order).ok().as_ref(), Some(&event), "the order of disclosures says nothing");
    }
}

/// A disclosure.
pub fn disclosure(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(disclosure) = Disclosure::parse(text) else { return };
    assert_eq!(disclosure.as_str(), text);
    assert_eq!(disclosure.digest().0, Sha256::of(data).0);
    assert!(serde_json::from_str::<serde_json::Value>(disclosure.value()).is_ok());
    assert!(!disclosure.name().is_empty());
}

/// An entry, and a bundle of entries.
pub fn entry(data: &[u8]) {
    if let Ok(entry) = EntryRef::parse(data) {
        assert_eq!(entry.to_entry().format().as_deref(), Ok(data));
    }
    for width in [1, 2, 256] {
        let Ok(entries) = parse_bundle(data, width) else { continue };
        let mut again = Vec::new();
        entries.iter().for_each(|entry| push_entry(&mut again, entry).unwrap());
        assert!(data.starts_with(&again));
    }
}

/// A signed checkpoint.
pub fn checkpoint(data: &[u8]) {
    let Ok(signed) = SignedCheckpoint::parse(data) else { return };
    assert_eq!(signed.to_string().as_bytes(), data);
}

/// A proof of inclusion as a file.
pub fn tlog_proof(data: &[u8]) {
    let Ok(proof) = TlogProof::parse(data) else { return };
    assert_eq!(proof.to_string().as_bytes(), data);
}

const BUNDLES: [&str; 2] =
    [include_str!("../seeds/bundle/full.lineage.json"), include_str!("../seeds/bundle/withheld.lineage.json")];
const TRUST: &str = include_str!("../seeds/trust/example.toml");

/// A lineage bundle: nothing but what was exported is sound and confirms anything.
pub fn bundle(data: &[u8]) {
    let Ok(unverified) = UnverifiedBundle::read(data) else { return };
    let trust = Trust::parse(TRUST).unwrap();
    let asked = Asked { trust: &trust, as_of: "2026-12-05T00:00:00Z".parse().unwrap(), recipient: None };
    let Ok(verification) = unverified.verify(&asked) else { return };
    let report = verification.report;
    let confirms = report.verdicts.iter().any(|answer| answer.verdict == Verdict::Confirmed);
    if !report.is_sound() {
        assert_ne!(report.overall(), Verdict::Confirmed);
    } else if confirms {
        let known = |text: &str| BundleFile::parse(text.as_bytes()).unwrap().to_json().unwrap();
        let found = BundleFile::parse(data).unwrap().to_json().unwrap();
        assert!(BUNDLES.iter().any(|text| known(text) == found), "another bundle confirms something");
    }
}

/// A policy pack: for whoever trusts nobody, nothing that it asks is confirmed by a bundle, and nothing exempt.
pub fn policy(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(pack) = Pack::parse(text) else { return };
    assert_eq!(Pack::parse(text).unwrap().reference(), pack.reference());
    let Ok(settings) = Settings::of(&pack.file, &[]) else { return };
    let trust = Trust::nobody();
    let asked = Asked { trust: &trust, as_of: "2026-12-05T00:00:00Z".parse().unwrap(), recipient: None };
    let mut verification = UnverifiedBundle::read(BUNDLES[0].as_bytes()).unwrap().verify(&asked).unwrap();
    let packs = [(pack, settings)];
    let delivery = "2027-01-15".parse().ok();
    let Ok(()) = verification.judge(&PoliciesAsked { packs: &packs, delivery, exceptions: &[] }) else { return };
    for answer in &verification.report.policies {
        assert!(!matches!(answer.verdict, Verdict::Confirmed | Verdict::Exempt), "{}", answer.verdict);
    }
}

/// A trust file.
pub fn trust(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    let Ok(trust) = Trust::parse(text) else { return };
    let _ = trust.witness_policy();
    assert_eq!(Trust::parse(&trust.to_toml().unwrap()).unwrap(), trust);
}

/// A batch file, read in both forms, and played where it is a simulated one.
pub fn batch(data: &[u8]) {
    for format in [Format::Toml, Format::JsonLines] {
        let Ok(reader) = BatchReader::new(format, data) else { continue };
        let header = reader.header().clone();
        let steps: Vec<_> = reader.take(MOST_STEPS + 1).collect();
        if steps.len() > MOST_STEPS {
            continue;
        }
        let mut recorder = InMemory::new([7; 32]);
        let Ok(mut player) = Player::new(header, &mut recorder, Some([7; 32]), None) else { continue };
        for step in steps {
            let Ok(step) = step else { break };
            if player.play(step).is_err() {
                break;
            }
        }
    }
}
