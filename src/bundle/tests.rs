use super::manifest::{ManifestCheckpoint, Roots};
use super::*;
use crate::event::{Form, Scheme, Verdict};
use crate::finding::{Code, Family, Severity};
use crate::rules::trust::{Authority, Trust, TrustedLedger};
use crate::testing::{Sample, TestLedger, day, key, lot, text};
use crate::value::{EventId, LotId, PartyId, Sha256};
use crate::verify::report::{Condition, Question, Report};
use rayon::prelude::*;
use std::collections::BTreeSet;

mod tampered;

fn export_of(
    ledger: &TestLedger,
    subject: LotId,
    by: PartyId,
    recipient: Option<PartyId>,
    withhold: &[&str],
) -> String {
    let (tree, note) = ledger.statement();
    let withhold = Withhold::parse(withhold.iter().copied()).unwrap();
    let statement: Option<(&dyn ProveLeaves, _)> = Some((&tree, &note));
    let export = Export {
        subject,
        by,
        recipient,
        created: day(20),
        withhold: &withhold,
        foreign: &[],
        since: Vec::new(),
        holes: BTreeSet::new(),
        statement,
        documents: None,
    };
    write(ledger, &export, &key(3)).unwrap()
}

fn export(sample: &Sample, withhold: &[&str]) -> String {
    export_of(&sample.ledger, sample.subject, sample.plant, Some(sample.buyer), withhold)
}

/// Trusts the ledger by its key, and the authority for sites and identities anywhere.
fn trust(ledger: &TestLedger, authority: PartyId) -> Trust {
    let schemes = vec![Scheme::PartyIdentity, Scheme::SiteLocation];
    let (name, countries, processes) = (None, Vec::new(), Vec::new());
    let authority = Authority { party: authority, name, schemes, countries, processes, least_key_head: None };
    let ledger = TrustedLedger { id: ledger.id, vkey: Some(text(&ledger.vkey.to_string())), name: None };
    Trust { ledgers: vec![ledger], authorities: vec![authority], ..Trust::nobody() }
}

fn verify(sample: &Sample, bundle: &str) -> Report {
    let trust = trust(&sample.ledger, sample.authority);
    let asked = Asked { trust: &trust, as_of: day(30), recipient: None };
    UnverifiedBundle::read(bundle.as_bytes()).unwrap().verify(&asked).unwrap().report
}

fn verdict(report: &Report, question: Question) -> Verdict {
    report.verdicts.iter().find(|answer| answer.question == question).unwrap().verdict
}

/// What is found, but for notes that are not about the file.
fn codes(report: &Report) -> BTreeSet<Code> {
    let counts = |code: &Code| code.severity() != Severity::Note || code.family() == Family::Bundle;
    report.findings().map(|finding| finding.code).filter(counts).collect()
}

/// Changes a bundle and has its exporter put its name to it again, as a dishonest exporter would.
fn tamper(bundle: &str, change: impl FnOnce(&mut BundleFile)) -> String {
    let mut file = BundleFile::parse(bundle.as_bytes()).unwrap();
    change(&mut file);
    file.sum_up();
    let (mut manifest, _) = Manifest::parse(&file.manifest).map(|(manifest, _)| (manifest, ())).unwrap();
    let Roots { entries, disclosures, nodes, leaves, documents } = Roots::of(&file);
    (manifest.entries, manifest.disclosures, manifest.nodes) = (entries, disclosures, nodes);
    (manifest.leaves, manifest.documents) = (leaves, documents);
    for (named, note) in manifest.checkpoints.iter_mut().zip(&file.ledgers[0].checkpoints) {
        *named = ManifestCheckpoint { note: Sha256::of(note.as_bytes()), ..*named };
    }
    if file.ledgers[0].statement.is_none() {
        manifest.statements.clear();
    }
    file.manifest = manifest.sign(&key(3)).unwrap();
    file.to_json().unwrap()
}

fn entry_of(file: &mut BundleFile, index: u64) -> &mut EntryFile {
    file.ledgers[0].entries.iter_mut().find(|entry| entry.index == index).unwrap()
}

fn index_of(sample: &Sample, id: EventId) -> u64 {
    sample.ledger.events.iter().position(|event| event.id == id).unwrap() as u64
}

#[test]
fn sound_lineage_is_confirmed_on_all_four_questions() {
    let sample = Sample::new();
    let report = verify(&sample, &export(&sample, &[]));
    assert!(report.is_sound());
    assert_eq!(codes(&report), BTreeSet::new());
    assert_eq!(report.completeness.undecided, []);
    for answer in &report.verdicts {
        assert_eq!((answer.verdict, answer.needed.len()), (Verdict::Confirmed, 0), "{}", answer.question);
    }
    assert_eq!(report.subject.condition, Condition::InTransit);
    assert_eq!(report.subject.consignee, Some(sample.buyer));
    assert_eq!(report.completeness.unanswered, [sample.sale]);
    assert_eq!(report.lineage.first(), Some(&sample.ore.event));
    assert_eq!(report.lineage.last(), Some(&sample.sale));
}

#[test]
fn what_goes_beside_the_lineage_stays_out() {
    let sample = Sample::new();
    let file = BundleFile::parse(export(&sample, &[]).as_bytes()).unwrap();
    let shown: BTreeSet<u64> = file.ledgers[0].entries.iter().map(|entry| entry.index).collect();
    let left: Vec<&str> = (0u64..)
        .zip(&sample.ledger.events)
        .filter(|(index, _)| !shown.contains(index))
        .map(|(_, event)| event.payload.kind().as_str())
        .collect();
    assert_eq!(left, ["source", "dispatch", "transform"]);
}

#[test]
fn nobody_is_trusted_without_a_trust_file() {
    let sample = Sample::new();
    let bundle = UnverifiedBundle::read(export(&sample, &[]).as_bytes()).unwrap();
    let asked = Asked { trust: &Trust::nobody(), as_of: day(30), recipient: None };
    let report = bundle.verify(&asked).unwrap().report;
    assert_eq!(report.overall(), Verdict::Unproven);
    assert_eq!(verdict(&report, Question::Integrity), Verdict::Confirmed);
    assert_eq!(verdict(&report, Question::Completeness), Verdict::Unproven);
    assert!(codes(&report).contains(&Code::UntrustedLedger));
    assert!(report.checks.iter().any(|check| check.name == "accreditations" && !check.done));
}

#[test]
fn recipient_must_be_the_one_the_lot_is_on_its_way_to() {
    let sample = Sample::new();
    let bundle = export(&sample, &[]);
    let trust = trust(&sample.ledger, sample.authority);
    let custody = |recipient| {
        let asked = Asked { trust: &trust, as_of: day(30), recipient: Some(recipient) };
        let report = UnverifiedBundle::read(bundle.as_bytes()).unwrap().verify(&asked).unwrap().report;
        let answer = report.verdicts.into_iter().find(|answer| answer.question == Question::Custody).unwrap();
        (answer.verdict, answer.why[0].code)
    };
    assert_eq!(custody(sample.buyer), (Verdict::Confirmed, None));
    assert_eq!(custody(sample.mine), (Verdict::Unproven, Some(Code::NotAddressed)));
}

#[test]
fn nothing_is_confirmed_without_a_completeness_statement() {
    let sample = Sample::new();
    let bundle = tamper(&export(&sample, &[]), |file| file.ledgers[0].statement = None);
    let report = verify(&sample, &bundle);
    assert!(report.verdicts.iter().all(|answer| answer.verdict == Verdict::Unproven));
    assert_eq!(codes(&report), BTreeSet::from([Code::BundleIncomplete]));
}

#[test]
fn withheld_values_are_listed_and_everything_still_verifies() {
    let sample = Sample::new();
    let report = verify(&sample, &export(&sample, &["quantity", "composition", "labels", "persons"]));
    assert_eq!(report.overall(), Verdict::Confirmed);
    let of_lot = |withheld: &&crate::verify::report::Withheld| withheld.event == sample.transform;
    let places: Vec<_> = report
        .completeness
        .withheld
        .iter()
        .filter(of_lot)
        .map(|w| (w.object.as_str(), w.count, w.leaves.join(",")))
        .collect();
    let expected = [("/body", 2), ("/body/outputs/0", 3), ("/body/outputs/1", 3)]
        .map(|(object, count)| (object, count, if count == 3 { "quantity".to_owned() } else { String::new() }));
    assert_eq!(places, expected);
}

#[test]
fn checks_say_one_of_a_thing_in_the_singular() {
    let sample = Sample::new();
    let report = verify(&sample, &export(&sample, &["quantity"]));
    let said: String = report.checks.iter().map(|check| format!("{}: {}\n", check.name, check.note)).collect();
    for part in
        ["checkpoints of 1 ledger\n", ": 1 of 1 ledger has one\n", " objects with values that are not at hand\n"]
    {
        assert!(said.contains(part), "`{part}` is not in:\n{said}");
    }
    assert_eq!(
        [0, 1, 2].map(|n| super::checks::counted(n, "object", "objects")),
        ["0 objects", "1 object", "2 objects"]
    );
}

#[test]
fn accreditation_that_is_missing_or_suspended_leaves_the_site_unproven() {
    let mut sample = Sample::new();
    let grant =
        sample.ledger.events.iter().rev().find(|e| e.payload.kind() == crate::event::Kind::Accredit).unwrap().id;
    sample.ledger.today = 15;
    let suspension = crate::event::Accredit {
        action: crate::event::AccreditAction::Suspend,
        scheme: None,
        subject: crate::event::Subject::Facility(sample.works),
        grant: Some(grant),
        scope: None,
        valid_from: day(5),
        valid_to: None,
        certificate: None,
        hidden: Vec::new(),
    };
    let suspended = sample.ledger.record(sample.authority, suspension);
    let report = verify(&sample, &export(&sample, &[]));
    assert_eq!(verdict(&report, Question::Accredited), Verdict::Unproven);
    assert_eq!(verdict(&report, Question::Custody), Verdict::Confirmed);
    let finding = report.findings().find(|finding| finding.code == Code::AccreditationSuspended).unwrap();
    assert!(finding.related.contains(&suspended));
    // Left out by a dishonest exporter, it is missed.
    let index = index_of(&sample, suspended);
    let bundle = tamper(&export(&sample, &[]), |file| file.ledgers[0].entries.retain(|entry| entry.index != index));
    let report = verify(&sample, &bundle);
    assert!(
        report.findings().any(|finding| finding.code == Code::OmittedReference && finding.event == Some(suspended))
    );
    assert_eq!(verdict(&report, Question::Completeness), Verdict::Contradicted);
}

#[test]
fn a_file_read_by_entries_is_the_file_read_whole() {
    let text = export(&Sample::new(), &[]);
    let whole: BundleFile = serde_json::from_str(&text).unwrap();
    assert_eq!(BundleFile::parse(text.as_bytes()).unwrap(), whole);
    let (entry, rest) = text.split_once("\"recorded_at\":").unwrap();
    let wrong = format!("{entry}\"recorded_at\":7,\"was\":{rest}");
    let error = BundleFile::parse(wrong.as_bytes()).unwrap_err().to_string();
    assert!(error.contains("line 1 column") && error.contains("/ledgers/0/entries/0/recorded_at"), "{error}");
}

#[test]
fn the_event_that_created_a_lot_of_the_lineage_may_be_a_declared_hole() {
    let sample = Sample::new();
    let of_ore = |event: &&crate::event::Event| event.payload.kind() == crate::event::Kind::Source;
    let hole = sample.ledger.events.iter().find(of_ore).unwrap().id;
    let (tree, note) = sample.ledger.statement();
    let export = Export {
        subject: sample.subject,
        by: sample.plant,
        recipient: None,
        created: day(20),
        withhold: &Withhold::default(),
        foreign: &[],
        since: Vec::new(),
        holes: [hole].into(),
        statement: Some((&tree, &note)),
        documents: None,
    };
    let report = verify(&sample, &write(&sample.ledger, &export, &key(3)).unwrap());
    assert_eq!(report.completeness.holes, [hole]);
    assert!(codes(&report).contains(&Code::BundleHole), "{:?}", codes(&report));
    assert_eq!(verdict(&report, Question::Integrity), Verdict::Confirmed);
    assert_eq!(verdict(&report, Question::Completeness), Verdict::Unproven);
    assert_ne!(verdict(&report, Question::Custody), Verdict::Confirmed);
}

#[test]
fn a_lot_that_travels_along_with_a_past_of_its_own_leaves_the_lineage_sound() {
    let (mut ledger, _) = TestLedger::new();
    let (plant, toller, buyer) = (ledger.party(3, "Plant"), ledger.party(4, "Toller"), ledger.party(5, "Buyer"));
    let works = ledger.facility(plant, "WORKS");
    let (tolling, dock) = (ledger.facility(toller, "TOLLING"), ledger.facility(buyer, "DOCK"));
    let stock = ledger.source(plant, works, "1000");
    let outputs = vec![lot(Form::Concentrate, "600"), lot(Form::Concentrate, "400")];
    let made = ledger.transform(plant, works, &[stock], outputs);
    let (subject, other) = (LotId::new(made, 0), LotId::new(made, 1));
    // The other one goes out and comes back before both are shipped.
    let out = ledger.dispatch(plant, works, &[other], toller);
    let back = {
        ledger.receive(toller, tolling, out, &[other]);
        ledger.dispatch(toller, tolling, &[other], plant)
    };
    ledger.receive(plant, works, back, &[other]);
    let sale = ledger.dispatch(plant, works, &[other, subject], buyer);
    ledger.receive(buyer, dock, sale, &[other, subject]);
    let bundle = export_of(&ledger, subject, plant, None, &[]);
    let trust = Trust::nobody();
    let asked = Asked { trust: &trust, as_of: day(30), recipient: None };
    let report = UnverifiedBundle::read(bundle.as_bytes()).unwrap().verify(&asked).unwrap().report;
    assert!(report.integrity.findings.is_empty(), "{:?}", report.integrity.findings);
    assert_eq!(report.subject.condition, Condition::Held);
    assert_eq!(report.subject.holder, Some(buyer));
}
