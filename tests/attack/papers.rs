//! Files that lie beside a lineage file, changed byte by byte: policy packs, trust files, signed exceptions, proof files.
//!
//! A proof and an exception are signed: changed, they prove and exempt nothing. A policy pack and a trust file are the
//! reader's own, and whoever reads a report is told by digest which ones were used: a changed pack is another pack, and a
//! changed trust file trusts nobody whom the honest one does not.

use super::attested::{as_of, attested, is_confirmed, judge, trust};
use super::changes::{changed, places};
use super::world::{SEPARATOR, World, key};
use oretrail::bundle::{Asked, PoliciesAsked, UnverifiedBundle};
use oretrail::event::Verdict;
use oretrail::policy::exception::{Exception, Facts};
use oretrail::policy::pack::{Pack, Settings, find_built_in};
use oretrail::rules::trust::{Buyer, Trust};
use oretrail::tlog::proof::prove_inclusion;
use oretrail::tlog::tlog_proof::TlogProof;
use oretrail::tlog::tree::leaf_hash;
use oretrail::value::{Blake3, PartyId};

/// The pack of the DFARS clause, made to fit the concentrate of the example ledger, and its exception for small purchases.
fn pack_text() -> String {
    let text = include_str!("../../src/policy/packs/us-dfars-252.225-7052.toml");
    let other = text.replace("forms = [\"block\",", "forms = [\"concentrate\", \"block\",");
    let other = other.replace("elements = [\"Nd\", \"Fe\", \"B\"]", "elements = [\"Nd\", \"Pr\"]");
    assert_ne!(other, text);
    other
}

struct Case {
    world: World,
    text: String,
    trust: Trust,
    exception: String,
}

fn case() -> Case {
    let world = attested(None).world;
    let buyer = PartyId::from(world.entries[3].signed.event.id);
    let facts = Facts::Threshold { amount: "1200".parse().unwrap(), currency: "USD".parse().unwrap() };
    let exception = Exception {
        v: 0,
        by: buyer,
        at: "2026-12-02T00:00:00Z".parse().unwrap(),
        policy: Pack::parse(&pack_text()).unwrap().reference(),
        contract: "HD-26-117".parse().unwrap(),
        lots: Vec::new(),
        facts,
    };
    let mut trust = trust(&world, 9);
    // Nobody vouches for the sites, so that without an exception nothing is proven.
    trust.authorities.clear();
    trust.buyers.push(Buyer { party: buyer, name: None, keys: Vec::new() });
    Case { text: world.bundle(&[]), trust, exception: exception.sign(&key(SEPARATOR)).unwrap(), world }
}

impl Case {
    /// The verdict of a pack with exceptions, and the digest of the pack that the report names; `None` where a file is refused.
    fn judged(&self, pack: &Pack, exceptions: &[String]) -> Option<(Verdict, Blake3)> {
        let asked = Asked { trust: &self.trust, as_of: as_of(), recipient: None };
        let mut verification = UnverifiedBundle::read(self.text.as_bytes()).unwrap().verify(&asked).unwrap();
        let packs = [(pack.clone(), Settings::of(&pack.file, &[]).ok()?)];
        let asked = PoliciesAsked { packs: &packs, delivery: "2027-01-15".parse().ok(), exceptions };
        verification.judge(&asked).ok()?;
        let answer = verification.report.policies.pop().unwrap();
        Some((answer.verdict, answer.policy.blake3))
    }
}

#[test]
fn a_signed_exception_changed_in_any_byte_exempts_nothing() {
    let case = case();
    let pack = Pack::parse(&pack_text()).unwrap();
    let honest = case.judged(&pack, std::slice::from_ref(&case.exception)).unwrap().0;
    let without = case.judged(&pack, &[]).unwrap().0;
    assert_eq!((honest, without), (Verdict::Exempt, Verdict::Unproven));
    let mut tried = 0;
    for (at, way) in places(case.exception.len(), 150) {
        let Some(bent) = changed(case.exception.as_bytes(), at, way) else { continue };
        let Ok(bent) = String::from_utf8(bent) else { continue };
        // Blanks around it are no part of the file.
        if bent.trim() == case.exception {
            continue;
        }
        let verdict = case.judged(&pack, &[bent]).map(|(verdict, _)| verdict);
        assert!(verdict.is_none_or(|verdict| verdict == without), "byte {at}, way {way}: {verdict:?}");
        tried += 1;
    }
    assert!(tried > 100, "{tried}");
}

#[test]
fn an_exception_of_somebody_else_or_for_another_purchase_exempts_nothing() {
    let case = case();
    let pack = Pack::parse(&pack_text()).unwrap();
    let (exception, _) = Exception::parse(&case.exception).unwrap();
    let verdict = |exception: &Exception, seed: u8| {
        let signed = exception.sign(&key(seed)).unwrap();
        case.judged(&pack, &[signed]).map(|(verdict, _)| verdict)
    };
    assert_eq!(verdict(&exception, SEPARATOR), Some(Verdict::Exempt));
    let mine = Exception { by: case.world.entries[0].signed.event.id.into(), ..exception.clone() };
    let other = find_built_in("us-dfars-252.225-7052").unwrap().unwrap();
    let other_policy = Exception { policy: other.reference(), ..exception.clone() };
    let other_lot =
        Exception { lots: vec![oretrail::value::LotId::new(case.world.subject().event, 1)], ..exception.clone() };
    let later = Exception { at: "2027-06-01T00:00:00Z".parse().unwrap(), ..exception.clone() };
    let cases = [(&mine, super::world::MINE), (&exception, super::world::MINE), (&other_policy, SEPARATOR)];
    for (number, (exception, seed)) in
        cases.into_iter().chain([(&other_lot, SEPARATOR), (&later, SEPARATOR)]).enumerate()
    {
        assert!(verdict(exception, seed).is_none_or(|found| found == Verdict::Unproven), "case {number}");
    }
}

#[test]
fn a_policy_pack_changed_in_any_byte_is_another_pack_in_the_report() {
    let case = case();
    let text = pack_text();
    let honest = Pack::parse(&text).unwrap();
    assert_eq!(honest.blake3, Blake3::of(text.as_bytes()));
    let (mut refused, mut other) = (0, 0);
    for (at, way) in places(text.len(), 400) {
        let Some(bent) = changed(text.as_bytes(), at, way) else { continue };
        let Ok(bent) = String::from_utf8(bent) else { continue };
        let Ok(pack) = Pack::parse(&bent) else {
            refused += 1;
            continue;
        };
        let named = Blake3::of(bent.as_bytes());
        assert!(pack.blake3 == named && named != honest.blake3, "byte {at}, way {way}");
        if other % 8 == 0 {
            assert!(case.judged(&pack, &[]).is_none_or(|(_, blake3)| blake3 == named), "byte {at}, way {way}");
        }
        other += 1;
    }
    assert!(refused > 50 && other > 50, "{refused} refused, {other} other");
}

#[test]
fn a_trust_file_changed_in_any_byte_confirms_only_by_those_whom_the_honest_one_names() {
    let world = attested(None).world;
    let honest = trust(&world, 9);
    let text = honest.to_toml().unwrap();
    assert_eq!(Trust::parse(&text).unwrap(), honest);
    let bundle = world.bundle(&[]);
    assert!(is_confirmed(&judge(bundle.as_bytes(), &honest).unwrap()));
    let (mut refused, mut unconfirmed) = (0, 0);
    for (at, way) in places(text.len(), 400) {
        let Some(bent) = changed(text.as_bytes(), at, way) else { continue };
        let Ok(bent) = String::from_utf8(bent) else { continue };
        let Ok(trust) = Trust::parse(&bent) else {
            refused += 1;
            continue;
        };
        if !is_confirmed(&judge(bundle.as_bytes(), &trust).unwrap()) {
            unconfirmed += 1;
            continue;
        }
        let ledgers = |trust: &Trust| trust.ledgers.iter().map(|ledger| ledger.id).collect::<Vec<_>>();
        let parties = |trust: &Trust| trust.authorities.iter().map(|authority| authority.party).collect::<Vec<_>>();
        let same = (ledgers(&trust), parties(&trust)) == (ledgers(&honest), parties(&honest));
        assert!(same, "byte {at}, way {way}: confirmed by others\n{bent}");
    }
    assert!(refused > 50 && unconfirmed > 5, "{refused} refused, {unconfirmed} unconfirmed");
}

#[test]
fn a_proof_file_changed_in_any_byte_proves_nothing_else() {
    let world = attested(None).world;
    let size = world.entries.len();
    let checkpoint = world.checkpoint(size);
    let leaf = leaf_hash(&world.entries[5].entry);
    let path = prove_inclusion(&world.tree, 5, size as u64).unwrap();
    let signed = oretrail::tlog::checkpoint::SignedCheckpoint::parse(checkpoint.to_string().as_bytes()).unwrap();
    let text = TlogProof::new(5, path, signed, None).unwrap().to_string();
    let verified = |bytes: &[u8]| TlogProof::parse(bytes).and_then(|proof| proof.verify(&leaf, &world.log_key));
    assert_eq!(verified(text.as_bytes()).unwrap().head(), checkpoint.head());
    let mut tried = 0;
    // All of them: the file is short.
    for (at, way) in (0..text.len()).flat_map(|at| (0..6).map(move |way| (at, way))) {
        let Some(bent) = changed(text.as_bytes(), at, way) else { continue };
        assert!(verified(&bent).is_err(), "byte {at}, way {way}");
        tried += 1;
    }
    assert!(tried > 2_000, "{tried}");
}
