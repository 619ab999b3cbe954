mod random;

use crate::bundle::{Asked, BundleFile, Export, ProveLeaves, UnverifiedBundle, Verification, Withhold, write};
use crate::event::{Kind, Process, Scheme};
use crate::lineage::provenance::{Pass, Source};
use crate::policy::trail::{PlaceLevel, TimeLevel, Trail};
use crate::rules::trust::{Authority, Trust, TrustedLedger};
use crate::testing::{Sample, day, key, text, witness};
use crate::value::Element;
use std::collections::BTreeSet;

fn trust(sample: &Sample) -> Trust {
    let schemes = vec![Scheme::PartyIdentity, Scheme::SiteLocation];
    let (name, countries, processes) = (None, Vec::new(), Vec::new());
    let authority = Authority { party: sample.authority, name, schemes, countries, processes, least_key_head: None };
    let ledger = TrustedLedger { id: sample.ledger.id, vkey: Some(text(&sample.ledger.vkey.to_string())), name: None };
    Trust { ledgers: vec![ledger], authorities: vec![authority], ..Trust::nobody() }
}

fn export(sample: &Sample, withhold: &[&str], with_statement: bool) -> String {
    let (tree, note) = sample.ledger.statement();
    let withhold = Withhold::parse(withhold.iter().copied()).unwrap();
    let statement: Option<(&dyn ProveLeaves, _)> = with_statement.then_some((&tree, &note));
    let (subject, by) = (sample.subject, sample.plant);
    let holes = BTreeSet::new();
    let export = Export {
        subject,
        by,
        recipient: None,
        created: day(20),
        withhold: &withhold,
        foreign: &[],
        since: Vec::new(),
        holes,
        statement,
        documents: None,
    };
    write(&sample.ledger, &export, &key(3)).unwrap()
}

fn verified(bundle: &str, trust: &Trust, as_of: i64) -> Verification {
    let asked = Asked { trust, as_of: day(as_of), recipient: None };
    UnverifiedBundle::read(bundle.as_bytes()).unwrap().verify(&asked).unwrap()
}

fn trail_of(bundle: &str, trust: &Trust, as_of: i64) -> Trail {
    verified(bundle, trust, as_of).trail().unwrap().unwrap()
}

#[test]
fn trail_says_what_happened_where_and_how_well_it_is_evidenced() {
    let sample = Sample::new();
    let trail = trail_of(&export(&sample, &[], true), &trust(&sample), 30);
    assert!(trail.is_sound && trail.is_complete);
    assert_eq!(trail.subject().unwrap().id, sample.subject);
    let kinds: Vec<Kind> = trail.steps.iter().map(|step| step.kind).collect();
    assert_eq!(kinds, [Kind::Source, Kind::Dispatch, Kind::Receive, Kind::Transform, Kind::Dispatch]);
    for step in &trail.steps {
        assert_eq!((step.place.level, step.time), (PlaceLevel::Accredited, TimeLevel::Declared), "{}", step.kind);
        assert!(step.place.needed.is_empty() && step.place.against.is_empty() && step.findings.is_empty());
        assert_eq!(step.country.map(|country| country.to_string()).as_deref(), Some("US"));
    }
    assert_eq!(trail.steps[0].processes, [Process::Mine]);
    assert_eq!(trail.steps[3].event, sample.transform);
    let ore = trail.lots.iter().position(|lot| lot.id == sample.ore).unwrap();
    assert_eq!(trail.lots[ore].assays.iter().map(|assay| assay.event).collect::<Vec<_>>(), [sample.assay]);
    assert!(!trail.lots[ore].assays[0].accredited && !trail.lots[ore].assays[0].needed.is_empty());
    assert_eq!((trail.lots[ore].made_by, trail.lots[trail.subject].made_by), (Some(0), Some(3)));
}

#[test]
fn a_time_is_witnessed_where_enough_witnesses_of_the_trust_file_cosigned_a_checkpoint_over_it() {
    let mut sample = Sample::new();
    sample.ledger.witness = Some(77);
    let file = export(&sample, &[], true);
    let times = |asked: Option<u8>| -> BTreeSet<TimeLevel> {
        let witnesses = asked.map(|number| format!("witness w {}\nquorum w\n", witness(number)));
        let trust = Trust { witnesses, ..trust(&sample) };
        trail_of(&file, &trust, 30).steps.iter().map(|step| step.time).collect()
    };
    assert_eq!(times(Some(77)), BTreeSet::from([TimeLevel::Witnessed]));
    assert_eq!(times(Some(78)), BTreeSet::from([TimeLevel::Declared]), "another witness is asked for");
    assert_eq!(times(None), BTreeSet::from([TimeLevel::Declared]), "nobody is asked for");
}

#[test]
fn all_of_the_subject_comes_from_the_mine() {
    let sample = Sample::new();
    let trail = trail_of(&export(&sample, &[], true), &trust(&sample), 30);
    let nd = trail.provenance.element(Element::Nd).unwrap();
    // 600 kg at 5 % Nd2O3, of which 85.73 % is Nd.
    assert!(nd.total.is_exact() && nd.total.least > 25_000_000 && nd.total.least < 26_000_000);
    assert!(nd.steps.iter().all(|step| *step == Some(nd.total)));
    let origins: Vec<_> = nd.origins.iter().map(|origin| (origin.source, origin.pass, origin.mass)).collect();
    let ore = trail.lots.iter().position(|lot| lot.id == sample.ore).unwrap();
    assert_eq!(origins, [(Source::Lot(ore), Pass::Straight, nd.total)]);
}

#[test]
fn withheld_values_leave_intervals_that_hold_the_exact_result() {
    let sample = Sample::new();
    let exact = trail_of(&export(&sample, &[], true), &trust(&sample), 30);
    for withhold in [&["quantity"][..], &["composition"], &["quantity", "composition", "results"]] {
        let trail = trail_of(&export(&sample, withhold, true), &trust(&sample), 30);
        assert!(trail.is_complete, "values may be withheld from a complete trail");
        let (known, shown) = (exact.provenance.element(Element::Nd).unwrap(), trail.provenance.element(Element::Nd));
        let shown = shown.unwrap();
        assert!(shown.total.contains(&known.total) && !shown.total.is_exact(), "{withhold:?}");
        for (shown, known) in shown.lots.iter().zip(&known.lots).chain(shown.steps.iter().zip(&known.steps)) {
            assert!(shown.unwrap().contains(&known.unwrap()), "{withhold:?}");
        }
        let origin = |source: &Source| shown.origins.iter().find(|origin| origin.source == *source).unwrap().mass;
        assert!(known.origins.iter().all(|known| origin(&known.source).contains(&known.mass)));
    }
}

#[test]
fn without_trust_nothing_is_sound_and_every_place_is_declared() {
    let sample = Sample::new();
    let trail = trail_of(&export(&sample, &[], true), &Trust::nobody(), 30);
    assert!(!trail.is_sound && trail.is_complete);
    for step in &trail.steps {
        assert_eq!(step.place.level, PlaceLevel::Declared);
        assert!(step.place.needed[0].starts_with("an accreditation of facility "), "{}", step.place.needed[0]);
    }
    assert!(trail.steps[3].place.needed[0].contains("covering beneficiate on 2026-"));
}

#[test]
fn without_a_completeness_statement_or_before_the_last_step_it_is_not_complete() {
    let sample = Sample::new();
    assert!(!trail_of(&export(&sample, &[], false), &trust(&sample), 30).is_complete);
    // The subject was dispatched on day 14.
    assert!(!trail_of(&export(&sample, &[], true), &trust(&sample), 13).is_complete);
    assert!(trail_of(&export(&sample, &[], true), &trust(&sample), 14).is_complete);
}

#[test]
fn evidence_whose_integrity_does_not_hold_has_no_trail() {
    let sample = Sample::new();
    let trust = trust(&sample);
    let asked = Asked { trust: &trust, as_of: day(30), recipient: None };
    let entries = BundleFile::parse(export(&sample, &[], true).as_bytes()).unwrap().ledgers[0].entries.len();
    for number in 0..entries {
        let mut file = BundleFile::parse(export(&sample, &[], true).as_bytes()).unwrap();
        let entry = &mut file.ledgers[0].entries[number];
        entry.recorded_at = entry.recorded_at.plus(1);
        let changed = UnverifiedBundle::read(file.to_json().unwrap().as_bytes()).unwrap();
        assert!(changed.verify(&asked).unwrap().trail().unwrap().is_none(), "entry {number}");
    }
}
