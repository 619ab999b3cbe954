//! Where an element of a lot comes from: its origins, with country and kind.
//!
//! - What was mined at a facility of the ledger is *primary*; its country is the facility's.
//! - What entered as post-consumer or pre-consumer material is that. Its country is where the element was mined or collected
//!   as stated of the steps before, or else, of post-consumer material, the country where it was recovered.
//! - Opening stock, purchases and what came back after it had left are *unknown*, unless the steps before say where the
//!   element was mined: then *primary*, on the level of the documents for it.
//! - What came through scrap that somebody else made and used is *pre-consumer*; through scrap that its maker, or somebody
//!   related, used again it is an *internal loop* unless it entered as recycled. The country stays that of the source.
//! - What came out of a step above what went in is *unknown*.
//!
//! Does not establish that the country is true: [`TrailOrigin::level`] says how well it is evidenced.

use super::trail::{PlaceLevel, Trail, TrailStep};
use crate::event::{SourceKind, Stage};
use crate::lineage::provenance::{Interval, Origin, Pass, Source};
use crate::value::closed_enum::closed_enum;
use crate::value::{Country, Element};

closed_enum!(
    /// What sort of origin material has.
    OriginKind, "a kind of origin", {
        Primary = "primary", "mined";
        PreConsumer = "pre-consumer", "recycled from production scrap of others";
        PostConsumer = "post-consumer", "recycled from products after their use";
        InternalLoop = "internal-loop", "scrap of the own lineage that came back";
        Unknown = "unknown", "not known";
    }
);

/// One origin of an element of the subject.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TrailOrigin {
    /// Number of the lot that entered; `None` where the mass has no source.
    pub lot: Option<usize>,
    /// Number of the step where it entered, or appeared; `None` where that is not at hand.
    pub step: Option<usize>,
    /// The country, where known.
    pub country: Option<Country>,
    /// What sort of origin it is.
    pub kind: OriginKind,
    /// How well the country is evidenced.
    pub level: PlaceLevel,
    /// How much of the element of the subject.
    pub mass: Interval,
    /// Whether the values shown say that it is there; only a gain that values not shown leave room for is not.
    pub shown: bool,
}

impl Trail {
    /// The origins of an element, in the order of lots, then of steps; empty where the subject does not hold it.
    #[must_use]
    pub fn origins(&self, element: Element) -> Vec<TrailOrigin> {
        let origins = self.provenance.element(element).into_iter().flat_map(|attribution| &attribution.origins);
        origins.map(|origin| self.origin(element, origin)).collect()
    }

    /// One origin in words of the domain.
    #[must_use]
    pub fn origin(&self, element: Element, origin: &Origin) -> TrailOrigin {
        let lot = match origin.source {
            Source::Lot(lot) => Some(lot),
            Source::Gain { .. } | Source::Step(_) => None,
        };
        let step = match origin.source {
            Source::Lot(lot) => self.lots.get(lot).and_then(|lot| lot.made_by),
            Source::Gain { step, .. } | Source::Step(step) => Some(step),
        };
        let entered = step.and_then(|step| self.steps.get(step)).filter(|_| lot.is_some());
        let (kind, country, level) = entered.map_or((OriginKind::Unknown, None, PlaceLevel::Declared), |step| {
            let (kind, country, level) = entry(step, element);
            (through(kind, origin.pass), country, level)
        });
        let shown = !matches!(origin.source, Source::Gain { shown: false, .. });
        TrailOrigin { lot, step, country, kind, level, mass: origin.mass, shown }
    }
}

impl TrailStep {
    /// What is stated of a stage before material entered at this step, for an element: the country and how well it is
    /// documented.
    #[must_use]
    pub fn prior_stage(&self, stage: Stage, element: Element) -> Option<(Country, PlaceLevel)> {
        let about = |elements: &[Element]| elements.is_empty() || elements.contains(&element);
        let prior = self.prior.iter().find(|prior| prior.stage == stage && about(&prior.elements))?;
        Some((prior.country, self.prior_level))
    }
}

/// Kind, country and level of what entered at a step.
fn entry(step: &TrailStep, element: Element) -> (OriginKind, Option<Country>, PlaceLevel) {
    let prior = step.prior_stage(Stage::Mined, element);
    let stated =
        |kind| (kind, prior.map(|(country, _)| country), prior.map_or(PlaceLevel::Declared, |(_, level)| level));
    match step.source {
        Some(SourceKind::Mined) => (OriginKind::Primary, step.country, step.place.level),
        Some(SourceKind::PreConsumer) => stated(OriginKind::PreConsumer),
        Some(SourceKind::PostConsumer) if prior.is_none() => (OriginKind::PostConsumer, step.country, step.place.level),
        Some(SourceKind::PostConsumer) => stated(OriginKind::PostConsumer),
        Some(SourceKind::OpeningStock | SourceKind::Purchased | SourceKind::Returned) => {
            stated(if prior.is_some() { OriginKind::Primary } else { OriginKind::Unknown })
        }
        None => (OriginKind::Unknown, None, PlaceLevel::Declared),
    }
}

/// The kind of material of one kind that came this way.
const fn through(kind: OriginKind, pass: Pass) -> OriginKind {
    match (kind, pass) {
        (OriginKind::PostConsumer, _) | (_, Pass::Straight) | (OriginKind::PreConsumer, Pass::Loop) => kind,
        (_, Pass::Recycled) => OriginKind::PreConsumer,
        (OriginKind::Unknown, Pass::Loop) => OriginKind::Unknown,
        (_, Pass::Loop) => OriginKind::InternalLoop,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Form, Process};
    use crate::policy::fixture::Story;
    use crate::policy::trail::TrailPrior;

    fn origins(story: Story, subject: usize) -> Vec<(OriginKind, Option<String>, u64)> {
        let found = story.trail(subject).origins(Element::Nd);
        found
            .iter()
            .map(|origin| (origin.kind, origin.country.map(|country| country.to_string()), origin.mass.least))
            .collect()
    }

    fn country(code: &str) -> Option<String> {
        Some(code.to_owned())
    }

    #[test]
    fn each_origin_has_country_and_kind() {
        let mut story = Story::new();
        let mined = story.mine("AU", Form::Ore, &[("Nd", 50)]);
        let bought = story.source(SourceKind::Purchased, "EE", Form::Oxide, &[("Nd", 20)]);
        let old = story.source(SourceKind::PostConsumer, "DE", Form::Scrap, &[("Nd", 30)]);
        let alloy = story.process("GB", &[Process::Melt], &[mined, bought, old], Form::AlloyFlake, &[("Nd", 100)]);
        let expected = [
            (OriginKind::Primary, country("AU"), 50),
            (OriginKind::Unknown, None, 20),
            (OriginKind::PostConsumer, country("DE"), 30),
        ];
        assert_eq!(origins(story, alloy), expected);
    }

    #[test]
    fn prior_steps_say_where_a_purchase_was_mined_for_the_elements_they_name() {
        let mut story = Story::new();
        let bought = story.source(SourceKind::Purchased, "EE", Form::Oxide, &[("Dy", 5), ("Nd", 20)]);
        let prior =
            |element| TrailPrior { stage: Stage::Mined, country: "MM".parse().unwrap(), elements: vec![element] };
        story.steps[0].prior = vec![prior(Element::Dy)];
        story.steps[0].prior_level = PlaceLevel::Documented;
        let trail = story.trail(bought);
        let of = |element| (trail.origins(element)[0].kind, trail.origins(element)[0].level);
        assert_eq!(of(Element::Dy), (OriginKind::Primary, PlaceLevel::Documented));
        assert_eq!(of(Element::Nd), (OriginKind::Unknown, PlaceLevel::Declared));
    }

    #[test]
    fn scrap_that_came_back_is_a_loop_or_recycled_and_what_entered_as_recycled_stays_it() {
        use OriginKind as K;
        for (kind, way, expected) in [
            (K::Primary, Pass::Straight, K::Primary),
            (K::Primary, Pass::Loop, K::InternalLoop),
            (K::Primary, Pass::Recycled, K::PreConsumer),
            (K::Unknown, Pass::Recycled, K::PreConsumer),
            (K::Unknown, Pass::Loop, K::Unknown),
            (K::PreConsumer, Pass::Loop, K::PreConsumer),
            (K::PostConsumer, Pass::Recycled, K::PostConsumer),
        ] {
            assert_eq!(through(kind, way), expected);
        }
    }
}
