//! Codes of the families `place`, `time`, `evidence`, `status` and `custody`.

use super::*;
use crate::event::*;
use crate::rules::trust::{Authority, Laboratory};
use crate::state::{Put as _, Record, Revocation};
use crate::value::{EventId, FacilityId, LotId, PartyId};

fn world() -> (World, PartyId, FacilityId) {
    let mut world = World::new();
    let party = world.party(1);
    let facility = world.facility(party, "US", "35.48,-115.53");
    (world, party, facility)
}

fn ore() -> Vec<Lot> {
    vec![lot(Form::Ore, "100", "")]
}

#[test]
fn a_point_outside_its_country_is_found_and_a_border_or_the_sea_is_not() {
    let country = |country: &str, point: &str| {
        let mut w = World::new();
        let party = w.party(1);
        w.facility(party, country, point);
        review_all(&w, &Trust::nobody())
    };
    let found = country("MY", "29.87,121.55");
    assert_eq!(found[0].code, Code::OutsideCountry);
    assert_eq!(found[0].found, "29.87,121.55, in CN");
    assert!(country("EE", "59.36,28.15").is_empty());
    assert!(country("US", "30,-40").is_empty());
    assert!(country("CN", "22.3,114.17").is_empty() && country("HK", "22.3,114.17").is_empty());
}

#[test]
fn a_successor_outside_the_fence_and_a_shared_point_are_found() {
    let (mut w, by, old) = world();
    w.record(by, Facility { supersedes: Some(old), ..facility("US", "35.6,-115.53") });
    assert_eq!(codes(&w), [Code::OutsideFence]);
    let (mut w, _, _) = world();
    let other = w.party(2);
    w.facility(other, "US", "35.4805,-115.53");
    assert_eq!(codes(&w), [Code::SharedPoint]);
    let mut w = World::new();
    for number in [1, 2] {
        let party = w.party(number);
        w.record(party, Facility { site: Some(text("Park")), ..facility("US", "35.48,-115.53") });
    }
    assert_eq!(codes(&w), []);
}

#[test]
fn more_than_the_capacity_of_a_year_is_found_once() {
    let mut w = World::new();
    let by = w.party(1);
    let capacity = Capacity { process: Process::Press, year: Some(2026), mass: "150".parse().unwrap() };
    let at = w.record(by, Facility { capacity: vec![capacity], ..facility("US", "35.48,-115.53") }).into();
    for _ in 0..4 {
        let source = w.source(by, at, vec![lot(Form::Powder, "60", "")]);
        let head = w.head(source, 0);
        w.record(by, transform(at, &[Process::Press], vec![head], vec![lot(Form::Block, "60", "")]));
    }
    let found = review_all(&w, &Trust::nobody());
    assert_eq!(found.len(), 1);
    assert_eq!(
        found[0].to_string(),
        "place.over-capacity: expected at most 150 kg by `press` in 2026, found 180 kg so far"
    );
}

#[test]
fn goods_do_not_travel_faster_than_an_aircraft_or_back_in_time() {
    let travel = |days: i64| {
        let (mut w, by, at) = world();
        let other = w.party(2);
        let there = w.facility(other, "MY", "3.99,103.37");
        let source = w.source(by, at, ore());
        w.day = 10;
        let head = w.head(source, 0);
        let sent = w.record(by, dispatch(w.ledger, &[head], at, other));
        w.day += days;
        w.record(other, receive(sent, &[head], there));
        codes(&w)
    };
    assert_eq!(travel(1), [Code::AssayMissing]);
    assert_eq!(travel(0), [Code::TooFast, Code::AssayMissing]);
    assert_eq!(travel(-1), [Code::ReceiveBeforeDispatch, Code::AssayMissing]);
}

#[test]
fn a_lot_is_not_used_before_it_is_made_unless_a_correction_says_so() {
    let (mut w, by, at) = world();
    w.day = 20;
    let source = w.source(by, at, ore());
    w.day = 10;
    let head = w.head(source, 0);
    w.record(by, split(at, head, ore(), None));
    assert_eq!(codes(&w), [Code::OutputBeforeInput]);
    w.day = 20;
    let correction = Correct { changes: Vec::new(), at: Some(time(5)), ..overlay(source, "", "", 0) };
    w.record(by, correction);
    assert_eq!(codes(&w), [Code::CorrectedUpstream]);
}

#[test]
fn a_correction_is_noted_for_the_lot_on_whose_account_it_matters() {
    let (mut w, by, at) = world();
    let other = w.party(2);
    let (one, two) = (w.source(by, at, ore()), w.source(by, at, ore()));
    let heads = [w.head(one, 0), w.head(two, 0)];
    w.record(by, dispatch(w.ledger, &heads, at, other));
    w.record(by, Correct { changes: Vec::new(), at: Some(time(0)), ..overlay(one, "", "", 0) });
    let found = review_all(&w, &Trust::nobody());
    let lots: Vec<_> =
        found.iter().filter(|one| one.code == Code::CorrectedUpstream).map(|finding| finding.lot).collect();
    assert_eq!(lots, [Some(LotId::new(one, 0))]);
}

#[test]
fn unanswered_dispatches_are_noted() {
    let (mut w, by, at) = world();
    let other = w.party(2);
    let source = w.source(by, at, ore());
    let head = w.head(source, 0);
    w.record(by, dispatch(w.ledger, &[head], at, other));
    assert_eq!(codes(&w), [Code::OpenDispatch]);
}

#[test]
fn late_recording_is_noted() {
    let (mut w, by, at) = world();
    w.source(by, at, ore());
    w.recorded.last_mut().unwrap().0.payload.when = When::At(time(-31));
    assert_eq!(codes(&w), [Code::RecordedLate]);
}

#[test]
fn assays_that_disagree_are_found_until_an_umpire_or_a_newer_one_settles_it() {
    let (mut w, by, at) = world();
    let other = w.party(2);
    let source = w.source(by, at, vec![lot(Form::Oxide, "100", "Nd 0.8")]);
    let lot = LotId::new(source, 0);
    w.record(by, assay(lot, AssayStatus::Final, "Nd 0.8 ~0.004"));
    assert_eq!(codes(&w), [Code::CertificateIncomplete]);
    let second = w.record(other, assay(lot, AssayStatus::Final, "Nd 0.79 ~0.004"));
    assert!(codes(&w).contains(&Code::AssaysDisagree));
    let newer = Assay { supersedes: Some(second), ..assay(lot, AssayStatus::Final, "Nd 0.799 ~0.004") };
    w.record(other, newer);
    assert!(!codes(&w).contains(&Code::AssaysDisagree));
}

#[test]
fn a_provisional_assay_is_noted_until_a_final_one_is_there() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Oxide, "100", "Nd 0.8")]);
    let lot = LotId::new(source, 0);
    w.record(by, assay(lot, AssayStatus::Provisional, "Nd 0.8"));
    assert_eq!(codes(&w), [Code::AssayProvisional]);
    w.record(by, assay(lot, AssayStatus::Final, "Nd 0.8"));
    assert_eq!(codes(&w), [Code::CertificateIncomplete]);
}

#[test]
fn a_complete_certificate_passes_and_missing_members_are_named() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Oxide, "100", "Nd 0.8")]);
    let day = || "2026-01-01".parse().ok();
    let sample = Sample {
        id: text("S1"),
        mass: None,
        seal: None,
        sampler: None,
        plan: Some(text("ISO 3082")),
        description: Some(text("powder, dry")),
    };
    let report = Report {
        title: text("Test report"),
        number: text("1"),
        customer: Some(text("Example")),
        relates_only_to_items: Some(true),
        deviations: None,
        authorized_by: Some(text("A. Example")),
        external: None,
        decision_rule: None,
    };
    let complete = Assay {
        facility: Some(at),
        received: day(),
        performed: day(),
        issued: day(),
        sample: Some(sample.clone()),
        report: Some(report.clone()),
        ..assay(LotId::new(source, 0), AssayStatus::Final, "Nd 0.8")
    };
    let id = w.record(by, complete.clone());
    assert_eq!(codes(&w), []);
    // Each member by itself, named as the clause names it.
    let of_report = |report: Report| Assay { report: Some(report), ..complete.clone() };
    let of_sample = |sample: Sample| Assay { sample: Some(sample), ..complete.clone() };
    let cases = [
        (
            "a (title), d (unique identification), e (customer), l (results relate only to the items tested), o (person \
          authorizing the report)",
            Assay { report: None, ..complete.clone() },
        ),
        ("c (location of the activity)", Assay { facility: None, ..complete.clone() }),
        ("e (customer)", of_report(Report { customer: None, ..report.clone() })),
        ("g (description and condition of the item)", of_sample(Sample { description: None, ..sample.clone() })),
        ("h (date of receipt or sampling)", Assay { received: None, ..complete.clone() }),
        ("i (date of performance)", Assay { performed: None, ..complete.clone() }),
        ("j (date of issue)", Assay { issued: None, ..complete.clone() }),
        ("k (sampling plan and method)", of_sample(Sample { plan: None, ..sample.clone() })),
        (
            "l (results relate only to the items tested)",
            of_report(Report { relates_only_to_items: None, ..report.clone() }),
        ),
        ("o (person authorizing the report)", of_report(Report { authorized_by: None, ..report.clone() })),
    ];
    for (missing, assay) in cases {
        let (mut w, by, _) = world();
        w.source(by, at, vec![lot(Form::Oxide, "100", "Nd 0.8")]);
        w.record(by, assay);
        let found = review_all(&w, &Trust::nobody());
        let found: Vec<&str> = found.iter().map(|finding| finding.found.as_str()).collect();
        assert_eq!(found, [format!("a report without {missing}")]);
    }
    w.record_portable(by, overlay(id, "/body", "report", Report { customer: None, authorized_by: None, ..report }));
    let found = review_all(&w, &Trust::nobody());
    assert_eq!(found[0].found, "a report without e (customer), o (person authorizing the report)");
    let maybe = Assay { report: None, hidden: vec![SdDigest([0; 32])], ..complete };
    let (mut w, by, _) = world();
    let _ = w.try_record(by, maybe);
    assert_eq!(codes(&w), []);
}

#[test]
fn an_impossible_magnet_is_found_on_its_assay() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Magnet, "1", "")]);
    let measured = |text: &str| Measured { value: text.parse().unwrap(), uncertainty: None };
    let magnetic = Magnetic {
        grade: None,
        br: measured("1.32"),
        hcb: None,
        hcj: measured("1592"),
        bhmax: measured("400"),
        temperature: None,
        density: None,
    };
    let body =
        Assay { magnetic: Some(magnetic), results: None, ..assay(LotId::new(source, 0), AssayStatus::Provisional, "") };
    w.record(by, body);
    assert!(codes(&w).contains(&Code::ImpossibleMagnet));
}

#[test]
fn sites_and_parties_nobody_trusted_vouches_for_are_noted_if_somebody_is_trusted() {
    let (mut w, by, at) = world();
    let authority = w.party(7);
    let accredit = |scheme, subject| Accredit {
        action: AccreditAction::Grant,
        scheme: Some(scheme),
        subject,
        grant: None,
        scope: None,
        valid_from: time(0),
        valid_to: None,
        certificate: None,
        hidden: Vec::new(),
    };
    w.source(by, at, ore());
    let entry = Authority {
        party: authority,
        name: None,
        schemes: vec![Scheme::SiteLocation, Scheme::PartyIdentity],
        countries: Vec::new(),
        processes: Vec::new(),
        least_key_head: None,
    };
    let trust = Trust { authorities: vec![entry], ..Trust::nobody() };
    let found = |w: &World| review_all(w, &trust).iter().map(|finding| finding.code).collect::<Vec<_>>();
    assert_eq!(codes(&w), []);
    assert_eq!(undecided(&Trust::nobody()).len(), 4);
    assert_eq!(found(&w), [Code::SiteNotAccredited, Code::PartyNotAccredited]);
    let grant = w.record(authority, accredit(Scheme::SiteLocation, Subject::Facility(at)));
    w.record(authority, accredit(Scheme::PartyIdentity, Subject::Party(by)));
    assert_eq!(found(&w), []);
    let mut suspend = accredit(Scheme::SiteLocation, Subject::Facility(at));
    (suspend.action, suspend.scheme, suspend.grant) = (AccreditAction::Suspend, None, Some(grant));
    w.record(authority, suspend);
    assert_eq!(found(&w), [Code::AccreditationSuspended]);
}

#[test]
fn what_a_key_signed_in_other_hands_is_found() {
    let (mut w, by, at) = world();
    w.day = 10;
    let early = w.source(by, at, ore());
    w.day = 20;
    let late = w.source(by, at, ore());
    let kid = w.recorded.last().unwrap().0.kid;
    let mut key = w.state.key(&kid).unwrap().unwrap();
    let reason = RevocationReason::Compromised;
    key.revoked = Some(Revocation { by: early, recorded_at: time(30), reason, compromised_since: Some(time(15)) });
    w.state.put(&[Record::Key(kid, key)]);
    let found = review_all(&w, &Trust::nobody());
    assert_eq!(found.iter().map(|f| (f.code, f.event)).collect::<Vec<_>>(), [(Code::KeyCompromised, Some(late))]);
}

#[test]
fn what_builds_on_something_withdrawn_is_found() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Oxide, "100", "Nd 0.8")]);
    let of = LotId::new(source, 0);
    let first = w.record(by, assay(of, AssayStatus::Provisional, "Nd 0.7"));
    let withdraw = Correct { action: CorrectAction::Withdraw, changes: Vec::new(), ..overlay(first, "", "", 0) };
    w.record_portable(by, withdraw);
    assert_eq!(codes(&w), []);
    let next = Assay { supersedes: Some(first), ..assay(of, AssayStatus::Provisional, "Nd 0.8") };
    w.record(by, next);
    assert_eq!(codes(&w), [Code::AssayProvisional, Code::WithdrawnUpstream]);
}

#[test]
fn only_the_operators_own_events_have_declared_times_without_a_witness() {
    let (mut w, by, at) = world();
    w.source(by, at, ore());
    let found = |operator| {
        let change = move |facts: &mut Facts| facts.operator = Some(operator);
        review_with(&w, &Trust::nobody(), &change).iter().map(|finding| finding.code).collect::<Vec<_>>()
    };
    assert_eq!(found(by), [Code::DeclaredOnly]);
    assert_eq!(found(PartyId([9; 32])), []);
}

#[test]
fn laboratories_need_trust_for_method_and_analytes() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, vec![lot(Form::Oxide, "100", "Nd 0.8")]);
    w.record(by, assay(LotId::new(source, 0), AssayStatus::Final, "Nd 0.8"));
    let found = |party, method| {
        let entry = Laboratory { party, name: None, methods: vec![method], analytes: Vec::new() };
        let trust = Trust { laboratories: vec![entry], ..Trust::nobody() };
        review_all(&w, &trust).iter().any(|finding| finding.code == Code::LaboratoryNotAccredited)
    };
    assert!(!found(by, Method::IcpOes) && found(by, Method::Xrf) && found(PartyId([9; 32]), Method::IcpOes));
}

#[test]
fn an_event_that_breaks_a_rule_of_admission_taints_what_follows() {
    let (mut w, by, at) = world();
    let source = w.source(by, at, ore());
    let head = w.head(source, 0);
    let (broken, findings) = w.try_record(by, split(at, head, vec![lot(Form::Ore, "101", "")], None));
    assert_eq!(findings[0].code, Code::SplitSum);
    let head = w.head(broken, 0);
    let next = w.record(by, split(at, head, vec![lot(Form::Ore, "101", "")], None));
    let found = review_all(&w, &Trust::nobody());
    assert_eq!((found[0].code, found[0].event), (Code::TaintedUpstream, Some(next)));
    assert_eq!(found[0].related, [broken]);
}

#[test]
fn an_assay_withdrawn_leaves_the_others_in_their_order() {
    use crate::rules::review::lots::{Lots, NewAssay};
    use crate::state::numbers::{EventNo, LotNo};
    let (made, by) = (lot(Form::Block, "1", ""), EventNo(9));
    for taken in [vec![], vec![0], vec![1], vec![2], vec![0, 2], vec![1, 2], vec![2, 1], vec![0, 1, 2]] {
        let mut lots = Lots::default();
        lots.insert(LotNo(0), by, &made);
        let assayed = assay(LotId::new(EventId::of_signing_input(b"lot"), 0), AssayStatus::Final, "Nd 0.8");
        let add = |lots: &mut Lots, number| {
            lots.add_assay(LotNo(0), NewAssay { event: EventNo(number), by, old: None, assay: &assayed });
        };
        (0..3).for_each(|number| add(&mut lots, number));
        taken.iter().for_each(|number| lots.remove_assay(LotNo(0), EventNo(*number)));
        add(&mut lots, 3);
        let left: Vec<u32> = lots.get(LotNo(0)).unwrap().assays().map(|assay| assay.event.0).collect();
        let expected: Vec<u32> = (0..4).filter(|number| !taken.contains(number)).collect();
        assert_eq!(left, expected, "{taken:?} withdrawn");
    }
}
