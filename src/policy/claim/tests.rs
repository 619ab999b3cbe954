//! Each type of claim on hand-made trails: confirmed, contradicted, unproven.

use super::text::{FullIdsOnly, parse};
use super::*;
use crate::event::{Form, Process, SourceKind, Stage, Verdict};
use crate::finding::{Code, Finding};
use crate::policy::fixture::{Story, id, site};
use crate::policy::trail::TrailPrior;
use Verdict::{Confirmed, Contradicted, NotApplicable, Unproven};

fn judge(claim: &str, trail: &Trail) -> Decision {
    decide(&parse(claim, &FullIdsOnly).unwrap(), trail, &How::PLAIN)
}

fn verdict(claim: &str, trail: &Trail) -> Verdict {
    let decision = judge(claim, trail);
    assert!(!decision.why.is_empty(), "{claim}: {decision:?}");
    assert!(decision.needed.is_empty() || decision.verdict == Unproven, "{decision:?}");
    decision.verdict
}

/// 73 mg of neodymium mined in the US, 27 mg post-consumer in EE, separated in MY, sintered in EE.
fn blended() -> (Story, usize) {
    let mut story = Story::new();
    let primary = story.mine("US", Form::Concentrate, &[("Nd", 73)]);
    let oxide = story.process("MY", &[Process::Separate], &[primary], Form::Oxide, &[("Nd", 73)]);
    let scrap = story.source(SourceKind::PostConsumer, "EE", Form::EndOfLife, &[("Nd", 27)]);
    story.steps[2].place.level = PlaceLevel::Accredited;
    let recycled = story.process("EE", &[Process::RecycleRoast], &[scrap], Form::Oxide, &[("Nd", 27)]);
    let blend = story.blend(&[oxide, recycled]);
    let magnet = story.process("EE", &[Process::Press, Process::Sinter], &[blend], Form::Magnet, &[("Nd", 100)]);
    (story, magnet)
}

/// A magnet of neodymium from one mine, everything accredited.
fn clean() -> (Story, usize) {
    let mut story = Story::new();
    let ore = story.mine("US", Form::Ore, &[("Nd", 1000)]);
    let oxide = story.process("MY", &[Process::Separate], &[ore], Form::Oxide, &[("Nd", 900)]);
    let magnet = story.process("EE", &[Process::Sinter], &[oxide], Form::Magnet, &[("Nd", 800)]);
    (story, magnet)
}

fn of(told: (Story, usize)) -> Trail {
    told.0.trail(told.1)
}

fn with(told: (Story, usize), change: impl FnOnce(&mut Story)) -> Trail {
    let (mut story, subject) = told;
    change(&mut story);
    story.trail(subject)
}

#[test]
fn origin_is_decided_on_the_share_mined_in_the_countries() {
    let trail = of(clean());
    assert_eq!(verdict("origin Nd US,AU >= 1", &trail), Confirmed);
    assert_eq!(verdict("origin Nd AU >= 0.1", &trail), Contradicted);
    assert_eq!(verdict("origin Dy US >= 1", &trail), NotApplicable);
    let declared = with(clean(), |story| story.steps[0].place.level = PlaceLevel::Declared);
    let decision = judge("origin Nd US >= 1", &declared);
    assert_eq!(decision.verdict, Unproven);
    assert_eq!(verdict("origin Nd AU >= 1", &declared), Contradicted, "a declared place elsewhere contradicts");
    let lower = How { evidence: PlaceLevel::Declared, ..How::PLAIN };
    let claim = parse("origin Nd US >= 1", &FullIdsOnly).unwrap();
    assert_eq!(decide(&claim, &declared, &lower).verdict, Confirmed, "where the verifier asks for no more");
}

#[test]
fn origin_of_a_blend_is_decided_on_the_worst_case() {
    let trail = of(blended());
    let decision = judge("origin Nd US >= 0.73", &trail);
    assert_eq!(decision.verdict, Confirmed, "{decision:?}");
    assert!(decision.why[0].text.contains("at least 73 % of the Nd"), "{decision:?}");
    // What was in the scrap is not on record: it may have been mined in the US, or not.
    let decision = judge("origin Nd US >= 0.8", &trail);
    assert_eq!(decision.verdict, Unproven);
    assert!(decision.needed.iter().any(|needed| needed.contains("records of the steps before event")), "{decision:?}");
    assert_eq!(verdict("origin Nd AU >= 0.3", &trail), Contradicted);
    assert_eq!(verdict("origin Nd AU >= 0.27", &trail), Unproven);
}

#[test]
fn a_share_of_one_means_every_origin_however_small() {
    let mut story = Story::new();
    let (us, cn) = (story.mine("US", Form::Oxide, &[("Nd", 1000)]), story.mine("CN", Form::Oxide, &[("Nd", 0)]));
    let blend = story.process("US", &[Process::Melt], &[us, cn], Form::Metal, &[("Nd", 1000)]);
    let trail = story.trail(blend);
    let decision = judge("origin Nd US >= 1", &trail);
    assert_eq!(decision.verdict, Contradicted);
    assert!(decision.why[1].text.starts_with("less than 1 mg mined in CN"), "{decision:?}");
    assert_eq!(verdict("origin Nd US >= 0.999999999", &trail), Confirmed);
}

#[test]
fn shares_that_are_withheld_leave_it_open() {
    let mut trail = of(blended());
    for origin in &mut trail.provenance.elements[0].origins {
        (origin.mass.least, origin.mass.most) = (origin.mass.least / 2, 100);
    }
    assert_eq!(verdict("origin Nd US >= 0.73", &trail), Unproven);
    assert_eq!(verdict("origin Nd US >= 0.3", &trail), Confirmed, "what is shown suffices");
    assert_eq!(verdict("recycled-content Nd post-consumer >= 0.25", &trail), Unproven);
}

#[test]
fn more_out_than_in_leaves_an_origin_open() {
    let gain = Finding::new(Code::ElementGain, "at most 1 kg", "2 kg").on(id("step 1"));
    let trail = with(clean(), |story| story.steps[1].findings.push(gain));
    assert_eq!(verdict("origin Nd US >= 1", &trail), Unproven);
}

#[test]
fn what_has_no_source_is_of_unknown_origin() {
    use crate::lineage::provenance::{Interval, Origin, Pass, Source};
    let mut trail = of(clean());
    let origins = &mut trail.provenance.elements[0].origins;
    origins[0].mass = Interval::exact(750);
    let gain =
        |shown| Origin { source: Source::Gain { step: 1, shown }, pass: Pass::Straight, mass: Interval::exact(50) };
    origins.push(gain(true));
    assert_eq!(verdict("origin Nd US >= 0.9", &trail), Confirmed);
    let decision = judge("origin Nd US >= 1", &trail);
    assert_eq!(decision.verdict, Unproven);
    assert!(decision.why.iter().any(|why| why.text.contains("0.00005 kg came out of a step above what went in")));
}

#[test]
fn where_every_origin_counts_the_share_is_the_whole_whatever_is_withheld() {
    use crate::lineage::provenance::{Interval, Origin, Pass, Source};
    let withheld = |mut trail: Trail| {
        let attribution = &mut trail.provenance.elements[0];
        attribution.total = Interval::UNKNOWN;
        attribution.origins.iter_mut().for_each(|origin| origin.mass = Interval::UNKNOWN);
        let source = Source::Gain { step: 1, shown: false };
        attribution.origins.push(Origin { source, pass: Pass::Straight, mass: Interval::UNKNOWN });
        trail
    };
    let clean = withheld(of(clean()));
    assert_eq!(verdict("origin Nd US >= 1", &clean), Confirmed);
    assert_eq!(verdict("origin Nd US >= 0.5", &clean), Confirmed);
    assert_eq!(verdict("origin Nd AU >= 0.5", &clean), Unproven, "all of it may have come in on the way");
    let blended = withheld(of(blended()));
    assert_eq!(verdict("origin Nd US >= 0.5", &blended), Unproven, "where the scrap was mined is not on record");
    let weak = with(super::tests::clean(), |story| story.steps[0].place.level = PlaceLevel::Declared);
    assert_eq!(verdict("origin Nd US >= 0.5", &withheld(weak)), Unproven);
}

#[test]
fn scrap_that_another_used_is_pre_consumer_and_a_loop_is_not() {
    use crate::lineage::provenance::Pass;
    for (pass, expected) in [(Pass::Straight, Contradicted), (Pass::Loop, Contradicted), (Pass::Recycled, Confirmed)] {
        let mut trail = of(clean());
        trail.provenance.elements[0].origins[0].pass = pass;
        assert_eq!(verdict("recycled-content Nd pre-consumer >= 0.5", &trail), expected, "{pass:?}");
        assert_eq!(verdict("recycled-content Nd post-consumer >= 0.5", &trail), Contradicted);
    }
}

#[test]
fn recycled_content_counts_the_kind_that_is_claimed() {
    let trail = of(blended());
    assert_eq!(verdict("recycled-content Nd post-consumer >= 0.25", &trail), Confirmed, "27 % shown");
    assert_eq!(verdict("recycled-content any >= 0.27", &trail), Confirmed);
    assert_eq!(verdict("recycled-content Nd post-consumer >= 0.28", &trail), Contradicted);
    assert_eq!(verdict("recycled-content Nd pre-consumer >= 0.01", &trail), Contradicted);
    assert_eq!(verdict("recycled-content Dy any >= 0.01", &trail), NotApplicable);
    let purchased = with(blended(), |story| story.steps[2].source = Some(SourceKind::Purchased));
    assert_eq!(verdict("recycled-content Nd any >= 0.25", &purchased), Unproven);
    let declared = with(blended(), |story| story.steps[2].place.level = PlaceLevel::Declared);
    assert_eq!(verdict("recycled-content Nd any >= 0.25", &declared), Unproven);
}

#[test]
fn processed_in_looks_at_every_pass() {
    let trail = of(clean());
    assert_eq!(verdict("processed-in separated MY", &trail), Confirmed);
    assert_eq!(verdict("processed-in sinter EE,US", &trail), Confirmed);
    assert_eq!(verdict("processed-in sinter US", &trail), Contradicted);
    assert_eq!(verdict("processed-in jet-mill EE", &trail), NotApplicable);
    let documented = with(clean(), |story| {
        story.steps[1].place.level = PlaceLevel::Documented;
        story.steps[1].place.needed = vec!["an accreditation".to_owned()];
    });
    let decision = judge("processed-in separated MY", &documented);
    assert_eq!((decision.verdict, decision.needed.len()), (Unproven, 1), "{decision:?}");
    let mut story = Story::new();
    let ore = story.mine("US", Form::Ore, &[("Nd", 1000)]);
    let first = story.process("CN", &[Process::Sinter], &[ore], Form::Scrap, &[("Nd", 900)]);
    let again = story.process("EE", &[Process::RecycleMill, Process::Sinter], &[first], Form::Magnet, &[("Nd", 800)]);
    assert_eq!(verdict("processed-in sinter EE", &story.trail(again)), Contradicted, "a loop is no way around");
}

#[test]
fn what_came_before_a_purchase_passes_on_nobodys_word() {
    let prior =
        |country: &str| TrailPrior { stage: Stage::Separated, country: country.parse().unwrap(), elements: Vec::new() };
    let bought = |form: Form, said: &[&str]| {
        let mut story = Story::new();
        let lot = story.source(SourceKind::Purchased, "MY", form, &[("Nd", 1000)]);
        story.steps[0].prior = said.iter().map(|country| prior(country)).collect();
        let magnet = story.process("EE", &[Process::Sinter], &[lot], Form::Magnet, &[("Nd", 900)]);
        story.trail(magnet)
    };
    assert_eq!(verdict("processed-in separated MY", &bought(Form::Oxide, &["MY"])), Unproven);
    assert_eq!(verdict("processed-in separated MY", &bought(Form::Oxide, &["CN"])), Contradicted);
    assert_eq!(verdict("not-processed-in CN", &bought(Form::Oxide, &["MY"])), Unproven);
    assert_eq!(verdict("not-processed-in CN", &bought(Form::Oxide, &["MY", "CN"])), Contradicted);
    // Bought ore has not been sintered before.
    assert_eq!(verdict("processed-in sinter EE", &bought(Form::Ore, &[])), Confirmed);
    assert_eq!(verdict("accredited-chain", &bought(Form::Ore, &[])), Unproven);
}

#[test]
fn not_processed_in_needs_every_step_evidenced_elsewhere() {
    let trail = of(clean());
    assert_eq!(verdict("not-processed-in CN,RU,IR,KP", &trail), Confirmed);
    assert_eq!(verdict("not-processed-in sinter US", &trail), Confirmed);
    assert_eq!(verdict("not-processed-in MY", &trail), Contradicted);
    let declared = with(clean(), |story| story.steps[2].place.level = PlaceLevel::Declared);
    assert_eq!(verdict("not-processed-in CN", &declared), Unproven);
    assert_eq!(verdict("not-processed-in separated CN", &declared), Confirmed, "sintering is not asked about");
    assert_eq!(verdict("not-processed-in EE", &declared), Contradicted);
}

#[test]
fn a_finding_against_a_place_contradicts_what_rests_on_it() {
    let outside = Finding::new(Code::OutsideCountry, "a point in MY", "one in CN").on(id("step 1"));
    let trail = with(clean(), |story| story.steps[1].place.against.push(outside));
    for claim in ["processed-in separated MY", "not-processed-in CN", "accredited-chain"] {
        let decision = judge(claim, &trail);
        assert_eq!(decision.verdict, Contradicted, "{claim}");
        assert!(decision.why.iter().any(|why| why.code == Some(Code::OutsideCountry)), "{decision:?}");
    }
    assert_eq!(verdict("processed-in sinter EE", &trail), Confirmed, "another step's place is not concerned");
    assert_eq!(verdict("origin Nd US >= 1", &trail), Confirmed);
}

#[test]
fn facility_means_every_such_step_at_that_site() {
    let trail = of(clean());
    let at = |country: &str, process: &str| format!("facility {} {process}", site(country));
    assert_eq!(verdict(&at("EE", "sinter"), &trail), Confirmed);
    assert_eq!(verdict(&at("EE", ""), &trail), Confirmed);
    assert_eq!(verdict(&at("MY", ""), &trail), Contradicted);
    assert_eq!(verdict(&at("EE", "bond"), &trail), NotApplicable);
    let declared = with(clean(), |story| story.steps[2].place.level = PlaceLevel::Countersigned);
    assert_eq!(verdict(&at("EE", "sinter"), &declared), Unproven);
    let mut story = Story::new();
    let lot = story.source(SourceKind::OpeningStock, "EE", Form::Magnet, &[("Nd", 900)]);
    let (half, _) = story.halve(lot);
    assert_eq!(verdict(&at("EE", ""), &story.trail(half)), Unproven, "it entered there, nobody knows who made it");
}

#[test]
fn a_blend_of_two_origins_is_not_identity_preserved() {
    let mut story = Story::new();
    let (a, b) = (story.mine("US", Form::Oxide, &[("Nd", 10)]), story.mine("AU", Form::Oxide, &[("Nd", 10)]));
    let blend = story.blend(&[a, b]);
    let trail = story.trail(blend);
    let decision = judge("custody-model >= identity-preserved", &trail);
    assert_eq!(decision.verdict, Contradicted);
    assert_eq!(decision.why[1].events.len(), 2, "both origins are named: {decision:?}");
    assert_eq!(verdict("custody-model >= segregated", &trail), Confirmed);
    let mut story = Story::new();
    let lot = story.source(SourceKind::Purchased, "US", Form::Oxide, &[("Nd", 10)]);
    let trail = story.trail(lot);
    assert_eq!(verdict("custody-model >= segregated", &trail), Unproven);
    assert_eq!(verdict("custody-model >= book-and-claim", &trail), Confirmed, "nothing is weaker");
}

#[test]
fn an_accredited_chain_is_accredited_at_every_step_whatever_is_asked() {
    assert_eq!(verdict("accredited-chain", &of(clean())), Confirmed);
    let trail = with(clean(), |story| story.steps[1].place.level = PlaceLevel::Countersigned);
    let lower = How { evidence: PlaceLevel::Declared, ..How::PLAIN };
    assert_eq!(decide(&Statement::AccreditedChain {}, &trail, &lower).verdict, Unproven);
}

#[test]
fn what_is_not_at_hand_proves_nothing() {
    let trail = of(clean());
    let digest = Blake3::of(b"file");
    let decision = judge(&format!("spec dy-oxide {digest}"), &trail);
    assert_eq!(decision.verdict, Unproven);
    assert!(decision.needed[0].contains("--spec FILE"), "{decision:?}");
    assert_eq!(verdict(&format!("complies pack {digest} 2026-12-31"), &trail), Unproven);
    let yes = |_: &str, _: &Blake3, _: Date, trail: &Trail| Ok(Weighed::of(trail).decide(|| vec![because("x", [])]));
    let how = How { policy: &yes, ..How::PLAIN };
    let claim = parse(&format!("complies pack {digest} 2026-12-31"), &FullIdsOnly).unwrap();
    assert_eq!(decide(&claim, &trail, &how).verdict, Confirmed);
    let other = |_: &str, _: &Blake3, _: Date, _: &Trail| Err(NotAtHand(Some(Blake3::of(b"other"))));
    let decision = decide(&claim, &trail, &How { policy: &other, ..How::PLAIN });
    let text =
        format!("the policy pack of digest {digest} is not at hand, only another of digest {}", Blake3::of(b"other"));
    assert_eq!((decision.verdict, decision.why[0].text.as_str()), (Unproven, text.as_str()));
    assert_eq!(decision.needed, [format!("the policy pack of digest {digest}, given with --policy FILE")]);
}

#[test]
fn nothing_is_confirmed_of_a_lineage_with_holes() {
    for claim in [
        "origin Nd US >= 0.1",
        "processed-in separated MY",
        "not-processed-in CN",
        "custody-model >= mass-balance",
        "accredited-chain",
        "recycled-content any >= 0",
    ] {
        let trail = of(clean());
        assert_eq!(verdict(claim, &trail), Confirmed, "{claim}");
        assert_eq!(verdict(claim, &Trail { is_complete: false, ..trail.clone() }), Unproven, "{claim}");
        assert_eq!(verdict(claim, &Trail { is_sound: false, ..trail.clone() }), Unproven, "{claim}");
        let orphan = with(clean(), |story| {
            story.lots[0].made_by = None;
            story.steps[0].outputs.clear();
        });
        let decision = judge(claim, &orphan);
        if claim != "recycled-content any >= 0" {
            assert_eq!(decision.verdict, Unproven, "{claim}: {decision:?}");
        }
    }
    let holes = Trail { is_complete: false, ..of(clean()) };
    assert_eq!(verdict("not-processed-in MY", &holes), Contradicted, "what is shown still contradicts");
}
