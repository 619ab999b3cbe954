//! Completeness stated by others than the log: it counts on the word of those whom the verifier trusts, and of nobody else.

use super::attested::{AUTHORITY, codes, grants, is_confirmed, judge, resigned, trust};
use super::world::{LOG, SEPARATOR, World, builder, key, party};
use oretrail::bundle::{BundleFile, LeafTree, Leaves, auditor_key};
use oretrail::event::{Kind, Verdict};
use oretrail::finding::Code;
use oretrail::rules::trust::Trust;
use oretrail::tlog::nodes::TreeHead;
use oretrail::tlog::note::SignedNote;
use oretrail::value::{PartyId, PublicKey, Sha256};
use oretrail::verify::report::Report;
use serde_json::{Value, json};

/// Seed of the auditor's key.
const AUDITOR: u8 = 12;

struct Case {
    world: World,
    auditor: PartyId,
    /// Index of the authority.
    authority: usize,
}

/// The attested ledger with an auditor registered in it, whose key may be replaced.
fn case(rotate: bool) -> Case {
    let mut b = builder();
    let id = b.record((AUTHORITY, None), Kind::Party, party("Site Authority", "US", "authority", AUTHORITY), None);
    grants(&mut b, (AUTHORITY, Some(id.into())), None);
    let auditor = b.record((AUDITOR, None), Kind::Party, party("Plumb Line Audit", "US", "auditor", AUDITOR), None);
    if rotate {
        let kid = PublicKey::from(&key(AUDITOR)).id();
        let body = json!({ "action": "revoke", "prev_key": auditor, "kid": kid, "reason": "retired" });
        b.record((AUDITOR, Some(auditor.into())), Kind::Key, body, None);
    }
    Case { world: b.world, auditor: auditor.into(), authority: 9 }
}

impl Case {
    fn leaves(&self) -> LeafTree {
        let mut leaves = Leaves::default();
        self.world.entries.iter().for_each(|one| leaves.add(&one.signed.event));
        leaves.into_tree()
    }

    fn head(&self) -> TreeHead {
        World::checkpoint(&self.world, self.world.entries.len()).head()
    }

    /// A statement over these leaves in the auditor's name, by the key of this seed.
    fn note(&self, tree: &LeafTree, head: TreeHead, seed: u8) -> SignedNote {
        let name = auditor_key(self.auditor, PublicKey::from(&key(seed))).unwrap();
        tree.sign(self.world.ledger, head, &name, &key(seed)).unwrap()
    }

    fn bundle(&self, note: &SignedNote) -> String {
        self.world.bundle_stated(&[], &self.leaves(), note)
    }

    /// The trust of the other tests, with these auditors.
    fn trust(&self, auditors: Value) -> Trust {
        let mut text = serde_json::to_value(trust(&self.world, self.authority)).unwrap();
        text["auditors"] = auditors;
        Trust::parse(&text.to_string()).unwrap()
    }

    fn by_name(&self) -> Trust {
        self.trust(json!([{ "party": self.auditor }]))
    }
}

/// Nothing is contradicted, and nothing confirmed for want of a statement that counts.
fn is_open(report: &Report) {
    assert!(report.is_sound(), "{:?}", report.findings().collect::<Vec<_>>());
    assert!(report.verdicts.iter().all(|answer| answer.verdict == Verdict::Unproven), "{:?}", report.verdicts);
    assert!(codes(report).contains(&Code::BundleIncomplete));
    assert!(!report.ledgers[0].complete && report.ledgers[0].stated_by.is_empty());
}

#[test]
fn an_auditors_statement_counts_for_those_who_trust_the_auditor() {
    let case = case(false);
    let note = case.note(&case.leaves(), case.head(), AUDITOR);
    let text = case.bundle(&note);
    let report = judge(text.as_bytes(), &case.by_name()).unwrap();
    assert!(is_confirmed(&report), "{:?}\n{:?}", report.verdicts, report.findings().collect::<Vec<_>>());
    assert_eq!(report.ledgers[0].stated_by, [case.auditor]);
    assert!(!report.ledgers[0].stated_by_log);
    let why = &report.verdicts[1].why[0];
    assert_eq!(
        why.text,
        format!("as of size 15 of sundown.example/log, on the word of auditor party {}", case.auditor)
    );
    // Beside the log's own line, both are named.
    let mut both = note;
    both.add_signature(&case.world.log_key, &key(LOG)).unwrap();
    let report = judge(case.bundle(&both).as_bytes(), &case.by_name()).unwrap();
    assert!(is_confirmed(&report));
    assert!(report.verdicts[1].why[0].text.contains("on the word of sundown.example/log and auditor party"));
    let elsewhere = json!([{ "party": case.auditor, "ledgers": [case.world.ledger] }]);
    assert!(is_confirmed(&judge(text.as_bytes(), &case.trust(elsewhere)).unwrap()));
}

#[test]
fn a_statement_by_somebody_not_trusted_confirms_nothing() {
    let case = case(false);
    let text = case.bundle(&case.note(&case.leaves(), case.head(), AUDITOR));
    let others = json!([{ "party": case.world.entries[3].signed.event.id }]);
    let for_another_ledger = json!([{ "party": case.auditor, "ledgers": ["00".repeat(32)] }]);
    for auditors in [json!([]), others, for_another_ledger] {
        is_open(&judge(text.as_bytes(), &case.trust(auditors)).unwrap());
    }
    let mut bad = serde_json::to_value(case.by_name()).unwrap();
    bad["bad"] = json!({ "keys": [PublicKey::from(&key(AUDITOR)).id()] });
    is_open(&judge(text.as_bytes(), &Trust::parse(&bad.to_string()).unwrap()).unwrap());
}

#[test]
fn a_statement_in_the_auditors_name_by_another_key_confirms_nothing() {
    let case = case(false);
    let text = case.bundle(&case.note(&case.leaves(), case.head(), SEPARATOR));
    is_open(&judge(text.as_bytes(), &case.by_name()).unwrap());
    // The trust file may know keys that the evidence does not.
    let given = json!([{ "party": case.auditor, "keys": [PublicKey::from(&key(SEPARATOR))] }]);
    assert!(is_confirmed(&judge(text.as_bytes(), &case.trust(given)).unwrap()));
    // A line of the auditor's own key that does not verify is a forgery.
    let note = case.note(&case.leaves(), case.head(), AUDITOR);
    let other = SignedNote::sign(
        "something else\n",
        &auditor_key(case.auditor, PublicKey::from(&key(AUDITOR))).unwrap(),
        &key(AUDITOR),
    );
    let mut forged =
        SignedNote::parse(case.note(&case.leaves(), case.head(), SEPARATOR).to_string().as_bytes()).unwrap();
    forged.add_line(other.unwrap().signatures()[0].clone()).unwrap();
    assert_eq!(forged.unverified_text(), note.unverified_text());
    let report = judge(case.bundle(&forged).as_bytes(), &case.by_name()).unwrap();
    assert!(codes(&report).contains(&Code::BadCheckpoint) && !is_confirmed(&report));
}

#[test]
fn a_revoked_key_states_nothing() {
    let case = case(true);
    let text = case.bundle(&case.note(&case.leaves(), case.head(), AUDITOR));
    is_open(&judge(text.as_bytes(), &case.by_name()).unwrap());
}

/// The bundle with another statement in it, signed anew by its exporter.
fn with_statement(case: &Case, note: &SignedNote, change: impl Fn(&mut BundleFile)) -> String {
    let text = case.bundle(&case.note(&case.leaves(), case.head(), AUDITOR));
    let mut file = BundleFile::parse(text.as_bytes()).unwrap();
    file.ledgers[0].statement.as_mut().unwrap().note = note.to_string();
    change(&mut file);
    let digest = Sha256::of(note.to_string().as_bytes());
    resigned(&case.world, file, |manifest| manifest.statements[0].note = digest)
}

#[test]
fn a_statement_for_another_size_or_root_is_found() {
    let case = case(false);
    let TreeHead { size, root } = case.head();
    for head in [TreeHead { size: size - 1, root }, TreeHead { size, root: Sha256([7; 32]) }] {
        let note = case.note(&case.leaves(), head, AUDITOR);
        let report = judge(with_statement(&case, &note, |_| {}).as_bytes(), &case.by_name()).unwrap();
        assert!(codes(&report).contains(&Code::BadCheckpoint) && !is_confirmed(&report), "{:?}", codes(&report));
    }
}

#[test]
fn a_leaf_left_out_is_found_on_a_trusted_auditors_word_too() {
    let case = case(false);
    let note = case.note(&case.leaves(), case.head(), AUDITOR);
    // Left out of the bundle: the proof of the others does not hold any more.
    let cut = |file: &mut BundleFile| drop(file.ledgers[0].statement.as_mut().unwrap().leaves.remove(3));
    let report = judge(with_statement(&case, &note, cut).as_bytes(), &case.by_name()).unwrap();
    assert!(!is_confirmed(&report));
    assert!(codes(&report).contains(&Code::NotInTree), "{:?}", codes(&report));
    // Left out of the statement: the auditor says that nobody received what the bundle shows as received.
    let mut leaves = Leaves::default();
    let receive = case.world.event(Kind::Receive).signed.event.id;
    case.world
        .entries
        .iter()
        .filter(|one| one.signed.event.id != receive)
        .for_each(|one| leaves.add(&one.signed.event));
    let lying = leaves.into_tree();
    let note = case.note(&lying, case.head(), AUDITOR);
    let report = judge(with_statement(&case, &note, |_| {}).as_bytes(), &case.by_name()).unwrap();
    assert!(!is_confirmed(&report) && codes(&report).contains(&Code::NotInTree), "{:?}", codes(&report));
}
