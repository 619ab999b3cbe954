use super::answer::ShareOf;
use super::*;
use crate::event::*;
use crate::finding::{Code, Finding};
use crate::policy::fixture::{Story, id, site};
use crate::policy::pack::{ParameterName, find_built_in};
use crate::policy::trail::{Amount, TrailPrior};

mod evidence;
mod recycled;

/// Where the steps of a magnet took place, as countries.
#[derive(Clone, Copy)]
struct Route {
    mine: &'static str,
    separate: &'static str,
    separate_dy: &'static str,
    reduce: &'static str,
    melt: &'static str,
    sinter: &'static str,
    boron: &'static str,
}

const CLEAN: Route =
    Route { mine: "US", separate: "MY", separate_dy: "US", reduce: "GB", melt: "GB", sinter: "EE", boron: "US" };

/// Metals and ferroalloys of a heat: Nd, Dy, Fe, B.
fn metals(story: &mut Story, route: Route) -> [usize; 4] {
    let nd = [("Nd", 100)];
    let ore = story.mine(route.mine, Form::Ore, &nd);
    let mrec =
        story.process(route.mine, &[Process::Crack, Process::Leach, Process::Precipitate], &[ore], Form::Mrec, &nd);
    let oxide = story.process(route.separate, &[Process::Separate, Process::Calcine], &[mrec], Form::Oxide, &nd);
    let metal = story.process(route.reduce, &[Process::Reduce], &[oxide], Form::Metal, &nd);
    let dy = [("Dy", 10)];
    let sand = story.mine("US", Form::Concentrate, &dy);
    let dy_oxide = story.process(route.separate_dy, &[Process::Separate], &[sand], Form::Oxide, &dy);
    let dy_metal = story.process("GB", &[Process::Reduce], &[dy_oxide], Form::Metal, &dy);
    let iron_ore = story.mine("US", Form::Ore, &[("Fe", 300)]);
    let iron = story.process("US", &[Process::Reduce], &[iron_ore], Form::Iron, &[("Fe", 300)]);
    let borate = story.mine(route.boron, Form::Borate, &[("B", 5)]);
    let boron = story.process(route.boron, &[Process::Reduce], &[borate], Form::Ferroboron, &[("B", 5)]);
    [metal, dy_metal, iron, boron]
}

const ALL: [(&str, u64); 4] = [("Nd", 100), ("Dy", 10), ("Fe", 300), ("B", 5)];

fn flake(story: &mut Story, route: Route) -> usize {
    let metals = metals(story, route);
    story.process(route.melt, &[Process::Melt, Process::StripCast], &metals, Form::AlloyFlake, &ALL)
}

fn powder_to_magnet(story: &mut Story, country: &str, powder: &[Process], inputs: &[usize]) -> usize {
    let powder = story.process(country, powder, inputs, Form::Powder, &ALL);
    let block = story.process(country, &[Process::Press, Process::Sinter], &[powder], Form::Block, &ALL);
    let shipped = story.process(country, &[Process::Machine, Process::Magnetize], &[block], Form::Magnet, &ALL);
    story.dispatch(&[shipped]);
    shipped
}

fn magnet(route: Route) -> Trail {
    let mut story = Story::new();
    let flake = flake(&mut story, route);
    let magnet =
        powder_to_magnet(&mut story, route.sinter, &[Process::HydrogenDecrepitate, Process::JetMill], &[flake]);
    story.trail(magnet)
}

/// Swarf of a magnet, recycled; `fresh` is other alloy that goes in with it.
fn recycled(swarf_route: Route, country: &str, fresh: Option<Route>) -> Trail {
    let mut story = Story::new();
    let old = flake(&mut story, swarf_route);
    let block = story.process("EE", &[Process::JetMill, Process::Sinter], &[old], Form::Block, &ALL);
    let swarf = story.process("EE", &[Process::Machine], &[block], Form::Scrap, &ALL);
    let mut inputs = vec![swarf];
    inputs.extend(fresh.map(|route| flake(&mut story, route)));
    let amounts = ALL.map(|(element, mg)| (element, mg * u64::try_from(inputs.len()).unwrap()));
    let powder = story.process(country, &[Process::RecycleHydrogen, Process::JetMill], &inputs, Form::Powder, &amounts);
    let block = story.process(country, &[Process::Press, Process::Sinter], &[powder], Form::Block, &amounts);
    let lot = story.process(country, &[Process::Magnetize], &[block], Form::Magnet, &amounts);
    story.trail(lot)
}

/// A magnet whose iron was bought, with a document of this level on where it was mined and reduced.
fn with_bought_iron(level: PlaceLevel, stated: &[(Stage, &str)]) -> Trail {
    let mut story = Story::new();
    let [metal, dy, _, boron] = metals(&mut story, CLEAN);
    let iron = story.source(SourceKind::Purchased, "GB", Form::Iron, &[("Fe", 300)]);
    let step = story.steps.len() - 1;
    story.steps[step].prior_level = level;
    story.steps[step].prior = stated
        .iter()
        .map(|(stage, country)| TrailPrior { stage: *stage, country: country.parse().unwrap(), elements: Vec::new() })
        .collect();
    let flake = story.process("GB", &[Process::Melt], &[metal, dy, iron, boron], Form::AlloyFlake, &ALL);
    let lot = powder_to_magnet(&mut story, "EE", &[Process::JetMill], &[flake]);
    story.trail(lot)
}

fn answer(trail: &Trail, policy: &str, delivery: &str, given: &[(ParameterName, &str)]) -> PolicyAnswer {
    let pack = find_built_in(policy).unwrap().unwrap();
    let given: Vec<(ParameterName, String)> = given.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
    let settings = Settings::of(&pack.file, &given).unwrap();
    let delivery = Some(delivery.parse().unwrap());
    let ask = Ask { pack: &pack, settings: &settings, delivery, exceptions: &[], summaries: &[] };
    evaluate(trail, &[ask]).remove(0)
}

const DFARS: &str = "us-dfars-252.225-7052";
const NAMED: (ParameterName, &str) = (ParameterName::Elements, "named-only");

/// Verdicts by the DFARS pack for delivery in 2026 and in 2027, all rare earths and named only.
fn dfars(trail: &Trail) -> String {
    let one = |delivery: &str, given: &[(ParameterName, &str)]| match answer(trail, DFARS, delivery, given).verdict {
        Verdict::Confirmed => "yes",
        Verdict::Contradicted => "no",
        Verdict::Unproven => "open",
        Verdict::Exempt => "exempt",
        Verdict::NotApplicable => "n/a",
    };
    let years = ["2026-12-31", "2027-01-01"];
    let all: Vec<&str> = years.iter().map(|year| one(year, &[])).collect();
    let named: Vec<&str> = years.iter().map(|year| one(year, &[NAMED])).collect();
    format!("{}, named only {}", all.join("/"), named.join("/"))
}

fn rule<'a>(answer: &'a PolicyAnswer, name: &str) -> &'a RuleAnswer {
    answer.rules.iter().find(|rule| rule.rule == name).unwrap()
}

#[test]
fn a_clean_magnet_is_confirmed_in_both_ranges() {
    let trail = magnet(CLEAN);
    assert_eq!(dfars(&trail), "yes/yes, named only yes/yes");
    let found = answer(&trail, DFARS, "2027-01-01", &[]);
    assert_eq!(found.range.as_deref(), Some("mined-to-produced"));
    assert_eq!((found.basis, found.families.clone()), (VerdictBasis::Lineage, vec!["ndfeb".to_owned()]));
    assert_eq!(found.elements, [Element::Nd, Element::Dy, Element::Fe, Element::B]);
    assert_eq!(found.parameters[&ParameterName::MaxUnprovenShare], "0", "defaults are printed");
    let melted = rule(&found, "melted");
    assert_eq!(melted.why[0].text, "melted in GB (1): 1 step, each evidenced as asked");
    let rules: Vec<&str> = found.rules.iter().map(|rule| rule.rule.as_str()).collect();
    let expected = "mined refined separated reduced melted produced end-item custody-model complete integrity";
    assert_eq!(rules.join(" "), expected, "collection is asked about in samarium-cobalt magnets only");
}

#[test]
fn each_forbidden_step_fails_the_ranges_that_test_it() {
    for (what, route, expected) in [
        ("B: Dy separated", Route { separate_dy: "CN", ..CLEAN }, "yes/no, named only yes/yes"),
        ("C: ferroboron", Route { boron: "CN", ..CLEAN }, "yes/no, named only yes/no"),
        ("D: metal", Route { reduce: "CN", ..CLEAN }, "yes/no, named only yes/no"),
        ("E: alloy", Route { melt: "CN", ..CLEAN }, "no/no, named only no/no"),
        ("sintering", Route { sinter: "RU", ..CLEAN }, "no/no, named only no/no"),
        ("mine", Route { mine: "KP", ..CLEAN }, "yes/no, named only yes/no"),
        ("separation", Route { separate: "IR", ..CLEAN }, "yes/no, named only yes/no"),
        ("Hong Kong", Route { melt: "HK", ..CLEAN }, "yes/yes, named only yes/yes"),
    ] {
        assert_eq!(dfars(&magnet(route)), expected, "{what}");
    }
}

#[test]
fn a_failing_verdict_names_step_lot_facility_country_and_event_the_nearest_first() {
    let trail = magnet(Route { separate: "CN", melt: "CN", sinter: "CN", ..CLEAN });
    let found = answer(&trail, DFARS, "2027-01-01", &[]);
    assert_eq!(found.verdict, Verdict::Contradicted);
    let produced = rule(&found, "produced");
    assert_eq!(produced.failing.iter().map(|one| one.steps_back).collect::<Vec<_>>(), [0, 1, 2]);
    let separated = &rule(&found, "separated").failing;
    assert_eq!(separated.len(), 1);
    let step = trail.steps.iter().find(|step| step.processes.contains(&Process::Separate)).unwrap();
    assert_eq!((separated[0].event, separated[0].facility), (step.event, Some(site("CN"))));
    assert_eq!(separated[0].country, Some("CN".parse().unwrap()));
    assert_eq!(separated[0].lots, [trail.lots[step.outputs[0]].id]);
    assert_eq!((separated[0].elements.clone(), separated[0].steps_back), (vec![Element::Nd], 5));
    let text = &rule(&found, "separated").why[0].text;
    let expected = format!(
        "Nd: separated in CN; forbidden are CN, IR, KP and RU, at facility {}, 5 steps before the lot, lot {}",
        site("CN"),
        separated[0].lots[0]
    );
    assert_eq!(*text, expected);
    let buckets: Vec<&str> =
        found.why.iter().filter_map(|why| why.text.split(' ').find(|word| word.ends_with("ed"))).collect();
    assert_eq!(buckets, ["produced", "produced", "produced", "melted", "separated"], "nearest first");
}

#[test]
fn what_the_next_range_would_say_is_said_with_what_is_only_a_note_now() {
    let found = answer(&magnet(Route { reduce: "CN", ..CLEAN }), DFARS, "2026-12-31", &[]);
    assert_eq!(found.verdict, Verdict::Confirmed);
    assert!(found.notes[0].text.contains("the making of metal is not tested before 2027-01-01"), "{:?}", found.notes);
    let next = found.next.unwrap();
    assert_eq!(
        (next.verdict, next.from.to_string(), next.rules),
        (Verdict::Contradicted, "2027-01-01".to_owned(), vec!["reduced".to_owned()])
    );
    assert!(answer(&magnet(CLEAN), DFARS, "2026-12-31", &[]).next.is_none());
}

#[test]
fn hong_kong_and_macao_count_as_china_on_request() {
    let trail = magnet(Route { melt: "HK", ..CLEAN });
    let switch = [(ParameterName::HkMo, "as-cn")];
    assert_eq!(answer(&trail, DFARS, "2026-12-31", &switch).verdict, Verdict::Contradicted);
    assert_eq!(answer(&trail, "us-10usc4872", "2026-12-31", &[]).verdict, Verdict::Confirmed);
    assert_eq!(answer(&trail, "us-10usc4872", "2026-12-31", &switch).verdict, Verdict::Contradicted);
}

#[test]
fn the_statute_asks_for_melting_and_production_in_any_year() {
    let statute = |route| answer(&magnet(route), "us-10usc4872", "2027-06-01", &[]).verdict;
    assert_eq!(statute(Route { separate: "CN", ..CLEAN }), Verdict::Confirmed);
    assert_eq!(statute(Route { melt: "CN", ..CLEAN }), Verdict::Contradicted);
}

/// A samarium-cobalt magnet.
fn smco(cobalt: &str, first: &dyn Fn(&mut Story) -> usize) -> Trail {
    let mut story = Story::new();
    let sm = first(&mut story);
    let ore = story.mine("CD", Form::Ore, &[("Co", 200)]);
    let co = story.process(cobalt, &[Process::Refine], &[ore], Form::Cobalt, &[("Co", 200)]);
    let all = [("Sm", 100), ("Co", 200)];
    let alloy = story.process("GB", &[Process::Melt], &[sm, co], Form::AlloyIngot, &all);
    let lot =
        story.process("GB", &[Process::JetMill, Process::Sinter, Process::Magnetize], &[alloy], Form::Magnet, &all);
    story.trail(lot)
}

fn mined_sm(story: &mut Story) -> usize {
    let ore = story.mine("AU", Form::Concentrate, &[("Sm", 100)]);
    story.process("FR", &[Process::Separate, Process::Reduce], &[ore], Form::Metal, &[("Sm", 100)])
}

#[test]
fn cobalt_is_tested_in_samarium_cobalt_magnets() {
    assert_eq!(dfars(&smco("FI", &mined_sm)), "yes/yes, named only yes/yes");
    assert_eq!(dfars(&smco("CN", &mined_sm)), "yes/no, named only yes/no");
    let collected = |story: &mut Story| {
        let metal = mined_sm(story);
        let old = story.process("GB", &[Process::Melt, Process::Sinter], &[metal], Form::EndOfLife, &[("Sm", 100)]);
        story.process("CN", &[Process::Collect, Process::Dismantle], &[old], Form::Scrap, &[("Sm", 100)])
    };
    let found = answer(&smco("FI", &collected), DFARS, "2027-01-01", &[]);
    assert_eq!(rule(&found, "collected").verdict, Verdict::Contradicted, "feedstock, including recycled material");
}

#[test]
fn what_is_missing_broken_or_of_no_family_is_never_a_pass() {
    let mut trail = magnet(CLEAN);
    trail.is_complete = false;
    let found = answer(&trail, DFARS, "2027-01-01", &[]);
    assert_eq!((found.verdict, rule(&found, "complete").verdict), (Verdict::Unproven, Verdict::Unproven));
    let mut trail = magnet(CLEAN);
    trail.is_sound = false;
    assert_eq!(answer(&trail, DFARS, "2027-01-01", &[]).verdict, Verdict::Unproven);
    let mut trail = magnet(CLEAN);
    trail.steps[3].findings.push(Finding::new(Code::StaleHead, "one", "two"));
    let found = answer(&trail, DFARS, "2026-12-31", &[]);
    assert_eq!((found.verdict, rule(&found, "integrity").why[0].code), (Verdict::Unproven, Some(Code::StaleHead)));
    let mut trail = magnet(CLEAN);
    trail.lots[0].made_by = None;
    trail.steps[0].outputs.clear();
    trail.flows.passages.retain(|passage| passage.step != 0);
    trail.flows.weights.clear();
    trail.provenance = trail.flows.attribute_all();
    let found = answer(&trail, DFARS, "2027-01-01", &[]);
    assert_eq!((found.verdict, rule(&found, "mined").failing[0].lots[0]), (Verdict::Unproven, trail.lots[0].id));
    let mut trail = magnet(CLEAN);
    let subject = trail.subject;
    trail.lots[subject].form = Form::AlloyFlake;
    let found = answer(&trail, DFARS, "2027-01-01", &[]);
    assert_eq!(found.verdict, Verdict::NotApplicable);
    assert!(found.why[0].text.contains("this is a lot of form `alloy-flake` with"), "{:?}", found.why);
    let found = answer(&magnet(CLEAN), DFARS, "2020-01-01", &[]);
    assert_eq!((found.verdict, found.range), (Verdict::Unproven, None));
    assert_eq!(found.why[0].text, "no range of the pack holds a delivery on 2020-01-01");
}

#[test]
fn an_element_from_nowhere_is_unproven() {
    let mut story = Story::new();
    let [metal, _, iron, boron] = metals(&mut story, CLEAN);
    let flake = story.process("GB", &[Process::Melt], &[metal, iron, boron], Form::AlloyFlake, &ALL);
    let lot = powder_to_magnet(&mut story, "EE", &[Process::JetMill], &[flake]);
    let found = answer(&story.trail(lot), DFARS, "2027-01-01", &[]);
    assert_eq!(found.verdict, Verdict::Unproven);
    let failing = &rule(&found, "mined").failing[0];
    assert_eq!(failing.elements, [Element::Dy]);
    assert!(failing.text.contains("more Dy comes out of this step than went in"), "{}", failing.text);
}

#[test]
fn book_keeping_models_never_prove_the_rule() {
    for (model, expected) in [
        (CustodyModel::IdentityPreserved, Verdict::Confirmed),
        (CustodyModel::ControlledBlending, Verdict::Confirmed),
        (CustodyModel::MassBalance, Verdict::Unproven),
        (CustodyModel::BookAndClaim, Verdict::Unproven),
    ] {
        let mut story = Story::new();
        let flake = flake(&mut story, CLEAN);
        story.claim_model(flake, model, "free of forbidden countries");
        let lot = powder_to_magnet(&mut story, "EE", &[Process::JetMill], &[flake]);
        let found = answer(&story.trail(lot), DFARS, "2027-01-01", &[]);
        assert_eq!(found.verdict, expected, "{model}");
        assert_eq!(rule(&found, "custody-model").verdict, expected);
    }
}

#[test]
fn a_disclosure_is_met_by_knowing_wherever_it_was() {
    let s857 = |trail: &Trail| answer(trail, "us-s857-disclosure", "2026-12-31", &[]);
    let chinese = magnet(Route { mine: "CN", separate: "CN", reduce: "CN", melt: "CN", sinter: "CN", ..CLEAN });
    let found = s857(&chinese);
    assert_eq!(found.verdict, Verdict::Confirmed);
    assert_eq!(found.elements, [Element::Nd, Element::Dy]);
    assert_eq!(found.rules.len(), 7);
    let mut story = Story::new();
    let oxide = story.source(SourceKind::Purchased, "GB", Form::Oxide, &[("Nd", 100)]);
    let metals = metals(&mut story, CLEAN);
    let metal = story.process("GB", &[Process::Reduce], &[oxide], Form::Metal, &[("Nd", 100)]);
    let flake =
        story.process("GB", &[Process::Melt], &[metal, metals[1], metals[2], metals[3]], Form::AlloyFlake, &ALL);
    let lot = powder_to_magnet(&mut story, "EE", &[Process::JetMill], &[flake]);
    let found = s857(&story.trail(lot));
    assert_eq!(found.verdict, Verdict::Unproven);
    assert_eq!(rule(&found, "refined-to-oxide").verdict, Verdict::Unproven);
    assert_eq!(rule(&found, "metal-and-alloy").verdict, Verdict::Confirmed);
}

#[test]
fn a_disclosure_looks_at_the_last_pass_of_a_loop_and_a_prohibition_at_every() {
    let mut trail = recycled(CLEAN, "EE", None);
    // The first magnet was pressed at a site nobody vouches for, and in China at that.
    let old = trail.steps.iter_mut().find(|step| step.processes.contains(&Process::Sinter)).unwrap();
    old.place.level = PlaceLevel::Declared;
    old.country = Some("CN".parse().unwrap());
    assert_eq!(answer(&trail, DFARS, "2026-12-31", &[]).verdict, Verdict::Contradicted);
    let found = answer(&trail, "us-s857-disclosure", "2026-12-31", &[]);
    let of = |name: &str| rule(&found, name).verdict;
    // Hydrogen processing takes powder from magnets: both lie in the last bucket without another between them.
    assert_eq!(of("sintered-or-bonded-and-magnetized"), Verdict::Unproven);
    assert_eq!(of("metal-and-alloy"), Verdict::Confirmed);
}

const CRMA: &str = "eu-crma-recycled-content";

#[test]
fn a_trusted_auditors_summary_settles_exactly_what_it_names() {
    let trail = with_bought_iron(PlaceLevel::Declared, &[]);
    let pack = find_built_in(DFARS).unwrap().unwrap();
    let settings = Settings::of(&pack.file, &[]).unwrap();
    let delivery = Some("2027-01-01".parse().unwrap());
    let names = |rules: &[&str], verdict| SummarySeen {
        event: id("summary"),
        by: id("auditor").into(),
        policy: pack.reference(),
        delivery,
        settles: rules.iter().map(|rule| (rule.parse().unwrap(), verdict)).collect(),
    };
    let judged = |summary: SummarySeen| {
        let summaries = [summary];
        let ask = Ask { pack: &pack, settings: &settings, delivery, exceptions: &[], summaries: &summaries };
        evaluate(&trail, &[ask]).remove(0)
    };
    let open = ["mined", "refined", "separated", "reduced"];
    let found = judged(names(&open, Verdict::Confirmed));
    assert_eq!((found.verdict, found.basis), (Verdict::Confirmed, VerdictBasis::Summary));
    assert_eq!(rule(&found, "mined").why[0].events, [id("summary")]);
    assert_eq!(judged(names(&open[..3], Verdict::Confirmed)).verdict, Verdict::Unproven, "one rule is not named");
    assert_eq!(judged(names(&open, Verdict::Unproven)).verdict, Verdict::Unproven);
    let other = SummarySeen { delivery: None, ..names(&open, Verdict::Confirmed) };
    assert_eq!(judged(other).verdict, Verdict::Unproven, "for another delivery");
}
