//! Recycled material: the exception for it, and the content of it.

use super::*;

const CHINESE: Route = Route { melt: "CN", ..CLEAN };

#[test]
fn recycled_material_milled_and_sintered_in_the_united_states_is_exempt_whatever_its_origin() {
    assert_eq!(dfars(&recycled(CHINESE, "US", None)), "exempt/exempt, named only exempt/exempt");
    let found = answer(&recycled(CHINESE, "US", None), DFARS, "2027-01-01", &[]);
    assert_eq!((found.basis, found.exceptions[0].applies), (VerdictBasis::Exception, true));
    assert!(
        found.why.iter().any(|why| why.text.contains("100 % of Nd") && why.text.ends_with("was recycled")),
        "{:?}",
        found.why
    );
    assert!(
        found
            .why
            .iter()
            .any(|why| why.text == "sinter took place in US, each evidenced as asked" && why.events.len() == 1)
    );
}

#[test]
fn recycled_material_elsewhere_or_diluted_is_judged_by_its_feed() {
    assert_eq!(dfars(&recycled(CHINESE, "US", Some(CHINESE))), "no/no, named only no/no");
    let diluted = answer(&recycled(CHINESE, "US", Some(CHINESE)), DFARS, "2027-01-01", &[]);
    assert!(!diluted.exceptions[0].applies);
    assert!(diluted.exceptions[0].why[0].text.contains("only 50 % of Nd is shown to be recycled, 100 % is asked for"));
    let half = [(ParameterName::RecycledMinShare, "0.5")];
    assert_eq!(answer(&recycled(CHINESE, "US", Some(CHINESE)), DFARS, "2027-01-01", &half).verdict, Verdict::Exempt);
    assert_eq!(dfars(&recycled(CLEAN, "EE", None)), "yes/yes, named only yes/yes");
    assert_eq!(dfars(&recycled(CHINESE, "EE", None)), "no/no, named only no/no");
    let found = answer(&recycled(CHINESE, "EE", None), DFARS, "2026-12-31", &[]);
    let why = &found.exceptions[0].why;
    assert!(why.iter().any(|why| why.text == "sinter took place in EE, not in US"), "{why:?}");
}

#[test]
fn the_recycled_exception_needs_accredited_places_and_complete_evidence() {
    let mut declared = recycled(CHINESE, "US", None);
    declared.steps.iter_mut().for_each(|step| step.place.level = PlaceLevel::Documented);
    assert_eq!(answer(&declared, DFARS, "2027-01-01", &[]).verdict, Verdict::Contradicted);
    let mut holes = recycled(CHINESE, "US", None);
    holes.is_complete = false;
    assert_eq!(answer(&holes, DFARS, "2027-01-01", &[]).verdict, Verdict::Contradicted);
}

/// A magnet with so many of 100 mg of Nd from waste of a kind, documented or not.
fn with_waste(kind: SourceKind, waste: u64, level: PlaceLevel) -> Trail {
    let mut story = Story::new();
    let mined = story.mine("US", Form::Ore, &[("Nd", 100 - waste)]);
    story.level = level;
    let old = story.source(kind, "FR", Form::EndOfLife, &[("Nd", waste)]);
    story.level = PlaceLevel::Accredited;
    let iron = story.mine("US", Form::Iron, &[("Fe", 300), ("B", 5)]);
    let all = [("Nd", 100), ("Fe", 300), ("B", 5)];
    let alloy = story.process("EE", &[Process::RecycleRemelt], &[mined, old, iron], Form::AlloyFlake, &all);
    let lot = story.process("EE", &[Process::JetMill, Process::Sinter], &[alloy], Form::Magnet, &all);
    story.trail(lot)
}

#[test]
fn the_recycled_content_is_known_where_every_origin_is() {
    let crma = |trail: &Trail, given: &[(ParameterName, &str)]| answer(trail, CRMA, "2027-05-24", given);
    let documented = with_waste(SourceKind::PostConsumer, 27, PlaceLevel::Documented);
    let found = crma(&documented, &[]);
    assert_eq!(found.verdict, Verdict::Confirmed, "{:?}", found.why);
    let nd = rule(&found, "recycled").shares[0];
    assert_eq!(
        (nd.element, nd.least.to_string(), nd.most.to_string()),
        (Element::Nd, "0.27".to_owned(), "0.27".to_owned())
    );
    assert!(rule(&found, "recycled").why[0].text.starts_with("27 % of Nd is recovered from post-consumer waste"));
    let at_least = |share| [(ParameterName::RecycledMinShare, share)];
    assert_eq!(crma(&documented, &at_least("0.25")).verdict, Verdict::Contradicted, "the boron is all primary");
    let declared = with_waste(SourceKind::PostConsumer, 27, PlaceLevel::Declared);
    assert_eq!(crma(&declared, &[]).verdict, Verdict::Unproven);
    let pre = crma(&with_waste(SourceKind::PreConsumer, 27, PlaceLevel::Documented), &[]);
    assert_eq!((pre.verdict, rule(&pre, "recycled").shares[0].most.to_string()), (Verdict::Confirmed, "0".to_owned()));
    let bought = crma(&with_waste(SourceKind::Purchased, 27, PlaceLevel::Documented), &[]);
    assert_eq!(bought.verdict, Verdict::Unproven);
    assert!(rule(&bought, "recycled").why[0].text.starts_with("between 0 % and 27 % of Nd"), "{:?}", bought.why);
}

#[test]
fn the_recycled_content_is_asked_of_products_above_the_threshold_from_its_day_on() {
    let trail = with_waste(SourceKind::PostConsumer, 27, PlaceLevel::Documented);
    let mass = |kg| answer(&trail, CRMA, "2027-05-24", &[(ParameterName::ProductMagnets, kg)]);
    assert_eq!(mass("0.2").verdict, Verdict::NotApplicable);
    assert!(
        mass("0.2").why[0].text.contains("the product holds 0.2 kg of magnets; the rule is about more than 0.2 kg")
    );
    assert_eq!(mass("0.201").verdict, Verdict::Confirmed);
    assert_eq!(answer(&trail, CRMA, "2027-05-23", &[]).verdict, Verdict::Unproven);
}
