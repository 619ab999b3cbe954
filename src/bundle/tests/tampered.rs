//! A bundle changed by somebody: each change is refused, or found where it is.

use super::*;

#[test]
fn dropped_entry_is_named() {
    let sample = Sample::new();
    for dropped in [sample.assay, sample.ore.event, sample.transform, sample.sale] {
        let index = index_of(&sample, dropped);
        let bundle = tamper(&export(&sample, &[]), |file| file.ledgers[0].entries.retain(|entry| entry.index != index));
        let report = verify(&sample, &bundle);
        assert_eq!(report.overall(), Verdict::Contradicted);
        assert!(report.findings().any(|f| f.code == Code::OmittedReference && f.event == Some(dropped)), "{dropped}");
    }
}

#[test]
fn repeated_and_reordered_entries_are_refused_by_name() {
    let sample = Sample::new();
    let mut file = BundleFile::parse(export(&sample, &[]).as_bytes()).unwrap();
    let good = serde_json::to_string(&file).unwrap();
    let twice = file.ledgers[0].entries[4].clone();
    file.ledgers[0].entries.insert(5, twice);
    let repeated = serde_json::to_string(&file).unwrap();
    file.ledgers[0].entries.remove(5);
    file.ledgers[0].entries.swap(4, 5);
    let reordered = serde_json::to_string(&file).unwrap();
    assert!(BundleFile::parse(good.as_bytes()).is_ok());
    for bad in [repeated, reordered] {
        let error = BundleFile::parse(bad.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("at /ledgers/0/entries/5: expected entries in ascending order of index"), "{error}");
        assert!(sample.ledger.events.iter().any(|event| error.contains(&event.id.to_string())), "{error}");
    }
}

#[test]
fn forged_repeated_foreign_and_misplaced_disclosures_are_found_on_their_event() {
    let sample = Sample::new();
    let bundle = export(&sample, &[]);
    let index = index_of(&sample, sample.transform);
    let other =
        entry_of(&mut BundleFile::parse(bundle.as_bytes()).unwrap(), index_of(&sample, sample.ore.event)).clone();
    let forged = crate::envelope::Disclosure::new(&[9; 16], "batch", "\"B-9\"").unwrap();
    let changes: [&dyn Fn(&mut EntryFile); 3] = [
        &|entry| entry.disclosures[0] = forged.as_str().to_owned(),
        &|entry| entry.disclosures.push(forged.as_str().to_owned()),
        &|entry| entry.disclosures.push(other.disclosures[0].clone()),
    ];
    for change in changes {
        let bundle = tamper(&bundle, |file| {
            let entry = entry_of(file, index);
            change(entry);
            entry.disclosures.sort();
        });
        let report = verify(&sample, &bundle);
        assert_eq!(verdict(&report, Question::Integrity), Verdict::Contradicted);
        assert!(report.findings().any(|f| f.code == Code::Disclosure && f.event == Some(sample.transform)));
    }
    let mut file = BundleFile::parse(bundle.as_bytes()).unwrap();
    let twice = entry_of(&mut file, index).disclosures[0].clone();
    entry_of(&mut file, index).disclosures.insert(0, twice);
    assert!(BundleFile::parse(serde_json::to_string(&file).unwrap().as_bytes()).is_err());
}

#[test]
fn branch_that_does_not_belong_is_foreign() {
    let sample = Sample::new();
    let all: BTreeSet<u64> = (0..sample.ledger.entries.len() as u64).collect();
    let bundle = tamper(&export(&sample, &[]), |file| {
        let ledger = &mut file.ledgers[0];
        ledger.entries = (0u64..)
            .zip(&sample.ledger.entries)
            .map(|(index, bytes)| {
                let entry = crate::tlog::entry::EntryRef::parse(bytes).unwrap().to_entry();
                let (recorded_at, prev, jwt) = (entry.recorded_at, entry.prev, entry.jwt);
                EntryFile { index, recorded_at, prev, jwt, disclosures: Vec::new(), sum: String::new() }
            })
            .collect();
        ledger.nodes.clear();
        assert_eq!(all.len(), ledger.entries.len());
    });
    let report = verify(&sample, &bundle);
    let foreign: BTreeSet<EventId> =
        report.findings().filter(|f| f.code == Code::BundleForeign).filter_map(|f| f.event).collect();
    assert!(foreign.contains(&sample.other.event) && foreign.len() == 3);
    assert_eq!(verdict(&report, Question::Integrity), Verdict::Contradicted);
}

#[test]
fn superfluous_missing_and_changed_nodes_are_found() {
    let sample = Sample::new();
    let bundle = export(&sample, &[]);
    let changes: [&dyn Fn(&mut LedgerFile); 5] = [
        &|ledger| {
            ledger.nodes.pop();
        },
        &|ledger| ledger.nodes[0].2.0[0] ^= 1,
        &|ledger| ledger.nodes.push(NodeFile(40, 0, Sha256([0; 32]))),
        &|ledger| {
            ledger.statement.as_mut().unwrap().nodes.pop();
        },
        &|ledger| {
            ledger.statement.as_mut().unwrap().leaves.pop();
        },
    ];
    for change in changes {
        let report = verify(&sample, &tamper(&bundle, |file| change(&mut file.ledgers[0])));
        assert!(codes(&report).contains(&Code::NotInTree));
        assert_eq!(verdict(&report, Question::Integrity), Verdict::Contradicted);
    }
}

#[test]
fn double_spend_is_two_events_and_contradicts_custody() {
    let mut sample = Sample::new();
    let stale = crate::event::Dispatch {
        lots: vec![crate::event::Head { lot: sample.subject, after: sample.transform }],
        ..sample.ledger.dispatch_body(sample.works, &[], sample.mine)
    };
    let draft = sample.ledger.draft(sample.plant, stale);
    let (second, findings) = sample.ledger.try_record_draft(draft, &[]);
    assert!(findings.iter().any(|finding| finding.blocks()));
    let report = verify(&sample, &export(&sample, &[]));
    assert_eq!(verdict(&report, Question::Custody), Verdict::Contradicted);
    let finding = report.findings().find(|finding| finding.severity() == Severity::Breach).unwrap();
    assert_eq!((finding.event, finding.related.as_slice()), (Some(second), [sample.sale].as_slice()));
    assert_eq!(verdict(&report, Question::Integrity), Verdict::Confirmed);
}

#[test]
fn manifest_by_another_key_or_for_other_content_is_found() {
    let sample = Sample::new();
    let bundle = export(&sample, &[]);
    let mut file = BundleFile::parse(bundle.as_bytes()).unwrap();
    let (manifest, _) = Manifest::parse(&file.manifest).map(|(manifest, _)| (manifest, ())).unwrap();
    file.manifest = manifest.sign(&key(4)).unwrap();
    let report = verify(&sample, &file.to_json().unwrap());
    assert_eq!(codes(&report), BTreeSet::from([Code::BundleManifest]));
    let mut file = BundleFile::parse(bundle.as_bytes()).unwrap();
    entry_of(&mut file, index_of(&sample, sample.transform)).disclosures.pop();
    let report = verify(&sample, &file.to_json().unwrap());
    assert_eq!(codes(&report), BTreeSet::from([Code::BundleManifest]));
    assert_eq!(verdict(&report, Question::Integrity), Verdict::Contradicted);
}

#[test]
fn every_changed_byte_of_a_small_bundle_is_refused_or_found() {
    let (mut ledger, _) = TestLedger::new();
    let mine = ledger.party(3, "Mine");
    let pit = ledger.facility(mine, "PIT");
    let lot = ledger.source(mine, pit, "1000");
    ledger.party(7, "Nobody");
    let bundle = export_of(&ledger, lot, mine, None, &[]);
    let trust = trust(&ledger, mine);
    let asked = Asked { trust: &trust, as_of: day(30), recipient: None };
    let sound = UnverifiedBundle::read(bundle.as_bytes()).unwrap().verify(&asked).unwrap().report;
    assert_eq!(verdict(&sound, Question::Integrity), Verdict::Confirmed);
    (0..bundle.len()).into_par_iter().for_each(|at| {
        let mut bytes = bundle.clone().into_bytes();
        bytes[at] ^= 1 << (at % 6);
        let Ok(read) = UnverifiedBundle::read(&bytes) else { return };
        let report = read.verify(&asked).unwrap().report;
        assert_eq!(verdict(&report, Question::Integrity), Verdict::Contradicted, "byte {at}");
        assert_ne!(report.overall(), Verdict::Confirmed, "byte {at}");
    });
}
