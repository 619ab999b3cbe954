//! Changes by somebody who knows the format, and may hold a key: another's evidence, another lot's, an older one, a better one.

use super::attested::{AUTHORITY, as_of, attested, codes, grant, grants, is_confirmed, judge, resigned, trust};
use super::world::{Builder, MINE, SEPARATOR, World, builder, key};
use oretrail::bundle::BundleFile;
use oretrail::envelope::{Disclosure, Jws, Typ, sign_jws};
use oretrail::event::Kind;
use oretrail::finding::Code;
use oretrail::rules::trust::Trust;
use oretrail::tlog::entry::{self, Entry};
use oretrail::value::{LedgerId, LotId, PublicKey, Time};
use oretrail::verify::replay::{Raw, Replay};
use oretrail::verify::report::Report;
use serde_json::json;
use std::collections::BTreeSet;

struct Case {
    world: World,
    trust: Trust,
    file: BundleFile,
}

fn case() -> Case {
    let world = attested(None).world;
    let (trust, file) = (trust(&world, 9), BundleFile::parse(world.bundle(&[]).as_bytes()).unwrap());
    Case { world, trust, file }
}

impl Case {
    fn position(&self, kind: Kind) -> usize {
        let wanted = &self.world.event(kind).signed.jws;
        self.file.ledgers[0].entries.iter().position(|entry| entry.jwt == *wanted).unwrap()
    }

    /// Judged as it is, and with proofs and manifest made anew by the exporter: confirmed in neither case.
    fn unconfirmed(&self) -> Vec<Report> {
        let texts = [self.file.to_json().unwrap(), resigned(&self.world, self.file.clone(), |_| {})];
        let reports: Vec<Report> = texts.iter().filter_map(|text| judge(text.as_bytes(), &self.trust).ok()).collect();
        for report in &reports {
            assert!(!is_confirmed(report), "{:?}", report.verdicts);
        }
        reports
    }

    /// At least the version signed anew is read, and each that is read has this finding.
    fn found(&self, code: Code) {
        let reports = self.unconfirmed();
        assert!(!reports.is_empty(), "the file was not read");
        for report in reports {
            assert!(codes(&report).contains(&code), "expected {code}, found {:?}", codes(&report));
        }
    }
}

#[test]
fn disclosures_of_two_events_swapped() {
    let mut case = case();
    let (one, other) = (case.position(Kind::Source), case.position(Kind::Split));
    let entries = &mut case.file.ledgers[0].entries;
    let taken = std::mem::take(&mut entries[one].disclosures);
    entries[one].disclosures = std::mem::replace(&mut entries[other].disclosures, taken);
    case.found(Code::Disclosure);
}

#[test]
fn an_event_signed_again_by_another_party() {
    let mut case = case();
    let at = case.position(Kind::Source);
    let jwt = case.file.ledgers[0].entries[at].jwt.clone();
    let payload = Jws::parse(&jwt, Typ::Event).unwrap().payload().unwrap().to_owned();
    case.file.ledgers[0].entries[at].jwt = sign_jws(Typ::Event, &key(SEPARATOR), &payload).unwrap();
    case.found(Code::NotInTree);
    case.found(Code::ForeignKey);
}

#[test]
fn a_mass_raised_and_everything_downstream_rebalanced() {
    let mut case = case();
    for entry in &mut case.file.ledgers[0].entries {
        for text in &mut entry.disclosures {
            let disclosure = Disclosure::parse(text).unwrap();
            if disclosure.name() == "quantity" {
                let doubled = disclosure
                    .value()
                    .replace("1500.25", "3000.5")
                    .replace("1000", "2000.25")
                    .replace("999.5", "1999.75");
                *text = Disclosure::new(&[7; 16], "quantity", &doubled).unwrap().as_str().to_owned();
            }
        }
        entry.disclosures.sort();
    }
    case.found(Code::Disclosure);
}

/// The example ledger, after which a party corrects a mass of one of its events.
fn corrected(
    b: &mut Builder,
    seed: u8,
    party: usize,
    (kind, object, kg): (Kind, &str, &str),
) -> oretrail::value::EventId {
    let (target, iss) = (b.world.event(kind).signed.event.id, b.world.entries[party].signed.event.id);
    let body = json!({
        "target": target, "action": "overlay", "reason": "remeasured", "found_by": "issuer",
        "changes": [{ "object": object, "leaf": "quantity", "value": { "net_dry": kg } }]
    });
    b.record((seed, Some(iss.into())), Kind::Correct, body, None)
}

/// The mass of neodymium that the subject of a bundle holds.
fn neodymium(text: &str, trust: &Trust) -> String {
    let asked = oretrail::bundle::Asked { trust, as_of: as_of(), recipient: None };
    let bundle = oretrail::bundle::UnverifiedBundle::read(text.as_bytes()).unwrap();
    let trail = bundle.verify(&asked).unwrap().trail().unwrap().unwrap();
    let report = oretrail::policy::provenance::ProvenanceReport::of(&trail, as_of(), &[]).unwrap();
    let element = report.elements.iter().find(|lines| lines.element == oretrail::value::Element::Nd).unwrap();
    element.mass.least.to_string()
}

#[test]
fn masses_corrected_upwards_after_the_fact_move_nothing_that_another_party_weighed() {
    // The mine mixes in foreign ore and corrects what it wrote, from the pit on. The receiver's weighing stands.
    let honest = attested(None).world;
    let trust = trust(&honest, 9);
    let mut b = attested(None);
    let corrections = [
        (Kind::Source, "/body/outputs/0", "3000.5"),
        (Kind::Split, "/body/outputs/0", "2000.25"),
        (Kind::Split, "/body/outputs/1", "1000"),
    ];
    let ids = corrections.map(|one| corrected(&mut b, MINE, 0, one));
    let text = b.world.bundle(&[]);
    assert_eq!(neodymium(&text, &trust), neodymium(&honest.bundle(&[]), &trust), "the lot became no heavier");
    let report = judge(text.as_bytes(), &trust).unwrap();
    let named = |code: Code, event: oretrail::value::EventId| {
        let is_named = |finding: &&oretrail::finding::Finding| finding.code == code && finding.related.contains(&event);
        report.findings().any(|finding| is_named(&finding))
    };
    assert!(named(Code::CorrectedUpstream, ids[0]), "{:?}", report.status);
    assert!(codes(&report).contains(&Code::ReceiptDifference), "{:?}", codes(&report));
    // Who leaves the corrections out of a file has left something out.
    let mut file = BundleFile::parse(text.as_bytes()).unwrap();
    for id in ids {
        let jws = &b.world.entries.iter().find(|one| one.signed.event.id == id).unwrap().signed.jws;
        let before = file.ledgers[0].entries.len();
        file.ledgers[0].entries.retain(|entry| entry.jwt != *jws);
        assert_eq!(file.ledgers[0].entries.len(), before - 1, "the file holds the correction");
    }
    let without = resigned(&b.world, file, |_| {});
    assert!(judge(without.as_bytes(), &trust).map_or(true, |report| !is_confirmed(&report)));
}

#[test]
fn a_receipt_corrected_upwards_is_more_out_than_in() {
    let honest = attested(None).world;
    let trust = trust(&honest, 9);
    assert!(is_confirmed(&judge(honest.bundle(&[]).as_bytes(), &trust).unwrap()));
    let mut b = attested(None);
    let id = corrected(&mut b, SEPARATOR, 3, (Kind::Receive, "/body/lots/0", "1999"));
    let report = judge(b.world.bundle(&[]).as_bytes(), &trust).unwrap();
    assert!(!is_confirmed(&report), "{:?}", report.verdicts);
    let gain = report.findings().find(|finding| finding.code == Code::ElementGain);
    let receipt = b.world.event(Kind::Receive).signed.event.id;
    assert_eq!(gain.and_then(|finding| finding.event), Some(receipt), "{:?}, corrected by {id}", codes(&report));
}

#[test]
fn an_event_backdated() {
    let mut case = case();
    let at = case.position(Kind::Dispatch);
    let entry = &mut case.file.ledgers[0].entries[at];
    entry.recorded_at = entry.recorded_at.plus(-86_400);
    case.found(Code::NotInTree);
}

#[test]
fn a_branch_cut_out_of_the_lineage() {
    for kind in [Kind::Source, Kind::Split, Kind::Dispatch, Kind::Receive, Kind::Facility] {
        let mut case = case();
        let at = case.position(kind);
        case.file.ledgers[0].entries.remove(at);
        let reports = case.unconfirmed();
        assert!(!reports.is_empty(), "{kind}: the file was not read");
        assert!(reports.iter().all(|report| !report.is_sound()), "{kind}");
    }
}

#[test]
fn a_branch_of_another_lot_spliced_in() {
    // The exporter shows the lineage of one part and says that it is that of the other, which stayed at the mine.
    let case = case();
    let split = case.world.event(Kind::Split).signed.event.id;
    let text = resigned(&case.world, case.file.clone(), |manifest| manifest.subject = LotId::new(split, 1));
    let report = judge(text.as_bytes(), &case.trust).unwrap();
    assert!(!is_confirmed(&report) && !report.is_sound(), "{:?}", report.verdicts);
    assert!(codes(&report).contains(&Code::BundleForeign), "{:?}", codes(&report));
    let nowhere = resigned(&case.world, case.file.clone(), |manifest| manifest.subject = LotId::new(split, 7));
    assert!(judge(nowhere.as_bytes(), &case.trust).map_or(true, |report| !is_confirmed(&report)));
}

#[test]
fn an_old_checkpoint_replayed() {
    // Of a size before the lot was received: the entries after it are not below it.
    let mut case = case();
    case.file.ledgers[0].checkpoints = vec![case.world.checkpoint(7).to_string()];
    case.unconfirmed();
    // An honest bundle of an old state: judged by somebody who has seen a later one.
    let case = self::case();
    let mut seen = case.trust.clone();
    let mut later = attested(None);
    later.record(
        (AUTHORITY, Some(case.world.entries[9].signed.event.id.into())),
        Kind::Accredit,
        grant(
            "party-identity",
            json!({ "party": case.world.entries[9].signed.event.id }),
            "2020-01-01T00:00:00Z",
            None,
        ),
        None,
    );
    let head = later.world.checkpoint(later.world.entries.len()).head();
    seen.checkpoints =
        vec![oretrail::rules::trust::KnownCheckpoint { ledger: case.world.ledger, size: head.size, root: head.root }];
    let report = judge(case.file.to_json().unwrap().as_bytes(), &seen).unwrap();
    assert!(!is_confirmed(&report), "{:?}", report.verdicts);
    // And by somebody who asks for a recent one.
    seen = Trust { greatest_checkpoint_age_days: Some(1), ..case.trust.clone() };
    let report = judge(case.file.to_json().unwrap().as_bytes(), &seen).unwrap();
    assert!(!is_confirmed(&report), "{:?}", report.verdicts);
}

#[test]
fn an_event_moved_to_another_ledger() {
    // The other ledger's operator records, as its own, an event that was written for this one.
    let world = builder().world;
    let moved = world.event(Kind::Source);
    let other = LedgerId::derive("other.example/log", &world.log_key.to_string());
    let mut replay = Replay::new(other);
    let mut prev = entry::first_prev(other);
    let mut found = BTreeSet::new();
    for one in [&world.entries[0], &world.entries[2], moved] {
        let entry = Entry { prev, recorded_at: as_of(), jwt: one.signed.jws.clone() }.format().unwrap();
        prev = entry::link(&entry);
        let entered = replay.push(&[Raw { entry: &entry, disclosures: &[] }]).unwrap().remove(0);
        found = entered.findings.into_iter().map(|finding| finding.code).collect();
    }
    assert!(found.contains(&Code::OtherLedger), "{found:?}");
}

fn confirmed(b: Builder, authority: usize) -> Report {
    let world = b.world;
    let trust = trust(&world, authority);
    judge(world.bundle(&[]).as_bytes(), &trust).unwrap()
}

#[test]
fn an_accreditation_extended() {
    // It ended before the material was made. Its holder writes a later end into it, or the authority's rival says so.
    let ended = confirmed(attested(Some("2026-01-01T00:00:00Z")), 9);
    assert!(!is_confirmed(&ended), "an accreditation that ended counts");
    let world = attested(Some("2026-01-01T00:00:00Z")).world;
    let trust = trust(&world, 9);
    let mut file = BundleFile::parse(world.bundle(&[]).as_bytes()).unwrap();
    let mut changed = 0;
    for entry in &mut file.ledgers[0].entries {
        let payload = Jws::parse(&entry.jwt, Typ::Event).unwrap().payload().unwrap().to_owned();
        let longer = payload.replace("\"valid_to\":\"2026-01-01T00:00:00Z\"", "\"valid_to\":\"2036-01-01T00:00:00Z\"");
        if longer != payload {
            entry.jwt = sign_jws(Typ::Event, &key(MINE), &longer).unwrap();
            changed += 1;
        }
    }
    assert!(changed > 0);
    let report = judge(resigned(&world, file, |_| {}).as_bytes(), &trust);
    assert!(report.map_or(true, |report| !report.is_sound() && !is_confirmed(&report)));
}

#[test]
fn a_site_accredited_by_its_own_operator() {
    let mut b = builder();
    let mine = b.world.entries[0].signed.event.id;
    grants(&mut b, (MINE, Some(mine.into())), None);
    // Somebody else is trusted: what the mine says of itself is worth nothing.
    let report = confirmed(b, 3);
    assert!(!is_confirmed(&report));
    // In the trusted authority's name, with the mine's key: refused by whoever reads it.
    let mut b = attested(None);
    let authority = b.world.entries[9].signed.event.id;
    let body =
        grant("site-location", json!({ "facility": b.world.entries[2].signed.event.id }), "2020-01-01T00:00:00Z", None);
    let draft = b.draft((MINE, Some(authority.into())), Kind::Accredit, body);
    let signed = b.sign(MINE, draft, &[]);
    assert_eq!(Jws::parse(&signed.jws, Typ::Event).unwrap().kid(), PublicKey::from(&key(MINE)).id());
    b.push(MINE, signed);
    let world = b.world;
    let mut replay = Replay::new(world.ledger);
    let mut last = Vec::new();
    for one in &world.entries {
        last = replay.push(&[Raw { entry: &one.entry, disclosures: &[] }]).unwrap().remove(0).findings;
    }
    assert!(last.iter().any(|finding| finding.code == Code::ForeignKey), "{last:?}");
}

#[test]
fn a_future_as_of_does_not_help() {
    // Judged before it was recorded, the evidence does not exist.
    let case = case();
    let early: Time = "2026-11-03T08:00:00Z".parse().unwrap();
    let asked = oretrail::bundle::Asked { trust: &case.trust, as_of: early, recipient: None };
    let text = case.file.to_json().unwrap();
    let report = oretrail::bundle::UnverifiedBundle::read(text.as_bytes()).unwrap().verify(&asked).unwrap().report;
    assert!(!is_confirmed(&report));
}
