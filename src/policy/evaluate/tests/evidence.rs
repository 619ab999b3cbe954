//! What is evidenced too weakly, in part, or with masses withheld.

use super::*;

#[test]
fn a_place_that_is_only_declared_proves_nothing_but_contradicts() {
    let mut story = Story::new();
    let flake = flake(&mut story, CLEAN);
    story.level = PlaceLevel::Declared;
    let lot = powder_to_magnet(&mut story, "EE", &[Process::JetMill], &[flake]);
    let trail = story.trail(lot);
    assert_eq!(dfars(&trail), "open/open, named only open/open");
    let found = answer(&trail, DFARS, "2027-01-01", &[]);
    assert!(
        found.needed.iter().any(|needed| needed.starts_with("an accreditation of the site in EE")),
        "{:?}",
        found.needed
    );
    assert_eq!(rule(&found, "melted").verdict, Verdict::Confirmed);
    let mut story = Story::new();
    story.level = PlaceLevel::Declared;
    let metals = metals(&mut story, CLEAN);
    let flake = story.process("CN", &[Process::Melt], &metals, Form::AlloyFlake, &ALL);
    let lot = powder_to_magnet(&mut story, "EE", &[Process::JetMill], &[flake]);
    assert_eq!(dfars(&story.trail(lot)), "no/no, named only no/no");
}

#[test]
fn a_time_must_be_bounded_as_well_as_the_pack_asks() {
    let mut pack = find_built_in(DFARS).unwrap().unwrap();
    pack.file.evidence[0].time = Some(TimeLevel::Witnessed);
    let settings = Settings::of(&pack.file, &[]).unwrap();
    let judged = |time: TimeLevel| {
        let mut trail = magnet(CLEAN);
        trail.steps.iter_mut().for_each(|step| step.time = time);
        let delivery = Some("2027-01-01".parse().unwrap());
        let ask = Ask { pack: &pack, settings: &settings, delivery, exceptions: &[], summaries: &[] };
        evaluate(&trail, &[ask]).remove(0)
    };
    for time in [TimeLevel::Declared, TimeLevel::Pinned] {
        let found = judged(time);
        assert_eq!(found.verdict, Verdict::Unproven, "{time}");
        assert!(found.why[0].text.contains(&format!("at a time that is `{time}` where `witnessed` is asked for")));
        assert!(
            found.needed.iter().any(|one| one.contains("a witness of the trust file cosigned")),
            "{:?}",
            found.needed
        );
    }
    assert_eq!(judged(TimeLevel::Witnessed).verdict, Verdict::Confirmed);
}

#[test]
fn iron_that_was_bought_passes_on_documents_and_never_on_the_holders_word() {
    let stated = [(Stage::Mined, "US"), (Stage::Reduced, "US")];
    let documented = with_bought_iron(PlaceLevel::Documented, &stated);
    assert_eq!(dfars(&documented), "yes/yes, named only yes/yes");
    assert_eq!(answer(&documented, DFARS, "2027-01-01", &[]).basis, VerdictBasis::Documents);
    assert_eq!(answer(&documented, DFARS, "2026-12-31", &[]).basis, VerdictBasis::Lineage, "not tested before 2027");
    let all = [(ParameterName::Evidence, "accredited")];
    assert_eq!(answer(&documented, DFARS, "2027-01-01", &all).verdict, Verdict::Unproven);
    assert_eq!(answer(&documented, DFARS, "2026-12-31", &all).verdict, Verdict::Confirmed);
    assert_eq!(dfars(&with_bought_iron(PlaceLevel::Declared, &stated)), "yes/open, named only yes/open");
    assert_eq!(dfars(&with_bought_iron(PlaceLevel::Documented, &[])), "yes/open, named only yes/open");
    let mined_only = with_bought_iron(PlaceLevel::Documented, &[(Stage::Mined, "US")]);
    assert_eq!(dfars(&mined_only), "yes/open, named only yes/open");
    let chinese = with_bought_iron(PlaceLevel::Declared, &[(Stage::Mined, "CN"), (Stage::Reduced, "US")]);
    assert_eq!(dfars(&chinese), "yes/no, named only yes/no");
}

#[test]
fn a_refuted_place_contradicts() {
    let mut trail = magnet(CLEAN);
    let step = trail.steps.iter_mut().find(|step| step.processes.contains(&Process::Sinter)).unwrap();
    let event = step.event;
    step.place.against = vec![Finding::new(Code::OutsideCountry, "a point in EE", "a point in RU")];
    let found = answer(&trail, DFARS, "2026-12-31", &[]);
    assert_eq!(found.verdict, Verdict::Contradicted);
    let failing = &rule(&found, "produced").failing[0];
    assert_eq!((failing.code, failing.event), (Some(Code::OutsideCountry), event));
}

#[test]
fn open_stock_leaves_its_share_unproven_and_passes_within_a_limit() {
    let mut story = Story::new();
    let flake = flake(&mut story, CLEAN);
    let part = |of: u64| ALL.map(|(element, mg)| (element, mg * of));
    let stock =
        story.source(SourceKind::OpeningStock, "EE", Form::Powder, &[("Nd", 11), ("Dy", 1), ("Fe", 33), ("B", 1)]);
    let powder = story.process("EE", &[Process::JetMill], &[flake], Form::Powder, &part(1));
    let all = story.blend(&[powder, stock]);
    let amounts = [("Nd", 111), ("Dy", 11), ("Fe", 333), ("B", 6)];
    let block = story.process("EE", &[Process::Press, Process::Sinter], &[all], Form::Block, &amounts);
    let lot = story.process("EE", &[Process::Magnetize], &[block], Form::Magnet, &amounts);
    let trail = story.trail(lot);
    let found = answer(&trail, DFARS, "2026-12-31", &[]);
    assert_eq!(found.verdict, Verdict::Unproven);
    let melted = rule(&found, "melted");
    let nd = melted.shares.iter().find(|share| share.element == Element::Nd).unwrap();
    assert_eq!((nd.what, nd.most.to_string()), (ShareOf::Unproven, "0.0990991".to_owned()), "11 of 111");
    assert!(melted.why.iter().any(|why| why.text.contains("(0.000011 kg) of Nd is not proven")), "{:?}", melted.why);
    let entry = trail.steps.iter().find(|step| step.source == Some(SourceKind::OpeningStock)).unwrap();
    assert_eq!((melted.failing.len(), melted.failing[0].event), (1, entry.event));
    let limit = |share| answer(&trail, DFARS, "2026-12-31", &[(ParameterName::MaxUnprovenShare, share)]).verdict;
    assert_eq!(limit("0.15"), Verdict::Unproven, "a sixth of the boron is open too");
    assert_eq!(limit("0.17"), Verdict::Confirmed);
    assert_eq!(limit("0.09"), Verdict::Unproven);
}

#[test]
fn a_share_of_forbidden_material_is_tolerated_only_where_a_limit_says_so() {
    let mut story = Story::new();
    let clean = flake(&mut story, CLEAN);
    let metals = metals(&mut story, CLEAN);
    let bad = story.process("CN", &[Process::Melt], &metals, Form::AlloyFlake, &ALL);
    let both = story.blend(&[clean, bad]);
    let lot = story.process(
        "EE",
        &[Process::JetMill, Process::Sinter],
        &[both],
        Form::Magnet,
        &ALL.map(|(e, mg)| (e, mg * 2)),
    );
    let trail = story.trail(lot);
    let limit = |share| answer(&trail, DFARS, "2026-12-31", &[(ParameterName::MaxForbiddenShare, share)]).verdict;
    assert_eq!(limit("0"), Verdict::Contradicted);
    assert_eq!(limit("0.4"), Verdict::Contradicted);
    assert_eq!(limit("0.5"), Verdict::Confirmed);
}

#[test]
fn the_rule_is_decided_with_masses_withheld() {
    let hide = |mut trail: Trail| {
        for amount in trail.lots.iter_mut().flat_map(|lot| &mut lot.amounts) {
            *amount = Amount { least: 0, most: None, ..*amount };
        }
        for weights in trail.flows.weights.values_mut() {
            weights
                .inputs
                .iter_mut()
                .flatten()
                .for_each(|weight| *weight = crate::lineage::provenance::Interval::UNKNOWN);
        }
        trail.flows.totals.iter_mut().for_each(|(_, total)| *total = crate::lineage::provenance::Interval::UNKNOWN);
        trail.provenance = trail.flows.attribute_all();
        trail
    };
    assert_eq!(dfars(&hide(magnet(CLEAN))), "yes/yes, named only yes/yes");
    assert_eq!(dfars(&hide(magnet(Route { separate_dy: "CN", ..CLEAN }))), "yes/no, named only yes/yes");
    let hidden = hide(with_bought_iron(PlaceLevel::Declared, &[]));
    let limit = [(ParameterName::MaxUnprovenShare, "0.9")];
    assert_eq!(answer(&hidden, DFARS, "2027-01-01", &limit).verdict, Verdict::Unproven, "it might be all of it");
}
